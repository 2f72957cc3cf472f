/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Abilities of units that a test or a user wants to be kept out of sight.
 *
 * The text is UNIT:NAME+NAME,UNIT:NAME,...
 */
#ifndef IOMMU_COMMON_HIDE_H
#define IOMMU_COMMON_HIDE_H

#include <linux/types.h>

/**
 * struct iommu_hideable - an ability that can be hidden
 * @name: what a user calls it
 * @bit: what the driver calls it
 */
struct iommu_hideable {
	const char *name;
	unsigned long bit;
};

/* Longer texts are refused */
#define IOMMU_HIDE_BYTES	256

int iommu_hide_parse(const char *text, const char *unit,
		     const struct iommu_hideable *hideable, size_t nr,
		     unsigned long *bits);

#endif
