// SPDX-License-Identifier: GPL-2.0
/*
 * Attaching devices: putting entries in place, and moving a device from one
 * translation to another.
 *
 * A device presents one source-id of its own, and bridges between it and the
 * unit may present others for it. All of them get the same entry. A device
 * always has one: translating through a domain, passing through, or blocked.
 * A move writes each source-id's entry once, so the device is never blocked in
 * between (pasid.c has the one exception):
 *
 *	1. make the unit a member of the new domain, which may convert the domain
 *	2. disable ATS
 *	3. write the new entry for each source-id, invalidate the old one
 *	4. enable ATS, if the new translation is a paging domain
 *	5. take the unit out of the old domain, if this was its last device there
 *
 * So ATS is enabled only while the device is attached to a paging domain. It is
 * enabled after the entry allows translation requests and disabled before the
 * entry stops allowing them.
 *
 * Locks: the unit's table_lock over everything that attaches.
 */
#define pr_fmt(fmt) "vtd: " fmt

#include <linux/pci-ats.h>
#include <linux/pci.h>

#include "attach.h"
#include "device.h"
#include "domain.h"
#include "inval.h"
#include "regs.h"
#include "tables.h"
#include "unit.h"

/* Argument of the functions that visit the source-ids of a device */
struct setting {
	struct vtd_unit *unit;
	const struct vtd_entry *entry;
};

static int vtd_prepare_alias(struct device *dev, u16 alias, void *arg)
{
	struct setting *setting = arg;

	return vtd_tables_prepare(setting->unit, alias);
}

/* Invalidate what the unit may have cached of the entry before this change */
static void vtd_invalidate_former(struct vtd_unit *unit, u16 source_id,
				  bool was_present, u16 old_domain_id,
				  u16 new_domain_id)
{
	if (!was_present) {
		vtd_unit_flush_write_buffer(unit);
		/* Only in caching mode may the unit cache non-present entries */
		if (!(unit->cap & CAP_CM))
			return;
		old_domain_id = IOMMU_UNIT_ID_NONE;
	}
	if (unit->scalable) {
		vtd_inval_pasid(unit, source_id, was_present ? old_domain_id :
							       new_domain_id);
		/*
		 * The context entry has not changed, but a hypervisor may read
		 * the PASID table entry only on this invalidation.
		 */
		vtd_inval_context(unit, source_id, IOMMU_UNIT_ID_NONE, false);
		return;
	}
	vtd_inval_context(unit, source_id, old_domain_id, was_present);
	if (!was_present)
		vtd_inval_domain(unit, new_domain_id, false);
}

static int vtd_set_alias(struct device *dev, u16 alias, void *arg)
{
	struct setting *setting = arg;
	u16 old_domain_id;
	bool present;

	present = vtd_tables_set(setting->unit, alias, setting->entry,
				 &old_domain_id);
	vtd_invalidate_former(setting->unit, alias, present, old_domain_id,
			      setting->entry->domain_id);
	return 0;
}

/**
 * vtd_device_set_entries() - give all source-ids of a device an entry
 * @unit: the device's unit
 * @dev: the device
 * @source_id: its own source-id
 * @entry: the entry
 *
 * Context: may sleep; the unit's table_lock is held.
 * Return: 0, or -ENOMEM with no translation changed; blocking always succeeds.
 */
int vtd_device_set_entries(struct vtd_unit *unit, struct device *dev,
			   u16 source_id, const struct vtd_entry *entry)
{
	struct setting setting = { unit, entry };
	int ret;

	lockdep_assert_held(&unit->common.table_lock);
	if (entry->translation != VTD_BLOCKED) {
		ret = iommu_visit_aliases(dev, source_id, source_id,
					  vtd_prepare_alias, &setting);
		if (ret)
			return ret;
	}
	return iommu_visit_aliases(dev, source_id, source_id, vtd_set_alias,
				   &setting);
}

static void vtd_flush_device_tlb(const struct iommu_unit_device *common)
{
	struct vtd_range all = { .last = ULONG_MAX };
	struct vtd_batch batch = { };

	if (common->ats_lost)
		return;
	vtd_inval_add_device(&batch, common->source_id, common->pf_id,
			     common->ats_depth, &all);
	vtd_inval_run(to_vtd_unit(common->unit), &batch);
}

static void vtd_device_ats_off(struct vtd_device *device)
{
	struct iommu_unit_device *common = &device->common;

	if (!common->ats)
		return;
	list_del_rcu(&device->ats_node);
	iommu_live_synchronize();
	vtd_flush_device_tlb(common);
	pci_disable_ats(to_pci_dev(common->dev));
	common->ats = false;
}

static void vtd_device_ats_on(struct vtd_device *device)
{
	struct iommu_unit_device *common = &device->common;

	if (!common->ats_supported || common->ats_lost ||
	    pci_enable_ats(to_pci_dev(common->dev), PAGE_SHIFT))
		return;
	common->ats = true;
	list_add_rcu(&device->ats_node, &common->member->devices);
}

static struct iommu_unit_member *vtd_device_join(struct vtd_domain *domain,
						 struct vtd_nested *nested,
						 struct vtd_unit *unit)
{
	if (nested)
		return domain->join_nested(nested, unit);
	return iommu_paging_join(&domain->paging, &unit->common);
}

