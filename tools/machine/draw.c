// SPDX-License-Identifier: GPL-2.0
/*
 * Draws the units, and the tree of PCI devices behind each:
 *
 *	group
 *	    2  00:06.0      root port    8086:464d  pcieport
 *	    3  └─ 01:00.0   NVMe         144d:a80a  nvme
 *
 * A long row of devices that look alike is cut short.
 */
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>

#include "machine/known.h"
#include "machine/machine.h"
#include "machine/wrap.h"

#define DEPTH_MAX	24
#define PREFIX_BYTES	(DEPTH_MAX * 8)
#define ALIKE_MIN	4
#define WORDS_WIDTH	18
#define DEVICES_MAX	6

/* The characters of a branch, of the last branch, and of a passing line */
struct style {
	const char *branch, *last, *pass;
};

static const struct style ascii = { "|- ", "`- ", "|  " };
static const struct style utf8 = { "├─ ", "└─ ", "│  " };

/* Each of them has this width */
#define STEP_WIDTH 3

/**
 * struct drawing - the state of drawing one unit
 * @unit: draw the devices behind this one
 * @width: columns of the widest branch with its address
 */
struct drawing {
	FILE *to;
	const struct machine *machine;
	const struct groups *groups;
	const struct style *style;
	int unit;
	int width;
};

static const struct pci_device *device_at(const struct drawing *d, int at)
{
	return &d->machine->pci.devices[at];
}

/* The device below which it is drawn: the bridge, or the VMD device */
static int above(const struct drawing *d, int at)
{
	const struct pci_device *device = device_at(d, at);
	int up = device->parent;

	if (up == PCI_NONE)
		up = device->vmd;
	if (up == PCI_NONE || device_at(d, up)->unit != d->unit)
		return PCI_NONE;
	return up;
}

static int next_below(const struct drawing *d, int up, int from)
{
	int i;

	for (i = from; i < d->machine->pci.nr; i++)
		if (device_at(d, i)->unit == d->unit && above(d, i) == up)
			return i;
	return PCI_NONE;
}

static bool is_leaf(const struct drawing *d, int at)
{
	return next_below(d, at, 0) == PCI_NONE;
}

/* Devices that a reader would not miss: virtual functions, uncore devices */
static bool is_alike(const struct drawing *d, int a, int b)
{
	const struct pci_device *x = device_at(d, a), *y = device_at(d, b);

	return x->vendor == y->vendor && pci_words(x) == pci_words(y) &&
	       !strcmp(x->driver, y->driver) && x->physfn == y->physfn &&
	       (x->physfn != PCI_NONE || !x->driver[0]) && !x->config.bridge &&
	       !y->config.bridge && is_leaf(d, a) && is_leaf(d, b);
}

static void put(char *text, size_t size, const char *word)
{
	size_t length = strlen(text);

	snprintf(text + length, size - length, "%s%s", length ? ", " : "",
		 word);
}

static void port_notes(const struct drawing *d, int at, char *text,
		       size_t size)
{
	const struct pci_device *device = device_at(d, at);

	if (!pci_is_downstream_port(device))
		return;
	if (known_port_isolated(device->vendor, device->device) ||
	    known_acs_is_wide(device->vendor, device->device))
		put(text, size, "ACS of Intel's own");
	else if (!device->config.has_acs)
		put(text, size, "no ACS");
	else if (!groups_isolated(&d->machine->pci, at, GROUPS_ACS_NOW,
				  d->machine->tables.kind == TABLES_IVRS))
		put(text, size, "ACS is off");
}

static void notes(const struct drawing *d, int at, char *text, size_t size)
{
	const struct pci_device *device = device_at(d, at);

	text[0] = '\0';
	port_notes(d, at, text, size);
	if (device->external)
		put(text, size, "external port");
	if (device->removable)
		put(text, size, "external");
	if (device->physfn != PCI_NONE)
		put(text, size, "virtual function");
	if (device->parent != PCI_NONE && above(d, at) == PCI_NONE) {
		put(text, size, "below ");
		snprintf(text + strlen(text), size - strlen(text), "%s",
			 device_at(d, device->parent)->address);
	}
}

