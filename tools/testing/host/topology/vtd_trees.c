// SPDX-License-Identifier: GPL-2.0
/*
 * PCI trees behind VT-d units: the unit, the source-ids, the reserved memory and
 * the device-TLB of each device, by vtd/dmar.c, vtd/scope.c and common/alias.c.
 *
 * A picture shows each tree. A line is a device, below its bridge, with its
 * source-id; what firmware says of it follows in brackets.
 */
#include "vtd.h"

/*
 *	graphics	00:02.0 [unit A; memory]
 *	port		00:1c.0 [ATSR]
 *	  switch	01:00.0
 *	    left	02:00.0
 *	      switch2	03:00.0
 *	        deep	04:03.0
 *	          nic	05:00.0
 *	    right	02:01.0
 *	      disk	06:00.0
 *	port2		00:1d.0
 *	  disk2		07:00.0
 *	sound		00:1f.3
 *	[unit B has all others]
 */
static void deep_switch(void)
{
	struct pci_bus *root = root_bus(0, 0), *bus, *below;

	add_device("graphics", root, PCI_EXP_TYPE_RC_END, "02.0");
	bus = add_bridge("port", root, PCI_EXP_TYPE_ROOT_PORT, "1c.0", 1);
	bus = add_bridge("switch", bus, PCI_EXP_TYPE_UPSTREAM, "00.0", 2);
	below = add_bridge("left", bus, PCI_EXP_TYPE_DOWNSTREAM, "00.0", 3);
	below = add_bridge("switch2", below, PCI_EXP_TYPE_UPSTREAM, "00.0", 4);
	below = add_bridge("deep", below, PCI_EXP_TYPE_DOWNSTREAM, "03.0", 5);
	add_device("nic", below, PCI_EXP_TYPE_ENDPOINT, "00.0");
	below = add_bridge("right", bus, PCI_EXP_TYPE_DOWNSTREAM, "01.0", 6);
	add_device("disk", below, PCI_EXP_TYPE_ENDPOINT, "00.0");
	bus = add_bridge("port2", root, PCI_EXP_TYPE_ROOT_PORT, "1d.0", 7);
	add_device("disk2", bus, PCI_EXP_TYPE_ENDPOINT, "00.0");
	add_device("sound", root, PCI_EXP_TYPE_RC_END, "1f.3");

	begin(&bytes, 46);
	add_unit(0, 0);
	add_scope(ENDPOINT, 0, "02.0");
	add_unit(DMAR_INCLUDE_PCI_ALL, 0);
	add_memory(0, GRAPHICS_MEMORY);
	add_scope(ENDPOINT, 0, "02.0");
	flagged(&bytes, DMAR_ATSR, 0, 0);
	add_scope(BRIDGE, 0, "1c.0");
	read_table();
}

TEST(devices_of_a_deep_switch_have_their_own_source_ids)
{
	static const struct row rows[] = {
		{ "graphics", "A", "00:02.0", "a" },
		{ "port", "B", "00:1c.0", "", ATS },
		{ "switch", "B", "01:00.0", "", ATS },
		{ "left", "B", "02:00.0", "", ATS },
		{ "switch2", "B", "03:00.0", "", ATS },
		{ "deep", "B", "04:03.0", "", ATS },
		{ "nic", "B", "05:00.0", "", ATS },
		{ "right", "B", "02:01.0", "", ATS },
		{ "disk", "B", "06:00.0", "", ATS },
		{ "port2", "B", "00:1d.0", "" },
		{ "disk2", "B", "07:00.0", "" },
		{ "sound", "B", "00:1f.3", "" },
	};

	deep_switch();
	CHECK_ROWS(rows);
}

/*
 *	bridge		00:1e.0		(conventional)
 *	  tuner		05:01.0
 *	  inner		05:02.0		(conventional)
 *	    card	06:00.0
 *	quirky		00:1f.0		(PCIe in truth; its bus speaks for all)
 *	  serial	07:03.0
 */
