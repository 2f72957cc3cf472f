// SPDX-License-Identifier: GPL-2.0
/*
 * Devices behind units.
 *
 * The requests of a device have its own source-id, or another one (an alias)
 * that firmware or a bridge between device and unit defines. The entries of all
 * of them are kept the same.
 *
 * A device that had a driver before the IOMMU driver was loaded does DMA to
 * physical addresses. It may continue until that driver is unbound, unless the
 * device is not trusted (untrusted.c).
 */
#include <linux/export.h>
#include <linux/pci-ats.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/slab.h>

#include "former.h"
#include "interrupts.h"
#include "late.h"
#include "unit.h"
#include "untrusted.h"

/*
 * Some drivers bring a domain of their own, or do no DMA, as those of ports.
 * They do not keep a device from being translated.
 */
static bool driver_does_dma(const struct device *dev)
{
	if (!dev->driver)
		return false;
	if (dev_is_pci(dev))
		return !to_pci_driver(dev->driver)->driver_managed_dma;
	if (dev->bus == &platform_bus_type)
		return !to_platform_driver(dev->driver)->driver_managed_dma;
	return true;
}

/* Devices below a VMD are in a PCI domain beyond those of firmware */
static unsigned long index_of(const struct iommu_unit_device *device)
{
	struct pci_dev *pdev;

	if (!dev_is_pci(device->dev))
		return device->source_id;
	pdev = to_pci_dev(device->dev);
	if (iommu_requester(pdev) == pdev)
		return device->source_id;
	return (unsigned long)pci_domain_nr(pdev->bus) << 16 | pci_dev_id(pdev);
}

static int insert_alias(struct device *dev, u16 alias, void *arg)
{
	struct iommu_unit_device *device = arg;

	/*
	 * It may be there already: that of another device. Without memory, its
	 * faults are those of an unknown device.
	 */
	(void)!xa_insert(&device->unit->aliases, alias, device, GFP_KERNEL);
	return 0;
}

static int erase_alias(struct device *dev, u16 alias, void *arg)
{
	struct iommu_unit_device *device = arg, *other;
	struct xarray *aliases = &device->unit->aliases;
	unsigned long index;

	if (xa_load(aliases, alias) != device)
		return 0;
	xa_for_each(&device->unit->devices, index, other)
		if (iommu_has_alias(other->dev, other->source_id, other->alias,
				    alias))
			break;
	/* Replacing an entry allocates nothing */
	if (other)
		xa_store(aliases, alias, other, GFP_KERNEL);
	else
		xa_erase(aliases, alias);
	return 0;
}

/**
 * iommu_unit_insert_device() - let lookups by source-id find a device
 * @unit: the unit
 * @device: the device, with @dev, @index, @source_id and @alias filled in
 *
 * Context: may sleep.
 * Return: 0, -EBUSY if there is another device with this index, or -ENOMEM.
 */
int iommu_unit_insert_device(struct iommu_unit *unit,
			     struct iommu_unit_device *device)
{
	int ret;

