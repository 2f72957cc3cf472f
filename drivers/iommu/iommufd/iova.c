// SPDX-License-Identifier: GPL-2.0
/*
 * Managing IOVA. Four trees of an address space describe it:
 *
 *	areas		ranges that are mapped
 *	reserved	ranges that a device or a hardware page table cannot
 *			reach or uses for itself
 *	allowed		ranges that the user wants to stay available; if there
 *			are any, the kernel places mappings only in them
 *	windows		in a windowed address space: IOVA exists only in them
 *
 * Reserved ranges never overlap areas, allowed ranges or windows, but may
 * overlap each other. All four trees change under iommufd_ioas::lock.
 *
 * There may be very many areas and windows. Their trees also record gaps
 * (gap_tree.h), so finding room for a mapping does not walk them. The search
 * takes the lowest gap that is long enough. A mapping may need an alignment, so
 * it may not fit there; then the search takes the next gap. After a number of
 * gaps it looks for one that is long enough for any alignment. There are few
 * reserved ranges: those of devices and hardware page tables.
 */
#include <linux/log2.h>
#include <linux/overflow.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "ioas.h"
#include "iova.h"
#include "refusal.h"

/* Find the longest used or free range that begins at span->first */
static void span_extend(struct iova_span *span)
{
	unsigned long pos = span->first;
	struct interval_tree_node *node;

	span->used = false;
	span->last = span->end;
	while ((node = interval_tree_iter_first(span->tree, pos, pos))) {
		span->used = true;
		if (node->last >= span->end)
			return;
		pos = node->last + 1;
		take_turns(&span->steps);
	}
	if (span->used) {
		span->last = pos - 1;
		return;
	}
	node = interval_tree_iter_first(span->tree, pos, span->end);
	if (node)
		span->last = node->start - 1;
}

bool iova_span_first(struct iova_span *span, struct rb_root_cached *tree,
		     unsigned long first, unsigned long last)
{
	if (first > last)
		return false;
	span->first = first;
	span->end = last;
	span->tree = tree;
	span->steps = 0;
	span_extend(span);
	return true;
}

bool iova_span_next(struct iova_span *span)
{
	if (span->last >= span->end)
		return false;
	span->first = span->last + 1;
	take_turns(&span->steps);
	span_extend(span);
	return true;
}

/**
 * iommufd_ioas_reserve() - reserve a range of IOVA
 * @ioas: the address space
 * @first: first IOVA
 * @last: last IOVA
 * @owner: identifies the reservation for iommufd_ioas_unreserve()
 *
 * Context: iommufd_ioas::lock held for writing.
 *
 * Return: 0; -EADDRINUSE if the range overlaps a mapping, an allowed range or a
 * window; -ENOMEM.
 */
int iommufd_ioas_reserve(struct iommufd_ioas *ioas, unsigned long first,
			 unsigned long last, const void *owner)
{
	struct iommufd_reserved *reserved;

	lockdep_assert_held_write(&ioas->lock);

	if (gap_tree_first(&ioas->areas, first, last) ||
	    interval_tree_iter_first(&ioas->allowed, first, last) ||
	    gap_tree_first(&ioas->windows, first, last))
		return -EADDRINUSE;
	reserved = kzalloc(sizeof(*reserved), GFP_KERNEL_ACCOUNT);
	if (!reserved)
		return -ENOMEM;
	reserved->node.start = first;
	reserved->node.last = last;
	reserved->owner = owner;
	interval_tree_insert(&reserved->node, &ioas->reserved);
	return 0;
}

/**
 * iommufd_ioas_unreserve() - undo every iommufd_ioas_reserve() of an owner
 * @ioas: the address space
 * @owner: the owner
 *
 * Context: iommufd_ioas::lock held for writing.
 */
void iommufd_ioas_unreserve(struct iommufd_ioas *ioas, const void *owner)
{
	struct interval_tree_node *node, *next;

	lockdep_assert_held_write(&ioas->lock);

	for (node = interval_tree_iter_first(&ioas->reserved, 0, ULONG_MAX);
	     node; node = next) {
		struct iommufd_reserved *reserved =
			container_of(node, struct iommufd_reserved, node);

		next = interval_tree_iter_next(node, 0, ULONG_MAX);
		if (reserved->owner == owner) {
			interval_tree_remove(node, &ioas->reserved);
			kfree(reserved);
		}
	}
}

