/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Devices behind units, and the operations that the IOMMU core calls.
 */
#ifndef AMDVI_DEVICE_H
#define AMDVI_DEVICE_H

#include <linux/iommu.h>

extern const struct iommu_ops amdvi_iommu_ops;

void amdvi_devices_pass(void);

#endif
