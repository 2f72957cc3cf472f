// SPDX-License-Identifier: GPL-2.0
/*
 * The unit of each device, and other answers from the DMAR table.
 *
 * Nothing is stored: each answer is found in the table, by walking from the
 * device up to its root bus and comparing each step with the paths in the
 * device scopes. A path lists device and function on every bus, starting from a
 * root bus, so it is compared from its end, upwards. This uses no bus number
 * except the first: firmware and Linux may assign the others anew.
 *
 *	scope	bus 0, path 1c.0 02.0
 *	device	02.0, below the bridge 1c.0 on bus 0: 02.0 matches, then 1c.0
 *		matches, then the bus is 0: in scope
 *
 * A device belongs to the first unit whose scope names it or a bridge above it;
 * otherwise to the unit of its segment with INCLUDE_PCI_ALL. A device below a
 * VMD has the unit of the VMD.
 */
#define pr_fmt(fmt) "vtd: " fmt

#include <linux/acpi.h>
#include <linux/pci.h>

#include "../common/alias.h"
#include "../common/firmware.h"
#include "scope.h"

const struct dmar_table *vtd_dmar;

static bool path_leads_to(const struct dmar_scope *scope, struct pci_dev *pdev)
{
	unsigned int i = scope->depth;

	while (i--) {
		if (!pdev || pdev->devfn != PCI_DEVFN(scope->path[i].device,
						      scope->path[i].function))
			return false;
		if (!i)
			return pdev->bus->number == scope->bus;
		pdev = pdev->bus->self;
	}
	return false;
}

/**
 * vtd_scope_path_exists() - is the path of a scope one that can exist?
 * @scope: the scope
 *
 * Return: false if a device or function number is too large.
 */
bool vtd_scope_path_exists(const struct dmar_scope *scope)
{
	unsigned int i;

	for (i = 0; i < scope->depth; i++)
		if (scope->path[i].device > 31 || scope->path[i].function > 7)
			return false;
	return true;
}

/**
 * vtd_scope_source_id() - the source-id that a scope gives a namespace device
 * @scope: the scope, with a path that can exist
 *
 * Return: the source-id.
 */
u16 vtd_scope_source_id(const struct dmar_scope *scope)
{
	return PCI_DEVID(scope->bus, PCI_DEVFN(scope->path[0].device,
					       scope->path[0].function));
}

static bool scope_matches(const struct dmar_scope *scope, struct pci_dev *pdev)
{
	struct pci_dev *at;

	if (!vtd_scope_path_exists(scope))
		return false;
	if (scope->type == DMAR_SCOPE_ENDPOINT)
		return path_leads_to(scope, pdev);
	if (scope->type != DMAR_SCOPE_BRIDGE)
		return false;
	for (at = pdev; at; at = at->bus->self)
		if (path_leads_to(scope, at))
			return true;
	return false;
}

static bool vtd_scope_holds_pci(const struct dmar_table *table,
				const struct dmar_structure *of,
				struct pci_dev *pdev)
{
	struct dmar_structure walk = *of;
	struct dmar_scope scope;

	pdev = pci_physfn(iommu_requester(pdev));
	if (pci_domain_nr(pdev->bus) != of->segment)
		return false;
	while (dmar_next_scope(table, &walk, &scope))
		if (scope_matches(&scope, pdev))
			return true;
	return false;
}

/* The device number that an ANDD structure gives to a namespace device */
static bool vtd_scope_find_declared(const struct dmar_table *table,
				    struct device *dev, u8 *number)
{
	struct dmar_cursor cursor = { };
	struct dmar_structure s;
	acpi_handle handle;

	while (dmar_next(table, &cursor, &s)) {
		if (s.type != DMAR_ANDD || s.complaint)
			continue;
		if (ACPI_FAILURE(acpi_get_handle(ACPI_ROOT_OBJECT,
						 (acpi_string)s.name, &handle)))
			continue;
		if (handle == ACPI_HANDLE(dev)) {
			*number = s.number;
			return true;
		}
	}
	return false;
}

/* Find the scope of a namespace device in a structure */
static bool vtd_scope_with_number(const struct dmar_table *table,
				  const struct dmar_structure *of, u8 number,
				  struct dmar_scope *scope)
{
	struct dmar_structure walk = *of;

	while (dmar_next_scope(table, &walk, scope))
		if (scope->type == DMAR_SCOPE_NAMESPACE &&
		    scope->id == number && vtd_scope_path_exists(scope))
			return true;
	return false;
}

/**
 * vtd_scope_holds() - does a structure's scope cover a device?
 * @table: the DMAR table
 * @of: a structure from it
 * @dev: the device; for a virtual function, its physical function counts
 *
 * Return: true if a scope names the device, or a bridge above it.
 */
bool vtd_scope_holds(const struct dmar_table *table,
		     const struct dmar_structure *of, struct device *dev)
{
	struct dmar_scope scope;
	u8 number;

	if (dev_is_pci(dev))
		return vtd_scope_holds_pci(table, of, to_pci_dev(dev));
	return has_acpi_companion(dev) &&
	       vtd_scope_find_declared(table, dev, &number) &&
	       vtd_scope_with_number(table, of, number, &scope);
}

static bool vtd_scope_find_pci(const struct dmar_table *table,
			       struct pci_dev *pdev, struct vtd_place *place)
{
	struct dmar_cursor cursor = { };
	struct dmar_structure s;
	bool found = false;

