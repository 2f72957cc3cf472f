/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Keep the VFIO group of a device closed while the device is in use by its
 * file.
 */
#ifndef _VFIO_IOMMUFD_GROUP_H
#define _VFIO_IOMMUFD_GROUP_H

struct vfio_device;

/**
 * group_hold() - prevent the group of a device from being opened
 * @device: a registered device; the caller has a reference to its registration
 *
 * May be called for several devices of a group, and several times for one. Each
 * call needs a group_release().
 *
 * Context: may sleep; struct vfio_device_set::lock must not be held.
 *
 * Return: 0; -EBUSY if the group is open; -ENOMEM, -ENFILE.
 */
int group_hold(struct vfio_device *device);

/**
 * group_release() - undo group_hold()
 * @device: the device
 *
 * After the last call the group can be opened.
 *
 * Context: as group_hold().
 */
void group_release(struct vfio_device *device);

#endif
