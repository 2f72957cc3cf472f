// SPDX-License-Identifier: GPL-2.0
/*
 * A device behind a unit, and the operations that the IOMMU core calls.
 *
 * A device presents one source-id of its own, and bridges between it and the
 * unit may present others for it. All of them get the same entry. A device
 * always has one: translating through a domain, passing through, or blocked;
 * it goes from one to the next by one write for each source-id, after which
 * the former one is invalidated. Joining the new domain comes before, leaving
 * the old one after.
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
#define pr_fmt(fmt) "vtd: " fmt

#include <kunit/visibility.h>
#include <linux/debugfs.h>
#include <linux/dmar.h>
#include <linux/module.h>
#include <linux/pci-ats.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "../common/acs.h"
#include "debugfs.h"
#include "device.h"
#include "domain.h"
#include "identity.h"
#include "inval.h"
#include "nested.h"
#include "params.h"
#include "regs.h"
#include "scope.h"
#include "unit.h"

#include <uapi/linux/iommufd.h>

/* What setting the entries of a device's source-ids needs to know */
struct setting {
	struct vtd_unit *unit;
	const struct vtd_entry *entry;
};

static int prepare_alias(struct device *dev, u16 alias, void *arg)
{
	struct setting *setting = arg;

	return vtd_tables_prepare(setting->unit, alias);
}

/* Invalidate what the unit has cached of an entry that was changed */
static void invalidate_former(struct vtd_unit *unit, u16 source_id,
			      bool was_present, u16 old_domain_id,
			      u16 new_domain_id)
{
	if (!was_present) {
		vtd_unit_flush_write_buffer(unit);
		/* Only caching mode has cached what was not there */
		if (!(unit->cap & CAP_CM))
			return;
		old_domain_id = IOMMU_UNIT_ID_NONE;
	}
	if (unit->scalable) {
		vtd_inval_pasid(unit, source_id, was_present ? old_domain_id :
							       new_domain_id);
		/*
		 * The context entry is the same as before, but a hypervisor
		 * may look at where it leads only when told so.
		 */
		vtd_inval_context(unit, source_id, IOMMU_UNIT_ID_NONE, false);
		return;
	}
	vtd_inval_context(unit, source_id, old_domain_id, was_present);
	if (!was_present)
		vtd_inval_domain(unit, new_domain_id, false);
}

static int set_alias(struct device *dev, u16 alias, void *arg)
{
	struct setting *setting = arg;
	u16 old_domain_id;
	bool present;

	present = vtd_tables_set(setting->unit, alias, setting->entry,
				 &old_domain_id);
	invalidate_former(setting->unit, alias, present, old_domain_id,
			  setting->entry->domain_id);
	return 0;
}

static int set_entries(struct vtd_unit *unit, struct device *dev,
		       u16 source_id, const struct vtd_entry *entry)
{
	struct setting setting = { unit, entry };
	int ret;

	lockdep_assert_held(&unit->common.table_lock);
	if (entry->translation != VTD_BLOCKED) {
		ret = iommu_visit_aliases(dev, source_id, source_id,
					  prepare_alias, &setting);
		if (ret)
			return ret;
	}
	return iommu_visit_aliases(dev, source_id, source_id, set_alias,
				   &setting);
}

static void flush_device_tlb(const struct iommu_unit_device *common)
{
	struct vtd_range all = { .last = ULONG_MAX };
	struct vtd_batch batch = { };

	if (common->ats_lost)
		return;
	vtd_inval_add_device(&batch, common->source_id, common->pf_id,
			     common->ats_depth, &all);
	vtd_inval_run(to_vtd_unit(common->unit), &batch);
}

static void ats_off(struct vtd_device *device)
{
	struct iommu_unit_device *common = &device->common;

	if (!common->ats)
		return;
	list_del_rcu(&device->ats_node);
	iommu_live_synchronize();
	flush_device_tlb(common);
	pci_disable_ats(to_pci_dev(common->dev));
	common->ats = false;
}

static void ats_on(struct vtd_device *device)
{
	struct iommu_unit_device *common = &device->common;

	if (!common->ats_supported || common->ats_lost ||
	    pci_enable_ats(to_pci_dev(common->dev), PAGE_SHIFT))
		return;
	common->ats = true;
	list_add_rcu(&device->ats_node, &common->member->devices);
}

