/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The walker, part 2: mapping.
 *
 * Each step takes the largest entry that fits at the current position of the
 * source, walks to the table of its level, and fills as much of that table as
 * it can. If the table is missing, it is built aside together with all missing
 * tables above it, and one write makes them visible, complete.
 */
#ifndef PT_WALK_MAP_H
#define PT_WALK_MAP_H

#include "walk_core.h"

/**
 * struct source - what is still to be mapped
 * @iova: first IOVA of the rest
 * @left: bytes of the rest
 * @run: the current run
 * @addr: address of the rest of @run
 * @run_left: bytes of the rest of @run
 * @attrs: attribute bits of the leaves
 * @started: the first entry of the call is written
 */
struct source {
	unsigned long iova;
	size_t left;
	const struct iommu_run *run;
	phys_addr_t addr;
	size_t run_left;
	u64 attrs;
	bool started;
};

/* All sizes up to 2^shift */
static inline unsigned long sizes_up_to(unsigned int shift)
{
	return (2ul << shift) - 1;
}

/* log2 of the largest size that fits an address and what is left of a run */
static inline unsigned int largest_shift(unsigned long iova, phys_addr_t addr,
					 size_t run_left, unsigned long sizes)
{
	unsigned long aligned = iova | addr | BIT(BITS_PER_LONG - 1);
	unsigned int most = min(__ffs(aligned), __fls(run_left));

	return __fls(sizes & sizes_up_to(most));
}

static inline unsigned int source_shift(const struct source *source,
					unsigned long sizes)
{
	return largest_shift(source->iova, source->addr, source->run_left,
			     sizes);
}

/* Number of entries of a table that the next fill writes */
static inline unsigned int source_entries(const struct source *source,
					  unsigned long sizes,
					  unsigned int level)
{
	unsigned int room = PT_ENTRIES - pt_index(source->iova, level);

	/* No leaf of level 2 can begin in the rest of this table */
	if (level == 1)
		return min_t(size_t, room, source->left >> PT_PAGE_SHIFT);
	if (FMT_CONTIGUOUS)
		return 1u << leaf_entries_shift(source_shift(source, sizes));
	return min_t(size_t, room, source->run_left >> pt_level_shift(level));
}

/*
 * Write entries one @step apart, each by one store, because hardware may read
 * the table at any time. Eight per turn of the loop, which otherwise costs as
 * much as the stores. With @check, stop at entries in use: reading them on the
 * way costs next to nothing.
 *
 * Return: where it stopped; all entries before that are written.
 */
static __always_inline u64 *fill_steps(u64 *entry, u64 *stop, u64 value,
				       u64 step, bool check)
{
	for (; stop - entry >= 8; entry += 8, value += 8 * step) {
		if (check && unlikely(peek(&entry[0]) | peek(&entry[1]) |
				      peek(&entry[2]) | peek(&entry[3]) |
				      peek(&entry[4]) | peek(&entry[5]) |
				      peek(&entry[6]) | peek(&entry[7])))
			return entry;
		WRITE_ONCE(entry[0], value);
		WRITE_ONCE(entry[1], value + step);
		WRITE_ONCE(entry[2], value + 2 * step);
		WRITE_ONCE(entry[3], value + 3 * step);
		WRITE_ONCE(entry[4], value + 4 * step);
		WRITE_ONCE(entry[5], value + 5 * step);
		WRITE_ONCE(entry[6], value + 6 * step);
		WRITE_ONCE(entry[7], value + 7 * step);
	}
	for (; entry < stop; value += step) {
		if (check && unlikely(peek(entry)))
			break;
		WRITE_ONCE(*entry++, value);
	}
	return entry;
}

/*
 * Write a run as leaves of contiguous entries: groups of 2^i equal entries.
 * While no larger group can fit, groups of one size follow one another without
 * a new decision for each.
 */
