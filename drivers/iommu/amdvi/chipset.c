// SPDX-License-Identifier: GPL-2.0
/*
 * Registers of a unit that belong to its chipset.
 *
 * They are behind windows in configuration space: one register of the window
 * selects a register behind it, and permits to write it; the other one is its
 * value.
 *
 *	0xf0, 0xf4 of the unit		L2: the cache of translations
 *	0xf8, 0xfc of the unit		L1: a cache for each of six ports
 *	0x60, 0x64 of 00.0, its bus	northbridge
 *
 * Nothing is written through a window that does not keep its selection: the
 * chipset is another one than its id says, or emulated. Every write is read
 * back, and then forbidden again.
 *
 * Only loading and resuming use these windows, on one CPU at a time.
 *
 * Sources: AMD's BIOS and Kernel Developer's Guides for family 15h models
 * 10h-1fh (42300) and 30h-3fh (49125), D0F0x60, D0F2xF0, D0F2xF8; the AMD driver
 * of Linux 6.12.
 */
#define pr_fmt(fmt) "amdvi: " fmt

#include <kunit/visibility.h>
#include <linux/array_size.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "chipset.h"
#include "quirks.h"

/* Base address in the capability of a unit, section 3.2; ENABLE locks it */
#define BASE_LO			0x04
#define BASE_HI			0x08
#define BASE_ENABLE		BIT(0)

#define L1_PORTS		6
#define L1_REGISTERS		0x12
#define L1_PORT_SHIFT		16
#define L2_REGISTERS		0x83

#define L2_DEBUG_3		0x47
#define ATS_IGNORE_IW_DIS	BIT(0)
#define L2B_CK_GATE_CONTROL	0x90
#define CK_GATE_L2B_MISC_DIS	BIT(2)

/* A register of the northbridge that enables the unit */
#define IOC_FEATURE_CONTROL	0x75
#define IOC_IOMMU_EN		BIT(0)

/**
 * struct window - access to registers through configuration space
 * @select: offset of the register that selects
 * @value: offset of the register that is the selected one
 * @selection: bits that select
 * @writable: bit that permits writes
 */
struct window {
	u8 select;
	u8 value;
	u32 selection;
	u32 writable;
};

static const struct window l2 = { 0xf0, 0xf4, GENMASK(7, 0), BIT(8) };
static const struct window l1 = { 0xf8, 0xfc, GENMASK(19, 0), BIT(31) };
static const struct window northbridge = { 0x60, 0x64, GENMASK(6, 0), BIT(7) };

/**
 * struct amdvi_chipset - registers as firmware has set them
 * @pdev: the PCI function of the unit; the unit holds it
 * @root: the northbridge; held
 * @capability: offset of the unit's capability
 * @base: its base address, low and high
 * @l1: L1 registers of each port
 * @l2: L2 registers
 */
struct amdvi_chipset {
	struct pci_dev *pdev;
	struct pci_dev *root;
	u16 capability;
	u32 base[2];
	u32 l1[L1_PORTS][L1_REGISTERS];
	u32 l2[L2_REGISTERS];
};

static int chipset_select(struct pci_dev *pdev, const struct window *window,
			  u32 selection)
{
	u32 mask = window->selection | window->writable, now;

	if (pci_write_config_dword(pdev, window->select, selection) ||
	    pci_read_config_dword(pdev, window->select, &now))
		return -EIO;
	return (now & mask) == selection ? 0 : -EIO;
}

static int chipset_read(struct pci_dev *pdev, const struct window *window,
			u32 number, u32 *value)
{
	int ret = chipset_select(pdev, window, number);

	if (ret)
		return ret;
	return pci_read_config_dword(pdev, window->value, value) ? -EIO : 0;
}

/* Write a register that has another value, and check that it has this one then */
static int chipset_write(struct pci_dev *pdev, const struct window *window,
			 u32 number, u32 value)
{
	int ret, failed;
	u32 now;

	ret = chipset_read(pdev, window, number, &now);
	if (ret || now == value)
		return ret;
	ret = chipset_select(pdev, window, number | window->writable);
	if (!ret && pci_write_config_dword(pdev, window->value, value))
		ret = -EIO;
	/* This forbids writes again, also after an error */
	failed = chipset_read(pdev, window, number, &now);
	if (ret || failed)
		return -EIO;
	return now == value ? 0 : -EIO;
}

/* Set a bit; positive if it was not set before */
static int chipset_set(struct pci_dev *pdev, const struct window *window,
		       u32 number, u32 bit)
{
	u32 value;
	int ret = chipset_read(pdev, window, number, &value);

	if (ret || value & bit)
		return ret;
	return chipset_write(pdev, window, number, value | bit) ?: 1;
}

/* Bits that firmware should set */
static const struct {
	unsigned long quirk;
	u32 number;
	u32 bit;
	const char *what;
} fixes[] = {
	{ AMDVI_QUIRK_LOG_STALLS, L2B_CK_GATE_CONTROL, CK_GATE_L2B_MISC_DIS,
	  "logging may stall translations (erratum 746)" },
	{ AMDVI_QUIRK_ATS_WRITES, L2_DEBUG_3, ATS_IGNORE_IW_DIS,
	  "write permission of device-TLBs is not checked" },
};

/**
 * amdvi_chipset_fix() - do what firmware should have done about quirks
 * @pdev: the PCI function of a unit
 * @quirks: its AMDVI_QUIRK_ bits
 *
 * Logs a line for each that firmware has not done.
 *
 * Context: any; no other CPU calls this file.
 * Return: the quirks that remain.
 */
