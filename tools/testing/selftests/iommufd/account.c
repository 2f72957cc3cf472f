// SPDX-License-Identifier: GPL-2.0
/*
 * Locked memory: the user or process that pinned memory is charged for, the
 * limit (RLIMIT_MEMLOCK), and change_process. The tests drop the rights of root
 * after they have opened /dev/iommu. Runs over the mock.
 */
#include "fixture.h"

#define SOME_USER 4242
#define OTHER_USER 4243

/* Become a user whose processes may lock that many pages */
static void become(uid_t user, rlim_t pages)
{
	limit_locked_pages(pages);
	become_user(user);
}

TEST(user_can_lock_up_to_the_limit_and_no_page_more)
{
	uint32_t ioas = new_attached_ioas(0, NULL);
	char *p = memory(64 * PAGE);

	become(SOME_USER, 16);
	CHECK_ERR(map_at(ioas, p, 17 * PAGE, IOVA, RW), ENOMEM);
	CHECK_EQ(unmap_all(ioas), 0);
	CHECK(pinned_times(p, 17 * PAGE, 0));
	CHECK_EQ(map_at(ioas, p, 16 * PAGE, IOVA, RW), 0);
	CHECK_ERR(map_at(ioas, p + 32 * PAGE, PAGE, 2 * IOVA, RW), ENOMEM);
	/* Unpinned memory is no longer charged */
	CHECK_EQ(unmap_all(ioas), 16 * PAGE);
	CHECK_EQ(map_at(ioas, p + 16 * PAGE, 16 * PAGE, IOVA, RW), 0);
}

TEST(memory_is_counted_only_once_it_is_pinned)
{
	uint32_t ioas = new_ioas();
	struct mock mock;

	need_mock();
	become(SOME_USER, 1);
	CHECK_EQ(map_at(ioas, memory(64 * PAGE), 64 * PAGE, IOVA, RW), 0);
	CHECK_ERR(mock_attach(ioas, 0, &mock), ENOMEM);
	CHECK_EQ(unmap_all(ioas), 64 * PAGE);
	CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
}

TEST(page_mapped_twice_counts_twice_and_a_copy_does_not_count)
{
	uint32_t ioas = new_attached_ioas(0, NULL);
	char *p = memory(8 * PAGE);

	become(SOME_USER, 16);
	CHECK_EQ(map_at(ioas, p, 8 * PAGE, IOVA, RW), 0);
	for (int i = 0; i < 8; i++)
		CHECK_EQ(copy_at(ioas, 2 * IOVA + i * 8 * PAGE, ioas, IOVA,
				 8 * PAGE, RW), 0);
	CHECK_EQ(map_at(ioas, p, 8 * PAGE, 4 * IOVA, RW), 0);
	CHECK_ERR(map_at(ioas, p, PAGE, 5 * IOVA, RW), ENOMEM);
}

static void map_eight(void *ioas)
{
	become(SOME_USER, 12);
	if (map_at(*(uint32_t *)ioas, memory(8 * PAGE), 8 * PAGE, 2 * IOVA, RW))
		_exit(errno == ENOMEM ? 1 : 2);
}

TEST(limit_covers_all_processes_of_a_user)
{
	uint32_t ioas = new_attached_ioas(0, NULL);

	CHECK(in_child(map_eight, &ioas));
	/*
	 * The process has exited; its mapping still exists and is still charged
	 */
	CHECK_EQ(unmap(ioas, 2 * IOVA, 8 * PAGE), 8 * PAGE);
	CHECK(in_child(map_eight, &ioas));
	become(SOME_USER, 12);
	CHECK_ERR(map_at(ioas, memory(8 * PAGE), 8 * PAGE, IOVA, RW), ENOMEM);
	CHECK_EQ(map_at(ioas, memory(4 * PAGE), 4 * PAGE, IOVA, RW), 0);
}

TEST(each_user_has_a_limit_of_its_own)
{
	uint32_t ioas = new_attached_ioas(0, NULL);

	CHECK(in_child(map_eight, &ioas));
	become(OTHER_USER, 8);
	CHECK_EQ(map_at(ioas, memory(8 * PAGE), 8 * PAGE, IOVA, RW), 0);
}

TEST(process_mode_counts_per_process)
{
	uint32_t ioas;

	open_context_in_process_mode();
	ioas = new_attached_ioas(0, NULL);
	become(SOME_USER, 16);
	CHECK_EQ(map_at(ioas, memory(8 * PAGE), 8 * PAGE, IOVA, RW), 0);
	CHECK_EQ(locked_kb(), 32);
	CHECK_EQ(pinned_kb(), 32);
	CHECK_ERR(map_at(ioas, memory(9 * PAGE), 9 * PAGE, 2 * IOVA, RW),
		  ENOMEM);
	CHECK_EQ(locked_kb(), 32);
	CHECK_EQ(unmap_all(ioas), 8 * PAGE);
	CHECK_EQ(locked_kb(), 0);
	CHECK_EQ(pinned_kb(), 0);
}

