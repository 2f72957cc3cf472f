// SPDX-License-Identifier: GPL-2.0
/*
 * How long a call keeps the CPU before it yields. A thread of real-time
 * priority wakes every 20,000 instructions; the longest time in which it did
 * not run during a call of the other thread is printed and must not exceed
 * MOST.
 *
 * Runs in a machine with one CPU whose clock counts instructions: all numbers
 * are instructions then, and repeat. EDU0 names a device behind vtd.ko (see
 * edu.h). ITEMS sets the number of pages, areas, ranges, windows or objects;
 * the default is 100,000. With REPORT_ONLY set, the bound is not checked: the
 * reader of several runs does.
 */
#define KTAP_TIMEOUT 3600
#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>

#include "clock.h"
#include "edu.h"
#include "window.h"

/* Instructions, including those of the two threads of this program */
#define MOST	200000
#define PERIOD	20000

#define FAR	(1ull << 33)
#define FILE_PAGES 4096ul

static _Atomic int64_t longest;

static void rest(int64_t ns)
{
	struct timespec t = { .tv_nsec = ns };

	nanosleep(&t, NULL);
}

static void *tick(void *arg)
{
	struct sched_param param = { .sched_priority = 50 };
	int64_t last, t;

	if (pthread_setschedparam(pthread_self(), SCHED_FIFO, &param))
		ktap_fail("no real-time priority");
	for (last = now_ns();; last = t) {
		rest(PERIOD);
		t = now_ns();
		if (t - last > longest)
			longest = t - last;
	}
	return arg;
}

static long items(void)
{
	const char *text = getenv("ITEMS");

	return text ? atol(text) : 100000;
}

/*
 * The fair server of the scheduler now and then lets tasks without real-time
 * priority run before those with it, for half a million instructions. Disable
 * it.
 */
static void stop_fair_server(void)
{
	int file;

	mount("none", "/sys/kernel/debug", "debugfs", 0, NULL);
	file = open("/sys/kernel/debug/sched/fair_server/cpu0/runtime",
		    O_WRONLY);
	if (file < 0)
		return;
	CHECK_EQ(write(file, "0", 1), 1);
	close(file);
}

static void setup(void)
{
	pthread_t thread;

	stop_fair_server();
	/* No timer slack: wake exactly on time */
	prctl(PR_SET_TIMERSLACK, 1);
	CHECK(!pthread_create(&thread, NULL, tick, NULL));
	rest(1000000);
}

static int too_long;

/* Print how long a call took, and return what it returned */
#define TIMED(what, call)						\
({									\
	long long timed_ret;						\
	int64_t timed_began, timed_took, timed_longest;			\
	int timed_errno;						\
									\
	/* Let earlier work end, such as freeing */			\
	rest(50000000);							\
	longest = 0;							\
	timed_began = now_ns();						\
	timed_ret = (call);						\
	timed_errno = errno;						\
	timed_took = now_ns() - timed_began;				\
	rest(2 * PERIOD);						\
	timed_longest = longest;					\
	printf("# %-46s %9.3f M, at most %7lld at a stretch%s\n", what,	\
	       timed_took / 1e6, (long long)timed_longest,		\
	       timed_longest > MOST ? ": too long" : "");		\
	fflush(stdout);							\
	too_long += timed_longest > MOST;				\
	errno = timed_errno;						\
	timed_ret;							\
})

static void finish(void)
{
	if (!getenv("REPORT_ONLY"))
		CHECK_EQ(too_long, 0);
}

static struct vfio_device device;

static int attach(uint32_t ioas)
{
	return edu_attach(&device, &ioas);
}

/* Memory */

