// SPDX-License-Identifier: GPL-2.0
/*
 * What a unit supports, read from its capability registers less what the user
 * has hidden (params.c).
 */
#define pr_fmt(fmt) "vtd: " fmt

#include <kunit/visibility.h>

#include "ability.h"
#include "spec.h"
#include "unit.h"

/**
 * vtd_unit_levels() - levels of page tables that a unit walks
 * @unit: the unit
 *
 * Return: bitmap, bit 3 to 5.
 */
unsigned int vtd_unit_levels(const struct vtd_unit *unit)
{
	/* SAGAW bit 1 is for 3 levels, and so on; bits 0 and 4 are reserved */
	return (FIELD_GET(CAP_SAGAW, unit->cap) &
		(SAGAW_3_LEVEL | SAGAW_4_LEVEL | SAGAW_5_LEVEL)) << 2;
}

/**
 * vtd_unit_width() - bits of an IOVA that a unit translates
 * @unit: the unit
 *
 * Return: the maximum guest address width.
 */
unsigned int vtd_unit_width(const struct vtd_unit *unit)
{
	return FIELD_GET(CAP_MGAW, unit->cap) + 1;
}

/**
 * vtd_unit_domains() - number of domain ids of a unit
 * @unit: the unit
 *
 * Return: the number, section 11.4.2.
 */
unsigned int vtd_unit_domains(const struct vtd_unit *unit)
{
	return 1U << (4 + 2 * FIELD_GET(CAP_ND, unit->cap));
}
EXPORT_SYMBOL_IF_KUNIT(vtd_unit_domains);

/**
 * vtd_unit_coherent() - are page tables read through the CPU's caches?
 * @unit: the unit
 *
 * In scalable mode a unit has a separate capability for the page tables.
 *
 * Return: true if so.
 */
bool vtd_unit_coherent(const struct vtd_unit *unit)
{
	return unit->ecap & ECAP_C &&
	       (!unit->scalable || unit->ecap & ECAP_SMPWCS);
}

/**
 * vtd_unit_ability() - what a unit supports for second-stage tables
 * @unit: the unit
 *
 * Return: its ability, less what is hidden.
 */
struct iommu_ability vtd_unit_ability(const struct vtd_unit *unit)
{
	unsigned long hidden = READ_ONCE(unit->common.hidden);
	struct iommu_ability ability = {
		.page_sizes = SZ_4K,
		.coherent = vtd_unit_coherent(unit) &&
			    !(hidden & VTD_HIDE_COHERENCY),
		.snoop = unit->ecap & ECAP_SC && !(hidden & VTD_HIDE_SNOOP),
	};

	if (hidden & VTD_HIDE_SUPERPAGES)
		return ability;
	if (unit->cap & CAP_SSLPS_2M)
		ability.page_sizes |= SZ_2M;
	if (unit->cap & CAP_SSLPS_1G)
		ability.page_sizes |= SZ_1G;
	return ability;
}

/**
 * vtd_unit_first_stage() - does a unit walk first-stage tables?
 * @unit: the unit
 *
 * Return: true if so.
 */
bool vtd_unit_first_stage(const struct vtd_unit *unit)
{
	return unit->scalable && unit->ecap & ECAP_FSTS;
}

/**
 * vtd_unit_tracks_dirty() - can a unit set dirty bits?
 * @unit: the unit
 *
 * In second-stage tables of scalable mode. The driver reads dirty bits through
 * the CPU's caches, so the unit's page walks have to be coherent.
 *
 * Return: true if so.
 */
bool vtd_unit_tracks_dirty(const struct vtd_unit *unit)
{
	return unit->scalable && unit->ecap & ECAP_SLADS &&
	       unit->ecap & ECAP_SSTS && vtd_unit_ability(unit).coherent;
}

/**
 * vtd_unit_nests() - does a unit walk nested tables?
 * @unit: the unit
 *
 * Return: true if so.
 */
bool vtd_unit_nests(const struct vtd_unit *unit)
{
	return unit->scalable && unit->ecap & ECAP_NEST &&
	       unit->ecap & ECAP_SSTS && unit->ecap & ECAP_FSTS;
}

/**
 * vtd_unit_first_stage_ability() - what a unit supports for first-stage tables
 * @unit: a unit that walks them
 *
 * First-stage entries of 1 GiB have a capability of their own.
 *
 * Return: its ability, less what is hidden.
 */
struct iommu_ability
vtd_unit_first_stage_ability(const struct vtd_unit *unit)
{
	struct iommu_ability ability = vtd_unit_ability(unit);

	if (unit->common.hidden & VTD_HIDE_SUPERPAGES)
		return ability;
	ability.page_sizes = SZ_4K | SZ_2M;
	if (unit->cap & CAP_FS1GP)
		ability.page_sizes |= SZ_1G;
	return ability;
}
