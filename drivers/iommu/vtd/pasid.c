// SPDX-License-Identifier: GPL-2.0
/*
 * Scalable mode: the PASID directory and table of a source-id.
 *
 * Requests without a PASID are translated by the entry of RID_PASID, which is
 * 0 here. Each source-id has its own directory and table: one page for a
 * directory of the smallest size, and one page for the first table, with 64
 * entries for PASIDs 0 to 63.
 *
 * An entry has eight quadwords, of which three are used:
 *
 *	quadwords 0, 1	everything that second-stage and pass-through
 *			translations need; both change in one write
 *	quadword 2	pointer to first-stage tables, for first-stage and nested
 *			translations; not used by the others
 *
 * So an entry of another kind becomes a first-stage or nested one in three
 * steps: write quadword 2, invalidate entries that the unit may have fetched
 * with its old value, write quadwords 0 and 1. The unit never uses a part of
 * one translation with a part of another. A device is blocked for a moment only
 * if it moves from one pointer to a different one.
 */
#define pr_fmt(fmt) "vtd: " fmt

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "ability.h"
#include "inval.h"
#include "memory.h"
#include "pasid.h"
#include "unit.h"

#define RID_PASID	0
#define ENTRY_QUADS	8

struct pasid_tables {
	u64 *directory;
	u64 *table;
};

static void vtd_pasid_free_tables(struct pasid_tables *tables)
{
	free_page((unsigned long)tables->directory);
	free_page((unsigned long)tables->table);
	kfree(tables);
}

static struct pasid_tables *vtd_pasid_alloc_tables(struct vtd_unit *unit)
{
	struct pasid_tables *tables = kzalloc(sizeof(*tables), GFP_KERNEL);

	if (!tables)
		return NULL;
	tables->directory = vtd_memory_page(unit);
	tables->table = vtd_memory_page(unit);
	if (!tables->directory || !tables->table) {
		vtd_pasid_free_tables(tables);
		return NULL;
	}
	tables->directory[0] = virt_to_phys(tables->table) | PDIR_P;
	vtd_memory_flush(unit, tables->directory, sizeof(u64));
	return tables;
}

/**
 * vtd_pasid_prepare() - allocate PASID tables and set the context entry
 * @unit: a unit in scalable mode
 * @source_id: the source-id
 * @context: its context entry; does nothing if it is present already
 *
 * Return: 0 or -ENOMEM.
 */
int vtd_pasid_prepare(struct vtd_unit *unit, u16 source_id, u64 *context)
{
	struct pasid_tables *tables;
	int ret;

	if (context[0] & SCTX_P)
		return 0;
	tables = vtd_pasid_alloc_tables(unit);
	if (!tables)
		return -ENOMEM;
	ret = xa_err(xa_store(&unit->tables.pasid, source_id, tables,
			      GFP_KERNEL));
	if (ret) {
		vtd_pasid_free_tables(tables);
		return ret;
	}
	/* The second quadword is RID_PASID and RID_PRIV: both 0 */
	vtd_memory_write128(unit, context,
			    virt_to_phys(tables->directory) | SCTX_P |
			    (context[0] & SCTX_FPD), RID_PASID);
	return vtd_inval_context(unit, source_id, 0, false);
}

static u64 *rid_entry(struct vtd_unit *unit, u16 source_id)
{
	struct pasid_tables *tables = xa_load(&unit->tables.pasid, source_id);

	return tables ? tables->table + RID_PASID * ENTRY_QUADS : NULL;
}

