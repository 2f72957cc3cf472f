// SPDX-License-Identifier: GPL-2.0
/*
 * A crash kernel behind units that still translate by the tables of the kernel
 * that has crashed.
 *
 * Devices have not been shut down: their DMA goes on. If it were blocked, some
 * firmware would answer with an NMI, and there would be no dump. So the entries
 * of the former kernel are copied into the tables of this driver, and lead to
 * page tables in the former kernel's memory, which nobody changes any more:
 *
 *	the module loads	the driver of the unit copies entries, and reserves
 *				their domain ids; a bit of each source-id says that
 *				its entry is kept
 *	a device is probed	it is "kept" if it has no driver, and if the
 *				entries of all its source-ids are
 *	the core attaches it	not yet: is_attach_deferred
 *	its driver maps memory	the core attaches it. The driver has mostly reset
 *				it by then, which ends the DMA of the former kernel
 *	its driver is bound	it is attached in any case: a driver may map memory
 *				for the first time where it must not sleep
 *
 * A device whose entries are replaced may have the source-id of another device,
 * as behind a bridge to conventional PCI: DMA of that one would reach the new
 * domain. It loses bus mastering.
 *
 * DMA to IOVAs of the former kernel must never pass through. If the default
 * domain of a kept device is the identity domain, because another device of the
 * group is in use, the device loses bus mastering and is attached at once. While
 * it is kept, its group cannot get the identity domain.
 *
 * Nothing in the memory of the former kernel is trusted: a crash may have
 * damaged it. It is read in bounds, once, and only where the crash kernel itself
 * has nothing: neither memory nor the registers of a device.
 *
 * Locks: none while the module loads; the table_lock of the unit afterwards.
 */
#include <linux/bitmap.h>
#include <linux/crash_dump.h>
#include <linux/export.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/pci.h>

#include <asm/processor.h>

#include "former.h"
#include "unit.h"

#define SOURCE_IDS	(U16_MAX + 1)

/**
 * iommu_former_is_expected() - may devices still do DMA of a former kernel?
 *
 * Return: true in a crash kernel.
 */
bool iommu_former_is_expected(void)
{
	return is_kdump_kernel();
}
EXPORT_SYMBOL_GPL(iommu_former_is_expected);

/**
 * iommu_former_owns() - may memory belong to the former kernel?
 * @start: physical address
 * @size: bytes, not 0
 *
 * A crash kernel is told of the memory that it may use itself, and not of any
 * other.
 *
 * Return: true if the crash kernel has nothing there.
 */
bool iommu_former_owns(phys_addr_t start, size_t size)
{
	phys_addr_t last = start + size - 1;

	return last >= start && !(last >> boot_cpu_data.x86_phys_bits) &&
	       region_intersects(start, size, IORESOURCE_MEM,
				 IORES_DESC_NONE) == REGION_DISJOINT;
}
EXPORT_SYMBOL_GPL(iommu_former_owns);

/**
 * iommu_former_map() - map memory of the former kernel
 * @start: physical address
 * @size: bytes, not 0
 *
 * Return: the memory, for iommu_former_unmap(); or NULL if it is not the former
 * kernel's, or cannot be mapped.
 */
const void *iommu_former_map(phys_addr_t start, size_t size)
{
	if (!iommu_former_owns(start, size))
		return NULL;
	return memremap(start, size, MEMREMAP_WB);
}
EXPORT_SYMBOL_GPL(iommu_former_map);

/**
 * iommu_former_unmap() - undo iommu_former_map()
 * @mapped: the memory
 */
void iommu_former_unmap(const void *mapped)
{
	memunmap((void *)mapped);
}
EXPORT_SYMBOL_GPL(iommu_former_unmap);

/**
 * iommu_former_reserve_id() - let no domain of this kernel have a domain id
 * @unit: a unit without domains
 * @id: the domain id, from an old entry
 *
 * At most half of all ids are reserved, so that domains of this kernel get some.
 * They stay reserved: the unit may use them until all entries are replaced, and
 * a crash kernel does not live long.
 *
 * Return: 0, also if it is reserved already; -EINVAL if it is no id of a domain
 * in this unit, -ENOSPC, -ENOMEM.
 */
