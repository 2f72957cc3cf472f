/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An IOMMU made of C: it reads table entries as the specifications say, not as
 * the library's format headers do, and it caches translations and the way to
 * tables for as long as nobody invalidates them, as real ones do.
 */
#ifndef PT_TEST_HW_H
#define PT_TEST_HW_H

#include <linux/iommu_pt.h>

#define HW_TLB_ENTRIES		16
#define HW_WAY_ENTRIES		8

/**
 * struct hw_translation - what an IOVA leads to
 * @start: first IOVA of the leaf
 * @last: last IOVA of the leaf
 * @phys: physical address of its first byte
 * @read: reading is permitted
 * @write: writing is permitted
 * @snoop: snooping is forced
 * @dirty: the leaf says that it was written to
 * @valid: there is a leaf, and it permits something
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

/* The table of @level that IOVAs from @start to @last go through */
struct hw_way {
	unsigned long start;
	unsigned long last;
	unsigned int level;
	u64 *table;
	bool valid;
};

struct hw {
	struct iommu_pt *pt;
	void (*decode)(u64 raw, unsigned int level, struct hw_entry *entry);
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
