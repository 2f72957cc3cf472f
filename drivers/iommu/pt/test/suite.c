// SPDX-License-Identifier: GPL-2.0
/*
 * The promises of the page tables: one case for each, run over every format.
 * The same source is a KUnit module and a program in user space
 * (tools/testing/host).
 */
#include <kunit/test.h>
#include <linux/iommu_pt.h>
#include <linux/module.h>

#include "../format.h"
#include "bench.h"
#include "cases.h"
#include "formats.h"
#include "model.h"

#define MODEL_STEPS	20000
#define MODEL_TABLES	20

static void describe(const struct pt_test_format *of, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s", of->format->name);
}
KUNIT_ARRAY_PARAM(format, pt_test_formats, describe);

static u64 next_random(void *arg)
{
	u64 *state = arg;

	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state >> 11;
}

static void random_operations_match_a_flat_model(struct kunit *test)
{
	u64 state = 0x9e3779b97f4a7c15ull;
	const struct pt_model_env env = {
		.next = next_random,
		.arg = &state,
		.slow_rcu = true,
	};
	const char *error = NULL, *at_end;
	unsigned int table, step;

	for (table = 0; table < MODEL_TABLES; table++) {
		struct pt_model *model = pt_model_new(&env, bench_format(test));

		KUNIT_ASSERT_NOT_NULL(test, model);
		for (step = 0; !error && step < MODEL_STEPS / MODEL_TABLES;
		     step++)
			error = pt_model_step(model);
		at_end = pt_model_free(model);
		KUNIT_EXPECT_STREQ(test, error ?: at_end ?: "", "");
		if (error)
			return;
	}
}

#define PT_CASE(name)	KUNIT_CASE_PARAM(name, format_gen_params)

static struct kunit_case cases[] = {
	PT_CASE(every_size_is_one_leaf_and_the_least_tables),
	PT_CASE(neighbouring_sizes_share_a_run),
	PT_CASE(unaligned_memory_takes_small_leaves),
	PT_CASE(only_allowed_sizes_are_used),
	PT_CASE(runs_follow_one_another),
	PT_CASE(unmap_yields_whole_runs_and_passes_over_holes),
	PT_CASE(unions_of_mappings_unmap_at_once),
	PT_CASE(ends_of_the_aperture_can_be_mapped),
	PT_CASE(errors_leave_no_trace),
	PT_CASE(bad_shapes_are_refused),
	PT_CASE(unmapping_a_part_splits_just_enough),
	PT_CASE(a_reservation_is_used_up_by_one_unmap),
	PT_CASE(a_reservation_outlives_a_promotion),
	PT_CASE(demotion_and_promotion_undo_each_other),
	PT_CASE(promotion_stops_at_the_ends_of_calls),
	PT_CASE(promotion_keeps_attributes_apart),
	PT_CASE(attributes_change_in_place),
	PT_CASE(snooping_is_forced_on_what_comes),
	PT_CASE(prot_becomes_attributes),
	PT_CASE(writes_are_found_and_found_again),
	PT_CASE(dirty_bits_survive_splitting),
	PT_CASE(tables_go_with_their_last_entry),
	PT_CASE(a_table_in_need_comes_back_to_life),
	PT_CASE(a_table_waits_for_those_below),
	PT_CASE(deferred_tables_wait_for_the_next_invalidation),
	PT_CASE(the_top_grows_when_an_address_needs_it),
	PT_CASE(random_operations_match_a_flat_model),
	{}
};

static struct kunit_suite suite = {
	.name = "iommu_pt",
	.init = bench_init,
	.exit = bench_exit,
	.test_cases = cases,
};
kunit_test_suite(suite);

MODULE_DESCRIPTION("Tests of the page tables of IOMMUs");
MODULE_LICENSE("GPL");
