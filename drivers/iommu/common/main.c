// SPDX-License-Identifier: GPL-2.0
/*
 * iommu_common.ko: code that the IOMMU drivers share, independent of the
 * hardware.
 *
 *	domains		members.c: members of paging domains
 *			paging.c: the IOMMU API and the run interface
 *			dirty.c: dirty tracking
 *			live.c: a page table over several units
 *	units		unit.c, and hide.c: hidden abilities
 *			ring.c: the ring for invalidation requests
 *	devices		device.c, alias.c: source-ids, acs.c: ports,
 *			late.c: drivers that came before the IOMMU driver,
 *			exempt.c: devices that stay untranslated, untrusted.c:
 *			devices that are always translated, former.c: entries
 *			that a crash kernel takes over
 *	faults		faults.c, meter.c: from the hardware to the log
 *	firmware	firmware.c: tables of ACPI
 *	debugging	inside.c, show.c: debugfs and sysfs, trace.c
 */
#include <linux/module.h>

MODULE_DESCRIPTION("Shared parts of IOMMU drivers: live domains, faults");
MODULE_LICENSE("GPL");
