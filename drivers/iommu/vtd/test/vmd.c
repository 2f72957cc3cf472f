// SPDX-License-Identifier: GPL-2.0
/*
 * vtd_vmd.ko: a PCI domain as a Volume Management Device (VMD) makes it, for
 * tests only. It has one function, device 0 of a bus, with the class of an NVMe
 * disk. The function has no registers and does no DMA. A device of domain 0 is
 * the VMD.
 */
#define pr_fmt(fmt) "vtd_vmd: " fmt

#include <linux/module.h>
#include <linux/pci.h>

#include <asm/pci.h>

/* The first domain that the driver of the VMD uses */
#define VMD_DOMAIN	0x10000

static uint bus_number;
module_param_named(bus, bus_number, uint, 0400);
MODULE_PARM_DESC(bus, "bus number of the function, in a domain of its own (default: 0)");

static uint vmd = PCI_DEVFN(4, 0);
module_param(vmd, uint, 0400);
MODULE_PARM_DESC(vmd, "device and function of the VMD on bus 0, as 8 * device + function (default: 32)");

static const u32 config[16] = {
	[PCI_VENDOR_ID / 4] = 0x5845 << 16 | PCI_VENDOR_ID_INTEL,
	[PCI_CLASS_REVISION / 4] = PCI_CLASS_STORAGE_EXPRESS << 8,
};

static int config_read(struct pci_bus *bus, unsigned int devfn, int where,
		       int size, u32 *value)
{
	if (devfn) {
		PCI_SET_ERROR_RESPONSE(value);
		return PCIBIOS_DEVICE_NOT_FOUND;
	}
	*value = where < sizeof(config) ?
		 config[where / 4] >> 8 * (where % 4) : 0;
	return PCIBIOS_SUCCESSFUL;
}

static int config_write(struct pci_bus *bus, unsigned int devfn, int where,
			int size, u32 value)
{
	return PCIBIOS_SUCCESSFUL;
}

static struct pci_ops config_ops = {
	.read = config_read,
	.write = config_write,
};

static struct pci_sysdata sysdata = {
	.domain = VMD_DOMAIN,
	.node = NUMA_NO_NODE,
};

static struct resource buses = {
	.name = "vtd_vmd",
	.flags = IORESOURCE_BUS,
};

static struct pci_bus *root;

static int __init vmd_init(void)
{
	LIST_HEAD(resources);

	sysdata.vmd_dev = pci_get_domain_bus_and_slot(0, 0, vmd);
	if (!sysdata.vmd_dev)
		return -ENODEV;
	buses.start = bus_number;
	buses.end = bus_number;
	pci_add_resource(&resources, &buses);
	root = pci_create_root_bus(NULL, bus_number, &config_ops, &sysdata,
				   &resources);
	if (!root) {
		pci_free_resource_list(&resources);
		pci_dev_put(sysdata.vmd_dev);
		return -ENODEV;
	}
	pci_scan_child_bus(root);
	pci_bus_add_devices(root);
	return 0;
}
module_init(vmd_init);

static void __exit vmd_exit(void)
{
	pci_lock_rescan_remove();
	pci_stop_root_bus(root);
	pci_remove_root_bus(root);
	pci_unlock_rescan_remove();
	pci_dev_put(sysdata.vmd_dev);
}
module_exit(vmd_exit);

MODULE_DESCRIPTION("A PCI domain below a VMD, for tests");
MODULE_LICENSE("GPL");
