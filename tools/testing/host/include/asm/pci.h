/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HOST_ASM_PCI_H
#define HOST_ASM_PCI_H

#include <linux/pci.h>

struct pci_sysdata {
	int domain;
	struct pci_dev *vmd_dev;
};

static inline struct pci_sysdata *to_pci_sysdata(const struct pci_bus *bus)
{
	return bus->sysdata;
}

#endif
