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
 * device_file_prepare() - prepare the file of a device
 * @device: the device, which is not registered yet
 *
 * The file exists as long as the device is registered. A device without an
 * IOMMU has no file.
 *
 * Return: 0 or -ENOMEM, -EBUSY.
 */
int device_file_prepare(struct vfio_device *device);

/**
 * device_file_remove() - undo device_file_prepare()
 * @device: the device
 *
 * The file cannot be opened any more. Open files work until the device is
 * unregistered, which waits for them.
 */
void device_file_remove(struct vfio_device *device);

/**
 * device_file_device() - get the device of a device file
 * @filp: any file; the caller has a reference
 *
 * Context: any.
 *
 * Return: the device, or NULL if it is not a device file.
 */
struct vfio_device *device_file_device(const struct file *filp);

#endif