static void draw_group(const struct drawing *d, int at)
{
	int group = d->groups ? d->groups->members[at].group : PCI_NONE;

	if (!d->groups)
		fputs("  ", d->to);
	else if (group == PCI_NONE)
		fputs("      -  ", d->to);
	else
		fprintf(d->to, "  %5d  ", group);
}

/* @prefix and @branch are wide characters, so columns are counted apart */
static void draw_device(const struct drawing *d, int at, const char *prefix,
			const char *branch, int depth)
{
	const struct pci_device *device = device_at(d, at);
	char text[128];
	int pad;

	draw_group(d, at);
	pad = d->width - depth * STEP_WIDTH - (int)strlen(device->address);
	fprintf(d->to, "%s%s%s%*s", prefix, branch, device->address,
		pad > 0 ? pad + 2 : 2, "");
	notes(d, at, text, sizeof(text));
	fprintf(d->to, "%-*s  %04x:%04x", WORDS_WIDTH, pci_words(device),
		device->vendor, device->device);
	if (device->driver[0] || text[0])
		fprintf(d->to, "  %s%s%s", device->driver,
			device->driver[0] && text[0] ? "; " : "", text);
	fputc('\n', d->to);
}

static void draw_more(const struct drawing *d, const char *prefix, int more,
		      int last)
{
	fprintf(d->to, "%s%s   ... %d more like it, to %s\n",
		d->groups ? "         " : "  ", prefix, more,
		device_at(d, last)->address);
}

static void draw_below(const struct drawing *d, int up, const char *prefix,
		       int depth);

static void draw_one(const struct drawing *d, int at, const char *prefix,
		     bool last, int depth)
{
	const char *branch = "", *pass = "";
	char below[PREFIX_BYTES];

	if (depth) {
		branch = last ? d->style->last : d->style->branch;
		pass = last ? "   " : d->style->pass;
	}
	draw_device(d, at, prefix, branch, depth);
	if (depth >= DEPTH_MAX)
		return;
	snprintf(below, sizeof(below), "%s%s", prefix, pass);
	draw_below(d, at, below, depth + 1);
}

static void draw_below(const struct drawing *d, int up, const char *prefix,
		       int depth)
{
	int at = next_below(d, up, 0), next, end, alike;

	for (; at != PCI_NONE; at = next) {
		alike = 0;
		end = at;
		next = next_below(d, up, at + 1);
		while (next != PCI_NONE && is_alike(d, at, next)) {
			alike++;
			end = next;
			next = next_below(d, up, next + 1);
		}
		if (alike + 1 < ALIKE_MIN)
			next = next_below(d, up, at + 1);
		draw_one(d, at, prefix, next == PCI_NONE, depth);
		if (alike + 1 >= ALIKE_MIN)
			draw_more(d, prefix, alike, end);
	}
}

static int width_of(const struct drawing *d, int at)
{
	int depth = 0, width = strlen(device_at(d, at)->address), up;

	for (up = above(d, at); up != PCI_NONE && depth < DEPTH_MAX;
	     up = above(d, up))
		depth++;
	return width + depth * STEP_WIDTH;
}

static void draw_devices(struct drawing *d)
{
	int i, width;

	d->width = 0;
	for (i = 0; i < d->machine->pci.nr; i++) {
		if (device_at(d, i)->unit != d->unit)
			continue;
		width = width_of(d, i);
		if (width > d->width)
			d->width = width;
	}
	if (d->groups && d->width)
		fputs("  group\n", d->to);
	draw_below(d, PCI_NONE, "", 0);
}

