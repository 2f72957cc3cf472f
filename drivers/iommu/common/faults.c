// SPDX-License-Identifier: GPL-2.0
/*
 * From a fault that hardware has recorded to the log, at bounded cost.
 *
 *	interrupt or poll -> drain -> count -> backlog -> report (work)
 *			      |	       |
 *			      |	       +-> a storm, by its meter -> follow (work)
 *			      +-> busy: mask the interrupt, poll for a while
 *
 * A fault is counted when it is read. If there are many faults, most of them
 * cost nothing more. Requests whose faults are not recorded are blocked all the
 * same.
 *
 * Locks: iommu_faults.lock, a raw spinlock with interrupts disabled, which also
 * protects meters. Devices are looked up under RCU.
 */
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/moduleparam.h>
#include <linux/rcupdate.h>

#include "faults.h"

#define WINDOW		(HZ / 10)
#define POLL_INTERVAL	(HZ / 20)
#define FOLLOW_INTERVAL	(HZ / 4)

/* More faults than this in a window are too many for one interrupt each */
static unsigned int busy_faults = 5000;
module_param(busy_faults, uint, 0600);
MODULE_PARM_DESC(busy_faults, "if a unit records more DMA faults than this in a tenth of a second, its interrupt is masked and it is polled until there are fewer (default: 5000)");

static void put_in_backlog(struct iommu_faults *faults,
			   const struct iommu_fault_record *record)
{
	if (faults->head - faults->tail == IOMMU_FAULTS_BACKLOG) {
		faults->unreported++;
		return;
	}
	faults->backlog[faults->head++ % IOMMU_FAULTS_BACKLOG] = *record;
}

static void advance_window(struct iommu_faults *faults)
{
	if (time_after(jiffies, faults->window + WINDOW)) {
		faults->window = jiffies;
		faults->in_window = 0;
	}
	faults->in_window++;
}

/**
 * iommu_faults_count() - count a fault, and queue it if it shall be reported
 * @faults: faults of the unit
 * @record: the record that was read; @told and @untold are filled in
 *
 * Context: from the drain operation.
 */
void iommu_faults_count(struct iommu_faults *faults,
			struct iommu_fault_record *record)
{
	struct iommu_meter *meter;

	lockdep_assert_held(&faults->lock);
	advance_window(faults);
	faults->recorded++;
	record->told = false;
	rcu_read_lock();
	meter = faults->ops->meter(faults, record->source_id);
	if (!meter) {
		faults->unknown++;
		meter = &faults->unknown_meter;
	}
	switch (iommu_meter_fault(meter, jiffies, &record->untold)) {
	case IOMMU_METER_LOG:
		record->told = true;
		put_in_backlog(faults, record);
		break;
	case IOMMU_METER_KEEP_QUIET:
		/* Not logged, but reported to the domain */
		if (meter->silent)
			faults->unreported++;
		else
			put_in_backlog(faults, record);
		break;
	case IOMMU_METER_SILENCE:
		faults->unreported++;
		if (!faults->stopped)
			queue_delayed_work(system_wq, &faults->silence, 0);
		break;
	}
	rcu_read_unlock();
}
EXPORT_SYMBOL_GPL(iommu_faults_count);

/**
 * iommu_faults_busy() - are there too many faults in this window?
 * @faults: faults of the unit
 *
 * Context: from the drain operation.
 * Return: true if draining shall continue later.
 */
bool iommu_faults_busy(const struct iommu_faults *faults)
{
	lockdep_assert_held(&faults->lock);
	return faults->in_window > READ_ONCE(busy_faults);
}
EXPORT_SYMBOL_GPL(iommu_faults_busy);

/**
 * iommu_faults_silent() - shall faults of a device not be recorded now?
 * @faults: faults of the unit
 * @meter: meter of the device
 *
 * Context: from the follow operation.
 * Return: true if so.
 */
bool iommu_faults_silent(struct iommu_faults *faults,
			 struct iommu_meter *meter)
{
	unsigned long flags;
	bool silent;

	raw_spin_lock_irqsave(&faults->lock, flags);
	iommu_meter_silence_over(meter, jiffies);
	silent = meter->silent;
	raw_spin_unlock_irqrestore(&faults->lock, flags);
	return silent;
}
EXPORT_SYMBOL_GPL(iommu_faults_silent);

/**
 * iommu_faults_drain() - read the faults that a unit has recorded
 * @faults: faults of the unit
 *
 * Context: any, including the interrupt handler.
 */
