// SPDX-License-Identifier: GPL-2.0
/*
 * amdvi.ko: a driver for AMD-Vi DMA remapping.
 *
 * What is found in the IVRS table (ivrs.c, scope.c) becomes units (unit.c).
 * Each gets its device table (table.c), its command buffer (queue.c, inval.c)
 * and its event log (fault.c, event.c). Devices are attached by the IOMMU core
 * through the operations in device.c, to domains (domain.c). What does not
 * depend on the hardware is in ../common/.
 *
 * Loading is all or nothing as far as the machine goes: whether somebody else
 * owns the units is found out before any is touched. A single unit that is
 * broken is left out, and the others work.
 *
 *	1. read and check the table
 *	2. is the kernel's own driver, or its interrupt remapping, active?
 *	3. map the units, fill each unit's table so that every device passes through;
 *	   of a unit that was left at work, only the devices in use
 *	4. start each unit
 *	5. register with the IOMMU core, which gives each device its domain
 *
 * The core holds a reference on this module for each device, so it stays for
 * as long as there is one; there is no way to unload it.
 */
#define pr_fmt(fmt) "amdvi: " fmt

#include <linux/acpi.h>
#include <linux/module.h>
#include <linux/msi.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include <compat/syscore.h>

#include "../common/firmware.h"
#include "debugfs.h"
#include "device.h"
#include "domain.h"
#include "ivrs.h"
#include "scope.h"
#include "sysfs.h"
#include "unit.h"

static struct ivrs_table table;

static int read_table(void)
{
	struct ivrs_error error;
	size_t length;
	void *copy;

	copy = iommu_firmware_table(ACPI_SIG_IVRS, &length);
	if (IS_ERR(copy)) {
		if (PTR_ERR(copy) == -ENODEV)
			pr_err("no AMD-Vi unit: the firmware has no IVRS table\n");
		return PTR_ERR(copy);
	}
	if (ivrs_open(&table, copy, length, &error)) {
		pr_err("IVRS at offset %zu: %s; not used\n", error.offset,
		       error.what);
		kfree(copy);
		return -ENODEV;
	}
	amdvi_ivrs = &table;
	return 0;
}

static void forget_table(void)
{
	amdvi_ivrs = NULL;
	kfree(table.bytes);
}

static void destroy_units(void)
{
	struct amdvi_unit *unit, *next;

	list_for_each_entry_safe(unit, next, &amdvi_units, common.node) {
		list_del(&unit->common.node);
		amdvi_unit_destroy(unit);
	}
}

static int create_units(void)
{
	struct ivrs_cursor cursor = { };
	unsigned int index = 0;
	struct ivrs_block ivhd;
	struct amdvi_unit *unit;

	while (ivrs_next_unit(amdvi_ivrs, &cursor, &ivhd)) {
		if (ivhd.complaint ||
		    iommu_unit_with_base(&amdvi_units, ivhd.base))
			continue;
		unit = amdvi_unit_create(amdvi_ivrs, &ivhd, index++);
		if (IS_ERR(unit)) {
			if (PTR_ERR(unit) == -ENODEV)
				continue;
			destroy_units();
			return PTR_ERR(unit);
		}
		list_add_tail(&unit->common.node, &amdvi_units);
	}
	if (!list_empty(&amdvi_units))
		return 0;
	pr_err("no AMD-Vi unit in the IVRS table can be used\n");
	return -ENODEV;
}

/* Does the kernel itself use the units? Returns what keeps it from that */
static const char *find_owner(void)
{
	struct pci_dev *pdev = NULL;
	const char *option = NULL;

	for_each_pci_dev(pdev) {
		if (pdev->dev.iommu && pdev->dev.iommu->iommu_dev)
			option = "amd_iommu=off";
		else if (dev_get_msi_domain(&pdev->dev) &&
			 msi_device_has_isolated_msi(&pdev->dev))
			option = "amd_iommu=off intremap=off";
		if (option)
			break;
	}
	pci_dev_put(pdev);
	return option;
}