/**
 * iommufd_ranges_free() - free all nodes of a tree
 * @ranges: the tree; each node is an allocation that begins with its rb_node
 */
void iommufd_ranges_free(struct rb_root *ranges)
{
	struct rb_node *node, *next;
	unsigned int steps = 0;

	for (node = rb_first_postorder(ranges); node; node = next) {
		next = rb_next_postorder(node);
		kfree(node);
		take_turns(&steps);
	}
}

/**
 * iommufd_ioas_set_allowed() - replace the allowed ranges
 * @ioas: the address space
 * @allowed: in: the new ranges; out: on success, the old ones
 *
 * Return: 0; -EADDRINUSE if one is reserved; -EINTR if the task is being
 * killed. On failure nothing has changed.
 */
int iommufd_ioas_set_allowed(struct iommufd_ioas *ioas,
			     struct rb_root_cached *allowed)
{
	struct interval_tree_node *node;
	unsigned int steps = 0;
	int ret = 0;

	down_write(&ioas->lock);
	for (node = interval_tree_iter_first(allowed, 0, ULONG_MAX);
	     node && !ret; node = interval_tree_iter_next(node, 0, ULONG_MAX)) {
		ret = take_turns_killable(&steps);
		if (interval_tree_iter_first(&ioas->reserved, node->start,
					     node->last))
			ret = -EADDRINUSE;
	}
	if (!ret)
		swap(*allowed, ioas->allowed);
	up_write(&ioas->lock);
	return ret;
}

/* The window that contains all of a range, or NULL */
static struct iommufd_window *window_of(struct iommufd_ioas *ioas,
					unsigned long first, unsigned long last)
{
	struct iommufd_window *window;
	struct gap_node *node;

	node = gap_tree_first(&ioas->windows, first, first);
	if (!node || node->last < last)
		return NULL;
	window = container_of(node, struct iommufd_window, node);
	return window->closed ? NULL : window;
}

/**
 * iommufd_iova_check() - check whether memory can be mapped at an IOVA
 * @ioas: the address space
 * @iova: start of the range
 * @req: the memory
 *
 * Context: iommufd_ioas::domains_lock and lock held.
 *
 * Return: 0; -EINVAL if the range is not aligned or is reserved; -EOVERFLOW;
 * -EEXIST if something is mapped there. In a windowed address space also -ENXIO
 * if no window contains the range, and -EPERM if the window does not grant the
 * access.
 */
int iommufd_iova_check(struct iommufd_ioas *ioas, unsigned long iova,
		       const struct iommufd_map_request *req)
{
	struct interval_tree_node *node;
	unsigned long last;

	if (check_add_overflow(iova, req->length - 1, &last))
		return -EOVERFLOW;
	if (ioas->windowed) {
		struct iommufd_window *window = window_of(ioas, iova, last);

		if (!window)
			return iommufd_refuse_no_window(iova, last);
		if (req->prot & ~window->prot)
			return -EPERM;
		if ((iova | req->length | req->origin) &
		    (window->page_size - 1))
			return iommufd_refuse_alignment(iova, req->length,
							req->origin,
							window->page_size);
	}
	if ((iova | req->length | req->address) &
	    (ioas->iova_alignment - 1))
		return iommufd_refuse_alignment(iova, req->length,
						req->address,
						ioas->iova_alignment);
	node = interval_tree_iter_first(&ioas->reserved, iova, last);
	if (node)
		return iommufd_refuse_reserved(ioas, node, iova, last);
	if (gap_tree_first(&ioas->areas, iova, last))
		return -EEXIST;
	return 0;
}

/* Place it in a free range, as low as possible */
static bool iova_place_in(const struct iommufd_placement *p,
			  unsigned long first, unsigned long last,
			  unsigned long *iova)
{
	unsigned long start;

	if (check_add_overflow(first, p->align - 1, &start))
		return false;
	start = (start & ~(p->align - 1)) | p->offset;
	if (start > last || last - start < p->length - 1)
		return false;
	*iova = start;
	return true;
}

