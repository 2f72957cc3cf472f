/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A firmware table for tests, put together byte by byte. Tables of IOMMUs are
 * alike so far: a header that has the whole length at byte 4, then structures
 * that have theirs at byte 2.
 */
#ifndef ACPI_TEST_TABLE_H
#define ACPI_TEST_TABLE_H

#include <linux/string.h>
#include <linux/types.h>

#define TABLE_MAX		4096
#define TABLE_HEADER_BYTES	36

/**
 * struct table - a table that grows
 * @bytes: what it holds
 * @length: how much of it
 * @structure: where its last structure begins; 0 for none yet
 * @scope: where the last device scope of that begins, which has its length at
 *	byte 1; 0 for none
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

/* Lengths are mended by whatever is added */
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

/* Its type and its length are to be put by the caller */
static inline void begin_structure(struct table *t)
{
	t->structure = t->length;
	t->scope = 0;
}

#endif
