/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which unit a device is behind, and what else the DMAR table says of it.
 */
#ifndef VTD_SCOPE_H
#define VTD_SCOPE_H

#include "dmar.h"

struct device;
struct pci_dev;

/**
 * struct vtd_place - where the DMAR table puts a device
 * @unit: offset in the table of the unit's structure, which identifies it
 * @segment: PCI segment of its source-id
 * @source_id: bus, device and function it presents
 */
struct vtd_place {
	size_t unit;
	u16 segment;
	u16 source_id;
};

/* The table that main.c has read; stays while the module is loaded */
extern const struct dmar_table *vtd_dmar;

bool vtd_scope_find(const struct dmar_table *table, struct device *dev,
		    struct vtd_place *place);
bool vtd_scope_holds(const struct dmar_table *table,
		     const struct dmar_structure *of, struct pci_dev *pdev);
bool vtd_scope_ats(const struct dmar_table *table, struct pci_dev *pdev);
void vtd_scope_complain(const struct dmar_table *table);

#endif
