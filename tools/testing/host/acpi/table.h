/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A firmware table for tests, built byte by byte. All tables of IOMMUs have a
 * header with the total length at byte 4, then structures with their length at
 * byte 2.
 */
#ifndef ACPI_TEST_TABLE_H
#define ACPI_TEST_TABLE_H

#include <linux/string.h>
#include <linux/types.h>

#define TABLE_MAX		20480
#define TABLE_HEADER_BYTES	36

/**
 * struct table - a table under construction
 * @bytes: its content
 * @length: bytes used
 * @structure: offset of the last structure, or 0
 * @scope: offset of the last device scope of that structure, which has its
 *	length at byte 1, or 0
 */
struct table {
	u8 bytes[TABLE_MAX];
	size_t length;
	size_t structure;
	size_t scope;
};

static inline void fix(struct table *t, size_t at, u64 value,
		       unsigned int bytes)
{
	while (bytes--) {
		t->bytes[at++] = value;
		value >>= 8;
	}
}

static inline void put(struct table *t, u64 value, unsigned int bytes)
{
	fix(t, t->length, value, bytes);
	t->length += bytes;
}

/* Update all lengths after bytes were added */
static inline void mend(struct table *t)
{
	fix(t, 4, t->length, 4);
	if (t->structure)
		fix(t, t->structure + 2, t->length - t->structure, 2);
	if (t->scope)
		fix(t, t->scope + 1, t->length - t->scope, 1);
}

static inline void begin_table(struct table *t, const char *signature)
{
	memset(t, 0, sizeof(*t));
	memcpy(t->bytes, signature, 4);
	t->length = TABLE_HEADER_BYTES;
}

/* The caller adds type and length */
static inline void begin_structure(struct table *t)
{
	t->structure = t->length;
	t->scope = 0;
}

#endif
