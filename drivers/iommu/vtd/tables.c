// SPDX-License-Identifier: GPL-2.0
/*
 * Root and context tables of a unit.
 *
 *	legacy mode:	root[bus] -> context[devfn] -> page tables
 *	scalable mode:	root[bus] -> context[devfn] (two tables for each bus)
 *			-> PASID directory -> PASID table -> page tables
 *
 * One 16-byte write moves a source-id from one translation to another, so the
 * unit never finds it without a translation. In legacy mode the write goes to
 * the context entry. In scalable mode it goes to the first quarter of the PASID
 * table entry (pasid.c), and the translation in the context entry stays.
 *
 * Whether a device may use a device-TLB (ATS) is in the context entry in both
 * modes. A new translation never permits that: it is permitted afterwards, if
 * the device uses one, and forbidden before the translation changes. With the
 * permission, requests that the device says it has translated already pass
 * without a check, so it is taken back at once if the device-TLB is lost, in any
 * context.
 *
 * Tables are allocated when a bus needs them and stay until the unit's tables
 * are destroyed. The caller invalidates what the unit has cached of an entry:
 * vtd_tables_set() returns what the entry was before.
 *
 * Locks: the unit's table_lock protects everything here, except that bits of a
 * present context entry change atomically, so that taking back the permission
 * takes no lock.
 */
#define pr_fmt(fmt) "vtd: " fmt

#include <kunit/visibility.h>
#include <linux/gfp.h>
#include <linux/mm.h>

#include "memory.h"
#include "pasid.h"
#include "unit.h"

#define CONTEXT_LEGACY_QUADS	2
#define CONTEXT_SCALABLE_QUADS	4

static unsigned int context_index(const struct vtd_unit *unit, u16 source_id)
{
	unsigned int index = 2 * (source_id >> 8);

	if (unit->scalable && source_id & 0x80)
		index++;
	return index;
}

/* The context entry of a source-id, or NULL if its table is not allocated */
static u64 *context_entry(struct vtd_unit *unit, u16 source_id)
{
	u64 *table = unit->tables.context[context_index(unit, source_id)];

	if (!table)
		return NULL;
	if (unit->scalable)
		return table + (source_id & 0x7f) * CONTEXT_SCALABLE_QUADS;
	return table + (source_id & 0xff) * CONTEXT_LEGACY_QUADS;
}

/**
 * vtd_tables_prepare() - allocate the tables of a source-id's entry
 * @unit: the unit
 * @source_id: the source-id
 *
 * Context: may sleep; the unit's table_lock is held.
 * Return: 0 or -ENOMEM.
 */
int vtd_tables_prepare(struct vtd_unit *unit, u16 source_id)
{
	unsigned int index = context_index(unit, source_id);
	u64 *root = unit->tables.root + index;
	void *table;

	lockdep_assert_held(&unit->common.table_lock);
	if (!unit->tables.context[index]) {
		table = vtd_memory_page(unit);
		if (!table)
			return -ENOMEM;
		unit->tables.context[index] = table;
		WRITE_ONCE(*root, virt_to_phys(table) | ROOT_P);
		vtd_memory_flush(unit, root, sizeof(*root));
	}
	if (unit->scalable)
		return vtd_pasid_prepare(unit, source_id,
					 context_entry(unit, source_id));
	return 0;
}

static void encode_legacy(const struct vtd_entry *entry, u64 *lo, u64 *hi)
{
	u64 type = CTX_TT_SS;

	*lo = entry->quiet ? CTX_FPD : 0;
	*hi = 0;
	if (entry->translation == VTD_BLOCKED)
		return;
	if (entry->translation == VTD_PASS_THROUGH)
		type = CTX_TT_PT;
	*lo |= CTX_P | FIELD_PREP(CTX_TT, type) | (entry->root & CTX_PTR);
	*hi |= FIELD_PREP(CTX_HI_DID, entry->domain_id) |
	       FIELD_PREP(CTX_HI_AW, entry->levels - 2);
}

/**
 * vtd_tables_set() - change a source-id's entry in one step
 * @unit: the unit
 * @source_id: a source-id for which vtd_tables_prepare() succeeded; blocking
 *	one that was never prepared does nothing
 * @entry: the new entry, which does not permit a device-TLB in legacy mode; in
 *	scalable mode that stays as it is
 * @old_domain_id: set to the domain id under which the unit may have cached
 *	the former translation
 *
 * Return: true if the former entry was present.
 */
bool vtd_tables_set(struct vtd_unit *unit, u16 source_id,
		    const struct vtd_entry *entry, u16 *old_domain_id)
{
	u64 *context, lo, hi;
	bool present;

	lockdep_assert_held(&unit->common.table_lock);
	*old_domain_id = 0;
	context = context_entry(unit, source_id);
	if (!context)
		return false;
	if (unit->scalable)
		return vtd_pasid_set(unit, source_id, entry, old_domain_id);
	present = context[0] & CTX_P;
	if (present)
		*old_domain_id = FIELD_GET(CTX_HI_DID, context[1]);
	encode_legacy(entry, &lo, &hi);
	vtd_memory_write128(unit, context, lo, hi);
	return present;
}

