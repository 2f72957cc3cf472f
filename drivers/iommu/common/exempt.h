/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Devices that the kernel's own drivers use untranslated.
 */
#ifndef IOMMU_COMMON_EXEMPT_H
#define IOMMU_COMMON_EXEMPT_H

#include <linux/moduleparam.h>
#include <linux/types.h>

struct device;
struct pci_dev;

/**
 * struct iommu_exempt_rules - what a driver says of devices
 * @is_named: does the user name a device, by its PCI address (identity=)?
 * @translates_graphics: does the user want graphics translated (igfx=1)?
 * @is_graphics: is it graphics that is not translated otherwise?
 * @quirk_of: NULL, or returns why a device does not work translated, whatever
 *	the user wants, or NULL
 */
struct iommu_exempt_rules {
	bool (*is_named)(const char *address);
	bool (*translates_graphics)(void);
	bool (*is_graphics)(struct pci_dev *pdev);
	const char *(*quirk_of)(struct pci_dev *pdev);
};

extern const struct kernel_param_ops iommu_exempt_param_ops;

bool iommu_exempt(const struct iommu_exempt_rules *rules, struct device *dev);
void iommu_exempt_log(const struct iommu_exempt_rules *rules);
bool iommu_exempt_is_display(const struct pci_dev *pdev);
bool iommu_exempt_lists(const char *list, const char *name);

#endif
