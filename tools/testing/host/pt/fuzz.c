// SPDX-License-Identifier: GPL-2.0
/*
 * Sequences of operations that libFuzzer creates. The first byte selects the
 * format, and the others are the random numbers of the model (test/model.c).
 */
#include <stdlib.h>

#include <linux/mm.h>

#include "../../../../drivers/iommu/pt/format.h"
#include "../../../../drivers/iommu/pt/test/formats.h"
#include "../../../../drivers/iommu/pt/test/model.h"

#define MAX_STEPS	400

struct bytes {
	const u8 *next;
	const u8 *end;
};

/* Two bytes are enough for nearly every decision */
static u64 next(void *arg)
{
	struct bytes *bytes = arg;
	u64 value = 0;
	int i;

	for (i = 0; i < 2 && bytes->next < bytes->end; i++)
		value = value << 8 | *bytes->next++;
	return value;
}

static void starve(long n)
{
	host_fail_after = n;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct bytes bytes = { data + 1, data + size };
	const struct pt_model_env env = {
		.next = next,
		.fail_after = starve,
		.arg = &bytes,
	};
	const char *error = NULL, *at_end;
	const struct pt_test_format *of;
	struct pt_model *model;
	int steps;

	if (size < 2)
		return 0;
	of = &pt_test_formats[data[0] % ARRAY_SIZE(pt_test_formats)];
	model = pt_model_new(&env, of->format);
	if (!model)
		abort();
	for (steps = 0; !error && steps < MAX_STEPS; steps++) {
		if (bytes.next >= bytes.end)
			break;
		error = pt_model_step(model);
	}
	at_end = pt_model_free(model);
	error = error ?: at_end;
	if (error || host_nr_pages) {
		fprintf(stderr, "step %d: %s, %ld pages left\n", steps,
			error ?: "no error", host_nr_pages);
		abort();
	}
	return 0;
}
