/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Attributes of a unit in /sys/class/iommu/ivhdN/.
 */
#ifndef AMDVI_SYSFS_H
#define AMDVI_SYSFS_H

struct attribute_group;

extern const struct attribute_group *amdvi_unit_groups[];

#endif
