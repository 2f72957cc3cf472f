/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The unit of each device, and other answers from the DMAR table.
 */
#ifndef VTD_SCOPE_H
#define VTD_SCOPE_H

#include "dmar.h"

struct device;
struct pci_dev;

/**
 * struct vtd_place - unit and source-id of a device
 * @unit: offset of the unit's structure in the table, which identifies the unit
 * @segment: PCI segment of the source-id
 * @source_id: bus, device and function that its requester presents (alias.c)
 */
struct vtd_place {
	size_t unit;
	int segment;
	u16 source_id;
};

/* The table that main.c has read; it stays while the module is loaded */
extern const struct dmar_table *vtd_dmar;

bool vtd_scope_find(const struct dmar_table *table, struct device *dev,
		    struct vtd_place *place);
bool vtd_scope_holds(const struct dmar_table *table,
		     const struct dmar_structure *of, struct device *dev);
bool vtd_scope_path_exists(const struct dmar_scope *scope);
u16 vtd_scope_source_id(const struct dmar_scope *scope);
bool vtd_scope_operates_ats(const struct dmar_table *table,
			    struct pci_dev *pdev);
bool vtd_scope_ats(const struct dmar_table *table, struct pci_dev *pdev,
		   bool scalable);
void vtd_scope_complain(const struct dmar_table *table);

#endif
