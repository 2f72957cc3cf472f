// SPDX-License-Identifier: GPL-2.0
/*
 * Devices that the kernel's own drivers use untranslated (../common/exempt.c):
 *
 *	the user names it	identity=
 *	integrated graphics	unless igfx=1 asks for translation, as in kernels
 *				of Debian; firmware uses it beside the driver
 *	quirks			graphics or sound that do not work behind their
 *				unit, whatever igfx= says
 */
#define pr_fmt(fmt) "vtd: " fmt

#include <linux/pci.h>

#include "../common/exempt.h"
#include "exempt.h"
#include "params.h"
#include "quirks.h"
#include "scope.h"

/* Control register of the isochronous unit of Tylersburg chipsets */
#define TYLERSBURG_ISOCH		0x188
#define TYLERSBURG_ISOCH_OTHER_UNIT	BIT(0)
#define TYLERSBURG_ISOCH_ENTRIES	GENMASK(4, 2)

static bool is_integrated_graphics(struct pci_dev *pdev)
{
	return iommu_exempt_is_display(pdev) && pdev->vendor == PCI_VENDOR_ID_INTEL &&
	       pci_is_root_bus(pdev->bus);
}

/* Is sound routed to a unit without room for translations? It would hang */
static bool sound_would_hang(void)
{
	struct pci_dev *pdev = vtd_quirk_find(VTD_QUIRK_ISOCH);
	bool hangs = false;
	u32 control;

	if (pdev && !pci_read_config_dword(pdev, TYLERSBURG_ISOCH, &control))
		hangs = !(control & (TYLERSBURG_ISOCH_OTHER_UNIT |
				     TYLERSBURG_ISOCH_ENTRIES));
	pci_dev_put(pdev);
	return hangs;
}

static const char *quirk_of(struct pci_dev *pdev)
{
	if (is_integrated_graphics(pdev) &&
	    vtd_quirk_exists(VTD_QUIRK_GRAPHICS))
		return "graphics of this chipset do not work behind the unit";
	if (vtd_quirk(pdev, VTD_QUIRK_SOUND) && sound_would_hang())
		return "firmware gives the unit of this device no room for translations";
	return NULL;
}

static const struct iommu_exempt_rules rules = {
	.is_named = vtd_params_identity,
	.translates_graphics = vtd_params_igfx,
	.is_graphics = is_integrated_graphics,
	.quirk_of = quirk_of,
};

/**
 * vtd_exempt() - do the kernel's own drivers use a device untranslated?
 * @dev: the device
 *
 * Context: may sleep.
 * Return: true if so.
 */
bool vtd_exempt(struct device *dev)
{
	return iommu_exempt(&rules, dev);
}

/**
 * vtd_exempt_keeps_on() - may disabling a unit hang?
 * @table: the DMAR table
 * @drhd: the unit's structure
 *
 * Return: true if so: it serves graphics only, of a generation that has this
 * fault.
 */
bool vtd_exempt_keeps_on(const struct dmar_table *table,
			 const struct dmar_structure *drhd)
{
	struct pci_dev *pdev = NULL;
	bool hangs = false;

	if (drhd->flags & DMAR_INCLUDE_PCI_ALL)
		return false;
	for_each_pci_dev(pdev) {
		if (!vtd_scope_holds(table, drhd, &pdev->dev))
			continue;
		if (!iommu_exempt_is_display(pdev)) {
			pci_dev_put(pdev);
			return false;
		}
		hangs |= vtd_quirk(pdev, VTD_QUIRK_KEEP_TRANSLATING);
	}
	return hangs;
}

/**
 * vtd_exempt_log() - log which devices have a quirk that makes them exempt
 */
void vtd_exempt_log(void)
{
	iommu_exempt_log(&rules);
}
