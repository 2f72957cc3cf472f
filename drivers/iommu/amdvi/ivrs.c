// SPDX-License-Identifier: GPL-2.0
/*
 * The ACPI IVRS table, read from bytes.
 *
 *	header (48) | block | block | ...
 *	block:	type (1) flags (1) length (2) body [device entry ...]
 *	entry:	type (1) body; its length follows from the type, and for an
 *		ACPI device from the length of its unique id
 *
 * ivrs_open() walks the table once and refuses it if a length is impossible,
 * because nothing after a wrong length can be trusted. A block or an entry
 * whose length is right but whose content is impossible is returned with a
 * complaint, and the caller leaves it out. If the content is wrong but can be
 * corrected, it is returned corrected, with a remark.
 *
 * A unit may be described by several blocks, for software of different age:
 * ivrs_next_unit() returns the newest block of each unit.
 *
 * All numbers are little-endian and unaligned.
 */
#include <linux/bitfield.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "../common/interrupts.h"
#include "ivrs.h"
#include "spec.h"

#define HEADER_BYTES	48
#define HEADER_LENGTH	4	/* u32 */
#define HEADER_IVINFO	36	/* u32 */
#define BLOCK_BYTES	4
#define IVHD_10_BYTES	24
#define IVHD_11_BYTES	40	/* and of type 40h */
#define IVMD_BYTES	32
#define PAGE_BYTES	4096ULL
/* Size of the smallest register set; its base is aligned to it */
#define REGS_BYTES	0x4000ULL

#define IVINFO_EFR_SUP	0x00000001U
#define IVINFO_PA_SIZE	0x00007f00U
#define IVINFO_VA_SIZE	0x003f8000U
#define IVINFO_HT_ATS	0x00400000U

/* The feature report of type 10h, section 5.2.2.1 */
#define REPORT_XT	0x00000001U
#define REPORT_NX	0x00000002U
#define REPORT_GT	0x00000004U
#define REPORT_GLX	0x00000018U
#define REPORT_IA	0x00000020U
#define REPORT_GA	0x00000040U
#define REPORT_HE	0x00000080U
#define REPORT_PASMAX	0x00001f00U
#define REPORT_GATS	0x30000000U
#define REPORT_HATS	0xc0000000U

enum entry_type {
	ENTRY_PAD4 = 0,
	ENTRY_ALL = 1,
	ENTRY_SELECT = 2,
	ENTRY_RANGE = 3,
	ENTRY_END = 4,
	ENTRY_PAD8 = 64,
	ENTRY_ALIAS_SELECT = 66,
	ENTRY_ALIAS_RANGE = 67,
	ENTRY_EXTENDED_SELECT = 70,
	ENTRY_EXTENDED_RANGE = 71,
	ENTRY_SPECIAL = 72,
	ENTRY_ACPI = 240,
};

#define ACPI_ENTRY_BYTES	22
#define ACPI_ENTRY_UID_LENGTH	21
#define ACPI_ID_BYTES		8

static int ivrs_refuse(struct ivrs_error *error, size_t offset,
		       const char *what)
{
	error->offset = offset;
	error->what = what;
	return -EINVAL;
}

/* Bytes of a block before its entries, or 0 if the type is unknown */
static size_t body_bytes(u8 type)
{
	switch (type) {
	case IVRS_IVHD_10:
		return IVHD_10_BYTES;
	case IVRS_IVHD_11:
	case IVRS_IVHD_40:
		return IVHD_11_BYTES;
	case IVRS_IVMD_ALL:
	case IVRS_IVMD_SELECT:
	case IVRS_IVMD_RANGE:
		return IVMD_BYTES;
	}
	return 0;
}

