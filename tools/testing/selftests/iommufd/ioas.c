// SPDX-License-Identifier: GPL-2.0
/*
 * Address spaces: map, unmap, the list of mappings, and many threads and
 * processes at once. Copies are tested in copy.c, options in options.c. Runs
 * over the mock.
 */
#include <pthread.h>

#include "fixture.h"

/* Map */

TEST(length_of_zero_is_einval)
{
	uint32_t ioas = new_ioas();
	int file = memory_file(PAGE);
	void *p = memory(PAGE);

	CHECK_ERR(map_at(ioas, p, 0, IOVA, RW), EINVAL);
	CHECK_ERR(map_file_at(ioas, file, 0, 0, IOVA, RW), EINVAL);
	CHECK_EQ(map_at(ioas, p, PAGE, IOVA, RW), 0);
	CHECK_ERR(copy_at(ioas, 2 * IOVA, ioas, IOVA, 0, RW), EINVAL);
	CHECK_ERR(unmap(ioas, IOVA, 0), EINVAL);
	CHECK_EQ(unmap_all(ioas), PAGE);
}

TEST(length_that_overflows_is_eoverflow)
{
	uint32_t ioas = new_ioas();
	int file = memory_file(PAGE);
	void *p = memory(PAGE);

	CHECK_ERR(map_at(ioas, p, UINT64_MAX, IOVA, RW), EOVERFLOW);
	CHECK_ERR(map_at(ioas, p, 2 * PAGE, -PAGE, RW), EOVERFLOW);
	CHECK_ERR(map_at(ioas, (void *)-PAGE, 2 * PAGE, IOVA, RW), EOVERFLOW);
	CHECK_ERR(map_at(ioas, p, PAGE, UINT64_MAX, RW), EOVERFLOW);
	CHECK_ERR(map_file_at(ioas, file, -PAGE, 2 * PAGE, IOVA, RW),
		  EOVERFLOW);
	CHECK_ERR(unmap(ioas, -PAGE, 2 * PAGE), EOVERFLOW);
	CHECK_ERR(unmap(ioas, PAGE, UINT64_MAX), EOVERFLOW);
	CHECK_ERR(copy_at(ioas, IOVA, ioas, -PAGE, 2 * PAGE, RW), EOVERFLOW);
	CHECK_EQ(unmap_all(ioas), 0);
}

TEST(map_without_access_is_einval)
{
	uint32_t ioas = new_ioas();
	void *p = memory(PAGE);

	CHECK_ERR(map_at(ioas, p, PAGE, IOVA, 0), EINVAL);
	CHECK_ERR(map_file_at(ioas, memory_file(PAGE), 0, PAGE, IOVA, 0),
		  EINVAL);
	CHECK_ERR(copy_at(ioas, IOVA, ioas, IOVA, PAGE, 0), EINVAL);
}

TEST(map_over_a_mapping_is_eexist)
{
	uint32_t ioas = new_ioas();
	void *p = memory(4 * PAGE);

	CHECK_EQ(map_at(ioas, p, 2 * PAGE, IOVA, RW), 0);
	CHECK_ERR(map_at(ioas, p, 2 * PAGE, IOVA, RW), EEXIST);
	CHECK_ERR(map_at(ioas, p, 2 * PAGE, IOVA + PAGE, RW), EEXIST);
	CHECK_ERR(map_at(ioas, p, 4 * PAGE, IOVA - PAGE, RW), EEXIST);
	CHECK_EQ(map_at(ioas, p, PAGE, IOVA + 2 * PAGE, RW), 0);
	CHECK_EQ(unmap_all(ioas), 3 * PAGE);
}

TEST(map_into_a_reserved_range_is_einval)
{
	uint32_t ioas = new_ioas();
	void *p = memory(2 * PAGE);

	CHECK_EQ(mock_reserve(ioas, IOVA, PAGE), 0);
	CHECK_ERR(map_at(ioas, p, PAGE, IOVA, RW), EINVAL);
	CHECK_ERR(map_at(ioas, p, 2 * PAGE, IOVA - PAGE, RW), EINVAL);
	CHECK_EQ(map_at(ioas, p, PAGE, IOVA + PAGE, RW), 0);
}

TEST(map_needs_no_alignment_before_attach)
{
	uint32_t ioas = new_ioas();
	char *p = memory(PAGE);
	uint64_t alignment;
	uint32_t nr = 0;

	CHECK_ERR(iova_ranges(ioas, NULL, &nr, &alignment), EMSGSIZE);
	CHECK_EQ(alignment, 1);
	CHECK_EQ(map_at(ioas, p + 1, 3, IOVA + 7, RW), 0);
	CHECK_EQ(unmap(ioas, IOVA + 7, 3), 3);
}

