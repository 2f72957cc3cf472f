// SPDX-License-Identifier: GPL-2.0
/*
 * The invalidation queue of a unit: reserve slots, write descriptors, write a
 * wait descriptor, ring the doorbell, wait for the sequence number.
 *
 * ../common/ring.h describes how CPUs share the ring: a request is a batch of
 * descriptors that ends with a wait descriptor, and the caller spins on a
 * status word of its own.
 *
 * Errors stop the unit, or drop waits (sections 6.5.2.10 and 6.5.2.11):
 *
 * - IQE: the unit refuses a descriptor. It is replaced by a wait descriptor for
 *   which no caller waits, the unit continues, and the log reports it. If it was
 *   for a device-TLB, that is lost (../common/ats.c).
 * - ITE: a device does not answer a device-TLB invalidation. The unit drops the
 *   waits that it has fetched. They count as done. The device-TLB is lost. Older
 *   units do not say which device it was: then those of all devices are lost
 *   that the dropped batches ask.
 * - ICE: a completion for which there was no invalidation. It is cleared and
 *   logged.
 *
 * A unit that takes no descriptor for too long gets a second chance: the queue
 * is disabled and enabled again, empty. Device-TLBs that it was asking are lost.
 * It is dead if it does not answer then, or stops again before it has carried
 * out anything.
 *
 * After each of these, except ICE, no caller can tell what has become of its
 * batch. Each with a batch in the ring sends it again, without the device-TLBs
 * that are lost. None counts as carried out that was not.
 *
 * Locks: the ring's lock, also while errors are handled.
 */
#define pr_fmt(fmt) "vtd: " fmt

#include <kunit/visibility.h>
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/kmemleak.h>
#include <linux/slab.h>

#include <asm/cacheflush.h>

#include <compat/uninitialized.h>

#include "../common/ring.h"
#include "../common/trace.h"
#include "device.h"
#include "regs.h"
#include "unit.h"

/* Sizes of a descriptor: scalable mode needs wide descriptors */
#define SHIFT_NARROW	4
#define SHIFT_WIDE	5

/**
 * struct vtd_queue - the queue of a unit
 * @ring: the ring
 * @flush_ring: the unit does not snoop: flush what is written
 */
struct vtd_queue {
	struct iommu_ring ring;
	bool flush_ring;
};

static void vtd_queue_write_desc(struct vtd_queue *queue, unsigned int slot,
				 const struct vtd_desc *desc)
{
	u64 *to = iommu_ring_slot(&queue->ring, slot);

	to[0] = desc->q[0];
	to[1] = desc->q[1];
	if (queue->ring.slot_shift == SHIFT_WIDE) {
		to[2] = desc->q[2];
		to[3] = desc->q[3];
	}
}

/* Flush slots from @first on, for a unit that does not snoop */
static void vtd_queue_flush(struct vtd_queue *queue, unsigned int first,
			    unsigned int nr)
{
	unsigned int to_end = min(nr, IOMMU_RING_SLOTS - first);
	unsigned int shift = queue->ring.slot_shift;

	if (!queue->flush_ring)
		return;
	clflush_cache_range(iommu_ring_slot(&queue->ring, first),
			    to_end << shift);
	if (to_end < nr)
		clflush_cache_range(iommu_ring_slot(&queue->ring, 0),
				    (nr - to_end) << shift);
}

static struct vtd_desc wait_desc(const struct vtd_queue *queue,
				 const struct iommu_ring_batch *batch)
{
	return (struct vtd_desc){ {
		FIELD_PREP(QI_TYPE, QI_WAIT) | QI_WAIT_SW |
			FIELD_PREP(QI_WAIT_DATA, batch->seq),
		iommu_ring_status_phys(&queue->ring, batch->wait),
	} };
}

static void vtd_queue_ring_doorbell(struct vtd_unit *unit)
{
	struct vtd_queue *queue = unit->queue;

	/* writeq() orders the ring before the doorbell */
	vtd_write64(unit, VTD_IQT,
		    (u64)queue->ring.tail << queue->ring.slot_shift);
}

/* A descriptor that asks a device to invalidate its device-TLB */
static bool vtd_queue_asks(const u64 *desc, u16 *source_id)
{
	*source_id = FIELD_GET(QI_DEV_SID, desc[0]);
	return FIELD_GET(QI_TYPE, desc[0]) == QI_DEV_IOTLB;
}

/*
 * Declare the device-TLB of @source_id lost; or if @everyone, of every device
 * that a batch asks which is not done. Batches from slot @head on have not been
 * fetched; if the ring is full of others, @head is IOMMU_RING_SLOTS.
 *
 * Returns whether there was any.
 */
