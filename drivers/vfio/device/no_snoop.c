// SPDX-License-Identifier: GPL-2.0
/*
 * Devices whose DMA may bypass the CPU's caches.
 *
 * A device that sets No Snoop in its requests bypasses the CPU's caches, unless
 * the IOMMU enforces coherency. KVM must know of such a device (kvm.c). If it
 * cannot be told, the device must not be opened by its file, unless the user
 * allows it.
 */
#define pr_fmt(fmt) "vfio_iommufd_pci: " fmt

#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/vfio.h>

#include "no_snoop.h"

static bool allow_noncoherent;
module_param(allow_noncoherent, bool, 0644);
MODULE_PARM_DESC(allow_noncoherent,
		 "Open devices by file although KVM cannot be told that their DMA may bypass the CPU's caches (default: N)");

bool no_snoop_kvm_knows = !IS_ENABLED(CONFIG_KVM_VFIO);

/*
 * Can the device set No Snoop? If it never does, the bit that enables it may be
 * fixed at 0. Only a PCI Express function that is not a VF has this bit; others
 * may set No Snoop.
 */
static bool no_snoop_is_possible(struct pci_dev *pdev)
{
	u16 was, now;

	if (!pci_is_pcie(pdev) || pdev->is_virtfn)
		return true;
	pcie_capability_read_word(pdev, PCI_EXP_DEVCTL, &was);
	if (was & PCI_EXP_DEVCTL_NOSNOOP_EN)
		return true;
	pcie_capability_set_word(pdev, PCI_EXP_DEVCTL,
				 PCI_EXP_DEVCTL_NOSNOOP_EN);
	pcie_capability_read_word(pdev, PCI_EXP_DEVCTL, &now);
	pcie_capability_clear_word(pdev, PCI_EXP_DEVCTL,
				   PCI_EXP_DEVCTL_NOSNOOP_EN);
	return now & PCI_EXP_DEVCTL_NOSNOOP_EN;
}

int no_snoop_check(struct vfio_device *device)
{
	struct pci_dev *pdev = to_pci_dev(device->dev);
	bool bypass;

	if (no_snoop_kvm_knows || allow_noncoherent ||
	    device_iommu_capable(device->dev,
				 IOMMU_CAP_ENFORCE_CACHE_COHERENCY))
		return 0;
	if (pm_runtime_resume_and_get(device->dev))
		return -EIO;
	bypass = no_snoop_is_possible(pdev);
	pm_runtime_put(device->dev);
	if (!bypass)
		return 0;
	dev_err_ratelimited(device->dev, "its DMA may bypass the CPU's caches, and KVM cannot be told: use its group; or, if no virtual machine uses it, load vfio_iommufd_pci with allow_noncoherent=1\n");
	return -EPERM;
}
