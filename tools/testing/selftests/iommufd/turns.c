// SPDX-License-Identifier: GPL-2.0
/*
 * How long does a call keep the CPU to itself? A thread of real-time priority
 * wakes again and again; the longest time in which it did not run, while the
 * other one was in a call, is printed and bounded. To be run in a machine with one
 * CPU whose clock counts instructions: then all numbers are instructions, and the
 * same every time. ITEMS names another number of pages, areas, ranges, windows or
 * objects than 100,000. EDU0 names a device behind vtd.ko.
 */
#define KTAP_TIMEOUT 3600
#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <time.h>

#include "fail.h"
#include "fixture.h"
#include "vfio.h"
#include "vfio_abi.h"

/* Instructions; what the two threads themselves take is included */
#define MOST	200000
#define PERIOD	20000

#define FAR	(1ull << 33)
#define FILE_PAGES 4096ul

static _Atomic int64_t longest;

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

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
	for (last = now();; last = t) {
		rest(PERIOD);
		t = now();
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
 * The scheduler's server for tasks without real-time priority lets them run before
 * those that have it, for half a million instructions now and then.
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
	/* Wake on time, and not when something else wakes */
	prctl(PR_SET_TIMERSLACK, 1);
	CHECK(!pthread_create(&thread, NULL, tick, NULL));
	rest(1000000);
}

static int too_long;

/* What a call returned; what it took is printed */
#define TIMED(what, call)						\
({									\
	long long timed_rc;						\
	int64_t timed_began, timed_took, timed_longest;			\
	int timed_errno;						\
									\
	/* What is left to do of what was before, such as freeing */	\
	rest(50000000);							\
	longest = 0;							\
	timed_began = now();						\
	timed_rc = (call);						\
	timed_errno = errno;						\
	timed_took = now() - timed_began;				\
	rest(2 * PERIOD);						\
	timed_longest = longest;					\
	printf("# %-46s %9.3f M, at most %7lld at a stretch%s\n", what,	\
	       timed_took / 1e6, (long long)timed_longest,		\
	       timed_longest > MOST ? ": too long" : "");		\
	fflush(stdout);							\
	too_long += timed_longest > MOST;				\
	errno = timed_errno;						\
	timed_rc;							\
})

/* With REPORT_ONLY whoever reads the table judges, of several runs together */
static void finish(void)
{
	if (!getenv("REPORT_ONLY"))
		CHECK_EQ(too_long, 0);
}

/* A device */

static struct vfio_space space;
static struct vfio_device device;

static uint32_t open_device(void)
{
	if (!getenv("EDU0"))
		SKIP("EDU0 names no device");
	if (vfio_space_open(&space, VFIO_SPACE_IOMMUFD) ||
	    vfio_device_open(&device, &space, getenv("EDU0")))
		ktap_fail("%s", fail_text());
	fd = space.fd;
	return space.ioas_id;
}

static int detach(void)
{
	struct vfio_device_detach_iommufd_pt cmd = { .argsz = sizeof(cmd) };

	return ioctl(device.fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, &cmd);
}

static int attach(uint32_t ioas)
{
	struct vfio_device_attach_iommufd_pt cmd = {
		.argsz = sizeof(cmd),
		.pt_id = ioas,
	};

	return ioctl(device.fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &cmd);
}

/* Memory */

/* That many pages, hardly any of which follows the one before in memory */
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
	char *p = memory(pages * PAGE + (2 << 20));

	p = (char *)(((uintptr_t)p + (2 << 20) - 1) & -(2ul << 20));
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
	uint32_t ioas = open_device();
	long n = items(), few = n < 100000 ? n : 100000;
	long before;
	char *p;

	setup();
	p = scattered(n);
	before = pinned_pages();
	map_and_unmap(ioas, p, n, FAR, "of scattered pages");
	CHECK_EQ(map_at(ioas, p, n * PAGE, FAR, RW), 0);
	CHECK_EQ(TIMED("device detached, scattered pages", detach()), 0);
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

/* A large file of which only a few pages are there */
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
	uint32_t ioas = open_device();
	void *p = touched(2, MADV_NOHUGEPAGE);
	long n = items(), before;
	uint64_t iova;

	setup();
	before = pinned_pages();
	map_areas(ioas, p, n, 2 * PAGE);
	CHECK_EQ(list_mappings(ioas, n), 0);
	CHECK_EQ(TIMED("device detached, areas", detach()), 0);
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

