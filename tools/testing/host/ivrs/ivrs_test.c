// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the readers of IVRS tables, of events and of page requests.
 */
#include "ktap.h"

#include "event.h"
#include "ivrs.h"
#include "spec.h"
#include "table.h"

static void open_table(struct ivrs_table *out, const struct table *t)
{
	struct ivrs_error error;

	if (ivrs_open(out, t->bytes, t->length, &error))
		ktap_fail("at %zu: %s", error.offset, error.what);
}

static const char *refusal(const struct table *t, size_t available)
{
	struct ivrs_error error = { .what = "none" };
	struct ivrs_table out;

	return ivrs_open(&out, t->bytes, available, &error) ? error.what :
							      "accepted";
}

#define CHECK_STR(a, b)							\
	do {								\
		const char *is_ = (a);					\
		if (!is_ || strcmp(is_, b))				\
			ktap_fail("\"%s\", not \"%s\"", is_, b);	\
	} while (0)

static void first_unit(const struct ivrs_table *table, struct ivrs_block *out)
{
	struct ivrs_cursor cursor = { };

	CHECK(ivrs_next_unit(table, &cursor, out));
}

/* A unit of type 40h with the entry that @add puts there; read that entry */
static void one_entry(void (*add)(struct table *t), struct ivrs_entry *out)
{
	struct ivrs_table table;
	struct ivrs_block block;
	struct table t;

	begin(&t, INFO_48_48);
	unit(&t, 0x40, 0, 2, 0xfed80000, 0, 0);
	add(&t);
	open_table(&table, &t);
	first_unit(&table, &block);
	CHECK(ivrs_next_entry(&table, &block, out));
}

TEST(header_gives_widths_and_the_validity_of_features)
{
	struct ivrs_table table;
	struct table t;

	begin(&t, 1u | 44u << 8 | 47u << 15 | 1u << 22);
	open_table(&table, &t);
	CHECK_EQ(table.pa_bits, 44);
	CHECK_EQ(table.va_bits, 47);
	CHECK(table.efr_valid);
	CHECK(table.ht_ats_reserved);
	begin(&t, 0);
	open_table(&table, &t);
	CHECK_EQ(table.pa_bits, 0);
	CHECK(!table.efr_valid);
}

TEST(malformed_table_is_refused_with_a_reason)
{
	struct table t;

	begin(&t, INFO_48_48);
	CHECK_STR(refusal(&t, 47), "table ends inside its header");
	t.bytes[0] = 'X';
	CHECK_STR(refusal(&t, t.length), "table has another signature");
	begin(&t, INFO_48_48);
	fix(&t, 4, 47, 4);
	CHECK_STR(refusal(&t, t.length), "table has an impossible length");
	begin(&t, INFO_48_48);
	CHECK_STR(refusal(&t, t.length - 0), "accepted");
	fix(&t, 4, t.length + 1, 4);
	CHECK_STR(refusal(&t, t.length), "table has an impossible length");
	begin(&t, 1u | 31u << 8);
	CHECK_STR(refusal(&t, t.length), "physical address width is impossible");
	begin(&t, 1u | 48u << 8 | 65u << 15);
	CHECK_STR(refusal(&t, t.length), "virtual address width is impossible");
	begin(&t, INFO_48_48);
	put(&t, 0x10, 3);
	mend(&t);
	CHECK_STR(refusal(&t, t.length), "table ends inside a block");
}

TEST(a_block_of_a_wrong_length_is_refused)
{
	struct table t;

	begin(&t, INFO_48_48);
	unit(&t, 0x10, 0, 2, 0xfed80000, 0, 0);
	fix(&t, t.structure + 2, 3, 2);
	CHECK_STR(refusal(&t, t.length), "block has an impossible length");
	fix(&t, t.structure + 2, 25, 2);
	CHECK_STR(refusal(&t, t.length), "block has an impossible length");
	fix(&t, t.structure + 2, 20, 2);
	CHECK_STR(refusal(&t, t.length), "block is shorter than its type");
	begin(&t, INFO_48_48);
	memory(&t, 0x20, 1, 0, 0, 0x1000, 0x1000);
	fix(&t, t.structure + 2, 24, 2);
	CHECK_STR(refusal(&t, t.length), "block is shorter than its type");
}

