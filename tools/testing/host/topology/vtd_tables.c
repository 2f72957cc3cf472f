// SPDX-License-Identifier: GPL-2.0
/*
 * What a DMAR table says of the devices of one tree: units that contradict each
 * other, device-TLBs, reserved memory, devices of the ACPI namespace, and the
 * lines in the log. By vtd/dmar.c, vtd/scope.c and common/alias.c.
 *
 *	graphics	00:02.0
 *	qat		00:0a.0
 *	port		00:1c.0
 *	  nic		01:00.0
 *	port2		00:1c.1
 *	  switch	02:00.0
 *	    down	03:00.0
 *	      disk	04:00.0
 *	bridge		00:1e.0		(conventional)
 *	  tuner		05:01.0
 *	i2c		ACPI \_SB.I2C0
 *	uart		ACPI \_SB.UART
 *	fan		a platform device that ACPI does not know
 */
#include "vtd.h"

static void plant(void)
{
	struct pci_bus *root = root_bus(0, 0), *bus;

	add_device("graphics", root, PCI_EXP_TYPE_RC_END, "02.0");
	add_device("qat", root, PCI_EXP_TYPE_RC_END, "0a.0");
	bus = add_bridge("port", root, PCI_EXP_TYPE_ROOT_PORT, "1c.0", 1);
	add_device("nic", bus, PCI_EXP_TYPE_ENDPOINT, "00.0");
	bus = add_bridge("port2", root, PCI_EXP_TYPE_ROOT_PORT, "1c.1", 2);
	bus = add_bridge("switch", bus, PCI_EXP_TYPE_UPSTREAM, "00.0", 3);
	bus = add_bridge("down", bus, PCI_EXP_TYPE_DOWNSTREAM, "00.0", 4);
	add_device("disk", bus, PCI_EXP_TYPE_ENDPOINT, "00.0");
	bus = add_bridge("bridge", root, CONVENTIONAL, "1e.0", 5);
	add_device("tuner", bus, CONVENTIONAL, "01.0");
	add_acpi("i2c", "\\_SB.I2C0", "INTL0001", NULL);
	add_acpi("uart", "\\_SB.UART", "INTL0002", NULL);
	add_acpi("fan", NULL, NULL, NULL);
	begin(&bytes, 46);
}

TEST(a_device_that_no_unit_names_has_none_without_include_pci_all)
{
	static const struct row rows[] = {
		{ "graphics", "A", "00:02.0", "" },
		{ "qat", "" },
		{ "nic", "" },
		{ "i2c", "" },
		{ "fan", "" },
	};

	plant();
	add_unit(0, 0);
	add_scope(ENDPOINT, 0, "02.0");
	read_table();
	CHECK_ROWS(rows);
}

TEST(a_unit_that_names_a_device_has_it_wherever_include_pci_all_stands)
{
	static const struct row rows[] = {
		{ "graphics", "B", "00:02.0", "" },
		{ "qat", "A", "00:0a.0", "" },
		{ "port", "A", "00:1c.0", "" },
		{ "nic", "A", "01:00.0", "" },
		{ "port2", "C", "00:1c.1", "" },
		{ "disk", "C", "04:00.0", "" },
	};

	plant();
	add_unit(DMAR_INCLUDE_PCI_ALL, 0);
	add_unit(0, 0);
	add_scope(ENDPOINT, 0, "02.0");
	add_unit(0, 0);
	add_scope(BRIDGE, 0, "1c.1");
	read_table();
	CHECK_ROWS(rows);
}

TEST(the_first_of_units_that_contradict_each_other_has_the_device)
{
	static const struct row rows[] = {
		{ "graphics", "A", "00:02.0", "" },
		{ "port2", "B", "00:1c.1", "" },
		{ "disk", "B", "04:00.0", "" },
		{ "qat", "D", "00:0a.0", "" },
		{ "nic", "D", "01:00.0", "" },
	};

	plant();
	add_unit(0, 0);
	add_scope(ENDPOINT, 0, "02.0");
	add_unit(0, 0);
	add_scope(BRIDGE, 0, "1c.1");
	add_unit(0, 0);
	add_scope(ENDPOINT, 0, "02.0");
	add_scope(ENDPOINT, 0, "1c.1 00.0 00.0 00.0");
	add_unit(DMAR_INCLUDE_PCI_ALL, 0);
	add_unit(DMAR_INCLUDE_PCI_ALL, 0);
	read_table();
	CHECK_ROWS(rows);
}

