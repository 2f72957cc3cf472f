// SPDX-License-Identifier: GPL-2.0
/*
 * Files in huge pages (hugetlb), and in particular their holes. A page that
 * fills a hole comes from the reservation of the file, or else from the pages
 * that are free and not reserved. Whatever happens, the number of reserved
 * pages (HugePages_Rsvd) is right afterwards. Runs over the mock, with
 * hugepages=8.
 */
#include <linux/memfd.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>

#include "fixture.h"

#define HUGE (2ul << 20)
#define NR_HUGE 8

static long free_pages(void)
{
	return from_file("/proc/meminfo", "HugePages_Free:");
}

static long reserved_pages(void)
{
	return from_file("/proc/meminfo", "HugePages_Rsvd:");
}

/* Free huge pages, and those of them that are reserved */
#define CHECK_POOL(free, reserved)					\
	do {								\
		CHECK_EQ(free_pages(), free);				\
		CHECK_EQ(reserved_pages(), reserved);			\
	} while (0)

/* A file without any page, and an address space with a device */
static int file;
static uint32_t ioas;
static struct mock mock;

static void setup(unsigned int pages, unsigned int flags)
{
	if (from_file("/proc/meminfo", "HugePages_Total:") != NR_HUGE)
		SKIP("there are not just %d huge pages", NR_HUGE);
	CHECK_POOL(NR_HUGE, 0);
	file = memfd_create("huge", MFD_HUGETLB | MFD_HUGE_2MB | flags);
	CHECK(file >= 0);
	CHECK_EQ(ftruncate(file, pages * HUGE), 0);
	ioas = new_attached_ioas(0, &mock);
}

static void *map_shared(unsigned int pages, int flags)
{
	void *p = mmap(NULL, pages * HUGE, PROT_READ | PROT_WRITE,
		       MAP_SHARED | flags, file, 0);

	CHECK(p != MAP_FAILED);
	return p;
}

static int map_huge(unsigned int first, unsigned int pages, uint32_t prot)
{
	return map_file_at(ioas, file, first * HUGE, pages * HUGE, IOVA, prot);
}

static void punch(unsigned int first, unsigned int pages)
{
	CHECK_EQ(fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			   first * HUGE, pages * HUGE), 0);
}

static void unmap_and_close(unsigned int pages)
{
	CHECK_EQ(unmap_all(ioas), pages * HUGE);
	CHECK_EQ(close(file), 0);
	CHECK_POOL(NR_HUGE, 0);
}

TEST(untouched_file_is_filled_with_free_pages)
{
	long pinned = pinned_pages();
	void *p;

	setup(4, 0);
	CHECK_EQ(map_huge(0, 3, RW), 0);
	CHECK_POOL(NR_HUGE - 3, 0);
	CHECK_EQ(pinned_pages() - pinned, 3 * HUGE / PAGE);
	p = map_shared(3, 0);
	CHECK(mock_maps(mock.hwpt, IOVA, p, 3 * HUGE));
	CHECK_EQ(munmap(p, 3 * HUGE), 0);
	unmap_and_close(3);
	CHECK_EQ(pinned_pages(), pinned);
}

TEST(pages_reserved_for_the_file_are_used)
{
	char *p;

	setup(4, 0);
	p = map_shared(4, 0);
	CHECK_EQ(reserved_pages(), 4);
	p[HUGE] = 1;
	CHECK_EQ(reserved_pages(), 3);
	CHECK_EQ(map_huge(0, 3, RW), 0);
	CHECK_POOL(NR_HUGE - 3, 1);
	CHECK(mock_maps(mock.hwpt, IOVA, p, 3 * HUGE));
	/* Pages that were not reserved are used too */
	CHECK_EQ(ftruncate(file, 6 * HUGE), 0);
	CHECK_EQ(map_file_at(ioas, file, 3 * HUGE, 3 * HUGE, IOVA + 4 * HUGE,
			     RW), 0);
	CHECK_POOL(NR_HUGE - 6, 0);
	CHECK_EQ(munmap(p, 4 * HUGE), 0);
	unmap_and_close(6);
}

TEST(pages_of_an_mmap_without_reservation_are_mapped)
{
	char *p;

	setup(3, 0);
	p = map_shared(3, MAP_NORESERVE);
	p[HUGE] = 1;
	CHECK_EQ(reserved_pages(), 0);
	CHECK_EQ(map_huge(0, 3, RW), 0);
	CHECK_POOL(NR_HUGE - 3, 0);
	CHECK(mock_maps(mock.hwpt, IOVA, p, 3 * HUGE));
	CHECK_EQ(munmap(p, 3 * HUGE), 0);
	unmap_and_close(3);
}

