/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The questions that a page-table format answers.
 *
 * Every format has tables of 512 entries of 8 bytes. An entry of level 1 maps
 * 4 KiB, one of level n maps 512 times as much as one of level n - 1. An unused
 * entry is 0. All else is defined by the format, in a header fmt/NAME.h of
 * macros and inline functions, which only the walker includes. test/example.h
 * is a complete one that is made up; Documentation/iommu_pt.md says how to add
 * a format.
 *
 * FMT_FORMAT		the name of its struct iommu_pt_format
 * FMT_NAME		the same for messages
 * FMT_MIN_LEVELS,
 * FMT_MAX_LEVELS	smallest and largest level of a top table
 * FMT_SIGNED		IOVAs are sign-extended
 * FMT_GROWS		a table may be put above the top table
 * FMT_CONTIGUOUS	several equal entries can act as one leaf
 * FMT_OA_BITS		width of a physical address
 * FMT_SIZES		bitmap of the sizes of a leaf
 * FMT_ATTR_BITS	bits of a leaf that hold attributes: what it permits,
 *			and whether it was accessed or written
 * FMT_ACCESSED,
 * FMT_DIRTY		of these, the bits that hardware sets
 * FMT_FIRST, FMT_LAST	two bits that hardware ignores; they mark the first and
 *			the last entry that one call mapped
 * FMT_ATTRS		enum iommu_pt_attrs that can be changed in place
 *
 * fmt_present()	the entry is a leaf or leads to a table
 * fmt_is_table()	a present entry of level 2 or above leads to a table
 * fmt_table()		the entry that leads to a table; its accessed bit is
 *			set, so that hardware never changes it
 * fmt_table_phys()	the table that an entry leads to
 * fmt_leaf()		address and size of a leaf, as entry bits. Contiguous
 *			entries of one leaf are all equal. The next leaf of the
 *			same size in the same table differs by its size in bytes.
 * fmt_leaf_addr()	the address of the first byte of a leaf
 * fmt_leaf_shift()	log2 of the bytes of a leaf
 * fmt_prot()		the attribute bits for IOMMU_READ and so on; 0 if the
 *			format cannot do that
 * fmt_attrs()		the attributes of a leaf, as enum iommu_pt_attrs
 * fmt_change_attrs()	a leaf with attributes of FMT_ATTRS set and cleared
 *
 * A leaf of 2^s bytes is of level (s - 12) / 9 + 1, and consists of
 * 2^((s - 12) % 9) equal contiguous entries.
 *
 * An entry that is neither present nor 0 is a tombstone (walk_core.h). Its bits
 * 0 to 2 are 0 and bit 3 is set: fmt_present() must be false for it.
 */
#ifndef PT_FORMAT_H
#define PT_FORMAT_H

#include <linux/bits.h>
#include <linux/iommu_pt.h>

#define PT_ENTRIES		512u
#define PT_TABLE_SIZE		4096u
#define PT_PAGE_SHIFT		12u
#define PT_LEVEL_SHIFT		9u

/**
 * struct iommu_pt_format - a format, for the rest of the library
 * @name: its name, for messages
 * @min_levels: smallest level of a top table
 * @max_levels: largest level of a top table
 * @oa_bits: width of a physical address
 * @sign_extended: IOVAs are sign-extended, so that there is an upper half
 * @grows: a table may be put above the top table
 * @page_sizes: bitmap of the sizes of a leaf
 * @attrs: enum iommu_pt_attrs that can be changed in place
 * @map: see iommu_pt_map(); arguments are checked, @length is that of all runs
 * @unmap: see iommu_pt_unmap_runs()
 * @reserve: returns log2 of the largest leaf that touches a range
 * @iova_to_phys: see iommu_pt_iova_to_phys()
 * @visit: see iommu_pt_visit()
 * @read_dirty: see iommu_pt_read_dirty(); with @gather, see
 *	iommu_pt_read_and_clear_dirty()
 * @set_attrs: see iommu_pt_set_attrs()
 * @demote: see iommu_pt_demote()
 * @promote: see iommu_pt_promote()
 * @flush_tables: see iommu_pt_flush_tables()
 * @orphan: clear the tombstones in a table that is about to be freed, so that
 *	their tables cannot be revived
 * @free_all: free a table and every table below it
 *
 * A range is given by its first and its last IOVA.
 */
