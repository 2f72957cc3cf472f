// SPDX-License-Identifier: GPL-2.0
/*
 * Promises about changing mappings: sizes, attributes, dirty bits.
 */
#include "bench.h"
#include "cases.h"

/* R2: the rest of a superpage remains, in the largest possible entries */
void unmapping_a_part_splits_just_enough(struct kunit *test)
{
	struct bench *b = bench_make(test);
	bool contiguous = bench_sizes_of(b) & (8 * K);

	KUNIT_ASSERT_EQ(test, bench_map(b, G, G, G), 0);
	KUNIT_EXPECT_EQ(test, bench_hw_phys(b, G + 5), G + 5);
	KUNIT_EXPECT_EQ(test, bench_unmap(b, G + 2 * M, PAGE), PAGE);
	/* Hardware may have the whole superpage cached */
	KUNIT_EXPECT_EQ(test, b->gather.start, G);
	KUNIT_EXPECT_EQ(test, b->gather.last, 2 * G - 1);
	bench_sync(b);
	KUNIT_EXPECT_EQ(test, bench_hw_phys(b, G + 2 * M), 0);
	bench_expect_led(test, b, G, G, 2 * M);
	bench_expect_led(test, b, G + 2 * M + PAGE, G + 2 * M + PAGE,
			 G - 2 * M - PAGE);
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), 4);
	/*
	 * Either 511 leaves of each of two sizes. Or, with contiguous entries,
	 * one leaf of each size: 4 KiB, 8 KiB, ... up to 512 MiB.
	 */
	KUNIT_EXPECT_EQ(test, bench_count(b, G, G), contiguous ? 18 : 1022);
	KUNIT_EXPECT_EQ(test, b->bytes, G - PAGE);
	KUNIT_EXPECT_EQ(test, bench_unmap(b, G, G), G - PAGE);
}

void a_reservation_is_used_up_by_one_unmap(struct kunit *test)
{
	struct bench *b = bench_make(test);
	unsigned long tables;

	KUNIT_ASSERT_EQ(test, bench_map(b, G, G, G), 0);
	tables = iommu_pt_nr_tables(&b->pt);
	KUNIT_EXPECT_EQ(test, iommu_pt_reserve(&b->pt, G, G, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), tables + 4);
	KUNIT_EXPECT_EQ(test, bench_unmap(b, G + PAGE, PAGE), PAGE);
	bench_sync(b);
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), tables + 2);
	KUNIT_EXPECT_EQ(test, iommu_pt_reserve(&b->pt, G, PAGE, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, iommu_pt_reserve(&b->pt, G, 0, GFP_KERNEL),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, bench_unmap(b, G, PAGE), PAGE);
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), tables + 2);
}

/* Also one of the smallest leaves, for which no table is reserved */
void a_reservation_outlives_a_promotion(struct kunit *test)
{
	struct bench *b = bench_make(test);
	unsigned long tables;

	iommu_pt_set_page_sizes(&b->pt, PAGE);
	KUNIT_ASSERT_EQ(test, bench_map(b, G, G, 4 * M), 0);
	KUNIT_EXPECT_EQ(test, iommu_pt_reserve(&b->pt, G + M - PAGE, PAGE,
					       GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, iommu_pt_reserve(&b->pt, G + M, PAGE, GFP_KERNEL),
			0);
	iommu_pt_set_page_sizes(&b->pt, 0);
	KUNIT_EXPECT_EQ(test, iommu_pt_promote(&b->pt, G, 4 * M, &b->gather), 0);
	bench_sync(b);
	KUNIT_EXPECT_TRUE(test, bench_leaf_at(b, G + M) < 2 * M);
	KUNIT_EXPECT_EQ(test, bench_leaf_at(b, G + 2 * M), 2 * M);
	tables = iommu_pt_nr_tables(&b->pt);
	KUNIT_EXPECT_EQ(test, bench_unmap(b, G + M, 3 * M), 3 * M);
	bench_sync(b);
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), tables);
	bench_expect_led(test, b, G, G, M);
	KUNIT_EXPECT_EQ(test, bench_unmap(b, G, M), M);
}

