/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PCI devices and buses, as far as the code under test looks at them.
 * topology/tree.c makes them.
 */
#ifndef HOST_LINUX_PCI_H
#define HOST_LINUX_PCI_H

#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/printk.h>

/* Options are defined as 1 or 0 */
#define IS_ENABLED(option)	(option)

#define PCI_DEVFN(slot, func)	((((slot) & 31) << 3) | ((func) & 7))
#define PCI_SLOT(devfn)		(((devfn) >> 3) & 31)
#define PCI_FUNC(devfn)		((devfn) & 7)
#define PCI_DEVID(bus, devfn)	((u16)((bus) << 8 | (devfn)))

/* Of the register of PCI Express capabilities */
enum {
	PCI_EXP_TYPE_ENDPOINT = 0,
	PCI_EXP_TYPE_ROOT_PORT = 4,
	PCI_EXP_TYPE_UPSTREAM = 5,
	PCI_EXP_TYPE_DOWNSTREAM = 6,
	PCI_EXP_TYPE_PCI_BRIDGE = 7,
	PCI_EXP_TYPE_PCIE_BRIDGE = 8,
	PCI_EXP_TYPE_RC_END = 9,
};

#define PCI_DEV_FLAG_PCIE_BRIDGE_ALIAS	BIT(0)
#define PCI_DEV_FLAGS_BRIDGE_XLATE_ROOT	BIT(1)

struct pci_bus {
	struct pci_bus *parent;
	struct pci_dev *self;
	u8 number;
	void *sysdata;
};

struct pci_dev {
	struct device dev;
	struct pci_bus *bus;
	struct pci_bus *subordinate;
	struct pci_dev *physfn;
	unsigned long *dma_alias_mask;
	unsigned long dev_flags;
	unsigned int devfn;
	int pcie_type;
	bool is_pcie;
};

extern const struct bus_type pci_bus_type;

#define dev_is_pci(d)		((d)->bus == &pci_bus_type)
#define to_pci_dev(d)		container_of(d, struct pci_dev, dev)

static inline bool pci_is_root_bus(const struct pci_bus *bus)
{
	return !bus->parent;
}

static inline bool pci_is_pcie(const struct pci_dev *pdev)
{
	return pdev->is_pcie;
}

static inline int pci_pcie_type(const struct pci_dev *pdev)
{
	return pdev->pcie_type;
}

static inline u16 pci_dev_id(const struct pci_dev *pdev)
{
	return PCI_DEVID(pdev->bus->number, pdev->devfn);
}

static inline struct pci_dev *pci_physfn(struct pci_dev *pdev)
{
	return pdev->physfn ?: pdev;
}

int pci_domain_nr(const struct pci_bus *bus);
struct pci_dev *pcie_find_root_port(struct pci_dev *pdev);

#define for_each_set_bit(bit, words, bits)				\
	for ((bit) = 0; (bit) < (bits); (bit)++)			\
		if ((words)[(bit) / BITS_PER_LONG] &			\
		    BIT((bit) % BITS_PER_LONG))

#endif