TEST(an_entry_that_leaves_its_unit_is_refused)
{
	struct table t;

	begin(&t, INFO_48_48);
	unit(&t, 0x11, 0, 2, 0xfed80000, 0, 0);
	entry4(&t, 66, 5, 0);
	CHECK_STR(refusal(&t, t.length), "unit ends inside a device entry");
	begin(&t, INFO_48_48);
	unit(&t, 0x40, 0, 2, 0xfed80000, 0, 0);
	acpi(&t, 5, "AMDI0020", 2, "abc", 3);
	fix(&t, t.length - 4, 4, 1);
	CHECK_STR(refusal(&t, t.length), "unit ends inside a device entry");
	/* An unknown type has the length that its upper bits define */
	begin(&t, INFO_48_48);
	unit(&t, 0x10, 0, 2, 0xfed80000, 0, 0);
	entry4(&t, 130, 5, 0);
	CHECK_STR(refusal(&t, t.length), "unit ends inside a device entry");
	put(&t, 0, 8);
	put(&t, 0, 4);
	mend(&t);
	CHECK_STR(refusal(&t, t.length), "accepted");
}

TEST(newest_description_of_a_unit_is_used)
{
	struct ivrs_cursor cursor = { };
	struct ivrs_table table;
	struct ivrs_block block;
	struct table t;

	everything(&t);
	unit(&t, 0x10, 0, 0x402, 0xfed90000, 1, 0);
	unit(&t, 0x10, 0, 2, 0xfeda0000, 1, 0);
	open_table(&table, &t);
	CHECK(ivrs_next_unit(&table, &cursor, &block));
	CHECK_EQ(block.type, 0x40);
	CHECK(!block.complaint);
	CHECK_EQ(block.base, 0xfed80000);
	CHECK_EQ(block.id, 2);
	CHECK_EQ(block.capability, 0x40);
	CHECK(block.has_efr);
	CHECK_EQ(block.efr, 0x29d3);
	/* Units with another id or another segment are other units */
	CHECK(ivrs_next_unit(&table, &cursor, &block));
	CHECK_EQ(block.base, 0xfed90000);
	CHECK(ivrs_next_unit(&table, &cursor, &block));
	CHECK_EQ(block.base, 0xfeda0000);
	CHECK_EQ(block.segment, 1);
	CHECK(!ivrs_next_unit(&table, &cursor, &block));
}

TEST(a_broken_description_does_not_hide_an_older_one)
{
	struct ivrs_cursor cursor = { };
	struct ivrs_table table;
	struct ivrs_block block;
	struct table t;

	begin(&t, INFO_48_48);
	unit(&t, 0x10, 0, 2, 0xfed80000, 0, 0);
	unit(&t, 0x11, 0, 2, 0xfed80001, 0, 0);
	open_table(&table, &t);
	CHECK(ivrs_next_unit(&table, &cursor, &block));
	CHECK_EQ(block.type, 0x10);
	CHECK(!block.complaint);
	CHECK(!ivrs_next_unit(&table, &cursor, &block));
	/* The order does not matter, and one broken block is enough to know */
	begin(&t, INFO_48_48);
	unit(&t, 0x40, 0, 2, 0xfed80001, 0, 0);
	unit(&t, 0x11, 0, 2, 0, 0, 0);
	unit(&t, 0x10, 0, 3, 0xfed80000, 0, 0);
	open_table(&table, &t);
	cursor = (struct ivrs_cursor){ };
	CHECK(ivrs_next_unit(&table, &cursor, &block));
	CHECK_EQ(block.type, 0x40);
	CHECK_STR(block.complaint, "register base is impossible");
	CHECK(ivrs_next_unit(&table, &cursor, &block));
	CHECK_EQ(block.id, 3);
	CHECK(!ivrs_next_unit(&table, &cursor, &block));
}

