/* SPDX-License-Identifier: GPL-2.0 */
/* Stretches of IOVA: what is used, what is free, what may be used */
#ifndef _IOMMUFD_IOVA_H
#define _IOMMUFD_IOVA_H

#include <linux/interval_tree.h>
#include <linux/types.h>

struct iommufd_area;
struct iommufd_ioas;

/**
 * struct iova_span - a stretch that is used throughout or free throughout
 * @first: where it begins
 * @last: where it ends
 * @used: intervals cover it; otherwise there is none in it
 * @end: where the walk ends
 * @steps: counts, for take_turns()
 * @tree: whose intervals
 *
 * A walk returns used and free stretches in turns, each as long as it can be.
 * The intervals may overlap.
 */
struct iova_span {
	unsigned long first;
	unsigned long last;
	bool used;
	unsigned long end;
	unsigned int steps;
	struct rb_root_cached *tree;
};

bool iova_span_first(struct iova_span *span, struct rb_root_cached *tree,
		     unsigned long first, unsigned long last);
bool iova_span_next(struct iova_span *span);

/**
 * iova_for_each_span() - walk the stretches of a range
 * @span: the current stretch
 * @tree: intervals that make it used
 * @first: where the range begins
 * @last: where the range ends
 */
#define iova_for_each_span(span, tree, first, last)			\
	for (bool __more = iova_span_first(span, tree, first, last);	\
	     __more; __more = iova_span_next(span))

/**
 * struct iommufd_reserved - IOVA that cannot be used
 * @node: which
 * @owner: because of whom
 */
struct iommufd_reserved {
	struct interval_tree_node node;
	const void *owner;
};

int iommufd_ioas_reserve(struct iommufd_ioas *ioas, unsigned long first,
			 unsigned long last, const void *owner);
void iommufd_ioas_unreserve(struct iommufd_ioas *ioas, const void *owner);
int iommufd_ioas_set_allowed(struct iommufd_ioas *ioas,
			     struct rb_root_cached *allowed);
void iommufd_ranges_free(struct rb_root *ranges);

/**
 * struct iommufd_map_request - what wants to be mapped
 * @length: bytes, not 0
 * @address: of the memory: a mapping aligned as it is can use superpages
 * @origin: what has to be aligned to the page size of a window beside IOVA and
 *	length: @address, or where it is copied from
 * @prot: IOMMU_READ, IOMMU_WRITE
 */
struct iommufd_map_request {
	unsigned long length;
	unsigned long address;
	unsigned long origin;
	int prot;
};

/**
 * struct iommufd_placement - what a place for something has to be like
 * @length: its bytes
 * @align: where it begins, apart from @offset, is a multiple of this
 * @offset: of its memory in the first page
 */
struct iommufd_placement {
	unsigned long length;
	unsigned long align;
	unsigned long offset;
};

int iommufd_iova_find(const struct rb_root *used,
		      struct rb_root_cached *reserved,
		      const struct iommufd_placement *p, unsigned long first,
		      unsigned long last, unsigned long *iova);
int iommufd_iova_check(struct iommufd_ioas *ioas, unsigned long iova,
		       const struct iommufd_map_request *req);
int iommufd_iova_alloc(struct iommufd_ioas *ioas, unsigned long *iova,
		       const struct iommufd_map_request *req);

#endif