TEST(map_needs_the_alignment_of_the_unit_after_attach)
{
	uint32_t ioas = new_ioas(), nr = 0;
	char *p = memory(2 * PAGE);
	uint64_t alignment;

	CHECK_EQ(mock_attach(ioas, 0, NULL), 0);
	CHECK_ERR(iova_ranges(ioas, NULL, &nr, &alignment), EMSGSIZE);
	CHECK_EQ(alignment, MOCK_PAGE_SIZE);
	CHECK_ERR(map_at(ioas, p, PAGE, IOVA + 1, RW), EINVAL);
	CHECK_ERR(map_at(ioas, p, PAGE - 1, IOVA, RW), EINVAL);
	CHECK_ERR(map_at(ioas, p + 1, PAGE, IOVA, RW), EINVAL);
	CHECK_EQ(map_at(ioas, p + MOCK_PAGE_SIZE, PAGE, IOVA, RW), 0);
}

TEST(map_of_absent_memory_is_efault_after_attach)
{
	uint32_t ioas = new_ioas();
	char *p = memory(4 * PAGE);
	long before;

	CHECK_EQ(munmap(p + 2 * PAGE, PAGE), 0);
	CHECK_EQ(mock_attach(ioas, 0, NULL), 0);
	before = pinned_pages();
	CHECK_ERR(map_at(ioas, p, 4 * PAGE, IOVA, RW), EFAULT);
	CHECK_EQ(pinned_pages(), before);
	/* The failed map has left nothing behind */
	CHECK_EQ(map_at(ioas, p, 2 * PAGE, IOVA, RW), 0);
	CHECK_EQ(unmap_all(ioas), 2 * PAGE);
}

TEST(write_access_to_read_only_memory_is_efault)
{
	uint32_t ioas = new_ioas();
	char *p = memory(PAGE);

	*p = 1;
	CHECK_EQ(mprotect(p, PAGE, PROT_READ), 0);
	CHECK_EQ(mock_attach(ioas, 0, NULL), 0);
	CHECK_ERR(map_at(ioas, p, PAGE, IOVA, RW), EFAULT);
	CHECK_EQ(map_at(ioas, p, PAGE, IOVA, RO), 0);
}

TEST(kernel_chooses_a_free_iova_aligned_like_the_memory)
{
	uint32_t ioas = new_ioas();
	struct mock mock;
	uint64_t iova[64];
	char *p = memory(64 * PAGE);

	CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
	for (int i = 0; i < 64; i++) {
		CHECK_EQ(map_any(ioas, p + i * PAGE, PAGE, &iova[i], RW), 0);
		CHECK_EQ(iova[i] % PAGE, 0);
		for (int j = 0; j < i; j++)
			CHECK(iova[i] != iova[j]);
		CHECK(mock_maps(mock.hwpt, iova[i], p + i * PAGE, PAGE));
	}
	CHECK_EQ(unmap_all(ioas), 64 * PAGE);
}

TEST(kernel_aligns_large_memory_for_superpages)
{
	uint32_t ioas = new_ioas();
	size_t two_mib = 2ul << 20;
	char *p = aligned_memory(two_mib, two_mib);
	uint64_t iova;

	CHECK_EQ(map_any(ioas, p, PAGE, &iova, RW), 0);
	CHECK_EQ(map_any(ioas, p, two_mib, &iova, RW), 0);
	CHECK_EQ(iova % two_mib, 0);
}

TEST(map_without_a_free_iova_is_enospc)
{
	struct iommu_iova_range range = { IOVA, IOVA + 4 * PAGE - 1 };
	uint32_t ioas = new_ioas();
	char *p = memory(8 * PAGE);
	uint64_t iova;

	CHECK_EQ(allow(ioas, &range, 1), 0);
	CHECK_ERR(map_any(ioas, p, 5 * PAGE, &iova, RW), ENOSPC);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(map_any(ioas, p + PAGE * (2 * i % 8) + PAGE, PAGE,
				 &iova, RW), 0);
	CHECK_ERR(map_any(ioas, p + PAGE, PAGE, &iova, RW), ENOSPC);
	/* A gap below the newest mapping is found again */
	CHECK_EQ(unmap(ioas, IOVA + PAGE, PAGE), PAGE);
	CHECK_EQ(map_any(ioas, p + PAGE, PAGE, &iova, RW), 0);
	CHECK_EQ(iova, IOVA + PAGE);
}

