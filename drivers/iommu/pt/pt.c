// SPDX-License-Identifier: GPL-2.0
/*
 * The interface of the library. Arguments are checked here, once for all
 * formats. Then the walker does the work, compiled for the format of the table.
 */
#include <linux/export.h>
#include <linux/io.h>

#include <asm/cacheflush.h>

#include "table.h"

/* Is a range aligned, and inside the aperture or one of its two halves? */
static bool range_ok(const struct iommu_pt *pt, unsigned long iova,
		     size_t length, unsigned long *last)
{
	unsigned int bits = pt->iova_bits;

	if (!length || !IS_ALIGNED(iova | length, PT_TABLE_SIZE))
		return false;
	*last = iova + length - 1;
	if (*last < iova)
		return false;
	if (pt->format->sign_extended) {
		long first_half = (long)iova >> (bits - 1);
		long last_half = (long)*last >> (bits - 1);

		return first_half == last_half &&
		       (first_half == 0 || first_half == -1);
	}
	return bits >= BITS_PER_LONG || !(*last >> bits);
}

/*
 * Check all runs and add up their bytes. No sum may overflow: neither address
 * and length of a run, nor the lengths of all runs.
 */
static int runs_length(const struct iommu_pt *pt, const struct iommu_run *runs,
		       size_t nr, size_t *length)
{
	u64 bits = 0, reach = 0, sum = 0, less_one = 0;
	const struct iommu_run *run;

	for (run = runs; run < runs + nr; run++) {
		bits |= run->addr | run->length;
		less_one |= run->length - 1;
		reach |= run->addr + run->length - 1;
		sum += run->length;
	}
	if (!nr || (bits & (PT_TABLE_SIZE - 1)) || less_one >> 63)
		return -EINVAL;
	if ((bits | reach) >> pt->oa_bits ||
	    fls64(less_one) + fls64(nr) >= BITS_PER_LONG)
		return -ERANGE;
	*length = sum;
	return 0;
}

static void sizes_fit(const struct iommu_pt *pt, unsigned int levels,
		      unsigned long *page_sizes)
{
	unsigned int most = min3(pt_level_shift(levels + 1) - 1, pt->iova_bits,
				 pt->oa_bits);

	if (!*page_sizes)
		*page_sizes = ULONG_MAX;
	*page_sizes &= pt->format->page_sizes;
	if (!pt->format->grows && most < BITS_PER_LONG - 1)
		*page_sizes &= (2ul << most) - 1;
	*page_sizes |= BIT(PT_PAGE_SHIFT);
}

static int pt_check_config(const struct iommu_pt_config *config,
			   unsigned int *iova_bits, unsigned int *oa_bits)
{
	const struct iommu_pt_format *format = config->format;
	unsigned int reach, most;

	if (!format || config->levels < format->min_levels ||
	    config->levels > format->max_levels)
		return -EINVAL;
	reach = min_t(unsigned int, BITS_PER_LONG,
		      pt_level_shift(config->levels + 1));
	most = !format->grows ? reach :
	       min_t(unsigned int, BITS_PER_LONG,
		     pt_level_shift(format->max_levels + 1));
	*iova_bits = config->iova_bits ?: reach;
	*oa_bits = config->oa_bits ?: format->oa_bits;
	if (*iova_bits <= PT_PAGE_SHIFT || *iova_bits > most ||
	    *oa_bits <= PT_PAGE_SHIFT || *oa_bits > format->oa_bits)
		return -EINVAL;
	return 0;
}

/**
 * iommu_pt_init() - make an empty page table
 * @pt: the page table, not initialised
 * @config: what it shall be like; not used after the call
 *
 * Context: May sleep.
 * Return: 0, -EINVAL if the format does not support the configuration, -ENOMEM.
 */
