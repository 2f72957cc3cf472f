// SPDX-License-Identifier: GPL-2.0
/*
 * A table in words.
 */
#include <inttypes.h>
#include <string.h>

#include "firmware.h"

static int source_id_text(uint16_t id, char *text, size_t size)
{
	return snprintf(text, size, "%02x:%02x.%x", id >> 8, id >> 3 & 0x1f,
			id & 7);
}

/* A path, or a range of source-ids */
static void place_text(const struct firmware_device *device, char *text,
		       size_t size)
{
	size_t at;

	if (!device->depth) {
		at = source_id_text(device->first, text, size);
		if (device->last != device->first) {
			at += snprintf(text + at, size - at, " to ");
			source_id_text(device->last, text + at, size - at);
		}
		return;
	}
	at = snprintf(text, size, "%02x:", device->first >> 8);
	for (unsigned int i = 0; i < device->depth && at < size; i++)
		at += snprintf(text + at, size - at, "%s%02x.%x", i ? "/" : "",
			       device->path[i].device,
			       device->path[i].function);
}

void firmware_device_text(const struct firmware_device *device, char *text)
{
	char place[FIRMWARE_DEVICE_TEXT], alias[16];
	size_t size = FIRMWARE_DEVICE_TEXT;

	place_text(device, place, sizeof(place));
	switch (device->kind) {
	case FIRMWARE_FUNCTION:
		snprintf(text, size, "%s", place);
		break;
	case FIRMWARE_BRIDGE:
		snprintf(text, size, "%.600s and all devices below", place);
		break;
	case FIRMWARE_RANGE:
		source_id_text(device->alias, alias, sizeof(alias));
		snprintf(text, size, "%.500s%s%s%s", place,
			 device->has_alias ? ", as " : "",
			 device->has_alias ? alias : "",
			 device->no_ats ? ", no device-TLB" : "");
		break;
	case FIRMWARE_REST:
		snprintf(text, size, "every device without another unit");
		break;
	case FIRMWARE_IOAPIC:
		snprintf(text, size, "IOAPIC %u (%.600s)", device->number,
			 place);
		break;
	case FIRMWARE_HPET:
		snprintf(text, size, "HPET %u (%.600s)", device->number, place);
		break;
	case FIRMWARE_NAMED:
		snprintf(text, size, "%.300s (%.300s)",
			 device->name ? device->name : "nameless device",
			 place);
		break;
	}
}

static unsigned int count(const struct firmware_devices *devices,
			  enum firmware_device_kind kind)
{
	unsigned int nr = 0;

	for (size_t i = 0; i < devices->nr; i++)
		nr += devices->at[i].kind == kind;
	return nr;
}

/* The devices of a unit by kind: "(all, 1 ioapic, 2 acpi)" */
static void devices_line(const struct firmware_devices *devices, FILE *to)
{
	const struct {
		unsigned int nr;
		const char *name;
	} counts[] = {
		{ count(devices, FIRMWARE_FUNCTION) +
		  count(devices, FIRMWARE_RANGE), "pci" },
		{ count(devices, FIRMWARE_BRIDGE), "bridges" },
		{ count(devices, FIRMWARE_IOAPIC), "ioapic" },
		{ count(devices, FIRMWARE_HPET), "hpet" },
		{ count(devices, FIRMWARE_NAMED), "acpi" },
		{ 0, NULL },
	};
	const char *before = " (";

	if (count(devices, FIRMWARE_REST)) {
		fprintf(to, "%sall", before);
		before = ", ";
	}
	for (size_t i = 0; counts[i].name; i++) {
		if (!counts[i].nr)
			continue;
		fprintf(to, "%s%u %s", before, counts[i].nr, counts[i].name);
		before = ", ";
	}
	fprintf(to, devices->nr ? ")" : " (none)");
}

static void unit_line(const struct firmware_unit *unit, FILE *to)
{
	fprintf(to, ", unit %" PRIx64, unit->base);
	if (unit->segment)
		fprintf(to, " segment %u", unit->segment);
	if (unit->type)
		fprintf(to, " type %xh", unit->type);
	if (unit->left_out)
		fprintf(to, " left out");
	devices_line(&unit->devices, to);
}

static void memory_line(const struct firmware_table *table, FILE *to)
{
	const struct firmware_memory *memory;
	size_t devices = 0, used = 0;
	uint64_t bytes = 0;

	for (size_t i = 0; i < table->nr_memory; i++) {
		memory = &table->memory[i];
		if (memory->left_out)
			continue;
		used++;
		bytes += memory->last - memory->first + 1;
		devices += memory->devices.nr;
	}
	fprintf(to, ", %zu reserved", used);
	if (used)
		fprintf(to, " (%" PRIu64 " KiB for %zu)", bytes / 1024,
			devices);
}

static void list_line(const struct firmware_table *table,
		      enum firmware_list_kind kind, const char *name, FILE *to)
{
	size_t devices = 0, nr = 0;
	bool all = false;

	for (size_t i = 0; i < table->nr_lists; i++) {
		if (table->lists[i].kind != kind)
			continue;
		nr++;
		devices += table->lists[i].devices.nr;
		all |= table->lists[i].all;
	}
	if (nr)
		fprintf(to, ", %zu %s (%s%zu)", nr, name, all ? "all, " : "",
			devices);
}

static bool same_note(const struct firmware_note *a,
		      const struct firmware_note *b)
{
	return a->left_out == b->left_out && !strcmp(a->text, b->text);
}

