// SPDX-License-Identifier: GPL-2.0
/*
 * Module parameters, for tests and odd hardware.
 *
 * hide=dmar0:superpages+snoop,dmar1:coherency makes units look weaker than
 * they are. Superpages, snoop and coherency may be hidden and shown again
 * while domains are in use, which converts them.
 */
#define pr_fmt(fmt) "vtd: " fmt

#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "domain.h"
#include "params.h"
#include "unit.h"

#define HIDE_BYTES	256

static char hide[HIDE_BYTES];
static DEFINE_MUTEX(hide_lock);

static const struct {
	const char *name;
	unsigned long bit;
	bool live;
} hideable[] = {
	{ "superpages", VTD_HIDE_SUPERPAGES, true },
	{ "snoop", VTD_HIDE_SNOOP, true },
	{ "coherency", VTD_HIDE_COHERENCY, true },
	{ "queue", VTD_HIDE_QUEUE, false },
	{ "pass-through", VTD_HIDE_PASS_THROUGH, false },
	{ "scalable", VTD_HIDE_SCALABLE, false },
};

static int parse_names(char *names, unsigned long *bits)
{
	char *name;
	size_t i;

	*bits = 0;
	while ((name = strsep(&names, "+"))) {
		for (i = 0; i < ARRAY_SIZE(hideable); i++)
			if (!strcmp(name, hideable[i].name))
				break;
		if (i == ARRAY_SIZE(hideable))
			return -EINVAL;
		*bits |= hideable[i].bit;
	}
	return 0;
}

/* What a value of the parameter hides of one unit; NULL checks it only */
static int parse(const char *value, const char *unit, unsigned long *bits)
{
	char copy[HIDE_BYTES], *at = copy, *one, *name;
	unsigned long these;
	int ret;

	*bits = 0;
	if (strscpy(copy, value, sizeof(copy)) < 0)
		return -EINVAL;
	while ((one = strsep(&at, ","))) {
		if (!*one)
			continue;
		name = strsep(&one, ":");
		if (!one)
			return -EINVAL;
		ret = parse_names(one, &these);
		if (ret)
			return ret;
		if (unit && !strcmp(name, unit))
			*bits |= these;
	}
	return 0;
}

static unsigned long live_bits(void)
{
	unsigned long bits = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(hideable); i++)
		if (hideable[i].live)
			bits |= hideable[i].bit;
	return bits;
}

static void change_units(void)
{
	unsigned long bits, live = live_bits();
	struct vtd_unit *unit;

	list_for_each_entry(unit, &vtd_units, node) {
		parse(hide, unit->name, &bits);
		bits = (unit->hidden & ~live) | (bits & live);
		if (bits == unit->hidden)
			continue;
		WRITE_ONCE(unit->hidden, bits);
		vtd_domain_unit_changed(unit);
	}
}

static int set_hide(const char *value, const struct kernel_param *param)
{
	char copy[HIDE_BYTES];
	unsigned long bits;
	int ret;

	if (strscpy(copy, value, sizeof(copy)) < 0)
		return -EINVAL;
	strim(copy);
	ret = parse(copy, NULL, &bits);
	if (ret)
		return ret;
	mutex_lock(&hide_lock);
	strscpy(hide, copy, sizeof(hide));
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
MODULE_PARM_DESC(hide, "abilities of units to be kept out of sight: dmarN:NAME+NAME,... with superpages, snoop, coherency; and, at load only, queue, pass-through, scalable");

static bool scalable;
module_param(scalable, bool, 0400);
MODULE_PARM_DESC(scalable, "use scalable mode where a unit has it (default: no)");

static bool first_stage;
module_param(first_stage, bool, 0400);
MODULE_PARM_DESC(first_stage, "in scalable mode, use first-stage tables where a unit has both kinds (default: no)");

static bool poll;
module_param(poll, bool, 0400);
MODULE_PARM_DESC(poll, "poll for faults and use no interrupt (default: no)");

/**
 * vtd_params_hidden() - what of a unit is to be hidden
 * @unit: its name
 *
 * Return: VTD_HIDE_ bits.
 */
unsigned long vtd_params_hidden(const char *unit)
{
	unsigned long bits;

	mutex_lock(&hide_lock);
	parse(hide, unit, &bits);
	mutex_unlock(&hide_lock);
	return bits;
}

/**
 * vtd_params_scalable() - is scalable mode wanted?
 *
 * Return: true if so.
 */
bool vtd_params_scalable(void)
{
	return scalable;
}

/**
 * vtd_params_first_stage() - are first-stage tables preferred?
 *
 * Return: true if so.
 */
bool vtd_params_first_stage(void)
{
	return first_stage;
}

/**
 * vtd_params_poll() - are fault interrupts not wanted?
 *
 * Return: true if faults are to be polled for.
 */
bool vtd_params_poll(void)
{
	return poll;
}
