// SPDX-License-Identifier: GPL-2.0
/*
 * From a fault that hardware has recorded to the log, at bounded cost.
 *
 *	interrupt or poll -> drain -> count -> backlog -> report (work)
 *			      |	       |
 *			      |	       +-> meter says silence -> follow (work)
 *			      +-> busy: mask the interrupt, poll for a while
 *
 * A fault is counted when it is read, and when there are many it costs no more
 * than that. What a masked or silenced unit does not record it blocks all the
 * same.
 *
 * Locks: @lock, raw, with interrupts off. Meters are protected by it too; a
 * device is looked up under RCU.
 */
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/moduleparam.h>
#include <linux/rcupdate.h>

#include "faults.h"

#define WINDOW		(HZ / 10)
#define POLL_INTERVAL	(HZ / 20)
#define FOLLOW_INTERVAL	(HZ / 4)

/* More faults than this in a window are more than an interrupt each is for */
static unsigned int busy_faults = 5000;
module_param(busy_faults, uint, 0600);
MODULE_PARM_DESC(busy_faults, "after more DMA faults of a unit than this in a tenth of a second its interrupt is masked, and faults are polled for, until they are fewer (default: 5000)");

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
 * iommu_faults_count() - count a fault, and keep it if it is worth that
 * @faults: the unit's faults
 * @record: what was read; @told and @untold are filled in
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
		/* Not logged, but its owner may want to know */
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
 * iommu_faults_busy() - were there too many faults just now?
 * @faults: the unit's faults
 *
 * Context: from the drain operation.
 * Return: true if draining is to go on later.
 */
bool iommu_faults_busy(const struct iommu_faults *faults)
{
	lockdep_assert_held(&faults->lock);
	return faults->in_window > READ_ONCE(busy_faults);
}
EXPORT_SYMBOL_GPL(iommu_faults_busy);

/**
 * iommu_faults_silent() - is a device's recording to be off now?
 * @faults: the unit's faults
 * @meter: the device's meter
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
 * iommu_faults_drain() - read what a unit has recorded
 * @faults: the unit's faults
 *
 * Context: any, also the interrupt.
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
		/* Also once after unmasking: one may have come just before */
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
 * iommu_faults_interrupt() - read what a unit's interrupt has announced
 * @faults: the unit's faults
 *
 * Context: the interrupt.
 */
void iommu_faults_interrupt(struct iommu_faults *faults)
{
	/* It does not come twice at a time */
	WRITE_ONCE(faults->interrupts, faults->interrupts + 1);
	iommu_faults_drain(faults);
}
EXPORT_SYMBOL_GPL(iommu_faults_interrupt);

static void poll(struct work_struct *work)
{
	iommu_faults_drain(container_of(work, struct iommu_faults, poll.work));
}

static bool take(struct iommu_faults *faults, struct iommu_fault_record *record)
{
	bool found;

	raw_spin_lock_irq(&faults->lock);
	found = faults->head != faults->tail;
	if (found)
		*record = faults->backlog[faults->tail++ % IOMMU_FAULTS_BACKLOG];
	raw_spin_unlock_irq(&faults->lock);
	return found;
}

static void report(struct work_struct *work)
{
	struct iommu_faults *faults = container_of(work, struct iommu_faults,
						   report);
	struct iommu_fault_record record;

	while (take(faults, &record))
		faults->ops->report(faults, &record);
}

static void follow(struct work_struct *work)
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
 * iommu_faults_init() - prepare for iommu_faults_start() or _stop()
 * @faults: the unit's faults, zeroed
 * @ops: the driver
 */
void iommu_faults_init(struct iommu_faults *faults,
		       const struct iommu_faults_ops *ops)
{
	faults->ops = ops;
	faults->stopped = true;
	raw_spin_lock_init(&faults->lock);
	INIT_WORK(&faults->report, report);
	INIT_DELAYED_WORK(&faults->poll, poll);
	INIT_DELAYED_WORK(&faults->silence, follow);
}
EXPORT_SYMBOL_GPL(iommu_faults_init);

/**
 * iommu_faults_start() - listen to a unit's faults
 * @faults: the unit's faults
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
 * iommu_faults_stop() - listen no more
 * @faults: the unit's faults; its interrupt does not come any more
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
