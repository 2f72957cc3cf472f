// SPDX-License-Identifier: GPL-2.0
/*
 * Windows of an address space: creating, listing and removing them, and the
 * mappings in them. windows_attach.c tests them with devices that have
 * requirements. Runs over the mock.
 */
#include <pthread.h>

#include "window.h"

TEST(new_windowed_address_space_has_no_windows)
{
	uint32_t ioas = new_windowed_ioas(), nr = 0;
	void *p = memory(PAGE);
	uint64_t iova;

	CHECK_EQ(list_windows(ioas, NULL, &nr), 0);
	CHECK_EQ(nr, 0);
	CHECK_ERR(map_at(ioas, p, PAGE, IOVA, RW), ENXIO);
	CHECK_ERR(map_any(ioas, p, PAGE, &iova, RW), ENXIO);
	CHECK_EQ(iova_ranges(ioas, NULL, &nr, NULL), 0);
	CHECK_EQ(nr, 0);
	/* The same with a device attached */
	CHECK_EQ(mock_attach(ioas, 0, NULL), 0);
	CHECK_ERR(map_at(ioas, p, PAGE, IOVA, RW), ENXIO);
}

TEST(window_calls_on_an_open_address_space_are_eopnotsupp)
{
	uint32_t ioas = new_ioas(), nr = 0;

	CHECK_ERR(create_window_at(ioas, IOVA, MIB, NULL), EOPNOTSUPP);
	CHECK_ERR(remove_window(ioas, 1), EOPNOTSUPP);
	CHECK_ERR(list_windows(ioas, NULL, &nr), EOPNOTSUPP);
}

TEST(window_properties_are_read_back)
{
	struct iommu_ioas_window windows[2];
	uint32_t ioas = new_windowed_ioas(), nr = 2;
	struct window a, b;

	CHECK_EQ(create_window(ioas, BASE | IOMMU_IOAS_WINDOW_READABLE, IOVA,
			       MIB, 64 << 10, &a), 0);
	CHECK_EQ(create_window(ioas, 0, 0, 4 * MIB, 0, &b), 0);
	CHECK(a.id != b.id);
	CHECK_EQ(list_windows(ioas, windows, &nr), 0);
	CHECK_EQ(nr, 2);
	for (int i = 0; i < 2; i++) {
		if (windows[i].window_id == a.id) {
			CHECK_EQ(windows[i].base, IOVA);
			CHECK_EQ(windows[i].length, MIB);
			CHECK_EQ(windows[i].page_size, 64 << 10);
			CHECK_EQ(windows[i].flags,
				 BASE | IOMMU_IOAS_WINDOW_READABLE);
		} else {
			CHECK_EQ(windows[i].window_id, b.id);
			CHECK_EQ(windows[i].base, b.base);
			CHECK_EQ(windows[i].length, 4 * MIB);
			CHECK_EQ(windows[i].page_size, b.page_size);
			CHECK_EQ(windows[i].flags,
				 IOMMU_IOAS_WINDOW_READABLE |
				 IOMMU_IOAS_WINDOW_WRITEABLE);
		}
	}
	CHECK(windows[0].base < windows[1].base);
}

TEST(ranges_of_a_windowed_address_space_are_its_windows)
{
	struct iommu_iova_range ranges[2];
	uint32_t ioas = new_windowed_ioas(), nr = 2;

	CHECK_EQ(create_window_at(ioas, IOVA, MIB, NULL), 0);
	CHECK_EQ(create_window_at(ioas, IOVA + MIB, MIB, NULL), 0);
	CHECK_EQ(iova_ranges(ioas, ranges, &nr, NULL), 0);
	CHECK_EQ(nr, 2);
	CHECK_EQ(ranges[0].start, IOVA);
	CHECK_EQ(ranges[0].last, IOVA + MIB - 1);
	CHECK_EQ(ranges[1].start, IOVA + MIB);
}

