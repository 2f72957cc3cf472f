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

/* A chipset whose integrated graphics does not work behind its unit */
#define VTD_QUIRK_GRAPHICS		BIT(1)

/* A chipset whose units need write buffers flushed, without saying so */
#define VTD_QUIRK_WRITE_BUFFER		BIT(2)

/* Graphics whose own unit may hang when it is disabled after a change of power */
#define VTD_QUIRK_KEEP_TRANSLATING	BIT(3)

/* A sound device, and the registers that say which unit it has (exempt.c) */
#define VTD_QUIRK_SOUND			BIT(4)
#define VTD_QUIRK_ISOCH			BIT(5)

struct pci_dev *vtd_quirk_find(unsigned long what);
bool vtd_quirk_exists(unsigned long what);
bool vtd_quirk(const struct pci_dev *pdev, unsigned long what);

#endif
