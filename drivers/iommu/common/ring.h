/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ring for invalidation requests to a unit, independent of the hardware:
 * which slots are free, and when a request is done.
 *
 * A request is a batch of entries with a wait entry at its end. Batches are
 * numbered in the order in which they enter the ring. When the unit reaches a
 * wait, all entries before it are done, and it stores the number of the batch
 * in the status word that belongs to the slot of the wait. The caller spins on
 * this word, which has a cache line of its own, and holds no lock meanwhile. So
 * any number of CPUs can have batches in the ring at the same time.
 *
 * A status word is never reset. It is compared with the number of the batch as
 * a sequence number, so that a slot may be reused before the caller has read
 * the word: a later batch stores a larger number, and only after this batch was
 * done.
 *
 * Slots are freed from the oldest batch on, if its status word says that it is
 * done. The head register is not read, which would cost an exit in a virtual
 * machine.
 *
 *	 clean                          tail
 *	   v                              v
 *	---+------------------+-------+---+------------
 *	   | batch clean_seq  | ...   |   | free
 *	---+------------------+-------+---+------------
 *	   <- length[clean] ->
 *
 *	clean			oldest slot in use, first of batch clean_seq
 *	length[clean]		number of slots of that batch
 *	tail			first slot of the next batch
 *
 * Functions that every unmap calls are inline.
 */
#ifndef IOMMU_COMMON_RING_H
#define IOMMU_COMMON_RING_H

#include <linux/cache.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/spinlock.h>
#include <linux/time64.h>
#include <linux/types.h>

#include "unit.h"

#define IOMMU_RING_SLOTS	256
#define IOMMU_RING_STRIDE	(SMP_CACHE_BYTES / sizeof(u32))

/**
 * struct iommu_ring_counts - counts of a ring
 * @requests: batches
 * @entries: descriptors or commands, including waits
 * @errors: entries that the unit refused
 * @timeouts: requests that a device-TLB did not answer
 * @restarts: times that the unit was made to answer again
 */
struct iommu_ring_counts {
	u64 requests;
	u64 entries;
	u64 errors;
	u64 timeouts;
	u64 restarts;
};

/**
 * struct iommu_ring_batch - a batch in the ring
 * @start: its first slot
 * @wait: its last slot, for the wait
 * @seq: its number
 */
struct iommu_ring_batch {
	unsigned int start;
	unsigned int wait;
	u32 seq;
};

/**
 * struct iommu_ring - a ring; embed it
 * @lock: protects all other members; taken with interrupts disabled, and no
 *	lock is taken under it
 * @slots: the entries
 * @slot_shift: a slot has 2^this bytes
 * @status: status words, one for each slot, IOMMU_RING_STRIDE words apart
 * @status_phys: physical address of @status
 * @tail: first slot of the next batch
 * @clean: oldest slot in use
 * @used: number of slots in use
 * @next_seq: number of the next batch
 * @clean_seq: number of the batch at @clean
 * @length: for the first slot of each batch, the number of slots of the batch
 * @asking: the last batch that asks a device to invalidate its device-TLB
 * @drops: times that batches in the ring were not carried out as they were
 * @restarted: time of the last restart
 * @restarted_seq: number of the first batch after it; 0 before the first
 * @counts: counts, for debugfs
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
	struct iommu_ring_batch asking;
	unsigned int drops;
	ktime_t restarted;
	u32 restarted_seq;
	struct iommu_ring_counts counts;
};

int iommu_ring_create(struct iommu_ring *ring, unsigned int slot_shift,
		      int nid);
void iommu_ring_destroy(struct iommu_ring *ring);
void iommu_ring_reset(struct iommu_ring *ring);
void iommu_ring_reclaim(struct iommu_ring *ring);
void iommu_ring_drop(struct iommu_ring *ring);
void iommu_ring_complete(struct iommu_ring *ring, unsigned int head);
void iommu_ring_restarted(struct iommu_ring *ring, struct iommu_unit *unit);
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

/* Physical address at which the unit stores the number of a wait in a slot */
static inline phys_addr_t iommu_ring_status_phys(const struct iommu_ring *ring,
						 unsigned int slot)
{
	return ring->status_phys + slot * SMP_CACHE_BYTES;
}

/**
 * iommu_ring_take() - allocate slots for a batch of @nr entries and its wait
 * @ring: the ring, whose lock is held
 * @nr: number of entries
 * @batch: filled in
 *
 * The caller fills the slots and notifies the unit before it drops the lock.
 *
 * Return: false if there are not enough free slots.
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
 * iommu_ring_is_done() - has the unit reached the wait of a batch?
 * @ring: the ring
 * @batch: the batch
 *
 * Return: true if so.
 */
static inline bool iommu_ring_is_done(const struct iommu_ring *ring,
				      const struct iommu_ring_batch *batch)
{
	u32 *status = iommu_ring_status(ring, batch->wait);

	/* Acquire: later accesses of the caller are after the invalidation */
	return (s32)(smp_load_acquire(status) - batch->seq) >= 0;
}

/* Spins between two calls of iommu_spin_look() */
#define IOMMU_SPINS_PER_LOOK	1024

/*
 * A unit that takes no entry from its ring for this long does not answer. PCI
 * Express gives a device 60 s, plus half of that, to complete an invalidation
 * of its device-TLB, for which the unit waits.
 */
#define IOMMU_RING_LIMIT_US		(10 * USEC_PER_SEC)
#define IOMMU_RING_DEVICE_LIMIT_US	(100 * USEC_PER_SEC)

/**
 * struct iommu_spin - a spin with a timeout, which looks after the unit
 * @count: spins so far
 * @since: time of the first iommu_spin_look(), or of the last one at which the
 *	unit had taken entries
 * @head: how far the unit had come then
 * @late: the limit has passed. The status word is then read once more before
 *	the unit is given up, because this CPU may have been delayed and not the
 *	unit.
 */
struct iommu_spin {
	unsigned int count;
	ktime_t since;
	u64 head;
	bool late;
};

/**
 * struct iommu_spin_ops - functions of the driver while it waits for a unit
 * @mend: Find out whether an error has stopped the unit, and recover from it.
 * @restart: The unit takes nothing from its ring: make it use an empty one.
 *	The lock of the ring is held.
 * @give_up: Nor did a restart help: log that and mark it dead. The lock of the
 *	ring is held.
 * @head: Read how far the unit has come in its ring.
 * @ring: Return the ring of the unit.
 */
struct iommu_spin_ops {
	void (*mend)(struct iommu_unit *unit);
	void (*restart)(struct iommu_unit *unit);
	void (*give_up)(struct iommu_unit *unit);
	u64 (*head)(struct iommu_unit *unit);
	struct iommu_ring *(*ring)(struct iommu_unit *unit);
};

ktime_t iommu_unit_now(struct iommu_unit *unit);
void iommu_spin_look(struct iommu_spin *spin, struct iommu_unit *unit,
		     const struct iommu_spin_ops *ops);

/**
 * iommu_spin_start() - prepare to spin
 * @spin: the spin; iommu_spin_look() sets the other members when it needs them
 */
static inline void iommu_spin_start(struct iommu_spin *spin)
{
	spin->count = 0;
	spin->late = false;
}

/**
 * iommu_spin_on() - spin once
 * @spin: the spin
 * @unit: the unit that shall answer
 * @ops: functions of the driver
 *
 * Return: false if the unit is dead, so that waiting is of no use.
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
