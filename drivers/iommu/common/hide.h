/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Abilities of units that a test or a user wants to be kept out of sight.
 *
 * A module parameter whose text is UNIT:NAME+NAME,UNIT:NAME,... Some abilities
 * may be hidden and shown again while domains are in use.
 */
#ifndef IOMMU_COMMON_HIDE_H
#define IOMMU_COMMON_HIDE_H

#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/types.h>

/**
 * struct iommu_hideable - an ability that can be hidden
 * @name: what a user calls it
 * @bit: what the driver calls it
 * @live: it may be hidden at any time; others at load only
 */
struct iommu_hideable {
	const char *name;
	unsigned long bit;
	bool live;
};

/* Longer texts are refused */
#define IOMMU_HIDE_BYTES	256

/**
 * struct iommu_hide - what is hidden
 * @abilities: what can be hidden
 * @nr: how many there are
 * @units: the driver's units
 * @lock: protects @text
 * @text: what the user wrote
 */
struct iommu_hide {
	const struct iommu_hideable *abilities;
	size_t nr;
	struct list_head *units;
	struct mutex lock;
	char text[IOMMU_HIDE_BYTES];
};

#define IOMMU_HIDE_INIT(hide, hideables, list) {	\
	.abilities = (hideables),			\
	.nr = ARRAY_SIZE(hideables),			\
	.units = &(list),				\
	.lock = __MUTEX_INITIALIZER((hide).lock),	\
}

/* For module_param_cb(), with a struct iommu_hide */
extern const struct kernel_param_ops iommu_hide_param_ops;

unsigned long iommu_hide_at_load(struct iommu_hide *hide, const char *unit);

#endif
