// SPDX-License-Identifier: GPL-2.0
/*
 * Devices and address spaces: usable IOVA ranges, attach, replace, and hardware
 * page tables. Runs over the mock.
 */
#include "fixture.h"

/* Ranges */

TEST(new_address_space_allows_every_iova)
{
	struct iommu_iova_range range;
	uint32_t ioas = new_ioas(), nr = 1;

	CHECK_EQ(iova_ranges(ioas, &range, &nr, NULL), 0);
	CHECK_EQ(nr, 1);
	CHECK_EQ(range.start, 0);
	CHECK_EQ(range.last, UINT64_MAX);
}

TEST(short_buffer_for_ranges_is_emsgsize_and_reports_how_many)
{
	struct iommu_iova_range ranges[3] = { [1] = { 7, 7 } };
	uint32_t ioas = new_ioas(), nr = 1;

	CHECK_EQ(mock_reserve(ioas, IOVA, PAGE), 0);
	CHECK_EQ(mock_reserve(ioas, 2 * IOVA, PAGE), 0);
	CHECK_ERR(iova_ranges(ioas, ranges, &nr, NULL), EMSGSIZE);
	CHECK_EQ(nr, 3);
	CHECK_EQ(ranges[0].last, IOVA - 1);
	/* Nothing is written past the end of the buffer */
	CHECK_EQ(ranges[1].start, 7);
	CHECK_EQ(iova_ranges(ioas, ranges, &nr, NULL), 0);
	CHECK_EQ(ranges[1].start, IOVA + PAGE);
	CHECK_EQ(ranges[2].start, 2 * IOVA + PAGE);
	nr = 3;
	CHECK_ERR(iova_ranges(ioas, (void *)PAGE, &nr, NULL), EFAULT);
}

TEST(ranges_shrink_on_attach_and_grow_on_detach)
{
	struct iommu_iova_range ranges[8];
	uint32_t ioas = new_ioas(), nr = 8;
	struct mock mock;

	CHECK_EQ(mock_attach(ioas, MOCK_FLAGS_DEVICE_RESERVED, &mock), 0);
	CHECK_EQ(iova_ranges(ioas, ranges, &nr, NULL), 0);
	CHECK_EQ(nr, 2);
	CHECK_EQ(ranges[0].start, MOCK_APERTURE_START);
	CHECK_EQ(ranges[0].last, MOCK_RESERVED_START - 1);
	CHECK_EQ(ranges[1].start, MOCK_RESERVED_LAST + 1);
	CHECK_EQ(ranges[1].last, MOCK_APERTURE_LAST);
	CHECK_EQ(destroy(mock.test_id), 0);
	nr = 8;
	CHECK_EQ(iova_ranges(ioas, ranges, &nr, NULL), 0);
	CHECK_EQ(nr, 1);
	CHECK_EQ(ranges[0].last, UINT64_MAX);
}

TEST(device_that_reserves_an_allowed_range_is_refused)
{
	struct iommu_iova_range range = { MOCK_RESERVED_START,
					  MOCK_RESERVED_START + PAGE - 1 };
	uint32_t ioas = new_ioas();
	struct mock mock;

	CHECK_EQ(allow(ioas, &range, 1), 0);
	CHECK_ERR(mock_attach(ioas, MOCK_FLAGS_DEVICE_RESERVED, NULL),
		  EADDRINUSE);
	CHECK_EQ(allow(ioas, NULL, 0), 0);
	CHECK_EQ(mock_attach(ioas, MOCK_FLAGS_DEVICE_RESERVED, &mock), 0);
	CHECK_ERR(allow(ioas, &range, 1), EADDRINUSE);
	CHECK_EQ(destroy(mock.test_id), 0);
	CHECK_EQ(allow(ioas, &range, 1), 0);
}

