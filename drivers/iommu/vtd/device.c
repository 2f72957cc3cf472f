// SPDX-License-Identifier: GPL-2.0
/*
 * A device behind a unit, and the operations that the IOMMU core calls.
 *
 * Devices that have a driver when this module loads do DMA to physical
 * addresses. Every device passes through before translation is enabled, so that
 * nothing changes for it. The core then attaches each device to its domain;
 * devices in use are attached to the identity domain and keep passing through.
 *
 * How a device is attached is in attach.c.
 *
 * Locks: the unit's table_lock over everything that attaches.
 */
#define pr_fmt(fmt) "vtd: " fmt

#include <kunit/visibility.h>
#include <linux/debugfs.h>
#include <linux/dmar.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "../common/acs.h"
#include "../common/former.h"
#include "../common/untrusted.h"
#include "ability.h"
#include "attach.h"
#include "debugfs.h"
#include "device.h"
#include "domain.h"
#include "exempt.h"
#include "former.h"
#include "identity.h"
#include "nested.h"
#include "params.h"
#include "quirks.h"
#include "scope.h"
#include "unit.h"

#include <uapi/linux/iommufd.h>

static int vtd_identity_attach_dev(struct iommu_domain *domain,
				   struct device *dev)
{
	struct vtd_entry entry;
	int ret = iommu_untrusted_refuse_identity(dev);

	if (ret)
		return ret;
	vtd_identity_entry(dev_to_vtd_unit(dev), &entry);
	return vtd_device_move(dev_to_vtd(dev), NULL, NULL, &entry);
}

static const struct iommu_domain_ops identity_ops = {
	.attach_dev = vtd_identity_attach_dev,
};

static struct iommu_domain identity_domain = {
	.type = IOMMU_DOMAIN_IDENTITY,
	.ops = &identity_ops,
};

static int vtd_blocked_attach_dev(struct iommu_domain *domain,
				  struct device *dev)
{
	static const struct vtd_entry blocked = {
		.translation = VTD_BLOCKED,
	};

	return vtd_device_move(dev_to_vtd(dev), NULL, NULL, &blocked);
}

static const struct iommu_domain_ops blocked_ops = {
	.attach_dev = vtd_blocked_attach_dev,
};

static struct iommu_domain blocked_domain = {
	.type = IOMMU_DOMAIN_BLOCKED,
	.ops = &blocked_ops,
};

static bool vtd_has_reserved_memory(struct pci_dev *pdev)
{
	struct dmar_cursor cursor = { };
	struct dmar_structure s;

	while (dmar_next(vtd_dmar, &cursor, &s))
		if (s.type == DMAR_RMRR && !s.complaint &&
		    vtd_scope_holds(vtd_dmar, &s, &pdev->dev))
			return true;
	return false;
}

static int vtd_block_open_alias(struct device *dev, u16 alias, void *arg)
{
	struct vtd_unit *unit = arg;

	if (vtd_former_is_open(unit, alias))
		vtd_former_block(unit, alias);
	return 0;
}

/* One that is to pass through in this kernel is not kept */
static bool vtd_device_is_kept(const struct vtd_unit *unit, struct device *dev,
			       u16 source_id)
{
	return iommu_former_covers(&unit->common, dev, source_id, source_id) &&
	       !vtd_exempt(dev);
}

/*
 * Without bus mastering there is no DMA, until a driver enables it. A device with
 * reserved memory keeps it: firmware goes on using it in that memory as soon as
 * the device has its domain, unless this would let it reach all memory. A bridge
 * keeps it too, for the devices below.
 */
static void vtd_device_stop(struct pci_dev *pdev)
{
	bool translated = !iommu_default_passthrough() &&
			  !vtd_exempt(&pdev->dev);

	if (pci_is_bridge(pdev) ||
	    (translated && vtd_has_reserved_memory(pdev)))
		return;
	pci_clear_master(pdev);
}

