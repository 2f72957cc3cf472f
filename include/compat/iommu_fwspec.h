/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Define for the IOMMU core which unit a device is behind, before the device is
 * added to its bus. The kernel has iommu_fwspec_init() for that, but from Linux
 * 6.12 on its callers must hold a lock that modules cannot take. The lock
 * protects against a concurrent probe of the device, which is impossible before
 * the device is on a bus.
 */
#ifndef _COMPAT_IOMMU_FWSPEC_H
#define _COMPAT_IOMMU_FWSPEC_H

#include <linux/iommu.h>
#include <linux/property.h>
#include <linux/slab.h>

static inline void compat_fwspec_clear(struct device *dev)
{
	struct dev_iommu *described = dev->iommu;

	if (!described)
		return;
	dev->iommu = NULL;
	fwnode_handle_put(described->fwspec->iommu_fwnode);
	kfree(described->fwspec);
	kfree(described);
}

static inline int compat_fwspec_set(struct device *dev,
				    struct fwnode_handle *unit)
{
	struct dev_iommu *described;

	if (WARN_ON(device_is_registered(dev) || dev->iommu))
		return -EINVAL;
	/* The IOMMU core frees both when the device is removed from its bus */
	described = kzalloc(sizeof(*described), GFP_KERNEL);
	if (!described)
		return -ENOMEM;
	described->fwspec = kzalloc(struct_size(described->fwspec, ids, 1),
				    GFP_KERNEL);
	if (!described->fwspec) {
		kfree(described);
		return -ENOMEM;
	}
	mutex_init(&described->lock);
	described->fwspec->iommu_fwnode = fwnode_handle_get(unit);
	dev->iommu = described;
	return 0;
}

#endif
