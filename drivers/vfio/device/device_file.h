/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Device files: /dev/vfio/devices/vfioN, one for each device of this driver.
 */
#ifndef _VFIO_IOMMUFD_DEVICE_FILE_H
#define _VFIO_IOMMUFD_DEVICE_FILE_H

struct file;
struct vfio_device;

int device_files_init(void);
void device_files_exit(void);

/**
 * device_file_prepare() - give a device its file
 * @device: allocated, and not registered yet; with its registration the file
 *	appears, and with the end of that it goes. A device without an IOMMU
 *	gets none.
 *
 * Return: 0 or -ENOMEM, -EBUSY.
 */
int device_file_prepare(struct vfio_device *device);

/**
 * device_file_forget() - undo device_file_prepare()
 * @device: the device; its file cannot be opened any more. Files that are open
 *	work until the end of its registration, which waits for them.
 */
void device_file_forget(struct vfio_device *device);

/**
 * device_file_device() - the device of a device file
 * @filp: any file, held by the caller
 *
 * Context: any.
 *
 * Return: the device, or NULL if it is no device file.
 */
struct vfio_device *device_file_device(const struct file *filp);

#endif
