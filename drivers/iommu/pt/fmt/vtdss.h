/* SPDX-License-Identifier: GPL-2.0 */
/*
 * VT-d second-stage entries (VT-d specification 4.1, section 9.8).
 *
 * For the hardware an entry is present if it permits reading or writing. The
 * library needs leaves that permit neither. So it has a present bit of its own,
 * one of those that the hardware ignores.
 */
#ifndef PT_FMT_VTDSS_H
#define PT_FMT_VTDSS_H

#include "../format.h"

#define VTDSS_READ		BIT_ULL(0)
#define VTDSS_WRITE		BIT_ULL(1)
#define VTDSS_LARGE		BIT_ULL(7)
#define VTDSS_ACCESSED		BIT_ULL(8)
#define VTDSS_DIRTY		BIT_ULL(9)
#define VTDSS_SNOOP		BIT_ULL(11)
#define VTDSS_ADDR		GENMASK_ULL(51, 12)
#define VTDSS_PRESENT		BIT_ULL(52)
#define VTDSS_FIRST		BIT_ULL(53)
#define VTDSS_LAST		BIT_ULL(54)
#define VTDSS_TRANSIENT		BIT_ULL(62)

#define FMT_FORMAT		iommu_pt_vtdss
#define FMT_NAME		"vtdss"
#define FMT_MIN_LEVELS		3
#define FMT_MAX_LEVELS		5
#define FMT_SIGNED		false
#define FMT_GROWS		false
#define FMT_CONTIGUOUS		false
#define FMT_OA_BITS		52
#define FMT_SIZES		(BIT(12) | BIT(21) | BIT(30))
#define FMT_ATTR_BITS		(VTDSS_READ | VTDSS_WRITE | VTDSS_SNOOP | \
				 VTDSS_ACCESSED | VTDSS_DIRTY | \
				 VTDSS_TRANSIENT | VTDSS_PRESENT)
#define FMT_ACCESSED		VTDSS_ACCESSED
#define FMT_DIRTY		VTDSS_DIRTY
#define FMT_FIRST		VTDSS_FIRST
#define FMT_LAST		VTDSS_LAST
#define FMT_ATTRS		(IOMMU_PT_ATTR_READ | IOMMU_PT_ATTR_WRITE | \
				 IOMMU_PT_ATTR_SNOOP)

static inline bool fmt_present(u64 entry)
{
	return entry & VTDSS_PRESENT;
}

static inline bool fmt_is_table(u64 entry)
{
	return !(entry & VTDSS_LARGE);
}

static inline u64 fmt_table(phys_addr_t phys, unsigned int level)
{
	return phys | VTDSS_READ | VTDSS_WRITE | VTDSS_ACCESSED | VTDSS_PRESENT;
}

static inline phys_addr_t fmt_table_phys(u64 entry)
{
	return entry & VTDSS_ADDR;
}

static inline u64 fmt_leaf(phys_addr_t addr, unsigned int level,
			   unsigned int shift)
{
	return level == 1 ? addr : addr | VTDSS_LARGE;
}

static inline phys_addr_t fmt_leaf_addr(u64 entry, unsigned int level)
{
	return entry & VTDSS_ADDR;
}

static inline unsigned int fmt_leaf_shift(u64 entry, unsigned int level)
{
	return pt_level_shift(level);
}

static inline u64 fmt_prot(int prot, unsigned int flags)
{
	u64 bits = VTDSS_PRESENT;

	if (!(prot & (IOMMU_READ | IOMMU_WRITE)))
		return 0;
	if (prot & IOMMU_READ)
		bits |= VTDSS_READ;
	if (prot & IOMMU_WRITE)
		bits |= VTDSS_WRITE;
	if (flags & IOMMU_PT_SNOOP)
		bits |= VTDSS_SNOOP;
	if (flags & IOMMU_PT_TRANSIENT)
		bits |= VTDSS_TRANSIENT;
	return bits;
}

static inline unsigned int fmt_attrs(u64 entry)
{
	return (entry & VTDSS_READ ? IOMMU_PT_ATTR_READ : 0) |
	       (entry & VTDSS_WRITE ? IOMMU_PT_ATTR_WRITE : 0) |
	       (entry & VTDSS_SNOOP ? IOMMU_PT_ATTR_SNOOP : 0) |
	       (entry & VTDSS_ACCESSED ? IOMMU_PT_ATTR_ACCESSED : 0) |
	       (entry & VTDSS_DIRTY ? IOMMU_PT_ATTR_DIRTY : 0);
}

static inline u64 vtdss_attr_bits(unsigned int attrs)
{
	return (attrs & IOMMU_PT_ATTR_READ ? VTDSS_READ : 0) |
	       (attrs & IOMMU_PT_ATTR_WRITE ? VTDSS_WRITE : 0) |
	       (attrs & IOMMU_PT_ATTR_SNOOP ? VTDSS_SNOOP : 0);
}

static inline u64 fmt_change_attrs(u64 entry, unsigned int set,
				   unsigned int clear)
{
	return (entry & ~vtdss_attr_bits(clear)) | vtdss_attr_bits(set);
}

#endif