static void stop_units(void)
{
	struct amdvi_unit *unit;

	list_for_each_entry(unit, &amdvi_units, common.node)
		if (unit->started)
			amdvi_unit_stop(unit);
}

static int start_units(void)
{
	struct amdvi_unit *unit;
	int ret;

	amdvi_devices_pass();
	list_for_each_entry(unit, &amdvi_units, common.node) {
		ret = amdvi_unit_start(unit);
		if (ret)
			return ret;
	}
	return 0;
}

static void announce(const struct amdvi_unit *unit)
{
	unit_info(unit, "AMD-Vi at %pa, %u-bit IOVAs, up to %u levels%s%s%s%s, events by %s\n",
		  &unit->common.base, unit->iova_bits, unit->levels,
		  unit->guest_tables ? ", guest tables" : "",
		  unit->cap & CAP_NP_CACHE ? ", caches what is not present" : "",
		  unit->cap & CAP_IOTLB_SUP ? ", device-TLBs" : "",
		  amdvi_ppr_exists(&unit->ppr) ? ", page requests" : "",
		  unit->irq ? "interrupt" : "polling");
}

static int register_units(void)
{
	struct amdvi_unit *unit;
	int ret;

	list_for_each_entry(unit, &amdvi_units, common.node) {
		amdvi_debugfs_add_unit(unit);
		ret = iommu_unit_link(&unit->common, &unit->pdev->dev,
				      amdvi_unit_groups);
		if (ret)
			return ret;
	}
	list_for_each_entry(unit, &amdvi_units, common.node) {
		ret = iommu_unit_register(&unit->common, &amdvi_iommu_ops);
		if (ret)
			return ret;
		announce(unit);
	}
	return 0;
}

static int suspend(COMPAT_SYSCORE_ARGS)
{
	struct amdvi_unit *unit;

	list_for_each_entry(unit, &amdvi_units, common.node)
		amdvi_unit_suspend(unit);
	return 0;
}

static void resume(COMPAT_SYSCORE_ARGS)
{
	struct amdvi_unit *unit;

	list_for_each_entry(unit, &amdvi_units, common.node)
		amdvi_unit_resume(unit);
}

/* Reboot, kexec, power-off: what comes next does not know our tables */
static void shutdown(COMPAT_SYSCORE_ARGS)
{
	struct amdvi_unit *unit;

	list_for_each_entry(unit, &amdvi_units, common.node)
		amdvi_unit_suspend(unit);
}

COMPAT_SYSCORE(syscore, suspend, resume, shutdown);

static int set_up(void)
{
	int ret;

	ret = create_units();
	if (ret)
		return ret;
	ret = amdvi_domain_init();
	if (ret)
		goto err_units;
	amdvi_debugfs_init();
	ret = start_units();
	if (ret)
		goto err_stop;
	ret = register_units();
	if (ret)
		goto err_unregister;
	compat_register_syscore(&syscore);
	return 0;
err_unregister:
	iommu_units_unregister(&amdvi_units);
err_stop:
	stop_units();
	amdvi_debugfs_exit();
	amdvi_domain_exit();
err_units:
	destroy_units();
	return ret;
}

static int __init amdvi_init(void)
{
	const char *owner;
	int ret;

	if (!iommu_cpu_has_cx16()) {
		pr_err("no AMD-Vi unit can be used: the CPU has no 16-byte compare and exchange\n");
		return -ENODEV;
	}
	ret = read_table();
	if (ret)
		return ret;
	owner = find_owner();
	if (owner) {
		pr_err("the kernel uses an IOMMU itself; boot with %s to use this driver\n",
		       owner);
		ret = -EBUSY;
		goto err_table;
	}
	amdvi_scope_complain(amdvi_ivrs);
	ret = set_up();
	if (ret)
		goto err_table;
	return 0;
err_table:
	forget_table();
	return ret;
}
module_init(amdvi_init);

MODULE_DESCRIPTION("AMD-Vi DMA remapping");
MODULE_LICENSE("GPL");