/* Unit A cannot be used; no other may have its devices (Documentation/vtd.md) */
TEST(devices_of_a_unit_that_is_left_out_go_to_no_other)
{
	static const struct row rows[] = {
		{ "graphics", "A", "00:02.0", "" },
		{ "qat", "B", "00:0a.0", "" },
	};
	struct vtd_place place;
	struct dmar_cursor cursor = { };
	struct dmar_structure s;

	plant();
	drhd(&bytes, 0, 0, 0);
	add_scope(ENDPOINT, 0, "02.0");
	add_unit(DMAR_INCLUDE_PCI_ALL, 0);
	read_table();
	CHECK_ROWS(rows);
	CHECK(vtd_scope_find(&table, find_device("graphics"), &place));
	CHECK(dmar_next(&table, &cursor, &s));
	CHECK_EQ(place.unit, s.offset);
	CHECK(s.complaint);
}

TEST(a_device_tlb_needs_a_root_port_that_an_atsr_lists)
{
	static const struct row rows[] = {
		{ "graphics", "A", "00:02.0", "" },
		{ "port", "A", "00:1c.0", "" },
		{ "nic", "A", "01:00.0", "" },
		{ "port2", "A", "00:1c.1", "", ATS },
		{ "switch", "A", "02:00.0", "", ATS },
		{ "disk", "A", "04:00.0", "", ATS },
		{ "tuner", "A", "05:01.0 00:1e.0", "" },
	};

	plant();
	add_unit(DMAR_INCLUDE_PCI_ALL, 0);
	flagged(&bytes, DMAR_ATSR, 0, 0);
	add_scope(BRIDGE, 0, "1d.0");
	flagged(&bytes, DMAR_ATSR, 0, 0);
	add_scope(BRIDGE, 0, "1c.1");
	/* A device below a port, not a port */
	flagged(&bytes, DMAR_ATSR, 0, 0);
	add_scope(ENDPOINT, 0, "1c.0 00.0");
	/* Of another segment */
	flagged(&bytes, DMAR_ATSR, DMAR_ALL_PORTS, 1);
	read_table();
	CHECK_ROWS(rows);
}

TEST(an_atsr_of_all_ports_permits_what_is_below_ports_only)
{
	static const struct row rows[] = {
		{ "graphics", "A", "00:02.0", "" },
		{ "qat", "A", "00:0a.0", "" },
		{ "nic", "A", "01:00.0", "", ATS },
		{ "disk", "A", "04:00.0", "", ATS },
		{ "bridge", "A", "00:1e.0", "", NO_ATS, 1 },
		{ "tuner", "A", "05:01.0 00:1e.0", "", NO_ATS, 1 },
	};

	plant();
	add_unit(DMAR_INCLUDE_PCI_ALL, 0);
	flagged(&bytes, DMAR_ATSR, DMAR_ALL_PORTS, 0);
	read_table();
	CHECK_ROWS(rows);
}

TEST(a_satc_lists_integrated_devices_and_one_with_atc_required_is_left_alone)
{
	static const struct row rows[] = {
		{ "graphics", "A", "00:02.0", "", ATS_IF_SCALABLE },
		{ "qat", "A", "00:0a.0", "", ATS },
		{ "nic", "A", "01:00.0", "" },
	};

	plant();
	add_unit(DMAR_INCLUDE_PCI_ALL, 0);
	flagged(&bytes, DMAR_SATC, DMAR_ATC_REQUIRED, 0);
	add_scope(ENDPOINT, 0, "02.0");
	flagged(&bytes, DMAR_SATC, 0, 0);
	add_scope(ENDPOINT, 0, "0a.0");
	flagged(&bytes, DMAR_SATC, 0, 1);
	add_scope(ENDPOINT, 0, "1c.0 00.0");
	read_table();
	CHECK_ROWS(rows);
}

