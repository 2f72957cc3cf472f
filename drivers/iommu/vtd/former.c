// SPDX-License-Identifier: GPL-2.0
/*
 * Context entries that a crash kernel takes over, in legacy mode.
 * ../common/former.c describes why, and when they are replaced.
 *
 * In scalable mode nothing is taken over: the entry that a move replaces is that
 * of a PASID table, and an old one is in the former kernel's memory.
 *
 *	domain id	in this kernel			in the old entry
 *	0		none				left out
 *	1		pass-through			the same: copied. With page
 *							tables: left out
 *	others		domains				copied, and reserved
 *
 * Also left out is an entry that the unit could not use, for example one of a
 * depth that it does not have, or with tables where the former kernel had no
 * memory. The page tables themselves are not looked at: the unit reads them as it
 * did before. A root entry whose context table cannot be read is left out as a
 * whole.
 *
 * A device may still have its device-TLB enabled. Before its entries are
 * replaced, the device-TLB is emptied and disabled, and the entries stop
 * allowing device-TLB requests.
 *
 * Locks: the table_lock of the unit.
 */
#define pr_fmt(fmt) "vtd: " fmt

#include <kunit/visibility.h>
#include <linux/pci.h>
#include <linux/sizes.h>

#include "../common/former.h"
#include "ability.h"
#include "device.h"
#include "former.h"
#include "inval.h"
#include "regs.h"
#include "unit.h"

#define BUSES		256
#define FUNCTIONS	256
#define ROOT_QUADS	2
#define CONTEXT_QUADS	2

/* What is copied */
#define COPIED_LO	(CTX_P | CTX_TT | CTX_PTR)
#define COPIED_HI	(CTX_HI_AW | CTX_HI_DID)

/* Does the unit have this depth of page tables? */
static bool has_depth(const struct vtd_unit *unit, u64 width)
{
	return FIELD_GET(CAP_SAGAW, unit->cap) & BIT(width);
}

/* Does a present entry make sense for the unit? */
static bool vtd_former_suits(const struct vtd_unit *unit, u64 lo, u64 hi)
{
	u16 domain_id = FIELD_GET(CTX_HI_DID, hi);

	if (lo & CTX_RESERVED || hi & CTX_HI_RESERVED ||
	    domain_id == IOMMU_UNIT_ID_NONE ||
	    !has_depth(unit, FIELD_GET(CTX_HI_AW, hi)))
		return false;
	switch (FIELD_GET(CTX_TT, lo)) {
	case CTX_TT_PT:
		return unit->ecap & ECAP_PT;
	case CTX_TT_SS_DT:
		if (!(unit->ecap & ECAP_DT))
			return false;
		fallthrough;
	case CTX_TT_SS:
		return domain_id != IOMMU_UNIT_ID_PASS &&
		       iommu_former_owns(lo & CTX_PTR, SZ_4K);
	default:
		return false;
	}
}

static bool vtd_former_copy_suiting(struct vtd_unit *unit, u16 source_id,
				    u64 lo, u64 hi)
{
	u16 domain_id = FIELD_GET(CTX_HI_DID, hi);

	if (domain_id != IOMMU_UNIT_ID_PASS &&
	    iommu_former_reserve_id(&unit->common, domain_id))
		return false;
	if (vtd_tables_prepare(unit, source_id) ||
	    iommu_former_keep(&unit->common, source_id))
		return false;
	vtd_tables_set_former(unit, source_id, lo & COPIED_LO, hi & COPIED_HI);
	return true;
}

/**
 * vtd_former_copy_bus() - copy the entries of an old context table
 * @unit: a unit in legacy mode with its own tables, which are not in use yet
 * @bus: the bus
 * @old: the old table, one page
 * @count: increased by the number of entries copied, and left out
 *
 * Context: may sleep; the table_lock of the unit is held.
 */
void vtd_former_copy_bus(struct vtd_unit *unit, u8 bus, const u64 *old,
			 struct vtd_former_count *count)
{
	unsigned int devfn;
	u64 lo, hi;

	for (devfn = 0; devfn < FUNCTIONS; devfn++) {
		/* Read once: what was checked is what is used */
		lo = READ_ONCE(old[devfn * CONTEXT_QUADS]);
		hi = READ_ONCE(old[devfn * CONTEXT_QUADS + 1]);
		if (!(lo & CTX_P))
			continue;
		if (vtd_former_suits(unit, lo, hi) &&
		    vtd_former_copy_suiting(unit, bus << 8 | devfn, lo, hi))
			count->kept++;
		else
			count->left_out++;
	}
}
EXPORT_SYMBOL_IF_KUNIT(vtd_former_copy_bus);

static void copy_buses(struct vtd_unit *unit, const u64 *root,
		       struct vtd_former_count *count)
{
	const u64 *table;
	unsigned int bus;
	u64 lo, hi;

	for (bus = 0; bus < BUSES; bus++) {
		lo = READ_ONCE(root[bus * ROOT_QUADS]);
		hi = READ_ONCE(root[bus * ROOT_QUADS + 1]);
		if (!(lo & ROOT_P))
			continue;
		table = NULL;
		if (!(lo & ROOT_RESERVED) && !hi)
			table = iommu_former_map(lo & ROOT_PTR, SZ_4K);
		if (!table) {
			count->left_out++;
			continue;
		}
		vtd_former_copy_bus(unit, bus, table, count);
		iommu_former_unmap(table);
	}
}