TEST(unit_with_the_registers_of_an_earlier_one_is_left_out)
{
	struct ivrs_cursor cursor = { };
	struct ivrs_table table;
	struct ivrs_block block;
	struct table t;

	begin(&t, INFO_48_48);
	/* An old description, which does not count, and two units */
	unit(&t, 0x10, 0, 2, 0xfed90000, 0, 0);
	unit(&t, 0x11, 0, 2, 0xfed80000, 0, 0);
	unit(&t, 0x10, 0, 3, 0xfed80000, 0, 0);
	unit(&t, 0x10, 0, 4, 0xfed90000, 0, 0);
	open_table(&table, &t);
	CHECK(ivrs_next_unit(&table, &cursor, &block));
	CHECK_EQ(block.id, 2);
	CHECK(!block.complaint);
	CHECK(ivrs_next_unit(&table, &cursor, &block));
	CHECK_EQ(block.id, 3);
	CHECK_STR(block.complaint, "unit has the registers of an earlier one");
	CHECK(ivrs_next_unit(&table, &cursor, &block));
	CHECK_EQ(block.id, 4);
	CHECK(!block.complaint);
	CHECK(!ivrs_next_unit(&table, &cursor, &block));
}

TEST(the_report_of_type_10h_reads_like_the_register)
{
	struct ivrs_table table;
	struct ivrs_block block;
	struct table t;

	begin(&t, INFO_48_48);
	unit(&t, 0x10, 0, 2, 0xfed80000, 0,
	     2u << 30 | 1u << 28 | 15u << 8 | 0xff);
	open_table(&table, &t);
	first_unit(&table, &block);
	CHECK(block.has_report);
	CHECK(!block.has_efr);
	CHECK_EQ(FIELD_GET(EFR_HATS, block.efr), 2);
	CHECK_EQ(FIELD_GET(EFR_GATS, block.efr), 1);
	CHECK_EQ(FIELD_GET(EFR_PAS_MAX, block.efr), 15);
	CHECK_EQ(FIELD_GET(EFR_GLX_SUP, block.efr), 3);
	CHECK_EQ(block.efr & (EFR_XT_SUP | EFR_NX_SUP | EFR_GT_SUP |
			      EFR_IA_SUP | EFR_GA_SUP | EFR_HE_SUP),
		 EFR_XT_SUP | EFR_NX_SUP | EFR_GT_SUP | EFR_IA_SUP |
		 EFR_GA_SUP | EFR_HE_SUP);
	CHECK_EQ(block.efr & (EFR_PREF_SUP | EFR_PPR_SUP | EFR_HD_SUP), 0);
}

TEST(malformed_unit_is_reported)
{
	static const struct {
		u64 base;
		u16 capability;
		const char *complaint;
	} units[] = {
		{ 0, 0x40, "register base is impossible" },
		{ 0xfed81000, 0x40, "register base is impossible" },
		{ 1ull << 48, 0x40, "registers are beyond the address width" },
		{ ~0x3fffull, 0x40, "registers are beyond the address width" },
		{ 0xfed80000, 0x3c, "capability offset is impossible" },
		{ 0xfed80000, 0x42, "capability offset is impossible" },
		{ 0xfed80000, 0x100, "capability offset is impossible" },
	};
	struct ivrs_table table;
	struct ivrs_block block;
	struct table t;

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		begin(&t, INFO_48_48);
		unit(&t, 0x11, 0, 2, units[i].base, 0, 0);
		fix(&t, t.structure + 6, units[i].capability, 2);
		open_table(&table, &t);
		first_unit(&table, &block);
		CHECK_STR(block.complaint, units[i].complaint);
	}
}

static void add_range(struct table *t)
{
	entry4(t, 3, 8, 0xd7);
	entry8(t, 64, 0, 0, 0);
	entry4(t, 0, 0, 0);
	entry4(t, 4, 0xfffe, 0);
}

TEST(a_range_is_one_entry_whatever_padding_it_has)
{
	struct ivrs_entry entry;

	one_entry(add_range, &entry);
	CHECK(!entry.complaint);
	CHECK_EQ(entry.kind, IVRS_DEVICES);
	CHECK_EQ(entry.first, 8);
	CHECK_EQ(entry.last, 0xfffe);
	CHECK_EQ(entry.data, 0xd7);
	CHECK(!entry.has_alias);
}

