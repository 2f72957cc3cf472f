// SPDX-License-Identifier: GPL-2.0
/*
 * The device table of a unit.
 *
 * One entry of 32 bytes for each source-id that the IVRS table puts behind the
 * unit. In the beginning all are valid and permit nothing. An entry's first
 * half says how DMA is translated, its second how interrupts are; the second
 * is written before the unit is started, from what firmware says of the device,
 * and stays. So a source-id moves from one translation to another by one
 * 16-byte write, and hardware never sees half of one (section 2.2.2.2).
 *
 * The caller invalidates what the unit has cached of an entry: the entry by
 * INVALIDATE_DEVTAB_ENTRY, and what it led to by the domain id that
 * amdvi_table_set() hands back.
 *
 * Locks: @lock, raw, with interrupts off: the top of a page table grows in
 * atomic context.
 */
#define pr_fmt(fmt) "amdvi: " fmt

#include <kunit/visibility.h>
#include <linux/gfp.h>
#include <linux/iommu_pt.h>
#include <linux/mm.h>

#include "ivrs.h"
#include "unit.h"

/* Bits of the first half that stay as firmware wants them */
#define KEPT_HI		DTE1_SYS_MGT

static u64 *entry_of(struct amdvi_unit *unit, u16 id)
{
	if (id >= unit->table.nr)
		return NULL;
	return unit->table.entries + (size_t)id * DTE_QUADS;
}

/* Change the half that translates DMA, at once */
static void write_half(struct amdvi_unit *unit, u64 *dte, u64 lo, u64 hi)
{
	u128 old = (u128)dte[1] << 64 | dte[0];
	u128 new = (u128)hi << 64 | lo;

	lockdep_assert_held(&unit->table.lock);
	/* The lock keeps other writers away: this is for the hardware */
	while (!try_cmpxchg128((u128 *)dte, &old, new))
		cpu_relax();
}

static void encode(const struct amdvi_entry *entry, u64 *lo, u64 *hi)
{
	/* Valid in any case: what is not valid passes through */
	*lo = DTE0_V | DTE0_TV;
	*hi = FIELD_PREP(DTE1_DOMAIN_ID, entry->domain_id) |
	      (entry->quiet ? DTE1_SA : 0) | (entry->iotlb ? DTE1_I : 0);
	switch (entry->translation) {
	case AMDVI_BLOCKED:
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
		/* No host table below, and a CR3 table of one page */
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
 * @id: the source-id; one beyond the table can do no DMA through this unit
 * @entry: the translation
 * @old_domain_id: set to the domain id under which the unit may have cached
 *	the former translation; 0 for none
 */
void amdvi_table_set(struct amdvi_unit *unit, u16 id,
		     const struct amdvi_entry *entry, u16 *old_domain_id)
{
	u64 *dte = entry_of(unit, id), lo, hi;
	unsigned long flags;

	*old_domain_id = 0;
	if (!dte)
		return;
	encode(entry, &lo, &hi);
	raw_spin_lock_irqsave(&unit->table.lock, flags);
	*old_domain_id = FIELD_GET(DTE1_DOMAIN_ID, dte[1]);
	write_half(unit, dte, lo, hi | (dte[1] & KEPT_HI));
	raw_spin_unlock_irqrestore(&unit->table.lock, flags);
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_table_set);

/**
 * amdvi_table_set_root() - a page table has a new top
 * @unit: the unit
 * @id: a source-id that is translated by it, or about to be, or no more
 * @domain_id: the domain that it belongs to
 * @root: the new top, through which all is reached that was before
 *
 * Context: any.
 */
void amdvi_table_set_root(struct amdvi_unit *unit, u16 id, u16 domain_id,
			  const struct iommu_pt_root *root)
{
	u64 *dte = entry_of(unit, id), lo;
	unsigned long flags;

	if (!dte)
		return;
	raw_spin_lock_irqsave(&unit->table.lock, flags);
	/* One that has another domain, still or again, is none of ours */
	if (FIELD_GET(DTE1_DOMAIN_ID, dte[1]) == domain_id) {
		lo = dte[0] & ~(DTE0_ROOT | DTE0_MODE);
		lo |= (root->phys & DTE0_ROOT) |
		      FIELD_PREP(DTE0_MODE, root->levels);
		WRITE_ONCE(dte[0], lo);
	}
	raw_spin_unlock_irqrestore(&unit->table.lock, flags);
}

/**
 * amdvi_table_set_quiet() - stop or resume logging a source-id's page faults
 * @unit: the unit
 * @id: the source-id
 * @quiet: stop
 */
void amdvi_table_set_quiet(struct amdvi_unit *unit, u16 id, bool quiet)
{
	u64 *dte = entry_of(unit, id);
	unsigned long flags;

	if (!dte)
		return;
	raw_spin_lock_irqsave(&unit->table.lock, flags);
	WRITE_ONCE(dte[1], quiet ? dte[1] | DTE1_SA : dte[1] & ~DTE1_SA);
	raw_spin_unlock_irqrestore(&unit->table.lock, flags);
}

/**
 * amdvi_table_get() - read the entry of a source-id, to show it
 * @unit: the unit
 * @id: the source-id
 * @raw: its four quadwords
 *
 * Return: false if there is none.
 */
bool amdvi_table_get(struct amdvi_unit *unit, u16 id, u64 raw[4])
{
	const u64 *dte = entry_of(unit, id);
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
 * amdvi_table_describe() - take over what firmware says of devices
 * @unit: a unit that is not started
 * @ivrs: the devices
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
		u64 *dte = entry_of(unit, id);

		if (!dte)
			return;
		dte[1] = (dte[1] & ~DTE1_SYS_MGT) | hi;
		dte[2] = interrupts;
	}
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_table_describe);

/**
 * amdvi_table_base() - what the device table base register has to hold
 * @unit: the unit
 *
 * Return: the register's value.
 */
u64 amdvi_table_base(const struct amdvi_unit *unit)
{
	return virt_to_phys(unit->table.entries) |
	       FIELD_PREP(DEVTAB_SIZE,
			  unit->table.nr * DTE_BYTES / PAGE_SIZE - 1);
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_table_base);

/**
 * amdvi_table_create() - allocate a device table that blocks everything
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
 * amdvi_table_destroy() - free the table of a unit that does not use it
 * @unit: the unit
 */
void amdvi_table_destroy(struct amdvi_unit *unit)
{
	if (unit->table.entries)
		free_pages((unsigned long)unit->table.entries,
			   unit->table.order);
	unit->table.entries = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_table_destroy);
