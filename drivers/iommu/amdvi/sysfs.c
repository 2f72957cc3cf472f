// SPDX-License-Identifier: GPL-2.0
/*
 * Attributes of a unit in /sys/class/iommu/ivhdN/amd-iommu/.
 *
 * Existing tools know the name of the group, and the attributes cap and
 * features.
 */
#include <linux/device.h>
#include <linux/sysfs.h>

#include "../common/inside.h"
#include "sysfs.h"
#include "unit.h"

static struct amdvi_unit *class_dev_to_amdvi_unit(struct device *dev)
{
	return container_of(dev_to_iommu_device(dev), struct amdvi_unit,
			    common.iommu);
}

static ssize_t cap_show(struct device *dev, struct device_attribute *attr,
			char *buf)
{
	return sysfs_emit(buf, "%x\n", class_dev_to_amdvi_unit(dev)->cap);
}
static DEVICE_ATTR_RO(cap);

static ssize_t features_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	const struct amdvi_unit *unit = class_dev_to_amdvi_unit(dev);

	return sysfs_emit(buf, "%llx:%llx\n", unit->efr, unit->efr2);
}
static DEVICE_ATTR_RO(features);

static struct attribute *unit_attrs[] = {
	&dev_attr_cap.attr,
	&dev_attr_features.attr,
	&iommu_unit_attr_address.attr,
	&iommu_unit_attr_domains_used.attr,
	&iommu_unit_attr_faults.attr,
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
