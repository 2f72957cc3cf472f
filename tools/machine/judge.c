// SPDX-License-Identifier: GPL-2.0
/*
 * Says what matters for DMA from user space in this machine, and which of the
 * two ways of the README fits.
 *
 * A finding is one line, with what it means for each way: nothing, a limit,
 * something that has to be done first, or that the way cannot be taken. The
 * verdict follows from these alone.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "machine/known.h"
#include "machine/machine.h"
#include "machine/wrap.h"

#define FINDINGS_MAX	24
#define TEXT_BYTES	384
#define TOPIC_WIDTH	12
/* APIC ids up to here can be reached without interrupt remapping */
#define APIC_ID_MAX	254
#define CLASS_DISPLAY	0x03
#define CLASS_USB4	0x0c0340

enum effect {
	FINE,
	LIMIT,
	FIRST,
	STOP,
};

/**
 * struct finding - one line
 * @topic: its subject, a word or two
 * @text: what was found
 * @unknown: it could not be found out
 * @kernel: what it means for the way over the kernel's own IOMMU driver
 * @sluice: what it means for the way over vtd.ko or amdvi.ko
 */
struct finding {
	const char *topic;
	char text[TEXT_BYTES];
	bool unknown;
	enum effect kernel;
	enum effect sluice;
};

struct findings {
	const struct machine *machine;
	struct finding list[FINDINGS_MAX];
	int nr;
};

static struct finding *add(struct findings *f, const char *topic,
			   enum effect kernel, enum effect sluice,
			   const char *format, ...)
	FORMATTED(5, 6);

static struct finding *add(struct findings *f, const char *topic,
			   enum effect kernel, enum effect sluice,
			   const char *format, ...)
{
	struct finding *new = &f->list[f->nr];
	va_list args;

	/* The last one is overwritten if there are too many */
	if (f->nr < FINDINGS_MAX - 1)
		f->nr++;
	*new = (struct finding){ topic, .kernel = kernel, .sluice = sluice };
	va_start(args, format);
	vsnprintf(new->text, sizeof(new->text), format, args);
	va_end(args);
	return new;
}

static const char *plural(int nr)
{
	return nr == 1 ? "" : "s";
}

static void find_units(struct findings *f)
{
	const struct tables *tables = &f->machine->tables;
	const struct firmware_table *firmware = &tables->firmware;
	const char *table = tables->kind == TABLES_IVRS ? "IVRS" : "DMAR";
	int good = tables_good_units(tables);

	if (tables->kind == TABLES_NONE && f->machine->facts.units)
		add(f, "IOMMU", FINE, STOP,
		    "A kind that has no driver here, only the kernel's own.");
	else if (tables->kind == TABLES_NONE && f->machine->facts.guest)
		add(f, "IOMMU", STOP, STOP,
		    "None. This is a virtual machine, and its host gives it no IOMMU.");
	else if (tables->kind == TABLES_NONE)
		add(f, "IOMMU", STOP, STOP,
		    "None: the firmware has no table of units (DMAR or IVRS). Look in the firmware's setup for an option called VT-d, AMD-Vi or IOMMU, and turn it on.");
	else if (tables->error)
		add(f, "IOMMU", FINE, FINE,
		    "%s; only root can read the %s table, which lists the units.",
		    f->machine->facts.units ? "Present" : "Probably present",
		    table)->unknown = true;
	else if (firmware->refused)
		add(f, "IOMMU", LIMIT, STOP,
		    "The firmware's %s table is broken (at offset %zu: %s). Update the firmware.",
		    table, firmware->refused_at, firmware->refused);
	else if (!good)
		add(f, "IOMMU", LIMIT, STOP,
		    "None of the units in the %s table can be used.", table);
	else
		add(f, "IOMMU", FINE, FINE, "%s, %d unit%s.",
		    machine_hardware(f->machine), good, plural(good));
}