static u64 *fill_groups(u64 *entry, u64 *stop, unsigned long iova,
			phys_addr_t addr, u64 attrs, unsigned int level,
			unsigned long sizes, bool check)
{
	unsigned int level_shift = pt_level_shift(level);
	unsigned long skew = (iova ^ addr) | BIT(BITS_PER_LONG - 1);

	sizes &= sizes_up_to(__ffs(skew)) & pt_table_sizes(level);
	if (!(sizes >> (level_shift + 1)) && (sizes >> level_shift))
		return fill_steps(entry, stop,
				  fmt_leaf(addr, level, level_shift) | attrs,
				  BIT_ULL(level_shift), check);
	while (entry < stop) {
		size_t left = (size_t)(stop - entry) << level_shift;
		unsigned int shift = largest_shift(iova, addr, left, sizes);
		unsigned int size = 1u << (shift - level_shift);
		unsigned int groups = 1;
		u64 value = fmt_leaf(addr, level, shift) | attrs;

		if (!(sizes >> (shift + 1)))
			groups = left >> shift;
		iova += (unsigned long)groups << shift;
		addr += (phys_addr_t)groups << shift;
		for (; groups--; value += BIT_ULL(shift)) {
			u64 *end = entry + size;

			entry = fill_steps(entry, end, value, 0, check);
			if (entry < end)
				return entry;
		}
	}
	return entry;
}

/*
 * Write @nr entries of a level, from as many runs as needed.
 *
 * Return: entries written. If it is fewer than @nr, an entry was in use, and
 * the source has not moved.
 */
static __always_inline unsigned int fill_level(struct source *source,
					       u64 *entry, unsigned int nr,
					       unsigned int level,
					       unsigned long sizes, bool check)
{
	unsigned int shift = pt_level_shift(level);
	const struct iommu_run *run = source->run;
	phys_addr_t addr = source->addr;
	size_t left = source->run_left;
	u64 *first = entry, *end = entry + nr;
	bool larger = sizes & pt_table_sizes(level) & ~sizes_up_to(shift);
	u64 attrs = source->attrs;

	for (;;) {
		u64 value = fmt_leaf(addr, level, shift) | attrs;

		/* The short path for scattered pages: one run is one entry */
		if (left == BIT(shift)) {
			if (check && unlikely(peek(entry)))
				return entry - first;
			WRITE_ONCE(*entry++, value);
			left = 0;
		} else {
			size_t n = min_t(size_t, left >> shift, end - entry);
			u64 *stop = entry + n;

			if (FMT_CONTIGUOUS && larger)
				entry = fill_groups(entry, stop, source->iova +
					((unsigned long)(entry - first) << shift),
					addr, attrs, level, sizes, check);
			else
				entry = fill_steps(entry, stop, value,
						   BIT_ULL(shift), check);
			if (check && unlikely(entry < stop))
				return entry - first;
			addr += n << shift;
			left -= n << shift;
		}
		if (entry == end)
			break;
		run++;
		addr = run->addr;
		left = run->length;
	}
	source->iova += (unsigned long)nr << shift;
	source->left -= (size_t)nr << shift;
	if (!left && source->left) {
		run++;
		addr = run->addr;
		left = run->length;
	}
	source->run = run;
	source->addr = addr;
	source->run_left = left;
	return nr;
}

/* Set a mark in an entry in which hardware may set other bits meanwhile */
static inline void mark_entry(const struct walk *walk, u64 *entry, u64 mark)
{
	u64 old = READ_ONCE(*entry);

	if (likely(!(walk->flags & IOMMU_PT_DIRTY))) {
		WRITE_ONCE(*entry, old | mark);
		return;
	}
	while (!try_cmpxchg(entry, &old, old | mark))
		;
}

static __always_inline unsigned int
source_fill(const struct walk *walk, struct source *source, u64 *entry,
	    unsigned int nr, unsigned int level, unsigned long sizes,
	    bool check)
{
	unsigned int done;

	if (level == 1)
		done = fill_level(source, entry, nr, 1, sizes, check);
	else
		done = fill_level(source, entry, nr, level, sizes, false);
	if (check && unlikely(done < nr))
		return done;
	if (!source->started)
		mark_entry(walk, entry, FMT_FIRST);
	source->started = true;
	if (!source->left)
		mark_entry(walk, &entry[nr - 1], FMT_LAST);
	return nr;
}

/*
 * Is there room for leaves of level 2 or above? The caller of a map has
 * finished all invalidations of the range. So if a tombstone is in the way, its
 * table is no longer needed.
 */
static int map_check(struct walk *walk, u64 *slot, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		u64 entry = READ_ONCE(slot[i]);

		if (likely(!entry))
			continue;
		if (fmt_present(entry))
			return -EADDRINUSE;
		if (!walk->locked)
			return -EAGAIN;
		walk_orphan(&slot[i]);
	}
	return 0;
}

