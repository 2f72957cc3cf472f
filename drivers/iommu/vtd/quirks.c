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
	{
		PCI_VENDOR_ID_INTEL, 0x29b2, 0x29b2, VTD_QUIRK_GRAPHICS,
		"Q35: graphics does not work translated",
		"Linux 6.12, drivers/iommu/intel/iommu.c, quirk_iommu_igfx()",
	},
	{
		PCI_VENDOR_ID_INTEL, 0x2a40, 0x2a40,
		VTD_QUIRK_GRAPHICS | VTD_QUIRK_WRITE_BUFFER,
		"4 series, mobile: graphics does not work translated, and RWBF is missing in the capabilities",
		"Linux 6.12, drivers/iommu/intel/iommu.c, quirk_iommu_igfx(), quirk_iommu_rwbf()",
	},
	{
		PCI_VENDOR_ID_INTEL, 0x2e00, 0x2e00,
		VTD_QUIRK_GRAPHICS | VTD_QUIRK_WRITE_BUFFER,
		"4 series, desktop: graphics does not work translated, and RWBF is missing in the capabilities",
		"Linux 6.12, drivers/iommu/intel/iommu.c, quirk_iommu_igfx(), quirk_iommu_rwbf()",
	},
	{
		PCI_VENDOR_ID_INTEL, 0x2e10, 0x2e10,
		VTD_QUIRK_GRAPHICS | VTD_QUIRK_WRITE_BUFFER,
		"4 series, desktop: graphics does not work translated, and RWBF is missing in the capabilities",
		"Linux 6.12, drivers/iommu/intel/iommu.c, quirk_iommu_igfx(), quirk_iommu_rwbf()",
	},
	{
		PCI_VENDOR_ID_INTEL, 0x2e20, 0x2e20,
		VTD_QUIRK_GRAPHICS | VTD_QUIRK_WRITE_BUFFER,
		"4 series, desktop: graphics does not work translated, and RWBF is missing in the capabilities",
		"Linux 6.12, drivers/iommu/intel/iommu.c, quirk_iommu_igfx(), quirk_iommu_rwbf()",
	},
	{
		PCI_VENDOR_ID_INTEL, 0x2e30, 0x2e30,
		VTD_QUIRK_GRAPHICS | VTD_QUIRK_WRITE_BUFFER,
		"4 series, desktop: graphics does not work translated, and RWBF is missing in the capabilities",
		"Linux 6.12, drivers/iommu/intel/iommu.c, quirk_iommu_igfx(), quirk_iommu_rwbf()",
	},
	{
		PCI_VENDOR_ID_INTEL, 0x2e40, 0x2e40,
		VTD_QUIRK_GRAPHICS | VTD_QUIRK_WRITE_BUFFER,
		"4 series, desktop: graphics does not work translated, and RWBF is missing in the capabilities",
		"Linux 6.12, drivers/iommu/intel/iommu.c, quirk_iommu_igfx(), quirk_iommu_rwbf()",
	},
	{
		PCI_VENDOR_ID_INTEL, 0x2e90, 0x2e90,
		VTD_QUIRK_GRAPHICS | VTD_QUIRK_WRITE_BUFFER,
		"4 series, desktop: graphics does not work translated, and RWBF is missing in the capabilities",
		"Linux 6.12, drivers/iommu/intel/iommu.c, quirk_iommu_igfx(), quirk_iommu_rwbf()",
	},
	{
		PCI_VENDOR_ID_INTEL, 0x0044, 0x0044, VTD_QUIRK_GRAPHICS,
		"QM57 and QS57: graphics malfunctions translated",
		"Linux 6.12, drivers/iommu/intel/iommu.c, quirk_iommu_igfx()",
	},
	{
		PCI_VENDOR_ID_INTEL, 0x0040, 0x0040, VTD_QUIRK_GRAPHICS,
		"Ironlake: graphics must be idle during each invalidation, and may have no shadow table",
		"Linux 6.12, drivers/iommu/intel/iommu.c, quirk_calpella_no_shadow_gtt()",
	},
	{
		PCI_VENDOR_ID_INTEL, 0x0062, 0x0062, VTD_QUIRK_GRAPHICS,
		"Ironlake: graphics must be idle during each invalidation, and may have no shadow table",
		"Linux 6.12, drivers/iommu/intel/iommu.c, quirk_calpella_no_shadow_gtt()",
	},
	{
		PCI_VENDOR_ID_INTEL, 0x006a, 0x006a, VTD_QUIRK_GRAPHICS,
		"Ironlake: graphics must be idle during each invalidation, and may have no shadow table",
		"Linux 6.12, drivers/iommu/intel/iommu.c, quirk_calpella_no_shadow_gtt()",
	},
	{
		PCI_VENDOR_ID_INTEL, 0x1600, 0x163f, VTD_QUIRK_GRAPHICS,
		"Broadwell: graphics malfunctions translated",
		"Linux 6.12, drivers/iommu/intel/iommu.c, quirk_iommu_igfx()",
	},
	{
		PCI_VENDOR_ID_INTEL, 0x4500, 0x45ff, VTD_QUIRK_KEEP_TRANSLATING,
		"graphics of generations 11 and 12: disabling its unit may hang",
		"Linux 6.12, drivers/iommu/intel/iommu.c, quirk_igfx_skip_te_disable()",
	},
	{
		PCI_VENDOR_ID_INTEL, 0x4600, 0x46ff, VTD_QUIRK_KEEP_TRANSLATING,
		"graphics of generations 11 and 12: disabling its unit may hang",
		"Linux 6.12, drivers/iommu/intel/iommu.c, quirk_igfx_skip_te_disable()",
	},
	{
		PCI_VENDOR_ID_INTEL, 0x4c00, 0x4cff, VTD_QUIRK_KEEP_TRANSLATING,
		"graphics of generations 11 and 12: disabling its unit may hang",
		"Linux 6.12, drivers/iommu/intel/iommu.c, quirk_igfx_skip_te_disable()",
	},
	{
		PCI_VENDOR_ID_INTEL, 0x4e00, 0x4eff, VTD_QUIRK_KEEP_TRANSLATING,
		"graphics of generations 11 and 12: disabling its unit may hang",
		"Linux 6.12, drivers/iommu/intel/iommu.c, quirk_igfx_skip_te_disable()",
	},
	{
		PCI_VENDOR_ID_INTEL, 0x7d00, 0x7dff, VTD_QUIRK_KEEP_TRANSLATING,
		"graphics of generations 11 and 12: disabling its unit may hang",
		"Linux 6.12, drivers/iommu/intel/iommu.c, quirk_igfx_skip_te_disable()",
	},
	{
		PCI_VENDOR_ID_INTEL, 0x8a00, 0x8aff, VTD_QUIRK_KEEP_TRANSLATING,
		"graphics of generations 11 and 12: disabling its unit may hang",
		"Linux 6.12, drivers/iommu/intel/iommu.c, quirk_igfx_skip_te_disable()",
	},
	{
		PCI_VENDOR_ID_INTEL, 0x9800, 0x98ff, VTD_QUIRK_KEEP_TRANSLATING,
		"graphics of generations 11 and 12: disabling its unit may hang",
		"Linux 6.12, drivers/iommu/intel/iommu.c, quirk_igfx_skip_te_disable()",
	},
	{
		PCI_VENDOR_ID_INTEL, 0x9a00, 0x9aff, VTD_QUIRK_KEEP_TRANSLATING,
		"graphics of generations 11 and 12: disabling its unit may hang",
		"Linux 6.12, drivers/iommu/intel/iommu.c, quirk_igfx_skip_te_disable()",
	},
	{
		PCI_VENDOR_ID_INTEL, 0xa700, 0xa7ff, VTD_QUIRK_KEEP_TRANSLATING,
		"graphics of generations 11 and 12: disabling its unit may hang",
		"Linux 6.12, drivers/iommu/intel/iommu.c, quirk_igfx_skip_te_disable()",
	},
	{
		PCI_VENDOR_ID_INTEL, 0x3a3e, 0x3a3e, VTD_QUIRK_SOUND,
		"sound that firmware may give to the isochronous unit",
		"Linux 6.12, drivers/iommu/intel/iommu.c, check_tylersburg_isoch()",
	},
	{
		PCI_VENDOR_ID_INTEL, 0x342e, 0x342e, VTD_QUIRK_ISOCH,
		"Tylersburg: has the control register of that unit",
		"Linux 6.12, drivers/iommu/intel/iommu.c, check_tylersburg_isoch()",
	},
};

