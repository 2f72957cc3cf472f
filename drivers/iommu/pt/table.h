/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Table pages: where they come from, what is known of each, where they go.
 *
 * What is known of a table stands in the struct page of its page. The words
 * that struct pt_table lays over belong to whoever allocated the page.
 */
#ifndef PT_TABLE_H
#define PT_TABLE_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>

#include "format.h"

/**
 * struct pt_table - what is known of a table
 * @__page_flags: the page's
 * @list: in a gather or among the deferred, once unlinked; under iommu_pt.lock
 * @rcu: the first of a chain that waits to be freed
 * @slot: the entry that leads or led here; NULL for a top table, and for one
 *	that can no longer come back to life. Changes under iommu_pt.lock only
 *	once the table is visible.
 * @count: entries in use, those about to be written included. 0 is final but
 *	for those who hold iommu_pt.lock. A top table has PT_TOP_BIAS more.
 * @tombs: entries that are tombstones; under iommu_pt.lock
 * @level: its level
 * @parked: unlinked and invalidated, but with tombstones in it that lead to
 *	tables that are not; under iommu_pt.lock
 * @next: the next one of a stash or of a chain
 * @full: of a table of level 1 in use: lines of PT_LINE entries, a bit each,
 *	that are known to hold nothing but leaves. A line that is full may lack
 *	its bit; who is about to clear an entry clears the bit of its line first
 */
struct pt_table {
	unsigned long __page_flags;
	union {
		struct list_head list;
		struct rcu_head rcu;
	};
	u64 *slot;
	struct {
		atomic_t count;
		u16 tombs;
		u8 level;
		bool parked;
	};
	union {
		struct pt_table *next;
		atomic_long_t full;
	};
};

static_assert(offsetof(struct pt_table, list) == offsetof(struct page, lru));
static_assert(sizeof(struct pt_table) <= offsetof(struct page, _mapcount));

#define PT_TOP_BIAS		(1 << 16)

/* Entries of a cache line */
#define PT_LINE			8u

static_assert(PT_ENTRIES / PT_LINE <= BITS_PER_LONG);

/* So many entries and it pays to know their lines, and to use string stores */
#define PT_MANY			32u

/* The table that an entry, or the first entry itself, lies in */
static inline struct pt_table *pt_table_of(const u64 *entry)
{
	return (struct pt_table *)virt_to_page(entry);
}

static inline u64 *pt_entries(struct pt_table *table)
{
	return page_address((struct page *)table);
}

/**
 * struct pt_stash - tables that nobody has seen: zeroed, nothing set
 * @first: linked by pt_table.next
 * @nr: how many
 */
struct pt_stash {
	struct pt_table *first;
	unsigned int nr;
};

static inline void pt_stash_put(struct pt_stash *stash, struct pt_table *table)
{
	table->next = stash->first;
	stash->first = table;
	stash->nr++;
}

static inline struct pt_table *pt_stash_get(struct pt_stash *stash)
{
	struct pt_table *table = stash->first;

	stash->first = table->next;
	stash->nr--;
	atomic_long_set(&table->full, 0);
	return table;
}

/* The lines that entries from @first to before @end fill */
static inline unsigned long pt_whole_lines(unsigned int first, unsigned int end)
{
	unsigned int line = DIV_ROUND_UP(first, PT_LINE), stop = end / PT_LINE;

	return line < stop ? GENMASK(stop - 1, line) : 0;
}

int pt_stash_fill(struct iommu_pt *pt, struct pt_stash *stash, unsigned int nr,
		  gfp_t gfp);
void pt_stash_drop(struct iommu_pt *pt, struct pt_stash *stash);
struct pt_table *pt_table_alloc(struct iommu_pt *pt, gfp_t gfp);
void pt_table_free(struct iommu_pt *pt, struct pt_table *table);

void pt_reservation_take(struct iommu_pt *pt, unsigned long iova,
			 unsigned long last, struct pt_stash *stash,
			 unsigned int nr);
bool pt_reservation_overlaps(struct iommu_pt *pt, unsigned long iova,
			     unsigned long last);
void pt_reservation_drop(struct iommu_pt *pt, unsigned long iova,
			 unsigned long last);

/* Record that the translation of a range changed */
static inline void pt_gather_range(struct iommu_pt_gather *gather,
				   unsigned long iova, unsigned long last)
{
	if (gather->start > iova)
		gather->start = iova;
	if (gather->last < last)
		gather->last = last;
}

#endif
