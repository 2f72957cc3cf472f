/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The walker, part 5: reading, and operations on all tables.
 *
 * A long range is read in many sections, one for each table. Each walks down
 * from the top again. So no RCU grace period takes long.
 */
#ifndef PT_WALK_READ_H
#define PT_WALK_READ_H

#include "walk_core.h"

/* A whole leaf: accessed and dirty bits of any of its entries hold for all */
static u64 leaf_entry(const struct spot *spot)
{
	unsigned int shift = fmt_leaf_shift(spot->entry, spot->level);
	unsigned int nr = 1u << leaf_entries_shift(shift), i;
	unsigned int first = (spot->slot - spot->entries) & ~(nr - 1);
	u64 entry = spot->entry;

	if (nr == 1)
		return entry;
	for (i = first; i < first + nr; i++)
		entry |= READ_ONCE(spot->entries[i]) &
			 (FMT_ACCESSED | FMT_DIRTY);
	return entry;
}

/* The last IOVA of a hole, not looking beyond the table */
static unsigned long hole_end(const struct spot *spot, unsigned long iova,
			      unsigned long last)
{
	unsigned int shift = pt_level_shift(spot->level);
	const u64 *slot = spot->slot, *stop = &spot->entries[PT_ENTRIES - 1];

	if (last <= pt_table_last(iova, spot->level))
		stop = &spot->entries[pt_index(last, spot->level)];
	while (slot < stop && !READ_ONCE(slot[1]))
		slot++;
	return pt_block_last(iova, shift) +
	       ((unsigned long)(slot - spot->slot) << shift);
}

/*
 * Advance @iova beyond the leaf or hole at @spot, and @spot with it as long as
 * that is in the same table. True if @spot is valid and in the range; otherwise
 * the caller walks down again, unless @done.
 */
static bool spot_next(struct spot *spot, unsigned long *iova,
		      unsigned long last, bool *done)
{
	unsigned long end;

	if (!spot->entry)
		end = hole_end(spot, *iova, last);
	else if (entry_is_leaf(spot->entry, spot->level))
		end = pt_block_last(*iova, fmt_leaf_shift(spot->entry,
							  spot->level));
	else
		end = pt_entry_last(*iova, spot->level);
	*done = end >= last;
	*iova = end + 1;
	if (*done || end == pt_table_last(end, spot->level))
		return false;
	spot->slot = &spot->entries[pt_index(*iova, spot->level)];
	spot->entry = READ_ONCE(*spot->slot);
	return !entry_is_table(spot->entry, spot->level);
}

/* Limit a range to the reach of the top table; false if nothing is left */
static bool clamp_range(struct iommu_pt *pt, unsigned long iova,
			unsigned long *last)
{
	if (!top_reaches(READ_ONCE(pt->top), iova))
		return false;
	if (FMT_GROWS)
		*last = min(*last, top_last(iova, pt));
	return true;
}

static phys_addr_t pt_iova_to_phys(struct iommu_pt *pt, unsigned long iova)
{
	phys_addr_t phys = 0;
	struct spot spot;

	rcu_read_lock();
	if (likely(top_reaches(READ_ONCE(pt->top), iova))) {
		walk_down(pt, iova, &spot);
		if (entry_is_leaf(spot.entry, spot.level)) {
			unsigned int shift = fmt_leaf_shift(spot.entry,
							    spot.level);

			phys = fmt_leaf_addr(spot.entry, spot.level) |
			       (iova & (BIT(shift) - 1));
		}
	}
	rcu_read_unlock();
	return phys;
}

static int visit_leaf(const struct spot *spot, unsigned long iova,
		      iommu_pt_leaf_fn fn, void *arg)
{
	unsigned int shift = fmt_leaf_shift(spot->entry, spot->level);
	struct iommu_pt_leaf leaf = {
		.iova = pt_block_start(iova, shift),
		.addr = fmt_leaf_addr(spot->entry, spot->level),
		.length = BIT(shift),
		.attrs = fmt_attrs(leaf_entry(spot)),
	};

	return fn(arg, &leaf);
}

static int pt_visit(struct iommu_pt *pt, unsigned long iova,
		    unsigned long last, iommu_pt_leaf_fn fn, void *arg)
{
	struct spot spot;
	bool done;
	int ret = 0;

	if (!clamp_range(pt, iova, &last))
		return 0;
	do {
		rcu_read_lock();
		walk_down(pt, iova, &spot);
		do {
			if (entry_is_leaf(spot.entry, spot.level))
				ret = visit_leaf(&spot, iova, fn, arg);
		} while (!ret && spot_next(&spot, &iova, last, &done));
		rcu_read_unlock();
	} while (!ret && !done);
	return ret;
}

/* Clear the dirty bits of all entries of a leaf; some may be clean already */
static void clean_leaf(struct walk *walk, const struct spot *spot)
{
	unsigned int shift = fmt_leaf_shift(spot->entry, spot->level);
	unsigned int nr = 1u << leaf_entries_shift(shift), i;
	unsigned int first = (spot->slot - spot->entries) & ~(nr - 1);

	for (i = first; i < first + nr; i++) {
		u64 *slot = &spot->entries[i], old = READ_ONCE(*slot);

		while (entry_is_leaf(old, spot->level) && (old & FMT_DIRTY) &&
		       !try_cmpxchg(slot, &old, old & ~FMT_DIRTY))
			;
	}
	walk_flush(walk, &spot->entries[first], nr);
}