int iommu_pt_init(struct iommu_pt *pt, const struct iommu_pt_config *config)
{
	struct pt_stash stash = {};
	struct pt_table *top;
	int ret;

	memset(pt, 0, sizeof(*pt));
	ret = pt_check_config(config, &pt->iova_bits, &pt->oa_bits);
	if (ret)
		return ret;
	pt->format = config->format;
	pt->flags = config->flags;
	pt->nid = config->nid;
	pt->root_changed = config->root_changed;
	pt->page_sizes = config->page_sizes;
	sizes_fit(pt, config->levels, &pt->page_sizes);
	spin_lock_init(&pt->lock);
	INIT_LIST_HEAD(&pt->reservations);
	INIT_LIST_HEAD(&pt->deferred);

	ret = pt_stash_fill(pt, &stash, 1, GFP_KERNEL);
	if (ret)
		return ret;
	top = pt_stash_get(&stash);
	top->level = config->levels;
	atomic_set(&top->count, PT_TOP_BIAS);
	if (pt->flags & IOMMU_PT_NONCOHERENT)
		clflush_cache_range(pt_entries(top), PT_TABLE_SIZE);
	pt->top = pt_top_pack(pt_entries(top), config->levels);
	pt->hw_top = pt->top;
	return 0;
}
EXPORT_SYMBOL_GPL(iommu_pt_init);

/**
 * iommu_pt_destroy() - free a page table with all its tables
 * @pt: the page table; neither hardware nor another CPU uses it any more, and
 *	every gather that it filled has been freed
 *
 * Context: May sleep.
 */
void iommu_pt_destroy(struct iommu_pt *pt)
{
	struct iommu_pt_gather gather;

	pt_reservation_drop(pt, 0, ULONG_MAX);
	iommu_pt_gather_init(&gather);
	iommu_pt_gather_deferred(pt, &gather);
	iommu_pt_gather_free(pt, &gather);
	pt->format->free_all(pt, pt_top_table(pt->top), pt_top_level(pt->top));
	pt->top = 0;
	WARN_ON_ONCE(atomic_long_read(&pt->nr_tables));
}
EXPORT_SYMBOL_GPL(iommu_pt_destroy);

/**
 * iommu_pt_root() - get the root that devices walk from
 * @pt: the page table
 * @root: gets the root
 *
 * If the format grows, the driver calls this under the lock under which its
 * root_changed goes through the devices, so that no device misses a change.
 *
 * Context: Any.
 */
void iommu_pt_root(struct iommu_pt *pt, struct iommu_pt_root *root)
{
	unsigned long top = READ_ONCE(pt->hw_top);

	root->phys = virt_to_phys(pt_top_table(top));
	root->levels = pt_top_level(top);
}
EXPORT_SYMBOL_GPL(iommu_pt_root);

/**
 * iommu_pt_nr_tables() - count the pages of a page table
 * @pt: the page table
 *
 * Context: Any.
 * Return: table pages in use, including the top table, unlinked tables that
 * wait for their invalidation, and reserved ones.
 */
unsigned long iommu_pt_nr_tables(const struct iommu_pt *pt)
{
	return atomic_long_read(&pt->nr_tables);
}
EXPORT_SYMBOL_GPL(iommu_pt_nr_tables);

/**
 * iommu_pt_aperture_bits() - width of the aperture that begins at IOVA 0
 * @pt: the page table
 *
 * Context: Any.
 * Return: n if the IOVAs 0 to 2^n - 1 can be mapped. With sign-extended IOVAs
 * as many more can be mapped at the end of the address space.
 */
unsigned int iommu_pt_aperture_bits(const struct iommu_pt *pt)
{
	return pt->iova_bits - pt->format->sign_extended;
}
EXPORT_SYMBOL_GPL(iommu_pt_aperture_bits);

/**
 * iommu_pt_page_sizes() - get the entry sizes that are allowed now
 * @pt: the page table
 *
 * Context: Any.
 * Return: a bitmap of bytes.
 */
unsigned long iommu_pt_page_sizes(const struct iommu_pt *pt)
{
	return READ_ONCE(pt->page_sizes);
}
EXPORT_SYMBOL_GPL(iommu_pt_page_sizes);

/**
 * iommu_pt_set_page_sizes() - change the entry sizes allowed
 * @pt: the page table
 * @page_sizes: as in struct iommu_pt_config
 *
 * Existing entries stay as they are: see iommu_pt_demote() and
 * iommu_pt_promote(). When this returns, no map is running that uses the former
 * sizes.
 *
 * Context: Sleeps.
 */