/* Bytes of an entry, or 0 if it is longer than the @left bytes of its block */
static size_t entry_bytes(const u8 *entry, size_t left)
{
	size_t bytes;

	if (entry[0] == ENTRY_ACPI) {
		if (left < ACPI_ENTRY_BYTES)
			return 0;
		bytes = ACPI_ENTRY_BYTES + entry[ACPI_ENTRY_UID_LENGTH];
	} else {
		/* 4, 8, 16 or 32 by the two upper bits, for all types */
		bytes = 4UL << (entry[0] >> 6);
	}
	return bytes <= left ? bytes : 0;
}

static int check_entries(const struct ivrs_table *table, size_t offset,
			 size_t end, struct ivrs_error *error)
{
	size_t bytes;

	for (; offset < end; offset += bytes) {
		bytes = entry_bytes(table->bytes + offset, end - offset);
		if (!bytes)
			return ivrs_refuse(error, offset,
					   "unit ends inside a device entry");
	}
	return 0;
}

static int check_block(const struct ivrs_table *table, size_t offset,
		       size_t *next, struct ivrs_error *error)
{
	const u8 *b = table->bytes + offset;
	size_t left = table->length - offset, body;
	u16 length;

	if (left < BLOCK_BYTES)
		return ivrs_refuse(error, offset, "table ends inside a block");
	length = get_unaligned_le16(b + 2);
	if (length < BLOCK_BYTES || length > left)
		return ivrs_refuse(error, offset, "block has an impossible length");
	*next = offset + length;
	body = body_bytes(b[0]);
	if (!body)
		return 0;
	if (length < body)
		return ivrs_refuse(error, offset, "block is shorter than its type");
	if (body == IVMD_BYTES)
		return 0;
	return check_entries(table, offset + body, *next, error);
}

/**
 * ivrs_open() - check an IVRS table
 * @table: filled in on success
 * @bytes: the table, from firmware
 * @available: bytes that may be read at @bytes
 * @error: filled in on failure
 *
 * Context: any. The caller keeps @bytes for as long as @table is used.
 * Return: 0, or -EINVAL with @error set.
 */
int ivrs_open(struct ivrs_table *table, const void *bytes, size_t available,
	      struct ivrs_error *error)
{
	size_t offset = HEADER_BYTES;
	u32 info;
	int ret;

	table->bytes = bytes;
	if (available < HEADER_BYTES)
		return ivrs_refuse(error, available, "table ends inside its header");
	if (memcmp(table->bytes, "IVRS", 4))
		return ivrs_refuse(error, 0, "table has another signature");
	table->length = get_unaligned_le32(table->bytes + HEADER_LENGTH);
	if (table->length < HEADER_BYTES || table->length > available)
		return ivrs_refuse(error, HEADER_LENGTH,
				   "table has an impossible length");
	info = get_unaligned_le32(table->bytes + HEADER_IVINFO);
	table->efr_valid = info & IVINFO_EFR_SUP;
	table->pa_bits = FIELD_GET(IVINFO_PA_SIZE, info);
	table->va_bits = FIELD_GET(IVINFO_VA_SIZE, info);
	table->ht_ats_reserved = info & IVINFO_HT_ATS;
	if (table->pa_bits && (table->pa_bits < 32 || table->pa_bits > 64))
		return ivrs_refuse(error, HEADER_IVINFO,
				   "physical address width is impossible");
	if (table->va_bits && (table->va_bits < 32 || table->va_bits > 64))
		return ivrs_refuse(error, HEADER_IVINFO,
				   "virtual address width is impossible");

	while (offset < table->length) {
		ret = check_block(table, offset, &offset, error);
		if (ret)
			return ret;
	}
	return 0;
}

static bool ivrs_beyond_width(const struct ivrs_table *table, u64 address)
{
	return table->pa_bits && table->pa_bits < 64 &&
	       address >> table->pa_bits;
}

