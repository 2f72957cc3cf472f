/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KVM's questions about device files.
 */
#ifndef _VFIO_IOMMUFD_KVM_H
#define _VFIO_IOMMUFD_KVM_H

struct vfio_device;

/**
 * kvm_answers_start() - answer what KVM asks about device files
 *
 * If that cannot be arranged, the log says so, and kvm_answers_check() refuses
 * devices.
 */
void kvm_answers_start(void);

/**
 * kvm_answers_stop() - undo kvm_answers_start()
 *
 * Context: no device file is open.
 */
void kvm_answers_stop(void);

/**
 * kvm_answers_check() - may a device be opened by its file?
 * @device: a PCI device; its driver is bound to it
 *
 * Return: 0; -EPERM if its DMA may bypass the CPU's caches and KVM could not be
 * told of it, which the log says; -EIO if the device does not wake up.
 */
int kvm_answers_check(struct vfio_device *device);

#endif
