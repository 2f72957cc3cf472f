/* SPDX-License-Identifier: GPL-2.0 */
/*
 * IVRS tables for tests, built from structures of the specification.
 */
#ifndef IVRS_TEST_TABLE_H
#define IVRS_TEST_TABLE_H

#include "../acpi/table.h"

static inline void begin(struct table *t, u32 info)
{
	begin_table(t, "IVRS");
	put(t, info, 4);
	put(t, 0, 8);
	mend(t);
}

/*
 * Type 10h, 11h or 40h; @features is the feature report, or the register image
 */
static inline void unit(struct table *t, u8 type, u8 flags, u16 id, u64 base,
			u16 segment, u64 features)
{
	begin_structure(t);
	put(t, type, 1);
	put(t, flags, 1);
	put(t, 0, 2);
	put(t, id, 2);
	put(t, 0x40, 2);
	put(t, base, 8);
	put(t, segment, 2);
	put(t, 0, 2);
	put(t, type == 0x10 ? features : 0, 4);
	if (type != 0x10) {
		put(t, features, 8);
		put(t, 0, 8);
	}
	mend(t);
}

static inline void entry4(struct table *t, u8 type, u16 id, u8 data)
{
	put(t, type, 1);
	put(t, id, 2);
	put(t, data, 1);
	mend(t);
}

/* Alias, extended or special, by the last four bytes */
static inline void entry8(struct table *t, u8 type, u16 id, u8 data, u32 rest)
{
	entry4(t, type, id, data);
	put(t, rest, 4);
	mend(t);
}

static inline void acpi(struct table *t, u16 id, const char *hid, u8 format,
			const void *uid, u8 length)
{
	put(t, 240, 1);
	put(t, id, 2);
	put(t, 0, 1);
	for (unsigned int i = 0; i < 8; i++)
		put(t, i < strlen(hid) ? hid[i] : 0, 1);
	put(t, 0, 8);
	put(t, format, 1);
	put(t, length, 1);
	for (unsigned int i = 0; i < length; i++)
		put(t, ((const u8 *)uid)[i], 1);
	mend(t);
}

static inline void memory(struct table *t, u8 type, u8 flags, u16 first,
			  u16 last, u64 base, u64 size)
{
	begin_structure(t);
	put(t, type, 1);
	put(t, flags, 1);
	put(t, 0, 2);
	put(t, first, 2);
	put(t, last, 2);
	put(t, 0, 8);
	put(t, base, 8);
	put(t, size, 8);
	mend(t);
}

#define INFO_48_48	(1u | 48u << 8 | 48u << 15)

/* One structure of each kind */
static inline void everything(struct table *t)
{
	begin(t, INFO_48_48);
	unit(t, 0x10, 0x10, 2, 0xfed80000, 0, 4);
	entry4(t, 1, 0, 0);
	unit(t, 0x11, 0x10, 2, 0xfed80000, 0, 0x29d3);
	entry4(t, 3, 8, 0);
	entry4(t, 4, 0xffff, 0);
	unit(t, 0x40, 0x10, 2, 0xfed80000, 0, 0x29d3);
	entry4(t, 0, 0, 0);
	entry4(t, 3, 8, 0xd7);
	entry8(t, 64, 0, 0, 0);
	entry4(t, 4, 0xfffe, 0);
	entry8(t, 66, 0x100, 0, 0xa5 << 8);
	entry8(t, 67, 0x200, 0, 0x300 << 8);
	entry4(t, 4, 0x2ff, 0);
	entry8(t, 70, 0x400, 0, 0x80000000);
	entry8(t, 71, 0x500, 0, 0);
	entry4(t, 4, 0x5ff, 0);
	entry8(t, 72, 0, 0xd7, 1u << 24 | 0xa0 << 8 | 33);
	entry8(t, 72, 0, 0, 2u << 24 | 0xa0 << 8);
	acpi(t, 0x98, "AMDI0020", 2, "\\_SB.FUR0", 9);
	acpi(t, 0x99, "AMDI0095", 1, "\x05\0\0\0\0\0\0\0", 8);
	acpi(t, 0x9a, "AMDI0040", 0, "", 0);
	memory(t, 0x20, 0x07, 0, 0, 0x70000000, 0x10000);
	memory(t, 0x21, 0x03, 0x100, 0, 0x71000000, 0x1000);
	memory(t, 0x22, 0x08, 0x200, 0x2ff, 0x72000000, 0x2000);
}

#endif
