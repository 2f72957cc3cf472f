/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A made-up format, as the example of Documentation/iommu_pt.md: it answers
 * each question of format.h in the shortest way. User-space tests run over it;
 * no module contains it.
 *
 *	bit	63-52	51-12	11-8	7	6	5	4
 *		0	address	0	last	first	dirty	accessed
 *
 *	bit	3	2	1	0
 *		0	leaf	write	present
 *
 * "leaf" makes a leaf of an entry of level 2 or 3. Reading is always permitted.
 */
#ifndef PT_TEST_EXAMPLE_H
#define PT_TEST_EXAMPLE_H

#include "../format.h"

#define EXAMPLE_PRESENT		BIT_ULL(0)
#define EXAMPLE_WRITE		BIT_ULL(1)
#define EXAMPLE_LEAF		BIT_ULL(2)
#define EXAMPLE_ACCESSED	BIT_ULL(4)
#define EXAMPLE_DIRTY		BIT_ULL(5)
#define EXAMPLE_FIRST		BIT_ULL(6)
#define EXAMPLE_LAST		BIT_ULL(7)
#define EXAMPLE_ADDR		GENMASK_ULL(51, 12)

#define FMT_FORMAT		iommu_pt_example
#define FMT_NAME		"example"
#define FMT_MIN_LEVELS		3
#define FMT_MAX_LEVELS		4
#define FMT_SIGNED		false
#define FMT_GROWS		false
#define FMT_CONTIGUOUS		false
#define FMT_OA_BITS		52
#define FMT_SIZES		(BIT(12) | BIT(21) | BIT(30))
#define FMT_ATTR_BITS		(EXAMPLE_PRESENT | EXAMPLE_WRITE | \
				 EXAMPLE_ACCESSED | EXAMPLE_DIRTY)
#define FMT_ACCESSED		EXAMPLE_ACCESSED
#define FMT_DIRTY		EXAMPLE_DIRTY
#define FMT_FIRST		EXAMPLE_FIRST
#define FMT_LAST		EXAMPLE_LAST
#define FMT_ATTRS		IOMMU_PT_ATTR_WRITE

static inline bool fmt_present(u64 entry)
{
	return entry & EXAMPLE_PRESENT;
}

static inline bool fmt_is_table(u64 entry)
{
	return !(entry & EXAMPLE_LEAF);
}

static inline u64 fmt_table(phys_addr_t phys, unsigned int level)
{
	return phys | EXAMPLE_PRESENT | EXAMPLE_WRITE | EXAMPLE_ACCESSED;
}

static inline phys_addr_t fmt_table_phys(u64 entry)
{
	return entry & EXAMPLE_ADDR;
}

static inline u64 fmt_leaf(phys_addr_t addr, unsigned int level,
			   unsigned int shift)
{
	return level == 1 ? addr : addr | EXAMPLE_LEAF;
}

static inline phys_addr_t fmt_leaf_addr(u64 entry, unsigned int level)
{
	return entry & EXAMPLE_ADDR;
}

static inline unsigned int fmt_leaf_shift(u64 entry, unsigned int level)
{
	return pt_level_shift(level);
}

static inline u64 fmt_prot(int prot, unsigned int flags)
{
	if (!(prot & (IOMMU_READ | IOMMU_WRITE)))
		return 0;
	return EXAMPLE_PRESENT | (prot & IOMMU_WRITE ? EXAMPLE_WRITE : 0);
}

static inline unsigned int fmt_attrs(u64 entry)
{
	return IOMMU_PT_ATTR_READ |
	       (entry & EXAMPLE_WRITE ? IOMMU_PT_ATTR_WRITE : 0) |
	       (entry & EXAMPLE_ACCESSED ? IOMMU_PT_ATTR_ACCESSED : 0) |
	       (entry & EXAMPLE_DIRTY ? IOMMU_PT_ATTR_DIRTY : 0);
}

static inline u64 fmt_change_attrs(u64 entry, unsigned int set,
				   unsigned int clear)
{
	if (clear & IOMMU_PT_ATTR_WRITE)
		entry &= ~EXAMPLE_WRITE;
	return set & IOMMU_PT_ATTR_WRITE ? entry | EXAMPLE_WRITE : entry;
}

#endif