static int create_window(uint32_t ioas, uint64_t base, uint64_t length,
			 uint32_t flags, uint32_t *id)
{
	struct iommu_ioas_window_create cmd = {
		.size = sizeof(cmd),
		.ioas_id = ioas,
		.flags = flags,
		.base = base,
		.length = length,
		.page_size = PAGE,
	};
	int ret = ioctl(fd, IOMMU_IOAS_WINDOW_CREATE, &cmd);

	*id = cmd.out_window_id;
	return ret;
}

static int remove_window(uint32_t ioas, uint32_t id)
{
	struct iommu_ioas_window_remove cmd = {
		.size = sizeof(cmd),
		.ioas_id = ioas,
		.window_id = id,
	};

	return ioctl(fd, IOMMU_IOAS_WINDOW_REMOVE, &cmd);
}

TEST(calls_on_many_windows_yield_the_cpu)
{
	long n = items();
	struct iommu_ioas_window *list = calloc(n, sizeof(*list));
	struct iommu_iova_range *ranges = calloc(n, sizeof(*ranges));
	struct iommu_ioas_window_list cmd = {
		.size = sizeof(cmd),
		.num_windows = n,
		.windows = (uintptr_t)list,
	};
	uint32_t ioas, id = 0, nr = n;
	void *p = touched(2, MADV_NOHUGEPAGE);
	uint64_t iova;

	memset(list, 1, n * sizeof(*list));
	memset(ranges, 1, n * sizeof(*ranges));
	setup();
	ioas = cmd.ioas_id = new_ioas_flags(IOMMU_IOAS_ALLOC_WINDOWED);
	for (long i = 0; i < n; i++)
		CHECK_EQ(create_window(ioas, FAR + 2 * i * PAGE, PAGE,
				       IOMMU_IOAS_WINDOW_FIXED_BASE, &id), 0);
	CHECK_EQ(TIMED("WINDOW_LIST", ioctl(fd, IOMMU_IOAS_WINDOW_LIST, &cmd)),
		 0);
	CHECK_EQ(cmd.num_windows, n);
	CHECK_EQ(TIMED("IOVA_RANGES of windows",
		       iova_ranges(ioas, ranges, &nr, NULL)), 0);
	CHECK_ERR(TIMED("MAP that finds no place among windows",
			map_any(ioas, p, 2 * PAGE, &iova, RW)), ENOSPC);
	CHECK_EQ(TIMED("WINDOW_REMOVE", remove_window(ioas, id)), 0);
	CHECK_EQ(TIMED("WINDOW_CREATE without FIXED_BASE",
		       create_window(ioas, 0, 2 * PAGE, 0, &id)), 0);
	CHECK_EQ(TIMED("DESTROY of an address space with windows",
		       destroy(ioas)), 0);
	finish();
}

/* A process that is killed */

struct shared {
	int64_t took;		/* by the map, if it ended */
	int64_t killed;		/* when */
};

/* Die @later after the map began; @maps: or without one */
static void work_and_die(struct shared *shared, bool maps, int64_t later)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGKILL,
	};
	uint32_t ioas = open_device();
	long n = items();
	char *p = scattered(n);
	int64_t began = now();
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
	shared->took = now() - began;
	for (;;)
		pause();
}

/* How long it takes until it is gone */
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
	return now() - shared->killed;
}

TEST(a_kill_ends_a_map_of_present_memory)
{
	struct shared *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int64_t alone, whole, killed;
	long before = pinned_pages();

	CHECK(shared != MAP_FAILED);
	alone = death(shared, false, 1000000);
	/* Time enough for all of it */
	death(shared, true, 10000ll * items());
	whole = shared->took;
	CHECK(whole > 0);
	CHECK_EQ(pinned_pages(), before);
	killed = death(shared, true, whole / 10);
	CHECK_EQ(shared->took, 0);
	CHECK_EQ(pinned_pages(), before);
	printf("# map %.3f M; dead after %.3f M, without a map after %.3f M\n",
	       whole / 1e6, killed / 1e6, alone / 1e6);
	/* It gives back a tenth, and does not go on with the rest first */
	CHECK(killed < alone + whole / 2);
}
