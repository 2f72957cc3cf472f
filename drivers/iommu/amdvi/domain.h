/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Paging domains.
 */
#ifndef AMDVI_DOMAIN_H
#define AMDVI_DOMAIN_H

#include <linux/iommu.h>

#include "../common/paging.h"
#include "../common/unit.h"

struct amdvi_unit;

/**
 * struct amdvi_domain - a paging domain
 * @paging: page table and members
 * @cr3: guest CR3 table of a domain with version 2 tables; otherwise NULL
 */
struct amdvi_domain {
	struct iommu_paging paging;
	u64 *cr3;
};

#define paging_to_amdvi(p) \
	container_of_const(p, struct amdvi_domain, paging)

extern const struct iommu_domain_ops amdvi_paging_ops;

struct iommu_paging *amdvi_domain_alloc(const struct amdvi_unit *unit,
					unsigned int flags);

int amdvi_domain_init(void);
void amdvi_domain_exit(void);

#endif
