// SPDX-License-Identifier: GPL-2.0
/*
 * The invalidation queue of a unit: ensure room, emit descriptors, emit a
 * wait, ring the doorbell, wait for the sequence number.
 *
 * A request is a batch of descriptors that a wait descriptor ends. Batches are
 * numbered in the order in which they enter the ring. When the unit comes to a
 * wait, all that stands before it is done, and it stores the batch's number in
 * the status word of the ring slot in which the wait stands. The caller spins
 * on that word, in a cache line of its own, and holds no lock meanwhile; so
 * any number of CPUs have batches in the ring at once.
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
 * Errors stop the unit or let waits expire (section 6.5.2.10 and 6.5.2.11):
 *
 * - IQE, a descriptor that the unit refuses: it is replaced by a wait that
 *   nobody waits for, and the unit goes on; the log has it, since it is a
 *   driver error.
 * - ITE, a device does not answer a device-TLB request: the unit drops the
 *   waits it has fetched. They count as done, and whoever had a batch in the
 *   ring meanwhile sends it again, without the device, which has lost its ATS.
 * - ICE, a completion that nobody waits for: cleared and logged.
 *
 * Locks: @lock, a raw spinlock taken with interrupts off, protects the ring
 * and the error handling. It is a leaf.
 */
#define pr_fmt(fmt) "vtd: " fmt

#include <kunit/visibility.h>
#include <linux/gfp.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include <asm/cacheflush.h>

#include "device.h"
#include "trace.h"
#include "unit.h"

#define RING_SLOTS	256
#define STATUS_STRIDE	(SMP_CACHE_BYTES / sizeof(u32))
/* Spins between two looks at the fault status register */
#define SPINS_PER_LOOK	1024

struct vtd_queue {
	raw_spinlock_t lock;
	void *ring;
	unsigned int ring_order;
	unsigned int desc_shift;
	u32 *status;
	phys_addr_t status_phys;
	unsigned int tail;
	unsigned int clean;
	unsigned int used;
	u32 next_seq;
	u32 clean_seq;
	bool flush_ring;
	u8 length[RING_SLOTS];
	unsigned int drops;
	struct vtd_queue_counts counts;
};

#define STATUS_ORDER	get_order(RING_SLOTS * SMP_CACHE_BYTES)

static u32 *slot_status(const struct vtd_queue *queue, unsigned int slot)
{
	return queue->status + slot * STATUS_STRIDE;
}

static u64 *slot_desc(const struct vtd_queue *queue, unsigned int slot)
{
	return queue->ring + ((size_t)slot << queue->desc_shift);
}

static bool seq_reached(const struct vtd_queue *queue, unsigned int slot,
			u32 seq)
{
	return (s32)(READ_ONCE(*slot_status(queue, slot)) - seq) >= 0;
}

static unsigned int next_slot(unsigned int slot, unsigned int step)
{
	return (slot + step) % RING_SLOTS;
}

static void write_desc(struct vtd_queue *queue, unsigned int slot,
		       const struct vtd_desc *desc)
{
	u64 *to = slot_desc(queue, slot);

	to[0] = desc->q[0];
	to[1] = desc->q[1];
	if (queue->desc_shift == 5) {
		to[2] = desc->q[2];
		to[3] = desc->q[3];
	}
	if (queue->flush_ring)
		clflush_cache_range(to, 1UL << queue->desc_shift);
}

static struct vtd_desc wait_desc(const struct vtd_queue *queue,
				 unsigned int slot, u32 seq)
{
	return (struct vtd_desc){ {
		FIELD_PREP(QI_TYPE, QI_WAIT) | QI_WAIT_SW |
			FIELD_PREP(QI_WAIT_DATA, seq),
		queue->status_phys + slot * SMP_CACHE_BYTES,
	} };
}

/* Take back the slots of batches that are done */
static void reclaim(struct vtd_queue *queue)
{
	lockdep_assert_held(&queue->lock);
	while (queue->used) {
		unsigned int length = queue->length[queue->clean];
		unsigned int wait = next_slot(queue->clean, length - 1);

		if (!seq_reached(queue, wait, queue->clean_seq))
			break;
		queue->clean = next_slot(queue->clean, length);
		queue->used -= length;
		queue->clean_seq++;
	}
}

