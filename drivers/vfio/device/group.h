/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Groups of devices that are in use by file, and not to be opened meanwhile.
 */
#ifndef _VFIO_IOMMUFD_GROUP_H
#define _VFIO_IOMMUFD_GROUP_H

struct vfio_device;

/**
 * group_hold() - keep everybody from opening the group of a device
 * @device: a registered device, to whose registration there is a reference
 *
 * Several devices of a group may be held, and one several times.
 *
 * Context: may sleep; without struct vfio_device_set::lock.
 * Return: 0; -EBUSY if somebody has the group open; -ENOMEM, -ENFILE.
 */
int group_hold(struct vfio_device *device);

/**
 * group_let_go() - undo group_hold()
 * @device: the device
 *
 * Context: as group_hold(). With the last call the group can be opened.
 */
void group_let_go(struct vfio_device *device);

#endif
