// SPDX-License-Identifier: GPL-2.0
/*
 * vtd.ko: a driver for Intel VT-d DMA remapping.
 *
 * The driver creates a unit (unit.c) for each DRHD structure of the DMAR table
 * (dmar.c, scope.c). A unit has tables (tables.c, pasid.c), a queue (queue.c,
 * inval.c) and a fault interrupt (fault.c, irq.c). The IOMMU core attaches
 * devices to domains (domain.c) through the operations in device.c.
 *
 * Loading is all or nothing for the machine: the driver checks that no unit has
 * another owner before it changes any unit. A single unit that is broken is
 * left out, and the others work.
 *
 *	1. read and check the table, map the units, check their owners
 *	2. unbind the drivers of devices that are not trusted
 *	3. fill each unit's tables: every trusted device passes through; behind a
 *	   unit that was left enabled, only those that have a driver do
 *	4. start each unit with these tables, then enable translation
 *	5. enable ACS in ports, so that IOMMU groups are as small as possible
 *	6. register with the IOMMU core, which attaches each device to its domain
 *
 * The core holds a reference on this module for each device, and the module has
 * no exit function: once loaded it stays.
 */
#define pr_fmt(fmt) "vtd: " fmt

#include <linux/acpi.h>
#include <linux/dmar.h>
#include <linux/module.h>
#include <linux/slab.h>

#include <compat/intel_iommu.h>

#include "../common/acs.h"
#include "../common/firmware.h"
#include "../common/former.h"
#include "../common/untrusted.h"
#include "ability.h"
#include "apic.h"
#include "debugfs.h"
#include "device.h"
#include "domain.h"
#include "exempt.h"
#include "identity.h"
#include "nested.h"
#include "params.h"
#include "pm.h"
#include "regs.h"
#include "scope.h"
#include "sysfs.h"
#include "unit.h"

static struct dmar_table table;

static int vtd_read_table(void)
{
	struct dmar_error error;
	size_t length;
	void *copy;

	copy = iommu_firmware_table(ACPI_SIG_DMAR, &length);
	if (IS_ERR(copy)) {
		if (PTR_ERR(copy) == -ENODEV)
			pr_err("no VT-d unit: the firmware has no DMAR table\n");
		return PTR_ERR(copy);
	}
	if (dmar_open(&table, copy, length, &error)) {
		pr_err("DMAR at offset %zu: %s; not used\n", error.offset,
		       error.what);
		kfree(copy);
		return -ENODEV;
	}
	vtd_dmar = &table;
	return 0;
}

static void vtd_free_table(void)
{
	vtd_dmar = NULL;
	kfree(table.bytes);
}

static void vtd_set_node(struct vtd_unit *unit)
{
	struct dmar_cursor cursor = { };
	struct dmar_structure s;

	while (dmar_next(vtd_dmar, &cursor, &s))
		if (s.type == DMAR_RHSA && s.base == unit->common.base)
			unit->nid = pxm_to_node(s.proximity);
	if (unit->nid != NUMA_NO_NODE && !node_online(unit->nid))
		unit->nid = NUMA_NO_NODE;
}

static void vtd_destroy_units(void)
{
	struct vtd_unit *unit, *next;

	list_for_each_entry_safe(unit, next, &vtd_units, common.node) {
		list_del(&unit->common.node);
		vtd_unit_destroy(unit);
	}
}

static int vtd_create_units(void)
{
	struct dmar_cursor cursor = { };
	struct dmar_structure s;
	struct vtd_unit *unit;
	unsigned int index = 0;

	while (dmar_next(vtd_dmar, &cursor, &s)) {
		if (s.type != DMAR_DRHD || s.complaint)
			continue;
		unit = vtd_unit_create(&s, index++);
		if (IS_ERR(unit)) {
			if (PTR_ERR(unit) == -ENODEV)
				continue;
			vtd_destroy_units();
			return PTR_ERR(unit);
		}
		vtd_set_node(unit);
		list_add_tail(&unit->common.node, &vtd_units);
	}
	if (!list_empty(&vtd_units))
		return 0;
	pr_err("no VT-d unit in the DMAR table can be used\n");
	return -ENODEV;
}

static int vtd_check_owners(void)
{
	struct vtd_unit *unit;
	const char *option;

	list_for_each_entry(unit, &vtd_units, common.node) {
		option = vtd_unit_owned(unit);
		if (!option)
			continue;
		unit_err(unit, "in use by the kernel for interrupt remapping; boot with %s to use this driver\n",
			 option);
		return -EBUSY;
	}
	return 0;
}

static void vtd_stop_units(void)
{
	struct vtd_unit *unit;

	list_for_each_entry(unit, &vtd_units, common.node) {
		if (unit->started)
			vtd_unit_stop(unit);
		if (!unit->tables.root)
			continue;
		if (vtd_unit_lets_go(unit)) {
			vtd_identity_destroy(unit);
			vtd_tables_destroy(unit);
		} else {
			vtd_identity_abandon(unit);
		}
	}
}

