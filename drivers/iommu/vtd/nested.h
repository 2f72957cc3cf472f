/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Nested domains: first-stage tables of a user, on top of a second-stage
 * domain of ours.
 */
#ifndef VTD_NESTED_H
#define VTD_NESTED_H

#include <linux/iommu.h>

struct iommu_paging_ops;
struct iommu_unit_member;
struct vtd_domain;
struct vtd_entry;
struct vtd_nested;
struct vtd_unit;

/* What a parent domain has in place of the ordinary operations */
extern const struct iommu_domain_ops vtd_parent_ops;
extern struct iommu_paging_ops vtd_parent_paging_ops;

bool vtd_unit_nests(const struct vtd_unit *unit);
struct iommu_domain *vtd_nested_alloc(const struct vtd_unit *unit,
				      struct iommu_domain *parent, u32 flags,
				      const struct iommu_user_data *data);

struct iommu_unit_member *vtd_nested_join(struct vtd_nested *nested,
					  struct vtd_unit *unit);
void vtd_nested_leave(struct vtd_nested *nested,
		      struct iommu_unit_member *member);
void vtd_nested_entry(const struct vtd_nested *nested,
		      const struct vtd_unit *unit, struct vtd_entry *entry);

int vtd_nested_init(void);
void vtd_nested_exit(void);

#endif
