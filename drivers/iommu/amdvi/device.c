// SPDX-License-Identifier: GPL-2.0
/*
 * A device behind a unit, and the operations that the IOMMU core calls.
 *
 * A device presents one source-id of its own; bridges between it and the unit,
 * or the IVRS table, may have others presented for it. All of them get the same
 * entry. A device always has one: translating through a domain, passing
 * through, or blocked; it goes from one to the next by one write for each
 * source-id, after which the former one is invalidated. Joining the new domain
 * comes before, leaving the old one after.
 *
 * A device-TLB is on only while a device is attached to a paging domain. It is
 * switched on after the entry permits it, and off before it does not any more.
 *
 * Devices that have a driver when this module loads do DMA to physical
 * addresses. Before translation starts every device passes through, so that
 * nothing changes for it; the core then gives each its domain, and those in
 * use keep passing through.
 *
 * Locks: the unit's table_lock over everything that attaches.
 */
#define pr_fmt(fmt) "amdvi: " fmt

#include <kunit/visibility.h>
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/pci-ats.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "ability.h"
#include "debugfs.h"
#include "device.h"
#include "domain.h"
#include "inval.h"
#include "unit.h"

#include <uapi/linux/iommufd.h>

/* What setting the entries of a device's source-ids needs to know */
struct setting {
	struct amdvi_unit *unit;
	const struct amdvi_entry *entry;
	u16 old_domain_id;
	struct amdvi_batch batch;
};

static void invalidate_former(struct setting *setting)
{
	if (setting->old_domain_id == IOMMU_UNIT_ID_NONE)
		return;
	if (setting->batch.nr + 2 > AMDVI_BATCH_MAX)
		amdvi_inval_run(setting->unit, &setting->batch);
	amdvi_inval_add_domain(&setting->batch, setting->old_domain_id, false);
	/* The entry that is gone does not tell what it led to */
	if (setting->unit->guest_tables)
		amdvi_inval_add_domain(&setting->batch,
				       setting->old_domain_id, true);
}

static int set_alias(struct device *dev, u16 alias, void *arg)
{
	struct setting *setting = arg;
	u16 old;

	amdvi_table_set(setting->unit, alias, setting->entry, &old);
	while (!amdvi_inval_add_entry(&setting->batch, alias))
		amdvi_inval_run(setting->unit, &setting->batch);
	/* Mostly all have had the same: once, behind the entries */
	if (old != IOMMU_UNIT_ID_NONE && old != setting->old_domain_id) {
		invalidate_former(setting);
		setting->old_domain_id = old;
	}
	return 0;
}

static void set_entries(struct amdvi_device *device,
			const struct amdvi_entry *entry)
{
	struct amdvi_unit *unit = to_amdvi_unit(device->common.unit);
	struct setting setting = { unit, entry };

	lockdep_assert_held(&unit->common.table_lock);
	iommu_unit_visit_aliases(&device->common, set_alias, &setting);
	invalidate_former(&setting);
	amdvi_inval_run(unit, &setting.batch);
}

/* Set the entries; if the page table grew meanwhile, again */
static void set_domain_entries(struct amdvi_device *device,
			       struct iommu_paging *domain,
			       const struct iommu_unit_member *member,
			       struct amdvi_entry *entry)
{
	do {
		/* Pairs with the one in root_changed() */
		smp_mb();
		amdvi_domain_entry(domain, member, entry);
		set_entries(device, entry);
		/* The entries are there before looking again */
		smp_mb();
	} while (!amdvi_domain_entry_holds(domain, entry));
}

static void flush_device_tlb(const struct iommu_unit_device *device)
{
	struct amdvi_range all = {
		.last = ULONG_MAX,
		.guest = to_amdvi_unit(device->unit)->guest_tables,
	};
	struct amdvi_batch batch = { };

	amdvi_inval_add_device(&batch, device->alias, device->pf_id,
			       device->ats_depth, &all);
	amdvi_inval_run(to_amdvi_unit(device->unit), &batch);
}

