/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether the kernel's own VT-d driver is at work. The variable is exported,
 * its declaration is not among the headers.
 */
#ifndef _COMPAT_INTEL_IOMMU_H
#define _COMPAT_INTEL_IOMMU_H

#include <linux/types.h>

#ifdef CONFIG_INTEL_IOMMU
extern int intel_iommu_enabled;
#endif

static inline bool compat_intel_iommu_active(void)
{
#ifdef CONFIG_INTEL_IOMMU
	return intel_iommu_enabled;
#else
	return false;
#endif
}

#endif
