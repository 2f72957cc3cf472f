/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is known about models, by their ids. No id of a model stands anywhere
 * else in this program.
 */
#ifndef MACHINE_KNOWN_H
#define MACHINE_KNOWN_H

#include <stdbool.h>
#include <stdint.h>

#define KNOWN_INTEL	0x8086

/* Functions of this endpoint cannot reach each other, though it has no ACS */
bool known_functions_isolated(uint16_t vendor, uint16_t device);

/* The same, on the root bus of a machine with an AMD-Vi unit */
bool known_chipset_isolated(uint16_t vendor, uint16_t device);

/* A root port that the PCI core can isolate without an ACS capability */
bool known_port_isolated(uint16_t vendor, uint16_t device);

/* Capability and control of its ACS have 32 bits each, not 16 */
bool known_acs_is_wide(uint16_t vendor, uint16_t device);

/* A devfn whose source-id requests of a device may have, or -1 */
int known_alias(uint16_t vendor, uint16_t device, uint8_t devfn);

/* A VMD device, which hides the disks behind it in a PCI domain of its own */
bool known_vmd(uint16_t vendor, uint16_t device);

/* An Intel processor of a model whose firmware may lock x2APIC */
bool known_x2apic_lock(unsigned int family, unsigned int model);

#endif
