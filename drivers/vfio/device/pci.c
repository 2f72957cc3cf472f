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
