/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PCI configuration space, read from bytes: the fields of the header and the
 * capabilities that decide about groups and translation.
 *
 * Sources: PCI Local Bus 3.0, chapter 6; PCI Express Base 5.0, chapter 7.
 */
#ifndef MACHINE_CONFIG_H
#define MACHINE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_BYTES	4096

/* Device/port type of a PCI Express capability */
enum config_type {
	CONFIG_ENDPOINT = 0x0,
	CONFIG_LEGACY_ENDPOINT = 0x1,
	CONFIG_ROOT_PORT = 0x4,
	CONFIG_UPSTREAM = 0x5,
	CONFIG_DOWNSTREAM = 0x6,
	CONFIG_PCIE_TO_PCI = 0x7,
	CONFIG_PCI_TO_PCIE = 0x8,
	CONFIG_INTEGRATED_ENDPOINT = 0x9,
	CONFIG_EVENT_COLLECTOR = 0xa,
	CONFIG_CONVENTIONAL = 0xff,	/* no PCI Express capability */
};

/* Bits of an ACS capability and its control */
#define ACS_SOURCE_VALIDATION	0x01
#define ACS_REQUEST_REDIRECT	0x04
#define ACS_COMPLETION_REDIRECT	0x08
#define ACS_UPSTREAM_FORWARDING	0x10
#define ACS_EGRESS_CONTROL	0x20
/* Those without which devices are not isolated from each other */
#define ACS_NEEDED (ACS_SOURCE_VALIDATION | ACS_REQUEST_REDIRECT | \
		    ACS_COMPLETION_REDIRECT | ACS_UPSTREAM_FORWARDING)

/**
 * struct config - what the configuration space of a function says
 * @complete: capabilities could be read, which takes root
 * @type: PCI Express type
 * @bridge: it is a bridge, with buses @secondary to @subordinate
 * @multifunction: bit of the header
 * @slot: it is a port with a slot
 * @hotplug: the slot is made for hot-plug
 * @has_acs: it has ACS controls: able to do @acs_able, set to @acs_control
 * @has_ats: it has a device-TLB
 */
struct config {
	bool complete;
	enum config_type type;
	bool bridge;
	uint8_t secondary;
	uint8_t subordinate;
	bool multifunction;
	bool slot;
	bool hotplug;
	bool has_acs;
	uint16_t acs_able;
	uint16_t acs_control;
	bool has_ats;
};

/* Fill in from the first @length bytes of a configuration space */
void config_parse(struct config *config, const uint8_t *bytes, size_t length);

/**
 * config_scrub() - remove all but what config_parse() looks at
 * @bytes: a configuration space, changed
 * @length: its length
 *
 * The chains of capabilities stay, so that one can see which there are. What is
 * in them is set to 0, serial numbers (DSN, VPD) in particular, and so are base
 * addresses.
 */
void config_scrub(uint8_t *bytes, size_t length);

#endif
