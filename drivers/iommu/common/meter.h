/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How many faults of a device are logged.
 *
 * All faults are counted, and a few are logged. After a storm, the faults of a
 * device are not recorded for a while, which gets longer each time.
 */
#ifndef IOMMU_COMMON_METER_H
#define IOMMU_COMMON_METER_H

#include <linux/types.h>

/**
 * struct iommu_meter - the faults of one device; starts zeroed
 * @count: faults so far
 * @untold: faults that were not logged since the last one that was
 * @tell_since: start of the current window for logging, in jiffies
 * @told: faults logged in it
 * @storm_since: start of the current window for storms, in jiffies
 * @in_window: faults in it
 * @silence_s: length of the last silence in seconds
 * @silent_until: end of the last silence, in jiffies
 * @silent: faults of the device are not to be recorded
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

/* Number of faults of a device that are logged, in this many seconds */
#define IOMMU_METER_TELL	10
#define IOMMU_METER_TELL_S	5
/* Defaults: more faults than this, in this many seconds, are a storm */
#define IOMMU_METER_STORM	5000
#define IOMMU_METER_STORM_S	1
/* First and longest silence, in seconds */
#define IOMMU_METER_SILENCE_MIN_S	1
#define IOMMU_METER_SILENCE_MAX_S	64

/**
 * enum iommu_meter_verdict - what to do with a fault
 * @IOMMU_METER_LOG: log it
 * @IOMMU_METER_KEEP_QUIET: do not log it
 * @IOMMU_METER_SILENCE: do not log it, and stop to record faults of the device
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