struct iommu_pt_format {
	const char *name;
	unsigned int min_levels;
	unsigned int max_levels;
	unsigned int oa_bits;
	bool sign_extended;
	bool grows;
	unsigned long page_sizes;
	unsigned int attrs;

	int (*map)(struct iommu_pt *pt, unsigned long iova,
		   const struct iommu_run *runs, size_t length, int prot,
		   gfp_t gfp, struct iommu_pt_gather *gather);
	size_t (*unmap)(struct iommu_pt *pt, unsigned long iova,
			unsigned long last, struct iommu_pt_gather *gather,
			iommu_pt_run_fn fn, void *arg);
	unsigned int (*reserve)(struct iommu_pt *pt, unsigned long iova,
				unsigned long last);
	phys_addr_t (*iova_to_phys)(struct iommu_pt *pt, unsigned long iova);
	int (*visit)(struct iommu_pt *pt, unsigned long iova,
		     unsigned long last, iommu_pt_leaf_fn fn, void *arg);
	void (*read_dirty)(struct iommu_pt *pt, unsigned long iova,
			   unsigned long last, iommu_pt_dirty_fn fn, void *arg,
			   struct iommu_pt_gather *gather);
	int (*set_attrs)(struct iommu_pt *pt, unsigned long iova,
			 unsigned long last, unsigned int set,
			 unsigned int clear, gfp_t gfp,
			 struct iommu_pt_gather *gather);
	int (*demote)(struct iommu_pt *pt, unsigned long iova,
		      unsigned long last, unsigned long page_sizes, gfp_t gfp,
		      struct iommu_pt_gather *gather);
	int (*promote)(struct iommu_pt *pt, unsigned long iova,
		       unsigned long last, struct iommu_pt_gather *gather);
	void (*flush_tables)(struct iommu_pt *pt);
	void (*orphan)(u64 *table);
	void (*free_all)(struct iommu_pt *pt, u64 *table, unsigned int level);
};

/* A pointer to the top table, with its level in the low bits */
#define PT_TOP_LEVEL_MASK	7ul

static inline unsigned long pt_top_pack(u64 *table, unsigned int level)
{
	return (unsigned long)table | level;
}

static inline u64 *pt_top_table(unsigned long top)
{
	return (u64 *)(top & ~PT_TOP_LEVEL_MASK);
}

static inline unsigned int pt_top_level(unsigned long top)
{
	return top & PT_TOP_LEVEL_MASK;
}

/* log2 of the bytes that a single entry of a level maps */
static inline unsigned int pt_level_shift(unsigned int level)
{
	return PT_PAGE_SHIFT + PT_LEVEL_SHIFT * (level - 1);
}

/* Leaf sizes below what a whole table of a level maps */
static inline unsigned long pt_table_sizes(unsigned int level)
{
	unsigned int shift = pt_level_shift(level + 1);

	return shift < BITS_PER_LONG ? BIT(shift) - 1 : ULONG_MAX;
}

/* The level of a leaf of 2^shift bytes */
static inline unsigned int pt_shift_level(unsigned int shift)
{
	return (shift - PT_PAGE_SHIFT) / PT_LEVEL_SHIFT + 1;
}

static inline unsigned int pt_index(unsigned long iova, unsigned int level)
{
	return (iova >> pt_level_shift(level)) & (PT_ENTRIES - 1);
}

/* The last IOVA of the aligned block of 2^shift bytes that holds @iova */
static inline unsigned long pt_block_last(unsigned long iova,
					  unsigned int shift)
{
	return shift < BITS_PER_LONG ? iova | (BIT(shift) - 1) : ULONG_MAX;
}

/* The first IOVA of that block */
static inline unsigned long pt_block_start(unsigned long iova,
					   unsigned int shift)
{
	return shift < BITS_PER_LONG ? iova & ~(BIT(shift) - 1) : 0;
}

/* The last IOVA of an entry, and the last and the first of a table */
static inline unsigned long pt_entry_last(unsigned long iova,
					  unsigned int level)
{
	return pt_block_last(iova, pt_level_shift(level));
}

static inline unsigned long pt_table_last(unsigned long iova,
					  unsigned int level)
{
	return pt_block_last(iova, pt_level_shift(level + 1));
}

static inline unsigned long pt_table_start(unsigned long iova,
					   unsigned int level)
{
	return pt_block_start(iova, pt_level_shift(level + 1));
}

#endif
