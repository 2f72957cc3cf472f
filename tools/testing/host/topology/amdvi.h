/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An IVRS table under test, and how the rows of a test read it.
 */
#ifndef TOPOLOGY_AMDVI_H
#define TOPOLOGY_AMDVI_H

#include "rows.h"

#include "../ivrs/table.h"
#include "scope.h"

static struct table bytes;
static struct ivrs_table table;

static inline void read_table(void)
{
	struct ivrs_error error;

	if (ivrs_open(&table, bytes.bytes, bytes.length, &error))
		ktap_fail("at %zu: %s", error.offset, error.what);
}

static inline void begin_units(void)
{
	begin(&bytes, INFO_48_48);
}

/* A unit of its own, described by one block; its entries follow */
static inline void add_unit(u8 type, u16 segment)
{
	static u64 base = 0xfd000000;
	static u16 id = 2;

	unit(&bytes, type, 0, id, base, segment, 0);
	base += 0x100000;
	id += 0x2000;
}

static inline void add_select(const char *id)
{
	entry4(&bytes, 2, read_id(id), 0);
}

static inline void add_range(const char *first, const char *last)
{
	entry4(&bytes, 3, read_id(first), 0);
	entry4(&bytes, 4, read_id(last), 0);
}

static inline void add_alias_select(const char *id, const char *alias)
{
	entry8(&bytes, 66, read_id(id), 0, read_id(alias) << 8);
}

static inline void add_alias_range(const char *first, const char *last,
				   const char *alias)
{
	entry8(&bytes, 67, read_id(first), 0, read_id(alias) << 8);
	entry4(&bytes, 4, read_id(last), 0);
}

static inline void add_extended_range(const char *first, const char *last,
				      u32 extended)
{
	entry8(&bytes, 71, read_id(first), 0, extended);
	entry4(&bytes, 4, read_id(last), 0);
}

/* Reserved memory, of segment 0 */
static inline void add_memory(u8 type, const char *first, const char *last)
{
	static u64 base = 0x70000000;

	memory(&bytes, type, IVMD_UNITY, read_id(first), read_id(last), base,
	       0x10000);
	base += 0x1000000;
}

static inline void name_unit(size_t offset, struct found *found)
{
	struct ivrs_cursor cursor = { };
	struct ivrs_block block;
	unsigned int index = 0;

	while (ivrs_next_unit(&table, &cursor, &block)) {
		if (block.offset == offset)
			add_letter(found->unit, 'A', index);
		index++;
	}
}

static inline void name_memory(const struct amdvi_place *place,
			       struct found *found)
{
	struct ivrs_cursor cursor = { };
	struct ivrs_block block;
	unsigned int index = 0;

	while (ivrs_next(&table, &cursor, &block)) {
		if (ivrs_is_unit(&block))
			continue;
		if (amdvi_scope_holds(&block, place))
			add_letter(found->memory, 'a', index);
		index++;
	}
}

static bool look_up(struct device *dev, struct found *found)
{
	struct amdvi_place place;

	if (!amdvi_scope_find(&table, dev, &place))
		return false;
	name_unit(place.unit, found);
	name_memory(&place, found);
	found->segment = place.segment;
	found->source_id = place.source_id;
	found->alias = place.alias;
	found->ats = place.ats ? ATS : NO_ATS;
	return true;
}

#endif
