/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Devices that the kernel's own drivers use untranslated.
 */
#ifndef VTD_EXEMPT_H
#define VTD_EXEMPT_H

#include <linux/types.h>

struct device;
struct dmar_structure;
struct dmar_table;

bool vtd_exempt(struct device *dev);
bool vtd_exempt_keeps_on(const struct dmar_table *table,
			 const struct dmar_structure *drhd);
void vtd_exempt_log(void);

#endif
