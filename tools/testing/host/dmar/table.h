/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DMAR tables for tests, built from structures of the specification.
 */
#ifndef DMAR_TEST_TABLE_H
#define DMAR_TEST_TABLE_H

#include "../acpi/table.h"

static inline void begin(struct table *t, unsigned int width)
{
	begin_table(t, "DMAR");
	put(t, width - 1, 1);
	put(t, 0, 11);
	mend(t);
}

static inline void structure(struct table *t, u16 type)
{
	begin_structure(t);
	put(t, type, 2);
	put(t, 0, 2);
}

static inline void drhd(struct table *t, u8 flags, u16 segment, u64 base)
{
	structure(t, 0);
	put(t, flags, 1);
	put(t, 0, 1);
	put(t, segment, 2);
	put(t, base, 8);
	mend(t);
}

static inline void rmrr(struct table *t, u16 segment, u64 base, u64 last)
{
	structure(t, 1);
	put(t, 0, 2);
	put(t, segment, 2);
	put(t, base, 8);
	put(t, last, 8);
	mend(t);
}

/* An ATSR, SATC or SIDP */
static inline void flagged(struct table *t, u16 type, u8 flags, u16 segment)
{
	structure(t, type);
	put(t, flags, 1);
	put(t, 0, 1);
	put(t, segment, 2);
	mend(t);
}

static inline void rhsa(struct table *t, u64 base, u32 proximity)
{
	structure(t, 3);
	put(t, 0, 4);
	put(t, base, 8);
	put(t, proximity, 4);
	mend(t);
}

static inline void andd(struct table *t, u8 number, const char *name,
			size_t bytes)
{
	structure(t, 4);
	put(t, 0, 3);
	put(t, number, 1);
	while (bytes--)
		put(t, *name++, 1);
	mend(t);
}

static inline void scope(struct table *t, u8 type, u8 id, u8 bus)
{
	t->scope = t->length;
	put(t, type, 1);
	put(t, 0, 3);
	put(t, id, 1);
	put(t, bus, 1);
	mend(t);
}

static inline void path(struct table *t, u8 device, u8 function)
{
	put(t, device, 1);
	put(t, function, 1);
	mend(t);
}

/* One structure of each kind */
static inline void everything(struct table *t)
{
	begin(t, 46);
	drhd(t, 0, 0, 0xfed90000);
	scope(t, 1, 0, 0);
	path(t, 2, 0);
	scope(t, 2, 0, 0);
	path(t, 0x1c, 0);
	path(t, 1, 2);
	scope(t, 3, 2, 0xf0);
	path(t, 0x1f, 0);
	scope(t, 4, 0, 0);
	path(t, 0xf, 0);
	scope(t, 5, 7, 0);
	path(t, 0x15, 0);
	drhd(t, 1, 1, 0xfed91000);
	rmrr(t, 0, 0x7d000000, 0x7f7fffff);
	scope(t, 1, 0, 0);
	path(t, 2, 0);
	flagged(t, 2, 1, 0);
	rhsa(t, 0xfed90000, 3);
	andd(t, 7, "\\_SB.I2C0", 10);
	flagged(t, 5, 1, 0);
	scope(t, 1, 0, 0);
	path(t, 0xa, 0);
	flagged(t, 6, 0, 0);
	scope(t, 1, 0, 0);
	path(t, 0xb, 0);
}

#endif
