// SPDX-License-Identifier: GPL-2.0
/*
 * Abilities of units that a test or a user wants to be kept out of sight.
 */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/string.h>

#include "hide.h"

static int parse_names(char *names, const struct iommu_hideable *hideable,
		       size_t nr, unsigned long *bits)
{
	char *name;
	size_t i;

	while ((name = strsep(&names, "+"))) {
		for (i = 0; i < nr && strcmp(name, hideable[i].name); i++)
			;
		if (i == nr)
			return -EINVAL;
		*bits |= hideable[i].bit;
	}
	return 0;
}

/**
 * iommu_hide_parse() - what a text hides of a unit
 * @text: what the user wrote
 * @unit: the unit's name, or NULL to check the text only
 * @hideable: what can be hidden
 * @nr: how many there are
 * @bits: set to those that are hidden
 *
 * Return: 0, or -EINVAL for a text that cannot be.
 */
int iommu_hide_parse(const char *text, const char *unit,
		     const struct iommu_hideable *hideable, size_t nr,
		     unsigned long *bits)
{
	char copy[IOMMU_HIDE_BYTES], *rest = copy, *names, *name;
	unsigned long these;
	int ret;

	*bits = 0;
	if (strscpy(copy, text, sizeof(copy)) < 0)
		return -EINVAL;
	while ((names = strsep(&rest, ","))) {
		if (!*names)
			continue;
		name = strsep(&names, ":");
		if (!names)
			return -EINVAL;
		these = 0;
		ret = parse_names(names, hideable, nr, &these);
		if (ret)
			return ret;
		if (unit && !strcmp(unit, name))
			*bits |= these;
	}
	return 0;
}
EXPORT_SYMBOL_GPL(iommu_hide_parse);
