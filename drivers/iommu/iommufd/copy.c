// SPDX-License-Identifier: GPL-2.0
/*
 * Copying a range of areas, and splitting an area in two.
 *
 * A copy has one area for each area of its source, which refers to the same
 * pages object. Splitting does not change the translation: two areas replace
 * one, and each is a holder of its part.
 */
#include <linux/overflow.h>
#include <linux/slab.h>

#include "device_memory.h"
#include "ioas.h"
#include "runs.h"

/* A copy of the part of @area that is in the range from @iova to @last */
static struct iommufd_area *copy_area(const struct iommufd_area *area,
				      unsigned long iova, unsigned long last,
				      int prot)
{
	unsigned long byte = area->holder.node.start * PAGE_SIZE +
			     area->holder.offset + (iova - area->node.start);
	struct iommufd_area *copy;

	if ((prot & IOMMU_WRITE) && !area->pages->writable)
		return ERR_PTR(-EPERM);
	copy = iommufd_area_alloc();
	if (!copy)
		return ERR_PTR(-ENOMEM);
	refcount_inc(&area->pages->users);
	iommufd_area_init(copy, area->pages, byte,
			  min(last, area->node.last) - iova + 1,
			  prot | AREA_COPY);
	return copy;
}

/* Copy all areas in the range, which must be mapped throughout */
static int copy_range(struct iommufd_ioas *src, unsigned long iova,
		      unsigned long last, int prot, struct iommufd_area **list)
{
	struct iommufd_area *area, *copy, **tail = list;
	unsigned int steps = 0;
	int ret = 0;

	*list = NULL;
	down_read(&src->lock);
	for (;;) {
		area = iommufd_area_first(src, iova, iova);
		if (!area || !area_is(area, AREA_LIVE) ||
		    area_is(area, AREA_DYING)) {
			ret = -ENOENT;
			break;
		}
		copy = copy_area(area, iova, last, prot);
		if (IS_ERR(copy)) {
			ret = PTR_ERR(copy);
			break;
		}
		*tail = copy;
		tail = &copy->next;
		if (area->node.last >= last)
			break;
		iova = area->node.last + 1;
		ret = take_turns_killable(&steps);
		if (ret)
			break;
	}
	up_read(&src->lock);
	if (ret)
		iommufd_areas_free(*list);
	return ret;
}

int iommufd_ioas_copy(struct iommufd_ioas *dst, unsigned long *iova,
		      struct iommufd_ioas *src, unsigned long src_iova,
		      unsigned long length, int prot, unsigned int flags)
{
	struct iommufd_map_request req = {
		.length = length,
		.origin = src_iova,
		.prot = prot,
	};
	struct iommufd_area *list;
	unsigned long last;
	int ret;

	if (!length)
		return -EINVAL;
	if (check_add_overflow(src_iova, length - 1, &last))
		return -EOVERFLOW;
	ret = copy_range(src, src_iova, last, prot, &list);
	if (ret)
		return ret;
	req.address = area_address(list, list->node.start);
	ret = iommufd_areas_map(dst, list, &req, iova,
				!(flags & IOMMUFD_MAP_ALLOC_IOVA));
	if (ret)
		iommufd_areas_free(list);
	return ret;
}
EXPORT_SYMBOL_GPL(iommufd_ioas_copy);

static int reserve_around(struct iommufd_hwpt *hwpt, unsigned long iova,
			  gfp_t gfp)
{
	const struct iommu_run_ops *ops = hwpt->run_ops;
	int ret;

	if (!ops)
		return -EINVAL;
	ret = ops->reserve(hwpt->domain, iova - PAGE_SIZE, PAGE_SIZE, gfp);
	if (ret)
		return ret;
	return ops->reserve(hwpt->domain, iova, PAGE_SIZE, gfp);
}

/* The same for device memory, which may be revoked at any time */
static int reserve_device(struct iommufd_hwpt *hwpt,
			  const struct iommufd_area *area, unsigned long iova)
{
	int attempt = 0, ret;

	do {
		ret = 0;
		if (iommufd_devmem_lock(hwpt, area))
			ret = reserve_around(hwpt, iova, DEVMEM_GFP);
		iommufd_devmem_unlock(area);
	} while (ret == -ENOMEM && iommufd_devmem_reclaim(attempt++));
	return ret;
}

