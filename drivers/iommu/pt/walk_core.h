/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The walker, part 1: how it moves in a table that others change.
 *
 * Sections. Entries are read only in a section, between walk_enter() and
 * walk_leave(). A section is an RCU read-side critical section, so no table is
 * freed under a reader, and nothing sleeps in it. An operation that needs
 * memory leaves its section, allocates, and starts again at the root for the
 * rest of its range. iommu_pt_set_flags() and iommu_pt_set_page_sizes() wait
 * for all sections that began before them; so a section reads flags and sizes
 * once, at its start.
 *
 * Entries. The caller keeps maps and unmaps of overlapping ranges apart. So the
 * leaves of a range belong to the operation, which uses plain stores for them.
 * Shared are the entries that lead to tables, and superpages that several
 * ranges have a part of. These change by compare and exchange: a table is built
 * completely, then installed in place of 0, or of the superpage that it splits.
 * The loser of such a race uses the table of the winner and keeps its own for
 * later.
 *
 * Yielding the CPU. An operation that may sleep ends its section after a while,
 * yields the CPU, and goes on in another section, from the root again.
 *
 * Counts. Each table counts its entries in use: added before entries are
 * written, subtracted after they are cleared, by one atomic operation per table
 * and call. A count that has reached 0 can be raised only under pt->lock.
 *
 * Empty tables. An operation that brings the count of a table to 0 takes
 * pt->lock. If the count is still 0, it turns the entry that leads to the table
 * into a tombstone, which is not present for hardware but still has the address
 * of the table. The table joins the gather of the operation. The count of the
 * table above goes down by one, which may continue up to the top table.
 *
 * Until the caller has invalidated and calls iommu_pt_gather_free(), hardware
 * may have the path to the empty table cached. A new table in this place would
 * be invisible to such hardware. So a map that needs a table here in the
 * meantime revives the old one: it takes it out of the gather and turns the
 * tombstone back into an entry. For one table:
 *
 *	entry -> table --- count reaches 0 ---> tombstone, table in a gather
 *	     ^                                      |             |
 *	     +---- a map revives the table ---------+             | invalidated,
 *	                                                          v gather freed
 *	                                          0, the table is freed by RCU
 *
 * iommu_pt_gather_free() clears the tombstone under pt->lock before it frees
 * the table. A table whose tombstones lead to tables of other gathers waits for
 * those ("parked").
 *
 * A table that an unmap covers completely takes a shorter way: until the
 * invalidation no other operation has a range in it, so it need not be revived.
 * The one entry that leads to it is cleared, and it joins the gather with all
 * tables below. In these only leaves of level 2 and above are cleared, because
 * another operation may be about to put a table in place of one.
 *
 * pt->lock is taken for tombstones and reviving, for growth, for splitting and
 * joining contiguous entries, and for reservations. A map or unmap takes it
 * only if it empties a table or meets one that has just become empty. While a
 * promotion is running (pt->promoters), every section takes it.
 */
#ifndef PT_WALK_CORE_H
#define PT_WALK_CORE_H

#include <asm/cacheflush.h>
#include <linux/export.h>
#include <linux/io.h>
#include <linux/iommu.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "table.h"

/**
 * struct walk - state of an operation
 * @pt: the page table
 * @gather: collects what has to be invalidated, and unlinked tables
 * @covered: tables that the operation covers completely, to be moved to @gather
 * @sizes: entry sizes allowed, read at the start of the section
 * @flags: enum iommu_pt_flags, read at the start of the section
 * @locked: the section holds pt->lock
 * @irq: saved interrupt flags while @locked
 * @need: tables that @stash must have before the operation tries again
 * @stash: tables for the operation
 */
struct walk {
	struct iommu_pt *pt;
	struct iommu_pt_gather *gather;
	struct list_head covered;
	unsigned long sizes;
	unsigned int flags;
	bool locked;
	unsigned long irq;
	unsigned int need;
	struct pt_stash stash;
};

static inline void walk_init(struct walk *walk, struct iommu_pt *pt,
			     struct iommu_pt_gather *gather)
{
	walk->pt = pt;
	walk->gather = gather;
	INIT_LIST_HEAD(&walk->covered);
	walk->locked = false;
	walk->need = 0;
	walk->stash.first = NULL;
	walk->stash.nr = 0;
}

