// SPDX-License-Identifier: GPL-2.0
/*
 * The firmware's table of IOMMU units, and the PCI devices that it names.
 *
 * A DMAR table names devices by paths. They are matched as vtd.ko does: from
 * the end, upwards, so that no bus number but the first counts. An IVRS table
 * names them by source-ids.
 */
#include <errno.h>
#include <stdlib.h>

#include "fail.h"
#include "machine/tables.h"

#define FOLDER		"sys/firmware/acpi/tables"
#define TABLE_BYTES_MAX	(64 * 1024)

static bool path_leads_to(const struct firmware_device *named,
			  const struct pci *pci, int at)
{
	unsigned int i = named->depth;

	while (i--) {
		if (at == PCI_NONE ||
		    pci_slot(&pci->devices[at]) != named->path[i].device ||
		    pci_function(&pci->devices[at]) != named->path[i].function)
			return false;
		if (!i)
			return pci->devices[at].bus == named->first >> 8;
		at = pci->devices[at].parent;
	}
	return false;
}

static bool is_named(const struct firmware_device *named,
		     const struct pci *pci, int at)
{
	uint16_t id = pci_id(&pci->devices[at]);

	switch (named->kind) {
	case FIRMWARE_FUNCTION:
		return path_leads_to(named, pci, at);
	case FIRMWARE_BRIDGE:
		for (; at != PCI_NONE; at = pci->devices[at].parent)
			if (path_leads_to(named, pci, at))
				return true;
		return false;
	case FIRMWARE_RANGE:
		return named->first <= id && id <= named->last;
	default:
		return false;
	}
}

bool tables_names(const struct firmware_devices *devices, uint32_t segment,
		  const struct pci *pci, int device)
{
	size_t i;

	if (pci->devices[device].domain != segment)
		return false;
	for (i = 0; i < devices->nr; i++)
		if (is_named(&devices->at[i], pci, device))
			return true;
	return false;
}

bool tables_has_rest(const struct firmware_unit *unit)
{
	size_t i;

	for (i = 0; i < unit->devices.nr; i++)
		if (unit->devices.at[i].kind == FIRMWARE_REST)
			return true;
	return false;
}

/* The function whose place in the table counts */
static int stands_for(const struct tables *tables, const struct pci *pci,
		      int at)
{
	if (pci->devices[at].vmd != PCI_NONE)
		at = pci->devices[at].vmd;
	/* An IVRS table names virtual functions too, by their source-ids */
	if (tables->kind == TABLES_DMAR && pci->devices[at].physfn != PCI_NONE)
		at = pci->devices[at].physfn;
	return at;
}

/* Units that name a device come before one that has the rest */
static int find_unit(const struct tables *tables, const struct pci *pci, int at)
{
	const struct firmware_table *table = &tables->firmware;
	size_t i;

	at = stands_for(tables, pci, at);
	for (i = 0; i < table->nr_units; i++)
		if (tables_names(&table->units[i].devices,
				 table->units[i].segment, pci, at))
			return i;
	for (i = 0; i < table->nr_units; i++)
		if (table->units[i].segment == pci->devices[at].domain &&
		    tables_has_rest(&table->units[i]))
			return i;
	return PCI_NONE;
}

/*
 * An IVRS table may say that a device uses the source-id of another one. The
 * kernel takes that into account for groups if both are on one bus.
 */
static void find_alias(const struct firmware_unit *unit, struct pci *pci,
		       int at)
{
	struct pci_device *device = &pci->devices[at];
	size_t i;

	for (i = 0; i < unit->devices.nr; i++) {
		const struct firmware_device *named = &unit->devices.at[i];

		if (named->has_alias && is_named(named, pci, at) &&
		    named->alias != pci_id(device) &&
		    named->alias >> 8 == device->bus)
			device->alias = named->alias & 0xff;
	}
}

static void find_units(const struct tables *tables, struct pci *pci)
{
	const struct firmware_unit *units = tables->firmware.units;
	struct pci_device *device;
	int i;

	for (i = 0; i < pci->nr; i++) {
		device = &pci->devices[i];
		device->unit = find_unit(tables, pci, i);
		if (device->unit == PCI_NONE || tables->kind == TABLES_DMAR)
			continue;
		if (device->vmd == PCI_NONE)
			find_alias(&units[device->unit], pci, i);
		/* A unit's own function does no DMA that it would translate */
		if (units[device->unit].segment == device->domain &&
		    units[device->unit].id == pci_id(device))
			device->unit = PCI_NONE;
	}
}

int tables_read(struct tables *tables, struct pci *pci,
		const struct source *from)
{
	uint8_t *bytes = malloc(TABLE_BYTES_MAX);
	long length;

	*tables = (struct tables){ };
	if (!bytes)
		return fail(ENOMEM, "the firmware's table");
	tables->kind = TABLES_DMAR;
	length = source_read(from, bytes, TABLE_BYTES_MAX, FOLDER "/DMAR");
	if (length == -ENOENT) {
		tables->kind = TABLES_IVRS;
		length = source_read(from, bytes, TABLE_BYTES_MAX,
				     FOLDER "/IVRS");
	}
	if (length == -ENOENT) {
		tables->kind = TABLES_NONE;
	} else if (length < 0) {
		tables->error = length;
	} else if (firmware_read(&tables->firmware, bytes, length)) {
		tables->firmware = (struct firmware_table){
			.refused = "table has another signature",
		};
	} else {
		tables->kind = tables->firmware.kind == FIRMWARE_IVRS ?
				       TABLES_IVRS : TABLES_DMAR;
		find_units(tables, pci);
	}
	free(bytes);
	return 0;
}

void tables_free(struct tables *tables)
{
	firmware_free(&tables->firmware);
	*tables = (struct tables){ };
}

int tables_good_units(const struct tables *tables)
{
	int good = 0;
	size_t i;

	for (i = 0; i < tables->firmware.nr_units; i++)
		good += !tables->firmware.units[i].left_out;
	return good;
}
