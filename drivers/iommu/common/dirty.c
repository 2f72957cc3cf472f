// SPDX-License-Identifier: GPL-2.0
/*
 * Dirty tracking of paging domains, for the IOMMU API and the run interface.
 *
 * A domain that supports it has a page table whose new leaves are clean, and
 * accepts only units that can set dirty bits in them. A unit does so while the
 * entries of a device tell it to.
 *
 * Starting and stopping first changes the state of the domain, then the entries
 * of all its devices, unit by unit, under the table_lock of the unit. Attaching
 * holds the same lock: a device that attaches meanwhile is either found, or
 * finds the new state itself. So does a unit that becomes a member after all
 * others were visited.
 *
 * Locks: @tracking_lock serialises starting and stopping. It is taken before
 * the table_lock of a unit, which is taken before iommu_live.lock.
 */
#include <linux/export.h>

#include "paging.h"
#include "unit.h"

static DEFINE_MUTEX(tracking_lock);
/* Counts starts and stops; each unit has the value of its last visit */
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

/* A read_and_clear_dirty request of the IOMMU API */
struct request {
	struct iommu_dirty_bitmap *dirty;
	unsigned long first;
	unsigned long last;
};

/* A leaf that reaches out of the range stays dirty: the rest is read later */
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
	/* Everything cleared is recorded, and the caller invalidates that */
	iommu_pt_gather_init(&gather);
	if (flags & IOMMU_DIRTY_NO_CLEAR)
		iommu_pt_read_dirty(pt, iova, size, record, &request);
	else
		iommu_pt_read_and_clear_dirty(pt, iova, size, record, &request,
					      &gather);
	return 0;
}

/* For domains that support dirty tracking */
const struct iommu_dirty_ops iommu_paging_dirty_ops = {
	.set_dirty_tracking = set_dirty_tracking,
	.read_and_clear_dirty = read_and_clear_dirty,
};
EXPORT_SYMBOL_GPL(iommu_paging_dirty_ops);

/**
 * iommu_paging_read_dirty() - read_dirty of struct iommu_run_ops
 * @domain: the domain
 * @iova: first IOVA
 * @length: bytes
 * @fn: called for each dirty leaf
 * @arg: for @fn
 * @gather: collects what was made clean; NULL to make nothing clean
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
