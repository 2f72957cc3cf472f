// SPDX-License-Identifier: GPL-2.0
/*
 * Devices that are not trusted: anyone may have plugged them into an external
 * port, such as Thunderbolt. The PCI core marks them, from what firmware says of
 * the ports.
 *
 * Such a device is always translated. A trusted device that has a driver when
 * the IOMMU driver is loaded passes through until that driver is unbound; one
 * that is not trusted may not. So its driver is unbound first, and bound again
 * as soon as the device is translated: a network connection is interrupted, and
 * a disk is gone for its users. Meanwhile no driver can be bound to it
 * (match_driver). A device that is plugged in at that very time, and gets a
 * driver before its unit is registered, stays blocked (device.c).
 */
#include <linux/export.h>
#include <linux/list.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/swiotlb.h>
#include <linux/workqueue.h>

#include "untrusted.h"

/* A device to which no driver is bound while the IOMMU driver is loaded */
struct held {
	struct list_head node;
	struct pci_dev *pdev;
	bool had_driver;
	bool may_get_driver;
};

static LIST_HEAD(held_devices);

/**
 * iommu_is_untrusted() - is a device not trusted?
 * @dev: the device
 *
 * Context: any.
 *
 * Return: true if it is not.
 */
bool iommu_is_untrusted(const struct device *dev)
{
	return dev_is_pci(dev) && to_pci_dev(dev)->untrusted;
}
EXPORT_SYMBOL_GPL(iommu_is_untrusted);

/**
 * iommu_untrusted_refuse_identity() - refuse to let an untrusted device pass
 * through
 * @dev: a device that is about to be attached to an identity domain
 *
 * The IOMMU core asks for that if the device joins the group of a device that
 * passes through.
 *
 * Context: from attach_dev of an identity domain.
 * Return: 0 for a trusted device; -EPERM, which is logged.
 */
int iommu_untrusted_refuse_identity(struct device *dev)
{
	if (!iommu_is_untrusted(dev))
		return 0;
	dev_err(dev, "not trusted, but in one IOMMU group with a device that passes through; its DMA is blocked: unbind the driver of the other device, write DMA to the type of the group, and plug this one in again\n");
	return -EPERM;
}
EXPORT_SYMBOL_GPL(iommu_untrusted_refuse_identity);

/*
 * The DMA API copies what is no whole page, so that an untrusted device reaches
 * nothing beside it. Without buffers for that the mapping fails, which some
 * drivers never notice: they wait for the device, and the machine cannot be shut
 * down.
 */
static bool has_bounce_buffers(const struct device *dev)
{
	return dev->dma_io_tlb_mem && dev->dma_io_tlb_mem->nslabs;
}

/* May a driver of this device do DMA, now or later? */
static bool is_of_concern(struct pci_dev *pdev)
{
	return !pci_is_bridge(pdev) &&
	       !(pdev->driver && pdev->driver->driver_managed_dma);
}

static int matches(struct device_driver *driver, void *arg)
{
	struct device *dev = arg;

	return dev->bus->match(dev, driver);
}

/* Is it without a driver because there is none, and not because somebody wants so? */
static bool awaits_driver(struct pci_dev *pdev)
{
	return !pdev->driver && !bus_for_each_drv(pdev->dev.bus, NULL,
						  &pdev->dev, matches);
}

static int hold(struct pci_dev *pdev)
{
	struct held *held = kmalloc(sizeof(*held), GFP_KERNEL);

	if (!held)
		return -ENOMEM;
	device_lock(&pdev->dev);
	if (!is_of_concern(pdev)) {
		device_unlock(&pdev->dev);
		kfree(held);
		return 0;
	}
	held->had_driver = pdev->driver;
	/* One that is loaded meanwhile does not match */
	held->may_get_driver = awaits_driver(pdev);
	pdev->match_driver = false;
	device_unlock(&pdev->dev);
	held->pdev = pci_dev_get(pdev);
	list_add_tail(&held->node, &held_devices);
	if (held->had_driver)
		pci_warn(pdev, "not trusted: its driver is unbound, and bound again once the device is translated\n");
	/* Also one that was about to be bound */
	device_release_driver(&pdev->dev);
	return 0;
}

/**
 * iommu_untrusted_unbind() - unbind the drivers of untrusted devices
 * @behind_unit: is a device behind a unit that is about to translate?
 *
 * Called while a driver is loaded, before any device passes through. No driver
 * is bound to them until iommu_untrusted_rebind(), which has to follow in any
 * case. Drivers that manage DMA themselves, as those of ports do, stay.
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int iommu_untrusted_unbind(bool (*behind_unit)(struct device *dev))
{
	struct pci_dev *pdev = NULL;
	int ret;

	for_each_pci_dev(pdev) {
		if (!pdev->untrusted || !behind_unit(&pdev->dev))
			continue;
		ret = hold(pdev);
		if (ret) {
			pci_dev_put(pdev);
			return ret;
		}
	}
	return 0;
}
EXPORT_SYMBOL_GPL(iommu_untrusted_unbind);

static void bind_one_again(struct pci_dev *pdev)
{
	/* A device in a group is translated */
	if (pdev->dev.iommu_group && !has_bounce_buffers(&pdev->dev))
		pci_warn(pdev, "its driver stays unbound, since the kernel has no bounce buffers; boot with iommu=soft\n");
	else if (device_attach(&pdev->dev) <= 0)
		pci_warn(pdev, "no driver was bound again\n");
}

static void bind_again(struct work_struct *work)
{
	struct held *held, *next;

	list_for_each_entry_safe(held, next, &held_devices, node) {
		if (held->had_driver)
			bind_one_again(held->pdev);
		else if (held->may_get_driver)
			(void)!device_attach(&held->pdev->dev);
		pci_dev_put(held->pdev);
		list_del(&held->node);
		kfree(held);
	}
}

static DECLARE_WORK(bind_work, bind_again);

/**
 * iommu_untrusted_rebind() - bind the drivers of untrusted devices again
 * @wait: until that is done
 *
 * Without waiting, since a device may keep its driver waiting for minutes. After
 * a load that failed the caller waits. A driver stays unbound if the device is
 * translated and the kernel has no bounce buffers.
 *
 * Context: may sleep.
 */
void iommu_untrusted_rebind(bool wait)
{
	struct held *held;

	if (list_empty(&held_devices))
		return;
	/* Now: somebody may load or bind a driver as soon as this is loaded */
	list_for_each_entry(held, &held_devices, node)
		WRITE_ONCE(held->pdev->match_driver, true);
	schedule_work(&bind_work);
	if (wait)
		flush_work(&bind_work);
}
EXPORT_SYMBOL_GPL(iommu_untrusted_rebind);

/**
 * iommu_untrusted_explain() - say why the IOMMU core may have refused to
 * register a unit
 *
 * It refuses to translate a group of a device that is not trusted and one that
 * passes through.
 */
void iommu_untrusted_explain(void)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev) {
		if (!pdev->untrusted || pci_is_bridge(pdev))
			continue;
		pci_err(pdev, "not trusted: if it shares an IOMMU group with a device in use, unplug it, or unbind the driver of the other device, and load the module again\n");
		pci_dev_put(pdev);
		return;
	}
}
EXPORT_SYMBOL_GPL(iommu_untrusted_explain);
