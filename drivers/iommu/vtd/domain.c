// SPDX-License-Identifier: GPL-2.0
/*
 * Paging domains.
 *
 * A domain is a live domain (../common/live.c) whose members are units. A unit
 * becomes a member with the first of its devices and gives the domain an id of
 * its own choice; one invalidation reaches all devices behind it, and one more
 * descriptor each of those that have a device-TLB.
 *
 * Mapping invalidates nothing, unless a unit is in caching mode, which may
 * have cached that an entry was not present (section 6.1), or has a write
 * buffer to flush.
 *
 * Mapping and unmapping themselves are in ../common/paging.c.
 */
#define pr_fmt(fmt) "vtd: " fmt

#include <linux/seq_file.h>
#include <linux/slab.h>

#include <compat/uninitialized.h>

#include "../common/show.h"
#include "device.h"
#include "domain.h"
#include "inval.h"
#include "params.h"
#include "trace.h"
#include "unit.h"

static LIST_HEAD(domains);
static DEFINE_MUTEX(domains_lock);

/**
 * vtd_unit_ability() - what a unit can do for a domain
 * @unit: the unit
 *
 * Return: its ability, less what is hidden.
 */
struct iommu_ability vtd_unit_ability(const struct vtd_unit *unit)
{
	unsigned long hidden = READ_ONCE(unit->hidden);
	struct iommu_ability ability = {
		.page_sizes = SZ_4K,
		.coherent = unit->ecap & ECAP_C &&
			    !(hidden & VTD_HIDE_COHERENCY),
		.snoop = unit->ecap & ECAP_SC && !(hidden & VTD_HIDE_SNOOP),
	};

	if (hidden & VTD_HIDE_SUPERPAGES)
		return ability;
	if (unit->cap & CAP_SSLPS_2M)
		ability.page_sizes |= SZ_2M;
	if (unit->cap & CAP_SSLPS_1G)
		ability.page_sizes |= SZ_1G;
	return ability;
}

/**
 * vtd_unit_first_stage() - does a unit walk first-stage tables?
 * @unit: the unit
 *
 * Return: true if so.
 */
bool vtd_unit_first_stage(const struct vtd_unit *unit)
{
	return unit->scalable && unit->ecap & ECAP_FSTS;
}

/* First-stage entries of 1 GiB have a capability of their own */
static struct iommu_ability first_stage_ability(const struct vtd_unit *unit)
{
	struct iommu_ability ability = vtd_unit_ability(unit);

	if (unit->hidden & VTD_HIDE_SUPERPAGES)
		return ability;
	ability.page_sizes = SZ_4K | SZ_2M;
	if (unit->cap & CAP_FS1GP)
		ability.page_sizes |= SZ_1G;
	return ability;
}

static struct iommu_ability ability_for(const struct vtd_domain *domain,
					const struct vtd_unit *unit)
{
	return domain->first_stage ? first_stage_ability(unit) :
				     vtd_unit_ability(unit);
}

/* Send a batch; devices that time out leave the next attempt by themselves */
static void add_devices(struct vtd_member *member, struct vtd_batch *batch,
			const struct vtd_range *range)
{
	struct vtd_device *device;

	list_for_each_entry_srcu(device, &member->ats, ats_node,
				 iommu_live_read_held()) {
		if (READ_ONCE(device->ats_lost))
			continue;
		if (vtd_inval_add_device(batch, device->source_id,
					 device->pf_id, device->ats_depth,
					 range))
			continue;
		/* In its own request, behind the IOTLB's */
		vtd_inval_run(member->unit, batch);
		batch->nr = 0;
		vtd_inval_add_device(batch, device->source_id, device->pf_id,
				     device->ats_depth, range);
	}
}

static void invalidate_member(struct vtd_domain *domain,
			      struct vtd_member *member,
			      const struct vtd_range *range)
{
	struct vtd_batch batch compat_uninitialized;
	int ret;

	do {
		batch.nr = 0;
		vtd_inval_add_range(member->unit, &batch, member->domain_id,
				    domain->first_stage, range);
		add_devices(member, &batch, range);
		ret = vtd_inval_run(member->unit, &batch);
	} while (ret == -EAGAIN);
}