TEST(malformed_allowed_ranges_are_einval)
{
	struct iommu_iova_range ranges[2] = { { PAGE, 2 * PAGE },
					      { 2 * PAGE, 3 * PAGE } };
	struct iommu_iova_range backwards = { PAGE, 0 }, empty = { PAGE, PAGE };
	uint32_t ioas = new_ioas();
	uint64_t iova;

	CHECK_ERR(allow(ioas, ranges, 2), EINVAL);
	CHECK_ERR(allow(ioas, &backwards, 1), EINVAL);
	CHECK_ERR(allow(ioas, &empty, 1), EINVAL);
	CHECK_ERR(allow(ioas, (void *)PAGE, 1), EFAULT);
	/* None of them has an effect: the kernel chooses any IOVA */
	CHECK_EQ(map_any(ioas, memory(64 * PAGE), 64 * PAGE, &iova, RW), 0);
}

TEST(kernel_chooses_iovas_only_in_allowed_ranges)
{
	struct iommu_iova_range ranges[2] = {
		{ IOVA, IOVA + 2 * PAGE - 1 },
		{ 4 * IOVA, 4 * IOVA + 8 * PAGE - 1 },
	};
	uint32_t ioas = new_ioas();
	char *p = memory(8 * PAGE);
	uint64_t iova;

	CHECK_EQ(allow(ioas, ranges, 2), 0);
	CHECK_EQ(map_any(ioas, p + PAGE, 4 * PAGE, &iova, RW), 0);
	CHECK(iova >= ranges[1].start && iova + 4 * PAGE - 1 <= ranges[1].last);
	/* A fixed IOVA may be outside the allowed ranges */
	CHECK_EQ(map_at(ioas, p, PAGE, 16 * IOVA, RW), 0);
}

/* Attaching */

TEST(attach_maps_existing_mappings)
{
	char *p = memory(32 * PAGE);
	uint32_t ioas = new_ioas();
	struct mock a, b;

	CHECK_EQ(map_at(ioas, p, 8 * PAGE, IOVA, RW), 0);
	CHECK_EQ(map_at(ioas, p + 8 * PAGE, 8 * PAGE, 2 * IOVA, RO), 0);
	need_mock();
	CHECK(pinned_times(p, 16 * PAGE, 0));
	CHECK_EQ(mock_attach(ioas, 0, &a), 0);
	CHECK(pinned_times(p, 16 * PAGE, 1));
	CHECK(mock_maps(a.hwpt, IOVA, p, 8 * PAGE));
	CHECK_EQ(mock_attach(ioas, MOCK_FLAGS_DEVICE_RUNS, &b), 0);
	CHECK(mock_maps(b.hwpt, IOVA, p, 8 * PAGE));
	CHECK(mock_maps(b.hwpt, 2 * IOVA, p + 8 * PAGE, 8 * PAGE));
	CHECK(pinned_times(p, 16 * PAGE, 1));
	CHECK_EQ(destroy(a.test_id), 0);
	CHECK(mock_maps(b.hwpt, IOVA, p, 8 * PAGE));
	CHECK(pinned_times(p, 16 * PAGE, 1));
	CHECK_EQ(destroy(b.test_id), 0);
	CHECK(pinned_times(p, 16 * PAGE, 0));
	CHECK_EQ(unmap_all(ioas), 16 * PAGE);
}

TEST(two_devices_in_one_domain_cost_one_map_and_one_invalidation)
{
	uint64_t before, after, mapped;
	char *p = memory(4 * PAGE);
	uint32_t ioas = new_ioas();
	struct mock a, b;

	CHECK_EQ(mock_attach(ioas, 0, &a), 0);
	CHECK_EQ(mock_attach(ioas, 0, &b), 0);
	CHECK_EQ(a.hwpt, b.hwpt);
	CHECK_EQ(map_at(ioas, p, 4 * PAGE, IOVA, RW), 0);
	mock_count(a.hwpt, &mapped, &before);
	CHECK_EQ(mapped, 4 * PAGE);
	CHECK_EQ(unmap(ioas, IOVA, 4 * PAGE), 4 * PAGE);
	mock_count(a.hwpt, &mapped, &after);
	CHECK_EQ(mapped, 0);
	CHECK_EQ(after, before + 1);
}

