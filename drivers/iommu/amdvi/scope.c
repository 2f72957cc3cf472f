// SPDX-License-Identifier: GPL-2.0
/*
 * Which unit a device is behind, and other facts of the IVRS table about it.
 *
 * The table is searched each time, and nothing is stored. A device belongs to
 * the first unit of its segment whose block contains the source-id. If several
 * entries of that block contain it, the last one counts.
 */
#define pr_fmt(fmt) "amdvi: " fmt

#include <linux/acpi.h>
#include <linux/pci.h>

#include "../common/alias.h"
#include "../common/firmware.h"
#include "scope.h"

const struct ivrs_table *amdvi_ivrs;

/* Find a source-id in a unit's block */
static bool amdvi_scope_find_id(const struct ivrs_table *table,
				struct ivrs_block unit, u16 id,
				struct amdvi_place *place)
{
	struct ivrs_entry entry;
	bool found = false;

	place->alias = id;
	place->ats = true;
	while (ivrs_next_entry(table, &unit, &entry)) {
		if (entry.complaint || entry.kind == IVRS_SPECIAL ||
		    id < entry.first || id > entry.last)
			continue;
		found = true;
		place->alias = entry.has_alias ? entry.alias : id;
		place->ats = !(entry.extended & IVHD_ATS_DISABLED);
	}
	return found;
}

static bool amdvi_scope_find_pci(const struct ivrs_table *table,
				 struct pci_dev *pdev,
				 struct amdvi_place *place)
{
	struct ivrs_cursor cursor = { };
	struct ivrs_block unit;

	pdev = iommu_requester(pdev);
	place->segment = pci_domain_nr(pdev->bus);
	place->source_id = pci_dev_id(pdev);
	while (ivrs_next_unit(table, &cursor, &unit)) {
		place->unit = unit.offset;
		if (unit.segment != place->segment ||
		    !amdvi_scope_find_id(table, unit, place->source_id, place))
			continue;
		place->ats = place->ats && iommu_source_id_is_kept(pdev);
		return true;
	}
	return false;
}

static bool is_named(struct acpi_device *adev, const struct ivrs_entry *entry)
{
	u64 number;

	if (strcmp(acpi_device_hid(adev), entry->hid))
		return false;
	switch (entry->uid_format) {
	case IVRS_UID_NONE:
		return true;
	case IVRS_UID_INTEGER:
		return !acpi_dev_uid_to_integer(adev, &number) &&
		       number == entry->uid_number;
	case IVRS_UID_STRING:
		return acpi_device_uid(adev) &&
		       !strcmp(acpi_device_uid(adev), entry->uid);
	}
	return false;
}

static bool amdvi_scope_find_acpi(const struct ivrs_table *table,
				  struct device *dev,
				  struct amdvi_place *place)
{
	struct acpi_device *adev = ACPI_COMPANION(dev);
	struct ivrs_cursor cursor = { };
	struct ivrs_block unit, walk;
	struct ivrs_entry entry;

	if (!adev)
		return false;
	while (ivrs_next_unit(table, &cursor, &unit)) {
		for (walk = unit; ivrs_next_entry(table, &walk, &entry); ) {
			if (entry.complaint ||
			    entry.kind != IVRS_ACPI_DEVICE ||
			    !is_named(adev, &entry))
				continue;
			place->unit = unit.offset;
			place->segment = unit.segment;
			place->source_id = entry.first;
			return amdvi_scope_find_id(table, unit, entry.first,
						   place);
		}
	}
	return false;
}

/**
 * amdvi_scope_find() - find the place of a device in the table
 * @table: the IVRS table
 * @dev: a PCI device, or one that the ACPI namespace describes
 * @place: filled in
 *
 * Return: false if the device is behind no unit.
 */
bool amdvi_scope_find(const struct ivrs_table *table, struct device *dev,
		      struct amdvi_place *place)
{
	if (dev_is_pci(dev))
		return amdvi_scope_find_pci(table, to_pci_dev(dev), place);
	return amdvi_scope_find_acpi(table, dev, place);
}

/**
 * amdvi_scope_holds() - does a block of reserved memory apply to a device?
 * @ivmd: the block
 * @place: the place of the device
 *
 * Return: true if so.
 */
bool amdvi_scope_holds(const struct ivrs_block *ivmd,
		       const struct amdvi_place *place)
{
	return ivmd->segment == place->segment &&
	       place->source_id >= ivmd->id && place->source_id <= ivmd->last;
}

static void complain_of_entries(const struct ivrs_table *table,
				struct ivrs_block unit)
{
	struct ivrs_entry entry;
	size_t offset;

	for (;;) {
		offset = unit.entries;
		if (!ivrs_next_entry(table, &unit, &entry))
			return;
		if (entry.complaint)
			pr_warn("IVRS at offset %zu: %s; left out\n", offset,
				entry.complaint);
		else if (entry.remark)
			pr_warn("IVRS at offset %zu: %s\n", offset,
				entry.remark);
	}
}

/* Only the newest block of a unit is used, and only its entries matter */
static void complain_of_unit(const struct ivrs_table *table, size_t offset)
{
	struct ivrs_cursor cursor = { .offset = offset };
	struct ivrs_block unit;

	if (!ivrs_next_unit(table, &cursor, &unit) || unit.offset != offset)
		return;
	if (unit.complaint)
		pr_warn("IVRS at offset %zu: %s; left out\n", offset,
			unit.complaint);
	else
		complain_of_entries(table, unit);
}

static void complain_of_block(const struct ivrs_table *table,
			      const struct ivrs_block *block)
{
	if (block->complaint) {
		pr_warn("IVRS at offset %zu: %s; left out\n", block->offset,
			block->complaint);
		return;
	}
	if (block->remark)
		pr_warn("IVRS at offset %zu: %s\n", block->offset,
			block->remark);
	if (ivrs_is_unit(block))
		complain_of_unit(table, block->offset);
	else if (iommu_firmware_is_ram(block->base,
				       block->base + block->size - 1))
		pr_warn("IVRS at offset %zu: memory 0x%llx-0x%llx is RAM of the kernel, which its devices can reach; update the firmware\n",
			block->offset, block->base,
			block->base + block->size - 1);
}

/**
 * amdvi_scope_complain() - log what is wrong in the table
 * @table: the IVRS table
 *
 * One line for each block or entry that is left out or corrected, and for
 * reserved memory that the kernel uses as RAM.
 */
void amdvi_scope_complain(const struct ivrs_table *table)
{
	struct ivrs_cursor cursor = { };
	struct ivrs_block block;

	while (ivrs_next(table, &cursor, &block))
		complain_of_block(table, &block);
}