	device->unit = unit;
	mutex_lock(&unit->table_lock);
	ret = xa_insert(&unit->devices, device->index, device, GFP_KERNEL);
	if (!ret)
		iommu_unit_visit_aliases(device, insert_alias, device);
	mutex_unlock(&unit->table_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(iommu_unit_insert_device);

/**
 * iommu_unit_add_device() - add a device to a unit
 * @unit: the unit
 * @device: the device, with @dev, @source_id and @alias filled in
 *
 * Context: from the probe_device operation.
 * Return: 0; -ENODEV if the unit is not registered yet, or, which is logged, if
 * another device has its source-id or if it has a driver and is not trusted;
 * -ENOMEM.
 */
int iommu_unit_add_device(struct iommu_unit *unit,
			  struct iommu_unit_device *device)
{
	struct device *dev = device->dev;
	int ret;

	/* The core sets the operations when the unit is registered */
	if (!unit->iommu.ops)
		return -ENODEV;
	device->unit = unit;
	device->index = index_of(device);
	device->had_driver = dev->driver;
	device->in_use = driver_does_dma(dev);
	/* Its driver would go on with physical addresses in a domain */
	if (device->in_use && iommu_is_untrusted(dev)) {
		dev_err(dev, "not trusted, and its driver was bound while the IOMMU driver was loaded; its DMA is blocked: plug it in again\n");
		return -ENODEV;
	}
	/* Only of a device that was there when the module was loaded */
	device->former = !unit->registered && !dev->driver &&
			 iommu_former_covers(unit, dev, device->source_id,
					     device->alias);
	ret = iommu_unit_insert_device(unit, device);
	if (ret == -EBUSY) {
		dev_warn(dev, "another device behind %s has its source-id; ignored\n",
			 unit->name);
		return -ENODEV;
	}
	if (ret)
		return ret;
	dev_iommu_priv_set(dev, device);
	/* One that is kept goes on with its device-TLB */
	if (!device->ats_by_itself && !device->former)
		iommu_unit_ats_end_former(device);
	return 0;
}
EXPORT_SYMBOL_GPL(iommu_unit_add_device);

/**
 * iommu_unit_remove_device() - undo iommu_unit_add_device()
 * @device: a device that is detached
 *
 * Context: the unit's table_lock is held. Lookups that hold
 * iommu_live_read_lock(), or RCU, may still find it afterwards.
 */
void iommu_unit_remove_device(struct iommu_unit_device *device)
{
	lockdep_assert_held(&device->unit->table_lock);
	xa_erase(&device->unit->devices, device->index);
	iommu_unit_visit_aliases(device, erase_alias, device);
	kfree(device->ats_stop);
}
EXPORT_SYMBOL_GPL(iommu_unit_remove_device);

/* Invalidations that a device accepts at once; all its functions share them */
static u8 ats_queue_depth(struct pci_dev *pf)
{
	u16 cap;

	if (!pf->ats_cap ||
	    pci_read_config_word(pf, pf->ats_cap + PCI_ATS_CAP, &cap))
		return 1;
	return PCI_ATS_CAP_QDEP(cap) ?: PCI_ATS_MAX_QDEP;
}

/* Are the addresses in its translation requests those of whole pages? */
static bool ats_page_aligned(struct pci_dev *pf)
{
	u16 cap;

	return pf->ats_cap &&
	       !pci_read_config_word(pf, pf->ats_cap + PCI_ATS_CAP, &cap) &&
	       cap & PCI_ATS_CAP_PAGE_ALIGNED;
}

/**
 * iommu_unit_look_for_ats() - find whether a device has a device-TLB
 * @device: a PCI device whose unit and platform permit it
 */
void iommu_unit_look_for_ats(struct iommu_unit_device *device)
{
	struct pci_dev *pdev = to_pci_dev(device->dev);
	struct pci_dev *pf = pci_physfn(pdev);

	/* A VMD makes its own requests, without device-TLBs below it */
	if (iommu_requester(pdev) != pdev)
		return;
	device->pf_id = pci_dev_id(pf);
	device->ats_supported = pci_ats_supported(pdev) && ats_page_aligned(pf);
	if (device->ats_supported)
		device->ats_depth = ats_queue_depth(pf);
}
EXPORT_SYMBOL_GPL(iommu_unit_look_for_ats);

/**
 * iommu_unit_visit_aliases() - visit every source-id of a device
 * @device: the device
 * @fn: called with each, with some possibly twice
 * @arg: for @fn
 *
 * Return: what @fn returned last.
 */
int iommu_unit_visit_aliases(const struct iommu_unit_device *device,
			     iommu_alias_fn fn, void *arg)
{
	return iommu_visit_aliases(device->dev, device->source_id,
				   device->alias, fn, arg);
}
EXPORT_SYMBOL_GPL(iommu_unit_visit_aliases);

/**
 * iommu_unit_shares() - is a source-id of a device also that of another device?
 * @device: the device
 * @alias: the source-id
 *
 * Context: the unit's table_lock is held.
 * Return: true if so.
 */
bool iommu_unit_shares(const struct iommu_unit_device *device, u16 alias)
{
	struct iommu_unit_device *other;
	unsigned long index;

	lockdep_assert_held(&device->unit->table_lock);
	xa_for_each(&device->unit->devices, index, other)
		if (other != device &&
		    iommu_has_alias(other->dev, other->source_id, other->alias,
				    alias))
			return true;
	return false;
}
EXPORT_SYMBOL_GPL(iommu_unit_shares);

/**
 * iommu_unit_add_region() - add a region to the list of get_resv_regions
 * @regions: the list
 * @start: first address of the region
 * @length: bytes
 * @prot: IOMMU_READ, ...
 * @type: type of the region
 */
void iommu_unit_add_region(struct list_head *regions, phys_addr_t start,
			   size_t length, int prot, enum iommu_resv_type type)
{
	struct iommu_resv_region *region;

	region = iommu_alloc_resv_region(start, length, prot, type, GFP_KERNEL);
	if (region)
		list_add_tail(&region->list, regions);
}
EXPORT_SYMBOL_GPL(iommu_unit_add_region);

/**
 * iommu_unit_add_interrupts() - add the region of interrupts
 * @regions: the list
 */
void iommu_unit_add_interrupts(struct list_head *regions)
{
	iommu_unit_add_region(regions, IOMMU_INTERRUPTS_FIRST,
			      IOMMU_INTERRUPTS_LAST - IOMMU_INTERRUPTS_FIRST + 1,
			      0, IOMMU_RESV_MSI);
}
EXPORT_SYMBOL_GPL(iommu_unit_add_interrupts);

/**
 * iommu_unit_add_memory() - add memory that firmware reserves
 * @regions: the list
 * @first: its first byte
 * @last: its last byte
 * @prot: IOMMU_READ, ...
 * @type: type of the region
 *
 * Interrupt addresses are left out, since no page table may lead to them.
 */
void iommu_unit_add_memory(struct list_head *regions, u64 first, u64 last,
			   int prot, enum iommu_resv_type type)
{
	if (!iommu_has_interrupts(first, last)) {
		iommu_unit_add_region(regions, first, last - first + 1, prot,
				      type);
		return;
	}
	if (first < IOMMU_INTERRUPTS_FIRST)
		iommu_unit_add_region(regions, first,
				      IOMMU_INTERRUPTS_FIRST - first, prot,
				      type);
	if (last > IOMMU_INTERRUPTS_LAST)
		iommu_unit_add_region(regions, IOMMU_INTERRUPTS_LAST + 1,
				      last - IOMMU_INTERRUPTS_LAST, prot, type);
}
EXPORT_SYMBOL_GPL(iommu_unit_add_memory);

/**
 * iommu_unit_probe_finalize() - probe_finalize of struct iommu_ops
 * @dev: the device
 */
void iommu_unit_probe_finalize(struct device *dev)
{
	struct iommu_unit_device *device = dev_iommu_priv_get(dev);

	iommu_former_finalize(device);
	/* While the IOMMU driver is loaded, see iommu_units_count_drivers() */
	if (device->had_driver && device->unit->registered)
		iommu_late_count_driver(dev);
}
EXPORT_SYMBOL_GPL(iommu_unit_probe_finalize);

/**
 * iommu_unit_device_group() - device_group of struct iommu_ops
 * @dev: the device
 *
 * Return: the group, or an error.
 */
struct iommu_group *iommu_unit_device_group(struct device *dev)
{
	if (dev_is_pci(dev))
		return pci_device_group(dev);
	return generic_device_group(dev);
}
EXPORT_SYMBOL_GPL(iommu_unit_device_group);

/**
 * iommu_unit_def_domain_type() - def_domain_type of struct iommu_ops
 * @dev: the device
 *
 * Return: IOMMU_DOMAIN_IDENTITY while the driver that it had at first is bound,
 * IOMMU_DOMAIN_DMA if its entries are a former kernel's and it must not pass
 * through, or 0.
 */
int iommu_unit_def_domain_type(struct device *dev)
{
	struct iommu_unit_device *device = dev_iommu_priv_get(dev);

	/* After its driver is unbound, no DMA is in flight */
	if (!dev->driver)
		device->in_use = false;
	if (device->former)
		return iommu_former_domain_type(device);
	return device->in_use ? IOMMU_DOMAIN_IDENTITY : 0;
}
EXPORT_SYMBOL_GPL(iommu_unit_def_domain_type);
