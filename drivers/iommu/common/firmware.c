// SPDX-License-Identifier: GPL-2.0
/*
 * The firmware's table of units, and what is common to its kinds.
 */
#include <linux/acpi.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "firmware.h"

/**
 * iommu_firmware_table() - copy a table, so that what is checked is what is used
 * @signature: ACPI's name of it
 * @length: set to its length in bytes
 *
 * Context: may sleep.
 * Return: the copy, which the caller frees; -ENODEV if there is no such table;
 * -ENOMEM.
 */
void *iommu_firmware_table(const char *signature, size_t *length)
{
	struct acpi_table_header *header;
	void *copy;

	if (ACPI_FAILURE(acpi_get_table((char *)signature, 0, &header)))
		return ERR_PTR(-ENODEV);
	*length = header->length;
	copy = kmemdup(header, *length, GFP_KERNEL);
	acpi_put_table(header);
	return copy ?: ERR_PTR(-ENOMEM);
}
EXPORT_SYMBOL_GPL(iommu_firmware_table);

/**
 * iommu_firmware_is_ram() - is memory that firmware reserves in use as RAM?
 * @first: its first byte
 * @last: its last byte
 *
 * Firmware should have told the kernel not to use it.
 *
 * Return: true if the kernel uses some of it.
 */
bool iommu_firmware_is_ram(u64 first, u64 last)
{
	return region_intersects(first, last - first + 1,
				 IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE) !=
	       REGION_DISJOINT;
}
EXPORT_SYMBOL_GPL(iommu_firmware_is_ram);
