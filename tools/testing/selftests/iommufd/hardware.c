// SPDX-License-Identifier: GPL-2.0
/*
 * Address spaces with real devices (see edu.h) behind an IOMMU driver: vtd.ko,
 * or the driver of the kernel. One test needs the mock as well.
 */
#include <glob.h>
#include <linux/types.h>

#include "edu.h"

#define MIB (1ul << 20)
#define MSI_FIRST 0xfee00000ull

static struct vfio_device first, second;

/* An address space with a device in it */
static uint32_t setup(void)
{
	return open_space_with(&first);
}

static char *large(size_t length, int advice)
{
	char *p = aligned_memory(length, 2 * MIB);

	madvise(p, length, advice);
	memset(p, 1, length);
	return p;
}

TEST(ranges_leave_out_the_msi_window_and_what_the_unit_cannot_reach)
{
	struct iommu_iova_range ranges[16];
	uint32_t ioas = setup(), nr = 16;
	uint64_t alignment, last;
	bool below = false;

	CHECK_EQ(iova_ranges(ioas, ranges, &nr, &alignment), 0);
	CHECK_EQ(alignment, PAGE);
	for (uint32_t i = 0; i < nr; i++) {
		CHECK(ranges[i].last < MSI_FIRST ||
		      ranges[i].start > MSI_FIRST);
		below |= ranges[i].last == MSI_FIRST - 1;
	}
	CHECK(below);
	CHECK_ERR(map_at(ioas, memory(PAGE), PAGE, MSI_FIRST, RW), EINVAL);
	CHECK_EQ(map_at(ioas, memory(PAGE), PAGE, MSI_FIRST - PAGE, RW), 0);
	last = ranges[nr - 1].last;
	CHECK_EQ(map_at(ioas, memory(PAGE), PAGE, last + 1 - PAGE, RW), 0);
	/* The tables of AMD-Vi can grow until they reach every address */
	if (last == UINT64_MAX)
		return;
	CHECK(last < 1ull << 57);
	CHECK_ERR(map_at(ioas, memory(PAGE), PAGE, last + 1, RW), EINVAL);
}

TEST(device_is_refused_while_the_msi_window_is_mapped)
{
	const char *address = edu_address("EDU0");
	uint32_t ioas = open_space();

	CHECK_EQ(map_at(ioas, memory(PAGE), PAGE, MSI_FIRST, RW), 0);
	CHECK(vfio_device_open(&first, &space, address) != 0);
	CHECK_EQ(unmap_all(ioas), PAGE);
	edu_open(&first, "EDU0");
}

TEST(device_without_ats_reports_ats_as_not_supported)
{
	struct iommu_hw_info cmd = { .size = sizeof(cmd) };

	setup();
	/* The id of the only device is one of the first */
	while (ioctl(fd, IOMMU_GET_HW_INFO, &cmd)) {
		CHECK_EQ(errno, ENOENT);
		CHECK(++cmd.dev_id < 16);
	}
	CHECK(cmd.out_capabilities & IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED);
}

static void map_unmap(int advice)
{
	uint32_t ioas = setup();
	long before = pinned_pages();
	char *p = large(32 * MIB, advice);

	for (int round = 0; round < 3; round++) {
		CHECK_EQ(map_at(ioas, p, 32 * MIB, IOVA, RW), 0);
		CHECK_EQ(pinned_pages() - before, 32 * MIB / PAGE);
		CHECK_ERR(unmap(ioas, IOVA, 2 * MIB), ENOENT);
		CHECK_EQ(unmap(ioas, IOVA, 32 * MIB), 32 * MIB);
		CHECK_EQ(pinned_pages(), before);
	}
}

TEST(small_pages_are_mapped_and_fully_unmapped)
{
	map_unmap(MADV_NOHUGEPAGE);
}

TEST(huge_pages_are_mapped_and_fully_unmapped)
{
	map_unmap(MADV_HUGEPAGE);
}