/* The same in a gap between areas, which may contain reserved ranges */
static bool iova_place_in_gap(struct rb_root_cached *reserved,
			      const struct iommufd_placement *p,
			      const struct gap *gap, unsigned long *iova)
{
	unsigned long first = gap->first;
	struct interval_tree_node *node;

	while (iova_place_in(p, first, gap->last, iova)) {
		node = interval_tree_iter_first(reserved, *iova,
						*iova + (p->length - 1));
		if (!node)
			return true;
		if (node->last >= gap->last)
			break;
		first = node->last + 1;
	}
	return false;
}

/* Gaps that are tried in order before one that fits in any case is searched */
#define GAPS_IN_TURN 64

/*
 * Place it in a gap of at least @width. After @tries gaps, unless @tries is 0,
 * give up with -EAGAIN.
 */
static int iova_place_by_width(const struct rb_root *used,
			       struct rb_root_cached *reserved,
			       const struct iommufd_placement *p,
			       unsigned long first, unsigned long last,
			       unsigned long width, unsigned int tries,
			       unsigned long *iova)
{
	unsigned int steps = 0;
	struct gap gap;
	int ret;

	while (gap_tree_find(used, first, last, width, &gap)) {
		if (iova_place_in_gap(reserved, p, &gap, iova))
			return 0;
		if (gap.last == last)
			break;
		if (tries && !--tries)
			return -EAGAIN;
		first = gap.last + 1;
		ret = take_turns_killable(&steps);
		if (ret)
			return ret;
	}
	return -ENOSPC;
}

/**
 * iommufd_iova_find() - find a free range between areas or windows
 * @used: the areas or windows
 * @reserved: ranges that cannot be used either
 * @p: constraints for the free range
 * @first: first IOVA of the range to search
 * @last: last IOVA of the range to search
 * @iova: set to the start of the free range. This is the lowest one, unless 64
 *	gaps below were long enough but did not allow the alignment. Then it may
 *	be a higher one.
 *
 * Context: iommufd_ioas::lock held.
 *
 * Return: 0; -ENOSPC if there is none; -EINTR if the task is being killed.
 */
int iommufd_iova_find(const struct rb_root *used,
		      struct rb_root_cached *reserved,
		      const struct iommufd_placement *p, unsigned long first,
		      unsigned long last, unsigned long *iova)
{
	unsigned long surely;
	int ret;

	ret = iova_place_by_width(used, reserved, p, first, last, p->length,
				  GAPS_IN_TURN, iova);
	if (ret != -EAGAIN)
		return ret;
	ret = -ENOSPC;
	if (!check_add_overflow(p->length, p->align - 1 + p->offset, &surely))
		ret = iova_place_by_width(used, reserved, p, first, last,
					  surely, 0, iova);
	if (ret != -ENOSPC)
		return ret;
	/* A shorter gap may still allow the alignment: try all of them */
	return iova_place_by_width(used, reserved, p, first, last, p->length, 0,
				   iova);
}

/*
 * Search behind the mapping that was placed last, and only then from the start.
 * Otherwise the n-th mapping would try every gap below that mapping again.
 */
static int iova_place_from_hint(struct iommufd_ioas *ioas,
				const struct iommufd_placement *p,
				unsigned long first, unsigned long last,
				unsigned long *iova)
{
	unsigned long hint = ioas->alloc_hint;
	int ret = -ENOSPC;

	if (hint > first && hint <= last)
		ret = iommufd_iova_find(&ioas->areas, &ioas->reserved, p, hint,
					last, iova);
	if (ret != -ENOSPC)
		return ret;
	return iommufd_iova_find(&ioas->areas, &ioas->reserved, p, first, last,
				 iova);
}

/* There is no room up to @from: find the first gap above that is long enough */
static bool iova_next_gap(struct iommufd_ioas *ioas, unsigned long from,
			  unsigned long length, unsigned long *first)
{
	struct gap gap;

	if (from == ULONG_MAX ||
	    !gap_tree_find(&ioas->areas, from + 1, ULONG_MAX, length, &gap))
		return false;
	*first = gap.first;
	return true;
}

/*
 * The largest alignment that helps to use superpages: that of the length, but
 * not more than that of the memory.
 */