static bool vtd_queue_blame(struct vtd_unit *unit, unsigned int head,
			    u16 source_id, bool everyone, const char *why)
{
	struct iommu_ring *ring = &unit->queue->ring;
	unsigned int at = ring->clean, left = ring->used;
	struct iommu_ring_batch batch = { .seq = ring->clean_seq };
	bool any = false;
	u16 asked;

	lockdep_assert_held(&ring->lock);
	for (; left && at != head; batch.seq++) {
		unsigned int length = ring->length[at], i;

		batch.wait = iommu_ring_next(at, length - 1);
		left -= length;
		if (iommu_ring_is_done(ring, &batch)) {
			at = iommu_ring_next(at, length);
			continue;
		}
		for (i = 0; i < length && at != head; i++) {
			if (vtd_queue_asks(iommu_ring_slot(ring, at), &asked) &&
			    (everyone || asked == source_id))
				any |= iommu_unit_ats_lost(&unit->common,
							   asked, why);
			at = iommu_ring_next(at, 1);
		}
	}
	return any;
}

static void replace_refused(struct vtd_unit *unit, unsigned int head)
{
	struct vtd_queue *queue = unit->queue;
	const u64 *bad = iommu_ring_slot(&queue->ring, head);
	/* Store a number that is not read: an emulator needs some effect */
	struct vtd_desc idle = { {
		FIELD_PREP(QI_TYPE, QI_WAIT) | QI_WAIT_SW,
		iommu_ring_status_phys(&queue->ring, head) + sizeof(u32),
	} };
	u64 record = vtd_read64(unit, VTD_IQERCD);
	u16 source_id;

	queue->ring.counts.errors++;
	iommu_ring_drop(&queue->ring);
	if (vtd_queue_asks(bad, &source_id))
		iommu_unit_ats_lost(&unit->common, source_id,
				    "the unit refuses to invalidate its device-TLB");
	pr_err_ratelimited("%s: invalidation descriptor %016llx %016llx refused, code %llu; skipped\n",
			   unit->common.name, bad[0], bad[1],
			   FIELD_GET(IQERCD_IQEI, record));
	vtd_queue_write_desc(queue, head, &idle);
	vtd_queue_flush(queue, head, 1);
}

static void vtd_queue_device_is_mute(struct vtd_unit *unit, unsigned int head)
{
	u16 source_id = FIELD_GET(IQERCD_ITESID, vtd_read64(unit, VTD_IQERCD));
	struct vtd_queue *queue = unit->queue;

	queue->ring.counts.timeouts++;
	iommu_ring_drop(&queue->ring);
	if (!vtd_queue_blame(unit, head, source_id, false,
			     "it does not answer invalidations of its device-TLB") &&
	    !vtd_queue_blame(unit, head, 0, true,
			     "it, or another device, does not answer invalidations of its device-TLB"))
		unit_err(unit, "device %02x:%02x.%d, which was not asked, does not answer device-TLB invalidation\n",
			 PCI_BUS_NUM(source_id), PCI_SLOT(source_id),
			 PCI_FUNC(source_id));
	/* Their waits are dropped too */
	iommu_ring_complete(&queue->ring, head);
}

/*
 * Check for errors that stop the queue, and handle them. Clearing the status
 * bits lets the unit continue; an emulated unit continues only when the
 * doorbell is rung once more.
 */
static void vtd_queue_mend(struct iommu_unit *common)
{
	struct vtd_unit *unit = to_vtd_unit(common);
	struct vtd_queue *queue = unit->queue;
	unsigned int head;
	unsigned long flags;
	u32 status;

	status = vtd_read(unit, VTD_FSTS);
	if (!(status & (FSTS_IQE | FSTS_ITE | FSTS_ICE)))
		return;
	raw_spin_lock_irqsave(&queue->ring.lock, flags);
	status = vtd_read(unit, VTD_FSTS);
	head = (vtd_read64(unit, VTD_IQH) >> queue->ring.slot_shift) %
	       IOMMU_RING_SLOTS;
	if (status & FSTS_IQE) {
		replace_refused(unit, head);
		vtd_write(unit, VTD_FSTS, FSTS_IQE);
	}
	if (status & FSTS_ITE) {
		vtd_queue_device_is_mute(unit, head);
		vtd_write(unit, VTD_FSTS, FSTS_ITE);
	}
	if (status & FSTS_ICE) {
		unit_err(unit, "unexpected device-TLB completion from source-id %04llx\n",
			 FIELD_GET(IQERCD_ICESID,
				   vtd_read64(unit, VTD_IQERCD)));
		vtd_write(unit, VTD_FSTS, FSTS_ICE);
	}
	vtd_queue_ring_doorbell(unit);
	raw_spin_unlock_irqrestore(&queue->ring.lock, flags);
}