/* Clear entries again that were visible for a moment */
static void map_undo(struct walk *walk, u64 *slot, unsigned int written,
		     unsigned int nr, unsigned long iova)
{
	unsigned int i;

	for (i = 0; i < written; i++)
		WRITE_ONCE(slot[i], 0);
	if (written) {
		walk_flush(walk, slot, written);
		pt_gather_range(walk->gather, iova, iova +
				((unsigned long)written << PT_PAGE_SHIFT) - 1);
	}
	walk_put(walk, pt_table_of(slot), nr);
}

/* Note full lines: a call that unmaps many pages at once clears them faster */
static void note_lines(struct pt_table *table, unsigned int first,
		       unsigned int nr, unsigned int level)
{
	if (level == 1 && nr >= PT_MANY)
		atomic_long_or(pt_whole_lines(first, first + nr), &table->full);
}

/* Fill a part of a table that is visible */
static int map_live(struct walk *walk, struct source *source, u64 *entries,
		    unsigned int level, unsigned long sizes)
{
	u64 *slot = &entries[pt_index(source->iova, level)];
	unsigned int nr = source_entries(source, sizes, level), written;
	int ret;

	if (level > 1) {
		ret = map_check(walk, slot, nr);
		if (unlikely(ret))
			return ret;
	}
	if (unlikely(!walk_get(walk, pt_table_of(entries), nr)))
		return -EAGAIN;
	written = source_fill(walk, source, slot, nr, level, sizes, true);
	if (unlikely(written < nr)) {
		map_undo(walk, slot, written, nr, source->iova);
		return -EADDRINUSE;
	}
	note_lines(pt_table_of(entries), slot - entries, nr, level);
	walk_flush(walk, slot, nr);
	return 0;
}

/* Return the tables that map_build() could not install to the stash */
static void map_unbuild(struct walk *walk, struct pt_table *table,
			unsigned long iova, unsigned int level, unsigned int nr)
{
	for (;;) {
		u64 *slot = &pt_entries(table)[pt_index(iova, table->level)];
		struct pt_table *below = NULL;

		if (table->level > level)
			below = pt_table_of(entry_to_entries(*slot));
		memset(slot, 0, (below ? 1 : nr) * sizeof(*slot));
		table->slot = NULL;
		atomic_set(&table->count, 0);
		pt_stash_put(&walk->stash, table);
		if (!below)
			return;
		table = below;
	}
}

/*
 * Fill a new table of @level, put as many new tables above it as needed, and
 * install the topmost in the empty @slot of a table of @slot_level.
 */
static int map_build(struct walk *walk, struct source *source, u64 *slot,
		     unsigned int slot_level, unsigned int level,
		     unsigned long sizes)
{
	unsigned int nr = source_entries(source, sizes, level), l = level;
	struct pt_table *parent = pt_table_of(slot), *table;
	unsigned int first = pt_index(source->iova, level);
	struct source before = *source;
	u64 *entries, *up;

	if (walk->stash.nr < slot_level - level) {
		walk->need = slot_level - level;
		return -ENOMEM;
	}
	table = pt_stash_get(&walk->stash);
	entries = pt_entries(table);
	source_fill(walk, source, &entries[first], nr, level, sizes, false);
	atomic_set(&table->count, nr);
	note_lines(table, first, nr, level);
	for (;;) {
		table->level = l;
		walk_flush(walk, entries, PT_ENTRIES);
		if (++l == slot_level)
			break;
		up = pt_entries(walk->stash.first) + pt_index(before.iova, l);
		*up = table_to_entry(entries, l - 1);
		table->slot = up;
		table = pt_stash_get(&walk->stash);
		entries = pt_entries(table);
		atomic_set(&table->count, 1);
	}
	table->slot = slot;

	if (likely(walk_get(walk, parent, 1))) {
		if (likely(!cmpxchg(slot, 0, table_to_entry(entries, l - 1)))) {
			walk_flush(walk, slot, 1);
			return 0;
		}
		walk_put(walk, parent, 1);
		if (walk->gather->tables)
			pt_gather_range(walk->gather, before.iova, before.iova);
	}
	map_unbuild(walk, table, before.iova, level, nr);
	*source = before;
	return -EAGAIN;
}

/*
 * Put tables above the top table until @iova is within reach. Devices get the
 * new top before other CPUs do: nothing can then be mapped that devices cannot
 * reach yet.
 */
