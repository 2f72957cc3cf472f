// SPDX-License-Identifier: GPL-2.0
/*
 * Promises about mapping and unmapping.
 */
#include "bench.h"
#include "cases.h"

void every_size_is_one_leaf_and_the_least_tables(struct kunit *test)
{
	struct bench *b = bench_make(test);
	unsigned int shift;

	for (shift = 12; shift < 39; shift++) {
		size_t size = BIT(shift);
		unsigned int level = (shift - 12) / 9 + 1;

		if (!(bench_sizes_of(b) & size))
			continue;
		KUNIT_ASSERT_EQ(test, bench_map(b, 2 * size, 4 * size, size), 0);
		KUNIT_EXPECT_EQ(test, bench_count(b, 0, 512 * G), 1);
		KUNIT_EXPECT_EQ(test, b->largest, size);
		KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), 5 - level);
		bench_expect_led(test, b, 2 * size, 4 * size, size);
		KUNIT_EXPECT_EQ(test, bench_hw_phys(b, 2 * size - 1), 0);
		KUNIT_EXPECT_EQ(test, bench_hw_phys(b, 3 * size), 0);
		KUNIT_EXPECT_EQ(test, bench_unmap(b, 2 * size, size), size);
		bench_sync(b);
		KUNIT_EXPECT_EQ(test, bench_hw_phys(b, 2 * size), 0);
		KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), 1);
	}
}

/* Small, large and small leaf from one run, the large one in the middle */
void neighbouring_sizes_share_a_run(struct kunit *test)
{
	struct bench *b = bench_make(test);
	unsigned long sizes = bench_sizes_of(b), small, large;

	for (small = PAGE; sizes & ~(2 * small - 1); small = large) {
		size_t length;

		large = sizes & ~(2 * small - 1);
		large &= -large;
		length = large + 2 * small;
		KUNIT_ASSERT_EQ(test, bench_map(b, 4 * large - small,
						8 * large - small, length), 0);
		KUNIT_EXPECT_EQ(test, bench_count(b, 0, 4096 * G), 3);
		KUNIT_EXPECT_EQ(test, bench_leaf_at(b, 4 * large - small), small);
		KUNIT_EXPECT_EQ(test, bench_leaf_at(b, 4 * large), large);
		KUNIT_EXPECT_EQ(test, bench_leaf_at(b, 5 * large), small);
		bench_expect_led(test, b, 4 * large - small, 8 * large - small,
				 length);
		KUNIT_EXPECT_EQ(test, bench_unmap(b, 4 * large - small, length),
				length);
		bench_sync(b);
		KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), 1);
	}
}

void unaligned_memory_takes_small_leaves(struct kunit *test)
{
	struct bench *b = bench_make(test);

	KUNIT_ASSERT_EQ(test, bench_map(b, G, G + PAGE, 4 * M), 0);
	KUNIT_EXPECT_EQ(test, bench_count(b, 0, 2 * G), 1024);
	KUNIT_EXPECT_EQ(test, b->largest, PAGE);
	bench_expect_led(test, b, G, G + PAGE, 4 * M);
}

void only_allowed_sizes_are_used(struct kunit *test)
{
	struct bench *b = bench_make_with(test, 4, 0, PAGE);

	KUNIT_ASSERT_EQ(test, bench_map(b, G, G, 4 * M), 0);
	KUNIT_EXPECT_EQ(test, bench_count(b, 0, 2 * G), 1024);
	iommu_pt_set_page_sizes(&b->pt, 0);
	KUNIT_ASSERT_EQ(test, bench_map(b, G + 4 * M, G + 4 * M, 2 * M), 0);
	KUNIT_EXPECT_EQ(test, bench_leaf_at(b, G + 4 * M), 2 * M);
	KUNIT_EXPECT_EQ(test, bench_leaf_at(b, G), PAGE);
}

