// SPDX-License-Identifier: GPL-2.0
/*
 * Units: initialisation and registration, and units that fail.
 *
 * In a unit that does not answer no translation can be invalidated. Devices
 * behind it keep bus mastering for as long as nothing that they can reach is
 * given back: a device that passes through loses nothing. When a translation has
 * to be invalidated and cannot be, the devices of its domain are cut off at once,
 * before the caller gives the memory back.
 *
 * A device whose device-TLB is lost stays in use: only the requests that rely on
 * its device-TLB are blocked, which is the task of the driver.
 */
#include <linux/bitmap.h>
#include <linux/export.h>
#include <linux/pci.h>

#include "late.h"
#include "paging.h"
#include "unit.h"

/**
 * iommu_unit_init() - initialise a unit without devices
 * @unit: the unit, zeroed
 * @name: prefix of its name
 * @index: number that follows the prefix
 */
void iommu_unit_init(struct iommu_unit *unit, const char *name,
		     unsigned int index)
{
	snprintf(unit->name, sizeof(unit->name), "%s%u", name, index);
	unit->last_domain_id = U16_MAX;
	mutex_init(&unit->table_lock);
	ida_init(&unit->domain_ids);
	xa_init(&unit->devices);
	xa_init(&unit->aliases);
}
EXPORT_SYMBOL_GPL(iommu_unit_init);

/**
 * iommu_unit_exit() - undo iommu_unit_init()
 * @unit: the unit, no longer in use
 */
void iommu_unit_exit(struct iommu_unit *unit)
{
	bitmap_free(unit->former);
	xa_destroy(&unit->aliases);
	xa_destroy(&unit->devices);
	ida_destroy(&unit->domain_ids);
}
EXPORT_SYMBOL_GPL(iommu_unit_exit);

/**
 * iommu_unit_at() - find a unit by its offset in the firmware's table
 * @units: all units
 * @offset: the offset
 *
 * Return: the unit, or NULL.
 */
struct iommu_unit *iommu_unit_at(const struct list_head *units, size_t offset)
{
	struct iommu_unit *unit;

	list_for_each_entry(unit, units, node)
		if (unit->offset == offset)
			return unit;
	return NULL;
}
EXPORT_SYMBOL_GPL(iommu_unit_at);

/**
 * iommu_unit_link() - add a unit to /sys/class/iommu
 * @unit: the unit
 * @parent: its own device, or NULL
 * @groups: its attributes
 *
 * To be called before the unit is registered.
 *
 * Return: 0 or an error.
 */
int iommu_unit_link(struct iommu_unit *unit, struct device *parent,
		    const struct attribute_group **groups)
{
	return iommu_device_sysfs_add(&unit->iommu, parent, groups, "%s",
				      unit->name);
}
EXPORT_SYMBOL_GPL(iommu_unit_link);

/**
 * iommu_unit_register() - let the IOMMU core use a unit
 * @unit: a unit that is started and linked
 * @ops: operations of the driver
 *
 * The core probes all devices for each unit. Those behind a unit that is not
 * registered yet are left for their own.
 *
 * Return: 0 or an error.
 */
int iommu_unit_register(struct iommu_unit *unit, const struct iommu_ops *ops)
{
	int ret = iommu_device_register(&unit->iommu, ops, NULL);

	unit->registered = !ret;
	return ret;
}
EXPORT_SYMBOL_GPL(iommu_unit_register);

/**
 * iommu_units_count_drivers() - count the drivers that devices had before as
 * users of their groups
 * @units: all units, registered
 *
 * Not before: the core warns of a group that has a user when a load that fails
 * removes it.
 *
 * Context: may sleep.
 */
void iommu_units_count_drivers(const struct list_head *units)
{
	struct iommu_unit_device *device;
	struct iommu_unit *unit;
	unsigned long index;
	struct device *dev;

	list_for_each_entry(unit, units, node) {
		rcu_read_lock();
		xa_for_each(&unit->devices, index, device) {
			if (!device->had_driver)
				continue;
			dev = get_device(device->dev);
			rcu_read_unlock();
			iommu_late_count_driver(dev);
			put_device(dev);
			rcu_read_lock();
		}
		rcu_read_unlock();
	}
}
EXPORT_SYMBOL_GPL(iommu_units_count_drivers);

/**
 * iommu_units_unregister() - undo registering and linking, also partial
 * @units: all units
 */
void iommu_units_unregister(const struct list_head *units)
{
	struct iommu_unit *unit;

	list_for_each_entry(unit, units, node) {
		if (unit->registered)
			iommu_device_unregister(&unit->iommu);
		unit->registered = false;
		if (unit->iommu.dev)
			iommu_device_sysfs_remove(&unit->iommu);
	}
	/* A later load may enable ATS in the same devices */
	iommu_unit_ats_finish();
}
EXPORT_SYMBOL_GPL(iommu_units_unregister);

/**
 * iommu_unit_cut_off_device() - disable bus mastering of a device
 * @device: a device behind a dead unit, which may have translations cached that
 *	cannot be invalidated
 *
 * To be called each time that a translation cannot be invalidated: a driver may
 * have enabled bus mastering again.
 *
 * The PCI core notes in a bit that bus mastering is enabled (is_busmaster). The
 * other bits in its byte do not change after the device was found, so this needs
 * no lock.
 *
 * Context: any.
 */
