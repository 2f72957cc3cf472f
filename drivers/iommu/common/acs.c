// SPDX-License-Identifier: GPL-2.0
/*
 * Access Control Services (ACS) of PCI Express ports.
 *
 * Without ACS a port may forward a request of a device directly to another
 * device beside or below it, and the IOMMU never sees the request:
 *
 *	          IOMMU
 *	            |
 *	   +--------+--------+
 *	   |    root complex |
 *	 port 1c.0        port 1c.1
 *	   |     \...?..../  |		...?... ACS redirects this to the IOMMU
 *	 device A         device B
 *
 * So the IOMMU core puts A, B and the ports into one group unless both ports
 * have ACS enabled. The PCI core enables it when it finds a port, if one of the
 * kernel's own IOMMU drivers has requested that before. With those disabled
 * nothing requests it, and a module cannot, because the function is not
 * exported. So the controls are written here, with the same bits: in all ports
 * before the first group is created, and in a port that appears later before
 * its group is.
 *
 * For the same reason the PCI core does not restore the controls when a port
 * has lost them:
 *
 *  - in system sleep: they are written again after the PCI core has restored
 *    the configuration of all devices, and before their drivers resume;
 *  - in D3 at run time: a port that was written to is no longer suspended.
 *
 * Functions of a multifunction endpoint have controls too. They are not
 * written: a function-level reset clears them, and the user of a function may
 * reset it at any time. So the functions share a group, which is always
 * correct.
 */
#include <linux/export.h>
#include <linux/list.h>
#include <linux/pci-ats.h>
#include <linux/pci.h>
#include <linux/pm.h>
#include <linux/pm_domain.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>

#include "acs.h"

/* A port that was written to, with its former controls */
struct change {
	struct list_head node;
	struct pci_dev *port;
	u16 control;
};

static LIST_HEAD(changes);

static bool is_port(struct pci_dev *pdev)
{
	if (!pci_is_pcie(pdev))
		return false;
	switch (pci_pcie_type(pdev)) {
	case PCI_EXP_TYPE_ROOT_PORT:
	case PCI_EXP_TYPE_DOWNSTREAM:
	case PCI_EXP_TYPE_UPSTREAM:
		return true;
	default:
		return false;
	}
}

/* Does the group of the devices below depend on ACS in this port? */
static bool has_to_have_acs(struct pci_dev *pdev)
{
	return is_port(pdev) &&
	       pci_pcie_type(pdev) != PCI_EXP_TYPE_UPSTREAM;
}

/*
 * Validate source-ids, and redirect requests from device to device. Below an
 * external port also block translated requests, because any device could forge
 * them.
 */
static u16 wanted_controls(const struct pci_dev *port)
{
	u16 wanted = PCI_ACS_SV | PCI_ACS_RR | PCI_ACS_CR | PCI_ACS_UF;

	if (port->external_facing || port->untrusted || pci_ats_disabled())
		wanted |= PCI_ACS_TB;
	return wanted;
}

/* Returns true if controls were added to those in @before */
static bool write_controls(struct pci_dev *port, u16 *before)
{
	u16 able, after, now;

	if (!port->acs_cap ||
	    pci_read_config_word(port, port->acs_cap + PCI_ACS_CAP, &able) ||
	    pci_read_config_word(port, port->acs_cap + PCI_ACS_CTRL, before) ||
	    PCI_POSSIBLE_ERROR(able))
		return false;
	after = *before | (able & wanted_controls(port));
	if (after == *before)
		return false;
	pci_write_config_word(port, port->acs_cap + PCI_ACS_CTRL, after);
	/* Some Intel ports have non-standard controls, and ignore this write */
	return !pci_read_config_word(port, port->acs_cap + PCI_ACS_CTRL,
				     &now) &&
	       !PCI_POSSIBLE_ERROR(now) && now != *before;
}

static void put_back(struct pci_dev *port, u16 control)
{
	pci_write_config_word(port, port->acs_cap + PCI_ACS_CTRL, control);
	pm_runtime_put(&port->dev);
}