static void add_all(struct table *t)
{
	entry4(t, 1, 0x1234, 0x30);
}

static void add_alias_range(struct table *t)
{
	entry8(t, 67, 0x200, 0x40, 0x3aa << 8);
	entry4(t, 4, 0x2ff, 0);
}

static void add_extended(struct table *t)
{
	entry8(t, 70, 0x400, 0, 0x80000000);
}

TEST(all_alias_and_extended_entries_are_told_apart)
{
	struct ivrs_entry entry;

	one_entry(add_all, &entry);
	CHECK_EQ(entry.first, 0);
	CHECK_EQ(entry.last, 0xffff);
	CHECK_EQ(entry.data, 0x30);
	one_entry(add_alias_range, &entry);
	CHECK(entry.has_alias);
	CHECK_EQ(entry.alias, 0x3aa);
	CHECK_EQ(entry.first, 0x200);
	CHECK_EQ(entry.last, 0x2ff);
	one_entry(add_extended, &entry);
	CHECK_EQ(entry.first, 0x400);
	CHECK_EQ(entry.last, 0x400);
	CHECK_EQ(entry.extended, IVHD_ATS_DISABLED);
}

static void add_endless(struct table *t)
{
	entry4(t, 3, 8, 0);
	entry4(t, 2, 9, 0);
}

static void add_startless(struct table *t)
{
	entry4(t, 4, 9, 0);
}

static void add_backward(struct table *t)
{
	entry4(t, 3, 9, 0);
	entry4(t, 4, 8, 0);
}

static void add_special_of_no_kind(struct table *t)
{
	entry8(t, 72, 0, 0, 3u << 24 | 0xa0 << 8);
}

static void add_nameless(struct table *t)
{
	acpi(t, 1, "", 0, "", 0);
}

static void add_no_number(struct table *t)
{
	acpi(t, 1, "AMDI0020", 1, "", 0);
}

static void add_large_number(struct table *t)
{
	acpi(t, 1, "AMDI0020", 1, "\1\0\0\0\0\0\0\0\1", 9);
}

static void add_empty_text(struct table *t)
{
	acpi(t, 1, "AMDI0020", 2, "", 0);
}

static void add_unknown_format(struct table *t)
{
	acpi(t, 1, "AMDI0020", 3, "x", 1);
}

TEST(malformed_entry_is_reported)
{
	static const struct {
		void (*add)(struct table *t);
		const char *complaint;
	} entries[] = {
		{ add_endless, "range has no end" },
		{ add_startless, "end of a range without a start" },
		{ add_backward, "range ends before it begins" },
		{ add_special_of_no_kind,
		  "special device is neither IOAPIC nor HPET" },
		{ add_nameless, "ACPI device without a hardware id" },
		{ add_no_number, "unique id is empty" },
		{ add_large_number, "unique id is longer than 8 bytes" },
		{ add_empty_text, "unique id is empty" },
		{ add_unknown_format, "unique id has an unknown format" },
	};
	struct ivrs_entry entry;

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		one_entry(entries[i].add, &entry);
		CHECK_STR(entry.complaint, entries[i].complaint);
	}
}

TEST(a_number_of_any_length_is_a_unique_id)
{
	static const struct {
		const char *bytes;
		u8 length;
		u64 number;
	} ids[] = {
		{ "\1", 1, 1 },
		{ "\1\0", 2, 1 },
		{ "\1\2\3\4", 4, 0x04030201 },
		{ "\1\0\0\0\0\0\0\200", 8, 1ull << 63 | 1 },
		{ "\1\0\0\0\0\0\0\0\0\0", 10, 1 },
	};
	struct ivrs_entry entry;
	struct ivrs_table table;
	struct ivrs_block block;
	struct table t;

	begin(&t, INFO_48_48);
	unit(&t, 0x40, 0, 2, 0xfed80000, 0, 0);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		acpi(&t, i, "MSFT0201", 1, ids[i].bytes, ids[i].length);
	open_table(&table, &t);
	first_unit(&table, &block);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		CHECK(ivrs_next_entry(&table, &block, &entry));
		CHECK(!entry.complaint);
		CHECK_EQ(entry.uid_format, IVRS_UID_INTEGER);
		CHECK_EQ(entry.uid_number, ids[i].number);
		if (ids[i].length == 8)
			CHECK(!entry.remark);
		else
			CHECK_STR(entry.remark,
				  "unique id is a number, but not of 8 bytes; used");
	}
}

