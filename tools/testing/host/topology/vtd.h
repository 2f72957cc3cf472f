/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A DMAR table under test, and how the rows of a test read it.
 */
#ifndef TOPOLOGY_VTD_H
#define TOPOLOGY_VTD_H

#include "rows.h"

#include "../dmar/table.h"
#include "scope.h"

#define USB_MEMORY	0x7c000000
#define GRAPHICS_MEMORY	0x7d000000

/* Types of device scopes */
#define ENDPOINT	DMAR_SCOPE_ENDPOINT
#define BRIDGE		DMAR_SCOPE_BRIDGE
#define NAMESPACE	DMAR_SCOPE_NAMESPACE

static struct table bytes;
static struct dmar_table table;

static inline void read_table(void)
{
	struct dmar_error error;

	if (dmar_open(&table, bytes.bytes, bytes.length, &error))
		ktap_fail("at %zu: %s", error.offset, error.what);
}

/* Units in the order of the table have registers at these addresses */
static inline void add_unit(u8 flags, u16 segment)
{
	static u64 base = 0xfed90000;

	drhd(&bytes, flags, segment, base);
	base += 0x1000;
}

static inline void add_memory(u16 segment, u64 base)
{
	rmrr(&bytes, segment, base, base + 0xffff);
}

/* A scope with the path in text, such as "1c.0 00.0" */
static inline void add_scope(u8 type, u8 bus, const char *text)
{
	u8 device, function;

	scope(&bytes, type, 0, bus);
	for (; text; text = strchr(text, ' ')) {
		text += *text == ' ';
		read_place(text, &device, &function);
		path(&bytes, device, function);
	}
}

static inline void add_namespace_scope(u8 number, const char *text)
{
	u8 device, function;

	scope(&bytes, NAMESPACE, number, 0);
	read_place(text, &device, &function);
	path(&bytes, device, function);
}

static void name_unit(size_t offset, struct found *found)
{
	struct dmar_cursor cursor = { };
	struct dmar_structure s;
	unsigned int index = 0;

	while (dmar_next(&table, &cursor, &s)) {
		if (s.type != DMAR_DRHD)
			continue;
		if (s.offset == offset)
			add_letter(found->unit, 'A', index);
		index++;
	}
}

static void name_memory(struct device *dev, struct found *found)
{
	struct dmar_cursor cursor = { };
	struct dmar_structure s;
	unsigned int index = 0;

	while (dmar_next(&table, &cursor, &s)) {
		if (s.type != DMAR_RMRR)
			continue;
		if (vtd_scope_holds(&table, &s, dev))
			add_letter(found->memory, 'a', index);
		index++;
	}
}

static bool look_up(struct device *dev, struct found *found)
{
	struct vtd_place place;

	if (!vtd_scope_find(&table, dev, &place))
		return false;
	name_unit(place.unit, found);
	name_memory(dev, found);
	found->segment = place.segment;
	found->source_id = place.source_id;
	found->alias = place.source_id;
	if (!dev_is_pci(dev))
		return true;
	if (vtd_scope_ats(&table, to_pci_dev(dev), false))
		found->ats = ATS;
	else if (vtd_scope_ats(&table, to_pci_dev(dev), true))
		found->ats = ATS_IF_SCALABLE;
	return true;
}

#endif
