/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From a fault that hardware has recorded to the log, at bounded cost.
 *
 * Nothing here knows a kind of hardware: the driver reads its records and
 * switches its interrupt and its recording of a device's faults.
 */
#ifndef IOMMU_COMMON_FAULTS_H
#define IOMMU_COMMON_FAULTS_H

#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "meter.h"

struct iommu_faults;

/**
 * struct iommu_fault_record - one recorded fault
 * @source_id: who asked
 * @reason: the specification's code
 * @flags: the driver's own
 * @write: a write, otherwise a read
 * @address: IOVA, or what the driver says
 * @told: it is to be logged
 * @untold: with @told, faults of this device that were not, before it
 */
struct iommu_fault_record {
	u16 source_id;
	u8 reason;
	u16 flags;
	bool write;
	u64 address;
	bool told;
	u64 untold;
};

/**
 * struct iommu_faults_ops - what the driver does
 * @drain: Read what is recorded, and iommu_faults_count() each, until nothing
 *	is left or iommu_faults_busy(); say which: true if nothing is left.
 *	Called with the lock held, in any context.
 * @mask: Mask or unmask the interrupt. Called with the lock held.
 * @meter: The meter of a device, or NULL if there is no such device. Called
 *	under rcu_read_lock(), with the lock held.
 * @report: Trace a fault, log it if @told, hand it on. May sleep.
 * @follow: Bring each device's recording to where its meter wants it, after
 *	iommu_faults_silent() on it. May sleep. True if one is silent.
 */
struct iommu_faults_ops {
	bool (*drain)(struct iommu_faults *faults);
	void (*mask)(struct iommu_faults *faults, bool mask);
	struct iommu_meter *(*meter)(struct iommu_faults *faults,
				     u16 source_id);
	void (*report)(struct iommu_faults *faults,
		       const struct iommu_fault_record *record);
	bool (*follow)(struct iommu_faults *faults);
};

/* Faults that wait to be logged and handed on; a power of two */
#define IOMMU_FAULTS_BACKLOG	128

/**
 * struct iommu_faults - the faults of a unit; embed it
 * @ops: the driver
 * @interrupt: there is an interrupt; otherwise they are polled for
 * @recorded: faults read from the unit
 * @unknown: of these, faults of source-ids that are no device
 * @overflows: times that the unit lost some
 * @unreported: faults counted, but neither logged nor handed on
 * @interrupts: times that the interrupt came
 * @masks: times that it was masked for being too busy
 * @unknown_meter: meter of all source-ids that are no device
 * @lock: protects what is above and below, the meters, and draining
 * @backlog: faults to be reported
 * @head: where the next one goes
 * @tail: the oldest
 * @window: when the current window of counting began, in jiffies
 * @in_window: faults since then
 * @masked: the interrupt is masked for being too busy; polling goes on
 * @stopped: nothing is to be queued any more
 * @report: works off the backlog
 * @poll: drains where there is no interrupt, or while it is masked
 * @silence: follows the meters while a device is silent
 */
struct iommu_faults {
	const struct iommu_faults_ops *ops;
	bool interrupt;
	u64 recorded;
	u64 unknown;
	u64 overflows;
	u64 unreported;
	u64 interrupts;
	u64 masks;
	struct iommu_meter unknown_meter;
	raw_spinlock_t lock;
	struct iommu_fault_record backlog[IOMMU_FAULTS_BACKLOG];
	unsigned int head;
	unsigned int tail;
	unsigned long window;
	unsigned int in_window;
	bool masked;
	bool stopped;
	struct work_struct report;
	struct delayed_work poll;
	struct delayed_work silence;
};

void iommu_faults_init(struct iommu_faults *faults,
		       const struct iommu_faults_ops *ops);
void iommu_faults_start(struct iommu_faults *faults, bool interrupt);
void iommu_faults_stop(struct iommu_faults *faults);
void iommu_faults_drain(struct iommu_faults *faults);
void iommu_faults_interrupt(struct iommu_faults *faults);

void iommu_faults_count(struct iommu_faults *faults,
			struct iommu_fault_record *record);
bool iommu_faults_busy(const struct iommu_faults *faults);
bool iommu_faults_silent(struct iommu_faults *faults,
			 struct iommu_meter *meter);

#endif
