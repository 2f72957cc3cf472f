// SPDX-License-Identifier: GPL-2.0
/*
 * Dirty tracking of mock domains: the operations of the Linux IOMMU API and the
 * run operation. The test operation DIRTY makes pages dirty. table.c explains
 * why clearing a dirty bit needs an invalidation.
 */
#include <linux/iommu_pt.h>
#include <linux/iova_bitmap.h>

#include "mock.h"

static int mock_set_dirty_tracking(struct iommu_domain *domain, bool enable)
{
	to_mock_domain(domain)->track_dirty = enable;
	return 0;
}

static int mock_read_and_clear_dirty(struct iommu_domain *domain,
				     unsigned long iova, size_t size,
				     unsigned long flags,
				     struct iommu_dirty_bitmap *dirty)
{
	struct mock_domain *mock = to_mock_domain(domain);
	unsigned long last = iova + size - 1, found;
	size_t length;

	if (!mock->track_dirty && dirty->bitmap)
		return -EINVAL;
	while (mock_table_find_dirty(&mock->table, iova, last, &found,
				     &length)) {
		if (!(flags & IOMMU_DIRTY_NO_CLEAR))
			mock_table_make_clean(&mock->table, found);
		iommu_dirty_bitmap_record(dirty, found, length);
		iova = found + length;
		if (iova - 1 >= last)
			break;
	}
	return 0;
}

const struct iommu_dirty_ops mock_dirty_ops = {
	.set_dirty_tracking = mock_set_dirty_tracking,
	.read_and_clear_dirty = mock_read_and_clear_dirty,
};

/* read_dirty of struct iommu_run_ops */
void mock_read_dirty(struct iommu_domain *domain, unsigned long iova,
		     size_t length, iommu_pt_dirty_fn fn, void *arg,
		     struct iommu_pt_gather *gather)
{
	struct mock_table *table = &to_mock_domain(domain)->table;
	unsigned long last = iova + length - 1, found;
	size_t size;

	while (mock_table_find_dirty(table, iova, last, &found, &size)) {
		iova = found + size;
		if (fn(arg, found, size) && gather) {
			mock_table_make_clean(table, found);
			gather->start = min(gather->start, found);
			gather->last = max(gather->last, iova - 1);
		}
		if (iova - 1 >= last)
			break;
	}
}