static void find_driver(struct findings *f)
{
	const struct facts *facts = &f->machine->facts;

	if (facts->driver == DRIVER_KERNEL)
		add(f, "driver", FINE, FINE,
		    "The kernel's own IOMMU driver is active, on %u unit%s.",
		    facts->units, plural(facts->units));
	else if (facts->driver == DRIVER_SLUICE)
		add(f, "driver", FINE, FINE, "%s.ko is active, on %u unit%s.",
		    machine_module(f->machine), facts->units,
		    plural(facts->units));
	else if (f->machine->tables.kind != TABLES_NONE)
		add(f, "driver", FINE, FINE, "No IOMMU driver is active.");
}

static void find_kernel(struct findings *f)
{
	const struct facts *facts = &f->machine->facts;

	if (!facts->kernel[0])
		add(f, "kernel", FINE, FINE, "Unknown.")->unknown = true;
	else if (facts->kernel_fits)
		add(f, "kernel", FINE, FINE,
		    "Linux %s; the modules are made for 6.12.", facts->kernel);
	else
		add(f, "kernel", FIRST, FIRST,
		    "Linux %s; the modules are made for 6.12. Install and boot a 6.12 kernel (Debian 12: from backports).",
		    facts->kernel);
	if (facts->lockdown == YES)
		add(f, "lockdown", FIRST, FIRST,
		    "The kernel is locked down, as with Secure Boot, and refuses modules that are not signed. Turn Secure Boot off, or sign the modules with a key of your own.");
}

static void find_interrupts(struct findings *f)
{
	const struct facts *facts = &f->machine->facts;

	if (facts->remapping == YES)
		add(f, "interrupts", FINE, FINE,
		    "Remapped by the kernel, so that a device can send only its own.");
	else if (facts->remapping == NO)
		add(f, "interrupts", FINE, FINE,
		    "Not remapped: a device that a program drives can send any interrupt.");
	if (f->machine->tables.kind == TABLES_DMAR &&
	    f->machine->tables.firmware.nr_units &&
	    !f->machine->tables.firmware.interrupt_remapping)
		add(f, "interrupts", LIMIT, FINE,
		    "The firmware says that this machine cannot remap them.");
	if (facts->cpus > APIC_ID_MAX + 1 || facts->apic_last > APIC_ID_MAX)
		add(f, "interrupts", FINE, STOP,
		    "%u CPUs, with APIC ids up to %u: those above %d can be reached only by remapped interrupts.",
		    facts->cpus, facts->apic_last, APIC_ID_MAX);
}

static const char *why_unknown(const struct facts *facts)
{
	if (facts->x2apic_error == -ENOENT)
		return "load the msr module (modprobe msr) and run this as root";
	return "run this as root";
}

static void find_x2apic(struct findings *f)
{
	const struct facts *facts = &f->machine->facts;

	if (facts->x2apic_locked == YES)
		add(f, "x2APIC", FINE, LIMIT,
		    "Locked by the firmware: Linux cannot leave it, and it needs interrupt remapping.");
	else if (facts->x2apic_locked == UNKNOWN)
		add(f, "x2APIC", FINE, LIMIT,
		    "The firmware of this processor model may lock it, which needs interrupt remapping. To know, %s.",
		    why_unknown(facts))->unknown = true;
	else if (!facts->x2apic)
		add(f, "x2APIC", FINE, FINE, "The processor does not offer it.");
	else if (facts->x2apic_on == UNKNOWN)
		add(f, "x2APIC", FINE, FINE, "Not locked.");
	else
		add(f, "x2APIC", FINE, FINE, "%s, and not locked.",
		    facts->x2apic_on == YES ? "On" : "Off");
	if (f->machine->tables.firmware.x2apic_opt_out)
		add(f, "x2APIC", FINE, FINE,
		    "The firmware asks the system not to use it.");
}