TEST(punched_hole_is_filled_again)
{
	char *p;
	int i;

	setup(4, 0);
	for (i = 0; i < 20; i++) {
		CHECK_EQ(map_file_at(ioas, file, HUGE - PAGE, 2 * PAGE, IOVA,
				     RW), 0);
		CHECK_EQ(reserved_pages(), 0);
		CHECK_EQ(free_pages(), NR_HUGE - 2);
		CHECK_EQ(unmap_all(ioas), 2 * PAGE);
		punch(0, 4);
		CHECK_EQ(free_pages(), NR_HUGE);
	}
	/* Holes in memory that an mmap() has reserved */
	p = map_shared(4, MAP_POPULATE);
	punch(1, 2);
	i = reserved_pages();
	CHECK_EQ(map_huge(0, 4, RW), 0);
	CHECK(mock_maps(mock.hwpt, IOVA, p, 4 * HUGE));
	CHECK_EQ(free_pages(), NR_HUGE - 4);
	CHECK(reserved_pages() <= i);
	CHECK_EQ(munmap(p, 4 * HUGE), 0);
	unmap_and_close(4);
}

/* Pages that are reserved for others are not used */
TEST(map_with_no_pages_left_is_enomem)
{
	char *p;

	setup(4, 0);
	p = mmap(NULL, 6 * HUGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	CHECK(p != MAP_FAILED);
	CHECK_EQ(reserved_pages(), 6);
	CHECK_ERR(map_huge(0, 3, RW), ENOMEM);
	CHECK_EQ(unmap_all(ioas), 0);
	CHECK_EQ(reserved_pages(), 6);
	memset(p, 1, 6 * HUGE);
	CHECK_EQ(reserved_pages(), 0);
	CHECK_EQ(map_huge(0, 2, RW), 0);
	CHECK_EQ(free_pages(), 0);
	CHECK_ERR(map_file_at(ioas, file, 2 * HUGE, PAGE, 2 * IOVA, RW),
		  ENOMEM);
	CHECK_EQ(munmap(p, 6 * HUGE), 0);
	unmap_and_close(2);
}

TEST(hole_is_not_filled_through_a_read_only_descriptor)
{
	char path[64];
	int writer;

	setup(2, 0);
	writer = file;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	file = open(path, O_RDONLY);
	CHECK(file >= 0);
	CHECK_ERR(map_huge(0, 1, RO), EFAULT);
	CHECK_EQ(unmap_all(ioas), 0);
	CHECK_POOL(NR_HUGE, 0);
	CHECK_EQ(fallocate(writer, 0, 0, HUGE), 0);
	CHECK_EQ(map_huge(0, 1, RO), 0);
	CHECK_ERR(map_file_at(ioas, file, HUGE - PAGE, 2 * PAGE, IOVA + HUGE,
			      RO), EFAULT);
	CHECK_EQ(close(writer), 0);
	unmap_and_close(1);
}

TEST(filling_a_hole_never_makes_the_file_longer)
{
	struct stat st;

	setup(2, MFD_ALLOW_SEALING);
	CHECK_EQ(fcntl(file, F_ADD_SEALS, F_SEAL_GROW), 0);
	CHECK_ERR(map_huge(1, 2, RW), EINVAL);
	CHECK_ERR(map_file_at(ioas, file, 2 * HUGE, PAGE, IOVA, RW), EINVAL);
	CHECK_ERR(map_file_at(ioas, file, -PAGE, PAGE, IOVA, RW), EINVAL);
	CHECK_ERR(map_file_at(ioas, file, 1ull << 63, PAGE, IOVA, RW), EINVAL);
	CHECK_EQ(free_pages(), NR_HUGE);
	CHECK_EQ(map_huge(0, 2, RW), 0);
	CHECK_EQ(fstat(file, &st), 0);
	CHECK_EQ(st.st_size, 2 * HUGE);
	unmap_and_close(2);
}

TEST(hole_of_a_sealed_file_is_filled_for_reading)
{
	setup(2, MFD_ALLOW_SEALING);
	CHECK_EQ(fcntl(file, F_ADD_SEALS, F_SEAL_WRITE), 0);
	CHECK_EQ(map_huge(0, 2, RO), 0);
	CHECK_EQ(reserved_pages(), 0);
	unmap_and_close(2);
}

TEST(parts_of_a_file_are_mapped_to_the_right_memory)
{
	static const unsigned long starts[] = {
		0, PAGE, HUGE - PAGE, HUGE, HUGE + 3 * PAGE, 2 * HUGE - PAGE,
	};
	static const unsigned long lengths[] = {
		PAGE, 2 * PAGE, HUGE, HUGE + PAGE, 2 * HUGE,
	};
	unsigned int i, j;
	char *p;

	setup(4, 0);
	p = map_shared(4, MAP_NORESERVE);
	for (i = 0; i < 6; i++)
		for (j = 0; j < 5; j++) {
			CHECK_EQ(map_file_at(ioas, file, starts[i], lengths[j],
					     IOVA, RW), 0);
			CHECK(mock_maps(mock.hwpt, IOVA, p + starts[i],
					 lengths[j]));
			CHECK_EQ(unmap_all(ioas), lengths[j]);
			punch(0, 4);
		}
	CHECK_EQ(munmap(p, 4 * HUGE), 0);
	unmap_and_close(0);
}

TEST(attach_fills_the_holes)
{
	uint32_t later = new_ioas();

	setup(2, 0);
	CHECK_EQ(map_file_at(later, file, 0, 2 * HUGE, IOVA, RW), 0);
	CHECK_EQ(free_pages(), NR_HUGE);
	CHECK_EQ(mock_attach(later, 0, NULL), 0);
	CHECK_POOL(NR_HUGE - 2, 0);
	CHECK_EQ(unmap_all(later), 2 * HUGE);
	unmap_and_close(0);
}

TEST(access_fills_a_hole)
{
	uint32_t other = new_ioas(), id;
	int access;
	char *p;

	setup(2, 0);
	access = new_access(other);
	CHECK_EQ(map_file_at(other, file, 0, 2 * HUGE, IOVA, RW), 0);
	CHECK_EQ(access_rw(access, IOVA + HUGE - 2, "abcd", 4,
			   MOCK_ACCESS_RW_WRITE), 0);
	CHECK_POOL(NR_HUGE - 2, 0);
	p = map_shared(2, 0);
	CHECK(!memcmp(p + HUGE - 2, "abcd", 4));
	CHECK_EQ(munmap(p, 2 * HUGE), 0);
	CHECK_EQ(access_pin(access, IOVA, 2 * HUGE, NULL,
			    MOCK_FLAGS_ACCESS_WRITE, &id), 0);
	CHECK_EQ(access_unpin(access, id), 0);
	CHECK_EQ(unmap_all(other), 2 * HUGE);
	unmap_and_close(0);
}

/* Several processes, one hole */

#define PROCESSES 4
#define ROUNDS 50

/* Run @work in all processes at once; all must end without a failed check */
static void in_parallel(void (*work)(int nr))
{
	int i, status, start[2];
	char byte;

	CHECK_EQ(pipe(start), 0);
	for (i = 0; i < PROCESSES; i++) {
		if (fork())
			continue;
		close(start[1]);
		CHECK_EQ(read(start[0], &byte, 1), 0);
		work(i);
		_exit(0);
	}
	close(start[0]);
	close(start[1]);
	for (i = 0; i < PROCESSES; i++) {
		CHECK(wait(&status) > 0);
		CHECK(WIFEXITED(status) && !WEXITSTATUS(status));
	}
}

static void map_the_same(int nr)
{
	uint64_t iova = IOVA + nr * 4 * HUGE;

	CHECK_EQ(map_file_at(ioas, file, 0, 4 * HUGE, iova, RW), 0);
}

TEST(hole_that_several_processes_fill_is_filled_once)
{
	int i;

	setup(4, 0);
	for (i = 0; i < ROUNDS; i++) {
		in_parallel(map_the_same);
		CHECK_POOL(NR_HUGE - 4, 0);
		CHECK_EQ(unmap_all(ioas), PROCESSES * 4 * HUGE);
		punch(0, 4);
		CHECK_EQ(free_pages(), NR_HUGE);
	}
	unmap_and_close(0);
}

/* Every second process removes the pages that the others fill in */
static void fill_against(int nr, void (*take_away)(void))
{
	uint64_t iova = IOVA + nr * 4 * HUGE;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		if (nr & 1)
			take_away();
		/* Pinned pages are in use, even when the file has lost them */
		else if (map_file_at(ioas, file, 0, 2 * HUGE, iova, RW))
			CHECK(errno == EFAULT || errno == ENOMEM ||
			      errno == EINVAL);
		else
			CHECK_EQ(unmap(ioas, iova, 2 * HUGE), 2 * HUGE);
	}
}

