/* SPDX-License-Identifier: GPL-2.0 */
/*
 * AMD-Vi version 1 entries (AMD I/O Virtualization Technology specification,
 * 48882, section 2.2.3).
 *
 * In a leaf the next-level field is 0 if the leaf has the size of its level. It
 * is 7 if 2, 4, ... or 256 equal entries make up the leaf. The size is then
 * encoded in the address: for 2^s bytes, address bits 12 to s - 2 are set and
 * bit s - 1 is clear. A leaf of 16 KiB (s = 14, four entries), for example, has
 * bit 12 set and bit 13 clear. Leaves always force coherency (FC), so nothing
 * needs to change when snooping is enforced.
 */
#ifndef PT_FMT_AMDV1_H
#define PT_FMT_AMDV1_H

#include <linux/bitfield.h>
#include <linux/bitops.h>

#include "../format.h"

#define AMDV1_PRESENT		BIT_ULL(0)
#define AMDV1_FIRST		BIT_ULL(1)
#define AMDV1_LAST		BIT_ULL(2)
#define AMDV1_ACCESSED		BIT_ULL(5)
#define AMDV1_DIRTY		BIT_ULL(6)
#define AMDV1_NEXT_LEVEL	GENMASK_ULL(11, 9)
#define AMDV1_ADDR		GENMASK_ULL(51, 12)
#define AMDV1_FORCE_COHERENT	BIT_ULL(60)
#define AMDV1_READ		BIT_ULL(61)
#define AMDV1_WRITE		BIT_ULL(62)

#define AMDV1_LEAF_OF_LEVEL	0
#define AMDV1_LEAF_SIZED	7

#define FMT_FORMAT		iommu_pt_amdv1
#define FMT_NAME		"amdv1"
#define FMT_MIN_LEVELS		1
#define FMT_MAX_LEVELS		6
#define FMT_SIGNED		false
#define FMT_GROWS		true
#define FMT_CONTIGUOUS		true
#define FMT_OA_BITS		52
#define FMT_SIZES		GENMASK(51, 12)
#define FMT_ATTR_BITS		(AMDV1_PRESENT | AMDV1_ACCESSED | \
				 AMDV1_DIRTY | AMDV1_FORCE_COHERENT | \
				 AMDV1_READ | AMDV1_WRITE)
#define FMT_ACCESSED		AMDV1_ACCESSED
#define FMT_DIRTY		AMDV1_DIRTY
#define FMT_FIRST		AMDV1_FIRST
#define FMT_LAST		AMDV1_LAST
#define FMT_ATTRS		(IOMMU_PT_ATTR_READ | IOMMU_PT_ATTR_WRITE | \
				 IOMMU_PT_ATTR_SNOOP)

static inline bool fmt_present(u64 entry)
{
	return entry & AMDV1_PRESENT;
}

static inline bool fmt_is_table(u64 entry)
{
	unsigned int next = FIELD_GET(AMDV1_NEXT_LEVEL, entry);

	return next != AMDV1_LEAF_OF_LEVEL && next != AMDV1_LEAF_SIZED;
}

static inline u64 fmt_table(phys_addr_t phys, unsigned int level)
{
	return phys | AMDV1_PRESENT | AMDV1_ACCESSED |
	       FIELD_PREP(AMDV1_NEXT_LEVEL, level) | AMDV1_READ | AMDV1_WRITE;
}

static inline phys_addr_t fmt_table_phys(u64 entry)
{
	return entry & AMDV1_ADDR;
}

static inline u64 fmt_leaf(phys_addr_t addr, unsigned int level,
			   unsigned int shift)
{
	if (shift == pt_level_shift(level))
		return addr | FIELD_PREP(AMDV1_NEXT_LEVEL, AMDV1_LEAF_OF_LEVEL);
	return addr | (BIT_ULL(shift - 1) - BIT_ULL(PT_PAGE_SHIFT)) |
	       FIELD_PREP(AMDV1_NEXT_LEVEL, AMDV1_LEAF_SIZED);
}

static inline unsigned int fmt_leaf_shift(u64 entry, unsigned int level)
{
	if (FIELD_GET(AMDV1_NEXT_LEVEL, entry) == AMDV1_LEAF_OF_LEVEL)
		return pt_level_shift(level);
	return __ffs64(~(entry | (BIT_ULL(PT_PAGE_SHIFT) - 1))) + 1;
}

static inline phys_addr_t fmt_leaf_addr(u64 entry, unsigned int level)
{
	return entry & AMDV1_ADDR & ~(BIT_ULL(fmt_leaf_shift(entry, level)) - 1);
}

static inline u64 fmt_prot(int prot, unsigned int flags)
{
	u64 bits = AMDV1_PRESENT | AMDV1_FORCE_COHERENT;

	if (!(prot & (IOMMU_READ | IOMMU_WRITE)))
		return 0;
	if (prot & IOMMU_READ)
		bits |= AMDV1_READ;
	if (prot & IOMMU_WRITE)
		bits |= AMDV1_WRITE;
	return bits;
}

static inline unsigned int fmt_attrs(u64 entry)
{
	return (entry & AMDV1_READ ? IOMMU_PT_ATTR_READ : 0) |
	       (entry & AMDV1_WRITE ? IOMMU_PT_ATTR_WRITE : 0) |
	       (entry & AMDV1_FORCE_COHERENT ? IOMMU_PT_ATTR_SNOOP : 0) |
	       (entry & AMDV1_ACCESSED ? IOMMU_PT_ATTR_ACCESSED : 0) |
	       (entry & AMDV1_DIRTY ? IOMMU_PT_ATTR_DIRTY : 0);
}

static inline u64 amdv1_attr_bits(unsigned int attrs)
{
	return (attrs & IOMMU_PT_ATTR_READ ? AMDV1_READ : 0) |
	       (attrs & IOMMU_PT_ATTR_WRITE ? AMDV1_WRITE : 0) |
	       (attrs & IOMMU_PT_ATTR_SNOOP ? AMDV1_FORCE_COHERENT : 0);
}

static inline u64 fmt_change_attrs(u64 entry, unsigned int set,
				   unsigned int clear)
{
	return (entry & ~amdv1_attr_bits(clear)) | amdv1_attr_bits(set);
}

#endif
