/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The walker, part 1: how it moves in a table that others change.
 *
 * Sections. All reading of entries happens under RCU, between walk_enter() and
 * walk_leave(): no table is freed under a reader. Nothing sleeps in a section;
 * an operation that wants memory leaves it, allocates, and starts again at the
 * root from where it got to. A change of what the hardware is like
 * (iommu_pt_set_flags(), iommu_pt_set_page_sizes()) waits for all sections that
 * began before it; so each reads flags and sizes once, at its start.
 *
 * Entries. The caller keeps maps and unmaps of overlapping ranges apart. So
 * leaves of the range belong to the operation, which writes them plainly, and
 * what is shared are entries that lead to tables, and superpages that more than
 * one range has a part in. Those change by compare and exchange: a table is
 * built complete, then installed over 0, or over the superpage that it splits;
 * who loses the race goes on with the winner's table and keeps his own for
 * later.
 *
 * Giving way. An operation that may sleep ends its section after a while and goes
 * on in another one, at the root again.
 *
 * Counts. Each table counts its entries in use. Who writes entries adds them
 * to the count first, who clears them subtracts them afterwards, one atomic
 * operation per table and call. Adding to 0 is not possible: a count that
 * reached 0 stays there, unless pt->lock is held.
 *
 * Tables that empty. Who brings a count to 0 takes pt->lock and, if it is
 * still 0, turns the entry that leads to the table into a tombstone: not
 * present for the hardware, but it still knows the table. The table joins the
 * gather of the operation, and the count of the table above goes down by one,
 * which may go on up to the top. Until the caller has invalidated and calls
 * iommu_pt_gather_free(), hardware may have the way to the table cached. Should
 * another range need a table in this place meanwhile, a new one would be
 * invisible to such hardware; so it takes the old one out of the gather and
 * turns the tombstone back ("revive"). iommu_pt_gather_free() ends this: it
 * clears the tombstone under pt->lock before it frees the table. A table that
 * still leads to tombstones of other gathers waits for those ("parked").
 *
 * Tables that an unmap covers whole need none of that, because nobody else has
 * a range in them before the invalidation: the one entry that leads to them is
 * cleared, and all go into the gather. Below it only leaves of level 2 and above
 * are cleared: somebody may be about to put a table in place of one.
 *
 * pt->lock is taken for tombstones and reviving, for growth, for splitting and
 * joining contiguous entries, and for reservations; never by a map or unmap
 * that neither empties a table nor meets one that just emptied. While a
 * promotion is at work (pt->promoters), each section takes it.
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
 * struct walk - an operation on its way
 * @pt: the page table
 * @gather: gets what has to be invalidated, and unlinked tables
 * @covered: tables unlinked whole, on their way into @gather
 * @sizes: entry sizes allowed, as of this section
 * @flags: enum iommu_pt_flags, as of this section
 * @locked: this section holds pt->lock
 * @irq: interrupt flags while @locked
 * @need: tables that the operation wants in @stash before it tries again
 * @stash: tables at hand
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

/* @locked tells, and sparse could not: so it is told of neither */
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

/* Hands over what was unlinked, and gives back tables not used */
static inline void walk_end(struct walk *walk)
{
	if (unlikely(!list_empty(&walk->covered)))
		iommu_pt_gather_move(walk->pt, &walk->gather->freelist,
				     &walk->covered);
	if (unlikely(walk->stash.nr))
		pt_stash_drop(walk->pt, &walk->stash);
}

/*
 * After a change of entries, before the section ends: while somebody cuts a
 * group of contiguous entries, one of them may be a leaf of its own already and
 * those beside it still speak for all of the group, so that hardware would fetch
 * from them, after the invalidation, what this operation took away. Wait for the
 * end of that, on pt->lock.
 *
 * The change was by an operation, or followed by one, that is fully ordered. So
 * either this sees the cut, or the cut sees the change (cut_group()).
 */
static __always_inline void walk_await_cut(struct walk *walk)
{
	if (FMT_CONTIGUOUS && unlikely(READ_ONCE(walk->pt->cutting)))
		walk_lock(walk);
}

/* Outside a section: get the tables that the last one asked for */
static inline int walk_feed(struct walk *walk, gfp_t gfp)
{
	return pt_stash_fill(walk->pt, &walk->stash, walk->need, gfp);
}

/* Entries written in a row, or a whole new table: push them to memory */
static inline void walk_flush(const struct walk *walk, u64 *entries,
			      unsigned int nr)
{
	if (unlikely(walk->flags & IOMMU_PT_NONCOHERENT))
		clflush_cache_range(entries, nr * sizeof(*entries));
}

/* Is an entry of the operation's own range in use? */
static __always_inline u64 peek(const u64 *entry)
{
	/*
	 * Its attributes may be changing, but it is in use before and after,
	 * so that any way to read it will do.
	 */
	return data_race(*entry);
}

/* Two bits of an entry decide what it is, and level 1 has no tables */
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

/* Bit 3 alone marks it, beside the address: no format calls that present */
#define TOMB_MARK		BIT_ULL(3)

static inline u64 table_to_tomb(u64 *entries)
{
	return virt_to_phys(entries) | TOMB_MARK;
}

static inline u64 *tomb_to_entries(u64 tomb)
{
	return phys_to_virt((phys_addr_t)(tomb & ~TOMB_MARK));
}

/* Entries of its level that make up a leaf of 2^shift bytes: log2 */
static inline unsigned int leaf_entries_shift(unsigned int shift)
{
	return FMT_CONTIGUOUS ? (shift - PT_PAGE_SHIFT) % PT_LEVEL_SHIFT : 0;
}

/**
 * struct spot - where a walk down ended
 * @entries: the table
 * @slot: the entry in it
 * @entry: what it held
 * @level: of the table
 */
struct spot {
	u64 *entries;
	u64 *slot;
	u64 entry;
	unsigned int level;
};

/* Walk down to the entry that is not a table */
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

/* Does the table reach an IOVA? Only one that grows may not. */
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

/* Unlink a table that emptied, and those above that empty with it */
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

/* @nr entries of a table are in use no more; hardware may know its way */
static inline void walk_put(struct walk *walk, struct pt_table *table, int nr)
{
	if (unlikely(!atomic_sub_return(nr, &table->count)))
		walk_retire(walk, table);
}

/* @nr entries of a table are about to be in use; false if it is dying */
static inline bool walk_get(struct walk *walk, struct pt_table *table, int nr)
{
	int old = atomic_read(&table->count);

	do {
		if (unlikely(!old) && !walk->locked)
			return false;
	} while (unlikely(!atomic_try_cmpxchg(&table->count, &old, old + nr)));
	return true;
}

/* Turn the tombstone in @slot back into a way to its table */
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

/* The table in @slot can no longer come back to life */
static void walk_orphan(u64 *slot)
{
	struct pt_table *table = pt_table_of(tomb_to_entries(*slot));

	table->slot = NULL;
	pt_table_of(slot)->tombs--;
	WRITE_ONCE(*slot, 0);
}

#endif
