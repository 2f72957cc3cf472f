/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What decides about DMA in a machine, besides its PCI devices: processor,
 * kernel, boot options, and the IOMMU driver that is active.
 */
#ifndef MACHINE_FACTS_H
#define MACHINE_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/source.h"

/* What could be found out */
enum answer {
	UNKNOWN,
	NO,
	YES,
};

enum facts_cpu {
	CPU_OTHER,
	CPU_INTEL,
	CPU_AMD,	/* and Hygon */
};

enum facts_driver {
	DRIVER_NONE,
	DRIVER_KERNEL,	/* the kernel's own */
	DRIVER_SLUICE,	/* vtd.ko or amdvi.ko */
};

#define FACTS_OPTIONS_MAX 512

/**
 * struct facts - about a machine
 * @cpu: the maker
 * @cpu_name: model name
 * @cpus: number of logical CPUs
 * @apic_last: the highest APIC id that is known
 * @guest: it is a virtual machine
 * @x2apic: the processor has x2APIC
 * @x2apic_on: it is enabled now
 * @x2apic_locked: the firmware has locked it
 * @x2apic_error: why the registers could not be read: a negative errno, or 0
 * @encryption: memory is encrypted with keys of the processor (SME, SEV), and
 *	addresses for devices need a bit for that
 * @snp_host: the machine can run SEV-SNP guests, which owns the IOMMU
 * @kernel: its version
 * @kernel_fits: modules can be built for it: it is a 6.12
 * @lockdown: kernel lockdown refuses modules without a signature
 * @options: the boot options that matter here
 * @driver: the IOMMU driver that is active
 * @units: number of units that it drives
 * @remapping: interrupts are remapped
 * @thunderbolt: number of Thunderbolt or USB4 domains
 * @thunderbolt_safe: of those, the ones protected by the IOMMU
 */
struct facts {
	enum facts_cpu cpu;
	char cpu_name[64];
	unsigned int cpus;
	unsigned int apic_last;
	bool guest;
	bool x2apic;
	enum answer x2apic_on;
	enum answer x2apic_locked;
	int x2apic_error;
	enum answer encryption;
	bool snp_host;
	char kernel[48];
	bool kernel_fits;
	enum answer lockdown;
	char options[FACTS_OPTIONS_MAX];
	enum facts_driver driver;
	unsigned int units;
	enum answer remapping;
	unsigned int thunderbolt;
	unsigned int thunderbolt_safe;
};

void facts_read(struct facts *facts, const struct source *from);

/* Is this word in the boot options? */
bool facts_option(const struct facts *facts, const char *word);

/**
 * facts_options() - choose the boot options that matter here
 * @options: filled in; others may have secrets or names in them
 * @line: the kernel's command line, changed
 */
void facts_options(char options[FACTS_OPTIONS_MAX], char *line);

#endif