/* Sparse cannot follow a conditional lock, so both sides are hidden from it */
static inline void walk_lock(struct walk *walk)
{
	if (walk->locked)
		return;
	spin_lock_irqsave(&walk->pt->lock, walk->irq);
	walk->locked = true;
	__release(&walk->pt->lock);
}

static inline void walk_unlock(struct walk *walk)
{
	__acquire(&walk->pt->lock);
	walk->locked = false;
	spin_unlock_irqrestore(&walk->pt->lock, walk->irq);
}

static inline void walk_enter(struct walk *walk)
{
	rcu_read_lock();
	if (unlikely(READ_ONCE(walk->pt->promoters)))
		walk_lock(walk);
	walk->flags = READ_ONCE(walk->pt->flags);
	walk->sizes = READ_ONCE(walk->pt->page_sizes);
}

static inline void walk_leave(struct walk *walk)
{
	if (unlikely(walk->locked))
		walk_unlock(walk);
	rcu_read_unlock();
}

/* Move unlinked tables to the gather, and free unused ones */
static inline void walk_end(struct walk *walk)
{
	if (unlikely(!list_empty(&walk->covered)))
		iommu_pt_gather_move(walk->pt, &walk->gather->freelist,
				     &walk->covered);
	if (unlikely(walk->stash.nr))
		pt_stash_drop(walk->pt, &walk->stash);
}

/*
 * Called after a change of entries, before the section ends. While another CPU
 * splits a group of contiguous entries, one entry may already be a leaf of its
 * own while its neighbours still describe the whole group. From such a
 * neighbour hardware could, even after the invalidation, fetch a translation
 * that this operation has removed. So wait for the end of the split, on
 * pt->lock.
 *
 * The change was, or was followed by, a fully ordered operation. So either this
 * sees the split, or the split sees the change (split_group()).
 */
static __always_inline void walk_await_split(struct walk *walk)
{
	if (FMT_CONTIGUOUS && unlikely(READ_ONCE(walk->pt->splitting)))
		walk_lock(walk);
}

/* Outside a section: allocate the tables that the last section asked for */
static inline int walk_feed(struct walk *walk, gfp_t gfp)
{
	return pt_stash_fill(walk->pt, &walk->stash, walk->need, gfp);
}

/* Write entries, or a whole new table, back from the CPU caches to memory */
static inline void walk_flush(const struct walk *walk, u64 *entries,
			      unsigned int nr)
{
	if (unlikely(walk->flags & IOMMU_PT_NONCOHERENT))
		clflush_cache_range(entries, nr * sizeof(*entries));
}

/* Read an entry of the operation's own range, to see whether it is in use */
static __always_inline u64 peek(const u64 *entry)
{
	/*
	 * Another CPU may be changing its attributes. It is in use before and
	 * after that, so a plain read is enough.
	 */
	return data_race(*entry);
}

/* Present, and of a level that has tables, and not a leaf */
static inline bool entry_is_table(u64 entry, unsigned int level)
{
	return level > 1 && fmt_present(entry) && fmt_is_table(entry);
}

static inline bool entry_is_leaf(u64 entry, unsigned int level)
{
	return fmt_present(entry) && (level == 1 || !fmt_is_table(entry));
}

static inline bool entry_is_tomb(u64 entry)
{
	return entry && !fmt_present(entry);
}

static inline u64 *entry_to_entries(u64 entry)
{
	return phys_to_virt(fmt_table_phys(entry));
}

static inline u64 table_to_entry(u64 *entries, unsigned int level)
{
	return fmt_table(virt_to_phys(entries), level);
}

/* A tombstone has bit 3 and the address: no format takes it for present */
#define TOMB_MARK		BIT_ULL(3)

static inline u64 table_to_tomb(u64 *entries)
{
	return virt_to_phys(entries) | TOMB_MARK;
}

static inline u64 *tomb_to_entries(u64 tomb)
{
	return phys_to_virt((phys_addr_t)(tomb & ~TOMB_MARK));
}

