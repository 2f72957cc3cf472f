// SPDX-License-Identifier: GPL-2.0
/*
 * Registers of chipsets that no emulated machine has, in simulated configuration
 * space.
 */
#include <asm/processor.h>
#include <kunit/test.h>
#include <linux/pci.h>

#include "../chipset.h"
#include "../quirks.h"

#define CAPABILITY	0x40
#define UNIT		PCI_DEVFN(0, 2)

/**
 * struct chip - a simulated chipset
 * @bus: the bus of its two functions
 * @root: the northbridge
 * @unit: the unit
 * @ops: access to configuration space
 * @capability: capability of the unit
 * @select: what the windows of the northbridge, L2 and L1 select
 * @northbridge: the register that enables the unit
 * @l2: L2 registers
 * @l1: L1 registers
 * @absent: there are no windows
 * @stuck: a bit of L2 registers that stays 0
 * @writes: writes to registers behind windows
 */
struct chip {
	struct pci_bus bus;
	struct pci_dev root;
	struct pci_dev unit;
	struct pci_ops ops;
	u32 capability[3];
	u32 select[3];
	u32 northbridge;
	u32 l2[256];
	u32 l1[16][256];
	bool absent;
	u32 stuck;
	unsigned int writes;
};

enum { NORTHBRIDGE, L2, L1 };

static u32 *behind(struct chip *chip, unsigned int window, bool *writable)
{
	u32 select = chip->select[window];

	switch (window) {
	case NORTHBRIDGE:
		*writable = select & BIT(7);
		return (select & 0x7f) == 0x75 ? &chip->northbridge : NULL;
	case L2:
		*writable = select & BIT(8);
		return &chip->l2[select & 0xff];
	default:
		*writable = select & BIT(31);
		return &chip->l1[select >> 16 & 15][select & 0xff];
	}
}

static int window_at(unsigned int devfn, int where)
{
	switch (where & ~4) {
	case 0x60:
		return devfn ? -1 : NORTHBRIDGE;
	case 0xf0:
		return devfn ? L2 : -1;
	case 0xf8:
		return devfn ? L1 : -1;
	}
	return -1;
}

static int chip_read(struct pci_bus *bus, unsigned int devfn, int where,
		     int size, u32 *value)
{
	struct chip *chip = container_of(bus, struct chip, bus);
	int window = window_at(devfn, where);
	bool writable;
	u32 *reg;

	*value = 0;
	if (window < 0) {
		if (devfn && where >= CAPABILITY && where < CAPABILITY + 12)
			*value = chip->capability[(where - CAPABILITY) / 4];
	} else if (!chip->absent) {
		reg = behind(chip, window, &writable);
		*value = !(where & 4) ? chip->select[window] : reg ? *reg : 0;
	}
	return PCIBIOS_SUCCESSFUL;
}

static int chip_write(struct pci_bus *bus, unsigned int devfn, int where,
		      int size, u32 value)
{
	struct chip *chip = container_of(bus, struct chip, bus);
	int window = window_at(devfn, where);
	bool writable;
	u32 *reg;

	if (window < 0) {
		if (devfn && where > CAPABILITY && where < CAPABILITY + 12 &&
		    !(chip->capability[1] & 1))
			chip->capability[(where - CAPABILITY) / 4] = value;
	} else if (!chip->absent && !(where & 4)) {
		chip->select[window] = value;
	} else if (!chip->absent) {
		reg = behind(chip, window, &writable);
		chip->writes++;
		if (reg && writable)
			*reg = value & ~chip->stuck;
	}
	return PCIBIOS_SUCCESSFUL;
}

static void no_release(struct device *dev)
{
}

static void add_function(struct chip *chip, struct pci_dev *pdev,
			 unsigned int devfn)
{
	pdev->bus = &chip->bus;
	pdev->devfn = devfn;
	pdev->dev.release = no_release;
	device_initialize(&pdev->dev);
	list_add_tail(&pdev->bus_list, &chip->bus.devices);
}

static struct chip *make_chip(struct kunit *test)
{
	struct chip *chip = kunit_kzalloc(test, sizeof(*chip), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, chip);
	chip->ops.read = chip_read;
	chip->ops.write = chip_write;
	chip->bus.ops = &chip->ops;
	INIT_LIST_HEAD(&chip->bus.devices);
	add_function(chip, &chip->root, 0);
	add_function(chip, &chip->unit, UNIT);
	chip->capability[1] = 0xfeb80001;
	chip->capability[2] = 0x12;
	chip->northbridge = 0xa1;
	for (i = 0; i < 256; i++)
		chip->l2[i] = 0x20000 + i * 8;
	for (i = 0; i < 16 * 256; i++)
		chip->l1[i / 256][i % 256] = 0x100000 + i * 8;
	return chip;
}