static void pt_read_dirty(struct iommu_pt *pt, unsigned long iova,
			  unsigned long last, iommu_pt_dirty_fn fn, void *arg,
			  struct iommu_pt_gather *gather)
{
	struct walk walk;
	struct spot spot;
	bool done;

	if (!clamp_range(pt, iova, &last))
		return;
	walk_init(&walk, pt, gather);
	do {
		walk_enter(&walk);
		walk_down(pt, iova, &spot);
		do {
			unsigned long from, to;
			unsigned int shift;

			if (!entry_is_leaf(spot.entry, spot.level) ||
			    !(leaf_entry(&spot) & FMT_DIRTY))
				continue;
			shift = fmt_leaf_shift(spot.entry, spot.level);
			from = pt_block_start(iova, shift);
			to = pt_block_last(iova, shift);
			if (!fn(arg, from, BIT(shift)) || !gather)
				continue;
			clean_leaf(&walk, &spot);
			pt_gather_range(gather, from, to);
		} while (spot_next(&spot, &iova, last, &done));
		walk_leave(&walk);
	} while (!done);
}

static unsigned int leaf_shift_at(struct iommu_pt *pt, unsigned long iova)
{
	struct spot spot;

	if (!top_reaches(READ_ONCE(pt->top), iova))
		return PT_PAGE_SHIFT;
	walk_down(pt, iova, &spot);
	if (!entry_is_leaf(spot.entry, spot.level))
		return PT_PAGE_SHIFT;
	return fmt_leaf_shift(spot.entry, spot.level);
}

static void mark_leaf(const struct walk *walk, unsigned long iova, u64 mark)
{
	struct spot spot;

	if (!top_reaches(READ_ONCE(walk->pt->top), iova))
		return;
	walk_down(walk->pt, iova, &spot);
	while (entry_is_leaf(spot.entry, spot.level))
		if (try_cmpxchg(spot.slot, &spot.entry, spot.entry | mark)) {
			walk_flush(walk, spot.slot, 1);
			return;
		}
}

/*
 * Only the leaves at the two ends can reach out of the range; all others fit
 * into it. If every leaf has 4 KiB, the ends of the range are marked like those
 * of a call. Then no promotion makes a leaf that reaches out of the range, and
 * the unmap needs no reservation later either.
 */
static unsigned int pt_reserve(struct iommu_pt *pt, unsigned long iova,
			       unsigned long last)
{
	unsigned int within = __fls(last - iova + 1);
	unsigned int shift;
	struct walk walk;

	walk_init(&walk, pt, NULL);
	walk_enter(&walk);
	shift = max(leaf_shift_at(pt, iova), leaf_shift_at(pt, last));
	shift = max_t(unsigned int, shift,
		      __fls(FMT_SIZES & ((2ul << within) - 1)));
	if (shift == PT_PAGE_SHIFT) {
		mark_leaf(&walk, iova, FMT_FIRST);
		mark_leaf(&walk, last, FMT_LAST);
	}
	walk_leave(&walk);
	return shift;
}

/*
 * Flush every table that existed when this began. Entries written later are
 * flushed by the operation that writes them.
 */
static void pt_flush_tables(struct iommu_pt *pt)
{
	unsigned long pos = 0, top, from, last;
	unsigned int level;
	bool first = true;
	u64 *entries;

	last = pt->iova_bits < BITS_PER_LONG ? BIT(pt->iova_bits) - 1 :
					       ULONG_MAX;
	for (;;) {
		rcu_read_lock();
		top = READ_ONCE(pt->top);
		entries = pt_top_table(top);
		for (level = pt_top_level(top);; level--) {
			u64 entry = READ_ONCE(entries[pt_index(pos, level)]);

			/* Flushed before, unless this is its first entry */
			from = pt_table_start(pos, level);
			if (first || from == pos)
				clflush_cache_range(entries, PT_TABLE_SIZE);
			if (level == 1 || (!entry_is_table(entry, level) &&
					   !entry_is_tomb(entry)))
				break;
			/* Also tables that may be revived */
			entries = entry_is_tomb(entry) ?
				  tomb_to_entries(entry) :
				  entry_to_entries(entry);
		}
		pos = level == 1 ? pt_table_last(pos, 1) :
				   pt_entry_last(pos, level);
		last = min(last, pt_table_last(0, pt_top_level(top)));
		rcu_read_unlock();
		first = false;
		if (pos >= last)
			return;
		pos++;
		cond_resched();
	}
}

/* Clear the tombstones in a table that is about to be freed */
static void pt_orphan(u64 *entries)
{
	unsigned int i;

	for (i = 0; i < PT_ENTRIES; i++)
		if (entry_is_tomb(entries[i]))
			walk_orphan(&entries[i]);
}

static void pt_free_all(struct iommu_pt *pt, u64 *entries, unsigned int level)
{
	unsigned int i;

	for (i = 0; level > 1 && i < PT_ENTRIES; i++)
		if (entry_is_table(entries[i], level))
			pt_free_all(pt, entry_to_entries(entries[i]),
				    level - 1);
	if (level == 2)
		cond_resched();
	pt_table_free(pt, pt_table_of(entries));
}

#endif