TEST(malformed_window_is_einval)
{
	uint32_t ioas = new_windowed_ioas();

	CHECK_ERR(create_window_at(ioas, IOVA, 0, NULL), EINVAL);
	CHECK_ERR(create_window_at(ioas, -MIB, 2 * MIB, NULL), EINVAL);
	CHECK_ERR(create_window(ioas, BASE, IOVA, MIB, 3 * PAGE, NULL), EINVAL);
	CHECK_ERR(create_window(ioas, BASE, IOVA + PAGE, MIB, MIB, NULL),
		  EINVAL);
	CHECK_ERR(create_window(ioas, BASE, IOVA, MIB + PAGE, MIB, NULL),
		  EINVAL);
	CHECK_ERR(create_window(ioas, BASE, IOVA, PAGE + 1, PAGE, NULL),
		  EINVAL);
	/* The page size is smaller than 4 KiB */
	CHECK_ERR(create_window(ioas, BASE, IOVA, PAGE, 1024, NULL), EINVAL);
	CHECK_ERR(create_window(ioas, 1u << 9, IOVA, MIB, 0, NULL), EOPNOTSUPP);
}

TEST(unknown_access_is_refused)
{
	uint32_t ioas = new_windowed_ioas();

	CHECK_ERR(create_window(ioas, BASE | 1u << 3, IOVA, MIB, 0, NULL),
		  EOPNOTSUPP);
}

TEST(overlapping_windows_are_eexist)
{
	uint32_t ioas = new_windowed_ioas();

	CHECK_EQ(create_window_at(ioas, IOVA, MIB, NULL), 0);
	CHECK_ERR(create_window_at(ioas, IOVA, MIB, NULL), EEXIST);
	CHECK_ERR(create_window_at(ioas, IOVA - PAGE, 2 * PAGE, NULL), EEXIST);
	CHECK_ERR(create_window_at(ioas, IOVA + MIB - PAGE, 2 * PAGE, NULL),
		  EEXIST);
	CHECK_EQ(create_window_at(ioas, IOVA + MIB, PAGE, NULL), 0);
}

TEST(window_over_a_reserved_range_is_eaddrinuse)
{
	uint32_t ioas = new_windowed_ioas();

	CHECK_EQ(mock_reserve(ioas, IOVA, PAGE), 0);
	CHECK_ERR(create_window_at(ioas, IOVA - PAGE, 2 * PAGE, NULL),
		  EADDRINUSE);
	CHECK_EQ(create_window_at(ioas, IOVA + PAGE, PAGE, NULL), 0);
	CHECK_EQ(mock_attach(ioas, 0, NULL), 0);
	CHECK_ERR(create_window_at(ioas, BEYOND, PAGE, NULL), EADDRINUSE);
}

TEST(kernel_chooses_page_size_and_base_from_what_is_attached)
{
	uint32_t ioas = new_windowed_ioas();
	struct window a, b;

	CHECK_EQ(mock_attach(ioas, MOCK_FLAGS_DEVICE_WIDE, NULL), 0);
	CHECK_EQ(create_window(ioas, 0, 0, 6 * MIB, 0, &a), 0);
	/* The smallest page size that all devices share */
	CHECK(a.page_size <= PAGE);
	/* Aligned for the largest page size that fits */
	CHECK_EQ(a.base % (2 * MIB), 0);
	CHECK_EQ(create_window(ioas, 0, 0, MIB, 0, &b), 0);
	CHECK(b.base >= a.base + 6 * MIB || b.base + MIB <= a.base);
}

TEST(window_without_a_free_base_is_enospc)
{
	uint32_t ioas = new_windowed_ioas();
	struct window w;

	CHECK_EQ(mock_attach(ioas, 0, NULL), 0);
	CHECK_ERR(create_window(ioas, 0, 0, 4ul << 30, 0, NULL), ENOSPC);
	CHECK_EQ(create_window(ioas, 0, 0, 1ul << 30, 0, &w), 0);
	CHECK_ERR(create_window(ioas, 0, 0, 1ul << 30, 0, NULL), ENOSPC);
	CHECK_EQ(remove_window(ioas, w.id), 0);
	CHECK_EQ(create_window(ioas, 0, 0, 1ul << 30, 0, NULL), 0);
}

TEST(window_may_have_larger_pages_than_the_hardware)
{
	uint32_t ioas = new_windowed_ioas();
	void *p = aligned_memory(64 << 10, 64 << 10);
	struct mock mock;

	CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
	CHECK_EQ(create_window(ioas, BASE, IOVA, 128 << 10, 64 << 10, NULL), 0);
	CHECK_EQ(map_at(ioas, p, 64 << 10, IOVA, RW), 0);
	CHECK(mock_maps(mock.hwpt, IOVA, p, 64 << 10));
}