/*
 * Batches whose waits were dropped count as done. Their callers cannot tell
 * from the status word, but find that @drops is not what it was when they sent.
 */
static void drop_pending(struct vtd_queue *queue, unsigned int head)
{
	unsigned int at = queue->clean, left = queue->used;
	u32 seq = queue->clean_seq;

	lockdep_assert_held(&queue->lock);
	WRITE_ONCE(queue->drops, queue->drops + 1);
	while (left) {
		unsigned int length = queue->length[at];
		unsigned int wait = next_slot(at, length - 1);
		unsigned int to_head = (head - at) % RING_SLOTS;

		/* The unit has yet to fetch this wait: it will answer it */
		if (to_head < length)
			break;
		if (!seq_reached(queue, wait, seq)) {
			/* Pairs with the acquire in wait_for_batch() */
			smp_store_release(slot_status(queue, wait), seq);
		}
		at = next_slot(at, length);
		left -= length;
		seq++;
	}
}

static void ring_doorbell(struct vtd_unit *unit)
{
	struct vtd_queue *queue = unit->queue;

	/* writeq() orders the ring before the doorbell */
	vtd_write64(unit, VTD_IQT, (u64)queue->tail << queue->desc_shift);
}

static void replace_refused(struct vtd_unit *unit, unsigned int head)
{
	struct vtd_queue *queue = unit->queue;
	const u64 *bad = slot_desc(queue, head);
	/* A number that nobody looks at: an emulator wants some effect */
	struct vtd_desc idle = { {
		FIELD_PREP(QI_TYPE, QI_WAIT) | QI_WAIT_SW,
		queue->status_phys + head * SMP_CACHE_BYTES + sizeof(u32),
	} };
	u64 record = vtd_read64(unit, VTD_IQERCD);

	queue->counts.errors++;
	pr_err_ratelimited("%s: invalidation descriptor %016llx %016llx refused, code %llu; passed over\n",
			   unit->name, bad[0], bad[1],
			   FIELD_GET(IQERCD_IQEI, record));
	write_desc(queue, head, &idle);
}

static u16 device_that_timed_out(struct vtd_unit *unit)
{
	return FIELD_GET(IQERCD_ITESID, vtd_read64(unit, VTD_IQERCD));
}

/*
 * Look for errors that keep the queue from moving, and mend them. Clearing
 * the status bits lets the unit go on; an emulated one does so only when the
 * doorbell is rung once more.
 */
static void mend(struct vtd_unit *unit)
{
	struct vtd_queue *queue = unit->queue;
	unsigned int head;
	unsigned long flags;
	u32 status;

	status = vtd_read(unit, VTD_FSTS);
	if (!(status & (FSTS_IQE | FSTS_ITE | FSTS_ICE)))
		return;
	raw_spin_lock_irqsave(&queue->lock, flags);
	status = vtd_read(unit, VTD_FSTS);
	head = (vtd_read64(unit, VTD_IQH) >> queue->desc_shift) % RING_SLOTS;
	if (status & FSTS_IQE) {
		replace_refused(unit, head);
		vtd_write(unit, VTD_FSTS, FSTS_IQE);
	}
	if (status & FSTS_ITE) {
		u16 source_id = device_that_timed_out(unit);

		queue->counts.timeouts++;
		unit_err(unit, "device %02x:%02x.%d does not answer device-TLB invalidation\n",
			 PCI_BUS_NUM(source_id), PCI_SLOT(source_id),
			 PCI_FUNC(source_id));
		vtd_device_ats_lost(unit, source_id);
		drop_pending(queue, head);
		vtd_write(unit, VTD_FSTS, FSTS_ITE);
	}
	if (status & FSTS_ICE) {
		unit_err(unit, "device-TLB completion that nobody waits for, from source-id %04llx\n",
			 FIELD_GET(IQERCD_ICESID,
				   vtd_read64(unit, VTD_IQERCD)));
		vtd_write(unit, VTD_FSTS, FSTS_ICE);
	}
	ring_doorbell(unit);
	raw_spin_unlock_irqrestore(&queue->lock, flags);
}