int iommu_former_reserve_id(struct iommu_unit *unit, unsigned int id)
{
	int ret;

	if (id < IOMMU_UNIT_ID_FIRST || id > unit->last_domain_id)
		return -EINVAL;
	ret = ida_alloc_range(&unit->domain_ids, id, id, GFP_KERNEL);
	if (ret == -ENOSPC)
		return 0;
	if (ret < 0)
		return ret;
	if (unit->former_ids >= unit->last_domain_id / 2) {
		ida_free(&unit->domain_ids, id);
		return -ENOSPC;
	}
	unit->former_ids++;
	return 0;
}
EXPORT_SYMBOL_GPL(iommu_former_reserve_id);

/**
 * iommu_former_keep() - note that a source-id has an entry of the former kernel
 * @unit: the unit
 * @source_id: the source-id
 *
 * Return: 0 or -ENOMEM.
 */
int iommu_former_keep(struct iommu_unit *unit, u16 source_id)
{
	if (!unit->former)
		unit->former = bitmap_zalloc(SOURCE_IDS, GFP_KERNEL);
	if (!unit->former)
		return -ENOMEM;
	set_bit(source_id, unit->former);
	return 0;
}
EXPORT_SYMBOL_GPL(iommu_former_keep);

/**
 * iommu_former_drop() - note that the entry of a source-id is replaced
 * @unit: the unit
 * @source_id: the source-id
 *
 * Return: true if it was the former kernel's.
 */
bool iommu_former_drop(struct iommu_unit *unit, u16 source_id)
{
	return unit->former && test_and_clear_bit(source_id, unit->former);
}
EXPORT_SYMBOL_GPL(iommu_former_drop);

/**
 * iommu_former_has() - is the entry of a source-id the former kernel's?
 * @unit: the unit
 * @source_id: the source-id
 *
 * Return: true if so.
 */
bool iommu_former_has(const struct iommu_unit *unit, u16 source_id)
{
	return unit->former && test_bit(source_id, unit->former);
}
EXPORT_SYMBOL_GPL(iommu_former_has);

static int former_lacks_alias(struct device *dev, u16 alias, void *arg)
{
	return !iommu_former_has(arg, alias);
}

/**
 * iommu_former_covers() - are all entries of a device the former kernel's?
 * @unit: the unit
 * @dev: the device
 * @source_id: source-id of its requester
 * @alias: source-id of its requests according to firmware
 *
 * Return: true if so.
 */
bool iommu_former_covers(const struct iommu_unit *unit, struct device *dev,
			 u16 source_id, u16 alias)
{
	return unit->former &&
	       !iommu_visit_aliases(dev, source_id, alias, former_lacks_alias,
				    (void *)unit);
}
EXPORT_SYMBOL_GPL(iommu_former_covers);

static void former_stop(const struct device *dev)
{
	if (dev_is_pci(dev) && !pci_is_bridge(to_pci_dev(dev)))
		pci_clear_master(to_pci_dev(dev));
}

struct ending {
	struct iommu_unit_device *device;
	bool any;
};

static int former_end_alias(struct device *dev, u16 alias, void *arg)
{
	struct ending *ending = arg;
	struct iommu_unit *unit = ending->device->unit;
	struct iommu_unit_device *other;
	unsigned long index;

	if (!iommu_former_drop(unit, alias))
		return 0;
	ending->any = true;
	xa_for_each(&unit->devices, index, other) {
		if (other == ending->device || !other->former ||
		    !iommu_has_alias(other->dev, other->source_id, other->alias,
				     alias))
			continue;
		dev_warn(other->dev, "bus mastering is disabled until a driver enables it: %s has the same source-id and is in use\n",
			 dev_name(dev));
		former_stop(other->dev);
	}
	return 0;
}

/**
 * iommu_former_end() - the entries of a device are about to be replaced
 * @device: the device
 *
 * Context: may sleep; the table_lock of the unit is held.
 * Return: true if one was the former kernel's.
 */
