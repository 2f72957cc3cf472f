/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Devices that the kernel's own drivers use untranslated.
 */
#ifndef AMDVI_EXEMPT_H
#define AMDVI_EXEMPT_H

#include <linux/types.h>

struct device;

bool amdvi_exempt(struct device *dev);

#endif
