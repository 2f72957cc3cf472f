// SPDX-License-Identifier: GPL-2.0
/*
 * Module parameters, for tests and odd hardware.
 *
 * hide=ivhd0:superpages,ivhd1:superpages+iotlb makes units look weaker than
 * they are. Superpages may be hidden and shown again while domains are in use,
 * which converts them.
 */
#define pr_fmt(fmt) "amdvi: " fmt

#include <linux/module.h>
#include <linux/string.h>

#include "../common/hide.h"
#include "domain.h"
#include "params.h"
#include "unit.h"

static char hide[IOMMU_HIDE_BYTES];
static DEFINE_MUTEX(hide_lock);

static const struct iommu_hideable hideable[] = {
	{ "superpages", AMDVI_HIDE_SUPERPAGES },
	{ "iotlb", AMDVI_HIDE_IOTLB },
	{ "invalidate-all", AMDVI_HIDE_INVAL_ALL },
};

/* The others are looked at when the module is loaded, and then no more */
#define LIVE	AMDVI_HIDE_SUPERPAGES

static int parse(const char *text, const char *unit, unsigned long *bits)
{
	return iommu_hide_parse(text, unit, hideable, ARRAY_SIZE(hideable),
				bits);
}

static void change_units(void)
{
	struct amdvi_unit *unit;
	unsigned long bits;

	list_for_each_entry(unit, &amdvi_units, node) {
		parse(hide, unit->name, &bits);
		bits = (unit->hidden & ~LIVE) | (bits & LIVE);
		if (bits == unit->hidden)
			continue;
		WRITE_ONCE(unit->hidden, bits);
		amdvi_domain_unit_changed(unit);
	}
}

static int set_hide(const char *value, const struct kernel_param *param)
{
	char copy[IOMMU_HIDE_BYTES];
	unsigned long bits;
	int ret;

	if (strscpy(copy, value, sizeof(copy)) < 0)
		return -EINVAL;
	ret = parse(strim(copy), NULL, &bits);
	if (ret)
		return ret;
	mutex_lock(&hide_lock);
	strscpy(hide, strim(copy), sizeof(hide));
	change_units();
	mutex_unlock(&hide_lock);
	return 0;
}

static int get_hide(char *buffer, const struct kernel_param *param)
{
	return sysfs_emit(buffer, "%s\n", hide);
}

static const struct kernel_param_ops hide_ops = {
	.set = set_hide,
	.get = get_hide,
};

module_param_cb(hide, &hide_ops, NULL, 0600);
MODULE_PARM_DESC(hide, "abilities of units to be kept out of sight: ivhdN:NAME+NAME,... with superpages; and, at load only, iotlb, invalidate-all");

static bool poll;
module_param(poll, bool, 0400);
MODULE_PARM_DESC(poll, "poll for events and use no interrupt (default: no)");

/**
 * amdvi_params_hidden() - what of a unit is to be hidden
 * @unit: its name
 *
 * Return: AMDVI_HIDE_ bits.
 */
unsigned long amdvi_params_hidden(const char *unit)
{
	unsigned long bits;

	mutex_lock(&hide_lock);
	parse(hide, unit, &bits);
	mutex_unlock(&hide_lock);
	return bits;
}

/**
 * amdvi_params_poll() - are event interrupts not wanted?
 *
 * Return: true if events are to be polled for.
 */
bool amdvi_params_poll(void)
{
	return poll;
}
