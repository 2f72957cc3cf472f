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
struct iommu_unit;
struct iommu_unit_device;
struct iommu_unit_member;
struct seq_file;

/**
 * struct iommu_paging_ops - what the driver does
 * @live: for the live domain
 * @core: for the IOMMU core; with the functions below
 * @announce: What was not present in a range now is. Tell those members of
 *	the domain whose hardware may have cached that it was not. Called with
 *	the SRCU read lock held; does not sleep.
 * @ability: What can the unit do for this domain? 0, or -EINVAL if it cannot
 *	walk its tables at all.
 * @forget: Invalidate all that a unit has cached under the domain's id there.
 * @track: The domain of a device, whose unit's table_lock is held, tracks what
 *	is dirty from now on, or no more: bring its entries to that, and
 *	invalidate what was cached of them and below. NULL if no domain does.
 * @kind: What to call the domain's tables when showing them.
 */
struct iommu_paging_ops {
	struct iommu_live_ops live;
	const struct iommu_domain_ops *core;
	void (*announce)(struct iommu_paging *paging, unsigned long iova,
			 size_t length);
	int (*ability)(const struct iommu_paging *paging,
		       const struct iommu_unit *unit,
		       struct iommu_ability *ability);
	void (*forget)(struct iommu_paging *paging,
		       struct iommu_unit_member *member);
	void (*track)(struct iommu_unit_device *device, bool enable);
	const char *(*kind)(const struct iommu_paging *paging);
};

/**
 * struct iommu_paging - a paging domain; embed it
 * @domain: what the IOMMU core knows of it
 * @live: page table and members
 * @ops: the driver
 * @tracks_dirty: units note what is written to; entries that are made from now
 *	on say so
 * @node: in the list of all domains
 */
struct iommu_paging {
	struct iommu_domain domain;
	struct iommu_live live;
	const struct iommu_paging_ops *ops;
	bool tracks_dirty;
	struct list_head node;
};

static inline struct iommu_paging *to_iommu_paging(struct iommu_domain *domain)
{
	return container_of(domain, struct iommu_paging, domain);
}

int iommu_paging_init(struct iommu_paging *paging,
		      const struct iommu_pt_config *config,
		      const struct iommu_ability *base,
		      const struct iommu_paging_ops *ops);
void iommu_paging_destroy(struct iommu_paging *paging);
void iommu_paging_show(struct seq_file *seq);

/* Members, members.c */
struct iommu_unit_member *iommu_paging_join(struct iommu_paging *paging,
					    struct iommu_unit *unit);
void iommu_paging_leave(struct iommu_paging *paging,
			struct iommu_unit_member *member);
void iommu_paging_unit_changed(struct iommu_unit *unit);

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

/* Dirty tracking, dirty.c */
extern const struct iommu_dirty_ops iommu_paging_dirty_ops;
void iommu_paging_read_dirty(struct iommu_domain *domain, unsigned long iova,
			     size_t length, iommu_pt_dirty_fn fn, void *arg,
			     struct iommu_pt_gather *gather);

/* What paging domains of all drivers have, for struct iommu_domain_ops */
#define IOMMU_PAGING_DOMAIN_OPS						\
	.unmap_pages = iommu_paging_unmap_pages,			\
	.iotlb_sync_map = iommu_paging_iotlb_sync_map,			\
	.iotlb_sync = iommu_paging_iotlb_sync,				\
	.flush_iotlb_all = iommu_paging_flush_iotlb_all,		\
	.iova_to_phys = iommu_paging_iova_to_phys,			\
	.enforce_cache_coherency = iommu_paging_enforce_cache_coherency

/* The same domains by the run interface, for iommu_run_ops_register() */
extern const struct iommu_run_ops iommu_paging_run_ops;

#endif
