// SPDX-License-Identifier: GPL-2.0
/*
 * PCI configuration space, read from bytes.
 *
 * A chain of capabilities may have loops and lead anywhere: no more are visited
 * than fit into the space, and each read is checked against its length.
 */
#include <stdlib.h>
#include <string.h>

#include "machine/config.h"
#include "machine/known.h"

#define HEADER_BYTES		64
#define CONVENTIONAL_BYTES	256

#define STATUS			0x06
#define STATUS_CAPABILITIES	0x10
#define HEADER_TYPE		0x0e
#define HEADER_TYPE_BRIDGE	1
#define HEADER_TYPE_MASK	0x7f
#define HEADER_MULTIFUNCTION	0x80
#define SECONDARY_BUS		0x19
#define SUBORDINATE_BUS		0x1a
#define CAPABILITIES		0x34

#define CAP_PCI_EXPRESS		0x10
#define PCIE_FLAGS		0x02
#define PCIE_FLAGS_SLOT		0x0100
#define PCIE_SLOT_CAP		0x14
#define PCIE_SLOT_HOTPLUG	0x40

#define EXT_ACS			0x000d
#define EXT_ATS			0x000f
#define ACS_CAP			0x04
#define ACS_CONTROL		0x06
#define ACS_WIDE_CONTROL	0x08

typedef void (*capability_fn)(void *arg, uint16_t id, size_t at);

static uint32_t get(const uint8_t *bytes, size_t length, size_t at,
		    unsigned int size)
{
	uint32_t value = 0;

	if (at > length || length - at < size)
		return 0;
	while (size--)
		value = value << 8 | bytes[at + size];
	return value;
}

static void visit_conventional(const uint8_t *bytes, size_t length,
			       capability_fn fn, void *arg)
{
	unsigned int left = (CONVENTIONAL_BYTES - HEADER_BYTES) / 4;
	size_t at;

	if (length <= HEADER_BYTES ||
	    !(get(bytes, length, STATUS, 2) & STATUS_CAPABILITIES))
		return;
	at = get(bytes, length, CAPABILITIES, 1) & ~3u;
	while (at >= HEADER_BYTES && at + 2 <= length && left--) {
		fn(arg, bytes[at], at);
		at = bytes[at + 1] & ~3u;
	}
}

static void visit_extended(const uint8_t *bytes, size_t length,
			   capability_fn fn, void *arg)
{
	unsigned int left = (CONFIG_BYTES - CONVENTIONAL_BYTES) / 8;
	size_t at = CONVENTIONAL_BYTES;

	while (at >= CONVENTIONAL_BYTES && at + 4 <= length && left--) {
		uint32_t header = get(bytes, length, at, 4);

		if (!header || header == ~0u)
			return;
		fn(arg, header & 0xffff, at);
		at = header >> 20 & ~3u;
	}
}

/**
 * struct parser - an argument while capabilities are visited
 */
struct parser {
	struct config *config;
	const uint8_t *bytes;
	size_t length;
};

static void parse_conventional(void *arg, uint16_t id, size_t at)
{
	struct parser *p = arg;
	uint32_t flags;

	if (id != CAP_PCI_EXPRESS || p->config->type != CONFIG_CONVENTIONAL)
		return;
	flags = get(p->bytes, p->length, at + PCIE_FLAGS, 2);
	p->config->type = flags >> 4 & 0xf;
	if (!(flags & PCIE_FLAGS_SLOT))
		return;
	p->config->slot = true;
	if (get(p->bytes, p->length, at + PCIE_SLOT_CAP, 4) & PCIE_SLOT_HOTPLUG)
		p->config->hotplug = true;
}

/* Offset of the control in the ACS capability of this device */
static size_t acs_control_at(const uint8_t *bytes, size_t length)
{
	return known_acs_is_wide(get(bytes, length, 0, 2),
				 get(bytes, length, 2, 2)) ?
		       ACS_WIDE_CONTROL : ACS_CONTROL;
}

static void parse_extended(void *arg, uint16_t id, size_t at)
{
	struct parser *p = arg;

	if (id == EXT_ATS)
		p->config->has_ats = true;
	if (id != EXT_ACS || p->config->has_acs)
		return;
	p->config->has_acs = true;
	p->config->acs_able = get(p->bytes, p->length, at + ACS_CAP, 2);
	at += acs_control_at(p->bytes, p->length);
	p->config->acs_control = get(p->bytes, p->length, at, 2);
}

void config_parse(struct config *config, const uint8_t *bytes, size_t length)
{
	struct parser parser = { config, bytes, length };
	uint8_t type = get(bytes, length, HEADER_TYPE, 1);

	*config = (struct config){
		.complete = length > HEADER_BYTES,
		.type = CONFIG_CONVENTIONAL,
		.multifunction = type & HEADER_MULTIFUNCTION,
		.bridge = (type & HEADER_TYPE_MASK) == HEADER_TYPE_BRIDGE,
	};
	if (config->bridge) {
		config->secondary = get(bytes, length, SECONDARY_BUS, 1);
		config->subordinate = get(bytes, length, SUBORDINATE_BUS, 1);
	}
	visit_conventional(bytes, length, parse_conventional, &parser);
	/* Conventional devices have no extended space */
	if (config->type != CONFIG_CONVENTIONAL)
		visit_extended(bytes, length, parse_extended, &parser);
}

/**
 * struct keeper - bytes that stay
 */
struct keeper {
	const uint8_t *from;
	uint8_t *to;
	size_t length;
};

static void keep(struct keeper *k, size_t at, size_t bytes)
{
	if (at >= k->length)
		return;
	if (bytes > k->length - at)
		bytes = k->length - at;
	memcpy(k->to + at, k->from + at, bytes);
}

static void keep_conventional(void *arg, uint16_t id, size_t at)
{
	struct keeper *k = arg;

	keep(k, at, 2);
	if (id != CAP_PCI_EXPRESS)
		return;
	keep(k, at + PCIE_FLAGS, 2);
	if (!(get(k->from, k->length, at + PCIE_FLAGS, 2) & PCIE_FLAGS_SLOT) ||
	    at + PCIE_SLOT_CAP >= k->length)
		return;
	k->to[at + PCIE_SLOT_CAP] =
		k->from[at + PCIE_SLOT_CAP] & PCIE_SLOT_HOTPLUG;
}

static void keep_extended(void *arg, uint16_t id, size_t at)
{
	struct keeper *k = arg;

	keep(k, at, 4);
	if (id != EXT_ACS)
		return;
	keep(k, at + ACS_CAP, 2);
	keep(k, at + acs_control_at(k->from, k->length), 2);
}

void config_scrub(uint8_t *bytes, size_t length)
{
	uint8_t copy[CONFIG_BYTES] = { };
	struct keeper k = { bytes, copy, length };

	if (length > sizeof(copy))
		length = k.length = sizeof(copy);
	/* Ids, status and class, up to the type of the header */
	keep(&k, 0, 4);
	keep(&k, STATUS, 6);
	keep(&k, HEADER_TYPE, 1);
	keep(&k, CAPABILITIES, 1);
	if ((get(bytes, length, HEADER_TYPE, 1) & HEADER_TYPE_MASK) ==
	    HEADER_TYPE_BRIDGE)
		keep(&k, SECONDARY_BUS - 1, 3);
	visit_conventional(bytes, length, keep_conventional, &k);
	visit_extended(bytes, length, keep_extended, &k);
	memcpy(bytes, copy, length);
}
