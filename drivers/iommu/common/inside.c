// SPDX-License-Identifier: GPL-2.0
/*
 * The state of units: directories in debugfs, and attributes in sysfs.
 *
 *	DRIVER/domains			every paging domain: shape, members
 *	DRIVER/UNIT/registers, counts	from the driver
 *	DRIVER/UNIT/ADDRESS/entry	from the driver
 *	DRIVER/UNIT/ADDRESS/page_table	mappings of the domain of a device
 *
 * The directory of a device is removed before the device is freed; the removal
 * waits for readers.
 */
#include <linux/export.h>
#include <linux/seq_file.h>
#include <linux/sysfs.h>

#include "inside.h"
#include "paging.h"
#include "show.h"
#include "unit.h"

static int page_table_show(struct seq_file *seq, void *unused)
{
	struct iommu_unit_device *device = seq->private;
	struct iommu_paging *domain;
	int index;

	index = iommu_live_read_lock();
	domain = READ_ONCE(device->domain);
	if (domain)
		iommu_show_page_table(seq, &domain->live);
	iommu_live_read_unlock(index);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(page_table);

static int domains_show(struct seq_file *seq, void *unused)
{
	iommu_paging_show(seq);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(domains);

/**
 * iommu_unit_debugfs_top() - create the directory of a driver
 * @name: name of the driver
 *
 * Return: the directory, to be removed with debugfs_remove_recursive().
 */
struct dentry *iommu_unit_debugfs_top(const char *name)
{
	struct dentry *top = debugfs_create_dir(name, NULL);

	debugfs_create_file("domains", 0400, top, NULL, &domains_fops);
	return top;
}
EXPORT_SYMBOL_GPL(iommu_unit_debugfs_top);

/**
 * iommu_unit_debugfs() - create the directory of a unit
 * @unit: the unit
 * @top: directory of the driver
 * @registers: prints registers; its data is the unit
 * @counts: prints counts of requests and faults; its data is the unit
 */
void iommu_unit_debugfs(struct iommu_unit *unit, struct dentry *top,
			const struct file_operations *registers,
			const struct file_operations *counts)
{
	unit->debugfs = debugfs_create_dir(unit->name, top);
	debugfs_create_file("registers", 0400, unit->debugfs, unit, registers);
	debugfs_create_file("counts", 0400, unit->debugfs, unit, counts);
}
EXPORT_SYMBOL_GPL(iommu_unit_debugfs);

/**
 * iommu_unit_debugfs_device() - create the directory of a device
 * @device: the device; remove its @debugfs with debugfs_remove_recursive()
 *	before it is freed
 * @entry: prints its entry in the tables of the unit; its data is the device
 */
void iommu_unit_debugfs_device(struct iommu_unit_device *device,
			       const struct file_operations *entry)
{
	device->debugfs = debugfs_create_dir(dev_name(device->dev),
					     device->unit->debugfs);
	debugfs_create_file("entry", 0400, device->debugfs, device, entry);
	debugfs_create_file("page_table", 0400, device->debugfs, device,
			    &page_table_fops);
}
EXPORT_SYMBOL_GPL(iommu_unit_debugfs_device);

/**
 * iommu_unit_show_faults() - print counts of faults
 * @seq: the file
 * @unit: the unit
 */
void iommu_unit_show_faults(struct seq_file *seq,
			    const struct iommu_unit *unit)
{
	const struct iommu_faults *faults = &unit->faults;

	seq_printf(seq, "faults %llu\nunknown %llu\noverflows %llu\nunreported %llu\n",
		   READ_ONCE(faults->recorded), READ_ONCE(faults->unknown),
		   READ_ONCE(faults->overflows),
		   READ_ONCE(faults->unreported));
	seq_printf(seq, "interrupts %llu\nmasks %llu\n",
		   READ_ONCE(faults->interrupts), READ_ONCE(faults->masks));
}
EXPORT_SYMBOL_GPL(iommu_unit_show_faults);

static struct iommu_unit *inside_to_unit(struct device *dev)
{
	return container_of(dev_to_iommu_device(dev), struct iommu_unit, iommu);
}

static ssize_t address_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	return sysfs_emit(buf, "%llx\n", (u64)inside_to_unit(dev)->base);
}

static ssize_t domains_used_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(inside_to_unit(dev)->domains_used));
}

static ssize_t faults_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%llu\n",
			  READ_ONCE(inside_to_unit(dev)->faults.recorded));
}

struct device_attribute iommu_unit_attr_address = __ATTR_RO(address);
EXPORT_SYMBOL_GPL(iommu_unit_attr_address);
struct device_attribute iommu_unit_attr_domains_used = __ATTR_RO(domains_used);
EXPORT_SYMBOL_GPL(iommu_unit_attr_domains_used);
struct device_attribute iommu_unit_attr_faults = __ATTR_RO(faults);
EXPORT_SYMBOL_GPL(iommu_unit_attr_faults);
