/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The walker, part 6: changing mappings while devices use them.
 *
 * Attributes change entry by entry. Demotion splits superpages (walk_split.h).
 * Both use compare and exchange, and run beside maps and unmaps of the same
 * range.
 *
 * Promotion turns a table full of leaves into one leaf, by one write to the
 * entry that leads to the table. An unmap that is just clearing an entry of the
 * table would not notice. So while a promotion is running every section takes
 * pt->lock, and the promotion first waits for the sections that began before.
 *
 * Promotion joins nothing across the ends of what one call mapped; the entries
 * there are marked. Afterwards the table is as if everything had been mapped
 * with the sizes allowed now, and an unmap of all that a call mapped still
 * begins and ends between leaves.
 */
#ifndef PT_WALK_CHANGE_H
#define PT_WALK_CHANGE_H

#include "walk_split.h"
#include "walk_read.h"

/* Flush and record the entries from @first to @spot, which were changed */
static void change_done(struct walk *walk, const struct spot *spot,
			u64 *first, unsigned long iova, unsigned long last)
{
	unsigned int level = spot->level;

	walk_flush(walk, first, spot->slot - first + 1);
	pt_gather_range(walk->gather, pt_block_start(iova, pt_level_shift(level)),
			pt_entry_last(last, level));
}

/* Change attributes of the leaves of one table, from @spot on */
static unsigned long change_table(struct walk *walk, struct spot *spot,
				  unsigned long iova, unsigned long last,
				  unsigned int set, unsigned int clear)
{
	for (;;) {
		u64 old = spot->entry, new;
		unsigned long end = pt_entry_last(iova, spot->level);

		while (entry_is_leaf(old, spot->level)) {
			new = fmt_change_attrs(old, set, clear);
			if (new == old)
				break;
			if (!try_cmpxchg(spot->slot, &old, new))
				continue;
			change_done(walk, spot, spot->slot, iova, end);
			break;
		}
		/* It was split meanwhile: walk down again */
		if (entry_is_table(old, spot->level))
			return iova;
		if (end >= last || end == pt_table_last(end, spot->level))
			return end + 1;
		iova = end + 1;
		spot->slot++;
		spot->entry = READ_ONCE(*spot->slot);
	}
}

/* Split superpages that reach out of the range; may sleep for memory */
static int change_split_ends(struct walk *walk, unsigned long iova,
			     unsigned long last, gfp_t gfp)
{
	struct split split;
	int ret;

	for (;;) {
		walk_enter(walk);
		split_plan(walk->pt, iova, last, &split);
		if (split.tables <= walk->stash.nr)
			break;
		walk_leave(walk);
		walk->need = split.tables;
		ret = walk_feed(walk, gfp);
		if (ret)
			return ret;
	}
	split_ends(walk, iova, last, &split);
	walk_leave(walk);
	return 0;
}

static int pt_set_attrs(struct iommu_pt *pt, unsigned long iova,
			unsigned long last, unsigned int set,
			unsigned int clear, gfp_t gfp,
			struct iommu_pt_gather *gather)
{
	struct walk walk;
	struct spot spot;
	int ret;

	if (!clamp_range(pt, iova, &last))
		return 0;
	walk_init(&walk, pt, gather);
	ret = change_split_ends(&walk, iova, last, gfp);
	while (!ret) {
		walk_enter(&walk);
		walk_down(pt, iova, &spot);
		iova = change_table(&walk, &spot, iova, last, set, clear);
		walk_await_split(&walk);
		walk_leave(&walk);
		if (iova > last || !iova)
			break;
		if (gfpflags_allow_blocking(gfp))
			cond_resched();
	}
	walk_end(&walk);
	return ret;
}

/* Most leaves that one section demotes */
#define DEMOTE_BATCH		64