TEST(user_mode_does_not_count_per_process)
{
	uint32_t ioas = new_attached_ioas(0, NULL);

	become(SOME_USER, 16);
	CHECK_EQ(map_at(ioas, memory(8 * PAGE), 8 * PAGE, IOVA, RW), 0);
	CHECK_EQ(locked_kb(), 0);
	CHECK_EQ(pinned_kb(), 32);
}

TEST(capability_lifts_the_limit_and_nothing_is_counted)
{
	uint32_t ioas = new_attached_ioas(0, NULL);

	limit_locked_pages(0);
	CHECK_EQ(map_at(ioas, memory(64 * PAGE), 64 * PAGE, IOVA, RW), 0);
	CHECK_EQ(locked_kb(), 0);
	CHECK_EQ(pinned_kb(), 256);
}

TEST(limit_applies_once_the_capability_is_dropped)
{
	uint32_t ioas = new_attached_ioas(0, NULL);
	char *p = memory(2 * PAGE);

	CHECK_EQ(map_at(ioas, p, PAGE, IOVA, RW), 0);
	become(SOME_USER, 0);
	CHECK_ERR(map_at(ioas, p, PAGE, 2 * IOVA, RW), ENOMEM);
	CHECK_EQ(unmap_all(ioas), PAGE);
}

static void just_map(void *ioas)
{
	CHECK_EQ(map_at(*(uint32_t *)ioas, memory(PAGE), PAGE, IOVA, RW), 0);
}

TEST(memory_of_a_process_that_has_exited_cannot_be_pinned)
{
	uint32_t ioas = new_ioas();
	struct mock mock;

	need_mock();
	CHECK(in_child(just_map, &ioas));
	CHECK_ERR(mock_attach(ioas, 0, &mock), EFAULT);
	CHECK_EQ(unmap_all(ioas), PAGE);
	CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
}

static void attach_here(void *ioas)
{
	CHECK_EQ(mock_attach(*(uint32_t *)ioas, 0, NULL), 0);
}

TEST(memory_of_another_process_is_pinned_for_that_process)
{
	uint32_t ioas = new_ioas();
	char *p = memory(4 * PAGE);

	need_mock();
	memset(p, 1, 4 * PAGE);
	CHECK_EQ(map_at(ioas, p, 4 * PAGE, IOVA, RW), 0);
	CHECK(in_child(attach_here, &ioas));
	CHECK_EQ(pinned_kb(), 16);
	CHECK(pinned_times(p, 4 * PAGE, 1));
	CHECK_EQ(unmap_all(ioas), 4 * PAGE);
	CHECK_EQ(pinned_kb(), 0);
}

/* Another process takes over the mappings: IOMMU_IOAS_CHANGE_PROCESS */

static void take_over(void *pages)
{
	become(OTHER_USER, *(int *)pages);
	if (change_process())
		_exit(errno == ENOMEM ? 1 : 2);
}

TEST(change_process_by_the_owner_changes_nothing)
{
	uint32_t ioas = new_attached_ioas(0, NULL);
	int file = memory_file(8 * PAGE);

	become(SOME_USER, 8);
	CHECK_EQ(map_file_at(ioas, file, 0, 8 * PAGE, IOVA, RW), 0);
	CHECK_EQ(change_process(), 0);
	CHECK_EQ(pinned_kb(), 32);
	CHECK_ERR(map_at(ioas, memory(PAGE), PAGE, 2 * IOVA, RW), ENOMEM);
}

TEST(user_can_lock_again_after_another_takes_over)
{
	int file = memory_file(8 * PAGE), to[2], from[2], enough = 8;
	uint32_t ioas = new_attached_ioas(0, NULL);
	char byte;

	CHECK_EQ(pipe(to), 0);
	CHECK_EQ(pipe(from), 0);
	if (!fork()) {
		CHECK_EQ(read(to[0], &byte, 1), 1);
		take_over(&enough);
		CHECK_EQ(pinned_kb(), 32);
		CHECK_EQ(write(from[1], "", 1), 1);
		CHECK_EQ(read(to[0], &byte, 1), 1);
		_exit(0);
	}
	become(SOME_USER, 8);
	CHECK_EQ(map_file_at(ioas, file, 0, 8 * PAGE, IOVA, RW), 0);
	CHECK_EQ(write(to[1], "", 1), 1);
	CHECK_EQ(read(from[0], &byte, 1), 1);
	CHECK_EQ(pinned_kb(), 0);
	CHECK_EQ(map_at(ioas, memory(8 * PAGE), 8 * PAGE, 2 * IOVA, RW), 0);
	CHECK_EQ(unmap_all(ioas), 16 * PAGE);
	CHECK_EQ(write(to[1], "", 1), 1);
}

