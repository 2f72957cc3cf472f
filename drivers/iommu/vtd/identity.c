// SPDX-License-Identifier: GPL-2.0
/*
 * Identity translation: by pass-through, or by an identity table if the unit
 * does not support pass-through.
 *
 * The table maps the machine's memory, and the ranges that RMRRs reserve, to
 * themselves. Each such unit has its own table from its start on. Memory that
 * is plugged in later is not mapped in it.
 */
#define pr_fmt(fmt) "vtd: " fmt

#include <linux/ioport.h>
#include <linux/kmemleak.h>
#include <linux/slab.h>

#include "../common/interrupts.h"
#include "ability.h"
#include "device.h"
#include "domain.h"
#include "identity.h"
#include "scope.h"
#include "unit.h"

static int identity_map_range(struct vtd_domain *domain, u64 start, u64 last)
{
	u64 from = round_down(start, PAGE_SIZE);
	struct iommu_run run = {
		.addr = from,
		.length = round_up(last + 1, PAGE_SIZE) - from,
	};

	return iommu_live_map(&domain->paging.live, from, &run, 1,
			      IOMMU_READ | IOMMU_WRITE, GFP_KERNEL);
}

static int identity_map_memory(struct resource *resource, void *arg)
{
	return identity_map_range(arg, resource->start, resource->end);
}

static int identity_map_reserved(struct vtd_domain *domain)
{
	struct dmar_cursor cursor = { };
	struct dmar_structure s;
	u64 at;
	int ret;

	while (dmar_next(vtd_dmar, &cursor, &s)) {
		if (s.type != DMAR_RMRR || s.complaint)
			continue;
		/* Memory or another RMRR may have mapped this page already */
		for (at = s.base; at < s.last; at += PAGE_SIZE) {
			if (iommu_is_interrupts(at, at))
				continue;
			ret = identity_map_range(domain, at,
						 at + PAGE_SIZE - 1);
			if (ret && ret != -EADDRINUSE)
				return ret;
		}
	}
	return 0;
}

/**
 * vtd_identity_create() - prepare identity translation
 * @unit: a unit that has its tables and is not started
 *
 * Return: 0 or an error.
 */
int vtd_identity_create(struct vtd_unit *unit)
{
	struct iommu_unit_member *member;
	struct vtd_domain *domain;
	int ret;

	if (unit->ecap & ECAP_PT)
		return 0;
	domain = vtd_domain_alloc(unit, 0, &vtd_domain_paging_ops);
	if (IS_ERR(domain))
		return PTR_ERR(domain);
	mutex_lock(&unit->common.table_lock);
	member = iommu_paging_join(&domain->paging, &unit->common);
	mutex_unlock(&unit->common.table_lock);
	if (IS_ERR(member)) {
		ret = PTR_ERR(member);
		goto err_free;
	}
	unit->identity = domain;
	unit->identity_member = member;
	ret = walk_iomem_res_desc(IORES_DESC_NONE,
				  IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY, 0,
				  domain->paging.domain.geometry.aperture_end, domain,
				  identity_map_memory);
	if (!ret)
		ret = identity_map_reserved(domain);
	if (ret)
		vtd_identity_destroy(unit);
	return ret;
err_free:
	vtd_domain_free(domain);
	return ret;
}

/**
 * vtd_identity_destroy() - undo vtd_identity_create()
 * @unit: a unit that is not started
 */
void vtd_identity_destroy(struct vtd_unit *unit)
{
	if (!unit->identity)
		return;
	mutex_lock(&unit->common.table_lock);
	iommu_paging_leave(&unit->identity->paging, unit->identity_member);
	mutex_unlock(&unit->common.table_lock);
	vtd_domain_free(unit->identity);
	unit->identity = NULL;
	unit->identity_member = NULL;
}

/**
 * vtd_identity_abandon() - keep an identity table in memory for good
 * @unit: a unit that may still walk it
 */
void vtd_identity_abandon(struct vtd_unit *unit)
{
	if (!unit->identity)
		return;
	iommu_paging_abandon(&unit->identity->paging);
	/* The debug kernel reports it no more; what it refers to neither */
	kmemleak_not_leak(unit->identity);
	kmemleak_not_leak(unit->identity_member);
	unit->identity = NULL;
	unit->identity_member = NULL;
}

/**
 * vtd_identity_entry() - the entry of a device that passes through
 * @unit: the device's unit
 * @entry: filled in
 */
void vtd_identity_entry(const struct vtd_unit *unit, struct vtd_entry *entry)
{
	struct iommu_pt_root root;

	*entry = (struct vtd_entry){ };
	if (!unit->identity) {
		entry->translation = VTD_PASS_THROUGH;
		entry->domain_id = IOMMU_UNIT_ID_PASS;
		/* The width has to be the largest that the unit supports */
		entry->levels = fls(vtd_unit_levels(unit)) - 1;
		return;
	}
	iommu_pt_root(&unit->identity->paging.live.pt, &root);
	entry->translation = VTD_SECOND_STAGE;
	entry->domain_id = unit->identity_member->domain_id;
	entry->root = root.phys;
	entry->levels = root.levels;
}