TEST(conventional_bridges_replace_source_ids_by_their_own)
{
	static const struct row rows[] = {
		{ "bridge", "A", "00:1e.0", "", .group = 1 },
		{ "tuner", "A", "05:01.0 00:1e.0", "", .group = 1 },
		{ "inner", "A", "05:02.0 00:1e.0", "", .group = 1 },
		{ "card", "A", "06:00.0 05:02.0 00:1e.0", "", .group = 1 },
		{ "quirky", "A", "00:1f.0", "" },
		{ "serial", "A", "07:03.0 07:00.0", "" },
	};
	struct pci_bus *root = root_bus(0, 0), *bus;

	bus = add_bridge("bridge", root, CONVENTIONAL, "1e.0", 5);
	add_device("tuner", bus, CONVENTIONAL, "01.0");
	bus = add_bridge("inner", bus, CONVENTIONAL, "02.0", 6);
	add_device("card", bus, CONVENTIONAL, "00.0");
	bus = add_bridge("quirky", root, CONVENTIONAL, "1f.0", 7);
	bus->self->dev_flags |= PCI_DEV_FLAG_PCIE_BRIDGE_ALIAS;
	add_device("serial", bus, CONVENTIONAL, "03.0");

	begin(&bytes, 46);
	add_unit(DMAR_INCLUDE_PCI_ALL, 0);
	read_table();
	CHECK_ROWS(rows);
}

/*
 *	port		00:1c.0 [ATSR: all ports]
 *	  to-pci	01:00.0		(PCIe to PCI, bus 2)
 *	    sound	02:04.0
 *	    firewire	02:05.0
 *	    first	02:00.0		(has the source-id of the bus itself)
 *	port2		00:1c.4
 *	  to-pci2	03:00.0		(PCIe to PCI, bus 4)
 *	    sound2	04:04.0
 */
TEST(a_bridge_from_pcie_to_pci_speaks_for_its_bus)
{
	static const struct row rows[] = {
		{ "port", "A", "00:1c.0", "", ATS },
		{ "to-pci", "A", "01:00.0", "", ATS },
		{ "sound", "A", "02:04.0 02:00.0", "", NO_ATS, 1 },
		{ "firewire", "A", "02:05.0 02:00.0", "", NO_ATS, 1 },
		{ "first", "A", "02:00.0", "", NO_ATS, 1 },
		{ "to-pci2", "A", "03:00.0", "", ATS },
		{ "sound2", "A", "04:04.0 04:00.0", "" },
	};
	struct pci_bus *root = root_bus(0, 0), *bus;

	bus = add_bridge("port", root, PCI_EXP_TYPE_ROOT_PORT, "1c.0", 1);
	bus = add_bridge("to-pci", bus, PCI_EXP_TYPE_PCI_BRIDGE, "00.0", 2);
	add_device("sound", bus, CONVENTIONAL, "04.0");
	add_device("firewire", bus, CONVENTIONAL, "05.0");
	add_device("first", bus, CONVENTIONAL, "00.0");
	bus = add_bridge("port2", root, PCI_EXP_TYPE_ROOT_PORT, "1c.4", 3);
	bus = add_bridge("to-pci2", bus, PCI_EXP_TYPE_PCI_BRIDGE, "00.0", 4);
	add_device("sound2", bus, CONVENTIONAL, "04.0");

	begin(&bytes, 46);
	add_unit(DMAR_INCLUDE_PCI_ALL, 0);
	flagged(&bytes, DMAR_ATSR, DMAR_ALL_PORTS, 0);
	read_table();
	CHECK_ROWS(rows);
}

/*
 *	port		00:1c.0 [ATSR: all ports]
 *	  to-pci	01:00.0		(PCIe to PCI, bus 2)
 *	    to-pcie	02:03.0		(PCI to PCIe, bus 3)
 *	      nic	03:00.0		(PCIe)
 *	        far	06:00.0		(virtual, on a bus without a bridge)
 *	bridge		00:1e.0		(conventional)
 *	  to-pcie2	04:00.0		(PCI to PCIe, bus 5)
 *	    disk	05:00.0		(PCIe)
 */
