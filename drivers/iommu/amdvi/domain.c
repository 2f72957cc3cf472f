// SPDX-License-Identifier: GPL-2.0
/*
 * Paging domains.
 *
 * A domain is a live domain (../common/live.c) of version 1 page tables, whose
 * members are units (../common/members.c). One invalidation reaches all devices
 * behind a unit, and one more command each of those that have a device-TLB.
 *
 * Mapping invalidates nothing, unless a unit has NpCache: it may have cached
 * that an entry was not present (section 3.2.1).
 *
 * The top of a page table grows when something is mapped beyond its reach. Then
 * every device table entry that leads to it gets the new top, before anything
 * is mapped there. A device is in its member's list before its entry is made,
 * and looks for the top again after: so either the growth finds the device, or
 * the device finds the growth. A device that moves is in the lists of both
 * domains; its entry tells by the domain id whose growth concerns it.
 */
#define pr_fmt(fmt) "amdvi: " fmt

#include <kunit/visibility.h>
#include <linux/slab.h>

#include "device.h"
#include "domain.h"
#include "inval.h"
#include "trace.h"
#include "unit.h"

/*
 * Entry sizes of version 1 tables: each power of two, but some units do not
 * walk an entry of 512 GiB, and none needs larger ones.
 */
#define PAGE_SIZES	GENMASK_ULL(38, 12)
/* 512 GiB of IOVAs to begin with */
#define LEVELS_AT_FIRST	3

static struct iommu_ability unit_ability(const struct amdvi_unit *unit)
{
	struct iommu_ability ability = {
		.page_sizes = PAGE_SIZES,
		/* All page walks snoop, and all leaves force snooping */
		.coherent = true,
		.snoop = true,
	};

	if (READ_ONCE(unit->hidden) & AMDVI_HIDE_SUPERPAGES)
		ability.page_sizes = SZ_4K;
	return ability;
}

static void add_devices(struct iommu_unit_member *member,
			struct amdvi_batch *batch,
			const struct amdvi_range *range)
{
	struct amdvi_attachment *attachment;
	struct iommu_unit_device *device;

	amdvi_for_each_attachment(attachment, member) {
		device = attachment->device;
		if (!READ_ONCE(device->ats) || READ_ONCE(device->ats_lost))
			continue;
		while (!amdvi_inval_add_device(batch, device->alias,
					       device->pf_id, device->ats_depth,
					       range))
			amdvi_inval_run(to_amdvi_unit(member->unit), batch);
	}
}

static void invalidate(struct iommu_live *live,
		       const struct iommu_pt_gather *gather)
{
	struct amdvi_range range = {
		.start = gather->start,
		.last = gather->last,
	};
	struct iommu_unit_member *member;

	/* Only tables that nothing leads to: whatever was cached of them */
	if (gather->start > gather->last)
		range = (struct amdvi_range){ 0, ULONG_MAX };
	iommu_live_for_each_member(member, live, member) {
		struct amdvi_batch batch;

		batch.nr = 0;
		amdvi_inval_add_range(&batch, member->domain_id, &range);
		add_devices(member, &batch, &range);
		amdvi_inval_run(to_amdvi_unit(member->unit), &batch);
	}
}

static void announce(struct iommu_paging *paging, unsigned long iova,
		     size_t length)
{
	struct amdvi_range range = { iova, iova + length - 1 };
	struct iommu_unit_member *member;

	iommu_live_for_each_member(member, &paging->live, member) {
		struct amdvi_batch batch;

		if (!(to_amdvi_unit(member->unit)->cap & CAP_NP_CACHE))
			continue;
		batch.nr = 0;
		amdvi_inval_add_range(&batch, member->domain_id, &range);
		amdvi_inval_run(to_amdvi_unit(member->unit), &batch);
	}
}

/* One source-id's entry gets the new top */
struct growth {
	struct amdvi_unit *unit;
	u16 domain_id;
	const struct iommu_pt_root *root;
	struct amdvi_batch batch;
};

static int grow_alias(struct device *dev, u16 alias, void *arg)
{
	struct growth *growth = arg;

	amdvi_table_set_root(growth->unit, alias, growth->domain_id,
			     growth->root);
	while (!amdvi_inval_add_entry(&growth->batch, alias))
		amdvi_inval_run(growth->unit, &growth->batch);
	return 0;
}

