/* SPDX-License-Identifier: GPL-2.0 */
/* The ioctls of a VFIO container on /dev/iommu */
#ifndef _IOMMUFD_CONTAINER_H
#define _IOMMUFD_CONTAINER_H

struct iommufd_ctx;

long iommufd_container_ioctl(struct iommufd_ctx *ictx, unsigned int cmd,
			     unsigned long arg);

#endif
