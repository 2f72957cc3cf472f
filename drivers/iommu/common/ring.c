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
 * iommu_unit_now() - the time by which waits in a ring are measured
 * @unit: the unit
 *
 * Return: the time; of a simulated unit that of its clock.
 */
ktime_t iommu_unit_now(struct iommu_unit *unit)
{
#if IS_ENABLED(CONFIG_KUNIT)
	if (unit->clock)
		return unit->clock(unit);
#endif
	return ktime_get();
}
EXPORT_SYMBOL_GPL(iommu_unit_now);

/* How long the unit may stay where it is in its ring */
static s64 spin_limit_us(struct iommu_ring *ring)
{
	unsigned long flags;
	bool asking;

	raw_spin_lock_irqsave(&ring->lock, flags);
	asking = ring->asking.seq && !iommu_ring_is_done(ring, &ring->asking);
	raw_spin_unlock_irqrestore(&ring->lock, flags);
	return asking ? IOMMU_RING_DEVICE_LIMIT_US : IOMMU_RING_LIMIT_US;
}

static void spin_measure(struct iommu_spin *spin, struct iommu_unit *unit,
			 const struct iommu_spin_ops *ops)
{
	ktime_t now = iommu_unit_now(unit);
	u64 head;

	if (ktime_us_delta(now, spin->since) <= IOMMU_RING_LIMIT_US)
		return;
	head = ops->head(unit);
	if (head != spin->head) {
		spin->head = head;
		spin->since = now;
		spin->late = false;
		return;
	}
	spin->late = ktime_us_delta(now, spin->since) >
		     spin_limit_us(ops->ring(unit));
}

/**
 * iommu_ring_drop() - let callers send their batches again
 * @ring: the ring, whose lock is held
 *
 * To be called before the batches count as done.
 */
void iommu_ring_drop(struct iommu_ring *ring)
{
	lockdep_assert_held(&ring->lock);
	WRITE_ONCE(ring->drops, ring->drops + 1);
}
EXPORT_SYMBOL_GPL(iommu_ring_drop);

/* What to do with a unit that takes nothing from its ring */
enum stall {
	STALL_WAIT,	/* another caller has dealt with it just now */
	STALL_RESTART,	/* give it an empty ring */
	STALL_GIVE_UP,	/* it has carried out nothing since a restart */
};

static enum stall ring_stalled(struct iommu_ring *ring,
			       struct iommu_unit *unit)
{
	struct iommu_ring_batch oldest = {
		.wait = iommu_ring_next(ring->clean,
					ring->length[ring->clean] - 1),
		.seq = ring->clean_seq,
	};

	lockdep_assert_held(&ring->lock);
	if (READ_ONCE(unit->dead))
		return STALL_WAIT;
	if (!ring->restarted_seq)
		return STALL_RESTART;
	/* Callers that waited for the same find that out one after another */
	if (ktime_us_delta(iommu_unit_now(unit), ring->restarted) <
	    IOMMU_RING_LIMIT_US)
		return STALL_WAIT;
	if (ring->clean_seq != ring->restarted_seq || !ring->used ||
	    iommu_ring_is_done(ring, &oldest))
		return STALL_RESTART;
	return STALL_GIVE_UP;
}

/**
 * iommu_ring_complete() - count batches as done that the unit does not carry out
 * @ring: the ring, whose lock is held
 * @head: the slot that the unit takes next, or IOMMU_RING_SLOTS if it uses the
 *	ring no more: then all batches are completed
 *
 * A batch whose wait the unit has not taken yet is left for the unit to complete.
 * The status word does not tell the callers of the others what happened. They
 * notice that the drops have changed since they sent, see iommu_ring_drop().
 */
void iommu_ring_complete(struct iommu_ring *ring, unsigned int head)
{
	unsigned int at = ring->clean, left = ring->used;
	struct iommu_ring_batch batch = { .seq = ring->clean_seq };

	lockdep_assert_held(&ring->lock);
	while (left) {
		unsigned int length = ring->length[at];

		if (head != IOMMU_RING_SLOTS &&
		    (head - at) % IOMMU_RING_SLOTS < length)
			break;
		batch.wait = iommu_ring_next(at, length - 1);
		if (!iommu_ring_is_done(ring, &batch)) {
			/* Pairs with the acquire in iommu_ring_is_done() */
			smp_store_release(iommu_ring_status(ring, batch.wait),
					  batch.seq);
		}
		at = iommu_ring_next(at, length);
		left -= length;
		batch.seq++;
	}
}
EXPORT_SYMBOL_GPL(iommu_ring_complete);

/**
 * iommu_ring_restarted() - empty a ring whose unit uses it no more
 * @ring: the ring, whose lock is held
 * @unit: the unit
 *
 * All batches count as done, and their callers send them again.
 */
void iommu_ring_restarted(struct iommu_ring *ring, struct iommu_unit *unit)
{
	iommu_ring_drop(ring);
	iommu_ring_complete(ring, IOMMU_RING_SLOTS);
	iommu_ring_reset(ring);
	ring->counts.restarts++;
	ring->restarted = iommu_unit_now(unit);
	ring->restarted_seq = ring->next_seq;
}
EXPORT_SYMBOL_GPL(iommu_ring_restarted);

/* No answer from the unit for a caller that waits for a batch, or for a slot */
static void spin_lost(struct iommu_unit *unit, const struct iommu_spin_ops *ops)
{
	struct iommu_ring *ring = ops->ring(unit);
	enum stall stall;
	unsigned long flags;

	raw_spin_lock_irqsave(&ring->lock, flags);
	stall = ring_stalled(ring, unit);
	if (stall == STALL_RESTART)
		ops->restart(unit);
	else if (stall == STALL_GIVE_UP)
		ops->give_up(unit);
	raw_spin_unlock_irqrestore(&ring->lock, flags);
}

/**
 * iommu_spin_look() - look after a unit while waiting for it
 * @spin: the spin, every IOMMU_SPINS_PER_LOOK spins
 * @unit: the unit
 * @ops: functions of the driver
 *
 * A unit that takes entries from its ring answers, however long the caller has
 * waited: others' requests may be in front of the caller's.
 *
 * Context: any.
 */
void iommu_spin_look(struct iommu_spin *spin, struct iommu_unit *unit,
		     const struct iommu_spin_ops *ops)
{
	if (spin->late && ops->head(unit) == spin->head) {
		spin_lost(unit, ops);
	} else if (spin->count == IOMMU_SPINS_PER_LOOK) {
		spin->since = iommu_unit_now(unit);
		spin->head = ops->head(unit);
	} else {
		spin_measure(spin, unit, ops);
	}
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
	ring->asking.seq = 0;
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