static void find_encryption(struct findings *f)
{
	const struct facts *facts = &f->machine->facts;

	if (facts->encryption == YES && !facts->guest)
		add(f, "encryption", FINE, STOP,
		    "Memory encryption (SME) is on, which amdvi.ko does not support. The second way needs mem_encrypt=off in the boot line.");
	else if (facts->encryption == YES)
		add(f, "encryption", STOP, STOP,
		    "The memory of this virtual machine is encrypted (SEV): devices cannot reach it.");
	else if (facts->encryption == UNKNOWN)
		add(f, "encryption", FINE, LIMIT,
		    "The processor offers memory encryption (SME), and this kernel does not tell whether it is on.")
			->unknown = true;
	if (facts->snp_host)
		add(f, "encryption", FINE, STOP,
		    "The machine is set up for SEV-SNP guests, for which the kernel's own driver has to keep the IOMMU.");
}

static void put_word(char *text, size_t size, const char *word)
{
	size_t length = strlen(text);

	if (length + strlen(word) + sizeof(", ...") < size)
		sprintf(text + length, "%s%s", length ? ", " : "", word);
	else if (length + sizeof(", ...") <= size && length && text[length - 1] != '.')
		strcat(text, ", ...");
}

static void find_external(struct findings *f)
{
	const struct machine *machine = f->machine;
	unsigned int domains = machine->facts.thunderbolt;
	char ports[96] = "";
	bool host = false;
	int i;

	for (i = 0; i < machine->pci.nr; i++) {
		if (machine->pci.devices[i].external)
			put_word(ports, sizeof(ports),
				 machine->pci.devices[i].address);
		host |= machine->pci.devices[i].class == CLASS_USB4;
	}
	if (ports[0])
		add(f, "external", FINE, LIMIT,
		    "External devices are plugged in, at %s. Without interrupt remapping such a device can send any interrupt. When vtd.ko or amdvi.ko is loaded, the drivers of such devices are unbound for a moment: unmount their disks before.",
		    ports);
	else if (domains || host)
		add(f, "external", FINE, LIMIT,
		    "The machine has Thunderbolt or USB4. Without interrupt remapping a device that is plugged in can send any interrupt.");
	if (domains && machine->facts.thunderbolt_safe < domains)
		add(f, "external", machine->facts.driver == DRIVER_KERNEL ? LIMIT : FINE,
		    LIMIT,
		    "The IOMMU does not protect Thunderbolt now (iommu_dma_protection is 0).");
	if (machine->tables.firmware.dma_opt_in)
		add(f, "external", FINE, FINE,
		    "The firmware asks the system to protect memory from external devices (DMA_CTRL_PLATFORM_OPT_IN).");
}

static bool is_display(const struct pci_device *device)
{
	return device->class >> 16 == CLASS_DISPLAY;
}

/* Intel's integrated graphics is always at this address */
static bool is_integrated(const struct pci_device *device)
{
	return is_display(device) && device->vendor == KNOWN_INTEL &&
	       !device->domain && !device->bus && pci_slot(device) == 2;
}

static void find_graphics(struct findings *f)
{
	const struct machine *machine = f->machine;
	int i;

	for (i = 0; i < machine->pci.nr; i++)
		if (is_integrated(&machine->pci.devices[i]))
			add(f, "graphics", FINE, FINE,
			    "Integrated, %s. To give it to a program over the kernel's own driver, boot with intel_iommu=on: without it Debian's kernel leaves it untranslated.",
			    machine->pci.devices[i].address);
}

static int count_in_domain_of(const struct pci *pci, int vmd)
{
	int i, count = 0;

	for (i = 0; i < pci->nr; i++)
		count += pci->devices[i].vmd == vmd &&
			 !pci->devices[i].config.bridge;
	return count;
}

static void find_vmd(struct findings *f)
{
	const struct pci *pci = &f->machine->pci;
	int i, count;

	for (i = 0; i < pci->nr; i++) {
		const struct pci_device *device = &pci->devices[i];

		if (!known_vmd(device->vendor, device->device))
			continue;
		count = count_in_domain_of(pci, i);
		if (count)
			add(f, "VMD", FINE, FINE,
			    "%s (Intel VMD, also called RST) keeps %d device%s in a PCI domain of its own. Requests from there have its source-id, so none can be given to a program alone.",
			    device->address, count, plural(count));
		else
			add(f, "VMD", FINE, FINE,
			    "%s (Intel VMD, also called RST) is there, with no devices behind it.",
			    device->address);
	}
}

