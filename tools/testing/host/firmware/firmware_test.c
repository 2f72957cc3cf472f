// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the lists and texts that tools/firmware makes of tables.
 */
#include "ktap.h"

#include "firmware.h"
#include "tables.h"

/* A table read, and what is printed about it */
static struct firmware_table read_table;

static void correct_checksum(struct table *t)
{
	u8 sum = 0;

	for (size_t i = 0; i < t->length; i++)
		sum += t->bytes[i];
	t->bytes[9] -= sum;
}

static char *print(struct table *t,
		   void (*how)(const struct firmware_table *table, FILE *to))
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	correct_checksum(t);
	CHECK_EQ(firmware_read(&read_table, t->bytes, t->length), 0);
	how(&read_table, to);
	fclose(to);
	return text;
}

#define CHECK_TEXT(t, how, wanted)					\
	do {								\
		char *text_ = print(t, how);				\
									\
		if (strcmp(text_, wanted))				\
			ktap_fail("printed:\n%s\nnot:\n%s", text_,	\
				  wanted);				\
		free(text_);						\
		firmware_free(&read_table);				\
	} while (0)

static const char dmar_words[] =
	"Intel VT-d (DMAR table), addresses of 46 bits\n"
	"Unit with registers at 0xfed90000, segment 0, proximity domain 3\n"
	"    00:02.0\n"
	"    00:1c.0/01.2 and all devices below\n"
	"    IOAPIC 2 (f0:1f.0)\n"
	"    HPET 0 (00:0f.0)\n"
	"    \\_SB.I2C0 (00:15.0)\n"
	"Unit with registers at 0xfed91000, segment 1\n"
	"    every device without another unit\n"
	"Reserved memory 0x7d000000 to 0x7f7fffff, 40960 KiB, read and written, segment 0\n"
	"    00:02.0\n"
	"Root ports that allow device-TLBs, segment 0\n"
	"    all root ports\n"
	"Integrated devices with device-TLBs, segment 0; they need them\n"
	"    00:0a.0\n"
	"Integrated devices with properties, segment 0\n"
	"    00:0b.0\n";

static const char ivrs_words[] =
	"AMD-Vi (IVRS table), addresses of 48 bits\n"
	"Unit with registers at 0xfed80000, segment 0, itself 00:00.2, described by type 40h, features 0x29d3\n"
	"    00:01.0 to ff:1f.6\n"
	"    01:00.0, as 00:14.5\n"
	"    02:00.0 to 02:1f.7, as 03:00.0\n"
	"    04:00.0, no device-TLB\n"
	"    05:00.0 to 05:1f.7\n"
	"    IOAPIC 33 (00:14.0)\n"
	"    HPET 0 (00:14.0)\n"
	"    AMDI0020:\\_SB.FUR0 (00:13.0)\n"
	"    AMDI0095:5 (00:13.1)\n"
	"    AMDI0040 (00:13.2)\n"
	"Reserved memory 0x70000000 to 0x7000ffff, 64 KiB, read and written, segment 0\n"
	"    00:00.0 to ff:1f.7\n"
	"Reserved memory 0x71000000 to 0x71000fff, 4 KiB, read, segment 0\n"
	"    01:00.0\n"
	"Reserved memory 0x72000000 to 0x72001fff, 8 KiB, read and written (an exclusion range), segment 0\n"
	"    02:00.0 to 02:1f.7\n";

/* The same for a text in parts */
#define CHECK_PARTS(t, how, ...)					\
	do {								\
		static const char *const parts_[] = { __VA_ARGS__ };	\
		char all_[2048] = "";					\
									\
		for (size_t i = 0; i < ARRAY_SIZE(parts_); i++)		\
			strcat(all_, parts_[i]);			\
		CHECK_TEXT(t, how, all_);				\
	} while (0)

TEST(a_dmar_is_one_line)
{
	struct table t;

	every_dmar(&t);
	t.bytes[37] = 5;
	CHECK_PARTS(&t, firmware_line,
		    "dmar 46 bits ir opt-in, ",
		    "unit fed90000 (1 pci, 1 bridges, 1 ioapic, 1 hpet, 1 acpi), ",
		    "unit fed91000 segment 1 (all), ",
		    "1 reserved (40960 KiB for 1), ",
		    "1 atsr (all, 0), 1 satc (1), 1 sidp (1)");
}

TEST(a_dmar_is_described_in_words)
{
	struct table t;

	every_dmar(&t);
	CHECK_TEXT(&t, firmware_describe, dmar_words);
}

TEST(an_ivrs_is_one_line)
{
	struct table t;

	every_ivrs(&t);
	CHECK_PARTS(&t, firmware_line,
		    "ivrs 48 bits, ",
		    "unit fed80000 type 40h (5 pci, 1 ioapic, 1 hpet, 3 acpi), ",
		    "3 reserved (76 KiB for 3)");
}

TEST(an_ivrs_is_described_in_words)
{
	struct table t;

	every_ivrs(&t);
	CHECK_TEXT(&t, firmware_describe, ivrs_words);
}

