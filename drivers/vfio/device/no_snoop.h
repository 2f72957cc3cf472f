/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Devices whose DMA may bypass the CPU's caches.
 */
#ifndef _VFIO_IOMMUFD_NO_SNOOP_H
#define _VFIO_IOMMUFD_NO_SNOOP_H

#include <linux/types.h>

struct vfio_device;

/* KVM's questions are answered (kvm.c), or this kernel has no KVM for VFIO */
extern bool no_snoop_kvm_knows;

/**
 * no_snoop_check() - may a device be opened by its file?
 * @device: a PCI device; its driver is bound to it
 *
 * Return: 0; -EPERM if its DMA may bypass the CPU's caches and KVM cannot be
 * told so, which is logged; -EIO if the device cannot be resumed.
 */
int no_snoop_check(struct vfio_device *device);

#endif