TEST(entries_after_an_endless_range_are_read)
{
	struct ivrs_entry entry;
	struct ivrs_table table;
	struct ivrs_block block;
	struct table t;

	begin(&t, INFO_48_48);
	unit(&t, 0x10, 0, 2, 0xfed80000, 0, 0);
	add_endless(&t);
	open_table(&table, &t);
	first_unit(&table, &block);
	CHECK(ivrs_next_entry(&table, &block, &entry));
	CHECK(ivrs_next_entry(&table, &block, &entry));
	CHECK(!entry.complaint);
	CHECK_EQ(entry.first, 9);
	CHECK(!ivrs_next_entry(&table, &block, &entry));
}

TEST(special_and_acpi_devices_are_named)
{
	struct ivrs_entry entry;
	struct ivrs_table table;
	struct ivrs_block block;
	unsigned int seen = 0;
	struct table t;

	everything(&t);
	open_table(&table, &t);
	first_unit(&table, &block);
	while (ivrs_next_entry(&table, &block, &entry)) {
		CHECK(!entry.complaint);
		switch (entry.first) {
		case 0xa0:
			CHECK_EQ(entry.kind, IVRS_SPECIAL);
			CHECK_EQ(entry.handle,
				 entry.variety == IVRS_IOAPIC ? 33 : 0);
			seen |= entry.variety == IVRS_IOAPIC ? 1 : 2;
			break;
		case 0x98:
			CHECK_EQ(entry.kind, IVRS_ACPI_DEVICE);
			CHECK_STR(entry.hid, "AMDI0020");
			CHECK_STR(entry.uid, "\\_SB.FUR0");
			seen |= 4;
			break;
		case 0x99:
			CHECK_EQ(entry.uid_format, IVRS_UID_INTEGER);
			CHECK_EQ(entry.uid_number, 5);
			seen |= 8;
			break;
		case 0x9a:
			CHECK_EQ(entry.uid_format, IVRS_UID_NONE);
			seen |= 16;
			break;
		}
	}
	CHECK_EQ(seen, 31);
}

TEST(only_type_40h_names_acpi_devices)
{
	struct ivrs_entry entry;
	struct ivrs_table table;
	struct ivrs_block block;
	struct table t;

	begin(&t, INFO_48_48);
	unit(&t, 0x11, 0, 2, 0xfed80000, 0, 0);
	acpi(&t, 0x98, "AMDI0020", 0, "", 0);
	open_table(&table, &t);
	first_unit(&table, &block);
	CHECK(!ivrs_next_entry(&table, &block, &entry));
}

TEST(memory_block_names_its_devices)
{
	static const struct {
		u16 first, last;
		u64 base, size;
		u8 flags;
	} wanted[] = {
		{ 0, 0xffff, 0x70000000, 0x10000, 0x07 },
		{ 0x100, 0x100, 0x71000000, 0x1000, 0x03 },
		{ 0x200, 0x2ff, 0x72000000, 0x2000, 0x08 },
	};
	struct ivrs_cursor cursor = { };
	struct ivrs_table table;
	struct ivrs_block block;
	unsigned int i = 0;
	struct table t;

	everything(&t);
	open_table(&table, &t);
	while (ivrs_next(&table, &cursor, &block)) {
		if (ivrs_is_unit(&block))
			continue;
		CHECK(i < ARRAY_SIZE(wanted));
		CHECK(!block.complaint);
		CHECK_EQ(block.id, wanted[i].first);
		CHECK_EQ(block.last, wanted[i].last);
		CHECK_EQ(block.base, wanted[i].base);
		CHECK_EQ(block.size, wanted[i].size);
		CHECK_EQ(block.flags, wanted[i].flags);
		i++;
	}
	CHECK_EQ(i, ARRAY_SIZE(wanted));
}