/* Demote from *@iova on, until a table is missing or for DEMOTE_BATCH leaves */
static int demote_some(struct walk *walk, unsigned long *iova,
		       unsigned long last, bool *done)
{
	unsigned int n = 0;
	struct spot spot;

	while (n++ < DEMOTE_BATCH && !*done) {
		unsigned int shift;
		unsigned long end;

		walk_down(walk->pt, *iova, &spot);
		shift = pt_level_shift(spot.level);
		if (entry_is_leaf(spot.entry, spot.level)) {
			shift = fmt_leaf_shift(spot.entry, spot.level);
			if (!(walk->sizes & BIT(shift))) {
				if (!walk->stash.nr) {
					walk->need = 1;
					return -ENOMEM;
				}
				split_leaf(walk, &spot, *iova);
				continue;
			}
		}
		end = pt_block_last(*iova, shift);
		if (!spot.entry)
			end = hole_end(&spot, *iova, last);
		else if (!FMT_CONTIGUOUS && spot.level == 1)
			end = pt_table_last(*iova, 1);
		*done = end >= last;
		*iova = end + 1;
	}
	return 0;
}

static int pt_demote(struct iommu_pt *pt, unsigned long iova,
		     unsigned long last, unsigned long page_sizes, gfp_t gfp,
		     struct iommu_pt_gather *gather)
{
	struct walk walk;
	bool done = false;
	int ret;

	if (!clamp_range(pt, iova, &last))
		return 0;
	walk_init(&walk, pt, gather);
	do {
		walk_enter(&walk);
		walk.sizes = page_sizes;
		ret = demote_some(&walk, &iova, last, &done);
		walk_leave(&walk);
		if (ret == -ENOMEM)
			ret = walk_feed(&walk, gfp);
		if (gfpflags_allow_blocking(gfp))
			cond_resched();
	} while (!ret && !done);
	walk_end(&walk);
	return ret;
}

/* Where an entry leads: the leaf, or its part of a leaf of several entries */
static phys_addr_t entry_addr(u64 entry, unsigned int level, unsigned long iova)
{
	return fmt_leaf_addr(entry, level) +
	       (iova & (BIT(fmt_leaf_shift(entry, level)) - 1));
}

/*
 * Return how many entries, from @i on and before @end, map one run of memory
 * with the same attributes and were mapped by one call. @used gets the accessed
 * and dirty bits of all of them.
 */
static unsigned int alike(const u64 *entries, unsigned int level,
			  unsigned long iova, unsigned int i, unsigned int end,
			  u64 *used)
{
	u64 seen = FMT_ACCESSED | FMT_DIRTY, before = READ_ONCE(entries[i]);
	u64 attrs = before & FMT_ATTR_BITS & ~seen;
	phys_addr_t addr = entry_addr(before, level, iova);
	unsigned int n;

	*used = before & seen;
	for (n = 1; i + n < end; n++) {
		u64 entry = READ_ONCE(entries[i + n]);

		iova += BIT(pt_level_shift(level));
		addr += BIT(pt_level_shift(level));
		if (!entry_is_leaf(entry, level) || (entry & FMT_FIRST) ||
		    (before & FMT_LAST) ||
		    (entry & FMT_ATTR_BITS & ~seen) != attrs ||
		    entry_addr(entry, level, iova) != addr)
			break;
		*used |= entry & seen;
		before = entry;
	}
	return n;
}

/*
 * Until the invalidation hardware may write through old entries that it has
 * cached, and set the dirty bit there, where it gets lost. So a leaf that can
 * be written counts as dirty.
 */
static u64 promoted_bits(const struct walk *walk, u64 entry, u64 used)
{
	if ((walk->flags & IOMMU_PT_DIRTY) &&
	    (fmt_attrs(entry) & IOMMU_PT_ATTR_WRITE))
		used |= FMT_ACCESSED | FMT_DIRTY;
	return used;
}

/* Join entries of one table into the largest possible contiguous leaves */
static void join_groups(struct walk *walk, u64 *entries, unsigned int level,
			unsigned long iova, unsigned int i, unsigned int end)
{
	unsigned long sizes = walk->sizes & pt_table_sizes(level);
	unsigned int n, k, shift, size;

	for (; i < end; i += n, iova += (unsigned long)n << pt_level_shift(level)) {
		unsigned long most;
		u64 entry = READ_ONCE(entries[i]), used, more;
		phys_addr_t addr;

		n = 1;
		if (!entry_is_leaf(entry, level))
			continue;
		addr = entry_addr(entry, level, iova);
		most = alike(entries, level, iova, i, end, &used);
		shift = min3(__ffs(iova | addr | BIT(BITS_PER_LONG - 1)),
			     __fls(most) + pt_level_shift(level),
			     (unsigned long)pt_level_shift(level + 1) - 1);
		shift = __fls((sizes & ((2ul << shift) - 1)) |
			      BIT(pt_level_shift(level)));
		size = 1u << (shift - pt_level_shift(level));
		n = size;
		if (shift <= fmt_leaf_shift(entry, level))
			continue;
		more = promoted_bits(walk, entry, used);
		for (k = i; k < i + size; k++)
			rewrite_entry(&entries[k], fmt_leaf(addr, level, shift),
				      more);
		walk_flush(walk, &entries[i], size);
		pt_gather_range(walk->gather, iova, pt_block_last(iova, shift));
	}
}

