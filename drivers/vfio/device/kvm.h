/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Answering KVM's questions about device files.
 */
#ifndef _VFIO_IOMMUFD_KVM_H
#define _VFIO_IOMMUFD_KVM_H

/**
 * kvm_answers_start() - start to answer KVM's questions about device files
 *
 * On failure this is logged, and no_snoop_check() refuses devices.
 */
void kvm_answers_start(void);

/**
 * kvm_answers_stop() - undo kvm_answers_start()
 *
 * Context: no device file is open.
 */
void kvm_answers_stop(void);

#endif