/* Write an empty ring to the unit's registers, and enable it */
static int vtd_queue_install(struct vtd_unit *unit)
{
	struct iommu_ring *ring = &unit->queue->ring;
	u64 address = virt_to_phys(ring->slots);

	if (ring->slot_shift == SHIFT_WIDE)
		address |= IQA_DW;
	address |= FIELD_PREP(IQA_QS,
			      get_order(IOMMU_RING_SLOTS << ring->slot_shift));
	vtd_write64(unit, VTD_IQT, 0);
	vtd_write64(unit, VTD_IQA, address);
	return vtd_unit_command(unit, GCMD_QIE, true);
}

static void vtd_queue_restart(struct iommu_unit *common)
{
	struct vtd_unit *unit = to_vtd_unit(common);
	struct iommu_ring *ring = &unit->queue->ring;

	lockdep_assert_held(&ring->lock);
	unit_err(unit, "the invalidation queue stands still; it is started again\n");
	vtd_queue_blame(unit, IOMMU_RING_SLOTS, 0, true,
			"its unit waits for it, or for another device, to invalidate its device-TLB");
	if (vtd_unit_command(unit, GCMD_QIE, false))
		return;
	iommu_ring_restarted(ring, common);
	vtd_queue_install(unit);
}

static void vtd_queue_give_up(struct iommu_unit *common)
{
	vtd_unit_lost(to_vtd_unit(common), "the invalidation queue");
}

static u64 vtd_queue_head(struct iommu_unit *unit)
{
	return vtd_read64(to_vtd_unit(unit), VTD_IQH);
}

static struct iommu_ring *vtd_queue_ring(struct iommu_unit *unit)
{
	return &to_vtd_unit(unit)->queue->ring;
}

static const struct iommu_spin_ops spin_ops = {
	.mend = vtd_queue_mend,
	.restart = vtd_queue_restart,
	.give_up = vtd_queue_give_up,
	.head = vtd_queue_head,
	.ring = vtd_queue_ring,
};

/* Write a batch and its wait into its slots, and ring the doorbell */
static void vtd_queue_emit(struct vtd_unit *unit, const struct vtd_desc *descs,
			   unsigned int nr,
			   const struct iommu_ring_batch *batch)
{
	struct vtd_queue *queue = unit->queue;
	struct vtd_desc ending = wait_desc(queue, batch);
	unsigned int i;

	lockdep_assert_held(&queue->ring.lock);
	for (i = 0; i < nr; i++)
		vtd_queue_write_desc(queue, iommu_ring_next(batch->start, i),
				     &descs[i]);
	/* Requests to devices stand behind others in a batch */
	if (FIELD_GET(QI_TYPE, descs[nr - 1].q[0]) == QI_DEV_IOTLB)
		queue->ring.asking = *batch;
	vtd_queue_write_desc(queue, batch->wait, &ending);
	vtd_queue_flush(queue, batch->start, nr + 1);
	vtd_queue_ring_doorbell(unit);
}

/* @drops: set to how often waits were dropped before */
static int vtd_queue_submit(struct vtd_unit *unit, const struct vtd_desc *descs,
			    unsigned int nr, struct iommu_ring_batch *batch,
			    unsigned int *drops)
{
	struct vtd_queue *queue = unit->queue;
	struct iommu_spin spin compat_uninitialized;
	unsigned long flags;

	iommu_spin_start(&spin);
	do {
		raw_spin_lock_irqsave(&queue->ring.lock, flags);
		if (iommu_ring_take(&queue->ring, nr, batch)) {
			*drops = queue->ring.drops;
			vtd_queue_emit(unit, descs, nr, batch);
			raw_spin_unlock_irqrestore(&queue->ring.lock, flags);
			return 0;
		}
		raw_spin_unlock_irqrestore(&queue->ring.lock, flags);
	} while (iommu_spin_on(&spin, &unit->common, &spin_ops));
	return -EIO;
}

/* Returns -EAGAIN if the wait may have been dropped */
static int vtd_queue_wait(struct vtd_unit *unit,
			  const struct iommu_ring_batch *batch,
			  unsigned int drops)
{
	struct vtd_queue *queue = unit->queue;
	struct iommu_spin spin compat_uninitialized;

	iommu_spin_start(&spin);
	while (!iommu_ring_is_done(&queue->ring, batch))
		if (!iommu_spin_on(&spin, &unit->common, &spin_ops))
			return -EIO;
	return READ_ONCE(queue->ring.drops) == drops ? 0 : -EAGAIN;
}

