// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the reader of DMAR tables.
 */
#include "ktap.h"

#include "dmar.h"
#include "table.h"

static void open_table(struct dmar_table *out, const struct table *t)
{
	struct dmar_error error;

	if (dmar_open(out, t->bytes, t->length, &error))
		ktap_fail("at %zu: %s", error.offset, error.what);
}

static const char *refusal(const struct table *t, size_t available)
{
	struct dmar_error error = { .what = "none" };
	struct dmar_table out;

	return dmar_open(&out, t->bytes, available, &error) ? error.what :
							      "accepted";
}

/* The complaint about the only structure of a table */
static const char *complaint(const struct table *t)
{
	struct dmar_cursor cursor = { };
	struct dmar_structure s;
	struct dmar_table out;

	open_table(&out, t);
	CHECK(dmar_next(&out, &cursor, &s));
	return s.complaint ?: "none";
}

#define CHECK_STR(a, b)							\
	do {								\
		const char *is_ = (a);					\
									\
		if (!strstr(is_, b))					\
			ktap_fail("%s is \"%s\", not \"%s\"", #a, is_, b); \
	} while (0)

TEST(one_of_everything_is_read)
{
	static const enum dmar_type types[] = {
		DMAR_DRHD, DMAR_DRHD, DMAR_RMRR, DMAR_ATSR, DMAR_RHSA,
		DMAR_ANDD, DMAR_SATC, DMAR_SIDP,
	};
	struct dmar_cursor cursor = { };
	struct dmar_structure s[8];
	struct dmar_scope scope;
	struct dmar_table out;
	struct table t;

	everything(&t);
	open_table(&out, &t);
	CHECK_EQ(out.width, 46);
	for (unsigned int i = 0; i < 8; i++) {
		CHECK(dmar_next(&out, &cursor, &s[i]));
		CHECK_EQ(s[i].type, types[i]);
		CHECK(!s[i].complaint && !s[i].remark);
	}
	CHECK(!dmar_next(&out, &cursor, &s[7]));
	CHECK_EQ(s[0].base, 0xfed90000);
	CHECK_EQ(s[0].size, 4096);
	CHECK_EQ(s[1].flags, DMAR_INCLUDE_PCI_ALL);
	CHECK_EQ(s[1].segment, 1);
	CHECK_EQ(s[2].base, 0x7d000000);
	CHECK_EQ(s[2].last, 0x7f7fffff);
	CHECK_EQ(s[4].proximity, 3);
	CHECK_EQ(s[5].number, 7);
	CHECK(!strcmp(s[5].name, "\\_SB.I2C0"));

	CHECK(dmar_next_scope(&out, &s[0], &scope));
	CHECK_EQ(scope.type, DMAR_SCOPE_ENDPOINT);
	CHECK_EQ(scope.depth, 1);
	CHECK_EQ(scope.path[0].device, 2);
	CHECK(dmar_next_scope(&out, &s[0], &scope));
	CHECK_EQ(scope.type, DMAR_SCOPE_BRIDGE);
	CHECK_EQ(scope.depth, 2);
	CHECK_EQ(scope.path[1].device, 1);
	CHECK_EQ(scope.path[1].function, 2);
	CHECK(dmar_next_scope(&out, &s[0], &scope));
	CHECK_EQ(scope.type, DMAR_SCOPE_IOAPIC);
	CHECK_EQ(scope.bus, 0xf0);
	CHECK(dmar_next_scope(&out, &s[0], &scope));
	CHECK_EQ(scope.type, DMAR_SCOPE_HPET);
	CHECK(dmar_next_scope(&out, &s[0], &scope));
	CHECK_EQ(scope.type, DMAR_SCOPE_NAMESPACE);
	CHECK_EQ(scope.id, 7);
	CHECK(!dmar_next_scope(&out, &s[0], &scope));
}

TEST(a_table_cut_short_anywhere_is_refused)
{
	struct table t;

	everything(&t);
	for (size_t length = 0; length < t.length; length++)
		if (!strcmp(refusal(&t, length), "accepted"))
			ktap_fail("cut to %zu bytes it was accepted", length);
	CHECK_STR(refusal(&t, t.length), "accepted");
}

TEST(impossible_lengths_are_refused)
{
	struct table t;

	everything(&t);
	fix(&t, 4, t.length + 1, 4);
	CHECK_STR(refusal(&t, t.length), "table has an impossible length");
	everything(&t);
	fix(&t, 4, 47, 4);
	CHECK_STR(refusal(&t, t.length), "table has an impossible length");
	everything(&t);
	fix(&t, 48 + 2, 0, 2);
	CHECK_STR(refusal(&t, t.length), "structure has an impossible length");
	everything(&t);
	fix(&t, 48 + 2, 0xffff, 2);
	CHECK_STR(refusal(&t, t.length), "structure has an impossible length");
	everything(&t);
	fix(&t, 48 + 2, 15, 2);
	CHECK_STR(refusal(&t, t.length), "shorter than its type");
	for (u8 length = 0; length < 6; length++) {
		everything(&t);
		fix(&t, 48 + 16 + 1, length, 1);
		CHECK_STR(refusal(&t, t.length), "scope has an impossible");
	}
	everything(&t);
	fix(&t, 48 + 16 + 1, 255, 1);
	CHECK_STR(refusal(&t, t.length), "scope has an impossible length");
	everything(&t);
	fix(&t, 48 + 16 + 1, 9, 1);
	CHECK_STR(refusal(&t, t.length), "inside a path entry");
}

TEST(another_table_is_refused)
{
	struct table t;

	everything(&t);
	t.bytes[0] = 'X';
	CHECK_STR(refusal(&t, t.length), "signature");
	everything(&t);
	t.bytes[36] = 30;
	CHECK_STR(refusal(&t, t.length), "width");
}

TEST(unit_with_an_impossible_register_base_is_left_out)
{
	struct table t;

	begin(&t, 39);
	drhd(&t, 1, 0, 0);
	CHECK_STR(complaint(&t), "register base is 0");
	begin(&t, 39);
	drhd(&t, 1, 0, 0xfed90800);
	CHECK_STR(complaint(&t), "not page-aligned");
	begin(&t, 39);
	drhd(&t, 1, 0, 1ull << 39);
	CHECK_STR(complaint(&t), "beyond the address width");
	begin(&t, 64);
	drhd(&t, 1, 0, ~0ull << 12);
	t.bytes[48 + 5] = 1;
	CHECK_STR(complaint(&t), "beyond the address width");
	begin(&t, 39);
	drhd(&t, 1, 0, (1ull << 39) - 4096);
	CHECK_STR(complaint(&t), "none");
}

TEST(unit_with_the_registers_of_an_earlier_one_is_left_out)
{
	static const char *const complaints[] = {
		"register base is 0", "none", "register base is 0",
		"has the registers of an earlier one", "none",
		"has the registers of an earlier one",
	};
	struct dmar_cursor cursor = { };
	struct dmar_structure s;
	struct dmar_table out;
	struct table t;

	begin(&t, 39);
	drhd(&t, 0, 0, 0);
	drhd(&t, 0, 0, 0xfed90000);
	/* Those of a unit that is left out itself do not count */
	drhd(&t, 0, 0, 0);
	drhd(&t, 1, 1, 0xfed90000);
	drhd(&t, 1, 0, 0xfed91000);
	drhd(&t, 0, 0, 0xfed90000);
	open_table(&out, &t);
	for (size_t i = 0; i < ARRAY_SIZE(complaints); i++) {
		CHECK(dmar_next(&out, &cursor, &s));
		CHECK_STR(s.complaint ?: "none", complaints[i]);
	}
	CHECK(!dmar_next(&out, &cursor, &s));
}

TEST(more_units_than_any_machine_has_are_refused)
{
	struct table t;

	begin(&t, 39);
	for (unsigned int i = 0; i < DMAR_UNITS_MAX; i++)
		drhd(&t, 0, 0, 0xfe000000 + i * 0x1000ull);
	CHECK_STR(refusal(&t, t.length), "accepted");
	drhd(&t, 0, 0, 0xfd000000);
	CHECK_STR(refusal(&t, t.length), "more units than any machine");
}

TEST(many_units_with_the_registers_of_others_are_refused)
{
	struct dmar_cursor cursor = { };
	struct dmar_structure s;
	struct dmar_table out;
	unsigned int left_out = 0;
	struct table t;

	begin(&t, 39);
	for (unsigned int i = 0; i < 1 + DMAR_TWINS_MAX; i++)
		drhd(&t, 0, 0, 0xfed90000);
	open_table(&out, &t);
	while (dmar_next(&out, &cursor, &s))
		left_out += !!s.complaint;
	CHECK_EQ(left_out, DMAR_TWINS_MAX);
	drhd(&t, 0, 0, 0xfed90000);
	CHECK_STR(refusal(&t, t.length), "registers of earlier ones");
}

/* The contradiction of the last unit of a table */
static const char *contradiction(const struct table *t)
{
	struct dmar_cursor cursor = { };
	struct dmar_structure s;
	struct dmar_table out;

	open_table(&out, t);
	while (dmar_next(&out, &cursor, &s))
		CHECK(!s.complaint);
	return dmar_contradiction(&out, &s) ?: "none";
}

/* A unit that names function 0 of a device */
static void unit_of(struct table *t, u8 flags, u16 segment, u64 base, u8 device)
{
	drhd(t, flags, segment, base);
	scope(t, 1, 0, 0);
	path(t, device, 0);
}

TEST(unit_that_claims_a_device_of_an_earlier_one_is_told_of)
{
	struct table t;

	begin(&t, 39);
	unit_of(&t, 0, 0, 0xfed90000, 2);
	unit_of(&t, 1, 0, 0xfed91000, 3);
	CHECK_STR(contradiction(&t), "none");
	unit_of(&t, 0, 0, 0xfed92000, 3);
	CHECK_STR(contradiction(&t), "names a device of an earlier one");
	begin(&t, 39);
	unit_of(&t, 1, 0, 0xfed90000, 2);
	unit_of(&t, 1, 0, 0xfed91000, 3);
	CHECK_STR(contradiction(&t), "the second that includes all");
	/* Another segment has devices and a rest of its own */
	begin(&t, 39);
	unit_of(&t, 1, 0, 0xfed90000, 2);
	unit_of(&t, 1, 1, 0xfed91000, 2);
	CHECK_STR(contradiction(&t), "none");
}

TEST(malformed_reserved_memory_is_left_out)
{
	struct table t;

	begin(&t, 39);
	rmrr(&t, 0, 0, 0);
	CHECK_STR(complaint(&t), "reserved memory is empty");
	begin(&t, 39);
	rmrr(&t, 0, 0x1000, 0x1fff);
	CHECK_STR(complaint(&t), "none");
	begin(&t, 39);
	rmrr(&t, 0, 0x3000, 0x1fff);
	CHECK_STR(complaint(&t), "before it begins");
	begin(&t, 39);
	rmrr(&t, 0, 0x3000, 0x2fff);
	CHECK_STR(complaint(&t), "before it begins");
	begin(&t, 39);
	rmrr(&t, 0, (1ull << 39) - 0x1000, 1ull << 39);
	CHECK_STR(complaint(&t), "beyond the address width");
	begin(&t, 64);
	rmrr(&t, 0, 0x1000, ~0ull);
	CHECK_STR(complaint(&t), "beyond the address width");
	begin(&t, 39);
	rmrr(&t, 0, 1ull << 40, (1ull << 40) + 0xfff);
	CHECK_STR(complaint(&t), "beyond the address width");
}

TEST(reserved_memory_is_rounded_outward_to_pages)
{
	static const struct {
		u64 base, last, first_used, last_used;
	} regions[] = {
		{ 0x7e000000, 0x7e00fffe, 0x7e000000, 0x7e00ffff },
		{ 0x7e000000, 0x7e001000, 0x7e000000, 0x7e001fff },
		{ 0x7e000400, 0x7e00ffff, 0x7e000000, 0x7e00ffff },
		{ 0x7e000fff, 0x7e001000, 0x7e000000, 0x7e001fff },
		{ 0x1800, 0x1800, 0x1000, 0x1fff },
		{ 0, 1, 0, 0xfff },
		{ (1ull << 39) - 2, (1ull << 39) - 2, (1ull << 39) - 0x1000, (1ull << 39) - 1 },
	};
	struct dmar_structure s;
	struct dmar_table out;
	struct table t;

	for (size_t i = 0; i < ARRAY_SIZE(regions); i++) {
		struct dmar_cursor cursor = { };

		begin(&t, 39);
		rmrr(&t, 0, regions[i].base, regions[i].last);
		open_table(&out, &t);
		CHECK(dmar_next(&out, &cursor, &s));
		CHECK_STR(s.complaint ?: "none", "none");
		CHECK_STR(s.remark ?: "none", "rounded outward");
		CHECK_EQ(s.base, regions[i].first_used);
		CHECK_EQ(s.last, regions[i].last_used);
	}
}

/* A table must not lead to interrupt addresses */
TEST(interrupt_addresses_are_no_reserved_memory)
{
	static const struct {
		u64 base, last;
		const char *complaint, *remark;
	} regions[] = {
		{ 0xfee00000, 0xfeefffff, "nothing but interrupt addresses", "none" },
		{ 0xfee00000, 0xfee00fff, "nothing but interrupt addresses", "none" },
		{ 0xfeefffff, 0xfeefffff, "nothing but interrupt addresses", "rounded outward" },
		{ 0xfedff000, 0xfee00000, "none", "interrupt addresses in it, which are left out" },
		{ 0xfee00000, 0xfef00000, "none", "interrupt addresses in it, which are left out" },
		{ 0xfeeff000, 0xfeffffff, "none", "interrupt addresses in it, which are left out" },
		{ 0xfe000000, 0xffffffff, "none", "interrupt addresses in it, which are left out" },
		{ 0xfedff000, 0xfedfffff, "none", "none" },
		{ 0xfef00000, 0xfef00fff, "none", "none" },
		{ 0x1fee00000, 0x1feefffff, "none", "none" },
	};
	struct dmar_structure s;
	struct dmar_table out;
	struct table t;

	for (size_t i = 0; i < ARRAY_SIZE(regions); i++) {
		struct dmar_cursor cursor = { };

		begin(&t, 39);
		rmrr(&t, 0, regions[i].base, regions[i].last);
		open_table(&out, &t);
		CHECK(dmar_next(&out, &cursor, &s));
		CHECK_STR(s.complaint ?: "none", regions[i].complaint);
		CHECK_STR(s.remark ?: "none", regions[i].remark);
	}
}

TEST(a_device_name_ends_inside_its_structure)
{
	struct table t;

	begin(&t, 39);
	andd(&t, 1, "\\_SB", 5);
	CHECK_STR(complaint(&t), "none");
	begin(&t, 39);
	andd(&t, 1, "\\_SB", 4);
	drhd(&t, 0, 0, 0xfed90000);
	CHECK_STR(complaint(&t), "does not end");
	begin(&t, 39);
	andd(&t, 1, "", 0);
	CHECK_STR(complaint(&t), "does not end");
}

TEST(reserved_types_are_skipped)
{
	struct dmar_cursor cursor = { };
	struct dmar_structure s;
	struct dmar_scope scope_of;
	struct dmar_table out;
	struct table t;

	begin(&t, 39);
	structure(&t, 77);
	put(&t, 0x1234, 2);
	mend(&t);
	drhd(&t, 0, 0, 0xfed90000);
	scope(&t, 9, 0, 0);
	path(&t, 1, 0);
	scope(&t, 1, 0, 0);
	scope(&t, 1, 0, 3);
	path(&t, 4, 0);
	open_table(&out, &t);
	CHECK(dmar_next(&out, &cursor, &s));
	CHECK_EQ(s.type, DMAR_DRHD);
	/* A scope of a reserved type, and one without a path, name nothing */
	CHECK(dmar_next_scope(&out, &s, &scope_of));
	CHECK_EQ(scope_of.bus, 3);
	CHECK(!dmar_next_scope(&out, &s, &scope_of));
	CHECK(!dmar_next(&out, &cursor, &s));
}
