// SPDX-License-Identifier: GPL-2.0
/*
 * Which IOVA there is. Four interval trees of an address space say it:
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
 */
#include <linux/log2.h>
#include <linux/overflow.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "ioas.h"
#include "iova.h"
#include "refusal.h"

/* Make the stretch that begins at span->first as long as it can be. */
static void span_extend(struct iova_span *span)
{
	unsigned long pos = span->first;
	struct interval_tree_node *node;
	int i, misses = 0;

	/* As long as one tree or the other has an interval that goes on */
	for (i = 0; misses < ARRAY_SIZE(span->trees); i ^= 1) {
		node = NULL;
		if (span->trees[i])
			node = interval_tree_iter_first(span->trees[i], pos,
							pos);
		if (!node) {
			misses++;
			continue;
		}
		span->used = true;
		misses = 0;
		if (node->last >= span->end) {
			span->last = span->end;
			return;
		}
		span->last = node->last;
		pos = node->last + 1;
	}
	if (span->used)
		return;

	span->last = span->end;
	for (i = 0; i < ARRAY_SIZE(span->trees); i++) {
		if (!span->trees[i])
			continue;
		node = interval_tree_iter_first(span->trees[i], span->first,
						span->last);
		if (node)
			span->last = node->start - 1;
	}
}

bool iova_span_first(struct iova_span *span, struct rb_root_cached *tree,
		     struct rb_root_cached *other, unsigned long first,
		     unsigned long last)
{
	if (first > last)
		return false;
	span->first = first;
	span->end = last;
	span->trees[0] = tree;
	span->trees[1] = other;
	span->used = false;
	span_extend(span);
	return true;
}

