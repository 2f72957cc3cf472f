// SPDX-License-Identifier: GPL-2.0
/* Address spaces for other kernel modules: see include/linux/iommufd.h */
#include <linux/module.h>

#include "ioas.h"

struct iommufd_ioas *iommufd_ioas_create(struct iommufd_ctx *ictx, u32 flags)
{
	struct iommufd_ioas *ioas = iommufd_ioas_alloc(ictx, flags);

	if (IS_ERR(ioas))
		return ioas;
	/* The caller's reference, until iommufd_ioas_destroy() */
	refcount_inc(&ioas->obj.users);
	down_read(&ictx->process_lock);
	iommufd_object_publish(ictx, &ioas->obj);
	up_read(&ictx->process_lock);
	return ioas;
}
EXPORT_SYMBOL_GPL(iommufd_ioas_create);

void iommufd_ioas_destroy(struct iommufd_ioas *ioas)
{
	iommufd_object_destroy_owned(ioas->ictx, &ioas->obj);
}
EXPORT_SYMBOL_GPL(iommufd_ioas_destroy);

u32 iommufd_ioas_id(const struct iommufd_ioas *ioas)
{
	return ioas->obj.id;
}
EXPORT_SYMBOL_GPL(iommufd_ioas_id);

static int ioas_walk_windows(struct iommufd_ioas *ioas, unsigned long from,
			     int (*fn)(void *data, unsigned long first,
				       unsigned long last),
			     void *data)
{
	struct gap_node *node;
	unsigned int steps = 0;
	int ret = 0;

	for (node = gap_tree_first(&ioas->windows, from, ULONG_MAX);
	     node && !ret;
	     node = gap_tree_next(node, ULONG_MAX))
		ret = take_turns_killable(&steps) ?:
		      fn(data, node->start, node->last);
	return ret;
}

/**
 * iommufd_iova_ranges_from() - iommufd_ioas_iova_ranges() from an IOVA on
 * @ioas: the address space
 * @from: the first IOVA; ranges below are left out
 * @fn: called for each range
 * @data: passed to @fn
 *
 * Return: what @fn returned to stop; 0 at the end; -EINTR if the task is being
 * killed.
 */
int iommufd_iova_ranges_from(struct iommufd_ioas *ioas, unsigned long from,
			     int (*fn)(void *data, unsigned long first,
				       unsigned long last),
			     void *data)
{
	struct iova_span span;
	int ret = 0;

	down_read(&ioas->lock);
	if (ioas->windowed) {
		ret = ioas_walk_windows(ioas, from, fn, data);
		goto out_unlock;
	}
	iova_for_each_span(&span, &ioas->reserved, from, ULONG_MAX) {
		if (!span.used)
			ret = fn(data, span.first, span.last);
		if (ret)
			break;
	}
out_unlock:
	up_read(&ioas->lock);
	return ret;
}

int iommufd_ioas_iova_ranges(struct iommufd_ioas *ioas,
			     int (*fn)(void *data, unsigned long first,
				       unsigned long last),
			     void *data)
{
	return iommufd_iova_ranges_from(ioas, 0, fn, data);
}
EXPORT_SYMBOL_GPL(iommufd_ioas_iova_ranges);

int iommufd_ioas_mappings(struct iommufd_ioas *ioas, unsigned long first,
			  unsigned long last,
			  int (*fn)(void *data, unsigned long iova,
				    unsigned long length,
				    unsigned long address, int iommu_prot),
			  void *data)
{
	struct iommufd_area *area;
	unsigned int steps = 0;
	int ret = 0;

	down_read(&ioas->lock);
	iommufd_for_each_area(area, ioas, first, last) {
		take_turns(&steps);
		if (!area_is(area, AREA_LIVE))
			continue;
		ret = fn(data, area->node.start, area_length(area),
			 area_address(area, area->node.start),
			 area->holder.flags & AREA_PROT);
		if (ret)
			break;
	}
	up_read(&ioas->lock);
	return ret;
}
EXPORT_SYMBOL_GPL(iommufd_ioas_mappings);

unsigned long iommufd_ioas_page_sizes(struct iommufd_ioas *ioas)
{
	unsigned long sizes = ULONG_MAX;
	struct iommufd_hwpt *hwpt;

	down_read(&ioas->domains_lock);
	list_for_each_entry(hwpt, &ioas->hwpts, node)
		sizes &= hwpt->domain->pgsize_bitmap;
	up_read(&ioas->domains_lock);
	if (sizes & ~PAGE_MASK)
		sizes = (sizes & PAGE_MASK) | PAGE_SIZE;
	return sizes;
}
EXPORT_SYMBOL_GPL(iommufd_ioas_page_sizes);

bool iommufd_ioas_enforced_coherency(struct iommufd_ioas *ioas)
{
	struct iommufd_hwpt *hwpt;
	bool all = true;

	down_read(&ioas->domains_lock);
	list_for_each_entry(hwpt, &ioas->hwpts, node)
		all &= hwpt->enforced_coherency;
	up_read(&ioas->domains_lock);
	return all;
}
EXPORT_SYMBOL_GPL(iommufd_ioas_enforced_coherency);
