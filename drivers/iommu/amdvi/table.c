// SPDX-License-Identifier: GPL-2.0
/*
 * The device table of a unit.
 *
 * It has one entry of 32 bytes for each source-id that the IVRS table puts
 * behind the unit. At first all entries are valid and allow no DMA.
 *
 *	bytes  0-15	how DMA is translated: changes with the domain
 *	bytes 16-31	how interrupts are handled: written before the unit is
 *			started, from the device data of the IVRS table, and
 *			not changed afterwards
 *
 * So one 16-byte write moves a source-id from one translation to another, and
 * hardware never sees a half-written one (section 2.2.2.2).
 *
 * The caller invalidates the unit's caches: the entry by
 * INVALIDATE_DEVTAB_ENTRY, and the old translations by the domain id that
 * amdvi_table_set() returns.
 *
 * Whether a device may use a device-TLB is separate from the translation: that
 * is taken back in any context if the device-TLB is lost, also while the
 * translation changes.
 *
 * Locks: @lock is raw and taken with interrupts disabled, because page tables
 * grow in atomic context.
 */
#define pr_fmt(fmt) "amdvi: " fmt

#include <kunit/visibility.h>
#include <linux/gfp.h>
#include <linux/iommu_pt.h>
#include <linux/mm.h>

#include "ivrs.h"
#include "unit.h"

/*
 * Bits of the first half that a new translation keeps: what firmware sets, and
 * whether the device may use a device-TLB
 */
#define KEPT_HI		(DTE1_SYS_MGT | DTE1_I)

static u64 *amdvi_table_entry(struct amdvi_unit *unit, u16 id)
{
	if (id >= unit->table.nr)
		return NULL;
	return unit->table.entries + (size_t)id * DTE_QUADS;
}

/* Change the half that translates DMA, in one step */
static void amdvi_write_half(struct amdvi_unit *unit, u64 *dte, u64 lo, u64 hi)
{
	u128 old = (u128)dte[1] << 64 | dte[0];
	u128 new = (u128)hi << 64 | lo;

	lockdep_assert_held(&unit->table.lock);
	/* The lock excludes other writers: atomic for hardware, which reads */
	while (!try_cmpxchg128((u128 *)dte, &old, new))
		cpu_relax();
}

/*
 * The first quadword of an entry that blocks DMA. Units with erratum 63 forward
 * system management messages only if writes are permitted (IW). Without a page
 * table all writes would pass then, so this one has an empty one: the kernel's
 * page of zeros, as a table of one level. (The kernel's own driver only permits
 * writes: Linux 6.12, amd_iommu_apply_erratum_63().)
 */
static u64 amdvi_blocked(const struct amdvi_unit *unit, u64 hi)
{
	if (FIELD_GET(DTE1_SYS_MGT, hi) != SYS_MGT_FORWARD ||
	    FIELD_GET(EFR_HATS, unit->efr) == HATS_NONE)
		return DTE0_V | DTE0_TV;
	return DTE0_V | DTE0_TV | DTE0_IW | FIELD_PREP(DTE0_MODE, 1) |
	       (page_to_phys(ZERO_PAGE(0)) & DTE0_ROOT);
}

static void amdvi_encode_entry(const struct amdvi_entry *entry,
			       u64 *lo, u64 *hi)
{
	/* Always valid: DMA passes through an entry that is not */
	*lo = DTE0_V | DTE0_TV;
	*hi = FIELD_PREP(DTE1_DOMAIN_ID, entry->domain_id) |
	      (entry->quiet ? DTE1_SA : 0);
	switch (entry->translation) {
	case AMDVI_BLOCKED:
		/* amdvi_blocked() */
		break;
	case AMDVI_PASS_THROUGH:
		*lo |= DTE0_IR | DTE0_IW;
		break;
	case AMDVI_HOST:
		*lo |= DTE0_IR | DTE0_IW | (entry->root & DTE0_ROOT) |
		       FIELD_PREP(DTE0_MODE, entry->levels) |
		       FIELD_PREP(DTE0_HAD, entry->tracks_dirty ?
				  HAD_ACCESSED_DIRTY : HAD_NOTHING);
		break;
	case AMDVI_GUEST:
		/* No host table (mode 0), and a guest CR3 table of one page */
		*lo |= DTE0_IR | DTE0_IW | DTE0_GIOV | DTE0_GV |
		       FIELD_PREP(DTE0_GCR3_LOW,
				  FIELD_GET(GCR3_LOW, entry->root));
		*hi |= FIELD_PREP(DTE1_GCR3_MIDDLE,
				  FIELD_GET(GCR3_MIDDLE, entry->root)) |
		       FIELD_PREP(DTE1_GCR3_HIGH,
				  FIELD_GET(GCR3_HIGH, entry->root));
		break;
	}
}

