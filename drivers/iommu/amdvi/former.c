// SPDX-License-Identifier: GPL-2.0
/*
 * Device table entries that a crash kernel takes over. ../common/former.c
 * describes why, and when they are replaced.
 *
 * An old entry is copied if it is valid and allows DMA. Of its fields those are
 * copied that translate DMA. Interrupts, page requests and dirty bits are not
 * for the former kernel any more.
 *
 *	domain id	in this kernel			in the old entry
 *	0		blocked				left out
 *	1		pass-through			the same: copied. With page
 *							tables: gets an id that no
 *							other entry has
 *	others		domains				copied, and reserved
 *
 * Also left out is an entry that the unit could not use, for example one of more
 * levels than it has, or with tables where the former kernel had no memory; and
 * one with guest tables of five levels, which the entries of this driver do not
 * describe. The page tables themselves are not looked at: the unit reads them as it
 * did before.
 *
 * A device may still have its device-TLB enabled. Before its entries are
 * replaced, the device-TLB is emptied and disabled, and the entries stop
 * allowing requests that are translated already.
 *
 * Locks: none while the module loads; the table_lock of the unit afterwards.
 */
#define pr_fmt(fmt) "amdvi: " fmt

#include <kunit/visibility.h>
#include <linux/sizes.h>

#include "../common/former.h"
#include "former.h"
#include "inval.h"
#include "regs.h"
#include "unit.h"

/* What is copied; the device-TLB depends on the unit */
#define COPIED_LO	(DTE0_V | DTE0_TV | DTE0_MODE | DTE0_ROOT | DTE0_IR | \
			 DTE0_IW)
#define COPIED_HI	DTE1_DOMAIN_ID
/* With guest tables also */
#define GUEST_LO	(DTE0_GIOV | DTE0_GV | DTE0_GLX | DTE0_GCR3_LOW)
#define GUEST_HI	(DTE1_GCR3_MIDDLE | DTE1_GCR3_HIGH)

/* Not the number of levels, but a large page */
#define MODE_RESERVED	7
#define GLX_RESERVED	3

/* Copying one device table */
struct copying {
	struct amdvi_unit *unit;
	struct amdvi_former_count *count;
	u64 good_table;		/* known to be the former kernel's; U64_MAX: none */
	bool ids_left;		/* entries still need another domain id */
};

static bool allows_dma(u64 lo)
{
	return lo & DTE0_V && lo & DTE0_TV && lo & (DTE0_IR | DTE0_IW);
}

static bool has_tables(u64 lo)
{
	return lo & (DTE0_MODE | DTE0_GV);
}

/* Guest tables may be for requests with PASID only: then others pass through */
static bool passes_through(u64 lo)
{
	return !(lo & DTE0_MODE) && !(lo & DTE0_GV && lo & DTE0_GIOV);
}

/* Most entries lead to few tables */
static bool is_old_table(struct copying *copying, u64 phys)
{
	if (phys != copying->good_table && !iommu_former_owns(phys, SZ_4K))
		return false;
	copying->good_table = phys;
	return true;
}

static u64 gcr3_of(u64 lo, u64 hi)
{
	return FIELD_PREP(GCR3_LOW, FIELD_GET(DTE0_GCR3_LOW, lo)) |
	       FIELD_PREP(GCR3_MIDDLE, FIELD_GET(DTE1_GCR3_MIDDLE, hi)) |
	       FIELD_PREP(GCR3_HIGH, FIELD_GET(DTE1_GCR3_HIGH, hi));
}

static bool guest_tables_suit(struct copying *copying, u64 lo, u64 hi)
{
	u64 efr = copying->unit->efr, glx = FIELD_GET(DTE0_GLX, lo);

	return efr & EFR_GT_SUP && glx != GLX_RESERVED &&
	       glx <= FIELD_GET(EFR_GLX_SUP, efr) &&
	       (efr & EFR_GIO_SUP || !(lo & DTE0_GIOV)) &&
	       is_old_table(copying, gcr3_of(lo, hi));
}

/* Does an entry that allows DMA make sense for the unit? */
static bool amdvi_former_suits(struct copying *copying, u64 lo, u64 hi)
{
	unsigned int levels = FIELD_GET(DTE0_MODE, lo), most = copying->unit->levels;

	if (FIELD_GET(EFR_HATS, copying->unit->efr) == HATS_NONE)
		most = 0;
	if (lo & DTE0_RESERVED ||
	    FIELD_GET(DTE1_DOMAIN_ID, hi) == IOMMU_UNIT_ID_NONE)
		return false;
	if (levels && (levels == MODE_RESERVED || levels > most ||
		       !is_old_table(copying, lo & DTE0_ROOT)))
		return false;
	return !(lo & DTE0_GV) || guest_tables_suit(copying, lo, hi);
}