static unsigned long useful_alignment(unsigned long length,
				      unsigned long address)
{
	unsigned long align = roundup_pow_of_two(length);

	if (address)
		align = min(align, 1UL << __ffs(address));
	return min(align, length >= SZ_1G ? SZ_1G : SZ_2M);
}

static int iova_alloc_in_windows(struct iommufd_ioas *ioas,
				 const struct iommufd_map_request *req,
				 struct iommufd_placement *p,
				 unsigned long *iova)
{
	unsigned long align = p->align, first = 0;
	unsigned int steps = 0;
	struct gap_node *node;
	int ret = -ENXIO, killed;

	while ((node = gap_tree_first(&ioas->windows, first, ULONG_MAX))) {
		struct iommufd_window *window =
			container_of(node, struct iommufd_window, node);

		killed = take_turns_killable(&steps);
		if (killed)
			return killed;
		if (window->closed) {
			;
		} else if (req->prot & ~window->prot) {
			/* Report the error of the window that came closest */
			if (ret == -ENXIO)
				ret = -EPERM;
		} else if ((p->length | req->origin) &
			   (window->page_size - 1)) {
			if (ret != -ENOSPC)
				ret = -EINVAL;
		} else {
			p->align = max(align, window->page_size);
			ret = iova_place_from_hint(ioas, p, node->start,
						   node->last, iova);
			if (ret != -ENOSPC)
				return ret;
			/* Skip windows that have no gap of that length */
			if (!iova_next_gap(ioas, node->last, p->length, &first))
				break;
			continue;
		}
		if (node->last == ULONG_MAX)
			break;
		first = node->last + 1;
	}
	return ret;
}

static int iova_alloc_in_allowed(struct iommufd_ioas *ioas,
				 const struct iommufd_placement *p,
				 unsigned long *iova)
{
	unsigned long first = PAGE_SIZE, last = ULONG_MAX - PAGE_SIZE;
	struct interval_tree_node *node;
	unsigned long from = first;
	unsigned int steps = 0;
	int ret;

	if (RB_EMPTY_ROOT(&ioas->allowed.rb_root))
		return iova_place_from_hint(ioas, p, first, last, iova);
	while ((node = interval_tree_iter_first(&ioas->allowed, from, last))) {
		ret = iova_place_from_hint(ioas, p, max(node->start, first),
					   min(node->last, last), iova);
		if (ret == -ENOSPC)
			ret = take_turns_killable(&steps) ?: -ENOSPC;
		if (ret != -ENOSPC)
			return ret;
		if (!iova_next_gap(ioas, node->last, p->length, &from))
			break;
	}
	return -ENOSPC;
}

/**
 * iommufd_iova_alloc() - find a free range for a mapping
 * @ioas: the address space
 * @iova: set to its start. The first and the last page of the 64-bit space are
 *	not used, unless a window contains them.
 * @req: the memory to map
 *
 * Context: iommufd_ioas::lock held for writing.
 *
 * Return: 0; -ENOSPC if there is no room; -EOVERFLOW; -EINVAL if length or
 * address are not aligned; -EINTR if the task is being killed. In a windowed
 * address space also -ENXIO if there is no window and -EPERM if none grants the
 * access.
 */
int iommufd_iova_alloc(struct iommufd_ioas *ioas, unsigned long *iova,
		       const struct iommufd_map_request *req)
{
	struct iommufd_placement p = { .length = req->length };
	int ret;

	lockdep_assert_held_write(&ioas->lock);

	if (req->length >= ULONG_MAX / 2)
		return -EOVERFLOW;
	if ((req->length | req->address) & (ioas->iova_alignment - 1))
		return iommufd_refuse_alignment(0, req->length,
						req->address,
						ioas->iova_alignment);
	p.align = max(useful_alignment(req->length, req->address),
		      PAGE_SIZE);
	p.offset = offset_in_page(req->address);
	if (ioas->windowed)
		ret = iova_alloc_in_windows(ioas, req, &p, iova);
	else
		ret = iova_alloc_in_allowed(ioas, &p, iova);
	if (!ret)
		ioas->alloc_hint = *iova + req->length;
	return ret;
}
