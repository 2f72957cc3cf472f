// SPDX-License-Identifier: GPL-2.0
/*
 * The event log of a unit, and its interrupt.
 *
 * The unit writes events into a ring and interrupts by the MSI of its PCI
 * function. They are read as far as the tail register says, and each is cleared
 * then, so that one that is announced but has not arrived in memory yet can be
 * told by its code, 0. What becomes of them is the matter of
 * ../common/faults.c.
 *
 * When the ring is full the unit stops logging (section 2.5.13): it is emptied,
 * logging switched off, the overflow cleared, and logging begins anew.
 *
 * Locks: that of the common part, over the ring.
 */
#define pr_fmt(fmt) "amdvi: " fmt

#include <kunit/visibility.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/interrupt.h>
#include <linux/pci.h>

#include "../common/trace.h"
#include "device.h"
#include "domain.h"
#include "event.h"
#include "inval.h"
#include "params.h"
#include "unit.h"

#define RING_SLOTS	512
#define RING_ORDER	get_order(RING_SLOTS * RING_ENTRY_BYTES)
/* How long an event may come later than its announcement */
#define LATE_US		100

static struct amdvi_unit *to_unit(struct iommu_faults *faults)
{
	return container_of(faults, struct amdvi_unit, common.faults);
}

static void count_event(struct amdvi_unit *unit, const u64 raw[2])
{
	struct iommu_fault_record record = { };
	struct amdvi_event event;

	amdvi_event_decode(raw, &event);
	record.source_id = amdvi_event_has_device(&event) ? event.source_id :
							    unit->id;
	record.reason = event.code;
	record.flags = event.flags;
	record.write = event.write;
	record.address = event.address;
	if (event.code == EVENT_IOTLB_TIMEOUT) {
		amdvi_queue_timed_out(unit);
		iommu_unit_ats_lost(&unit->common, event.source_id);
	}
	iommu_faults_count(&unit->common.faults, &record);
}

/* Read the event at the head; false if it does not arrive */
static bool read_event(struct amdvi_unit *unit, u64 raw[2])
{
	u64 *slot = unit->log.ring + 2 * unit->log.head;
	unsigned int waited;

	for (waited = 0; waited < LATE_US; waited++) {
		raw[0] = READ_ONCE(slot[0]);
		if (FIELD_GET(EVENT_CODE, raw[0]) != EVENT_NONE)
			break;
		udelay(1);
	}
	if (waited == LATE_US)
		return false;
	/* The unit writes both halves before the code is seen */
	dma_rmb();
	raw[1] = READ_ONCE(slot[1]);
	WRITE_ONCE(slot[0], 0);
	WRITE_ONCE(slot[1], 0);
	return true;
}

/* Empty the ring; false if it has to be gone on with later */
static bool empty_ring(struct amdvi_unit *unit)
{
	struct amdvi_log *log = &unit->log;
	unsigned int tail, left = RING_SLOTS;
	u64 raw[2];

	tail = FIELD_GET(RING_POINTER, amdvi_read(unit, AMDVI_EVT_TAIL));
	/* The tail is the unit's word: it may be anything */
	for (tail %= RING_SLOTS; log->head != tail && left; left--) {
		bool arrived = read_event(unit, raw);

		if (arrived)
			count_event(unit, raw);
		log->head = (log->head + 1) % RING_SLOTS;
		/* Do not wait for more than one at a time */
		if (!arrived || iommu_faults_busy(&unit->common.faults))
			break;
	}
	amdvi_write(unit, AMDVI_EVT_HEAD, log->head * RING_ENTRY_BYTES);
	return log->head == tail;
}

static void begin_anew(struct amdvi_unit *unit)
{
	amdvi_unit_control(unit, 0, CONTROL_EVT_LOG_EN);
	amdvi_write(unit, AMDVI_STATUS, STATUS_EVT_OVERFLOW);
	amdvi_log_install(unit);
}

static bool drain(struct iommu_faults *faults)
{
	struct amdvi_unit *unit = to_unit(faults);
	u64 status;

	if (READ_ONCE(unit->common.dead))
		return true;
	status = amdvi_read(unit, AMDVI_STATUS);
	if (status == U64_MAX) {
		amdvi_unit_lost(unit, "its registers");
		return true;
	}
	/* Before reading the ring: what comes after interrupts again */
	if (status & STATUS_EVT_INT)
		amdvi_write(unit, AMDVI_STATUS, STATUS_EVT_INT);
	if (!empty_ring(unit))
		return false;
	if (status & STATUS_EVT_OVERFLOW) {
		faults->overflows++;
		begin_anew(unit);
	}
	return true;
}

static void mask(struct iommu_faults *faults, bool mask)
{
	amdvi_unit_control(to_unit(faults), mask ? 0 : CONTROL_EVT_INT_EN,
			   mask ? CONTROL_EVT_INT_EN : 0);
}

