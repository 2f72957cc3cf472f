// SPDX-License-Identifier: GPL-2.0
/*
 * The source-ids that a device may present to an IOMMU, in this order:
 *
 *  - the one that firmware defines;
 *  - its own;
 *  - others that the device is known to use (quirks);
 *  - those by which bridges to conventional PCI, on the way up, replace it.
 *
 * Requests of a device below a Volume Management Device (VMD) bear the
 * source-ids of the VMD instead.
 */
#include <linux/export.h>
#include <linux/pci.h>

#include <asm/pci.h>

#include "alias.h"

/* Bits in the mask of aliases on the bus of a device */
#define DEVFNS_PER_BUS	256

/* The source-id that a bridge puts into requests from below, or -1 */
static int id_of_bridge(struct pci_dev *bridge)
{
	int secondary = PCI_DEVID(bridge->subordinate->number, 0);
	int own = PCI_DEVID(bridge->bus->number, bridge->devfn);
	int type;

	if (!pci_is_pcie(bridge))
		return bridge->dev_flags & PCI_DEV_FLAG_PCIE_BRIDGE_ALIAS ?
		       secondary : own;
	type = pci_pcie_type(bridge);
	if (type == PCI_EXP_TYPE_PCI_BRIDGE)
		return secondary;
	return type == PCI_EXP_TYPE_PCIE_BRIDGE ? own : -1;
}

static int visit_quirks(struct pci_dev *pdev, iommu_alias_fn fn, void *arg)
{
	unsigned int devfn;
	int ret;

	if (!pdev->dma_alias_mask)
		return 0;
	for_each_set_bit(devfn, pdev->dma_alias_mask, DEVFNS_PER_BUS) {
		ret = fn(&pdev->dev, PCI_DEVID(pdev->bus->number, devfn), arg);
		if (ret)
			return ret;
	}
	return 0;
}

static int visit_bridges(struct pci_dev *pdev, iommu_alias_fn fn, void *arg)
{
	struct pci_bus *bus = pdev->bus;
	int alias, ret;

	for (; !pci_is_root_bus(bus); bus = bus->parent) {
		/* The virtual bus of an SR-IOV device has no bridge */
		if (!bus->self)
			continue;
		if (bus->self->dev_flags & PCI_DEV_FLAGS_BRIDGE_XLATE_ROOT)
			return 0;
		alias = id_of_bridge(bus->self);
		ret = alias < 0 ? 0 : fn(&pdev->dev, alias, arg);
		if (ret)
			return ret;
	}
	return 0;
}

/**
 * iommu_requester() - the device whose source-ids the requests of a device bear
 * @pdev: the device
 *
 * A VMD is the root of a PCI domain of its own. No unit sees the bus numbers of
 * that domain: the VMD makes the requests of the devices in it.
 *
 * Return: the VMD that the device is below, or @pdev.
 */
struct pci_dev *iommu_requester(struct pci_dev *pdev)
{
#if IS_ENABLED(CONFIG_VMD)
	const struct pci_sysdata *sysdata = to_pci_sysdata(pdev->bus);

	if (sysdata->vmd_dev)
		return sysdata->vmd_dev;
#endif
	return pdev;
}
EXPORT_SYMBOL_GPL(iommu_requester);

/**
 * iommu_visit_aliases() - visit every source-id that a device may present
 * @dev: the device, or NULL for a source-id only
 * @source_id: source-id of its requester
 * @firmware_alias: source-id of its requests according to firmware; its own if
 *	firmware defines none
 * @fn: called with each, with some possibly twice
 * @arg: for @fn
 *
 * Context: any; the caller makes sure that the device exists.
 * Return: what @fn returned last.
 */
int iommu_visit_aliases(struct device *dev, u16 source_id, u16 firmware_alias,
			iommu_alias_fn fn, void *arg)
{
	struct pci_dev *pdev;
	int ret = 0;

	if (firmware_alias != source_id)
		ret = fn(dev, firmware_alias, arg);
	if (!ret)
		ret = fn(dev, source_id, arg);
	if (ret || !dev || !dev_is_pci(dev))
		return ret;
	pdev = iommu_requester(to_pci_dev(dev));
	ret = visit_quirks(pdev, fn, arg);
	return ret ?: visit_bridges(pdev, fn, arg);
}
EXPORT_SYMBOL_GPL(iommu_visit_aliases);

static int is_alias(struct device *dev, u16 alias, void *arg)
{
	const u16 *wanted = arg;

	return alias == *wanted;
}

/**
 * iommu_has_alias() - may a device present a source-id?
 * @dev: as for iommu_visit_aliases()
 * @source_id: the same
 * @firmware_alias: the same
 * @alias: the source-id
 *
 * Context: as for iommu_visit_aliases().
 * Return: true if so.
 */
bool iommu_has_alias(struct device *dev, u16 source_id, u16 firmware_alias,
		     u16 alias)
{
	return iommu_visit_aliases(dev, source_id, firmware_alias, is_alias,
				   &alias);
}
EXPORT_SYMBOL_GPL(iommu_has_alias);

static int found_bridge(struct device *dev, u16 alias, void *arg)
{
	return 1;
}

/**
 * iommu_source_id_is_kept() - do requests of a device arrive with its source-id?
 * @pdev: the device
 *
 * They do not below a VMD, or below a bridge to conventional PCI. Conventional
 * PCI has no translation requests either, so a device below such a bridge cannot
 * use a device-TLB, even if a second bridge makes it a PCI Express device.
 *
 * Context: any; the caller makes sure that the device exists.
 * Return: false if a VMD or a bridge replaces its source-id.
 */
bool iommu_source_id_is_kept(struct pci_dev *pdev)
{
	return iommu_requester(pdev) == pdev &&
	       !visit_bridges(pdev, found_bridge, NULL);
}
EXPORT_SYMBOL_GPL(iommu_source_id_is_kept);
