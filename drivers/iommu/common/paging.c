// SPDX-License-Identifier: GPL-2.0
/*
 * Paging domains: a live domain behind the IOMMU API and the run interface.
 * Both change the same tables.
 *
 * Map: the IOMMU API maps in several calls, then iotlb_sync_map invalidates for
 * the new mappings where hardware needs that. A map of runs is one call.
 *
 * Unmap by the IOMMU API: unmap_pages moves what has to be invalidated from the
 * gather of the page table to that of the core, and iotlb_sync moves it back to
 * invalidate. If the core defers invalidations, unlinked tables wait in the
 * page table for the next invalidation of everything.
 */
#include <linux/export.h>

#include "paging.h"
#include "trace.h"

static size_t unmap(struct iommu_paging *paging, unsigned long iova,
		    size_t length, struct iommu_pt_gather *gather)
{
	size_t unmapped;

	unmapped = iommu_pt_unmap(&paging->live.pt, iova, length, gather);
	trace_iommu_paging_unmap(paging, iova, length, unmapped);
	return unmapped;
}

/*
 * The IOMMU core maps reserved memory for each device of a group, unless
 * iova_to_phys() returns that it is mapped already. For page 0 mapped to itself
 * that is 0, which means "not mapped". So mapping this page again is no error.
 */
static bool is_reserved_page_0(struct iommu_paging *paging,
			       unsigned long iova, const struct iommu_run *run)
{
	return !iova && !run->addr && run->length == PAGE_SIZE &&
	       iommu_is_dma_domain(&paging->domain) &&
	       !iommu_pt_iova_to_phys(&paging->live.pt, 0);
}

/**
 * iommu_paging_map_pages() - map_pages of struct iommu_domain_ops
 * @domain: the domain
 * @iova: first IOVA
 * @paddr: physical address of contiguous memory
 * @pgsize: a page size
 * @pgcount: number of pages
 * @prot: IOMMU_READ, ...
 * @gfp: for tables
 * @mapped: increased by the bytes mapped
 *
 * Return: 0 or an error.
 */
int iommu_paging_map_pages(struct iommu_domain *domain, unsigned long iova,
			   phys_addr_t paddr, size_t pgsize, size_t pgcount,
			   int prot, gfp_t gfp, size_t *mapped)
{
	struct iommu_paging *paging = to_iommu_paging(domain);
	const struct iommu_run run = { paddr, pgsize * pgcount };
	int ret;

	ret = iommu_live_map(&paging->live, iova, &run, 1, prot, gfp);
	if (ret == -EADDRINUSE && is_reserved_page_0(paging, iova, &run))
		ret = 0;
	trace_iommu_paging_map(paging, iova, run.length, ret);
	if (!ret)
		*mapped += run.length;
	return ret;
}
EXPORT_SYMBOL_GPL(iommu_paging_map_pages);

/**
 * iommu_paging_iotlb_sync_map() - iotlb_sync_map of struct iommu_domain_ops
 * @domain: the domain
 * @iova: first IOVA that was mapped
 * @size: bytes
 *
 * Return: 0.
 */
int iommu_paging_iotlb_sync_map(struct iommu_domain *domain,
				unsigned long iova, size_t size)
{
	struct iommu_paging *paging = to_iommu_paging(domain);
	int index;

	if (!size)
		return 0;
	index = iommu_live_read_lock();
	paging->ops->announce(paging, iova, size);
	iommu_live_read_unlock(index);
	return 0;
}
EXPORT_SYMBOL_GPL(iommu_paging_iotlb_sync_map);

/* The page size in the gather of the core is not needed: used as a flag */
#define WITH_TABLES	SIZE_MAX

/* Move what has to be invalidated to the gather of the core */
static void hand_over(struct iommu_paging *paging,
		      struct iommu_iotlb_gather *to,
		      struct iommu_pt_gather *from)
{
	if (from->start <= from->last)
		iommu_iotlb_gather_add_range(to, from->start,
					     from->last - from->start + 1);
	if (from->tables)
		to->pgsize = WITH_TABLES;
	iommu_pt_gather_move(&paging->live.pt, &to->freelist, &from->freelist);
}

/**
 * iommu_paging_unmap_pages() - unmap_pages of struct iommu_domain_ops
 * @domain: the domain
 * @iova: first IOVA
 * @pgsize: a page size
 * @pgcount: number of pages
 * @iotlb_gather: collects what has to be invalidated
 *
 * The DMA API unmaps what it has mapped. Other users may unmap a part of a
 * superpage: nothing is unmapped if there is no memory to split it.
 *
 * Return: bytes that were mapped.
 */
size_t iommu_paging_unmap_pages(struct iommu_domain *domain,
				unsigned long iova, size_t pgsize,
				size_t pgcount,
				struct iommu_iotlb_gather *iotlb_gather)
{
	struct iommu_paging *paging = to_iommu_paging(domain);
	struct iommu_pt *pt = &paging->live.pt;
	size_t length = pgsize * pgcount, unmapped;
	struct iommu_pt_gather gather;