TEST(mapping_outside_every_window_is_enxio)
{
	uint32_t ioas = new_windowed_ioas();
	void *p = memory(4 * PAGE);

	CHECK_EQ(create_window_at(ioas, IOVA, 2 * PAGE, NULL), 0);
	CHECK_EQ(create_window_at(ioas, IOVA + 2 * PAGE, 2 * PAGE, NULL), 0);
	CHECK_ERR(map_at(ioas, p, PAGE, IOVA - PAGE, RW), ENXIO);
	CHECK_ERR(map_at(ioas, p, 2 * PAGE, IOVA - PAGE, RW), ENXIO);
	/* A mapping may not span two windows */
	CHECK_ERR(map_at(ioas, p, 2 * PAGE, IOVA + PAGE, RW), ENXIO);
	CHECK_ERR(map_at(ioas, p, PAGE, IOVA + 4 * PAGE, RW), ENXIO);
	CHECK_EQ(map_at(ioas, p, 2 * PAGE, IOVA, RW), 0);
}

TEST(mapping_must_be_aligned_to_the_page_size_of_its_window)
{
	const uint64_t ps = 64 << 10;
	uint32_t ioas = new_windowed_ioas();
	char *p = aligned_memory(7 * ps, ps);
	int file = memory_file(8 * ps);

	CHECK_EQ(create_window(ioas, BASE, IOVA, MIB, ps, NULL), 0);
	CHECK_ERR(map_at(ioas, p, ps, IOVA + PAGE, RW), EINVAL);
	CHECK_ERR(map_at(ioas, p, PAGE, IOVA, RW), EINVAL);
	CHECK_ERR(map_at(ioas, p + PAGE, ps, IOVA, RW), EINVAL);
	CHECK_ERR(map_file_at(ioas, file, PAGE, ps, IOVA, RW), EINVAL);
	CHECK_EQ(map_at(ioas, p, ps, IOVA, RW), 0);
	CHECK_EQ(map_file_at(ioas, file, ps, 2 * ps, IOVA + ps, RW), 0);
}

TEST(mapping_gets_no_more_access_than_its_window_grants)
{
	uint32_t ioas = new_windowed_ioas();
	void *p = memory(PAGE);
	uint64_t iova;

	CHECK_EQ(create_window(ioas, BASE | IOMMU_IOAS_WINDOW_READABLE, IOVA,
			       MIB, 0, NULL), 0);
	CHECK_ERR(map_at(ioas, p, PAGE, IOVA, RW), EPERM);
	CHECK_ERR(map_any(ioas, p, PAGE, &iova, RW), EPERM);
	CHECK_EQ(map_at(ioas, p, PAGE, IOVA, RO), 0);
	CHECK_EQ(create_window(ioas, BASE | IOMMU_IOAS_WINDOW_WRITEABLE,
			       2 * IOVA, MIB, 0, NULL), 0);
	CHECK_ERR(map_at(ioas, p, PAGE, 2 * IOVA, RO), EPERM);
	CHECK_EQ(map_at(ioas, p, PAGE, 2 * IOVA, IOMMU_IOAS_MAP_WRITEABLE), 0);
}

TEST(kernel_chooses_a_window_that_suits_the_mapping)
{
	const uint64_t ps = 64 << 10;
	uint32_t ioas = new_windowed_ioas();
	char *p = aligned_memory(3 * ps, ps);
	uint64_t iova;

	CHECK_EQ(create_window(ioas, BASE, IOVA, ps, ps, NULL), 0);
	CHECK_EQ(create_window(ioas, BASE | IOMMU_IOAS_WINDOW_READABLE,
			       2 * IOVA, MIB, 0, NULL), 0);
	CHECK_EQ(create_window(ioas, BASE, 3 * IOVA, 2 * PAGE, PAGE, NULL), 0);
	/*
	 * The first has larger pages, the second is read-only: the third is
	 * chosen
	 */
	CHECK_EQ(map_any(ioas, p, PAGE, &iova, RW), 0);
	CHECK_EQ(iova, 3 * IOVA);
	CHECK_EQ(map_any(ioas, p, ps, &iova, RW), 0);
	CHECK_EQ(iova, IOVA);
	CHECK_EQ(map_any(ioas, p, ps, &iova, RO), 0);
	CHECK(iova >= 2 * IOVA && iova < 2 * IOVA + MIB);
	CHECK_ERR(map_any(ioas, p, ps, &iova, RW), ENOSPC);
}

