// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a table page:
 *
 *	allocated	zeroed, charged to the cgroup of the caller, in a stash
 *	filled		still invisible
 *	visible		an entry leads to it
 *	unlinked	on the list of a gather
 *	freed		by iommu_pt_gather_free(), after the caller has
 *			invalidated what hardware may have cached of it, and
 *			after an RCU grace period, as other CPUs may be reading
 *			it. The tables of one gather wait for RCU as one chain.
 *
 * An empty table is unlinked too, but until its gather is freed it can be
 * revived (walk_core.h). So lists of unlinked tables change under
 * iommu_pt.lock. Without the lock the owner of such a list may only test
 * whether it is empty, with list_empty_careful().
 *
 * A reservation is a stash for a range. The reservations of a page table are in
 * a list, which is short: one for each unmap that is about to come.
 */
#include <linux/export.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "table.h"

struct pt_reservation {
	struct list_head list;
	unsigned long iova;
	unsigned long last;
	struct pt_stash stash;
};

static void count_page(struct page *page, int nr)
{
	mod_node_page_state(page_pgdat(page), NR_SECONDARY_PAGETABLE, nr);
}

struct pt_table *pt_table_alloc(struct iommu_pt *pt, gfp_t gfp)
{
	struct page *page;

	gfp &= ~(__GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM | __GFP_COMP);
	page = alloc_pages_node(pt->nid, gfp | __GFP_ZERO | __GFP_ACCOUNT, 0);
	if (!page)
		return NULL;
	count_page(page, 1);
	atomic_long_inc(&pt->nr_tables);
	return (struct pt_table *)page;
}

/* No other CPU has a pointer to the page any more */
static void free_page_of(struct pt_table *table)
{
	struct page *page = (struct page *)table;

	/* Overlays page->mapping, which the allocator expects to be NULL */
	table->slot = NULL;
	count_page(page, -1);
	__free_page(page);
}

void pt_table_free(struct iommu_pt *pt, struct pt_table *table)
{
	atomic_long_dec(&pt->nr_tables);
	free_page_of(table);
}

/* Allocate until the stash has @nr tables */
int pt_stash_fill(struct iommu_pt *pt, struct pt_stash *stash, unsigned int nr,
		  gfp_t gfp)
{
	while (stash->nr < nr) {
		struct pt_table *table = pt_table_alloc(pt, gfp);

		if (!table)
			return -ENOMEM;
		table->slot = NULL;
		atomic_set(&table->count, 0);
		table->tombs = 0;
		table->parked = false;
		pt_stash_put(stash, table);
	}
	return 0;
}

void pt_stash_drop(struct iommu_pt *pt, struct pt_stash *stash)
{
	while (stash->nr)
		pt_table_free(pt, pt_stash_get(stash));
}

static void free_chain(struct rcu_head *rcu)
{
	struct pt_table *table = container_of(rcu, struct pt_table, rcu);

	while (table) {
		struct pt_table *next = table->next;

		free_page_of(table);
		table = next;
	}
}

/*
 * An unlinked table has been invalidated: add it to the chain of tables to
 * free, and with it the tables above that waited for it. A table whose
 * tombstones lead to tables that are not invalidated yet has to wait itself:
 * hardware may have those cached, so a map in their place must be able to
 * revive them.
 */
static struct pt_table *settle(struct iommu_pt *pt, struct pt_table *table,
			       struct pt_table *chain, long *nr)
{
	lockdep_assert_held(&pt->lock);
	while (table) {
		struct pt_table *above = NULL;

		if (table->slot && table->tombs) {
			table->parked = true;
			INIT_LIST_HEAD(&table->list);
			break;
		}
		if (table->slot) {
			WRITE_ONCE(*table->slot, 0);
			above = pt_table_of(table->slot);
			above->tombs--;
			table->slot = NULL;
		} else if (table->tombs) {
			/* Unlinked and invalidated with all tables below */
			pt->format->orphan(pt_entries(table));
		}
		table->next = chain;
		chain = table;
		++*nr;
		table = above && above->parked && !above->tombs ? above : NULL;
	}
	return chain;
}

