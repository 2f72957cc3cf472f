/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The device table of a unit: from a source-id to its translation.
 */
#ifndef AMDVI_TABLE_H
#define AMDVI_TABLE_H

#include <linux/spinlock.h>
#include <linux/types.h>

struct amdvi_unit;
struct iommu_pt_root;
struct ivrs_entry;

/**
 * struct amdvi_table - a device table
 * @entries: four quadwords for each source-id
 * @nr: number of entries
 * @order: order of its allocation
 * @lock: held while an entry changes
 */
struct amdvi_table {
	u64 *entries;
	unsigned int nr;
	unsigned int order;
	raw_spinlock_t lock;
};

enum amdvi_translation {
	AMDVI_BLOCKED,
	AMDVI_PASS_THROUGH,	/* identity without tables */
	AMDVI_HOST,		/* version 1 tables */
	AMDVI_GUEST,		/* version 2 tables */
};

/**
 * struct amdvi_entry - the translation of a source-id, to be encoded
 * @translation: how requests are translated
 * @domain_id: tag of translations that the unit caches; 0 only if blocked
 * @root: top of the page table; with version 2 tables, the guest CR3 table
 * @levels: levels of a version 1 page table
 * @tracks_dirty: the unit sets dirty bits in the version 1 table
 * @quiet: the unit does not log page faults of this source-id
 */
struct amdvi_entry {
	enum amdvi_translation translation;
	u16 domain_id;
	phys_addr_t root;
	unsigned int levels;
	bool tracks_dirty;
	bool quiet;
};

int amdvi_table_create(struct amdvi_unit *unit);
void amdvi_table_destroy(struct amdvi_unit *unit);
u64 amdvi_table_base(const struct amdvi_unit *unit);
void amdvi_table_describe(struct amdvi_unit *unit,
			  const struct ivrs_entry *ivrs);

void amdvi_table_set(struct amdvi_unit *unit, u16 id,
		     const struct amdvi_entry *entry, u16 *old_domain_id);
void amdvi_table_set_former(struct amdvi_unit *unit, u16 id, u64 lo, u64 hi);
void amdvi_table_set_root(struct amdvi_unit *unit, u16 id, u16 domain_id,
			  const struct iommu_pt_root *root);
u16 amdvi_table_permit(struct amdvi_unit *unit, u16 id, bool device_tlb);
void amdvi_table_set_quiet(struct amdvi_unit *unit, u16 id, bool quiet);
bool amdvi_table_get(struct amdvi_unit *unit, u16 id, u64 raw[4]);

#endif