/* Convert the report of type 10h to the format of the register */
static u64 efr_from_report(u32 report)
{
	u64 efr = 0;

	if (report & REPORT_XT)
		efr |= EFR_XT_SUP;
	if (report & REPORT_NX)
		efr |= EFR_NX_SUP;
	if (report & REPORT_GT)
		efr |= EFR_GT_SUP;
	if (report & REPORT_IA)
		efr |= EFR_IA_SUP;
	if (report & REPORT_GA)
		efr |= EFR_GA_SUP;
	if (report & REPORT_HE)
		efr |= EFR_HE_SUP;
	return efr | FIELD_PREP(EFR_GLX_SUP, FIELD_GET(REPORT_GLX, report)) |
	       FIELD_PREP(EFR_PAS_MAX, FIELD_GET(REPORT_PASMAX, report)) |
	       FIELD_PREP(EFR_GATS, FIELD_GET(REPORT_GATS, report)) |
	       FIELD_PREP(EFR_HATS, FIELD_GET(REPORT_HATS, report));
}

static void read_ivhd(const struct ivrs_table *table, const u8 *b,
		      struct ivrs_block *out)
{
	u32 report = get_unaligned_le32(b + 20);

	out->id = get_unaligned_le16(b + 4);
	out->capability = get_unaligned_le16(b + 6);
	out->base = get_unaligned_le64(b + 8);
	out->segment = get_unaligned_le16(b + 16);
	if (out->type != IVRS_IVHD_10) {
		out->has_efr = table->efr_valid;
		out->efr = get_unaligned_le64(b + 24);
		out->efr2 = get_unaligned_le64(b + 32);
	} else if (report) {
		/* 0 if firmware does not know the field */
		out->has_report = true;
		out->efr = efr_from_report(report);
	}
	if (!out->base || out->base % REGS_BYTES)
		out->complaint = "register base is impossible";
	else if (ivrs_beyond_width(table, out->base + REGS_BYTES - 1) ||
		 out->base + REGS_BYTES < out->base)
		out->complaint = "registers are beyond the address width";
	else if (out->capability < 0x40 || out->capability > 0xfc ||
		 out->capability % 4)
		out->complaint = "capability offset is impossible";
}

/*
 * Some firmware reserves single bytes. The device may still need the memory, so
 * it is rounded outward to whole pages. Interrupt addresses are no memory, and
 * the user of the range leaves them out.
 */
static void read_memory(const struct ivrs_table *table, struct ivrs_block *out)
{
	u64 last = out->base + out->size - 1;

	if (!out->size) {
		out->complaint = "memory is empty";
		return;
	}
	if (last < out->base) {
		out->complaint = "memory ends before it begins";
		return;
	}
	if (out->base % PAGE_BYTES || out->size % PAGE_BYTES)
		out->remark = "memory is not whole pages; rounded outward";
	last |= PAGE_BYTES - 1;
	out->base -= out->base % PAGE_BYTES;
	out->size = last - out->base + 1;
	/* @last + 1 must not overflow; no processor has that many addresses */
	if (ivrs_beyond_width(table, last) || last == ~0ULL)
		out->complaint = "memory is beyond the address width";
	else if (iommu_is_interrupts(out->base, last))
		out->complaint = "memory is nothing but interrupt addresses";
	else if (iommu_has_interrupts(out->base, last))
		out->remark = "memory has interrupt addresses in it, which are left out";
}

static void read_ivmd(const struct ivrs_table *table, const u8 *b,
		      struct ivrs_block *out)
{
	out->id = get_unaligned_le16(b + 4);
	out->segment = get_unaligned_le16(b + 8);
	out->base = get_unaligned_le64(b + 16);
	out->size = get_unaligned_le64(b + 24);
	switch (out->type) {
	case IVRS_IVMD_ALL:
		out->id = 0;
		out->last = IVRS_ID_LAST;
		break;
	case IVRS_IVMD_RANGE:
		out->last = get_unaligned_le16(b + 6);
		break;
	default:
		out->last = out->id;
	}
	if (out->last < out->id)
		out->complaint = "memory of a range that ends before it begins";
	else
		read_memory(table, out);
}

/**
 * ivrs_next() - the next definition block
 * @table: a table that passed ivrs_open()
 * @cursor: where to continue; moved behind the returned block
 * @out: filled in
 *
 * Return: false at the end of the table.
 */