/* Unmap */

TEST(unmap_of_a_hole_is_enoent)
{
	uint32_t ioas = new_ioas();

	CHECK_ERR(unmap(ioas, IOVA, PAGE), ENOENT);
	CHECK_EQ(map_at(ioas, memory(PAGE), PAGE, IOVA, RW), 0);
	CHECK_ERR(unmap(ioas, IOVA + PAGE, PAGE), ENOENT);
	CHECK_EQ(unmap(ioas, IOVA, PAGE), PAGE);
	CHECK_ERR(unmap(ioas, IOVA, PAGE), ENOENT);
}

TEST(unmap_of_a_part_is_enoent_and_changes_nothing)
{
	uint32_t ioas = new_ioas();
	char *p = memory(8 * PAGE);
	struct mock mock;

	CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
	CHECK_EQ(map_at(ioas, p, 4 * PAGE, IOVA, RW), 0);
	CHECK_EQ(map_at(ioas, p, 4 * PAGE, IOVA + 4 * PAGE, RW), 0);
	CHECK_ERR(unmap(ioas, IOVA, PAGE), ENOENT);
	CHECK_ERR(unmap(ioas, IOVA + PAGE, 3 * PAGE), ENOENT);
	/* All of the first mapping and a part of the second */
	CHECK_ERR(unmap(ioas, IOVA, 5 * PAGE), ENOENT);
	CHECK(mock_maps(mock.hwpt, IOVA, p, 4 * PAGE));
	CHECK(mock_maps(mock.hwpt, IOVA + 4 * PAGE, p, 4 * PAGE));
	CHECK_EQ(unmap_all(ioas), 8 * PAGE);
}

TEST(union_of_adjacent_mappings_is_unmapped_at_once)
{
	uint32_t ioas = new_ioas();
	uint64_t before, after, mapped;
	char *p = memory(64 * PAGE);
	struct mock mock;

	CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
	for (int i = 0; i < 64; i++)
		CHECK_EQ(map_at(ioas, p + i * PAGE, PAGE, IOVA + i * PAGE, RW),
			 0);
	mock_count(mock.hwpt, &mapped, &before);
	CHECK_EQ(mapped, 64 * PAGE);
	CHECK_EQ(unmap(ioas, IOVA + 8 * PAGE, 16 * PAGE), 16 * PAGE);
	mock_count(mock.hwpt, &mapped, &after);
	CHECK_EQ(mapped, 48 * PAGE);
	/* One invalidation for all mappings */
	CHECK_EQ(after, before + 1);
	/* A range with holes, larger than the mappings in it */
	CHECK_EQ(unmap(ioas, IOVA - PAGE, 66 * PAGE), 48 * PAGE);
	CHECK(pinned_times(p, 64 * PAGE, 0));
}

TEST(unmap_of_everything_succeeds_without_mappings)
{
	uint32_t ioas = new_ioas();

	CHECK_EQ(unmap_all(ioas), 0);
	CHECK_EQ(map_at(ioas, memory(PAGE), PAGE, 0, RW), 0);
	CHECK_EQ(map_at(ioas, memory(PAGE), PAGE, -2 * PAGE, RW), 0);
	CHECK_EQ(unmap_all(ioas), 2 * PAGE);
}

TEST(destroying_an_address_space_unmaps_it)
{
	uint32_t ioas = new_ioas(), other = new_ioas();
	char *p = memory(PAGE);
	struct mock mock;

	CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
	CHECK_EQ(map_at(other, p, PAGE, IOVA, RW), 0);
	CHECK_EQ(copy_at(ioas, IOVA, other, IOVA, PAGE, RW), 0);
	CHECK(pinned_times(p, PAGE, 1));
	CHECK_EQ(destroy(other), 0);
	CHECK(pinned_times(p, PAGE, 1));
	CHECK_ERR(destroy(ioas), EBUSY);
	CHECK_EQ(destroy(mock.test_id), 0);
	CHECK(pinned_times(p, PAGE, 0));
	CHECK_EQ(destroy(ioas), 0);
}

/* Files */

TEST(map_file_pins_the_pages_of_the_file)
{
	int file = memory_file(8 * PAGE);
	char *p = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
		       file, 0);
	uint32_t ioas = new_ioas();
	struct mock mock;

	CHECK(p != MAP_FAILED);
	CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
	CHECK_EQ(map_file_at(ioas, file, 2 * PAGE, 4 * PAGE, IOVA, RW), 0);
	memset(p, 1, 8 * PAGE);
	CHECK(mock_maps(mock.hwpt, IOVA, p + 2 * PAGE, 4 * PAGE));
	close(file);
	CHECK(pinned_times(p + 2 * PAGE, 4 * PAGE, 1));
	CHECK_EQ(unmap_all(ioas), 4 * PAGE);
	CHECK(pinned_times(p, 8 * PAGE, 0));
}

