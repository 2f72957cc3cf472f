// SPDX-License-Identifier: GPL-2.0
/*
 * amdvi.ko: a driver for AMD-Vi DMA remapping.
 *
 * The IVRS table (ivrs.c, scope.c) describes units (unit.c). Each unit has a
 * device table (table.c), a command buffer (queue.c, inval.c), and logs for
 * events and page requests (log.c, fault.c, ppr.c). The IOMMU core attaches
 * devices (attach.c) to domains (domain.c) through the operations in device.c.
 * Code that does not depend on the hardware is in ../common/.
 *
 * Loading fails without touching any unit if the table is broken or the kernel
 * uses an IOMMU itself. A single unit that cannot be used is left out, and the
 * others work.
 *
 *	1. read and check the table
 *	2. check that the kernel's own driver and its interrupt remapping are
 *	   not active
 *	3. create the units; unbind the drivers of devices that are not trusted
 *	4. let all trusted devices pass through in the tables; only devices in
 *	   use, if the unit was left enabled
 *	5. start each unit
 *	6. register with the IOMMU core, which attaches each device to a domain
 *
 * The core holds a reference on this module for each device. So the module
 * cannot be unloaded while there is a device, and it has no exit function.
 */
#define pr_fmt(fmt) "amdvi: " fmt

#include <linux/acpi.h>
#include <linux/cc_platform.h>
#include <linux/module.h>
#include <linux/msi.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include <compat/syscore.h>

#include "../common/firmware.h"
#include "../common/former.h"
#include "../common/untrusted.h"
#include "debugfs.h"
#include "device.h"
#include "domain.h"
#include "ivrs.h"
#include "quirks.h"
#include "scope.h"
#include "sysfs.h"
#include "unit.h"

static struct ivrs_table table;

static int amdvi_read_table(void)
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
		pr_err("IVRS at offset %zu: %s; table not used\n", error.offset,
		       error.what);
		kfree(copy);
		return -ENODEV;
	}
	amdvi_ivrs = &table;
	return 0;
}

/* Why no unit may be used on this machine, or NULL */
static const char *amdvi_find_obstacle(void)
{
	if (!iommu_cpu_has_cx16())
		return "the CPU has no 16-byte compare and exchange";
	/* Addresses for the unit lack the bit that stands for decryption */
	if (cc_platform_has(CC_ATTR_MEM_ENCRYPT))
		return "the kernel encrypts memory, and the unit would read its tables encrypted; boot with mem_encrypt=off to use this driver";
	if (cc_platform_has(CC_ATTR_HOST_SEV_SNP))
		return "the kernel is prepared for SEV-SNP guests, which need its own driver";
	return amdvi_quirks_refuse();
}

static void amdvi_free_table(void)
{
	amdvi_ivrs = NULL;
	kfree(table.bytes);
}

static void amdvi_destroy_units(void)
{
	struct amdvi_unit *unit, *next;

	list_for_each_entry_safe(unit, next, &amdvi_units, common.node) {
		list_del(&unit->common.node);
		amdvi_unit_destroy(unit);
	}
}

static int amdvi_create_units(void)
{
	struct ivrs_cursor cursor = { };
	unsigned int index = 0;
	struct ivrs_block ivhd;
	struct amdvi_unit *unit;

	while (ivrs_next_unit(amdvi_ivrs, &cursor, &ivhd)) {
		if (ivhd.complaint)
			continue;
		unit = amdvi_unit_create(amdvi_ivrs, &ivhd, index++);
		if (IS_ERR(unit)) {
			if (PTR_ERR(unit) == -ENODEV)
				continue;
			amdvi_destroy_units();
			return PTR_ERR(unit);
		}
		list_add_tail(&unit->common.node, &amdvi_units);
	}
	if (!list_empty(&amdvi_units))
		return 0;
	pr_err("no AMD-Vi unit in the IVRS table can be used\n");
	return -ENODEV;
}

/* The boot option that stops the kernel from using an IOMMU, if it does */
static const char *amdvi_find_owner(void)
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

