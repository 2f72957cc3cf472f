/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The device number of /dev/vfio/N. struct vfio_group is private to vfio.ko.
 * Its first member is the device that represents the group in sysfs, from Linux
 * 3.6 to 7.3. A file that is found by the number must be checked with
 * vfio_file_has_dev(), which vfio.ko exports.
 */
#ifndef _COMPAT_VFIO_GROUP_H
#define _COMPAT_VFIO_GROUP_H

#include <linux/device.h>
#include <linux/vfio.h>

static inline dev_t compat_vfio_group_devt(const struct vfio_device *device)
{
	return ((const struct device *)device->group)->devt;
}

#endif