TEST(a_bridge_from_pci_to_pcie_adds_its_own_source_id)
{
	static const struct row rows[] = {
		{ "to-pcie", "A", "02:03.0 02:00.0", "", NO_ATS, 1 },
		{ "nic", "A", "03:00.0 02:03.0 02:00.0", "", NO_ATS, 1 },
		{ "far", "A", "06:00.0 02:03.0 02:00.0", "", NO_ATS, 1 },
		{ "bridge", "A", "00:1e.0", "", NO_ATS, 2 },
		{ "to-pcie2", "A", "04:00.0 00:1e.0", "", NO_ATS, 2 },
		{ "disk", "A", "05:00.0 04:00.0 00:1e.0", "", NO_ATS, 2 },
	};
	struct pci_bus *root = root_bus(0, 0), *bus;
	struct pci_dev *pf;

	bus = add_bridge("port", root, PCI_EXP_TYPE_ROOT_PORT, "1c.0", 1);
	bus = add_bridge("to-pci", bus, PCI_EXP_TYPE_PCI_BRIDGE, "00.0", 2);
	bus = add_bridge("to-pcie", bus, PCI_EXP_TYPE_PCIE_BRIDGE, "03.0", 3);
	pf = add_device("nic", bus, PCI_EXP_TYPE_ENDPOINT, "00.0");
	add_vf("far", pf, "06:00.0");
	bus = add_bridge("bridge", root, CONVENTIONAL, "1e.0", 4);
	bus = add_bridge("to-pcie2", bus, PCI_EXP_TYPE_PCIE_BRIDGE, "00.0", 5);
	add_device("disk", bus, PCI_EXP_TYPE_ENDPOINT, "00.0");

	begin(&bytes, 46);
	add_unit(DMAR_INCLUDE_PCI_ALL, 0);
	flagged(&bytes, DMAR_ATSR, DMAR_ALL_PORTS, 0);
	read_table();
	CHECK_ROWS(rows);
}

/*
 *	bridge	00:1e.0		(translation takes place in it)
 *	  card	05:01.0
 */
TEST(nothing_above_the_bridge_that_translates_replaces_a_source_id)
{
	static const struct row rows[] = {
		{ "card", "A", "05:01.0", "" },
	};
	struct pci_bus *bus;

	bus = add_bridge("bridge", root_bus(0, 0), CONVENTIONAL, "1e.0", 5);
	bus->self->dev_flags |= PCI_DEV_FLAGS_BRIDGE_XLATE_ROOT;
	add_device("card", bus, CONVENTIONAL, "01.0");

	begin(&bytes, 46);
	add_unit(DMAR_INCLUDE_PCI_ALL, 0);
	read_table();
	CHECK_ROWS(rows);
}

/*
 *	usb		00:14.0 [unit A; memory]
 *	usb-dma		00:14.2
 *	port		00:1c.0
 *	  nic0		01:00.0
 *	  nic1		01:00.1 [unit A]
 *	  nic2		01:00.2
 *	[unit B has all others]
 */
TEST(functions_of_one_device_are_devices_of_their_own)
{
	static const struct row rows[] = {
		{ "usb", "A", "00:14.0", "a" },
		{ "usb-dma", "B", "00:14.2", "" },
		{ "nic0", "B", "01:00.0", "" },
		{ "nic1", "A", "01:00.1", "" },
		{ "nic2", "B", "01:00.2", "" },
	};
	struct pci_bus *root = root_bus(0, 0), *bus;

	add_device("usb", root, PCI_EXP_TYPE_RC_END, "14.0");
	add_device("usb-dma", root, PCI_EXP_TYPE_RC_END, "14.2");
	bus = add_bridge("port", root, PCI_EXP_TYPE_ROOT_PORT, "1c.0", 1);
	add_device("nic0", bus, PCI_EXP_TYPE_ENDPOINT, "00.0");
	add_device("nic1", bus, PCI_EXP_TYPE_ENDPOINT, "00.1");
	add_device("nic2", bus, PCI_EXP_TYPE_ENDPOINT, "00.2");

	begin(&bytes, 46);
	add_unit(0, 0);
	add_scope(ENDPOINT, 0, "14.0");
	add_scope(ENDPOINT, 0, "1c.0 00.1");
	add_unit(DMAR_INCLUDE_PCI_ALL, 0);
	add_memory(0, USB_MEMORY);
	add_scope(ENDPOINT, 0, "14.0");
	read_table();
	CHECK_ROWS(rows);
}

/*
 *	port		00:1c.0 [ATSR]
 *	  nic		01:00.0 [unit A; memory]
 *	    near	01:10.0		(virtual, on the bus of nic)
 *	    far		02:00.1		(virtual, on a bus without a bridge; also
 *					02:00.7)
 *	  nic2		01:00.1
 *	    far2	02:08.1		(virtual)
 *	port2		00:1d.0 [unit A has all below]
 *	  disk		03:00.0
 *	    far3	04:00.0		(virtual)
 *	qat		00:0a.0 [unit A; SATC]
 *	  near4		00:0a.1		(virtual)
 *	[unit B has all others]
 */