/* Prepare every table so that unmapping one side of @iova cannot fail */
static int reserve_at(struct iommufd_ioas *ioas,
		      const struct iommufd_area *area, unsigned long iova)
{
	struct iommufd_hwpt *hwpt;
	int ret;

	if (ioas->small_pages)
		return 0;
	list_for_each_entry(hwpt, &ioas->hwpts, node) {
		if (area->pages->device)
			ret = reserve_device(hwpt, area, iova);
		else
			ret = reserve_around(hwpt, iova, GFP_KERNEL_ACCOUNT);
		if (ret)
			return ret;
	}
	return 0;
}

/* Split @area at @iova: it ends before @iova, and @back begins there */
static int area_split(struct iommufd_ioas *ioas, struct iommufd_area *area,
		      struct iommufd_area *back, unsigned long iova)
{
	unsigned long byte = area->holder.node.start * PAGE_SIZE +
			     area->holder.offset + (iova - area->node.start);
	u8 flags = area->holder.flags & ~AREA_INLINE;
	unsigned long last = area->node.last;
	struct devmem_view *views = NULL;
	int ret = 0;

	refcount_inc(&area->pages->users);
	iommufd_area_init(back, area->pages, byte, last - iova + 1, flags);
	if (area->pages->device)
		ret = iommufd_devmem_alloc_views(ioas, &views);
	if (ret)
		goto err_back;
	if (!list_empty(&ioas->hwpts)) {
		iommufd_pages_lock(ioas->ictx, area->pages);
		ret = iommufd_pages_split(area->pages, &area->holder,
					  (byte - 1) >> PAGE_SHIFT,
					  &back->holder);
		iommufd_pages_unlock(ioas->ictx, area->pages);
	} else {
		area->holder.node.last = (byte - 1) >> PAGE_SHIFT;
	}
	if (ret)
		goto err_views;
	gap_tree_remove(&area->node, &ioas->areas);
	area->node.last = iova - 1;
	back->node.start = iova;
	back->node.last = last;
	gap_tree_insert(&area->node, &ioas->areas);
	gap_tree_insert(&back->node, &ioas->areas);
	if (flags & AREA_PART) {
		back->next = area->next;
		area->next = NULL;
	}
	if (area->pages->device)
		iommufd_devmem_split(ioas, area, back, &views);
	iommufd_devmem_free_views(views);
	return 0;

err_views:
	iommufd_devmem_free_views(views);
err_back:
	iommufd_area_free(back);
	return ret;
}

/* Separate @area from the area of the same request that ends before @iova */
static void area_split_before(struct iommufd_ioas *ioas,
			      struct iommufd_area *area, unsigned long iova)
{
	struct iommufd_area *before;

	if (!area_is(area, AREA_PART) || !iova)
		return;
	before = iommufd_area_first(ioas, iova - 1, iova - 1);
	if (before && area_is(before, AREA_PART) && before->next == area)
		before->next = NULL;
}

/* Make sure that no area begins before @iova and contains it */
static int area_split_at(struct iommufd_ioas *ioas, unsigned long iova)
{
	struct iommufd_area *area, *back;
	int ret;

	area = iommufd_area_first(ioas, iova, iova);
	if (!area)
		return 0;
	if (area->node.start == iova) {
		area_split_before(ioas, area, iova);
		return 0;
	}
	if (((iova | (area->holder.offset + (iova - area->node.start))) &
	     (ioas->iova_alignment - 1)) ||
	    atomic_read(&area->holder.count))
		return -EINVAL;
	ret = reserve_at(ioas, area, iova);
	if (ret)
		return ret;
	back = iommufd_area_alloc();
	if (!back)
		return -ENOMEM;
	return area_split(ioas, area, back, iova);
}

int iommufd_ioas_split(struct iommufd_ioas *ioas, unsigned long iova,
		       unsigned long length)
{
	unsigned long last;
	int ret;

	if (!length)
		return -EINVAL;
	if (check_add_overflow(iova, length - 1, &last))
		return -EOVERFLOW;
	/* Excludes maps and unmaps */
	ret = down_write_killable(&ioas->domains_lock);
	if (ret)
		return ret;
	down_write(&ioas->lock);
	ret = area_split_at(ioas, iova);
	if (!ret && last != ULONG_MAX)
		ret = area_split_at(ioas, last + 1);
	up_write(&ioas->lock);
	up_write(&ioas->domains_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(iommufd_ioas_split);
