// SPDX-License-Identifier: GPL-2.0
/*
 * Module parameters, for tests and unusual hardware.
 *
 * hide=dmar0:superpages+snoop,dmar1:coherency hides abilities of units. Units
 * look weaker than they are. Superpages, snoop and coherency may be hidden and
 * made visible again while domains are in use, which converts the domains.
 */
#define pr_fmt(fmt) "vtd: " fmt

#include <linux/module.h>

#include "../common/exempt.h"
#include "../common/hide.h"
#include "params.h"
#include "unit.h"

static const struct iommu_hideable hideable[] = {
	{ "superpages", VTD_HIDE_SUPERPAGES, true },
	{ "snoop", VTD_HIDE_SNOOP, true },
	{ "coherency", VTD_HIDE_COHERENCY, true },
	{ "queue", VTD_HIDE_QUEUE },
	{ "pass-through", VTD_HIDE_PASS_THROUGH },
	{ "scalable", VTD_HIDE_SCALABLE },
};

static struct iommu_hide hide = IOMMU_HIDE_INIT(hide, hideable, vtd_units);

module_param_cb(hide, &iommu_hide_param_ops, &hide, 0600);
MODULE_PARM_DESC(hide, "abilities of units to hide: dmarN:NAME+NAME,... with superpages, snoop, coherency; and, at load only, queue, pass-through, scalable");

static bool scalable;
module_param(scalable, bool, 0400);
MODULE_PARM_DESC(scalable, "use scalable mode where a unit has it (default: no)");

static bool first_stage;
module_param(first_stage, bool, 0400);
MODULE_PARM_DESC(first_stage, "in scalable mode, use first-stage tables where a unit has both kinds (default: no)");

static bool poll;
module_param(poll, bool, 0400);
MODULE_PARM_DESC(poll, "poll for faults and use no interrupt (default: no)");

static bool acs = true;
module_param(acs, bool, 0400);
MODULE_PARM_DESC(acs, "enable Access Control Services in PCI Express ports (default: yes); if not, ports stay as the firmware and pci=config_acs= set them");

static bool igfx;
module_param(igfx, bool, 0400);
MODULE_PARM_DESC(igfx, "translate integrated graphics for its driver too (default: no)");

static char *identity;
module_param_cb(identity, &iommu_exempt_param_ops, &identity, 0400);
MODULE_PARM_DESC(identity, "PCI devices that are not translated for their drivers: 0000:00:02.0,...");

static char *skip_unit;
module_param(skip_unit, charp, 0400);
MODULE_PARM_DESC(skip_unit, "units to leave out, with all devices behind them: dmarN,...");

/**
 * vtd_params_hidden() - hidden abilities of a unit
 * @unit: its name
 *
 * Return: VTD_HIDE_ bits.
 */
unsigned long vtd_params_hidden(const char *unit)
{
	return iommu_hide_at_load(&hide, unit);
}

/**
 * vtd_params_scalable() - use scalable mode?
 *
 * Return: true if so.
 */
bool vtd_params_scalable(void)
{
	return scalable;
}

/**
 * vtd_params_first_stage() - prefer first-stage tables?
 *
 * Return: true if so.
 */
bool vtd_params_first_stage(void)
{
	return first_stage;
}

/**
 * vtd_params_poll() - poll for faults, without an interrupt?
 *
 * Return: true if so.
 */
bool vtd_params_poll(void)
{
	return poll;
}

/**
 * vtd_params_acs() - enable ACS in ports?
 *
 * Return: true if so.
 */
bool vtd_params_acs(void)
{
	return acs;
}

/**
 * vtd_params_igfx() - translate integrated graphics for its driver?
 *
 * Return: true if so.
 */
bool vtd_params_igfx(void)
{
	return igfx;
}

/**
 * vtd_params_identity() - is a device not to be translated for its driver?
 * @address: its PCI address
 *
 * Return: true if so.
 */
bool vtd_params_identity(const char *address)
{
	return iommu_exempt_lists(identity, address);
}

/**
 * vtd_params_skips() - is a unit to be left out?
 * @unit: its name
 *
 * Return: true if so.
 */
bool vtd_params_skips(const char *unit)
{
	return iommu_exempt_lists(skip_unit, unit);
}