/*
 * A device without a driver behind a unit that was left enabled does DMA of a
 * former kernel, to that kernel's IOVAs, which must not reach this kernel's
 * memory. A crash kernel keeps its former entry. Otherwise the device has no
 * entry until the core attaches it to its domain, and is stopped.
 */
static void vtd_device_keep_or_stop(struct pci_dev *pdev, struct vtd_unit *unit,
				    u16 source_id)
{
	if (iommu_is_untrusted(&pdev->dev)) {
		mutex_lock(&unit->common.table_lock);
		iommu_visit_aliases(&pdev->dev, source_id, source_id,
				    vtd_block_open_alias, unit);
		mutex_unlock(&unit->common.table_lock);
		return;
	}
	if (!vtd_device_is_kept(unit, &pdev->dev, source_id))
		vtd_device_stop(pdev);
}

static struct vtd_unit *vtd_unit_of(struct device *dev,
				    struct vtd_place *place)
{
	struct iommu_unit *common;

	if (!vtd_scope_find(vtd_dmar, dev, place))
		return NULL;
	common = iommu_unit_at(&vtd_units, place->unit);
	return common ? to_vtd_unit(common) : NULL;
}

/**
 * vtd_device_has_unit() - is a device behind a unit that is used?
 * @dev: the device
 *
 * Return: true if so.
 */
bool vtd_device_has_unit(struct device *dev)
{
	struct vtd_place place;

	return vtd_unit_of(dev, &place);
}

static int vtd_drop_alias(struct device *dev, u16 alias, void *arg)
{
	vtd_former_block(arg, alias);
	return 0;
}

static int vtd_source_id_pass(struct vtd_unit *unit, struct device *dev,
			      u16 source_id)
{
	struct vtd_entry entry;
	int ret;

	vtd_identity_entry(unit, &entry);
	mutex_lock(&unit->common.table_lock);
	iommu_visit_aliases(dev, source_id, source_id, vtd_drop_alias, unit);
	ret = vtd_device_set_entries(unit, dev, source_id, &entry);
	mutex_unlock(&unit->common.table_lock);
	return ret;
}

static bool vtd_device_passes(const struct pci_dev *pdev,
			      const struct vtd_unit *unit)
{
	return !iommu_is_untrusted(&pdev->dev) &&
	       (!unit->left_on || pdev->dev.driver);
}

/* Devices of the ACPI namespace */
static int vtd_namespace_pass(struct vtd_unit *unit)
{
	struct dmar_cursor cursor = { };
	struct dmar_structure s;
	struct dmar_scope scope;
	int ret;

	while (dmar_next(vtd_dmar, &cursor, &s)) {
		if (s.offset != unit->common.offset)
			continue;
		while (dmar_next_scope(vtd_dmar, &s, &scope)) {
			if (scope.type != DMAR_SCOPE_NAMESPACE ||
			    !vtd_scope_path_exists(&scope))
				continue;
			ret = vtd_source_id_pass(unit, NULL,
						 vtd_scope_source_id(&scope));
			if (ret)
				return ret;
		}
	}
	return 0;
}

/**
 * vtd_devices_pass() - let devices pass through until they have a domain
 *
 * For devices that exist when the module loads and are trusted. Called before
 * translation is enabled, or while a unit still translates through a former
 * owner's tables.
 *
 * Return: 0 or -ENOMEM.
 */