void runs_follow_one_another(struct kunit *test)
{
	const struct iommu_run runs[] = {
		{ 7 * PAGE, PAGE }, { 3 * G, 2 * M }, { 9 * PAGE, 2 * PAGE },
		{ 6 * G, 4 * M }, { 5 * G + PAGE, 3 * PAGE },
	};
	unsigned long iova = G - PAGE, at = iova;
	struct bench *b = bench_make(test);
	size_t length = 0;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, iommu_pt_map(&b->pt, iova, runs, ARRAY_SIZE(runs),
					   RW, GFP_KERNEL, &b->gather), 0);
	for (i = 0; i < ARRAY_SIZE(runs); i++) {
		bench_expect_led(test, b, at, runs[i].addr, runs[i].length);
		at += runs[i].length;
		length += runs[i].length;
	}
	KUNIT_EXPECT_EQ(test, bench_unmap(b, iova, length), length);
}

struct yielded {
	struct iommu_run runs[8];
	unsigned long iovas[8];
	unsigned int nr;
};

static void take_run(void *arg, unsigned long iova, const struct iommu_run *run)
{
	struct yielded *y = arg;

	if (y->nr < ARRAY_SIZE(y->runs)) {
		y->iovas[y->nr] = iova;
		y->runs[y->nr] = *run;
	}
	y->nr++;
}

void unmap_yields_whole_runs_and_passes_over_holes(struct kunit *test)
{
	struct bench *b = bench_make(test);
	struct yielded y = {};

	KUNIT_ASSERT_EQ(test, bench_map(b, G - PAGE, 5 * G - PAGE, 4 * M), 0);
	KUNIT_ASSERT_EQ(test, bench_map(b, G + 16 * M, 64 * M, 3 * PAGE), 0);
	KUNIT_EXPECT_EQ(test,
			iommu_pt_unmap_runs(&b->pt, 0, 2 * G, &b->gather,
					    take_run, &y),
			4 * M + 3 * PAGE);
	KUNIT_ASSERT_EQ(test, y.nr, 2);
	KUNIT_EXPECT_EQ(test, y.iovas[0], G - PAGE);
	KUNIT_EXPECT_EQ(test, y.runs[0].addr, 5 * G - PAGE);
	KUNIT_EXPECT_EQ(test, y.runs[0].length, 4 * M);
	KUNIT_EXPECT_EQ(test, y.iovas[1], G + 16 * M);
	KUNIT_EXPECT_EQ(test, y.runs[1].addr, 64 * M);
	KUNIT_EXPECT_EQ(test, y.runs[1].length, 3 * PAGE);
	KUNIT_EXPECT_EQ(test, bench_unmap(b, 0, 2 * G), 0);
}

/* R1: any mapping, and any union of mappings, whatever entries were used */
void unions_of_mappings_unmap_at_once(struct kunit *test)
{
	struct bench *b = bench_make(test);
	unsigned int i;

	for (i = 0; i < 6; i++)
		KUNIT_ASSERT_EQ(test, bench_map(b, G + i * M, 8 * G + i * M, M), 0);
	KUNIT_EXPECT_EQ(test, iommu_pt_promote(&b->pt, G, 6 * M, &b->gather),
			0);
	KUNIT_EXPECT_EQ(test, bench_unmap(b, G + M, M), M);
	KUNIT_EXPECT_EQ(test, bench_unmap(b, G + 2 * M, 4 * M), 4 * M);
	KUNIT_EXPECT_EQ(test, bench_count(b, 0, 2 * G) * b->largest, M);
	KUNIT_EXPECT_EQ(test, bench_unmap(b, G, M), M);
	bench_sync(b);
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), 1);
}