TEST(virtual_functions_follow_their_physical_function)
{
	static const struct row rows[] = {
		{ "nic", "A", "01:00.0", "a", ATS },
		{ "near", "A", "01:10.0", "a", ATS },
		{ "far", "A", "02:00.1 02:00.7", "a", ATS },
		{ "nic2", "B", "01:00.1", "", ATS },
		{ "far2", "B", "02:08.1", "", ATS },
		{ "disk", "A", "03:00.0", "" },
		{ "far3", "A", "04:00.0", "" },
		{ "qat", "A", "00:0a.0", "", ATS },
		{ "near4", "A", "00:0a.1", "", ATS },
	};
	struct pci_bus *root = root_bus(0, 0), *bus;
	struct pci_dev *pf;

	bus = add_bridge("port", root, PCI_EXP_TYPE_ROOT_PORT, "1c.0", 1);
	pf = add_device("nic", bus, PCI_EXP_TYPE_ENDPOINT, "00.0");
	add_vf("near", pf, "01:10.0");
	add_alias(add_vf("far", pf, "02:00.1"), "00.7");
	pf = add_device("nic2", bus, PCI_EXP_TYPE_ENDPOINT, "00.1");
	add_vf("far2", pf, "02:08.1");
	bus = add_bridge("port2", root, PCI_EXP_TYPE_ROOT_PORT, "1d.0", 3);
	pf = add_device("disk", bus, PCI_EXP_TYPE_ENDPOINT, "00.0");
	add_vf("far3", pf, "04:00.0");
	pf = add_device("qat", root, PCI_EXP_TYPE_RC_END, "0a.0");
	add_vf("near4", pf, "00:0a.1");

	begin(&bytes, 46);
	add_unit(0, 0);
	add_scope(ENDPOINT, 0, "1c.0 00.0");
	add_scope(BRIDGE, 0, "1d.0");
	add_scope(ENDPOINT, 0, "0a.0");
	add_unit(DMAR_INCLUDE_PCI_ALL, 0);
	add_memory(0, USB_MEMORY);
	add_scope(ENDPOINT, 0, "1c.0 00.0");
	flagged(&bytes, DMAR_ATSR, 0, 0);
	add_scope(BRIDGE, 0, "1c.0");
	flagged(&bytes, DMAR_SATC, 0, 0);
	add_scope(ENDPOINT, 0, "0a.0");
	read_table();
	CHECK_ROWS(rows);
}

/*
 *	port		00:1c.0
 *	  phantom	01:00.0		(also 01:00.1 to 01:00.3, which are not there)
 *	  other		01:01.0
 *	port2		00:1d.0
 *	  sata		02:00.0		(also 02:00.1)
 *	  ide		02:00.1
 *	bridge		00:1e.0		(conventional)
 *	  raid		03:08.0		(also 03:0e.0)
 */
TEST(phantom_functions_are_aliases_of_their_device)
{
	static const struct row rows[] = {
		{ "phantom", "A", "01:00.0 01:00.1 01:00.2 01:00.3", "" },
		{ "other", "A", "01:01.0", "" },
		{ "sata", "A", "02:00.0 02:00.1", "", NO_ATS, 1 },
		{ "ide", "A", "02:00.1", "", NO_ATS, 1 },
		{ "bridge", "A", "00:1e.0", "", NO_ATS, 2 },
		{ "raid", "A", "03:08.0 03:0e.0 00:1e.0", "", NO_ATS, 2 },
	};
	struct pci_bus *root = root_bus(0, 0), *bus;
	struct pci_dev *pdev;

	bus = add_bridge("port", root, PCI_EXP_TYPE_ROOT_PORT, "1c.0", 1);
	pdev = add_device("phantom", bus, PCI_EXP_TYPE_ENDPOINT, "00.0");
	add_alias(pdev, "00.3");
	add_alias(pdev, "00.1");
	add_alias(pdev, "00.2");
	add_device("other", bus, PCI_EXP_TYPE_ENDPOINT, "01.0");
	bus = add_bridge("port2", root, PCI_EXP_TYPE_ROOT_PORT, "1d.0", 2);
	pdev = add_device("sata", bus, PCI_EXP_TYPE_ENDPOINT, "00.0");
	add_alias(pdev, "00.1");
	add_device("ide", bus, PCI_EXP_TYPE_ENDPOINT, "00.1");
	bus = add_bridge("bridge", root, CONVENTIONAL, "1e.0", 3);
	add_alias(add_device("raid", bus, CONVENTIONAL, "08.0"), "0e.0");

	begin(&bytes, 46);
	add_unit(DMAR_INCLUDE_PCI_ALL, 0);
	read_table();
	CHECK_ROWS(rows);
}