TEST(attach_with_a_conflicting_mapping_is_eaddrinuse)
{
	uint32_t ioas = new_ioas();
	void *p = memory(PAGE);
	struct mock mock;

	CHECK_EQ(map_at(ioas, p, PAGE, MOCK_RESERVED_START, RW), 0);
	CHECK_ERR(mock_attach(ioas, MOCK_FLAGS_DEVICE_RESERVED, NULL),
		  EADDRINUSE);
	CHECK_EQ(map_at(ioas, p, PAGE, BEYOND, RW), 0);
	CHECK_ERR(mock_attach(ioas, 0, NULL), EADDRINUSE);
	CHECK_EQ(unmap(ioas, BEYOND, PAGE), PAGE);
	CHECK_EQ(map_at(ioas, p, 1, IOVA, RW), 0);
	CHECK_ERR(mock_attach(ioas, 0, NULL), EADDRINUSE);
	CHECK_EQ(unmap(ioas, IOVA, 1), 1);
	CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
	CHECK_EQ(unmap_all(ioas), PAGE);
}

TEST(incoherent_or_unisolated_device_is_refused)
{
	uint32_t ioas = new_ioas();

	CHECK_ERR(mock_attach(ioas, MOCK_FLAGS_DEVICE_INCOHERENT, NULL),
		  EINVAL);
	CHECK_ERR(mock_attach(ioas, MOCK_FLAGS_DEVICE_UNSAFE_MSI, NULL),
		  EPERM);
	CHECK_EQ(destroy(ioas), 0);
}

TEST(device_with_snoop_control_gets_a_table_that_enforces_coherency)
{
	uint32_t ioas = new_ioas();
	struct mock weak, strong, late;

	CHECK_EQ(mock_attach(ioas, 0, &weak), 0);
	CHECK_EQ(mock_attach(ioas, MOCK_FLAGS_DEVICE_SNOOP, &strong), 0);
	CHECK(strong.hwpt != weak.hwpt);
	/* Each device gets the table of its kind, in any order of attaching */
	CHECK_EQ(mock_attach(ioas, 0, &late), 0);
	CHECK_EQ(late.hwpt, weak.hwpt);
	CHECK_EQ(mock_attach(ioas, MOCK_FLAGS_DEVICE_SNOOP, &late), 0);
	CHECK_EQ(late.hwpt, strong.hwpt);
}

TEST(device_with_snoop_control_is_refused_by_a_table_without_it)
{
	uint32_t ioas = new_ioas(), hwpt, pt;
	struct mock weak, strong;

	CHECK_EQ(mock_attach(ioas, 0, &weak), 0);
	hwpt = new_hwpt(weak.device, ioas, 0);
	CHECK_ERR(mock_attach(weak.hwpt, MOCK_FLAGS_DEVICE_SNOOP, NULL),
		  EINVAL);
	CHECK_EQ(mock_attach(ioas, MOCK_FLAGS_DEVICE_SNOOP, &strong), 0);
	pt = weak.hwpt;
	CHECK_ERR(mock_replace(&strong, &pt), EINVAL);
	/*
	 * A table without devices starts to enforce, and then refuses the weak
	 * device
	 */
	pt = hwpt;
	CHECK_EQ(mock_replace(&strong, &pt), 0);
	CHECK_ERR(mock_replace(&weak, &pt), EINVAL);
}

TEST(capabilities_report_dirty_tracking_and_missing_ats)
{
	uint32_t ioas = new_ioas();
	struct mock mock;

	CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
	/* The mock is not a PCI device, so it uses no ATS */
	CHECK_EQ(capabilities(mock.device), IOMMU_HW_CAP_DIRTY_TRACKING |
		 IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED);
	CHECK_EQ(mock_attach(ioas, MOCK_FLAGS_DEVICE_NO_DIRTY, &mock), 0);
	CHECK_EQ(capabilities(mock.device), IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED);
}

TEST(unit_without_the_cpu_page_size_is_refused)
{
	uint32_t ioas = new_ioas();

	CHECK_ERR(mock_attach(ioas, MOCK_FLAGS_DEVICE_64K, NULL), EINVAL);
	CHECK_EQ(destroy(ioas), 0);
}

