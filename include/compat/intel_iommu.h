/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Is the kernel's own VT-d driver enabled? The variable is exported, but no
 * public header declares it.
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