TEST(malformed_memory_block_is_reported)
{
	static const struct {
		u8 type;
		u16 first, last;
		u64 base, size;
		const char *complaint;
	} blocks[] = {
		{ 0x22, 5, 4, 0x1000, 0x1000,
		  "memory of a range that ends before it begins" },
		{ 0x20, 0, 0, 0x1000, 0, "memory is empty" },
		{ 0x20, 0, 0, ~0xfffull, 0x2000, "memory ends before it begins" },
		{ 0x20, 0, 0, ~0xfffull, 1, "memory is beyond the address width" },
		{ 0x20, 0, 0, (1ull << 48) - 1, 2,
		  "memory is beyond the address width" },
		{ 0x20, 0, 0, (1ull << 48) - 0x1000, 0x2000,
		  "memory is beyond the address width" },
	};
	struct ivrs_table table;
	struct ivrs_block block;
	struct table t;

	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++) {
		struct ivrs_cursor cursor = { };

		begin(&t, INFO_48_48);
		memory(&t, blocks[i].type, 1, blocks[i].first, blocks[i].last,
		       blocks[i].base, blocks[i].size);
		open_table(&table, &t);
		CHECK(ivrs_next(&table, &cursor, &block));
		CHECK_STR(block.complaint, blocks[i].complaint);
	}
}

TEST(memory_is_rounded_outward_to_pages)
{
	static const struct {
		u64 base, size, base_used, size_used;
	} blocks[] = {
		{ 0x9618e000, 1, 0x9618e000, 0x1000 },
		{ 0x1001, 0x1000, 0x1000, 0x2000 },
		{ 0x1fff, 2, 0x1000, 0x2000 },
		{ 0x1000, 0x1800, 0x1000, 0x2000 },
		{ 0, 1, 0, 0x1000 },
		{ (1ull << 48) - 2, 1, (1ull << 48) - 0x1000, 0x1000 },
	};
	struct ivrs_table table;
	struct ivrs_block block;
	struct table t;

	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++) {
		struct ivrs_cursor cursor = { };

		begin(&t, INFO_48_48);
		memory(&t, 0x22, 8, 0, 0xfff, blocks[i].base, blocks[i].size);
		open_table(&table, &t);
		CHECK(ivrs_next(&table, &cursor, &block));
		CHECK_STR(block.complaint ?: "none", "none");
		CHECK_STR(block.remark ?: "none",
			  "memory is not whole pages; rounded outward");
		CHECK_EQ(block.base, blocks[i].base_used);
		CHECK_EQ(block.size, blocks[i].size_used);
	}
}

/* A table must not lead to interrupt addresses */
TEST(interrupt_addresses_are_no_reserved_memory)
{
	static const struct {
		u64 base, size;
		const char *complaint, *remark;
	} blocks[] = {
		{ 0xfee00000, 0x100000, "memory is nothing but interrupt addresses", "none" },
		{ 0xfee00000, 0x1000, "memory is nothing but interrupt addresses", "none" },
		{ 0xfedff000, 0x2000, "none",
		  "memory has interrupt addresses in it, which are left out" },
		{ 0xfeeff000, 0x1001, "none",
		  "memory has interrupt addresses in it, which are left out" },
		{ 0xfe000000, 0x2000000, "none",
		  "memory has interrupt addresses in it, which are left out" },
		{ 0xfedff000, 0x1000, "none", "none" },
		{ 0xfef00000, 0x1000, "none", "none" },
		{ 0x1fee00000, 0x100000, "none", "none" },
	};
	struct ivrs_table table;
	struct ivrs_block block;
	struct table t;

	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++) {
		struct ivrs_cursor cursor = { };

		begin(&t, INFO_48_48);
		memory(&t, 0x22, 8, 0, 0xfff, blocks[i].base, blocks[i].size);
		open_table(&table, &t);
		CHECK(ivrs_next(&table, &cursor, &block));
		CHECK_STR(block.complaint ?: "none", blocks[i].complaint);
		CHECK_STR(block.remark ?: "none", blocks[i].remark);
	}
}

