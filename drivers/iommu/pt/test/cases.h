/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The cases of the suite, in the order in which they run.
 */
#ifndef PT_TEST_CASES_H
#define PT_TEST_CASES_H

struct kunit;

/* mapping.c */
void every_size_is_one_leaf_and_the_least_tables(struct kunit *test);
void neighbouring_sizes_share_a_run(struct kunit *test);
void unaligned_memory_takes_small_leaves(struct kunit *test);
void only_allowed_sizes_are_used(struct kunit *test);
void runs_follow_one_another(struct kunit *test);
void unmap_yields_whole_runs_and_passes_over_holes(struct kunit *test);
void unions_of_mappings_unmap_at_once(struct kunit *test);
void ends_of_the_aperture_can_be_mapped(struct kunit *test);
void errors_leave_no_trace(struct kunit *test);
void bad_shapes_are_refused(struct kunit *test);

/* change.c */
void unmapping_a_part_splits_just_enough(struct kunit *test);
void a_reservation_is_used_up_by_one_unmap(struct kunit *test);
void a_reservation_outlives_a_promotion(struct kunit *test);
void demotion_and_promotion_undo_each_other(struct kunit *test);
void promotion_stops_at_the_ends_of_calls(struct kunit *test);
void promotion_keeps_attributes_apart(struct kunit *test);
void attributes_change_in_place(struct kunit *test);
void snooping_is_forced_on_what_comes(struct kunit *test);
void prot_becomes_attributes(struct kunit *test);
void writes_are_found_and_found_again(struct kunit *test);
void dirty_bits_survive_splitting(struct kunit *test);

/* tables.c */
void tables_go_with_their_last_entry(struct kunit *test);
void a_table_in_need_comes_back_to_life(struct kunit *test);
void a_table_waits_for_those_below(struct kunit *test);
void deferred_tables_wait_for_the_next_invalidation(struct kunit *test);
void the_top_grows_when_an_address_needs_it(struct kunit *test);

#endif
