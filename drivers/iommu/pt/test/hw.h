/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A simulated unit. It reads table entries as the specifications define them
 * (decode.c), not by the headers of the library. It caches translations, and
 * the paths to tables, until they are invalidated, as real units do.
 */
#ifndef PT_TEST_HW_H
#define PT_TEST_HW_H

#include <linux/iommu_pt.h>

#define HW_TLB_ENTRIES		16
#define HW_WAY_ENTRIES		8

/**
 * struct hw_translation - a translation
 * @start: first IOVA of the leaf
 * @last: last IOVA of the leaf
 * @phys: physical address of its first byte
 * @read: reading is permitted
 * @write: writing is permitted
 * @snoop: snooping is forced
 * @dirty: the dirty bit of the leaf is set
 * @valid: there is a leaf that permits an access
 */
struct hw_translation {
	unsigned long start;
	unsigned long last;
	u64 phys;
	bool read;
	bool write;
	bool snoop;
	bool dirty;
	bool valid;
};

/**
 * struct hw_entry - what one entry says
 * @present: it leads to memory or to a table
 * @read: reading is permitted
 * @write: writing is permitted
 * @snoop: snooping is forced
 * @size: log2 of the bytes that it maps; 0 for a table
 * @addr: where it leads
 * @accessed: its accessed bit
 * @dirty: its dirty bit
 * @error: why the hardware would not take it, or NULL
 */
struct hw_entry {
	bool present;
	bool read;
	bool write;
	bool snoop;
	unsigned int size;
	u64 addr;
	u64 accessed;
	u64 dirty;
	const char *error;
};

/**
 * struct hw_format - what hardware makes of a format, and what is expected of
 * the library over it
 * @decode: fills in all but @addr of an entry, zeroed before
 * @always: enum iommu_pt_attrs that every new leaf has, whatever is asked for
 * @snoops: a leaf has a bit that forces snooping
 * @grows: the top table may be of any level; an IOVA beyond it is not mapped
 */
struct hw_format {
	void (*decode)(u64 raw, unsigned int level, struct hw_entry *entry);
	unsigned int always;
	bool snoops;
	bool grows;
};

/* A cached path: @table, of @level, translates IOVAs @start to @last */
struct hw_way {
	unsigned long start;
	unsigned long last;
	unsigned int level;
	u64 *table;
	bool valid;
};

struct hw {
	struct iommu_pt *pt;
	const struct hw_format *format;
	bool noncoherent;
	bool tracks_dirty;
	unsigned int next;
	struct hw_translation tlb[HW_TLB_ENTRIES];
	struct hw_way way[HW_WAY_ENTRIES];
	const char *error;
};

void hw_init(struct hw *hw, struct iommu_pt *pt, bool noncoherent,
	     bool tracks_dirty);
bool hw_translate(struct hw *hw, unsigned long iova, bool write, bool cached,
		  struct hw_translation *to);
void hw_invalidate(struct hw *hw, const struct iommu_pt_gather *gather);

#endif
