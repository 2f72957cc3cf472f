/* SPDX-License-Identifier: GPL-2.0 */
/*
 * References to a registered VFIO device. vfio.ko waits, when a device is to
 * go, until the last of them is put; it keeps the functions to itself, and the
 * members they are made of are in its header. They are those of Linux 6.2 to
 * 6.18.
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
