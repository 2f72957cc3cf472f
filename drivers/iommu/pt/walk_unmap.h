/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The walker, part 4: unmapping.
 *
 * First the superpages that reach out of the range are split. The tables for
 * that are allocated before anything changes; from then on nothing can fail.
 * Then leaves are cleared, and a table that the range covers completely is
 * unlinked, with all tables below it, by one write to the entry that leads to
 * it.
 *
 * A long range takes several sections if the caller may sleep. Each section
 * splits at the ends of the rest again, because a promotion may have run in
 * between.
 */
#ifndef PT_WALK_UNMAP_H
#define PT_WALK_UNMAP_H

#include <linux/string.h>

#include "walk_split.h"

/**
 * struct unmap - state of an unmap
 * @walk: its walk
 * @bytes: bytes unmapped so far
 * @fn: called with the runs, or NULL
 * @arg: for @fn
 * @iova: first IOVA of @run
 * @run: the last run, which may still grow
 * @work: work done in this section; see UNMAP_WORK
 * @next: first IOVA of the next section; 0 if no other is needed
 */
struct unmap {
	struct walk walk;
	size_t bytes;
	iommu_pt_run_fn fn;
	void *arg;
	unsigned long iova;
	struct iommu_run run;
	unsigned int work;
	unsigned long next;
};

/*
 * Work after which a caller that may sleep yields the CPU. Only entries above
 * level 2 are counted, so that counting costs little: a superpage is 1, a
 * table, of some ten thousand instructions, is UNMAP_TABLE.
 */
#define UNMAP_WORK		256
#define UNMAP_TABLE		128

static void yield_run(struct unmap *unmap)
{
	if (unmap->run.length)
		unmap->fn(unmap->arg, unmap->iova, &unmap->run);
	unmap->run.length = 0;
}

static noinline void yield_leaf(struct unmap *unmap, unsigned long iova,
				u64 entry, unsigned int level, size_t size)
{
	struct iommu_run *run = &unmap->run;
	phys_addr_t addr;

	addr = fmt_leaf_addr(entry, level) +
	       (iova & (BIT(fmt_leaf_shift(entry, level)) - 1));
	if (run->length && run->addr + run->length == addr &&
	    unmap->iova + run->length == iova) {
		run->length += size;
		return;
	}
	yield_run(unmap);
	unmap->iova = iova;
	run->addr = addr;
	run->length = size;
}

/* An entry was cleared that was a leaf, or a part of one */
static __always_inline void yield_entry(struct unmap *unmap, unsigned long iova,
					u64 entry, unsigned int level)
{
	size_t size = BIT(pt_level_shift(level));

	unmap->bytes += size;
	if (unmap->fn)
		yield_leaf(unmap, iova, entry, level, size);
}

/* After an entry of a level above 2: is it time to end the section? */
static bool unmap_enough(struct unmap *unmap, u64 entry, unsigned int level)
{
	unmap->work += entry_is_table(entry, level) ? UNMAP_TABLE : 1;
	return unmap->walk.gather->may_sleep && unmap->work >= UNMAP_WORK;
}

/*
 * Yield the CPU between two entries of an unlinked table. No other operation
 * frees that table, nor the tables above: their counts still include the
 * cleared entry.
 */
static void unmap_pause(struct unmap *unmap)
{
	walk_leave(&unmap->walk);
	cond_resched();
	unmap->work = 0;
	walk_enter(&unmap->walk);
}

/*
 * Clear a leaf of an unlinked table. An operation that found the table before
 * may be about to split the leaf: then either this finds the new table, or the
 * other fails to install it.
 */
static __always_inline u64 take_leaf(u64 *slot, u64 entry, unsigned int level)
{
	while (entry_is_leaf(entry, level) && !try_cmpxchg(slot, &entry, 0))
		;
	return entry;
}

/* A table that the range covers completely; it is already unlinked */
static void unmap_covered(struct unmap *unmap, u64 *entries, unsigned int level,
			  unsigned long iova)
{
	struct pt_table *table = pt_table_of(entries);
	unsigned int i;

	table->slot = NULL;
	list_add_tail(&table->list, &unmap->walk.covered);
	if (level == 1 && !unmap->fn) {
		unmap->bytes += (size_t)atomic_read(&table->count)
				<< PT_PAGE_SHIFT;
		return;
	}
	for (i = 0; i < PT_ENTRIES; i++) {
		u64 entry = READ_ONCE(entries[i]);

		if (level > 1)
			entry = take_leaf(&entries[i], entry, level);
		if (entry_is_table(entry, level))
			unmap_covered(unmap, entry_to_entries(entry), level - 1,
				      iova);
		else if (fmt_present(entry))
			yield_entry(unmap, iova, entry, level);
		iova += BIT(pt_level_shift(level));
		if (level > 2 && unmap_enough(unmap, entry, level))
			unmap_pause(unmap);
	}
	if (level > 1)
		walk_flush(&unmap->walk, entries, PT_ENTRIES);
}