static bool amdvi_former_copy_suiting(struct copying *copying, u16 id, u64 lo,
				      u64 hi)
{
	u64 lo_mask = COPIED_LO, hi_mask = COPIED_HI;
	struct amdvi_unit *unit = copying->unit;
	u16 domain_id = FIELD_GET(DTE1_DOMAIN_ID, hi);

	if (domain_id != IOMMU_UNIT_ID_PASS) {
		if (iommu_former_reserve_id(&unit->common, domain_id))
			return false;
	} else if (has_tables(lo)) {
		copying->ids_left = true;
	}
	if (iommu_former_keep(&unit->common, id))
		return false;
	if (unit->cap & CAP_IOTLB_SUP)
		hi_mask |= DTE1_I;
	if (lo & DTE0_GV) {
		lo_mask |= GUEST_LO;
		hi_mask |= GUEST_HI;
		unit->former_guest = true;
	}
	amdvi_table_set_former(unit, id, lo & lo_mask, hi & hi_mask);
	return true;
}

static void copy_entry(struct copying *copying, u16 id, const u64 *old)
{
	/* Read once: what was checked is what is used */
	u64 lo = READ_ONCE(old[0]), hi = READ_ONCE(old[1]);
	/* The unit would take tables of five levels for ones of four */
	bool deeper = lo & DTE0_GV && READ_ONCE(old[2]) & DTE2_GUEST_LEVELS;

	if (!allows_dma(lo))
		return;
	if (!deeper && amdvi_former_suits(copying, lo, hi) &&
	    amdvi_former_copy_suiting(copying, id, lo, hi))
		copying->count->kept++;
	else
		copying->count->left_out++;
}

/* Entries with page tables must not have the id of pass-through */
static void give_other_id(struct copying *copying)
{
	struct amdvi_unit *unit = copying->unit;
	int other = ida_alloc_range(&unit->common.domain_ids,
				    IOMMU_UNIT_ID_FIRST,
				    unit->common.last_domain_id, GFP_KERNEL);
	unsigned int id;
	u64 raw[4];

	for (id = 0; id < unit->table.nr; id++) {
		if (!iommu_former_has(&unit->common, id))
			continue;
		amdvi_table_get(unit, id, raw);
		if (!has_tables(raw[0]) ||
		    FIELD_GET(DTE1_DOMAIN_ID, raw[1]) != IOMMU_UNIT_ID_PASS)
			continue;
		if (other >= 0) {
			raw[1] &= ~DTE1_DOMAIN_ID;
			raw[1] |= FIELD_PREP(DTE1_DOMAIN_ID, other);
			amdvi_table_set_former(unit, id, raw[0], raw[1]);
			continue;
		}
		amdvi_former_block(unit, id);
		copying->count->kept--;
		copying->count->left_out++;
	}
}

/**
 * amdvi_former_copy() - copy the entries of a device table
 * @unit: a unit with its own device table, which is not in use yet
 * @old: the old table
 * @nr: number of its entries
 * @count: set to the number of entries copied, and left out
 *
 * Source-ids beyond the table of the unit are not behind it.
 */
void amdvi_former_copy(struct amdvi_unit *unit, const u64 *old, unsigned int nr,
		       struct amdvi_former_count *count)
{
	struct copying copying = { unit, count, .good_table = U64_MAX };
	unsigned int id;

	*count = (struct amdvi_former_count){ };
	for (id = 0; id < min(nr, unit->table.nr); id++)
		copy_entry(&copying, id, old + (size_t)id * DTE_QUADS);
	if (copying.ids_left)
		give_other_id(&copying);
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_former_copy);

/**
 * amdvi_former_take() - take over the device table that a unit still uses
 * @unit: a unit that was left enabled, with its own device table
 * @count: set to the number of entries copied, and left out
 *
 * Return: false in a kernel that is no crash kernel, and after a line in the log
 * if there is no such table in the memory of the former kernel.
 */