static void find_errors(struct findings *f)
{
	int errors = f->machine->tables.firmware.nr_notes;

	if (errors)
		add(f, "firmware", FINE, FINE,
		    "%d error%s in its table, see above. The drivers cope with them.",
		    errors, plural(errors));
}

static void find_all(struct findings *f)
{
	find_units(f);
	find_driver(f);
	find_kernel(f);
	if (f->machine->tables.kind == TABLES_NONE)
		return;
	find_interrupts(f);
	find_x2apic(f);
	find_encryption(f);
	find_external(f);
	find_graphics(f);
	find_vmd(f);
	find_errors(f);
}

/* '-' closes a way, '!' limits or delays one, '?' is not known */
static char mark(const struct finding *finding)
{
	if (finding->unknown)
		return '?';
	if (finding->kernel == STOP || finding->sluice == STOP)
		return '-';
	return finding->kernel != FINE || finding->sluice != FINE ? '!' : '+';
}

static void put_findings(FILE *to, const struct findings *f)
{
	int i, column;

	fputs("\nWhat matters (- closes a way, ! limits one, ? is not known)\n", to);
	for (i = 0; i < f->nr; i++) {
		column = fprintf(to, "  %c %-*s ", mark(&f->list[i]),
				 TOPIC_WIDTH, f->list[i].topic);
		wrap(to, column, column, "%s", f->list[i].text);
	}
}

static enum effect effect_of(const struct finding *finding, bool sluice)
{
	return sluice ? finding->sluice : finding->kernel;
}

static enum effect worst(const struct findings *f, bool sluice)
{
	enum effect worst = FINE;
	int i;

	for (i = 0; i < f->nr; i++) {
		enum effect effect = effect_of(&f->list[i], sluice);

		if (effect > worst)
			worst = effect;
	}
	return worst;
}

/* The topics that have an effect, each once */
static void put_topics(char *text, size_t size, const struct findings *f,
		       bool sluice, enum effect effect)
{
	int i;

	text[0] = '\0';
	for (i = 0; i < f->nr; i++) {
		const struct finding *finding = &f->list[i];

		if (effect_of(finding, sluice) != effect)
			continue;
		if (i && !strcmp(finding[-1].topic, finding->topic) &&
		    effect_of(&finding[-1], sluice) == effect)
			continue;
		put_word(text, size, finding->topic);
	}
}

static void put_fit(FILE *to, const struct findings *f, bool sluice)
{
	static const char *const words[] = {
		[FINE] = "fits", [LIMIT] = "fits, with limits",
		[FIRST] = "fits, after a change", [STOP] = "does not fit",
	};
	enum effect effect = worst(f, sluice);
	char topics[128];

	put_topics(topics, sizeof(topics), f, sluice, effect);
	fputs(words[effect], to);
	if (effect != FINE)
		fprintf(to, ": %s", topics);
	fputc('\n', to);
}

static bool is_vtd(const struct machine *machine)
{
	return !strcmp(machine_module(machine), "vtd");
}

static bool is_in(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(*words, word))
			return true;
	return false;
}

/* Does a boot option contradict the way that needs the options in @added? */
static bool is_against(const char *option, const char *const *added,
		       bool sluice)
{
	static const char *const about[] = {
		"intel_iommu=", "amd_iommu=", "iommu=", "intremap=",
		"nointremap",
	};
	size_t i;

	for (i = 0; i < sizeof(about) / sizeof(*about); i++)
		if (!strncmp(option, about[i], strlen(about[i])))
			break;
	if (i == sizeof(about) / sizeof(*about) || is_in(option, added))
		return false;
	if (!strcmp(option, "nointremap") || strstr(option, "off"))
		return !sluice;
	return sluice && strncmp(option, "iommu=", 6);
}