static void root_changed(struct iommu_pt *pt, const struct iommu_pt_root *root)
{
	struct iommu_live *live = container_of(pt, struct iommu_live, pt);
	struct growth growth = { .root = root };
	struct amdvi_attachment *attachment;
	struct iommu_unit_member *member;
	int index;

	/* Pairs with the one in amdvi_device_move() */
	smp_mb();
	index = iommu_live_read_lock();
	iommu_live_for_each_member(member, live, member) {
		growth.unit = to_amdvi_unit(member->unit);
		growth.domain_id = member->domain_id;
		amdvi_for_each_attachment(attachment, member)
			iommu_unit_visit_aliases(attachment->device, grow_alias,
						 &growth);
		amdvi_inval_run(growth.unit, &growth.batch);
	}
	iommu_live_read_unlock(index);
	trace_amdvi_grow(container_of(live, struct iommu_paging, live),
			 root->levels);
}

static int get_ability(const struct iommu_paging *domain,
		       const struct iommu_unit *common,
		       struct iommu_ability *ability)
{
	const struct amdvi_unit *unit = to_amdvi_unit(common);

	if (unit->iova_bits < domain->live.pt.iova_bits)
		return -EINVAL;
	*ability = unit_ability(unit);
	return 0;
}

static void forget(struct iommu_paging *domain,
		   struct iommu_unit_member *member)
{
	amdvi_inval_domain(to_amdvi_unit(member->unit), member->domain_id);
}

static const char *get_kind(const struct iommu_paging *domain)
{
	return "host";
}

static const struct iommu_paging_ops paging_ops = {
	.live.invalidate = invalidate,
	.core = &amdvi_paging_ops,
	.announce = announce,
	.ability = get_ability,
	.forget = forget,
	.kind = get_kind,
};

/**
 * amdvi_domain_entry() - what leads a device to a domain
 * @domain: the domain
 * @member: the place of the device's unit in it
 * @entry: translation, domain id and page table are filled in
 */
void amdvi_domain_entry(struct iommu_paging *domain,
			const struct iommu_unit_member *member,
			struct amdvi_entry *entry)
{
	struct iommu_pt_root root;

	iommu_pt_root(&domain->live.pt, &root);
	entry->translation = AMDVI_HOST;
	entry->domain_id = member->domain_id;
	entry->root = root.phys;
	entry->levels = root.levels;
}

/**
 * amdvi_domain_entry_holds() - does an entry still lead to the whole domain?
 * @domain: the domain
 * @entry: from amdvi_domain_entry()
 *
 * Return: false if the page table has another top now.
 */
bool amdvi_domain_entry_holds(struct iommu_paging *domain,
			      const struct amdvi_entry *entry)
{
	struct iommu_pt_root root;

	iommu_pt_root(&domain->live.pt, &root);
	return entry->root == root.phys && entry->levels == root.levels;
}

/**
 * amdvi_domain_alloc() - make an empty paging domain
 * @unit: a unit that is going to be a member; the width follows from it
 *
 * Return: the domain or an error.
 */
struct iommu_paging *amdvi_domain_alloc(const struct amdvi_unit *unit)
{
	static const struct iommu_ability all = {
		.page_sizes = PAGE_SIZES,
		.coherent = true,
		.snoop = true,
	};
	const struct iommu_pt_config config = {
		.format = &iommu_pt_amdv1,
		.levels = LEVELS_AT_FIRST,
		.iova_bits = unit->iova_bits,
		.page_sizes = unit_ability(unit).page_sizes,
		.nid = unit->nid,
		.root_changed = root_changed,
	};
	struct iommu_paging *domain;
	int ret;

	domain = kzalloc(sizeof(*domain), GFP_KERNEL_ACCOUNT);
	if (!domain)
		return ERR_PTR(-ENOMEM);
	ret = iommu_paging_init(domain, &config, &all, &paging_ops);
	if (ret) {
		kfree(domain);
		return ERR_PTR(ret);
	}
	return domain;
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_domain_alloc);

static void paging_free(struct iommu_domain *core)
{
	struct iommu_paging *domain = to_iommu_paging(core);

	iommu_paging_destroy(domain);
	kfree(domain);
}

static int paging_attach_dev(struct iommu_domain *domain, struct device *dev)
{
	return amdvi_device_move(to_amdvi_device(dev_iommu_priv_get(dev)),
				 to_iommu_paging(domain), AMDVI_HOST);
}

const struct iommu_domain_ops amdvi_paging_ops = {
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
 * amdvi_domain_init() - offer the run interface
 *
 * Return: 0 or an error.
 */
int amdvi_domain_init(void)
{
	return iommu_run_ops_register(&amdvi_paging_ops, &iommu_paging_run_ops);
}

/**
 * amdvi_domain_exit() - take it back
 */
void amdvi_domain_exit(void)
{
	iommu_run_ops_unregister(&amdvi_paging_ops);
}
