/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ring through which a unit is told to invalidate, as far as no kind of
 * hardware matters: which slots are free, and when a request is done.
 *
 * A request is a batch of entries that a wait ends. Batches are numbered in the
 * order in which they enter the ring. When the unit comes to a wait, all that
 * stands before it is done, and it stores the batch's number in the status word
 * of the ring slot in which the wait stands. The caller spins on that word, in
 * a cache line of its own, and holds no lock meanwhile; so any number of CPUs
 * have batches in the ring at once.
 *
 * A status word is never reset: it is compared with the batch's number as a
 * sequence, so that a slot may be used again before its caller has looked. The
 * numbers of later batches only come after this one was done.
 *
 * Room comes from the oldest batches, found done by their status words; the
 * head register is not read, which would cost an exit in a virtual machine.
 *
 *	clean			oldest slot still in use, start of batch clean_seq
 *	length[clean]		slots of that batch
 *	tail			where the next batch begins
 *
 * What a single unmap goes through is inline.
 */
#ifndef IOMMU_COMMON_RING_H
#define IOMMU_COMMON_RING_H

#include <linux/cache.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "unit.h"

#define IOMMU_RING_SLOTS	256
#define IOMMU_RING_STRIDE	(SMP_CACHE_BYTES / sizeof(u32))

/**
 * struct iommu_ring_counts - what has gone through a ring
 * @requests: batches
 * @entries: descriptors or commands, waits included
 * @errors: entries that the unit refused
 * @timeouts: requests that a device-TLB did not answer
 */
struct iommu_ring_counts {
	u64 requests;
	u64 entries;
	u64 errors;
	u64 timeouts;
};

/**
 * struct iommu_ring - a ring; embed it
 * @lock: protects all that is below; a leaf, taken with interrupts off
 * @slots: the entries
 * @slot_shift: a slot has 2^this bytes
 * @status: status words, one for each slot, IOMMU_RING_STRIDE apart
 * @status_phys: where the unit finds them
 * @tail: where the next batch begins
 * @clean: oldest slot still in use
 * @used: slots in use
 * @next_seq: number of the next batch
 * @clean_seq: number of the batch at @clean
 * @length: slots of the batch that begins at each
 * @counts: what has gone through it
 */
struct iommu_ring {
	raw_spinlock_t lock;
	void *slots;
	unsigned int slot_shift;
	u32 *status;
	phys_addr_t status_phys;
	unsigned int tail;
	unsigned int clean;
	unsigned int used;
	u32 next_seq;
	u32 clean_seq;
	u8 length[IOMMU_RING_SLOTS];
	struct iommu_ring_counts counts;
};

/**
 * struct iommu_ring_batch - a batch in the ring
 * @start: its first slot
 * @wait: its last one, for the wait
 * @seq: its number
 */
struct iommu_ring_batch {
	unsigned int start;
	unsigned int wait;
	u32 seq;
};

int iommu_ring_create(struct iommu_ring *ring, unsigned int slot_shift,
		      int nid);
void iommu_ring_destroy(struct iommu_ring *ring);
void iommu_ring_reset(struct iommu_ring *ring);
void iommu_ring_reclaim(struct iommu_ring *ring);
void iommu_ring_count(struct iommu_ring *ring,
		      struct iommu_ring_counts *counts);

static inline unsigned int iommu_ring_next(unsigned int slot, unsigned int step)
{
	return (slot + step) % IOMMU_RING_SLOTS;
}

static inline void *iommu_ring_slot(const struct iommu_ring *ring,
				    unsigned int slot)
{
	return ring->slots + ((size_t)slot << ring->slot_shift);
}

static inline u32 *iommu_ring_status(const struct iommu_ring *ring,
				     unsigned int slot)
{
	return ring->status + slot * IOMMU_RING_STRIDE;
}

/* Where the unit is to store the number of a wait in that slot */
static inline phys_addr_t iommu_ring_status_phys(const struct iommu_ring *ring,
						 unsigned int slot)
{
	return ring->status_phys + slot * SMP_CACHE_BYTES;
}

/**
 * iommu_ring_take() - take slots for a batch of @nr entries and its wait
 * @ring: the ring
 * @nr: how many
 * @batch: filled in
 *
 * The caller fills the slots and tells the unit before it gives up the lock.
 *
 * Return: false if there is no room.
 */
static inline bool iommu_ring_take(struct iommu_ring *ring, unsigned int nr,
				   struct iommu_ring_batch *batch)
{
	lockdep_assert_held(&ring->lock);
	/* One slot stays free: a full ring would look empty */
	if (ring->used + nr + 1 >= IOMMU_RING_SLOTS) {
		iommu_ring_reclaim(ring);
		if (ring->used + nr + 1 >= IOMMU_RING_SLOTS)
			return false;
	}
	batch->start = ring->tail;
	batch->wait = iommu_ring_next(batch->start, nr);
	batch->seq = ring->next_seq++;
	ring->length[batch->start] = nr + 1;
	ring->used += nr + 1;
	ring->tail = iommu_ring_next(batch->wait, 1);
	ring->counts.requests++;
	ring->counts.entries += nr + 1;
	return true;
}

/**
 * iommu_ring_is_done() - has the unit come to a batch's wait?
 * @ring: the ring
 * @batch: the batch
 *
 * Return: true if so.
 */
static inline bool iommu_ring_is_done(const struct iommu_ring *ring,
				      const struct iommu_ring_batch *batch)
{
	u32 *status = iommu_ring_status(ring, batch->wait);

	/* Acquire: what the caller does next comes after the invalidation */
	return (s32)(smp_load_acquire(status) - batch->seq) >= 0;
}

/* Spins between two looks at what keeps the unit */
#define IOMMU_SPINS_PER_LOOK	1024

/**
 * struct iommu_spin - a spin that looks after the unit now and then, and ends
 * @count: spins so far
 * @deadline: after which the unit does not answer; set with the first look
 * @late: it has passed, and the status word is looked at once more: this CPU
 *	may have been kept from looking all the time
 */
struct iommu_spin {
	unsigned int count;
	ktime_t deadline;
	bool late;
};

/**
 * struct iommu_spin_ops - what the driver does for a unit that is waited for
 * @mend: Look for what keeps it from going on, and mend that.
 * @lost: Declare that it does not answer, which makes it dead.
 * @timeout_us: how long it may take
 */
struct iommu_spin_ops {
	void (*mend)(struct iommu_unit *unit);
	void (*lost)(struct iommu_unit *unit);
	unsigned int timeout_us;
};

void iommu_spin_look(struct iommu_spin *spin, struct iommu_unit *unit,
		     const struct iommu_spin_ops *ops);

/**
 * iommu_spin_on() - spin once
 * @spin: zero at first
 * @unit: what is waited for
 * @ops: the driver
 *
 * Return: false if there is nothing to wait for any more: the unit is dead.
 */
static inline bool iommu_spin_on(struct iommu_spin *spin,
				 struct iommu_unit *unit,
				 const struct iommu_spin_ops *ops)
{
	cpu_relax();
	if (!(++spin->count % IOMMU_SPINS_PER_LOOK))
		iommu_spin_look(spin, unit, ops);
	return !READ_ONCE(unit->dead);
}

#endif