static void vtd_disable_translation(void)
{
	struct vtd_unit *unit;

	list_for_each_entry(unit, &vtd_units, common.node)
		vtd_unit_translate(unit, false);
}

static int vtd_start_units(void)
{
	struct vtd_unit *unit;
	int ret;

	list_for_each_entry(unit, &vtd_units, common.node) {
		ret = vtd_tables_create(unit);
		if (!ret)
			ret = vtd_unit_take(unit);
		/* Its domain id is none of those that are taken over */
		if (!ret)
			ret = vtd_identity_create(unit);
		if (ret)
			return ret;
	}
	ret = vtd_devices_pass();
	if (ret)
		return ret;
	list_for_each_entry(unit, &vtd_units, common.node) {
		ret = vtd_unit_start(unit);
		if (!ret)
			ret = vtd_unit_translate(unit, true);
		if (ret)
			return ret;
	}
	return 0;
}

static int vtd_enable_acs(void)
{
	struct iommu_acs_count count;
	int ret;

	if (!vtd_params_acs())
		return 0;
	ret = iommu_acs_enable_all(&count);
	if (ret)
		return ret;
	if (count.enabled)
		pr_info("ACS enabled in %u ports, which are no longer suspended at run time\n",
			count.enabled);
	if (count.missing)
		pr_info("%u ports have no ACS: the devices below them may share an IOMMU group\n",
			count.missing);
	return 0;
}

/* From here on ACS stays enabled until the machine goes down */
static void vtd_keep_acs(void)
{
	struct vtd_unit *unit = list_first_entry(&vtd_units, struct vtd_unit,
						 common.node);

	if (!vtd_params_acs())
		return;
	iommu_acs_forget();
	iommu_acs_follow_sleep(unit->common.iommu.dev);
}

static void vtd_log_unit(const struct vtd_unit *unit)
{
	u32 version = vtd_read(unit, VTD_VER);

	unit_info(unit, "VT-d %lu.%lu at %pa, %s mode, %u-bit IOVAs, %s%s%s, faults by %s\n",
		  FIELD_GET(VER_MAJOR, version), FIELD_GET(VER_MINOR, version),
		  &unit->common.base, unit->scalable ? "scalable" : "legacy",
		  vtd_unit_width(unit),
		  unit->queue ? "queued invalidation" : "register invalidation",
		  unit->cap & CAP_CM ? ", caching mode" : "",
		  unit->ecap & ECAP_SC ? ", snoop control" : "",
		  unit->faults.irq ? "interrupt" : "polling");
}

static int vtd_register_units(void)
{
	struct vtd_unit *unit;
	int ret;

	list_for_each_entry(unit, &vtd_units, common.node) {
		ret = iommu_unit_link(&unit->common, NULL, vtd_unit_groups);
		if (ret)
			return ret;
		vtd_debugfs_add_unit(unit);
	}
	list_for_each_entry(unit, &vtd_units, common.node) {
		ret = iommu_unit_register(&unit->common, &vtd_iommu_ops);
		if (ret)
			return ret;
		vtd_log_unit(unit);
	}
	return 0;
}

static int __init vtd_init(void)
{
	int ret;

	if (compat_intel_iommu_active()) {
		pr_err("the kernel's own driver is active; boot with intel_iommu=off to use this one\n");
		return -EBUSY;
	}
	if (!iommu_cpu_has_cx16()) {
		pr_err("no VT-d unit can be used: the CPU has no 16-byte compare and exchange\n");
		return -ENODEV;
	}
	ret = vtd_read_table();
	if (ret)
		return ret;
	vtd_scope_complain(vtd_dmar);
	ret = vtd_create_units();
	if (ret)
		goto err_table;
	ret = vtd_check_owners();
	if (ret)
		goto err_units;
	vtd_apic_log();
	ret = vtd_domain_init();
	if (ret)
		goto err_units;
	ret = vtd_nested_init();
	if (ret)
		goto err_domain;
	vtd_debugfs_init();
	vtd_exempt_log();
	ret = iommu_untrusted_unbind(vtd_device_has_unit);
	if (ret)
		goto err_stop;
	ret = vtd_start_units();
	if (ret)
		goto err_stop;
	ret = vtd_enable_acs();
	if (ret)
		goto err_stop;
	ret = vtd_register_units();
	if (ret)
		goto err_unregister;
	iommu_units_count_drivers(&vtd_units);
	iommu_former_watch(&vtd_units);
	vtd_keep_acs();
	vtd_pm_init();
	iommu_untrusted_rebind(false);
	return 0;
err_unregister:
	iommu_untrusted_explain();
	/* Devices in use lose their entries below */
	vtd_disable_translation();
	iommu_units_unregister(&vtd_units);
	iommu_acs_restore_all();
err_stop:
	vtd_stop_units();
	iommu_untrusted_rebind(true);
	vtd_debugfs_exit();
	vtd_nested_exit();
err_domain:
	vtd_domain_exit();
err_units:
	vtd_destroy_units();
err_table:
	vtd_free_table();
	return ret;
}
module_init(vtd_init);

MODULE_DESCRIPTION("Intel VT-d DMA remapping");
MODULE_LICENSE("GPL");
