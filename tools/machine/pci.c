// SPDX-License-Identifier: GPL-2.0
/*
 * The PCI devices of a machine, from sys/bus/pci/devices.
 *
 * The tree follows from the bus numbers in the bridges, which everybody may
 * read. A hostile tree may have bridges in a circle: no path up has more steps
 * than a domain has buses.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "machine/known.h"
#include "machine/pci.h"

#define FOLDER		"sys/bus/pci/devices"
#define BUSES		256
#define ANY_SUBCLASS	0xff
#define GROUPS_MAX	65536

static int compare(const void *a, const void *b)
{
	const struct pci_device *x = a, *y = b;

	if (x->domain != y->domain)
		return x->domain < y->domain ? -1 : 1;
	return (int)pci_id(x) - (int)pci_id(y);
}

/* Only as the kernel writes it, so that no device has two names */
static bool read_address(struct pci_device *device, const char *name)
{
	unsigned int domain, bus, slot, function;
	char again[PCI_ADDRESS_MAX];

	if (sscanf(name, "%x:%x:%x.%x", &domain, &bus, &slot, &function) != 4 ||
	    bus > 255 || slot > 31 || function > 7)
		return false;
	snprintf(again, sizeof(again), "%04x:%02x:%02x.%x", domain, bus, slot,
		 function);
	if (strcmp(name, again))
		return false;
	device->domain = domain;
	device->bus = bus;
	device->devfn = slot << 3 | function;
	snprintf(device->address, sizeof(device->address), "%s",
		 domain ? name : name + strlen("0000:"));
	return true;
}

static uint32_t read_number(const struct source *from, const char *device,
			    const char *file)
{
	char text[32];

	if (source_text(from, text, sizeof(text), FOLDER "/%s/%s", device, file))
		return 0;
	return strtoul(text, NULL, 16);
}

static void read_device(struct pci_device *device, const struct source *from,
			const char *name)
{
	char text[SOURCE_NAME_MAX];
	uint8_t bytes[CONFIG_BYTES];
	long length;

	device->vendor = read_number(from, name, "vendor");
	device->device = read_number(from, name, "device");
	device->class = read_number(from, name, "class");
	source_text(from, text, sizeof(text), FOLDER "/%s/removable", name);
	device->removable = !strcmp(text, "removable");
	source_link(from, text, FOLDER "/%s/driver", name);
	snprintf(device->driver, sizeof(device->driver), "%.31s", text);
	device->group = PCI_NONE;
	if (!source_link(from, text, FOLDER "/%s/iommu_group", name) &&
	    strtoul(text, NULL, 10) < GROUPS_MAX)
		device->group = strtoul(text, NULL, 10);
	length = source_read(from, bytes, sizeof(bytes), FOLDER "/%s/config",
			     name);
	config_parse(&device->config, bytes, length > 0 ? length : 0);
	device->parent = PCI_NONE;
	device->physfn = PCI_NONE;
	device->vmd = PCI_NONE;
	device->alias = known_alias(device->vendor, device->device,
				    device->devfn);
	device->unit = PCI_NONE;
}

int pci_find(const struct pci *pci, uint32_t domain, uint8_t bus,
	     uint8_t devfn)
{
	struct pci_device key = {
		.domain = domain, .bus = bus, .devfn = devfn,
	};
	struct pci_device *found = NULL;

	if (pci->nr)
		found = bsearch(&key, pci->devices, pci->nr, sizeof(key),
				compare);
	return found ? found - pci->devices : PCI_NONE;
}

static int find_named(const struct pci *pci, const char *name)
{
	struct pci_device key;

	if (!read_address(&key, name))
		return PCI_NONE;
	return pci_find(pci, key.domain, key.bus, key.devfn);
}

static void find_links(struct pci *pci, const struct source *from)
{
	char name[PCI_ADDRESS_MAX + 8], target[SOURCE_NAME_MAX];
	unsigned int domain, bus;
	int i, j;

	for (i = 0; i < pci->nr; i++) {
		struct pci_device *device = &pci->devices[i];

		snprintf(name, sizeof(name), "%s%s",
			 device->domain ? "" : "0000:", device->address);
		if (!source_link(from, target, FOLDER "/%s/physfn", name))
			device->physfn = find_named(pci, target);
		if (device->physfn == i)
			device->physfn = PCI_NONE;
		/* A VMD device has a link to the root bus of its domain */
		if (source_link(from, target, FOLDER "/%s/domain", name) ||
		    sscanf(target, "%x:%x", &domain, &bus) != 2 ||
		    domain < PCI_VMD_DOMAIN)
			continue;
		for (j = 0; j < pci->nr; j++)
			if (pci->devices[j].domain == domain && j != i)
				pci->devices[j].vmd = i;
	}
}

static int bridge_to(const struct pci *pci, int device)
{
	const struct pci_device *of = &pci->devices[device];
	int i;

	for (i = 0; i < pci->nr; i++) {
		const struct pci_device *bridge = &pci->devices[i];

		if (bridge->config.bridge && bridge->domain == of->domain &&
		    bridge->config.secondary && bridge->bus != of->bus &&
		    bridge->config.secondary == of->bus)
			return i;
	}
	return PCI_NONE;
}

/* Cut the path at a device from which it does not end */
static void cut_circles(struct pci *pci)
{
	int i, at, steps;

	for (i = 0; i < pci->nr; i++) {
		at = i;
		for (steps = 0; at != PCI_NONE && steps <= BUSES; steps++)
			at = pci->devices[at].parent;
		if (at != PCI_NONE)
			pci->devices[i].parent = PCI_NONE;
	}
}