/* No window may permit writes when nothing is written */
static void expect_closed(struct kunit *test, const struct chip *chip)
{
	KUNIT_EXPECT_FALSE(test, chip->select[NORTHBRIDGE] & BIT(7));
	KUNIT_EXPECT_FALSE(test, chip->select[L2] & BIT(8));
	KUNIT_EXPECT_FALSE(test, chip->select[L1] & BIT(31));
}

static void quirks_are_those_of_their_models_only(struct kunit *test)
{
	static const struct {
		u8 vendor, family, model;
		unsigned long quirks;
	} cases[] = {
		{ X86_VENDOR_AMD, 0x15, 0x0f, 0 },
		{ X86_VENDOR_AMD, 0x15, 0x10, AMDVI_QUIRK_LOG_STALLS },
		{ X86_VENDOR_AMD, 0x15, 0x1f, AMDVI_QUIRK_LOG_STALLS },
		{ X86_VENDOR_AMD, 0x15, 0x20, 0 },
		{ X86_VENDOR_AMD, 0x15, 0x2f, 0 },
		{ X86_VENDOR_AMD, 0x15, 0x30, AMDVI_QUIRK_ATS_WRITES },
		{ X86_VENDOR_AMD, 0x15, 0x3f, AMDVI_QUIRK_ATS_WRITES },
		{ X86_VENDOR_AMD, 0x15, 0x40, 0 },
		{ X86_VENDOR_AMD, 0x14, 0x10, 0 },
		{ X86_VENDOR_AMD, 0x17, 0x31, 0 },
		{ X86_VENDOR_INTEL, 0x15, 0x10, 0 },
	};
	struct chip *chip = make_chip(test);
	struct cpuinfo_x86 cpu = { };
	unsigned long quirks;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		cpu.x86_vendor = cases[i].vendor;
		cpu.x86 = cases[i].family;
		cpu.x86_model = cases[i].model;
		KUNIT_EXPECT_EQ_MSG(test, amdvi_quirks_of_cpu(&cpu),
				    cases[i].quirks, "case %zu", i);
	}
	chip->unit.vendor = PCI_VENDOR_ID_ATI;
	chip->unit.device = 0x5a23;
	quirks = amdvi_quirks_of_unit(&chip->unit);
	KUNIT_EXPECT_TRUE(test, quirks & AMDVI_QUIRK_FORGETS);
	chip->unit.device = 0x5a22;
	quirks = amdvi_quirks_of_unit(&chip->unit);
	KUNIT_EXPECT_FALSE(test, quirks & AMDVI_QUIRK_FORGETS);
}

static void a_bit_that_firmware_forgot_is_set(struct kunit *test)
{
	struct chip *chip = make_chip(test);
	unsigned int i;

	KUNIT_EXPECT_EQ(test, amdvi_chipset_fix(&chip->unit, 0), 0);
	KUNIT_EXPECT_EQ(test, chip->writes, 0);
	KUNIT_EXPECT_EQ(test, amdvi_chipset_fix(&chip->unit,
						AMDVI_QUIRK_LOG_STALLS), 0);
	KUNIT_EXPECT_EQ(test, chip->l2[0x90], 0x20484);
	KUNIT_EXPECT_EQ(test, amdvi_chipset_fix(&chip->unit,
						AMDVI_QUIRK_ATS_WRITES), 0);
	KUNIT_EXPECT_EQ(test, chip->l2[0x47], 0x20239);
	KUNIT_EXPECT_EQ(test, chip->writes, 2);
	expect_closed(test, chip);
	/* What is set already is not written */
	amdvi_chipset_fix(&chip->unit,
			  AMDVI_QUIRK_LOG_STALLS | AMDVI_QUIRK_ATS_WRITES);
	KUNIT_EXPECT_EQ(test, chip->writes, 2);
	for (i = 0; i < 256; i++)
		if (i != 0x90 && i != 0x47)
			KUNIT_ASSERT_EQ(test, chip->l2[i], 0x20000 + i * 8);
}

