/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Attributes of a unit in /sys/class/iommu/dmarN/.
 */
#ifndef VTD_SYSFS_H
#define VTD_SYSFS_H

struct attribute_group;

extern const struct attribute_group *vtd_unit_groups[];

#endif
