// SPDX-License-Identifier: GPL-2.0
/*
 * Unmapping: ioas.h lists the steps.
 *
 * Everything that can make it fail is checked before anything changes: a
 * mapping that is only partly in the range; one that another call is mapping or
 * unmapping; or one whose pages an access holds and does not release. After
 * that, unmapping cannot fail. It allocates no memory.
 */
#include <linux/overflow.h>

#include <compat/uninitialized.h>

#include "access.h"
#include "device_memory.h"
#include "ioas.h"

/* How often accesses are asked to release pages before the unmap fails */
#define ACCESS_TRIES 100

/**
 * struct unmap - an unmap request
 * @ioas: the address space
 * @first: first IOVA of the range
 * @last: last IOVA of the range
 * @only: the only area in the range, if it is exactly the range and can be
 *	unmapped
 * @list: the areas in the range, once they are DYING
 * @bytes: length of these areas together
 */
struct unmap {
	struct iommufd_ioas *ioas;
	unsigned long first;
	unsigned long last;
	struct iommufd_area *only;
	struct iommufd_area *list;
	unsigned long bytes;
};

/* Does the range contain only a part of what one request has mapped? */
static bool request_is_split(struct unmap *u, const struct iommufd_area *first,
			     const struct iommufd_area *last)
{
	struct iommufd_area *before = NULL;

	if (area_is(last, AREA_PART) && last->next)
		return true;
	if (area_is(first, AREA_PART) && first->node.start)
		before = iommufd_area_first(u->ioas, first->node.start - 1,
					    first->node.start - 1);
	return before && area_is(before, AREA_PART) && before->next == first;
}

static noinline int unmap_check_all(struct unmap *u, struct iommufd_area *first)
{
	struct iommufd_area *area, *last = NULL;
	unsigned int steps = 0;
	int ret = 0;

	iommufd_for_each_area(area, u->ioas, u->first, u->last) {
		if (!area_is(area, AREA_LIVE) || area_is(area, AREA_DYING))
			return -EBUSY;
		if (area->node.start < u->first || area->node.last > u->last)
			return -ENOENT;
		if (atomic_read(&area->holder.count))
			ret = -EAGAIN;
		last = area;
		take_turns(&steps);
	}
	if (last && request_is_split(u, first, last))
		return -ENOENT;
	if (!ret)
		return 0;
	iommufd_for_each_area(area, u->ioas, u->first, u->last) {
		if (atomic_read(&area->holder.count))
			area->holder.flags |= AREA_CLOSED;
		take_turns(&steps);
	}
	return ret;
}

/*
 * Can everything in the range be unmapped? Returns 0, an error, or -EAGAIN
 * after closing the areas that accesses hold.
 */
static int unmap_check(struct unmap *u)
{
	struct iommufd_area *area;

	/* The most frequent case: the range is exactly one mapping */
	area = iommufd_area_first(u->ioas, u->first, u->last);
	if (area && area->node.start == u->first &&
	    area->node.last == u->last &&
	    (area_flags(area) & (AREA_LIVE | AREA_DYING | AREA_PART)) ==
	    AREA_LIVE && !atomic_read(&area->holder.count)) {
		u->only = area;
		return 0;
	}
	return unmap_check_all(u, area);
}

static void unmap_reopen(struct unmap *u)
{
	struct iommufd_area *area;
	unsigned int steps = 0;

	/* Not if it is being mapped: that sets LIVE without the lock */
	iommufd_for_each_area(area, u->ioas, u->first, u->last) {
		if (area_is(area, AREA_LIVE))
			area->holder.flags &= ~AREA_CLOSED;
		take_turns(&steps);
	}
}

static void unmap_claim(struct unmap *u)
{
	struct iommufd_area *area, **tail = &u->list;
	unsigned int steps = 0;

	if (u->only) {
		u->only->holder.flags |= AREA_DYING;
		u->only->next = NULL;
		u->bytes = u->last - u->first + 1;
		u->list = u->only;
		return;
	}
	iommufd_for_each_area(area, u->ioas, u->first, u->last) {
		area->holder.flags |= AREA_DYING;
		u->bytes += area_length(area);
		*tail = area;
		tail = &area->next;
		take_turns(&steps);
	}
	*tail = NULL;
}

