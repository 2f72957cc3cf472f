// SPDX-License-Identifier: GPL-2.0
/*
 * PCI trees for tests, and those functions of the kernel and of the drivers
 * that the code under test calls about them.
 *
 * Each test runs in a process of its own, so nothing is taken down.
 */
#include <stdarg.h>
#include <stdlib.h>

#include <asm/pci.h>

#include "common/firmware.h"
#include "tree.h"

#define MAX_DEVICES	64
#define ALIAS_WORDS	(256 / BITS_PER_LONG)
#define LOG_BYTES	4096

const struct bus_type pci_bus_type = { .name = "pci" };
static const struct bus_type platform_bus = { .name = "platform" };

u64 ram_first = 1, ram_last;

static struct device *devices[MAX_DEVICES];
static unsigned int nr_devices;
static char log_text[LOG_BYTES];

static void bad_test(const char *what, const char *name)
{
	fprintf(stderr, "the test is wrong: %s: %s\n", what, name);
	abort();
}

static void *make(size_t size)
{
	void *made = calloc(1, size);

	if (!made)
		abort();
	return made;
}

void read_place(const char *text, u8 *device, u8 *function)
{
	if (sscanf(text, "%hhx.%hhx", device, function) != 2)
		bad_test("no place on a bus", text);
}

u16 read_id(const char *text)
{
	u8 bus, device, function;

	if (sscanf(text, "%hhx:%hhx.%hhx", &bus, &device, &function) != 3)
		bad_test("no source-id", text);
	return PCI_DEVID(bus, PCI_DEVFN(device, function));
}

static void keep(struct device *dev, const char *name)
{
	if (nr_devices == MAX_DEVICES || find_device(name))
		bad_test("one device too many", name);
	dev->init_name = name;
	devices[nr_devices++] = dev;
}

struct device *find_device(const char *name)
{
	unsigned int i;

	for (i = 0; i < nr_devices; i++)
		if (!strcmp(devices[i]->init_name, name))
			return devices[i];
	return NULL;
}

static struct pci_bus *make_bus(struct pci_bus *parent, struct pci_dev *self,
				u8 number)
{
	struct pci_bus *bus = make(sizeof(*bus));

	bus->parent = parent;
	bus->self = self;
	bus->number = number;
	if (parent)
		bus->sysdata = parent->sysdata;
	return bus;
}

struct pci_bus *root_bus(int segment, u8 number)
{
	struct pci_bus *bus = make_bus(NULL, NULL, number);
	struct pci_sysdata *sysdata = make(sizeof(*sysdata));

	sysdata->domain = segment;
	bus->sysdata = sysdata;
	return bus;
}

static struct pci_dev *make_pci(const char *name, struct pci_bus *bus, int type,
				unsigned int devfn)
{
	struct pci_dev *pdev = make(sizeof(*pdev));

	pdev->dev.bus = &pci_bus_type;
	pdev->bus = bus;
	pdev->devfn = devfn;
	pdev->is_pcie = type != CONVENTIONAL;
	pdev->pcie_type = type;
	keep(&pdev->dev, name);
	return pdev;
}

struct pci_dev *add_device(const char *name, struct pci_bus *bus, int type,
			   const char *place)
{
	u8 device, function;

	read_place(place, &device, &function);
	return make_pci(name, bus, type, PCI_DEVFN(device, function));
}

struct pci_bus *add_bridge(const char *name, struct pci_bus *bus, int type,
			   const char *place, u8 number)
{
	struct pci_dev *bridge = add_device(name, bus, type, place);

	bridge->subordinate = make_bus(bus, bridge, number);
	return bridge->subordinate;
}

struct pci_dev *add_vf(const char *name, struct pci_dev *pf, const char *id)
{
	u16 source_id = read_id(id);
	u8 number = source_id >> 8;
	struct pci_bus *bus = pf->bus;
	struct pci_dev *vf;

	if (bus->number != number)
		bus = make_bus(bus, NULL, number);
	vf = make_pci(name, bus, PCI_EXP_TYPE_ENDPOINT, source_id & 0xff);
	vf->physfn = pf;
	return vf;
}

struct pci_bus *add_vmd(const char *name, struct pci_bus *bus,
			const char *place, int domain, u8 number)
{
	struct pci_bus *below = root_bus(domain, number);

	to_pci_sysdata(below)->vmd_dev =
		add_device(name, bus, PCI_EXP_TYPE_RC_END, place);
	return below;
}

void add_alias(struct pci_dev *pdev, const char *place)
{
	u8 device, function, devfn;

	read_place(place, &device, &function);
	devfn = PCI_DEVFN(device, function);
	if (!pdev->dma_alias_mask)
		pdev->dma_alias_mask = make(ALIAS_WORDS * sizeof(long));
	pdev->dma_alias_mask[devfn / BITS_PER_LONG] |=
		BIT(devfn % BITS_PER_LONG);
}

/* Without a path, the namespace does not know the device */
void add_acpi(const char *name, const char *path, const char *hid,
	      const char *uid)
{
	struct device *dev = make(sizeof(*dev));

	dev->bus = &platform_bus;
	if (path) {
		dev->companion = make(sizeof(*dev->companion));
		*dev->companion = (struct acpi_device){ path, hid, uid };
	}
	keep(dev, name);
}

const char *log_lines(void)
{
	static char lines[LOG_BYTES];

	memcpy(lines, log_text, sizeof(lines));
	log_text[0] = 0;
	return lines;
}

void host_log(const char *format, ...)
{
	size_t used = strlen(log_text);
	va_list args;

	va_start(args, format);
	vsnprintf(log_text + used, sizeof(log_text) - used, format, args);
	va_end(args);
}

bool iommu_firmware_is_ram(u64 first, u64 last)
{
	return first <= ram_last && last >= ram_first;
}

int pci_domain_nr(const struct pci_bus *bus)
{
	return to_pci_sysdata(bus)->domain;
}

/* The bridge above a virtual function is that above its physical function */
struct pci_dev *pcie_find_root_port(struct pci_dev *pdev)
{
	for (; pdev; pdev = pci_physfn(pdev)->bus->self)
		if (pdev->is_pcie && pdev->pcie_type == PCI_EXP_TYPE_ROOT_PORT)
			return pdev;
	return NULL;
}

acpi_status acpi_get_handle(acpi_handle parent, acpi_string path,
			    acpi_handle *handle)
{
	unsigned int i;

	for (i = 0; parent == ACPI_ROOT_OBJECT && i < nr_devices; i++)
		if (devices[i]->companion &&
		    !strcmp(devices[i]->companion->path, path)) {
			*handle = devices[i]->companion;
			return 0;
		}
	return 1;
}

int acpi_dev_uid_to_integer(struct acpi_device *adev, u64 *number)
{
	char *end;

	if (!adev->uid)
		return -ENODATA;
	*number = strtoull(adev->uid, &end, 0);
	return *end || end == adev->uid ? -EINVAL : 0;
}
