/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tables of the tests of both readers, side by side.
 */
#ifndef FIRMWARE_TEST_TABLES_H
#define FIRMWARE_TEST_TABLES_H

#define begin begin_dmar
#define everything every_dmar
#include "../dmar/table.h"
#undef begin
#undef everything

#define begin begin_ivrs
#define everything every_ivrs
#include "../ivrs/table.h"
#undef begin
#undef everything

#endif
