// SPDX-License-Identifier: GPL-2.0
/*
 * MAP_DMA and UNMAP_DMA of a container.
 *
 * The structures are checked as in vfio_iommu_type1, so that a program gets the
 * errno that it expects. Where kernels differ, it is that of newer ones:
 * EOVERFLOW for a range that wraps. The address space decides whether memory
 * can be mapped and pinned.
 *
 * If a range to unmap contains only a part of a mapping, type1v2 refuses it,
 * and type1 splits the mapping first.
 *
 * If a call fails, nothing has changed. There is one exception: if the bitmap
 * for dirty pages becomes inaccessible while its range is unmapped, the call
 * fails because of the bitmap, but the range is unmapped.
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
	/* In this interface a reserved range is EINVAL */
	return ret == -EADDRINUSE ? -EINVAL : ret;
}

static int type1_unmap_range(struct container *c,
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

/* Unmap a range with VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP */
static int
type1_unmap_with_bitmap(struct container *c,
			const struct vfio_iommu_type1_dma_unmap *unmap,
			const void __user *user_bitmap, unsigned long *unmapped)
{
	unsigned long page_size, reported;
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
					     unmap->iova, unmap->size,
					     &reported, &all);
	else
		ret = -EINVAL;
	mutex_unlock(&c->lock);
	if (ret)
		return ret;
	ret = type1_unmap_range(c, unmap, unmapped);
	/* If nothing was unmapped, a program may ignore the bitmap */
	if (ret)
		return ret;
	container_clear_dirty(c, unmap->iova, unmap->size, reported);
	/* Fails only if the bitmap is inaccessible now, or on a kill */
	return container_report_dirty_late(c, (u64 __user *)bitmap.data,
					   unmap->iova, unmap->size, reported,
					   all);
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
		ret = type1_unmap_with_bitmap(c, &unmap, arg + size, &unmapped);
	} else {
		ret = type1_unmap_range(c, &unmap, &unmapped);
	}
	if (ret)
		return ret;
	return put_user((u64)unmapped, &user->size);
}
