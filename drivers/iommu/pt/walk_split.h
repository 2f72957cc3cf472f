/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The walker, part 3: splitting superpages.
 *
 * A single entry of level 2 or above becomes a table by one write. The table is
 * complete before: its entries together translate as the leaf did.
 *
 *	level 2:  [ leaf, 2 MiB ]   ->   [ table ]
 *	level 1:                           [ 4 KiB ][ 4 KiB ] ... 512 leaves
 *
 * A leaf of contiguous entries is rewritten entry by entry into smaller leaves.
 * That is done under pt->lock, so that the same leaf is not split twice at a
 * time. Whichever entry hardware reads, and whenever, it finds the same
 * translation. An operation that changes one of the entries meanwhile waits
 * until all are rewritten (walk_await_split()).
 */
#ifndef PT_WALK_SPLIT_H
#define PT_WALK_SPLIT_H

#include "walk_core.h"

/* log2 of the parts of a leaf: the largest size allowed at a level */
static inline unsigned int split_shift(unsigned long sizes, unsigned int level,
				       unsigned int below)
{
	unsigned int least = pt_level_shift(level);

	if (!FMT_CONTIGUOUS)
		return least;
	sizes &= BIT(below) - BIT(least);
	return sizes ? __fls(sizes) : least;
}

/* Replace the leaf at @spot by a table that translates in the same way */
static void split_to_table(struct walk *walk, const struct spot *spot,
			   unsigned long iova)
{
	unsigned int level = spot->level - 1;
	unsigned int shift = split_shift(walk->sizes, level,
					 pt_level_shift(spot->level));
	unsigned int same = 1u << leaf_entries_shift(shift), i;
	phys_addr_t addr = fmt_leaf_addr(spot->entry, spot->level);
	u64 attrs = spot->entry & FMT_ATTR_BITS;
	struct pt_table *table = pt_stash_get(&walk->stash);
	u64 *entries = pt_entries(table);

	for (i = 0; i < PT_ENTRIES; i++) {
		entries[i] = fmt_leaf(addr, level, shift) | attrs;
		if (!((i + 1) & (same - 1)))
			addr += BIT_ULL(shift);
	}
	entries[0] |= spot->entry & FMT_FIRST;
	entries[PT_ENTRIES - 1] |= spot->entry & FMT_LAST;
	table->level = level;
	table->slot = spot->slot;
	atomic_set(&table->count, PT_ENTRIES);
	atomic_long_set(&table->full, pt_whole_lines(0, PT_ENTRIES));
	walk_flush(walk, entries, PT_ENTRIES);

	if (likely(cmpxchg(spot->slot, spot->entry,
			   table_to_entry(entries, level)) == spot->entry)) {
		walk_flush(walk, spot->slot, 1);
		pt_gather_range(walk->gather,
				pt_block_start(iova, pt_level_shift(level + 1)),
				pt_block_last(iova, pt_level_shift(level + 1)));
		return;
	}
	memset(entries, 0, PT_TABLE_SIZE);
	table->slot = NULL;
	atomic_set(&table->count, 0);
	pt_stash_put(&walk->stash, table);
}

/*
 * Change the size of an entry if it is still a leaf, and keep its attributes.
 * Returns the accessed and dirty bits that it had.
 */
static u64 rewrite_entry(u64 *entry, u64 leaf, u64 more)
{
	u64 kept = FMT_ATTR_BITS | FMT_FIRST | FMT_LAST, old = READ_ONCE(*entry);

	do {
		if (!old)
			return 0;
	} while (!try_cmpxchg(entry, &old, leaf | more | (old & kept)));
	return old & (FMT_ACCESSED | FMT_DIRTY);
}

/* Set accessed and dirty bits in an entry, if it is still a leaf */
static void note_in_entry(u64 *entry, u64 used)
{
	u64 old = READ_ONCE(*entry);

	do {
		if (!old)
			return;
	} while (!try_cmpxchg(entry, &old, old | used));
}