static void unmap_from_hwpts(struct unmap *u)
{
	struct iommufd_area *area;
	struct iommufd_hwpt *hwpt;
	unsigned int steps = 0;

	list_for_each_entry(hwpt, &u->ioas->hwpts, node) {
		union iommufd_gather gather compat_uninitialized;
		bool any = false;

		iommufd_hwpt_unmap_begin(hwpt, &gather);
		for (area = u->list; area;
		     area = iommufd_area_in_turn(area, &steps)) {
			if (unlikely(area->pages->device)) {
				iommufd_devmem_unmap(hwpt, area);
				continue;
			}
			iommufd_hwpt_unmap(hwpt, area->node.start,
					   area_length(area), &gather);
			any = true;
		}
		/* The Linux IOMMU API does not accept an empty gather */
		if (any)
			iommufd_hwpt_unmap_end(hwpt, &gather);
	}
}

/*
 * Nothing takes a new reference to the pages of a DYING area through that area.
 * So if its reference is the only one, no other task can find the pages.
 */
static void unmap_unpin(struct iommufd_ctx *ictx, struct iommufd_area *area)
{
	if (refcount_read(&area->pages->users) == 1) {
		/* Pages are released before a reference is dropped */
		smp_acquire__after_ctrl_dep();
		iommufd_pages_release(area->pages, &area->holder);
		return;
	}
	iommufd_pages_lock(ictx, area->pages);
	iommufd_pages_release(area->pages, &area->holder);
	iommufd_pages_unlock(ictx, area->pages);
}

static void unmap_remove(struct unmap *u)
{
	struct iommufd_area *area, *next;
	unsigned int steps = 0;

	if (!list_empty(&u->ioas->hwpts)) {
		for (area = u->list; area;
		     area = iommufd_area_in_turn(area, &steps))
			unmap_unpin(u->ioas->ictx, area);
	}
	down_write(&u->ioas->lock);
	for (area = u->list; area; area = iommufd_area_in_turn(area, &steps))
		gap_tree_remove(&area->node, &u->ioas->areas);
	up_write(&u->ioas->lock);
	for (area = u->list; area; area = next) {
		next = iommufd_area_in_turn(area, &steps);
		iommufd_area_free(area);
	}
}

/**
 * iommufd_ioas_unmap_range() - remove all mappings in a range
 * @ioas: the address space
 * @first: first IOVA of the range
 * @last: last IOVA of the range
 * @unmapped: set to the number of bytes that were mapped
 *
 * Return: 0, also if nothing was mapped; -ENOENT if a mapping is only partly in
 * the range; -EBUSY if another call is working on a mapping or an access does
 * not release its pages. On failure nothing has changed.
 */
int iommufd_ioas_unmap_range(struct iommufd_ioas *ioas, unsigned long first,
			     unsigned long last, unsigned long *unmapped)
{
	struct unmap u = { .ioas = ioas, .first = first, .last = last };
	int tries = 0, ret;

	for (;;) {
		down_read(&ioas->domains_lock);
		down_write(&ioas->lock);
		ret = unmap_check(&u);
		if (ret != -EAGAIN)
			break;
		if (++tries > ACCESS_TRIES) {
			ret = -EBUSY;
			break;
		}
		up_write(&ioas->lock);
		up_read(&ioas->domains_lock);
		iommufd_accesses_let_go(ioas, first, last);
	}
	if (ret && tries)
		unmap_reopen(&u);
	if (!ret)
		unmap_claim(&u);
	up_write(&ioas->lock);
	if (u.list) {
		unmap_from_hwpts(&u);
		unmap_remove(&u);
	}
	up_read(&ioas->domains_lock);
	*unmapped = u.bytes;
	return ret;
}

int iommufd_ioas_unmap(struct iommufd_ioas *ioas, unsigned long iova,
		       unsigned long length, unsigned long *unmapped)
{
	unsigned long last;

	*unmapped = 0;
	if (!length)
		return -EINVAL;
	if (check_add_overflow(iova, length - 1, &last))
		return -EOVERFLOW;
	return iommufd_ioas_unmap_range(ioas, iova, last, unmapped);
}
EXPORT_SYMBOL_GPL(iommufd_ioas_unmap);

int iommufd_ioas_unmap_all(struct iommufd_ioas *ioas, unsigned long *unmapped)
{
	return iommufd_ioas_unmap_range(ioas, 0, ULONG_MAX, unmapped);
}
EXPORT_SYMBOL_GPL(iommufd_ioas_unmap_all);