static void log_event(const struct amdvi_unit *unit,
		      const struct amdvi_event *event, u64 untold_count)
{
	const char *reason = amdvi_event_reason(event);
	u16 id = event->source_id;
	char untold[64] = "";

	if (untold_count)
		snprintf(untold, sizeof(untold),
			 " (%llu more of it were not shown)", untold_count);
	if (!amdvi_event_has_device(event))
		unit_err(unit, "%s at 0x%llx%s\n", reason, event->address,
			 untold);
	else if (amdvi_event_is_blocked_dma(event))
		unit_err(unit, "%04x:%02x:%02x.%d DMA %s blocked: IOVA 0x%llx, %s (event %u)%s\n",
			 unit->segment, PCI_BUS_NUM(id), PCI_SLOT(id),
			 PCI_FUNC(id), event->write ? "write" : "read",
			 event->address, reason, event->code, untold);
	else
		unit_err(unit, "%04x:%02x:%02x.%d %s: %s, address 0x%llx (event %u)%s\n",
			 unit->segment, PCI_BUS_NUM(id), PCI_SLOT(id),
			 PCI_FUNC(id),
			 event->interrupt ? "interrupt blocked" : "failed",
			 reason, event->address, event->code, untold);
}

static void report(struct iommu_faults *faults,
		   const struct iommu_fault_record *record)
{
	struct amdvi_unit *unit = to_unit(faults);
	u64 raw[2] = {
		FIELD_PREP(EVENT_CODE, record->reason) |
			(u64)record->flags << 48 | record->source_id,
		record->address,
	};
	struct amdvi_event event;

	amdvi_event_decode(raw, &event);
	trace_iommu_unit_fault(unit->common.name, record);
	if (record->told)
		log_event(unit, &event, record->untold);
	if (amdvi_event_is_blocked_dma(&event))
		iommu_unit_report_fault(&unit->common, event.source_id,
					event.address, event.write);
}

static bool follow(struct iommu_faults *faults)
{
	return iommu_unit_follow(&to_unit(faults)->common,
				 amdvi_device_set_quiet);
}

static const struct iommu_faults_ops faults_ops = {
	.drain = drain,
	.mask = mask,
	.meter = iommu_unit_meter,
	.report = report,
	.follow = follow,
};

static irqreturn_t interrupt(int irq, void *arg)
{
	struct amdvi_unit *unit = arg;

	iommu_faults_interrupt(&unit->common.faults);
	return IRQ_HANDLED;
}

static int create_irq(struct amdvi_unit *unit)
{
	int irq, ret;

	ret = pci_alloc_irq_vectors(unit->pdev, 1, 1,
				    PCI_IRQ_MSI | PCI_IRQ_MSIX);
	if (ret < 0)
		return ret;
	irq = pci_irq_vector(unit->pdev, 0);
	ret = request_irq(irq, interrupt, IRQF_NO_THREAD, unit->common.name, unit);
	if (ret) {
		pci_free_irq_vectors(unit->pdev);
		return ret;
	}
	unit->log.irq = irq;
	return 0;
}

/**
 * amdvi_log_install() - give the ring to the unit, empty, and let it log
 * @unit: a unit that is switched on, its event log off
 */
void amdvi_log_install(struct amdvi_unit *unit)
{
	memset(unit->log.ring, 0, RING_SLOTS * RING_ENTRY_BYTES);
	unit->log.head = 0;
	amdvi_write(unit, AMDVI_EVTLOG, virt_to_phys(unit->log.ring) |
		    FIELD_PREP(RING_LEN, ilog2(RING_SLOTS)));
	amdvi_write(unit, AMDVI_EVT_HEAD, 0);
	amdvi_write(unit, AMDVI_EVT_TAIL, 0);
	amdvi_unit_control(unit, CONTROL_EVT_LOG_EN, 0);
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_log_install);

/**
 * amdvi_log_start() - listen to a unit's events
 * @unit: a unit that logs
 *
 * Without an interrupt they are polled for, and the log says so.
 */
void amdvi_log_start(struct amdvi_unit *unit)
{
	int ret = -EOPNOTSUPP;

	if (!amdvi_params_poll())
		ret = create_irq(unit);
	if (ret)
		unit_warn(unit, "no event interrupt (%d): events are polled for\n",
			  ret);
	else
		amdvi_unit_control(unit, CONTROL_EVT_INT_EN, 0);
	iommu_faults_start(&unit->common.faults, !ret);
}

/**
 * amdvi_log_stop() - listen no more
 * @unit: the unit
 */
void amdvi_log_stop(struct amdvi_unit *unit)
{
	amdvi_unit_control(unit, 0, CONTROL_EVT_INT_EN | CONTROL_EVT_LOG_EN);
	if (unit->log.irq) {
		free_irq(unit->log.irq, unit);
		pci_free_irq_vectors(unit->pdev);
		unit->log.irq = 0;
	}
	iommu_faults_stop(&unit->common.faults);
}

/**
 * amdvi_log_create() - allocate a unit's event log
 * @unit: the unit
 *
 * Return: 0 or -ENOMEM.
 */
int amdvi_log_create(struct amdvi_unit *unit)
{
	struct page *pages;

	iommu_faults_init(&unit->common.faults, &faults_ops);
	pages = alloc_pages_node(unit->nid, GFP_KERNEL | __GFP_ZERO, RING_ORDER);
	if (!pages)
		return -ENOMEM;
	unit->log.ring = page_address(pages);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_log_create);

/**
 * amdvi_log_destroy() - free the event log of a unit that does not use it
 * @unit: the unit
 */
void amdvi_log_destroy(struct amdvi_unit *unit)
{
	if (unit->log.ring)
		free_pages((unsigned long)unit->log.ring, RING_ORDER);
	unit->log.ring = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_log_destroy);
