/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Additions to <linux/vfio.h> for device files (/dev/vfio/devices/vfioN) that
 * Linux 7.3 has and Linux 6.12 does not. Numbers and layout are those of Linux
 * 7.3, so a program built with its headers works here.
 */
#ifndef _UAPI_LINUX_VFIO_DEVICE_FILE_H
#define _UAPI_LINUX_VFIO_DEVICE_FILE_H

#include <linux/types.h>

/* Flags of VFIO_DEVICE_BIND_IOMMUFD: @token_uuid_ptr is set */
#ifndef VFIO_DEVICE_BIND_FLAG_TOKEN
#define VFIO_DEVICE_BIND_FLAG_TOKEN	(1 << 0)
#endif

/* Flags of VFIO_DEVICE_ATTACH_IOMMUFD_PT and VFIO_DEVICE_DETACH_IOMMUFD_PT */
#ifndef VFIO_DEVICE_ATTACH_PASID
#define VFIO_DEVICE_ATTACH_PASID	(1 << 0)
#define VFIO_DEVICE_DETACH_PASID	(1 << 0)
#endif

/**
 * struct vfio_device_bind_token - VFIO_DEVICE_BIND_IOMMUFD, with a token
 * @argsz: the size of this structure; a program that needs no token may use the
 *	size of Linux 6.12, which ends before @token_uuid_ptr
 * @flags: 0 or VFIO_DEVICE_BIND_FLAG_TOKEN
 * @iommufd: file descriptor of an open /dev/iommu
 * @out_devid: the id of the bound device in that context
 * @token_uuid_ptr: address of the 16 bytes of the token, in the order of
 *	VFIO_DEVICE_FEATURE_PCI_VF_TOKEN. Not read without the flag.
 *
 * A token is required for a virtual function (VF) whose physical function (PF)
 * is bound to a VFIO driver, and for a PF if any of its VFs are in use. For a
 * PF without VFs in use, it sets the token.
 *
 * Errors in addition to those of Linux 6.12: EACCES without the right token,
 * EINVAL for a token if the device does not use one, EFAULT if the token cannot
 * be read, E2BIG if bytes behind this structure are not zero.
 */
struct vfio_device_bind_token {
	__u32 argsz;
	__u32 flags;
	__s32 iommufd;
	__u32 out_devid;
	__aligned_u64 token_uuid_ptr;
};

#endif