void iommu_pt_set_page_sizes(struct iommu_pt *pt, unsigned long page_sizes)
{
	sizes_fit(pt, pt_top_level(READ_ONCE(pt->top)), &page_sizes);
	if (page_sizes == READ_ONCE(pt->page_sizes))
		return;
	WRITE_ONCE(pt->page_sizes, page_sizes);
	synchronize_rcu();
}
EXPORT_SYMBOL_GPL(iommu_pt_set_page_sizes);

/**
 * iommu_pt_set_flags() - change the flags of the hardware that walks the table
 * @pt: the page table
 * @set: bits of enum iommu_pt_flags to set
 * @clear: bits to clear
 *
 * Existing entries stay as they are: see iommu_pt_flush_tables() and
 * iommu_pt_set_attrs(). When this returns, no operation is running that uses
 * the former flags.
 *
 * Context: Sleeps. The caller serialises calls on one table.
 */
void iommu_pt_set_flags(struct iommu_pt *pt, unsigned int set,
			unsigned int clear)
{
	unsigned int flags = (pt->flags & ~clear) | set;

	if (flags == pt->flags)
		return;
	WRITE_ONCE(pt->flags, flags);
	synchronize_rcu();
}
EXPORT_SYMBOL_GPL(iommu_pt_set_flags);

/**
 * iommu_pt_flush_tables() - write all tables back from the CPU caches
 * @pt: the page table, whose IOMMU_PT_NONCOHERENT is set already
 *
 * Afterwards hardware that does not snoop the CPU caches can walk the table.
 *
 * Context: Sleeps.
 */
void iommu_pt_flush_tables(struct iommu_pt *pt)
{
	might_sleep();
	pt->format->flush_tables(pt);
}
EXPORT_SYMBOL_GPL(iommu_pt_flush_tables);

/**
 * iommu_pt_map() - map runs
 * @pt: the page table
 * @iova: first IOVA of the first run; the others follow without a gap
 * @runs: the runs; addresses and lengths are multiples of 4096
 * @nr: number of runs, at least 1
 * @prot: IOMMU_READ, IOMMU_WRITE (at least one), IOMMU_NOEXEC, IOMMU_PRIV
 * @gfp: for tables
 * @gather: collects what has to be invalidated, mostly nothing: after an error,
 *	what was mapped for a moment; rarely, an unlinked table
 *
 * Uses the largest entries that alignment and the allowed sizes permit. A run
 * that continues the one before it in memory is not joined with it: the caller
 * has joined runs where possible.
 *
 * Context: May sleep if @gfp allows it. The range holds no mapping, and its
 * former mappings have been invalidated.
 * Return: 0; -EINVAL for bad arguments, -ERANGE if the range or a run exceeds
 * the address widths, -EADDRINUSE if something is mapped there, -ENOMEM. On an
 * error nothing is mapped.
 */
int iommu_pt_map(struct iommu_pt *pt, unsigned long iova,
		 const struct iommu_run *runs, size_t nr, int prot, gfp_t gfp,
		 struct iommu_pt_gather *gather)
{
	unsigned long last;
	size_t length;
	int ret;

	ret = runs_length(pt, runs, nr, &length);
	if (unlikely(ret))
		return ret;
	if (unlikely(!IS_ALIGNED(iova, PT_TABLE_SIZE)))
		return -EINVAL;
	if (unlikely(!range_ok(pt, iova, length, &last)))
		return -ERANGE;
	return pt->format->map(pt, iova, runs, length, prot, gfp, gather);
}
EXPORT_SYMBOL_GPL(iommu_pt_map);

/**
 * iommu_pt_unmap() - unmap a range
 * @pt: the page table
 * @iova: its first IOVA
 * @length: bytes; both multiples of 4096
 * @gather: collects what has to be invalidated, and the tables to free after
 *	that
 *
 * Holes are skipped. A superpage that reaches out of the range is split. The
 * tables for that come from iommu_pt_reserve(), or else are allocated without
 * sleeping.
 *
 * Context: Any. May sleep if @gather->may_sleep: then it yields the CPU now and
 * then. Such a caller has to reserve; otherwise a split that a promotion makes
 * necessary meanwhile can end the unmap early.
 * Return: bytes that were mapped. 0, with nothing changed, also if the range is
 * bad, or if memory for a split was not reserved and could not be allocated.
 */
