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
 *	2. disable ATS, then forbid the use of a device-TLB in the entries
 *	3. write the new entry for each source-id, invalidate the old one
 *	4. permit the use of a device-TLB and then enable ATS, if the new
 *	   translation is a paging domain
 *	5. take the unit out of the old domain, if this was its last device there
 *
 * So ATS is enabled only while the device is attached to a paging domain. It is
 * enabled after the entry allows translation requests and disabled before the
 * entry stops allowing them. With ATS disabled, no entry of the device allows
 * translated requests, with which it would reach any memory.
 *
 * If the device-TLB is lost (../common/ats.c), vtd_device_bar() forbids its use,
 * in any context and without a lock. It is called for devices in a member's
 * list, with iommu_live_read_lock() held, or with the table_lock held. A device
 * is in no list while its entries are rewritten.
 *
 * Locks: the unit's table_lock over everything that attaches.
 */
#define pr_fmt(fmt) "vtd: " fmt

#include <linux/pci.h>

#include "attach.h"
#include "device.h"
#include "domain.h"
#include "former.h"
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

/* Permit or forbid the device-TLB in the entries of all source-ids */
struct permission {
	const struct vtd_device *device;
	bool device_tlb;
	int ret;
};

static int vtd_permit_alias(struct device *dev, u16 alias, void *arg)
{
	struct permission *permission = arg;
	const struct vtd_device *device = permission->device;
	struct vtd_unit *unit = to_vtd_unit(device->common.unit);
	u16 domain_id;
	int ret;

	domain_id = vtd_tables_permit(unit, alias, permission->device_tlb);
	/* With the translations: this waits for requests that have passed */
	ret = vtd_inval_context(unit, alias, domain_id, !unit->scalable);
	if (!ret && unit->scalable)
		ret = vtd_inval_pasid(unit, alias, device->entry.domain_id);
	if (ret)
		permission->ret = ret;
	return 0;
}

static int vtd_device_permit(struct vtd_device *device, bool device_tlb)
{
	struct permission permission = { device, device_tlb };

	iommu_unit_visit_aliases(&device->common, vtd_permit_alias,
				 &permission);
	return permission.ret;
}

/**
 * vtd_device_bar() - let no request pass that uses a lost device-TLB
 * @device: a device whose device-TLB is lost
 *
 * Context: any; iommu_live_read_lock(), with the device in a member's list, or
 * the table_lock of the unit.
 * Return: 0, or -EIO if the unit does not answer.
 */
int vtd_device_bar(struct vtd_device *device)
{
	struct iommu_unit_device *common = &device->common;
	int ret;

	/*
	 * So that the device does not try, if it still listens. Also if it was
	 * barred before: ATS may have been about to be enabled then.
	 */
	iommu_unit_ats_stop(common);
	/* Acquire: pairs with the release below, after the invalidation */
	if (smp_load_acquire(&common->ats_barred))
		return 0;
	ret = vtd_device_permit(device, false);
	if (ret)
		return ret;
	/* Release: whoever sees this relies on the entries being in use */
	smp_store_release(&common->ats_barred, true);
	return 0;
}

/* Empty the device-TLB, or bar it */
static void vtd_flush_device_tlb(struct vtd_device *device)
{
	static const struct vtd_range all = { .last = ULONG_MAX };
	struct iommu_unit_device *common = &device->common;
	struct vtd_unit *unit = to_vtd_unit(common->unit);
	unsigned int times = 0, left;
	int ret = 0;

	lockdep_assert_held(&unit->common.table_lock);
	while (!iommu_unit_ats_look(common)) {
		struct vtd_batch batch = { };

		for (left = device->twice ? 2 : 1; left; left--)
			vtd_inval_add_device(&batch, common->source_id,
					     vtd_device_pf_id(device),
					     common->ats_depth, &all);
		ret = vtd_inval_run(unit, &batch);
		if (!vtd_inval_again(unit, &times, &ret))
			break;
	}
	if (READ_ONCE(common->ats_lost))
		ret = vtd_device_bar(device);
	if (ret)
		iommu_unit_cut_off_device(common);
}

/*
 * The device is in the member's list until it uses its device-TLB no more, so
 * that every unmap finds it, and until then its device-TLB is asked or barred.
 */
static void vtd_device_ats_off(struct vtd_device *device)
{
	struct iommu_unit_device *common = &device->common;

	if (!common->ats)
		return;
	/* Otherwise it is asleep or being reset; the entries end its use below */
	if (iommu_unit_ats_is_reachable(common))
		vtd_flush_device_tlb(device);
	iommu_unit_ats_disable(common);
	list_del_rcu(&device->ats_node);
	iommu_live_synchronize();
	common->ats = false;
	if (device->permitted)
		vtd_device_permit(device, false);
	device->permitted = false;
}

static void vtd_device_ats_on(struct vtd_device *device)
{
	struct iommu_unit_device *common = &device->common;

	if (!common->ats_supported || READ_ONCE(common->ats_lost) ||
	    !iommu_unit_ats_is_reachable(common))
		return;
	iommu_unit_ats_end_former(common);
	if (vtd_device_permit(device, true)) {
		vtd_device_permit(device, false);
		return;
	}
	device->permitted = true;
	common->ats = true;
	list_add_rcu(&device->ats_node, &common->member->devices);
	/* Every unmap that does not ask the device is over before it caches */
	iommu_live_synchronize();
	if (iommu_unit_ats_enable(common)) {
		vtd_device_ats_off(device);
		return;
	}
	vtd_flush_device_tlb(device);
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
	entry->tracks_dirty = domain->paging.tracks_dirty;
}

/* Allocate the tables of all source-ids: after this, entries can be set */
static int vtd_device_prepare(struct vtd_device *device)
{
	struct setting setting = { to_vtd_unit(device->common.unit) };

	return iommu_unit_visit_aliases(&device->common, vtd_prepare_alias,
					&setting);
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
	int ret = 0;

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
	if (entry.translation != VTD_BLOCKED)
		ret = vtd_device_prepare(device);
	if (ret) {
		if (domain)
			vtd_device_leave(&domain->paging, nested, member);
		goto out;
	}
	entry.quiet = common->quiet;
	vtd_former_end(device);
	vtd_device_ats_off(device);
	vtd_device_set_entries(unit, common->dev, common->source_id, &entry);
	/* It may have translations of the old domain, which lets go of it */
	if (old_paging && READ_ONCE(common->unit->dead))
		iommu_unit_cut_off_device(common);
	device->entry = entry;
	device->nested = nested;
	common->member = member;
	WRITE_ONCE(common->domain, domain ? &domain->paging : NULL);
	/* Whoever found the unit dead before has not seen this device */
	smp_mb();
	if (domain && READ_ONCE(common->unit->dead))
		iommu_unit_cut_off_device(common);
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
		vtd_flush_device_tlb(device);
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
	vtd_former_end(device);
	vtd_device_ats_off(device);
	iommu_unit_visit_aliases(common, vtd_block_alias, common);
	if (common->domain && READ_ONCE(common->unit->dead))
		iommu_unit_cut_off_device(common);
	vtd_device_leave(common->domain, device->nested, common->member);
}
