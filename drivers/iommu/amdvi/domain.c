// SPDX-License-Identifier: GPL-2.0
/*
 * Paging domains.
 *
 * A domain is a live domain (../common/live.c) of version 1 page tables. Its
 * members are units (../common/members.c). One invalidation serves all devices
 * behind a unit; each device with a device-TLB needs one command more.
 *
 * Mapping needs no invalidation, unless a unit has NpCache: such a unit may
 * have cached that an entry was not present (section 3.2.1).
 *
 * A page table grows at its top when something is mapped beyond its reach. All
 * device table entries that lead to it get the new top before anything is
 * mapped there. A device that is attached at the same time does not miss this:
 *
 *	growing				attaching
 *	publish the new top		add the device to the member's list
 *	smp_mb()			smp_mb()
 *	for each device in the list:	write its entries with the top
 *	  write the top			smp_mb(); if the top has changed, repeat
 *
 * Either the growth finds the device in the list, or the device finds the new
 * top. A device that moves is in the lists of both domains; the domain id in
 * its entry decides which growth changes it.
 *
 * Where version 2 tables are used, a domain has a page table of x86-64 entries
 * and a guest CR3 table of one page. The first entry of the guest CR3 table is
 * for PASID 0 and for requests without PASID, and leads to the page table. Such
 * a page table does not grow, and its leaves cannot force snooping.
 */
#define pr_fmt(fmt) "amdvi: " fmt

#include <kunit/visibility.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include <compat/uninitialized.h>

#include "ability.h"
#include "attach.h"
#include "device.h"
#include "domain.h"
#include "inval.h"
#include "trace.h"
#include "unit.h"

/* Levels of a new version 1 table: 512 GiB of IOVAs */
#define LEVELS_AT_FIRST	3
/* Levels of version 2 tables, whatever the unit supports */
#define GUEST_LEVELS	4

static bool has_guest_tables(const struct iommu_paging *paging)
{
	return paging_to_amdvi(paging)->cr3;
}

/* Add a range of the device-TLBs of all devices, or bar those that are lost */
static int amdvi_domain_add_devices(struct iommu_unit_member *member,
				    struct amdvi_batch *batch,
				    const struct amdvi_range *range)
{
	struct amdvi_attachment *attachment;
	struct iommu_unit_device *device;
	int ret = 0;

	amdvi_for_each_attachment(attachment, member) {
		device = attachment->device;
		if (!READ_ONCE(device->ats))
			continue;
		if (unlikely(iommu_unit_ats_is_lost(device))) {
			ret = amdvi_device_bar(to_amdvi_device(device));
			if (ret)
				return ret;
			continue;
		}
		while (!ret && !amdvi_inval_add_device(batch, device->alias,
						       device->pf_id,
						       device->ats_depth,
						       range))
			ret = amdvi_inval_run(to_amdvi_unit(member->unit),
					      batch);
		if (ret)
			return ret;
	}
	return 0;
}

/* Always inline: every unmap calls this */
static __always_inline int
amdvi_domain_invalidate_member(struct iommu_unit_member *member,
			       const struct iommu_paging *paging,
			       const struct amdvi_range *range)
{
	struct amdvi_unit *unit = to_amdvi_unit(member->unit);
	struct amdvi_batch batch compat_uninitialized;
	unsigned int times = 0;
	int ret;

	do {
		batch.nr = 0;
		amdvi_inval_add_range(&batch, member->domain_id, range);
		ret = amdvi_domain_add_devices(member, &batch, range);
		if (!ret)
			ret = amdvi_inval_run(unit, &batch);
	} while (amdvi_inval_again(unit, &times, &ret));
	if (unlikely(ret))
		iommu_unit_cut_off(&unit->common, paging);
	return ret;
}

static void amdvi_domain_invalidate(struct iommu_live *live,
				    const struct iommu_pt_gather *gather)
{
	const struct iommu_paging *paging = container_of(live,
							 struct iommu_paging,
							 live);
	struct amdvi_range range = {
		.start = gather->start,
		.last = gather->last,
		.guest = has_guest_tables(paging),
	};
	struct iommu_unit_member *member;
	bool answers = false, fails = false;

	/* Only unlinked tables, of any range: invalidate all */
	if (gather->start > gather->last) {
		range.start = 0;
		range.last = ULONG_MAX;
	}
	iommu_live_for_each_member(member, live, member) {
		if (likely(!amdvi_domain_invalidate_member(member, paging,
							   &range)))
			answers = true;
		else
			fails = true;
	}
	if (unlikely(fails && !answers))
		WRITE_ONCE(live->lost, true);
}