/* Memory whose pages are hardly ever physically contiguous */
static char *scattered(long pages)
{
	int file = memory_file(FILE_PAGES * PAGE);
	long length = (pages + FILE_PAGES - 1) / FILE_PAGES * FILE_PAGES * PAGE;
	char *p = mmap(NULL, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
		       MAP_NORESERVE, -1, 0);

	CHECK(p != MAP_FAILED);
	for (long at = 0; at < length; at += FILE_PAGES * PAGE) {
		CHECK(mmap(p + at, FILE_PAGES * PAGE, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_FIXED, file, 0) != MAP_FAILED);
		for (long i = 0; i < FILE_PAGES; i++)
			p[at + i * 1027 % FILE_PAGES * PAGE] = 1;
	}
	close(file);
	return p;
}

static char *touched(long pages, int advice)
{
	char *p = aligned_memory(pages * PAGE, 2ul << 20);

	madvise(p, pages * PAGE, advice);
	for (long i = 0; i < pages; i++)
		p[i * PAGE] = 1;
	return p;
}

static void map_and_unmap(uint32_t ioas, char *p, long pages, uint64_t iova,
			  const char *what)
{
	char text[80];

	for (int round = 0; round < 2; round++) {
		snprintf(text, sizeof(text), "MAP %s", what);
		CHECK_EQ(TIMED(text, map_at(ioas, p, pages * PAGE, iova, RW)),
			 0);
		snprintf(text, sizeof(text), "UNMAP %s", what);
		CHECK_EQ(TIMED(text, unmap(ioas, iova, pages * PAGE)),
			 pages * PAGE);
	}
}

TEST(calls_on_many_pages_yield_the_cpu)
{
	uint32_t ioas = open_space_with(&device);
	long n = items(), few = n < 100000 ? n : 100000;
	long before;
	char *p;

	setup();
	p = scattered(n);
	before = pinned_pages();
	map_and_unmap(ioas, p, n, FAR, "of scattered pages");
	CHECK_EQ(map_at(ioas, p, n * PAGE, FAR, RW), 0);
	CHECK_EQ(TIMED("device detached, scattered pages", edu_detach(&device)),
		 0);
	CHECK_EQ(TIMED("device attached, scattered pages", attach(ioas)), 0);
	CHECK_EQ(unmap_all(ioas), n * PAGE);
	CHECK_EQ(pinned_pages(), before);

	p = touched(few, MADV_NOHUGEPAGE);
	map_and_unmap(ioas, p, few, FAR, "of small pages in a row");
	p = touched(few, MADV_HUGEPAGE);
	map_and_unmap(ioas, p, few, FAR, "of THPs");
	map_and_unmap(ioas, p, few, FAR + PAGE, "of THPs, not aligned");
	CHECK_EQ(pinned_pages(), before);
	finish();
}

static void map_files(uint32_t ioas, int file, long n)
{
	for (long i = 0; i < n; i++)
		CHECK_EQ(map_file_at(ioas, file, 0, PAGE, FAR + 2 * i * PAGE,
				     RW), 0);
}

static void map_areas(uint32_t ioas, void *p, long n, long stride)
{
	for (long i = 0; i < n; i++)
		CHECK_EQ(map_at(ioas, p, PAGE, FAR + i * stride, RW), 0);
}

static int list_mappings(uint32_t ioas, long n)
{
	struct iommu_ioas_mapping *list = calloc(n, sizeof(*list));
	struct iommu_ioas_mappings cmd = {
		.size = sizeof(cmd),
		.ioas_id = ioas,
		.num_mappings = n,
		.mappings = (uintptr_t)list,
	};
	int ret;

	memset(list, 1, n * sizeof(*list));
	ret = TIMED("MAPPINGS", ioctl(fd, IOMMU_IOAS_MAPPINGS, &cmd));
	CHECK_EQ(cmd.num_mappings, n);
	free(list);
	return ret;
}

