// SPDX-License-Identifier: GPL-2.0
/*
 * Paging domains.
 *
 * A domain is a live domain (../common/live.c) of version 1 page tables, whose
 * members are units. A unit becomes a member with the first of its devices and
 * gives the domain an id of its own choice; one invalidation reaches all
 * devices behind it, and one more command each of those that have a device-TLB.
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
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "../common/show.h"
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

static LIST_HEAD(domains);
static DEFINE_MUTEX(domains_lock);

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

static struct amdvi_domain *live_to_domain(struct iommu_live *live)
{
	return container_of(live, struct amdvi_domain, paging.live);
}

static void add_devices(struct amdvi_member *member, struct amdvi_batch *batch,
			const struct amdvi_range *range)
{
	struct amdvi_attachment *attachment;
	struct amdvi_device *device;

	amdvi_for_each_attachment(attachment, member) {
		device = attachment->device;
		if (!READ_ONCE(device->ats) || READ_ONCE(device->ats_lost))
			continue;
		while (!amdvi_inval_add_device(batch, device->alias,
					       device->pf_id, device->ats_depth,
					       range))
			amdvi_inval_run(member->unit, batch);
	}
}

static void invalidate(struct iommu_live *live,
		       const struct iommu_pt_gather *gather)
{
	struct amdvi_range range = {
		.start = gather->start,
		.last = gather->last,
	};
	struct amdvi_member *member;

	/* Only tables that nothing leads to: whatever was cached of them */
	if (gather->start > gather->last)
		range = (struct amdvi_range){ 0, ULONG_MAX };
	iommu_live_for_each_member(member, live, member) {
		struct amdvi_batch batch;

		batch.nr = 0;
		amdvi_inval_add_range(&batch, member->domain_id, &range);
		add_devices(member, &batch, &range);
		amdvi_inval_run(member->unit, &batch);
	}
}

static const struct iommu_live_ops live_ops = {
	.invalidate = invalidate,
};

static void announce(struct iommu_paging *paging, unsigned long iova,
		     size_t length)
{
	struct amdvi_range range = { iova, iova + length - 1 };
	struct amdvi_member *member;

	iommu_live_for_each_member(member, &paging->live, member) {
		struct amdvi_batch batch;

		if (!(member->unit->cap & CAP_NP_CACHE))
			continue;
		batch.nr = 0;
		amdvi_inval_add_range(&batch, member->domain_id, &range);
		amdvi_inval_run(member->unit, &batch);
	}
}

static void mapped(struct iommu_paging *paging, unsigned long iova,
		   size_t length, int error)
{
	trace_amdvi_map(paging, iova, length, error);
}

static void unmapped(struct iommu_paging *paging, unsigned long iova,
		     size_t length, size_t bytes)
{
	trace_amdvi_unmap(paging, iova, length, bytes);
}

static const struct iommu_paging_ops paging_ops = {
	.announce = announce,
	.mapped = mapped,
	.unmapped = unmapped,
};

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
	struct amdvi_member *member;
	int index;

	/* Pairs with the one in amdvi_device_move() */
	smp_mb();
	index = iommu_live_read_lock();
	iommu_live_for_each_member(member, live, member) {
		growth.unit = member->unit;
		growth.domain_id = member->domain_id;
		amdvi_for_each_attachment(attachment, member)
			amdvi_device_visit_aliases(attachment->device,
						    grow_alias, &growth);
		amdvi_inval_run(growth.unit, &growth.batch);
	}
	iommu_live_read_unlock(index);
	trace_amdvi_grow(live_to_domain(live), root->levels);
}

static struct amdvi_member *make_member(struct amdvi_domain *domain,
					struct amdvi_unit *unit)
{
	struct iommu_live *live = &domain->paging.live;
	struct amdvi_member *member;
	int id, ret;

	if (unit->iova_bits < live->pt.iova_bits)
		return ERR_PTR(-EINVAL);
	member = kzalloc(sizeof(*member), GFP_KERNEL);
	if (!member)
		return ERR_PTR(-ENOMEM);
	id = ida_alloc_range(&unit->domain_ids, AMDVI_DOMAIN_FIRST, U16_MAX,
			     GFP_KERNEL);
	if (id < 0) {
		kfree(member);
		return ERR_PTR(id);
	}
	member->unit = unit;
	member->domain_id = id;
	INIT_LIST_HEAD(&member->devices);
	member->member.ability = unit_ability(unit);
	ret = iommu_live_join(live, &member->member);
	if (ret) {
		ida_free(&unit->domain_ids, id);
		kfree(member);
		return ERR_PTR(ret);
	}
	WRITE_ONCE(unit->nr_domains, unit->nr_domains + 1);
	return member;
}

static void shape_changed(struct amdvi_domain *domain)
{
	struct iommu_live *live = &domain->paging.live;
	unsigned long sizes = live->shape.page_sizes;

	WRITE_ONCE(domain->paging.domain.pgsize_bitmap, sizes);
	trace_amdvi_convert(domain, sizes, live->enforced);
}

static struct amdvi_member *find_member(struct amdvi_domain *domain,
					const struct amdvi_unit *unit)
{
	struct iommu_live *live = &domain->paging.live;
	struct amdvi_member *member, *found = NULL;

	mutex_lock(&live->lock);
	list_for_each_entry(member, &live->members, member.node)
		if (member->unit == unit)
			found = member;
	mutex_unlock(&live->lock);
	return found;
}