struct of_eight {
	uint32_t ioas;
	int file;
};

static void map_file_of_eight(void *arg)
{
	struct of_eight *e = arg;

	become(SOME_USER, 8);
	CHECK_EQ(map_file_at(e->ioas, e->file, 0, 8 * PAGE, IOVA, RW), 0);
}

TEST(change_process_over_the_limit_changes_nothing)
{
	struct of_eight e = { new_attached_ioas(0, NULL),
			      memory_file(8 * PAGE) };
	uint32_t ioas = e.ioas;
	int too_few = 7;

	CHECK(in_child(map_file_of_eight, &e));
	CHECK(!in_child(take_over, &too_few));
	become(SOME_USER, 8);
	/* The memory is still charged to this user */
	CHECK_ERR(map_at(ioas, memory(PAGE), PAGE, 2 * IOVA, RW), ENOMEM);
	CHECK_EQ(unmap_all(ioas), 8 * PAGE);
	CHECK_EQ(map_at(ioas, memory(PAGE), PAGE, 2 * IOVA, RW), 0);
}

TEST(change_process_is_einval_while_memory_is_mapped_by_address)
{
	uint32_t ioas = new_attached_ioas(0, NULL);

	CHECK_EQ(map_file_at(ioas, memory_file(PAGE), 0, PAGE, IOVA, RW), 0);
	CHECK_EQ(map_at(ioas, memory(PAGE), PAGE, 2 * IOVA, RW), 0);
	CHECK_ERR(change_process(), EINVAL);
	CHECK_EQ(unmap(ioas, 2 * IOVA, PAGE), PAGE);
	CHECK_EQ(change_process(), 0);
}

#define NR_SOURCES 2000
#define NR_CHANGES 100

/*
 * Pin and unpin the first pages all the time, so that change_process meets pins
 */
static void pin_again_and_again(int access)
{
	uint32_t ids[8];

	for (;;) {
		int n = 0;

		for (int i = 0; i < 8; i++)
			if (!access_pin(access, IOVA + i * PAGE, PAGE, NULL, 0,
					&ids[n]))
				n++;
		while (n)
			CHECK_EQ(access_unpin(access, ids[--n]), 0);
	}
}

/*
 * Take over with a limit of zero pages; after a success, let the other take
 * back
 */
static void take_and_give_back(int give, int back)
{
	char byte;

	become(OTHER_USER, 0);
	for (int i = 0; i < NR_CHANGES; i++) {
		int ret = change_process();

		CHECK(!ret || errno == ENOMEM);
		CHECK_EQ(locked_kb(), 0);
		CHECK_EQ(pinned_kb(), 0);
		if (ret)
			continue;
		CHECK_EQ(write(give, "", 1), 1);
		CHECK_EQ(read(back, &byte, 1), 1);
	}
	_exit(0);
}

TEST(change_process_beside_a_pinning_access_stays_within_the_limit)
{
	int file = memory_file(NR_SOURCES * PAGE), to[2], from[2], access,
	    status;
	pid_t pinner, taker;
	uint32_t ioas;
	char byte;

	open_context_in_process_mode();
	ioas = new_ioas();
	access = new_access(ioas);
	CHECK(!pipe(to) && !pipe(from));
	taker = fork();
	if (!taker) {
		CHECK_EQ(read(from[0], &byte, 1), 1);
		close(to[0]);
		take_and_give_back(to[1], from[0]);
	}
	close(to[1]);
	become(SOME_USER, NR_SOURCES);
	for (int i = 0; i < NR_SOURCES; i++)
		CHECK_EQ(map_file_at(ioas, file, i * PAGE, PAGE,
				     IOVA + i * PAGE, RW), 0);
	pinner = fork();
	if (!pinner)
		pin_again_and_again(access);
	CHECK_EQ(write(from[1], "", 1), 1);
	while (read(to[0], &byte, 1) == 1) {
		CHECK_EQ(change_process(), 0);
		CHECK_EQ(write(from[1], "", 1), 1);
	}
	CHECK_EQ(waitpid(taker, &status, 0), taker);
	CHECK(WIFEXITED(status) && !WEXITSTATUS(status));
	CHECK_EQ(kill(pinner, SIGKILL), 0);
	CHECK_EQ(waitpid(pinner, &status, 0), pinner);
	CHECK(WIFSIGNALED(status));
	close(access);
	CHECK_EQ(locked_kb(), 0);
	CHECK_EQ(pinned_kb(), 0);
	CHECK_EQ(unmap_all(ioas), NR_SOURCES * PAGE);
}
