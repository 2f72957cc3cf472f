/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Root and context tables of a unit, and in scalable mode PASID tables: they
 * lead from a source-id to a translation.
 */
#ifndef VTD_TABLES_H
#define VTD_TABLES_H

#include <linux/types.h>

struct vtd_unit;

/**
 * struct vtd_tables - root, context and PASID tables of a unit
 * @root: root table, one page of 256 entries
 * @context: context tables: in legacy mode one for each bus, at 2 * bus; in
 *	scalable mode a second one at 2 * bus + 1, for devfn 128 and up
 * @pasid: scalable mode: PASID directory of each source-id that has one
 */
struct vtd_tables {
	u64 *root;
	u64 *context[512];
	struct xarray pasid;
};

enum vtd_translation {
	VTD_BLOCKED,		/* no entry */
	VTD_PASS_THROUGH,	/* identity without tables */
	VTD_SECOND_STAGE,
	VTD_FIRST_STAGE,	/* scalable mode only */
	VTD_NESTED,		/* scalable mode only: first-, then second-stage */
};

/**
 * struct vtd_entry - the entry of a source-id
 * @translation: how requests are translated
 * @domain_id: tag of cached translations; not 0
 * @root: physical address of the top-level page table
 * @levels: levels of these tables, 3 to 5
 * @first_root: VTD_NESTED: address of the top-level first-stage table; like all
 *	addresses in first-stage tables, it is translated by those of @root
 * @first_levels: levels of the first-stage tables, 4 or 5
 * @snoop: scalable mode: force all requests to snoop
 * @supervisor: VTD_NESTED: the device may make supervisor requests
 * @write_protect: VTD_NESTED: supervisor requests cannot write to read-only
 *	memory
 * @extended_accessed: VTD_NESTED: set the extended-accessed bits too
 * @tracks_dirty: scalable mode: the unit sets dirty bits in second-stage tables
 * @quiet: do not record faults of this source-id
 */
struct vtd_entry {
	enum vtd_translation translation;
	u16 domain_id;
	phys_addr_t root;
	unsigned int levels;
	phys_addr_t first_root;
	unsigned int first_levels;
	bool snoop;
	bool tracks_dirty;
	bool supervisor;
	bool write_protect;
	bool extended_accessed;
	bool quiet;
};

int vtd_tables_create(struct vtd_unit *unit);
void vtd_tables_destroy(struct vtd_unit *unit);
u64 vtd_tables_root(const struct vtd_unit *unit);

int vtd_tables_prepare(struct vtd_unit *unit, u16 source_id);
bool vtd_tables_set(struct vtd_unit *unit, u16 source_id,
		    const struct vtd_entry *entry, u16 *old_domain_id);
void vtd_tables_set_former(struct vtd_unit *unit, u16 source_id, u64 lo, u64 hi);
u16 vtd_tables_set_quiet(struct vtd_unit *unit, u16 source_id, bool quiet);
u16 vtd_tables_permit(struct vtd_unit *unit, u16 source_id, bool device_tlb);
bool vtd_tables_get(struct vtd_unit *unit, u16 source_id, u64 raw[8]);

#endif
