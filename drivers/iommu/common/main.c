// SPDX-License-Identifier: GPL-2.0
/*
 * iommu_common.ko: what the drivers of IOMMUs share and that knows none of
 * them: domains over several units (live.c) behind the IOMMU API (paging.c) and
 * who is in them (members.c); units (unit.c), the devices behind them
 * (device.c), their source-ids (alias.c) and their ports (acs.c); the way of a fault to the log
 * (faults.c, meter.c); what can be seen of all that (inside.c, show.c).
 */
#include <linux/module.h>

MODULE_DESCRIPTION("Shared parts of IOMMU drivers: live domains, faults");
MODULE_LICENSE("GPL");
