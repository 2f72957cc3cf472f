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

#include "../common/exempt.h"
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

static bool igfx;
module_param(igfx, bool, 0400);
MODULE_PARM_DESC(igfx, "translate graphics with PASIDs for its driver too (default: no)");

static char *identity;
module_param_cb(identity, &iommu_exempt_param_ops, &identity, 0400);
MODULE_PARM_DESC(identity, "PCI devices that are not translated for their drivers: 0000:00:02.0,...");

static char *skip_unit;
module_param(skip_unit, charp, 0400);
MODULE_PARM_DESC(skip_unit, "units to leave out, with all devices behind them: ivhdN,...");

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

/**
 * amdvi_params_igfx() - is graphics with PASIDs translated for its driver?
 *
 * Return: true if so.
 */
bool amdvi_params_igfx(void)
{
	return igfx;
}

/**
 * amdvi_params_identity() - is a device not to be translated for its driver?
 * @address: its PCI address
 *
 * Return: true if so.
 */
bool amdvi_params_identity(const char *address)
{
	return iommu_exempt_lists(identity, address);
}

/**
 * amdvi_params_skips() - is a unit to be left out?
 * @unit: name of the unit
 *
 * Return: true if so.
 */
bool amdvi_params_skips(const char *unit)
{
	return iommu_exempt_lists(skip_unit, unit);
}
