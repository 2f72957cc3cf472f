// SPDX-License-Identifier: GPL-2.0
/*
 * vfio_iommufd_pci.ko: a VFIO driver for PCI devices on the same core as
 * vfio-pci. Its devices also have device files.
 *
 * A device that is bound to it can be opened by group and container, as with
 * vfio-pci, or by /dev/vfio/devices/vfioN and /dev/iommu.
 *
 * Parameters have the same names and meanings as those of vfio-pci. The core
 * keeps three of them for all its drivers together: see set_core_params().
 */
#define pr_fmt(fmt) "vfio_iommufd_pci: " fmt

#include <linux/module.h>
#include <linux/pci.h>
#include <linux/vfio_pci_core.h>

#include "device_file.h"
#include "hot_reset.h"
#include "kvm.h"
#include "pci_device.h"

static char ids[1024] __initdata;
module_param_string(ids, ids, sizeof(ids), 0);
MODULE_PARM_DESC(ids,
		 "Devices to claim without driver_override: vendor:device[:subvendor[:subdevice[:class[:class_mask]]]], with commas between them");

static bool nointxmask;
module_param(nointxmask, bool, 0444);
MODULE_PARM_DESC(nointxmask,
		 "Mask INTx at the interrupt controller, not in the device");

static bool disable_vga;
module_param(disable_vga, bool, 0444);
MODULE_PARM_DESC(disable_vga, "Hide the legacy VGA ranges of graphics devices");

static bool disable_idle_d3;
module_param(disable_idle_d3, bool, 0444);
MODULE_PARM_DESC(disable_idle_d3,
		 "Leave devices that nobody uses at full power");

static bool enable_sriov;
module_param(enable_sriov, bool, 0644);
MODULE_PARM_DESC(enable_sriov,
		 "Let sriov_numvfs create virtual functions, which the program that drives the physical function must serve");

static bool disable_denylist;
module_param(disable_denylist, bool, 0444);
MODULE_PARM_DESC(disable_denylist,
		 "Accept devices whose known errata let a program that drives them harm the machine");

/*
 * Functions with which a program can hang the machine or access memory that it
 * does not own: three generations of Intel's QuickAssist with their virtual
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

static bool vfio_iommufd_is_denied(struct pci_dev *pdev)
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

static int vfio_iommufd_open(struct vfio_device *device)
{
	struct vfio_pci_core_device *core =
		container_of(device, struct vfio_pci_core_device, vdev);
	int ret = vfio_pci_core_enable(core);

	if (!ret)
		vfio_pci_core_finish_enable(core);
	return ret;
}

static const struct vfio_device_ops device_ops = {
	.name = "vfio-iommufd-pci",
	.init = vfio_pci_core_init_dev,
	.release = vfio_pci_core_release_dev,
	.open_device = vfio_iommufd_open,
	.close_device = vfio_pci_core_close_device,
	.ioctl = hot_reset_ioctl,
	.device_feature = vfio_pci_core_ioctl_feature,
	.read = vfio_pci_core_read,
	.write = vfio_pci_core_write,
	.mmap = vfio_pci_core_mmap,
	.request = vfio_pci_core_request,
	.match = vfio_pci_core_match,
};

/*
 * vfio-pci offers a guest three more regions of Intel's graphics (OpRegion and
 * the configuration of two bridges). vfio-pci.ko does not export the code for
 * them.
 */
static void warn_intel_graphics(struct pci_dev *pdev)
{
	if (IS_ENABLED(CONFIG_VFIO_PCI_IGD) &&
	    pdev->vendor == PCI_VENDOR_ID_INTEL &&
	    pdev->class >> 16 == PCI_BASE_CLASS_DISPLAY)
		pci_warn(pdev, "no OpRegion for a guest's graphics driver; bind the device to vfio-pci if that is needed\n");
}