TEST(calls_on_many_areas_yield_the_cpu)
{
	uint32_t ioas = open_space_with(&device);
	void *p = touched(2, MADV_NOHUGEPAGE);
	long n = items(), before;
	uint64_t iova;

	setup();
	before = pinned_pages();
	map_areas(ioas, p, n, 2 * PAGE);
	CHECK_EQ(list_mappings(ioas, n), 0);
	CHECK_EQ(TIMED("device detached, areas", edu_detach(&device)), 0);
	CHECK_EQ(TIMED("device attached, areas", attach(ioas)), 0);
	CHECK_EQ(TIMED("MAP without FIXED among areas",
		       map_any(ioas, p, 2 * PAGE, &iova, RW)), 0);
	CHECK_EQ(unmap(ioas, iova, 2 * PAGE), 2 * PAGE);
	CHECK_EQ(allow(ioas, &(struct iommu_iova_range){ FAR,
			FAR + 2 * n * PAGE - 1 }, 1), 0);
	CHECK_ERR(TIMED("MAP that finds no place among areas",
			map_any(ioas, p, 2 * PAGE, &iova, RW)), ENOSPC);
	CHECK_EQ(TIMED("UNMAP of areas", unmap_all(ioas)), n * PAGE);
	CHECK_EQ(pinned_pages(), before);
	finish();
}

TEST(calls_on_many_copies_yield_the_cpu)
{
	void *p = touched(2, MADV_NOHUGEPAGE);
	uint32_t from, to;
	long n = items();

	setup();
	from = new_ioas();
	to = new_ioas();
	map_areas(from, p, n, PAGE);
	CHECK_EQ(TIMED("COPY of areas",
		       copy_at(to, FAR, from, FAR, n * PAGE, RW)), 0);
	CHECK_EQ(TIMED("COPY that fails at its end",
		       copy_at(to, FAR + n * PAGE, from, FAR, (n + 1) * PAGE,
			       RW)), -1);
	CHECK_EQ(TIMED("UNMAP of copies", unmap_all(to)), n * PAGE);
	CHECK_EQ(TIMED("DESTROY of an address space with areas",
		       destroy(from)), 0);
	CHECK_EQ(TIMED("close", close(fd)), 0);
	finish();
}

TEST(calls_on_many_objects_yield_the_cpu)
{
	int file = memory_file(PAGE);
	long n = items();
	uint32_t ioas;

	setup();
	ioas = new_ioas();
	map_files(ioas, file, n);
	CHECK_EQ(TIMED("CHANGE_PROCESS with areas of files", change_process()),
		 0);
	for (long i = 0; i < n; i++)
		new_ioas();
	CHECK_EQ(TIMED("CHANGE_PROCESS with address spaces too",
		       change_process()), 0);
	CHECK_EQ(TIMED("close with address spaces", close(fd)), 0);
	finish();
}

TEST(calls_on_many_ranges_yield_the_cpu)
{
	long n = items();
	struct iommu_iova_range *list = calloc(n, sizeof(*list));
	uint32_t ioas, nr = 1;
	void *p = touched(2, MADV_NOHUGEPAGE);
	uint64_t iova;

	setup();
	ioas = new_ioas();
	for (long i = 0; i < n; i++) {
		list[i].start = FAR + 2 * i * PAGE;
		list[i].last = list[i].start + PAGE - 1;
	}
	CHECK_EQ(TIMED("ALLOW_IOVAS", allow(ioas, list, n)), 0);
	CHECK_ERR(TIMED("MAP that finds no place among allowed ranges",
			map_any(ioas, p, 2 * PAGE, &iova, RW)), ENOSPC);
	CHECK_EQ(TIMED("ALLOW_IOVAS, one instead", allow(ioas, list, 1)), 0);
	list[n - 1] = list[0];
	CHECK_ERR(TIMED("ALLOW_IOVAS that fails at its end",
			allow(ioas, list, n)), EINVAL);
	CHECK_EQ(TIMED("IOVA_RANGES", iova_ranges(ioas, list, &nr, NULL)), 0);
	finish();
}

