// SPDX-License-Identifier: GPL-2.0
/*
 * Attaching devices: putting entries in place, and moving a device from one
 * translation to another.
 *
 * A device presents one source-id of its own. Bridges between it and the unit
 * may present others for it, and the IVRS table may name another. All of them
 * get the same entry. A device always has one: translating through a domain,
 * passing through, or blocked. It goes from one to the next by one write for
 * each source-id, after which the former translation is invalidated:
 *
 *	join the new domain (which may convert it)
 *	disable ATS, then forbid the use of a device-TLB in the entries
 *	write the entries, invalidate the former ones
 *	permit the use of a device-TLB and then enable ATS, if the new
 *		translation is a paging domain
 *	leave the old domain
 *
 * ATS is enabled only while a device is attached to a paging domain: after the
 * entry allows translation requests, and it is disabled before the entry stops
 * allowing them.
 *
 * If the device-TLB is lost (../common/ats.c), amdvi_device_bar() forbids its
 * use, in any context. It is called for devices in a domain, with
 * iommu_live_read_lock() held, or with the table_lock held.
 *
 * A page table may grow while an entry is made from its old top: domain.c
 * describes why no device keeps the old top.
 *
 * Locks: the unit's table_lock over everything that attaches.
 */
#define pr_fmt(fmt) "amdvi: " fmt

#include <kunit/visibility.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "attach.h"
#include "device.h"
#include "domain.h"
#include "former.h"
#include "inval.h"
#include "unit.h"

/* State while the entries of a device's source-ids are set */
struct setting {
	struct amdvi_unit *unit;
	const struct amdvi_entry *entry;
	u16 old_domain_id;
	struct amdvi_batch batch;
};

static void amdvi_invalidate_former(struct setting *setting)
{
	if (setting->old_domain_id == IOMMU_UNIT_ID_NONE)
		return;
	if (setting->batch.nr + 2 > AMDVI_BATCH_MAX)
		amdvi_inval_run(setting->unit, &setting->batch);
	amdvi_inval_add_domain(&setting->batch, setting->old_domain_id, false);
	/* The old entry is gone: it may have had either kind of tables */
	if (amdvi_unit_walks_guest_tables(setting->unit))
		amdvi_inval_add_domain(&setting->batch,
				       setting->old_domain_id, true);
}

static int amdvi_set_alias(struct device *dev, u16 alias, void *arg)
{
	struct setting *setting = arg;
	u16 old;

	amdvi_table_set(setting->unit, alias, setting->entry, &old);
	while (!amdvi_inval_add_entry(&setting->batch, alias))
		amdvi_inval_run(setting->unit, &setting->batch);
	/* Mostly the same for all: invalidate once, after the entries */
	if (old != IOMMU_UNIT_ID_NONE && old != setting->old_domain_id) {
		amdvi_invalidate_former(setting);
		setting->old_domain_id = old;
	}
	return 0;
}

static void amdvi_set_entries(struct amdvi_device *device,
			      const struct amdvi_entry *entry)
{
	struct amdvi_unit *unit = to_amdvi_unit(device->common.unit);
	struct setting setting = { unit, entry };

	lockdep_assert_held(&unit->common.table_lock);
	iommu_unit_visit_aliases(&device->common, amdvi_set_alias, &setting);
	amdvi_invalidate_former(&setting);
	amdvi_inval_run(unit, &setting.batch);
}

