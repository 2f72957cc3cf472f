/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Devices that are not trusted.
 */
#ifndef IOMMU_COMMON_UNTRUSTED_H
#define IOMMU_COMMON_UNTRUSTED_H

#include <linux/types.h>

struct device;

bool iommu_is_untrusted(const struct device *dev);
int iommu_untrusted_refuse_identity(struct device *dev);
int iommu_untrusted_unbind(bool (*behind_unit)(struct device *dev));
void iommu_untrusted_rebind(bool wait);
void iommu_untrusted_explain(void);

#endif