size_t iommu_pt_unmap(struct iommu_pt *pt, unsigned long iova, size_t length,
		      struct iommu_pt_gather *gather)
{
	return iommu_pt_unmap_runs(pt, iova, length, gather, NULL, NULL);
}
EXPORT_SYMBOL_GPL(iommu_pt_unmap);

/**
 * iommu_pt_unmap_runs() - unmap a range and report the runs that it held
 * @pt: the page table
 * @iova: its first IOVA
 * @length: bytes; both multiples of 4096
 * @gather: as for iommu_pt_unmap()
 * @fn: called with the runs in the order of their IOVAs; devices may reach this
 *	memory until the invalidation
 * @arg: for @fn
 *
 * Otherwise the same as iommu_pt_unmap().
 *
 * Context: Any. May sleep if @gather->may_sleep.
 * Return: bytes that were mapped.
 */
size_t iommu_pt_unmap_runs(struct iommu_pt *pt, unsigned long iova,
			   size_t length, struct iommu_pt_gather *gather,
			   iommu_pt_run_fn fn, void *arg)
{
	unsigned long last;

	if (unlikely(!range_ok(pt, iova, length, &last)))
		return 0;
	return pt->format->unmap(pt, iova, last, gather, fn, arg);
}
EXPORT_SYMBOL_GPL(iommu_pt_unmap_runs);

/**
 * iommu_pt_iova_to_phys() - look up an IOVA
 * @pt: the page table
 * @iova: any
 *
 * Context: Any.
 * Return: the physical address, or 0 if nothing is mapped there.
 */
phys_addr_t iommu_pt_iova_to_phys(struct iommu_pt *pt, unsigned long iova)
{
	unsigned long last;

	if (!range_ok(pt, iova & ~(PT_TABLE_SIZE - 1ul), PT_TABLE_SIZE, &last))
		return 0;
	return pt->format->iova_to_phys(pt, iova);
}
EXPORT_SYMBOL_GPL(iommu_pt_iova_to_phys);

/**
 * iommu_pt_visit() - call a function for each leaf of a range
 * @pt: the page table
 * @iova: its first IOVA
 * @length: bytes; both multiples of 4096
 * @fn: called for each leaf in order; the first and the last may reach out of
 *	the range
 * @arg: for @fn
 *
 * A leaf that changes meanwhile is seen as it was before or after that.
 *
 * Context: Any.
 * Return: 0, -EINVAL for a bad range, or the value with which @fn ended the
 * visit.
 */
int iommu_pt_visit(struct iommu_pt *pt, unsigned long iova, size_t length,
		   iommu_pt_leaf_fn fn, void *arg)
{
	unsigned long last;

	if (!range_ok(pt, iova, length, &last))
		return -EINVAL;
	return pt->format->visit(pt, iova, last, fn, arg);
}
EXPORT_SYMBOL_GPL(iommu_pt_visit);

/**
 * iommu_pt_set_attrs() - change attributes of the leaves of a range
 * @pt: the page table
 * @iova: its first IOVA
 * @length: bytes; both multiples of 4096
 * @set: bits of enum iommu_pt_attrs to set
 * @clear: bits to clear
 * @gfp: for splitting superpages that reach out of the range; only these need
 *	memory
 * @gather: collects what has to be invalidated
 *
 * Holes are skipped.
 *
 * Context: May sleep if @gfp allows it.
 * Return: 0; -EINVAL for a bad range, or if @set and @clear have a bit in
 * common; -EOPNOTSUPP if the format cannot change an attribute; -ENOMEM with
 * nothing changed.
 */
int iommu_pt_set_attrs(struct iommu_pt *pt, unsigned long iova, size_t length,
		       unsigned int set, unsigned int clear, gfp_t gfp,
		       struct iommu_pt_gather *gather)
{
	unsigned long last;

	if (!range_ok(pt, iova, length, &last) || (set & clear))
		return -EINVAL;
	if ((set | clear) & ~pt->format->attrs)
		return -EOPNOTSUPP;
	return pt->format->set_attrs(pt, iova, last, set, clear, gfp, gather);
}
EXPORT_SYMBOL_GPL(iommu_pt_set_attrs);

