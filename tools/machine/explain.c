// SPDX-License-Identifier: GPL-2.0
/*
 * Explains the groups with several devices: why, and what would make them
 * finer.
 */
#include <stdlib.h>
#include <string.h>

#include "machine/known.h"
#include "machine/machine.h"
#include "machine/wrap.h"

#define INDENT		12
#define CLASS_SYSTEM	0x0880

static const struct pci_device *device_at(const struct machine *machine, int at)
{
	return &machine->pci.devices[at];
}

static bool same_slot(const struct pci_device *x, const struct pci_device *y)
{
	return x->domain == y->domain && x->bus == y->bus &&
	       pci_slot(x) == pci_slot(y);
}

/*
 * The devices of a group, without bridges: "00:14.0 .2, 00:1f.0". The number is
 * shown if it stands in the picture too.
 */
static void put_members(FILE *to, const struct machine *machine,
			const struct groups *groups, int group, bool numbered)
{
	const struct pci_device *before = NULL;
	char text[WRAP_BYTES] = "";
	size_t length = 0;
	int i;

	for (i = 0; i < machine->pci.nr; i++) {
		const struct pci_device *device = device_at(machine, i);

		if (groups->members[i].group != group || device->config.bridge)
			continue;
		if (length + PCI_ADDRESS_MAX + sizeof(", ...") > sizeof(text)) {
			memcpy(text + length, ", ...", sizeof(", ..."));
			break;
		}
		if (before && same_slot(before, device))
			length += sprintf(text + length, " .%u",
					  pci_function(device));
		else
			length += sprintf(text + length, "%s%s",
					  length ? ", " : "", device->address);
		before = device;
	}
	if (numbered)
		wrap(to, fprintf(to, "  group %-3d ", group), INDENT, "%s", text);
	else
		wrap(to, fprintf(to, "  together  "), INDENT, "%s", text);
}

/* A port whose ACS only the kernel's own driver can enable */
static bool is_special(const struct pci_device *port)
{
	return known_port_isolated(port->vendor, port->device) ||
	       known_acs_is_wide(port->vendor, port->device);
}

static void put_reason(FILE *to, const struct machine *machine,
		       const struct groups_member *member)
{
	const struct pci_device *because = device_at(machine, member->because);
	const char *words = pci_words(because), *address = because->address;

	fprintf(to, "%*s", INDENT, "");
	switch (member->reason) {
	case GROUPS_BRIDGE:
		fprintf(to, "behind the %s %s\n", words, address);
		break;
	case GROUPS_PORT:
		fprintf(to, "behind the %s %s, %s\n", words, address,
			is_special(because) ? "with ACS of Intel's own" :
			because->config.has_acs ? "whose ACS is off" :
						  "without ACS");
		break;
	case GROUPS_FUNCTIONS:
		fprintf(to, "functions of %.*s without ACS\n",
			(int)strlen(address) - 2, address);
		break;
	case GROUPS_ALIAS:
		fprintf(to, "with the source-id of %s\n", address);
		break;
	case GROUPS_VMD:
		fprintf(to, "behind the VMD device %s\n", address);
		break;
	case GROUPS_ALONE:
		break;
	}
}

/* What stands behind the reasons; each is said once */
enum lesson {
	NO_LESSON,
	LESSON_BRIDGE,
	LESSON_PORT,
	LESSON_SPECIAL,
	LESSON_FUNCTIONS,
	LESSON_ALIAS,
	LESSON_VMD,
	LESSONS,
};

static const char *const lessons[LESSONS] = {
	[LESSON_BRIDGE] = "Requests from behind a bridge to conventional PCI have its source-id, so the IOMMU cannot tell the devices apart. In a PCI Express slot they would be apart.",
	[LESSON_PORT] = "Devices at a port without ACS can reach each other past the IOMMU. In a slot of another port they would be apart.",
	[LESSON_SPECIAL] = "These ports of Intel chipsets have ACS in a form of their own, which only the kernel's own driver enables.",
	[LESSON_FUNCTIONS] = "Functions of one device without ACS can reach each other past the IOMMU. Nothing sets them apart.",
	[LESSON_ALIAS] = "A device that uses the source-id of another one cannot be told from it. Nothing sets them apart.",
	[LESSON_VMD] = "Requests from devices behind VMD have its source-id. With VMD turned off in the firmware's setup (it may be called RST or RAID there) they would be apart. An installed system may not start after that.",
};