bool ivrs_next(const struct ivrs_table *table, struct ivrs_cursor *cursor,
	       struct ivrs_block *out)
{
	size_t offset = cursor->offset ? cursor->offset : HEADER_BYTES;

	while (offset < table->length) {
		const u8 *b = table->bytes + offset;
		u16 length = get_unaligned_le16(b + 2);
		size_t body = body_bytes(b[0]);

		cursor->offset = offset + length;
		if (!body) {
			offset = cursor->offset;
			continue;
		}
		*out = (struct ivrs_block){
			.type = b[0],
			.offset = offset,
			.flags = b[1],
		};
		if (ivrs_is_unit(out)) {
			out->entries = offset + body;
			out->entries_end = offset + length;
			read_ivhd(table, b, out);
		} else {
			read_ivmd(table, b, out);
		}
		return true;
	}
	cursor->offset = table->length;
	return false;
}

/* Is @a used in place of @b, if both describe the same unit? */
static bool outranks(const struct ivrs_block *a, const struct ivrs_block *b)
{
	if (!a->complaint != !b->complaint)
		return !a->complaint;
	if (a->type != b->type)
		return a->type > b->type;
	return a->offset < b->offset;
}

/* Does another block of the same unit take precedence over this one? */
static bool is_outdated(const struct ivrs_table *table,
			const struct ivrs_block *unit)
{
	struct ivrs_cursor cursor = { };
	struct ivrs_block other;

	while (ivrs_next(table, &cursor, &other))
		if (ivrs_is_unit(&other) && other.segment == unit->segment &&
		    other.id == unit->id && outranks(&other, unit))
			return true;
	return false;
}

/* Does an earlier unit that can be used have the same registers? */
static bool ivrs_has_twin(const struct ivrs_table *table,
			  const struct ivrs_block *unit)
{
	struct ivrs_cursor cursor = { };
	struct ivrs_block earlier;

	while (ivrs_next(table, &cursor, &earlier) &&
	       earlier.offset < unit->offset)
		if (ivrs_is_unit(&earlier) && !earlier.complaint &&
		    earlier.base == unit->base &&
		    !is_outdated(table, &earlier))
			return true;
	return false;
}

/**
 * ivrs_next_unit() - the newest block of the next unit
 * @table: a table that passed ivrs_open()
 * @cursor: where to continue; moved behind the returned block
 * @out: filled in; it has a complaint only if all blocks of this unit have one,
 *	or if an earlier unit has the same registers
 *
 * Return: false if there is no further unit.
 */
bool ivrs_next_unit(const struct ivrs_table *table,
		    struct ivrs_cursor *cursor, struct ivrs_block *out)
{
	while (ivrs_next(table, cursor, out)) {
		if (!ivrs_is_unit(out) || is_outdated(table, out))
			continue;
		if (!out->complaint && ivrs_has_twin(table, out))
			out->complaint = "unit has the registers of an earlier one";
		return true;
	}
	return false;
}

/* The number is as long as firmware makes it; it should have 8 bytes */
static void read_uid_number(const u8 *uid, u8 length, struct ivrs_entry *out)
{
	unsigned int i;

	if (!length) {
		out->complaint = "unique id is empty";
		return;
	}
	if (length != 8)
		out->remark = "unique id is a number, but not of 8 bytes; used";
	for (i = 0; i < length; i++) {
		if (i < 8)
			out->uid_number |= (u64)uid[i] << (8 * i);
		else if (uid[i])
			out->complaint = "unique id is longer than 8 bytes";
	}
}