/* Tables freed in one go, under the lock here and after the grace period */
#define TABLES_PER_CHAIN 64

/* Returns true if there may be more */
static bool free_some(struct iommu_pt *pt, struct iommu_pt_gather *gather)
{
	struct pt_table *table, *chain = NULL;
	unsigned int n = TABLES_PER_CHAIN;
	unsigned long irq;
	long nr = 0;

	spin_lock_irqsave(&pt->lock, irq);
	for (; n && !list_empty(&gather->freelist); n--) {
		table = list_first_entry(&gather->freelist, struct pt_table,
					 list);
		list_del(&table->list);
		chain = settle(pt, table, chain, &nr);
	}
	spin_unlock_irqrestore(&pt->lock, irq);

	if (chain) {
		atomic_long_sub(nr, &pt->nr_tables);
		call_rcu(&chain->rcu, free_chain);
	}
	return !n;
}

static noinline void free_unlinked(struct iommu_pt *pt,
				   struct iommu_pt_gather *gather)
{
	while (free_some(pt, gather))
		if (gather->may_sleep)
			cond_resched();
}

/**
 * iommu_pt_gather_free() - free unlinked tables after the invalidation
 * @pt: the page table
 * @gather: what changed, already invalidated in every unit whose devices use
 *	@pt; empty afterwards
 *
 * Context: Any; takes pt->lock. May sleep if @gather->may_sleep.
 */
void iommu_pt_gather_free(struct iommu_pt *pt, struct iommu_pt_gather *gather)
{
	gather->start = ULONG_MAX;
	gather->last = 0;
	gather->tables = false;
	if (unlikely(!list_empty_careful(&gather->freelist)))
		free_unlinked(pt, gather);
}
EXPORT_SYMBOL_GPL(iommu_pt_gather_free);

/**
 * iommu_pt_gather_move() - move unlinked tables from one list to another
 * @pt: the page table that they were unlinked from
 * @to: list to add them to, such as iommu_iotlb_gather.freelist
 * @from: list to take them from, such as iommu_pt_gather.freelist
 *
 * At any time a map may revive a table of these lists and so remove it from its
 * list. So use this function, which takes pt->lock, and not those of list.h.
 *
 * Context: Any; takes pt->lock.
 */
void iommu_pt_gather_move(struct iommu_pt *pt, struct list_head *to,
			  struct list_head *from)
{
	unsigned long irq;

	if (list_empty_careful(from))
		return;
	spin_lock_irqsave(&pt->lock, irq);
	list_splice_tail_init(from, to);
	spin_unlock_irqrestore(&pt->lock, irq);
}
EXPORT_SYMBOL_GPL(iommu_pt_gather_move);

/**
 * iommu_pt_gather_defer() - leave unlinked tables to a later invalidation
 * @pt: the page table
 * @gather: what changed. The caller invalidates everything before it uses this
 *	memory or these IOVAs again. Empty afterwards.
 *
 * Context: Any; takes pt->lock.
 */
void iommu_pt_gather_defer(struct iommu_pt *pt, struct iommu_pt_gather *gather)
{
	iommu_pt_gather_move(pt, &pt->deferred, &gather->freelist);
	gather->start = ULONG_MAX;
	gather->last = 0;
	gather->tables = false;
}
EXPORT_SYMBOL_GPL(iommu_pt_gather_defer);

/**
 * iommu_pt_gather_deferred() - collect the tables that were deferred
 * @pt: the page table
 * @gather: gets the tables that iommu_pt_gather_defer() left, and the whole
 *	IOVA space as its range. Invalidate everything after this function has
 *	returned, then call iommu_pt_gather_free().
 *
 * Context: Any; takes pt->lock.
 */