static void invalidate(struct iommu_live *live,
		       const struct iommu_pt_gather *gather)
{
	struct vtd_domain *domain = container_of(live, struct vtd_domain,
						 paging.live);
	struct vtd_range range = {
		.start = gather->start,
		.last = gather->last,
		.upper = gather->tables,
	};
	struct vtd_member *member;

	if (gather->start > gather->last) {
		range.start = 0;
		range.last = ULONG_MAX;
	}
	iommu_live_for_each_member(member, live, member)
		invalidate_member(domain, member, &range);
}

static const struct iommu_live_ops live_ops = {
	.invalidate = invalidate,
};

/* What was not present before is now */
static void announce(struct iommu_paging *paging, unsigned long iova,
		     size_t length)
{
	struct vtd_domain *domain = to_vtd_domain(&paging->domain);
	struct vtd_range range = {
		.start = iova,
		.last = iova + length - 1,
		.upper = true,
	};
	struct vtd_batch batch compat_uninitialized;
	struct vtd_member *member;

	iommu_live_for_each_member(member, &paging->live, member) {
		batch.nr = 0;
		vtd_unit_flush_write_buffer(member->unit);
		if (!(member->unit->cap & CAP_CM))
			continue;
		vtd_inval_add_range(member->unit, &batch, member->domain_id,
				    domain->first_stage, &range);
		while (vtd_inval_run(member->unit, &batch) == -EAGAIN)
			;
	}
}

static void mapped(struct iommu_paging *paging, unsigned long iova,
		   size_t length, int error)
{
	trace_vtd_map(paging, iova, length, error);
}

static void unmapped(struct iommu_paging *paging, unsigned long iova,
		     size_t length, size_t unmapped)
{
	trace_vtd_unmap(paging, iova, length, unmapped);
}

static const struct iommu_paging_ops paging_ops = {
	.announce = announce,
	.mapped = mapped,
	.unmapped = unmapped,
};

/* Can the unit walk tables of this kind and depth? */
static bool suits(const struct vtd_domain *domain, const struct vtd_unit *unit)
{
	if (domain->first_stage)
		return vtd_unit_first_stage(unit);
	if (unit->scalable && !(unit->ecap & ECAP_SSTS))
		return false;
	return vtd_unit_levels(unit) & BIT(domain->levels) &&
	       vtd_unit_width(unit) >= domain->paging.live.iova_bits;
}

static struct vtd_member *make_member(struct vtd_domain *domain,
				      struct vtd_unit *unit)
{
	unsigned int ids = 1U << (4 + 2 * FIELD_GET(CAP_ND, unit->cap));
	struct vtd_member *member;
	int id, ret;

	if (!suits(domain, unit))
		return ERR_PTR(-EINVAL);
	member = kzalloc(sizeof(*member), GFP_KERNEL);
	if (!member)
		return ERR_PTR(-ENOMEM);
	id = ida_alloc_range(&unit->domain_ids, VTD_DOMAIN_FIRST, ids - 1,
			     GFP_KERNEL);
	if (id < 0) {
		kfree(member);
		return ERR_PTR(id);
	}
	member->unit = unit;
	member->domain_id = id;
	INIT_LIST_HEAD(&member->ats);
	member->member.ability = ability_for(domain, unit);
	ret = iommu_live_join(&domain->paging.live, &member->member);
	if (ret) {
		ida_free(&unit->domain_ids, id);
		kfree(member);
		return ERR_PTR(ret);
	}
	unit->domains_used++;
	return member;
}

static void shape_changed(struct vtd_domain *domain)
{
	unsigned long sizes = domain->paging.live.shape.page_sizes;

	WRITE_ONCE(domain->paging.domain.pgsize_bitmap, sizes);
	trace_vtd_convert(domain, sizes, domain->paging.live.shape.coherent,
			  domain->paging.live.shape.snoop, domain->paging.live.enforced);
}

/**
 * vtd_domain_join() - take a device's place in a domain
 * @domain: the domain
 * @unit: the device's unit, whose table_lock is held
 *
 * Return: the unit's membership, to be given back with vtd_domain_leave(), or
 * an error with nothing changed: -EINVAL if the unit cannot be served, -ENOSPC
 * if it has no domain id left, -ENOMEM.
 */
