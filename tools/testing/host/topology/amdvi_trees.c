// SPDX-License-Identifier: GPL-2.0
/*
 * PCI trees and devices of the ACPI namespace behind AMD-Vi units: the unit, the
 * source-ids, the reserved memory and the device-TLB of each device, by
 * amdvi/ivrs.c, amdvi/scope.c and common/alias.c.
 *
 * A picture shows each tree. A line is a device, below its bridge, with its
 * source-id; what firmware says of it follows in brackets. The ATS of a row says
 * whether table and tree permit it; device and unit have to support it too.
 */
#include "amdvi.h"

/*
 *	gpp		00:01.1
 *	  up		01:00.0
 *	    down	02:00.0
 *	      gpu	03:00.0
 *	      audio	03:00.1
 *	    down2	02:03.0
 *	      disk	04:00.0
 *	gpp2		40:01.1
 *	  nic		41:00.0
 *	host		00:00.0
 *	beyond		60:00.0 [no unit]
 *	[unit A: 40:00.0 to 5f:1f.7, unit B: 00:00.3 to 1f:1f.7]
 */
TEST(a_unit_has_the_source_ids_of_its_ranges)
{
	static const struct row rows[] = {
		{ "gpp", "B", "00:01.1", "", ATS },
		{ "up", "B", "01:00.0", "", ATS },
		{ "down", "B", "02:00.0", "", ATS },
		{ "gpu", "B", "03:00.0", "", ATS },
		{ "audio", "B", "03:00.1", "", ATS },
		{ "down2", "B", "02:03.0", "", ATS },
		{ "disk", "B", "04:00.0", "", ATS },
		{ "gpp2", "A", "40:01.1", "", ATS },
		{ "nic", "A", "41:00.0", "", ATS },
		{ "host", "" },
		{ "beyond", "" },
	};
	struct pci_bus *root = root_bus(0, 0), *bus, *below;

	bus = add_bridge("gpp", root, PCI_EXP_TYPE_ROOT_PORT, "01.1", 1);
	bus = add_bridge("up", bus, PCI_EXP_TYPE_UPSTREAM, "00.0", 2);
	below = add_bridge("down", bus, PCI_EXP_TYPE_DOWNSTREAM, "00.0", 3);
	add_device("gpu", below, PCI_EXP_TYPE_ENDPOINT, "00.0");
	add_device("audio", below, PCI_EXP_TYPE_ENDPOINT, "00.1");
	below = add_bridge("down2", bus, PCI_EXP_TYPE_DOWNSTREAM, "03.0", 4);
	add_device("disk", below, PCI_EXP_TYPE_ENDPOINT, "00.0");
	add_device("host", root, CONVENTIONAL, "00.0");
	bus = add_bridge("gpp2", root_bus(0, 0x40), PCI_EXP_TYPE_ROOT_PORT,
			 "01.1", 0x41);
	add_device("nic", bus, PCI_EXP_TYPE_ENDPOINT, "00.0");
	add_device("beyond", root_bus(0, 0x60), PCI_EXP_TYPE_RC_END, "00.0");

	begin_units();
	add_unit(0x10, 0);
	add_range("40:00.0", "5f:1f.7");
	add_unit(0x11, 0);
	add_range("00:00.3", "1f:1f.7");
	read_table();
	CHECK_ROWS(rows);
}

/*
 *	nic	00:02.0 to 00:02.3	(functions)
 *	disk	00:03.0
 *	[a unit with all devices, and entries for some of these]
 */
TEST(the_last_entry_that_contains_a_source_id_counts)
{
	static const struct row rows[] = {
		{ "nic0", "A", "00:02.0", "", NO_ATS },
		{ "nic1", "A", "00:03.7 00:02.1", "", ATS, 1 },
		{ "nic2", "A", "00:03.7 00:02.2", "", ATS, 1 },
		{ "nic3", "A", "00:02.3", "", ATS },
		{ "disk", "A", "00:03.0", "", ATS },
	};
	struct pci_bus *root = root_bus(0, 0);

	add_device("nic0", root, PCI_EXP_TYPE_ENDPOINT, "02.0");
	add_device("nic1", root, PCI_EXP_TYPE_ENDPOINT, "02.1");
	add_device("nic2", root, PCI_EXP_TYPE_ENDPOINT, "02.2");
	add_device("nic3", root, PCI_EXP_TYPE_ENDPOINT, "02.3");
	add_device("disk", root, PCI_EXP_TYPE_ENDPOINT, "03.0");

	begin_units();
	add_unit(0x10, 0);
	entry4(&bytes, 1, 0, 0);
	add_extended_range("00:02.0", "00:02.3", IVHD_ATS_DISABLED);
	add_alias_range("00:02.1", "00:02.3", "00:03.7");
	add_select("00:02.3");
	/* A range without an end, and an IOAPIC, place no device */
	entry8(&bytes, 67, read_id("00:02.0"), 0, read_id("00:04.0") << 8);
	entry8(&bytes, 72, 0, 0, IVRS_IOAPIC << 24 | read_id("00:02.1") << 8);
	read_table();
	CHECK_ROWS(rows);
}