static void ats_off(struct iommu_unit_device *device)
{
	if (!device->ats)
		return;
	WRITE_ONCE(device->ats, false);
	iommu_live_synchronize();
	if (!READ_ONCE(device->ats_lost))
		flush_device_tlb(device);
	pci_disable_ats(to_pci_dev(device->dev));
}

static void ats_on(struct iommu_unit_device *device)
{
	if (pci_enable_ats(to_pci_dev(device->dev), PAGE_SHIFT))
		return;
	WRITE_ONCE(device->ats, true);
	/* An unmap just before did not reach what it has cached already */
	smp_mb();
	flush_device_tlb(device);
}

static void detach(struct iommu_paging *domain,
		   struct iommu_unit_member *member,
		   struct amdvi_attachment *attachment)
{
	list_del_rcu(&attachment->node);
	iommu_live_synchronize();
	kfree(attachment);
	iommu_paging_leave(domain, member);
}

static int attach(struct iommu_unit_device *device, struct iommu_paging *domain,
		  struct iommu_unit_member **member,
		  struct amdvi_attachment **attachment)
{
	struct amdvi_attachment *new = kzalloc(sizeof(*new), GFP_KERNEL);

	if (!new)
		return -ENOMEM;
	*member = iommu_paging_join(domain, device->unit);
	if (IS_ERR(*member)) {
		kfree(new);
		return PTR_ERR(*member);
	}
	new->device = device;
	list_add_rcu(&new->node, &(*member)->devices);
	*attachment = new;
	return 0;
}

/**
 * amdvi_device_move() - move a device from one translation to another
 * @device: the device
 * @domain: the paging domain it goes to, or NULL
 * @translation: without a domain, blocked or passing through
 *
 * Context: may sleep.
 * Return: 0, or an error with the device where it was: -EINVAL if the domain
 * does not suit the device's unit, -ENOMEM, -ENOSPC, -EIO.
 */
int amdvi_device_move(struct amdvi_device *device, struct iommu_paging *domain,
		      enum amdvi_translation translation)
{
	struct iommu_unit_device *common = &device->common;
	struct amdvi_attachment *old_attachment = device->attachment;
	struct iommu_unit_member *old_member = common->member, *member = NULL;
	struct iommu_paging *old_domain = common->domain;
	struct amdvi_attachment *attachment = NULL;
	struct iommu_unit *unit = common->unit;
	struct amdvi_entry entry = { .translation = translation };
	int ret = 0;

	if (READ_ONCE(unit->dead) && translation != AMDVI_BLOCKED)
		return -EIO;
	mutex_lock(&unit->table_lock);
	if (domain) {
		ret = attach(common, domain, &member, &attachment);
		if (ret)
			goto out;
	}
	entry.quiet = common->quiet;
	ats_off(common);
	if (domain) {
		entry.iotlb = common->ats_supported &&
			      !READ_ONCE(common->ats_lost);
		set_domain_entries(device, domain, member, &entry);
	} else {
		if (translation == AMDVI_PASS_THROUGH)
			entry.domain_id = IOMMU_UNIT_ID_PASS;
		set_entries(device, &entry);
	}
	device->entry = entry;
	common->member = member;
	device->attachment = attachment;
	WRITE_ONCE(common->domain, domain);
	if (entry.iotlb)
		ats_on(common);
	if (old_domain)
		detach(old_domain, old_member, old_attachment);
out:
	mutex_unlock(&unit->table_lock);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_device_move);

/**
 * amdvi_device_refresh() - the domain of a device has another state
 * @device: a device in a paging domain
 *
 * Its entries are written again. What was cached of them and below goes, in its
 * device-TLB too, which may hold permission to write without a note.
 *
 * Context: the unit's table_lock is held.
 */
void amdvi_device_refresh(struct amdvi_device *device)
{
	struct iommu_unit_device *common = &device->common;

	set_domain_entries(device, common->domain, common->member,
			   &device->entry);
	if (common->ats && !READ_ONCE(common->ats_lost))
		flush_device_tlb(common);
}