/**
 * iommu_pt_demote() - split leaves until none in a range is larger than allowed
 * @pt: the page table
 * @iova: its first IOVA
 * @length: bytes; both multiples of 4096
 * @page_sizes: bitmap of the sizes allowed; 4096 always is
 * @gfp: for tables
 * @gather: collects what has to be invalidated
 *
 * Every IOVA translates all the time, as each superpage is replaced by one
 * write. A superpage that reaches out of the range is split as far as the part
 * inside needs. After an error some superpages are split and some are not;
 * iommu_pt_promote() undoes that.
 *
 * Context: May sleep if @gfp allows it.
 * Return: 0, -EINVAL for a bad range, -ENOMEM.
 */
int iommu_pt_demote(struct iommu_pt *pt, unsigned long iova, size_t length,
		    unsigned long page_sizes, gfp_t gfp,
		    struct iommu_pt_gather *gather)
{
	unsigned long last;

	if (!range_ok(pt, iova, length, &last))
		return -EINVAL;
	return pt->format->demote(pt, iova, last,
				  page_sizes | BIT(PT_PAGE_SHIFT), gfp, gather);
}
EXPORT_SYMBOL_GPL(iommu_pt_demote);

/**
 * iommu_pt_promote() - make the leaves in a range as large as possible
 * @pt: the page table
 * @iova: its first IOVA
 * @length: bytes; both multiples of 4096
 * @gather: collects what has to be invalidated, and the tables to free after
 *	that
 *
 * Afterwards leaves are as large as if each call that mapped memory here had
 * just done so with the sizes allowed now. Nothing is joined across the ends of
 * what one call mapped, so that unmapping it takes no memory.
 *
 * Every IOVA translates all the time, as each table is replaced by one write.
 * With IOMMU_PT_DIRTY, a joined leaf that can be written counts as dirty.
 *
 * Context: Sleeps.
 * Return: 0, -EINVAL for a bad range.
 */
int iommu_pt_promote(struct iommu_pt *pt, unsigned long iova, size_t length,
		     struct iommu_pt_gather *gather)
{
	unsigned long last;

	might_sleep();
	if (!range_ok(pt, iova, length, &last))
		return -EINVAL;
	return pt->format->promote(pt, iova, last, gather);
}
EXPORT_SYMBOL_GPL(iommu_pt_promote);

/**
 * iommu_pt_read_dirty() - find the dirty leaves of a range
 * @pt: the page table, with IOMMU_PT_DIRTY
 * @iova: its first IOVA
 * @length: bytes; both multiples of 4096
 * @fn: called for each dirty leaf in order; the first and the last may reach
 *	out of the range
 * @arg: for @fn
 *
 * Context: Any.
 */
void iommu_pt_read_dirty(struct iommu_pt *pt, unsigned long iova, size_t length,
			 iommu_pt_dirty_fn fn, void *arg)
{
	unsigned long last;

	if (range_ok(pt, iova, length, &last))
		pt->format->read_dirty(pt, iova, last, fn, arg, NULL);
}
EXPORT_SYMBOL_GPL(iommu_pt_read_dirty);

/**
 * iommu_pt_read_and_clear_dirty() - find dirty leaves and make them clean
 * @pt: the page table, with IOMMU_PT_DIRTY
 * @iova: first IOVA of a range
 * @length: bytes; both multiples of 4096
 * @fn: as for iommu_pt_read_dirty(); a leaf for which it returns true is made
 *	clean
 * @arg: for @fn
 * @gather: collects what has to be invalidated. Until then hardware may write
 *	to a clean leaf without making it dirty.
 *
 * Context: Any.
 */
void iommu_pt_read_and_clear_dirty(struct iommu_pt *pt, unsigned long iova,
				   size_t length, iommu_pt_dirty_fn fn,
				   void *arg, struct iommu_pt_gather *gather)
{
	unsigned long last;

	if (range_ok(pt, iova, length, &last))
		pt->format->read_dirty(pt, iova, last, fn, arg, gather);
}
EXPORT_SYMBOL_GPL(iommu_pt_read_and_clear_dirty);