TEST(the_first_unit_that_contains_a_source_id_has_it)
{
	static const struct row rows[] = {
		{ "disk", "A", "00:03.0", "", ATS },
		{ "nic", "B", "00:04.0", "", NO_ATS },
	};
	struct pci_bus *root = root_bus(0, 0);

	add_device("disk", root, PCI_EXP_TYPE_ENDPOINT, "03.0");
	add_device("nic", root, PCI_EXP_TYPE_ENDPOINT, "04.0");

	begin_units();
	add_unit(0x10, 0);
	add_select("00:03.0");
	add_unit(0x10, 0);
	add_extended_range("00:00.0", "ff:1f.7", IVHD_ATS_DISABLED);
	read_table();
	CHECK_ROWS(rows);
}

/* Unit A cannot be used; no other may have its devices (Documentation/amdvi.md) */
TEST(devices_of_a_unit_that_is_left_out_go_to_no_other)
{
	static const struct row rows[] = {
		{ "disk", "A", "00:03.0", "", ATS },
		{ "nic", "B", "00:04.0", "", ATS },
	};
	struct pci_bus *root = root_bus(0, 0);
	struct ivrs_cursor cursor = { };
	struct ivrs_block block;

	add_device("disk", root, PCI_EXP_TYPE_ENDPOINT, "03.0");
	add_device("nic", root, PCI_EXP_TYPE_ENDPOINT, "04.0");

	begin_units();
	unit(&bytes, 0x10, 0, 3, 0, 0, 0);
	add_select("00:03.0");
	add_unit(0x10, 0);
	add_range("00:00.3", "ff:1f.7");
	read_table();
	CHECK_ROWS(rows);
	CHECK(ivrs_next_unit(&table, &cursor, &block));
	CHECK(block.complaint);
}

/* The older block has other entries, and comes first */
TEST(only_the_newest_block_of_a_unit_counts)
{
	static const struct row rows[] = {
		{ "disk", "" },
		{ "nic", "A", "00:04.0", "", ATS },
	};
	struct pci_bus *root = root_bus(0, 0);

	add_device("disk", root, PCI_EXP_TYPE_ENDPOINT, "03.0");
	add_device("nic", root, PCI_EXP_TYPE_ENDPOINT, "04.0");

	begin_units();
	unit(&bytes, 0x10, 0, 2, 0xfd000000, 0, 0);
	add_select("00:03.0");
	unit(&bytes, 0x11, 0, 2, 0xfd000000, 0, 0);
	add_select("00:04.0");
	read_table();
	CHECK_ROWS(rows);
}

/*
 *	gpp		00:01.1
 *	  to-pci	01:00.0		(PCIe to PCI, bus 2)
 *	    sound	02:04.0 [alias 02:00.0]
 *	    video	02:05.0 [alias 02:00.0]
 *	bridge		00:14.4		(conventional)
 *	  serial	03:01.0 [alias 00:14.4]
 *	  late		03:02.0 [no alias]
 *	sata		00:11.0 [alias 00:11.1, of no device]
 *	odd		00:12.0 [alias 00:11.0, of sata]
 */