void iommu_faults_drain(struct iommu_faults *faults)
{
	bool done, again = !faults->interrupt;
	unsigned long flags;

	raw_spin_lock_irqsave(&faults->lock, flags);
	done = faults->ops->drain(faults);
	if (faults->interrupt && faults->masked == done) {
		faults->masked = !done;
		faults->masks += !done;
		faults->ops->mask(faults, !done);
		/* Also after unmasking: a fault may have come just before */
		again = true;
	}
	if (!faults->stopped) {
		if (faults->head != faults->tail)
			queue_work(system_wq, &faults->report);
		if (!done || again)
			queue_delayed_work(system_wq, &faults->poll,
					   POLL_INTERVAL);
	}
	raw_spin_unlock_irqrestore(&faults->lock, flags);
}
EXPORT_SYMBOL_GPL(iommu_faults_drain);

/**
 * iommu_faults_interrupt() - handle the fault interrupt of a unit
 * @faults: faults of the unit
 *
 * Context: the interrupt handler.
 */
void iommu_faults_interrupt(struct iommu_faults *faults)
{
	/* Interrupt handlers of a unit do not run in parallel */
	WRITE_ONCE(faults->interrupts, faults->interrupts + 1);
	iommu_faults_drain(faults);
}
EXPORT_SYMBOL_GPL(iommu_faults_interrupt);

static void faults_poll(struct work_struct *work)
{
	iommu_faults_drain(container_of(work, struct iommu_faults, poll.work));
}

static bool faults_take(struct iommu_faults *faults,
			struct iommu_fault_record *record)
{
	bool found;

	raw_spin_lock_irq(&faults->lock);
	found = faults->head != faults->tail;
	if (found)
		*record = faults->backlog[faults->tail++ % IOMMU_FAULTS_BACKLOG];
	raw_spin_unlock_irq(&faults->lock);
	return found;
}

static void faults_report(struct work_struct *work)
{
	struct iommu_faults *faults = container_of(work, struct iommu_faults,
						   report);
	struct iommu_fault_record record;

	while (faults_take(faults, &record))
		faults->ops->report(faults, &record);
}

static void faults_follow(struct work_struct *work)
{
	struct iommu_faults *faults = container_of(work, struct iommu_faults,
						   silence.work);
	bool silent = iommu_faults_silent(faults, &faults->unknown_meter);

	if (faults->ops->follow(faults))
		silent = true;
	raw_spin_lock_irq(&faults->lock);
	if (silent && !faults->stopped)
		queue_delayed_work(system_wq, &faults->silence,
				   FOLLOW_INTERVAL);
	raw_spin_unlock_irq(&faults->lock);
}

/**
 * iommu_faults_init() - initialise, before iommu_faults_start() or _stop()
 * @faults: faults of the unit, zeroed
 * @ops: functions of the driver
 */
void iommu_faults_init(struct iommu_faults *faults,
		       const struct iommu_faults_ops *ops)
{
	faults->ops = ops;
	faults->stopped = true;
	raw_spin_lock_init(&faults->lock);
	INIT_WORK(&faults->report, faults_report);
	INIT_DELAYED_WORK(&faults->poll, faults_poll);
	INIT_DELAYED_WORK(&faults->silence, faults_follow);
}
EXPORT_SYMBOL_GPL(iommu_faults_init);

/**
 * iommu_faults_start() - start to read faults of a unit
 * @faults: faults of the unit
 * @interrupt: it has an interrupt, which is not masked; otherwise it is polled
 */
void iommu_faults_start(struct iommu_faults *faults, bool interrupt)
{
	raw_spin_lock_irq(&faults->lock);
	faults->interrupt = interrupt;
	faults->stopped = false;
	raw_spin_unlock_irq(&faults->lock);
	iommu_faults_drain(faults);
}
EXPORT_SYMBOL_GPL(iommu_faults_start);

/**
 * iommu_faults_stop() - stop to read faults of a unit
 * @faults: faults of the unit, whose interrupt is disabled
 *
 * Context: may sleep.
 */
void iommu_faults_stop(struct iommu_faults *faults)
{
	raw_spin_lock_irq(&faults->lock);
	faults->stopped = true;
	raw_spin_unlock_irq(&faults->lock);
	cancel_delayed_work_sync(&faults->poll);
	cancel_work_sync(&faults->report);
	cancel_delayed_work_sync(&faults->silence);
}
EXPORT_SYMBOL_GPL(iommu_faults_stop);
