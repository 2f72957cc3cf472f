// SPDX-License-Identifier: GPL-2.0
/*
 * Which IOVA there is. Four trees of intervals of an address space say it:
 *
 *	areas		what is mapped
 *	reserved	what a device or a hardware page table cannot reach or
 *			uses for itself
 *	allowed		what the user wants to stay available; if there is any,
 *			the kernel places mappings only there
 *	windows		in a windowed address space, all that there is
 *
 * Reserved stretches never overlap one of the others; they may overlap each
 * other. All four change under iommufd_ioas::lock.
 *
 * Areas and windows, which may be very many, are in trees that know their gaps
 * (gap_tree.h). So a place is found without a walk over them: the lowest gap
 * that is long enough is asked for, and as a mapping can have an alignment, the
 * next one, until it fits. Where that takes long, a gap is asked for that is so
 * long that it fits whatever it is aligned to. Reserved stretches are few: what
 * devices and hardware page tables have.
 */
#include <linux/log2.h>
#include <linux/overflow.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "ioas.h"
#include "iova.h"
#include "refusal.h"

/* Make the stretch that begins at span->first as long as it can be */
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
 * iommufd_ioas_reserve() - make a stretch unusable
 * @ioas: the address space
 * @first: where it begins
 * @last: where it ends
 * @owner: for iommufd_ioas_unreserve()
 *
 * Context: iommufd_ioas::lock held for writing.
 *
 * Return: 0; -EADDRINUSE if something is mapped, allowed or promised by a
 * window there; -ENOMEM.
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
 * iommufd_ranges_free() - free a tree of nodes that stand alone
 * @ranges: the tree; its nodes begin with their struct rb_node
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
 * iommufd_ioas_set_allowed() - replace the stretches that stay available
 * @ioas: the address space
 * @allowed: the new ones; afterwards, the old ones
 *
 * Return: 0, or -EADDRINUSE or -EINTR with nothing changed.
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

/* The window that holds a whole range, if one does */
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
 * iommufd_iova_check() - may this be mapped here?
 * @ioas: the address space
 * @iova: where it begins
 * @req: what wants to be there
 *
 * Context: iommufd_ioas::domains_lock and lock held.
 *
 * Return: 0; -EINVAL if it is not aligned or is reserved; -EOVERFLOW; -EEXIST
 * if something is mapped there; in a windowed address space also -ENXIO and
 * -EPERM.
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

/* Place it in a free stretch, as low as possible */
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

/* The same between areas, where something may be reserved */
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

/* Gaps to look at in turn, before one is looked for that surely fits */
#define GAPS_IN_TURN 64

/* Find a gap of at least @width that it fits in; @tries: or give up, if not 0 */
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
 * iommufd_iova_find() - find a place between areas, or windows
 * @used: those
 * @reserved: what cannot be used either
 * @p: what the place has to be like
 * @first: the range to find it in begins here
 * @last: the range ends here
 * @iova: gets the place: the lowest, unless 64 gaps in front of it were long
 *	enough, but not as it has to be aligned; then it may be a higher one
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
	/* There may still be one that is aligned by chance: see all */
	return iova_place_by_width(used, reserved, p, first, last, p->length, 0,
				   iova);
}

/*
 * Begin behind the mapping that was placed last, and only then look below it:
 * so that the n-th mapping does not fill every gap before that.
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

/* There is no place up to @from. Where, at the lowest, could there be one? */
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
 * The largest alignment that can help superpages: that of the length, as far
 * as the memory has it too.
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
			/* The last reason is the one nearest to success */
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
			/* What is full by then need not be looked at */
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
 * iommufd_iova_alloc() - find a place for a mapping
 * @ioas: the address space
 * @iova: where it can begin; not in the first or the last page that there
 *	could be, unless a window holds them
 * @req: what wants to be mapped
 *
 * Context: iommufd_ioas::lock held for writing.
 *
 * Return: 0; -ENOSPC if there is none; -EOVERFLOW; -EINVAL if length or address
 * are not aligned; -EINTR if the task is being killed. In a windowed address space also -ENXIO if there is no
 * window and -EPERM if none grants the access.
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