static struct amdvi_device *dev_to_amdvi(struct device *dev)
{
	return to_amdvi_device(dev_iommu_priv_get(dev));
}

static int identity_attach_dev(struct iommu_domain *domain, struct device *dev)
{
	return amdvi_device_move(dev_to_amdvi(dev), NULL, AMDVI_PASS_THROUGH);
}

static const struct iommu_domain_ops identity_ops = {
	.attach_dev = identity_attach_dev,
};

static struct iommu_domain identity_domain = {
	.type = IOMMU_DOMAIN_IDENTITY,
	.ops = &identity_ops,
};

static int blocked_attach_dev(struct iommu_domain *domain, struct device *dev)
{
	return amdvi_device_move(dev_to_amdvi(dev), NULL, AMDVI_BLOCKED);
}

static const struct iommu_domain_ops blocked_ops = {
	.attach_dev = blocked_attach_dev,
};

static struct iommu_domain blocked_domain = {
	.type = IOMMU_DOMAIN_BLOCKED,
	.ops = &blocked_ops,
};

static int pass_alias(struct device *dev, u16 alias, void *arg)
{
	static const struct amdvi_entry pass = {
		.translation = AMDVI_PASS_THROUGH,
		.domain_id = IOMMU_UNIT_ID_PASS,
	};
	u16 old;

	amdvi_table_set(arg, alias, &pass, &old);
	return 0;
}

static void pass_acpi_devices(struct amdvi_unit *unit)
{
	struct ivrs_cursor cursor = { };
	struct ivrs_block block;
	struct ivrs_entry entry;

	while (ivrs_next_unit(amdvi_ivrs, &cursor, &block)) {
		if (block.offset != unit->common.offset)
			continue;
		while (ivrs_next_entry(amdvi_ivrs, &block, &entry))
			if (entry.kind == IVRS_ACPI_DEVICE && !entry.complaint)
				pass_alias(NULL, entry.first, unit);
	}
}

static bool is_a_unit(const struct device *dev)
{
	const struct amdvi_unit *unit;

	list_for_each_entry(unit, &amdvi_units, common.node)
		if (&unit->pdev->dev == dev)
			return true;
	return false;
}

static bool has_reserved_memory(const struct amdvi_place *place)
{
	struct ivrs_cursor cursor = { };
	struct ivrs_block block;

	while (ivrs_next(amdvi_ivrs, &cursor, &block))
		if (!ivrs_is_unit(&block) && !block.complaint &&
		    amdvi_scope_holds(&block, place))
			return true;
	return false;
}

static void pass_or_stop(struct pci_dev *pdev, struct amdvi_unit *unit,
			 const struct amdvi_place *place)
{
	if (!unit->left_on || pdev->dev.driver) {
		iommu_visit_aliases(&pdev->dev, place->source_id, place->alias,
				    pass_alias, unit);
		return;
	}
	/*
	 * What DMA it does is a former kernel's, to that kernel's IOVAs. It is
	 * blocked until the core gives it its domain, and none comes any more
	 * until a driver has it do some. What firmware does with a device goes
	 * on in its reserved memory, as soon as it has its domain.
	 */
	if (!pci_is_bridge(pdev) && !has_reserved_memory(place))
		pci_clear_master(pdev);
}

/**
 * amdvi_devices_pass() - let devices pass through until they have a domain
 *
 * For devices that are there when the module loads; before translation, or
 * while a unit still translates by the table of a former owner.
 */
void amdvi_devices_pass(void)
{
	struct pci_dev *pdev = NULL;
	struct iommu_unit *common;
	struct amdvi_place place;
	struct amdvi_unit *unit;

	list_for_each_entry(unit, &amdvi_units, common.node)
		pass_acpi_devices(unit);
	for_each_pci_dev(pdev) {
		if (is_a_unit(&pdev->dev) ||
		    !amdvi_scope_find(amdvi_ivrs, &pdev->dev, &place))
			continue;
		common = iommu_unit_at(&amdvi_units, place.unit);
		if (common)
			pass_or_stop(pdev, to_amdvi_unit(common), &place);
	}
}

