/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Paging domains: a live domain behind the IOMMU API and the run interface.
 *
 * A driver embeds struct iommu_paging in its domain, and puts the functions
 * here into its struct iommu_domain_ops.
 */
#ifndef IOMMU_COMMON_PAGING_H
#define IOMMU_COMMON_PAGING_H

#include <linux/iommu.h>

#include "live.h"

struct iommu_paging;

/**
 * struct iommu_paging_ops - what the driver does, or NULL for nothing
 * @announce: What was not present in a range now is. Tell those members of
 *	the domain whose hardware may have cached that it was not. Called with
 *	the SRCU read lock held; does not sleep.
 * @mapped: A range was mapped, or not, with an error: for tracepoints.
 * @unmapped: A range was unmapped, so many bytes of it: for tracepoints.
 */
struct iommu_paging_ops {
	void (*announce)(struct iommu_paging *paging, unsigned long iova,
			 size_t length);
	void (*mapped)(struct iommu_paging *paging, unsigned long iova,
		       size_t length, int error);
	void (*unmapped)(struct iommu_paging *paging, unsigned long iova,
			 size_t length, size_t unmapped);
};

/**
 * struct iommu_paging - a paging domain; embed it
 * @domain: what the IOMMU core knows of it
 * @live: page table and members
 * @ops: the driver
 */
struct iommu_paging {
	struct iommu_domain domain;
	struct iommu_live live;
	const struct iommu_paging_ops *ops;
};

static inline struct iommu_paging *to_iommu_paging(struct iommu_domain *domain)
{
	return container_of(domain, struct iommu_paging, domain);
}

/* For struct iommu_domain_ops */
int iommu_paging_map_pages(struct iommu_domain *domain, unsigned long iova,
			   phys_addr_t paddr, size_t pgsize, size_t pgcount,
			   int prot, gfp_t gfp, size_t *mapped);
size_t iommu_paging_unmap_pages(struct iommu_domain *domain,
				unsigned long iova, size_t pgsize,
				size_t pgcount,
				struct iommu_iotlb_gather *iotlb_gather);
int iommu_paging_iotlb_sync_map(struct iommu_domain *domain,
				unsigned long iova, size_t size);
void iommu_paging_iotlb_sync(struct iommu_domain *domain,
			     struct iommu_iotlb_gather *iotlb_gather);
void iommu_paging_flush_iotlb_all(struct iommu_domain *domain);
phys_addr_t iommu_paging_iova_to_phys(struct iommu_domain *domain,
				      dma_addr_t iova);
bool iommu_paging_enforce_cache_coherency(struct iommu_domain *domain);

/* The same domains by the run interface, for iommu_run_ops_register() */
extern const struct iommu_run_ops iommu_paging_run_ops;

#endif