/*
 *	graphics	00:02.0 [unit A]
 *	vmd		00:0e.0 [unit A; memory]	(also 00:0e.7)
 *	  ---- PCI domain 0x10000 ----
 *	  vmd-port	00:1c.0
 *	    disk	01:00.0
 *	      disk-vf	01:00.1		(virtual)
 *	    disk2	02:00.0
 *	port		00:1c.0 [memory; ATSR: all ports]
 *	  nic		01:00.0
 *	vmd2		00:05.5
 *	  ---- PCI domain 0x10001 ----
 *	  disk3		80:02.0
 *	[unit B has all others]
 */
TEST(devices_below_a_vmd_are_where_it_is_and_have_its_source_ids)
{
	static const struct row rows[] = {
		{ "vmd", "A", "00:0e.0 00:0e.7", "a", NO_ATS, 1 },
		{ "vmd-port", "A", "00:0e.0 00:0e.7", "a", NO_ATS, 1 },
		{ "disk", "A", "00:0e.0 00:0e.7", "a", NO_ATS, 1 },
		{ "disk-vf", "A", "00:0e.0 00:0e.7", "a", NO_ATS, 1 },
		{ "disk2", "A", "00:0e.0 00:0e.7", "a", NO_ATS, 1 },
		{ "port", "B", "00:1c.0", "b", ATS },
		{ "nic", "B", "01:00.0", "b", ATS },
		{ "vmd2", "B", "00:05.5", "", NO_ATS, 2 },
		{ "disk3", "B", "00:05.5", "", NO_ATS, 2 },
	};
	struct pci_bus *root = root_bus(0, 0), *vmd, *bus;
	struct pci_dev *pdev;

	vmd = add_vmd("vmd", root, "0e.0", 0x10000, 0);
	add_alias(to_pci_dev(find_device("vmd")), "0e.7");
	bus = add_bridge("vmd-port", vmd, PCI_EXP_TYPE_ROOT_PORT, "1c.0", 1);
	pdev = add_device("disk", bus, PCI_EXP_TYPE_ENDPOINT, "00.0");
	add_vf("disk-vf", pdev, "01:00.1");
	bus = add_bridge("vmd-port2", vmd, PCI_EXP_TYPE_ROOT_PORT, "1d.0", 2);
	add_device("disk2", bus, PCI_EXP_TYPE_ENDPOINT, "00.0");
	bus = add_bridge("port", root, PCI_EXP_TYPE_ROOT_PORT, "1c.0", 1);
	add_device("nic", bus, PCI_EXP_TYPE_ENDPOINT, "00.0");
	vmd = add_vmd("vmd2", root, "05.5", 0x10001, 0x80);
	add_device("disk3", vmd, PCI_EXP_TYPE_ENDPOINT, "02.0");

	begin(&bytes, 46);
	add_unit(0, 0);
	add_scope(ENDPOINT, 0, "02.0");
	add_scope(ENDPOINT, 0, "0e.0");
	add_unit(DMAR_INCLUDE_PCI_ALL, 0);
	add_memory(0, USB_MEMORY);
	add_scope(ENDPOINT, 0, "0e.0");
	add_memory(0, GRAPHICS_MEMORY);
	add_scope(BRIDGE, 0, "1c.0");
	flagged(&bytes, DMAR_ATSR, DMAR_ALL_PORTS, 0);
	read_table();
	CHECK_ROWS(rows);
}

/* A table that says nothing of the places that the devices below a VMD have */
TEST(a_scope_never_names_a_device_below_a_vmd)
{
	static const struct row rows[] = {
		{ "vmd", "B", "00:0e.0", "", NO_ATS, 1 },
		{ "disk", "B", "00:0e.0", "", NO_ATS, 1 },
	};
	struct pci_bus *bus;

	bus = add_vmd("vmd", root_bus(0, 0), "0e.0", 0x10000, 0);
	add_device("disk", bus, PCI_EXP_TYPE_ENDPOINT, "02.0");

	begin(&bytes, 46);
	add_unit(0, 0);
	add_scope(ENDPOINT, 0, "02.0");
	add_unit(DMAR_INCLUDE_PCI_ALL, 0);
	add_memory(0, USB_MEMORY);
	add_scope(ENDPOINT, 0, "02.0");
	flagged(&bytes, DMAR_SATC, 0, 0);
	add_scope(ENDPOINT, 0, "02.0");
	read_table();
	CHECK_ROWS(rows);
}

