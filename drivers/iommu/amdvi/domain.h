/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Paging domains.
 */
#ifndef AMDVI_DOMAIN_H
#define AMDVI_DOMAIN_H

#include <linux/iommu.h>

#include "../common/paging.h"

struct amdvi_device;
struct amdvi_entry;
struct amdvi_unit;
struct seq_file;

/**
 * struct amdvi_domain - a paging domain
 * @paging: page table and members
 * @node: in the list of all domains
 */
struct amdvi_domain {
	struct iommu_paging paging;
	struct list_head node;
};

/**
 * struct amdvi_member - a unit in a domain
 * @member: its place in the live domain
 * @unit: the unit
 * @domain_id: the domain's id there
 * @users: devices that are attached through it, or about to be; protected by
 *	the unit's table_lock
 * @devices: struct amdvi_attachment of devices that are attached through it,
 *	read under SRCU
 */
struct amdvi_member {
	struct iommu_member member;
	struct amdvi_unit *unit;
	u16 domain_id;
	unsigned int users;
	struct list_head devices;
};

/**
 * struct amdvi_attachment - a device in a domain
 * @node: in the member's list
 * @device: the device; for the time in which it moves it is in two domains
 */
struct amdvi_attachment {
	struct list_head node;
	struct amdvi_device *device;
};

#define amdvi_for_each_attachment(pos, member) \
	list_for_each_entry_srcu(pos, &(member)->devices, node, \
				 iommu_live_read_held())

/* Domain ids that are not for paging domains */
#define AMDVI_DOMAIN_NONE	0	/* blocked: nothing is cached */
#define AMDVI_DOMAIN_PASS	1	/* pass-through */
#define AMDVI_DOMAIN_FIRST	2

static inline struct amdvi_domain *to_amdvi_domain(struct iommu_domain *domain)
{
	return container_of(to_iommu_paging(domain), struct amdvi_domain,
			    paging);
}

extern const struct iommu_domain_ops amdvi_paging_ops;

struct amdvi_domain *amdvi_domain_alloc(const struct amdvi_unit *unit);
struct amdvi_member *amdvi_domain_join(struct amdvi_domain *domain,
				       struct amdvi_unit *unit);
void amdvi_domain_leave(struct amdvi_domain *domain,
			struct amdvi_member *member);
void amdvi_domain_entry(struct amdvi_domain *domain,
			const struct amdvi_member *member,
			struct amdvi_entry *entry);
bool amdvi_domain_entry_holds(struct amdvi_domain *domain,
			      const struct amdvi_entry *entry);
void amdvi_domain_unit_changed(struct amdvi_unit *unit);
void amdvi_domain_show(struct seq_file *seq);

int amdvi_domain_init(void);
void amdvi_domain_exit(void);

#endif
