// SPDX-License-Identifier: GPL-2.0
/*
 * Module parameters, for tests and odd hardware.
 *
 * hide=ivhd0:superpages,ivhd1:superpages+iotlb makes units look weaker than
 * they are. Superpages can also be hidden and made visible again while domains
 * are in use, which converts the domains.
 */
#define pr_fmt(fmt) "amdvi: " fmt

#include <linux/module.h>

#include "../common/hide.h"
#include "params.h"
#include "unit.h"

static const struct iommu_hideable hideable[] = {
	{ "superpages", AMDVI_HIDE_SUPERPAGES, true },
	{ "iotlb", AMDVI_HIDE_IOTLB },
	{ "invalidate-all", AMDVI_HIDE_INVAL_ALL },
};

static struct iommu_hide hide = IOMMU_HIDE_INIT(hide, hideable, amdvi_units);

module_param_cb(hide, &iommu_hide_param_ops, &hide, 0600);
MODULE_PARM_DESC(hide, "abilities of units to hide: ivhdN:NAME+NAME,... with superpages; and, at load only, iotlb, invalidate-all");

static bool poll;
module_param(poll, bool, 0400);
MODULE_PARM_DESC(poll, "poll the event log instead of using the interrupt (default: no)");

static bool guest_tables;
module_param(guest_tables, bool, 0400);
MODULE_PARM_DESC(guest_tables, "use version 2 (guest) page tables if a unit supports them (default: no)");

/**
 * amdvi_params_hidden() - abilities of a unit to hide
 * @unit: name of the unit
 *
 * Return: AMDVI_HIDE_ bits.
 */
unsigned long amdvi_params_hidden(const char *unit)
{
	return iommu_hide_at_load(&hide, unit);
}

/**
 * amdvi_params_poll() - is the event log polled, instead of using interrupts?
 *
 * Return: true if so.
 */
bool amdvi_params_poll(void)
{
	return poll;
}

/**
 * amdvi_params_guest_tables() - are version 2 tables preferred?
 *
 * Return: true if so.
 */
bool amdvi_params_guest_tables(void)
{
	return guest_tables;
}