TEST(errors_are_told_once_in_the_line)
{
	struct table t;

	begin_dmar(&t, 39);
	drhd(&t, 0, 0, 0);
	drhd(&t, 1, 0, 0xfed90000);
	drhd(&t, 1, 0, 0xfed91000);
	rmrr(&t, 0, 0x1000, 0x1ffe);
	rmrr(&t, 0, 0, 0);
	rmrr(&t, 0, 0x3000, 0x4000);
	CHECK_PARTS(&t, firmware_line,
		    "dmar 39 bits, unit 0 left out (none), ",
		    "unit fed90000 (all), unit fed91000 (all), ",
		    "2 reserved (12 KiB for 0)",
		    " | at 48: register base is 0; left out",
		    " | at 80: unit is the second that includes all of a segment; the first is used",
		    " | at 96 (2 times): reserved memory is not whole pages; rounded outward",
		    " | at 120: reserved memory is empty; left out");
	begin_ivrs(&t, INFO_48_48);
	unit(&t, 0x10, 0, 3, 0xfed80000, 0, 0);
	unit(&t, 0x40, 0, 2, 0xfed80000, 0, 0);
	memory(&t, 0x20, 8, 0, 0, 0x1000, 1);
	CHECK_PARTS(&t, firmware_line,
		    "ivrs 48 bits, unit fed80000 type 10h (none), ",
		    "unit fed80000 type 40h left out (none), ",
		    "1 reserved (4 KiB for 1)",
		    " | at 72: unit has the registers of an earlier one; left out",
		    " | at 112: memory is not whole pages; rounded outward");
}

/* Newer software ignores an old block, and so the errors in it */
TEST(errors_in_a_block_that_is_not_used_are_not_told)
{
	struct table t;

	begin_ivrs(&t, INFO_48_48);
	unit(&t, 0x10, 0, 2, 0xfed80000, 0, 0);
	entry4(&t, 4, 8, 0);
	unit(&t, 0x40, 0, 2, 0xfed80000, 0, 0);
	entry4(&t, 3, 8, 0);
	entry4(&t, 4, 7, 0);
	acpi(&t, 0x98, "AMDI0020", 1, "\1\0", 2);
	CHECK_PARTS(&t, firmware_line,
		    "ivrs 48 bits, unit fed80000 type 40h (1 acpi), 0 reserved",
		    " | at 116: range ends before it begins; left out",
		    " | at 124: unique id is a number, but not of 8 bytes; used");
}

TEST(a_refused_table_says_where_and_why)
{
	struct table t;

	every_dmar(&t);
	fix(&t, 48 + 2, 3, 2);
	CHECK_TEXT(&t, firmware_line,
		   "dmar refused at 48: structure has an impossible length");
	CHECK_TEXT(&t, firmware_describe,
		   "Intel VT-d (DMAR table), refused at offset 48: structure has an impossible length\n");
	every_ivrs(&t);
	fix(&t, 48 + 2, 3, 2);
	CHECK_TEXT(&t, firmware_line,
		   "ivrs refused at 48: block has an impossible length");
}

TEST(a_wrong_checksum_is_told)
{
	struct firmware_table table;
	struct table t;

	begin_dmar(&t, 39);
	t.bytes[9] = 1;
	CHECK_EQ(firmware_read(&table, t.bytes, t.length), 0);
	CHECK(!table.checksum_ok);
	firmware_free(&table);
	CHECK_TEXT(&t, firmware_line, "dmar 39 bits, 0 reserved");
}

TEST(other_bytes_are_einval)
{
	struct firmware_table table;
	struct table t;

	every_dmar(&t);
	for (size_t size = 0; size < 8; size++)
		CHECK_EQ(firmware_read(&table, t.bytes, size), -EINVAL);
	t.bytes[0] = 'X';
	CHECK_EQ(firmware_read(&table, t.bytes, t.length), -EINVAL);
}

TEST(a_name_of_firmware_prints_no_control_characters)
{
	struct table t;

	begin_dmar(&t, 39);
	drhd(&t, 0, 0, 0xfed90000);
	scope(&t, 5, 7, 0);
	path(&t, 0x15, 0);
	andd(&t, 7, "\033[2J\n", 6);
	CHECK_PARTS(&t, firmware_describe,
		    "Intel VT-d (DMAR table), addresses of 39 bits\n",
		    "Unit with registers at 0xfed90000, segment 0\n",
		    "    ?[2J? (00:15.0)\n");
	begin_ivrs(&t, INFO_48_48);
	unit(&t, 0x40, 0, 2, 0xfed80000, 0, 0);
	acpi(&t, 0x98, "A\tB", 2, "\r\377", 2);
	CHECK_TEXT(&t, firmware_line,
		   "ivrs 48 bits, unit fed80000 type 40h (1 acpi), 0 reserved");
	CHECK_EQ(firmware_read(&read_table, t.bytes, t.length), 0);
	CHECK(!strcmp(read_table.units[0].devices.at[0].name, "A?B:??"));
	firmware_free(&read_table);
}

TEST(the_longest_path_is_told)
{
	char text[FIRMWARE_DEVICE_TEXT];
	struct firmware_device *device;
	struct table t;

	begin_dmar(&t, 39);
	drhd(&t, 0, 0, 0xfed90000);
	scope(&t, 2, 0, 0xff);
	for (unsigned int i = 0; i < FIRMWARE_PATH_MAX; i++)
		path(&t, 0xff, 0xff);
	CHECK_EQ(firmware_read(&read_table, t.bytes, t.length), 0);
	device = &read_table.units[0].devices.at[0];
	CHECK_EQ(device->depth, FIRMWARE_PATH_MAX);
	firmware_device_text(device, text);
	CHECK(!strncmp(text, "ff:ff.ff/ff.ff/", 15));
	firmware_free(&read_table);
}
