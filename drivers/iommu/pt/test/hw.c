// SPDX-License-Identifier: GPL-2.0
/*
 * The simulated unit of hw.h. A walk starts at the root, or at a table whose
 * path is cached, and goes down to a leaf. It sets accessed and dirty bits
 * there if the unit tracks them, and puts what it found into the caches.
 */
#include <linux/atomic.h>
#include <linux/io.h>
#include <linux/string.h>

#include "formats.h"
#include "hw.h"
#include "../format.h"

#ifdef __KERNEL__
#define hw_memory(table)	(table)
#else
#include <linux/mm.h>
/* Memory as a walker that does not snoop the CPU caches reads it */
#define hw_memory(table)	host_page_memory(table)
#endif

#define HW_ADDR			0x000ffffffffff000ull

static struct hw_entry decode(struct hw *hw, u64 raw, unsigned int level)
{
	struct hw_entry e = {};

	hw->format->decode(raw, level, &e);
	if (e.error)
		hw->error = e.error;
	e.addr = raw & HW_ADDR;
	if (e.size)
		e.addr &= ~((1ull << e.size) - 1);
	return e;
}

void hw_init(struct hw *hw, struct iommu_pt *pt, bool noncoherent,
	     bool tracks_dirty)
{
	unsigned int i;

	memset(hw, 0, sizeof(*hw));
	hw->pt = pt;
	for (i = 0; i < ARRAY_SIZE(pt_test_formats); i++)
		if (pt_test_formats[i].format == pt->format)
			hw->format = pt_test_formats[i].hw;
	hw->noncoherent = noncoherent;
	hw->tracks_dirty = tracks_dirty;
}

static unsigned long block_last(unsigned long iova, unsigned int shift)
{
	return shift < 64 ? iova | ((1ul << shift) - 1) : ULONG_MAX;
}

static unsigned long block_start(unsigned long iova, unsigned int shift)
{
	return shift < 64 ? iova & ~((1ul << shift) - 1) : 0;
}

static u64 read_entry(struct hw *hw, u64 *table, unsigned int i)
{
	if (hw->noncoherent)
		table = hw_memory(table);
	return READ_ONCE(table[i]);
}

/* Set accessed and dirty bits; false if the entry changed meanwhile */
static bool note(struct hw *hw, u64 *table, unsigned int i, u64 *raw,
		 const struct hw_entry *e, bool write)
{
	u64 want = *raw | e->accessed | (write && e->write ? e->dirty : 0);
	u64 old = *raw;

	if (!hw->tracks_dirty || want == *raw)
		return true;
	if (!try_cmpxchg(&table[i], &old, want))
		return false;
	if (hw->noncoherent)
		((u64 *)hw_memory(table))[i] = want;
	*raw = want;
	return true;
}

static void remember(struct hw *hw, const struct hw_translation *to)
{
	hw->tlb[hw->next++ % HW_TLB_ENTRIES] = *to;
}

static bool cached_translation(struct hw *hw, unsigned long iova, bool write,
			       struct hw_translation *to)
{
	unsigned int i;

	for (i = 0; i < HW_TLB_ENTRIES; i++) {
		struct hw_translation *t = &hw->tlb[i];

		if (!t->valid || iova < t->start || iova > t->last)
			continue;
		/* The first write has to set the dirty bit in the table */
		if (write && hw->tracks_dirty && !t->dirty)
			continue;
		*to = *t;
		return true;
	}
	return false;
}

static bool walk_from(struct hw *hw, u64 *table, unsigned int level,
		      unsigned long iova, bool write, struct hw_translation *to)
{
	to->read = true;
	to->write = true;
	for (;;) {
		unsigned int i = iova >> (12 + 9 * (level - 1)) & 511;
		u64 raw = read_entry(hw, table, i);
		struct hw_entry e = decode(hw, raw, level);
		struct hw_way *way;

		if (!e.present)
			return false;
		to->read &= e.read;
		to->write &= e.write;
		if (e.size) {
			if (!note(hw, table, i, &raw, &e, write))
				continue;
			to->start = block_start(iova, e.size);
			to->last = block_last(iova, e.size);
			to->phys = e.addr;
			to->snoop = e.snoop;
			to->dirty = raw & e.dirty;
			to->valid = true;
			return true;
		}
		if (level == 1) {
			hw->error = "a table below level 1";
			return false;
		}
		way = &hw->way[hw->next++ % HW_WAY_ENTRIES];
		way->start = block_start(iova, 12 + 9 * (level - 1));
		way->last = block_last(iova, 12 + 9 * (level - 1));
		way->level = --level;
		way->table = phys_to_virt(e.addr);
		way->valid = true;
		table = way->table;
	}
}

/*
 * Translate a request of a device. With @cached, the caches are used; without,
 * the walk starts at the root.
 */
bool hw_translate(struct hw *hw, unsigned long iova, bool write, bool cached,
		  struct hw_translation *to)
{
	struct iommu_pt_root root;
	unsigned int i;

	memset(to, 0, sizeof(*to));
	if (cached && cached_translation(hw, iova, write, to))
		return true;
	iommu_pt_root(hw->pt, &root);
	if (root.levels < 5 && hw->format->grows &&
	    iova >> (12 + 9 * root.levels))
		return false;
	for (i = 0; cached && i < HW_WAY_ENTRIES; i++) {
		struct hw_way *way = &hw->way[i];

		if (!way->valid || iova < way->start || iova > way->last)
			continue;
		if (!walk_from(hw, way->table, way->level, iova, write, to))
			return false;
		remember(hw, to);
		return true;
	}
	if (!walk_from(hw, phys_to_virt(root.phys), root.levels, iova, write,
		       to))
		return false;
	remember(hw, to);
	return true;
}

/* Invalidate in the caches what a gather holds */
void hw_invalidate(struct hw *hw, const struct iommu_pt_gather *gather)
{
	unsigned int i;

	if (gather->start > gather->last)
		return;
	for (i = 0; i < HW_TLB_ENTRIES; i++)
		if (hw->tlb[i].start <= gather->last &&
		    hw->tlb[i].last >= gather->start)
			hw->tlb[i].valid = false;
	for (i = 0; gather->tables && i < HW_WAY_ENTRIES; i++)
		if (hw->way[i].start <= gather->last &&
		    hw->way[i].last >= gather->start)
			hw->way[i].valid = false;
}
