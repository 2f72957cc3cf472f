// SPDX-License-Identifier: GPL-2.0
/*
 * Holders of pinned pages: see pages.h.
 *
 * A new holder pins the pages that no other holder covers, range by range, and
 * is then inserted. A holder that is released is removed, and the pages that no
 * other holder covers are unpinned. Both walk the ranges of the holder's
 * interval that the other holders leave uncovered.
 */
#include <linux/mm.h>
#include <linux/sched.h>

#include <compat/uninitialized.h>

#include "device_memory.h"
#include "iova.h"
#include "pages.h"
#include "pin.h"
#include "refusal.h"
#include "runs.h"

/* Device memory is not charged: do not log a limit before it is ruled out */
static int pages_charge(struct iommufd_pages *pages, unsigned long npages)
{
	int ret = iommufd_source_charge(pages->source, npages);

	if (ret == -ENOMEM && !pages->maybe_device)
		iommufd_refuse_memlock(pages->source, npages);
	return ret;
}

/* The most frequent case: one page of the calling process */
static int pages_pin_one(struct iommufd_pages *pages, unsigned long index)
{
	struct page *page;
	int ret;

	ret = pages_charge(pages, 1);
	if (ret)
		return ret;
	ret = pin_user_pages_fast(pages->address + index * PAGE_SIZE, 1,
				  pages_gup_flags(pages), &page);
	if (ret <= 0) {
		iommufd_source_uncharge(pages->source, 1);
		return ret ?: -EFAULT;
	}
	pages->run = run_pack(page_to_pfn(page), 1);
	pages->index = index;
	return 0;
}

/* Undo the charge after pages were unpinned, or could not be pinned */
static void pages_unpinned(struct iommufd_pages *pages, unsigned long npages)
{
	if (!pages->device)
		iommufd_source_uncharge(pages->source, npages);
	else if (RB_EMPTY_ROOT(&pages->holders.rb_root))
		iommufd_devmem_release(pages);
}

static noinline int pages_pin_range(struct iommufd_pages *pages,
				    unsigned long first, unsigned long last)
{
	unsigned long npages = last - first + 1;
	struct run_builder b compat_uninitialized;
	int ret;

	if (!pages->device) {
		ret = pages_charge(pages, npages);
		if (ret)
			return ret;
	}
	run_builder_init(&b, first);
	ret = iommufd_pin(pages, first, npages, &b);
	if (!ret)
		ret = run_builder_commit(&b, pages);
	if (!ret)
		return 0;
	run_builder_abort(&b, pages);
	pages_unpinned(pages, npages);
	return ret;
}

static void pages_unpin_range(struct iommufd_pages *pages, unsigned long first,
			      unsigned long last)
{
	runs_remove(pages, first, last);
	pages_unpinned(pages, last - first + 1);
}

/* Unpin the pages that no holder covers, in a range that is all pinned */
static void pages_unpin_uncovered(struct iommufd_pages *pages,
				  unsigned long first, unsigned long last)
{
	struct iova_span span;

	if (RB_EMPTY_ROOT(&pages->holders.rb_root)) {
		pages_unpin_range(pages, first, last);
		return;
	}
	iova_for_each_span(&span, &pages->holders, first, last)
		if (!span.used)
			pages_unpin_range(pages, span.first, span.last);
}

/* A holder that overlaps others must add a spare */
static int holder_add_spare(struct iommufd_pages *pages,
			    struct iommufd_holder *holder)
{
	int ret;

	if (!pages->in_chunks) {
		ret = runs_to_chunks(pages);
		if (ret)
			return ret;
	}
	ret = runs_add_spare(pages);
	if (!ret)
		holder->spare = true;
	return ret;
}

/**
 * iommufd_pages_hold() - pin the pages that a new holder needs
 * @pages: the object
 * @holder: the holder, its interval set
 *
 * Context: iommufd_pages_lock() held, unless no other task can find @pages.
 *
 * Return: 0, or the errors of iommufd_pin() and iommufd_source_charge(). On
 * failure nothing has changed.
 */