TEST(adjacent_mappings_of_any_page_size_are_unmapped_at_once)
{
	char *p = large(16 * MIB, MADV_HUGEPAGE);
	uint32_t ioas = setup();
	uint64_t at = 0;

	srand(3);
	for (int round = 0; round < 20; round++) {
		int pieces = 0;

		for (at = 0; at < 16 * MIB; pieces++) {
			uint64_t n = (1 + rand() % 700) * PAGE;

			if (n > 16 * MIB - at)
				n = 16 * MIB - at;
			CHECK_EQ(map_at(ioas, p + at, n, IOVA + at, RW), 0);
			at += n;
		}
		CHECK(pieces > 4);
		CHECK_EQ(unmap(ioas, IOVA, 16 * MIB), 16 * MIB);
	}
}

TEST(random_maps_leave_nothing_pinned)
{
	enum { SLOTS = 64 };
	uint32_t ioas = setup();
	char *p = large(8 * MIB, MADV_HUGEPAGE);
	long before = pinned_pages();
	uint64_t length[SLOTS] = {};

	srand(11);
	for (int step = 0; step < 2000; step++) {
		int i = rand() % SLOTS;
		uint64_t iova = IOVA + i * 8 * MIB;
		uint64_t start = rand() % 1024 * PAGE;

		if (length[i]) {
			CHECK_EQ(unmap(ioas, iova, length[i]), length[i]);
			length[i] = 0;
			continue;
		}
		length[i] = (1 + rand() % (rand() % 2 ? 8 : 1024)) * PAGE;
		CHECK_EQ(map_at(ioas, p + start, length[i], iova,
				rand() % 2 ? RW : RO), 0);
	}
	CHECK(unmap_all(ioas) > 0);
	CHECK_EQ(pinned_pages(), before);
}

/*
 * Invalidations that were requested of the only unit; -1 if the driver has no
 * count
 */
static long requests(void)
{
	glob_t found;
	long n = -1;

	if (!glob("/sys/kernel/debug/*/*/counts", 0, NULL, &found))
		n = from_file(found.gl_pathv[0], "requests ");
	globfree(&found);
	return n;
}

/* 1 if the unit caches non-present entries (VT-d CM, AMD-Vi NpCache), else 0 */
static long unit_caches_absent_entries(void)
{
	static const struct {
		const char *path;
		int bit;
	} units[] = {
		{ "/sys/class/iommu/dmar0/intel-iommu/cap", 7 },
		{ "/sys/class/iommu/ivhd0/amd-iommu/cap", 26 },
	};
	unsigned long long cap;

	for (int i = 0; i < 2; i++) {
		FILE *f = fopen(units[i].path, "r");
		int found = f ? fscanf(f, "%llx", &cap) : 0;

		if (f)
			fclose(f);
		if (found == 1)
			return cap >> units[i].bit & 1;
	}
	ktap_fail("no unit tells its capabilities");
	return 0;
}

TEST(two_devices_in_one_domain_cost_one_request_each_time)
{
	uint32_t ioas = setup();
	char *p = large(8 * MIB, MADV_NOHUGEPAGE);
	long before = requests();

	if (before < 0)
		SKIP("the driver does not count requests");
	edu_open(&second, "EDU1");
	for (int round = 0; round < 20; round++) {
		uint64_t length = (1 + rand() % 2048) * PAGE;

		before = requests();
		CHECK_EQ(map_at(ioas, p, length, IOVA, RW), 0);
		/*
		 * A new mapping needs an invalidation only if the unit caches
		 * absent entries
		 */
		CHECK_EQ(requests() - before, unit_caches_absent_entries());
		before = requests();
		CHECK_EQ(unmap(ioas, IOVA, length), length);
		CHECK_EQ(requests() - before, 1);
	}
}

TEST(devices_that_attach_and_detach_share_the_pins)
{
	uint32_t ioas = setup();
	long before = pinned_pages();
	char *p = large(4 * MIB, MADV_NOHUGEPAGE);

	CHECK_EQ(map_at(ioas, p, 4 * MIB, IOVA, RW), 0);
	edu_open(&second, "EDU1");
	CHECK_EQ(pinned_pages() - before, 4 * MIB / PAGE);
	vfio_device_close(&first);
	CHECK_EQ(pinned_pages() - before, 4 * MIB / PAGE);
	vfio_device_close(&second);
	CHECK_EQ(pinned_pages(), before);
	CHECK_EQ(unmap_all(ioas), 4 * MIB);
}

