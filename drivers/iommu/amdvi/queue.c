// SPDX-License-Identifier: GPL-2.0
/*
 * The command buffer of a unit. For each request:
 *
 *	ensure room in the ring
 *	write the commands, and a COMPLETION_WAIT with the number of the batch
 *	write the tail register
 *	wait until the unit has stored the number
 *
 * ../common/ring.h explains how CPUs share the ring: a request is a batch of
 * commands that a wait ends, and the caller spins on a status word of its own.
 * The unit stores 64 bits there, whose upper bits are 0.
 *
 * The unit stops at a command that it refuses (section 2.4.12). Such a command
 * is logged and replaced by a wait without effect, and the unit continues behind
 * it. If it was for a device-TLB, that is lost (../common/ats.c). A device that
 * does not answer the invalidation of its device-TLB does not stop the unit:
 * after the timeout set in the control register the unit completes the command
 * and logs an event (fault.c), for which inval.c looks.
 *
 * A unit that takes no command for too long gets a second chance: its command
 * buffer is disabled, and enabled again, empty. It is dead if it does not stop
 * using the buffer then, or takes nothing from the new one.
 *
 * After a refusal or a restart each caller with a batch in the ring sends it
 * again.
 *
 * Locks: the lock of the ring, also while a refused command is replaced.
 */
#define pr_fmt(fmt) "amdvi: " fmt

#include <kunit/visibility.h>
#include <linux/iopoll.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include <compat/uninitialized.h>

#include "../common/ring.h"
#include "../common/trace.h"
#include "regs.h"
#include "unit.h"

/* How long a unit may take to continue after a command that it refused */
#define RESTART_US	10000

struct amdvi_queue {
	struct iommu_ring ring;
	bool shows_run;
};

/*
 * Has the unit stopped at a command? Some emulated units never set the status
 * bit that shows that they run; these do not stop either.
 */
static bool amdvi_queue_has_stopped(struct amdvi_unit *unit)
{
	return unit->queue->shows_run &&
	       !(amdvi_read(unit, AMDVI_STATUS) & STATUS_CMD_RUN);
}

/* Wait for the bit that shows that the unit runs: until then it looks stopped */
static void amdvi_queue_await_run(struct amdvi_unit *unit)
{
	u64 status;

	readq_poll_timeout_atomic(unit->regs + AMDVI_STATUS, status,
				  status & STATUS_CMD_RUN, 1,
				  RESTART_US + unit->common.slack_us);
}

static bool amdvi_queue_asks(const struct amdvi_command *command)
{
	return FIELD_GET(CMD_OPCODE, command->q[0]) == CMD_INVAL_IOTLB;
}

static void amdvi_queue_mend(struct iommu_unit *common)
{
	struct amdvi_unit *unit = to_amdvi_unit(common);
	struct amdvi_queue *queue = unit->queue;
	struct amdvi_command *bad;
	unsigned long flags;
	u64 head;

	if (!amdvi_queue_has_stopped(unit))
		return;
	raw_spin_lock_irqsave(&queue->ring.lock, flags);
	if (!amdvi_queue_has_stopped(unit))
		goto out;
	head = amdvi_read(unit, AMDVI_CMD_HEAD);
	iommu_ring_drop(&queue->ring);
	bad = iommu_ring_slot(&queue->ring, FIELD_GET(RING_POINTER, head) %
					    IOMMU_RING_SLOTS);
	queue->ring.counts.errors++;
	unit_err(unit, "command %016llx %016llx refused; skipped\n",
		 bad->q[0], bad->q[1]);
	if (amdvi_queue_asks(bad))
		iommu_unit_ats_lost(common,
				    FIELD_GET(INVAL_DEVICE_ID, bad->q[0]),
				    "the unit refuses to invalidate its device-TLB");
	amdvi_unit_control(unit, 0, CONTROL_CMD_BUF_EN);
	*bad = (struct amdvi_command){ {
		FIELD_PREP(CMD_OPCODE, CMD_COMPLETION_WAIT),
	} };
	amdvi_unit_control(unit, CONTROL_CMD_BUF_EN, 0);
	amdvi_queue_await_run(unit);
out:
	raw_spin_unlock_irqrestore(&queue->ring.lock, flags);
}

/* Write the registers of an empty command buffer, and enable it */
static void amdvi_queue_write_registers(struct amdvi_unit *unit)
{
	const struct iommu_ring *ring = &unit->queue->ring;

	amdvi_write(unit, AMDVI_CMDBUF, virt_to_phys(ring->slots) |
		    FIELD_PREP(RING_LEN, ilog2(IOMMU_RING_SLOTS)));
	amdvi_write(unit, AMDVI_CMD_HEAD, 0);
	amdvi_write(unit, AMDVI_CMD_TAIL, 0);
	amdvi_unit_control(unit, CONTROL_CMD_BUF_EN, 0);
}

