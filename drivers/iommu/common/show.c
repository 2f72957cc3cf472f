// SPDX-License-Identifier: GPL-2.0
/*
 * Page tables and live domains as text, for debugfs.
 *
 * Leaves that follow one another in IOVA and in memory, and have the same size
 * and attributes, are printed as one range, for example:
 *
 *	0x00000040000000-0x000000401fffff -> 0x0000100000000 rw----- 512 of 4K
 *
 * Maps and unmaps continue meanwhile, so the output is not a consistent
 * snapshot.
 */
#include <linux/export.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/string_choices.h>

#include "live.h"
#include "show.h"

struct shown {
	struct seq_file *seq;
	unsigned long iova;
	phys_addr_t addr;
	size_t length;
	size_t entry;
	unsigned int attrs;
	unsigned long entries[BITS_PER_LONG];
	unsigned long snooped;
};

static const struct {
	unsigned int attr;
	char letter;
} letters[] = {
	{ IOMMU_PT_ATTR_READ, 'r' },
	{ IOMMU_PT_ATTR_WRITE, 'w' },
	{ IOMMU_PT_ATTR_EXEC, 'x' },
	{ IOMMU_PT_ATTR_USER, 'u' },
	{ IOMMU_PT_ATTR_SNOOP, 's' },
	{ IOMMU_PT_ATTR_ACCESSED, 'a' },
	{ IOMMU_PT_ATTR_DIRTY, 'd' },
};

static void show_size(struct seq_file *seq, size_t size)
{
	static const char units[] = { 'K', 'M', 'G', 'T', 'P' };
	unsigned int unit = 0;

	for (size >>= 10; unit + 1 < sizeof(units) && !(size & 1023); unit++)
		size >>= 10;
	seq_printf(seq, "%zu%c", size, units[unit]);
}

static void show_range(const struct shown *range)
{
	size_t i;

	if (!range->length)
		return;
	seq_printf(range->seq, "0x%014lx-0x%014lx -> 0x%013llx ", range->iova,
		   range->iova + range->length - 1, (u64)range->addr);
	for (i = 0; i < ARRAY_SIZE(letters); i++)
		seq_putc(range->seq, range->attrs & letters[i].attr ?
				     letters[i].letter : '-');
	seq_printf(range->seq, " %zu of ", range->length / range->entry);
	show_size(range->seq, range->entry);
	seq_putc(range->seq, '\n');
}

static bool follows(const struct shown *range, const struct iommu_pt_leaf *leaf)
{
	return range->length && leaf->length == range->entry &&
	       leaf->attrs == range->attrs &&
	       leaf->iova == range->iova + range->length &&
	       leaf->addr == range->addr + range->length;
}

static int add_leaf(void *arg, const struct iommu_pt_leaf *leaf)
{
	struct shown *range = arg;

	range->entries[__ffs(leaf->length)]++;
	if (leaf->attrs & IOMMU_PT_ATTR_SNOOP)
		range->snooped++;
	if (follows(range, leaf)) {
		range->length += leaf->length;
		return 0;
	}
	show_range(range);
	range->iova = leaf->iova;
	range->addr = leaf->addr;
	range->length = leaf->length;
	range->entry = leaf->length;
	range->attrs = leaf->attrs;
	return 0;
}

/**
 * iommu_show_page_table() - print the mappings of a domain
 * @seq: the file
 * @live: the domain; the caller makes sure that it exists
 *
 * Prints a line for each range, then a line with the number of leaves of each
 * size.
 */
void iommu_show_page_table(struct seq_file *seq, struct iommu_live *live)
{
	struct shown *range = kzalloc(sizeof(*range), GFP_KERNEL);
	unsigned int shift;

	if (!range)
		return;
	range->seq = seq;
	iommu_pt_visit(&live->pt, 0, iommu_live_length(live), add_leaf, range);
	show_range(range);
	seq_puts(seq, "entries");
	for (shift = PAGE_SHIFT; shift < BITS_PER_LONG; shift++) {
		if (!range->entries[shift])
			continue;
		seq_putc(seq, ' ');
		show_size(seq, 1UL << shift);
		seq_printf(seq, "=%lu", range->entries[shift]);
	}
	seq_printf(seq, " snooped=%lu tables=%lu\n", range->snooped,
		   iommu_pt_nr_tables(&live->pt));
	kfree(range);
}
EXPORT_SYMBOL_GPL(iommu_show_page_table);

/**
 * iommu_show_ability() - print the abilities of a unit, or the shape of a
 * domain
 * @seq: the file
 * @ability: the abilities
 */
void iommu_show_ability(struct seq_file *seq,
			const struct iommu_ability *ability)
{
	unsigned int shift;
	char before = '=';

	seq_puts(seq, "sizes");
	for (shift = PAGE_SHIFT; shift < BITS_PER_LONG; shift++) {
		if (!(ability->page_sizes & 1UL << shift))
			continue;
		seq_putc(seq, before);
		show_size(seq, 1UL << shift);
		before = ',';
	}
	seq_printf(seq, " coherent=%s snoop=%s", str_yes_no(ability->coherent),
		   str_yes_no(ability->snoop));
}
EXPORT_SYMBOL_GPL(iommu_show_ability);

/**
 * iommu_show_shape() - print the shape of a domain and its conversions so far
 * @seq: the file
 * @live: the domain; the caller makes sure that it exists
 */
void iommu_show_shape(struct seq_file *seq, struct iommu_live *live)
{
	const struct iommu_live_counts *counts = &live->counts;

	mutex_lock(&live->lock);
	iommu_show_ability(seq, &live->shape);
	seq_printf(seq, " enforced=%s tables=%lu demoted=%u promoted=%u flushed=%u\n",
		   str_yes_no(live->enforced), iommu_pt_nr_tables(&live->pt),
		   counts->demoted, counts->promoted, counts->flushed);
	mutex_unlock(&live->lock);
}
EXPORT_SYMBOL_GPL(iommu_show_shape);
