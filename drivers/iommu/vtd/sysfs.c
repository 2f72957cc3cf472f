// SPDX-License-Identifier: GPL-2.0
/*
 * Attributes of a unit in /sys/class/iommu/dmarN/intel-iommu/.
 *
 * The names of the group and of the first six attributes are those that tools
 * know.
 */
#include <linux/device.h>
#include <linux/sysfs.h>

#include "../common/inside.h"
#include "ability.h"
#include "regs.h"
#include "sysfs.h"
#include "unit.h"

static struct vtd_unit *class_dev_to_vtd_unit(struct device *dev)
{
	return container_of(dev_to_iommu_device(dev), struct vtd_unit,
			    common.iommu);
}

static ssize_t version_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	u32 version = vtd_read(class_dev_to_vtd_unit(dev), VTD_VER);

	return sysfs_emit(buf, "%lu:%lu\n", FIELD_GET(VER_MAJOR, version),
			  FIELD_GET(VER_MINOR, version));
}
static DEVICE_ATTR_RO(version);

static ssize_t cap_show(struct device *dev, struct device_attribute *attr,
			char *buf)
{
	return sysfs_emit(buf, "%llx\n", class_dev_to_vtd_unit(dev)->cap);
}
static DEVICE_ATTR_RO(cap);

static ssize_t ecap_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%llx\n", class_dev_to_vtd_unit(dev)->ecap);
}
static DEVICE_ATTR_RO(ecap);

static ssize_t domains_supported_show(struct device *dev,
				      struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", vtd_unit_domains(class_dev_to_vtd_unit(dev)));
}
static DEVICE_ATTR_RO(domains_supported);

static struct attribute *unit_attrs[] = {
	&dev_attr_version.attr,
	&iommu_unit_attr_address.attr,
	&dev_attr_cap.attr,
	&dev_attr_ecap.attr,
	&dev_attr_domains_supported.attr,
	&iommu_unit_attr_domains_used.attr,
	&iommu_unit_attr_faults.attr,
	NULL,
};

static const struct attribute_group unit_group = {
	.name = "intel-iommu",
	.attrs = unit_attrs,
};

const struct attribute_group *vtd_unit_groups[] = {
	&unit_group,
	NULL,
};
