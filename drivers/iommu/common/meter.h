/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How much is said of a device that faults.
 *
 * A fault is always counted. A few are told to the log; a device that storms
 * is to have its fault reporting switched off for a while, longer each time.
 */
#ifndef IOMMU_COMMON_METER_H
#define IOMMU_COMMON_METER_H

#include <linux/types.h>

/**
 * struct iommu_meter - the faults of one device; starts zeroed
 * @count: faults so far
 * @untold: of these, not told to the log since the last that was
 * @tell_since: when the current window of telling began, in jiffies
 * @told: faults told in it
 * @storm_since: when the current window of counting began
 * @in_window: faults in it
 * @silence_s: length of the last silence in seconds
 * @silent_until: end of the silence, if @silent
 * @silent: fault reporting is to be off
 */
struct iommu_meter {
	u64 count;
	u64 untold;
	unsigned long tell_since;
	unsigned int told;
	unsigned long storm_since;
	unsigned int in_window;
	unsigned int silence_s;
	unsigned long silent_until;
	bool silent;
};

/* So many faults of a device are told in so many seconds */
#define IOMMU_METER_TELL	10
#define IOMMU_METER_TELL_S	5
/* More faults of a device than this in so many seconds are a storm, by default */
#define IOMMU_METER_STORM	5000
#define IOMMU_METER_STORM_S	1
/* First and longest silence, in seconds */
#define IOMMU_METER_SILENCE_MIN_S	1
#define IOMMU_METER_SILENCE_MAX_S	64

/**
 * enum iommu_meter_verdict - what to do about a fault
 * @IOMMU_METER_LOG: log it
 * @IOMMU_METER_KEEP_QUIET: it is counted, that is all
 * @IOMMU_METER_SILENCE: and switch off the device's fault reporting
 */
enum iommu_meter_verdict {
	IOMMU_METER_LOG,
	IOMMU_METER_KEEP_QUIET,
	IOMMU_METER_SILENCE,
};

enum iommu_meter_verdict iommu_meter_fault(struct iommu_meter *meter,
					   unsigned long now, u64 *untold);
bool iommu_meter_silence_over(struct iommu_meter *meter, unsigned long now);

#endif
