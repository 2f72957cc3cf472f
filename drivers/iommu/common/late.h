/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Drivers that were bound to devices before the IOMMU driver was loaded.
 */
#ifndef IOMMU_COMMON_LATE_H
#define IOMMU_COMMON_LATE_H

struct device;

void iommu_late_count_driver(struct device *dev);

#endif
