// SPDX-License-Identifier: GPL-2.0
/*
 * Attaching devices: the entries of a device's source-ids, its place in a
 * domain, and its device-TLB.
 *
 * A device presents one source-id of its own. Bridges between it and the unit
 * may present others for it, and so may the IVRS table say. All of them get the
 * same entry. A device always has one: it leads to a domain, or passes requests
 * through, or blocks them. A device is moved in this order:
 *
 *	1. add it to the new domain
 *	2. disable its device-TLB
 *	3. write the new entry, one write for each source-id, and invalidate the
 *	   old one
 *	4. enable the device-TLB, if it goes to a paging domain
 *	5. remove it from the old domain
 *
 * So a device-TLB is enabled only while the device is attached to a paging
 * domain: after the entry allows translation requests, and disabled before the
 * entry stops allowing them.
 *
 * Locks: the unit's table_lock over everything that attaches.
 */
#define pr_fmt(fmt) "amdvi: " fmt

#include <kunit/visibility.h>
#include <linux/pci-ats.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "attach.h"
#include "device.h"
#include "domain.h"
#include "inval.h"
#include "unit.h"

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

/* The entry that leads a device to a domain: translation, id, page table */
static void fill_entry(struct iommu_paging *paging,
		       const struct iommu_unit_member *member,
		       struct amdvi_entry *entry)
{
	u64 *cr3 = paging_to_amdvi(paging)->cr3;
	struct iommu_pt_root root;

	entry->domain_id = member->domain_id;
	if (cr3) {
		entry->translation = AMDVI_GUEST;
		entry->root = virt_to_phys(cr3);
		return;
	}
	iommu_pt_root(&paging->live.pt, &root);
	entry->translation = AMDVI_HOST;
	entry->root = root.phys;
	entry->levels = root.levels;
	entry->tracks_dirty = READ_ONCE(paging->tracks_dirty);
}

/* Does an entry still lead to the whole domain? Not after the table has grown */
static bool is_current(struct iommu_paging *paging,
		       const struct amdvi_entry *entry)
{
	struct iommu_pt_root root;

	if (paging_to_amdvi(paging)->cr3)
		return true;
	iommu_pt_root(&paging->live.pt, &root);
	return entry->root == root.phys && entry->levels == root.levels;
}

/* Set the entries; if the page table grew meanwhile, again */
static void set_domain_entries(struct amdvi_device *device,
			       struct iommu_paging *paging,
			       const struct iommu_unit_member *member,
			       struct amdvi_entry *entry)
{
	do {
		/* Pairs with the one in root_changed() */
		smp_mb();
		fill_entry(paging, member, entry);
		set_entries(device, entry);
		/* The entries are there before looking again */
		smp_mb();
	} while (!is_current(paging, entry));
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

static void detach(struct iommu_paging *paging,
		   struct iommu_unit_member *member,
		   struct amdvi_attachment *attachment)
{
	list_del_rcu(&attachment->node);
	iommu_live_synchronize();
	kfree(attachment);
	iommu_paging_leave(paging, member);
}

static int attach(struct iommu_unit_device *device, struct iommu_paging *paging,
		  struct iommu_unit_member **member,
		  struct amdvi_attachment **attachment)
{
	struct amdvi_attachment *new = kzalloc(sizeof(*new), GFP_KERNEL);

	if (!new)
		return -ENOMEM;
	*member = iommu_paging_join(paging, device->unit);
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
 * @paging: the paging domain it goes to, or NULL
 * @translation: without a domain, blocked or passing through
 *
 * Context: may sleep.
 * Return: 0, or an error with the device where it was: -EINVAL if the domain
 * does not suit the device's unit, -ENOMEM, -ENOSPC, -EIO.
 */
int amdvi_device_move(struct amdvi_device *device, struct iommu_paging *paging,
		      enum amdvi_translation translation)
{
	struct iommu_unit_device *common = &device->common;
	struct amdvi_attachment *old_attachment = device->attachment;
	struct iommu_unit_member *old_member = common->member, *member = NULL;
	struct iommu_paging *old_paging = common->domain;
	struct amdvi_attachment *attachment = NULL;
	struct iommu_unit *unit = common->unit;
	struct amdvi_entry entry = { .translation = translation };
	int ret = 0;

	if (READ_ONCE(unit->dead) && translation != AMDVI_BLOCKED)
		return -EIO;
	mutex_lock(&unit->table_lock);
	if (paging) {
		ret = attach(common, paging, &member, &attachment);
		if (ret)
			goto out;
	}
	entry.quiet = common->quiet;
	ats_off(common);
	if (paging) {
		entry.iotlb = common->ats_supported &&
			      !READ_ONCE(common->ats_lost);
		set_domain_entries(device, paging, member, &entry);
	} else {
		if (translation == AMDVI_PASS_THROUGH)
			entry.domain_id = IOMMU_UNIT_ID_PASS;
		set_entries(device, &entry);
	}
	device->entry = entry;
	common->member = member;
	device->attachment = attachment;
	WRITE_ONCE(common->domain, paging);
	if (entry.iotlb)
		ats_on(common);
	if (old_paging)
		detach(old_paging, old_member, old_attachment);
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

/**
 * amdvi_device_detach() - block a device that is about to go
 * @device: the device; it leaves its domain, if it is in one
 *
 * Context: may sleep; the unit's table_lock is held.
 */
void amdvi_device_detach(struct amdvi_device *device)
{
	static const struct amdvi_entry blocked = {
		.translation = AMDVI_BLOCKED,
	};
	struct iommu_unit_device *common = &device->common;
	struct amdvi_unit *unit = to_amdvi_unit(common->unit);
	struct blocking blocking = { common, { unit, &blocked } };

	lockdep_assert_held(&unit->common.table_lock);
	ats_off(common);
	iommu_unit_visit_aliases(common, block_alias, &blocking);
	invalidate_former(&blocking.setting);
	amdvi_inval_run(unit, &blocking.setting.batch);
	if (common->domain)
		detach(common->domain, common->member, device->attachment);
}

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