void iommu_pt_gather_deferred(struct iommu_pt *pt,
			      struct iommu_pt_gather *gather)
{
	iommu_pt_gather_move(pt, &gather->freelist, &pt->deferred);
	gather->tables = true;
	gather->start = 0;
	gather->last = ULONG_MAX;
}
EXPORT_SYMBOL_GPL(iommu_pt_gather_deferred);

/*
 * The most tables that it takes to split an entry of 2^shift bytes at two
 * places: for each place, one on every level below that of the entry.
 */
static unsigned int tables_to_split(unsigned int shift)
{
	return 2 * (pt_shift_level(shift) - 1);
}

/**
 * iommu_pt_reserve() - reserve the tables that an unmap may need
 * @pt: the page table
 * @iova: first IOVA of a range
 * @length: bytes; both multiples of 4096
 * @gfp: for the allocation
 *
 * Makes sure that the next iommu_pt_unmap() of a part of the range, or of a
 * range that covers it, does not fail for lack of memory, wherever it splits a
 * superpage. One unmap uses the reservation up: what it did not need is freed.
 *
 * If no entry in the range is larger than 4 KiB, nothing is reserved. Instead
 * the ends of the range are marked, so that no later promotion joins what is
 * inside with what is outside.
 *
 * Context: May sleep if @gfp allows it.
 * Return: 0, -EINVAL for a bad range, -ENOMEM.
 */
int iommu_pt_reserve(struct iommu_pt *pt, unsigned long iova, size_t length,
		     gfp_t gfp)
{
	unsigned long last = iova + length - 1, irq;
	struct pt_reservation *res;
	unsigned int shift;
	int ret;

	if (!length || last < iova || !IS_ALIGNED(iova | length, PT_TABLE_SIZE))
		return -EINVAL;
	shift = pt->format->reserve(pt, iova, last);
	if (shift == PT_PAGE_SHIFT)
		return 0;

	res = kzalloc(sizeof(*res), gfp);
	if (!res)
		return -ENOMEM;
	ret = pt_stash_fill(pt, &res->stash, tables_to_split(shift), gfp);
	if (ret) {
		pt_stash_drop(pt, &res->stash);
		kfree(res);
		return ret;
	}
	res->iova = iova;
	res->last = last;
	spin_lock_irqsave(&pt->lock, irq);
	list_add(&res->list, &pt->reservations);
	spin_unlock_irqrestore(&pt->lock, irq);
	return 0;
}
EXPORT_SYMBOL_GPL(iommu_pt_reserve);

static bool touches(const struct pt_reservation *res, unsigned long iova,
		    unsigned long last)
{
	return res->iova <= last && iova <= res->last;
}

/* Move tables from reservations that touch a range to a stash, up to @nr */
void pt_reservation_take(struct iommu_pt *pt, unsigned long iova,
			 unsigned long last, struct pt_stash *stash,
			 unsigned int nr)
{
	struct pt_reservation *res;

	lockdep_assert_held(&pt->lock);
	list_for_each_entry(res, &pt->reservations, list)
		while (touches(res, iova, last) && res->stash.nr &&
		       stash->nr < nr)
			pt_stash_put(stash, pt_stash_get(&res->stash));
}

bool pt_reservation_overlaps(struct iommu_pt *pt, unsigned long iova,
			     unsigned long last)
{
	struct pt_reservation *res;

	lockdep_assert_held(&pt->lock);
	list_for_each_entry(res, &pt->reservations, list)
		if (touches(res, iova, last))
			return true;
	return false;
}

/* Free the reservations that touch a range */
void pt_reservation_drop(struct iommu_pt *pt, unsigned long iova,
			 unsigned long last)
{
	struct pt_reservation *res, *next;
	unsigned long irq;
	LIST_HEAD(used);

	spin_lock_irqsave(&pt->lock, irq);
	list_for_each_entry_safe(res, next, &pt->reservations, list)
		if (touches(res, iova, last))
			list_move(&res->list, &used);
	spin_unlock_irqrestore(&pt->lock, irq);

	list_for_each_entry_safe(res, next, &used, list) {
		pt_stash_drop(pt, &res->stash);
		kfree(res);
	}
}