struct vtd_member *vtd_domain_join(struct vtd_domain *domain,
				   struct vtd_unit *unit)
{
	struct vtd_member *member;

	lockdep_assert_held(&unit->table_lock);
	mutex_lock(&domain->paging.live.lock);
	list_for_each_entry(member, &domain->paging.live.members, member.node) {
		if (member->unit == unit) {
			member->users++;
			mutex_unlock(&domain->paging.live.lock);
			return member;
		}
	}
	mutex_unlock(&domain->paging.live.lock);
	/* The unit's table_lock keeps a second member of it away */
	member = make_member(domain, unit);
	if (!IS_ERR(member)) {
		member->users = 1;
		shape_changed(domain);
	}
	return member;
}

/**
 * vtd_domain_leave() - give a device's place back
 * @domain: the domain
 * @member: from vtd_domain_join(); the device's entries lead elsewhere now and
 *	what the unit had cached of them is invalidated
 */
void vtd_domain_leave(struct vtd_domain *domain, struct vtd_member *member)
{
	struct vtd_unit *unit = member->unit;

	lockdep_assert_held(&unit->table_lock);
	if (--member->users)
		return;
	iommu_live_leave(&domain->paging.live, &member->member);
	shape_changed(domain);
	/* The id may be used again: nothing tagged with it is left */
	vtd_inval_domain(unit, member->domain_id, domain->first_stage);
	ida_free(&unit->domain_ids, member->domain_id);
	unit->domains_used--;
	kfree(member);
}

/**
 * vtd_domain_unit_changed() - bring all domains of a unit into its new shape
 * @unit: a unit of which more or less is hidden than before
 *
 * A domain that cannot follow, because snooping is enforced, keeps its shape;
 * the log says so.
 */
void vtd_domain_unit_changed(struct vtd_unit *unit)
{
	struct iommu_ability ability;
	struct vtd_member *member;
	struct vtd_domain *domain;

	mutex_lock(&domains_lock);
	mutex_lock(&unit->table_lock);
	list_for_each_entry(domain, &domains, node) {
		struct vtd_member *found = NULL;

		mutex_lock(&domain->paging.live.lock);
		list_for_each_entry(member, &domain->paging.live.members, member.node)
			if (member->unit == unit)
				found = member;
		mutex_unlock(&domain->paging.live.lock);
		if (!found)
			continue;
		ability = ability_for(domain, unit);
		if (iommu_live_change(&domain->paging.live, &found->member, &ability))
			unit_warn(unit, "a domain that enforces snooping keeps its shape\n");
		shape_changed(domain);
	}
	mutex_unlock(&unit->table_lock);
	mutex_unlock(&domains_lock);
}

/**
 * vtd_domain_show() - show all domains, with their members
 * @seq: where to
 */
void vtd_domain_show(struct seq_file *seq)
{
	struct vtd_member *member;
	struct vtd_domain *domain;
	int index;

	mutex_lock(&domains_lock);
	list_for_each_entry(domain, &domains, node) {
		seq_printf(seq, "domain %p %s levels=%u ", domain,
			   domain->first_stage ? "first-stage" : "second-stage",
			   domain->levels);
		iommu_show_shape(seq, &domain->paging.live);
		index = iommu_live_read_lock();
		iommu_live_for_each_member(member, &domain->paging.live,
					   member) {
			seq_printf(seq, "\t%s id=%u devices=%u ",
				   member->unit->name, member->domain_id,
				   READ_ONCE(member->users));
			iommu_show_ability(seq, &member->member.ability);
			seq_putc(seq, '\n');
		}
		iommu_live_read_unlock(index);
	}
	mutex_unlock(&domains_lock);
}

static unsigned int pick_levels(const struct vtd_unit *unit, unsigned int most)
{
	unsigned int levels = vtd_unit_levels(unit) & GENMASK(most, 0);

	return levels ? fls(levels) - 1 : 0;
}

/* A page table that the unit can walk as it is */
static void configure(const struct vtd_domain *domain,
		      const struct vtd_unit *unit,
		      struct iommu_pt_config *config)
{
	struct iommu_ability ability = ability_for(domain, unit);