	iommu_pt_gather_init(&gather);
	unmapped = unmap(paging, iova, length, &gather);
	if (iommu_iotlb_gather_queued(iotlb_gather))
		iommu_pt_gather_defer(pt, &gather);
	else
		hand_over(paging, iotlb_gather, &gather);
	return unmapped;
}
EXPORT_SYMBOL_GPL(iommu_paging_unmap_pages);

/**
 * iommu_paging_iotlb_sync() - iotlb_sync of struct iommu_domain_ops
 * @domain: the domain
 * @iotlb_gather: what has to be invalidated
 */
void iommu_paging_iotlb_sync(struct iommu_domain *domain,
			     struct iommu_iotlb_gather *iotlb_gather)
{
	struct iommu_paging *paging = to_iommu_paging(domain);
	struct iommu_pt_gather gather;

	iommu_pt_gather_init(&gather);
	gather.start = iotlb_gather->start;
	gather.last = iotlb_gather->end;
	gather.tables = iotlb_gather->pgsize == WITH_TABLES;
	iommu_pt_gather_move(&paging->live.pt, &gather.freelist,
			     &iotlb_gather->freelist);
	iommu_live_sync(&paging->live, &gather);
}
EXPORT_SYMBOL_GPL(iommu_paging_iotlb_sync);

/**
 * iommu_paging_flush_iotlb_all() - flush_iotlb_all of struct iommu_domain_ops
 * @domain: the domain
 */
void iommu_paging_flush_iotlb_all(struct iommu_domain *domain)
{
	struct iommu_paging *paging = to_iommu_paging(domain);
	struct iommu_pt_gather gather;

	iommu_pt_gather_init(&gather);
	/* Tables that are unlinked after this wait for the next invalidation */
	iommu_pt_gather_deferred(&paging->live.pt, &gather);
	gather.start = 0;
	gather.last = ULONG_MAX;
	gather.tables = true;
	iommu_live_sync(&paging->live, &gather);
}
EXPORT_SYMBOL_GPL(iommu_paging_flush_iotlb_all);

/**
 * iommu_paging_iova_to_phys() - iova_to_phys of struct iommu_domain_ops
 * @domain: the domain
 * @iova: the IOVA
 *
 * Return: the physical address, or 0 if nothing is mapped there.
 */
phys_addr_t iommu_paging_iova_to_phys(struct iommu_domain *domain,
				      dma_addr_t iova)
{
	return iommu_pt_iova_to_phys(&to_iommu_paging(domain)->live.pt, iova);
}
EXPORT_SYMBOL_GPL(iommu_paging_iova_to_phys);

/**
 * iommu_paging_enforce_cache_coherency() - enforce_cache_coherency of struct
 *	iommu_domain_ops
 * @domain: the domain
 *
 * Return: true if the domain blocks no-snoop for as long as it exists.
 */
bool iommu_paging_enforce_cache_coherency(struct iommu_domain *domain)
{
	return iommu_live_enforce(&to_iommu_paging(domain)->live);
}
EXPORT_SYMBOL_GPL(iommu_paging_enforce_cache_coherency);

static int run_map(struct iommu_domain *domain, unsigned long iova,
		   const struct iommu_run *runs, size_t nr, int prot, gfp_t gfp)
{
	struct iommu_paging *paging = to_iommu_paging(domain);
	size_t length = 0, i;
	int index, ret;

	for (i = 0; i < nr; i++)
		length += runs[i].length;
	index = iommu_live_read_lock();
	ret = iommu_live_map_held(&paging->live, iova, runs, nr, prot, gfp);
	trace_iommu_paging_map(paging, iova, length, ret);
	if (!ret && !(prot & IOMMU_RUNS_MORE))
		paging->ops->announce(paging, iova, length);
	iommu_live_read_unlock(index);
	return ret;
}

static int run_reserve(struct iommu_domain *domain, unsigned long iova,
		       size_t length, gfp_t gfp)
{
	return iommu_pt_reserve(&to_iommu_paging(domain)->live.pt, iova, length,
				gfp);
}

static size_t run_unmap(struct iommu_domain *domain, unsigned long iova,
			size_t length, struct iommu_pt_gather *gather)
{
	return unmap(to_iommu_paging(domain), iova, length, gather);
}

static void run_sync(struct iommu_domain *domain,
		     struct iommu_pt_gather *gather)
{
	iommu_live_sync(&to_iommu_paging(domain)->live, gather);
}

const struct iommu_run_ops iommu_paging_run_ops = {
	.map = run_map,
	.announce = iommu_paging_iotlb_sync_map,
	.reserve = run_reserve,
	.unmap = run_unmap,
	.sync = run_sync,
	.read_dirty = iommu_paging_read_dirty,
};
EXPORT_SYMBOL_GPL(iommu_paging_run_ops);