static void amdvi_stop_units(void)
{
	struct amdvi_unit *unit;

	list_for_each_entry(unit, &amdvi_units, common.node)
		if (unit->started)
			amdvi_unit_stop(unit);
}

static void amdvi_disable_translation(void)
{
	struct amdvi_unit *unit;

	list_for_each_entry(unit, &amdvi_units, common.node)
		amdvi_unit_disable(unit);
}

static int amdvi_start_units(void)
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

static void amdvi_log_unit(const struct amdvi_unit *unit)
{
	unit_info(unit, "AMD-Vi at %pa, %u-bit IOVAs, up to %u levels%s%s%s%s, events by %s\n",
		  &unit->common.base, unit->iova_bits, unit->levels,
		  unit->guest_tables ? ", guest tables" : "",
		  unit->cap & CAP_NP_CACHE ? ", caches non-present entries" : "",
		  unit->cap & CAP_IOTLB_SUP ? ", device-TLBs" : "",
		  amdvi_ppr_exists(&unit->ppr) ? ", page requests" : "",
		  unit->irq ? "interrupt" : "polling");
}

static int amdvi_register_units(void)
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
		amdvi_log_unit(unit);
	}
	return 0;
}

static int amdvi_suspend(COMPAT_SYSCORE_ARGS)
{
	struct amdvi_unit *unit;

	if (iommu_units_must_stay_awake(&amdvi_units))
		return -EIO;
	list_for_each_entry(unit, &amdvi_units, common.node)
		amdvi_unit_suspend(unit);
	return 0;
}

static void amdvi_resume(COMPAT_SYSCORE_ARGS)
{
	struct amdvi_unit *unit;

	list_for_each_entry(unit, &amdvi_units, common.node)
		amdvi_unit_resume(unit);
}

/* Reboot, kexec, power-off: the next software does not know our tables */
static void amdvi_shutdown(COMPAT_SYSCORE_ARGS)
{
	struct amdvi_unit *unit;

	list_for_each_entry(unit, &amdvi_units, common.node)
		amdvi_unit_suspend(unit);
}

COMPAT_SYSCORE(syscore, amdvi_suspend, amdvi_resume, amdvi_shutdown);

static int amdvi_set_up(void)
{
	int ret;

	ret = amdvi_create_units();
	if (ret)
		return ret;
	ret = amdvi_domain_init();
	if (ret)
		goto err_units;
	amdvi_debugfs_init();
	ret = iommu_untrusted_unbind(amdvi_device_has_unit);
	if (ret)
		goto err_stop;
	ret = amdvi_start_units();
	if (ret)
		goto err_stop;
	ret = amdvi_register_units();
	if (ret)
		goto err_unregister;
	iommu_units_count_drivers(&amdvi_units);
	iommu_former_watch(&amdvi_units);
	compat_register_syscore(&syscore);
	iommu_untrusted_rebind(false);
	return 0;
err_unregister:
	iommu_untrusted_explain();
	/* Devices in use lose their entries below */
	amdvi_disable_translation();
	iommu_units_unregister(&amdvi_units);
err_stop:
	amdvi_stop_units();
	iommu_untrusted_rebind(true);
	amdvi_debugfs_exit();
	amdvi_domain_exit();
err_units:
	amdvi_destroy_units();
	return ret;
}

static int __init amdvi_init(void)
{
	const char *owner, *obstacle = amdvi_find_obstacle();
	int ret;

	if (obstacle) {
		pr_err("no AMD-Vi unit can be used: %s\n", obstacle);
		return -ENODEV;
	}
	ret = amdvi_read_table();
	if (ret)
		return ret;
	owner = amdvi_find_owner();
	if (owner) {
		pr_err("the kernel uses an IOMMU itself; boot with %s to use this driver\n",
		       owner);
		ret = -EBUSY;
		goto err_table;
	}
	amdvi_scope_complain(amdvi_ivrs);
	ret = amdvi_set_up();
	if (ret)
		goto err_table;
	return 0;
err_table:
	amdvi_free_table();
	return ret;
}
module_init(amdvi_init);

MODULE_DESCRIPTION("AMD-Vi DMA remapping");
MODULE_LICENSE("GPL");
