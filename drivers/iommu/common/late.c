// SPDX-License-Identifier: GPL-2.0
/*
 * Drivers that were bound to devices before the IOMMU driver was loaded.
 *
 * Before a driver is probed, the driver core counts it as a user of the IOMMU
 * group of its device; after it is unbound, it is uncounted. A driver that was
 * bound before there was a group was never counted: the count would be wrong
 * when it is unbound, and until then a user-space driver could take the group.
 * So it is counted late, by the bus callback that the driver core uses too
 * (dma_configure).
 */
#include <linux/device.h>
#include <linux/device/bus.h>
#include <linux/device/driver.h>
#include <linux/export.h>

#include "late.h"

/**
 * iommu_late_count_driver() - count the driver of a device as a user of its
 * group
 * @dev: a device that was just added to its group
 *
 * Context: may sleep; the device's lock is not held.
 */
void iommu_late_count_driver(struct device *dev)
{
	int ret = 0;

	device_lock(dev);
	if (dev->driver && dev->bus->dma_configure)
		ret = dev->bus->dma_configure(dev);
	device_unlock(dev);
	if (ret)
		dev_warn(dev, "its driver is not counted as a user of its IOMMU group (%d)\n",
			 ret);
}
EXPORT_SYMBOL_GPL(iommu_late_count_driver);
