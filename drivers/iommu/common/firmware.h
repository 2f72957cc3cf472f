/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The firmware's table of units: what is the same for all kinds of it.
 */
#ifndef IOMMU_COMMON_FIRMWARE_H
#define IOMMU_COMMON_FIRMWARE_H

#include <linux/types.h>

void *iommu_firmware_table(const char *signature, size_t *length);
bool iommu_firmware_is_ram(u64 first, u64 last);

#endif
