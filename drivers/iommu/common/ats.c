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
 * ATS is disabled in any context, by a write to the device only. The PCI core's
 * own note that it is enabled is a bit beside others which drivers change, such
 * as msix_enabled, without a common lock. So it is cleared later, by work that
 * holds the device's lock, as resets and power management do, which would enable
 * ATS again:
 *
 *	unmap: write to the device -> stopped_devices -> stop_work
 *
 * Locks: the table_lock of the unit, to enable ATS, and to disable it at a move.
 */
#include <linux/export.h>
#include <linux/llist.h>
#include <linux/pci-ats.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "unit.h"

/**
 * struct iommu_ats_stop - a device in which ATS was disabled in any context
 * @node: in stopped_devices
 * @pdev: the device
 */
struct iommu_ats_stop {
	struct llist_node node;
	struct pci_dev *pdev;
};

static LLIST_HEAD(stopped_devices);

static void finish_stops(struct work_struct *work)
{
	struct iommu_ats_stop *stop, *next;

	llist_for_each_entry_safe(stop, next, llist_del_all(&stopped_devices),
				  node) {
		device_lock(&stop->pdev->dev);
		if (stop->pdev->ats_enabled)
			pci_disable_ats(stop->pdev);
		device_unlock(&stop->pdev->dev);
		pci_dev_put(stop->pdev);
		kfree(stop);
	}
}

static DECLARE_WORK(stop_work, finish_stops);

/* Is ATS enabled in the device itself? Also the offset of its capability */
static int enabled_cap(struct pci_dev *pdev, u16 *control)
{
	/* With pci=noats, the PCI core does not look for it */
	int cap = pdev->ats_cap ?:
		  pci_find_ext_capability(pdev, PCI_EXT_CAP_ID_ATS);

	if (!cap || pci_read_config_word(pdev, cap + PCI_ATS_CTRL, control) ||
	    PCI_POSSIBLE_ERROR(*control) || !(*control & PCI_ATS_CTRL_ENABLE))
		return 0;
	return cap;
}

/* Disable ATS in the device only; false if it was not enabled */
static bool write_off(struct pci_dev *pdev)
{
	u16 control;
	int cap = enabled_cap(pdev, &control);

	if (cap)
		pci_write_config_word(pdev, cap + PCI_ATS_CTRL,
				      control & ~PCI_ATS_CTRL_ENABLE);
	return cap;
}

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
 * iommu_unit_ats_is_former() - has firmware or a former kernel enabled ATS?
 * @device: a device that does not use its device-TLB
 *
 * Return: true if so.
 */
bool iommu_unit_ats_is_former(const struct iommu_unit_device *device)
{
	u16 control;

	/* Devices behind simulated units are none of PCI */
	return !dev_is_pci(device->dev) ||
	       (!to_pci_dev(device->dev)->ats_enabled &&
		enabled_cap(to_pci_dev(device->dev), &control));
}
EXPORT_SYMBOL_GPL(iommu_unit_ats_is_former);

/**
 * iommu_unit_ats_end_former() - disable ATS that firmware or a former kernel
 * enabled
 * @device: a device that does not use its device-TLB
 *
 * Its entries block requests for translations, so it may not work until then.
 * Also after a device did not answer when ATS was disabled in it: what it has
 * cached is gone only once ATS is enabled anew.
 *
 * Context: may sleep.
 */
void iommu_unit_ats_end_former(struct iommu_unit_device *device)
{
	struct pci_dev *pdev;

	if (!dev_is_pci(device->dev))
		return;
	pdev = to_pci_dev(device->dev);
	if (!pdev->ats_enabled && write_off(pdev))
		pci_info(pdev, "ATS was left enabled, and is disabled\n");
}
EXPORT_SYMBOL_GPL(iommu_unit_ats_end_former);

/**
 * iommu_unit_ats_enable() - enable ATS in a device
 * @device: a device that supports it and whose device-TLB is not lost; its
 *	entries let translated requests pass
 *
 * Context: may sleep; the table_lock of the unit is held.
 * Return: 0 or an error.
 */
int iommu_unit_ats_enable(struct iommu_unit_device *device)
{
	int ret = 0;

	lockdep_assert_held(&device->unit->table_lock);
	/* Devices behind simulated units are none of PCI */
	if (dev_is_pci(device->dev)) {
		if (!device->ats_stop)
			device->ats_stop = kmalloc(sizeof(*device->ats_stop),
						   GFP_KERNEL);
		if (!device->ats_stop)
			return -ENOMEM;
		ret = pci_enable_ats(to_pci_dev(device->dev), PAGE_SHIFT);
	}
	if (ret)
		return ret;
	/* Pairs with xchg() in iommu_unit_ats_stop() */
	smp_store_release(&device->ats_enabled, true);
	return 0;
}
EXPORT_SYMBOL_GPL(iommu_unit_ats_enable);

/**
 * iommu_unit_ats_disable() - disable ATS in a device that is moved
 * @device: the device; does nothing if ATS is not enabled
 *
 * Context: may sleep; the table_lock of the unit is held.
 */
void iommu_unit_ats_disable(struct iommu_unit_device *device)
{
	lockdep_assert_held(&device->unit->table_lock);
	if (xchg(&device->ats_enabled, false) && dev_is_pci(device->dev))
		pci_disable_ats(to_pci_dev(device->dev));
}
EXPORT_SYMBOL_GPL(iommu_unit_ats_disable);

/**
 * iommu_unit_ats_stop() - disable ATS in a device whose device-TLB is lost
 * @device: the device; does nothing if ATS is not enabled
 *
 * Context: any.
 */
void iommu_unit_ats_stop(struct iommu_unit_device *device)
{
	struct iommu_ats_stop *stop;

	if (!READ_ONCE(device->ats_enabled) ||
	    !xchg(&device->ats_enabled, false) || !dev_is_pci(device->dev))
		return;
	/* Whoever has cleared ats_enabled owns it */
	stop = device->ats_stop;
	device->ats_stop = NULL;
	stop->pdev = pci_dev_get(to_pci_dev(device->dev));
	write_off(stop->pdev);
	llist_add(&stop->node, &stopped_devices);
	schedule_work(&stop_work);
}
EXPORT_SYMBOL_GPL(iommu_unit_ats_stop);

/**
 * iommu_unit_ats_finish() - wait until the PCI core knows of all devices in which
 * ATS was disabled
 *
 * Context: may sleep; no device is locked.
 */
void iommu_unit_ats_finish(void)
{
	flush_work(&stop_work);
}
EXPORT_SYMBOL_GPL(iommu_unit_ats_finish);