/* Resume a port, and keep it from suspending if it was written to */
static bool enable_port(struct pci_dev *port, u16 *before)
{
	pm_runtime_get_sync(&port->dev);
	if (write_controls(port, before))
		return true;
	pm_runtime_put(&port->dev);
	return false;
}

static int enable_and_note(struct pci_dev *port)
{
	struct change *change = kmalloc(sizeof(*change), GFP_KERNEL);

	if (!change)
		return -ENOMEM;
	if (!enable_port(port, &change->control)) {
		kfree(change);
		return 0;
	}
	change->port = pci_dev_get(port);
	list_add(&change->node, &changes);
	return 1;
}

/**
 * iommu_acs_enable_all() - enable ACS in all ports that exist
 * @count: filled in
 *
 * Called while a driver is loaded, before any of its devices has a group.
 * Follow it by iommu_acs_forget(), or by iommu_acs_restore_all() if the load
 * fails.
 *
 * Context: may sleep.
 * Return: 0, or -ENOMEM with nothing changed.
 */
int iommu_acs_enable_all(struct iommu_acs_count *count)
{
	struct pci_dev *pdev = NULL;
	int ret;

	*count = (struct iommu_acs_count){ };
	for_each_pci_dev(pdev) {
		if (!is_port(pdev))
			continue;
		if (!pdev->acs_cap) {
			count->missing += has_to_have_acs(pdev);
			continue;
		}
		ret = enable_and_note(pdev);
		if (ret < 0) {
			pci_dev_put(pdev);
			iommu_acs_restore_all();
			return ret;
		}
		count->enabled += ret;
	}
	return 0;
}
EXPORT_SYMBOL_GPL(iommu_acs_enable_all);

static void end_changes(bool restore)
{
	struct change *change, *next;

	list_for_each_entry_safe(change, next, &changes, node) {
		if (restore)
			put_back(change->port, change->control);
		pci_dev_put(change->port);
		list_del(&change->node);
		kfree(change);
	}
}

/**
 * iommu_acs_restore_all() - undo iommu_acs_enable_all()
 */
void iommu_acs_restore_all(void)
{
	end_changes(true);
}
EXPORT_SYMBOL_GPL(iommu_acs_restore_all);

/**
 * iommu_acs_forget() - make the changes of iommu_acs_enable_all() permanent
 */
void iommu_acs_forget(void)
{
	end_changes(false);
}
EXPORT_SYMBOL_GPL(iommu_acs_forget);

/**
 * iommu_acs_enable() - enable ACS in a port that appeared after the load
 * @dev: any device; nothing is done if it is no port
 *
 * Context: from the probe_device operation. This is before the IOMMU core asks
 * for the group of the device or of devices below.
 */
void iommu_acs_enable(struct device *dev)
{
	u16 before;

	if (dev_is_pci(dev) && is_port(to_pci_dev(dev)))
		enable_port(to_pci_dev(dev), &before);
}
EXPORT_SYMBOL_GPL(iommu_acs_enable);

static int enable_again(struct device *iommu)
{
	struct pci_dev *pdev = NULL;
	u16 before;

	for_each_pci_dev(pdev)
		if (is_port(pdev))
			write_controls(pdev, &before);
	return 0;
}

/* The PCI core restores the configuration one phase earlier */
static struct dev_pm_domain sleep = {
	.ops = {
		.resume_early = enable_again,
		.thaw_early = enable_again,
		.restore_early = enable_again,
	},
};

/**
 * iommu_acs_follow_sleep() - enable ACS again after system sleep
 * @iommu: the device of a unit in /sys/class/iommu, whose power management has
 *	no other use
 */
void iommu_acs_follow_sleep(struct device *iommu)
{
	dev_pm_domain_set(iommu, &sleep);
}
EXPORT_SYMBOL_GPL(iommu_acs_follow_sleep);
