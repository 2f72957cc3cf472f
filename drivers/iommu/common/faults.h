/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From a fault that hardware has recorded to the log, at bounded cost.
 *
 * Nothing here depends on the hardware: the driver reads the records, masks the
 * interrupt, and starts and stops the recording of faults of a device.
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
 * @source_id: source-id of the request
 * @reason: reason code of the specification
 * @flags: for the driver
 * @write: the request was a write, otherwise a read
 * @address: the IOVA, or another address that the driver defines
 * @told: it shall be logged
 * @untold: with @told, faults of this device before it that were not logged
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
 * struct iommu_faults_ops - functions of the driver
 * @drain: Read recorded faults, with iommu_faults_count() for each, until none
 *	is left (return true) or iommu_faults_busy() (return false). Called with
 *	the lock held, in any context.
 * @mask: Mask or unmask the interrupt. Called with the lock held.
 * @meter: Return the meter of a device, or NULL if there is no such device.
 *	Called under rcu_read_lock(), with the lock held.
 * @report: Trace a fault, log it if @told, and report it to the domain. May
 *	sleep.
 * @follow: Start or stop recording faults of each device, by
 *	iommu_faults_silent() of its meter. May sleep. Returns true if a device
 *	is silent.
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

/* Faults that can wait to be reported; a power of two */
#define IOMMU_FAULTS_BACKLOG	128

/**
 * struct iommu_faults - the faults of a unit; embed it
 * @ops: functions of the driver
 * @interrupt: the unit has a fault interrupt; otherwise it is polled
 * @recorded: faults read from the unit
 * @unknown: of these, faults whose source-id is that of no device
 * @overflows: times that the unit lost faults
 * @unreported: faults that were counted, but neither logged nor reported
 * @interrupts: number of interrupts
 * @masks: times that the interrupt was masked because of too many faults
 * @unknown_meter: meter of all source-ids that are those of no device
 * @lock: protects all other members, the meters, and draining
 * @backlog: faults to be reported
 * @head: index of the next fault to be added, modulo the size
 * @tail: index of the oldest fault, modulo the size
 * @window: start of the current window, in jiffies
 * @in_window: faults in the current window
 * @masked: the interrupt is masked because of too many faults; the unit is
 *	polled
 * @stopped: no more work may be queued
 * @report: work that reports the backlog
 * @poll: work that drains if there is no interrupt, or while it is masked
 * @silence: work that follows the meters while a device is silent
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