int iommufd_pages_hold(struct iommufd_pages *pages,
		       struct iommufd_holder *holder)
{
	unsigned long first = holder->node.start;
	unsigned long last = holder->node.last;
	struct iova_span span;
	int ret = 0;

	holder->spare = false;
	if (RB_EMPTY_ROOT(&pages->holders.rb_root)) {
		if (first == last && !pages->in_chunks &&
		    pages->source->mm == current->mm &&
		    !pages->source->file && !pages->device)
			ret = pages_pin_one(pages, first);
		else
			ret = pages_pin_range(pages, first, last);
		if (ret)
			return ret;
		goto insert;
	}
	if (interval_tree_iter_first(&pages->holders, first, last)) {
		ret = holder_add_spare(pages, holder);
		if (ret)
			return ret;
	}
	iova_for_each_span(&span, &pages->holders, first, last) {
		if (span.used)
			continue;
		ret = pages_pin_range(pages, span.first, span.last);
		if (ret)
			goto err_unpin;
	}
insert:
	interval_tree_insert(&holder->node, &pages->holders);
	return 0;

err_unpin:
	if (span.first > first)
		pages_unpin_uncovered(pages, first, span.first - 1);
	if (holder->spare)
		runs_drop_spare(pages);
	holder->spare = false;
	return ret;
}

static bool is_only_holder(const struct iommufd_pages *pages,
			   const struct iommufd_holder *holder)
{
	const struct rb_node *node = &holder->node.rb;

	return pages->holders.rb_root.rb_node == node && !node->rb_left &&
	       !node->rb_right;
}

/**
 * iommufd_pages_release() - undo iommufd_pages_hold()
 * @pages: the object
 * @holder: the holder
 *
 * Cannot fail and allocates no memory.
 *
 * Context: as iommufd_pages_hold().
 */
void iommufd_pages_release(struct iommufd_pages *pages,
			   struct iommufd_holder *holder)
{
	if (is_only_holder(pages, holder)) {
		pages->holders = RB_ROOT_CACHED;
		pages_unpin_range(pages, holder->node.start, holder->node.last);
	} else {
		interval_tree_remove(&holder->node, &pages->holders);
		pages_unpin_uncovered(pages, holder->node.start,
				      holder->node.last);
	}
	if (holder->spare)
		runs_drop_spare(pages);
	holder->spare = false;
}

/**
 * iommufd_pages_split() - split a holder in two
 * @pages: the object
 * @front: the holder, which keeps the first part
 * @last: index of the last page of that part
 * @back: the holder of the rest, its interval set
 *
 * Context: as iommufd_pages_hold().
 *
 * Return: 0, or -ENOMEM with nothing changed.
 */
int iommufd_pages_split(struct iommufd_pages *pages,
			struct iommufd_holder *front, unsigned long last,
			struct iommufd_holder *back)
{
	/* @back begins in the middle of pages that are held already */
	int ret = holder_add_spare(pages, back);

	if (ret)
		return ret;
	interval_tree_remove(&front->node, &pages->holders);
	front->node.last = last;
	interval_tree_insert(&front->node, &pages->holders);
	interval_tree_insert(&back->node, &pages->holders);
	return 0;
}

/**
 * iommufd_pages_count_pinned() - count the pages that are charged as locked
 * @pages: the object
 *
 * Context: as iommufd_pages_hold().
 *
 * Return: the number of pages.
 */
unsigned long iommufd_pages_count_pinned(struct iommufd_pages *pages)
{
	unsigned long npages = 0;
	struct iova_span span;

	if (pages->device || RB_EMPTY_ROOT(&pages->holders.rb_root))
		return 0;
	iova_for_each_span(&span, &pages->holders, 0, ULONG_MAX)
		if (span.used)
			npages += span.last - span.first + 1;
	return npages;
}