/* What to add to the boot line, and what to remove from it */
static void put_boot_line(FILE *to, const struct machine *machine,
			  const char *const *added, bool sluice)
{
	char options[FACTS_OPTIONS_MAX], *word, *rest;
	const char *before = "add ";
	const char *const *option;

	fputs("     boot line: ", to);
	for (option = added; *option; option++) {
		if (facts_option(&machine->facts, *option))
			continue;
		fprintf(to, "%s%s", before, *option);
		before = " ";
	}
	before = *before == ' ' ? ", remove " : "remove ";
	snprintf(options, sizeof(options), "%s", machine->facts.options);
	for (word = strtok_r(options, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest)) {
		if (!is_against(word, added, sluice))
			continue;
		fprintf(to, "%s%s", before, word);
		before = " ";
	}
	fputs(!strcmp(before, "remove ") ? "as it is\n" : "\n", to);
}

static void put_kernel_way(FILE *to, const struct findings *f)
{
	static const char *const on[] = { "intel_iommu=on", NULL };
	const struct machine *machine = f->machine;
	bool needs_on = is_vtd(machine) &&
			machine->facts.driver != DRIVER_KERNEL;

	fputs("  1. over the kernel's own IOMMU driver: ", to);
	put_fit(to, f, false);
	if (worst(f, false) == STOP)
		return;
	put_boot_line(to, machine, needs_on ? on : &on[1], false);
	fputs("     load:      iommu_pt iommufd vfio vfio_iommufd\n", to);
}

static void put_sluice_way(FILE *to, const struct findings *f)
{
	static const char *const vtd[] = {
		"intel_iommu=off", "intremap=off", NULL
	};
	static const char *const amdvi[] = {
		"amd_iommu=off", "intremap=off", NULL
	};
	const struct machine *machine = f->machine;

	fprintf(to, "  2. over %s.ko: ", machine_module(machine));
	put_fit(to, f, true);
	if (worst(f, true) == STOP)
		return;
	put_boot_line(to, machine, is_vtd(machine) ? vtd : amdvi, true);
	fprintf(to, "     load:      iommu_pt iommu_common %s iommufd vfio vfio_iommufd\n"
		"     programs can send any interrupt: iommufd takes allow_unsafe_interrupts=1\n",
		machine_module(machine));
}

static void put_verdict(FILE *to, const struct findings *f)
{
	enum effect kernel = worst(f, false), sluice = worst(f, true);
	const struct machine *machine = f->machine;
	const char *module = machine_module(machine);
	int column = fprintf(to, "\nVerdict: ") - 1;
	char topics[128];

	put_topics(topics, sizeof(topics), f, false, kernel);
	if (kernel == STOP)
		wrap(to, column, 2, "Sluice cannot be used here (%s).", topics);
	else if (kernel == FIRST)
		wrap(to, column, 2,
		     "Sluice can be used here after a change (%s). Then take the first way.",
		     topics);
	else if (machine->facts.driver == DRIVER_SLUICE && sluice != STOP)
		wrap(to, column, 2, "Sluice can be used here, and %s.ko is in use already.",
		     module);
	else if (sluice != FINE)
		wrap(to, column, 2,
		     "Sluice can be used here. Take the first way; the second %s.",
		     sluice == STOP ? "does not fit" : "has limits");
	else
		wrap(to, column, 2,
		     "Sluice can be used here, both ways. Begin with the first%s. The second has run on emulated hardware only.",
		     machine->facts.driver == DRIVER_KERNEL ?
			     ", which changes nothing in this machine" : "");
}

static bool is_incomplete(const struct machine *machine)
{
	return machine->tables.error ||
	       (machine->pci.nr && !machine->pci.complete);
}

void machine_judge(FILE *to, const struct machine *machine)
{
	struct findings f = { .machine = machine };

	find_all(&f);
	put_findings(to, &f);
	if (worst(&f, false) != STOP) {
		fputs("\nThe two ways of the README\n", to);
		put_kernel_way(to, &f);
		put_sluice_way(to, &f);
	}
	put_verdict(to, &f);
	if (is_incomplete(machine))
		wrap(to, fprintf(to, "  "), 2,
		     "Much could not be read, so this may change: run it as root.");
}
