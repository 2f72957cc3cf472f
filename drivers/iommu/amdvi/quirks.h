/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What models of hardware need that their registers do not say.
 */
#ifndef AMDVI_QUIRKS_H
#define AMDVI_QUIRKS_H

#include <linux/bits.h>

struct cpuinfo_x86;
struct pci_dev;

/* Logging may stall translations, unless a clock always runs (erratum 746) */
#define AMDVI_QUIRK_LOG_STALLS		BIT(0)

/* Device-TLBs get write permission that they must not have, unless it is checked */
#define AMDVI_QUIRK_ATS_WRITES		BIT(1)

/* Firmware may not restore registers in configuration space after sleep */
#define AMDVI_QUIRK_FORGETS		BIT(2)

const char *amdvi_quirks_refuse(void);
unsigned long amdvi_quirks_of_cpu(const struct cpuinfo_x86 *cpu);
unsigned long amdvi_quirks_of_unit(const struct pci_dev *pdev);

#endif
