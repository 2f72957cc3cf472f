// SPDX-License-Identifier: GPL-2.0
/*
 * The command buffer of a unit: ensure room, emit commands, emit a
 * COMPLETION_WAIT, ring the doorbell, wait for the batch's number.
 *
 * How the ring is shared is told in ../common/ring.h: a request is a batch of
 * commands that a wait ends, and the caller spins on a status word of its own.
 * The unit stores 64 bits there, the upper ones of which are 0.
 *
 * A command that the unit refuses stops it (section 2.4.12). It is replaced by
 * a wait without effect and the unit goes on behind it; the log has it, since
 * it is a driver error. A device that does not answer the invalidation of its
 * IOTLB does not stop the unit: after the time set in the control register the
 * unit counts it as done and logs an event (fault.c).
 *
 * Locks: the ring's, over its mending too.
 */
#define pr_fmt(fmt) "amdvi: " fmt

#include <kunit/visibility.h>
#include <linux/iopoll.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "../common/ring.h"
#include "../common/trace.h"
#include "regs.h"
#include "unit.h"

/* How long a unit may take to go on after a command that it refused */
#define RESTART_US	10000

struct amdvi_queue {
	struct iommu_ring ring;
	bool shows_run;
};

/*
 * Has the unit stopped at a command? Some emulated units never show that they
 * run, and do not stop either.
 */
static bool has_stopped(struct amdvi_unit *unit)
{
	return unit->queue->shows_run &&
	       !(amdvi_read(unit, AMDVI_STATUS) & STATUS_CMD_RUN);
}

static void mend(struct iommu_unit *common)
{
	struct amdvi_unit *unit = to_amdvi_unit(common);
	struct amdvi_queue *queue = unit->queue;
	struct amdvi_command *bad;
	unsigned long flags;
	u64 head, status;

	if (!has_stopped(unit))
		return;
	raw_spin_lock_irqsave(&queue->ring.lock, flags);
	if (!has_stopped(unit))
		goto out;
	head = amdvi_read(unit, AMDVI_CMD_HEAD);
	bad = iommu_ring_slot(&queue->ring, FIELD_GET(RING_POINTER, head) %
					    IOMMU_RING_SLOTS);
	queue->ring.counts.errors++;
	unit_err(unit, "command %016llx %016llx refused; passed over\n",
		 bad->q[0], bad->q[1]);
	amdvi_unit_control(unit, 0, CONTROL_CMD_BUF_EN);
	*bad = (struct amdvi_command){ {
		FIELD_PREP(CMD_OPCODE, CMD_COMPLETION_WAIT),
	} };
	amdvi_unit_control(unit, CONTROL_CMD_BUF_EN, 0);
	/* Else it would be found stopped once more */
	readq_poll_timeout_atomic(unit->regs + AMDVI_STATUS, status,
				  status & STATUS_CMD_RUN, 1,
				  RESTART_US + common->slack_us);
out:
	raw_spin_unlock_irqrestore(&queue->ring.lock, flags);
}

static void lost(struct iommu_unit *unit)
{
	amdvi_unit_lost(to_amdvi_unit(unit), "the command buffer");
}

static const struct iommu_spin_ops spin_ops = {
	.mend = mend,
	.lost = lost,
	.timeout_us = AMDVI_TIMEOUT_US,
};

/* Put a batch and its wait into its slots, and ring the doorbell */
static void emit(struct amdvi_unit *unit, const struct amdvi_command *commands,
		 unsigned int nr, const struct iommu_ring_batch *batch)
{
	struct iommu_ring *ring = &unit->queue->ring;
	struct amdvi_command *slots = ring->slots;
	unsigned int i;

	lockdep_assert_held(&ring->lock);
	for (i = 0; i < nr; i++)
		slots[iommu_ring_next(batch->start, i)] = commands[i];
	slots[batch->wait] = (struct amdvi_command){ {
		FIELD_PREP(CMD_OPCODE, CMD_COMPLETION_WAIT) | WAIT_STORE |
			(iommu_ring_status_phys(ring, batch->wait) &
			 WAIT_ADDRESS),
		batch->seq,
	} };
	/* writeq() orders the ring before the doorbell */
	amdvi_write(unit, AMDVI_CMD_TAIL, ring->tail * RING_ENTRY_BYTES);
}

static int submit(struct amdvi_unit *unit, const struct amdvi_command *commands,
		  unsigned int nr, struct iommu_ring_batch *batch)
{
	struct iommu_ring *ring = &unit->queue->ring;
	struct iommu_spin spin = { };
	unsigned long flags;

	do {
		raw_spin_lock_irqsave(&ring->lock, flags);
		if (iommu_ring_take(ring, nr, batch)) {
			emit(unit, commands, nr, batch);
			raw_spin_unlock_irqrestore(&ring->lock, flags);
			return 0;
		}
		raw_spin_unlock_irqrestore(&ring->lock, flags);
	} while (iommu_spin_on(&spin, &unit->common, &spin_ops));
	return -EIO;
}

static int wait_for_batch(struct amdvi_unit *unit,
			  const struct iommu_ring_batch *batch)
{
	struct iommu_spin spin = { };

	while (!iommu_ring_is_done(&unit->queue->ring, batch))
		if (!iommu_spin_on(&spin, &unit->common, &spin_ops))
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
	struct iommu_ring_batch batch = { };
	int ret;

	if (WARN_ON_ONCE(nr > AMDVI_BATCH_MAX))
		return -EINVAL;
	if (READ_ONCE(unit->common.dead))
		return -EIO;
	ret = submit(unit, commands, nr, &batch);
	if (!ret)
		ret = wait_for_batch(unit, &batch);
	trace_iommu_unit_invalidate(unit->common.name, batch.seq,
				    commands[0].q[0], commands[0].q[1], nr,
				    ret);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_queue_run);

/**
 * amdvi_queue_timed_out() - count a device that did not answer
 * @unit: the unit
 */
void amdvi_queue_timed_out(struct amdvi_unit *unit)
{
	struct iommu_ring *ring = &unit->queue->ring;
	unsigned long flags;

	raw_spin_lock_irqsave(&ring->lock, flags);
	ring->counts.timeouts++;
	raw_spin_unlock_irqrestore(&ring->lock, flags);
}

/**
 * amdvi_queue_count() - what has gone through a unit's command buffer
 * @unit: the unit
 * @counts: filled in
 */
void amdvi_queue_count(struct amdvi_unit *unit,
		       struct iommu_ring_counts *counts)
{
	iommu_ring_count(&unit->queue->ring, counts);
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_queue_count);

/**
 * amdvi_queue_install() - give the ring to the unit, empty, and let it run
 * @unit: a unit that is switched on, its command buffer still off
 */
void amdvi_queue_install(struct amdvi_unit *unit)
{
	struct amdvi_queue *queue = unit->queue;

	iommu_ring_reset(&queue->ring);
	amdvi_write(unit, AMDVI_CMDBUF, virt_to_phys(queue->ring.slots) |
		    FIELD_PREP(RING_LEN, ilog2(IOMMU_RING_SLOTS)));
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
	struct amdvi_queue *queue;
	int ret;

	queue = kzalloc_node(sizeof(*queue), GFP_KERNEL, unit->nid);
	if (!queue)
		return -ENOMEM;
	ret = iommu_ring_create(&queue->ring, ilog2(RING_ENTRY_BYTES),
				unit->nid);
	if (ret) {
		kfree(queue);
		return ret;
	}
	unit->queue = queue;
	return 0;
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
	iommu_ring_destroy(&queue->ring);
	kfree(queue);
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_queue_destroy);
