/* SPDX-License-Identifier: GPL-2.0 */
/*
 * "ioasctl machine": says what a machine has for DMA from user space, and how
 * to use this project on it. Needs no module.
 */
#ifndef MACHINE_MACHINE_H
#define MACHINE_MACHINE_H

#include <stdio.h>

#include "machine/facts.h"
#include "machine/groups.h"
#include "machine/pci.h"
#include "machine/tables.h"

/**
 * struct machine - everything that was read
 * @expected: groups as the kernel forms them with its own IOMMU driver
 * @with_sluice: groups as it forms them with vtd.ko or amdvi.ko
 * @current: groups as they follow from the ACS controls as they are
 * @now: groups that there are
 * @has_groups: there are any
 */
struct machine {
	struct facts facts;
	struct pci pci;
	struct tables tables;
	struct groups expected;
	struct groups with_sluice;
	struct groups current;
	struct groups now;
	bool has_groups;
};

/* Returns 0, or -ENOMEM with the sentence in fail_text() */
int machine_read(struct machine *machine, const struct source *from);
void machine_free(struct machine *machine);

/* "vtd" or "amdvi"; and the name of the hardware */
const char *machine_module(const struct machine *machine);
const char *machine_hardware(const struct machine *machine);

/* Can groups be predicted? Not without the capabilities of the devices */
bool machine_predicts(const struct machine *machine);

/* The groups to show: those that there are, or those that are expected */
const struct groups *machine_groups(const struct machine *machine);

/* Parts of the report */
void machine_draw(FILE *to, const struct machine *machine);
void machine_draw_memory(FILE *to, const struct machine *machine);
void machine_explain_groups(FILE *to, const struct machine *machine);
void machine_judge(FILE *to, const struct machine *machine);

/* The whole report */
void machine_report(FILE *to, const struct machine *machine);

/**
 * machine_save() - write what the report depends on
 * @to: the file
 * @from: the machine
 *
 * Serial numbers, addresses, and names of the machine are left out.
 *
 * Return: 0, or a negative errno with the sentence in fail_text().
 */
int machine_save(FILE *to, const struct source *from);

/**
 * machine_main() - carry out "ioasctl machine"
 * @argc: number of arguments after the word "machine"
 * @argv: the arguments
 *
 * Return: an exit status; 2 if the arguments are wrong.
 */
int machine_main(int argc, char **argv);

/* The part of the help text about options */
extern const char machine_help[];

#endif