unsigned long amdvi_chipset_fix(struct pci_dev *pdev, unsigned long quirks)
{
	size_t i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(fixes); i++) {
		if (!(quirks & fixes[i].quirk))
			continue;
		ret = chipset_set(pdev, &l2, fixes[i].number, fixes[i].bit);
		if (ret < 0) {
			pci_warn(pdev, "%s, and its register cannot be changed; update the firmware\n",
				 fixes[i].what);
			continue;
		}
		quirks &= ~fixes[i].quirk;
		if (ret)
			pci_info(pdev, "%s: mended, since the firmware has not done it\n",
				 fixes[i].what);
	}
	return quirks;
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_chipset_fix);

static int save_all(struct amdvi_chipset *chipset)
{
	struct pci_dev *pdev = chipset->pdev;
	unsigned int i, port;
	int ret = 0;

	if (pci_read_config_dword(pdev, chipset->capability + BASE_LO,
				  &chipset->base[0]) ||
	    pci_read_config_dword(pdev, chipset->capability + BASE_HI,
				  &chipset->base[1]))
		return -EIO;
	for (port = 0; port < L1_PORTS && !ret; port++)
		for (i = 0; i < L1_REGISTERS && !ret; i++)
			ret = chipset_read(pdev, &l1, port << L1_PORT_SHIFT | i,
					   &chipset->l1[port][i]);
	for (i = 0; i < L2_REGISTERS && !ret; i++)
		ret = chipset_read(pdev, &l2, i, &chipset->l2[i]);
	return ret;
}

/**
 * amdvi_chipset_save() - save what firmware may not restore after sleep
 * @pdev: the PCI function of a unit with AMDVI_QUIRK_FORGETS
 * @capability: offset of its capability
 *
 * Context: may sleep.
 * Return: the registers, or an error.
 */
struct amdvi_chipset *amdvi_chipset_save(struct pci_dev *pdev, u16 capability)
{
	struct amdvi_chipset *chipset = kzalloc(sizeof(*chipset), GFP_KERNEL);
	int ret;

	if (!chipset)
		return ERR_PTR(-ENOMEM);
	chipset->pdev = pdev;
	chipset->capability = capability;
	chipset->root = pci_get_slot(pdev->bus, PCI_DEVFN(0, 0));
	ret = chipset->root ? save_all(chipset) : -ENODEV;
	if (ret) {
		amdvi_chipset_free(chipset);
		return ERR_PTR(ret);
	}
	return chipset;
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_chipset_save);

static int check_base(const struct amdvi_chipset *chipset, u32 lo)
{
	u16 at = chipset->capability;
	u32 now[2];

	if (pci_read_config_dword(chipset->pdev, at + BASE_LO, &now[0]) ||
	    pci_read_config_dword(chipset->pdev, at + BASE_HI, &now[1]))
		return -EIO;
	return now[0] == lo && now[1] == chipset->base[1] ? 0 : -EIO;
}

static int restore_base(const struct amdvi_chipset *chipset, u32 lo)
{
	u16 at = chipset->capability;

	if (pci_write_config_dword(chipset->pdev, at + BASE_HI,
				   chipset->base[1]) ||
	    pci_write_config_dword(chipset->pdev, at + BASE_LO, lo))
		return -EIO;
	return check_base(chipset, lo);
}

static int restore_caches(const struct amdvi_chipset *chipset)
{
	struct pci_dev *pdev = chipset->pdev;
	unsigned int i, port;
	int ret = 0;

	for (port = 0; port < L1_PORTS; port++)
		for (i = 0; i < L1_REGISTERS; i++)
			ret |= chipset_write(pdev, &l1,
					     port << L1_PORT_SHIFT | i,
					     chipset->l1[port][i]);
	for (i = 0; i < L2_REGISTERS; i++)
		ret |= chipset_write(pdev, &l2, i, chipset->l2[i]);
	return ret ? -EIO : 0;
}

/* Has firmware set a base address that cannot be changed any more? */
static bool base_is_locked(const struct amdvi_chipset *chipset)
{
	u32 lo;

	return !pci_read_config_dword(chipset->pdev,
				      chipset->capability + BASE_LO, &lo) &&
	       !PCI_POSSIBLE_ERROR(lo) && lo & BASE_ENABLE;
}

/**
 * amdvi_chipset_restore() - write what amdvi_chipset_save() has saved
 * @chipset: the registers
 *
 * First the northbridge enables the unit; then its base address, and its caches
 * follow; then the base address is locked. A base address that firmware has
 * locked stays as it is.
 *
 * Context: any; no other CPU calls this file.
 * Return: 0, or -EIO if a register does not have its value.
 */
int amdvi_chipset_restore(const struct amdvi_chipset *chipset)
{
	u32 locked = chipset->base[0] | BASE_ENABLE;
	bool failed;

	failed = chipset_set(chipset->root, &northbridge, IOC_FEATURE_CONTROL,
			     IOC_IOMMU_EN) < 0;
	if (base_is_locked(chipset)) {
		failed |= check_base(chipset, locked);
		failed |= restore_caches(chipset);
	} else {
		failed |= restore_base(chipset, locked & ~BASE_ENABLE);
		failed |= restore_caches(chipset);
		failed |= restore_base(chipset, locked);
	}
	return failed ? -EIO : 0;
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_chipset_restore);

/**
 * amdvi_chipset_free() - free saved registers
 * @chipset: the registers, or NULL
 */
void amdvi_chipset_free(struct amdvi_chipset *chipset)
{
	if (!chipset)
		return;
	pci_dev_put(chipset->root);
	kfree(chipset);
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_chipset_free);