static enum lesson lesson_of(const struct machine *machine,
			     const struct groups_member *member)
{
	switch (member->reason) {
	case GROUPS_BRIDGE:
		return LESSON_BRIDGE;
	case GROUPS_PORT:
		return is_special(device_at(machine, member->because)) ?
			       LESSON_SPECIAL : LESSON_PORT;
	case GROUPS_FUNCTIONS:
		return LESSON_FUNCTIONS;
	case GROUPS_ALIAS:
		return LESSON_ALIAS;
	case GROUPS_VMD:
		return LESSON_VMD;
	case GROUPS_ALONE:
		break;
	}
	return NO_LESSON;
}

/* Functions of one device are one reason, whichever the first is */
static bool same_reason(const struct machine *machine,
			const struct groups_member *a,
			const struct groups_member *b)
{
	if (a->reason != b->reason)
		return false;
	if (a->reason != GROUPS_FUNCTIONS || a->because == b->because)
		return a->because == b->because;
	return same_slot(device_at(machine, a->because),
			 device_at(machine, b->because));
}

static bool was_said(const struct machine *machine, const struct groups *shown,
		     const struct groups *why, int at)
{
	int i;

	for (i = 0; i < at; i++)
		if (shown->members[i].group == shown->members[at].group &&
		    same_reason(machine, &why->members[i], &why->members[at]))
			return true;
	return false;
}

static void put_reasons(FILE *to, const struct machine *machine,
			const struct groups *shown, const struct groups *why,
			int group, bool learnt[LESSONS])
{
	int i;

	for (i = 0; i < machine->pci.nr; i++) {
		if (shown->members[i].group != group ||
		    why->members[i].because == PCI_NONE ||
		    was_said(machine, shown, why, i))
			continue;
		put_reason(to, machine, &why->members[i]);
		learnt[lesson_of(machine, &why->members[i])] = true;
	}
}

static void put_lessons(FILE *to, const bool learnt[LESSONS])
{
	int i;

	for (i = 0; i < LESSONS; i++)
		if (learnt[i] && lessons[i])
			wrap(to, fprintf(to, "\n  ") - 1, 2, "%s", lessons[i]);
}

/* Parts of the processor and chipset that nobody gives to a program */
static bool is_quiet(const struct machine *machine,
		     const struct groups *groups, int group)
{
	int i;

	for (i = 0; i < machine->pci.nr; i++) {
		const struct pci_device *device = device_at(machine, i);

		if (groups->members[i].group == group &&
		    (device->driver[0] || device->class >> 8 != CLASS_SYSTEM))
			return false;
	}
	return true;
}

/* The first device of a group */
static int first_of(const struct machine *machine, const struct groups *groups,
		    int group)
{
	int i;

	for (i = 0; i < machine->pci.nr; i++)
		if (groups->members[i].group == group)
			return i;
	return PCI_NONE;
}

/* Has the group of a device the same members in both? */
static bool same_group(const struct machine *machine, const struct groups *a,
		       const struct groups *b, int at)
{
	int i;

	for (i = 0; i < machine->pci.nr; i++)
		if (a->members[i].group != PCI_NONE &&
		    b->members[i].group != PCI_NONE &&
		    (a->members[i].group == a->members[at].group) !=
		    (b->members[i].group == b->members[at].group))
			return false;
	return true;
}

/* Those with several devices that are not the same in @known */
static int put_groups(FILE *to, const struct machine *machine,
		      const struct groups *shown, const struct groups *why,
		      const struct groups *known, bool learnt[LESSONS])
{
	int group, count = 0, quiet = 0, first;

	for (group = 0; group < shown->nr; group++) {
		if (groups_count(shown, &machine->pci, group) < 2)
			continue;
		first = first_of(machine, shown, group);
		if (known && same_group(machine, shown, known, first))
			continue;
		count++;
		if (is_quiet(machine, shown, group)) {
			quiet++;
			continue;
		}
		put_members(to, machine, shown, group, !known);
		if (why)
			put_reasons(to, machine, shown, why, group, learnt);
	}
	if (quiet)
		fprintf(to, "  and %d group%s of system devices without a driver\n",
			quiet, quiet == 1 ? "" : "s");
	return count;
}

