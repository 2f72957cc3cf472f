/* SPDX-License-Identifier: GPL-2.0 */
/*
 * References to a registered VFIO device. When a device is unregistered,
 * vfio.ko waits until the last reference is put. It does not export the
 * functions, but the members that they use are in its public header. These are
 * the functions of Linux 6.2 to 6.18.
 */
#ifndef _COMPAT_VFIO_DEVICE_H
#define _COMPAT_VFIO_DEVICE_H

#include <linux/completion.h>
#include <linux/refcount.h>
#include <linux/vfio.h>

static inline bool compat_vfio_device_get(struct vfio_device *device)
{
	return refcount_inc_not_zero(&device->refcount);
}

static inline void compat_vfio_device_put(struct vfio_device *device)
{
	if (refcount_dec_and_test(&device->refcount))
		complete(&device->comp);
}

#endif