/* R3 and R4: a unit without superpages is attached and detached */
void demotion_and_promotion_undo_each_other(struct kunit *test)
{
	struct bench *b = bench_make(test);
	unsigned long before;

	KUNIT_ASSERT_EQ(test, bench_map(b, G - 6 * M, G - 6 * M, G + 7 * M), 0);
	before = bench_count(b, 0, 4 * G);
	KUNIT_EXPECT_EQ(test, iommu_pt_demote(&b->pt, 0, 4 * G, PAGE,
					      GFP_KERNEL, &b->gather), 0);
	bench_expect_led(test, b, G - 6 * M, G - 6 * M, G + 7 * M);
	bench_sync(b);
	KUNIT_EXPECT_EQ(test, bench_count(b, 0, 4 * G), (G + 7 * M) / PAGE);
	KUNIT_EXPECT_EQ(test, b->largest, PAGE);
	KUNIT_EXPECT_EQ(test, iommu_pt_promote(&b->pt, 0, 4 * G, &b->gather),
			0);
	bench_expect_led(test, b, G - 6 * M, G - 6 * M, G + 7 * M);
	bench_sync(b);
	KUNIT_EXPECT_EQ(test, bench_count(b, 0, 4 * G), before);
	KUNIT_EXPECT_EQ(test, b->largest, G);
	bench_expect_led(test, b, G - 6 * M, G - 6 * M, G + 7 * M);
	KUNIT_EXPECT_EQ(test, bench_unmap(b, G - 6 * M, G + 7 * M), G + 7 * M);
	bench_sync(b);
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), 1);
}

void promotion_stops_at_the_ends_of_calls(struct kunit *test)
{
	struct bench *b = bench_make_with(test, 4, 0, PAGE);

	KUNIT_ASSERT_EQ(test, bench_map(b, G, G, M), 0);
	KUNIT_ASSERT_EQ(test, bench_map(b, G + M, G + M, M), 0);
	KUNIT_ASSERT_EQ(test, bench_map(b, G + 2 * M, G + 2 * M, 2 * M), 0);
	iommu_pt_set_page_sizes(&b->pt, 0);
	KUNIT_EXPECT_EQ(test, iommu_pt_promote(&b->pt, 0, 4 * G, &b->gather),
			0);
	bench_sync(b);
	KUNIT_EXPECT_EQ(test, bench_leaf_at(b, G), bench_sizes_of(b) & M ? M : PAGE);
	KUNIT_EXPECT_EQ(test, bench_leaf_at(b, G + 2 * M), 2 * M);
	bench_expect_led(test, b, G, G, 4 * M);
}

void promotion_keeps_attributes_apart(struct kunit *test)
{
	const struct iommu_run run = { G, 2 * M };
	struct bench *b = bench_make_with(test, 4, 0, PAGE);
	struct hw_translation to;

	KUNIT_ASSERT_EQ(test, iommu_pt_map(&b->pt, G, &run, 1, RW, GFP_KERNEL,
					   &b->gather), 0);
	KUNIT_ASSERT_EQ(test, iommu_pt_set_attrs(&b->pt, G + M, PAGE, 0,
						 IOMMU_PT_ATTR_WRITE,
						 GFP_KERNEL, &b->gather), 0);
	iommu_pt_set_page_sizes(&b->pt, 0);
	KUNIT_EXPECT_EQ(test, iommu_pt_promote(&b->pt, 0, 4 * G, &b->gather),
			0);
	bench_sync(b);
	KUNIT_EXPECT_EQ(test, bench_leaf_at(b, G + M), PAGE);
	KUNIT_ASSERT_TRUE(test, hw_translate(&b->hw, G + M, true, true, &to));
	KUNIT_EXPECT_FALSE(test, to.write);
	KUNIT_ASSERT_TRUE(test, hw_translate(&b->hw, G, true, true, &to));
	KUNIT_EXPECT_TRUE(test, to.write);
}

/* R8: existing mappings change too, in place */
void attributes_change_in_place(struct kunit *test)
{
	struct bench *b = bench_make(test);
	unsigned int can = b->pt.format->attrs;
	unsigned int attr = can & IOMMU_PT_ATTR_SNOOP ?: IOMMU_PT_ATTR_WRITE;
	unsigned long leaves, tables;

	KUNIT_ASSERT_EQ(test, bench_map(b, G - 2 * M, G - 2 * M, G + 4 * M + PAGE),
			0);
	leaves = bench_count(b, 0, 4 * G);
	tables = iommu_pt_nr_tables(&b->pt);
	KUNIT_EXPECT_EQ(test, iommu_pt_set_attrs(&b->pt, 0, 4 * G, 0, attr,
						 GFP_KERNEL, &b->gather), 0);
	bench_sync(b);
	bench_count(b, 0, 4 * G);
	KUNIT_EXPECT_EQ(test, b->attrs_or & attr, 0);
	KUNIT_EXPECT_EQ(test, iommu_pt_set_attrs(&b->pt, 0, 4 * G, attr, 0,
						 GFP_KERNEL, &b->gather), 0);
	KUNIT_EXPECT_TRUE(test, b->gather.start <= G - 2 * M);
	KUNIT_EXPECT_TRUE(test, b->gather.last >= 2 * G + 2 * M + PAGE - 1);
	KUNIT_EXPECT_FALSE(test, b->gather.tables);
	bench_sync(b);
	KUNIT_EXPECT_EQ(test, bench_count(b, 0, 4 * G), leaves);
	KUNIT_EXPECT_EQ(test, b->attrs_and & attr, attr);
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), tables);
	KUNIT_EXPECT_EQ(test, iommu_pt_set_attrs(&b->pt, 0, G, ~can, 0,
						 GFP_KERNEL, &b->gather),
			-EOPNOTSUPP);
}