TEST(firmware_and_bridges_both_give_aliases)
{
	static const struct row rows[] = {
		{ "to-pci", "A", "01:00.0", "", ATS },
		{ "sound", "A", "02:00.0 02:04.0", "", NO_ATS, 1 },
		{ "video", "A", "02:00.0 02:05.0", "", NO_ATS, 1 },
		{ "bridge", "A", "00:14.4", "", ATS, 2 },
		{ "serial", "A", "00:14.4 03:01.0", "", NO_ATS, 2 },
		{ "late", "A", "03:02.0 00:14.4", "", NO_ATS, 2 },
		{ "sata", "A", "00:11.1 00:11.0", "", ATS, 3 },
		{ "odd", "A", "00:11.0 00:12.0", "", ATS, 3 },
	};
	struct pci_bus *root = root_bus(0, 0), *bus;

	bus = add_bridge("gpp", root, PCI_EXP_TYPE_ROOT_PORT, "01.1", 1);
	bus = add_bridge("to-pci", bus, PCI_EXP_TYPE_PCI_BRIDGE, "00.0", 2);
	add_device("sound", bus, CONVENTIONAL, "04.0");
	add_device("video", bus, CONVENTIONAL, "05.0");
	bus = add_bridge("bridge", root, CONVENTIONAL, "14.4", 3);
	add_device("serial", bus, CONVENTIONAL, "01.0");
	add_device("late", bus, CONVENTIONAL, "02.0");
	add_device("sata", root, PCI_EXP_TYPE_RC_END, "11.0");
	add_device("odd", root, PCI_EXP_TYPE_RC_END, "12.0");

	begin_units();
	add_unit(0x11, 0);
	add_range("00:01.0", "ff:1f.7");
	add_alias_range("02:00.0", "02:1f.7", "02:00.0");
	add_alias_range("03:00.0", "03:01.7", "00:14.4");
	add_alias_select("00:11.0", "00:11.1");
	add_alias_select("00:12.0", "00:11.0");
	read_table();
	CHECK_ROWS(rows);
}

/*
 *	gpp		00:01.1
 *	  nic		01:00.0		(also 01:00.4)
 *	  phantom	01:00.4
 *	  to-pci	01:01.0		(PCIe to PCI, bus 2)
 *	    to-pcie	02:03.0		(PCI to PCIe, bus 3)
 *	      disk	03:00.0		(also 03:00.1)
 */
TEST(quirks_add_aliases_before_those_of_bridges)
{
	static const struct row rows[] = {
		{ "nic", "A", "01:00.0 01:00.4", "", ATS, 1 },
		{ "phantom", "A", "01:00.4", "", ATS, 1 },
		{ "to-pcie", "A", "02:03.0 02:00.0", "", NO_ATS, 2 },
		{ "disk", "A", "03:00.0 03:00.1 02:03.0 02:00.0", "", NO_ATS,
		  2 },
	};
	struct pci_bus *bus, *below;
	struct pci_dev *pdev;

	bus = add_bridge("gpp", root_bus(0, 0), PCI_EXP_TYPE_ROOT_PORT, "01.1",
			 1);
	pdev = add_device("nic", bus, PCI_EXP_TYPE_ENDPOINT, "00.0");
	add_alias(pdev, "00.4");
	add_device("phantom", bus, PCI_EXP_TYPE_ENDPOINT, "00.4");
	below = add_bridge("to-pci", bus, PCI_EXP_TYPE_PCI_BRIDGE, "01.0", 2);
	below = add_bridge("to-pcie", below, PCI_EXP_TYPE_PCIE_BRIDGE, "03.0",
			   3);
	pdev = add_device("disk", below, PCI_EXP_TYPE_ENDPOINT, "00.0");
	add_alias(pdev, "00.1");

	begin_units();
	add_unit(0x11, 0);
	add_range("00:00.3", "ff:1f.7");
	read_table();
	CHECK_ROWS(rows);
}

/*
 *	gpp	00:01.1
 *	  nic	01:00.0 [memory a]
 *	    near	01:10.0		(virtual)
 *	    far	02:00.1		(virtual, on a bus without a bridge) [memory b]
 *	    lost	03:00.1		(virtual) [no unit]
 */
TEST(virtual_functions_are_found_by_their_own_source_id)
{
	static const struct row rows[] = {
		{ "nic", "A", "01:00.0", "a", ATS },
		{ "near", "A", "01:10.0", "", ATS },
		{ "far", "A", "02:00.1", "b", ATS },
		{ "lost", "" },
	};
	struct pci_bus *bus;
	struct pci_dev *pf;

	bus = add_bridge("gpp", root_bus(0, 0), PCI_EXP_TYPE_ROOT_PORT, "01.1",
			 1);
	pf = add_device("nic", bus, PCI_EXP_TYPE_ENDPOINT, "00.0");
	add_vf("near", pf, "01:10.0");
	add_vf("far", pf, "02:00.1");
	add_vf("lost", pf, "03:00.1");

	begin_units();
	add_unit(0x11, 0);
	add_range("00:00.3", "02:1f.7");
	add_memory(IVRS_IVMD_SELECT, "01:00.0", "00:00.0");
	add_memory(IVRS_IVMD_RANGE, "02:00.0", "02:1f.7");
	read_table();
	CHECK_ROWS(rows);
}

/*
 * A dock that is plugged in: firmware gave the port the buses 60 to 6f, Linux
 * gives its bridges other numbers than firmware would.
 *
 *	gpp		00:01.1
 *	  dock		60:00.0
 *	    left	61:00.0
 *	      disk	6f:00.0 [memory]
 *	    right	61:01.0
 *	      nic	62:00.0, then 70:00.0 [no unit]
 */
