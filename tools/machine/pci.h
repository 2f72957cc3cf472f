/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The PCI devices of a machine, and their tree.
 */
#ifndef MACHINE_PCI_H
#define MACHINE_PCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "machine/config.h"
#include "machine/source.h"

/* No device, group or unit */
#define PCI_NONE	(-1)
/* Domains from here on belong to VMD devices */
#define PCI_VMD_DOMAIN	0x10000

#define PCI_ADDRESS_MAX	24
#define PCI_WORDS_MAX	32

/**
 * struct pci_device - a function
 * @address: its name, as lspci prints it: without the domain if that is 0
 * @driver: name of its driver, or empty
 * @removable: sysfs says that it can be removed: it is behind an external port
 * @external: it is a port to which such a device is connected
 * @parent: the bridge above it, or PCI_NONE
 * @physfn: for a virtual function, its physical function; or PCI_NONE
 * @vmd: for a device in the domain of a VMD device, that device, whose
 *	source-id its requests have; or PCI_NONE
 * @alias: device and function on its bus whose source-id its requests may have
 *	as well; or PCI_NONE
 * @multifunction: as the kernel sees it
 * @group: the IOMMU group that the kernel has put it into, or PCI_NONE
 * @unit: the unit that it is behind, or PCI_NONE
 */
struct pci_device {
	uint32_t domain;
	uint8_t bus;
	uint8_t devfn;
	char address[PCI_ADDRESS_MAX];
	uint16_t vendor;
	uint16_t device;
	uint32_t class;
	char driver[32];
	bool removable;
	bool external;
	struct config config;
	int parent;
	int physfn;
	int vmd;
	int alias;
	bool multifunction;
	int group;
	int unit;
};

/**
 * struct pci - all of them
 * @devices: sorted by address
 * @nr: number of devices
 * @complete: the capabilities of all could be read
 */
struct pci {
	struct pci_device *devices;
	int nr;
	bool complete;
};

/* Returns 0, or -ENOMEM with the sentence in fail_text() */
int pci_read(struct pci *pci, const struct source *from);
void pci_free(struct pci *pci);

static inline unsigned int pci_slot(const struct pci_device *device)
{
	return device->devfn >> 3;
}

static inline unsigned int pci_function(const struct pci_device *device)
{
	return device->devfn & 7;
}

static inline uint16_t pci_id(const struct pci_device *device)
{
	return device->bus << 8 | device->devfn;
}

/* The device at an address, or PCI_NONE */
int pci_find(const struct pci *pci, uint32_t domain, uint8_t bus,
	     uint8_t devfn);

/* Is it a port of a root complex or a switch, with devices below? */
bool pci_is_downstream_port(const struct pci_device *device);

/* The kind of a device in a word or two, from its class and type */
const char *pci_words(const struct pci_device *device);

#endif
