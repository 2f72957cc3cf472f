// SPDX-License-Identifier: GPL-2.0
/*
 * In-kernel accesses (iommufd_access): pinning, reading, writing, and unmaps
 * while pages are pinned. Runs over the accesses of the mock.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "fixture.h"

TEST(access_pins_only_the_requested_pages)
{
	uint32_t ioas = new_ioas(), id;
	char *p = memory(16 * PAGE);
	int access = new_access(ioas);

	CHECK_EQ(map_at(ioas, p, 16 * PAGE, IOVA, RW), 0);
	CHECK(pinned_times(p, 16 * PAGE, 0));
	CHECK_EQ(access_pin(access, IOVA + 4 * PAGE, 2 * PAGE, p + 4 * PAGE,
			    MOCK_FLAGS_ACCESS_WRITE, &id), 0);
	CHECK(pinned_times(p, 4 * PAGE, 0));
	CHECK(pinned_times(p + 4 * PAGE, 2 * PAGE, 1));
	CHECK(pinned_times(p + 6 * PAGE, 10 * PAGE, 0));
	CHECK_EQ(access_unpin(access, id), 0);
	CHECK(pinned_times(p, 16 * PAGE, 0));
}

TEST(page_is_pinned_once_for_device_and_accesses_together)
{
	uint32_t ioas = new_ioas(), id[4];
	char *p = memory(8 * PAGE);
	int access = new_access(ioas);
	struct mock mock;

	CHECK_EQ(map_at(ioas, p, 8 * PAGE, IOVA, RW), 0);
	CHECK_EQ(access_pin(access, IOVA + PAGE, PAGE, p + PAGE, 0, &id[0]), 0);
	CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
	CHECK_EQ(access_pin(access, IOVA, 8 * PAGE, p, 0, &id[1]), 0);
	CHECK_EQ(access_pin(access, IOVA + PAGE, PAGE, p + PAGE, 0, &id[2]), 0);
	CHECK_EQ(access_pin(access, IOVA + 6 * PAGE, PAGE, p + 6 * PAGE, 0,
			    &id[3]), 0);
	CHECK(pinned_times(p, 8 * PAGE, 1));
	CHECK_EQ(destroy(mock.test_id), 0);
	CHECK(pinned_times(p, 8 * PAGE, 1));
	/* Only the pages of the small pins stay pinned */
	CHECK_EQ(access_unpin(access, id[1]), 0);
	CHECK(pinned_times(p, PAGE, 0));
	CHECK(pinned_times(p + PAGE, PAGE, 1));
	CHECK(pinned_times(p + 2 * PAGE, 4 * PAGE, 0));
	CHECK(pinned_times(p + 6 * PAGE, PAGE, 1));
	CHECK(pinned_times(p + 7 * PAGE, PAGE, 0));
	CHECK_EQ(access_unpin(access, id[0]), 0);
	CHECK(pinned_times(p + PAGE, PAGE, 1));
	CHECK_EQ(access_unpin(access, id[2]), 0);
	CHECK_EQ(access_unpin(access, id[3]), 0);
	CHECK(pinned_times(p, 8 * PAGE, 0));
}

/* Random pins and unpins, compared with a counter for each page */
TEST(pins_at_random_agree_with_a_count_per_page)
{
	enum { PAGES = 96, PINS = 40 };
	struct { uint32_t id; int first, n; bool used; } pin[PINS] = {};
	uint32_t ioas = new_ioas();
	int access = new_access(ioas), held[PAGES] = {}, attached = 0;
	char *p = memory(PAGES * PAGE);
	struct mock mock;

	CHECK_EQ(map_at(ioas, p, PAGES * PAGE, IOVA, RW), 0);
	srand(7);
	for (int step = 0; step < 3000; step++) {
		int i = rand() % PINS;

		if (step % 100 == 99) {
			if (attached)
				CHECK_EQ(destroy(mock.test_id), 0);
			else
				CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
			attached = !attached;
		} else if (pin[i].used) {
			CHECK_EQ(access_unpin(access, pin[i].id), 0);
			for (int k = 0; k < pin[i].n; k++)
				held[pin[i].first + k]--;
			pin[i].used = false;
		} else {
			pin[i].first = rand() % PAGES;
			pin[i].n = 1 + rand() % (PAGES - pin[i].first);
			if (rand() % 2)
				pin[i].n = 1 + pin[i].n % 4;
			if (pin[i].first + pin[i].n > PAGES)
				pin[i].n = 1;
			CHECK_EQ(access_pin(access, IOVA + pin[i].first * PAGE,
					    pin[i].n * PAGE,
					    p + pin[i].first * PAGE, 0,
					    &pin[i].id), 0);
			for (int k = 0; k < pin[i].n; k++)
				held[pin[i].first + k]++;
			pin[i].used = true;
		}
		if (step % 16)
			continue;
		for (int k = 0; k < PAGES; k++)
			CHECK(pinned_times(p + k * PAGE, PAGE,
					   held[k] || attached ? 1 : 0));
		if (attached)
			CHECK(mock_maps(mock.hwpt, IOVA, p, PAGES * PAGE));
	}
	CHECK_EQ(unmap_all(ioas), PAGES * PAGE);
	CHECK(pinned_times(p, PAGES * PAGE, 0));
}

