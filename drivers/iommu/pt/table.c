// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a table page.
 *
 * It comes from pt_table_alloc() into a stash, zeroed and charged to the
 * caller's cgroup; is filled; becomes visible when an entry leads to it; is
 * unlinked, which puts it on the list of a gather; and is freed by
 * iommu_pt_gather_free() once the caller has invalidated what hardware may
 * have cached of it, and once no other CPU can be in the middle of reading it:
 * RCU. The pages of one gather wait for RCU as one chain.
 *
 * A table that emptied is unlinked too but can come back to life as long as
 * its gather is not freed: see walk_core.h. So lists of unlinked tables change
 * under iommu_pt.lock; without it, whoever owns the list may only ask, with
 * list_empty_careful(), whether it is empty for good.
 *
 * Reservations are stashes with a range, on a list of the page table. They are
 * few: one for each unmap that is about to come.
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

/* Frees a page that no CPU but this one can know of */
static void free_page_of(struct pt_table *table)
{
	struct page *page = (struct page *)table;

	/* The allocator wants page->mapping back as it was */
	table->slot = NULL;
	count_page(page, -1);
	__free_page(page);
}

void pt_table_free(struct iommu_pt *pt, struct pt_table *table)
{
	atomic_long_dec(&pt->nr_tables);
	free_page_of(table);
}

/* Make sure that there are @nr tables in the stash */
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
 * An unlinked table has been invalidated: add it to the chain, with those above
 * that waited for it. One that leads to tables which are not invalidated yet
 * waits itself: hardware may know the way to those, so they have to be there
 * for whoever maps in their place.
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
			/* Unlinked whole, so invalidated with all below */
			pt->format->orphan(pt_entries(table));
		}
		table->next = chain;
		chain = table;
		++*nr;
		table = above && above->parked && !above->tombs ? above : NULL;
	}
	return chain;
}

/* As many go at once, under the lock here and after the grace period */
#define TABLES_PER_CHAIN 64

/* Returns false if there was nothing left */
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
 * @gather: everything that it holds has been invalidated in every unit whose
 *	devices use @pt; empty afterwards
 *
 * Context: Any; takes pt->lock. May sleep if the gather says so.
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
 * iommu_pt_gather_move() - hand unlinked tables from one list to another
 * @pt: the page table they were unlinked from
 * @to: list to add them to, such as iommu_iotlb_gather.freelist
 * @from: list to take them from, such as iommu_pt_gather.freelist
 *
 * A table on any of these lists may come back to life at any time and leave
 * it; so they are moved by this function and by none of list.h.
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
 * @gather: what changed; the caller knows to invalidate everything before
 *	memory or IOVAs of it are used again. Empty afterwards.
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
 * iommu_pt_gather_deferred() - take up what was left to an invalidation
 * @pt: the page table
 * @gather: gets the tables that iommu_pt_gather_defer() left; free them with
 *	iommu_pt_gather_free() after an invalidation of everything that begins
 *	when this function has returned
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
 * How many tables cutting one entry of 2^shift bytes in two places may need:
 * one on each level below its own, for each place.
 */
static unsigned int tables_to_cut(unsigned int shift)
{
	return 2 * (pt_shift_level(shift) - 1);
}

/**
 * iommu_pt_reserve() - put aside what an unmap may need
 * @pt: the page table
 * @iova: first IOVA of a range
 * @length: bytes; both multiples of 4096
 * @gfp: for the allocation
 *
 * The next iommu_pt_unmap() that touches the range and lies in it, or covers
 * it, does not fail for want of memory, wherever it cuts a superpage. That
 * unmap uses the reservation up; what it did not need is freed.
 *
 * Nothing is kept when no entry in the range is larger than 4 KiB; then no
 * promotion joins what is in the range with what is not.
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
	ret = pt_stash_fill(pt, &res->stash, tables_to_cut(shift), gfp);
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

/* Get up to @nr tables from reservations that touch a range */
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

/* Give back what an unmap of a range had reserved */
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
