/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Registers of a unit that belong to its chipset, and not to the specification
 * of units.
 */
#ifndef AMDVI_CHIPSET_H
#define AMDVI_CHIPSET_H

#include <linux/types.h>

struct amdvi_chipset;
struct pci_dev;

unsigned long amdvi_chipset_fix(struct pci_dev *pdev, unsigned long quirks);
struct amdvi_chipset *amdvi_chipset_save(struct pci_dev *pdev, u16 capability);
int amdvi_chipset_restore(const struct amdvi_chipset *chipset);
void amdvi_chipset_free(struct amdvi_chipset *chipset);

#endif