/* Turn a table into a leaf by one write, if a single run fills it */
static void join_table(struct walk *walk, u64 *slot, u64 *entries,
		       unsigned int level, unsigned long iova)
{
	struct pt_table *table = pt_table_of(entries);
	unsigned int shift = pt_level_shift(level + 1);
	u64 old = table_to_entry(entries, level), first = READ_ONCE(entries[0]);
	u64 attrs, used, leaf;
	phys_addr_t addr;

	if (!(walk->sizes & BIT(shift)) ||
	    atomic_read(&table->count) != PT_ENTRIES ||
	    !entry_is_leaf(first, level))
		return;
	addr = entry_addr(first, level, iova);
	if ((addr & (BIT_ULL(shift) - 1)) ||
	    alike(entries, level, iova, 0, PT_ENTRIES, &used) != PT_ENTRIES ||
	    pt_reservation_overlaps(walk->pt, iova, pt_block_last(iova, shift)))
		return;
	attrs = first & FMT_ATTR_BITS & ~(FMT_ACCESSED | FMT_DIRTY);
	leaf = fmt_leaf(addr, level + 1, shift) | attrs | (first & FMT_FIRST) |
	       (READ_ONCE(entries[PT_ENTRIES - 1]) & FMT_LAST) |
	       promoted_bits(walk, first, used);
	if (cmpxchg(slot, old, leaf) != old)
		return;
	walk_flush(walk, slot, 1);
	table->slot = NULL;
	list_add_tail(&table->list, &walk->gather->freelist);
	walk->gather->tables = true;
	pt_gather_range(walk->gather, iova, pt_block_last(iova, shift));
}

/*
 * Promote in the table of @level at @iova, then the table itself. Returns the
 * last IOVA of the table.
 */
static unsigned long promote_table(struct walk *walk, unsigned long iova,
				   unsigned long last, unsigned int level)
{
	unsigned long top = READ_ONCE(walk->pt->top), from, to;
	unsigned int l = pt_top_level(top);
	u64 *entries = pt_top_table(top), *slot = NULL;

	for (; l > level; l--) {
		slot = &entries[pt_index(iova, l)];
		if (!entry_is_table(READ_ONCE(*slot), l))
			return pt_entry_last(iova, l);
		entries = entry_to_entries(READ_ONCE(*slot));
	}
	from = pt_table_start(iova, level);
	to = pt_table_last(iova, level);
	if (FMT_CONTIGUOUS)
		join_groups(walk, entries, level, iova, pt_index(iova, level),
			    pt_index(min(to, last), level) + 1);
	if (slot && from == iova && to <= last)
		join_table(walk, slot, entries, level, iova);
	return to;
}

static int pt_promote(struct iommu_pt *pt, unsigned long iova,
		      unsigned long last, struct iommu_pt_gather *gather)
{
	unsigned int level;
	struct walk walk;

	if (!clamp_range(pt, iova, &last))
		return 0;
	spin_lock_irq(&pt->lock);
	WRITE_ONCE(pt->promoters, pt->promoters + 1);
	spin_unlock_irq(&pt->lock);
	synchronize_rcu();

	walk_init(&walk, pt, gather);
	for (level = 1; level <= pt_top_level(READ_ONCE(pt->top)); level++) {
		unsigned long from = iova, end;

		for (;;) {
			walk_enter(&walk);
			end = promote_table(&walk, from, last, level);
			walk_leave(&walk);
			if (end >= last)
				break;
			from = end + 1;
			cond_resched();
		}
	}

	spin_lock_irq(&pt->lock);
	WRITE_ONCE(pt->promoters, pt->promoters - 1);
	spin_unlock_irq(&pt->lock);
	return 0;
}

#endif