/**
 * vtd_tables_set_former() - copy a context entry of a former kernel
 * @unit: a unit in legacy mode that does not use its tables yet
 * @source_id: a source-id for which vtd_tables_prepare() succeeded
 * @lo: first quadword
 * @hi: second quadword
 *
 * Context: the unit's table_lock is held.
 */
void vtd_tables_set_former(struct vtd_unit *unit, u16 source_id, u64 lo, u64 hi)
{
	vtd_memory_write128(unit, context_entry(unit, source_id), lo, hi);
}

/* Change bits of the first quadword of a context entry */
static void change_context(struct vtd_unit *unit, u64 *context, u64 clear,
			   u64 set)
{
	u64 old = READ_ONCE(*context);

	while (!try_cmpxchg64(context, &old, (old & ~clear) | set))
		cpu_relax();
	vtd_memory_flush(unit, context, sizeof(*context));
}

/**
 * vtd_tables_permit() - permit or forbid a source-id to use a device-TLB
 * @unit: the unit
 * @source_id: the source-id, which translates through tables if this permits
 * @device_tlb: permit
 *
 * The caller invalidates the context entry.
 *
 * Context: any to forbid; to permit, the unit's table_lock is held.
 * Return: in legacy mode, the domain id in the entry; otherwise 0.
 */
u16 vtd_tables_permit(struct vtd_unit *unit, u16 source_id, bool device_tlb)
{
	u64 *context = context_entry(unit, source_id), bit = SCTX_DTE;

	if (!context)
		return 0;
	if (!unit->scalable) {
		/* Of CTX_TT_SS and CTX_TT_SS_DT, which differ in one bit */
		bit = FIELD_PREP(CTX_TT, CTX_TT_SS_DT);
		if (FIELD_GET(CTX_TT, READ_ONCE(*context)) > CTX_TT_SS_DT)
			return 0;
	}
	change_context(unit, context, bit, device_tlb ? bit : 0);
	return unit->scalable ? 0 : FIELD_GET(CTX_HI_DID, context[1]);
}
EXPORT_SYMBOL_IF_KUNIT(vtd_tables_permit);

/**
 * vtd_tables_set_quiet() - stop or resume recording a source-id's faults
 * @unit: the unit
 * @source_id: the source-id
 * @quiet: stop recording
 *
 * The caller invalidates the context entry.
 *
 * Return: in legacy mode, the domain id in the entry; otherwise 0.
 */
u16 vtd_tables_set_quiet(struct vtd_unit *unit, u16 source_id, bool quiet)
{
	u64 *context = context_entry(unit, source_id);

	lockdep_assert_held(&unit->common.table_lock);
	BUILD_BUG_ON(CTX_FPD != SCTX_FPD);
	if (!context)
		return 0;
	change_context(unit, context, CTX_FPD, quiet ? CTX_FPD : 0);
	return unit->scalable ? 0 : FIELD_GET(CTX_HI_DID, context[1]);
}
EXPORT_SYMBOL_IF_KUNIT(vtd_tables_set_quiet);

/**
 * vtd_tables_get() - read the context entry of a source-id
 * @unit: the unit
 * @source_id: the source-id
 * @raw: the context entry, 2 or 4 quadwords, then zeros
 *
 * Return: false if it is empty.
 */
bool vtd_tables_get(struct vtd_unit *unit, u16 source_id, u64 raw[8])
{
	unsigned int quads = unit->scalable ? CONTEXT_SCALABLE_QUADS :
					      CONTEXT_LEGACY_QUADS;
	const u64 *context = context_entry(unit, source_id);

	if (!context)
		return false;
	memset(raw, 0, 8 * sizeof(*raw));
	memcpy(raw, context, quads * sizeof(*raw));
	return raw[0] || raw[1];
}

/**
 * vtd_tables_root() - value of the root table address register
 * @unit: the unit
 *
 * Return: the register's value.
 */
u64 vtd_tables_root(const struct vtd_unit *unit)
{
	return virt_to_phys(unit->tables.root) |
	       (unit->scalable ? RTADDR_TTM_SCALABLE : RTADDR_TTM_LEGACY);
}
EXPORT_SYMBOL_IF_KUNIT(vtd_tables_root);

/**
 * vtd_tables_create() - allocate an empty root table: all devices are blocked
 * @unit: a unit whose mode does not change any more
 *
 * Return: 0 or -ENOMEM.
 */
int vtd_tables_create(struct vtd_unit *unit)
{
	xa_init(&unit->tables.pasid);
	unit->tables.root = vtd_memory_page(unit);
	return unit->tables.root ? 0 : -ENOMEM;
}
EXPORT_SYMBOL_IF_KUNIT(vtd_tables_create);

/**
 * vtd_tables_destroy() - free tables that the unit no longer uses
 * @unit: the unit
 */
void vtd_tables_destroy(struct vtd_unit *unit)
{
	unsigned int i;

	vtd_pasid_destroy(unit);
	for (i = 0; i < ARRAY_SIZE(unit->tables.context); i++)
		free_page((unsigned long)unit->tables.context[i]);
	free_page((unsigned long)unit->tables.root);
	unit->tables = (struct vtd_tables){ };
}
EXPORT_SYMBOL_IF_KUNIT(vtd_tables_destroy);
