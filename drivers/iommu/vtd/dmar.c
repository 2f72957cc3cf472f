// SPDX-License-Identifier: GPL-2.0
/*
 * The ACPI DMAR table, read from bytes.
 *
 *	header (48) | structure | structure | ...
 *	structure:  type (2) length (2) body [device scope ...]
 *	scope:      type (1) length (1) flags (1) reserved (1) id (1) bus (1)
 *		    [device (1) function (1) ...]
 *
 * dmar_open() refuses the table if a length is impossible: after a wrong length,
 * nothing that follows can be trusted. It also refuses more units than can be. If
 * the lengths of a structure are right but its content is impossible, dmar_next()
 * returns it with a complaint, and the caller leaves it out. If its content is
 * wrong but can be corrected, dmar_next() returns it corrected, with a remark.
 *
 * All numbers are little-endian and unaligned.
 */
#include <linux/array_size.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "../common/interrupts.h"
#include "dmar.h"

#define HEADER_BYTES	48
#define HEADER_LENGTH	4	/* u32 */
#define HEADER_WIDTH	36	/* u8, less one */
#define HEADER_FLAGS	37
#define SCOPE_BYTES	6
#define PAGE_BYTES	4096ULL

/* Bytes of each structure before its device scopes, and whether it has any */
static const struct {
	u8 body;
	bool scopes;
} layout[] = {
	[DMAR_DRHD] = { 16, true },
	[DMAR_RMRR] = { 24, true },
	[DMAR_ATSR] = { 8, true },
	[DMAR_RHSA] = { 20, false },
	[DMAR_ANDD] = { 8, false },
	[DMAR_SATC] = { 8, true },
	[DMAR_SIDP] = { 8, true },
};

#define KNOWN_TYPES	ARRAY_SIZE(layout)

static int dmar_refuse(struct dmar_error *error, size_t offset,
		       const char *what)
{
	error->offset = offset;
	error->what = what;
	return -EINVAL;
}

static int check_scopes(const struct dmar_table *table, size_t offset,
			size_t end, struct dmar_error *error)
{
	while (offset < end) {
		const u8 *scope = table->bytes + offset;
		size_t left = end - offset;

		if (left < SCOPE_BYTES || scope[1] < SCOPE_BYTES ||
		    scope[1] > left)
			return dmar_refuse(error, offset,
					   "device scope has an impossible length");
		if (scope[1] % 2)
			return dmar_refuse(error, offset,
					   "device scope ends inside a path entry");
		offset += scope[1];
	}
	return 0;
}

static int check_structure(const struct dmar_table *table, size_t offset,
			   size_t *next, struct dmar_error *error)
{
	const u8 *s = table->bytes + offset;
	size_t left = table->length - offset;
	u16 type, length;

	if (left < 4)
		return dmar_refuse(error, offset, "table ends inside a structure");
	type = get_unaligned_le16(s);
	length = get_unaligned_le16(s + 2);
	if (length < 4 || length > left)
		return dmar_refuse(error, offset,
				   "structure has an impossible length");
	*next = offset + length;
	if (type >= KNOWN_TYPES)
		return 0;
	if (length < layout[type].body)
		return dmar_refuse(error, offset,
				   "structure is shorter than its type");
	if (!layout[type].scopes)
		return 0;
	return check_scopes(table, offset + layout[type].body, *next, error);
}

static bool dmar_beyond_width(const struct dmar_table *table, u64 address)
{
	return table->width < 64 && address >> table->width;
}

static const char *check_registers(const struct dmar_table *table,
				   const struct dmar_structure *drhd)
{
	if (!drhd->base)
		return "register base is 0";
	if (drhd->base % PAGE_BYTES)
		return "register base is not page-aligned";
	if (dmar_beyond_width(table, drhd->base) ||
	    dmar_beyond_width(table, drhd->base + drhd->size - 1) ||
	    drhd->base + drhd->size < drhd->base)
		return "registers are beyond the address width";
	return NULL;
}

static void read_registers(const struct dmar_table *table, const u8 *s,
			   struct dmar_structure *out)
{
	out->flags = s[4];
	out->segment = get_unaligned_le16(s + 6);
	out->base = get_unaligned_le64(s + 8);
	/* SIZE, bits 3:0: the register set is 2^N pages of 4 KiB */
	out->size = PAGE_BYTES << (s[5] & 0xf);
	out->complaint = check_registers(table, out);
}

/* Does an earlier unit that can be used have the same registers? */
static bool dmar_has_twin(const struct dmar_table *table,
			  const struct dmar_structure *drhd)
{
	struct dmar_structure earlier = { };
	size_t offset = HEADER_BYTES;
	const u8 *s;

	for (; offset < drhd->offset; offset += get_unaligned_le16(s + 2)) {
		s = table->bytes + offset;
		if (get_unaligned_le16(s) != DMAR_DRHD)
			continue;
		read_registers(table, s, &earlier);
		if (!earlier.complaint && earlier.base == drhd->base)
			return true;
	}
	return false;
}

