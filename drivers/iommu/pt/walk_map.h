/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The walker, part 2: mapping.
 *
 * Each step takes the largest entry that fits where the source stands, walks
 * to the table of its level, and fills as much of that table as it can. A
 * table that is missing is built aside, with all between it and the table that
 * exists, and shows up complete with one write.
 */
#ifndef PT_WALK_MAP_H
#define PT_WALK_MAP_H

#include "walk_core.h"

/**
 * struct source - what is still to be mapped
 * @iova: where the rest goes
 * @left: bytes of the rest
 * @run: the current run
 * @addr: address of the rest of it
 * @run_left: bytes of the rest of it
 * @attrs: attribute bits of the leaves
 * @first: FMT_FIRST until the first entry is written
 */
struct source {
	unsigned long iova;
	size_t left;
	const struct iommu_run *run;
	phys_addr_t addr;
	size_t run_left;
	u64 attrs;
	u64 first;
};

static __always_inline void source_advance(struct source *source, size_t bytes)
{
	source->iova += bytes;
	source->left -= bytes;
	source->addr += bytes;
	source->run_left -= bytes;
	if (!source->run_left && source->left) {
		source->run++;
		source->addr = source->run->addr;
		source->run_left = source->run->length;
	}
}

/* All sizes up to 2^shift. */
static inline unsigned long sizes_up_to(unsigned int shift)
{
	return (2ul << shift) - 1;
}

/* log2 of the largest size that fits where the source stands. */
static inline unsigned int source_shift(const struct source *source,
					unsigned long sizes)
{
	unsigned long aligned = source->iova | source->addr |
				BIT(BITS_PER_LONG - 1);
	unsigned int most = min(__ffs(aligned), __fls(source->run_left));

	return __fls(sizes & sizes_up_to(most));
}

/* Entries of a table that the next fill writes. */
static inline unsigned int source_entries(const struct source *source,
					  unsigned long sizes,
					  unsigned int level)
{
	unsigned int room = PT_ENTRIES - pt_index(source->iova, level);

	/* Below the second level's alignment nothing larger can fit. */
	if (level == 1)
		return min_t(size_t, room, source->left >> PT_PAGE_SHIFT);
	if (FMT_CONTIGUOUS)
		return 1u << leaf_entries_shift(source_shift(source, sizes));
	return min_t(size_t, room, source->run_left >> pt_level_shift(level));
}

/*
 * @nr entries of one size each. Entries of a table that hardware sees become
 * visible one by one, which is why they are written with WRITE_ONCE().
 */
static __always_inline void fill_plain(struct source *source, u64 *entry,
				       unsigned int nr, unsigned int level)
{
	unsigned int shift = pt_level_shift(level);
	struct source s = *source;
	u64 step = BIT_ULL(shift);

	while (nr) {
		unsigned int n = min_t(size_t, nr, s.run_left >> shift);
		size_t bytes = (size_t)n << shift;
		u64 value = fmt_leaf(s.addr, level, shift) | s.attrs;
		u64 *end = entry + n - 1;

		if (entry < end) {
			WRITE_ONCE(*entry++, value | s.first);
			s.first = 0;
			value += step;
		}
		for (; entry < end; value += step)
			WRITE_ONCE(*entry++, value);
		if (bytes == s.left)
			value |= FMT_LAST;
		WRITE_ONCE(*entry++, value | s.first);
		s.first = 0;
		nr -= n;
		source_advance(&s, bytes);
	}
	*source = s;
}

/*
 * Where contiguous entries act as one: groups of 2^i equal ones. As long as no
 * larger group can ever fit, there is nothing to decide from one to the next.
 */
static __always_inline void fill_groups(struct source *source, u64 *entry,
					unsigned int nr, unsigned int level,
					unsigned long sizes)
{
	unsigned int level_shift = pt_level_shift(level);
	struct source s = *source;

	sizes &= pt_table_sizes(level);
	while (nr) {
		unsigned int shift = source_shift(&s, sizes);
		unsigned int size = 1u << (shift - level_shift), groups = 1;
		unsigned long skew = (s.iova ^ s.addr) | BIT(BITS_PER_LONG - 1);
		u64 value = fmt_leaf(s.addr, level, shift) | s.attrs;
		u64 *end = entry + size, *stop;
		size_t bytes;

		if (!(sizes & sizes_up_to(__ffs(skew)) >> (shift + 1)
		      << (shift + 1)))
			groups = min_t(size_t, nr / size, s.run_left >> shift);
		bytes = (size_t)groups << shift;
		stop = entry + groups * size - (bytes == s.left);
		nr -= groups * size;

		for (; entry < stop; end += size, value += BIT_ULL(shift))
			for (; entry < end && entry < stop; s.first = 0)
				WRITE_ONCE(*entry++, value | s.first);
		if (bytes == s.left) {
			if (size > 1)
				value -= BIT_ULL(shift);
			WRITE_ONCE(*entry++, value | s.first | FMT_LAST);
			s.first = 0;
		}
		source_advance(&s, bytes);
	}
	*source = s;
}

