// SPDX-License-Identifier: GPL-2.0
/*
 * Devices that the kernel's own drivers use untranslated: their default domain
 * is the identity domain, whatever is asked for elsewhere. A program may have
 * them through VFIO all the same, and then they are translated.
 *
 *	the user names it	identity=
 *	graphics		unless igfx=1 asks for translation; which graphics
 *				that is depends on the driver
 *	quirks			devices that do not work behind their unit,
 *				whatever igfx= says
 *
 * A device that is not trusted is never exempt.
 */
#define pr_fmt(fmt) "iommu_common: " fmt

#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/pci.h>
#include <linux/string.h>

#include "exempt.h"
#include "untrusted.h"

/**
 * iommu_exempt_lists() - is a name in a list?
 * @list: names, separated by commas, or NULL
 * @name: the name
 *
 * Return: true if so.
 */
bool iommu_exempt_lists(const char *list, const char *name)
{
	size_t length = strlen(name);

	for (; list; list = strchr(list, ',')) {
		list += *list == ',';
		if (!strncmp(list, name, length) &&
		    (!list[length] || list[length] == ','))
			return true;
	}
	return false;
}
EXPORT_SYMBOL_GPL(iommu_exempt_lists);

/* Is it written as the PCI core writes it? No other name is ever found */
static bool exempt_is_address(const char *name, size_t length)
{
	unsigned int domain, bus, slot, function;
	char read[24], written[24];

	if (length >= sizeof(read))
		return false;
	strscpy(read, name, length + 1);
	if (sscanf(read, "%x:%x:%x.%u", &domain, &bus, &slot, &function) != 4)
		return false;
	snprintf(written, sizeof(written), "%04x:%02x:%02x.%u", domain,
		 bus & 0xff, slot & 0x1f, function & 7);
	return !strcmp(read, written);
}

static int exempt_set(const char *value, const struct kernel_param *param)
{
	const char *at = value;
	size_t length;

	do {
		at += *at == ',';
		length = strcspn(at, ",\n");
		if (exempt_is_address(at, length))
			continue;
		pr_err("%s: '%.*s' is no address of a PCI device; write it as 0000:00:1f.3\n",
		       param->name, (int)length, at);
		return -EINVAL;
	} while (*(at += length) == ',');
	return param_set_charp(value, param);
}

/* A parameter with addresses of PCI devices: 0000:00:02.0,... */
const struct kernel_param_ops iommu_exempt_param_ops = {
	.set = exempt_set,
	.get = param_get_charp,
	.free = param_free_charp,
};
EXPORT_SYMBOL_GPL(iommu_exempt_param_ops);

/**
 * iommu_exempt_is_display() - is a device of the class of display controllers?
 * @pdev: the device
 *
 * Return: true if so.
 */
bool iommu_exempt_is_display(const struct pci_dev *pdev)
{
	return pdev->class >> 16 == PCI_BASE_CLASS_DISPLAY;
}
EXPORT_SYMBOL_GPL(iommu_exempt_is_display);

static const char *exempt_quirk_of(const struct iommu_exempt_rules *rules,
				   struct pci_dev *pdev)
{
	return rules->quirk_of ? rules->quirk_of(pdev) : NULL;
}

/**
 * iommu_exempt() - do the kernel's own drivers use a device untranslated?
 * @rules: what the driver says of devices
 * @dev: the device
 *
 * Context: may sleep.
 * Return: true if so.
 */
bool iommu_exempt(const struct iommu_exempt_rules *rules, struct device *dev)
{
	struct pci_dev *pdev;

	if (!dev_is_pci(dev) || iommu_is_untrusted(dev))
		return false;
	pdev = to_pci_dev(dev);
	return rules->is_named(pci_name(pdev)) ||
	       (rules->is_graphics(pdev) && !rules->translates_graphics()) ||
	       exempt_quirk_of(rules, pdev);
}
EXPORT_SYMBOL_GPL(iommu_exempt);

/**
 * iommu_exempt_log() - log which devices have a quirk that makes them exempt
 * @rules: what the driver says of devices
 *
 * Context: may sleep.
 */
void iommu_exempt_log(const struct iommu_exempt_rules *rules)
{
	struct pci_dev *pdev = NULL;
	const char *why;

	for_each_pci_dev(pdev) {
		why = exempt_quirk_of(rules, pdev);
		if (why && !pdev->untrusted)
			pci_warn(pdev, "not translated for its driver: %s\n",
				 why);
	}
}
EXPORT_SYMBOL_GPL(iommu_exempt_log);