static void event_at(u64 address, u64 flags, struct amdvi_event *event)
{
	u64 raw[2] = { 2ull << 60 | 7ull << 32 | 0x20 | flags, address };

	amdvi_event_decode(raw, event);
}

static void page_fault(u64 flags, struct amdvi_event *event)
{
	event_at(0x12345678, flags, event);
}

TEST(page_fault_is_described_in_words)
{
	struct amdvi_event event;

	page_fault(0, &event);
	CHECK_EQ(event.code, EVENT_PAGE_FAULT);
	CHECK_EQ(event.source_id, 0x20);
	CHECK_EQ(event.address, 0x12345678);
	CHECK(!event.write);
	CHECK(amdvi_event_is_blocked_dma(&event));
	CHECK_STR(amdvi_event_reason(&event), "page not present");
	page_fault(EVENT_PR | EVENT_RW, &event);
	CHECK(event.write);
	CHECK_STR(amdvi_event_reason(&event), "no write permission");
	page_fault(EVENT_PR, &event);
	CHECK_STR(amdvi_event_reason(&event), "no read permission");
	page_fault(EVENT_PR | EVENT_RZ, &event);
	CHECK_STR(amdvi_event_reason(&event),
		  "reserved bits or an impossible level in a page table");
	page_fault(EVENT_I, &event);
	CHECK(!event.interrupt);
	event_at(0xfee01000, EVENT_I, &event);
	CHECK(event.interrupt);
	CHECK(!amdvi_event_is_blocked_dma(&event));
}

TEST(every_event_has_words_and_few_have_no_device)
{
	struct amdvi_event event;
	unsigned int without = 0;

	for (u64 code = 0; code < 16; code++) {
		for (u64 flags = 0; flags < 4096; flags++) {
			u64 raw[2] = { code << 60 | flags << 48, 0 };

			amdvi_event_decode(raw, &event);
			CHECK_EQ(event.code, code);
			CHECK(amdvi_event_reason(&event));
		}
		if (!amdvi_event_has_device(&event)) {
			CHECK(!amdvi_event_is_blocked_dma(&event));
			without++;
		}
	}
	CHECK_EQ(without, 4);
}

TEST(page_request_is_decoded)
{
	const u64 raw[] = { 0x11242bab12340018, 0xfedcba9876543fff };
	struct amdvi_page_request request;

	CHECK(amdvi_page_request_decode(raw, &request));
	CHECK_EQ(request.source_id, 0x18);
	CHECK(request.has_pasid);
	CHECK_EQ(request.pasid, 0xa1234);
	CHECK_EQ(request.group, 0x1ab);
	CHECK(request.last);
	CHECK(request.read);
	CHECK(request.write);
	CHECK(!request.execute);
	CHECK_EQ(request.address, 0xfedcba9876543000);
}

TEST(other_events_are_not_page_requests)
{
	struct amdvi_page_request request;

	for (u64 code = 0; code < 16; code++) {
		u64 raw[2] = { code << 60 | ~0ull >> 4, ~0ull };

		CHECK_EQ(amdvi_page_request_decode(raw, &request), code == 1);
	}
}

TEST(last_request_of_a_group_needs_a_response)
{
	static const struct {
		u64 flags;
		bool wants;
	} cases[] = {
		{ PPR_READ, false },
		{ PPR_READ | PPR_LAST, true },
		{ PPR_WRITE | PPR_LAST | PPR_GN, true },
		{ PPR_EXECUTE | PPR_READ | PPR_LAST | PPR_GN, true },
		{ PPR_LAST, true },
		/* A marker that the PASID is no longer used */
		{ PPR_LAST | PPR_GN, false },
	};
	struct amdvi_page_request request;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		u64 raw[2] = { 1ull << 60 | cases[i].flags, 0 };

		CHECK(amdvi_page_request_decode(raw, &request));
		CHECK_EQ(amdvi_page_request_wants_response(&request),
			 cases[i].wants);
	}
}