static void amdvi_queue_restart(struct iommu_unit *common)
{
	struct amdvi_unit *unit = to_amdvi_unit(common);
	struct amdvi_queue *queue = unit->queue;
	u64 status;

	lockdep_assert_held(&queue->ring.lock);
	unit_err(unit, "the command buffer stands still; it is started again\n");
	amdvi_unit_control(unit, 0, CONTROL_CMD_BUF_EN);
	if (queue->shows_run &&
	    readq_poll_timeout_atomic(unit->regs + AMDVI_STATUS, status,
				      !(status & STATUS_CMD_RUN), 1,
				      RESTART_US + unit->common.slack_us)) {
		amdvi_unit_lost(unit, "the command buffer");
		return;
	}
	iommu_ring_restarted(&queue->ring, common);
	amdvi_queue_write_registers(unit);
	if (queue->shows_run)
		amdvi_queue_await_run(unit);
}

static void amdvi_queue_give_up(struct iommu_unit *common)
{
	amdvi_unit_lost(to_amdvi_unit(common), "the command buffer");
}

static u64 amdvi_queue_head(struct iommu_unit *unit)
{
	return amdvi_read(to_amdvi_unit(unit), AMDVI_CMD_HEAD);
}

static struct iommu_ring *amdvi_queue_ring(struct iommu_unit *unit)
{
	return &to_amdvi_unit(unit)->queue->ring;
}

static const struct iommu_spin_ops spin_ops = {
	.mend = amdvi_queue_mend,
	.restart = amdvi_queue_restart,
	.give_up = amdvi_queue_give_up,
	.head = amdvi_queue_head,
	.ring = amdvi_queue_ring,
};

/* Write a batch and its wait into the ring, and announce them to the unit */
static void amdvi_queue_emit(struct amdvi_unit *unit,
			     const struct amdvi_command *commands,
			     unsigned int nr,
			     const struct iommu_ring_batch *batch)
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
	/* Those that ask devices stand behind all others */
	if (amdvi_queue_asks(&commands[nr - 1]))
		ring->asking = *batch;
	/* writeq() orders the writes to the ring before the tail */
	amdvi_write(unit, AMDVI_CMD_TAIL, ring->tail * RING_ENTRY_BYTES);
}

/* @drops: set to the drops of the ring at that time */
static int amdvi_queue_submit(struct amdvi_unit *unit,
			      const struct amdvi_command *commands,
			      unsigned int nr, struct iommu_ring_batch *batch,
			      unsigned int *drops)
{
	struct iommu_ring *ring = &unit->queue->ring;
	struct iommu_spin spin compat_uninitialized;
	unsigned long flags;

	iommu_spin_start(&spin);
	do {
		raw_spin_lock_irqsave(&ring->lock, flags);
		if (iommu_ring_take(ring, nr, batch)) {
			*drops = ring->drops;
			amdvi_queue_emit(unit, commands, nr, batch);
			raw_spin_unlock_irqrestore(&ring->lock, flags);
			return 0;
		}
		raw_spin_unlock_irqrestore(&ring->lock, flags);
	} while (iommu_spin_on(&spin, &unit->common, &spin_ops));
	return -EIO;
}

/* Returns -EAGAIN if the batch may not have been carried out */
static int amdvi_queue_wait(struct amdvi_unit *unit,
			    const struct iommu_ring_batch *batch,
			    unsigned int drops)
{
	struct iommu_ring *ring = &unit->queue->ring;
	struct iommu_spin spin compat_uninitialized;

	iommu_spin_start(&spin);
	while (!iommu_ring_is_done(ring, batch))
		if (!iommu_spin_on(&spin, &unit->common, &spin_ops))
			return -EIO;
	return READ_ONCE(ring->drops) == drops ? 0 : -EAGAIN;
}

/**
 * amdvi_queue_run() - send commands and wait until they are done
 * @unit: a started unit
 * @commands: the commands
 * @nr: their number, at most AMDVI_BATCH_MAX
 *
 * Context: any; spins. No lock is held while waiting.
 * Return: 0; -EIO if the unit does not answer; -EAGAIN if the commands may not
 * have been carried out, and the caller should send them again, without those
 * for device-TLBs that are lost now.
 */
int amdvi_queue_run(struct amdvi_unit *unit,
		    const struct amdvi_command *commands, unsigned int nr)
{
	struct iommu_ring_batch batch = { };
	unsigned int drops;
	int ret;

	if (WARN_ON_ONCE(nr > AMDVI_BATCH_MAX))
		return -EINVAL;
	if (READ_ONCE(unit->common.dead))
		return -EIO;
	if (READ_ONCE(unit->disabled))
		return 0;
	ret = amdvi_queue_submit(unit, commands, nr, &batch, &drops);
	if (!ret)
		ret = amdvi_queue_wait(unit, &batch, drops);
	trace_iommu_unit_invalidate(unit->common.name, batch.seq,
				    commands[0].q[0], commands[0].q[1], nr,
				    ret);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_queue_run);

/**
 * amdvi_queue_timed_out() - count a device-TLB invalidation that timed out
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
 * amdvi_queue_count() - read the counts of a unit's command buffer
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
 * amdvi_queue_install() - set up an empty command buffer, and enable it
 * @unit: an enabled unit whose command buffer is disabled
 */
void amdvi_queue_install(struct amdvi_unit *unit)
{
	struct amdvi_queue *queue = unit->queue;

	iommu_ring_reset(&queue->ring);
	amdvi_queue_write_registers(unit);
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
 * amdvi_queue_destroy() - free the command buffer of a disabled unit
 * @unit: the unit; one without a command buffer is fine
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