/* Clear one entry of level 1. True if it was in use. */
static __always_inline bool clear_page_entry(u64 *entry)
{
	bool used = peek(entry);

	WRITE_ONCE(*entry, 0);
	return used;
}

/*
 * Clear entries of level 1, and return how many were in use. A cache line at a
 * time, because mostly all entries of a line are in use.
 */
static __always_inline unsigned int clear_pages(u64 *entry, unsigned int nr)
{
	u64 *end = entry + nr, zero = 0;
	unsigned int i;

	/* Storing a register takes half the code of storing a constant */
	OPTIMIZER_HIDE_VAR(zero);
	for (; end - entry >= PT_LINE; entry += PT_LINE) {
		u64 all = peek(&entry[0]) & peek(&entry[1]) &
			  peek(&entry[2]) & peek(&entry[3]) &
			  peek(&entry[4]) & peek(&entry[5]) &
			  peek(&entry[6]) & peek(&entry[7]);

		if (unlikely(!fmt_present(all)))
			for (i = 0; i < PT_LINE; i++)
				nr -= !peek(&entry[i]);
		WRITE_ONCE(entry[0], zero);
		WRITE_ONCE(entry[1], zero);
		WRITE_ONCE(entry[2], zero);
		WRITE_ONCE(entry[3], zero);
		WRITE_ONCE(entry[4], zero);
		WRITE_ONCE(entry[5], zero);
		WRITE_ONCE(entry[6], zero);
		WRITE_ONCE(entry[7], zero);
	}
	for (; entry < end; entry++)
		nr -= !clear_page_entry(entry);
	return nr;
}

/*
 * The same for lines known to be full: they need not be read, and a string
 * store clears them. It stores aligned quadwords, so hardware finds each entry
 * either as it was or 0.
 */
static noinline unsigned int clear_lines(u64 *entries, unsigned int first,
					 unsigned int end, unsigned long full)
{
	unsigned long lines = pt_whole_lines(first, end);
	unsigned int gone = round_down(end, PT_LINE) - round_up(first, PT_LINE);

	if ((full & lines) != lines)
		return clear_pages(&entries[first], end - first);
	memset64(&entries[round_up(first, PT_LINE)], 0, gone);
	for (; first % PT_LINE; first++)
		gone += clear_page_entry(&entries[first]);
	for (; end % PT_LINE; end--)
		gone += clear_page_entry(&entries[end - 1]);
	return gone;
}

/* Clear leaves of level 1: by far the most frequent case */
static unsigned int unmap_pages(struct unmap *unmap, struct pt_table *table,
				u64 *entries, unsigned long iova,
				unsigned long last)
{
	unsigned int first = pt_index(iova, 1), end = pt_index(last, 1) + 1;
	unsigned long known = atomic_long_read(&table->full);
	unsigned int i, gone = 0;

	if (known)
		atomic_long_andnot(GENMASK((end - 1) / PT_LINE, first / PT_LINE),
				   &table->full);
	if (unmap->fn) {
		for (i = first; i < end; i++, iova += BIT(PT_PAGE_SHIFT)) {
			u64 entry = READ_ONCE(entries[i]);

			if (!entry)
				continue;
			yield_entry(unmap, iova, entry, 1);
			WRITE_ONCE(entries[i], 0);
			gone++;
		}
	} else {
		if (known && end - first >= PT_MANY)
			gone = clear_lines(entries, first, end, known);
		else
			gone = clear_pages(&entries[first], end - first);
		unmap->bytes += (size_t)gone << PT_PAGE_SHIFT;
	}
	if (gone)
		walk_flush(&unmap->walk, &entries[first], end - first);
	return gone;
}

/*
 * Clear one entry above level 1: a leaf, or a table that the range covers
 * completely. Until it is cleared, a leaf may turn into a table. The caller
 * flushes the entry.
 */
static unsigned int unmap_entry(struct unmap *unmap, u64 *slot, u64 entry,
				unsigned int level, unsigned long iova)
{
	do {
		if (!fmt_present(entry))
			return 0;
	} while (!try_cmpxchg(slot, &entry, 0));
	if (entry_is_table(entry, level)) {
		unmap->walk.gather->tables = true;
		unmap_covered(unmap, entry_to_entries(entry), level - 1,
			      pt_block_start(iova, pt_level_shift(level)));
	} else {
		yield_entry(unmap, iova, entry, level);
	}
	return 1;
}

/* Does a leaf of contiguous entries continue after @last? */
static bool leaf_goes_on(u64 entry, unsigned int level, unsigned long last)
{
	return FMT_CONTIGUOUS && entry_is_leaf(entry, level) &&
	       (last + 1) & (BIT(fmt_leaf_shift(entry, level)) - 1);
}

