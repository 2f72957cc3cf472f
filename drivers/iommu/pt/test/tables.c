// SPDX-License-Identifier: GPL-2.0
/*
 * Promises about tables: when they are allocated and freed.
 */
#include "bench.h"
#include "cases.h"

/* 64 pages in 8 tables: each table is freed with its last entry */
void tables_go_with_their_last_entry(struct kunit *test)
{
	struct bench *b = bench_make(test);
	unsigned int i;

	for (i = 0; i < 64; i++)
		KUNIT_ASSERT_EQ(test, bench_map(b, G + i * 64 * PAGE, 2 * G, PAGE),
				0);
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), 3 + 8);
	for (i = 0; i < 64; i++) {
		KUNIT_EXPECT_EQ(test, bench_unmap(b, G + i * 64 * PAGE, PAGE), PAGE);
		KUNIT_EXPECT_EQ(test, b->gather.tables, i % 8 == 7);
		bench_sync(b);
	}
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), 1);
}

/*
 * The hardware still has the path to an empty table cached when something new
 * is mapped there: it must find that without an invalidation.
 */
void a_table_in_need_comes_back_to_life(struct kunit *test)
{
	struct bench *b = bench_make(test);

	KUNIT_ASSERT_EQ(test, bench_map(b, G, 2 * G, PAGE), 0);
	KUNIT_EXPECT_EQ(test, bench_hw_phys(b, G), 2 * G);
	KUNIT_EXPECT_EQ(test, bench_unmap(b, G, PAGE), PAGE);
	KUNIT_EXPECT_EQ(test, bench_map(b, G + PAGE, 3 * G, PAGE), 0);
	KUNIT_EXPECT_EQ(test, bench_hw_phys(b, G + PAGE), 3 * G);
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), 4);
	bench_sync(b);
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), 4);
	KUNIT_EXPECT_EQ(test, bench_hw_phys(b, G), 0);
	KUNIT_EXPECT_EQ(test, bench_hw_phys(b, G + PAGE), 3 * G);
}

/*
 * The same if the table above became empty later, and was invalidated earlier:
 * the path that hardware has cached leads directly to the lower table.
 */
void a_table_waits_for_those_below(struct kunit *test)
{
	struct bench *b = bench_make(test);
	struct iommu_pt_gather first;

	iommu_pt_gather_init(&first);
	KUNIT_ASSERT_EQ(test, bench_map(b, G, 2 * G, PAGE), 0);
	KUNIT_ASSERT_EQ(test, bench_map(b, G + 2 * M, 4 * G, PAGE), 0);
	KUNIT_EXPECT_EQ(test, bench_hw_phys(b, G), 2 * G);
	KUNIT_EXPECT_EQ(test, iommu_pt_unmap(&b->pt, G, PAGE, &first), PAGE);
	KUNIT_EXPECT_EQ(test, bench_unmap(b, G + 2 * M, PAGE), PAGE);
	bench_sync(b);
	KUNIT_EXPECT_EQ(test, bench_map(b, G + PAGE, 3 * G, PAGE), 0);
	KUNIT_EXPECT_EQ(test, bench_hw_phys(b, G + PAGE), 3 * G);
	KUNIT_EXPECT_EQ(test, bench_unmap(b, G + PAGE, PAGE), PAGE);
	bench_sync(b);
	hw_invalidate(&b->hw, &first);
	iommu_pt_gather_free(&b->pt, &first);
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), 1);
}

void deferred_tables_wait_for_the_next_invalidation(struct kunit *test)
{
	struct bench *b = bench_make(test);
	LIST_HEAD(elsewhere);

	KUNIT_ASSERT_EQ(test, bench_map(b, G, 2 * G, PAGE), 0);
	KUNIT_EXPECT_EQ(test, bench_unmap(b, G, PAGE), PAGE);
	iommu_pt_gather_defer(&b->pt, &b->gather);
	KUNIT_EXPECT_TRUE(test, iommu_pt_gather_empty(&b->gather));
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), 4);
	iommu_pt_gather_deferred(&b->pt, &b->gather);
	KUNIT_EXPECT_TRUE(test, b->gather.tables);
	iommu_pt_gather_move(&b->pt, &elsewhere, &b->gather.freelist);
	iommu_pt_gather_move(&b->pt, &b->gather.freelist, &elsewhere);
	bench_sync(b);
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), 1);
}

void the_top_grows_when_an_address_needs_it(struct kunit *test)
{
	bool grows = bench_format(test)->grows;
	struct bench *b = bench_make_with(test, grows ? 1 : 4, 0, 0);
	struct iommu_pt_root before, after;
	unsigned int levels;

	KUNIT_ASSERT_EQ(test, grows, b->hw.format->grows);
	if (!grows)
		kunit_skip(test, "the format does not grow");
	KUNIT_ASSERT_EQ(test, bench_map(b, PAGE, G, PAGE), 0);
	for (levels = 2; levels <= 6; levels++) {
		unsigned long iova = 1ul << (3 + 9 * levels);

		iommu_pt_root(&b->pt, &before);
		KUNIT_EXPECT_EQ(test, before.levels, levels - 1);
		KUNIT_EXPECT_EQ(test, iommu_pt_iova_to_phys(&b->pt, iova), 0);
		KUNIT_EXPECT_EQ(test, bench_unmap(b, iova, PAGE), 0);
		KUNIT_ASSERT_EQ(test, bench_map(b, iova, levels * G, PAGE), 0);
		iommu_pt_root(&b->pt, &after);
		KUNIT_EXPECT_EQ(test, after.levels, levels);
		KUNIT_EXPECT_EQ(test, b->grown.phys, after.phys);
		KUNIT_EXPECT_EQ(test, b->grown.levels, levels);
		KUNIT_EXPECT_EQ(test, bench_hw_phys(b, iova), levels * G);
		KUNIT_EXPECT_EQ(test, bench_hw_phys(b, PAGE), G);
	}
	KUNIT_EXPECT_EQ(test, bench_unmap(b, 0, 1ul << 63), 6 * PAGE);
	bench_sync(b);
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), 1);
}