int vtd_devices_pass(void)
{
	struct pci_dev *pdev = NULL;
	struct vtd_place place;
	struct vtd_unit *unit;
	int ret;

	list_for_each_entry(unit, &vtd_units, common.node) {
		if (unit->left_on)
			continue;
		ret = vtd_namespace_pass(unit);
		if (ret)
			return ret;
	}
	for_each_pci_dev(pdev) {
		unit = vtd_unit_of(&pdev->dev, &place);
		if (!unit || !vtd_device_passes(pdev, unit))
			continue;
		ret = vtd_source_id_pass(unit, &pdev->dev, place.source_id);
		if (ret) {
			pci_dev_put(pdev);
			return ret;
		}
	}
	/*
	 * A device that shares a source-id with one of those is not kept. A port
	 * that is not trusted has its driver, and does not pass.
	 */
	for_each_pci_dev(pdev) {
		unit = vtd_unit_of(&pdev->dev, &place);
		if (unit && unit->left_on &&
		    (!pdev->dev.driver || iommu_is_untrusted(&pdev->dev)))
			vtd_device_keep_or_stop(pdev, unit, place.source_id);
	}
	return 0;
}

static bool vtd_may_have_ats(const struct vtd_unit *unit, struct device *dev)
{
	return unit->ecap & ECAP_DT && dev_is_pci(dev) &&
	       vtd_scope_ats(vtd_dmar, to_pci_dev(dev), unit->scalable);
}

static struct iommu_device *vtd_device_probe(struct device *dev)
{
	struct vtd_device *device;
	struct vtd_place place;
	struct vtd_unit *unit;
	int ret;

	if (vtd_params_acs())
		iommu_acs_enable(dev);
	unit = vtd_unit_of(dev, &place);
	if (!unit)
		return ERR_PTR(-ENODEV);
	device = kzalloc(sizeof(*device), GFP_KERNEL);
	if (!device)
		return ERR_PTR(-ENOMEM);
	device->common.dev = dev;
	device->common.source_id = place.source_id;
	device->common.alias = place.source_id;
	if (vtd_may_have_ats(unit, dev))
		iommu_unit_look_for_ats(&device->common);
	device->common.ats_by_itself =
		!unit->scalable && dev_is_pci(dev) &&
		vtd_scope_operates_ats(vtd_dmar, to_pci_dev(dev));
	device->twice = dev_is_pci(dev) &&
			vtd_quirk(to_pci_dev(dev), VTD_QUIRK_DEVICE_TLB_TWICE);
	ret = iommu_unit_add_device(&unit->common, &device->common);
	if (ret) {
		kfree(device);
		return ERR_PTR(ret);
	}
	if (vtd_exempt(dev))
		device->common.former = false;
	if (unit->cap & CAP_CM)
		dev->iommu->shadow_on_flush = 1;
	vtd_debugfs_add_device(device);
	return &unit->common.iommu;
}

static void vtd_device_release(struct device *dev)
{
	struct vtd_device *device = dev_to_vtd(dev);
	struct iommu_unit_device *common = &device->common;
	struct iommu_unit *unit = common->unit;

	debugfs_remove_recursive(common->debugfs);
	mutex_lock(&unit->table_lock);
	vtd_device_detach(device);
	iommu_unit_remove_device(common);
	mutex_unlock(&unit->table_lock);
	/* Fault handling may still use it */
	iommu_live_synchronize();
	synchronize_rcu();
	kfree(device);
}

static bool vtd_device_capable(struct device *dev, enum iommu_cap cap)
{
	switch (cap) {
	case IOMMU_CAP_CACHE_COHERENCY:
	case IOMMU_CAP_DEFERRED_FLUSH:
		return true;
	case IOMMU_CAP_PRE_BOOT_PROTECTION:
		return dmar_platform_optin();
	case IOMMU_CAP_ENFORCE_CACHE_COHERENCY:
		return vtd_unit_ability(dev_to_vtd_unit(dev)).snoop;
	case IOMMU_CAP_DIRTY_TRACKING:
		return vtd_unit_tracks_dirty(dev_to_vtd_unit(dev));
	default:
		return false;
	}
}

static struct iommu_domain *vtd_device_alloc_paging(struct device *dev)
{
	struct vtd_domain *domain = vtd_domain_alloc(dev_to_vtd_unit(dev), 0,
						     &vtd_domain_paging_ops);

	return IS_ERR(domain) ? ERR_CAST(domain) : &domain->paging.domain;
}