TEST(unmap_asks_accesses_to_unpin_the_range)
{
	uint32_t ioas = new_ioas(), id;
	char *p = memory(4 * PAGE);
	int access = new_access(ioas);

	CHECK_EQ(map_at(ioas, p, 2 * PAGE, IOVA, RW), 0);
	CHECK_EQ(map_at(ioas, p + 2 * PAGE, 2 * PAGE, IOVA + 2 * PAGE, RW), 0);
	CHECK_EQ(access_pin(access, IOVA + PAGE, 2 * PAGE, p + PAGE, 0, &id),
		 0);
	CHECK_EQ(unmap(ioas, IOVA, 2 * PAGE), 2 * PAGE);
	CHECK(pinned_times(p, 4 * PAGE, 0));
	/* The whole pin is gone, and the other mapping can be pinned again */
	CHECK_ERR(access_unpin(access, id), ENOENT);
	CHECK_EQ(access_pin(access, IOVA + 2 * PAGE, PAGE, p + 2 * PAGE, 0,
			    &id), 0);
	CHECK_EQ(destroy(ioas), -1);
	close(access);
	CHECK(pinned_times(p, 4 * PAGE, 0));
	CHECK_EQ(destroy(ioas), 0);
}

TEST(pin_needs_a_mapping_that_permits_it)
{
	uint32_t ioas = new_ioas(), id;
	char *p = memory(4 * PAGE);
	int access = new_access(ioas);

	CHECK_EQ(map_at(ioas, p, 2 * PAGE, IOVA, RO), 0);
	CHECK_ERR(access_pin(access, IOVA, PAGE, NULL, MOCK_FLAGS_ACCESS_WRITE,
			     &id), EPERM);
	CHECK_ERR(access_pin(access, IOVA + PAGE, 2 * PAGE, NULL, 0, &id),
		  ENOENT);
	CHECK_ERR(access_pin(access, 2 * IOVA, PAGE, NULL, 0, &id), ENOENT);
	CHECK(pinned_times(p, 4 * PAGE, 0));
	CHECK_EQ(access_pin(access, IOVA, 2 * PAGE, p, 0, &id), 0);
}

TEST(access_that_pins_needs_mappings_of_whole_pages)
{
	uint32_t ioas = new_ioas();
	char *p = memory(2 * PAGE);
	uint64_t alignment;
	uint32_t nr = 0;
	int access;

	access = new_access(ioas);
	CHECK_ERR(iova_ranges(ioas, NULL, &nr, &alignment), EMSGSIZE);
	CHECK_EQ(alignment, PAGE);
	CHECK_ERR(map_at(ioas, p, 7, IOVA, RW), EINVAL);
	close(access);
	CHECK_EQ(map_at(ioas, p, 7, IOVA, RW), 0);
}

static void fill(char *p, size_t length)
{
	for (size_t i = 0; i < length; i++)
		p[i] = i * 7 + i / PAGE;
}

