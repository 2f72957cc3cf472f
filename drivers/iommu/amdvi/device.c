// SPDX-License-Identifier: GPL-2.0
/*
 * A device behind a unit, and the operations that the IOMMU core calls.
 *
 * Devices that have a driver when this module loads do DMA to physical
 * addresses. All devices are set to pass through before translation is enabled,
 * so nothing changes for them. The core then attaches each device to its
 * domain; those in use keep passing through (the identity domain).
 *
 * Entries and moves are in attach.c.
 */
#define pr_fmt(fmt) "amdvi: " fmt

#include <kunit/visibility.h>
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/pci-ats.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "../common/former.h"
#include "../common/untrusted.h"
#include "ability.h"
#include "attach.h"
#include "debugfs.h"
#include "device.h"
#include "domain.h"
#include "exempt.h"
#include "former.h"
#include "unit.h"

#include <uapi/linux/iommufd.h>

static int amdvi_identity_attach_dev(struct iommu_domain *domain,
				     struct device *dev)
{
	return iommu_untrusted_refuse_identity(dev) ?:
	       amdvi_device_move(dev_to_amdvi(dev), NULL, AMDVI_PASS_THROUGH);
}

static const struct iommu_domain_ops identity_ops = {
	.attach_dev = amdvi_identity_attach_dev,
};

static struct iommu_domain identity_domain = {
	.type = IOMMU_DOMAIN_IDENTITY,
	.ops = &identity_ops,
};

static int amdvi_blocked_attach_dev(struct iommu_domain *domain,
				    struct device *dev)
{
	return amdvi_device_move(dev_to_amdvi(dev), NULL, AMDVI_BLOCKED);
}

static const struct iommu_domain_ops blocked_ops = {
	.attach_dev = amdvi_blocked_attach_dev,
};

static struct iommu_domain blocked_domain = {
	.type = IOMMU_DOMAIN_BLOCKED,
	.ops = &blocked_ops,
};

