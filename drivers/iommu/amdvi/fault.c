// SPDX-License-Identifier: GPL-2.0
/*
 * The event log of a unit, and the unit's interrupt.
 *
 * The unit writes events into a ring (log.c), and sends the MSI of its PCI
 * function. The same interrupt is used for page requests:
 *
 *	interrupt or poll -> ../common/faults.c -> amdvi_faults_drain()
 *		events		-> count -> ../common/faults.c: log, throttle
 *		page requests	-> ppr.c
 *
 * Locks: the lock of the unit's faults (../common/faults.h), over the log.
 */
#define pr_fmt(fmt) "amdvi: " fmt

#include <kunit/visibility.h>
#include <linux/interrupt.h>
#include <linux/pci.h>

#include "../common/trace.h"
#include "attach.h"
#include "event.h"
#include "inval.h"
#include "params.h"
#include "regs.h"
#include "unit.h"

static const struct amdvi_log_regs event_log_regs = {
	.base = AMDVI_EVTLOG,
	.head = AMDVI_EVT_HEAD,
	.tail = AMDVI_EVT_TAIL,
	.enable = CONTROL_EVT_LOG_EN,
	.overflow = STATUS_EVT_OVERFLOW,
};

static struct amdvi_unit *faults_to_amdvi_unit(struct iommu_faults *faults)
{
	return container_of(faults, struct amdvi_unit, common.faults);
}

static bool amdvi_count_event(void *arg, const u64 raw[2])
{
	struct iommu_fault_record record = { };
	struct amdvi_unit *unit = arg;
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
		iommu_unit_ats_lost(&unit->common, event.source_id,
				    "it does not answer invalidations of its device-TLB");
	}
	iommu_faults_count(&unit->common.faults, &record);
	return !iommu_faults_busy(&unit->common.faults);
}

static bool amdvi_faults_drain(struct iommu_faults *faults)
{
	struct amdvi_unit *unit = faults_to_amdvi_unit(faults);
	u64 status;

	if (READ_ONCE(unit->common.dead))
		return true;
	status = amdvi_read(unit, AMDVI_STATUS);
	if (status == U64_MAX) {
		amdvi_unit_lost(unit, "its registers");
		return true;
	}
	/* Cleared before reading: a later event interrupts again */
	if (status & STATUS_EVT_INT)
		amdvi_write(unit, AMDVI_STATUS, STATUS_EVT_INT);
	amdvi_ppr_look(unit, status);
	if (!amdvi_log_read(unit, &unit->events, amdvi_count_event, unit))
		return false;
	if (status & STATUS_EVT_OVERFLOW) {
		faults->overflows++;
		amdvi_log_begin_anew(unit, &unit->events);
	}
	return true;
}

static void amdvi_faults_mask(struct iommu_faults *faults, bool mask)
{
	amdvi_unit_control(faults_to_amdvi_unit(faults),
			   mask ? 0 : CONTROL_EVT_INT_EN,
			   mask ? CONTROL_EVT_INT_EN : 0);
}

static void amdvi_fault_log(const struct amdvi_unit *unit,
			    const struct amdvi_event *event, u64 suppressed)
{
	const char *reason = amdvi_event_reason(event);
	u16 id = event->source_id;
	char more[64] = "";

	if (suppressed)
		snprintf(more, sizeof(more),
			 " (%llu earlier ones of it were not logged)", suppressed);
	if (!amdvi_event_has_device(event))
		unit_err(unit, "%s at 0x%llx%s\n", reason, event->address,
			 more);
	else if (amdvi_event_is_blocked_dma(event))
		unit_err(unit, "%04x:%02x:%02x.%d DMA %s blocked: IOVA 0x%llx, %s (event %u)%s\n",
			 unit->segment, PCI_BUS_NUM(id), PCI_SLOT(id),
			 PCI_FUNC(id), event->write ? "write" : "read",
			 event->address, reason, event->code, more);
	else
		unit_err(unit, "%04x:%02x:%02x.%d %s: %s, address 0x%llx (event %u)%s\n",
			 unit->segment, PCI_BUS_NUM(id), PCI_SLOT(id),
			 PCI_FUNC(id),
			 event->interrupt ? "interrupt blocked" : "failed",
			 reason, event->address, event->code, more);
}

