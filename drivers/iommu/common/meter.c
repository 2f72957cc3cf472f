// SPDX-License-Identifier: GPL-2.0
/*
 * How many faults of a device are logged.
 *
 * Two windows are counted independently: in one of IOMMU_METER_TELL_S seconds a
 * few faults are logged; in one of storm_seconds, too many faults are a storm.
 * After a storm the device is silent: its faults are not recorded for a while.
 * If the next storm comes soon after that, the silence is twice as long. If the
 * device had no storm for as long as its last silence took, the next silence is
 * the shortest again:
 *
 *	storm, 1 s silence, storm, 2 s silence, ... storm, 64 s silence
 */
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>

#include "meter.h"

static unsigned int storm_faults = IOMMU_METER_STORM;
module_param(storm_faults, uint, 0600);
MODULE_PARM_DESC(storm_faults, "more DMA faults of a device than this in storm_seconds are a storm, after which its faults are not recorded for a while; 0: no number is a storm (default: 5000)");

static unsigned int storm_seconds = IOMMU_METER_STORM_S;
module_param(storm_seconds, uint, 0600);
MODULE_PARM_DESC(storm_seconds, "see storm_faults (default: 1)");

static bool may_tell(struct iommu_meter *meter, unsigned long now)
{
	if (!meter->told ||
	    time_after(now, meter->tell_since + IOMMU_METER_TELL_S * HZ)) {
		meter->tell_since = now;
		meter->told = 0;
	}
	if (meter->told == IOMMU_METER_TELL)
		return false;
	meter->told++;
	return true;
}

static bool is_storm(struct iommu_meter *meter, unsigned long now)
{
	unsigned int most = READ_ONCE(storm_faults);
	unsigned long window = READ_ONCE(storm_seconds) * HZ;

	if (!meter->in_window || time_after(now, meter->storm_since + window)) {
		meter->storm_since = now;
		meter->in_window = 0;
	}
	return ++meter->in_window > most && most;
}

static void fall_silent(struct iommu_meter *meter, unsigned long now)
{
	unsigned long calm = meter->silent_until + meter->silence_s * HZ;

	if (!meter->silence_s || time_after(now, calm))
		meter->silence_s = IOMMU_METER_SILENCE_MIN_S;
	else
		meter->silence_s = min(2 * meter->silence_s,
				       IOMMU_METER_SILENCE_MAX_S);
	meter->silent_until = now + meter->silence_s * HZ;
	meter->silent = true;
	meter->in_window = 0;
}

/**
 * iommu_meter_fault() - count a fault
 * @meter: meter of the device
 * @now: the time, in jiffies
 * @untold: with IOMMU_METER_LOG, set to the number of faults since the last one
 *	that was logged
 *
 * Context: any; the caller serialises calls on one meter.
 * Return: what to do with the fault. IOMMU_METER_SILENCE is returned once per
 * storm.
 */
enum iommu_meter_verdict iommu_meter_fault(struct iommu_meter *meter,
					   unsigned long now, u64 *untold)
{
	meter->count++;
	if (!meter->silent && is_storm(meter, now)) {
		fall_silent(meter, now);
		meter->untold++;
		return IOMMU_METER_SILENCE;
	}
	if (meter->silent || !may_tell(meter, now)) {
		meter->untold++;
		return IOMMU_METER_KEEP_QUIET;
	}
	*untold = meter->untold;
	meter->untold = 0;
	return IOMMU_METER_LOG;
}
EXPORT_SYMBOL_GPL(iommu_meter_fault);

/**
 * iommu_meter_silence_over() - end a silence if its time is over
 * @meter: meter of the device
 * @now: the time, in jiffies
 *
 * Context: any; the caller serialises calls on one meter.
 * Return: true if fault recording is to be enabled again.
 */
bool iommu_meter_silence_over(struct iommu_meter *meter, unsigned long now)
{
	if (!meter->silent || time_before(now, meter->silent_until))
		return false;
	meter->silent = false;
	return true;
}
EXPORT_SYMBOL_GPL(iommu_meter_silence_over);
