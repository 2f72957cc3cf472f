/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Page tables of IOMMUs, and the run interface of the domains made of them.
 *
 * The unit of work is a run: a physically contiguous stretch of memory. A
 * layer that pinned memory as runs hands them to a domain as runs, and a
 * driver whose domains are made of struct iommu_pt writes them into its tables
 * without taking them apart.
 *
 * The interface has two halves. struct iommu_run_ops is what a driver offers
 * and an address space layer uses: a faster path beside iommu_map() and
 * iommu_unmap(), found with iommu_run_ops_of(). struct iommu_pt is what a
 * driver uses to offer it.
 */
#ifndef _LINUX_IOMMU_PT_H
#define _LINUX_IOMMU_PT_H

#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/types.h>

/**
 * struct iommu_run - a physically contiguous stretch of memory
 * @addr: physical address of its first byte
 * @length: bytes; a multiple of 4096, not 0
 */
struct iommu_run {
	phys_addr_t addr;
	size_t length;
};

/**
 * struct iommu_pt_gather - what changed and is not yet invalidated
 * @start: first IOVA that changed
 * @last: last IOVA that changed; @start > @last means that nothing did
 * @tables: a table was unlinked or replaced, so that cached upper levels have
 *	to go too and not only leaf entries
 * @freelist: unlinked table pages, to be freed after the invalidation
 *
 * One gather serves one request on one domain, over any number of calls.
 */
struct iommu_pt_gather {
	unsigned long start;
	unsigned long last;
	bool tables;
	struct list_head freelist;
};

/**
 * iommu_pt_gather_init() - make a gather that has seen no change
 * @gather: the gather, usually on the stack
 */
static inline void iommu_pt_gather_init(struct iommu_pt_gather *gather)
{
	gather->start = ULONG_MAX;
	gather->last = 0;
	gather->tables = false;
	INIT_LIST_HEAD(&gather->freelist);
}

/**
 * iommu_pt_gather_empty() - has anything changed?
 * @gather: the gather
 *
 * Return: true if nothing has to be invalidated or freed.
 */
static inline bool iommu_pt_gather_empty(const struct iommu_pt_gather *gather)
{
	return gather->start > gather->last && list_empty(&gather->freelist);
}

/**
 * struct iommu_run_ops - a domain's fast path
 * @map: Map @nr runs one after another at @iova; on an error nothing of them
 *	is mapped. The range must hold no mapping. Returns -ENOMEM, or -ERANGE
 *	when the range leaves the domain's aperture.
 * @reserve: Allocate what an @unmap of any part of this range may need, so
 *	that it cannot fail; a part of a superpage can then be unmapped. Returns
 *	-ENOMEM. Needed only where a range begins or ends inside a run that was
 *	mapped by one call.
 * @unmap: Clear every entry of the range and record in @gather what is to be
 *	invalidated. Holes are passed over. Returns the bytes that were mapped.
 *	Parts of superpages are split with what @reserve has put aside.
 * @sync: Invalidate once what @gather holds, free the unlinked tables, and
 *	leave the gather empty. When it returns, no device of the domain reaches
 *	memory through what was unmapped.
 *
 * @iova and @length are bytes and multiples of the domain's smallest page.
 * @prot has the IOMMU_READ, IOMMU_WRITE, IOMMU_CACHE, ... bits.
 *
 * Context: @map and @reserve may sleep if @gfp allows it; @unmap and @sync do
 * not sleep. Calls on disjoint ranges of one domain may run in parallel; the
 * caller keeps calls on overlapping ranges apart.
 */
struct iommu_run_ops {
	int (*map)(struct iommu_domain *domain, unsigned long iova,
		   const struct iommu_run *runs, size_t nr, int prot,
		   gfp_t gfp);
	int (*reserve)(struct iommu_domain *domain, unsigned long iova,
		       size_t length, gfp_t gfp);
	size_t (*unmap)(struct iommu_domain *domain, unsigned long iova,
			size_t length, struct iommu_pt_gather *gather);
	void (*sync)(struct iommu_domain *domain,
		     struct iommu_pt_gather *gather);
};

/*
 * A driver tells iommu_pt which domain operations its run operations belong
 * to; the operations of a domain are the key under which users find them.
 */
int iommu_run_ops_register(const struct iommu_domain_ops *domain_ops,
			   const struct iommu_run_ops *run_ops);
void iommu_run_ops_unregister(const struct iommu_domain_ops *domain_ops);
const struct iommu_run_ops *
iommu_run_ops_of(const struct iommu_domain *domain);

#endif