static void find_parents(struct pci *pci)
{
	int i, physfn;

	for (i = 0; i < pci->nr; i++) {
		struct pci_device *device = &pci->devices[i];

		/* All devices on a bus have the same parent */
		if (i && device[-1].domain == device->domain &&
		    device[-1].bus == device->bus)
			device->parent = device[-1].parent;
		else
			device->parent = bridge_to(pci, i);
	}
	/* A virtual function may be on a bus that no bridge leads to */
	for (i = 0; i < pci->nr; i++) {
		physfn = pci->devices[i].physfn;
		if (physfn != PCI_NONE)
			pci->devices[i].parent = pci->devices[physfn].parent;
	}
	cut_circles(pci);
}

/*
 * The kernel counts a function as one of several if its header says so, or if
 * it is not the first.
 */
static void find_rest(struct pci *pci)
{
	int i, parent;

	pci->complete = true;
	for (i = 0; i < pci->nr; i++) {
		struct pci_device *device = &pci->devices[i];

		device->multifunction = device->physfn == PCI_NONE &&
					(device->config.multifunction ||
					 pci_function(device));
		if (!device->config.complete)
			pci->complete = false;
		parent = device->parent;
		if (device->removable && parent != PCI_NONE &&
		    !pci->devices[parent].removable)
			pci->devices[parent].external = true;
	}
}

int pci_read(struct pci *pci, const struct source *from)
{
	struct source_names list;
	size_t i;

	*pci = (struct pci){ };
	/* Without PCI there is no such folder */
	source_list(from, &list, FOLDER);
	pci->devices = calloc(list.nr + 1, sizeof(*pci->devices));
	if (!pci->devices) {
		source_names_free(&list);
		return fail(ENOMEM, "PCI devices");
	}
	for (i = 0; i < list.nr; i++) {
		struct pci_device *device = &pci->devices[pci->nr];

		if (!read_address(device, list.names[i]))
			continue;
		read_device(device, from, list.names[i]);
		pci->nr++;
	}
	source_names_free(&list);
	qsort(pci->devices, pci->nr, sizeof(*pci->devices), compare);
	find_links(pci, from);
	find_parents(pci);
	find_rest(pci);
	return 0;
}

void pci_free(struct pci *pci)
{
	free(pci->devices);
	*pci = (struct pci){ };
}

bool pci_is_downstream_port(const struct pci_device *device)
{
	return device->config.type == CONFIG_ROOT_PORT ||
	       device->config.type == CONFIG_DOWNSTREAM;
}

static const char *bridge_words(const struct pci_device *device)
{
	if (!device->config.complete)
		return "bridge";
	switch (device->config.type) {
	case CONFIG_ROOT_PORT:
		return "root port";
	case CONFIG_UPSTREAM:
		return "switch";
	case CONFIG_DOWNSTREAM:
		return "switch port";
	case CONFIG_PCIE_TO_PCI:
		return "PCIe-to-PCI bridge";
	case CONFIG_PCI_TO_PCIE:
		return "PCI-to-PCIe bridge";
	default:
		return "PCI bridge";
	}
}

const char *pci_words(const struct pci_device *device)
{
	/* Class and subclass; the first row that fits */
	static const struct {
		uint8_t class, subclass;
		const char *words;
	} kinds[] = {
		{ 0x00, ANY_SUBCLASS, "device" },
		{ 0x01, 0x04, "RAID" },
		{ 0x01, 0x06, "SATA" },
		{ 0x01, 0x07, "SAS" },
		{ 0x01, 0x08, "NVMe" },
		{ 0x01, ANY_SUBCLASS, "storage" },
		{ 0x02, 0x00, "Ethernet" },
		{ 0x02, 0x80, "network" },
		{ 0x02, 0x07, "InfiniBand" },
		{ 0x02, ANY_SUBCLASS, "network" },
		{ 0x03, ANY_SUBCLASS, "graphics" },
		{ 0x04, 0x03, "audio" },
		{ 0x04, 0x01, "audio" },
		{ 0x04, ANY_SUBCLASS, "multimedia" },
		{ 0x05, ANY_SUBCLASS, "memory" },
		{ 0x06, 0x00, "host bridge" },
		{ 0x06, 0x01, "ISA bridge" },
		{ 0x06, ANY_SUBCLASS, "bridge" },
		{ 0x07, ANY_SUBCLASS, "serial" },
		{ 0x08, 0x06, "IOMMU" },
		{ 0x08, 0x07, "event collector" },
		{ 0x08, ANY_SUBCLASS, "system device" },
		{ 0x0c, 0x03, "USB" },
		{ 0x0c, 0x05, "SMBus" },
		{ 0x0c, ANY_SUBCLASS, "serial bus" },
		{ 0x0d, ANY_SUBCLASS, "wireless" },
		{ 0x10, ANY_SUBCLASS, "encryption" },
		{ 0x11, ANY_SUBCLASS, "signal processing" },
		{ 0x12, ANY_SUBCLASS, "accelerator" },
	};
	uint8_t class = device->class >> 16, subclass = device->class >> 8;
	size_t i;

	if (device->config.bridge)
		return bridge_words(device);
	if (known_vmd(device->vendor, device->device))
		return "VMD";
	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (kinds[i].class == class &&
		    (kinds[i].subclass == subclass ||
		     kinds[i].subclass == ANY_SUBCLASS))
			return kinds[i].words;
	return "device";
}
