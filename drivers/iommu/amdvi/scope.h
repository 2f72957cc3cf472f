/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which unit a device is behind, and other facts of the IVRS table about it.
 */
#ifndef AMDVI_SCOPE_H
#define AMDVI_SCOPE_H

#include "ivrs.h"

struct device;

/**
 * struct amdvi_place - the place of a device in the IVRS table
 * @unit: offset of the unit's block in the table, which identifies the unit
 * @segment: PCI segment of its source-id
 * @source_id: bus, device and function it presents
 * @alias: source-id that it presents to the unit, by the table; mostly
 *	@source_id
 * @ats: the table allows a device-TLB, and no bridge on the way prevents it
 */
struct amdvi_place {
	size_t unit;
	int segment;
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