static void punch_all(void)
{
	punch(0, 4);
}

static void fill_or_punch(int nr)
{
	fill_against(nr, punch_all);
}

TEST(punching_while_filling_keeps_reservations_balanced)
{
	setup(4, 0);
	in_parallel(fill_or_punch);
	CHECK_EQ(reserved_pages(), 0);
	unmap_and_close(0);
}

static void truncate_all(void)
{
	CHECK_EQ(ftruncate(file, HUGE), 0);
	CHECK_EQ(ftruncate(file, 4 * HUGE), 0);
}

static void fill_or_truncate(int nr)
{
	fill_against(nr, truncate_all);
}

TEST(truncating_while_filling_keeps_reservations_balanced)
{
	setup(4, 0);
	in_parallel(fill_or_truncate);
	CHECK_EQ(reserved_pages(), 0);
	unmap_and_close(0);
}

/* Signals */

static void fill_until_killed(unsigned long *rounds)
{
	for (;;) {
		CHECK_EQ(map_huge(0, 4, RW), 0);
		CHECK_EQ(unmap_all(ioas), 4 * HUGE);
		punch(0, 4);
		__atomic_add_fetch(rounds, 1, __ATOMIC_RELAXED);
	}
}

TEST(kill_while_filling_keeps_reservations_balanced)
{
	int i;

	setup(4, 0);
	for (i = 0; i < 20; i++) {
		kill_at_work(fill_until_killed, 777 * i);
		CHECK_EQ(reserved_pages(), 0);
		unmap_all(ioas);
	}
	unmap_and_close(0);
}

