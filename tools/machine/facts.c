// SPDX-License-Identifier: GPL-2.0
/*
 * What decides about DMA in a machine, besides its PCI devices.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/facts.h"
#include "machine/known.h"
#include "machine/registers.h"

#define CPUINFO_BYTES	(1024 * 1024)
#define LINE_BYTES	4096

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

void facts_options(char options[FACTS_OPTIONS_MAX], char *line)
{
	static const char *const kept[] = {
		"intel_iommu=", "amd_iommu=", "iommu=", "iommu.", "intremap=",
		"x2apic", "nox2apic", "pci=", "pcie_port_pm=", "pcie_acs_override=",
		"mem_encrypt=", "vfio", "efi=disable_early_pci_dma",
		"lockdown=", "module.sig_enforce", "nointremap", "noapic",
		"swiotlb=",
	};
	size_t i, length = 0;
	char *word, *rest;

	options[0] = '\0';
	for (word = strtok_r(line, "\n ", &rest); word;
	     word = strtok_r(NULL, "\n ", &rest))
		for (i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
			if (!begins(word, kept[i]) ||
			    length + strlen(word) + 2 > FACTS_OPTIONS_MAX)
				continue;
			length += snprintf(options + length,
					   FACTS_OPTIONS_MAX - length, "%s%s",
					   length ? " " : "", word);
			break;
		}
}

bool facts_option(const struct facts *facts, const char *word)
{
	const char *at = facts->options;
	size_t length = strlen(word);

	while ((at = strstr(at, word))) {
		if ((at == facts->options || at[-1] == ' ') &&
		    (!at[length] || at[length] == ' '))
			return true;
		at += length;
	}
	return false;
}

/* The value of "name : value" if the line has that name */
static const char *value_of(const char *line, const char *name)
{
	size_t length = strlen(name);

	if (strncmp(line, name, length))
		return NULL;
	line += length;
	line += strspn(line, " \t");
	if (*line++ != ':')
		return NULL;
	return line + strspn(line, " ");
}

static bool has_flag(const char *flags, const char *flag)
{
	size_t length = strlen(flag);
	const char *at = flags;

	while ((at = strstr(at, flag))) {
		if ((at == flags || at[-1] == ' ') &&
		    (!at[length] || at[length] == ' '))
			return true;
		at += length;
	}
	return false;
}

/**
 * struct processor - what only this file needs to know
 */
struct processor {
	unsigned int family;
	unsigned int model;
	bool has_sme;
	bool has_sev;
	bool capabilities;
};

static void read_flags(struct facts *facts, struct processor *p,
		       const char *flags)
{
	facts->x2apic = has_flag(flags, "x2apic");
	facts->guest = has_flag(flags, "hypervisor");
	p->has_sme = has_flag(flags, "sme");
	p->has_sev = has_flag(flags, "sev");
	p->capabilities = has_flag(flags, "arch_capabilities");
}

static void read_line(struct facts *facts, struct processor *p,
		      const char *line)
{
	const char *value;
	unsigned int id;

	value = value_of(line, "apicid");
	if (value) {
		id = strtoul(value, NULL, 10);
		if (id > facts->apic_last)
			facts->apic_last = id;
	}
	if (value_of(line, "processor"))
		facts->cpus++;
	if (facts->cpus > 1)
		return;
	value = value_of(line, "vendor_id");
	if (value && begins(value, "GenuineIntel"))
		facts->cpu = CPU_INTEL;
	else if (value &&
		 (begins(value, "AuthenticAMD") || begins(value, "HygonGenuine")))
		facts->cpu = CPU_AMD;
	value = value_of(line, "cpu family");
	if (value)
		p->family = strtoul(value, NULL, 10);
	value = value_of(line, "model");
	if (value)
		p->model = strtoul(value, NULL, 10);
	value = value_of(line, "model name");
	if (value)
		snprintf(facts->cpu_name, sizeof(facts->cpu_name), "%.63s",
			 value);
	value = value_of(line, "flags");
	if (value)
		read_flags(facts, p, value);
}

/* Copies have the text of only some CPUs, and the number of all */
static void read_cpu_count(struct facts *facts, const struct source *from)
{
	unsigned int first, last;
	char text[64];

	if (source_text(from, text, sizeof(text),
			"sys/devices/system/cpu/present"))
		return;
	if (sscanf(text, "%u-%u", &first, &last) == 2 && last < 65536 &&
	    !first)
		facts->cpus = last + 1;
}

static void read_processor(struct facts *facts, struct processor *p,
			   const struct source *from)
{
	char *text = malloc(CPUINFO_BYTES), *line, *rest;
	long length = -ENOMEM;

	if (text)
		length = source_read(from, text, CPUINFO_BYTES - 1,
				     "proc/cpuinfo");
	if (length > 0) {
		text[length] = '\0';
		for (line = strtok_r(text, "\n", &rest); line;
		     line = strtok_r(NULL, "\n", &rest))
			read_line(facts, p, line);
	}
	free(text);
	for (line = facts->cpu_name; *line; line++)
		if (*line < ' ' || *line > '~')
			*line = '?';
	read_cpu_count(facts, from);
}