static int grow(struct walk *walk, unsigned long iova)
{
	struct iommu_pt *pt = walk->pt;
	unsigned int level = pt_top_level(pt->top), top_level = level;
	struct pt_table *old = pt_table_of(pt_top_table(pt->top)), *table = old;
	unsigned long top = pt->top;
	struct iommu_pt_root root;

	lockdep_assert_held(&pt->lock);
	while (!top_reaches(pt_top_pack(NULL, top_level), iova))
		top_level++;
	if (walk->stash.nr < top_level - level) {
		walk->need = top_level - level;
		return -ENOMEM;
	}
	while (level < top_level) {
		struct pt_table *above = pt_stash_get(&walk->stash);
		u64 *entries = pt_entries(above);

		entries[0] = table_to_entry(pt_entries(table), level);
		above->level = ++level;
		atomic_set(&above->count, 1);
		table->slot = entries;
		walk_flush(walk, entries, PT_ENTRIES);
		table = above;
	}
	atomic_add(PT_TOP_BIAS, &table->count);
	top = pt_top_pack(pt_entries(table), level);
	WRITE_ONCE(pt->hw_top, top);
	root.phys = virt_to_phys(pt_entries(table));
	root.levels = level;
	if (pt->root_changed)
		pt->root_changed(pt, &root);
	/* A CPU that sees the new top sees its entries too */
	smp_store_release(&pt->top, top);

	/* The old top is an ordinary table now, and may be empty */
	walk_put(walk, old, PT_TOP_BIAS);
	if (walk->gather->tables)
		pt_gather_range(walk->gather, 0, 0);
	return 0;
}

/* One step: fill one table, or a part of it */
static int map_table(struct walk *walk, struct source *source)
{
	unsigned long top = READ_ONCE(walk->pt->top), sizes = walk->sizes;
	unsigned int level, l = pt_top_level(top);
	u64 *entries = pt_top_table(top);

	if (FMT_GROWS) {
		if (unlikely(!top_reaches(top, source->iova)))
			return walk->locked ? grow(walk, source->iova) :
					      -EAGAIN;
		sizes &= pt_table_sizes(l);
	}
	level = pt_shift_level(source_shift(source, sizes));
	for (; l > level; l--) {
		u64 *slot = &entries[pt_index(source->iova, l)];
		u64 entry = READ_ONCE(*slot);

		if (unlikely(!entry))
			return map_build(walk, source, slot, l, level, sizes);
		if (unlikely(!entry_is_table(entry, l))) {
			if (fmt_present(entry))
				return -EADDRINUSE;
			if (!walk->locked)
				return -EAGAIN;
			/* A revived table must not stay empty */
			if (walk->stash.nr < l - 1 - level) {
				walk->need = l - 1 - level;
				return -ENOMEM;
			}
			entry = walk_revive(walk, slot, entry);
		}
		entries = entry_to_entries(entry);
	}
	return map_live(walk, source, entries, level, sizes);
}

/* Steps, of one table each, after which the CPU is yielded */
#define MAP_STEPS		32

/* Map until memory is missing, or for MAP_STEPS */
static int map_section(struct walk *walk, struct source *source)
{
	unsigned int steps = MAP_STEPS;
	bool locked = walk->locked;
	int ret;

	do {
		ret = map_table(walk, source);
		if (likely(ret != -EAGAIN))
			continue;
		walk_lock(walk);
		do {
			ret = map_table(walk, source);
		} while (ret == -EAGAIN);
		if (!locked)
			walk_unlock(walk);
	} while (!ret && source->left && --steps);
	return ret;
}

static int pt_map(struct iommu_pt *pt, unsigned long iova,
		  const struct iommu_run *runs, size_t length, int prot,
		  gfp_t gfp, struct iommu_pt_gather *gather)
{
	struct source source = {
		.iova = iova,
		.left = length,
		.run = runs,
		.addr = runs->addr,
		.run_left = runs->length,
	};
	struct walk walk;
	int ret;

	walk_init(&walk, pt, gather);
	do {
		walk_enter(&walk);
		source.attrs = fmt_prot(prot, walk.flags);
		ret = source.attrs ? map_section(&walk, &source) : -EINVAL;
		walk_leave(&walk);
		if (!ret && unlikely(source.left)) {
			if (gfpflags_allow_blocking(gfp))
				cond_resched();
			continue;
		}
		if (likely(ret != -ENOMEM))
			break;
		ret = walk_feed(&walk, gfp);
	} while (!ret);
	walk_end(&walk);
	if (unlikely(ret) && source.iova != iova) {
		gather->may_sleep |= gfpflags_allow_blocking(gfp);
		pt_unmap(pt, iova, source.iova - 1, gather, NULL, NULL);
	}
	return ret;
}

#endif
