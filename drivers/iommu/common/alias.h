/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The source-ids that a device may present to an IOMMU.
 */
#ifndef IOMMU_COMMON_ALIAS_H
#define IOMMU_COMMON_ALIAS_H

#include <linux/types.h>

struct device;
struct pci_dev;

/**
 * typedef iommu_alias_fn - called with a source-id
 * @dev: the device
 * @alias: a source-id that its requests may have
 * @arg: the argument that the caller passed
 *
 * Return: 0 to go on, another value to stop and to be returned.
 */
typedef int (*iommu_alias_fn)(struct device *dev, u16 alias, void *arg);

struct pci_dev *iommu_requester(struct pci_dev *pdev);
bool iommu_source_id_is_kept(struct pci_dev *pdev);
int iommu_visit_aliases(struct device *dev, u16 source_id, u16 firmware_alias,
			iommu_alias_fn fn, void *arg);
bool iommu_has_alias(struct device *dev, u16 source_id, u16 firmware_alias,
		     u16 alias);

#endif
