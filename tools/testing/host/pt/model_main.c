// SPDX-License-Identifier: GPL-2.0
/*
 * The model check of the page tables, in user space:
 *
 *	model FORMAT [STEPS [SEED]]
 *	model --list		the formats
 *
 * Every 1000 steps it starts again with other levels, widths and flags.
 */
#include <stdlib.h>

#include <linux/mm.h>

#include "../../../../drivers/iommu/pt/format.h"
#include "../../../../drivers/iommu/pt/test/formats.h"
#include "../../../../drivers/iommu/pt/test/model.h"

#define STEPS_PER_TABLE	1000

static u64 state;

static u64 next(void *arg)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state >> 11;
}

static void starve(long n)
{
	host_fail_after = n;
}

static const struct iommu_pt_format *find(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pt_test_formats); i++)
		if (!strcmp(name, pt_test_formats[i].format->name))
			return pt_test_formats[i].format;
	fprintf(stderr, "unknown format %s\n", name);
	exit(2);
}

/* Print the names of the formats, if that was requested */
static bool list(const char *option)
{
	unsigned int i;

	if (strcmp(option, "--list"))
		return false;
	for (i = 0; i < ARRAY_SIZE(pt_test_formats); i++)
		printf("%s\n", pt_test_formats[i].format->name);
	return true;
}

int main(int argc, char **argv)
{
	unsigned long steps = argc > 2 ? strtoul(argv[2], NULL, 0) : 1000000;
	unsigned long seed = argc > 3 ? strtoul(argv[3], NULL, 0) : 1, step;
	const struct pt_model_env env = { .next = next, .fail_after = starve };
	struct pt_model *model = NULL;
	const struct iommu_pt_format *format;
	const char *error = NULL;

	if (argc > 1 && list(argv[1]))
		return 0;
	format = find(argc > 1 ? argv[1] : "");
	for (step = 0; step < steps && !error; step++) {
		if (!model) {
			state = (seed + step / STEPS_PER_TABLE) *
				0x9e3779b97f4a7c15ull;
			model = pt_model_new(&env, format);
			if (!model)
				error = "no table";
		}
		if (!error)
			error = pt_model_step(model);
		if (error || step % STEPS_PER_TABLE == STEPS_PER_TABLE - 1 ||
		    step == steps - 1) {
			const char *op = pt_model_last_op(model);
			const char *at_end = pt_model_free(model);

			error = error ?: at_end;
			if (error)
				fprintf(stderr, "step %lu: %s: %s\n", step, op,
					error);
			model = NULL;
		}
	}
	if (host_nr_pages) {
		fprintf(stderr, "%ld pages are left\n", host_nr_pages);
		return 1;
	}
	if (!error)
		printf("%s: %lu steps\n", argv[1], steps);
	return error ? 1 : 0;
}
