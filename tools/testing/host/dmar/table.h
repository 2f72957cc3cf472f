/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DMAR tables for tests, put together from words of the specification.
 */
#ifndef DMAR_TEST_TABLE_H
#define DMAR_TEST_TABLE_H

#include <linux/types.h>

#define TABLE_MAX	4096

struct table {
	u8 bytes[TABLE_MAX];
	size_t length;
	size_t structure;
	size_t scope;
};

static inline void put(struct table *t, u64 value, unsigned int bytes)
{
	while (bytes--) {
		t->bytes[t->length++] = value;
		value >>= 8;
	}
}

static inline void fix(struct table *t, size_t at, u64 value,
		       unsigned int bytes)
{
	while (bytes--) {
		t->bytes[at++] = value;
		value >>= 8;
	}
}

/* Lengths are mended by whatever is added. */
static inline void mend(struct table *t)
{
	fix(t, 4, t->length, 4);
	if (t->structure)
		fix(t, t->structure + 2, t->length - t->structure, 2);
	if (t->scope)
		fix(t, t->scope + 1, t->length - t->scope, 1);
}

static inline void begin(struct table *t, unsigned int width)
{
	memset(t, 0, sizeof(*t));
	memcpy(t->bytes, "DMAR", 4);
	t->length = 36;
	put(t, width - 1, 1);
	put(t, 0, 11);
	mend(t);
}

static inline void structure(struct table *t, u16 type)
{
	t->structure = t->length;
	t->scope = 0;
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

/* ATSR, SATC, SIDP */
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

/* One of everything */
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