/**
 * amdvi_table_set() - give a source-id a translation, in one step
 * @unit: the unit
 * @id: the source-id; the unit blocks DMA of one beyond the table
 * @entry: the translation
 * @old_domain_id: set to the domain id under which the unit may have cached
 *	the old translation; 0 if there is none
 */
void amdvi_table_set(struct amdvi_unit *unit, u16 id,
		     const struct amdvi_entry *entry, u16 *old_domain_id)
{
	u64 *dte = amdvi_table_entry(unit, id), lo, hi;
	unsigned long flags;

	*old_domain_id = 0;
	if (!dte)
		return;
	amdvi_encode_entry(entry, &lo, &hi);
	raw_spin_lock_irqsave(&unit->table.lock, flags);
	*old_domain_id = FIELD_GET(DTE1_DOMAIN_ID, dte[1]);
	if (entry->translation == AMDVI_BLOCKED)
		lo = amdvi_blocked(unit, dte[1]);
	amdvi_write_half(unit, dte, lo, hi | (dte[1] & KEPT_HI));
	raw_spin_unlock_irqrestore(&unit->table.lock, flags);
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_table_set);

/**
 * amdvi_table_set_former() - copy the half of an entry that translates DMA
 * @unit: a unit that does not use its table yet
 * @id: the source-id
 * @lo: first quadword
 * @hi: second quadword; with the bit that permits a device-TLB
 */
void amdvi_table_set_former(struct amdvi_unit *unit, u16 id, u64 lo, u64 hi)
{
	u64 *dte = amdvi_table_entry(unit, id);
	unsigned long flags;

	if (!dte)
		return;
	raw_spin_lock_irqsave(&unit->table.lock, flags);
	hi = (hi & ~DTE1_SYS_MGT) | (dte[1] & DTE1_SYS_MGT);
	amdvi_write_half(unit, dte, lo, hi);
	raw_spin_unlock_irqrestore(&unit->table.lock, flags);
}

/**
 * amdvi_table_set_root() - write the new top of a page table that has grown
 * @unit: the unit
 * @id: a source-id; its entry is changed only if it has @domain_id
 * @domain_id: the domain id of the page table
 * @root: the new top; all earlier mappings are reached through it
 *
 * Context: any.
 */
void amdvi_table_set_root(struct amdvi_unit *unit, u16 id, u16 domain_id,
			  const struct iommu_pt_root *root)
{
	u64 *dte = amdvi_table_entry(unit, id), lo;
	unsigned long flags;

	if (!dte)
		return;
	raw_spin_lock_irqsave(&unit->table.lock, flags);
	/* An entry of another domain stays as it is */
	if (FIELD_GET(DTE1_DOMAIN_ID, dte[1]) == domain_id) {
		lo = dte[0] & ~(DTE0_ROOT | DTE0_MODE);
		lo |= (root->phys & DTE0_ROOT) |
		      FIELD_PREP(DTE0_MODE, root->levels);
		WRITE_ONCE(dte[0], lo);
	}
	raw_spin_unlock_irqrestore(&unit->table.lock, flags);
}

/**
 * amdvi_table_permit() - permit or forbid a source-id to use a device-TLB
 * @unit: the unit
 * @id: the source-id
 * @device_tlb: permit
 *
 * The caller invalidates the entry.
 *
 * Context: any.
 * Return: the domain id in the entry.
 */
u16 amdvi_table_permit(struct amdvi_unit *unit, u16 id, bool device_tlb)
{
	u64 *dte = amdvi_table_entry(unit, id);
	unsigned long flags;
	u16 domain_id;

	if (!dte)
		return IOMMU_UNIT_ID_NONE;
	raw_spin_lock_irqsave(&unit->table.lock, flags);
	domain_id = FIELD_GET(DTE1_DOMAIN_ID, dte[1]);
	WRITE_ONCE(dte[1], device_tlb ? dte[1] | DTE1_I : dte[1] & ~DTE1_I);
	raw_spin_unlock_irqrestore(&unit->table.lock, flags);
	return domain_id;
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_table_permit);

