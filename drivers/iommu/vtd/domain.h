/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Paging domains.
 */
#ifndef VTD_DOMAIN_H
#define VTD_DOMAIN_H

#include <linux/iommu.h>

#include "../common/paging.h"

struct seq_file;
struct vtd_device;
struct vtd_unit;

/**
 * struct vtd_domain - a paging domain
 * @paging: the domain as the IOMMU core and the page table know it
 * @node: in the list of all domains
 * @levels: levels of its page table
 * @first_stage: its tables are first-stage ones
 */
struct vtd_domain {
	struct iommu_paging paging;
	struct list_head node;
	unsigned int levels;
	bool first_stage;
};

/**
 * struct vtd_member - a unit in a domain
 * @member: its place in the live domain
 * @unit: the unit
 * @domain_id: the domain's id there
 * @users: devices that are attached through it; protected by the unit's
 *	table_lock
 * @ats: devices whose device-TLB is on, read under SRCU
 */
struct vtd_member {
	struct iommu_member member;
	struct vtd_unit *unit;
	u16 domain_id;
	unsigned int users;
	struct list_head ats;
};

/* Domain ids that are not for paging domains */
#define VTD_DOMAIN_NONE		0	/* entries not present, section 6.1 */
#define VTD_DOMAIN_PASS		1	/* pass-through */
#define VTD_DOMAIN_FIRST	2

static inline struct vtd_domain *to_vtd_domain(struct iommu_domain *domain)
{
	return container_of(domain, struct vtd_domain, paging.domain);
}

extern const struct iommu_domain_ops vtd_paging_ops;

struct vtd_domain *vtd_domain_alloc(const struct vtd_unit *unit);
void vtd_domain_free(struct vtd_domain *domain);
struct vtd_member *vtd_domain_join(struct vtd_domain *domain,
				   struct vtd_unit *unit);
void vtd_domain_leave(struct vtd_domain *domain, struct vtd_member *member);
void vtd_domain_unit_changed(struct vtd_unit *unit);
struct iommu_ability vtd_unit_ability(const struct vtd_unit *unit);
bool vtd_unit_first_stage(const struct vtd_unit *unit);

void vtd_domain_show(struct seq_file *seq);

int vtd_domain_init(void);
void vtd_domain_exit(void);

#endif
