/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Paging domains.
 */
#ifndef AMDVI_DOMAIN_H
#define AMDVI_DOMAIN_H

#include <linux/iommu.h>

#include "../common/paging.h"
#include "../common/unit.h"

struct amdvi_entry;
struct amdvi_unit;

/**
 * struct amdvi_attachment - a device in a domain
 * @node: in the member's list
 * @device: the device; for the time in which it moves it is in two domains
 */
struct amdvi_attachment {
	struct list_head node;
	struct iommu_unit_device *device;
};

#define amdvi_for_each_attachment(pos, member) \
	list_for_each_entry_srcu(pos, &(member)->devices, node, \
				 iommu_live_read_held())

extern const struct iommu_domain_ops amdvi_paging_ops;

struct iommu_paging *amdvi_domain_alloc(const struct amdvi_unit *unit,
					unsigned int flags);
void amdvi_domain_entry(struct iommu_paging *domain,
			const struct iommu_unit_member *member,
			struct amdvi_entry *entry);
bool amdvi_domain_entry_holds(struct iommu_paging *domain,
			      const struct amdvi_entry *entry);

int amdvi_domain_init(void);
void amdvi_domain_exit(void);

#endif
