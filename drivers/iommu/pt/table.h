/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Table pages: how they are allocated, described and freed.
 *
 * A table is described in the struct page of its page: struct pt_table overlays
 * words of struct page that belong to the owner of an allocated page.
 */
#ifndef PT_TABLE_H
#define PT_TABLE_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>

#include "format.h"

/**
 * struct pt_table - a table, in the struct page of its page
 * @__page_flags: flags of the page
 * @list: links an unlinked table into a gather or into iommu_pt.deferred;
 *	protected by iommu_pt.lock
 * @rcu: in the first table of a chain that waits to be freed
 * @slot: the entry that leads, or led, to this table. NULL for a top table, and
 *	for a table that can no longer be revived. Once the table is visible it
 *	changes only under iommu_pt.lock.
 * @count: entries in use, including those about to be written. At 0 it stays
 *	there, except that a holder of iommu_pt.lock may raise it. In a top
 *	table it is larger by PT_TOP_BIAS.
 * @tombs: entries that are tombstones; protected by iommu_pt.lock
 * @level: level of the table
 * @parked: unlinked and invalidated, but its tombstones lead to tables that are
 *	not invalidated yet; protected by iommu_pt.lock
 * @next: next table of a stash or of a chain
 * @full: of a table of level 1 in use: one bit for each line of PT_LINE
 *	entries. A set bit says that all entries of the line are leaves; a clear
 *	bit says nothing. The bit of a line is cleared before an entry of it is.
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

/*
 * From this many entries on, tracking full cache lines and clearing them with
 * string stores pays off.
 */
#define PT_MANY			32u

/* The table that holds an entry */
static inline struct pt_table *pt_table_of(const u64 *entry)
{
	return (struct pt_table *)virt_to_page(entry);
}

static inline u64 *pt_entries(struct pt_table *table)
{
	return page_address((struct page *)table);
}

/**
 * struct pt_stash - new tables, zeroed and not yet visible
 * @first: the first one; the others follow by pt_table.next
 * @nr: number of tables
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

/* Bits of the lines that lie completely in the entries @first to @end - 1 */
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