static void draw_unit(struct drawing *d)
{
	const struct firmware_table *table = &d->machine->tables.firmware;
	const struct firmware_unit *unit = &table->units[d->unit];
	const char *what = "the devices that the table names";

	if (tables_has_rest(unit))
		what = table->nr_units > 1 ? "the rest of the devices" :
					     "all devices";
	fprintf(d->to, "\nUnit %d, registers at 0x%llx: %s", d->unit,
		(unsigned long long)unit->base, what);
	if (unit->segment)
		fprintf(d->to, " of segment %u", unit->segment);
	fputc('\n', d->to);
	if (unit->left_out)
		fprintf(d->to, "  left out: %s\n", unit->left_out);
	if (next_below(d, PCI_NONE, 0) == PCI_NONE)
		fputs("  none of them is there\n", d->to);
	draw_devices(d);
}

void machine_draw(FILE *to, const struct machine *machine)
{
	bool wide = !strcmp(nl_langinfo(CODESET), "UTF-8");
	struct drawing d = {
		.to = to, .machine = machine,
		.groups = machine_groups(machine),
		.style = wide ? &utf8 : &ascii,
	};

	for (d.unit = 0; d.unit < (int)machine->tables.firmware.nr_units;
	     d.unit++)
		draw_unit(&d);
	d.unit = PCI_NONE;
	if (next_below(&d, PCI_NONE, 0) == PCI_NONE)
		return;
	if (machine->tables.error)
		fputs("\nPCI devices; which unit they are behind is not known\n",
		      to);
	else
		fputs("\nPCI devices behind no unit\n", to);
	if (!machine->has_groups)
		d.groups = NULL;
	draw_devices(&d);
}

static void draw_size(FILE *to, uint64_t bytes)
{
	if (bytes >= 10 * 1024 * 1024)
		fprintf(to, "%6llu MiB", (unsigned long long)bytes >> 20);
	else
		fprintf(to, "%6llu KiB", (unsigned long long)bytes >> 10);
}

static bool is_all(const struct firmware_device *named)
{
	return named->kind == FIRMWARE_RANGE && !named->first &&
	       named->last == UINT16_MAX;
}

/* The devices of reserved memory that are there */
static void draw_devices_of(FILE *to, const struct machine *machine,
			    const struct firmware_memory *memory)
{
	const struct pci *pci = &machine->pci;
	char text[WRAP_BYTES] = "";
	int i, count = 0;

	for (i = 0; i < pci->nr; i++) {
		if (pci->devices[i].physfn != PCI_NONE ||
		    !tables_names(&memory->devices, memory->segment, pci, i))
			continue;
		count++;
		if (strlen(text) + PCI_ADDRESS_MAX + sizeof(", ") < sizeof(text))
			put(text, sizeof(text), pci->devices[i].address);
	}
	if (memory->devices.nr && is_all(&memory->devices.at[0]))
		fputs("  for all devices\n", to);
	else if (count > DEVICES_MAX)
		fprintf(to, "  for %d devices\n", count);
	else
		fprintf(to, "  for %s\n", count ? text :
			"devices that are not there");
}

static void draw_range(FILE *to, const struct machine *machine,
		       const struct firmware_memory *memory)
{
	char text[64];

	snprintf(text, sizeof(text), "0x%llx-0x%llx",
		 (unsigned long long)memory->first,
		 (unsigned long long)memory->last);
	fprintf(to, "  %-23s ", text);
	draw_size(to, memory->last - memory->first + 1);
	draw_devices_of(to, machine, memory);
}

static void draw_notes(FILE *to, const struct firmware_table *table)
{
	size_t i;

	if (table->nr_notes)
		fputs("\nErrors of the firmware in its table\n", to);
	for (i = 0; i < table->nr_notes; i++)
		wrap(to, fprintf(to, "  at offset %zu: ", table->notes[i].offset),
		     4, "%s%s", table->notes[i].text,
		     table->notes[i].left_out ? "; left out" : "");
}

void machine_draw_memory(FILE *to, const struct machine *machine)
{
	const struct firmware_table *table = &machine->tables.firmware;
	bool any = false;
	size_t i;

	for (i = 0; i < table->nr_memory; i++) {
		if (table->memory[i].left_out)
			continue;
		if (!any)
			fputs("\nMemory that the firmware reserves for devices\n",
			      to);
		any = true;
		draw_range(to, machine, &table->memory[i]);
	}
	draw_notes(to, table);
}