/* The entry for a device in a domain: translation, domain id, page table */
static void amdvi_fill_entry(struct iommu_paging *paging,
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

/* Does an entry have the present top of the page table? */
static bool amdvi_entry_is_current(struct iommu_paging *paging,
				   const struct amdvi_entry *entry)
{
	struct iommu_pt_root root;

	if (paging_to_amdvi(paging)->cr3)
		return true;
	iommu_pt_root(&paging->live.pt, &root);
	return entry->root == root.phys && entry->levels == root.levels;
}

/* Set the entries, and again if the page table has grown meanwhile */
static void amdvi_set_domain_entries(struct amdvi_device *device,
				     struct iommu_paging *paging,
				     const struct iommu_unit_member *member,
				     struct amdvi_entry *entry)
{
	do {
		/* Pairs with the one in amdvi_domain_grow() */
		smp_mb();
		amdvi_fill_entry(paging, member, entry);
		amdvi_set_entries(device, entry);
		/* The entries are set before the top is read again */
		smp_mb();
	} while (!amdvi_entry_is_current(paging, entry));
}

/* Permit or forbid the device-TLB in the entries of all source-ids */
struct permission {
	struct amdvi_unit *unit;
	bool device_tlb;
	int ret;
};

static int amdvi_permit_alias(struct device *dev, u16 alias, void *arg)
{
	struct permission *permission = arg;
	struct amdvi_unit *unit = permission->unit;
	struct amdvi_batch batch;
	u16 domain_id;
	int ret;

	batch.nr = 0;
	domain_id = amdvi_table_permit(unit, alias, permission->device_tlb);
	amdvi_inval_add_entry(&batch, alias);
	/* With the translations: this waits for requests that have passed */
	amdvi_inval_add_domain(&batch, domain_id, false);
	if (amdvi_unit_walks_guest_tables(unit))
		amdvi_inval_add_domain(&batch, domain_id, true);
	ret = amdvi_inval_run(unit, &batch);
	if (ret)
		permission->ret = ret;
	return 0;
}

static int amdvi_device_permit(struct amdvi_device *device, bool device_tlb)
{
	struct permission permission = {
		to_amdvi_unit(device->common.unit), device_tlb,
	};

	iommu_unit_visit_aliases(&device->common, amdvi_permit_alias,
				 &permission);
	return permission.ret;
}

/**
 * amdvi_device_bar() - let no request pass that uses a lost device-TLB
 * @device: a device whose device-TLB is lost
 *
 * Context: any; iommu_live_read_lock(), with the device in a domain, or the
 * table_lock of the unit.
 * Return: 0, or -EIO if the unit does not answer.
 */
int amdvi_device_bar(struct amdvi_device *device)
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
	ret = amdvi_device_permit(device, false);
	if (ret)
		return ret;
	/* Release: whoever sees this relies on the entries being in use */
	smp_store_release(&common->ats_barred, true);
	return 0;
}

/* Empty the device-TLB, or bar it */
static void amdvi_flush_device_tlb(struct amdvi_device *device)
{
	struct iommu_unit_device *common = &device->common;
	struct amdvi_unit *unit = to_amdvi_unit(common->unit);
	struct amdvi_range all = {
		.last = ULONG_MAX,
		.guest = unit->guest_tables,
	};
	unsigned int times = 0;
	int ret = 0;

	lockdep_assert_held(&unit->common.table_lock);
	while (!iommu_unit_ats_look(common)) {
		struct amdvi_batch batch;

		batch.nr = 0;
		amdvi_inval_add_device(&batch, common->alias, common->pf_id,
				       common->ats_depth, &all);
		ret = amdvi_inval_run(unit, &batch);
		if (!amdvi_inval_again(unit, &times, &ret))
			break;
	}
	if (READ_ONCE(common->ats_lost))
		ret = amdvi_device_bar(device);
	if (ret)
		iommu_unit_cut_off_device(common);
}

/*
 * Every unmap asks the device, or finds it barred, until it uses its device-TLB
 * no more.
 */
static void amdvi_device_ats_off(struct amdvi_device *device)
{
	struct iommu_unit_device *common = &device->common;

	if (!common->ats)
		return;
	/* Otherwise it is asleep or being reset; the entries end its use below */
	if (iommu_unit_ats_is_reachable(common))
		amdvi_flush_device_tlb(device);
	iommu_unit_ats_disable(common);
	WRITE_ONCE(common->ats, false);
	iommu_live_synchronize();
	if (device->permitted)
		amdvi_device_permit(device, false);
	device->permitted = false;
}

static void amdvi_device_ats_on(struct amdvi_device *device)
{
	struct iommu_unit_device *common = &device->common;

	if (!common->ats_supported || READ_ONCE(common->ats_lost) ||
	    !iommu_unit_ats_is_reachable(common))
		return;
	iommu_unit_ats_end_former(common);
	if (amdvi_device_permit(device, true)) {
		amdvi_device_permit(device, false);
		return;
	}
	device->permitted = true;
	WRITE_ONCE(common->ats, true);
	/* Every unmap that does not ask the device is over before it caches */
	iommu_live_synchronize();
	if (iommu_unit_ats_enable(common)) {
		amdvi_device_ats_off(device);
		return;
	}
	amdvi_flush_device_tlb(device);
}

