/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The source-ids that a device may present to an IOMMU.
 */
#ifndef IOMMU_COMMON_ALIAS_H
#define IOMMU_COMMON_ALIAS_H

#include <linux/types.h>

struct device;

/**
 * typedef iommu_alias_fn - takes a source-id
 * @dev: the device
 * @alias: a source-id under which its requests may come
 * @arg: the caller's own
 *
 * Return: 0 to go on, anything else to stop and be handed back.
 */
typedef int (*iommu_alias_fn)(struct device *dev, u16 alias, void *arg);

int iommu_visit_aliases(struct device *dev, u16 source_id, u16 firmware_alias,
			iommu_alias_fn fn, void *arg);

#endif