/* Does the section end after @entry, whose last IOVA is @to? */
static noinline bool unmap_stops(struct unmap *unmap, u64 entry,
				 unsigned int level, unsigned long to,
				 unsigned long last)
{
	/* It has ended in a table below, or it goes on */
	if (unmap->next || to == last || !unmap_enough(unmap, entry, level) ||
	    leaf_goes_on(entry, level, to))
		return unmap->next;
	unmap->next = to + 1;
	return true;
}

static void unmap_table(struct unmap *unmap, u64 *entries, unsigned int level,
			unsigned long iova, unsigned long last)
{
	struct pt_table *table = pt_table_of(entries);
	struct walk *walk = &unmap->walk;
	unsigned int first = pt_index(iova, level), i = first, gone = 0;
	unsigned int end = pt_index(last, level);
	unsigned long from = iova;

	if (level == 1) {
		gone = unmap_pages(unmap, table, entries, iova, last);
		goto done;
	}
	for (; i <= end; i++) {
		u64 entry = READ_ONCE(entries[i]);
		unsigned long to = min(pt_entry_last(from, level), last);

		if (!entry_is_table(entry, level) ||
		    (to - from == BIT(pt_level_shift(level)) - 1))
			gone += unmap_entry(unmap, &entries[i], entry, level,
					    from);
		else
			unmap_table(unmap, entry_to_entries(entry), level - 1,
				    from, to);
		if (level > 2 && unmap_stops(unmap, entry, level, to, last)) {
			last = unmap->next - 1;
			break;
		}
		from = to + 1;
	}
	if (gone)
		walk_flush(walk, &entries[first], min(i, end) - first + 1);
done:
	if (!gone)
		return;
	pt_gather_range(walk->gather, iova, last);
	walk_put(walk, table, gone);
}

/* Split at the ends of a range; if out of memory, false with nothing changed */
static bool unmap_prepare(struct unmap *unmap, unsigned long iova,
			  unsigned long last)
{
	struct walk *walk = &unmap->walk;
	struct iommu_pt *pt = walk->pt;
	struct split split;

	split_plan(pt, iova, last, &split);
	if (likely(!split.first && !split.last))
		return true;
	if (split.tables) {
		bool locked = walk->locked;

		walk_lock(walk);
		pt_reservation_take(pt, iova, last, &walk->stash, split.tables);
		if (!locked)
			walk_unlock(walk);
		if (pt_stash_fill(pt, &walk->stash, split.tables,
				  GFP_ATOMIC | __GFP_NOWARN))
			return false;
	}
	split_ends(walk, iova, last, &split);
	return true;
}

/* A range inside one table of level 1 needs no preparation; true if unmapped */
static inline bool unmap_quick(struct unmap *unmap, unsigned long iova,
			       unsigned long last)
{
	struct spot spot;

	walk_down(unmap->walk.pt, iova, &spot);
	if (spot.level != 1 || last > pt_table_last(iova, 1) ||
	    (iova == pt_table_start(iova, 1) && last == pt_table_last(iova, 1)))
		return false;
	if (FMT_CONTIGUOUS) {
		u64 end = READ_ONCE(spot.entries[pt_index(last, 1)]);

		if (leaf_is_split(&spot, iova))
			return false;
		if (fmt_present(end) &&
		    (last + 1) & (BIT(fmt_leaf_shift(end, 1)) - 1))
			return false;
	}
	unmap_table(unmap, spot.entries, 1, iova, last);
	return true;
}

static size_t pt_unmap(struct iommu_pt *pt, unsigned long iova,
		       unsigned long last, struct iommu_pt_gather *gather,
		       iommu_pt_run_fn fn, void *arg)
{
	struct unmap unmap = { .fn = fn, .arg = arg };
	unsigned long top, reach, from = iova;

	walk_init(&unmap.walk, pt, gather);
again:
	walk_enter(&unmap.walk);
	top = READ_ONCE(pt->top);
	if (unlikely(!top_reaches(top, from)))
		goto out;
	reach = FMT_GROWS ? min(last, top_last(from, pt)) : last;
	if (!unmap_quick(&unmap, from, reach) &&
	    unmap_prepare(&unmap, from, reach))
		unmap_table(&unmap, pt_top_table(top), pt_top_level(top), from,
			    reach);
	if (fn)
		yield_run(&unmap);
	walk_await_split(&unmap.walk);
out:
	walk_leave(&unmap.walk);
	if (unlikely(unmap.next)) {
		from = unmap.next;
		unmap.next = 0;
		unmap.work = 0;
		cond_resched();
		goto again;
	}
	walk_end(&unmap.walk);
	if (unlikely(!list_empty(&pt->reservations)))
		pt_reservation_drop(pt, iova, last);
	return unmap.bytes;
}

#endif
