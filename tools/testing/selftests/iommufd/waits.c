// SPDX-License-Identifier: GPL-2.0
/*
 * Calls that wait for memory in the middle (see slow.h), and other calls
 * meanwhile: a table is freed while one call reads it, and processes that wait
 * behind a map can be killed. Runs over the mock.
 */
#include "slow.h"

static uint32_t ioas;
static struct mock mock;
static struct slow slow;

static void *look(void *shown)
{
	*(bool *)shown = mock_maps(mock.hwpt, IOVA, slow.at, PAGE);
	return NULL;
}

TEST(automatic_table_is_freed_with_its_last_device_while_in_use)
{
	pthread_t thread;
	bool shown;

	ioas = new_ioas();
	CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
	slow_memory(&slow, PAGE);
	CHECK_EQ(pthread_create(&thread, NULL, look, &shown), 0);
	slow_touched(&slow);
	CHECK_EQ(destroy(mock.test_id), 0);
	/* The table cannot be found any more */
	CHECK_ERR(mock_attach(mock.hwpt, 0, NULL), ENOENT);
	CHECK_ERR(destroy(mock.hwpt), ENOENT);
	slow_let_go(&slow);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK(!shown);
	CHECK_EQ(destroy(ioas), 0);
}

TEST(device_attaches_while_an_automatic_table_is_freed)
{
	char *p = memory(PAGE);
	struct mock next;
	pthread_t thread;
	bool shown;

	ioas = new_ioas();
	CHECK_EQ(map_at(ioas, p, PAGE, 2 * IOVA, RW), 0);
	CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
	slow_memory(&slow, PAGE);
	CHECK_EQ(pthread_create(&thread, NULL, look, &shown), 0);
	slow_touched(&slow);
	CHECK_EQ(destroy(mock.test_id), 0);
	CHECK_EQ(mock_attach(ioas, 0, &next), 0);
	CHECK(mock_maps(next.hwpt, 2 * IOVA, p, PAGE));
	slow_let_go(&slow);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK(mock_maps(next.hwpt, 2 * IOVA, p, PAGE));
	CHECK(pinned_times(p, PAGE, 1));
	CHECK_EQ(destroy(next.test_id), 0);
	CHECK(pinned_times(p, PAGE, 0));
	CHECK_EQ(destroy(ioas), 0);
}

/* Calls that wait behind a map, each in a process of its own */

static void *map_slow(void *ret)
{
	*(int *)ret = map_at(ioas, slow.at, PAGE, IOVA, RW);
	return NULL;
}

static void attach_another(void)
{
	mock_attach(ioas, MOCK_FLAGS_DEVICE_WIDE, NULL);
}

static void make_access(void)
{
	new_access(ioas);
}

static void choose_small_pages(void)
{
	uint64_t no = 0;

	option(IOMMU_OPTION_HUGE_PAGES, IOMMU_OPTION_OP_SET, ioas, &no);
}

static void map_another(void)
{
	map_at(ioas, memory(PAGE), PAGE, 2 * IOVA, RW);
}

static void copy_it(void)
{
	copy_at(ioas, 3 * IOVA, ioas, 4 * IOVA, PAGE, RW);
}

#define NR_WAITING 5

static void (*const waiting[NR_WAITING])(void) = {
	attach_another, make_access, choose_small_pages, map_another, copy_it,
};

/* Start a process that makes the call, and wait until it sleeps in it */
static pid_t wait_in(void (*call)(void))
{
	char path[64];
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (!pid) {
		call();
		_exit(1);
	}
	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	/* The file has the number of the system call, or "running" */
	while (from_file(path, "") != SYS_ioctl)
		usleep(1000);
	return pid;
}

TEST(process_that_waits_behind_a_slow_map_can_be_killed)
{
	pid_t pids[NR_WAITING];
	pthread_t thread;
	int status, ret;

	ioas = new_ioas();
	CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
	CHECK_EQ(map_at(ioas, memory(PAGE), PAGE, 4 * IOVA, RW), 0);
	slow_memory(&slow, PAGE);
	CHECK_EQ(pthread_create(&thread, NULL, map_slow, &ret), 0);
	slow_touched(&slow);
	for (int i = 0; i < NR_WAITING; i++)
		pids[i] = wait_in(waiting[i]);
	/* Last first: each of them waits behind those before it */
	for (int i = NR_WAITING - 1; i >= 0; i--) {
		CHECK_EQ(kill(pids[i], SIGKILL), 0);
		CHECK_EQ(waitpid(pids[i], &status, 0), pids[i]);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	slow_let_go(&slow);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_EQ(ret, 0);
	/* Their calls have left nothing behind */
	CHECK_EQ(unmap_all(ioas), 2 * PAGE);
	CHECK_EQ(destroy(mock.test_id), 0);
	CHECK_EQ(destroy(ioas), 0);
}