/* A spin that looks after the unit now and then, and ends */
struct spin {
	unsigned int count;
	ktime_t deadline;
};

static bool spin_on(struct vtd_unit *unit, struct spin *spin)
{
	cpu_relax();
	if (++spin->count % SPINS_PER_LOOK)
		return !READ_ONCE(unit->dead);
	if (spin->count == SPINS_PER_LOOK)
		spin->deadline = ktime_add_us(ktime_get(), VTD_TIMEOUT_US);
	else if (ktime_after(ktime_get(), spin->deadline))
		vtd_unit_lost(unit, "the invalidation queue");
	mend(unit);
	return !READ_ONCE(unit->dead);
}

/* A batch in the ring: where its wait is, its number, and the drops before it */
struct batch {
	unsigned int slot;
	u32 seq;
	unsigned int drops;
};

/* Put a batch and its wait into the ring, and ring the doorbell */
static void emit(struct vtd_unit *unit, const struct vtd_desc *descs,
		 unsigned int nr, struct batch *batch)
{
	struct vtd_queue *queue = unit->queue;
	unsigned int start = queue->tail, i;
	struct vtd_desc ending;

	lockdep_assert_held(&queue->lock);
	for (i = 0; i < nr; i++)
		write_desc(queue, next_slot(start, i), &descs[i]);
	batch->slot = next_slot(start, nr);
	batch->seq = queue->next_seq++;
	batch->drops = queue->drops;
	ending = wait_desc(queue, batch->slot, batch->seq);
	write_desc(queue, batch->slot, &ending);
	queue->length[start] = nr + 1;
	queue->used += nr + 1;
	queue->tail = next_slot(batch->slot, 1);
	queue->counts.requests++;
	queue->counts.descriptors += nr + 1;
	ring_doorbell(unit);
}

static int submit(struct vtd_unit *unit, const struct vtd_desc *descs,
		  unsigned int nr, struct batch *batch)
{
	struct vtd_queue *queue = unit->queue;
	struct spin spin = { };
	unsigned long flags;

	do {
		raw_spin_lock_irqsave(&queue->lock, flags);
		/* One slot stays free: a full ring would look empty */
		if (queue->used + nr + 1 >= RING_SLOTS)
			reclaim(queue);
		if (queue->used + nr + 1 < RING_SLOTS) {
			emit(unit, descs, nr, batch);
			raw_spin_unlock_irqrestore(&queue->lock, flags);
			return 0;
		}
		raw_spin_unlock_irqrestore(&queue->lock, flags);
	} while (spin_on(unit, &spin));
	return -EIO;
}

/* Returns -EAGAIN if the batch may have been dropped */
static int wait_for_batch(struct vtd_unit *unit, const struct batch *batch)
{
	struct vtd_queue *queue = unit->queue;
	u32 *status = slot_status(queue, batch->slot);
	struct spin spin = { };

	/* Acquire: what the caller does next comes after the invalidation */
	while ((s32)(smp_load_acquire(status) - batch->seq) < 0)
		if (!spin_on(unit, &spin))
			return -EIO;
	return READ_ONCE(queue->drops) == batch->drops ? 0 : -EAGAIN;
}

/**
 * vtd_queue_run() - send descriptors and wait until they are done
 * @unit: a unit with a queue
 * @descs: the descriptors
 * @nr: how many, at most VTD_BATCH_MAX
 *
 * Context: any; spins. No lock is held while waiting.
 * Return: 0, or -EIO if the unit does not answer, -EAGAIN if a device behind
 * it did not and the caller should send again what does not concern it.
 */
