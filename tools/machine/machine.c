// SPDX-License-Identifier: GPL-2.0
/*
 * "ioasctl machine": reads a machine, and writes the report or a copy.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"
#include "machine/machine.h"

const char machine_help[] =
	"Options of machine:\n"
	"  --root PATH          report on another machine: PATH is a file that --save\n"
	"                       wrote there, or a folder with copies of its files\n"
	"  --save FILE          write a copy of what the report depends on, as text, to\n"
	"                       attach to a bug report; \"-\" is the standard output. It\n"
	"                       has no serial numbers, network addresses or names of\n"
	"                       the machine\n"
	"\n"
	"Without root, \"machine\" cannot read the firmware's table and the capabilities\n"
	"of the devices, and says so.\n";

/*
 * The kernel enables ACS for AMD-Vi even with its own driver disabled. For VT-d
 * it does not, so what it has enabled now would be off.
 */
static enum groups_acs acs_with_sluice(const struct machine *machine)
{
	if (machine->tables.kind == TABLES_DMAR &&
	    machine->facts.driver == DRIVER_KERNEL)
		return GROUPS_ACS_ONLY_PORTS;
	return GROUPS_ACS_PORTS;
}

static int form_groups(struct machine *machine)
{
	bool amd = machine->tables.kind == TABLES_IVRS;
	const struct pci *pci = &machine->pci;
	int ret;

	ret = groups_predict(&machine->expected, pci, GROUPS_ACS_ALL, amd);
	if (!ret)
		ret = groups_predict(&machine->with_sluice, pci,
				     acs_with_sluice(machine), amd);
	if (!ret)
		ret = groups_predict(&machine->current, pci, GROUPS_ACS_NOW,
				     amd);
	return ret ?: groups_now(&machine->now, pci);
}

int machine_read(struct machine *machine, const struct source *from)
{
	int i, ret;

	*machine = (struct machine){ };
	facts_read(&machine->facts, from);
	ret = pci_read(&machine->pci, from);
	if (!ret)
		ret = tables_read(&machine->tables, &machine->pci, from);
	if (!ret)
		ret = form_groups(machine);
	for (i = 0; i < machine->pci.nr; i++)
		machine->has_groups |= machine->pci.devices[i].group >= 0;
	return ret;
}

void machine_free(struct machine *machine)
{
	groups_free(&machine->expected);
	groups_free(&machine->with_sluice);
	groups_free(&machine->current);
	groups_free(&machine->now);
	tables_free(&machine->tables);
	pci_free(&machine->pci);
}

static bool is_amd(const struct machine *machine)
{
	if (machine->tables.kind != TABLES_NONE)
		return machine->tables.kind == TABLES_IVRS;
	return machine->facts.cpu == CPU_AMD;
}

const char *machine_module(const struct machine *machine)
{
	return is_amd(machine) ? "amdvi" : "vtd";
}

const char *machine_hardware(const struct machine *machine)
{
	return is_amd(machine) ? "AMD-Vi" : "VT-d";
}

bool machine_predicts(const struct machine *machine)
{
	return machine->tables.firmware.nr_units && machine->pci.complete;
}

const struct groups *machine_groups(const struct machine *machine)
{
	if (machine->has_groups)
		return &machine->now;
	if (machine_predicts(machine) && machine->tables.kind != TABLES_NONE)
		return &machine->expected;
	return NULL;
}

static void report_head(FILE *to, const struct machine *machine)
{
	const struct facts *facts = &machine->facts;

	fprintf(to, "%s", facts->cpu_name[0] ? facts->cpu_name : "Machine");
	if (facts->cpus)
		fprintf(to, ", %u CPU%s", facts->cpus,
			facts->cpus == 1 ? "" : "s");
	if (facts->kernel[0])
		fprintf(to, ", Linux %s", facts->kernel);
	fputc('\n', to);
	if (facts->options[0])
		fprintf(to, "booted with: %s\n", facts->options);
}

void machine_report(FILE *to, const struct machine *machine)
{
	report_head(to, machine);
	machine_draw(to, machine);
	machine_draw_memory(to, machine);
	machine_explain_groups(to, machine);
	machine_judge(to, machine);
}

static int stop(void)
{
	fprintf(stderr, "ioasctl: %s\n", fail_text());
	return 1;
}

static int save(const struct source *from, const char *name)
{
	FILE *to = strcmp(name, "-") ? fopen(name, "w") : stdout;
	int ret;

	if (!to) {
		fail(errno, "%s", name);
		return stop();
	}
	ret = machine_save(to, from);
	if (!ret && (fflush(to) || ferror(to)))
		ret = fail(errno, "%s", name);
	if (to != stdout)
		fclose(to);
	if (ret)
		return stop();
	if (to != stdout)
		printf("%s: read it before you send it; it is text\n", name);
	if (source_is_live(from) && geteuid())
		fputs("ioasctl: without root, much is missing in it\n", stderr);
	return 0;
}

static int report(const struct source *from)
{
	struct machine machine;
	int ret = machine_read(&machine, from);

	if (!ret)
		machine_report(stdout, &machine);
	machine_free(&machine);
	return ret ? stop() : 0;
}

int machine_main(int argc, char **argv)
{
	const char *root = "/", *copy = NULL;
	struct source *from;
	int i, ret;

	for (i = 0; i < argc; i += 2) {
		if (i + 1 == argc)
			return 2;
		if (!strcmp(argv[i], "--root"))
			root = argv[i + 1];
		else if (!strcmp(argv[i], "--save"))
			copy = argv[i + 1];
		else
			return 2;
	}
	from = source_open(root);
	if (!from)
		return stop();
	ret = copy ? save(from, copy) : report(from);
	source_close(from);
	return ret;
}