/**
 * amdvi_table_set_quiet() - stop or resume logging page faults of a source-id
 * @unit: the unit
 * @id: the source-id
 * @quiet: stop, otherwise resume
 */
void amdvi_table_set_quiet(struct amdvi_unit *unit, u16 id, bool quiet)
{
	u64 *dte = amdvi_table_entry(unit, id);
	unsigned long flags;

	if (!dte)
		return;
	raw_spin_lock_irqsave(&unit->table.lock, flags);
	WRITE_ONCE(dte[1], quiet ? dte[1] | DTE1_SA : dte[1] & ~DTE1_SA);
	raw_spin_unlock_irqrestore(&unit->table.lock, flags);
}

/**
 * amdvi_table_get() - read the entry of a source-id
 * @unit: the unit
 * @id: the source-id
 * @raw: set to its four quadwords
 *
 * Return: false if the table has no such entry.
 */
bool amdvi_table_get(struct amdvi_unit *unit, u16 id, u64 raw[4])
{
	const u64 *dte = amdvi_table_entry(unit, id);
	unsigned long flags;

	if (!dte)
		return false;
	raw_spin_lock_irqsave(&unit->table.lock, flags);
	memcpy(raw, dte, DTE_BYTES);
	raw_spin_unlock_irqrestore(&unit->table.lock, flags);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_table_get);

/**
 * amdvi_table_describe() - set what the IVRS table says of some source-ids
 * @unit: a unit that is not started
 * @ivrs: a device entry of the IVRS table
 */
void amdvi_table_describe(struct amdvi_unit *unit,
			  const struct ivrs_entry *ivrs)
{
	u64 hi = FIELD_PREP(DTE1_SYS_MGT, FIELD_GET(IVHD_SYS_MGT, ivrs->data));
	u64 interrupts = 0;
	unsigned int id;

	if (ivrs->data & IVHD_INIT_PASS)
		interrupts |= DTE2_INIT_PASS;
	if (ivrs->data & IVHD_EINT_PASS)
		interrupts |= DTE2_EINT_PASS;
	if (ivrs->data & IVHD_NMI_PASS)
		interrupts |= DTE2_NMI_PASS;
	if (ivrs->data & IVHD_LINT0_PASS)
		interrupts |= DTE2_LINT0_PASS;
	if (ivrs->data & IVHD_LINT1_PASS)
		interrupts |= DTE2_LINT1_PASS;
	for (id = ivrs->first; id <= ivrs->last; id++) {
		u64 *dte = amdvi_table_entry(unit, id);

		if (!dte)
			return;
		dte[1] = (dte[1] & ~DTE1_SYS_MGT) | hi;
		dte[0] = amdvi_blocked(unit, hi);
		dte[2] = interrupts;
	}
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_table_describe);

/**
 * amdvi_table_base() - the value for the device table base register
 * @unit: the unit
 *
 * Return: the value.
 */
u64 amdvi_table_base(const struct amdvi_unit *unit)
{
	return virt_to_phys(unit->table.entries) |
	       FIELD_PREP(DEVTAB_SIZE,
			  unit->table.nr * DTE_BYTES / PAGE_SIZE - 1);
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_table_base);

/**
 * amdvi_table_create() - allocate a device table that blocks all DMA
 * @unit: a unit whose last source-id is known
 *
 * Return: 0 or -ENOMEM.
 */
int amdvi_table_create(struct amdvi_unit *unit)
{
	struct amdvi_table *table = &unit->table;
	struct page *pages;
	unsigned int id;

	BUILD_BUG_ON(DTE_QUADS * sizeof(u64) != DTE_BYTES);
	raw_spin_lock_init(&table->lock);
	table->nr = round_up(unit->last_id + 1U, PAGE_SIZE / DTE_BYTES);
	table->order = get_order(table->nr * DTE_BYTES);
	pages = alloc_pages_node(unit->nid, GFP_KERNEL | __GFP_ZERO,
				 table->order);
	if (!pages)
		return -ENOMEM;
	table->entries = page_address(pages);
	for (id = 0; id < table->nr; id++)
		table->entries[(size_t)id * DTE_QUADS] = DTE0_V | DTE0_TV;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_table_create);

/**
 * amdvi_table_destroy() - free the device table of a unit that is disabled
 * @unit: the unit; one without a table is fine
 */
void amdvi_table_destroy(struct amdvi_unit *unit)
{
	if (unit->table.entries)
		free_pages((unsigned long)unit->table.entries,
			   unit->table.order);
	unit->table.entries = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_table_destroy);