TEST(copy_into_an_address_space_with_a_device_shares_its_pins)
{
	uint32_t ioas = setup(), other = new_ioas();
	long before = pinned_pages();
	char *p = large(4 * MIB, MADV_HUGEPAGE);

	CHECK_EQ(map_at(other, p, 4 * MIB, IOVA, RW), 0);
	CHECK_EQ(copy_at(ioas, 2 * IOVA, other, IOVA, 4 * MIB, RW), 0);
	CHECK_EQ(copy_at(ioas, 3 * IOVA, other, IOVA + MIB, MIB, RO), 0);
	CHECK_EQ(pinned_pages() - before, 4 * MIB / PAGE);
	CHECK_EQ(unmap(ioas, 2 * IOVA, 4 * MIB), 4 * MIB);
	CHECK_EQ(pinned_pages() - before, MIB / PAGE);
	CHECK_EQ(unmap_all(ioas), MIB);
	CHECK_EQ(pinned_pages(), before);
}

TEST(large_memory_gets_an_iova_aligned_for_superpages)
{
	uint32_t ioas = setup();
	char *p = large(4 * MIB, MADV_HUGEPAGE);
	uint64_t iova;

	CHECK_EQ(map_any(ioas, memory(PAGE), PAGE, &iova, RW), 0);
	CHECK_EQ(map_any(ioas, p, 4 * MIB, &iova, RW), 0);
	CHECK_EQ(iova % (2 * MIB), 0);
	CHECK_EQ(unmap(ioas, iova, 4 * MIB), 4 * MIB);
}

TEST(device_is_never_moved_into_a_table_of_another_iommu_driver)
{
	uint32_t home = setup(), other = new_ioas(), pt = other, hwpt;
	void *p = memory(PAGE);
	struct mock mock;

	CHECK_EQ(map_at(other, p, PAGE, IOVA, RW), 0);
	CHECK_EQ(mock_attach(other, 0, &mock), 0);
	/* By address space: the device gets a table of its own */
	CHECK_EQ(edu_attach(&first, &pt), 0);
	CHECK(pt != mock.hwpt);
	CHECK(pinned_times(p, PAGE, 1));
	/* By table: refused, and the device stays attached */
	pt = mock.hwpt;
	CHECK_ERR(edu_attach(&first, &pt), EINVAL);
	hwpt = new_hwpt(mock.device, other, 0);
	pt = hwpt;
	CHECK_ERR(edu_attach(&first, &pt), EINVAL);
	CHECK_EQ(edu_detach(&first), 0);
	pt = mock.hwpt;
	CHECK_ERR(edu_attach(&first, &pt), EINVAL);
	/* The mock device is refused by the table of the real device */
	pt = home;
	CHECK_EQ(edu_attach(&first, &pt), 0);
	CHECK_ERR(mock_replace(&mock, &pt), EINVAL);
	CHECK(mock_maps(mock.hwpt, IOVA, p, PAGE));
	pt = home;
	CHECK_EQ(mock_replace(&mock, &pt), 0);
	CHECK(pinned_times(p, PAGE, 1));
	CHECK_EQ(destroy(hwpt), 0);
	CHECK(pinned_times(p, PAGE, 0));
	CHECK_EQ(destroy(other), 0);
}

static void map_and_unmap(unsigned long *rounds)
{
	uint32_t ioas = setup();
	char *p = large(4 * MIB, MADV_NOHUGEPAGE);

	for (;;) {
		CHECK_EQ(map_at(ioas, p, 4 * MIB, IOVA, RW), 0);
		CHECK_EQ(unmap(ioas, IOVA, 4 * MIB), 4 * MIB);
		__atomic_add_fetch(rounds, 1, __ATOMIC_RELAXED);
	}
}

TEST(processes_that_are_killed_leave_nothing_pinned)
{
	long before = pinned_pages();

	edu_address("EDU0");
	for (int round = 0; round < 10; round++)
		kill_at_work(map_and_unmap, 1997 * round);
	CHECK_EQ(pinned_pages(), before);
}
