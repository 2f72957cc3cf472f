// SPDX-License-Identifier: GPL-2.0
/*
 * The lists of a table: arrays that grow to the next power of two.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"

/* Make room for one more element, and clear it; returns the array */
static void *make_room(void *array, size_t nr, size_t size)
{
	char *larger = array;

	if (!(nr & (nr - 1)))
		larger = realloc(array, (nr ? 2 * nr : 1) * size);
	if (!larger) {
		perror("firmware table");
		exit(1);
	}
	memset(larger + nr * size, 0, size);
	return larger;
}

struct firmware_unit *firmware_add_unit(struct firmware_table *table)
{
	table->units = make_room(table->units, table->nr_units,
				 sizeof(*table->units));
	return &table->units[table->nr_units++];
}

struct firmware_memory *firmware_add_memory(struct firmware_table *table)
{
	table->memory = make_room(table->memory, table->nr_memory,
				  sizeof(*table->memory));
	return &table->memory[table->nr_memory++];
}

struct firmware_list *firmware_add_list(struct firmware_table *table)
{
	table->lists = make_room(table->lists, table->nr_lists,
				 sizeof(*table->lists));
	return &table->lists[table->nr_lists++];
}

struct firmware_device *firmware_add_device(struct firmware_devices *devices)
{
	devices->at = make_room(devices->at, devices->nr, sizeof(*devices->at));
	return &devices->at[devices->nr++];
}

void firmware_add_note(struct firmware_table *table, size_t offset,
		       bool left_out, const char *text)
{
	struct firmware_note *note;

	if (!text)
		return;
	table->notes = make_room(table->notes, table->nr_notes,
				 sizeof(*table->notes));
	note = &table->notes[table->nr_notes++];
	note->offset = offset;
	note->left_out = left_out;
	note->text = text;
}

static bool checksum_ok(const unsigned char *bytes, size_t size)
{
	size_t length = bytes[4] | bytes[5] << 8 | bytes[6] << 16 |
			(size_t)bytes[7] << 24;
	unsigned char sum = 0;

	if (length > size)
		return false;
	while (length--)
		sum += bytes[length];
	return !sum;
}

int firmware_read(struct firmware_table *table, const void *bytes, size_t size)
{
	memset(table, 0, sizeof(*table));
	if (size < 8)
		return -EINVAL;
	table->checksum_ok = checksum_ok(bytes, size);
	if (!memcmp(bytes, "DMAR", 4))
		firmware_read_dmar(table, bytes, size);
	else if (!memcmp(bytes, "IVRS", 4))
		firmware_read_ivrs(table, bytes, size);
	else
		return -EINVAL;
	return 0;
}

static void free_devices(struct firmware_devices *devices)
{
	while (devices->nr)
		free(devices->at[--devices->nr].name);
	free(devices->at);
}

void firmware_free(struct firmware_table *table)
{
	while (table->nr_units)
		free_devices(&table->units[--table->nr_units].devices);
	while (table->nr_memory)
		free_devices(&table->memory[--table->nr_memory].devices);
	while (table->nr_lists)
		free_devices(&table->lists[--table->nr_lists].devices);
	free(table->units);
	free(table->memory);
	free(table->lists);
	free(table->notes);
}
