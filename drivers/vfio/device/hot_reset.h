/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hot reset: the reset of a whole slot or bus.
 */
#ifndef _VFIO_IOMMUFD_HOT_RESET_H
#define _VFIO_IOMMUFD_HOT_RESET_H

struct vfio_device;

/**
 * hot_reset_ioctl() - handle the ioctls of an open device
 * @device: a device of this driver
 * @cmd: the ioctl's number
 * @arg: its argument
 *
 * Handles the two ioctls of hot reset, if the device was opened by its file.
 * All other calls are passed to the core.
 *
 * Return: the result of the ioctl.
 */
long hot_reset_ioctl(struct vfio_device *device, unsigned int cmd,
		     unsigned long arg);

#endif