	pdev = iommu_requester(pdev);
	place->segment = pci_domain_nr(pdev->bus);
	place->source_id = pci_dev_id(pdev);
	while (dmar_next(table, &cursor, &s)) {
		if (s.type != DMAR_DRHD || s.segment != place->segment)
			continue;
		if (vtd_scope_holds_pci(table, &s, pdev)) {
			place->unit = s.offset;
			return true;
		}
		if (s.flags & DMAR_INCLUDE_PCI_ALL && !found) {
			place->unit = s.offset;
			found = true;
		}
	}
	return found;
}

static bool vtd_scope_find_namespace(const struct dmar_table *table,
				     struct device *dev,
				     struct vtd_place *place)
{
	struct dmar_cursor cursor = { };
	struct dmar_structure s;
	struct dmar_scope scope;
	u8 number;

	if (!has_acpi_companion(dev) ||
	    !vtd_scope_find_declared(table, dev, &number))
		return false;
	while (dmar_next(table, &cursor, &s)) {
		if (s.type != DMAR_DRHD ||
		    !vtd_scope_with_number(table, &s, number, &scope))
			continue;
		place->unit = s.offset;
		place->segment = s.segment;
		place->source_id = vtd_scope_source_id(&scope);
		return true;
	}
	return false;
}

/**
 * vtd_scope_find() - find the unit and source-id of a device
 * @table: the DMAR table
 * @dev: a PCI device, or a device of the ACPI namespace
 * @place: filled in
 *
 * Return: false if the device is behind no unit.
 */
bool vtd_scope_find(const struct dmar_table *table, struct device *dev,
		    struct vtd_place *place)
{
	if (dev_is_pci(dev))
		return vtd_scope_find_pci(table, to_pci_dev(dev), place);
	return vtd_scope_find_namespace(table, dev, place);
}

/**
 * vtd_scope_operates_ats() - does hardware operate the device-TLB of a device?
 * @table: the DMAR table
 * @pdev: the device
 *
 * In legacy mode, that of an integrated device which cannot do without.
 *
 * Return: true if so.
 */
bool vtd_scope_operates_ats(const struct dmar_table *table,
			    struct pci_dev *pdev)
{
	struct dmar_cursor cursor = { };
	struct dmar_structure s;

	while (dmar_next(table, &cursor, &s))
		if (s.type == DMAR_SATC && s.flags & DMAR_ATC_REQUIRED &&
		    s.segment == pci_domain_nr(pdev->bus) &&
		    vtd_scope_holds_pci(table, &s, pdev))
			return true;
	return false;
}

/**
 * vtd_scope_ats() - may a device use a device-TLB?
 * @table: the DMAR table
 * @pdev: the device
 * @scalable: its unit runs in scalable mode
 *
 * A device below a root port may if an ATSR structure lists the port or all
 * ports, and no bridge to conventional PCI is between. An integrated device must
 * be listed itself, in a SATC structure. One that cannot do without
 * (ATC_REQUIRED) has a device-TLB in legacy mode that the hardware operates by
 * itself, so software must not enable it.
 *
 * Return: true if the platform allows it.
 */
bool vtd_scope_ats(const struct dmar_table *table, struct pci_dev *pdev,
		   bool scalable)
{
	struct pci_dev *port = pcie_find_root_port(pdev);
	struct dmar_cursor cursor = { };
	struct dmar_structure s;

	if (!iommu_source_id_is_kept(pdev))
		return false;
	while (dmar_next(table, &cursor, &s)) {
		if (s.segment != pci_domain_nr(pdev->bus))
			continue;
		if (s.type == DMAR_SATC && vtd_scope_holds_pci(table, &s, pdev))
			return scalable || !(s.flags & DMAR_ATC_REQUIRED);
		if (s.type != DMAR_ATSR || !port)
			continue;
		if (s.flags & DMAR_ALL_PORTS ||
		    vtd_scope_holds_pci(table, &s, port))
			return true;
	}
	return false;
}

static void complain_of_structure(const struct dmar_table *table,
				  const struct dmar_structure *s)
{
	const char *what;

	if (s->complaint) {
		pr_warn("DMAR at offset %zu: %s; left out\n", s->offset,
			s->complaint);
		return;
	}
	if (s->remark)
		pr_warn("DMAR at offset %zu: %s\n", s->offset, s->remark);
	if (s->type == DMAR_RMRR && iommu_firmware_is_ram(s->base, s->last))
		pr_warn("DMAR at offset %zu: reserved memory 0x%llx-0x%llx is RAM of the kernel, which its devices can reach; update the firmware\n",
			s->offset, s->base, s->last);
	if (s->type != DMAR_DRHD)
		return;
	what = dmar_contradiction(table, s);
	if (what)
		pr_warn("DMAR at offset %zu: %s\n", s->offset, what);
}

/**
 * vtd_scope_complain() - log errors of the table
 * @table: the DMAR table
 *
 * One line for each structure that is left out or corrected, for each reserved
 * range that is RAM of the kernel, and for each unit that claims a device of an
 * earlier one. The earlier one is used.
 */
void vtd_scope_complain(const struct dmar_table *table)
{
	struct dmar_cursor cursor = { };
	struct dmar_structure s;

	while (dmar_next(table, &cursor, &s))
		complain_of_structure(table, &s);
}