TEST(hugetlb_file_is_pinned_and_unpinned)
{
	int file = memfd_create("huge", MFD_HUGETLB);
	size_t two_mib = 2ul << 20;
	uint32_t ioas = new_ioas();
	long before;
	char *p;

	if (file < 0 || ftruncate(file, 2 * two_mib))
		SKIP("no huge pages");
	p = mmap(NULL, 2 * two_mib, PROT_READ | PROT_WRITE, MAP_SHARED, file,
		 0);
	if (p == MAP_FAILED)
		SKIP("no huge pages");
	CHECK_EQ(mock_attach(ioas, MOCK_FLAGS_DEVICE_WIDE, NULL), 0);
	before = pinned_pages();
	CHECK_EQ(map_file_at(ioas, file, PAGE, 2 * two_mib - 2 * PAGE, IOVA,
			     RW), 0);
	CHECK_EQ(pinned_pages() - before, (2 * two_mib - 2 * PAGE) / PAGE);
	CHECK_EQ(unmap_all(ioas), 2 * two_mib - 2 * PAGE);
	CHECK_EQ(pinned_pages(), before);
}

TEST(map_of_an_unsuitable_file_fails)
{
	uint32_t ioas = new_ioas();
	int disk = open("/proc/self/exe", O_RDONLY);

	CHECK_ERR(map_file_at(ioas, -1, 0, PAGE, IOVA, RO), EBADF);
	CHECK_ERR(map_file_at(ioas, 999, 0, PAGE, IOVA, RO), EBADF);
	CHECK_EQ(mock_attach(ioas, 0, NULL), 0);
	/* A file on disk; a range past the end of a memory file */
	CHECK_ERR(map_file_at(ioas, disk, 0, PAGE, IOVA, RO), EINVAL);
	CHECK_ERR(map_file_at(ioas, memory_file(PAGE), 0, 2 * PAGE, IOVA, RO),
		  EINVAL);
	CHECK_EQ(unmap_all(ioas), 0);
}

/* The list of mappings */

TEST(mappings_are_listed_with_access_and_origin)
{
	struct iommu_ioas_mapping list[8] = {};
	struct iommu_ioas_mappings cmd = {
		.size = sizeof(cmd),
		.num_mappings = 8,
		.mappings = (uintptr_t)list,
	};
	char *p = memory(8 * PAGE);

	cmd.ioas_id = new_ioas();
	CHECK_EQ(map_at(cmd.ioas_id, p + PAGE, 2 * PAGE, IOVA, RO), 0);
	CHECK_EQ(map_file_at(cmd.ioas_id, memory_file(8 * PAGE), 3 * PAGE,
			     PAGE, 2 * IOVA, RW), 0);
	CHECK_EQ(copy_at(cmd.ioas_id, 3 * IOVA, cmd.ioas_id, IOVA + PAGE, PAGE,
			 RO), 0);
	CHECK_EQ(ioctl(fd, IOMMU_IOAS_MAPPINGS, &cmd), 0);
	CHECK_EQ(cmd.num_mappings, 3);
	CHECK_EQ(cmd.out_flags, 0);
	CHECK_EQ(list[0].iova, IOVA);
	CHECK_EQ(list[0].length, 2 * PAGE);
	CHECK_EQ(list[0].address, (uintptr_t)p + PAGE);
	CHECK_EQ(list[0].flags, RO);
	CHECK_EQ(list[0].origin, IOMMU_IOAS_MAPPING_USER);
	CHECK_EQ(list[1].iova, 2 * IOVA);
	CHECK_EQ(list[1].address, 3 * PAGE);
	CHECK_EQ(list[1].flags, RW);
	CHECK_EQ(list[1].origin, IOMMU_IOAS_MAPPING_FILE);
	CHECK_EQ(list[2].origin, IOMMU_IOAS_MAPPING_COPY);
	CHECK_EQ(list[2].address, (uintptr_t)p + 2 * PAGE);
}

