/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Paging domains.
 */
#ifndef VTD_DOMAIN_H
#define VTD_DOMAIN_H

#include <linux/iommu.h>

#include "../common/paging.h"

struct iommu_unit_member;
struct vtd_batch;
struct vtd_nested;
struct vtd_range;
struct vtd_unit;

/**
 * struct vtd_domain - a paging domain
 * @paging: the domain as the IOMMU core and the page table know it
 * @levels: levels of its page table
 * @first_stage: its tables are first-stage tables
 * @nest_parent: allocated as a parent of nested domains
 * @nested: units on which nested domains of it are attached, nested.c
 * @join_nested: vtd_nested_join() for its nested domains, which attach.c does
 *	not know; NULL unless it is a parent
 * @leave_nested: vtd_nested_leave(), likewise
 */
struct vtd_domain {
	struct iommu_paging paging;
	unsigned int levels;
	bool first_stage;
	bool nest_parent;
	struct list_head nested;
	struct iommu_unit_member *(*join_nested)(struct vtd_nested *nested,
						 struct vtd_unit *unit);
	void (*leave_nested)(struct vtd_nested *nested,
			     struct iommu_unit_member *member);
};

static inline struct vtd_domain *to_vtd_domain(struct iommu_domain *domain)
{
	return container_of(domain, struct vtd_domain, paging.domain);
}

#define paging_to_vtd(domain) \
	container_of_const(domain, struct vtd_domain, paging)

extern const struct iommu_domain_ops vtd_paging_ops;

struct vtd_domain *vtd_domain_alloc(const struct vtd_unit *unit, u32 flags,
				    const struct iommu_paging_ops *ops);
void vtd_domain_free(struct vtd_domain *domain);

/* For parents of nested domains, nested.c */
extern const struct iommu_paging_ops vtd_domain_paging_ops;
int vtd_domain_attach_dev(struct iommu_domain *domain, struct device *dev);
void vtd_domain_free_core(struct iommu_domain *domain);
int vtd_domain_add_devices(struct iommu_unit_member *member,
			   struct vtd_batch *batch,
			   const struct vtd_range *range);
void vtd_domain_invalidate(struct iommu_live *live,
			   const struct iommu_pt_gather *gather);
void vtd_domain_announce(struct iommu_paging *paging, unsigned long iova,
			 size_t length);

int vtd_domain_init(void);
void vtd_domain_exit(void);

#endif
