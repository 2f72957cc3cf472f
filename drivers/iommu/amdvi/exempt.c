// SPDX-License-Identifier: GPL-2.0
/*
 * Devices that the kernel's own drivers use untranslated (../common/exempt.c):
 *
 *	the user names it	identity=
 *	graphics with PASIDs	unless igfx=1 asks for translation. These are the
 *				graphics units of AMD that can share page tables
 *				with programs. The kernel's own driver (Linux
 *				6.12, amd_iommu_def_domain_type()) leaves any
 *				device with PASIDs untranslated; of the others,
 *				network cards for example, none needs that.
 */
#include <linux/pci-ats.h>
#include <linux/pci.h>

#include "../common/exempt.h"
#include "exempt.h"
#include "params.h"

/* ATS, PRI and PASID: what sharing page tables takes */
static bool can_share_tables(struct pci_dev *pdev)
{
	return pci_ats_supported(pdev) && pci_pri_supported(pdev) &&
	       pci_pasid_features(pdev) >= 0;
}

static bool is_graphics_with_pasids(struct pci_dev *pdev)
{
	return iommu_exempt_is_display(pdev) && can_share_tables(pdev);
}

static const struct iommu_exempt_rules rules = {
	.is_named = amdvi_params_identity,
	.translates_graphics = amdvi_params_igfx,
	.is_graphics = is_graphics_with_pasids,
};

/**
 * amdvi_exempt() - do the kernel's own drivers use a device untranslated?
 * @dev: the device
 *
 * Context: may sleep.
 * Return: true if so.
 */
bool amdvi_exempt(struct device *dev)
{
	return iommu_exempt(&rules, dev);
}