static bool may_have_ats(const struct amdvi_unit *unit,
			 const struct amdvi_place *place, struct device *dev)
{
	return unit->cap & CAP_IOTLB_SUP && place->ats && dev_is_pci(dev);
}

static struct iommu_device *probe_device(struct device *dev)
{
	struct amdvi_device *device;
	struct amdvi_place place;
	struct iommu_unit *common;
	int ret;

	if (is_a_unit(dev) || !amdvi_scope_find(amdvi_ivrs, dev, &place))
		return ERR_PTR(-ENODEV);
	common = iommu_unit_at(&amdvi_units, place.unit);
	if (!common)
		return ERR_PTR(-ENODEV);
	device = kzalloc(sizeof(*device), GFP_KERNEL);
	if (!device)
		return ERR_PTR(-ENOMEM);
	device->place = place;
	device->common.dev = dev;
	device->common.source_id = place.source_id;
	device->common.alias = place.alias;
	if (may_have_ats(to_amdvi_unit(common), &place, dev))
		iommu_unit_look_for_ats(&device->common);
	ret = iommu_unit_add_device(common, &device->common);
	if (ret) {
		kfree(device);
		return ERR_PTR(ret);
	}
	if (to_amdvi_unit(common)->cap & CAP_NP_CACHE)
		dev->iommu->shadow_on_flush = 1;
	amdvi_debugfs_add_device(device);
	return &common->iommu;
}

struct blocking {
	const struct iommu_unit_device *device;
	struct setting setting;
};

/* A source-id that other devices present too keeps what they have */
static int block_alias(struct device *dev, u16 alias, void *arg)
{
	struct blocking *blocking = arg;

	if (iommu_unit_shares(blocking->device, alias))
		return 0;
	return set_alias(dev, alias, &blocking->setting);
}

static void release_device(struct device *dev)
{
	static const struct amdvi_entry blocked = {
		.translation = AMDVI_BLOCKED,
	};
	struct amdvi_device *device = dev_to_amdvi(dev);
	struct iommu_unit_device *common = &device->common;
	struct amdvi_unit *unit = to_amdvi_unit(common->unit);
	struct blocking blocking = { common, { unit, &blocked } };

	debugfs_remove_recursive(common->debugfs);
	mutex_lock(&unit->common.table_lock);
	ats_off(common);
	iommu_unit_visit_aliases(common, block_alias, &blocking);
	invalidate_former(&blocking.setting);
	amdvi_inval_run(unit, &blocking.setting.batch);
	if (common->domain)
		detach(common->domain, common->member, device->attachment);
	xa_erase(&unit->common.devices, common->source_id);
	mutex_unlock(&unit->common.table_lock);
	/* The handling of events may still look at it */
	iommu_live_synchronize();
	synchronize_rcu();
	kfree(device);
}

static bool is_capable(struct device *dev, enum iommu_cap cap)
{
	switch (cap) {
	case IOMMU_CAP_CACHE_COHERENCY:
	case IOMMU_CAP_DEFERRED_FLUSH:
		return true;
	case IOMMU_CAP_ENFORCE_CACHE_COHERENCY:
		return !to_amdvi_unit(dev_to_amdvi(dev)->common.unit)->guest_tables;
	case IOMMU_CAP_DIRTY_TRACKING:
		return amdvi_unit_tracks_dirty(to_amdvi_unit(dev_to_amdvi(dev)->common.unit));
	default:
		return false;
	}
}

static struct iommu_domain *domain_alloc_paging(struct device *dev)
{
	struct amdvi_device *device = dev_to_amdvi(dev);
	struct iommu_paging *domain;

	domain = amdvi_domain_alloc(to_amdvi_unit(device->common.unit), 0);
	return IS_ERR(domain) ? ERR_CAST(domain) : &domain->domain;
}

