// SPDX-License-Identifier: GPL-2.0
/*
 * The ring for invalidation requests: allocation, reclaiming slots, and
 * watching a unit that does not answer at once.
 */
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>

#include "ring.h"

#define STATUS_ORDER	get_order(IOMMU_RING_SLOTS * SMP_CACHE_BYTES)

static unsigned int slots_order(const struct iommu_ring *ring)
{
	return get_order(IOMMU_RING_SLOTS << ring->slot_shift);
}

/**
 * iommu_ring_reclaim() - free the slots of batches that are done
 * @ring: the ring, whose lock is held
 */
void iommu_ring_reclaim(struct iommu_ring *ring)
{
	lockdep_assert_held(&ring->lock);
	while (ring->used) {
		struct iommu_ring_batch oldest = {
			.wait = iommu_ring_next(ring->clean,
						ring->length[ring->clean] - 1),
			.seq = ring->clean_seq,
		};

		if (!iommu_ring_is_done(ring, &oldest))
			break;
		ring->used -= ring->length[ring->clean];
		ring->clean = iommu_ring_next(oldest.wait, 1);
		ring->clean_seq++;
	}
}
EXPORT_SYMBOL_GPL(iommu_ring_reclaim);

/**
 * iommu_spin_look() - look after a unit while waiting for it
 * @spin: the spin, every IOMMU_SPINS_PER_LOOK spins
 * @unit: the unit
 * @ops: functions of the driver
 *
 * Context: any.
 */
void iommu_spin_look(struct iommu_spin *spin, struct iommu_unit *unit,
		     const struct iommu_spin_ops *ops)
{
	if (spin->late)
		ops->lost(unit);
	else if (spin->count == IOMMU_SPINS_PER_LOOK)
		spin->deadline = ktime_add_us(ktime_get(), ops->timeout_us +
							   unit->slack_us);
	else
		spin->late = ktime_after(ktime_get(), spin->deadline);
	ops->mend(unit);
}
EXPORT_SYMBOL_GPL(iommu_spin_look);

/**
 * iommu_ring_reset() - empty a ring before a unit uses it
 * @ring: the ring; no unit uses it
 */
void iommu_ring_reset(struct iommu_ring *ring)
{
	ring->tail = 0;
	ring->clean = 0;
	ring->used = 0;
	ring->clean_seq = ring->next_seq;
}
EXPORT_SYMBOL_GPL(iommu_ring_reset);

/**
 * iommu_ring_count() - get the counts of a ring
 * @ring: the ring
 * @counts: filled in
 */
void iommu_ring_count(struct iommu_ring *ring, struct iommu_ring_counts *counts)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&ring->lock, flags);
	*counts = ring->counts;
	raw_spin_unlock_irqrestore(&ring->lock, flags);
}
EXPORT_SYMBOL_GPL(iommu_ring_count);

/**
 * iommu_ring_create() - allocate a ring
 * @ring: the ring, zeroed
 * @slot_shift: a slot has 2^this bytes
 * @nid: memory node
 *
 * The slots are contiguous, and aligned to their total size.
 *
 * Return: 0 or -ENOMEM.
 */
int iommu_ring_create(struct iommu_ring *ring, unsigned int slot_shift, int nid)
{
	struct page *slots, *status;

	raw_spin_lock_init(&ring->lock);
	ring->slot_shift = slot_shift;
	ring->next_seq = 1;
	slots = alloc_pages_node(nid, GFP_KERNEL | __GFP_ZERO,
				 slots_order(ring));
	if (!slots)
		return -ENOMEM;
	status = alloc_pages_node(nid, GFP_KERNEL | __GFP_ZERO, STATUS_ORDER);
	if (!status) {
		__free_pages(slots, slots_order(ring));
		return -ENOMEM;
	}
	ring->slots = page_address(slots);
	ring->status = page_address(status);
	ring->status_phys = page_to_phys(status);
	return 0;
}
EXPORT_SYMBOL_GPL(iommu_ring_create);

/**
 * iommu_ring_destroy() - free a ring
 * @ring: the ring; no unit uses it any more
 */
void iommu_ring_destroy(struct iommu_ring *ring)
{
	free_pages((unsigned long)ring->slots, slots_order(ring));
	free_pages((unsigned long)ring->status, STATUS_ORDER);
}
EXPORT_SYMBOL_GPL(iommu_ring_destroy);