static bool row_matches(const struct quirk_row *row, const struct pci_dev *pdev,
			unsigned long what)
{
	return row->what & what && row->vendor == pdev->vendor &&
	       row->first <= pdev->device && pdev->device <= row->last;
}

/**
 * vtd_quirk() - has a device a quirk?
 * @pdev: the device
 * @what: one of the VTD_QUIRK_ bits
 *
 * Return: true if so.
 */
bool vtd_quirk(const struct pci_dev *pdev, unsigned long what)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (row_matches(&rows[i], pdev, what))
			return true;
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(vtd_quirk);

/**
 * vtd_quirk_find() - find a device that has a quirk
 * @what: one of the VTD_QUIRK_ bits
 *
 * Context: may sleep.
 * Return: the device, to be put, or NULL.
 */
struct pci_dev *vtd_quirk_find(unsigned long what)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev)
		if (vtd_quirk(pdev, what))
			break;
	return pdev;
}

/**
 * vtd_quirk_exists() - has any device a quirk?
 * @what: one of the VTD_QUIRK_ bits
 *
 * Context: may sleep.
 * Return: true if so.
 */
bool vtd_quirk_exists(unsigned long what)
{
	struct pci_dev *pdev = vtd_quirk_find(what);

	pci_dev_put(pdev);
	return pdev;
}
