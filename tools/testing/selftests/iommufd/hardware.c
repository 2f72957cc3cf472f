// SPDX-License-Identifier: GPL-2.0
/*
 * Address spaces shown to real devices through an IOMMU driver: ours or the
 * kernel's. EDU0 and EDU1 name two that are bound to vfio-iommufd-pci.
 */
#include <glob.h>
#include <linux/types.h>

#include "fail.h"
#include "fixture.h"
#include "vfio.h"
#include "vfio_abi.h"

#define MIB (1ul << 20)
#define MSI_FIRST 0xfee00000ull

static struct vfio_space space;
static struct vfio_device first, second;

static void attach(struct vfio_device *device, const char *variable)
{
	const char *address = getenv(variable);

	if (!address)
		SKIP("%s names no device", variable);
	if (vfio_device_open(device, &space, address))
		ktap_fail("%s", fail_text());
}

/* An address space with a device in it */
static uint32_t setup(void)
{
	if (vfio_space_open(&space, VFIO_SPACE_IOMMUFD))
		ktap_fail("%s", fail_text());
	fd = space.fd;
	attach(&first, "EDU0");
	return space.ioas_id;
}

static char *large(size_t length, int advice)
{
	char *p = memory(length + 2 * MIB);

	p = (char *)(((uintptr_t)p + 2 * MIB - 1) & -(2 * MIB));
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
	/* AMD's tables can grow until they reach every address */
	if (last == UINT64_MAX)
		return;
	CHECK(last < 1ull << 57);
	CHECK_ERR(map_at(ioas, memory(PAGE), PAGE, last + 1, RW), EINVAL);
}

TEST(device_is_refused_while_the_msi_window_is_mapped)
{
	uint32_t ioas;

	if (vfio_space_open(&space, VFIO_SPACE_IOMMUFD))
		ktap_fail("%s", fail_text());
	fd = space.fd;
	ioas = space.ioas_id;
	if (!getenv("EDU0"))
		SKIP("EDU0 names no device");
	CHECK_EQ(map_at(ioas, memory(PAGE), PAGE, MSI_FIRST, RW), 0);
	CHECK(vfio_device_open(&first, &space, getenv("EDU0")) != 0);
	CHECK_EQ(unmap_all(ioas), PAGE);
	if (vfio_device_open(&first, &space, getenv("EDU0")))
		ktap_fail("%s", fail_text());
}

TEST(device_without_ats_reports_ats_as_not_supported)
{
	struct iommu_hw_info cmd = { .size = sizeof(cmd) };

	setup();
	/* The only device has one of the first numbers */
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

/* What our drivers have asked of the only unit; the kernel's do not tell */
static long requests(void)
{
	glob_t found;
	long n = -1;

	if (!glob("/sys/kernel/debug/*/*/counts", 0, NULL, &found))
		n = from_file(found.gl_pathv[0], "requests ");
	globfree(&found);
	return n;
}

/* 1 if the unit has to be told of what was mapped: VT-d's CM, AMD-Vi's NpCache */
static long unit_caches_absence(void)
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
		SKIP("nobody counts");
	attach(&second, "EDU1");
	for (int round = 0; round < 20; round++) {
		uint64_t length = (1 + rand() % 2048) * PAGE;

		before = requests();
		CHECK_EQ(map_at(ioas, p, length, IOVA, RW), 0);
		/* None, but where a unit caches what is not there */
		CHECK_EQ(requests() - before, unit_caches_absence());
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
	attach(&second, "EDU1");
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

static int move_to(struct vfio_device *device, uint32_t *pt_id)
{
	struct vfio_device_attach_iommufd_pt cmd = {
		.argsz = sizeof(cmd),
		.pt_id = *pt_id,
	};
	int ret = ioctl(device->fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &cmd);

	*pt_id = cmd.pt_id;
	return ret;
}

TEST(device_is_never_moved_into_a_table_of_another_iommu_driver)
{
	struct iommu_hwpt_alloc cmd = { .size = sizeof(cmd) };
	uint32_t home = setup(), other = new_ioas(), pt = other;
	void *p = memory(PAGE);
	struct mock mock;

	CHECK_EQ(map_at(other, p, PAGE, IOVA, RW), 0);
	CHECK_EQ(mock_attach(other, 0, &mock), 0);
	/* By address space: the table that is there is left alone */
	CHECK_EQ(move_to(&first, &pt), 0);
	CHECK(pt != mock.hwpt);
	CHECK(pinned_times(p, PAGE, 1));
	/* By number: refused, and the device stays where it is */
	pt = mock.hwpt;
	CHECK_ERR(move_to(&first, &pt), EINVAL);
	cmd.pt_id = other;
	cmd.dev_id = mock.device;
	CHECK_EQ(ioctl(fd, IOMMU_HWPT_ALLOC, &cmd), 0);
	pt = cmd.out_hwpt_id;
	CHECK_ERR(move_to(&first, &pt), EINVAL);
	CHECK_EQ(ioctl(first.fd, VFIO_DEVICE_DETACH_IOMMUFD_PT,
		       &(struct vfio_device_detach_iommufd_pt){ .argsz = 8 }), 0);
	pt = mock.hwpt;
	CHECK_ERR(move_to(&first, &pt), EINVAL);
	/* Nor the other way round */
	pt = home;
	CHECK_EQ(move_to(&first, &pt), 0);
	CHECK_ERR(mock_replace(&mock, &pt), EINVAL);
	CHECK(mock_shows(mock.hwpt, IOVA, p, PAGE));
	pt = home;
	CHECK_EQ(mock_replace(&mock, &pt), 0);
	CHECK(pinned_times(p, PAGE, 1));
	CHECK_EQ(destroy(cmd.out_hwpt_id), 0);
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

	if (!getenv("EDU0"))
		SKIP("EDU0 names no device");
	for (int round = 0; round < 10; round++)
		kill_at_work(map_and_unmap, 1997 * round);
	CHECK_EQ(pinned_pages(), before);
}
