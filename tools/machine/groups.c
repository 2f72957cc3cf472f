// SPDX-License-Identifier: GPL-2.0
/*
 * The IOMMU groups into which the kernel would put the devices, and why.
 *
 * Linux decides device by device, in the order of addresses. For each:
 *
 *  1. If a bridge above replaces the source-id of its requests, or a VMD device
 *     does, the device belongs to that one.
 *  2. From there it goes up past every port from which the way to the IOMMU is
 *     not isolated by ACS: what is below such a port is one group.
 *  3. Devices of a bus that use each other's source-ids are one group.
 *  4. Functions of a device are one group, unless ACS isolates them.
 *
 * If any device that is met on this way has a group, that is the group.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "machine/groups.h"
#include "machine/known.h"

#define DEVFNS	256

/**
 * struct search - the state of a prediction
 * @member: the entry of the device for which a group is being looked for
 * @seen: devices of a bus that were asked already
 */
struct search {
	struct groups *groups;
	const struct pci *pci;
	enum groups_acs acs;
	bool amd;
	struct groups_member *member;
	bool seen[DEVFNS];
};

static bool is_any_port(const struct pci_device *device)
{
	return pci_is_downstream_port(device) ||
	       device->config.type == CONFIG_UPSTREAM;
}

static bool controls_isolate(const struct pci_device *device,
			     enum groups_acs acs)
{
	const struct config *config = &device->config;
	/* Only controls that the device has are needed */
	uint16_t needed = ACS_NEEDED & config->acs_able;
	uint16_t control = config->acs_control;

	if (!config->has_acs)
		return false;
	if (acs == GROUPS_ACS_ONLY_PORTS)
		control = 0;
	if (acs == GROUPS_ACS_ALL ||
	    (acs != GROUPS_ACS_NOW && is_any_port(device) &&
	     !known_acs_is_wide(device->vendor, device->device)))
		control |= needed;
	return (control & needed) == needed;
}

bool groups_isolated(const struct pci *pci, int at, enum groups_acs acs,
		     bool amd)
{
	const struct pci_device *device = &pci->devices[at];
	enum config_type type = device->config.type;

	if (known_functions_isolated(device->vendor, device->device))
		return true;
	if (device->vendor == KNOWN_INTEL && type == CONFIG_INTEGRATED_ENDPOINT)
		return true;
	if (amd && device->multifunction && device->parent == PCI_NONE &&
	    known_chipset_isolated(device->vendor, device->device))
		return true;
	if (type == CONFIG_ROOT_PORT && acs == GROUPS_ACS_ALL &&
	    known_port_isolated(device->vendor, device->device))
		return true;

	switch (type) {
	case CONFIG_ROOT_PORT:
	case CONFIG_DOWNSTREAM:
		return controls_isolate(device, acs);
	case CONFIG_CONVENTIONAL:
	case CONFIG_PCIE_TO_PCI:
	case CONFIG_PCI_TO_PCIE:
	case CONFIG_EVENT_COLLECTOR:
		return false;
	case CONFIG_ENDPOINT:
	case CONFIG_LEGACY_ENDPOINT:
	case CONFIG_UPSTREAM:
	case CONFIG_INTEGRATED_ENDPOINT:
		return !device->multifunction || controls_isolate(device, acs);
	}
	return true;
}

/* Have requests from below it its own source-id, or one that it makes up? */
static bool replaces_source_id(const struct pci_device *bridge)
{
	return bridge->config.type == CONFIG_CONVENTIONAL ||
	       bridge->config.type == CONFIG_PCIE_TO_PCI ||
	       bridge->config.type == CONFIG_PCI_TO_PCIE;
}

static int parent_of(const struct search *s, int device)
{
	return s->pci->devices[device].parent;
}

static int group_of(const struct search *s, int device)
{
	return s->groups->members[device].group;
}

static void note(struct search *s, enum groups_reason reason, int because)
{
	if (s->member->reason != GROUPS_ALONE)
		return;
	s->member->reason = reason;
	s->member->because = because;
}

/* Step 1: the device as the IOMMU sees it; stops at one that has a group */
static int requester(struct search *s, int device)
{
	int vmd = s->pci->devices[device].vmd, at = device, up;

	if (vmd != PCI_NONE) {
		note(s, GROUPS_VMD, vmd);
		at = vmd;
	}
	for (up = parent_of(s, at); up != PCI_NONE; up = parent_of(s, up)) {
		if (group_of(s, at) != PCI_NONE)
			return at;
		if (!replaces_source_id(&s->pci->devices[up]))
			continue;
		note(s, GROUPS_BRIDGE, up);
		at = up;
	}
	return at;
}

/* The first port on the way up that does not isolate, or PCI_NONE */
static int open_port(const struct search *s, int from)
{
	for (; from != PCI_NONE; from = parent_of(s, from))
		if (!groups_isolated(s->pci, from, s->acs, s->amd))
			return from;
	return PCI_NONE;
}

