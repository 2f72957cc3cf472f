// SPDX-License-Identifier: GPL-2.0
/*
 * The firmware's table of units: what is the same for all kinds of it.
 */
#include <linux/acpi.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "firmware.h"

/**
 * iommu_firmware_table() - copy a table, so that checks hold for later reads
 * @signature: its ACPI signature
 * @length: set to its length in bytes
 *
 * Context: may sleep.
 * Return: the copy, to be freed with kfree(); or an ERR_PTR: -ENODEV if there
 * is no such table, -ENOMEM.
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
 * iommu_firmware_is_ram() - does the kernel use reserved memory as RAM?
 * @first: address of the first byte of memory that a table reserves
 * @last: address of the last byte
 *
 * The memory map of correct firmware excludes such memory.
 *
 * Return: true if the kernel uses a part of it.
 */
bool iommu_firmware_is_ram(u64 first, u64 last)
{
	return region_intersects(first, last - first + 1,
				 IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE) !=
	       REGION_DISJOINT;
}
EXPORT_SYMBOL_GPL(iommu_firmware_is_ram);