TEST(a_hot_plugged_bridge_has_the_unit_of_its_bus_numbers)
{
	static const struct row rows[] = {
		{ "dock", "A", "60:00.0", "", ATS },
		{ "left", "A", "61:00.0", "", ATS },
		{ "disk", "A", "6f:00.0", "a", ATS },
		{ "nic", "A", "62:00.0", "", ATS },
	};
	static const struct row rows_beyond[] = {
		{ "disk", "A", "6f:00.0", "a", ATS },
		{ "nic", "" },
	};
	struct pci_bus *bus, *below;

	bus = add_bridge("gpp", root_bus(0, 0), PCI_EXP_TYPE_ROOT_PORT, "01.1",
			 0x60);
	bus = add_bridge("dock", bus, PCI_EXP_TYPE_UPSTREAM, "00.0", 0x61);
	below = add_bridge("left", bus, PCI_EXP_TYPE_DOWNSTREAM, "00.0", 0x6f);
	add_device("disk", below, PCI_EXP_TYPE_ENDPOINT, "00.0");
	below = add_bridge("right", bus, PCI_EXP_TYPE_DOWNSTREAM, "01.0", 0x62);
	add_device("nic", below, PCI_EXP_TYPE_ENDPOINT, "00.0");

	begin_units();
	add_unit(0x11, 0);
	add_range("00:00.3", "6f:1f.7");
	add_memory(IVRS_IVMD_RANGE, "6f:00.0", "6f:1f.7");
	read_table();
	CHECK_ROWS(rows);
	below->number = 0x70;
	CHECK_ROWS(rows_beyond);
}

/*
 *	segment 0			segment 1
 *	disk	01:00.0	[memory]	disk1	01:00.0 [memory]
 *	[units A and B]			[unit C]
 */
TEST(segments_have_units_and_memory_of_their_own)
{
	static const struct row rows[] = {
		{ "disk", "B", "01:00.0", "ac", ATS },
		{ "disk1", "C", "01:00.0", "bd", NO_ATS, .segment = 1 },
		{ "disk2", "" },
	};

	add_device("disk", root_bus(0, 1), PCI_EXP_TYPE_RC_END, "00.0");
	add_device("disk1", root_bus(1, 1), PCI_EXP_TYPE_RC_END, "00.0");
	add_device("disk2", root_bus(2, 1), PCI_EXP_TYPE_RC_END, "00.0");

	begin_units();
	add_unit(0x11, 0);
	add_select("02:00.0");
	add_unit(0x11, 0);
	add_select("01:00.0");
	add_unit(0x11, 1);
	add_extended_range("00:00.0", "ff:1f.7", IVHD_ATS_DISABLED);
	add_memory(IVRS_IVMD_SELECT, "01:00.0", "00:00.0");
	add_memory(IVRS_IVMD_SELECT, "01:00.0", "00:00.0");
	fix(&bytes, bytes.structure + 8, 1, 2);
	add_memory(IVRS_IVMD_ALL, "00:00.0", "00:00.0");
	add_memory(IVRS_IVMD_ALL, "00:00.0", "00:00.0");
	fix(&bytes, bytes.structure + 8, 1, 2);
	read_table();
	CHECK_ROWS(rows);
}

/*
 *	vmd	00:0e.0
 *	  ---- PCI domain 0x10000 ----
 *	  disk	01:00.0
 *	nic	01:00.0 [alias 01:00.7; memory]
 */
TEST(devices_below_a_vmd_have_its_place)
{
	static const struct row rows[] = {
		{ "vmd", "A", "00:0e.0", "", NO_ATS, 1 },
		{ "disk", "A", "00:0e.0", "", NO_ATS, 1 },
		{ "nic", "A", "01:00.7 01:00.0", "a", ATS },
	};
	struct pci_bus *root = root_bus(0, 0), *bus;

	bus = add_vmd("vmd", root, "0e.0", 0x10000, 1);
	add_device("disk", bus, PCI_EXP_TYPE_ENDPOINT, "00.0");
	bus = add_bridge("gpp", root, PCI_EXP_TYPE_ROOT_PORT, "01.1", 1);
	add_device("nic", bus, PCI_EXP_TYPE_ENDPOINT, "00.0");

	begin_units();
	add_unit(0x11, 0);
	add_range("00:00.3", "ff:1f.7");
	add_alias_select("01:00.0", "01:00.7");
	add_extended_range("00:0e.0", "00:0e.0", IVHD_ATS_DISABLED);
	add_memory(IVRS_IVMD_SELECT, "01:00.0", "00:00.0");
	read_table();
	CHECK_ROWS(rows);
}

