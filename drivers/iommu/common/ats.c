// SPDX-License-Identifier: GPL-2.0
/*
 * Device-TLBs: enabling ATS in a device, and devices whose device-TLB is lost.
 *
 * A device-TLB is lost if it may hold translations that cannot be invalidated:
 *
 *	the device does not answer	the unit reports that in time
 *	the unit refuses the request	a device that works, and a request that
 *					is not to the unit's liking
 *	the device is gone		nobody need be asked
 *
 * It stays lost until the device is probed anew. Nothing else of the device is:
 * it may go on without ATS. The driver of the unit "bars" the device-TLB: its
 * entries no longer let requests pass that are translated already. An unmap of
 * memory that the device may have cached succeeds only after that.
 *
 * Locks: the table_lock of the unit, to enable ATS. ATS is disabled in any
 * context, once.
 */
#include <linux/export.h>
#include <linux/pci-ats.h>
#include <linux/pci.h>

#include "unit.h"

/**
 * iommu_unit_ats_lost() - note that the device-TLB of a device is lost
 * @unit: the unit
 * @source_id: source-id of the device, or of its requests
 * @why: for the log
 *
 * Context: any.
 * Return: true if there is such a device.
 */
bool iommu_unit_ats_lost(struct iommu_unit *unit, u16 source_id,
			 const char *why)
{
	struct iommu_unit_device *device;
	unsigned long index;
	bool found = false;

	rcu_read_lock();
	xa_for_each(&unit->devices, index, device) {
		if (device->source_id != source_id &&
		    device->alias != source_id)
			continue;
		found = true;
		if (!xchg(&device->ats_lost, true))
			dev_err(device->dev, "ATS is no longer used: %s\n",
				why);
	}
	rcu_read_unlock();
	return found;
}
EXPORT_SYMBOL_GPL(iommu_unit_ats_lost);

/**
 * iommu_unit_ats_has_lost() - is the device-TLB lost of a device of this
 * source-id?
 * @unit: the unit
 * @source_id: source-id of the device, or of its requests
 *
 * Context: any.
 * Return: true if so.
 */
bool iommu_unit_ats_has_lost(struct iommu_unit *unit, u16 source_id)
{
	struct iommu_unit_device *device;
	unsigned long index;
	bool lost = false;

	rcu_read_lock();
	device = xa_load(&unit->devices, source_id);
	/* Mostly it is its own source-id */
	if (device && device->alias == source_id) {
		lost = READ_ONCE(device->ats_lost);
		goto out;
	}
	xa_for_each(&unit->devices, index, device)
		if (device->alias == source_id)
			lost |= READ_ONCE(device->ats_lost);
out:
	rcu_read_unlock();
	return lost;
}
EXPORT_SYMBOL_GPL(iommu_unit_ats_has_lost);

/**
 * iommu_unit_ats_gone() - note that a device is gone, and its device-TLB lost
 * @device: the device
 *
 * Context: any.
 */
void iommu_unit_ats_gone(struct iommu_unit_device *device)
{
	if (!xchg(&device->ats_lost, true))
		dev_err(device->dev, "ATS is no longer used: the device is gone\n");
}
EXPORT_SYMBOL_GPL(iommu_unit_ats_gone);

/**
 * iommu_unit_ats_is_reachable() - does a device answer?
 * @device: a device
 *
 * It does not if it is gone, without power, or being reset.
 *
 * Context: any. Reads the configuration space, so not for every unmap.
 * Return: false if it does not.
 */
bool iommu_unit_ats_is_reachable(struct iommu_unit_device *device)
{
	return !dev_is_pci(device->dev) ||
	       pci_device_is_present(to_pci_dev(device->dev));
}
EXPORT_SYMBOL_GPL(iommu_unit_ats_is_reachable);

/**
 * iommu_unit_ats_look() - is the device-TLB of a device lost? Looks for the
 * device too
 * @device: a device whose device-TLB is enabled
 *
 * Context: any. Reads the configuration space, so not for every unmap, for which
 * there is iommu_unit_ats_is_lost().
 * Return: true if it is lost.
 */
bool iommu_unit_ats_look(struct iommu_unit_device *device)
{
	if (!iommu_unit_ats_is_reachable(device))
		iommu_unit_ats_gone(device);
	return READ_ONCE(device->ats_lost);
}
EXPORT_SYMBOL_GPL(iommu_unit_ats_look);

/**
 * iommu_unit_ats_enable() - enable ATS in a device
 * @device: a device that supports it and whose device-TLB is not lost; its
 *	entries let translated requests pass
 *
 * Context: the table_lock of the unit is held.
 * Return: 0 or an error.
 */
int iommu_unit_ats_enable(struct iommu_unit_device *device)
{
	int ret;

	lockdep_assert_held(&device->unit->table_lock);
	/* Devices behind simulated units are none of PCI */
	ret = dev_is_pci(device->dev) ?
	      pci_enable_ats(to_pci_dev(device->dev), PAGE_SHIFT) : 0;
	if (!ret)
		WRITE_ONCE(device->ats_enabled, true);
	return ret;
}
EXPORT_SYMBOL_GPL(iommu_unit_ats_enable);

/**
 * iommu_unit_ats_disable() - disable ATS in a device
 * @device: the device; does nothing if ATS is not enabled
 *
 * Context: any.
 */
void iommu_unit_ats_disable(struct iommu_unit_device *device)
{
	if (xchg(&device->ats_enabled, false) && dev_is_pci(device->dev))
		pci_disable_ats(to_pci_dev(device->dev));
}
EXPORT_SYMBOL_GPL(iommu_unit_ats_disable);
