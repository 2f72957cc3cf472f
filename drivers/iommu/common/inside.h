/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of units: directories in debugfs, and attributes in sysfs.
 */
#ifndef IOMMU_COMMON_INSIDE_H
#define IOMMU_COMMON_INSIDE_H

#include <linux/debugfs.h>
#include <linux/device.h>

struct iommu_unit;
struct iommu_unit_device;
struct seq_file;

struct dentry *iommu_unit_debugfs_top(const char *name);
void iommu_unit_debugfs(struct iommu_unit *unit, struct dentry *top,
			const struct file_operations *registers,
			const struct file_operations *counts);
void iommu_unit_debugfs_device(struct iommu_unit_device *device,
			       const struct file_operations *entry);
void iommu_unit_show_faults(struct seq_file *seq,
			    const struct iommu_unit *unit);

/* Attributes that each driver puts into its own attribute group */
extern struct device_attribute iommu_unit_attr_address;
extern struct device_attribute iommu_unit_attr_domains_used;
extern struct device_attribute iommu_unit_attr_faults;

#endif