/* log2 of the number of entries that make up a leaf of 2^shift bytes */
static inline unsigned int leaf_entries_shift(unsigned int shift)
{
	return FMT_CONTIGUOUS ? (shift - PT_PAGE_SHIFT) % PT_LEVEL_SHIFT : 0;
}

/**
 * struct spot - where a walk down ended
 * @entries: the table
 * @slot: the entry in it
 * @entry: value of the entry when it was read
 * @level: level of the table
 */
struct spot {
	u64 *entries;
	u64 *slot;
	u64 entry;
	unsigned int level;
};

/* Walk down to the first entry that does not lead to a table */
static inline void walk_down(struct iommu_pt *pt, unsigned long iova,
			     struct spot *spot)
{
	unsigned long top = READ_ONCE(pt->top);

	spot->entries = pt_top_table(top);
	spot->level = pt_top_level(top);
	for (;;) {
		spot->slot = &spot->entries[pt_index(iova, spot->level)];
		spot->entry = READ_ONCE(*spot->slot);
		if (!entry_is_table(spot->entry, spot->level))
			return;
		spot->entries = entry_to_entries(spot->entry);
		spot->level--;
	}
}

/* Is an IOVA within reach of the top table? It always is unless tables grow */
static inline bool top_reaches(unsigned long top, unsigned long iova)
{
	unsigned int shift = pt_level_shift(pt_top_level(top) + 1);

	return !FMT_GROWS || shift >= BITS_PER_LONG || !(iova >> shift);
}

/* The last IOVA that the top table reaches */
static inline unsigned long top_last(unsigned long iova, struct iommu_pt *pt)
{
	return pt_table_last(iova, pt_top_level(READ_ONCE(pt->top)));
}

/* Unlink an empty table, and those above it that become empty with it */
static void walk_retire(struct walk *walk, struct pt_table *table)
{
	bool locked = walk->locked;

	walk_lock(walk);
	while (table->slot && !atomic_read(&table->count)) {
		u64 *slot = table->slot;
		u64 *entries = pt_entries(table);
		struct pt_table *parent = pt_table_of(slot);

		if (READ_ONCE(*slot) != table_to_entry(entries, table->level))
			break;
		WRITE_ONCE(*slot, table_to_tomb(entries));
		walk_flush(walk, slot, 1);
		list_add_tail(&table->list, &walk->gather->freelist);
		walk->gather->tables = true;
		parent->tombs++;
		if (atomic_dec_return(&parent->count))
			break;
		table = parent;
	}
	if (!locked)
		walk_unlock(walk);
}

/* @nr entries of a table were cleared; hardware may still walk through it */
static inline void walk_put(struct walk *walk, struct pt_table *table, int nr)
{
	if (unlikely(!atomic_sub_return(nr, &table->count)))
		walk_retire(walk, table);
}

/* @nr entries of a table are about to be written; false if its count was 0 */
static inline bool walk_get(struct walk *walk, struct pt_table *table, int nr)
{
	int old = atomic_read(&table->count);

	do {
		if (unlikely(!old) && !walk->locked)
			return false;
	} while (unlikely(!atomic_try_cmpxchg(&table->count, &old, old + nr)));
	return true;
}

/* Turn the tombstone in @slot back into an entry that leads to its table */
static u64 walk_revive(struct walk *walk, u64 *slot, u64 tomb)
{
	u64 *entries = tomb_to_entries(tomb);
	struct pt_table *table = pt_table_of(entries);
	struct pt_table *parent = pt_table_of(slot);
	u64 entry = table_to_entry(entries, table->level);

	lockdep_assert_held(&walk->pt->lock);
	list_del(&table->list);
	table->parked = false;
	parent->tombs--;
	atomic_inc(&parent->count);
	WRITE_ONCE(*slot, entry);
	walk_flush(walk, slot, 1);
	return entry;
}

/* Clear the tombstone in @slot: its table can no longer be revived */
static void walk_orphan(u64 *slot)
{
	struct pt_table *table = pt_table_of(tomb_to_entries(*slot));

	table->slot = NULL;
	pt_table_of(slot)->tombs--;
	WRITE_ONCE(*slot, 0);
}

#endif