TEST(replace_is_all_or_nothing)
{
	uint32_t a = new_ioas(), b = new_ioas(), pt = b;
	void *p = memory(PAGE), *q = memory(PAGE);
	struct mock mock;

	CHECK_EQ(map_at(a, p, PAGE, IOVA, RW), 0);
	CHECK_EQ(map_at(b, q, PAGE, IOVA, RW), 0);
	CHECK_EQ(map_at(b, q, PAGE, MOCK_RESERVED_START, RW), 0);
	CHECK_EQ(mock_attach(a, MOCK_FLAGS_DEVICE_RESERVED, &mock), 0);
	CHECK_ERR(mock_replace(&mock, &pt), EADDRINUSE);
	CHECK(mock_maps(mock.hwpt, IOVA, p, PAGE));
	CHECK(pinned_times(q, PAGE, 0));
	CHECK_EQ(unmap(b, MOCK_RESERVED_START, PAGE), PAGE);
	pt = b;
	CHECK_EQ(mock_replace(&mock, &pt), 0);
	CHECK(mock_maps(pt, IOVA, q, PAGE));
	CHECK(pinned_times(p, PAGE, 0));
	/*
	 * The reserved range is free again in the address space that it has
	 * left
	 */
	CHECK_EQ(map_at(a, p, PAGE, MOCK_RESERVED_START, RW), 0);
	CHECK_ERR(map_at(b, p, PAGE, MOCK_RESERVED_START, RW), EINVAL);
	CHECK_EQ(destroy(a), 0);
}

TEST(allocated_page_table_outlives_its_devices)
{
	uint32_t ioas = new_ioas(), hwpt;
	void *p = memory(PAGE);
	struct mock mock, other;

	CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
	CHECK_EQ(map_at(ioas, p, PAGE, IOVA, RW), 0);
	hwpt = new_hwpt(mock.device, ioas, 0);
	CHECK(mock_maps(hwpt, IOVA, p, PAGE));
	CHECK_EQ(mock_attach(hwpt, 0, &other), 0);
	CHECK_EQ(other.hwpt, hwpt);
	CHECK_ERR(destroy(hwpt), EBUSY);
	CHECK_EQ(destroy(other.test_id), 0);
	CHECK_EQ(destroy(mock.test_id), 0);
	CHECK(mock_maps(hwpt, IOVA, p, PAGE));
	CHECK(pinned_times(p, PAGE, 1));
	/* The table keeps the address space; the automatic table is freed */
	CHECK_ERR(destroy(ioas), EBUSY);
	CHECK_ERR(destroy(mock.hwpt), ENOENT);
	CHECK_EQ(destroy(hwpt), 0);
	CHECK(pinned_times(p, PAGE, 0));
	CHECK_EQ(destroy(ioas), 0);
}

TEST(malformed_page_table_request_is_refused)
{
	uint32_t ioas = new_ioas();
	struct iommu_hwpt_alloc cmd = { .size = sizeof(cmd), .pt_id = ioas };
	struct mock mock;

	CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
	cmd.dev_id = mock.device;
	cmd.flags = 1u << 20;
	CHECK_ERR(ioctl(fd, IOMMU_HWPT_ALLOC, &cmd), EOPNOTSUPP);
	cmd.flags = IOMMU_HWPT_FAULT_ID_VALID;
	CHECK_ERR(ioctl(fd, IOMMU_HWPT_ALLOC, &cmd), ENOENT);
	cmd.fault_id = ioas;
	CHECK_ERR(ioctl(fd, IOMMU_HWPT_ALLOC, &cmd), ENOENT);
	cmd.flags |= IOMMU_HWPT_ALLOC_NEST_PARENT;
	CHECK_ERR(ioctl(fd, IOMMU_HWPT_ALLOC, &cmd), EOPNOTSUPP);
	cmd.flags = 0;
	cmd.data_len = 8;
	CHECK_ERR(ioctl(fd, IOMMU_HWPT_ALLOC, &cmd), EINVAL);
	cmd.data_len = 0;
	cmd.data_type = IOMMU_HWPT_DATA_VTD_S1;
	CHECK_ERR(ioctl(fd, IOMMU_HWPT_ALLOC, &cmd), EINVAL);
	cmd.data_type = 0;
	cmd.pt_id = mock.device;
	CHECK_ERR(ioctl(fd, IOMMU_HWPT_ALLOC, &cmd), EINVAL);
	cmd.pt_id = 12345;
	CHECK_ERR(ioctl(fd, IOMMU_HWPT_ALLOC, &cmd), EINVAL);
}