static void take_note(int signal)
{
	(void)signal;
}

TEST(map_that_a_signal_interrupts_is_restarted)
{
	struct sigevent event = { .sigev_signo = SIGUSR1 };
	const struct sigaction action = {
		.sa_handler = take_note,
		.sa_flags = SA_RESTART,
	};
	timer_t timer;
	int i;

	setup(8, 0);
	CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
	CHECK_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
	for (i = 0; i < 200; i++) {
		/*
		 * A single signal, so that the restarted call ends on a slow
		 * machine too
		 */
		const struct itimerspec soon = {
			.it_value.tv_nsec = 1000 + i * 53000 % 5000000,
		};

		CHECK_EQ(timer_settime(timer, 0, &soon, NULL), 0);
		CHECK_EQ(map_huge(0, 8, RW), 0);
		CHECK_EQ(unmap_all(ioas), 8 * HUGE);
		punch(0, 8);
	}
	CHECK_EQ(timer_delete(timer), 0);
	CHECK_EQ(reserved_pages(), 0);
	unmap_and_close(0);
}

/* Control groups */

static void write_text(const char *path, const char *text)
{
	int f = open(path, O_WRONLY);

	CHECK(f >= 0);
	CHECK_EQ(write(f, text, strlen(text)), strlen(text));
	CHECK_EQ(close(f), 0);
}

TEST(page_that_fills_a_hole_is_charged_to_the_cgroup)
{
	const char *group = "/tmp/cgroup/few";
	char path[64], pid[16];

	setup(4, 0);
	CHECK(!mkdir("/tmp/cgroup", 0755) || errno == EEXIST);
	if (mount("none", "/tmp/cgroup", "cgroup2", 0, "") ||
	    open("/tmp/cgroup/cgroup.subtree_control", O_WRONLY) < 0)
		SKIP("no control groups");
	if (system("echo +hugetlb >/tmp/cgroup/cgroup.subtree_control 2>/dev/null"))
		SKIP("no control group counts huge pages");
	CHECK(!mkdir(group, 0755) || errno == EEXIST);
	write_text("/tmp/cgroup/few/hugetlb.2MB.max", "4194304");
	snprintf(pid, sizeof(pid), "%d", getpid());
	snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	write_text(path, pid);
	CHECK_ERR(map_huge(0, 3, RW), ENOMEM);
	CHECK_EQ(unmap_all(ioas), 0);
	CHECK_EQ(reserved_pages(), 0);
	CHECK_EQ(map_huge(0, 2, RW), 0);
	CHECK_EQ(reserved_pages(), 0);
	unmap_and_close(2);
	write_text("/tmp/cgroup/cgroup.procs", pid);
	CHECK_EQ(umount2("/tmp/cgroup", MNT_DETACH), 0);
}