static void vtd_device_leave(struct iommu_paging *paging,
			     struct vtd_nested *nested,
			     struct iommu_unit_member *member)
{
	if (nested)
		paging_to_vtd(paging)->leave_nested(nested, member);
	else if (paging)
		iommu_paging_leave(paging, member);
}

/* Fill in the fields of an entry that depend on the domain */
static void vtd_fill_entry(struct vtd_entry *entry,
			   const struct vtd_device *device,
			   struct vtd_domain *domain,
			   const struct iommu_unit_member *member)
{
	const struct vtd_unit *unit = to_vtd_unit(device->common.unit);
	struct iommu_pt_root root;

	iommu_pt_root(&domain->paging.live.pt, &root);
	entry->root = root.phys;
	entry->levels = root.levels;
	entry->domain_id = member->domain_id;
	/* First-stage leaves cannot force snooping, so entries do */
	entry->snoop = entry->translation != VTD_SECOND_STAGE &&
		       unit->ecap & ECAP_SC;
	entry->device_tlb = device->common.ats_supported &&
			    !device->common.ats_lost;
	entry->tracks_dirty = domain->paging.tracks_dirty;
}

/**
 * vtd_device_move() - move a device from one translation to another
 * @device: the device
 * @domain: the paging domain it is moved to, or NULL
 * @nested: the nested domain it is moved to, or NULL; @domain is its parent
 * @template: its new entry, except the fields that depend on the domain
 *
 * Context: may sleep.
 * Return: 0, or an error with nothing changed: -EINVAL if the domain does not
 * suit the device's unit, -ENOMEM, -ENOSPC if the unit has no domain id left,
 * -EIO if the unit is dead.
 */
int vtd_device_move(struct vtd_device *device, struct vtd_domain *domain,
		    struct vtd_nested *nested, const struct vtd_entry *template)
{
	struct iommu_unit_device *common = &device->common;
	struct iommu_unit_member *old_member = common->member, *member = NULL;
	struct iommu_paging *old_paging = common->domain;
	struct vtd_unit *unit = to_vtd_unit(common->unit);
	struct vtd_nested *old_nested = device->nested;
	struct vtd_entry entry = *template;
	int ret;

	if (READ_ONCE(common->unit->dead) && entry.translation != VTD_BLOCKED)
		return -EIO;
	mutex_lock(&common->unit->table_lock);
	if (domain) {
		member = vtd_device_join(domain, nested, unit);
		if (IS_ERR(member)) {
			ret = PTR_ERR(member);
			goto out;
		}
		vtd_fill_entry(&entry, device, domain, member);
	}
	entry.quiet = common->quiet;
	vtd_device_ats_off(device);
	ret = vtd_device_set_entries(unit, common->dev, common->source_id,
				     &entry);
	if (ret) {
		if (domain)
			vtd_device_leave(&domain->paging, nested, member);
		goto out;
	}
	device->entry = entry;
	device->nested = nested;
	common->member = member;
	WRITE_ONCE(common->domain, domain ? &domain->paging : NULL);
	if (domain)
		vtd_device_ats_on(device);
	vtd_device_leave(old_paging, old_nested, old_member);
out:
	mutex_unlock(&common->unit->table_lock);
	return ret;
}

/**
 * vtd_device_track() - enable or disable dirty tracking in a device's entries
 * @device: a device in a paging domain
 * @enable: the unit sets dirty bits in the domain's tables from now on
 *
 * Invalidates the cached entries and translations. It also invalidates the
 * device-TLB, which may hold write permission from before: writes through that
 * set no dirty bit.
 *
 * Context: the unit's table_lock is held.
 */
void vtd_device_track(struct vtd_device *device, bool enable)
{
	struct iommu_unit_device *common = &device->common;
	struct setting setting = { to_vtd_unit(common->unit), &device->entry };

	lockdep_assert_held(&common->unit->table_lock);
	device->entry.tracks_dirty = enable;
	iommu_unit_visit_aliases(common, vtd_set_alias, &setting);
	if (common->ats)
		vtd_flush_device_tlb(common);
}

/* A source-id that other devices present too keeps its entry */
static int vtd_block_alias(struct device *dev, u16 alias, void *arg)
{
	struct vtd_entry blocked = { .translation = VTD_BLOCKED };
	struct iommu_unit_device *device = arg;
	struct setting setting = { to_vtd_unit(device->unit), &blocked };

	if (iommu_unit_shares(device, alias))
		return 0;
	return vtd_set_alias(dev, alias, &setting);
}

/**
 * vtd_device_detach() - block a device that is being removed
 * @device: the device; it is detached from its domain, if it has one
 *
 * Context: may sleep; the unit's table_lock is held.
 */
void vtd_device_detach(struct vtd_device *device)
{
	struct iommu_unit_device *common = &device->common;

	lockdep_assert_held(&common->unit->table_lock);
	vtd_device_ats_off(device);
	iommu_unit_visit_aliases(common, vtd_block_alias, common);
	vtd_device_leave(common->domain, device->nested, common->member);
}
