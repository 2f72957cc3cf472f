/* SPDX-License-Identifier: GPL-2.0 */
/* Dirty tracking of a container; these return what ioctl() returns */
#ifndef SLUICE_VFIO_DIRTY_H
#define SLUICE_VFIO_DIRTY_H

#include "fixture.h"

/* Start or stop: VFIO_IOMMU_DIRTY_PAGES_FLAG_... */
static inline int set_tracking(int fd, uint32_t flags)
{
	struct vfio_iommu_type1_dirty_bitmap cmd = {
		.argsz = sizeof(cmd),
		.flags = flags,
	};

	return ioctl(fd, VFIO_IOMMU_DIRTY_PAGES, &cmd);
}

/* Read and clear the bits of @pages pages into @size bytes at @bits */
static inline int read_bitmap(int fd, uint64_t iova, uint64_t pages, void *bits,
			      uint64_t size)
{
	struct {
		struct vfio_iommu_type1_dirty_bitmap head;
		struct vfio_iommu_type1_dirty_bitmap_get get;
	} cmd = {
		.head.argsz = sizeof(cmd),
		.head.flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP,
		.get.iova = iova,
		.get.size = pages * PAGE,
		.get.bitmap.pgsize = PAGE,
		.get.bitmap.size = size,
		.get.bitmap.data = bits,
	};

	return ioctl(fd, VFIO_IOMMU_DIRTY_PAGES, &cmd);
}

/* Unmap at most 64 pages, and read their bits */
static inline int unmap_dirty(int fd, uint64_t iova, uint64_t length,
			      void *bits, uint64_t *unmapped)
{
	struct {
		struct vfio_iommu_type1_dma_unmap head;
		struct vfio_bitmap bitmap;
	} cmd = {
		.head.argsz = sizeof(cmd),
		.head.flags = VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP,
		.head.iova = iova,
		.head.size = length,
		.bitmap.pgsize = PAGE,
		.bitmap.size = sizeof(uint64_t),
		.bitmap.data = bits,
	};
	int ret = ioctl(fd, VFIO_IOMMU_UNMAP_DMA, &cmd);

	if (unmapped)
		*unmapped = cmd.head.size;
	return ret;
}

#endif
