/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Addresses at which a write is an interrupt on x86. A unit does not translate
 * requests to them, and no page table may lead to them: VT-d specification 4.1,
 * section 3.14; AMD I/O Virtualization Technology specification, on special
 * address ranges.
 *
 * Also for the readers of firmware tables, which are compiled in user space.
 */
#ifndef IOMMU_COMMON_INTERRUPTS_H
#define IOMMU_COMMON_INTERRUPTS_H

#include <linux/types.h>

#define IOMMU_INTERRUPTS_FIRST	0xfee00000ULL
#define IOMMU_INTERRUPTS_LAST	0xfeefffffULL

/* Is any byte of a range such an address? */
static inline bool iommu_has_interrupts(u64 first, u64 last)
{
	return first <= IOMMU_INTERRUPTS_LAST && last >= IOMMU_INTERRUPTS_FIRST;
}

/* Is every byte of a range such an address? */
static inline bool iommu_is_interrupts(u64 first, u64 last)
{
	return first >= IOMMU_INTERRUPTS_FIRST && last <= IOMMU_INTERRUPTS_LAST;
}

#endif
