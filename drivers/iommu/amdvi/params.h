/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The values of the module parameters.
 */
#ifndef AMDVI_PARAMS_H
#define AMDVI_PARAMS_H

#include <linux/types.h>

unsigned long amdvi_params_hidden(const char *unit);
bool amdvi_params_poll(void);
bool amdvi_params_guest_tables(void);
bool amdvi_params_igfx(void);
bool amdvi_params_identity(const char *address);
bool amdvi_params_skips(const char *unit);

#endif