/*
 *	segment 0			segment 1
 *	gpu	00:02.0 [unit A; mem]	gpu1	00:02.0 [mem]
 *	port	00:1c.0			port1	00:1c.0 [ATSR]
 *	  nic	01:00.0			  nic1	01:00.0
 *	  [unit B has all others]	  [unit C has all]
 *
 *	segment 2
 *	gpu2	00:02.0 [no unit]
 */
TEST(segments_have_units_and_devices_of_their_own)
{
	static const struct row rows[] = {
		{ "gpu", "A", "00:02.0", "a" },
		{ "port", "B", "00:1c.0", "" },
		{ "nic", "B", "01:00.0", "" },
		{ "gpu1", "C", "00:02.0", "b", .segment = 1 },
		{ "port1", "C", "00:1c.0", "", ATS, .segment = 1 },
		{ "nic1", "C", "01:00.0", "", ATS, .segment = 1 },
		{ "gpu2", "" },
	};
	struct pci_bus *root = root_bus(0, 0), *bus;

	add_device("gpu", root, PCI_EXP_TYPE_RC_END, "02.0");
	bus = add_bridge("port", root, PCI_EXP_TYPE_ROOT_PORT, "1c.0", 1);
	add_device("nic", bus, PCI_EXP_TYPE_ENDPOINT, "00.0");
	root = root_bus(1, 0);
	add_device("gpu1", root, PCI_EXP_TYPE_RC_END, "02.0");
	bus = add_bridge("port1", root, PCI_EXP_TYPE_ROOT_PORT, "1c.0", 1);
	add_device("nic1", bus, PCI_EXP_TYPE_ENDPOINT, "00.0");
	add_device("gpu2", root_bus(2, 0), PCI_EXP_TYPE_RC_END, "02.0");

	begin(&bytes, 46);
	add_unit(0, 0);
	add_scope(ENDPOINT, 0, "02.0");
	add_unit(DMAR_INCLUDE_PCI_ALL, 0);
	add_unit(DMAR_INCLUDE_PCI_ALL, 1);
	add_memory(0, GRAPHICS_MEMORY);
	add_scope(ENDPOINT, 0, "02.0");
	add_memory(1, USB_MEMORY);
	add_scope(ENDPOINT, 0, "02.0");
	flagged(&bytes, DMAR_ATSR, 0, 1);
	add_scope(BRIDGE, 0, "1c.0");
	read_table();
	CHECK_ROWS(rows);
}

/*
 *	gpu	00:02.0 [unit A]
 *	gpu80	80:02.0 [unit B]
 *	port	80:1c.0 [unit B has all below]
 *	  nic	81:00.0
 *	gpuc0	c0:02.0
 *	[unit C has all others]
 */
TEST(a_scope_starts_at_its_root_bus)
{
	static const struct row rows[] = {
		{ "gpu", "A", "00:02.0", "" },
		{ "gpu80", "B", "80:02.0", "" },
		{ "port", "B", "80:1c.0", "" },
		{ "nic", "B", "81:00.0", "" },
		{ "gpuc0", "C", "c0:02.0", "" },
	};
	struct pci_bus *root, *bus;

	add_device("gpu", root_bus(0, 0), PCI_EXP_TYPE_RC_END, "02.0");
	root = root_bus(0, 0x80);
	add_device("gpu80", root, PCI_EXP_TYPE_RC_END, "02.0");
	bus = add_bridge("port", root, PCI_EXP_TYPE_ROOT_PORT, "1c.0", 0x81);
	add_device("nic", bus, PCI_EXP_TYPE_ENDPOINT, "00.0");
	add_device("gpuc0", root_bus(0, 0xc0), PCI_EXP_TYPE_RC_END, "02.0");

	begin(&bytes, 46);
	add_unit(0, 0);
	add_scope(ENDPOINT, 0, "02.0");
	add_unit(0, 0);
	add_scope(ENDPOINT, 0x80, "02.0");
	add_scope(BRIDGE, 0x80, "1c.0");
	add_unit(DMAR_INCLUDE_PCI_ALL, 0);
	read_table();
	CHECK_ROWS(rows);
}

