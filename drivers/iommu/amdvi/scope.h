/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which unit a device is behind, and what else the IVRS table says of it.
 */
#ifndef AMDVI_SCOPE_H
#define AMDVI_SCOPE_H

#include "ivrs.h"

struct device;

/**
 * struct amdvi_place - where the IVRS table puts a device
 * @unit: offset in the table of the unit's block, which identifies it
 * @segment: PCI segment of its source-id
 * @source_id: bus, device and function it presents
 * @alias: the same again, or what the table says it presents to the unit
 * @ats: the table does not forbid a device-TLB
 */
struct amdvi_place {
	size_t unit;
	u16 segment;
	u16 source_id;
	u16 alias;
	bool ats;
};

/* The IVRS table in use */
extern const struct ivrs_table *amdvi_ivrs;

bool amdvi_scope_find(const struct ivrs_table *table, struct device *dev,
		      struct amdvi_place *place);
bool amdvi_scope_holds(const struct ivrs_block *ivmd,
		       const struct amdvi_place *place);
void amdvi_scope_complain(const struct ivrs_table *table);

#endif
