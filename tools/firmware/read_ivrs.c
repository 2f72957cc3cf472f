// SPDX-License-Identifier: GPL-2.0
/*
 * An IVRS table, by the reader of amdvi.ko.
 */
#include <ctype.h>
#include <stdlib.h>

#include "build.h"
#include "ivrs.h"

/* HID, or HID:UID */
static char *name_of(const struct ivrs_entry *entry)
{
	char text[sizeof(entry->hid) + sizeof(entry->uid) + 1];
	char *c;

	if (entry->uid_format == IVRS_UID_INTEGER)
		snprintf(text, sizeof(text), "%s:%llu", entry->hid,
			 entry->uid_number);
	else if (entry->uid_format == IVRS_UID_STRING)
		snprintf(text, sizeof(text), "%s:%s", entry->hid, entry->uid);
	else
		snprintf(text, sizeof(text), "%s", entry->hid);
	for (c = text; *c; c++)
		if (!isprint((unsigned char)*c))
			*c = '?';
	return strdup(text);
}

static void add_device(struct firmware_devices *devices,
		       const struct ivrs_entry *entry)
{
	struct firmware_device *device = firmware_add_device(devices);

	device->first = entry->first;
	device->last = entry->last;
	device->has_alias = entry->has_alias;
	device->alias = entry->alias;
	device->no_ats = entry->extended & IVHD_ATS_DISABLED;
	device->number = entry->handle;
	switch (entry->kind) {
	case IVRS_DEVICES:
		device->kind = FIRMWARE_RANGE;
		break;
	case IVRS_SPECIAL:
		device->kind = entry->variety == IVRS_IOAPIC ? FIRMWARE_IOAPIC :
							       FIRMWARE_HPET;
		break;
	case IVRS_ACPI_DEVICE:
		device->kind = FIRMWARE_NAMED;
		device->name = name_of(entry);
		break;
	}
}

/* The entries of a unit that the driver uses, and the errors in them */
static void add_entries(struct firmware_table *table,
			const struct ivrs_table *ivrs, struct ivrs_block ivhd,
			struct firmware_unit *unit)
{
	struct ivrs_entry entry;
	size_t offset;

	for (;;) {
		offset = ivhd.entries;
		if (!ivrs_next_entry(ivrs, &ivhd, &entry))
			return;
		if (entry.complaint) {
			if (!unit->left_out)
				firmware_add_note(table, offset, true,
						  entry.complaint);
			continue;
		}
		if (!unit->left_out)
			firmware_add_note(table, offset, false, entry.remark);
		add_device(&unit->devices, &entry);
	}
}

/* A block of a unit: nothing if the unit has a newer one */
static void add_unit(struct firmware_table *table,
		     const struct ivrs_table *ivrs,
		     const struct ivrs_block *block)
{
	struct ivrs_cursor cursor = { .offset = block->offset };
	struct firmware_unit *unit;
	struct ivrs_block ivhd;

	if (!ivrs_next_unit(ivrs, &cursor, &ivhd) ||
	    ivhd.offset != block->offset)
		return;
	unit = firmware_add_unit(table);
	unit->offset = ivhd.offset;
	unit->segment = ivhd.segment;
	unit->base = ivhd.base;
	unit->left_out = ivhd.complaint;
	unit->type = ivhd.type;
	unit->id = ivhd.id;
	unit->has_features = ivhd.has_efr || ivhd.has_report;
	unit->features = ivhd.efr;
	if (!block->complaint)
		firmware_add_note(table, ivhd.offset, true, ivhd.complaint);
	add_entries(table, ivrs, ivhd, unit);
}

static void add_memory(struct firmware_table *table,
		       const struct ivrs_block *ivmd)
{
	struct firmware_memory *memory = firmware_add_memory(table);
	struct firmware_device *device = firmware_add_device(&memory->devices);

	memory->offset = ivmd->offset;
	memory->segment = ivmd->segment;
	memory->first = ivmd->base;
	memory->last = ivmd->base + ivmd->size - 1;
	memory->exclusion = ivmd->flags & IVMD_EXCLUSION;
	memory->read = memory->exclusion ||
		       (ivmd->flags & IVMD_UNITY && ivmd->flags & IVMD_IR);
	memory->write = memory->exclusion ||
			(ivmd->flags & IVMD_UNITY && ivmd->flags & IVMD_IW);
	memory->left_out = ivmd->complaint;
	device->kind = FIRMWARE_RANGE;
	device->first = ivmd->id;
	device->last = ivmd->last;
}

void firmware_read_ivrs(struct firmware_table *table, const void *bytes,
			size_t size)
{
	struct ivrs_cursor cursor = { };
	struct ivrs_table ivrs;
	struct ivrs_block block;
	struct ivrs_error error;

	table->kind = FIRMWARE_IVRS;
	if (ivrs_open(&ivrs, bytes, size, &error)) {
		table->refused = error.what;
		table->refused_at = error.offset;
		return;
	}
	table->width = ivrs.pa_bits;
	table->features_valid = ivrs.efr_valid;
	while (ivrs_next(&ivrs, &cursor, &block)) {
		firmware_add_note(table, block.offset, true, block.complaint);
		if (!block.complaint)
			firmware_add_note(table, block.offset, false,
					  block.remark);
		if (ivrs_is_unit(&block))
			add_unit(table, &ivrs, &block);
		else
			add_memory(table, &block);
	}
}