/*
 * A dock, plugged in after Linux gave the bus numbers 1 to 5 to others. Below
 * its bridges, numbers rise and fall.
 *
 *	external	00:07.0
 *	  dock		3a:00.0
 *	    dock-a	40:01.0
 *	      camera	3b:00.0 [unit A; memory]
 *	    dock-b	40:02.0
 *	      to-pci	50:00.0
 *	        serial	02:03.0
 *	[unit B has all others]
 */
static struct pci_bus *dock(u8 first)
{
	struct pci_bus *bus, *below;

	bus = add_bridge("external", root_bus(0, 0), PCI_EXP_TYPE_ROOT_PORT,
			 "07.0", first);
	bus = add_bridge("dock", bus, PCI_EXP_TYPE_UPSTREAM, "00.0", 0x40);
	below = add_bridge("dock-a", bus, PCI_EXP_TYPE_DOWNSTREAM, "01.0",
			   0x3b);
	add_device("camera", below, PCI_EXP_TYPE_ENDPOINT, "00.0");
	below = add_bridge("dock-b", bus, PCI_EXP_TYPE_DOWNSTREAM, "02.0",
			   0x50);
	below = add_bridge("to-pci", below, PCI_EXP_TYPE_PCI_BRIDGE, "00.0", 2);
	add_device("serial", below, CONVENTIONAL, "03.0");

	begin(&bytes, 46);
	add_unit(0, 0);
	add_scope(ENDPOINT, 0, "07.0 00.0 01.0 00.0");
	add_unit(DMAR_INCLUDE_PCI_ALL, 0);
	add_memory(0, USB_MEMORY);
	add_scope(ENDPOINT, 0, "07.0 00.0 01.0 00.0");
	read_table();
	return below;
}

TEST(scopes_hold_whatever_numbers_hot_plugged_buses_get)
{
	static const struct row rows[] = {
		{ "dock", "B", "3a:00.0", "" },
		{ "dock-a", "B", "40:01.0", "" },
		{ "camera", "A", "3b:00.0", "a" },
		{ "serial", "B", "02:03.0 02:00.0", "" },
	};

	dock(0x3a);
	CHECK_ROWS(rows);
}

TEST(a_bus_that_gets_another_number_changes_source_ids_only)
{
	static const struct row rows[] = {
		{ "dock", "B", "05:00.0", "" },
		{ "dock-a", "B", "06:01.0", "" },
		{ "camera", "A", "01:00.0", "a" },
		{ "serial", "B", "09:03.0 09:00.0", "" },
	};
	struct pci_bus *below = dock(0x3a);

	below->number = 9;
	to_pci_dev(find_device("dock"))->bus->number = 5;
	to_pci_dev(find_device("dock-a"))->bus->number = 6;
	to_pci_dev(find_device("camera"))->bus->number = 1;
	CHECK_ROWS(rows);
}

/*
 *	bridge		00:1c.0 [unit A has all below; memory]
 *	  disk		01:00.0
 *	  inner		01:01.0
 *	    nic		02:00.0
 *	port		00:1c.4 [unit A has the port itself]
 *	  disk2		03:00.0
 *	port2		00:1d.0
 *	  inner2	04:01.0 [unit A has all below]
 *	    nic2	05:00.0
 *	  disk3		04:00.0
 *	[unit B has all others]
 */
TEST(a_scope_of_a_bridge_holds_what_is_below_and_one_of_an_endpoint_does_not)
{
	static const struct row rows[] = {
		{ "bridge", "A", "00:1c.0", "a" },
		{ "disk", "A", "01:00.0", "a" },
		{ "inner", "A", "01:01.0", "a" },
		{ "nic", "A", "02:00.0", "a" },
		{ "port", "A", "00:1c.4", "" },
		{ "disk2", "B", "03:00.0", "" },
		{ "port2", "B", "00:1d.0", "" },
		{ "inner2", "A", "04:01.0", "" },
		{ "nic2", "A", "05:00.0", "" },
		{ "disk3", "B", "04:00.0", "" },
	};
	struct pci_bus *root = root_bus(0, 0), *bus, *below;

	bus = add_bridge("bridge", root, PCI_EXP_TYPE_ROOT_PORT, "1c.0", 1);
	add_device("disk", bus, PCI_EXP_TYPE_ENDPOINT, "00.0");
	below = add_bridge("inner", bus, PCI_EXP_TYPE_UPSTREAM, "01.0", 2);
	add_device("nic", below, PCI_EXP_TYPE_ENDPOINT, "00.0");
	bus = add_bridge("port", root, PCI_EXP_TYPE_ROOT_PORT, "1c.4", 3);
	add_device("disk2", bus, PCI_EXP_TYPE_ENDPOINT, "00.0");
	bus = add_bridge("port2", root, PCI_EXP_TYPE_ROOT_PORT, "1d.0", 4);
	below = add_bridge("inner2", bus, PCI_EXP_TYPE_UPSTREAM, "01.0", 5);
	add_device("nic2", below, PCI_EXP_TYPE_ENDPOINT, "00.0");
	add_device("disk3", bus, PCI_EXP_TYPE_ENDPOINT, "00.0");

	begin(&bytes, 46);
	add_unit(0, 0);
	add_scope(BRIDGE, 0, "1c.0");
	add_scope(ENDPOINT, 0, "1c.4");
	add_scope(BRIDGE, 0, "1d.0 01.0");
	add_unit(DMAR_INCLUDE_PCI_ALL, 0);
	add_memory(0, USB_MEMORY);
	add_scope(BRIDGE, 0, "1c.0");
	read_table();
	CHECK_ROWS(rows);
}

