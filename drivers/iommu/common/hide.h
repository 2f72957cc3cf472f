/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hiding abilities of units, for tests or by choice of the user.
 *
 * A module parameter has the text UNIT:NAME+NAME,UNIT:NAME,... Some abilities
 * may be hidden, and restored, while domains are in use.
 */
#ifndef IOMMU_COMMON_HIDE_H
#define IOMMU_COMMON_HIDE_H

#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/types.h>

/**
 * struct iommu_hideable - an ability that can be hidden
 * @name: its name in the text
 * @bit: its bit in the driver
 * @live: it may be hidden at any time; otherwise only at load
 */
struct iommu_hideable {
	const char *name;
	unsigned long bit;
	bool live;
};

/* Limit of the text, with its terminating 0 */
#define IOMMU_HIDE_BYTES	256

/**
 * struct iommu_hide - the parameter
 * @abilities: abilities that can be hidden
 * @nr: number of @abilities
 * @units: units of the driver
 * @lock: protects @text
 * @text: the text as written by the user
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