static inline void source_fill(struct source *source, u64 *entry,
			       unsigned int nr, unsigned int level,
			       unsigned long sizes)
{
	if (FMT_CONTIGUOUS)
		fill_groups(source, entry, nr, level, sizes);
	else if (level == 1)
		fill_plain(source, entry, nr, 1);
	else
		fill_plain(source, entry, nr, level);
}

/*
 * Is there room for leaves? A tombstone may be in the way only of a caller
 * whose invalidations are all done, so that nothing needs its table.
 */
static int map_check(struct walk *walk, u64 *slot, unsigned int nr,
		     unsigned int level)
{
	unsigned int i;
	u64 any = 0;

	for (i = 0; i < nr; i++)
		any |= READ_ONCE(slot[i]);
	if (likely(!any))
		return 0;
	if (level == 1)
		return -EADDRINUSE;
	if (!walk->locked)
		return -EAGAIN;
	for (i = 0; i < nr; i++) {
		if (fmt_present(slot[i]))
			return -EADDRINUSE;
		if (entry_is_tomb(slot[i]))
			walk_orphan(&slot[i]);
	}
	return 0;
}

/* Fill a part of a table that is in use. */
static int map_live(struct walk *walk, struct source *source, u64 *entries,
		    unsigned int level, unsigned long sizes)
{
	u64 *slot = &entries[pt_index(source->iova, level)];
	unsigned int nr = source_entries(source, sizes, level);
	int ret;

	ret = map_check(walk, slot, nr, level);
	if (unlikely(ret))
		return ret;
	if (unlikely(!walk_get(walk, pt_table_of(entries), nr)))
		return -EAGAIN;
	source_fill(source, slot, nr, level, sizes);
	walk_flush(walk, slot, nr);
	return 0;
}

/* Take apart what map_build() could not install. */
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
 * Fill a new table of @level, lead to it through as many new ones as it takes,
 * and install the uppermost in the empty @slot of a table of @slot_level.
 */
static int map_build(struct walk *walk, struct source *source, u64 *slot,
		     unsigned int slot_level, unsigned int level,
		     unsigned long sizes)
{
	unsigned int nr = source_entries(source, sizes, level), l = level;
	struct pt_table *parent = pt_table_of(slot), *table;
	struct source before = *source;
	u64 *entries, *up;

	if (walk->stash.nr < slot_level - level) {
		walk->need = slot_level - level;
		return -ENOMEM;
	}
	table = pt_stash_get(&walk->stash);
	entries = pt_entries(table);
	source_fill(source, &entries[pt_index(source->iova, level)], nr, level,
		    sizes);
	atomic_set(&table->count, nr);
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
 * Put tables above the top one, until @iova is within reach. Hardware is shown
 * the new top before any other CPU is, so that nobody relies on what devices
 * do not see yet.
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
	smp_store_release(&pt->top, top);

	/* The old top is a table like others now; it may even be empty. */
	walk_put(walk, old, PT_TOP_BIAS);
	if (walk->gather->tables)
		pt_gather_range(walk->gather, 0, 0);
	return 0;
}

/* One step: one table, or a part of it. */
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
			/* What comes back to life must not stay empty. */
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

/* As far as it goes without sleeping. */
static int map_section(struct walk *walk, struct source *source)
{
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
	} while (!ret && source->left);
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
		.first = FMT_FIRST,
	};
	struct walk walk;
	int ret;

	walk_init(&walk, pt, gather);
	do {
		walk_enter(&walk);
		source.attrs = fmt_prot(prot, walk.flags);
		ret = source.attrs ? map_section(&walk, &source) : -EINVAL;
		walk_leave(&walk);
		if (likely(ret != -ENOMEM))
			break;
		ret = walk_feed(&walk, gfp);
	} while (!ret);
	walk_end(&walk);
	if (unlikely(ret) && source.iova != iova)
		pt_unmap(pt, iova, source.iova - 1, gather, NULL, NULL);
	return ret;
}

#endif