static void amdvi_domain_announce(struct iommu_paging *paging,
				  unsigned long iova, size_t length)
{
	struct amdvi_range range = {
		.start = iova,
		.last = iova + length - 1,
		.guest = has_guest_tables(paging),
	};
	struct iommu_unit_member *member;

	iommu_live_for_each_member(member, &paging->live, member) {
		struct amdvi_batch batch compat_uninitialized;

		if (!(to_amdvi_unit(member->unit)->cap & CAP_NP_CACHE))
			continue;
		batch.nr = 0;
		amdvi_inval_add_range(&batch, member->domain_id, &range);
		amdvi_inval_run(to_amdvi_unit(member->unit), &batch);
	}
}

/* State while the entries of a domain get the new top */
struct growth {
	struct amdvi_unit *unit;
	u16 domain_id;
	const struct iommu_pt_root *root;
	struct amdvi_batch batch;
};

static int amdvi_grow_alias(struct device *dev, u16 alias, void *arg)
{
	struct growth *growth = arg;

	amdvi_table_set_root(growth->unit, alias, growth->domain_id,
			     growth->root);
	while (!amdvi_inval_add_entry(&growth->batch, alias))
		amdvi_inval_run(growth->unit, &growth->batch);
	return 0;
}

static void amdvi_domain_grow(struct iommu_pt *pt,
			      const struct iommu_pt_root *root)
{
	struct iommu_live *live = container_of(pt, struct iommu_live, pt);
	struct growth growth = { .root = root };
	struct amdvi_attachment *attachment;
	struct iommu_unit_member *member;
	int index;

	/* Pairs with the one in amdvi_set_domain_entries() */
	smp_mb();
	index = iommu_live_read_lock();
	iommu_live_for_each_member(member, live, member) {
		growth.unit = to_amdvi_unit(member->unit);
		growth.domain_id = member->domain_id;
		amdvi_for_each_attachment(attachment, member)
			iommu_unit_visit_aliases(attachment->device,
						 amdvi_grow_alias, &growth);
		amdvi_inval_run(growth.unit, &growth.batch);
	}
	iommu_live_read_unlock(index);
	trace_amdvi_grow(container_of(live, struct iommu_paging, live),
			 root->levels);
}

static int amdvi_domain_get_ability(const struct iommu_paging *paging,
				    const struct iommu_unit *common,
				    struct iommu_ability *ability)
{
	const struct amdvi_unit *unit = to_amdvi_unit(common);
	bool guest = has_guest_tables(paging);

	if (paging->domain.dirty_ops && !amdvi_unit_tracks_dirty(unit))
		return -EINVAL;
	if (guest != unit->guest_tables ||
	    (!guest && unit->iova_bits < paging->live.pt.iova_bits))
		return -EINVAL;
	*ability = amdvi_unit_ability(unit, guest);
	return 0;
}

static void amdvi_domain_invalidate_unit(struct iommu_paging *paging,
					 struct iommu_unit_member *member)
{
	amdvi_inval_domain(to_amdvi_unit(member->unit), member->domain_id,
			   has_guest_tables(paging));
}

static void amdvi_domain_track(struct iommu_unit_device *device, bool enable)
{
	amdvi_device_refresh(to_amdvi_device(device));
}

static const char *amdvi_domain_get_kind(const struct iommu_paging *paging)
{
	return has_guest_tables(paging) ? "guest" : "host";
}

static const struct iommu_paging_ops paging_ops = {
	.live.invalidate = amdvi_domain_invalidate,
	.core = &amdvi_paging_ops,
	.announce = amdvi_domain_announce,
	.ability = amdvi_domain_get_ability,
	.forget = amdvi_domain_invalidate_unit,
	.track = amdvi_domain_track,
	.kind = amdvi_domain_get_kind,
};