static void amdvi_device_leave(struct iommu_paging *paging,
			       struct iommu_unit_member *member,
			       struct amdvi_attachment *attachment)
{
	list_del_rcu(&attachment->node);
	iommu_live_synchronize();
	kfree(attachment);
	iommu_paging_leave(paging, member);
}

static int amdvi_device_join(struct iommu_unit_device *device,
			     struct iommu_paging *paging,
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
 * @paging: the new paging domain, or NULL
 * @translation: if @paging is NULL, blocked or passing through
 *
 * Context: may sleep.
 * Return: 0, or an error after which nothing has changed: -EINVAL if the unit
 * cannot serve the domain, -EIO if it does not answer, -ENOMEM, -ENOSPC.
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
		ret = amdvi_device_join(common, paging, &member, &attachment);
		if (ret)
			goto out;
	}
	entry.quiet = common->quiet;
	amdvi_former_end(common);
	amdvi_device_ats_off(device);
	if (paging) {
		amdvi_set_domain_entries(device, paging, member, &entry);
	} else {
		if (translation == AMDVI_PASS_THROUGH)
			entry.domain_id = IOMMU_UNIT_ID_PASS;
		amdvi_set_entries(device, &entry);
	}
	/* It may have translations of the old domain, which lets go of it */
	if (old_paging && READ_ONCE(unit->dead))
		iommu_unit_cut_off_device(common);
	device->entry = entry;
	common->member = member;
	device->attachment = attachment;
	WRITE_ONCE(common->domain, paging);
	/* Whoever found the unit dead before has not seen this device */
	smp_mb();
	if (paging && READ_ONCE(unit->dead))
		iommu_unit_cut_off_device(common);
	if (paging)
		amdvi_device_ats_on(device);
	if (old_paging)
		amdvi_device_leave(old_paging, old_member, old_attachment);
out:
	mutex_unlock(&unit->table_lock);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_device_move);

/**
 * amdvi_device_refresh() - update a device's entries to a changed domain
 * @device: a device in a paging domain
 *
 * All cached translations of it are invalidated. This includes its device-TLB,
 * whose cached write permissions would let it write without setting dirty bits.
 *
 * Context: the unit's table_lock is held.
 */
void amdvi_device_refresh(struct amdvi_device *device)
{
	struct iommu_unit_device *common = &device->common;

	amdvi_set_domain_entries(device, common->domain, common->member,
				 &device->entry);
	if (common->ats)
		amdvi_flush_device_tlb(device);
}

struct blocking {
	const struct iommu_unit_device *device;
	struct setting setting;
};

/* A source-id that other devices present too keeps their entry */
static int amdvi_block_alias(struct device *dev, u16 alias, void *arg)
{
	struct blocking *blocking = arg;

	if (iommu_unit_shares(blocking->device, alias))
		return 0;
	return amdvi_set_alias(dev, alias, &blocking->setting);
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
	amdvi_former_end(common);
	amdvi_device_ats_off(device);
	iommu_unit_visit_aliases(common, amdvi_block_alias, &blocking);
	amdvi_invalidate_former(&blocking.setting);
	amdvi_inval_run(unit, &blocking.setting.batch);
	if (common->domain && READ_ONCE(unit->common.dead))
		iommu_unit_cut_off_device(common);
	if (common->domain)
		amdvi_device_leave(common->domain, common->member,
				   device->attachment);
}

struct quieting {
	struct amdvi_unit *unit;
	bool quiet;
	struct amdvi_batch batch;
};

static int amdvi_quiet_alias(struct device *dev, u16 alias, void *arg)
{
	struct quieting *quieting = arg;

	amdvi_table_set_quiet(quieting->unit, alias, quieting->quiet);
	while (!amdvi_inval_add_entry(&quieting->batch, alias))
		amdvi_inval_run(quieting->unit, &quieting->batch);
	return 0;
}

/**
 * amdvi_device_set_quiet() - let the unit log a device's faults, or not
 * @common: the device; @common->quiet stops the logging
 *
 * Context: the unit's table_lock is held.
 */
void amdvi_device_set_quiet(struct iommu_unit_device *common)
{
	struct amdvi_unit *unit = to_amdvi_unit(common->unit);
	struct quieting quieting = { unit, common->quiet };

	lockdep_assert_held(&unit->common.table_lock);
	to_amdvi_device(common)->entry.quiet = common->quiet;
	iommu_unit_visit_aliases(common, amdvi_quiet_alias, &quieting);
	amdvi_inval_run(unit, &quieting.batch);
}
