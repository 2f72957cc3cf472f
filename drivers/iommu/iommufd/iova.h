/* SPDX-License-Identifier: GPL-2.0 */
/* Ranges of IOVA: used, free, reserved; and finding room for a mapping */
#ifndef _IOMMUFD_IOVA_H
#define _IOMMUFD_IOVA_H

#include <linux/interval_tree.h>
#include <linux/types.h>

struct iommufd_area;
struct iommufd_ioas;

/**
 * struct iova_span - a range that is all used or all free
 * @first: first value in the range
 * @last: last value in the range
 * @used: intervals cover all of the range; otherwise there is none in it
 * @end: last value of the walk
 * @steps: counts steps, for take_turns()
 * @tree: the intervals
 *
 * A walk returns used and free ranges alternately, each as long as possible.
 * The intervals may overlap:
 *
 *	intervals	|-------|         |----|
 *			     |-----|
 *	spans		[   used   ][free][used][  free  ]
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
 * iova_for_each_span() - walk the used and free parts of a range
 * @span: the current part
 * @tree: the intervals that are used
 * @first: first value of the range
 * @last: last value of the range
 */
#define iova_for_each_span(span, tree, first, last)			\
	for (bool __more = iova_span_first(span, tree, first, last);	\
	     __more; __more = iova_span_next(span))

/**
 * struct iommufd_reserved - a range of IOVA that cannot be used
 * @node: the range, in iommufd_ioas::reserved
 * @owner: the device or hardware page table that reserves it
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
 * struct iommufd_map_request - memory that a caller wants to map
 * @length: bytes, not 0
 * @address: address of the memory: an IOVA with the same alignment allows
 *	superpages
 * @origin: @address, or for a copy the IOVA that is copied. In a window it must
 *	be aligned to the page size of the window, as IOVA and length must.
 * @prot: IOMMU_READ, IOMMU_WRITE
 */
struct iommufd_map_request {
	unsigned long length;
	unsigned long address;
	unsigned long origin;
	int prot;
};

/**
 * struct iommufd_placement - constraints for an IOVA range
 * @length: bytes
 * @align: start of the range minus @offset is a multiple of this
 * @offset: offset of the memory in its first page
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