/* A domain for a user program: with flags, or nested on another */
static struct iommu_domain *
vtd_device_alloc_user(struct device *dev, u32 flags,
		      struct iommu_domain *parent,
		      const struct iommu_user_data *data)
{
	const struct vtd_unit *unit = dev_to_vtd_unit(dev);
	struct vtd_domain *domain;

	if (parent)
		return vtd_nested_alloc(unit, parent, flags, data);
	if (data)
		return ERR_PTR(-EOPNOTSUPP);
	domain = flags & IOMMU_HWPT_ALLOC_NEST_PARENT ?
		 vtd_parent_alloc(unit, flags) :
		 vtd_domain_alloc(unit, flags, &vtd_domain_paging_ops);
	if (IS_ERR(domain))
		return ERR_CAST(domain);
	domain->paging.domain.type = IOMMU_DOMAIN_UNMANAGED;
	return &domain->paging.domain;
}

static void *vtd_device_hw_info(struct device *dev, u32 *length, u32 *type)
{
	const struct vtd_unit *unit = dev_to_vtd_unit(dev);
	struct iommu_hw_info_vtd *info = kzalloc(sizeof(*info), GFP_KERNEL);

	if (!info)
		return ERR_PTR(-ENOMEM);
	/* For all units: nested.c refuses read-only mappings on all of them */
	info->flags = IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17;
	info->cap_reg = unit->cap;
	info->ecap_reg = unit->ecap;
	*length = sizeof(*info);
	*type = IOMMU_HW_INFO_TYPE_INTEL_VTD;
	return info;
}

static int vtd_device_def_domain_type(struct device *dev)
{
	return iommu_unit_def_domain_type(dev) ?:
	       vtd_exempt(dev) ? IOMMU_DOMAIN_IDENTITY : 0;
}

/* Firmware uses it for a while only, so a guest may have the device */
static bool is_relaxable(const struct device *dev)
{
	const struct pci_dev *pdev;

	if (!dev_is_pci(dev))
		return false;
	pdev = to_pci_dev(dev);
	return pdev->class >> 8 == PCI_CLASS_SERIAL_USB ||
	       pdev->class >> 16 == PCI_BASE_CLASS_DISPLAY;
}

static void vtd_device_get_resv_regions(struct device *dev,
					struct list_head *regions)
{
	struct dmar_cursor cursor = { };
	struct dmar_structure s;

	iommu_unit_add_interrupts(regions);
	while (dmar_next(vtd_dmar, &cursor, &s))
		if (s.type == DMAR_RMRR && !s.complaint &&
		    vtd_scope_holds(vtd_dmar, &s, dev))
			iommu_unit_add_memory(regions, s.base, s.last,
					      IOMMU_READ | IOMMU_WRITE,
					      is_relaxable(dev) ?
					      IOMMU_RESV_DIRECT_RELAXABLE :
					      IOMMU_RESV_DIRECT);
}

const struct iommu_ops vtd_iommu_ops = {
	.owner = THIS_MODULE,
	.identity_domain = &identity_domain,
	.blocked_domain = &blocked_domain,
	.default_domain_ops = &vtd_paging_ops,
	.pgsize_bitmap = SZ_4K,
	.capable = vtd_device_capable,
	.hw_info = vtd_device_hw_info,
	.domain_alloc_user = vtd_device_alloc_user,
	.domain_alloc_paging = vtd_device_alloc_paging,
	.probe_device = vtd_device_probe,
	.probe_finalize = iommu_unit_probe_finalize,
	.release_device = vtd_device_release,
	.device_group = iommu_unit_device_group,
	.def_domain_type = vtd_device_def_domain_type,
	.is_attach_deferred = iommu_former_is_attach_deferred,
	.get_resv_regions = vtd_device_get_resv_regions,
};
EXPORT_SYMBOL_IF_KUNIT(vtd_iommu_ops);
