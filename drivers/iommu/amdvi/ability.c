// SPDX-License-Identifier: GPL-2.0
/*
 * The abilities of a unit.
 *
 * The IVRS table and the unit's registers both describe its features. The
 * stricter of the two counts. The hide parameter (params.c) takes away more.
 */
#define pr_fmt(fmt) "amdvi: " fmt

#include <kunit/visibility.h>
#include <linux/sizes.h>

#include "ability.h"
#include "ivrs.h"
#include "params.h"
#include "regs.h"
#include "unit.h"

/* Features that the report of type 10h contains */
#define REPORTED	(EFR_XT_SUP | EFR_NX_SUP | EFR_GT_SUP | EFR_IA_SUP | \
			 EFR_GA_SUP | EFR_HE_SUP | EFR_HATS | EFR_GATS | \
			 EFR_GLX_SUP | EFR_PAS_MAX)
/* Features that are numbers; in all others a 1 offers a feature */
#define NUMBERS		(EFR_HATS | EFR_GATS | EFR_GLX_SUP | EFR_PAS_MAX)

/*
 * Entry sizes of version 1 tables: every power of two up to 256 GiB. Some units
 * cannot walk an entry of 512 GiB, and larger entries are not needed.
 */
#define AMDVI_PAGE_SIZES	GENMASK_ULL(38, 12)
/* Entry sizes of version 2 tables, whatever the unit supports */
#define AMDVI_GUEST_PAGE_SIZES	(SZ_4K | SZ_2M | SZ_1G)

static u64 smaller(u64 a, u64 b, u64 mask)
{
	return min(a & mask, b & mask);
}

/* Features that both offer */
static u64 stricter(u64 a, u64 b)
{
	u64 efr = a & b & ~NUMBERS;

	/* The largest value of the field means no host translation */
	if (FIELD_GET(EFR_HATS, a) == HATS_NONE ||
	    FIELD_GET(EFR_HATS, b) == HATS_NONE)
		efr |= FIELD_PREP(EFR_HATS, HATS_NONE);
	else
		efr |= smaller(a, b, EFR_HATS);
	return efr | smaller(a, b, EFR_GATS) | smaller(a, b, EFR_GLX_SUP) |
	       smaller(a, b, EFR_PAS_MAX);
}

static void read_features(struct amdvi_unit *unit,
			  const struct ivrs_block *ivhd)
{
	if (unit->cap & CAP_EFR_SUP) {
		unit->efr = amdvi_read(unit, AMDVI_EFR);
		unit->efr2 = ivhd->has_efr ? amdvi_read(unit, AMDVI_EFR2) : 0;
	}
	if (ivhd->has_efr) {
		unit->efr = stricter(unit->efr, ivhd->efr);
		unit->efr2 &= ivhd->efr2;
	} else if (ivhd->has_report) {
		unit->efr = stricter(unit->efr,
				     ivhd->efr | (unit->efr & ~REPORTED));
	}
	if (!(ivhd->flags & IVHD_IOTLB_SUP))
		unit->cap &= ~CAP_IOTLB_SUP;
	/* In the other types it is one of the features */
	if (ivhd->type == IVRS_IVHD_10 && !(ivhd->flags & IVHD_PPR_SUP))
		unit->efr &= ~EFR_PPR_SUP;
}

/* To all other code a hidden ability looks like one that the unit lacks */
static void amdvi_unit_hide(struct amdvi_unit *unit)
{
	unit->common.hidden = amdvi_params_hidden(unit->common.name);
	if (unit->common.hidden & AMDVI_HIDE_IOTLB)
		unit->cap &= ~CAP_IOTLB_SUP;
	if (unit->common.hidden & AMDVI_HIDE_INVAL_ALL)
		unit->efr &= ~EFR_IA_SUP;
}

static void derive_widths(struct amdvi_unit *unit,
			  const struct ivrs_table *ivrs)
{
	unit->levels = HATS_LEVELS_LEAST + FIELD_GET(EFR_HATS, unit->efr);
	unit->iova_bits = min(12 + 9 * unit->levels, 64U);
	if (ivrs->va_bits)
		unit->iova_bits = min(unit->iova_bits, ivrs->va_bits);
}

/*
 * Version 2 tables are used for requests without PASID. This needs a unit that
 * treats them as requests with PASID 0 (GIoSup), and that knows the no-execute
 * bit, which the table entries may have (NXSup).
 */
static void choose_tables(struct amdvi_unit *unit)
{
	u64 needed = EFR_GT_SUP | EFR_GIO_SUP | EFR_NX_SUP;
	bool host = FIELD_GET(EFR_HATS, unit->efr) != HATS_NONE;

	unit->guest_tables = (unit->efr & needed) == needed &&
			     (amdvi_params_guest_tables() || !host);
}

/**
 * amdvi_unit_read_abilities() - find out what a unit supports
 * @unit: a unit whose registers are mapped and whose capability is read
 * @ivrs: the IVRS table
 * @ivhd: the unit's block
 */
void amdvi_unit_read_abilities(struct amdvi_unit *unit,
			       const struct ivrs_table *ivrs,
			       const struct ivrs_block *ivhd)
{
	read_features(unit, ivhd);
	amdvi_unit_hide(unit);
	derive_widths(unit, ivrs);
	choose_tables(unit);
}

/**
 * amdvi_unit_tracks_dirty() - can a unit set dirty bits in page tables?
 * @unit: the unit
 *
 * Version 2 tables have dirty bits too, but tracking with them is not
 * supported: they are for machines that have no other kind of tables.
 *
 * Return: true if so.
 */
bool amdvi_unit_tracks_dirty(const struct amdvi_unit *unit)
{
	return unit->efr & EFR_HA_SUP && unit->efr & EFR_HD_SUP &&
	       !unit->guest_tables;
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_unit_tracks_dirty);

/**
 * amdvi_full_ability() - the ability of a unit without hidden abilities
 * @guest: for version 2 tables, otherwise version 1
 *
 * Return: the ability.
 */
struct iommu_ability amdvi_full_ability(bool guest)
{
	return (struct iommu_ability){
		.page_sizes = guest ? AMDVI_GUEST_PAGE_SIZES : AMDVI_PAGE_SIZES,
		/* All page walks snoop; leaves of version 1 force snooping */
		.coherent = true,
		.snoop = !guest,
	};
}

/**
 * amdvi_unit_ability() - the ability of a unit, except what is hidden
 * @unit: the unit
 * @guest: for version 2 tables, otherwise version 1
 *
 * Return: the ability; it changes when the hide parameter changes.
 */
struct iommu_ability amdvi_unit_ability(const struct amdvi_unit *unit,
					bool guest)
{
	struct iommu_ability ability = amdvi_full_ability(guest);

	if (READ_ONCE(unit->common.hidden) & AMDVI_HIDE_SUPERPAGES)
		ability.page_sizes = SZ_4K;
	return ability;
}
