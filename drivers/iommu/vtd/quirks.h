/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What models of hardware need that their registers do not say.
 */
#ifndef VTD_QUIRKS_H
#define VTD_QUIRKS_H

#include <linux/bits.h>
#include <linux/types.h>

struct pci_dev;

/* Each invalidation of its device-TLB has to be sent twice */
#define VTD_QUIRK_DEVICE_TLB_TWICE	BIT(0)

bool vtd_quirk(const struct pci_dev *pdev, unsigned long what);

#endif
