/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ACPI DMAR table, read from bytes.
 *
 * dmar_open() checks every length in the table once; after that, cursors cannot
 * leave the table. Nothing here allocates, sleeps, or uses Linux devices, so
 * the same source is also built and fuzzed in user space.
 */
#ifndef VTD_DMAR_H
#define VTD_DMAR_H

#include <linux/types.h>

/* VT-d specification 4.1, section 8.2 */
enum dmar_type {
	DMAR_DRHD = 0,
	DMAR_RMRR = 1,
	DMAR_ATSR = 2,
	DMAR_RHSA = 3,
	DMAR_ANDD = 4,
	DMAR_SATC = 5,
	DMAR_SIDP = 6,
};

enum dmar_scope_type {
	DMAR_SCOPE_ENDPOINT = 1,
	DMAR_SCOPE_BRIDGE = 2,
	DMAR_SCOPE_IOAPIC = 3,
	DMAR_SCOPE_HPET = 4,
	DMAR_SCOPE_NAMESPACE = 5,
};

#define DMAR_INCLUDE_PCI_ALL	0x01	/* of a DRHD */
#define DMAR_ALL_PORTS		0x01	/* of an ATSR */
#define DMAR_ATC_REQUIRED	0x01	/* of a SATC */

/* More units than any machine has: Linux itself takes no more */
#define DMAR_UNITS_MAX		1024
/* Units with the registers of earlier ones: an error, but not that often */
#define DMAR_TWINS_MAX		16

/**
 * struct dmar_table - a table that passed dmar_open()
 * @bytes: its first byte
 * @length: its length in bytes
 * @width: host address width in bits
 * @flags: the flags of the table
 * @twins: offsets of units that have the registers of an earlier one
 * @nr_twins: their number
 */
struct dmar_table {
	const u8 *bytes;
	size_t length;
	unsigned int width;
	u8 flags;
	size_t twins[DMAR_TWINS_MAX];
	unsigned int nr_twins;
};

/**
 * struct dmar_error - why dmar_open() refused a table
 * @offset: offset in the table
 * @what: the reason, for the log
 */
struct dmar_error {
	size_t offset;
	const char *what;
};

/**
 * struct dmar_cursor - a position between two structures; start with { }
 * @offset: offset of the next structure; 0 stands for the first
 */
struct dmar_cursor {
	size_t offset;
};

/**
 * struct dmar_structure - one remapping structure
 * @type: its type; dmar_next() skips structures of reserved types
 * @offset: offset in the table, for messages
 * @flags: DRHD, ATSR, SATC: flags
 * @segment: DRHD, RMRR, ATSR, SATC, SIDP: PCI segment
 * @base: DRHD and RHSA: register base; RMRR: first byte, of a page
 * @size: DRHD: bytes of the register set
 * @last: RMRR: last byte, of a page
 * @proximity: RHSA: proximity domain
 * @number: ANDD: device number, to which scopes refer
 * @name: ANDD: the object's name, ended by a zero inside the structure
 * @scopes: offset of the first device scope in the table
 * @scopes_end: offset behind the last device scope
 * @complaint: NULL, or why the caller has to leave out this structure; others are
 *	not affected
 * @remark: NULL, or an error of the firmware that is corrected here
 */
struct dmar_structure {
	enum dmar_type type;
	size_t offset;
	u8 flags;
	u16 segment;
	u64 base;
	u64 size;
	u64 last;
	u32 proximity;
	u8 number;
	const char *name;
	size_t scopes;
	size_t scopes_end;
	const char *complaint;
	const char *remark;
};

struct dmar_path {
	u8 device;
	u8 function;
};

/* The length of a device scope is one byte, which limits its path */
#define DMAR_PATH_MAX	((255 - 6) / 2)

/**
 * struct dmar_scope - one device scope
 * @type: endpoint, bridge, ...; reserved types are skipped
 * @id: enumeration id: of the IOAPIC, HPET or namespace device
 * @bus: bus on which the path starts
 * @depth: entries of the path, at least 1
 * @path: device and function at each bus level
 * @flags: SIDP: properties of the device
 */
struct dmar_scope {
	enum dmar_scope_type type;
	u8 flags;
	u8 id;
	u8 bus;
	unsigned int depth;
	struct dmar_path path[DMAR_PATH_MAX];
};

int dmar_open(struct dmar_table *table, const void *bytes, size_t available,
	      struct dmar_error *error);
bool dmar_next(const struct dmar_table *table, struct dmar_cursor *cursor,
	       struct dmar_structure *out);
bool dmar_next_scope(const struct dmar_table *table,
		     struct dmar_structure *of, struct dmar_scope *out);
const char *dmar_contradiction(const struct dmar_table *table,
			       const struct dmar_structure *drhd);

#endif
