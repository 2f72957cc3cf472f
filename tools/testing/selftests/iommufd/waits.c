// SPDX-License-Identifier: GPL-2.0
/* Calls that wait in the middle, and what others can do meanwhile. */
#include "slow.h"

static uint32_t ioas;
static struct mock mock;
static struct slow slow;

static void *look(void *shown)
{
	*(bool *)shown = mock_shows(mock.hwpt, IOVA, slow.at, PAGE);
	return NULL;
}

TEST(automatic_table_goes_with_its_last_device_whoever_looks_at_it)
{
	pthread_t thread;
	bool shown;

	ioas = new_ioas();
	CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
	slow_memory(&slow, PAGE);
	CHECK_EQ(pthread_create(&thread, NULL, look, &shown), 0);
	slow_touched(&slow);
	CHECK_EQ(destroy(mock.test_id), 0);
	/* It cannot be found again */
	CHECK_ERR(mock_attach(mock.hwpt, 0, NULL), ENOENT);
	CHECK_ERR(destroy(mock.hwpt), ENOENT);
	slow_let_go(&slow);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK(!shown);
	CHECK_EQ(destroy(ioas), 0);
}

TEST(automatic_table_that_goes_is_no_obstacle_for_the_next_device)
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
	CHECK(mock_shows(next.hwpt, 2 * IOVA, p, PAGE));
	slow_let_go(&slow);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK(mock_shows(next.hwpt, 2 * IOVA, p, PAGE));
	CHECK(pinned_times(p, PAGE, 1));
	CHECK_EQ(destroy(next.test_id), 0);
	CHECK(pinned_times(p, PAGE, 0));
	CHECK_EQ(destroy(ioas), 0);
}
