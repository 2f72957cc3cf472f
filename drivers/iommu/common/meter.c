// SPDX-License-Identifier: GPL-2.0
/*
 * How much is said of a device that faults.
 *
 * Two windows run beside each other: one of IOMMU_METER_TELL_S seconds in
 * which a few faults are told, one of storm_seconds in which a storm shows. A
 * device that storms again soon after its silence is silent for twice as long;
 * one that was quiet for as long as that begins anew.
 */
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>

#include "meter.h"

static unsigned int storm_faults = IOMMU_METER_STORM;
module_param(storm_faults, uint, 0600);
MODULE_PARM_DESC(storm_faults, "more DMA faults of a device than this, in storm_seconds, are a storm, after which they are not recorded for a while; 0: none are (default: 5000)");

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
 * @meter: the device's meter
 * @now: the time, in jiffies
 * @untold: with IOMMU_METER_LOG, set to the faults left out before this one
 *
 * Context: any; the caller keeps calls on one meter apart.
 * Return: what to do about it. IOMMU_METER_SILENCE is returned once a storm.
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
 * iommu_meter_silence_over() - end a silence that is due
 * @meter: the device's meter
 * @now: the time, in jiffies
 *
 * Context: any; the caller keeps calls on one meter apart.
 * Return: true if fault reporting is to be switched on again.
 */
bool iommu_meter_silence_over(struct iommu_meter *meter, unsigned long now)
{
	if (!meter->silent || time_before(now, meter->silent_until))
		return false;
	meter->silent = false;
	return true;
}
EXPORT_SYMBOL_GPL(iommu_meter_silence_over);