static struct iommu_unit_member *join(struct vtd_domain *domain,
				      struct vtd_nested *nested,
				      struct vtd_unit *unit)
{
	if (nested)
		return vtd_nested_join(nested, unit);
	return iommu_paging_join(&domain->paging, &unit->common);
}

static void leave(struct iommu_paging *domain, struct vtd_nested *nested,
		  struct iommu_unit_member *member)
{
	if (nested)
		vtd_nested_leave(nested, member);
	else if (domain)
		iommu_paging_leave(domain, member);
}

/* What the domain gives to an entry */
static void fill_entry(struct vtd_entry *entry, const struct vtd_device *device,
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
 * @domain: the paging domain it goes to, or NULL
 * @nested: the nested domain on that one that it goes to, or NULL
 * @template: its new entry, less what the domain gives
 *
 * Context: may sleep.
 * Return: 0, or an error with the device where it was: -EINVAL if the domain
 * does not suit the device's unit, -ENOMEM, -ENOSPC, -EIO.
 */
int vtd_device_move(struct vtd_device *device, struct vtd_domain *domain,
		    struct vtd_nested *nested, const struct vtd_entry *template)
{
	struct iommu_unit_device *common = &device->common;
	struct iommu_unit_member *old_member = common->member, *member = NULL;
	struct iommu_paging *old_domain = common->domain;
	struct vtd_unit *unit = to_vtd_unit(common->unit);
	struct vtd_nested *old_nested = device->nested;
	struct vtd_entry entry = *template;
	int ret;

	if (READ_ONCE(common->unit->dead) && entry.translation != VTD_BLOCKED)
		return -EIO;
	mutex_lock(&common->unit->table_lock);
	if (domain) {
		member = join(domain, nested, unit);
		if (IS_ERR(member)) {
			ret = PTR_ERR(member);
			goto out;
		}
		fill_entry(&entry, device, domain, member);
	}
	entry.quiet = common->quiet;
	ats_off(device);
	ret = set_entries(unit, common->dev, common->source_id, &entry);
	if (ret) {
		if (domain)
			leave(&domain->paging, nested, member);
		goto out;
	}
	device->entry = entry;
	device->nested = nested;
	common->member = member;
	WRITE_ONCE(common->domain, domain ? &domain->paging : NULL);
	if (domain)
		ats_on(device);
	leave(old_domain, old_nested, old_member);
out:
	mutex_unlock(&common->unit->table_lock);
	return ret;
}

/**
 * vtd_device_track() - let a device's entries say whether to note writes
 * @device: a device in a paging domain
 * @enable: its unit notes in the domain's tables what it writes to
 *
 * What was cached of the entries and below goes, in its device-TLB too, which
 * may hold permission to write without a note.
 *
 * Context: the unit's table_lock is held.
 */
void vtd_device_track(struct vtd_device *device, bool enable)
{
	struct iommu_unit_device *common = &device->common;
	struct setting setting = { to_vtd_unit(common->unit), &device->entry };

	lockdep_assert_held(&common->unit->table_lock);
	device->entry.tracks_dirty = enable;
	iommu_unit_visit_aliases(common, set_alias, &setting);
	if (common->ats)
		flush_device_tlb(common);
}

static struct vtd_device *dev_to_vtd(struct device *dev)
{
	return to_vtd_device(dev_iommu_priv_get(dev));
}

static struct vtd_unit *dev_to_unit(struct device *dev)
{
	return to_vtd_unit(dev_to_vtd(dev)->common.unit);
}

static int identity_attach_dev(struct iommu_domain *domain, struct device *dev)
{
	struct vtd_entry entry;

	vtd_identity_entry(dev_to_unit(dev), &entry);
	return vtd_device_move(dev_to_vtd(dev), NULL, NULL, &entry);
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
	static const struct vtd_entry blocked = {
		.translation = VTD_BLOCKED,
	};

	return vtd_device_move(dev_to_vtd(dev), NULL, NULL, &blocked);
}

static const struct iommu_domain_ops blocked_ops = {
	.attach_dev = blocked_attach_dev,
};

static struct iommu_domain blocked_domain = {
	.type = IOMMU_DOMAIN_BLOCKED,
	.ops = &blocked_ops,
};

static bool has_reserved_memory(struct pci_dev *pdev)
{
	struct dmar_cursor cursor = { };
	struct dmar_structure s;

	while (dmar_next(vtd_dmar, &cursor, &s))
		if (s.type == DMAR_RMRR && !s.complaint &&
		    vtd_scope_holds(vtd_dmar, &s, pdev))
			return true;
	return false;
}

/*
 * A device without a driver behind a unit that was left at work: what DMA
 * it does is a former kernel's, to that kernel's IOVAs, and is to reach nothing
 * of this one's memory. So it has no entry until the core gives it its domain,
 * and it does no DMA until a driver has it do some. What firmware does with a
 * device goes on in its reserved memory, as soon as it has its domain.
 */
static void stop(struct pci_dev *pdev)
{
	if (!pci_is_bridge(pdev) && !has_reserved_memory(pdev))
		pci_clear_master(pdev);
}

/**
 * vtd_devices_pass() - let devices pass through until they have a domain
 *
 * For PCI devices that are there when the module loads; before translation,
 * or while a unit still translates through the tables of a former owner.
 *
 * Return: 0 or -ENOMEM.
 */
int vtd_devices_pass(void)
{
	struct pci_dev *pdev = NULL;
	struct vtd_entry entry;
	struct iommu_unit *common;
	struct vtd_place place;
	struct vtd_unit *unit;
	int ret;

	for_each_pci_dev(pdev) {
		if (!vtd_scope_find(vtd_dmar, &pdev->dev, &place))
			continue;
		common = iommu_unit_at(&vtd_units, place.unit);
		if (!common)
			continue;
		unit = to_vtd_unit(common);
		if (unit->left_on && !pdev->dev.driver) {
			stop(pdev);
			continue;
		}
		vtd_identity_entry(unit, &entry);
		mutex_lock(&unit->common.table_lock);
		ret = set_entries(unit, &pdev->dev, place.source_id, &entry);
		mutex_unlock(&unit->common.table_lock);
		if (ret) {
			pci_dev_put(pdev);
			return ret;
		}
	}
	return 0;
}

static bool may_have_ats(const struct vtd_unit *unit, struct device *dev)
{
	return unit->ecap & ECAP_DT && dev_is_pci(dev) &&
	       vtd_scope_ats(vtd_dmar, to_pci_dev(dev));
}

static struct iommu_device *probe_device(struct device *dev)
{
	struct vtd_device *device;
	struct iommu_unit *common;
	struct vtd_place place;
	int ret;

	if (vtd_params_acs())
		iommu_acs_enable(dev);
	if (!vtd_scope_find(vtd_dmar, dev, &place))
		return ERR_PTR(-ENODEV);
	common = iommu_unit_at(&vtd_units, place.unit);
	if (!common)
		return ERR_PTR(-ENODEV);
	device = kzalloc(sizeof(*device), GFP_KERNEL);
	if (!device)
		return ERR_PTR(-ENOMEM);
	device->common.dev = dev;
	device->common.source_id = place.source_id;
	device->common.alias = place.source_id;
	if (may_have_ats(to_vtd_unit(common), dev))
		iommu_unit_look_for_ats(&device->common);
	ret = iommu_unit_add_device(common, &device->common);
	if (ret) {
		kfree(device);
		return ERR_PTR(ret);
	}
	if (to_vtd_unit(common)->cap & CAP_CM)
		dev->iommu->shadow_on_flush = 1;
	vtd_debugfs_add_device(device);
	return &common->iommu;
}

/* A source-id that other devices present too keeps what they have */
static int block_alias(struct device *dev, u16 alias, void *arg)
{
	struct vtd_entry blocked = { .translation = VTD_BLOCKED };
	struct iommu_unit_device *device = arg;
	struct setting setting = { to_vtd_unit(device->unit), &blocked };

	if (iommu_unit_shares(device, alias))
		return 0;
	return set_alias(dev, alias, &setting);
}

static void release_device(struct device *dev)
{
	struct vtd_device *device = dev_to_vtd(dev);
	struct iommu_unit_device *common = &device->common;
	struct iommu_unit *unit = common->unit;

	debugfs_remove_recursive(common->debugfs);
	mutex_lock(&unit->table_lock);
	ats_off(device);
	iommu_unit_visit_aliases(common, block_alias, common);
	leave(common->domain, device->nested, common->member);
	xa_erase(&unit->devices, common->source_id);
	mutex_unlock(&unit->table_lock);
	/* Fault handling may still look at it */
	iommu_live_synchronize();
	synchronize_rcu();
	kfree(device);
}

static bool device_capable(struct device *dev, enum iommu_cap cap)
{
	switch (cap) {
	case IOMMU_CAP_CACHE_COHERENCY:
	case IOMMU_CAP_DEFERRED_FLUSH:
		return true;
	case IOMMU_CAP_PRE_BOOT_PROTECTION:
		return dmar_platform_optin();
	case IOMMU_CAP_ENFORCE_CACHE_COHERENCY:
		return vtd_unit_ability(dev_to_unit(dev)).snoop;
	case IOMMU_CAP_DIRTY_TRACKING:
		return vtd_unit_tracks_dirty(dev_to_unit(dev));
	default:
		return false;
	}
}

static struct iommu_domain *domain_alloc_paging(struct device *dev)
{
	struct vtd_domain *domain = vtd_domain_alloc(dev_to_unit(dev), 0);

	return IS_ERR(domain) ? ERR_CAST(domain) : &domain->paging.domain;
}

/* A domain of user programs: with flags, or nested on another */
static struct iommu_domain *
domain_alloc_user(struct device *dev, u32 flags, struct iommu_domain *parent,
		  const struct iommu_user_data *data)
{
	struct vtd_domain *domain;

	if (parent)
		return vtd_nested_alloc(dev_to_unit(dev), parent, flags, data);
	if (data)
		return ERR_PTR(-EOPNOTSUPP);
	domain = vtd_domain_alloc(dev_to_unit(dev), flags);
	if (IS_ERR(domain))
		return ERR_CAST(domain);
	domain->paging.domain.type = IOMMU_DOMAIN_UNMANAGED;
	return &domain->paging.domain;
}

static void *hw_info(struct device *dev, u32 *length, u32 *type)
{
	const struct vtd_unit *unit = dev_to_unit(dev);
	struct iommu_hw_info_vtd *info = kzalloc(sizeof(*info), GFP_KERNEL);

	if (!info)
		return ERR_PTR(-ENOMEM);
	/* Whatever the unit: it is kept on all of them, nested.c */
	info->flags = IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17;
	info->cap_reg = unit->cap;
	info->ecap_reg = unit->ecap;
	*length = sizeof(*info);
	*type = IOMMU_HW_INFO_TYPE_INTEL_VTD;
	return info;
}

/* Firmware uses it for a while only, and a guest may have the device */
static bool is_relaxable(const struct pci_dev *pdev)
{
	return pdev->class >> 8 == PCI_CLASS_SERIAL_USB ||
	       pdev->class >> 16 == PCI_BASE_CLASS_DISPLAY;
}

static void get_resv_regions(struct device *dev, struct list_head *regions)
{
	struct dmar_cursor cursor = { };
	struct dmar_structure s;
	struct pci_dev *pdev;

	iommu_unit_add_region(regions, MSI_RANGE_START, MSI_RANGE_SIZE, 0,
			      IOMMU_RESV_MSI);
	if (!dev_is_pci(dev))
		return;
	pdev = to_pci_dev(dev);
	while (dmar_next(vtd_dmar, &cursor, &s))
		if (s.type == DMAR_RMRR && !s.complaint &&
		    vtd_scope_holds(vtd_dmar, &s, pdev))
			iommu_unit_add_region(regions, s.base,
					      s.last - s.base + 1,
					      IOMMU_READ | IOMMU_WRITE,
					      is_relaxable(pdev) ?
					      IOMMU_RESV_DIRECT_RELAXABLE :
					      IOMMU_RESV_DIRECT);
}

const struct iommu_ops vtd_iommu_ops = {
	.owner = THIS_MODULE,
	.identity_domain = &identity_domain,
	.blocked_domain = &blocked_domain,
	.default_domain_ops = &vtd_paging_ops,
	.pgsize_bitmap = SZ_4K,
	.capable = device_capable,
	.hw_info = hw_info,
	.domain_alloc_user = domain_alloc_user,
	.domain_alloc_paging = domain_alloc_paging,
	.probe_device = probe_device,
	.probe_finalize = iommu_unit_probe_finalize,
	.release_device = release_device,
	.device_group = iommu_unit_device_group,
	.def_domain_type = iommu_unit_def_domain_type,
	.get_resv_regions = get_resv_regions,
};
EXPORT_SYMBOL_IF_KUNIT(vtd_iommu_ops);