/* Once for the table, since that takes long and the table is read often */
static int note_twin(struct dmar_table *table, size_t offset,
		     struct dmar_error *error)
{
	struct dmar_structure drhd = { .offset = offset };

	read_registers(table, table->bytes + offset, &drhd);
	if (drhd.complaint || !dmar_has_twin(table, &drhd))
		return 0;
	if (table->nr_twins == DMAR_TWINS_MAX)
		return dmar_refuse(error, offset,
				   "too many units have the registers of earlier ones");
	table->twins[table->nr_twins++] = offset;
	return 0;
}

static bool dmar_is_twin(const struct dmar_table *table, size_t offset)
{
	unsigned int i;

	for (i = 0; i < table->nr_twins; i++)
		if (table->twins[i] == offset)
			return true;
	return false;
}

static int check_units(struct dmar_table *table, struct dmar_error *error)
{
	size_t offset = HEADER_BYTES;
	unsigned int units = 0;
	const u8 *s;
	int ret;

	for (; offset < table->length; offset += get_unaligned_le16(s + 2)) {
		s = table->bytes + offset;
		if (get_unaligned_le16(s) != DMAR_DRHD)
			continue;
		if (++units > DMAR_UNITS_MAX)
			return dmar_refuse(error, offset,
					   "table has more units than any machine");
		ret = note_twin(table, offset, error);
		if (ret)
			return ret;
	}
	return 0;
}

/**
 * dmar_open() - check a DMAR table
 * @table: filled in on success
 * @bytes: the table from firmware
 * @available: number of bytes that may be read at @bytes
 * @error: filled in on failure
 *
 * Context: any; pure function of the bytes, which must stay in place.
 * Return: 0, or -EINVAL with @error set.
 */
int dmar_open(struct dmar_table *table, const void *bytes, size_t available,
	      struct dmar_error *error)
{
	size_t offset = HEADER_BYTES;
	int ret;

	table->bytes = bytes;
	if (available < HEADER_BYTES)
		return dmar_refuse(error, available, "table ends inside its header");
	if (memcmp(table->bytes, "DMAR", 4))
		return dmar_refuse(error, 0, "table has another signature");
	table->length = get_unaligned_le32(table->bytes + HEADER_LENGTH);
	if (table->length < HEADER_BYTES || table->length > available)
		return dmar_refuse(error, HEADER_LENGTH,
				   "table has an impossible length");
	table->width = table->bytes[HEADER_WIDTH] + 1;
	if (table->width < 32 || table->width > 64)
		return dmar_refuse(error, HEADER_WIDTH,
				   "host address width is impossible");
	table->flags = table->bytes[HEADER_FLAGS];
	table->nr_twins = 0;

	while (offset < table->length) {
		ret = check_structure(table, offset, &offset, error);
		if (ret)
			return ret;
	}
	return check_units(table, error);
}

static void read_drhd(const struct dmar_table *table, const u8 *s,
		      struct dmar_structure *out)
{
	read_registers(table, s, out);
	if (!out->complaint && dmar_is_twin(table, out->offset))
		out->complaint = "unit has the registers of an earlier one";
}

/*
 * Firmware often gets the last byte wrong. The device may need the memory all
 * the same, so the range is rounded outward to whole pages. A range whose first
 * and last byte are 0 was never filled in: it reserves nothing. Interrupt
 * addresses are no memory, and the user of the range leaves them out.
 */
static void read_rmrr(const struct dmar_table *table, const u8 *s,
		      struct dmar_structure *out)
{
	out->segment = get_unaligned_le16(s + 6);
	out->base = get_unaligned_le64(s + 8);
	out->last = get_unaligned_le64(s + 16);
	if (!out->base && !out->last) {
		out->complaint = "reserved memory is empty";
		return;
	}
	if (out->last < out->base) {
		out->complaint = "reserved memory ends before it begins";
		return;
	}
	if (out->base % PAGE_BYTES || (out->last + 1) % PAGE_BYTES)
		out->remark = "reserved memory is not whole pages; rounded outward";
	out->base -= out->base % PAGE_BYTES;
	out->last |= PAGE_BYTES - 1;
	/* No processor has the last byte of 64 bits, whose end would overflow */
	if (dmar_beyond_width(table, out->last) || out->last == ~0ULL)
		out->complaint = "reserved memory is beyond the address width";
	else if (iommu_is_interrupts(out->base, out->last))
		out->complaint = "reserved memory is nothing but interrupt addresses";
	else if (iommu_has_interrupts(out->base, out->last))
		out->remark = "reserved memory has interrupt addresses in it, which are left out";
}