/**
 * vtd_former_take() - take over the tables by which a unit still translates
 * @unit: a unit that was left translating, with its own empty tables
 * @count: set to the number of entries copied, and left out
 *
 * Context: may sleep.
 * Return: false in a kernel that is no crash kernel and in scalable mode, and
 * after a line in the log if there is no root table in the memory of the former
 * kernel.
 */
bool vtd_former_take(struct vtd_unit *unit, struct vtd_former_count *count)
{
	u64 rtaddr = vtd_read64(unit, VTD_RTADDR);
	phys_addr_t base = rtaddr & RTADDR_PTR;
	const u64 *root;

	if (!iommu_former_is_expected() || unit->scalable)
		return false;
	root = iommu_former_map(base, SZ_4K);
	if (!root) {
		unit_warn(unit, "no root table of the former kernel at %pa: DMA of that kernel is blocked\n",
			  &base);
		return false;
	}
	*count = (struct vtd_former_count){ };
	mutex_lock(&unit->common.table_lock);
	copy_buses(unit, root, count);
	mutex_unlock(&unit->common.table_lock);
	iommu_former_unmap(root);
	return true;
}

/**
 * vtd_former_is_open() - may a device reach all memory by an entry of the former
 * kernel?
 * @unit: the unit
 * @source_id: the source-id
 *
 * Return: true if it passes DMA through, or permits a device-TLB, by which a
 * device can pretend to have translated addresses.
 */
bool vtd_former_is_open(struct vtd_unit *unit, u16 source_id)
{
	u64 raw[8];

	return iommu_former_has(&unit->common, source_id) &&
	       vtd_tables_get(unit, source_id, raw) &&
	       FIELD_GET(CTX_TT, raw[0]) != CTX_TT_SS;
}
EXPORT_SYMBOL_IF_KUNIT(vtd_former_is_open);

/**
 * vtd_former_block() - block a source-id whose entry may be the former kernel's
 * @unit: a unit that does not use its tables yet
 * @source_id: the source-id; nothing happens if it has another entry
 *
 * Context: the table_lock of the unit is held.
 */
void vtd_former_block(struct vtd_unit *unit, u16 source_id)
{
	if (iommu_former_drop(&unit->common, source_id))
		vtd_tables_set_former(unit, source_id, 0, 0);
}
EXPORT_SYMBOL_IF_KUNIT(vtd_former_block);

static bool permits_device_tlb(struct vtd_unit *unit, u16 source_id)
{
	u64 raw[8];

	return vtd_tables_get(unit, source_id, raw) && raw[0] & CTX_P &&
	       FIELD_GET(CTX_TT, raw[0]) == CTX_TT_SS_DT;
}

static void former_empty_device_tlb(struct vtd_device *device)
{
	static const struct vtd_range all = { .last = ULONG_MAX };
	struct iommu_unit_device *common = &device->common;
	struct vtd_unit *unit = to_vtd_unit(common->unit);
	unsigned int depth = max_t(unsigned int, common->ats_depth, 1);
	unsigned int left = device->twice ? 2 : 1;
	u16 pf_id = vtd_device_pf_id(device);
	struct vtd_batch batch = { };

	/* This kernel may not have looked for ATS in it */
	if (unit->ecap & ECAP_DIT && dev_is_pci(common->dev))
		pf_id = pci_dev_id(pci_physfn(to_pci_dev(common->dev)));
	for (; left; left--)
		vtd_inval_add_device(&batch, common->source_id, pf_id, depth,
				     &all);
	/* Without an answer the entry ends its use, see vtd_former_end() */
	vtd_inval_run(unit, &batch);
}

static int vtd_former_forbid_alias(struct device *dev, u16 alias, void *arg)
{
	struct vtd_unit *unit = arg;
	u16 domain_id;

	if (!permits_device_tlb(unit, alias))
		return 0;
	domain_id = vtd_tables_permit(unit, alias, false);
	/* With the translations: this waits for requests that have passed */
	vtd_inval_context(unit, alias, domain_id, true);
	return 0;
}

/**
 * vtd_former_end() - the entries of a device are about to be replaced
 * @device: the device
 *
 * The device-TLB that the former kernel has enabled, if any, is not used
 * afterwards. The caller invalidates what the unit has cached of the entries.
 *
 * Context: may sleep; the table_lock of the unit is held.
 */
void vtd_former_end(struct vtd_device *device)
{
	struct iommu_unit_device *common = &device->common;
	struct vtd_unit *unit = to_vtd_unit(common->unit);

	if (!iommu_former_end(common))
		return;
	if (!common->ats_by_itself && iommu_unit_ats_is_former(common)) {
		if (permits_device_tlb(unit, common->source_id))
			former_empty_device_tlb(device);
		iommu_unit_ats_end_former(common);
	}
	iommu_unit_visit_aliases(common, vtd_former_forbid_alias, unit);
}