TEST(calls_on_many_windows_yield_the_cpu)
{
	long n = items();
	struct iommu_ioas_window *list = calloc(n, sizeof(*list));
	struct iommu_iova_range *ranges = calloc(n, sizeof(*ranges));
	uint32_t ioas, nr = n;
	struct window window = {};
	void *p = touched(2, MADV_NOHUGEPAGE);
	uint64_t iova;

	memset(list, 1, n * sizeof(*list));
	memset(ranges, 1, n * sizeof(*ranges));
	setup();
	ioas = new_windowed_ioas();
	for (long i = 0; i < n; i++)
		CHECK_EQ(create_window(ioas, BASE, FAR + 2 * i * PAGE, PAGE,
				       PAGE, &window), 0);
	CHECK_EQ(TIMED("WINDOW_LIST", list_windows(ioas, list, &nr)), 0);
	CHECK_EQ(nr, n);
	CHECK_EQ(TIMED("IOVA_RANGES of windows",
		       iova_ranges(ioas, ranges, &nr, NULL)), 0);
	CHECK_ERR(TIMED("MAP that finds no place among windows",
			map_any(ioas, p, 2 * PAGE, &iova, RW)), ENOSPC);
	CHECK_EQ(TIMED("WINDOW_REMOVE", remove_window(ioas, window.id)), 0);
	CHECK_EQ(TIMED("WINDOW_CREATE without FIXED_BASE",
		       create_window(ioas, 0, 0, 2 * PAGE, PAGE, NULL)), 0);
	CHECK_EQ(TIMED("DESTROY of an address space with windows",
		       destroy(ioas)), 0);
	finish();
}

/* A process that is killed */

struct shared {
	int64_t took;		/* time of the map; 0 if it did not end */
	int64_t killed;		/* time of the kill */
};

/*
 * Be killed @later nanoseconds after the map began, or at that time without a
 * map
 */
static void work_and_die(struct shared *shared, bool maps, int64_t later)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGKILL,
	};
	uint32_t ioas = open_space_with(&device);
	long n = items();
	char *p = scattered(n);
	int64_t began = now_ns();
	struct itimerspec at;
	timer_t timer;

	shared->killed = began + later;
	at = (struct itimerspec){
		.it_value.tv_sec = shared->killed / 1000000000,
		.it_value.tv_nsec = shared->killed % 1000000000,
	};
	CHECK(!timer_create(CLOCK_MONOTONIC, &event, &timer));
	CHECK(!timer_settime(timer, TIMER_ABSTIME, &at, NULL));
	if (maps)
		CHECK_EQ(map_at(ioas, p, n * PAGE, FAR, RW), 0);
	shared->took = now_ns() - began;
	for (;;)
		pause();
}

/* The time from the kill until the process has exited */
static int64_t death(struct shared *shared, bool maps, int64_t later)
{
	int status;
	pid_t pid;

	shared->took = 0;
	pid = fork();
	CHECK(pid >= 0);
	if (!pid)
		work_and_die(shared, maps, later);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == KTAP_SKIPPED)
		SKIP("EDU0 names no device");
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	return now_ns() - shared->killed;
}

TEST(a_kill_ends_a_map_of_present_memory)
{
	struct shared *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int64_t alone, whole, killed;
	long before = pinned_pages();

	CHECK(shared != MAP_FAILED);
	alone = death(shared, false, 1000000);
	/* The kill comes after the end of the map */
	death(shared, true, 10000ll * items());
	whole = shared->took;
	CHECK(whole > 0);
	CHECK_EQ(pinned_pages(), before);
	killed = death(shared, true, whole / 10);
	CHECK_EQ(shared->took, 0);
	CHECK_EQ(pinned_pages(), before);
	printf("# map %.3f M; dead after %.3f M, without a map after %.3f M\n",
	       whole / 1e6, killed / 1e6, alone / 1e6);
	/* It unpins a tenth of the memory, without mapping the rest first */
	CHECK(killed < alone + whole / 2);
}