static void read_andd(const u8 *s, size_t length, struct dmar_structure *out)
{
	out->number = s[7];
	out->name = (const char *)s + 8;
	if (length == 8 || !memchr(s + 8, 0, length - 8)) {
		out->name = NULL;
		out->complaint = "device name does not end";
	}
}

/**
 * dmar_next() - read the next remapping structure
 * @table: a table that passed dmar_open()
 * @cursor: where to continue; moved behind the structure that is returned
 * @out: filled in
 *
 * Return: false at the end of the table.
 */
bool dmar_next(const struct dmar_table *table, struct dmar_cursor *cursor,
	       struct dmar_structure *out)
{
	size_t offset = cursor->offset ? cursor->offset : HEADER_BYTES;

	while (offset < table->length) {
		const u8 *s = table->bytes + offset;
		u16 type = get_unaligned_le16(s);
		u16 length = get_unaligned_le16(s + 2);

		cursor->offset = offset + length;
		if (type >= KNOWN_TYPES) {
			offset = cursor->offset;
			continue;
		}
		*out = (struct dmar_structure){
			.type = type,
			.offset = offset,
			.scopes = offset + layout[type].body,
			.scopes_end = layout[type].scopes ? offset + length : 0,
		};
		switch (out->type) {
		case DMAR_DRHD:
			read_drhd(table, s, out);
			break;
		case DMAR_RMRR:
			read_rmrr(table, s, out);
			break;
		case DMAR_ATSR:
		case DMAR_SATC:
		case DMAR_SIDP:
			out->flags = s[4];
			out->segment = get_unaligned_le16(s + 6);
			break;
		case DMAR_RHSA:
			out->base = get_unaligned_le64(s + 8);
			out->proximity = get_unaligned_le32(s + 16);
			break;
		case DMAR_ANDD:
			read_andd(s, length, out);
			break;
		}
		return true;
	}
	cursor->offset = table->length;
	return false;
}

/**
 * dmar_next_scope() - read the next device scope of a structure
 * @table: the table that @of is from
 * @of: a structure from dmar_next(); its @scopes moves on
 * @out: filled in
 *
 * Skips scopes of reserved types and scopes without a path, which name no
 * device.
 *
 * Return: false when the structure has no more.
 */
bool dmar_next_scope(const struct dmar_table *table,
		     struct dmar_structure *of, struct dmar_scope *out)
{
	while (of->scopes < of->scopes_end) {
		const u8 *s = table->bytes + of->scopes;
		unsigned int i;

		of->scopes += s[1];
		if (s[0] < DMAR_SCOPE_ENDPOINT || s[0] > DMAR_SCOPE_NAMESPACE ||
		    s[1] == SCOPE_BYTES)
			continue;
		out->type = s[0];
		out->flags = s[2];
		out->id = s[4];
		out->bus = s[5];
		out->depth = (s[1] - SCOPE_BYTES) / 2;
		for (i = 0; i < out->depth; i++) {
			out->path[i].device = s[SCOPE_BYTES + 2 * i];
			out->path[i].function = s[SCOPE_BYTES + 2 * i + 1];
		}
		return true;
	}
	return false;
}

static bool same_device(const struct dmar_scope *a, const struct dmar_scope *b)
{
	return a->type == b->type && a->bus == b->bus && a->id == b->id &&
	       a->depth == b->depth &&
	       !memcmp(a->path, b->path, a->depth * sizeof(a->path[0]));
}

static bool names_same_device(const struct dmar_table *table,
			      struct dmar_structure a, struct dmar_structure b)
{
	struct dmar_structure again;
	struct dmar_scope x, y;

	while (dmar_next_scope(table, &a, &x))
		for (again = b; dmar_next_scope(table, &again, &y); )
			if (same_device(&x, &y))
				return true;
	return false;
}

/**
 * dmar_contradiction() - compare a unit with those before it
 * @table: the table that @drhd is from
 * @drhd: a unit without a complaint
 *
 * Return: NULL, or which device an earlier unit claims too. The earlier unit
 * has it; for all other devices this unit is used.
 */
const char *dmar_contradiction(const struct dmar_table *table,
			       const struct dmar_structure *drhd)
{
	struct dmar_cursor cursor = { };
	struct dmar_structure earlier;

	while (dmar_next(table, &cursor, &earlier) &&
	       earlier.offset < drhd->offset) {
		if (earlier.type != DMAR_DRHD || earlier.complaint ||
		    earlier.segment != drhd->segment)
			continue;
		if (earlier.flags & drhd->flags & DMAR_INCLUDE_PCI_ALL)
			return "unit is the second that includes all of a segment; the first is used";
		if (names_same_device(table, earlier, *drhd))
			return "unit names a device of an earlier one, which is used";
	}
	return NULL;
}