int vtd_queue_run(struct vtd_unit *unit, const struct vtd_desc *descs,
		  unsigned int nr)
{
	struct batch batch = { };
	int ret;

	if (WARN_ON_ONCE(nr > VTD_BATCH_MAX))
		return -EINVAL;
	if (READ_ONCE(unit->dead))
		return -EIO;
	ret = submit(unit, descs, nr, &batch);
	if (!ret)
		ret = wait_for_batch(unit, &batch);
	trace_vtd_invalidate(unit->name, batch.seq, descs[0].q[0],
			     descs[0].q[1], nr, ret);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(vtd_queue_run);

/**
 * vtd_queue_count() - what has gone through a unit's queue
 * @unit: the unit
 * @counts: filled in; zero for a unit without a queue
 */
void vtd_queue_count(struct vtd_unit *unit, struct vtd_queue_counts *counts)
{
	unsigned long flags;

	*counts = (struct vtd_queue_counts){ };
	if (!unit->queue)
		return;
	raw_spin_lock_irqsave(&unit->queue->lock, flags);
	*counts = unit->queue->counts;
	raw_spin_unlock_irqrestore(&unit->queue->lock, flags);
}
EXPORT_SYMBOL_IF_KUNIT(vtd_queue_count);

/**
 * vtd_queue_enable() - give the ring to the unit, empty
 * @unit: a unit with a queue
 *
 * Return: 0, or -EIO if the unit does not answer.
 */
int vtd_queue_enable(struct vtd_unit *unit)
{
	struct vtd_queue *queue = unit->queue;
	u64 address = virt_to_phys(queue->ring);

	queue->tail = 0;
	queue->clean = 0;
	queue->used = 0;
	queue->clean_seq = queue->next_seq;
	if (queue->desc_shift == 5)
		address |= IQA_DW;
	address |= FIELD_PREP(IQA_QS, queue->ring_order);
	vtd_write64(unit, VTD_IQT, 0);
	vtd_write64(unit, VTD_IQA, address);
	return vtd_unit_command(unit, GCMD_QIE, true);
}
EXPORT_SYMBOL_IF_KUNIT(vtd_queue_enable);

/**
 * vtd_queue_disable() - take the ring back from the unit
 * @unit: a unit with a queue, idle
 */
void vtd_queue_disable(struct vtd_unit *unit)
{
	vtd_unit_command(unit, GCMD_QIE, false);
}

/**
 * vtd_queue_create() - allocate a unit's queue
 * @unit: a unit that has ECAP.QI; its mode is settled
 *
 * Return: 0 or -ENOMEM.
 */
int vtd_queue_create(struct vtd_unit *unit)
{
	struct vtd_queue *queue;
	struct page *ring, *status;

	queue = kzalloc_node(sizeof(*queue), GFP_KERNEL, unit->nid);
	if (!queue)
		return -ENOMEM;
	raw_spin_lock_init(&queue->lock);
	/* Scalable mode needs the wide descriptors */
	queue->desc_shift = unit->scalable ? 5 : 4;
	queue->ring_order = get_order(RING_SLOTS << queue->desc_shift);
	queue->flush_ring = !(unit->ecap & ECAP_C);
	queue->next_seq = 1;
	ring = alloc_pages_node(unit->nid, GFP_KERNEL | __GFP_ZERO,
				queue->ring_order);
	status = alloc_pages_node(unit->nid, GFP_KERNEL | __GFP_ZERO,
				  STATUS_ORDER);
	if (!ring || !status) {
		if (ring)
			__free_pages(ring, queue->ring_order);
		if (status)
			__free_pages(status, STATUS_ORDER);
		kfree(queue);
		return -ENOMEM;
	}
	queue->ring = page_address(ring);
	queue->status = page_address(status);
	queue->status_phys = page_to_phys(status);
	unit->queue = queue;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vtd_queue_create);

/**
 * vtd_queue_destroy() - free a unit's queue, which the unit no longer uses
 * @unit: the unit; one without a queue is fine
 */
void vtd_queue_destroy(struct vtd_unit *unit)
{
	struct vtd_queue *queue = unit->queue;

	if (!queue)
		return;
	unit->queue = NULL;
	free_pages((unsigned long)queue->ring, queue->ring_order);
	free_pages((unsigned long)queue->status, STATUS_ORDER);
	kfree(queue);
}
EXPORT_SYMBOL_IF_KUNIT(vtd_queue_destroy);