static void configure_host(const struct amdvi_unit *unit,
			   struct iommu_pt_config *config)
{
	config->format = &iommu_pt_amdv1;
	config->levels = LEVELS_AT_FIRST;
	config->iova_bits = unit->iova_bits;
	config->root_changed = amdvi_domain_grow;
}

static int make_cr3_table(struct amdvi_domain *domain,
			  const struct amdvi_unit *unit)
{
	struct page *page = alloc_pages_node(unit->nid, GFP_KERNEL_ACCOUNT |
					     __GFP_ZERO, 0);

	if (!page)
		return -ENOMEM;
	domain->cr3 = page_address(page);
	return 0;
}

static void amdvi_domain_free(struct amdvi_domain *domain)
{
	free_page((unsigned long)domain->cr3);
	kfree(domain);
}

/**
 * amdvi_domain_alloc() - allocate an empty paging domain
 * @unit: a unit that will be a member; decides the kind of tables and the width
 * @flags: IOMMU_PT_DIRTY for a domain that can track dirty pages, or 0
 *
 * Return: the domain or an error: -EOPNOTSUPP if the unit does not support
 * @flags, -ENOMEM.
 */
struct iommu_paging *amdvi_domain_alloc(const struct amdvi_unit *unit,
					unsigned int flags)
{
	struct iommu_ability most = amdvi_full_ability(unit->guest_tables);
	struct iommu_ability now = amdvi_unit_ability(unit, unit->guest_tables);
	struct iommu_pt_config config = {
		.format = &iommu_pt_x86_64,
		.levels = GUEST_LEVELS,
		.page_sizes = now.page_sizes,
		.flags = flags,
		.nid = unit->nid,
	};
	struct amdvi_domain *domain;
	struct iommu_pt_root root;
	int ret = 0;

	if (flags & IOMMU_PT_DIRTY && !amdvi_unit_tracks_dirty(unit))
		return ERR_PTR(-EOPNOTSUPP);
	domain = kzalloc(sizeof(*domain), GFP_KERNEL_ACCOUNT);
	if (!domain)
		return ERR_PTR(-ENOMEM);
	if (unit->guest_tables)
		ret = make_cr3_table(domain, unit);
	else
		configure_host(unit, &config);
	if (!ret)
		ret = iommu_paging_init(&domain->paging, &config, &most,
					&paging_ops);
	if (ret) {
		amdvi_domain_free(domain);
		return ERR_PTR(ret);
	}
	if (domain->cr3) {
		iommu_pt_root(&domain->paging.live.pt, &root);
		domain->cr3[0] = (root.phys & CR3_ROOT) | CR3_V;
	}
	return &domain->paging;
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_domain_alloc);

static void amdvi_domain_free_core(struct iommu_domain *domain)
{
	struct iommu_paging *paging = to_iommu_paging(domain);

	iommu_paging_destroy(paging);
	amdvi_domain_free(paging_to_amdvi(paging));
}

static int amdvi_domain_attach_dev(struct iommu_domain *domain,
				   struct device *dev)
{
	return amdvi_device_move(dev_to_amdvi(dev), to_iommu_paging(domain),
				 AMDVI_HOST);
}

const struct iommu_domain_ops amdvi_paging_ops = {
	.attach_dev = amdvi_domain_attach_dev,
	.map_pages = iommu_paging_map_pages,
	.unmap_pages = iommu_paging_unmap_pages,
	.iotlb_sync_map = iommu_paging_iotlb_sync_map,
	.iotlb_sync = iommu_paging_iotlb_sync,
	.flush_iotlb_all = iommu_paging_flush_iotlb_all,
	.iova_to_phys = iommu_paging_iova_to_phys,
	.enforce_cache_coherency = iommu_paging_enforce_cache_coherency,
	.free = amdvi_domain_free_core,
};

/**
 * amdvi_domain_init() - register the run interface
 *
 * Return: 0 or an error.
 */
int amdvi_domain_init(void)
{
	return iommu_run_ops_register(&amdvi_paging_ops, &iommu_paging_run_ops);
}

/**
 * amdvi_domain_exit() - unregister the run interface
 */
void amdvi_domain_exit(void)
{
	iommu_run_ops_unregister(&amdvi_paging_ops);
}