/* Step 2 */
static int climb(struct search *s, int at)
{
	int up, port;

	for (up = parent_of(s, at); up != PCI_NONE; up = parent_of(s, up)) {
		if (group_of(s, at) != PCI_NONE)
			return at;
		port = open_port(s, up);
		if (port == PCI_NONE)
			return at;
		note(s, GROUPS_PORT, port);
		at = up;
	}
	return at;
}

static bool same_bus(const struct pci *pci, int a, int b)
{
	return b >= 0 && b < pci->nr &&
	       pci->devices[a].domain == pci->devices[b].domain &&
	       pci->devices[a].bus == pci->devices[b].bus;
}

static int first_on_bus(const struct pci *pci, int at)
{
	while (same_bus(pci, at, at - 1))
		at--;
	return at;
}

static bool is_alias(const struct pci *pci, int a, int b)
{
	return pci->devices[a].alias == pci->devices[b].devfn ||
	       pci->devices[b].alias == pci->devices[a].devfn;
}

static int by_functions(struct search *s, int device);

/* Step 3: the group of a device that shares its source-id, or PCI_NONE */
static int by_alias(struct search *s, int device)
{
	const struct pci *pci = s->pci;
	int i, group;

	if (s->seen[pci->devices[device].devfn])
		return PCI_NONE;
	s->seen[pci->devices[device].devfn] = true;
	if (group_of(s, device) != PCI_NONE)
		return group_of(s, device);
	for (i = first_on_bus(pci, device); same_bus(pci, device, i); i++) {
		if (i == device || !is_alias(pci, device, i))
			continue;
		group = by_alias(s, i);
		if (group == PCI_NONE)
			group = by_functions(s, i);
		if (group == PCI_NONE)
			continue;
		note(s, GROUPS_ALIAS, i);
		return group;
	}
	return PCI_NONE;
}

/* Step 4 */
static int by_functions(struct search *s, int device)
{
	const struct pci *pci = s->pci;
	const struct pci_device *of = &pci->devices[device];
	int i, group;

	if (!of->multifunction || groups_isolated(pci, device, s->acs, s->amd))
		return PCI_NONE;
	for (i = first_on_bus(pci, device); same_bus(pci, device, i); i++) {
		if (i == device || pci_slot(&pci->devices[i]) != pci_slot(of) ||
		    groups_isolated(pci, i, s->acs, s->amd))
			continue;
		group = by_alias(s, i);
		if (group == PCI_NONE)
			continue;
		note(s, GROUPS_FUNCTIONS, i);
		return group;
	}
	return PCI_NONE;
}

static void place(struct search *s, int device)
{
	int at, group;

	s->member = &s->groups->members[device];
	memset(s->seen, 0, sizeof(s->seen));
	at = climb(s, requester(s, device));
	group = group_of(s, at);
	if (group == PCI_NONE)
		group = by_alias(s, at);
	if (group == PCI_NONE)
		group = by_functions(s, at);
	if (group == PCI_NONE)
		group = s->groups->nr++;
	s->member->group = group;
}

static int allocate(struct groups *groups, const struct pci *pci)
{
	int i;

	groups->nr = 0;
	groups->members = calloc(pci->nr + 1, sizeof(*groups->members));
	if (!groups->members)
		return fail(ENOMEM, "groups");
	for (i = 0; i < pci->nr; i++) {
		groups->members[i].group = PCI_NONE;
		groups->members[i].because = PCI_NONE;
	}
	return 0;
}

int groups_predict(struct groups *groups, const struct pci *pci,
		   enum groups_acs acs, bool amd)
{
	struct search s = {
		.groups = groups, .pci = pci, .acs = acs, .amd = amd,
	};
	int i, ret = allocate(groups, pci);

	/* The kernel forms groups of devices that are behind a unit */
	for (i = 0; !ret && i < pci->nr; i++)
		if (pci->devices[i].unit != PCI_NONE)
			place(&s, i);
	return ret;
}

int groups_now(struct groups *groups, const struct pci *pci)
{
	int i, ret = allocate(groups, pci);

	for (i = 0; !ret && i < pci->nr; i++) {
		groups->members[i].group = pci->devices[i].group;
		if (pci->devices[i].group >= groups->nr)
			groups->nr = pci->devices[i].group + 1;
	}
	return ret;
}

void groups_free(struct groups *groups)
{
	free(groups->members);
	*groups = (struct groups){ };
}

int groups_count(const struct groups *groups, const struct pci *pci, int group)
{
	int i, count = 0;

	for (i = 0; i < pci->nr; i++)
		if (groups->members[i].group == group &&
		    !pci->devices[i].config.bridge)
			count++;
	return count;
}
