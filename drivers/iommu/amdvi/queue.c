// SPDX-License-Identifier: GPL-2.0
/*
 * The command buffer of a unit: ensure room, emit commands, emit a
 * COMPLETION_WAIT, ring the doorbell, wait for the batch's number.
 *
 * A request is a batch of commands that a wait ends. Batches are numbered in
 * the order in which they enter the ring. When the unit comes to a wait, all
 * that stands before it is done, and it stores the batch's number in the status
 * word of the ring slot in which the wait stands. The caller spins on that
 * word, in a cache line of its own, and holds no lock meanwhile; so any number
 * of CPUs have batches in the ring at once.
 *
 * A status word is never reset: a number that is as large or larger says that
 * the batch is done, so that a slot may be used again before its caller has
 * looked. Numbers have 64 bits and do not wrap.
 *
 * Room comes from the oldest batches, found done by their status words; the
 * head register is not read, which would cost an exit in a virtual machine.
 *
 *	clean			oldest slot still in use, start of batch clean_seq
 *	length[clean]		slots of that batch
 *	tail			where the next batch begins
 *
 * A command that the unit refuses stops it (section 2.4.12). It is replaced by
 * a wait without effect and the unit goes on behind it; the log has it, since
 * it is a driver error. A device that does not answer the invalidation of its
 * IOTLB does not stop the unit: after the time set in the control register the
 * unit counts it as done and logs an event (fault.c).
 *
 * Locks: @lock, raw, with interrupts off, protects the ring and its mending.
 */
#define pr_fmt(fmt) "amdvi: " fmt

#include <kunit/visibility.h>
#include <linux/gfp.h>
#include <linux/iopoll.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "trace.h"
#include "unit.h"

#define RING_SLOTS	512
#define RING_ORDER	get_order(RING_SLOTS * RING_ENTRY_BYTES)
#define STATUS_STRIDE	(SMP_CACHE_BYTES / sizeof(u64))
#define STATUS_ORDER	get_order(RING_SLOTS * SMP_CACHE_BYTES)
/* Spins between two looks at the status register */
#define SPINS_PER_LOOK	4096
/* How long a unit may take to go on after a command that it refused */
#define RESTART_US	10000

struct amdvi_queue {
	raw_spinlock_t lock;
	struct amdvi_command *ring;
	u64 *status;
	phys_addr_t status_phys;
	unsigned int tail;
	unsigned int clean;
	unsigned int used;
	u64 next_seq;
	u64 clean_seq;
	bool shows_run;
	u8 length[RING_SLOTS];
	struct amdvi_queue_counts counts;
};

static_assert(AMDVI_BATCH_MAX + 1 <= U8_MAX);

static u64 *slot_status(const struct amdvi_queue *queue, unsigned int slot)
{
	return queue->status + slot * STATUS_STRIDE;
}

static unsigned int next_slot(unsigned int slot, unsigned int step)
{
	return (slot + step) % RING_SLOTS;
}

/* Take back the slots of batches that are done */
static void reclaim(struct amdvi_queue *queue)
{
	lockdep_assert_held(&queue->lock);
	while (queue->used) {
		unsigned int length = queue->length[queue->clean];
		unsigned int wait = next_slot(queue->clean, length - 1);

		if (READ_ONCE(*slot_status(queue, wait)) < queue->clean_seq)
			break;
		queue->clean = next_slot(queue->clean, length);
		queue->used -= length;
		queue->clean_seq++;
	}
}

/*
 * Has the unit stopped at a command? Some emulated units never show that they
 * run, and do not stop either.
 */
static bool has_stopped(struct amdvi_unit *unit)
{
	return unit->queue->shows_run &&
	       !(amdvi_read(unit, AMDVI_STATUS) & STATUS_CMD_RUN);
}

