// SPDX-License-Identifier: GPL-2.0
/*
 * Attributes of a unit in /sys/class/iommu/dmarN/intel-iommu/.
 *
 * The group and the first six names are those that tools know.
 */
#include <linux/device.h>
#include <linux/sysfs.h>

#include "sysfs.h"
#include "unit.h"

static struct vtd_unit *to_unit(struct device *dev)
{
	return container_of(dev_to_iommu_device(dev), struct vtd_unit, iommu);
}

static unsigned int domains_supported(const struct vtd_unit *unit)
{
	return 1U << (4 + 2 * FIELD_GET(CAP_ND, unit->cap));
}

static ssize_t version_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	u32 version = vtd_read(to_unit(dev), VTD_VER);

	return sysfs_emit(buf, "%lu:%lu\n", FIELD_GET(VER_MAJOR, version),
			  FIELD_GET(VER_MINOR, version));
}
static DEVICE_ATTR_RO(version);

static ssize_t address_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	return sysfs_emit(buf, "%llx\n", (u64)to_unit(dev)->base);
}
static DEVICE_ATTR_RO(address);

static ssize_t cap_show(struct device *dev, struct device_attribute *attr,
			char *buf)
{
	return sysfs_emit(buf, "%llx\n", to_unit(dev)->cap);
}
static DEVICE_ATTR_RO(cap);

static ssize_t ecap_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%llx\n", to_unit(dev)->ecap);
}
static DEVICE_ATTR_RO(ecap);

static ssize_t domains_supported_show(struct device *dev,
				      struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", domains_supported(to_unit(dev)));
}
static DEVICE_ATTR_RO(domains_supported);

static ssize_t domains_used_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(to_unit(dev)->domains_used));
}
static DEVICE_ATTR_RO(domains_used);

static ssize_t faults_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	struct iommu_faults *faults = &to_unit(dev)->faults.common;
	unsigned long flags;
	u64 recorded;

	raw_spin_lock_irqsave(&faults->lock, flags);
	recorded = faults->recorded;
	raw_spin_unlock_irqrestore(&faults->lock, flags);
	return sysfs_emit(buf, "%llu\n", recorded);
}
static DEVICE_ATTR_RO(faults);

static struct attribute *unit_attrs[] = {
	&dev_attr_version.attr,
	&dev_attr_address.attr,
	&dev_attr_cap.attr,
	&dev_attr_ecap.attr,
	&dev_attr_domains_supported.attr,
	&dev_attr_domains_used.attr,
	&dev_attr_faults.attr,
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
