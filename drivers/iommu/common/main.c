// SPDX-License-Identifier: GPL-2.0
/*
 * iommu_common.ko: what the drivers of IOMMUs share and that knows none of
 * them: domains over several units (live.c) behind the IOMMU API (paging.c),
 * the way of a fault to the log (faults.c, meter.c), and the source-ids of a
 * device (alias.c).
 */
#include <linux/module.h>

MODULE_DESCRIPTION("Shared parts of IOMMU drivers: live domains, faults");
MODULE_LICENSE("GPL");