void snooping_is_forced_on_what_comes(struct kunit *test)
{
	struct bench *b = bench_make(test);

	KUNIT_ASSERT_EQ(test, !!(b->pt.format->attrs & IOMMU_PT_ATTR_SNOOP),
			b->hw.format->snoops);
	if (!b->hw.format->snoops)
		kunit_skip(test, "the format has no such bit");
	iommu_pt_set_flags(&b->pt, IOMMU_PT_SNOOP, 0);
	KUNIT_ASSERT_EQ(test, bench_map(b, G, G, 2 * M + PAGE), 0);
	bench_count(b, 0, 4 * G);
	KUNIT_EXPECT_EQ(test, b->attrs_and & IOMMU_PT_ATTR_SNOOP,
			IOMMU_PT_ATTR_SNOOP);
}

void prot_becomes_attributes(struct kunit *test)
{
	const struct iommu_run run = { G, PAGE };
	struct bench *b = bench_make(test);
	struct hw_translation to;
	int prot;

	for (prot = IOMMU_READ; prot <= RW; prot++) {
		bool read = prot & IOMMU_READ ||
			    b->hw.format->always & IOMMU_PT_ATTR_READ;
		bool write = prot & IOMMU_WRITE;

		KUNIT_ASSERT_EQ(test, iommu_pt_map(&b->pt, G, &run, 1, prot,
						   GFP_KERNEL, &b->gather), 0);
		KUNIT_ASSERT_TRUE(test, hw_translate(&b->hw, G, false, false,
						     &to));
		KUNIT_EXPECT_EQ(test, to.read, read);
		KUNIT_EXPECT_EQ(test, to.write, write);
		KUNIT_EXPECT_EQ(test, bench_unmap(b, G, PAGE), PAGE);
		bench_sync(b);
	}
}

static bool add_dirty(void *arg, unsigned long iova, size_t length)
{
	*(size_t *)arg += length;
	return true;
}

void writes_are_found_and_found_again(struct kunit *test)
{
	struct bench *b = bench_make_with(test, 4, IOMMU_PT_DIRTY, 0);
	struct hw_translation to;
	size_t dirty = 0;

	KUNIT_ASSERT_EQ(test, bench_map(b, G, G, 4 * M + PAGE), 0);
	hw_translate(&b->hw, G, false, true, &to);
	iommu_pt_read_dirty(&b->pt, 0, 4 * G, add_dirty, &dirty);
	KUNIT_EXPECT_EQ(test, dirty, 0);
	hw_translate(&b->hw, G + 4 * M, true, true, &to);
	iommu_pt_read_dirty(&b->pt, 0, 4 * G, add_dirty, &dirty);
	KUNIT_EXPECT_EQ(test, dirty, PAGE);
	dirty = 0;
	iommu_pt_read_and_clear_dirty(&b->pt, 0, 4 * G, add_dirty, &dirty,
				      &b->gather);
	KUNIT_EXPECT_EQ(test, dirty, PAGE);
	bench_sync(b);
	dirty = 0;
	iommu_pt_read_dirty(&b->pt, 0, 4 * G, add_dirty, &dirty);
	KUNIT_EXPECT_EQ(test, dirty, 0);
	hw_translate(&b->hw, G + 4 * M, true, true, &to);
	iommu_pt_read_dirty(&b->pt, 0, 4 * G, add_dirty, &dirty);
	KUNIT_EXPECT_EQ(test, dirty, PAGE);
}

void dirty_bits_survive_splitting(struct kunit *test)
{
	struct bench *b = bench_make_with(test, 4, IOMMU_PT_DIRTY, 0);
	struct hw_translation to;
	size_t dirty = 0;

	KUNIT_ASSERT_EQ(test, bench_map(b, G, G, 4 * M), 0);
	hw_translate(&b->hw, G + 3 * M, true, true, &to);
	KUNIT_EXPECT_EQ(test, iommu_pt_demote(&b->pt, G, 4 * M, PAGE,
					      GFP_KERNEL, &b->gather), 0);
	bench_sync(b);
	iommu_pt_read_dirty(&b->pt, G + 2 * M, 2 * M, add_dirty, &dirty);
	KUNIT_EXPECT_EQ(test, dirty, 2 * M);
}