static int amdvi_pass_alias(struct device *dev, u16 alias, void *arg)
{
	static const struct amdvi_entry pass = {
		.translation = AMDVI_PASS_THROUGH,
		.domain_id = IOMMU_UNIT_ID_PASS,
	};
	struct amdvi_unit *unit = arg;
	u16 old;

	amdvi_former_block(unit, alias);
	amdvi_table_set(unit, alias, &pass, &old);
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
				amdvi_pass_alias(NULL, entry.first, unit);
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

static struct amdvi_unit *amdvi_unit_of(struct device *dev,
					struct amdvi_place *place)
{
	struct iommu_unit *common;

	if (is_a_unit(dev) || !amdvi_scope_find(amdvi_ivrs, dev, place))
		return NULL;
	common = iommu_unit_at(&amdvi_units, place->unit);
	return common ? to_amdvi_unit(common) : NULL;
}

/**
 * amdvi_device_has_unit() - is a device behind a unit that is used?
 * @dev: the device
 *
 * Return: true if so.
 */
bool amdvi_device_has_unit(struct device *dev)
{
	struct amdvi_place place;

	return amdvi_unit_of(dev, &place);
}

static bool amdvi_has_reserved_memory(const struct amdvi_place *place)
{
	struct ivrs_cursor cursor = { };
	struct ivrs_block block;

	while (ivrs_next(amdvi_ivrs, &cursor, &block))
		if (!ivrs_is_unit(&block) && !block.complaint &&
		    amdvi_scope_holds(&block, place))
			return true;
	return false;
}

static int amdvi_block_open_alias(struct device *dev, u16 alias, void *arg)
{
	struct amdvi_unit *unit = arg;

	if (amdvi_former_is_open(unit, alias))
		amdvi_former_block(unit, alias);
	return 0;
}

/* One that is to pass through in this kernel is not kept */
static bool amdvi_device_is_kept(const struct amdvi_unit *unit,
				 struct device *dev,
				 const struct amdvi_place *place)
{
	return iommu_former_covers(&unit->common, dev, place->source_id,
				   place->alias) &&
	       !amdvi_exempt(dev);
}

/*
 * Without bus mastering there is no DMA, until a driver enables it. Bridges keep
 * it, and so do devices with reserved memory: firmware continues to use that
 * memory once the device has its domain, unless this is one in which it would
 * reach all memory.
 */
static void amdvi_device_stop(struct pci_dev *pdev,
			      const struct amdvi_place *place)
{
	bool translated = !iommu_default_passthrough() &&
			  !amdvi_exempt(&pdev->dev);

	if (pci_is_bridge(pdev) ||
	    (translated && amdvi_has_reserved_memory(place)))
		return;
	pci_clear_master(pdev);
}

/*
 * The DMA of a device without a driver is that of a former kernel, to IOVAs of
 * that kernel. A crash kernel keeps the former entry. Otherwise DMA is blocked
 * until the core attaches the device to its domain.
 */
static void amdvi_device_keep_or_stop(struct pci_dev *pdev,
				      struct amdvi_unit *unit,
				      const struct amdvi_place *place)
{
	if (iommu_is_untrusted(&pdev->dev))
		iommu_visit_aliases(&pdev->dev, place->source_id, place->alias,
				    amdvi_block_open_alias, unit);
	else if (!amdvi_device_is_kept(unit, &pdev->dev, place))
		amdvi_device_stop(pdev, place);
}

static bool amdvi_device_passes(const struct pci_dev *pdev,
				const struct amdvi_unit *unit)
{
	return !iommu_is_untrusted(&pdev->dev) &&
	       (!unit->left_on || pdev->dev.driver);
}

/**
 * amdvi_devices_pass() - let devices pass through until they have a domain
 *
 * Called when the module loads, for all trusted devices present: before
 * translation is enabled, or while a unit still translates by the table of a
 * former kernel. Then only devices with a driver pass through.
 */
void amdvi_devices_pass(void)
{
	struct pci_dev *pdev = NULL;
	struct amdvi_place place;
	struct amdvi_unit *unit;

	list_for_each_entry(unit, &amdvi_units, common.node)
		if (!unit->left_on)
			pass_acpi_devices(unit);
	for_each_pci_dev(pdev) {
		unit = amdvi_unit_of(&pdev->dev, &place);
		if (unit && amdvi_device_passes(pdev, unit))
			iommu_visit_aliases(&pdev->dev, place.source_id,
					    place.alias, amdvi_pass_alias,
					    unit);
	}
	/*
	 * A device that shares a source-id with one of those is not kept. A port
	 * that is not trusted has its driver, and does not pass.
	 */
	for_each_pci_dev(pdev) {
		unit = amdvi_unit_of(&pdev->dev, &place);
		if (unit && unit->left_on &&
		    (!pdev->dev.driver || iommu_is_untrusted(&pdev->dev)))
			amdvi_device_keep_or_stop(pdev, unit, &place);
	}
}

static bool amdvi_may_have_ats(const struct amdvi_unit *unit,
			       const struct amdvi_place *place,
			       struct device *dev)
{
	return unit->cap & CAP_IOTLB_SUP && place->ats && dev_is_pci(dev);
}

static struct iommu_device *amdvi_device_probe(struct device *dev)
{
	struct amdvi_device *device;
	struct amdvi_place place;
	struct amdvi_unit *unit = amdvi_unit_of(dev, &place);
	int ret;

	if (!unit)
		return ERR_PTR(-ENODEV);
	device = kzalloc(sizeof(*device), GFP_KERNEL);
	if (!device)
		return ERR_PTR(-ENOMEM);
	device->place = place;
	device->common.dev = dev;
	device->common.source_id = place.source_id;
	device->common.alias = place.alias;
	if (amdvi_may_have_ats(unit, &place, dev))
		iommu_unit_look_for_ats(&device->common);
	ret = iommu_unit_add_device(&unit->common, &device->common);
	if (ret) {
		kfree(device);
		return ERR_PTR(ret);
	}
	if (amdvi_exempt(dev))
		device->common.former = false;
	if (unit->cap & CAP_NP_CACHE)
		dev->iommu->shadow_on_flush = 1;
	amdvi_debugfs_add_device(device);
	return &unit->common.iommu;
}

static void amdvi_device_release(struct device *dev)
{
	struct amdvi_device *device = dev_to_amdvi(dev);
	struct iommu_unit_device *common = &device->common;
	struct iommu_unit *unit = common->unit;

	debugfs_remove_recursive(common->debugfs);
	mutex_lock(&unit->table_lock);
	amdvi_device_detach(device);
	iommu_unit_remove_device(common);
	mutex_unlock(&unit->table_lock);
	/* Event handling may still use it */
	iommu_live_synchronize();
	synchronize_rcu();
	kfree(device);
}

static bool amdvi_device_capable(struct device *dev, enum iommu_cap cap)
{
	switch (cap) {
	case IOMMU_CAP_CACHE_COHERENCY:
	case IOMMU_CAP_DEFERRED_FLUSH:
		return true;
	case IOMMU_CAP_ENFORCE_CACHE_COHERENCY:
		return !dev_to_amdvi_unit(dev)->guest_tables;
	case IOMMU_CAP_DIRTY_TRACKING:
		return amdvi_unit_tracks_dirty(dev_to_amdvi_unit(dev));
	default:
		return false;
	}
}

static struct iommu_domain *amdvi_device_alloc_paging(struct device *dev)
{
	struct iommu_paging *paging;

	paging = amdvi_domain_alloc(dev_to_amdvi_unit(dev), 0);
	return IS_ERR(paging) ? ERR_CAST(paging) : &paging->domain;
}

/* Allocate a domain for user programs, with flags */
static struct iommu_domain *
amdvi_device_alloc_user(struct device *dev, u32 flags,
			struct iommu_domain *parent,
			const struct iommu_user_data *data)
{
	struct iommu_paging *paging;

	if (parent || data || flags & ~IOMMU_HWPT_ALLOC_DIRTY_TRACKING)
		return ERR_PTR(-EOPNOTSUPP);
	paging = amdvi_domain_alloc(dev_to_amdvi_unit(dev),
				    flags ? IOMMU_PT_DIRTY : 0);
	if (IS_ERR(paging))
		return ERR_CAST(paging);
	paging->domain.type = IOMMU_DOMAIN_UNMANAGED;
	return &paging->domain;
}

static int amdvi_device_def_domain_type(struct device *dev)
{
	return iommu_unit_def_domain_type(dev) ?:
	       amdvi_exempt(dev) ? IOMMU_DOMAIN_IDENTITY : 0;
}

/* Exclusion ranges must also stay untranslated */
static void add_ivmd(struct list_head *regions, const struct ivrs_block *ivmd)
{
	u64 last = ivmd->base + ivmd->size - 1;
	int prot = 0;

	if (ivmd->flags & (IVMD_IR | IVMD_EXCLUSION))
		prot |= IOMMU_READ;
	if (ivmd->flags & (IVMD_IW | IVMD_EXCLUSION))
		prot |= IOMMU_WRITE;
	if (prot && ivmd->flags & (IVMD_UNITY | IVMD_EXCLUSION))
		iommu_unit_add_memory(regions, ivmd->base, last, prot,
				      IOMMU_RESV_DIRECT);
	else
		iommu_unit_add_memory(regions, ivmd->base, last, 0,
				      IOMMU_RESV_RESERVED);
}

static void amdvi_device_get_resv_regions(struct device *dev,
					  struct list_head *regions)
{
	const struct amdvi_device *device = dev_to_amdvi(dev);
	struct ivrs_cursor cursor = { };
	struct ivrs_block block;

	iommu_unit_add_interrupts(regions);
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
	.capable = amdvi_device_capable,
	.domain_alloc_user = amdvi_device_alloc_user,
	.domain_alloc_paging = amdvi_device_alloc_paging,
	.probe_device = amdvi_device_probe,
	.probe_finalize = iommu_unit_probe_finalize,
	.release_device = amdvi_device_release,
	.device_group = iommu_unit_device_group,
	.def_domain_type = amdvi_device_def_domain_type,
	.is_attach_deferred = iommu_former_is_attach_deferred,
	.get_resv_regions = amdvi_device_get_resv_regions,
};
