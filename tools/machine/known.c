// SPDX-License-Identifier: GPL-2.0
/*
 * What is known about models, by their ids.
 *
 * The tables name the same devices as those of the PCI core of Linux 6.12
 * (its quirks), as far as they occur in x86 machines, because groups
 * are predicted as that kernel forms them.
 */
#include <stddef.h>

#include "machine/known.h"

/* Devices @first to @last of a vendor */
struct range {
	uint16_t vendor;
	uint16_t first;
	uint16_t last;
};

#define IS_IN(table, vendor, device)					\
	is_in(table, sizeof(table) / sizeof(*(table)), vendor, device)

static bool is_in(const struct range *table, size_t nr, uint16_t vendor,
		  uint16_t device)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (table[i].vendor == vendor && table[i].first <= device &&
		    device <= table[i].last)
			return true;
	return false;
}

bool known_functions_isolated(uint16_t vendor, uint16_t device)
{
	static const struct range table[] = {
		/* Solarflare */
		{ 0x1924, 0x0903, 0x0903 },
		{ 0x1924, 0x0923, 0x0923 },
		{ 0x1924, 0x0a03, 0x0a03 },
		/* Intel 82571, 82575, 82576, 82580, 82598, 82599, I350, I219 */
		{ 0x8086, 0x105e, 0x1060 },
		{ 0x8086, 0x10a7, 0x10a7 },
		{ 0x8086, 0x10a9, 0x10a9 },
		{ 0x8086, 0x10c6, 0x10c6 },
		{ 0x8086, 0x10c9, 0x10c9 },
		{ 0x8086, 0x10d6, 0x10d6 },
		{ 0x8086, 0x10d9, 0x10d9 },
		{ 0x8086, 0x10db, 0x10db },
		{ 0x8086, 0x10dd, 0x10dd },
		{ 0x8086, 0x10e1, 0x10e1 },
		{ 0x8086, 0x10e6, 0x10e8 },
		{ 0x8086, 0x10f1, 0x10f1 },
		{ 0x8086, 0x10f7, 0x10fc },
		{ 0x8086, 0x1507, 0x1507 },
		{ 0x8086, 0x1509, 0x150a },
		{ 0x8086, 0x150d, 0x1511 },
		{ 0x8086, 0x1514, 0x1514 },
		{ 0x8086, 0x1516, 0x1516 },
		{ 0x8086, 0x1518, 0x1518 },
		{ 0x8086, 0x151c, 0x151c },
		{ 0x8086, 0x1521, 0x1524 },
		{ 0x8086, 0x1526, 0x1527 },
		{ 0x8086, 0x1529, 0x152a },
		{ 0x8086, 0x154d, 0x154d },
		{ 0x8086, 0x154f, 0x154f },
		{ 0x8086, 0x1551, 0x1551 },
		{ 0x8086, 0x1558, 0x1558 },
		{ 0x8086, 0x15b7, 0x15b8 },
		/* Emulex BE3-R, Skyhawk-R */
		{ 0x19a2, 0x0710, 0x0710 },
		{ 0x10df, 0x0720, 0x0720 },
		/* Broadcom */
		{ 0x14e4, 0x16d7, 0x16d7 },
		{ 0x14e4, 0x1750, 0x1752 },
		{ 0x14e4, 0x1760, 0x1763 },
		/* Zhaoxin */
		{ 0x1d17, 0x3038, 0x3038 },
		{ 0x1d17, 0x3104, 0x3104 },
		{ 0x1d17, 0x9083, 0x9083 },
	};

	return IS_IN(table, vendor, device);
}

bool known_chipset_isolated(uint16_t vendor, uint16_t device)
{
	static const struct range table[] = {
		{ 0x1002, 0x4383, 0x4385 },
		{ 0x1002, 0x4399, 0x4399 },
		{ 0x1002, 0x439c, 0x439d },
		{ 0x1022, 0x7809, 0x7809 },
		{ 0x1022, 0x780f, 0x780f },
	};

	return IS_IN(table, vendor, device);
}

