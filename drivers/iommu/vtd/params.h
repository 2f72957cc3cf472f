/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Values of the module parameters.
 */
#ifndef VTD_PARAMS_H
#define VTD_PARAMS_H

#include <linux/types.h>

unsigned long vtd_params_hidden(const char *unit);
bool vtd_params_scalable(void);
bool vtd_params_first_stage(void);
bool vtd_params_poll(void);
bool vtd_params_acs(void);
bool vtd_params_igfx(void);
bool vtd_params_identity(const char *address);
bool vtd_params_skips(const char *unit);

#endif
