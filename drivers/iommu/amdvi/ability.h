/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The abilities of a unit: what its registers and the IVRS table offer, except
 * what the hide parameter takes away.
 */
#ifndef AMDVI_ABILITY_H
#define AMDVI_ABILITY_H

#include "../common/live.h"

struct amdvi_unit;
struct ivrs_block;
struct ivrs_table;

void amdvi_unit_read_abilities(struct amdvi_unit *unit,
			       const struct ivrs_table *ivrs,
			       const struct ivrs_block *ivhd);
bool amdvi_unit_tracks_dirty(const struct amdvi_unit *unit);
struct iommu_ability amdvi_unit_ability(const struct amdvi_unit *unit,
					bool guest);
struct iommu_ability amdvi_full_ability(bool guest);

#endif
