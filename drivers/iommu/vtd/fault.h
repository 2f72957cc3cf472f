/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fault recording of a unit.
 */
#ifndef VTD_FAULT_H
#define VTD_FAULT_H

#include <linux/types.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "../common/meter.h"

struct fwnode_handle;
struct irq_domain;
struct vtd_unit;

/**
 * struct vtd_fault - one recorded fault, decoded
 * @source_id: who asked
 * @reason: the specification's code
 * @address: faulting page, or interrupt index
 * @has_pasid: the request had a PASID
 * @pasid: that
 * @write: a write, otherwise a read or an atomic
 * @told: the log is to have it
 * @untold: faults of the same source before it that the log has not
 */
struct vtd_fault {
	u16 source_id;
	u8 reason;
	bool write;
	bool has_pasid;
	bool told;
	u32 pasid;
	u64 address;
	u64 untold;
};

/* Faults that wait to be logged and reported; a power of two */
#define VTD_FAULT_BACKLOG	128

/**
 * struct vtd_faults - fault recording of a unit
 * @irq: its interrupt, or 0 where faults are polled for
 * @domain: the interrupt's domain
 * @fwnode: names it
 * @recorded: faults read from the unit
 * @unknown: of these, faults of source-ids that are no device
 * @unknown_meter: meter of those
 * @overflows: times that the unit ran out of registers
 * @unreported: faults counted, but neither logged nor handed on
 * @lock: protects what follows, and the draining of the registers
 * @backlog: faults to be logged and handed on
 * @head: where the next one goes
 * @tail: the oldest
 * @window: when the current 100 ms of counting began, in jiffies
 * @in_window: faults since then
 * @masked: the interrupt is masked for being too busy; polling goes on
 * @report: logs and hands on
 * @silence: switches recording of devices that storm off and on
 * @poll: drains where there is no interrupt, or while it is masked
 */
struct vtd_faults {
	int irq;
	struct irq_domain *domain;
	struct fwnode_handle *fwnode;
	u64 recorded;
	u64 unknown;
	struct iommu_meter unknown_meter;
	u64 overflows;
	u64 unreported;
	raw_spinlock_t lock;
	struct vtd_fault backlog[VTD_FAULT_BACKLOG];
	unsigned int head;
	unsigned int tail;
	unsigned long window;
	unsigned int in_window;
	bool masked;
	struct work_struct report;
	struct delayed_work silence;
	struct delayed_work poll;
};

int vtd_faults_start(struct vtd_unit *unit);
void vtd_faults_stop(struct vtd_unit *unit);
void vtd_faults_resume(struct vtd_unit *unit);
void vtd_faults_drain(struct vtd_unit *unit);
const char *vtd_fault_reason(u8 reason);

/* irq.c */
int vtd_irq_create(struct vtd_unit *unit);
void vtd_irq_destroy(struct vtd_unit *unit);
void vtd_irq_restore(struct vtd_unit *unit);
void vtd_irq_mask(struct vtd_unit *unit, bool mask);

#endif
