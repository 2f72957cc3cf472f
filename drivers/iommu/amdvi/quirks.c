// SPDX-License-Identifier: GPL-2.0
/*
 * What models of hardware need that their registers do not say: one row for
 * each range of ids. The code that acts on a quirk is elsewhere, and asks for
 * it; no other file has ids.
 */
#include <asm/processor.h>
#include <kunit/visibility.h>
#include <linux/array_size.h>
#include <linux/pci.h>

#include "quirks.h"

/**
 * struct device_row - a quirk of machines that have a PCI device
 * @vendor: its vendor
 * @device: its device id
 * @what: AMDVI_QUIRK_ bits, or 0 if its units must not be used
 * @why: what is wrong
 * @source: who says so
 */
struct device_row {
	u16 vendor;
	u16 device;
	unsigned long what;
	const char *why;
	const char *source;
};

/**
 * struct cpu_row - a quirk of units that are part of a processor of AMD
 * @family: its family
 * @first: the first model
 * @last: the last model
 * @what: AMDVI_QUIRK_ bits
 * @why: what is wrong
 * @source: who says so
 */
struct cpu_row {
	u8 family;
	u8 first;
	u8 last;
	unsigned long what;
	const char *why;
	const char *source;
};

static const struct device_row refused[] = {
	{
		PCI_VENDOR_ID_ATI, 0x98e4, 0,
		"the graphics unit of Stoney Ridge does not work behind it",
		"Linux 6.12, drivers/iommu/amd/init.c, detect_ivrs()",
	},
};

static const struct device_row units[] = {
	{
		PCI_VENDOR_ID_ATI, PCI_DEVICE_ID_RD890_IOMMU, AMDVI_QUIRK_FORGETS,
		"RD890 and SR56x0: firmware may leave registers of the unit unset after sleep",
		"Linux 6.12, drivers/iommu/amd/init.c, iommu_apply_resume_quirks()",
	},
};

static const struct cpu_row cpus[] = {
	{
		0x15, 0x10, 0x1f, AMDVI_QUIRK_LOG_STALLS,
		"erratum 746: a log entry may stall translations, where firmware has not set CKGateL2BMiscDisable",
		"Linux 6.12, drivers/iommu/amd/init.c, amd_iommu_erratum_746_workaround()",
	},
	{
		0x15, 0x30, 0x3f, AMDVI_QUIRK_ATS_WRITES,
		"write permission is not checked in translation requests, where firmware has not set AtsIgnoreIWDis",
		"Linux 6.12, drivers/iommu/amd/init.c, amd_iommu_ats_write_check_workaround()",
	},
};

/**
 * amdvi_quirks_refuse() - is this a machine on which the unit must not be used?
 *
 * Return: NULL, or why.
 */
const char *amdvi_quirks_refuse(void)
{
	struct pci_dev *pdev;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		pdev = pci_get_device(refused[i].vendor, refused[i].device,
				      NULL);
		pci_dev_put(pdev);
		if (pdev)
			return refused[i].why;
	}
	return NULL;
}

/**
 * amdvi_quirks_of_cpu() - quirks of units that are part of a processor
 * @cpu: the processor
 *
 * Return: AMDVI_QUIRK_ bits.
 */
unsigned long amdvi_quirks_of_cpu(const struct cpuinfo_x86 *cpu)
{
	unsigned long quirks = 0;
	size_t i;

	if (cpu->x86_vendor != X86_VENDOR_AMD)
		return 0;
	for (i = 0; i < ARRAY_SIZE(cpus); i++)
		if (cpu->x86 == cpus[i].family &&
		    cpu->x86_model >= cpus[i].first &&
		    cpu->x86_model <= cpus[i].last)
			quirks |= cpus[i].what;
	return quirks;
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_quirks_of_cpu);

/**
 * amdvi_quirks_of_unit() - quirks of a unit
 * @pdev: its PCI function
 *
 * Return: AMDVI_QUIRK_ bits.
 */
unsigned long amdvi_quirks_of_unit(const struct pci_dev *pdev)
{
	unsigned long quirks = amdvi_quirks_of_cpu(&boot_cpu_data);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(units); i++)
		if (pdev->vendor == units[i].vendor &&
		    pdev->device == units[i].device)
			quirks |= units[i].what;
	return quirks;
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_quirks_of_unit);