/*
 *	port	00:1c.0
 *	  disk	01:00.0 [unit A]
 *	port2	00:1c.1
 *	  disk2	02:00.0
 *	  inner	02:1c.0
 *	    nic	03:00.0		(ends like disk)
 *	first	00:00.0
 *	[unit B has all others; unit A also has paths that lead nowhere]
 */
TEST(a_path_leads_to_one_device_only)
{
	static const struct row rows[] = {
		{ "port", "B", "00:1c.0", "" },
		{ "disk", "A", "01:00.0", "" },
		{ "disk2", "B", "02:00.0", "" },
		{ "inner", "B", "02:1c.0", "" },
		{ "nic", "B", "03:00.0", "" },
		{ "first", "B", "00:00.0", "" },
	};
	struct pci_bus *root = root_bus(0, 0), *bus;

	bus = add_bridge("port", root, PCI_EXP_TYPE_ROOT_PORT, "1c.0", 1);
	add_device("disk", bus, PCI_EXP_TYPE_ENDPOINT, "00.0");
	bus = add_bridge("port2", root, PCI_EXP_TYPE_ROOT_PORT, "1c.1", 2);
	add_device("disk2", bus, PCI_EXP_TYPE_ENDPOINT, "00.0");
	bus = add_bridge("inner", bus, PCI_EXP_TYPE_UPSTREAM, "1c.0", 3);
	add_device("nic", bus, PCI_EXP_TYPE_ENDPOINT, "00.0");
	add_device("first", root, PCI_EXP_TYPE_RC_END, "00.0");

	begin(&bytes, 46);
	add_unit(0, 0);
	add_scope(ENDPOINT, 0, "1c.0 00.0");
	/* A device that is not there, and one below an endpoint */
	add_scope(ENDPOINT, 0, "1f.0");
	add_scope(ENDPOINT, 0, "1c.0 00.0 00.0");
	/* Numbers that do not exist would be 1c.1 and 00.0, cut to their bits */
	add_scope(ENDPOINT, 0, "3c.1 00.0");
	add_scope(ENDPOINT, 0, "1c.9 00.0");
	add_scope(BRIDGE, 0, "20.0");
	/* An IOAPIC is no PCI device, even if it has the source-id of one */
	add_scope(DMAR_SCOPE_IOAPIC, 0, "00.0");
	add_unit(DMAR_INCLUDE_PCI_ALL, 0);
	read_table();
	CHECK_ROWS(rows);
}

/* Some firmware starts a path at the bus of the device, not at the root bus */
TEST(a_path_may_start_at_an_inner_bus)
{
	static const struct row rows[] = {
		{ "disk", "A", "03:00.0", "a" },
		{ "nic", "B", "03:01.0", "" },
	};
	struct pci_bus *bus;

	bus = add_bridge("port", root_bus(0, 0), PCI_EXP_TYPE_ROOT_PORT, "1c.0",
			 3);
	add_device("disk", bus, PCI_EXP_TYPE_ENDPOINT, "00.0");
	add_device("nic", bus, PCI_EXP_TYPE_ENDPOINT, "01.0");

	begin(&bytes, 46);
	add_unit(0, 0);
	add_scope(ENDPOINT, 3, "00.0");
	add_unit(DMAR_INCLUDE_PCI_ALL, 0);
	add_memory(0, USB_MEMORY);
	add_scope(ENDPOINT, 3, "00.0");
	read_table();
	CHECK_ROWS(rows);
}
