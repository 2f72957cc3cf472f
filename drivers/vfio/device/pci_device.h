/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A PCI device of this driver: that of the core, and what it is bound as.
 */
#ifndef _VFIO_IOMMUFD_PCI_DEVICE_H
#define _VFIO_IOMMUFD_PCI_DEVICE_H

#include <linux/lockdep.h>
#include <linux/vfio_pci_core.h>

struct iommufd_device;

/**
 * struct pci_device - a PCI device of this driver
 * @core: what the core knows of it; first, as vfio.ko frees the whole by it
 * @idev: what it is bound as while it is open by its file, else NULL. Changes
 *	under struct vfio_device_set::lock.
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
 * pci_device_set_idev() - note what a device is bound as
 * @device: the device
 * @idev: the bound device, or NULL before it is unbound
 */
static inline void pci_device_set_idev(struct vfio_device *device,
				       struct iommufd_device *idev)
{
	lockdep_assert_held(&device->dev_set->lock);
	to_pci_device(device)->idev = idev;
}

#endif
