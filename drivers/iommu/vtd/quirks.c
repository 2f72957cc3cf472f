// SPDX-License-Identifier: GPL-2.0
/*
 * What models of hardware need that their registers do not say: one row for
 * each range of PCI ids. The code that acts on a quirk is elsewhere, and asks
 * vtd_quirk(); no other file has ids.
 */
#include <kunit/visibility.h>
#include <linux/pci.h>

#include "quirks.h"

/**
 * struct quirk_row - a quirk of PCI devices
 * @vendor: their PCI vendor
 * @first: the first device id
 * @last: the last device id
 * @what: VTD_QUIRK_ bits
 * @why: what is wrong with them
 * @source: who says so
 */
struct quirk_row {
	u16 vendor;
	u16 first;
	u16 last;
	unsigned long what;
	const char *why;
	const char *source;
};

static const struct quirk_row rows[] = {
	{
		PCI_VENDOR_ID_INTEL, 0x4940, 0x4943, VTD_QUIRK_DEVICE_TLB_TWICE,
		"QuickAssist, 4th generation, and its virtual functions: a translation that arrives during an invalidation may stay cached",
		"Linux 6.12, drivers/iommu/intel/iommu.c, dev_needs_extra_dtlb_flush()",
	},
};

/**
 * vtd_quirk() - has a device a quirk?
 * @pdev: the device
 * @what: one of the VTD_QUIRK_ bits
 *
 * Return: true if so.
 */
bool vtd_quirk(const struct pci_dev *pdev, unsigned long what)
{
	const struct quirk_row *row;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		row = &rows[i];
		if (row->what & what && row->vendor == pdev->vendor &&
		    row->first <= pdev->device && pdev->device <= row->last)
			return true;
	}
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(vtd_quirk);
