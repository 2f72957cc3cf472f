/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PCI trees for tests. Places are texts: "1c.0" is device and function on a bus,
 * in hexadecimal digits, and "03:1c.0" a source-id.
 */
#ifndef TOPOLOGY_TREE_H
#define TOPOLOGY_TREE_H

#include <linux/acpi.h>
#include <linux/pci.h>

/* A kind of device beside the PCI Express types: conventional PCI */
#define CONVENTIONAL	(-1)

/* A root bus */
struct pci_bus *root_bus(int segment, u8 number);

/* A device on a bus; its name identifies it in tests */
struct pci_dev *add_device(const char *name, struct pci_bus *bus, int type,
			   const char *place);

/* A bridge, returning the bus below it */
struct pci_bus *add_bridge(const char *name, struct pci_bus *bus, int type,
			   const char *place, u8 number);

/* A virtual function; a bus of another number gets no bridge */
struct pci_dev *add_vf(const char *name, struct pci_dev *pf, const char *id);

/* A VMD, returning the root bus of the PCI domain below it */
struct pci_bus *add_vmd(const char *name, struct pci_bus *bus,
			const char *place, int domain, u8 number);

/* The device is known to use the place of another function of its bus, too */
void add_alias(struct pci_dev *pdev, const char *place);

/* A device of the ACPI namespace */
void add_acpi(const char *name, const char *path, const char *hid,
	      const char *uid);

struct device *find_device(const char *name);

void read_place(const char *text, u8 *device, u8 *function);
u16 read_id(const char *text);

/* The lines that were logged, each ended by a newline; forgets them */
const char *log_lines(void);

/* The only memory of the kernel, for iommu_firmware_is_ram() */
extern u64 ram_first, ram_last;

#endif