/* Split the group of contiguous entries at @spot into smaller groups */
static void split_group(struct walk *walk, const struct spot *spot,
			unsigned long iova)
{
	unsigned int shift = fmt_leaf_shift(spot->entry, spot->level);
	unsigned int nr = 1u << leaf_entries_shift(shift), i;
	unsigned int first = (spot->slot - spot->entries) & ~(nr - 1);
	unsigned int to = split_shift(walk->sizes, spot->level, shift);
	unsigned int same = 1u << leaf_entries_shift(to);
	phys_addr_t addr = fmt_leaf_addr(spot->entry, spot->level);
	u64 *group = &spot->entries[first], used = 0, late = 0;
	bool locked = walk->locked;

	walk_lock(walk);
	WRITE_ONCE(walk->pt->splitting, 1);
	/* Pairs with the ordered operation before walk_await_split() */
	smp_mb();
	/* Another CPU may have split it before */
	if ((READ_ONCE(*spot->slot) ^ spot->entry) &
	    ~(FMT_ACCESSED | FMT_DIRTY))
		goto unlock;
	for (i = 0; i < nr; i++)
		used |= READ_ONCE(group[i]) & (FMT_ACCESSED | FMT_DIRTY);
	for (i = 0; i < nr; i++)
		late |= rewrite_entry(&group[i],
				      fmt_leaf(addr + (u64)(i / same) *
					       BIT_ULL(to), spot->level, to),
				      used);
	/*
	 * Hardware may have set a bit in an entry before it was rewritten. It
	 * was set for the whole group: hardware may write to all of it from
	 * then on without setting it again. So set it in all entries.
	 */
	late &= ~used;
	for (i = 0; late && i < nr; i++)
		note_in_entry(&group[i], late);
	walk_flush(walk, group, nr);
	pt_gather_range(walk->gather, pt_block_start(iova, shift),
			pt_block_last(iova, shift));
unlock:
	WRITE_ONCE(walk->pt->splitting, 0);
	if (!locked)
		walk_unlock(walk);
}

static void split_leaf(struct walk *walk, const struct spot *spot,
		       unsigned long iova)
{
	if (leaf_entries_shift(fmt_leaf_shift(spot->entry, spot->level)))
		split_group(walk, spot, iova);
	else
		split_to_table(walk, spot, iova);
}

/**
 * struct split - splits at the ends of a range
 * @first: the range starts inside a leaf
 * @last: the range ends inside a leaf
 * @tables: tables that both splits take together
 */
struct split {
	bool first;
	bool last;
	unsigned int tables;
};

static inline bool leaf_is_split(const struct spot *spot, unsigned long at)
{
	if (!entry_is_leaf(spot->entry, spot->level))
		return false;
	return at & (BIT(fmt_leaf_shift(spot->entry, spot->level)) - 1);
}

/* Find which splits make a range begin and end with a leaf */
static void split_plan(struct iommu_pt *pt, unsigned long iova,
		       unsigned long last, struct split *split)
{
	struct spot spot;
	unsigned int level, top = 0;

	split->tables = 0;
	walk_down(pt, iova, &spot);
	split->first = leaf_is_split(&spot, iova);
	if (split->first)
		top = spot.level;
	for (level = top; level > 1; level--)
		if (iova & (BIT(pt_level_shift(level)) - 1))
			split->tables++;

	walk_down(pt, last, &spot);
	split->last = leaf_is_split(&spot, last + 1);
	if (!split->last)
		return;
	for (level = spot.level; level > 1; level--) {
		unsigned int shift = pt_level_shift(level);
		bool shared = level <= top && (iova & (BIT(shift) - 1)) &&
			      iova >> shift == last >> shift;

		if ((last + 1) & (BIT(shift) - 1) && !shared)
			split->tables++;
	}
}

/* Split until a leaf begins or ends at @at; @iova is in the leaf to split */
static void split_at(struct walk *walk, unsigned long iova, unsigned long at)
{
	struct spot spot;

	for (;;) {
		walk_down(walk->pt, iova, &spot);
		if (!leaf_is_split(&spot, at))
			return;
		split_leaf(walk, &spot, iova);
	}
}

/* Carry out a plan, in its section, with the tables for it in the stash */
static void split_ends(struct walk *walk, unsigned long iova,
		       unsigned long last, const struct split *split)
{
	if (split->first)
		split_at(walk, iova, iova);
	if (split->last)
		split_at(walk, last, last + 1);
}

#endif