static void vtd_pasid_encode(const struct vtd_unit *unit,
			     const struct vtd_entry *entry, u64 quads[3])
{
	memset(quads, 0, 3 * sizeof(*quads));
	if (entry->quiet)
		quads[0] |= PASID_FPD;
	if (entry->translation == VTD_BLOCKED)
		return;
	quads[0] |= PASID_P;
	quads[1] |= FIELD_PREP(PASID1_DID, entry->domain_id);
	if (entry->snoop)
		quads[1] |= PASID1_PGSNP;
	if (vtd_unit_coherent(unit))
		quads[1] |= PASID1_PWSNP;
	switch (entry->translation) {
	case VTD_PASS_THROUGH:
		quads[0] |= FIELD_PREP(PASID_PGTT, PGTT_PT) |
			    FIELD_PREP(PASID_AW, entry->levels - 2);
		break;
	case VTD_FIRST_STAGE:
		/* Hardware needs no width here, an emulated unit may */
		quads[0] |= FIELD_PREP(PASID_PGTT, PGTT_FS) |
			    FIELD_PREP(PASID_AW, entry->levels - 2);
		quads[2] |= (entry->root & PASID2_FSPTPTR) |
			    FIELD_PREP(PASID2_FSPM, entry->levels - 4);
		break;
	case VTD_NESTED:
		quads[0] |= FIELD_PREP(PASID_PGTT, PGTT_NESTED) |
			    FIELD_PREP(PASID_AW, entry->levels - 2) |
			    (entry->root & PASID_SSPTPTR) |
			    (entry->tracks_dirty ? PASID_SLADE : 0);
		quads[2] |= (entry->first_root & PASID2_FSPTPTR) |
			    FIELD_PREP(PASID2_FSPM, entry->first_levels - 4) |
			    (entry->supervisor ? PASID2_SRE : 0) |
			    (entry->write_protect ? PASID2_WPE : 0) |
			    (entry->extended_accessed ? PASID2_EAFE : 0);
		break;
	default:
		quads[0] |= FIELD_PREP(PASID_PGTT, PGTT_SS) |
			    FIELD_PREP(PASID_AW, entry->levels - 2) |
			    (entry->root & PASID_SSPTPTR) |
			    (entry->tracks_dirty ? PASID_SLADE : 0);
		break;
	}
}

static bool pasid_has_pointer(u64 quad)
{
	u64 type = FIELD_GET(PASID_PGTT, quad);

	return quad & PASID_P && (type == PGTT_FS || type == PGTT_NESTED);
}

/* Write quadword 2, which the write of quadwords 0 and 1 is going to enable */
static void vtd_pasid_set_pointer(struct vtd_unit *unit, u16 source_id,
				  u64 *entry, u64 pointer)
{
	u16 domain_id = FIELD_GET(PASID1_DID, entry[1]);

	if (entry[2] == pointer)
		return;
	if (pasid_has_pointer(entry[0])) {
		vtd_memory_write128(unit, entry, 0, 0);
		vtd_inval_pasid(unit, source_id, domain_id);
	}
	WRITE_ONCE(entry[2], pointer);
	vtd_memory_flush(unit, entry + 2, sizeof(u64));
	vtd_inval_pasid(unit, source_id, domain_id);
}

/**
 * vtd_pasid_set() - change the translation of requests without a PASID
 * @unit: a unit in scalable mode
 * @source_id: the source-id
 * @entry: the new entry
 * @old_domain_id: set to the former domain id
 *
 * Return: true if the former entry was present.
 */
bool vtd_pasid_set(struct vtd_unit *unit, u16 source_id,
		   const struct vtd_entry *entry, u16 *old_domain_id)
{
	u64 *to = rid_entry(unit, source_id);
	u64 quads[3];
	bool present;

	if (!to)
		return false;
	present = to[0] & PASID_P;
	if (present)
		*old_domain_id = FIELD_GET(PASID1_DID, to[1]);
	vtd_pasid_encode(unit, entry, quads);
	if (pasid_has_pointer(quads[0]))
		vtd_pasid_set_pointer(unit, source_id, to, quads[2]);
	vtd_memory_write128(unit, to, quads[0], quads[1]);
	return present;
}

/**
 * vtd_pasid_get() - read the PASID table entry, for debugfs
 * @unit: a unit in scalable mode
 * @source_id: the source-id
 * @raw: its quadwords
 *
 * Return: false if there is none.
 */
bool vtd_pasid_get(struct vtd_unit *unit, u16 source_id, u64 raw[8])
{
	const u64 *entry = rid_entry(unit, source_id);

	if (!entry)
		return false;
	memcpy(raw, entry, ENTRY_QUADS * sizeof(*raw));
	return true;
}

/**
 * vtd_pasid_destroy() - free all PASID tables of a unit
 * @unit: the unit, which no longer uses them
 */
void vtd_pasid_destroy(struct vtd_unit *unit)
{
	struct pasid_tables *tables;
	unsigned long source_id;

	xa_for_each(&unit->tables.pasid, source_id, tables)
		vtd_pasid_free_tables(tables);
	xa_destroy(&unit->tables.pasid);
}