	config->page_sizes = ability.page_sizes;
	if (!ability.coherent)
		config->flags = IOMMU_PT_NONCOHERENT;
	if (domain->first_stage) {
		config->format = &iommu_pt_x86_64;
		config->levels = 4;
		return;
	}
	config->format = &iommu_pt_vtdss;
	/* 5 levels only where fewer do not do: each costs a walk step */
	config->levels = pick_levels(unit, 4) ?: pick_levels(unit, 5);
	config->iova_bits = min(vtd_unit_width(unit),
				12 + 9 * config->levels);
}

/**
 * vtd_domain_alloc() - make an empty paging domain
 * @unit: a unit that is going to be a member; the width follows from it
 *
 * Return: the domain or an error.
 */
struct vtd_domain *vtd_domain_alloc(const struct vtd_unit *unit)
{
	static const struct iommu_ability all = {
		.page_sizes = SZ_4K | SZ_2M | SZ_1G,
		.coherent = true,
		.snoop = true,
	};
	struct iommu_pt_config config = { .nid = unit->nid };
	struct vtd_domain *domain;
	int ret;

	domain = kzalloc(sizeof(*domain), GFP_KERNEL_ACCOUNT);
	if (!domain)
		return ERR_PTR(-ENOMEM);
	domain->first_stage = vtd_unit_first_stage(unit) &&
			      (!(unit->ecap & ECAP_SSTS) ||
			       vtd_params_first_stage());
	configure(domain, unit, &config);
	domain->levels = config.levels;
	ret = iommu_live_init(&domain->paging.live, &config, &all, &live_ops);
	if (ret) {
		kfree(domain);
		return ERR_PTR(ret);
	}
	domain->paging.ops = &paging_ops;
	domain->paging.domain.ops = &vtd_paging_ops;
	domain->paging.domain.pgsize_bitmap = config.page_sizes;
	domain->paging.domain.geometry.aperture_start = 0;
	domain->paging.domain.geometry.aperture_end =
		GENMASK_ULL(domain->paging.live.iova_bits - 1, 0);
	domain->paging.live.snoop_outside = domain->first_stage;
	domain->paging.domain.geometry.force_aperture = true;
	mutex_lock(&domains_lock);
	list_add_tail(&domain->node, &domains);
	mutex_unlock(&domains_lock);
	return domain;
}

/**
 * vtd_domain_free() - free a domain to which nothing is attached
 * @domain: the domain
 */
void vtd_domain_free(struct vtd_domain *domain)
{
	mutex_lock(&domains_lock);
	list_del(&domain->node);
	mutex_unlock(&domains_lock);
	iommu_live_destroy(&domain->paging.live);
	kfree(domain);
}

static void paging_free(struct iommu_domain *domain)
{
	vtd_domain_free(to_vtd_domain(domain));
}

static int paging_attach_dev(struct iommu_domain *domain, struct device *dev)
{
	struct vtd_domain *vdomain = to_vtd_domain(domain);
	struct vtd_entry entry = {
		.translation = vdomain->first_stage ? VTD_FIRST_STAGE :
						      VTD_SECOND_STAGE,
		.levels = vdomain->levels,
	};

	return vtd_device_move(dev_iommu_priv_get(dev), vdomain, &entry);
}

const struct iommu_domain_ops vtd_paging_ops = {
	.attach_dev = paging_attach_dev,
	.map_pages = iommu_paging_map_pages,
	.unmap_pages = iommu_paging_unmap_pages,
	.iotlb_sync_map = iommu_paging_iotlb_sync_map,
	.iotlb_sync = iommu_paging_iotlb_sync,
	.flush_iotlb_all = iommu_paging_flush_iotlb_all,
	.iova_to_phys = iommu_paging_iova_to_phys,
	.enforce_cache_coherency = iommu_paging_enforce_cache_coherency,
	.free = paging_free,
};

/**
 * vtd_domain_init() - offer the run interface
 *
 * Return: 0 or an error.
 */
int vtd_domain_init(void)
{
	return iommu_run_ops_register(&vtd_paging_ops,
				      &iommu_paging_run_ops);
}

/**
 * vtd_domain_exit() - take it back
 */
void vtd_domain_exit(void)
{
	iommu_run_ops_unregister(&vtd_paging_ops);
}
