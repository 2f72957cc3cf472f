// SPDX-License-Identifier: GPL-2.0
/*
 * A DMAR table, by the reader of vtd.ko.
 */
#include <ctype.h>
#include <stdlib.h>

#include "build.h"
#include "dmar.h"

/* Flags of the table, VT-d specification 4.1, section 8.1 */
#define INTR_REMAP	0x01
#define X2APIC_OPT_OUT	0x02
#define DMA_OPT_IN	0x04

static void add_name(const struct dmar_table *dmar,
		     struct firmware_device *device)
{
	struct dmar_cursor cursor = { };
	struct dmar_structure s;
	char *c;

	while (dmar_next(dmar, &cursor, &s)) {
		if (s.type != DMAR_ANDD || s.complaint ||
		    s.number != device->number)
			continue;
		device->name = strdup(s.name);
		for (c = device->name; c && *c; c++)
			if (!isprint((unsigned char)*c))
				*c = '?';
		return;
	}
}

static enum firmware_device_kind kind_of(enum dmar_scope_type type)
{
	switch (type) {
	case DMAR_SCOPE_BRIDGE:
		return FIRMWARE_BRIDGE;
	case DMAR_SCOPE_IOAPIC:
		return FIRMWARE_IOAPIC;
	case DMAR_SCOPE_HPET:
		return FIRMWARE_HPET;
	case DMAR_SCOPE_NAMESPACE:
		return FIRMWARE_NAMED;
	default:
		return FIRMWARE_FUNCTION;
	}
}

static void add_devices(const struct dmar_table *dmar, struct dmar_structure of,
			struct firmware_devices *devices)
{
	struct firmware_device *device;
	struct dmar_scope scope;

	while (dmar_next_scope(dmar, &of, &scope)) {
		device = firmware_add_device(devices);
		device->kind = kind_of(scope.type);
		device->number = scope.id;
		device->first = scope.bus << 8 |
				(scope.path[0].device & 0x1f) << 3 |
				(scope.path[0].function & 7);
		device->last = device->first;
		device->depth = scope.depth;
		for (unsigned int i = 0; i < scope.depth; i++) {
			device->path[i].device = scope.path[i].device;
			device->path[i].function = scope.path[i].function;
		}
		if (device->kind == FIRMWARE_NAMED)
			add_name(dmar, device);
	}
}

static void add_unit(struct firmware_table *table,
		     const struct dmar_table *dmar,
		     const struct dmar_structure *drhd)
{
	struct firmware_unit *unit = firmware_add_unit(table);
	struct dmar_cursor cursor = { };
	struct dmar_structure s;

	unit->offset = drhd->offset;
	unit->segment = drhd->segment;
	unit->base = drhd->base;
	unit->left_out = drhd->complaint;
	add_devices(dmar, *drhd, &unit->devices);
	if (drhd->flags & DMAR_INCLUDE_PCI_ALL)
		firmware_add_device(&unit->devices)->kind = FIRMWARE_REST;
	while (dmar_next(dmar, &cursor, &s)) {
		if (s.type != DMAR_RHSA || s.base != unit->base)
			continue;
		unit->has_node = true;
		unit->node = s.proximity;
	}
	if (!drhd->complaint)
		firmware_add_note(table, drhd->offset, false,
				  dmar_contradiction(dmar, drhd));
}

static void add_memory(struct firmware_table *table,
		       const struct dmar_table *dmar,
		       const struct dmar_structure *rmrr)
{
	struct firmware_memory *memory = firmware_add_memory(table);

	memory->offset = rmrr->offset;
	memory->segment = rmrr->segment;
	memory->first = rmrr->base;
	memory->last = rmrr->last;
	memory->read = true;
	memory->write = true;
	memory->left_out = rmrr->complaint;
	add_devices(dmar, *rmrr, &memory->devices);
}

static void add_list(struct firmware_table *table,
		     const struct dmar_table *dmar,
		     const struct dmar_structure *s)
{
	struct firmware_list *list = firmware_add_list(table);

	list->kind = s->type == DMAR_ATSR ? FIRMWARE_ATSR :
		     s->type == DMAR_SATC ? FIRMWARE_SATC : FIRMWARE_SIDP;
	list->segment = s->segment;
	list->all = s->type == DMAR_ATSR && s->flags & DMAR_ALL_PORTS;
	list->required = s->type == DMAR_SATC && s->flags & DMAR_ATC_REQUIRED;
	add_devices(dmar, *s, &list->devices);
}

void firmware_read_dmar(struct firmware_table *table, const void *bytes,
			size_t size)
{
	struct dmar_cursor cursor = { };
	struct dmar_structure s;
	struct dmar_error error;
	struct dmar_table dmar;

	table->kind = FIRMWARE_DMAR;
	if (dmar_open(&dmar, bytes, size, &error)) {
		table->refused = error.what;
		table->refused_at = error.offset;
		return;
	}
	table->width = dmar.width;
	table->interrupt_remapping = dmar.flags & INTR_REMAP;
	table->x2apic_opt_out = dmar.flags & X2APIC_OPT_OUT;
	table->dma_opt_in = dmar.flags & DMA_OPT_IN;
	while (dmar_next(&dmar, &cursor, &s)) {
		firmware_add_note(table, s.offset, true, s.complaint);
		if (!s.complaint)
			firmware_add_note(table, s.offset, false, s.remark);
		switch (s.type) {
		case DMAR_DRHD:
			add_unit(table, &dmar, &s);
			break;
		case DMAR_RMRR:
			add_memory(table, &dmar, &s);
			break;
		case DMAR_ATSR:
		case DMAR_SATC:
		case DMAR_SIDP:
			add_list(table, &dmar, &s);
			break;
		default:
			break;
		}
	}
}
