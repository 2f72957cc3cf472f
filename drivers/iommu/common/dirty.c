// SPDX-License-Identifier: GPL-2.0
/*
 * Dirty tracking of paging domains: what the IOMMU API asks for, and the same
 * for the run interface.
 *
 * A domain that was made for it has a page table whose leaves are born clean,
 * and takes only units that can note writes there. They do so while the entries
 * of its devices say so. Starting and stopping changes the domain's state first,
 * and then goes through the devices of all its units, each under its unit's
 * table_lock. Who attaches meanwhile holds the same lock: so either it is found
 * there, or it finds the new state; and a unit that becomes a member after all
 * others were seen finds it too.
 *
 * Locks: @tracking_lock keeps two who start or stop apart; before any unit's
 * table_lock, which is before the domain's live lock.
 */
#include <linux/export.h>

#include "paging.h"
#include "unit.h"

static DEFINE_MUTEX(tracking_lock);
/* How often tracking was started or stopped; units know when they were seen */
static unsigned long turns;

static struct iommu_unit *next_unit(struct iommu_paging *paging)
{
	struct iommu_unit_member *member;
	struct iommu_unit *unit = NULL;

	lockdep_assert_held(&tracking_lock);
	mutex_lock(&paging->live.lock);
	list_for_each_entry(member, &paging->live.members, member.node)
		if (member->unit->tracking_turn != turns)
			unit = member->unit;
	mutex_unlock(&paging->live.lock);
	if (unit)
		unit->tracking_turn = turns;
	return unit;
}

static int set_dirty_tracking(struct iommu_domain *domain, bool enable)
{
	struct iommu_paging *paging = to_iommu_paging(domain);
	struct iommu_unit_device *device;
	struct iommu_unit *unit;
	unsigned long index;

	mutex_lock(&tracking_lock);
	WRITE_ONCE(paging->tracks_dirty, enable);
	turns++;
	while ((unit = next_unit(paging))) {
		mutex_lock(&unit->table_lock);
		xa_for_each(&unit->devices, index, device)
			if (device->domain == paging)
				paging->ops->track(device, enable);
		mutex_unlock(&unit->table_lock);
	}
	mutex_unlock(&tracking_lock);
	return 0;
}

/* A request of the IOMMU API */
struct request {
	struct iommu_dirty_bitmap *dirty;
	unsigned long first;
	unsigned long last;
};

/* What reaches out of the range stays dirty for who asks for the rest of it */
static bool record(void *arg, unsigned long iova, size_t length)
{
	const struct request *request = arg;
	unsigned long first = max(iova, request->first);
	unsigned long last = min(iova + length - 1, request->last);

	iommu_dirty_bitmap_record(request->dirty, first, last - first + 1);
	return iova >= request->first && iova + length - 1 <= request->last;
}

static int read_and_clear_dirty(struct iommu_domain *domain, unsigned long iova,
				size_t size, unsigned long flags,
				struct iommu_dirty_bitmap *dirty)
{
	struct request request = { dirty, iova, iova + size - 1 };
	struct iommu_paging *paging = to_iommu_paging(domain);
	struct iommu_pt *pt = &paging->live.pt;
	struct iommu_pt_gather gather;

	if (!READ_ONCE(paging->tracks_dirty) && dirty->bitmap)
		return -EINVAL;
	/* What is cleared is recorded, and so invalidated, by the caller */
	iommu_pt_gather_init(&gather);
	if (flags & IOMMU_DIRTY_NO_CLEAR)
		iommu_pt_read_dirty(pt, iova, size, record, &request);
	else
		iommu_pt_read_and_clear_dirty(pt, iova, size, record, &request,
					      &gather);
	return 0;
}

/* For struct iommu_domain, if it was made to track */
const struct iommu_dirty_ops iommu_paging_dirty_ops = {
	.set_dirty_tracking = set_dirty_tracking,
	.read_and_clear_dirty = read_and_clear_dirty,
};
EXPORT_SYMBOL_GPL(iommu_paging_dirty_ops);

/**
 * iommu_paging_read_dirty() - read_dirty of struct iommu_run_ops
 * @domain: the domain
 * @iova: where
 * @length: bytes
 * @fn: is called for what is dirty
 * @arg: for @fn
 * @gather: gets what was made clean, or NULL
 */
void iommu_paging_read_dirty(struct iommu_domain *domain, unsigned long iova,
			     size_t length, iommu_pt_dirty_fn fn, void *arg,
			     struct iommu_pt_gather *gather)
{
	struct iommu_pt *pt = &to_iommu_paging(domain)->live.pt;

	if (gather)
		iommu_pt_read_and_clear_dirty(pt, iova, length, fn, arg,
					      gather);
	else
		iommu_pt_read_dirty(pt, iova, length, fn, arg);
}