void iommu_unit_cut_off_device(struct iommu_unit_device *device)
{
	if (!xchg(&device->cut_off, true))
		dev_err(device->dev, "cut off: bus mastering is disabled, because its IOMMU does not answer\n");
	if (dev_is_pci(device->dev))
		pci_clear_master(to_pci_dev(device->dev));
}
EXPORT_SYMBOL_GPL(iommu_unit_cut_off_device);

/**
 * iommu_unit_cut_off() - cut off the devices of a domain behind a dead unit
 * @unit: the unit
 * @paging: the domain, of which a translation could not be invalidated
 *
 * Context: any; iommu_live_read_lock() or the table_lock of the unit is held.
 */
void iommu_unit_cut_off(struct iommu_unit *unit,
			const struct iommu_paging *paging)
{
	struct iommu_unit_device *device;
	unsigned long index;

	xa_for_each(&unit->devices, index, device)
		if (READ_ONCE(device->domain) == paging)
			iommu_unit_cut_off_device(device);
}
EXPORT_SYMBOL_GPL(iommu_unit_cut_off);

/**
 * iommu_units_must_stay_awake() - is there a unit that could not resume?
 * @units: all units
 *
 * Return: true if one is dead, and translates for devices, which is logged.
 */
bool iommu_units_must_stay_awake(const struct list_head *units)
{
	struct iommu_unit *unit;

	list_for_each_entry(unit, units, node) {
		if (!READ_ONCE(unit->dead) || !unit->domains_used)
			continue;
		dev_err(unit->iommu.dev, "the machine must not sleep: this unit does not answer, and devices behind it would reach all memory afterwards; shut down instead\n");
		return true;
	}
	return false;
}
EXPORT_SYMBOL_GPL(iommu_units_must_stay_awake);

/*
 * The device whose requests have a source-id: its own, or one that firmware, a
 * bridge or a quirk gives it. Of several devices behind a bridge it is one. The
 * caller holds iommu_live_read_lock() or rcu_read_lock(). Faults are counted with
 * interrupts disabled, so this must not search.
 */
static struct iommu_unit_device *find_device(struct iommu_unit *unit,
					     u16 source_id)
{
	return xa_load(&unit->devices, source_id) ?:
	       xa_load(&unit->aliases, source_id);
}

/**
 * iommu_unit_meter() - meter of struct iommu_faults_ops
 * @faults: faults of a unit
 * @source_id: source-id of a request
 *
 * Context: any; rcu_read_lock().
 * Return: the meter of the device, or NULL if there is no such device.
 */
struct iommu_meter *iommu_unit_meter(struct iommu_faults *faults,
				     u16 source_id)
{
	struct iommu_unit *unit = container_of(faults, struct iommu_unit,
					       faults);
	struct iommu_unit_device *device = find_device(unit, source_id);

	return device ? &device->meter : NULL;
}
EXPORT_SYMBOL_GPL(iommu_unit_meter);

/**
 * iommu_unit_report_fault() - report a fault to the fault handler of the domain
 * @unit: the unit
 * @source_id: source-id of the request
 * @iova: IOVA of the request
 * @write: the request was a write, otherwise a read
 *
 * Context: may sleep.
 */
void iommu_unit_report_fault(struct iommu_unit *unit, u16 source_id,
			     unsigned long iova, bool write)
{
	struct iommu_unit_device *device;
	struct iommu_paging *domain;
	int index;

	index = iommu_live_read_lock();
	device = find_device(unit, source_id);
	domain = device ? READ_ONCE(device->domain) : NULL;
	if (domain)
		report_iommu_fault(&domain->domain, device->dev, iova,
				   write ? IOMMU_FAULT_WRITE :
					   IOMMU_FAULT_READ);
	iommu_live_read_unlock(index);
}
EXPORT_SYMBOL_GPL(iommu_unit_report_fault);

/**
 * iommu_unit_follow() - start or stop recording faults of devices by their
 * meters
 * @unit: the unit
 * @set_quiet: makes the unit record faults of a device, or not, according to
 *	@quiet of the device; called with the table_lock of the unit held
 *
 * Context: from the follow operation of struct iommu_faults_ops.
 * Return: true if a device is silent.
 */
bool iommu_unit_follow(struct iommu_unit *unit,
		       void (*set_quiet)(struct iommu_unit_device *device))
{
	struct iommu_unit_device *device;
	bool any = false, silent;
	unsigned long index;

	mutex_lock(&unit->table_lock);
	xa_for_each(&unit->devices, index, device) {
		silent = iommu_faults_silent(&unit->faults, &device->meter);
		any |= silent;
		if (device->quiet == silent)
			continue;
		device->quiet = silent;
		set_quiet(device);
		dev_warn(device->dev, silent ?
			 "storm of DMA faults: they stay blocked, but are not recorded for %u s\n" :
			 "DMA faults are recorded again after %u s\n",
			 device->meter.silence_s);
	}
	mutex_unlock(&unit->table_lock);
	return any;
}
EXPORT_SYMBOL_GPL(iommu_unit_follow);