TEST(copy_obeys_the_windows_of_its_destination)
{
	const uint64_t ps = 64 << 10;
	uint32_t src = new_ioas(), dst = new_windowed_ioas();
	char *p = aligned_memory(3 * ps, ps);

	CHECK_EQ(create_window(dst, BASE | IOMMU_IOAS_WINDOW_READABLE, IOVA,
			       MIB, ps, NULL), 0);
	CHECK_EQ(map_at(src, p, 2 * ps, IOVA, RW), 0);
	CHECK_ERR(copy_at(dst, 2 * IOVA, src, IOVA, ps, RO), ENXIO);
	CHECK_ERR(copy_at(dst, IOVA, src, IOVA, ps, RW), EPERM);
	CHECK_ERR(copy_at(dst, IOVA + PAGE, src, IOVA, ps, RO), EINVAL);
	CHECK_ERR(copy_at(dst, IOVA, src, IOVA, PAGE, RO), EINVAL);
	CHECK_ERR(copy_at(dst, IOVA, src, IOVA + PAGE, ps, RO), EINVAL);
	CHECK_EQ(copy_at(dst, IOVA, src, IOVA + ps, ps, RO), 0);
}

TEST(copy_between_page_sizes_works_when_aligned_to_the_destination)
{
	const uint64_t ps = 64 << 10;
	uint32_t src = new_windowed_ioas(), dst = new_windowed_ioas();
	char *p = aligned_memory(3 * ps, ps);

	CHECK_EQ(create_window(src, BASE, IOVA, MIB, PAGE, NULL), 0);
	CHECK_EQ(create_window(dst, BASE, IOVA, MIB, ps, NULL), 0);
	for (int i = 0; i < 16; i++)
		CHECK_EQ(map_at(src, p + i * PAGE, PAGE, IOVA + i * PAGE, RW),
			 0);
	CHECK_EQ(copy_at(dst, IOVA, src, IOVA, ps, RW), 0);
	CHECK_ERR(copy_at(dst, IOVA + ps, src, IOVA, 8 * PAGE, RW), EINVAL);
	/* Copy from large to small pages */
	CHECK_EQ(copy_at(src, IOVA + ps, dst, IOVA, ps, RW), 0);
}

TEST(removing_a_window_unmaps_everything_in_it)
{
	uint32_t ioas = new_windowed_ioas(), nr = 4;
	struct iommu_ioas_window left[4];
	uint64_t mapped, before, after;
	char *p = memory(64 * PAGE);
	struct window a, b;
	struct mock mock;

	CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
	CHECK_EQ(create_window_at(ioas, IOVA, MIB, &a), 0);
	CHECK_EQ(create_window_at(ioas, 2 * IOVA, MIB, &b), 0);
	for (int i = 0; i < 32; i++)
		CHECK_EQ(map_at(ioas, p + i * PAGE, PAGE,
				IOVA + 2 * i * PAGE, RW), 0);
	CHECK_EQ(map_at(ioas, p + 32 * PAGE, 32 * PAGE, 2 * IOVA, RW), 0);
	mock_count(mock.hwpt, &mapped, &before);
	CHECK_EQ(mapped, 64 * PAGE);
	CHECK_EQ(remove_window(ioas, a.id), 0);
	mock_count(mock.hwpt, &mapped, &after);
	CHECK_EQ(mapped, 32 * PAGE);
	CHECK_EQ(after, before + 1);
	CHECK(pinned_times(p, 32 * PAGE, 0));
	CHECK(pinned_times(p + 32 * PAGE, 32 * PAGE, 1));
	CHECK_ERR(remove_window(ioas, a.id), ENOENT);
	CHECK_EQ(list_windows(ioas, left, &nr), 0);
	CHECK_EQ(nr, 1);
	CHECK_EQ(left[0].window_id, b.id);
	CHECK_ERR(map_at(ioas, p, PAGE, IOVA, RW), ENXIO);
}

TEST(removing_an_unknown_window_is_enoent)
{
	uint32_t ioas = new_windowed_ioas();

	CHECK_ERR(remove_window(ioas, 1), ENOENT);
	CHECK_ERR(remove_window(ioas, 0), ENOENT);
}

TEST(removing_a_window_asks_accesses_to_unpin)
{
	uint32_t ioas = new_windowed_ioas(), id;
	void *p = memory(PAGE);
	struct window w;
	int access;

	CHECK_EQ(create_window_at(ioas, IOVA, MIB, &w), 0);
	CHECK_EQ(map_at(ioas, p, PAGE, IOVA, RW), 0);
	access = new_access(ioas);
	CHECK_EQ(access_pin(access, IOVA, PAGE, p, 0, &id), 0);
	CHECK(pinned_times(p, PAGE, 1));
	/* The access of the mock unpins when it is asked to */
	CHECK_EQ(remove_window(ioas, w.id), 0);
	CHECK(pinned_times(p, PAGE, 0));
}