/* Would the prediction give the same groups as there are? */
static bool agrees(const struct machine *machine,
		   const struct groups *predicted)
{
	int i;

	for (i = 0; i < machine->pci.nr; i++)
		if (machine->now.members[i].group != PCI_NONE &&
		    !same_group(machine, &machine->now, predicted, i))
			return false;
	return true;
}

static void explain_now(FILE *to, const struct machine *machine,
			bool learnt[LESSONS])
{
	const struct groups *why = NULL;

	if (machine_predicts(machine))
		why = agrees(machine, &machine->expected) ?
			      &machine->expected : &machine->current;
	fputs("\nIOMMU groups with several devices, as they are\n", to);
	if (!put_groups(to, machine, &machine->now, why, NULL, learnt))
		fputs("  none: each device is in a group of its own\n", to);
	if (why && !agrees(machine, why))
		fputs("  This program expected other groups; please report it.\n",
		      to);
}

static void explain_expected(FILE *to, const struct machine *machine,
			     bool learnt[LESSONS])
{
	fputs("\nIOMMU groups with several devices, as expected with the kernel's own driver\n",
	      to);
	if (!put_groups(to, machine, &machine->expected, &machine->expected,
			NULL, learnt))
		fputs("  none: each device is in a group of its own\n", to);
}

static bool is_coarser(const struct machine *machine)
{
	const struct groups *groups = &machine->with_sluice;
	int group;

	for (group = 0; group < groups->nr; group++)
		if (groups_count(groups, &machine->pci, group) > 1 &&
		    !same_group(machine, groups, &machine->expected,
				first_of(machine, groups, group)))
			return true;
	return false;
}

static void explain_difference(FILE *to, const struct machine *machine)
{
	const char *module = machine_module(machine);
	bool learnt[LESSONS] = { };

	if (!is_coarser(machine)) {
		fprintf(to, "  With %s.ko they are the same.\n", module);
		return;
	}
	fprintf(to, "\nLarger groups with %s.ko\n", module);
	put_groups(to, machine, &machine->with_sluice, &machine->with_sluice,
		   &machine->expected, learnt);
	wrap(to, fprintf(to, "  "), 2,
	     "%s.ko enables standard ACS in ports only. The kernel's own driver also enables it in functions, and has ways to enable the ACS of Intel's own in ports of older chipsets.",
	     module);
}

static void count_ports(FILE *to, const struct machine *machine)
{
	bool amd = machine->tables.kind == TABLES_IVRS;
	int i, off = 0;

	for (i = 0; i < machine->pci.nr; i++)
		if (pci_is_downstream_port(device_at(machine, i)) &&
		    device_at(machine, i)->config.has_acs &&
		    !groups_isolated(&machine->pci, i, GROUPS_ACS_NOW, amd))
			off++;
	if (off)
		wrap(to, fprintf(to, "\n  ") - 1, 2,
		     "ACS of %d port%s is off now. Both drivers enable it: the kernel's own at boot, %s.ko when it is loaded.",
		     off, off == 1 ? "" : "s", machine_module(machine));
}

void machine_explain_groups(FILE *to, const struct machine *machine)
{
	bool learnt[LESSONS] = { };

	if (machine->has_groups) {
		explain_now(to, machine, learnt);
	} else if (machine_predicts(machine)) {
		explain_expected(to, machine, learnt);
	} else if (machine->pci.nr && !machine->pci.complete) {
		fputs("\nIOMMU groups cannot be predicted without root, who alone can read the\ncapabilities of devices.\n",
		      to);
	}
	if (!machine_predicts(machine))
		return;
	if (machine->facts.driver != DRIVER_SLUICE)
		explain_difference(to, machine);
	put_lessons(to, learnt);
	count_ports(to, machine);
}