/* Each error once, with the offset of the first and their number */
static void notes_line(const struct firmware_table *table, FILE *to)
{
	const struct firmware_note *notes = table->notes;
	size_t i, k, nr;

	for (i = 0; i < table->nr_notes; i++) {
		for (k = 0; k < i && !same_note(&notes[k], &notes[i]); k++)
			;
		if (k < i)
			continue;
		for (nr = 0; k < table->nr_notes; k++)
			nr += same_note(&notes[k], &notes[i]);
		fprintf(to, " | at %zu", notes[i].offset);
		if (nr > 1)
			fprintf(to, " (%zu times)", nr);
		fprintf(to, ": %s%s", notes[i].text,
			notes[i].left_out ? "; left out" : "");
	}
}

void firmware_line(const struct firmware_table *table, FILE *to)
{
	fprintf(to, "%s", table->kind == FIRMWARE_DMAR ? "dmar" : "ivrs");
	if (table->refused) {
		fprintf(to, " refused at %zu: %s", table->refused_at,
			table->refused);
		return;
	}
	fprintf(to, " %u bits", table->width);
	if (table->interrupt_remapping)
		fprintf(to, " ir");
	if (table->x2apic_opt_out)
		fprintf(to, " no-x2apic");
	if (table->dma_opt_in)
		fprintf(to, " opt-in");
	for (size_t i = 0; i < table->nr_units; i++)
		unit_line(&table->units[i], to);
	memory_line(table, to);
	list_line(table, FIRMWARE_ATSR, "atsr", to);
	list_line(table, FIRMWARE_SATC, "satc", to);
	list_line(table, FIRMWARE_SIDP, "sidp", to);
	if (!table->checksum_ok)
		fprintf(to, " | wrong checksum");
	notes_line(table, to);
}

static void describe_devices(const struct firmware_devices *devices, FILE *to)
{
	char text[FIRMWARE_DEVICE_TEXT];

	for (size_t i = 0; i < devices->nr; i++) {
		firmware_device_text(&devices->at[i], text);
		fprintf(to, "    %s\n", text);
	}
	if (!devices->nr)
		fprintf(to, "    no device\n");
}

static void describe_unit(const struct firmware_unit *unit, FILE *to)
{
	fprintf(to, "Unit with registers at 0x%" PRIx64 ", segment %u",
		unit->base, unit->segment);
	if (unit->type)
		fprintf(to, ", itself %02x:%02x.%x, described by type %xh",
			unit->id >> 8, unit->id >> 3 & 0x1f, unit->id & 7,
			unit->type);
	if (unit->has_features)
		fprintf(to, ", features 0x%" PRIx64, unit->features);
	if (unit->has_node)
		fprintf(to, ", proximity domain %u", unit->node);
	if (unit->left_out)
		fprintf(to, "; left out: %s", unit->left_out);
	fprintf(to, "\n");
	describe_devices(&unit->devices, to);
}

static void describe_memory(const struct firmware_memory *memory, FILE *to)
{
	fprintf(to, "Reserved memory 0x%" PRIx64 " to 0x%" PRIx64,
		memory->first, memory->last);
	if (memory->left_out)
		fprintf(to, "; left out: %s\n", memory->left_out);
	else
		fprintf(to, ", %" PRIu64 " KiB, %s%s, segment %u\n",
			(memory->last - memory->first + 1) / 1024,
			memory->read && memory->write ? "read and written" :
			memory->read ? "read" :
			memory->write ? "written" : "not mapped",
			memory->exclusion ? " (an exclusion range)" : "",
			memory->segment);
	describe_devices(&memory->devices, to);
}

static void describe_list(const struct firmware_list *list, FILE *to)
{
	static const char *const names[] = {
		[FIRMWARE_ATSR] = "Root ports that allow device-TLBs",
		[FIRMWARE_SATC] = "Integrated devices with device-TLBs",
		[FIRMWARE_SIDP] = "Integrated devices with properties",
	};

	fprintf(to, "%s, segment %u%s\n", names[list->kind], list->segment,
		list->required ? "; they need them" : "");
	if (list->all)
		fprintf(to, "    all root ports\n");
	else
		describe_devices(&list->devices, to);
}

void firmware_describe(const struct firmware_table *table, FILE *to)
{
	fprintf(to, "%s, ", table->kind == FIRMWARE_DMAR ?
		"Intel VT-d (DMAR table)" : "AMD-Vi (IVRS table)");
	if (table->refused) {
		fprintf(to, "refused at offset %zu: %s\n", table->refused_at,
			table->refused);
		return;
	}
	fprintf(to, "addresses of %u bits%s%s%s%s\n", table->width,
		table->interrupt_remapping ? ", interrupt remapping" : "",
		table->x2apic_opt_out ? ", asks not to use x2APIC mode" : "",
		table->dma_opt_in ? ", asks to restrict all DMA" : "",
		table->checksum_ok ? "" : ", wrong checksum");
	for (size_t i = 0; i < table->nr_units; i++)
		describe_unit(&table->units[i], to);
	for (size_t i = 0; i < table->nr_memory; i++)
		describe_memory(&table->memory[i], to);
	for (size_t i = 0; i < table->nr_lists; i++)
		describe_list(&table->lists[i], to);
	for (size_t i = 0; i < table->nr_notes; i++)
		fprintf(to, "Error at offset %zu: %s%s\n",
			table->notes[i].offset, table->notes[i].text,
			table->notes[i].left_out ? "; left out" : "");
}