bool known_port_isolated(uint16_t vendor, uint16_t device)
{
	static const struct range table[] = {
		/* Chipsets of the 5, 6 and 7 series, and X79 */
		{ KNOWN_INTEL, 0x3b42, 0x3b51 },
		{ KNOWN_INTEL, 0x1c10, 0x1c1f },
		{ KNOWN_INTEL, 0x1e10, 0x1e1f },
		{ KNOWN_INTEL, 0x1d10, 0x1d1e },
		/* 8 and 9 series, and X99 */
		{ KNOWN_INTEL, 0x8c10, 0x8c1f },
		{ KNOWN_INTEL, 0x8c90, 0x8c9e },
		{ KNOWN_INTEL, 0x9c10, 0x9c1b },
		{ KNOWN_INTEL, 0x9c90, 0x9c9b },
		{ KNOWN_INTEL, 0x8d10, 0x8d1e },
	};

	return IS_IN(table, vendor, device);
}

bool known_acs_is_wide(uint16_t vendor, uint16_t device)
{
	static const struct range table[] = {
		/* Chipsets of the 100 and 200 series */
		{ KNOWN_INTEL, 0xa110, 0xa11f },
		{ KNOWN_INTEL, 0xa167, 0xa16a },
		{ KNOWN_INTEL, 0xa290, 0xa29f },
		{ KNOWN_INTEL, 0xa2e7, 0xa2ee },
		{ KNOWN_INTEL, 0x9d10, 0x9d1b },
	};

	return IS_IN(table, vendor, device);
}

static int alias_function(uint16_t vendor, uint16_t device)
{
	static const struct range first[] = {
		{ 0x1180, 0xe476, 0xe476 },	/* Ricoh */
		{ 0x1180, 0xe832, 0xe832 },
		{ 0x6766, 0x3d40, 0x3d41 },	/* Glenfly */
	};
	static const struct range second[] = {
		{ 0x1b4b, 0x9120, 0x9120 },	/* Marvell */
		{ 0x1b4b, 0x9123, 0x9123 },
		{ 0x1b4b, 0x9125, 0x9125 },
		{ 0x1b4b, 0x9128, 0x9128 },
		{ 0x1b4b, 0x9130, 0x9130 },
		{ 0x1b4b, 0x9170, 0x9170 },
		{ 0x1b4b, 0x9172, 0x9172 },
		{ 0x1b4b, 0x917a, 0x917a },
		{ 0x1b4b, 0x9182, 0x9183 },
		{ 0x1b4b, 0x91a0, 0x91a0 },
		{ 0x1b4b, 0x9215, 0x9215 },
		{ 0x1b4b, 0x9220, 0x9220 },
		{ 0x1b4b, 0x9230, 0x9230 },
		{ 0x1b4b, 0x9235, 0x9235 },
		{ 0x1103, 0x0642, 0x0642 },	/* HighPoint */
		{ 0x1103, 0x0645, 0x0645 },
		{ 0x197b, 0x2392, 0x2392 },	/* JMicron */
		{ 0x1c28, 0x0122, 0x0122 },	/* Lite-On */
	};

	if (IS_IN(first, vendor, device))
		return 0;
	return IS_IN(second, vendor, device) ? 1 : -1;
}

int known_alias(uint16_t vendor, uint16_t device, uint8_t devfn)
{
	int function = alias_function(vendor, device);

	if (function < 0 || function == (devfn & 7))
		return -1;
	return (devfn & ~7) | function;
}

bool known_vmd(uint16_t vendor, uint16_t device)
{
	static const struct range table[] = {
		{ KNOWN_INTEL, 0x201d, 0x201d },
		{ KNOWN_INTEL, 0x28c0, 0x28c0 },
		{ KNOWN_INTEL, 0x467f, 0x467f },
		{ KNOWN_INTEL, 0x4c3d, 0x4c3d },
		{ KNOWN_INTEL, 0x7d0b, 0x7d0b },
		{ KNOWN_INTEL, 0x9a0b, 0x9a0b },
		{ KNOWN_INTEL, 0xa77f, 0xa77f },
		{ KNOWN_INTEL, 0xad0b, 0xad0b },
		{ KNOWN_INTEL, 0xb06f, 0xb06f },
		{ KNOWN_INTEL, 0xb60b, 0xb60b },
	};

	return IS_IN(table, vendor, device);
}

bool known_x2apic_lock(unsigned int family, unsigned int model)
{
	/* Sapphire Rapids, Emerald Rapids, Granite Rapids, Sierra Forest */
	static const uint8_t models[] = { 0x8f, 0xcf, 0xad, 0xae, 0xaf };
	size_t i;

	for (i = 0; i < sizeof(models); i++)
		if (family == 6 && model == models[i])
			return true;
	return false;
}