static void read_and_write(bool attached)
{
	uint32_t ioas = new_ioas();
	char *p = memory(8 * PAGE), *q = memory(8 * PAGE);
	int access = new_access(ioas);
	struct mock mock;

	fill(p, 8 * PAGE);
	/* Three adjacent mappings; the memory of the middle one is elsewhere */
	CHECK_EQ(map_at(ioas, p, 2 * PAGE, IOVA, RW), 0);
	CHECK_EQ(map_at(ioas, p + 4 * PAGE, PAGE, IOVA + 2 * PAGE, RW), 0);
	CHECK_EQ(map_at(ioas, p + 2 * PAGE, 2 * PAGE, IOVA + 3 * PAGE, RO), 0);
	if (attached)
		CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
	CHECK_EQ(access_rw(access, IOVA + 100, q, 5 * PAGE - 200, 0), 0);
	CHECK(!memcmp(q, p + 100, 2 * PAGE - 100));
	CHECK(!memcmp(q + 2 * PAGE - 100, p + 4 * PAGE, PAGE));
	CHECK(!memcmp(q + 3 * PAGE - 100, p + 2 * PAGE, 2 * PAGE - 100));
	memset(q, 0x55, 8 * PAGE);
	CHECK_EQ(access_rw(access, IOVA + PAGE + 1, q, PAGE + 9,
			   MOCK_ACCESS_RW_WRITE), 0);
	CHECK_EQ(p[PAGE], (char)(PAGE * 7 + 1));
	CHECK_EQ(p[PAGE + 1], 0x55);
	CHECK_EQ(p[2 * PAGE - 1], 0x55);
	CHECK_EQ(p[2 * PAGE], (char)(2 * PAGE * 7 + 2));
	CHECK_EQ(p[4 * PAGE + 9], 0x55);
	CHECK_EQ(p[4 * PAGE + 10], (char)((4 * PAGE + 10) * 7 + 4));
	CHECK_ERR(access_rw(access, IOVA + 3 * PAGE, q, 1,
			    MOCK_ACCESS_RW_WRITE), EPERM);
	CHECK_ERR(access_rw(access, IOVA + 5 * PAGE - 1, q, 2, 0), ENOENT);
	CHECK(pinned_times(p, 5 * PAGE, attached ? 1 : 0));
}

TEST(access_reads_and_writes_memory_that_is_pinned)
{
	read_and_write(true);
}

TEST(access_reads_and_writes_memory_that_is_not_pinned)
{
	read_and_write(false);
}

TEST(access_reads_and_writes_a_file)
{
	int file = memory_file(4 * PAGE), access;
	uint32_t ioas = new_ioas();
	char byte = 0;

	access = new_access(ioas);
	CHECK_EQ(pwrite(file, "x", 1, 2 * PAGE + 5), 1);
	CHECK_EQ(map_file_at(ioas, file, 0, 4 * PAGE, IOVA, RW), 0);
	CHECK_EQ(access_rw(access, IOVA + 2 * PAGE + 5, &byte, 1, 0), 0);
	CHECK_EQ(byte, 'x');
	CHECK_EQ(access_rw(access, IOVA + 3 * PAGE, "y", 1,
			   MOCK_ACCESS_RW_WRITE), 0);
	CHECK_EQ(pread(file, &byte, 1, 3 * PAGE), 1);
	CHECK_EQ(byte, 'y');
}

static atomic_bool stop;
static atomic_uint pinned;

static void *keep_pinning(void *arg)
{
	int access = *(int *)arg;
	uint32_t id;

	while (!stop)
		if (!access_pin(access, IOVA, 4 * PAGE, NULL, 0, &id)) {
			access_unpin(access, id);
			pinned++;
		}
	return NULL;
}

TEST(unmap_succeeds_against_an_access_that_keeps_pinning)
{
	uint32_t ioas = new_ioas();
	char *p = memory(4 * PAGE);
	int access = new_access(ioas);
	pthread_t thread;

	CHECK_EQ(pthread_create(&thread, NULL, keep_pinning, &access), 0);
	for (int i = 0; i < 300; i++) {
		unsigned int before = pinned;

		CHECK_EQ(map_at(ioas, p, 4 * PAGE, IOVA, RW), 0);
		/* From time to time, wait until the thread has pinned */
		while (i % 10 == 0 && pinned == before)
			usleep(10);
		CHECK_EQ(unmap(ioas, IOVA, 4 * PAGE), 4 * PAGE);
	}
	stop = true;
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK(pinned_times(p, 4 * PAGE, 0));
}

TEST(access_whose_move_failed_is_removed_when_it_is_closed)
{
	uint32_t ioas = new_ioas(), other = new_ioas();
	char *p = memory(2 * PAGE);
	int first = new_access(ioas), second = new_access(ioas);
	struct iommu_test_cmd cmd = {
		.size = sizeof(cmd),
		.op = IOMMU_TEST_OP_ACCESS_REPLACE_IOAS,
		.id = second,
		.access_replace_ioas.ioas_id = other,
	};

	CHECK_EQ(map_at(other, p, 7, IOVA, RW), 0);
	CHECK_ERR(ioctl(fd, IOMMU_TEST_CMD, &cmd), EADDRINUSE);
	close(second);
	close(first);
	CHECK_EQ(map_at(ioas, p, 7, IOVA, RW), 0);
}