static void read_acpi_device(const u8 *e, struct ivrs_entry *out)
{
	u8 length = e[ACPI_ENTRY_UID_LENGTH];
	const u8 *uid = e + ACPI_ENTRY_BYTES;

	out->kind = IVRS_ACPI_DEVICE;
	out->first = get_unaligned_le16(e + 1);
	out->last = out->first;
	memcpy(out->hid, e + 4, ACPI_ID_BYTES);
	memcpy(out->cid, e + 4 + ACPI_ID_BYTES, ACPI_ID_BYTES);
	out->uid_format = e[20];
	if (!out->hid[0]) {
		out->complaint = "ACPI device without a hardware id";
		return;
	}
	switch (e[20]) {
	case IVRS_UID_NONE:
		return;
	case IVRS_UID_INTEGER:
		read_uid_number(uid, length, out);
		return;
	case IVRS_UID_STRING:
		memcpy(out->uid, uid, length);
		if (!length || !out->uid[0])
			out->complaint = "unique id is empty";
		return;
	}
	out->uid_format = IVRS_UID_NONE;
	out->complaint = "unique id has an unknown format";
}

static void read_special(const u8 *e, struct ivrs_entry *out)
{
	out->kind = IVRS_SPECIAL;
	out->handle = e[4];
	out->first = get_unaligned_le16(e + 5);
	out->last = out->first;
	out->variety = e[7];
	if (out->variety != IVRS_IOAPIC && out->variety != IVRS_HPET)
		out->complaint = "special device is neither IOAPIC nor HPET";
}

/* An entry that begins a range is complete only with the entry that ends it */
static void read_range_end(const struct ivrs_table *table,
			   struct ivrs_block *of, struct ivrs_entry *out)
{
	while (of->entries < of->entries_end) {
		const u8 *e = table->bytes + of->entries;

		if (e[0] == ENTRY_END) {
			out->last = get_unaligned_le16(e + 1);
			of->entries += entry_bytes(e, 4);
			if (out->last < out->first)
				out->complaint =
					"range ends before it begins";
			return;
		}
		if (e[0] != ENTRY_PAD4 && e[0] != ENTRY_PAD8)
			break;
		of->entries += entry_bytes(e, of->entries_end - of->entries);
	}
	out->complaint = "range has no end";
}

/**
 * ivrs_next_entry() - the next device entry of a unit's block
 * @table: the table with the block
 * @of: a unit's block; its @entries moves behind the returned entry
 * @out: filled in; later entries take precedence over earlier ones
 *
 * Padding and reserved types are skipped. The entries that begin and end a
 * range are returned as one.
 *
 * Return: false if the block has no further entry.
 */
bool ivrs_next_entry(const struct ivrs_table *table, struct ivrs_block *of,
		     struct ivrs_entry *out)
{
	while (of->entries < of->entries_end) {
		const u8 *e = table->bytes + of->entries;

		of->entries += entry_bytes(e, of->entries_end - of->entries);
		*out = (struct ivrs_entry){
			.first = get_unaligned_le16(e + 1),
			.last = get_unaligned_le16(e + 1),
			.data = e[3],
		};
		switch (e[0]) {
		case ENTRY_ALL:
			out->first = 0;
			out->last = IVRS_ID_LAST;
			return true;
		case ENTRY_SELECT:
			return true;
		case ENTRY_RANGE:
			read_range_end(table, of, out);
			return true;
		case ENTRY_ALIAS_SELECT:
		case ENTRY_ALIAS_RANGE:
			out->has_alias = true;
			out->alias = get_unaligned_le16(e + 5);
			if (e[0] == ENTRY_ALIAS_RANGE)
				read_range_end(table, of, out);
			return true;
		case ENTRY_EXTENDED_SELECT:
		case ENTRY_EXTENDED_RANGE:
			out->extended = get_unaligned_le32(e + 4);
			if (e[0] == ENTRY_EXTENDED_RANGE)
				read_range_end(table, of, out);
			return true;
		case ENTRY_SPECIAL:
			read_special(e, out);
			return true;
		case ENTRY_ACPI:
			/* Only valid in blocks of type 40h */
			if (of->type != IVRS_IVHD_40)
				continue;
			read_acpi_device(e, out);
			return true;
		case ENTRY_END:
			out->complaint = "end of a range without a start";
			return true;
		}
	}
	return false;
}
