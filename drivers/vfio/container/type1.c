// SPDX-License-Identifier: GPL-2.0
/*
 * MAP_DMA and UNMAP_DMA of a container.
 *
 * The structures are checked as vfio_iommu_type1 checks them, so that a program
 * gets the errno it knows (that of newer kernels, where they differ: EOVERFLOW
 * for a range that wraps); whether memory can be mapped and pinned is the
 * address space's business. An unmapping ends where mappings end: one that
 * would take a part of a mapping is refused (type1v2), or the mapping is cut
 * there first (type1). A failed call has changed nothing, but for one: when the
 * bitmap for dirty pages goes away while its range is unmapped, the error tells
 * of the bitmap, and the range is unmapped nevertheless.
 */
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/uaccess.h>

#include "container.h"

int container_map_dma(struct container *c, void __user *arg)
{
	const u32 known = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE;
	struct vfio_iommu_type1_dma_map map;
	unsigned long iova;
	int prot = 0, ret;

	if (copy_from_user(&map, arg, offsetofend(typeof(map), size)))
		return -EFAULT;
	if (map.argsz < offsetofend(typeof(map), size) || map.flags & ~known ||
	    !map.flags)
		return -EINVAL;
	if (!map.size || !PAGE_ALIGNED(map.size | map.iova | map.vaddr))
		return -EINVAL;
	if (range_wraps(map.iova, map.size) || range_wraps(map.vaddr, map.size))
		return -EOVERFLOW;
	if (map.flags & VFIO_DMA_MAP_FLAG_READ)
		prot |= IOMMU_READ;
	if (map.flags & VFIO_DMA_MAP_FLAG_WRITE)
		prot |= IOMMU_WRITE;

	iova = map.iova;
	ret = iommufd_ioas_map_user(c->ioas, &iova, map.vaddr, map.size, prot,
				    IOMMUFD_MAP_DEVICE_MEMORY);
	/* What collides with a reserved range is a wrong range here */
	return ret == -EADDRINUSE ? -EINVAL : ret;
}

static int unmap_range(struct container *c,
		       const struct vfio_iommu_type1_dma_unmap *unmap,
		       unsigned long *unmapped)
{
	int ret;

	if (container_is_v1(c)) {
		ret = iommufd_ioas_split(c->ioas, unmap->iova, unmap->size);
		if (ret)
			return ret;
	}
	ret = iommufd_ioas_unmap(c->ioas, unmap->iova, unmap->size, unmapped);
	return ret == -ENOENT ? -EINVAL : ret;
}

/* What VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP adds to an unmapping */
static int unmap_reporting_dirty(struct container *c,
				 const struct vfio_iommu_type1_dma_unmap *unmap,
				 const void __user *user_bitmap,
				 unsigned long *unmapped)
{
	unsigned long page_size, told;
	struct vfio_bitmap bitmap;
	bool all;
	int ret;

	if (unmap->argsz < offsetofend(typeof(*unmap), size) + sizeof(bitmap))
		return -EINVAL;
	if (copy_from_user(&bitmap, user_bitmap, sizeof(bitmap)))
		return -EFAULT;
	page_size = 1UL << __ffs(iommufd_ioas_page_sizes(c->ioas));
	if (bitmap.pgsize != page_size)
		return -EINVAL;
	ret = container_check_bitmap(unmap->size / page_size, bitmap.size);
	if (ret)
		return ret;

	ret = mutex_lock_killable(&c->lock);
	if (ret)
		return ret;
	if (c->tracking)
		ret = container_report_dirty(c, (u64 __user *)bitmap.data,
					     unmap->iova, unmap->size, &told,
					     &all);
	else
		ret = -EINVAL;
	mutex_unlock(&c->lock);
	if (ret)
		return ret;
	ret = unmap_range(c, unmap, unmapped);
	/* Who is told that nothing was unmapped may not look at the bitmap */
	if (ret)
		return ret;
	container_forget_dirty(c, unmap->iova, unmap->size, told);
	/* An error here means that the bitmap went away meanwhile, or a kill */
	return container_report_late(c, (u64 __user *)bitmap.data, unmap->iova,
				     unmap->size, told, all);
}

int container_unmap_dma(struct container *c, void __user *arg)
{
	const u32 known = VFIO_DMA_UNMAP_FLAG_ALL |
			  VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP;
	struct vfio_iommu_type1_dma_unmap unmap, __user *user = arg;
	const size_t size = offsetofend(typeof(unmap), size);
	unsigned long unmapped = 0;
	int ret;

	if (copy_from_user(&unmap, arg, size))
		return -EFAULT;
	if (unmap.argsz < size || unmap.flags & ~known || unmap.flags == known)
		return -EINVAL;

	if (unmap.flags & VFIO_DMA_UNMAP_FLAG_ALL) {
		if (unmap.iova || unmap.size)
			return -EINVAL;
		ret = iommufd_ioas_unmap_all(c->ioas, &unmapped);
	} else if (!unmap.size || !PAGE_ALIGNED(unmap.iova | unmap.size)) {
		ret = -EINVAL;
	} else if (range_wraps(unmap.iova, unmap.size)) {
		ret = -EOVERFLOW;
	} else if (unmap.flags & VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP) {
		ret = unmap_reporting_dirty(c, &unmap, arg + size, &unmapped);
	} else {
		ret = unmap_range(c, &unmap, &unmapped);
	}
	if (ret)
		return ret;
	return put_user((u64)unmapped, &user->size);
}
