// SPDX-License-Identifier: GPL-2.0
/*
 * Attributes of a unit in /sys/class/iommu/ivhdN/amd-iommu/.
 *
 * The group and the first two names are those that tools know.
 */
#include <linux/device.h>
#include <linux/sysfs.h>

#include "sysfs.h"
#include "unit.h"

static struct amdvi_unit *to_unit(struct device *dev)
{
	return container_of(dev_to_iommu_device(dev), struct amdvi_unit, iommu);
}

static ssize_t cap_show(struct device *dev, struct device_attribute *attr,
			char *buf)
{
	return sysfs_emit(buf, "%x\n", to_unit(dev)->cap);
}
static DEVICE_ATTR_RO(cap);

static ssize_t features_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	const struct amdvi_unit *unit = to_unit(dev);

	return sysfs_emit(buf, "%llx:%llx\n", unit->efr, unit->efr2);
}
static DEVICE_ATTR_RO(features);

static ssize_t address_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	return sysfs_emit(buf, "%llx\n", (u64)to_unit(dev)->base);
}
static DEVICE_ATTR_RO(address);

static ssize_t domains_used_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(to_unit(dev)->nr_domains));
}
static DEVICE_ATTR_RO(domains_used);

static ssize_t faults_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	struct iommu_faults *faults = &to_unit(dev)->log.faults;
	unsigned long flags;
	u64 recorded;

	raw_spin_lock_irqsave(&faults->lock, flags);
	recorded = faults->recorded;
	raw_spin_unlock_irqrestore(&faults->lock, flags);
	return sysfs_emit(buf, "%llu\n", recorded);
}
static DEVICE_ATTR_RO(faults);

static struct attribute *unit_attrs[] = {
	&dev_attr_cap.attr,
	&dev_attr_features.attr,
	&dev_attr_address.attr,
	&dev_attr_domains_used.attr,
	&dev_attr_faults.attr,
	NULL,
};

static const struct attribute_group unit_group = {
	.name = "amd-iommu",
	.attrs = unit_attrs,
};

const struct attribute_group *amdvi_unit_groups[] = {
	&unit_group,
	NULL,
};