void ends_of_the_aperture_can_be_mapped(struct kunit *test)
{
	struct bench *b = bench_make(test);
	bool halves = b->pt.format->sign_extended;
	unsigned int bits = b->pt.iova_bits;
	unsigned long end = halves ? BIT(bits - 1) : bits < 64 ? BIT(bits) : 0;

	KUNIT_EXPECT_EQ(test, bench_map(b, 0, G, 2 * M), 0);
	KUNIT_EXPECT_EQ(test, bench_map(b, end - 2 * M, 2 * G, 2 * M), 0);
	bench_expect_led(test, b, 0, G, 2 * M);
	bench_expect_led(test, b, end - 2 * M, 2 * G, 2 * M);
	if (end) {
		KUNIT_EXPECT_EQ(test, bench_map(b, end, G, PAGE), -ERANGE);
		KUNIT_EXPECT_EQ(test, bench_map(b, end - 4 * M, G, 8 * M), -ERANGE);
	}
	if (halves) {
		KUNIT_EXPECT_EQ(test, bench_map(b, -end, 3 * G, 2 * M), 0);
		KUNIT_EXPECT_EQ(test, bench_map(b, -2 * M, 4 * G, 2 * M), 0);
		KUNIT_EXPECT_EQ(test, bench_map(b, -end - PAGE, G, 2 * PAGE),
				-ERANGE);
		bench_expect_led(test, b, -end, 3 * G, 2 * M);
		bench_expect_led(test, b, -2 * M, 4 * G, 2 * M);
		KUNIT_EXPECT_EQ(test, bench_unmap(b, -end, end), 4 * M);
	}
	KUNIT_EXPECT_EQ(test, bench_map(b, -PAGE, G, 2 * PAGE), -ERANGE);
	KUNIT_EXPECT_EQ(test, bench_unmap(b, end - 2 * M, 2 * M), 2 * M);
	KUNIT_EXPECT_EQ(test, bench_unmap(b, 0, 4 * G), 2 * M);
	bench_sync(b);
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), 1);
}

void errors_leave_no_trace(struct kunit *test)
{
	const struct iommu_run good = { G, 2 * M };
	const struct iommu_run wrong[] = {
		{ G + 1, PAGE }, { G, PAGE + 1 }, { G, 0 },
	};
	struct bench *b = bench_make(test);
	unsigned long tables;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, bench_map(b, G + M, G, PAGE), 0);
	tables = iommu_pt_nr_tables(&b->pt);
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		KUNIT_EXPECT_EQ(test, iommu_pt_map(&b->pt, 0, &wrong[i], 1, RW,
						   GFP_KERNEL, &b->gather),
				-EINVAL);
	KUNIT_EXPECT_EQ(test, iommu_pt_map(&b->pt, 0, &good, 0, RW, GFP_KERNEL,
					   &b->gather), -EINVAL);
	KUNIT_EXPECT_EQ(test, iommu_pt_map(&b->pt, 0, &good, 1, IOMMU_CACHE,
					   GFP_KERNEL, &b->gather), -EINVAL);
	KUNIT_EXPECT_EQ(test, bench_map(b, 7, G, PAGE), -EINVAL);
	KUNIT_EXPECT_EQ(test, bench_map(b, 0, BIT_ULL(52) - PAGE, 2 * PAGE), -ERANGE);
	KUNIT_EXPECT_EQ(test, bench_map(b, G, G, 2 * M), -EADDRINUSE);
	KUNIT_EXPECT_EQ(test, bench_map(b, G, G + PAGE, 2 * M), -EADDRINUSE);
	KUNIT_EXPECT_EQ(test, bench_map(b, G - 4 * M, G + PAGE, 8 * M), -EADDRINUSE);
	KUNIT_EXPECT_EQ(test, bench_unmap(b, 1, PAGE), 0);
	KUNIT_EXPECT_EQ(test, bench_unmap(b, 0, 0), 0);
	bench_sync(b);
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), tables);
	KUNIT_EXPECT_EQ(test, bench_count(b, 0, 4 * G), 1);
	bench_expect_led(test, b, G + M, G, PAGE);
}

void bad_shapes_are_refused(struct kunit *test)
{
	const struct iommu_pt_format *format = bench_format(test);
	struct iommu_pt_config config = { .nid = NUMA_NO_NODE };
	struct iommu_pt pt;

	KUNIT_EXPECT_EQ(test, iommu_pt_init(&pt, &config), -EINVAL);
	config.format = format;
	config.levels = format->min_levels - 1;
	KUNIT_EXPECT_EQ(test, iommu_pt_init(&pt, &config), -EINVAL);
	config.levels = format->max_levels + 1;
	KUNIT_EXPECT_EQ(test, iommu_pt_init(&pt, &config), -EINVAL);
	config.levels = 4;
	config.iova_bits = 65;
	KUNIT_EXPECT_EQ(test, iommu_pt_init(&pt, &config), -EINVAL);
	config.iova_bits = 0;
	config.oa_bits = 53;
	KUNIT_EXPECT_EQ(test, iommu_pt_init(&pt, &config), -EINVAL);
}