bool amdvi_former_take(struct amdvi_unit *unit,
		       struct amdvi_former_count *count)
{
	u64 devtab = amdvi_read(unit, AMDVI_DEVTAB);
	phys_addr_t base = devtab & DEVTAB_BASE;
	size_t size = (FIELD_GET(DEVTAB_SIZE, devtab) + 1) * SZ_4K;
	const u64 *old = NULL;

	if (!iommu_former_is_expected())
		return false;
	/* A table in segments has other registers too */
	if (!(devtab & ~(DEVTAB_BASE | DEVTAB_SIZE)) &&
	    !FIELD_GET(CONTROL_DEVTAB_SEGMENTS, amdvi_read(unit, AMDVI_CONTROL)))
		old = iommu_former_map(base, size);
	if (!old) {
		unit_warn(unit, "no device table of the former kernel at %pa: DMA of that kernel is blocked\n",
			  &base);
		return false;
	}
	amdvi_former_copy(unit, old, size / DTE_BYTES, count);
	iommu_former_unmap(old);
	return true;
}

/**
 * amdvi_former_is_open() - may a device reach all memory by an entry of the
 * former kernel?
 * @unit: the unit
 * @id: the source-id
 *
 * Return: true if it passes DMA through, or permits a device-TLB, by which a
 * device can pretend to have translated addresses.
 */
bool amdvi_former_is_open(struct amdvi_unit *unit, u16 id)
{
	u64 raw[4];

	return iommu_former_has(&unit->common, id) &&
	       amdvi_table_get(unit, id, raw) &&
	       (passes_through(raw[0]) || raw[1] & DTE1_I);
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_former_is_open);

/**
 * amdvi_former_block() - block a source-id whose entry may be the former kernel's
 * @unit: a unit that does not use its table yet
 * @id: the source-id; nothing happens if it has another entry
 */
void amdvi_former_block(struct amdvi_unit *unit, u16 id)
{
	static const struct amdvi_entry blocked = {
		.translation = AMDVI_BLOCKED,
	};
	u16 old;

	if (!iommu_former_drop(&unit->common, id))
		return;
	amdvi_table_permit(unit, id, false);
	amdvi_table_set(unit, id, &blocked, &old);
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_former_block);

static int amdvi_former_empty_alias(struct device *dev, u16 alias, void *arg)
{
	static const struct amdvi_range all = { .last = ULONG_MAX };
	static const struct amdvi_range all_guest = {
		.last = ULONG_MAX,
		.guest = true,
	};
	struct iommu_unit_device *device = arg;
	struct amdvi_unit *unit = to_amdvi_unit(device->unit);
	unsigned int depth = max_t(unsigned int, device->ats_depth, 1);
	struct amdvi_batch batch = { };
	u16 pf_id = device->pf_id;
	u64 raw[4];

	if (!amdvi_table_get(unit, alias, raw) || !(raw[1] & DTE1_I))
		return 0;
	if (dev_is_pci(device->dev))
		pf_id = pci_dev_id(pci_physfn(to_pci_dev(device->dev)));
	amdvi_inval_add_device(&batch, alias, pf_id, depth, &all);
	if (unit->former_guest)
		amdvi_inval_add_device(&batch, alias, pf_id, depth, &all_guest);
	/* Without an answer the entry ends its use, below */
	amdvi_inval_run(unit, &batch);
	return 0;
}

static int amdvi_former_forbid_alias(struct device *dev, u16 alias, void *arg)
{
	struct amdvi_unit *unit = arg;
	struct amdvi_batch batch = { };
	u64 raw[4];

	if (!amdvi_table_get(unit, alias, raw) || !(raw[1] & DTE1_I))
		return 0;
	amdvi_table_permit(unit, alias, false);
	amdvi_inval_add_entry(&batch, alias);
	amdvi_inval_run(unit, &batch);
	return 0;
}

/**
 * amdvi_former_end() - the entries of a device are about to be replaced
 * @device: the device
 *
 * The device-TLB that the former kernel has enabled, if any, is not used
 * afterwards. The caller invalidates what the unit has cached of the entries.
 *
 * Context: may sleep; the table_lock of the unit is held.
 */
void amdvi_former_end(struct iommu_unit_device *device)
{
	struct amdvi_unit *unit = to_amdvi_unit(device->unit);

	if (!iommu_former_end(device))
		return;
	if (iommu_unit_ats_is_former(device)) {
		iommu_unit_visit_aliases(device, amdvi_former_empty_alias,
					 device);
		iommu_unit_ats_end_former(device);
	}
	iommu_unit_visit_aliases(device, amdvi_former_forbid_alias, unit);
}
