// SPDX-License-Identifier: GPL-2.0
/*
 * Devices that the kernel's own drivers use untranslated: their default domain
 * is the identity domain, whatever is asked for elsewhere. A program may have
 * them through VFIO all the same, and then they are translated.
 *
 *	the user names it	identity=
 *	integrated graphics	unless igfx=1 asks for translation, as in kernels
 *				of Debian; firmware uses it beside the driver
 *	quirks			graphics or sound that do not work behind their
 *				unit, whatever igfx= says
 *
 * A device that is not trusted is never exempt.
 */
#define pr_fmt(fmt) "vtd: " fmt

#include <linux/pci.h>

#include "../common/untrusted.h"
#include "exempt.h"
#include "params.h"
#include "quirks.h"
#include "scope.h"

/* Control register of the isochronous unit of Tylersburg chipsets */
#define TYLERSBURG_ISOCH		0x188
#define TYLERSBURG_ISOCH_OTHER_UNIT	BIT(0)
#define TYLERSBURG_ISOCH_ENTRIES	GENMASK(4, 2)

static bool is_graphics(const struct pci_dev *pdev)
{
	return pdev->class >> 16 == PCI_BASE_CLASS_DISPLAY;
}

static bool is_integrated_graphics(const struct pci_dev *pdev)
{
	return is_graphics(pdev) && pdev->vendor == PCI_VENDOR_ID_INTEL &&
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

static const char *quirk_of(const struct pci_dev *pdev)
{
	if (is_integrated_graphics(pdev) &&
	    vtd_quirk_exists(VTD_QUIRK_GRAPHICS))
		return "graphics of this chipset do not work behind the unit";
	if (vtd_quirk(pdev, VTD_QUIRK_SOUND) && sound_would_hang())
		return "firmware gives the unit of this device no room for translations";
	return NULL;
}

/**
 * vtd_exempt() - do the kernel's own drivers use a device untranslated?
 * @dev: the device
 *
 * Context: may sleep.
 * Return: true if so.
 */
bool vtd_exempt(struct device *dev)
{
	const struct pci_dev *pdev;

	if (!dev_is_pci(dev) || iommu_is_untrusted(dev))
		return false;
	pdev = to_pci_dev(dev);
	return vtd_params_identity(pci_name(pdev)) ||
	       (is_integrated_graphics(pdev) && !vtd_params_igfx()) ||
	       quirk_of(pdev);
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
		if (!is_graphics(pdev)) {
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
	struct pci_dev *pdev = NULL;
	const char *why;

	for_each_pci_dev(pdev) {
		why = quirk_of(pdev);
		if (why && !pdev->untrusted)
			pci_warn(pdev, "not translated for its driver: %s\n",
				 why);
	}
}
