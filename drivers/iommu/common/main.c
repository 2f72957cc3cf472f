// SPDX-License-Identifier: GPL-2.0
/*
 * iommu_common.ko: what the drivers of IOMMUs share and that knows none of
 * them. Domains over several units (live.c), and how much is said of devices
 * that fault (meter.c).
 */
#include <linux/module.h>

MODULE_DESCRIPTION("Shared parts of IOMMU drivers: live domains, fault meters");
MODULE_LICENSE("GPL");
