/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For the readers of the two kinds of tables: adding to the lists of a table.
 */
#ifndef SLUICE_FIRMWARE_BUILD_H
#define SLUICE_FIRMWARE_BUILD_H

#include "firmware.h"

struct firmware_unit *firmware_add_unit(struct firmware_table *table);
struct firmware_memory *firmware_add_memory(struct firmware_table *table);
struct firmware_list *firmware_add_list(struct firmware_table *table);
struct firmware_device *firmware_add_device(struct firmware_devices *devices);
void firmware_add_note(struct firmware_table *table, size_t offset,
		       bool left_out, const char *text);

/* Each reads the table from its bytes, which begin with the right signature */
void firmware_read_dmar(struct firmware_table *table, const void *bytes,
			size_t size);
void firmware_read_ivrs(struct firmware_table *table, const void *bytes,
			size_t size);

#endif
