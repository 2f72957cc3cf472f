// SPDX-License-Identifier: GPL-2.0
/*
 * Writes a copy of a machine: only what the report depends on, chosen by name.
 *
 * Left out are: what DMI says (serial numbers, asset tags), addresses of
 * devices, the host name, the names of disks and networks, and all boot options
 * but those that matter here. Of the configuration space of a PCI device only
 * the header and chosen capabilities are kept; see config_scrub().
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "machine/facts.h"
#include "machine/machine.h"
#include "machine/registers.h"
#include "machine/saved.h"

#define PCI_FOLDER	"sys/bus/pci/devices"
#define TABLE_FOLDER	"sys/firmware/acpi/tables"
#define TEXT_BYTES	(1024 * 1024)
#define TABLE_BYTES	(64 * 1024)

static void save_text(FILE *to, const struct source *from, const char *folder,
		      const char *name)
{
	char text[256];
	int ret;

	ret = source_text(from, text, sizeof(text), "%s/%s", folder, name);
	if (!ret && text[0])
		saved_put_text(to, name, text);
	else if (ret && ret != -ENOENT)
		saved_put_error(to, name, -ret);
}

static void save_link(FILE *to, const struct source *from, const char *folder,
		      const char *name)
{
	char target[SOURCE_NAME_MAX];

	if (!source_link(from, target, "%s/%s", folder, name))
		saved_put_link(to, name, target);
}

static void save_config(FILE *to, const struct source *from,
			const char *folder)
{
	uint8_t bytes[CONFIG_BYTES];
	long length = source_read(from, bytes, sizeof(bytes), "%s/config",
				  folder);

	if (length <= 0)
		return;
	config_scrub(bytes, length);
	saved_put_bytes(to, "config", bytes, length);
}

static void save_device(FILE *to, const struct source *from, const char *name)
{
	static const char *const files[] = {
		"class", "vendor", "device", "removable",
	};
	static const char *const links[] = {
		"driver", "iommu_group", "physfn", "domain",
	};
	char folder[SOURCE_PATH_MAX];
	size_t i;

	snprintf(folder, sizeof(folder), PCI_FOLDER "/%s", name);
	saved_put_folder(to, folder);
	for (i = 0; i < sizeof(files) / sizeof(*files); i++)
		save_text(to, from, folder, files[i]);
	for (i = 0; i < sizeof(links) / sizeof(*links); i++)
		save_link(to, from, folder, links[i]);
	save_config(to, from, folder);
}

static void save_devices(FILE *to, const struct source *from)
{
	struct source_names list;
	size_t i;

	source_list(from, &list, PCI_FOLDER);
	for (i = 0; i < list.nr; i++)
		save_device(to, from, list.names[i]);
	source_names_free(&list);
}

static void save_table(FILE *to, const struct source *from, const char *name,
		       uint8_t *bytes)
{
	long length = source_read(from, bytes, TABLE_BYTES, TABLE_FOLDER "/%s",
				  name);

	if (length >= 0)
		saved_put_bytes(to, name, bytes, length);
	else if (length != -ENOENT)
		saved_put_error(to, name, -length);
}

static void save_options(FILE *to, const struct source *from, char *text)
{
	char options[FACTS_OPTIONS_MAX];
	long length = source_read(from, text, TEXT_BYTES - 1, "proc/cmdline");

	if (length < 0)
		return;
	text[length] = '\0';
	facts_options(options, text);
	saved_put_text(to, "cmdline", options);
}

static bool is_kept(const char *line)
{
	static const char *const names[] = {
		"vendor_id", "cpu family", "model", "model name", "stepping",
		"flags",
	};
	size_t i, length = strcspn(line, "\t:");

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strlen(names[i]) == length &&
		    !memcmp(names[i], line, length))
			return true;
	return false;
}

/* The first processor, and the APIC ids of the others */
static void save_processors(FILE *to, const struct source *from, char *text)
{
	long length = source_read(from, text, TEXT_BYTES - 1, "proc/cpuinfo");
	char *line, *rest, *out, *kept;
	unsigned int cpus = 0;

	if (length <= 0)
		return;
	text[length] = '\0';
	kept = malloc(length + 2);
	if (!kept)
		return;
	out = kept;
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		bool first = !strncmp(line, "processor", 9);

		cpus += first;
		if (first || !strncmp(line, "apicid", 6) ||
		    (cpus <= 1 && is_kept(line)))
			out += sprintf(out, "%s\n", line);
	}
	*out = '\0';
	if (kept[0])
		saved_put_lines(to, "cpuinfo", kept);
	free(kept);
}

