/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Nested domains: first-stage tables of a user on top of a second-stage domain
 * of this driver, the parent.
 */
#ifndef VTD_NESTED_H
#define VTD_NESTED_H

#include <linux/iommu.h>

struct vtd_domain;
struct vtd_unit;

struct vtd_domain *vtd_parent_alloc(const struct vtd_unit *unit, u32 flags);
struct iommu_domain *vtd_nested_alloc(const struct vtd_unit *unit,
				      struct iommu_domain *parent, u32 flags,
				      const struct iommu_user_data *data);

int vtd_nested_init(void);
void vtd_nested_exit(void);

#endif
