// SPDX-License-Identifier: GPL-2.0
/*
 * What models of hardware need that their registers do not say: one row for
 * each range of PCI ids. No other file has ids.
 */
#include <linux/array_size.h>
#include <linux/pci.h>

#include "quirks.h"

/**
 * struct quirk_row - machines on which the unit must not be used
 * @vendor: PCI vendor of a device that all of them have
 * @device: its device id
 * @why: for the log
 * @source: who says so
 */
struct quirk_row {
	u16 vendor;
	u16 device;
	const char *why;
	const char *source;
};

static const struct quirk_row refused[] = {
	{
		PCI_VENDOR_ID_ATI, 0x98e4,
		"the graphics unit of Stoney Ridge does not work behind it",
		"Linux 6.12, drivers/iommu/amd/init.c, detect_ivrs()",
	},
};

/**
 * amdvi_quirks_refuse() - is this a machine on which the unit must not be used?
 *
 * Return: NULL, or why.
 */
const char *amdvi_quirks_refuse(void)
{
	struct pci_dev *pdev;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		pdev = pci_get_device(refused[i].vendor, refused[i].device,
				      NULL);
		pci_dev_put(pdev);
		if (pdev)
			return refused[i].why;
	}
	return NULL;
}
