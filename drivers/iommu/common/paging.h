/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Paging domains: a live domain behind the IOMMU API and the run interface.
 *
 * A driver embeds struct iommu_paging in its domain, and uses the functions
 * below in its struct iommu_domain_ops.
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
 * struct iommu_paging_ops - functions of the driver
 * @live: for the live domain
 * @core: for the IOMMU core; has the functions below
 * @announce: A range has new mappings. Invalidate it on those members whose
 *	hardware may have cached that nothing was mapped there. Called under
 *	iommu_live_read_lock(); does not sleep.
 * @ability: Get the abilities of a unit for this domain. Returns 0, or -EINVAL
 *	if the unit cannot walk its tables at all.
 * @forget: Invalidate everything that a unit has cached under the id that the
 *	domain has there.
 * @track: Dirty tracking of the domain of a device was started or stopped:
 *	change the entries of the device accordingly, and invalidate what was
 *	cached of them and of what they lead to. Called with the table_lock of
 *	the unit held. NULL if no domain of the driver supports dirty tracking.
 * @kind: Get a name for the tables of the domain, for debugfs.
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
 * @domain: for the IOMMU core
 * @live: page table and members
 * @ops: functions of the driver
 * @tracks_dirty: units set dirty bits; new entries of devices enable that
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
void iommu_paging_abandon(struct iommu_paging *paging);
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

/* The run operations of these domains, for iommu_run_ops_register() */
extern const struct iommu_run_ops iommu_paging_run_ops;

#endif
