/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A PCI device of this driver: the core's device, and its iommufd device.
 */
#ifndef _VFIO_IOMMUFD_PCI_DEVICE_H
#define _VFIO_IOMMUFD_PCI_DEVICE_H

#include <linux/lockdep.h>
#include <linux/vfio_pci_core.h>

struct iommufd_device;

/**
 * struct pci_device - a PCI device of this driver
 * @core: the core's device. It is the first member, because vfio.ko frees the
 *	whole structure through it.
 * @idev: the bound iommufd device while it is open by its file, otherwise NULL.
 *	Protected by struct vfio_device_set::lock.
 */
struct pci_device {
	struct vfio_pci_core_device core;
	struct iommufd_device *idev;
};

static inline struct pci_device *to_pci_device(struct vfio_device *device)
{
	return container_of(device, struct pci_device, core.vdev);
}

/**
 * pci_device_set_idev() - set the iommufd device of a device
 * @device: the device
 * @idev: the bound iommufd device, or NULL before it is unbound
 */
static inline void pci_device_set_idev(struct vfio_device *device,
				       struct iommufd_device *idev)
{
	lockdep_assert_held(&device->dev_set->lock);
	to_pci_device(device)->idev = idev;
}

#endif
