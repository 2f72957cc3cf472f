/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interface of iommufd to the mock IOMMU, for main.c. The interface to the
 * mock itself is <linux/iommufd_mock.h>.
 */
#ifndef _IOMMUFD_TEST_HOOK_H
#define _IOMMUFD_TEST_HOOK_H

#include <linux/errno.h>
#include <linux/types.h>

#include "../iommufd_test.h"

struct iommufd_ctx;

#define IOMMUFD_TEST_CMD IOMMU_TEST_CMD

#ifdef CONFIG_SLUICE_IOMMUFD_TEST

long iommufd_test_ioctl(struct iommufd_ctx *ictx, void __user *user);
void iommufd_test_file_closed(struct iommufd_ctx *ictx);

#else

static inline long iommufd_test_ioctl(struct iommufd_ctx *ictx,
				      void __user *user)
{
	return -ENOTTY;
}

static inline void iommufd_test_file_closed(struct iommufd_ctx *ictx)
{
}

#endif
#endif