TEST(reserved_memory_is_that_of_all_devices_in_its_scopes)
{
	static const struct row rows[] = {
		{ "graphics", "A", "00:02.0", "ab" },
		{ "qat", "A", "00:0a.0", "a" },
		{ "port2", "A", "00:1c.1", "c" },
		{ "disk", "A", "04:00.0", "c" },
		{ "nic", "A", "01:00.0", "" },
		{ "tuner", "A", "05:01.0 00:1e.0", "c" },
		{ "i2c", "A", "00:15.1", "be" },
	};

	plant();
	add_unit(DMAR_INCLUDE_PCI_ALL, 0);
	add_namespace_scope(7, "15.1");
	andd(&bytes, 7, "\\_SB.I2C0", 10);
	add_memory(0, 0x70000000);
	add_scope(ENDPOINT, 0, "02.0");
	add_scope(ENDPOINT, 0, "0a.0");
	add_memory(0, 0x71000000);
	add_scope(ENDPOINT, 0, "02.0");
	add_namespace_scope(7, "15.1");
	add_memory(0, 0x72000000);
	add_scope(BRIDGE, 0, "1c.1");
	add_scope(ENDPOINT, 0, "1e.0 01.0");
	/* Of another segment, and of nobody */
	add_memory(1, 0x73000000);
	add_scope(ENDPOINT, 0, "02.0");
	add_memory(0, 0x74000000);
	add_namespace_scope(7, "15.1");
	add_memory(0, 0x75000000);
	read_table();
	CHECK_ROWS(rows);
}

TEST(a_namespace_device_has_the_source_id_that_its_scope_gives)
{
	static const struct row rows[] = {
		{ "i2c", "B", "00:15.1", "" },
		{ "uart", "C", "00:15.1", "", .segment = 1 },
		{ "fan", "" },
		{ "graphics", "D", "00:02.0", "" },
	};

	plant();
	add_unit(0, 0);
	/* An endpoint of this id, and an impossible place, name nothing */
	scope(&bytes, ENDPOINT, 7, 0);
	path(&bytes, 0x15, 1);
	add_namespace_scope(9, "15.1");
	scope(&bytes, NAMESPACE, 7, 0);
	path(&bytes, 0x15, 8);
	add_unit(0, 0);
	add_namespace_scope(7, "15.1");
	add_unit(0, 1);
	add_namespace_scope(8, "15.1");
	add_unit(DMAR_INCLUDE_PCI_ALL, 0);
	andd(&bytes, 7, "\\_SB.I2C0", 10);
	andd(&bytes, 8, "\\_SB.UART", 10);
	andd(&bytes, 9, "\\_SB.GONE", 10);
	read_table();
	CHECK_ROWS(rows);
}

TEST(a_namespace_device_whose_name_has_no_end_has_no_unit)
{
	static const struct row rows[] = {
		{ "i2c", "" },
		{ "uart", "A", "00:15.2", "" },
	};

	plant();
	add_unit(DMAR_INCLUDE_PCI_ALL, 0);
	add_namespace_scope(7, "15.1");
	add_namespace_scope(8, "15.2");
	andd(&bytes, 7, "\\_SB.I2C0", 9);
	andd(&bytes, 8, "\\_SB.UART", 10);
	read_table();
	CHECK_ROWS(rows);
}

static void check_log(const char *want)
{
	const char *is = log_lines();

	if (strcmp(is, want))
		ktap_fail("log:\n%s-- not:\n%s--", is, want);
}

TEST(a_table_without_an_error_logs_nothing)
{
	everything(&bytes);
	read_table();
	vtd_scope_complain(&table);
	check_log("");
}

TEST(each_error_of_a_table_is_one_line)
{
	plant();
	ram_first = 0x72000000;
	ram_last = 0x72ffffff;
	drhd(&bytes, 0, 0, 0);
	add_unit(0, 0);
	add_scope(ENDPOINT, 0, "02.0");
	add_unit(0, 0);
	add_scope(ENDPOINT, 0, "02.0");
	rmrr(&bytes, 0, 0x71000000, 0x71000000);
	rmrr(&bytes, 0, 0x71000000, 0x72000fff);
	rmrr(&bytes, 0, 0x74000000, 0x73000000);
	read_table();
	vtd_scope_complain(&table);
	check_log("vtd: DMAR at offset 48: register base is 0; left out\n"
		  "vtd: DMAR at offset 88: unit names a device of an earlier one, which is used\n"
		  "vtd: DMAR at offset 112: reserved memory is not whole pages; rounded outward\n"
		  "vtd: DMAR at offset 136: reserved memory 0x71000000-0x72000fff is RAM of the kernel, which its devices can reach; update the firmware\n"
		  "vtd: DMAR at offset 160: reserved memory ends before it begins; left out\n");
}