TEST(short_buffer_for_windows_is_emsgsize_and_reports_how_many)
{
	struct iommu_ioas_window windows[3] = { [1] = { .window_id = 99 } };
	uint32_t ioas = new_windowed_ioas(), nr = 1;

	for (int i = 0; i < 3; i++)
		CHECK_EQ(create_window_at(ioas, IOVA + i * MIB, MIB, NULL), 0);
	CHECK_ERR(list_windows(ioas, windows, &nr), EMSGSIZE);
	CHECK_EQ(nr, 3);
	CHECK_EQ(windows[0].base, IOVA);
	CHECK_EQ(windows[1].window_id, 99);
	CHECK_EQ(list_windows(ioas, windows, &nr), 0);
	CHECK_EQ(windows[2].base, IOVA + 2 * MIB);
	nr = 3;
	CHECK_ERR(list_windows(ioas, (void *)PAGE, &nr), EFAULT);
}

/* As many struct iommu_window as exceed 4 MiB, the limit of kmalloc() */
#define VERY_MANY 175000u

TEST(many_windows_are_listed_and_refused_by_hardware_with_few)
{
	struct iommu_ioas_window *windows = memory(VERY_MANY *
						   sizeof(*windows));
	uint32_t ioas = new_windowed_ioas(), nr;
	struct mock mock;

	need_mock();
	for (uint32_t i = 0; i < VERY_MANY; i++)
		CHECK_EQ(create_window_at(ioas, IOVA + i * PAGE, PAGE, NULL),
			 0);
	/* The largest number of entries that the structure can say */
	nr = UINT32_MAX;
	CHECK_EQ(list_windows(ioas, windows, &nr), 0);
	CHECK_EQ(nr, VERY_MANY);
	for (uint32_t i = 0; i < VERY_MANY; i++)
		CHECK_EQ(windows[i].base, IOVA + i * PAGE);
	/* Nothing is written past the end of the buffer */
	windows[VERY_MANY - 1].base = 7;
	nr = VERY_MANY - 1;
	CHECK_ERR(list_windows(ioas, windows, &nr), EMSGSIZE);
	CHECK_EQ(nr, VERY_MANY);
	CHECK_EQ(windows[VERY_MANY - 1].base, 7);
	nr = UINT32_MAX;
	CHECK_EQ(iova_ranges(ioas, (void *)windows, &nr, NULL), 0);
	CHECK_EQ(nr, VERY_MANY);
	CHECK_ERR(mock_attach(ioas, MOCK_FLAGS_DEVICE_WINDOWS, NULL),
		  EADDRINUSE);
	CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
	CHECK_EQ(destroy(mock.test_id), 0);
	CHECK_EQ(destroy(ioas), 0);
}

/* In parallel */

static void *window_churn(void *arg)
{
	uint64_t base = IOVA + (uintptr_t)arg * 16 * MIB;
	uint32_t ioas = 1;
	void *p = memory(PAGE);

	for (int i = 0; i < 200; i++) {
		struct window w;

		CHECK_EQ(create_window_at(ioas, base, MIB, &w), 0);
		CHECK_EQ(map_at(ioas, p, PAGE, base, RW), 0);
		if (i & 1)
			CHECK_EQ(unmap(ioas, base, PAGE), PAGE);
		CHECK_EQ(remove_window(ioas, w.id), 0);
		CHECK_ERR(map_at(ioas, p, PAGE, base, RW), ENXIO);
	}
	return NULL;
}

TEST(maps_windows_and_attaches_run_in_parallel)
{
	uint32_t ioas = new_windowed_ioas();
	pthread_t threads[3];
	long before;

	CHECK_EQ(ioas, 1);
	need_mock();
	before = pinned_pages();
	for (uintptr_t i = 0; i < 3; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, window_churn,
					(void *)i), 0);
	for (int i = 0; i < 30; i++) {
		struct mock mock;

		CHECK_EQ(mock_attach(ioas, i & 1 ? MOCK_FLAGS_DEVICE_RUNS : 0,
				     &mock), 0);
		CHECK_EQ(destroy(mock.test_id), 0);
	}
	for (int i = 0; i < 3; i++)
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
	CHECK_EQ(pinned_pages(), before);
}