/*
 *	uart0	AMDI0020, unique id 0		[unique id 0; memory]
 *	uart1	AMDI0020, unique id 0x1		[unique id 1]
 *	uart2	AMDI0020, unique id 2		[no entry]
 *	uart9	AMDI0020, without a unique id	[no entry]
 *	dma	AMDI0040, unique id X		[without a unique id]
 *	fur	AMDI0095, unique id \_SB.FUR0	[unique id \_SB.FUR0; alias]
 *	fur1	AMDI0095, unique id \_SB.FUR1	[no entry]
 *	old	AMDI0099, unique id 0		[in a block of type 11h]
 *	fan	a platform device that ACPI does not know
 */
TEST(acpi_devices_are_found_by_hardware_id_and_unique_id)
{
	static const struct row rows[] = {
		{ "uart0", "B", "00:14.5", "a", ATS },
		{ "uart1", "B", "00:14.6", "", ATS },
		{ "uart2", "" },
		{ "uart9", "" },
		{ "dma", "C", "00:14.5", "", ATS, .segment = 1 },
		{ "fur", "B", "00:14.7 00:15.0", "", ATS },
		{ "fur1", "" },
		{ "old", "" },
		{ "fan", "" },
	};

	add_acpi("uart0", "\\_SB.UAR0", "AMDI0020", "0");
	add_acpi("uart1", "\\_SB.UAR1", "AMDI0020", "0x1");
	add_acpi("uart2", "\\_SB.UAR2", "AMDI0020", "2");
	add_acpi("uart9", "\\_SB.UAR9", "AMDI0020", NULL);
	add_acpi("dma", "\\_SB.DMA0", "AMDI0040", "X");
	add_acpi("fur", "\\_SB.FUR0", "AMDI0095", "\\_SB.FUR0");
	add_acpi("fur1", "\\_SB.FUR1", "AMDI0095", "\\_SB.FUR1");
	add_acpi("old", "\\_SB.OLD0", "AMDI0099", "0");
	add_acpi("fan", NULL, NULL, NULL);

	begin_units();
	add_unit(0x11, 0);
	acpi(&bytes, read_id("00:16.0"), "AMDI0099", IVRS_UID_INTEGER,
	     "\0\0\0\0\0\0\0\0", 8);
	add_unit(0x40, 0);
	acpi(&bytes, read_id("00:14.5"), "AMDI0020", IVRS_UID_INTEGER,
	     "\0\0\0\0\0\0\0\0", 8);
	acpi(&bytes, read_id("00:14.6"), "AMDI0020", IVRS_UID_INTEGER,
	     "\1\0\0\0\0\0\0\0", 8);
	acpi(&bytes, read_id("00:15.0"), "AMDI0095", IVRS_UID_STRING,
	     "\\_SB.FUR0", 9);
	add_alias_select("00:15.0", "00:14.7");
	add_unit(0x40, 1);
	acpi(&bytes, read_id("00:14.5"), "AMDI0040", IVRS_UID_NONE, "", 0);
	add_memory(IVRS_IVMD_SELECT, "00:14.5", "00:00.0");
	read_table();
	CHECK_ROWS(rows);
}

TEST(each_error_of_a_table_is_one_line)
{
	static const char want[] =
		"amdvi: IVRS at offset 88: range has no end; left out\n"
		"amdvi: IVRS at offset 92: register base is impossible; left out\n"
		"amdvi: IVRS at offset 116: memory is not whole pages; rounded outward\n"
		"amdvi: IVRS at offset 148: memory 0x78000000-0x78000fff is RAM of the kernel, which its devices can reach; update the firmware\n";
	const char *is;

	ram_first = 0x78000000;
	ram_last = 0x78ffffff;
	begin_units();
	add_unit(0x11, 0);
	entry4(&bytes, 3, read_id("00:02.0"), 0);
	unit(&bytes, 0x10, 0, 3, 0, 0, 0);
	memory(&bytes, IVRS_IVMD_ALL, IVMD_UNITY, 0, 0, 0x77000000, 1);
	memory(&bytes, IVRS_IVMD_ALL, IVMD_UNITY, 0, 0, 0x78000000, 0x1000);
	read_table();
	amdvi_scope_complain(&table);
	is = log_lines();
	if (strcmp(is, want))
		ktap_fail("log:\n%s-- not:\n%s--", is, want);
	everything(&bytes);
	read_table();
	amdvi_scope_complain(&table);
	CHECK(!*log_lines());
}
