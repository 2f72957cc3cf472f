/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ACPI IVRS table, read from bytes.
 *
 * ivrs_open() checks every length in the table once; after that the cursors
 * stay inside it. Nothing here allocates, sleeps, or uses Linux devices, so the
 * same source is built and fuzzed in user space.
 */
#ifndef AMDVI_IVRS_H
#define AMDVI_IVRS_H

#include <linux/types.h>

/* AMD I/O Virtualization Technology specification (48882), section 5.2.2 */
enum ivrs_type {
	IVRS_IVHD_10 = 0x10,	/* a unit */
	IVRS_IVHD_11 = 0x11,	/* the same, with its extended features */
	IVRS_IVHD_40 = 0x40,	/* the same, with ACPI devices */
	IVRS_IVMD_ALL = 0x20,	/* reserved memory of all devices */
	IVRS_IVMD_SELECT = 0x21,	/* of one device */
	IVRS_IVMD_RANGE = 0x22,	/* of a range of devices */
};

/* IVHD flags, section 5.2.2.1 */
#define IVHD_HT_TUN_EN		0x01
#define IVHD_PASS_PW		0x02
#define IVHD_RES_PASS_PW	0x04
#define IVHD_ISOC		0x08
#define IVHD_IOTLB_SUP		0x10
#define IVHD_COHERENT		0x20
#define IVHD_PPR_SUP		0x80	/* type 10h only */

/* Device data setting of an entry, section 5.2.2.2 */
#define IVHD_INIT_PASS		0x01
#define IVHD_EINT_PASS		0x02
#define IVHD_NMI_PASS		0x04
#define IVHD_SYS_MGT		0x30
#define IVHD_LINT0_PASS		0x40
#define IVHD_LINT1_PASS		0x80

/* Extended data of an entry */
#define IVHD_ATS_DISABLED	0x80000000U

/* IVMD flags, section 5.2.2.3 */
#define IVMD_UNITY		0x01
#define IVMD_IR			0x02
#define IVMD_IW			0x04
#define IVMD_EXCLUSION		0x08

/* The last source-id; the first is 0 */
#define IVRS_ID_LAST		0xffffU

/**
 * struct ivrs_table - a table that passed ivrs_open()
 * @bytes: its first byte
 * @length: its length in bytes
 * @pa_bits: width of a physical address; 0 if the table does not say
 * @va_bits: width of an IOVA; 0 if the table does not say
 * @ht_ats_reserved: IOVAs of the HyperTransport range are not for ATS
 * @efr_valid: the copies of the feature registers in the table are valid
 */
struct ivrs_table {
	const u8 *bytes;
	size_t length;
	unsigned int pa_bits;
	unsigned int va_bits;
	bool ht_ats_reserved;
	bool efr_valid;
};

/**
 * struct ivrs_error - why ivrs_open() refused a table
 * @offset: of the error in the table
 * @what: the reason, in words
 */
struct ivrs_error {
	size_t offset;
	const char *what;
};

/**
 * struct ivrs_cursor - a position between two blocks; initialize with { }
 * @offset: offset of the next block; 0 means the first
 */
struct ivrs_cursor {
	size_t offset;
};

/**
 * struct ivrs_block - one definition block
 * @type: type of the block; ivrs_next() skips reserved types
 * @offset: offset in the table, for messages
 * @flags: of an IVHD or IVMD
 * @segment: PCI segment
 * @id: IVHD: the unit's own source-id; IVMD: the first device
 * @last: IVMD: the last device
 * @capability: IVHD: offset of the unit's capability in its PCI configuration
 * @base: IVHD: address of the registers; IVMD: address, page-aligned
 * @size: IVMD: bytes, whole pages
 * @has_efr: IVHD: @efr has all extended features
 * @has_report: IVHD: @efr has those of the report field of type 10h
 * @efr: IVHD: extended features in the format of the register
 * @efr2: IVHD: the same for the second register, if @has_efr
 * @entries: IVHD: offset of its next device entry in the table
 * @entries_end: IVHD: offset of the end of the device entries
 * @complaint: NULL, or why this block must be left out; others can be used
 * @remark: NULL, or the firmware error that was corrected here
 */
struct ivrs_block {
	enum ivrs_type type;
	size_t offset;
	u8 flags;
	u16 segment;
	u16 id;
	u16 last;
	u16 capability;
	u64 base;
	u64 size;
	bool has_efr;
	bool has_report;
	u64 efr;
	u64 efr2;
	size_t entries;
	size_t entries_end;
	const char *complaint;
	const char *remark;
};

enum ivrs_entry_kind {
	IVRS_DEVICES,		/* source-ids @first to @last */
	IVRS_SPECIAL,		/* an IOAPIC or HPET that uses @first */
	IVRS_ACPI_DEVICE,	/* an ACPI device that uses @first */
};

enum ivrs_variety {
	IVRS_IOAPIC = 1,
	IVRS_HPET = 2,
};

enum ivrs_uid_format {
	IVRS_UID_NONE = 0,
	IVRS_UID_INTEGER = 1,
	IVRS_UID_STRING = 2,
};

#define IVRS_UID_MAX	255

/**
 * struct ivrs_entry - a device entry of a unit's block
 * @kind: kind of the devices
 * @first: first source-id
 * @last: last source-id
 * @alias: the source-id that they present to the unit, if @has_alias
 * @has_alias: they do not present their own source-ids
 * @data: device data setting
 * @extended: extended data; 0 if there is none
 * @handle: special: its number
 * @variety: special: enum ivrs_variety
 * @hid: ACPI device: hardware id, ended by a zero
 * @cid: ACPI device: compatible id, ended by a zero
 * @uid_format: ACPI device: which of @uid and @uid_number is valid
 * @uid: ACPI device: unique id, ended by a zero
 * @uid_number: ACPI device: unique id
 * @complaint: NULL, or why this entry must be left out
 * @remark: NULL, or the firmware error that was corrected here
 */
struct ivrs_entry {
	enum ivrs_entry_kind kind;
	u16 first;
	u16 last;
	u16 alias;
	bool has_alias;
	u8 data;
	u32 extended;
	u8 handle;
	u8 variety;
	char hid[9];
	char cid[9];
	enum ivrs_uid_format uid_format;
	char uid[IVRS_UID_MAX + 1];
	u64 uid_number;
	const char *complaint;
	const char *remark;
};

int ivrs_open(struct ivrs_table *table, const void *bytes, size_t available,
	      struct ivrs_error *error);
bool ivrs_next(const struct ivrs_table *table, struct ivrs_cursor *cursor,
	       struct ivrs_block *out);
bool ivrs_next_unit(const struct ivrs_table *table,
		    struct ivrs_cursor *cursor, struct ivrs_block *out);
bool ivrs_next_entry(const struct ivrs_table *table, struct ivrs_block *of,
		     struct ivrs_entry *out);

static inline bool ivrs_is_unit(const struct ivrs_block *block)
{
	return block->type == IVRS_IVHD_10 || block->type == IVRS_IVHD_11 ||
	       block->type == IVRS_IVHD_40;
}

#endif