/**
 * amdvi_domain_join() - take a device's place in a domain
 * @domain: the domain
 * @unit: the device's unit, whose table_lock is held
 *
 * Return: the unit's membership, to be given back with amdvi_domain_leave(), or
 * an error with nothing changed: -EINVAL if the unit cannot be served, -ENOSPC
 * if it has no domain id left, -ENOMEM.
 */
struct amdvi_member *amdvi_domain_join(struct amdvi_domain *domain,
				       struct amdvi_unit *unit)
{
	struct amdvi_member *member;

	lockdep_assert_held(&unit->table_lock);
	/* The unit's table_lock keeps a second member of it away */
	member = find_member(domain, unit);
	if (!member) {
		member = make_member(domain, unit);
		if (IS_ERR(member))
			return member;
		shape_changed(domain);
	}
	member->users++;
	return member;
}

/**
 * amdvi_domain_leave() - give a device's place back
 * @domain: the domain
 * @member: from amdvi_domain_join(); the device's entries lead elsewhere now
 *	and what the unit had cached of them is invalidated
 */
void amdvi_domain_leave(struct amdvi_domain *domain,
			struct amdvi_member *member)
{
	struct amdvi_unit *unit = member->unit;

	lockdep_assert_held(&unit->table_lock);
	if (--member->users)
		return;
	iommu_live_leave(&domain->paging.live, &member->member);
	shape_changed(domain);
	/* The id may be used again: nothing tagged with it is left */
	amdvi_inval_domain(unit, member->domain_id);
	ida_free(&unit->domain_ids, member->domain_id);
	WRITE_ONCE(unit->nr_domains, unit->nr_domains - 1);
	kfree(member);
}

/**
 * amdvi_domain_entry() - what leads a device to a domain
 * @domain: the domain
 * @member: the place of the device's unit in it
 * @entry: translation, domain id and page table are filled in
 */
void amdvi_domain_entry(struct amdvi_domain *domain,
			const struct amdvi_member *member,
			struct amdvi_entry *entry)
{
	struct iommu_pt_root root;

	iommu_pt_root(&domain->paging.live.pt, &root);
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
bool amdvi_domain_entry_holds(struct amdvi_domain *domain,
			      const struct amdvi_entry *entry)
{
	struct iommu_pt_root root;

	iommu_pt_root(&domain->paging.live.pt, &root);
	return entry->root == root.phys && entry->levels == root.levels;
}

/**
 * amdvi_domain_unit_changed() - bring all domains of a unit into its new shape
 * @unit: a unit of which more or less is hidden than before
 */
void amdvi_domain_unit_changed(struct amdvi_unit *unit)
{
	struct iommu_ability ability = unit_ability(unit);
	struct amdvi_domain *domain;
	struct amdvi_member *member;

	mutex_lock(&domains_lock);
	mutex_lock(&unit->table_lock);
	list_for_each_entry(domain, &domains, node) {
		member = find_member(domain, unit);
		if (!member)
			continue;
		if (iommu_live_change(&domain->paging.live, &member->member,
				      &ability))
			unit_warn(unit, "no memory to convert a domain, which keeps its shape\n");
		shape_changed(domain);
	}
	mutex_unlock(&unit->table_lock);
	mutex_unlock(&domains_lock);
}

/**
 * amdvi_domain_show() - show all domains, with their members
 * @seq: where to
 */
void amdvi_domain_show(struct seq_file *seq)
{
	struct amdvi_domain *domain;
	struct amdvi_member *member;
	struct iommu_pt_root root;
	int index;

	mutex_lock(&domains_lock);
	list_for_each_entry(domain, &domains, node) {
		iommu_pt_root(&domain->paging.live.pt, &root);
		seq_printf(seq, "domain %p levels=%u ", domain, root.levels);
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

/**
 * amdvi_domain_alloc() - make an empty paging domain
 * @unit: a unit that is going to be a member; the width follows from it
 *
 * Return: the domain or an error.
 */
struct amdvi_domain *amdvi_domain_alloc(const struct amdvi_unit *unit)
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
		.nid = unit->nid,
		.root_changed = root_changed,
	};
	struct amdvi_domain *domain;
	struct iommu_domain *core;
	int ret;

	domain = kzalloc(sizeof(*domain), GFP_KERNEL_ACCOUNT);
	if (!domain)
		return ERR_PTR(-ENOMEM);
	ret = iommu_live_init(&domain->paging.live, &config, &all, &live_ops);
	if (ret) {
		kfree(domain);
		return ERR_PTR(ret);
	}
	domain->paging.ops = &paging_ops;
	core = &domain->paging.domain;
	core->ops = &amdvi_paging_ops;
	core->pgsize_bitmap = unit_ability(unit).page_sizes;
	core->geometry.aperture_end = GENMASK_ULL(unit->iova_bits - 1, 0);
	core->geometry.force_aperture = true;
	mutex_lock(&domains_lock);
	list_add_tail(&domain->node, &domains);
	mutex_unlock(&domains_lock);
	return domain;
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_domain_alloc);

static void paging_free(struct iommu_domain *core)
{
	struct amdvi_domain *domain = to_amdvi_domain(core);

	mutex_lock(&domains_lock);
	list_del(&domain->node);
	mutex_unlock(&domains_lock);
	iommu_live_destroy(&domain->paging.live);
	kfree(domain);
}

static int paging_attach_dev(struct iommu_domain *domain, struct device *dev)
{
	return amdvi_device_move(dev_iommu_priv_get(dev),
				 to_amdvi_domain(domain), AMDVI_HOST);
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