static void mend(struct amdvi_unit *unit)
{
	struct amdvi_queue *queue = unit->queue;
	struct amdvi_command *bad;
	unsigned long flags;
	u64 head, status;

	if (!has_stopped(unit))
		return;
	raw_spin_lock_irqsave(&queue->lock, flags);
	if (!has_stopped(unit))
		goto out;
	head = amdvi_read(unit, AMDVI_CMD_HEAD);
	bad = queue->ring + FIELD_GET(RING_POINTER, head) % RING_SLOTS;
	queue->counts.errors++;
	unit_err(unit, "command %016llx %016llx refused; passed over\n",
		 bad->q[0], bad->q[1]);
	amdvi_unit_control(unit, 0, CONTROL_CMD_BUF_EN);
	*bad = (struct amdvi_command){ {
		FIELD_PREP(CMD_OPCODE, CMD_COMPLETION_WAIT),
	} };
	amdvi_unit_control(unit, CONTROL_CMD_BUF_EN, 0);
	/* Else it would be found stopped once more */
	readq_poll_timeout_atomic(unit->regs + AMDVI_STATUS, status,
				  status & STATUS_CMD_RUN, 0, RESTART_US);
out:
	raw_spin_unlock_irqrestore(&queue->lock, flags);
}

/* A spin that looks after the unit now and then, and ends */
struct spin {
	unsigned int count;
	ktime_t deadline;
};

static bool spin_on(struct amdvi_unit *unit, struct spin *spin)
{
	cpu_relax();
	if (++spin->count % SPINS_PER_LOOK)
		return !READ_ONCE(unit->dead);
	if (spin->count == SPINS_PER_LOOK)
		spin->deadline = ktime_add_us(ktime_get(), AMDVI_TIMEOUT_US);
	else if (ktime_after(ktime_get(), spin->deadline))
		amdvi_unit_lost(unit, "the command buffer");
	mend(unit);
	return !READ_ONCE(unit->dead);
}

/* A batch in the ring: where its wait is, and its number */
struct batch {
	unsigned int slot;
	u64 seq;
};

/* Put a batch and its wait into the ring, and ring the doorbell */
static void emit(struct amdvi_unit *unit, const struct amdvi_command *commands,
		 unsigned int nr, struct batch *batch)
{
	struct amdvi_queue *queue = unit->queue;
	unsigned int start = queue->tail, i;

	lockdep_assert_held(&queue->lock);
	for (i = 0; i < nr; i++)
		queue->ring[next_slot(start, i)] = commands[i];
	batch->slot = next_slot(start, nr);
	batch->seq = queue->next_seq++;
	queue->ring[batch->slot] = (struct amdvi_command){ {
		FIELD_PREP(CMD_OPCODE, CMD_COMPLETION_WAIT) | WAIT_STORE |
			((queue->status_phys + batch->slot * SMP_CACHE_BYTES) &
			 WAIT_ADDRESS),
		batch->seq,
	} };
	queue->length[start] = nr + 1;
	queue->used += nr + 1;
	queue->tail = next_slot(batch->slot, 1);
	queue->counts.requests++;
	queue->counts.commands += nr + 1;
	/* writeq() orders the ring before the doorbell */
	amdvi_write(unit, AMDVI_CMD_TAIL, queue->tail * RING_ENTRY_BYTES);
}

static int submit(struct amdvi_unit *unit, const struct amdvi_command *commands,
		  unsigned int nr, struct batch *batch)
{
	struct amdvi_queue *queue = unit->queue;
	struct spin spin = { };
	unsigned long flags;

	do {
		raw_spin_lock_irqsave(&queue->lock, flags);
		/* One slot stays free: a full ring would look empty */
		if (queue->used + nr + 1 >= RING_SLOTS)
			reclaim(queue);
		if (queue->used + nr + 1 < RING_SLOTS) {
			emit(unit, commands, nr, batch);
			raw_spin_unlock_irqrestore(&queue->lock, flags);
			return 0;
		}
		raw_spin_unlock_irqrestore(&queue->lock, flags);
	} while (spin_on(unit, &spin));
	return -EIO;
}

static int wait_for_batch(struct amdvi_unit *unit, const struct batch *batch)
{
	u64 *status = slot_status(unit->queue, batch->slot);
	struct spin spin = { };

	/* Acquire: what the caller does next comes after the invalidation */
	while (smp_load_acquire(status) < batch->seq)
		if (!spin_on(unit, &spin))
			return -EIO;
	return 0;
}

