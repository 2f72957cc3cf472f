/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The firmware's table of IOMMU units, DMAR or IVRS, and the PCI devices that
 * it names.
 */
#ifndef MACHINE_TABLES_H
#define MACHINE_TABLES_H

#include "firmware/firmware.h"
#include "machine/pci.h"
#include "machine/source.h"

enum tables_kind {
	TABLES_NONE,
	TABLES_DMAR,
	TABLES_IVRS,
};

/**
 * struct tables - the table
 * @kind: the table that there is
 * @error: 0, or the negative errno with which it cannot be read
 * @firmware: its content, if there is a table and no @error
 */
struct tables {
	enum tables_kind kind;
	int error;
	struct firmware_table firmware;
};

/**
 * tables_read() - read the table, and find the unit of each device
 * @tables: filled in; to be released with tables_free()
 * @pci: the devices; @unit and @alias of each are set
 * @from: the machine
 *
 * Return: 0, or -ENOMEM with the sentence in fail_text().
 */
int tables_read(struct tables *tables, struct pci *pci,
		const struct source *from);
void tables_free(struct tables *tables);

/* Number of units that can be used */
int tables_good_units(const struct tables *tables);

/* Is it for all devices of its segment that no other unit names? */
bool tables_has_rest(const struct firmware_unit *unit);

/* Does the table name this device, in a list for devices of @segment? */
bool tables_names(const struct firmware_devices *devices, uint32_t segment,
		  const struct pci *pci, int device);

#endif