static void a_bit_that_cannot_be_set_is_reported(struct kunit *test)
{
	struct chip *chip = make_chip(test);

	chip->stuck = BIT(0);
	KUNIT_EXPECT_EQ(test, amdvi_chipset_fix(&chip->unit,
						AMDVI_QUIRK_ATS_WRITES),
			AMDVI_QUIRK_ATS_WRITES);
	expect_closed(test, chip);
}

static void nothing_is_written_where_there_is_no_window(struct kunit *test)
{
	unsigned long quirks = AMDVI_QUIRK_LOG_STALLS | AMDVI_QUIRK_ATS_WRITES;
	struct chip *chip = make_chip(test);

	chip->absent = true;
	KUNIT_EXPECT_EQ(test, amdvi_chipset_fix(&chip->unit, quirks), quirks);
	KUNIT_EXPECT_TRUE(test, IS_ERR(amdvi_chipset_save(&chip->unit,
							  CAPABILITY)));
	KUNIT_EXPECT_EQ(test, chip->writes, 0);
}

/* As after sleep: the registers have other values, and the unit is disabled */
static void forget(struct chip *chip, bool locked)
{
	chip->northbridge = 0xa0;
	if (!locked) {
		chip->capability[1] = 0;
		chip->capability[2] = 0;
	}
	memset(chip->l2, 0, sizeof(chip->l2));
	memset(chip->l1, 0xff, sizeof(chip->l1));
	chip->writes = 0;
}

static void expect_restored(struct kunit *test, const struct chip *chip)
{
	unsigned int port, i;

	KUNIT_EXPECT_EQ(test, chip->northbridge, 0xa1);
	KUNIT_EXPECT_EQ(test, chip->capability[1], 0xfeb80001);
	KUNIT_EXPECT_EQ(test, chip->capability[2], 0x12);
	for (i = 0; i < 256; i++)
		KUNIT_ASSERT_EQ(test, chip->l2[i],
				i < 0x83 ? 0x20000 + i * 8 : 0);
	for (port = 0; port < 16; port++)
		for (i = 0; i < 256; i++)
			KUNIT_ASSERT_EQ(test, chip->l1[port][i],
					port < 6 && i < 0x12 ?
					0x100000 + (port * 256 + i) * 8 :
					0xffffffff);
	expect_closed(test, chip);
}

static void registers_are_restored_after_sleep(struct kunit *test)
{
	struct chip *chip = make_chip(test);
	struct amdvi_chipset *saved;
	unsigned int locked;

	saved = amdvi_chipset_save(&chip->unit, CAPABILITY);
	KUNIT_ASSERT_FALSE(test, IS_ERR(saved));
	KUNIT_EXPECT_EQ(test, chip->writes, 0);
	for (locked = 0; locked < 2; locked++) {
		forget(chip, locked);
		KUNIT_EXPECT_EQ(test, amdvi_chipset_restore(saved), 0);
		expect_restored(test, chip);
	}
	/* Registers that have their values are not written */
	chip->writes = 0;
	KUNIT_EXPECT_EQ(test, amdvi_chipset_restore(saved), 0);
	KUNIT_EXPECT_EQ(test, chip->writes, 0);
	amdvi_chipset_free(saved);
}

static void a_register_that_is_not_restored_is_reported(struct kunit *test)
{
	struct chip *chip = make_chip(test);
	struct amdvi_chipset *saved;

	saved = amdvi_chipset_save(&chip->unit, CAPABILITY);
	KUNIT_ASSERT_FALSE(test, IS_ERR(saved));
	forget(chip, false);
	chip->stuck = BIT(17);
	KUNIT_EXPECT_EQ(test, amdvi_chipset_restore(saved), -EIO);
	chip->stuck = 0;
	KUNIT_EXPECT_EQ(test, amdvi_chipset_restore(saved), 0);
	/* Locked at another address */
	chip->capability[1] = 0xfec00001;
	KUNIT_EXPECT_EQ(test, amdvi_chipset_restore(saved), -EIO);
	expect_closed(test, chip);
	amdvi_chipset_free(saved);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(quirks_are_those_of_their_models_only),
	KUNIT_CASE(a_bit_that_firmware_forgot_is_set),
	KUNIT_CASE(a_bit_that_cannot_be_set_is_reported),
	KUNIT_CASE(nothing_is_written_where_there_is_no_window),
	KUNIT_CASE(registers_are_restored_after_sleep),
	KUNIT_CASE(a_register_that_is_not_restored_is_reported),
	{ }
};

static struct kunit_suite suite = {
	.name = "amdvi_chipset",
	.test_cases = cases,
};
kunit_test_suite(suite);