static enum answer is_locked(const struct source *from)
{
	uint64_t able, status;

	if (source_msr(from, MSR_ARCH_CAPABILITIES, &able))
		return UNKNOWN;
	if (!(able & ARCH_XAPIC_DISABLE))
		return NO;
	if (source_msr(from, MSR_XAPIC_DISABLE_STATUS, &status))
		return UNKNOWN;
	return status & XAPIC_DISABLED ? YES : NO;
}

static void read_x2apic(struct facts *facts, const struct processor *p,
			const struct source *from)
{
	uint64_t base;

	facts->x2apic_on = NO;
	facts->x2apic_locked = NO;
	if (!facts->x2apic)
		return;
	facts->x2apic_error = source_msr(from, MSR_APIC_BASE, &base);
	if (facts->x2apic_error)
		facts->x2apic_on = UNKNOWN;
	else if (base & APIC_BASE_X2APIC)
		facts->x2apic_on = YES;
	/* The register about the lock exists only with the capability */
	if (facts->cpu != CPU_INTEL || !p->capabilities ||
	    facts->x2apic_on == NO)
		return;
	facts->x2apic_locked = is_locked(from);
	if (facts->x2apic_locked == UNKNOWN &&
	    !known_x2apic_lock(p->family, p->model))
		facts->x2apic_locked = NO;
}

/* A 6.12 kernel clears the flag "sme" unless the kernel itself uses it */
static void read_encryption(struct facts *facts, const struct processor *p,
			    const struct source *from)
{
	char text[8];

	facts->encryption = NO;
	if (p->has_sme && (facts->kernel_fits || facts_option(facts, "mem_encrypt=on")))
		facts->encryption = YES;
	else if (p->has_sme && !facts_option(facts, "mem_encrypt=off"))
		facts->encryption = UNKNOWN;
	if (facts->guest && p->has_sev)
		facts->encryption = YES;
	source_text(from, text, sizeof(text),
		    "sys/module/kvm_amd/parameters/sev_snp");
	facts->snp_host = text[0] == 'Y' || text[0] == '1';
}

static void read_kernel(struct facts *facts, const struct source *from)
{
	char *line = malloc(LINE_BYTES), text[64];
	long length = -ENOMEM;

	source_text(from, facts->kernel, sizeof(facts->kernel),
		    "proc/sys/kernel/osrelease");
	facts->kernel_fits = begins(facts->kernel, "6.12.") ||
			     begins(facts->kernel, "6.12-");
	if (line)
		length = source_read(from, line, LINE_BYTES - 1,
				     "proc/cmdline");
	if (length > 0) {
		line[length] = '\0';
		facts_options(facts->options, line);
	}
	free(line);
	for (line = facts->options; *line; line++)
		if (*line < ' ' || *line > '~')
			*line = '?';
	if (!source_text(from, text, sizeof(text),
			 "sys/kernel/security/lockdown"))
		facts->lockdown = strstr(text, "[none]") ? NO : YES;
}

static void read_driver(struct facts *facts, const struct source *from)
{
	struct source_names list;

	source_list(from, &list, "sys/class/iommu");
	facts->units = list.nr;
	source_names_free(&list);
	if (!facts->units)
		facts->driver = DRIVER_NONE;
	else if (source_has(from, "sys/module/vtd") ||
		 source_has(from, "sys/module/amdvi"))
		facts->driver = DRIVER_SLUICE;
	else
		facts->driver = DRIVER_KERNEL;
}

/* The chips of remapped interrupts have names that begin with IR- */
static void read_interrupts(struct facts *facts, const struct source *from)
{
	char *text = malloc(CPUINFO_BYTES);
	long length = -ENOMEM;

	if (text)
		length = source_read(from, text, CPUINFO_BYTES - 1,
				     "proc/interrupts");
	if (length > 0) {
		text[length] = '\0';
		facts->remapping = strstr(text, " IR-") ? YES : NO;
	}
	free(text);
}

static void read_thunderbolt(struct facts *facts, const struct source *from)
{
	struct source_names list;
	char text[8];
	size_t i;

	source_list(from, &list, "sys/bus/thunderbolt/devices");
	for (i = 0; i < list.nr; i++) {
		if (!begins(list.names[i], "domain"))
			continue;
		facts->thunderbolt++;
		source_text(from, text, sizeof(text),
			    "sys/bus/thunderbolt/devices/%s/iommu_dma_protection",
			    list.names[i]);
		facts->thunderbolt_safe += text[0] == '1';
	}
	source_names_free(&list);
}

void facts_read(struct facts *facts, const struct source *from)
{
	struct processor p = { };

	*facts = (struct facts){ };
	read_kernel(facts, from);
	read_processor(facts, &p, from);
	read_x2apic(facts, &p, from);
	read_encryption(facts, &p, from);
	read_driver(facts, from);
	read_interrupts(facts, from);
	read_thunderbolt(facts, from);
}
