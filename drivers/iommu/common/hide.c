// SPDX-License-Identifier: GPL-2.0
/*
 * Hiding abilities of units, for tests or by choice of the user.
 *
 * The text of the parameter is checked when it is written, and stored. It is
 * parsed again when the hidden abilities of a unit are needed.
 */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "hide.h"
#include "paging.h"
#include "unit.h"

static int parse_names(const struct iommu_hide *hide, char *names,
		       unsigned long *bits)
{
	char *name;
	size_t i;

	while ((name = strsep(&names, "+"))) {
		for (i = 0; i < hide->nr; i++)
			if (!strcmp(name, hide->abilities[i].name))
				break;
		if (i == hide->nr)
			return -EINVAL;
		*bits |= hide->abilities[i].bit;
	}
	return 0;
}

/* Get the abilities that a text hides of @unit; if NULL, only check the text */
static int parse(const struct iommu_hide *hide, const char *text,
		 const char *unit, unsigned long *bits)
{
	char copy[IOMMU_HIDE_BYTES], *rest = copy, *names, *name;
	unsigned long these;
	int ret;

	*bits = 0;
	strscpy(copy, text, sizeof(copy));
	while ((names = strsep(&rest, ","))) {
		if (!*names)
			continue;
		name = strsep(&names, ":");
		if (!names)
			return -EINVAL;
		these = 0;
		ret = parse_names(hide, names, &these);
		if (ret)
			return ret;
		if (unit && !strcmp(unit, name))
			*bits |= these;
	}
	return 0;
}

static unsigned long live_abilities(const struct iommu_hide *hide)
{
	unsigned long bits = 0;
	size_t i;

	for (i = 0; i < hide->nr; i++)
		if (hide->abilities[i].live)
			bits |= hide->abilities[i].bit;
	return bits;
}

/* Abilities that can be hidden only at load stay as they are */
static void change_units(const struct iommu_hide *hide)
{
	unsigned long live = live_abilities(hide), bits;
	struct iommu_unit *unit;

	lockdep_assert_held(&hide->lock);
	list_for_each_entry(unit, hide->units, node) {
		parse(hide, hide->text, unit->name, &bits);
		bits = (unit->hidden & ~live) | (bits & live);
		if (bits == unit->hidden)
			continue;
		WRITE_ONCE(unit->hidden, bits);
		iommu_paging_unit_changed(unit);
	}
}

static int hide_set(const char *value, const struct kernel_param *param)
{
	struct iommu_hide *hide = param->arg;
	char copy[IOMMU_HIDE_BYTES], *text;
	unsigned long bits;
	int ret;

	if (strscpy(copy, value, sizeof(copy)) < 0)
		return -EINVAL;
	text = strim(copy);
	ret = parse(hide, text, NULL, &bits);
	if (ret)
		return ret;
	mutex_lock(&hide->lock);
	strscpy(hide->text, text, sizeof(hide->text));
	change_units(hide);
	mutex_unlock(&hide->lock);
	return 0;
}

static int hide_get(char *buffer, const struct kernel_param *param)
{
	struct iommu_hide *hide = param->arg;
	int ret;

	mutex_lock(&hide->lock);
	ret = sysfs_emit(buffer, "%s\n", hide->text);
	mutex_unlock(&hide->lock);
	return ret;
}

const struct kernel_param_ops iommu_hide_param_ops = {
	.set = hide_set,
	.get = hide_get,
};
EXPORT_SYMBOL_GPL(iommu_hide_param_ops);

/**
 * iommu_hide_at_load() - get the abilities to hide of a new unit
 * @hide: the parameter
 * @unit: name of the unit
 *
 * Return: the bits of these abilities.
 */
unsigned long iommu_hide_at_load(struct iommu_hide *hide, const char *unit)
{
	unsigned long bits;

	mutex_lock(&hide->lock);
	parse(hide, hide->text, unit, &bits);
	mutex_unlock(&hide->lock);
	return bits;
}
EXPORT_SYMBOL_GPL(iommu_hide_at_load);
