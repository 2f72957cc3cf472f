/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a unit supports.
 */
#ifndef VTD_ABILITY_H
#define VTD_ABILITY_H

#include <linux/types.h>

#include "../common/live.h"

struct vtd_unit;

unsigned int vtd_unit_levels(const struct vtd_unit *unit);
unsigned int vtd_unit_width(const struct vtd_unit *unit);
bool vtd_unit_coherent(const struct vtd_unit *unit);
unsigned int vtd_unit_domains(const struct vtd_unit *unit);
bool vtd_unit_first_stage(const struct vtd_unit *unit);
bool vtd_unit_nests(const struct vtd_unit *unit);
bool vtd_unit_tracks_dirty(const struct vtd_unit *unit);
struct iommu_ability vtd_unit_ability(const struct vtd_unit *unit);
struct iommu_ability
vtd_unit_first_stage_ability(const struct vtd_unit *unit);

#endif
