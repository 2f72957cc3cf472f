/* SPDX-License-Identifier: GPL-2.0 */
/*
 * x86-64 entries, as the first stage of VT-d walks them (VT-d specification
 * 4.1, section 9.9; Intel SDM volume 3, section 4.5).
 *
 * Reading cannot be forbidden. Without IOMMU_PT_DIRTY new leaves have the
 * accessed and the dirty bit set, which saves the hardware a write to each.
 */
#ifndef PT_FMT_X86_64_H
#define PT_FMT_X86_64_H

#include "../format.h"

#define X86_64_PRESENT		BIT_ULL(0)
#define X86_64_WRITE		BIT_ULL(1)
#define X86_64_USER		BIT_ULL(2)
#define X86_64_ACCESSED		BIT_ULL(5)
#define X86_64_DIRTY		BIT_ULL(6)
#define X86_64_LARGE		BIT_ULL(7)
#define X86_64_ADDR		GENMASK_ULL(51, 12)
#define X86_64_FIRST		BIT_ULL(52)
#define X86_64_LAST		BIT_ULL(53)
#define X86_64_NOEXEC		BIT_ULL(63)

#define FMT_FORMAT		iommu_pt_x86_64
#define FMT_NAME		"x86_64"
#define FMT_MIN_LEVELS		4
#define FMT_MAX_LEVELS		5
#define FMT_SIGNED		true
#define FMT_GROWS		false
#define FMT_CONTIGUOUS		false
#define FMT_OA_BITS		52
#define FMT_SIZES		(BIT(12) | BIT(21) | BIT(30))
#define FMT_ATTR_BITS		(X86_64_PRESENT | X86_64_WRITE | X86_64_USER | \
				 X86_64_ACCESSED | X86_64_DIRTY | \
				 X86_64_NOEXEC)
#define FMT_ACCESSED		X86_64_ACCESSED
#define FMT_DIRTY		X86_64_DIRTY
#define FMT_FIRST		X86_64_FIRST
#define FMT_LAST		X86_64_LAST
#define FMT_ATTRS		(IOMMU_PT_ATTR_WRITE | IOMMU_PT_ATTR_EXEC | \
				 IOMMU_PT_ATTR_USER)

static inline bool fmt_present(u64 entry)
{
	return entry & X86_64_PRESENT;
}

static inline bool fmt_is_table(u64 entry)
{
	return !(entry & X86_64_LARGE);
}

static inline u64 fmt_table(phys_addr_t phys, unsigned int level)
{
	return phys | X86_64_PRESENT | X86_64_WRITE | X86_64_USER |
	       X86_64_ACCESSED;
}

static inline phys_addr_t fmt_table_phys(u64 entry)
{
	return entry & X86_64_ADDR;
}

static inline u64 fmt_leaf(phys_addr_t addr, unsigned int level,
			   unsigned int shift)
{
	return level == 1 ? addr : addr | X86_64_LARGE;
}

static inline phys_addr_t fmt_leaf_addr(u64 entry, unsigned int level)
{
	return entry & X86_64_ADDR;
}

static inline unsigned int fmt_leaf_shift(u64 entry, unsigned int level)
{
	return pt_level_shift(level);
}

static inline u64 fmt_prot(int prot, unsigned int flags)
{
	u64 bits = X86_64_PRESENT;

	if (!(prot & (IOMMU_READ | IOMMU_WRITE)))
		return 0;
	if (prot & IOMMU_WRITE)
		bits |= X86_64_WRITE;
	if (prot & IOMMU_NOEXEC)
		bits |= X86_64_NOEXEC;
	if (!(prot & IOMMU_PRIV))
		bits |= X86_64_USER;
	if (!(flags & IOMMU_PT_DIRTY))
		bits |= X86_64_ACCESSED | X86_64_DIRTY;
	return bits;
}

static inline unsigned int fmt_attrs(u64 entry)
{
	return IOMMU_PT_ATTR_READ |
	       (entry & X86_64_WRITE ? IOMMU_PT_ATTR_WRITE : 0) |
	       (entry & X86_64_NOEXEC ? 0 : IOMMU_PT_ATTR_EXEC) |
	       (entry & X86_64_USER ? IOMMU_PT_ATTR_USER : 0) |
	       (entry & X86_64_ACCESSED ? IOMMU_PT_ATTR_ACCESSED : 0) |
	       (entry & X86_64_DIRTY ? IOMMU_PT_ATTR_DIRTY : 0);
}

static inline u64 x86_64_attr_bits(unsigned int attrs)
{
	return (attrs & IOMMU_PT_ATTR_WRITE ? X86_64_WRITE : 0) |
	       (attrs & IOMMU_PT_ATTR_USER ? X86_64_USER : 0);
}

static inline u64 fmt_change_attrs(u64 entry, unsigned int set,
				   unsigned int clear)
{
	if (set & IOMMU_PT_ATTR_EXEC)
		entry &= ~X86_64_NOEXEC;
	else if (clear & IOMMU_PT_ATTR_EXEC)
		entry |= X86_64_NOEXEC;
	return (entry & ~x86_64_attr_bits(clear)) | x86_64_attr_bits(set);
}

#endif