/**
 * amdvi_queue_run() - send commands and wait until they are done
 * @unit: a started unit
 * @commands: the commands
 * @nr: how many, at most AMDVI_BATCH_MAX
 *
 * Context: any; spins. No lock is held while waiting.
 * Return: 0, or -EIO if the unit does not answer.
 */
int amdvi_queue_run(struct amdvi_unit *unit,
		    const struct amdvi_command *commands, unsigned int nr)
{
	struct batch batch = { };
	int ret;

	if (WARN_ON_ONCE(nr > AMDVI_BATCH_MAX))
		return -EINVAL;
	if (READ_ONCE(unit->dead))
		return -EIO;
	ret = submit(unit, commands, nr, &batch);
	if (!ret)
		ret = wait_for_batch(unit, &batch);
	trace_amdvi_invalidate(unit->name, batch.seq, commands[0].q[0],
			       commands[0].q[1], nr, ret);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_queue_run);

/**
 * amdvi_queue_timed_out() - count a device that did not answer
 * @unit: the unit
 */
void amdvi_queue_timed_out(struct amdvi_unit *unit)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&unit->queue->lock, flags);
	unit->queue->counts.timeouts++;
	raw_spin_unlock_irqrestore(&unit->queue->lock, flags);
}

/**
 * amdvi_queue_count() - what has gone through a unit's command buffer
 * @unit: the unit
 * @counts: filled in
 */
void amdvi_queue_count(struct amdvi_unit *unit,
		       struct amdvi_queue_counts *counts)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&unit->queue->lock, flags);
	*counts = unit->queue->counts;
	raw_spin_unlock_irqrestore(&unit->queue->lock, flags);
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_queue_count);

/**
 * amdvi_queue_install() - give the ring to the unit, empty, and let it run
 * @unit: a unit that is switched on, its command buffer still off
 */
void amdvi_queue_install(struct amdvi_unit *unit)
{
	struct amdvi_queue *queue = unit->queue;

	queue->tail = 0;
	queue->clean = 0;
	queue->used = 0;
	queue->clean_seq = queue->next_seq;
	amdvi_write(unit, AMDVI_CMDBUF, virt_to_phys(queue->ring) |
		    FIELD_PREP(RING_LEN, ilog2(RING_SLOTS)));
	amdvi_write(unit, AMDVI_CMD_HEAD, 0);
	amdvi_write(unit, AMDVI_CMD_TAIL, 0);
	amdvi_unit_control(unit, CONTROL_CMD_BUF_EN, 0);
	queue->shows_run = amdvi_read(unit, AMDVI_STATUS) & STATUS_CMD_RUN;
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_queue_install);

/**
 * amdvi_queue_create() - allocate a unit's command buffer
 * @unit: the unit
 *
 * Return: 0 or -ENOMEM.
 */
int amdvi_queue_create(struct amdvi_unit *unit)
{
	struct page *ring, *status;
	struct amdvi_queue *queue;

	queue = kzalloc_node(sizeof(*queue), GFP_KERNEL, unit->nid);
	if (!queue)
		return -ENOMEM;
	raw_spin_lock_init(&queue->lock);
	queue->next_seq = 1;
	ring = alloc_pages_node(unit->nid, GFP_KERNEL | __GFP_ZERO, RING_ORDER);
	status = alloc_pages_node(unit->nid, GFP_KERNEL | __GFP_ZERO,
				  STATUS_ORDER);
	if (!ring || !status)
		goto err;
	queue->ring = page_address(ring);
	queue->status = page_address(status);
	queue->status_phys = page_to_phys(status);
	unit->queue = queue;
	return 0;
err:
	if (ring)
		__free_pages(ring, RING_ORDER);
	if (status)
		__free_pages(status, STATUS_ORDER);
	kfree(queue);
	return -ENOMEM;
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_queue_create);

/**
 * amdvi_queue_destroy() - free a command buffer, which the unit no longer uses
 * @unit: the unit; one without is fine
 */
void amdvi_queue_destroy(struct amdvi_unit *unit)
{
	struct amdvi_queue *queue = unit->queue;

	if (!queue)
		return;
	unit->queue = NULL;
	free_pages((unsigned long)queue->ring, RING_ORDER);
	free_pages((unsigned long)queue->status, STATUS_ORDER);
	kfree(queue);
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_queue_destroy);