/**
 * vtd_queue_run() - send descriptors and wait until they are complete
 * @unit: a unit with a queue
 * @descs: the descriptors
 * @nr: how many, at most VTD_BATCH_MAX
 *
 * Context: any; spins. No lock is held while waiting.
 * Return: 0; -EIO if the unit does not answer; -EAGAIN if the descriptors may
 * not have been carried out: the unit refused one, or a device behind it did not
 * answer. The caller sends the request again, without device-TLBs that are lost
 * now.
 */
int vtd_queue_run(struct vtd_unit *unit, const struct vtd_desc *descs,
		  unsigned int nr)
{
	struct iommu_ring_batch batch = { };
	unsigned int drops;
	int ret;

	if (WARN_ON_ONCE(nr > VTD_BATCH_MAX))
		return -EINVAL;
	if (READ_ONCE(unit->common.dead))
		return -EIO;
	ret = vtd_queue_submit(unit, descs, nr, &batch, &drops);
	if (!ret)
		ret = vtd_queue_wait(unit, &batch, drops);
	trace_iommu_unit_invalidate(unit->common.name, batch.seq, descs[0].q[0],
				    descs[0].q[1], nr, ret);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(vtd_queue_run);

/**
 * vtd_queue_count() - read the counts of a unit's queue
 * @unit: the unit
 * @counts: filled in; zero for a unit without a queue
 */
void vtd_queue_count(struct vtd_unit *unit, struct iommu_ring_counts *counts)
{
	*counts = (struct iommu_ring_counts){ };
	if (unit->queue)
		iommu_ring_count(&unit->queue->ring, counts);
}
EXPORT_SYMBOL_IF_KUNIT(vtd_queue_count);

/**
 * vtd_queue_enable() - enable the queue with an empty ring
 * @unit: a unit with a queue
 *
 * Return: 0, or -EIO if the unit does not answer.
 */
int vtd_queue_enable(struct vtd_unit *unit)
{
	int ret;

	/* Firmware may have enabled it while the machine slept */
	ret = vtd_read(unit, VTD_GSTS) & GCMD_QIE ?
	      vtd_unit_command(unit, GCMD_QIE, false) : 0;
	if (ret)
		return ret;
	iommu_ring_reset(&unit->queue->ring);
	return vtd_queue_install(unit);
}
EXPORT_SYMBOL_IF_KUNIT(vtd_queue_enable);

/**
 * vtd_queue_disable() - disable the queue
 * @unit: a unit with an idle queue
 *
 * Return: 0, or -EIO: the unit may still use the queue.
 */
int vtd_queue_disable(struct vtd_unit *unit)
{
	return vtd_unit_command(unit, GCMD_QIE, false);
}

/**
 * vtd_queue_create() - allocate a unit's queue
 * @unit: a unit that has ECAP.QI; its mode does not change any more
 *
 * Return: 0 or -ENOMEM.
 */
int vtd_queue_create(struct vtd_unit *unit)
{
	struct vtd_queue *queue;
	int ret;

	queue = kzalloc_node(sizeof(*queue), GFP_KERNEL, unit->nid);
	if (!queue)
		return -ENOMEM;
	queue->flush_ring = !(unit->ecap & ECAP_C);
	ret = iommu_ring_create(&queue->ring,
				unit->scalable ? SHIFT_WIDE : SHIFT_NARROW,
				unit->nid);
	if (ret) {
		kfree(queue);
		return ret;
	}
	unit->queue = queue;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vtd_queue_create);

/**
 * vtd_queue_destroy() - free a unit's queue, which the unit no longer uses
 * @unit: the unit; may have no queue
 */
void vtd_queue_destroy(struct vtd_unit *unit)
{
	struct vtd_queue *queue = unit->queue;

	if (!queue)
		return;
	unit->queue = NULL;
	iommu_ring_destroy(&queue->ring);
	kfree(queue);
}
EXPORT_SYMBOL_IF_KUNIT(vtd_queue_destroy);

/**
 * vtd_queue_abandon() - disable and free a unit's queue
 * @unit: the unit; may have no queue
 *
 * A queue that cannot be disabled stays in memory for good, with a line in the
 * log.
 */
void vtd_queue_abandon(struct vtd_unit *unit)
{
	if (unit->queue && vtd_queue_disable(unit)) {
		unit_err(unit, "its queue cannot be disabled, and stays in memory\n");
		kmemleak_not_leak(unit->queue);
		unit->queue = NULL;
	}
	vtd_queue_destroy(unit);
}
EXPORT_SYMBOL_IF_KUNIT(vtd_queue_abandon);