/* Only whether the chips of remapped interrupts occur */
static void save_interrupts(FILE *to, const struct source *from, char *text)
{
	long length = source_read(from, text, TEXT_BYTES - 1,
				  "proc/interrupts");

	if (length <= 0)
		return;
	text[length] = '\0';
	saved_put_text(to, "interrupts",
		       strstr(text, " IR-") ? "chips: IR-PCI-MSI" :
					      "chips: PCI-MSI");
}

/* The number, without a name that whoever built the kernel may have added */
static void save_kernel(FILE *to, const struct source *from)
{
	char text[64];

	if (source_text(from, text, sizeof(text), "proc/sys/kernel/osrelease"))
		return;
	text[strspn(text, "0123456789.")] = '\0';
	saved_put_folder(to, "proc/sys/kernel");
	saved_put_text(to, "osrelease", text);
}

static void save_registers(FILE *to, const struct source *from)
{
	static const uint32_t numbers[] = {
		MSR_APIC_BASE, MSR_ARCH_CAPABILITIES, MSR_XAPIC_DISABLE_STATUS,
	};
	char name[32], value[32];
	uint64_t content = 0;
	size_t i;
	int ret;

	saved_put_folder(to, "dev/cpu/0");
	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		snprintf(name, sizeof(name), "msr-%#x", numbers[i]);
		ret = source_msr(from, numbers[i], &content);
		if (!ret && numbers[i] == MSR_APIC_BASE)
			content &= APIC_BASE_X2APIC;
		snprintf(value, sizeof(value), "%#llx",
			 (unsigned long long)content);
		if (!ret)
			saved_put_text(to, name, value);
		else if (ret != -ENOENT)
			saved_put_error(to, name, -ret);
	}
}

/* Folders whose names matter, and what is in them does not */
static void save_names(FILE *to, const struct source *from, const char *folder)
{
	struct source_names list;
	char path[SOURCE_PATH_MAX];
	size_t i;

	source_list(from, &list, "%s", folder);
	for (i = 0; i < list.nr; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, list.names[i]);
		saved_put_folder(to, path);
	}
	source_names_free(&list);
}

static void save_thunderbolt(FILE *to, const struct source *from)
{
	static const char folder[] = "sys/bus/thunderbolt/devices";
	struct source_names list;
	char path[SOURCE_PATH_MAX];
	size_t i;

	source_list(from, &list, folder);
	for (i = 0; i < list.nr; i++) {
		if (strncmp(list.names[i], "domain", 6))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, list.names[i]);
		saved_put_folder(to, path);
		save_text(to, from, path, "iommu_dma_protection");
	}
	source_names_free(&list);
}

static void save_modules(FILE *to, const struct source *from)
{
	static const char *const modules[] = {
		"sys/module/vtd", "sys/module/amdvi",
	};
	static const char kvm[] = "sys/module/kvm_amd/parameters";
	size_t i;

	for (i = 0; i < sizeof(modules) / sizeof(*modules); i++)
		if (source_has(from, "%s", modules[i]))
			saved_put_folder(to, modules[i]);
	if (source_has(from, "%s/sev_snp", kvm)) {
		saved_put_folder(to, kvm);
		save_text(to, from, kvm, "sev_snp");
	}
}

int machine_save(FILE *to, const struct source *from)
{
	char *text = malloc(TEXT_BYTES);

	if (!text)
		return fail(ENOMEM, "a copy of the machine");
	fputs("# A machine, saved by \"ioasctl machine --save\". To read it:\n"
	      "#	ioasctl machine --root FILE\n", to);
	saved_put_folder(to, "proc");
	save_options(to, from, text);
	save_processors(to, from, text);
	save_interrupts(to, from, text);
	save_kernel(to, from);
	saved_put_folder(to, "sys/devices/system/cpu");
	save_text(to, from, "sys/devices/system/cpu", "present");
	saved_put_folder(to, "sys/kernel/security");
	save_text(to, from, "sys/kernel/security", "lockdown");
	save_registers(to, from);
	save_names(to, from, "sys/class/iommu");
	save_modules(to, from);
	save_thunderbolt(to, from);
	saved_put_folder(to, TABLE_FOLDER);
	save_table(to, from, "DMAR", (uint8_t *)text);
	save_table(to, from, "IVRS", (uint8_t *)text);
	save_devices(to, from);
	free(text);
	return 0;
}
