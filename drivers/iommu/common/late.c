// SPDX-License-Identifier: GPL-2.0
/*
 * Drivers that were bound to devices before the IOMMU driver was loaded.
 *
 * The driver core counts a driver among the users of its device's group before
 * it probes, and takes it from the count when it lets go. One that came before
 * there were groups is missed then, and meanwhile somebody else might take the
 * group. So it is counted late, by what the driver core calls.
 */
#include <linux/device.h>
#include <linux/device/bus.h>
#include <linux/device/driver.h>
#include <linux/export.h>

#include "late.h"

/**
 * iommu_late_count_driver() - count a device's driver as a user of its group
 * @dev: a device whose group is new
 *
 * Context: from the probe_finalize operation.
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