bool iommu_former_end(struct iommu_unit_device *device)
{
	struct ending ending = { device };

	lockdep_assert_held(&device->unit->table_lock);
	if (!device->unit->former)
		return false;
	device->former = false;
	iommu_visit_aliases(device->dev, device->source_id, device->alias,
			    former_end_alias, &ending);
	return ending.any;
}
EXPORT_SYMBOL_GPL(iommu_former_end);

/**
 * iommu_former_is_attach_deferred() - is_attach_deferred of struct iommu_ops
 * @dev: the device, just probed
 *
 * Return: true if it is kept.
 */
bool iommu_former_is_attach_deferred(struct device *dev)
{
	const struct iommu_unit_device *device = dev_iommu_priv_get(dev);

	return device->former;
}
EXPORT_SYMBOL_GPL(iommu_former_is_attach_deferred);

/**
 * iommu_former_domain_type() - the type of default domain that a kept device
 * needs
 * @device: the device
 *
 * Return: IOMMU_DOMAIN_DMA instead of pass-through, which the command line or
 * root wants; 0 for any other type, or if a device of the group is in use.
 */
int iommu_former_domain_type(struct iommu_unit_device *device)
{
	struct device *dev = device->dev;
	struct iommu_unit_device *other;
	unsigned long index;
	bool in_use = false;

	rcu_read_lock();
	xa_for_each(&device->unit->devices, index, other)
		in_use |= other->in_use &&
			  other->dev->iommu_group == dev->iommu_group;
	rcu_read_unlock();
	if (in_use)
		return 0;
	return iommu_default_passthrough() || iommu_get_domain_for_dev(dev) ?
	       IOMMU_DOMAIN_DMA : 0;
}
EXPORT_SYMBOL_GPL(iommu_former_domain_type);

/**
 * iommu_former_finalize() - attach a kept device whose default domain is the
 * identity domain
 * @device: a device that has its group; does nothing for any other one
 *
 * The DMA API would never attach it.
 *
 * Context: may sleep; from probe_finalize.
 */
void iommu_former_finalize(struct iommu_unit_device *device)
{
	struct device *dev = device->dev;
	struct iommu_domain *domain, *blocked;

	if (!device->former)
		return;
	domain = iommu_get_domain_for_dev(dev);
	if (!domain || domain->type != IOMMU_DOMAIN_IDENTITY)
		return;
	former_stop(dev);
	blocked = device->unit->iommu.ops->blocked_domain;
	if (domain->ops->attach_dev(domain, dev) &&
	    blocked->ops->attach_dev(blocked, dev))
		return;
	dev->iommu->attach_deferred = 0;
}
EXPORT_SYMBOL_GPL(iommu_former_finalize);

/* Attach a device to its domain if the core has not done so */
static void former_settle(struct device *dev)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);

	if (!domain || domain->ops->attach_dev(domain, dev)) {
		dev_err(dev, "cannot be moved to its domain; its DMA is that of the former kernel\n");
		return;
	}
	dev->iommu->attach_deferred = 0;
}

/* A driver that manages DMA itself brings a domain, or does no DMA */
static int former_bound(struct notifier_block *block, unsigned long action,
			void *data)
{
	struct device *dev = data;

	if (action != BUS_NOTIFY_BOUND_DRIVER || !dev->iommu_group ||
	    !dev->iommu || !dev->iommu->attach_deferred ||
	    dev->iommu->iommu_dev->ops->is_attach_deferred !=
	    iommu_former_is_attach_deferred ||
	    to_pci_driver(dev->driver)->driver_managed_dma)
		return NOTIFY_DONE;
	former_settle(dev);
	return NOTIFY_OK;
}

static struct notifier_block former_notifier = {
	.notifier_call = former_bound,
};

/**
 * iommu_former_watch() - attach each kept PCI device when its driver is bound
 * @units: all units, registered; a driver calls this once, and stays loaded
 */
void iommu_former_watch(const struct list_head *units)
{
	struct iommu_unit *unit;
	bool any = false;

	list_for_each_entry(unit, units, node)
		any |= !!unit->former;
	if (any)
		bus_register_notifier(&pci_bus_type, &former_notifier);
}
EXPORT_SYMBOL_GPL(iommu_former_watch);