TEST(mappings_are_listed_in_pieces)
{
	struct iommu_ioas_mapping list[7];
	struct iommu_ioas_mappings cmd = { .size = sizeof(cmd) };
	uint32_t ioas = new_ioas(), seen = 0;
	void *p = memory(PAGE);

	cmd.ioas_id = ioas;
	CHECK_EQ(ioctl(fd, IOMMU_IOAS_MAPPINGS, &cmd), 0);
	for (uint64_t i = 0; i < 200; i++)
		CHECK_EQ(map_at(ioas, p, PAGE, IOVA + 2 * i * PAGE, RW), 0);
	CHECK_ERR(ioctl(fd, IOMMU_IOAS_MAPPINGS, &cmd), EMSGSIZE);
	cmd.iova = 0;
	do {
		cmd.num_mappings = 7;
		cmd.mappings = (uintptr_t)list;
		CHECK_EQ(ioctl(fd, IOMMU_IOAS_MAPPINGS, &cmd), 0);
		for (uint32_t i = 0; i < cmd.num_mappings; i++)
			CHECK_EQ(list[i].iova, IOVA + 2 * PAGE * seen++);
	} while (cmd.out_flags & IOMMU_IOAS_MAPPINGS_MORE);
	CHECK_EQ(seen, 200);
	/* Start inside a mapping */
	cmd.iova = IOVA + 2 * PAGE + 5;
	cmd.num_mappings = 1;
	CHECK_EQ(ioctl(fd, IOMMU_IOAS_MAPPINGS, &cmd), 0);
	CHECK_EQ(list[0].iova, IOVA + 2 * PAGE);
	CHECK_EQ(cmd.iova, IOVA + 4 * PAGE);
}

/* In parallel, and with a process that is killed */

static void *churn(void *arg)
{
	uint64_t base = IOVA + (uintptr_t)arg * (64ul << 20);
	uint32_t ioas = 1;
	char *p = memory(32 * PAGE);

	for (int i = 0; i < 150; i++) {
		uint64_t n = 1 + i % 32;

		CHECK_EQ(map_at(ioas, p, n * PAGE, base, RW), 0);
		CHECK_EQ(unmap(ioas, base, n * PAGE), n * PAGE);
	}
	return NULL;
}

TEST(disjoint_ranges_are_mapped_and_unmapped_in_parallel)
{
	uint32_t ioas = new_ioas();
	pthread_t threads[4];
	struct mock mock;
	uint64_t mapped;

	CHECK_EQ(ioas, 1);
	CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
	for (uintptr_t i = 0; i < 4; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, churn, (void *)i),
			 0);
	/* Meanwhile attach and detach devices */
	for (int i = 0; i < 20; i++) {
		struct mock other;

		CHECK_EQ(mock_attach(ioas, MOCK_FLAGS_DEVICE_RUNS, &other), 0);
		CHECK_EQ(destroy(other.test_id), 0);
	}
	for (int i = 0; i < 4; i++)
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
	mock_count(mock.hwpt, &mapped, NULL);
	CHECK_EQ(mapped, 0);
}

static void *race(void *arg)
{
	uint32_t ioas = 1;
	char *p = memory(8 * PAGE);

	(void)arg;
	for (int i = 0; i < 800; i++) {
		if (map_at(ioas, p, 8 * PAGE, IOVA, RW))
			CHECK(errno == EEXIST);
		if (unmap(ioas, IOVA, 8 * PAGE) < 0)
			CHECK(errno == ENOENT || errno == EBUSY);
	}
	return NULL;
}

TEST(threads_that_race_over_one_range_leave_nothing_pinned)
{
	uint32_t ioas = new_ioas();
	pthread_t threads[4];
	long before;

	CHECK_EQ(mock_attach(ioas, 0, NULL), 0);
	before = pinned_pages();
	for (int i = 0; i < 4; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, race, NULL), 0);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
	CHECK(unmap_all(ioas) >= 0);
	CHECK_EQ(pinned_pages(), before);
}

static void map_and_unmap(unsigned long *rounds)
{
	uint32_t ioas = new_ioas();
	char *p = memory(1024 * PAGE);

	CHECK_EQ(mock_attach(ioas, 0, NULL), 0);
	for (;;) {
		CHECK_EQ(map_at(ioas, p, 1024 * PAGE, IOVA, RW), 0);
		CHECK_EQ(unmap(ioas, IOVA, 1024 * PAGE), 1024 * PAGE);
		__atomic_add_fetch(rounds, 1, __ATOMIC_RELAXED);
	}
}

TEST(nothing_stays_pinned_when_a_process_is_killed)
{
	long before = pinned_pages();

	need_mock();
	for (int round = 0; round < 20; round++)
		kill_at_work(map_and_unmap, 997 * round);
	CHECK_EQ(pinned_pages(), before);
}
