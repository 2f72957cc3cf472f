// SPDX-License-Identifier: GPL-2.0
/*
 * vfio_disguise.ko: makes a PCI device look like another model, to test how
 * drivers handle models that are not emulated. It changes only the kernel's
 * struct pci_dev, until the module is unloaded, not the device.
 */
#define pr_fmt(fmt) "vfio_disguise: " fmt

#include <linux/module.h>
#include <linux/pci.h>

/*
 * A place in configuration space for capabilities that a device only claims,
 * which the devices of QEMU leave empty
 */
#define EMPTY_PLACE	0xf0

static char *address;
module_param(address, charp, 0);
MODULE_PARM_DESC(address, "PCI address, such as 0000:00:04.0");

static ushort vendor;
module_param(vendor, ushort, 0);
MODULE_PARM_DESC(vendor, "The vendor it claims");

static ushort device;
module_param(device, ushort, 0);
MODULE_PARM_DESC(device, "The device it claims");

static uint class;
module_param(class, uint, 0);
MODULE_PARM_DESC(class, "The class it claims (default: its own)");

static bool shares_tables;
module_param(shares_tables, bool, 0);
MODULE_PARM_DESC(shares_tables, "It claims ATS, PRI and PASID, without any ability (default: no)");

static struct pci_dev *disguised;
static struct {
	unsigned short vendor, device;
	unsigned int class;
	u16 ats_cap, pri_cap, pasid_cap;
} truth;

static void claim_capabilities(void)
{
	disguised->ats_cap = EMPTY_PLACE;
	disguised->pri_cap = EMPTY_PLACE;
	disguised->pasid_cap = EMPTY_PLACE;
}


static int __init disguise_init(void)
{
	unsigned int domain, bus, slot, function;

	if (!address || sscanf(address, "%x:%x:%x.%x", &domain, &bus, &slot,
			       &function) != 4)
		return -EINVAL;
	disguised = pci_get_domain_bus_and_slot(domain, bus,
						PCI_DEVFN(slot, function));
	if (!disguised)
		return -ENODEV;
	truth.vendor = disguised->vendor;
	truth.device = disguised->device;
	truth.class = disguised->class;
	truth.ats_cap = disguised->ats_cap;
	truth.pri_cap = disguised->pri_cap;
	truth.pasid_cap = disguised->pasid_cap;
	disguised->vendor = vendor;
	disguised->device = device;
	if (class)
		disguised->class = class;
	if (shares_tables)
		claim_capabilities();
	return 0;
}

static void __exit disguise_exit(void)
{
	disguised->vendor = truth.vendor;
	disguised->device = truth.device;
	disguised->class = truth.class;
	disguised->ats_cap = truth.ats_cap;
	disguised->pri_cap = truth.pri_cap;
	disguised->pasid_cap = truth.pasid_cap;
	pci_dev_put(disguised);
}

module_init(disguise_init);
module_exit(disguise_exit);

MODULE_DESCRIPTION("PCI device in disguise, for tests");
MODULE_LICENSE("GPL");