static int vfio_iommufd_probe(struct pci_dev *pdev,
			      const struct pci_device_id *id)
{
	struct vfio_pci_core_device *core;
	struct pci_device *device;
	int ret;

	if (vfio_iommufd_is_denied(pdev))
		return -EINVAL;
	device = vfio_alloc_device(pci_device, core.vdev, &pdev->dev,
				   &device_ops);
	if (IS_ERR(device))
		return PTR_ERR(device);
	core = &device->core;
	dev_set_drvdata(&pdev->dev, core);
	ret = device_file_prepare(&core->vdev);
	if (ret)
		goto put_device;
	ret = vfio_pci_core_register_device(core);
	if (ret)
		goto forget_file;
	warn_intel_graphics(pdev);
	return 0;

forget_file:
	device_file_remove(&core->vdev);
put_device:
	vfio_put_device(&core->vdev);
	return ret;
}

static void vfio_iommufd_remove(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *core = dev_get_drvdata(&pdev->dev);

	/* No new opens; programs that have it open are asked to close it */
	device_file_remove(&core->vdev);
	vfio_pci_core_unregister_device(core);
	vfio_put_device(&core->vdev);
}

/* The core binds the functions that it creates to this driver */
static int vfio_iommufd_sriov_configure(struct pci_dev *pdev, int nr_functions)
{
	if (!enable_sriov)
		return -ENOENT;
	return vfio_pci_core_sriov_configure(dev_get_drvdata(&pdev->dev),
					     nr_functions);
}

/* Devices are claimed by driver_override, ids= and new_id */
static const struct pci_device_id id_table[] = {
	{ PCI_DRIVER_OVERRIDE_DEVICE_VFIO(PCI_ANY_ID, PCI_ANY_ID) },
	{}
};
MODULE_DEVICE_TABLE(pci, id_table);

static struct pci_driver driver = {
	.name = "vfio-iommufd-pci",
	.id_table = id_table,
	.probe = vfio_iommufd_probe,
	.remove = vfio_iommufd_remove,
	.sriov_configure = vfio_iommufd_sriov_configure,
	.err_handler = &vfio_pci_core_err_handlers,
	.driver_managed_dma = true,
};

static void __init add_id(const char *text)
{
	unsigned int vendor, device, class = 0, class_mask = 0;
	unsigned int subvendor = PCI_ANY_ID, subdevice = PCI_ANY_ID;
	int ret;

	if (sscanf(text, "%x:%x:%x:%x:%x:%x", &vendor, &device, &subvendor,
		   &subdevice, &class, &class_mask) < 2) {
		pr_warn("ids: '%s' is not vendor:device; left out\n", text);
		return;
	}
	ret = pci_add_dynid(&driver, vendor, device, subvendor, subdevice,
			    class, class_mask, 0);
	if (ret)
		pr_warn("ids: '%s' cannot be added: error %d\n", text, ret);
	else
		pr_info("ids: devices %s are claimed\n", text);
}

static void __init add_ids(void)
{
	char *rest = ids, *text;

	while ((text = strsep(&rest, ",")))
		if (*text)
			add_id(text);
}

/*
 * The core has one set of parameters, which the driver that is loaded last
 * sets. If this driver has none, it keeps those that vfio-pci was loaded with.
 */
static void __init set_core_params(void)
{
	bool shared = driver_find("vfio-pci", &pci_bus_type);

	if (shared && !nointxmask && !disable_vga && !disable_idle_d3)
		return;
	if (shared)
		pr_info("nointxmask, disable_vga and disable_idle_d3 now hold for vfio-pci too\n");
	vfio_pci_core_set_params(nointxmask, disable_vga ||
				 !IS_ENABLED(CONFIG_VFIO_PCI_VGA),
				 disable_idle_d3);
}

static int __init driver_init_module(void)
{
	int ret = device_files_init();

	if (ret) {
		pr_err("no device numbers for device files: error %d\n", ret);
		return ret;
	}
	set_core_params();
	kvm_answers_start();
	ret = pci_register_driver(&driver);
	if (ret) {
		kvm_answers_stop();
		device_files_exit();
		return ret;
	}
	add_ids();
	return 0;
}

static void __exit driver_exit_module(void)
{
	pci_unregister_driver(&driver);
	kvm_answers_stop();
	device_files_exit();
}

module_init(driver_init_module);
module_exit(driver_exit_module);

MODULE_DESCRIPTION("VFIO PCI devices with device files");
MODULE_LICENSE("GPL");
