/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What models of hardware need that their registers do not say.
 */
#ifndef AMDVI_QUIRKS_H
#define AMDVI_QUIRKS_H

const char *amdvi_quirks_refuse(void);

#endif
