/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The device number of /dev/vfio/N. struct vfio_group is private to vfio.ko; the
 * device that stands for the group in sysfs is its first member, from Linux 3.6
 * to 7.3. What is made of the number has to be checked with
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