bool iova_span_next(struct iova_span *span)
{
	if (span->last >= span->end)
		return false;
	span->first = span->last + 1;
	span->used = false;
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

	if (interval_tree_iter_first(&ioas->areas, first, last) ||
	    interval_tree_iter_first(&ioas->allowed, first, last) ||
	    interval_tree_iter_first(&ioas->windows, first, last))
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
 * @ranges: the tree
 */
void iommufd_ranges_free(struct rb_root_cached *ranges)
{
	struct interval_tree_node *node;

	while ((node = interval_tree_iter_first(ranges, 0, ULONG_MAX))) {
		interval_tree_remove(node, ranges);
		kfree(node);
	}
}

/**
 * iommufd_ioas_set_allowed() - replace the stretches that stay available
 * @ioas: the address space
 * @allowed: the new ones; afterwards, the old ones
 *
 * Return: 0, or -EADDRINUSE with nothing changed.
 */
int iommufd_ioas_set_allowed(struct iommufd_ioas *ioas,
			     struct rb_root_cached *allowed)
{
	struct interval_tree_node *node;
	int rc = 0;

	down_write(&ioas->lock);
	for (node = interval_tree_iter_first(allowed, 0, ULONG_MAX); node;
	     node = interval_tree_iter_next(node, 0, ULONG_MAX)) {
		if (interval_tree_iter_first(&ioas->reserved, node->start,
					     node->last)) {
			rc = -EADDRINUSE;
			break;
		}
	}
	if (!rc)
		swap(*allowed, ioas->allowed);
	up_write(&ioas->lock);
	return rc;
}

/* The window that holds a whole range, if one does */
static struct iommufd_window *window_of(struct iommufd_ioas *ioas,
					unsigned long first, unsigned long last)
{
	struct interval_tree_node *node;
	struct iommufd_window *window;

	node = interval_tree_iter_first(&ioas->windows, first, first);
	if (!node || node->last < last)
		return NULL;
	window = container_of(node, struct iommufd_window, node);
	return window->closed ? NULL : window;
}

/**
 * iommufd_iova_check() - may this be mapped here?
 * @ioas: the address space
 * @iova: where it begins
 * @place: what wants to be there
 *
 * Context: iommufd_ioas::domains_lock and lock held.
 *
 * Return: 0; -EINVAL if it is not aligned or is reserved; -EOVERFLOW; -EEXIST
 * if something is mapped there; in a windowed address space also -ENXIO and
 * -EPERM.
 */
int iommufd_iova_check(struct iommufd_ioas *ioas, unsigned long iova,
		       const struct iommufd_place *place)
{
	struct interval_tree_node *node;
	unsigned long last;

	if (check_add_overflow(iova, place->length - 1, &last))
		return -EOVERFLOW;
	if (ioas->windowed) {
		struct iommufd_window *window = window_of(ioas, iova, last);

		if (!window)
			return iommufd_refuse_no_window(iova, last);
		if (place->prot & ~window->prot)
			return -EPERM;
		if ((iova | place->length | place->origin) &
		    (window->page_size - 1))
			return iommufd_refuse_alignment(iova, place->length,
							place->origin,
							window->page_size);
	}
	if ((iova | place->length | place->address) &
	    (ioas->iova_alignment - 1))
		return iommufd_refuse_alignment(iova, place->length,
						place->address,
						ioas->iova_alignment);
	node = interval_tree_iter_first(&ioas->reserved, iova, last);
	if (node)
		return iommufd_refuse_reserved(ioas, node, iova, last);
	if (interval_tree_iter_first(&ioas->areas, iova, last))
		return -EEXIST;
	return 0;
}

/**
 * struct placement - where a mapping could go
 * @length: its bytes
 * @align: where it begins, apart from @offset, is a multiple of this
 * @offset: of its memory in the first page
 */
struct placement {
	unsigned long length;
	unsigned long align;
	unsigned long offset;
};

/* Place it in a free stretch, as low as possible. */
static bool place_in(const struct placement *p, unsigned long first,
		     unsigned long last, unsigned long *iova)
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

static bool place_between(struct iommufd_ioas *ioas, const struct placement *p,
			  unsigned long first, unsigned long last,
			  unsigned long *iova)
{
	struct iova_span span;

	iova_for_each_span(&span, &ioas->areas, &ioas->reserved, first, last)
		if (!span.used && place_in(p, span.first, span.last, iova))
			return true;
	return false;
}

/*
 * Begin behind the mapping that was placed last, and only then look below it:
 * so that the n-th mapping does not have to pass the n - 1 before it.
 */
static bool place_from_hint(struct iommufd_ioas *ioas,
			    const struct placement *p, unsigned long first,
			    unsigned long last, unsigned long *iova)
{
	unsigned long hint = ioas->alloc_hint;

	if (hint > first && hint <= last &&
	    place_between(ioas, p, hint, last, iova))
		return true;
	return place_between(ioas, p, first, last, iova);
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

static int alloc_in_windows(struct iommufd_ioas *ioas,
			    const struct iommufd_place *place,
			    struct placement *p, unsigned long *iova)
{
	unsigned long align = p->align;
	struct interval_tree_node *node;
	int rc = -ENXIO;

	for (node = interval_tree_iter_first(&ioas->windows, 0, ULONG_MAX);
	     node; node = interval_tree_iter_next(node, 0, ULONG_MAX)) {
		struct iommufd_window *window =
			container_of(node, struct iommufd_window, node);

		if (window->closed)
			continue;
		/* The last reason is the one nearest to success */
		if (place->prot & ~window->prot) {
			if (rc == -ENXIO)
				rc = -EPERM;
			continue;
		}
		if ((p->length | place->origin) & (window->page_size - 1)) {
			if (rc != -ENOSPC)
				rc = -EINVAL;
			continue;
		}
		rc = -ENOSPC;
		p->align = max(align, window->page_size);
		if (place_from_hint(ioas, p, node->start, node->last, iova))
			return 0;
	}
	return rc;
}

static int alloc_in_allowed(struct iommufd_ioas *ioas,
			    const struct placement *p, unsigned long *iova)
{
	unsigned long first = PAGE_SIZE, last = ULONG_MAX - PAGE_SIZE;
	struct interval_tree_node *node;

	if (RB_EMPTY_ROOT(&ioas->allowed.rb_root))
		return place_from_hint(ioas, p, first, last, iova) ? 0 :
								     -ENOSPC;
	for (node = interval_tree_iter_first(&ioas->allowed, first, last);
	     node; node = interval_tree_iter_next(node, first, last))
		if (place_from_hint(ioas, p, max(node->start, first),
				    min(node->last, last), iova))
			return 0;
	return -ENOSPC;
}

/**
 * iommufd_iova_alloc() - find a place for a mapping
 * @ioas: the address space
 * @iova: where it can begin; not in the first or the last page that there
 *	could be, unless a window holds them
 * @place: what wants to be mapped
 *
 * Context: iommufd_ioas::lock held for writing.
 *
 * Return: 0; -ENOSPC if there is none; -EOVERFLOW; -EINVAL if length or address
 * are not aligned. In a windowed address space also -ENXIO if there is no
 * window and -EPERM if none grants the access.
 */
int iommufd_iova_alloc(struct iommufd_ioas *ioas, unsigned long *iova,
		       const struct iommufd_place *place)
{
	struct placement p = { .length = place->length };
	int rc;

	lockdep_assert_held_write(&ioas->lock);

	if (place->length >= ULONG_MAX / 2)
		return -EOVERFLOW;
	if ((place->length | place->address) & (ioas->iova_alignment - 1))
		return iommufd_refuse_alignment(0, place->length,
						place->address,
						ioas->iova_alignment);
	p.align = max(useful_alignment(place->length, place->address),
		      PAGE_SIZE);
	p.offset = offset_in_page(place->address);
	if (ioas->windowed)
		rc = alloc_in_windows(ioas, place, &p, iova);
	else
		rc = alloc_in_allowed(ioas, &p, iova);
	if (!rc)
		ioas->alloc_hint = *iova + place->length;
	return rc;
}