/* A domain of user programs, with flags */
static struct iommu_domain *
domain_alloc_user(struct device *dev, u32 flags, struct iommu_domain *parent,
		  const struct iommu_user_data *data)
{
	struct amdvi_device *device = dev_to_amdvi(dev);
	struct iommu_paging *domain;

	if (parent || data || flags & ~IOMMU_HWPT_ALLOC_DIRTY_TRACKING)
		return ERR_PTR(-EOPNOTSUPP);
	domain = amdvi_domain_alloc(to_amdvi_unit(device->common.unit),
				    flags ? IOMMU_PT_DIRTY : 0);
	if (IS_ERR(domain))
		return ERR_CAST(domain);
	domain->domain.type = IOMMU_DOMAIN_UNMANAGED;
	return &domain->domain;
}

/* An exclusion range, too, is memory that is to be reached untranslated */
static void add_ivmd(struct list_head *regions, const struct ivrs_block *ivmd)
{
	int prot = 0;

	if (ivmd->flags & (IVMD_IR | IVMD_EXCLUSION))
		prot |= IOMMU_READ;
	if (ivmd->flags & (IVMD_IW | IVMD_EXCLUSION))
		prot |= IOMMU_WRITE;
	if (prot && ivmd->flags & (IVMD_UNITY | IVMD_EXCLUSION))
		iommu_unit_add_region(regions, ivmd->base, ivmd->size, prot,
				      IOMMU_RESV_DIRECT);
	else
		iommu_unit_add_region(regions, ivmd->base, ivmd->size, 0,
				      IOMMU_RESV_RESERVED);
}

static void get_resv_regions(struct device *dev, struct list_head *regions)
{
	const struct amdvi_device *device = dev_to_amdvi(dev);
	struct ivrs_cursor cursor = { };
	struct ivrs_block block;

	iommu_unit_add_region(regions, MSI_RANGE_START, MSI_RANGE_SIZE, 0,
			      IOMMU_RESV_MSI);
	iommu_unit_add_region(regions, HT_RANGE_START, HT_RANGE_SIZE, 0,
			      IOMMU_RESV_RESERVED);
	while (ivrs_next(amdvi_ivrs, &cursor, &block))
		if (!ivrs_is_unit(&block) && !block.complaint &&
		    amdvi_scope_holds(&block, &device->place))
			add_ivmd(regions, &block);
}

const struct iommu_ops amdvi_iommu_ops = {
	.owner = THIS_MODULE,
	.identity_domain = &identity_domain,
	.blocked_domain = &blocked_domain,
	.release_domain = &blocked_domain,
	.default_domain_ops = &amdvi_paging_ops,
	.pgsize_bitmap = SZ_4K,
	.capable = is_capable,
	.domain_alloc_user = domain_alloc_user,
	.domain_alloc_paging = domain_alloc_paging,
	.probe_device = probe_device,
	.probe_finalize = iommu_unit_probe_finalize,
	.release_device = release_device,
	.device_group = iommu_unit_device_group,
	.def_domain_type = iommu_unit_def_domain_type,
	.get_resv_regions = get_resv_regions,
};

struct quieting {
	struct amdvi_unit *unit;
	bool quiet;
	struct amdvi_batch batch;
};

static int quiet_alias(struct device *dev, u16 alias, void *arg)
{
	struct quieting *quieting = arg;

	amdvi_table_set_quiet(quieting->unit, alias, quieting->quiet);
	while (!amdvi_inval_add_entry(&quieting->batch, alias))
		amdvi_inval_run(quieting->unit, &quieting->batch);
	return 0;
}

/**
 * amdvi_device_set_quiet() - log a device's faults, or do not
 * @common: the device, which says it
 *
 * Context: the unit's table_lock is held.
 */
void amdvi_device_set_quiet(struct iommu_unit_device *common)
{
	struct amdvi_unit *unit = to_amdvi_unit(common->unit);
	struct quieting quieting = { unit, common->quiet };

	lockdep_assert_held(&unit->common.table_lock);
	to_amdvi_device(common)->entry.quiet = common->quiet;
	iommu_unit_visit_aliases(common, quiet_alias, &quieting);
	amdvi_inval_run(unit, &quieting.batch);
}
