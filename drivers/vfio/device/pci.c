// SPDX-License-Identifier: GPL-2.0
/*
 * vfio_iommufd_pci.ko: a VFIO driver for PCI devices, like vfio-pci and on the
 * same core, whose devices have device files too.
 *
 * A device that is bound to it can be opened by group and container, as with
 * vfio-pci, or by /dev/vfio/devices/vfioN and /dev/iommu.
 */
#define pr_fmt(fmt) "vfio_iommufd_pci: " fmt

#include <linux/module.h>
#include <linux/pci.h>
#include <linux/vfio_pci_core.h>

#include "device_file.h"

static bool disable_denylist;
module_param(disable_denylist, bool, 0444);
MODULE_PARM_DESC(disable_denylist,
		 "Accept devices whose known errata let a program that drives them harm the machine");

/*
 * Functions that a program can hang the machine with, or reach beyond its own
 * memory: Intel's QuickAssist of three generations, with their virtual
 * functions, and the accelerators of Sapphire Rapids.
 */
static const struct pci_device_id denylist[] = {
	{ PCI_VDEVICE(INTEL, PCI_DEVICE_ID_INTEL_QAT_DH895XCC) },
	{ PCI_VDEVICE(INTEL, PCI_DEVICE_ID_INTEL_QAT_DH895XCC_VF) },
	{ PCI_VDEVICE(INTEL, PCI_DEVICE_ID_INTEL_DSA_SPR0) },
	{ PCI_VDEVICE(INTEL, PCI_DEVICE_ID_INTEL_IAX_SPR0) },
	{ PCI_VDEVICE(INTEL, PCI_DEVICE_ID_INTEL_QAT_C3XXX) },
	{ PCI_VDEVICE(INTEL, PCI_DEVICE_ID_INTEL_QAT_C3XXX_VF) },
	{ PCI_VDEVICE(INTEL, PCI_DEVICE_ID_INTEL_QAT_C62X) },
	{ PCI_VDEVICE(INTEL, PCI_DEVICE_ID_INTEL_QAT_C62X_VF) },
	{}
};

static bool is_denied(struct pci_dev *pdev)
{
	if (!pci_match_id(denylist, pdev))
		return false;
	if (disable_denylist) {
		pci_warn(pdev, "%04x:%04x has exploitable errata; accepted because of disable_denylist\n",
			 pdev->vendor, pdev->device);
		return false;
	}
	pci_warn(pdev, "%04x:%04x has exploitable errata and is refused; load vfio_iommufd_pci with disable_denylist=1 to accept it\n",
		 pdev->vendor, pdev->device);
	return true;
}

static int open_pci_device(struct vfio_device *device)
{
	struct vfio_pci_core_device *core =
		container_of(device, struct vfio_pci_core_device, vdev);
	int rc = vfio_pci_core_enable(core);

	if (!rc)
		vfio_pci_core_finish_enable(core);
	return rc;
}

static const struct vfio_device_ops device_ops = {
	.name = "vfio-iommufd-pci",
	.init = vfio_pci_core_init_dev,
	.release = vfio_pci_core_release_dev,
	.open_device = open_pci_device,
	.close_device = vfio_pci_core_close_device,
	.ioctl = vfio_pci_core_ioctl,
	.device_feature = vfio_pci_core_ioctl_feature,
	.read = vfio_pci_core_read,
	.write = vfio_pci_core_write,
	.mmap = vfio_pci_core_mmap,
	.request = vfio_pci_core_request,
	.match = vfio_pci_core_match,
};

static int probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct vfio_pci_core_device *core;
	int rc;

	if (is_denied(pdev))
		return -EINVAL;
	core = vfio_alloc_device(vfio_pci_core_device, vdev, &pdev->dev,
				 &device_ops);
	if (IS_ERR(core))
		return PTR_ERR(core);
	dev_set_drvdata(&pdev->dev, core);
	rc = device_file_prepare(&core->vdev);
	if (rc)
		goto put_device;
	rc = vfio_pci_core_register_device(core);
	if (rc)
		goto forget_file;
	return 0;

forget_file:
	device_file_forget(&core->vdev);
put_device:
	vfio_put_device(&core->vdev);
	return rc;
}

static void remove(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *core = dev_get_drvdata(&pdev->dev);

	/* Asks who has it open to let go, and waits. */
	vfio_pci_core_unregister_device(core);
	device_file_forget(&core->vdev);
	vfio_put_device(&core->vdev);
}

/* Devices are chosen by their driver_override. */
static const struct pci_device_id id_table[] = {
	{ PCI_DRIVER_OVERRIDE_DEVICE_VFIO(PCI_ANY_ID, PCI_ANY_ID) },
	{}
};
MODULE_DEVICE_TABLE(pci, id_table);

static struct pci_driver driver = {
	.name = "vfio-iommufd-pci",
	.id_table = id_table,
	.probe = probe,
	.remove = remove,
	.err_handler = &vfio_pci_core_err_handlers,
	.driver_managed_dma = true,
};

static int __init driver_init_module(void)
{
	int rc = device_files_init();

	if (rc) {
		pr_err("no device numbers for device files: error %d\n", rc);
		return rc;
	}
	rc = pci_register_driver(&driver);
	if (rc)
		device_files_exit();
	return rc;
}

static void __exit driver_exit_module(void)
{
	pci_unregister_driver(&driver);
	device_files_exit();
}

module_init(driver_init_module);
module_exit(driver_exit_module);

MODULE_DESCRIPTION("VFIO PCI devices with device files");
MODULE_LICENSE("GPL");