static void amdvi_fault_report(struct iommu_faults *faults,
			       const struct iommu_fault_record *record)
{
	struct amdvi_unit *unit = faults_to_amdvi_unit(faults);
	u64 raw[2] = {
		FIELD_PREP(EVENT_CODE, record->reason) |
			(u64)record->flags << 48 | record->source_id,
		record->address,
	};
	struct amdvi_event event;

	amdvi_event_decode(raw, &event);
	trace_iommu_unit_fault(unit->common.name, record);
	if (record->told)
		amdvi_fault_log(unit, &event, record->untold);
	if (amdvi_event_is_blocked_dma(&event))
		iommu_unit_report_fault(&unit->common, event.source_id,
					event.address, event.write);
}

static bool amdvi_faults_follow(struct iommu_faults *faults)
{
	return iommu_unit_follow(&faults_to_amdvi_unit(faults)->common,
				 amdvi_device_set_quiet);
}

static const struct iommu_faults_ops faults_ops = {
	.drain = amdvi_faults_drain,
	.mask = amdvi_faults_mask,
	.meter = iommu_unit_meter,
	.report = amdvi_fault_report,
	.follow = amdvi_faults_follow,
};

static irqreturn_t amdvi_fault_interrupt(int irq, void *arg)
{
	struct amdvi_unit *unit = arg;

	iommu_faults_interrupt(&unit->common.faults);
	return IRQ_HANDLED;
}

static int amdvi_create_irq(struct amdvi_unit *unit)
{
	int irq, ret;

	ret = pci_alloc_irq_vectors(unit->pdev, 1, 1,
				    PCI_IRQ_MSI | PCI_IRQ_MSIX);
	if (ret < 0)
		return ret;
	irq = pci_irq_vector(unit->pdev, 0);
	ret = request_irq(irq, amdvi_fault_interrupt, IRQF_NO_THREAD,
			  unit->common.name, unit);
	if (ret) {
		pci_free_irq_vectors(unit->pdev);
		return ret;
	}
	unit->irq = irq;
	return 0;
}

/**
 * amdvi_events_install() - enable logging of events and page requests
 * @unit: an enabled unit whose logs are disabled
 */
void amdvi_events_install(struct amdvi_unit *unit)
{
	amdvi_log_install(unit, &unit->events);
	amdvi_ppr_install(unit);
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_events_install);

/**
 * amdvi_events_unmask() - unmask the interrupts of the logs
 * @unit: a unit that logs; one without an interrupt is fine
 */
void amdvi_events_unmask(struct amdvi_unit *unit)
{
	if (!unit->irq)
		return;
	amdvi_unit_control(unit, CONTROL_EVT_INT_EN, 0);
	amdvi_ppr_unmask(unit);
}

/**
 * amdvi_events_start() - start handling a unit's events
 * @unit: a unit that logs
 *
 * If there is no interrupt, the log is polled and a line is logged.
 */
void amdvi_events_start(struct amdvi_unit *unit)
{
	int ret = -EOPNOTSUPP;

	if (!amdvi_params_poll())
		ret = amdvi_create_irq(unit);
	if (ret)
		unit_warn(unit, "no event interrupt (%d): polling for events\n",
			  ret);
	amdvi_events_unmask(unit);
	iommu_faults_start(&unit->common.faults, !ret);
}

/**
 * amdvi_events_stop() - disable logging, and stop handling events
 * @unit: the unit
 */
void amdvi_events_stop(struct amdvi_unit *unit)
{
	amdvi_unit_control(unit, 0, CONTROL_EVT_INT_EN | CONTROL_EVT_LOG_EN);
	if (unit->irq) {
		free_irq(unit->irq, unit);
		pci_free_irq_vectors(unit->pdev);
		unit->irq = 0;
	}
	iommu_faults_stop(&unit->common.faults);
	/* amdvi_ppr_look() is not called any more */
	amdvi_ppr_stop(unit);
}

/**
 * amdvi_events_create() - allocate a unit's logs
 * @unit: a unit whose abilities are known
 *
 * Return: 0 or -ENOMEM.
 */
int amdvi_events_create(struct amdvi_unit *unit)
{
	int ret;

	iommu_faults_init(&unit->common.faults, &faults_ops);
	ret = amdvi_log_create(unit, &unit->events, &event_log_regs);
	return ret ?: amdvi_ppr_create(unit);
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_events_create);

/**
 * amdvi_events_destroy() - free the logs of a disabled unit
 * @unit: the unit
 */
void amdvi_events_destroy(struct amdvi_unit *unit)
{
	amdvi_ppr_destroy(unit);
	amdvi_log_destroy(&unit->events);
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_events_destroy);
