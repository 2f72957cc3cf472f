// SPDX-License-Identifier: GPL-2.0
/*
 * Dirty tracking of a container: every page that is mapped for a device counts
 * as written. Runs over vfio_iommufd.ko, and over the kernel's own backend
 * where VFIO_BACKEND=type1.
 */
#include "dirty.h"

TEST(pages_that_a_device_reaches_are_dirty)
{
	uint64_t bits[2] = { 0 };
	struct box box;
	int fd = open_container(&box);

	CHECK_EQ(map(fd, IOVA, memory(4 * PAGE), 4 * PAGE, RW), 0);
	CHECK_EQ(map(fd, IOVA + 66 * PAGE, memory(3 * PAGE), 3 * PAGE, RW), 0);
	CHECK_ERR(read_bitmap(fd, IOVA, 128, bits, 16), EINVAL);
	CHECK_EQ(set_tracking(fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_START), 0);
	CHECK_EQ(read_bitmap(fd, IOVA, 128, bits, 16), 0);
	CHECK_EQ(bits[0], 0xf);
	CHECK_EQ(bits[1], 0x7 << 2);
	CHECK_EQ(set_tracking(fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP), 0);
	CHECK_ERR(read_bitmap(fd, IOVA, 128, bits, 16), EINVAL);
}

TEST(dirty_pages_refuses_malformed_arguments)
{
	uint64_t bits[2] = { 0 };
	struct box box;
	int fd = open_container(&box);

	CHECK_EQ(map(fd, IOVA, memory(64 * PAGE), 64 * PAGE, RW), 0);
	CHECK_ERR(set_tracking(fd, 1u << 31), EINVAL);
	CHECK_ERR(set_tracking(fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_START |
			       VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP), EINVAL);
	CHECK_ERR(ioctl(fd, VFIO_IOMMU_DIRTY_PAGES, NULL), EFAULT);
	CHECK_EQ(set_tracking(fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_START), 0);
	CHECK_ERR(read_bitmap(fd, IOVA, 0, bits, 8), EINVAL);
	CHECK_ERR(read_bitmap(fd, IOVA + 1, 64, bits, 8), EINVAL);
	CHECK_ERR(read_bitmap(fd, IOVA, 65, bits, 8), EINVAL);
	CHECK_ERR(read_bitmap(fd, IOVA, 32, bits, 8), EINVAL);
	CHECK_ERR(read_bitmap(fd, IOVA + PAGE, 63, bits, 8), EINVAL);
	CHECK_ERR(read_bitmap(fd, IOVA, 64, bits, 1 << 29), EINVAL);
	CHECK_ERR(read_bitmap(fd, IOVA, 64, NULL, 8), EFAULT);
	CHECK_EQ(read_bitmap(fd, IOVA, 64, bits, 8), 0);
	CHECK_EQ(bits[0], -1);
	CHECK_EQ(bits[1], 0);
}

TEST(unmap_can_report_dirty_pages)
{
	uint64_t bits = 0, unmapped;
	struct box box;
	int fd = open_container(&box);

	CHECK_EQ(map(fd, IOVA, memory(5 * PAGE), 5 * PAGE, RW), 0);
	CHECK_ERR(unmap_dirty(fd, IOVA, 5 * PAGE, &bits, NULL), EINVAL);
	CHECK_EQ(set_tracking(fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_START), 0);
	CHECK_EQ(unmap_dirty(fd, IOVA, 5 * PAGE, &bits, &unmapped), 0);
	CHECK_EQ(unmapped, 5 * PAGE);
	CHECK_EQ(bits, 0x1f);
}

TEST(v1_tracks_no_dirty_pages)
{
	struct box box;

	box_open(&box, VFIO_SPACE_TYPE1, "NVME0");
	CHECK_ERR(set_tracking(box.space.fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_START),
		  EACCES);
}
