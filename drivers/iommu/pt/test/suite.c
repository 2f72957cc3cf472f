// SPDX-License-Identifier: GPL-2.0
/*
 * What the page tables promise, one case for each promise, over every format.
 * The same source runs as a KUnit module and in the host build.
 */
#include <kunit/test.h>
#include <linux/iommu_pt.h>
#include <linux/module.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "../format.h"
#include "hw.h"
#include "model.h"

#define K		1024ul
#define M		(K * K)
#define G		(K * M)
#define PAGE		(4 * K)
#define RW		(IOMMU_READ | IOMMU_WRITE)
#define MODEL_STEPS	20000
#define MODEL_TABLES	20

/*
 * @pt: made by make(), with @gather for whatever changes it
 * @leaves: leaves that count_leaf() met
 * @bytes: bytes of them
 * @largest: bytes of the largest
 * @smallest: bytes of the smallest
 * @attrs_or: all attributes that any had
 * @attrs_and: all attributes that every one had
 */
struct bench {
	struct iommu_pt pt;
	struct iommu_pt_gather gather;
	struct hw hw;
	bool made;
	unsigned long leaves;
	size_t bytes;
	size_t largest;
	size_t smallest;
	unsigned int attrs_or;
	unsigned int attrs_and;
	struct iommu_pt_root grown;
};

static const struct iommu_pt_format *const formats[] = {
	&iommu_pt_vtdss, &iommu_pt_x86_64, &iommu_pt_amdv1,
};

static void describe(const struct iommu_pt_format *const *format, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s", (*format)->name);
}
KUNIT_ARRAY_PARAM(format, formats, describe);

static const struct iommu_pt_format *format_of(struct kunit *test)
{
	return *(const struct iommu_pt_format *const *)test->param_value;
}

static int suite_init(struct kunit *test)
{
	struct bench *b = kzalloc(sizeof(*b), GFP_KERNEL);

	if (!b)
		return -ENOMEM;
	iommu_pt_gather_init(&b->gather);
	test->priv = b;
	return 0;
}

static void sync(struct bench *b)
{
	hw_invalidate(&b->hw, &b->gather);
	iommu_pt_gather_free(&b->pt, &b->gather);
}

/* Whatever a case did, all table pages are there to be freed. */
static void suite_exit(struct kunit *test)
{
	struct bench *b = test->priv;

	if (b->made) {
		sync(b);
		iommu_pt_destroy(&b->pt);
		KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), 0);
	}
	kfree(b);
}

static void note_growth(struct iommu_pt *pt, const struct iommu_pt_root *root)
{
	container_of(pt, struct bench, pt)->grown = *root;
}

static struct bench *make_with(struct kunit *test, unsigned int levels,
			       unsigned int flags, unsigned long sizes)
{
	const struct iommu_pt_format *format = format_of(test);
	struct iommu_pt_config config = {
		.format = format,
		.levels = levels,
		.iova_bits = format->grows ? 64 : 0,
		.flags = flags,
		.page_sizes = sizes,
		.nid = NUMA_NO_NODE,
		.root_changed = format->grows ? note_growth : NULL,
	};
	struct bench *b = test->priv;

	KUNIT_ASSERT_EQ(test, iommu_pt_init(&b->pt, &config), 0);
	b->made = true;
	hw_init(&b->hw, &b->pt, false, flags & IOMMU_PT_DIRTY);
	return b;
}

static struct bench *make(struct kunit *test)
{
	return make_with(test, 4, 0, 0);
}

static int map(struct bench *b, unsigned long iova, u64 addr, size_t length)
{
	struct iommu_run run = { .addr = addr, .length = length };

	return iommu_pt_map(&b->pt, iova, &run, 1, RW, GFP_KERNEL, &b->gather);
}

static size_t unmap(struct bench *b, unsigned long iova, size_t length)
{
	return iommu_pt_unmap(&b->pt, iova, length, &b->gather);
}

static int count_leaf(void *arg, const struct iommu_pt_leaf *leaf)
{
	struct bench *b = arg;

	b->leaves++;
	b->bytes += leaf->length;
	if (b->largest < leaf->length)
		b->largest = leaf->length;
	if (b->smallest > leaf->length)
		b->smallest = leaf->length;
	b->attrs_or |= leaf->attrs;
	b->attrs_and &= leaf->attrs;
	return 0;
}

static unsigned long count(struct bench *b, unsigned long iova, size_t length)
{
	b->leaves = 0;
	b->bytes = 0;
	b->largest = 0;
	b->smallest = ~0ul;
	b->attrs_or = 0;
	b->attrs_and = ~0u;
	if (iommu_pt_visit(&b->pt, iova, length, count_leaf, b))
		return ~0ul;
	return b->leaves;
}

/* The size of the leaf at an IOVA, 0 where there is none. */
static size_t leaf_at(struct bench *b, unsigned long iova)
{
	count(b, iova & ~(PAGE - 1), PAGE);
	return b->largest;
}

static u64 hw_phys(struct bench *b, unsigned long iova)
{
	struct hw_translation to;

	if (!hw_translate(&b->hw, iova, false, true, &to))
		return 0;
	return to.phys + (iova - to.start);
}

/* What software and hardware make of the first, a middle and the last byte. */
static void expect_led(struct kunit *test, struct bench *b, unsigned long iova,
		       u64 addr, size_t length)
{
	const size_t offsets[] = { 0, length / 2 + 5, length - 1 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		KUNIT_EXPECT_EQ(test, hw_phys(b, iova + offsets[i]),
				addr + offsets[i]);
		KUNIT_EXPECT_EQ(test,
				iommu_pt_iova_to_phys(&b->pt, iova + offsets[i]),
				(phys_addr_t)addr + offsets[i]);
	}
}

/* Sizes that fit a table of four levels and a test. */
static unsigned long sizes_of(const struct bench *b)
{
	return iommu_pt_page_sizes(&b->pt) & (256 * G - 1);
}

static void every_size_is_one_leaf_and_the_least_tables(struct kunit *test)
{
	struct bench *b = make(test);
	unsigned int shift;

	for (shift = 12; shift < 39; shift++) {
		size_t size = BIT(shift);
		unsigned int level = (shift - 12) / 9 + 1;

		if (!(sizes_of(b) & size))
			continue;
		KUNIT_ASSERT_EQ(test, map(b, 2 * size, 4 * size, size), 0);
		KUNIT_EXPECT_EQ(test, count(b, 0, 512 * G), 1);
		KUNIT_EXPECT_EQ(test, b->largest, size);
		KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), 5 - level);
		expect_led(test, b, 2 * size, 4 * size, size);
		KUNIT_EXPECT_EQ(test, hw_phys(b, 2 * size - 1), 0);
		KUNIT_EXPECT_EQ(test, hw_phys(b, 3 * size), 0);
		KUNIT_EXPECT_EQ(test, unmap(b, 2 * size, size), size);
		sync(b);
		KUNIT_EXPECT_EQ(test, hw_phys(b, 2 * size), 0);
		KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), 1);
	}
}

/* Small, large, small again, from one run: the large one sits in the middle. */
static void neighbouring_sizes_share_a_run(struct kunit *test)
{
	struct bench *b = make(test);
	unsigned long sizes = sizes_of(b), small, large;

	for (small = PAGE; sizes & ~(2 * small - 1); small = large) {
		size_t length;

		large = sizes & ~(2 * small - 1);
		large &= -large;
		length = large + 2 * small;
		KUNIT_ASSERT_EQ(test, map(b, 4 * large - small,
					  8 * large - small, length), 0);
		KUNIT_EXPECT_EQ(test, count(b, 0, 4096 * G), 3);
		KUNIT_EXPECT_EQ(test, leaf_at(b, 4 * large - small), small);
		KUNIT_EXPECT_EQ(test, leaf_at(b, 4 * large), large);
		KUNIT_EXPECT_EQ(test, leaf_at(b, 5 * large), small);
		expect_led(test, b, 4 * large - small, 8 * large - small,
			   length);
		KUNIT_EXPECT_EQ(test, unmap(b, 4 * large - small, length),
				length);
		sync(b);
		KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), 1);
	}
}

static void unaligned_memory_takes_small_leaves(struct kunit *test)
{
	struct bench *b = make(test);

	KUNIT_ASSERT_EQ(test, map(b, G, G + PAGE, 4 * M), 0);
	KUNIT_EXPECT_EQ(test, count(b, 0, 2 * G), 1024);
	KUNIT_EXPECT_EQ(test, b->largest, PAGE);
	expect_led(test, b, G, G + PAGE, 4 * M);
}

static void only_allowed_sizes_are_used(struct kunit *test)
{
	struct bench *b = make_with(test, 4, 0, PAGE);

	KUNIT_ASSERT_EQ(test, map(b, G, G, 4 * M), 0);
	KUNIT_EXPECT_EQ(test, count(b, 0, 2 * G), 1024);
	iommu_pt_set_page_sizes(&b->pt, 0);
	KUNIT_ASSERT_EQ(test, map(b, G + 4 * M, G + 4 * M, 2 * M), 0);
	KUNIT_EXPECT_EQ(test, leaf_at(b, G + 4 * M), 2 * M);
	KUNIT_EXPECT_EQ(test, leaf_at(b, G), PAGE);
}

static void runs_follow_one_another(struct kunit *test)
{
	const struct iommu_run runs[] = {
		{ 7 * PAGE, PAGE }, { 3 * G, 2 * M }, { 9 * PAGE, 2 * PAGE },
		{ 6 * G, 4 * M }, { 5 * G + PAGE, 3 * PAGE },
	};
	unsigned long iova = G - PAGE, at = iova;
	struct bench *b = make(test);
	size_t length = 0;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, iommu_pt_map(&b->pt, iova, runs, ARRAY_SIZE(runs),
					   RW, GFP_KERNEL, &b->gather), 0);
	for (i = 0; i < ARRAY_SIZE(runs); i++) {
		expect_led(test, b, at, runs[i].addr, runs[i].length);
		at += runs[i].length;
		length += runs[i].length;
	}
	KUNIT_EXPECT_EQ(test, unmap(b, iova, length), length);
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

static void unmap_yields_whole_runs_and_passes_over_holes(struct kunit *test)
{
	struct bench *b = make(test);
	struct yielded y = {};

	KUNIT_ASSERT_EQ(test, map(b, G - PAGE, 5 * G - PAGE, 4 * M), 0);
	KUNIT_ASSERT_EQ(test, map(b, G + 16 * M, 64 * M, 3 * PAGE), 0);
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
	KUNIT_EXPECT_EQ(test, unmap(b, 0, 2 * G), 0);
}

/* R1: what was mapped, and unions of it, whatever was chosen underneath. */
static void unions_of_mappings_unmap_at_once(struct kunit *test)
{
	struct bench *b = make(test);
	unsigned int i;

	for (i = 0; i < 6; i++)
		KUNIT_ASSERT_EQ(test, map(b, G + i * M, 8 * G + i * M, M), 0);
	KUNIT_EXPECT_EQ(test, iommu_pt_promote(&b->pt, G, 6 * M, &b->gather),
			0);
	KUNIT_EXPECT_EQ(test, unmap(b, G + M, M), M);
	KUNIT_EXPECT_EQ(test, unmap(b, G + 2 * M, 4 * M), 4 * M);
	KUNIT_EXPECT_EQ(test, count(b, 0, 2 * G) * b->largest, M);
	KUNIT_EXPECT_EQ(test, unmap(b, G, M), M);
	sync(b);
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), 1);
}

static void ends_of_the_aperture_can_be_mapped(struct kunit *test)
{
	struct bench *b = make(test);
	bool halves = b->pt.format->sign_extended;
	unsigned int bits = b->pt.iova_bits;
	unsigned long end = halves ? BIT(bits - 1) : bits < 64 ? BIT(bits) : 0;

	KUNIT_EXPECT_EQ(test, map(b, 0, G, 2 * M), 0);
	KUNIT_EXPECT_EQ(test, map(b, end - 2 * M, 2 * G, 2 * M), 0);
	expect_led(test, b, 0, G, 2 * M);
	expect_led(test, b, end - 2 * M, 2 * G, 2 * M);
	if (end) {
		KUNIT_EXPECT_EQ(test, map(b, end, G, PAGE), -ERANGE);
		KUNIT_EXPECT_EQ(test, map(b, end - 4 * M, G, 8 * M), -ERANGE);
	}
	if (halves) {
		KUNIT_EXPECT_EQ(test, map(b, -end, 3 * G, 2 * M), 0);
		KUNIT_EXPECT_EQ(test, map(b, -2 * M, 4 * G, 2 * M), 0);
		KUNIT_EXPECT_EQ(test, map(b, -end - PAGE, G, 2 * PAGE),
				-ERANGE);
		expect_led(test, b, -end, 3 * G, 2 * M);
		expect_led(test, b, -2 * M, 4 * G, 2 * M);
		KUNIT_EXPECT_EQ(test, unmap(b, -end, end), 4 * M);
	}
	KUNIT_EXPECT_EQ(test, map(b, -PAGE, G, 2 * PAGE), -ERANGE);
	KUNIT_EXPECT_EQ(test, unmap(b, end - 2 * M, 2 * M), 2 * M);
	KUNIT_EXPECT_EQ(test, unmap(b, 0, 4 * G), 2 * M);
	sync(b);
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), 1);
}

static void errors_leave_no_trace(struct kunit *test)
{
	const struct iommu_run good = { G, 2 * M };
	const struct iommu_run wrong[] = {
		{ G + 1, PAGE }, { G, PAGE + 1 }, { G, 0 },
	};
	struct bench *b = make(test);
	unsigned long tables;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, map(b, G + M, G, PAGE), 0);
	tables = iommu_pt_nr_tables(&b->pt);
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		KUNIT_EXPECT_EQ(test, iommu_pt_map(&b->pt, 0, &wrong[i], 1, RW,
						   GFP_KERNEL, &b->gather),
				-EINVAL);
	KUNIT_EXPECT_EQ(test, iommu_pt_map(&b->pt, 0, &good, 0, RW, GFP_KERNEL,
					   &b->gather), -EINVAL);
	KUNIT_EXPECT_EQ(test, iommu_pt_map(&b->pt, 0, &good, 1, IOMMU_CACHE,
					   GFP_KERNEL, &b->gather), -EINVAL);
	KUNIT_EXPECT_EQ(test, map(b, 7, G, PAGE), -EINVAL);
	KUNIT_EXPECT_EQ(test, map(b, 0, BIT_ULL(52) - PAGE, 2 * PAGE), -ERANGE);
	KUNIT_EXPECT_EQ(test, map(b, G, G, 2 * M), -EADDRINUSE);
	KUNIT_EXPECT_EQ(test, map(b, G, G + PAGE, 2 * M), -EADDRINUSE);
	KUNIT_EXPECT_EQ(test, map(b, G - 4 * M, G + PAGE, 8 * M), -EADDRINUSE);
	KUNIT_EXPECT_EQ(test, unmap(b, 1, PAGE), 0);
	KUNIT_EXPECT_EQ(test, unmap(b, 0, 0), 0);
	sync(b);
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), tables);
	KUNIT_EXPECT_EQ(test, count(b, 0, 4 * G), 1);
	expect_led(test, b, G + M, G, PAGE);
}

static void bad_shapes_are_refused(struct kunit *test)
{
	const struct iommu_pt_format *format = format_of(test);
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

/* R2: the rest of a superpage stays, in entries as large as can be. */
static void cutting_a_superpage_splits_just_enough(struct kunit *test)
{
	struct bench *b = make(test);
	bool contiguous = sizes_of(b) & (8 * K);

	KUNIT_ASSERT_EQ(test, map(b, G, G, G), 0);
	KUNIT_EXPECT_EQ(test, hw_phys(b, G + 5), G + 5);
	KUNIT_EXPECT_EQ(test, unmap(b, G + 2 * M, PAGE), PAGE);
	/* Hardware may have the whole superpage cached. */
	KUNIT_EXPECT_EQ(test, b->gather.start, G);
	KUNIT_EXPECT_EQ(test, b->gather.last, 2 * G - 1);
	sync(b);
	KUNIT_EXPECT_EQ(test, hw_phys(b, G + 2 * M), 0);
	expect_led(test, b, G, G, 2 * M);
	expect_led(test, b, G + 2 * M + PAGE, G + 2 * M + PAGE,
		   G - 2 * M - PAGE);
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), 4);
	/*
	 * Either 511 of each of two sizes; or what remains of the half that
	 * was hit, 4 KiB to 1 MiB once each, and so on upwards.
	 */
	KUNIT_EXPECT_EQ(test, count(b, G, G), contiguous ? 18 : 1022);
	KUNIT_EXPECT_EQ(test, b->bytes, G - PAGE);
	KUNIT_EXPECT_EQ(test, unmap(b, G, G), G - PAGE);
}

static void a_reservation_is_used_up_by_one_unmap(struct kunit *test)
{
	struct bench *b = make(test);
	unsigned long tables;

	KUNIT_ASSERT_EQ(test, map(b, G, G, G), 0);
	tables = iommu_pt_nr_tables(&b->pt);
	KUNIT_EXPECT_EQ(test, iommu_pt_reserve(&b->pt, G, G, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), tables + 4);
	KUNIT_EXPECT_EQ(test, unmap(b, G + PAGE, PAGE), PAGE);
	sync(b);
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), tables + 2);
	KUNIT_EXPECT_EQ(test, iommu_pt_reserve(&b->pt, G, PAGE, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, iommu_pt_reserve(&b->pt, G, 0, GFP_KERNEL),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, unmap(b, G, PAGE), PAGE);
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), tables + 2);
}

/* R3 and R4: what a guest without superpages makes of them, and back. */
static void demotion_and_promotion_undo_each_other(struct kunit *test)
{
	struct bench *b = make(test);
	unsigned long before;

	KUNIT_ASSERT_EQ(test, map(b, G - 6 * M, G - 6 * M, G + 7 * M), 0);
	before = count(b, 0, 4 * G);
	KUNIT_EXPECT_EQ(test, iommu_pt_demote(&b->pt, 0, 4 * G, PAGE,
					      GFP_KERNEL, &b->gather), 0);
	expect_led(test, b, G - 6 * M, G - 6 * M, G + 7 * M);
	sync(b);
	KUNIT_EXPECT_EQ(test, count(b, 0, 4 * G), (G + 7 * M) / PAGE);
	KUNIT_EXPECT_EQ(test, b->largest, PAGE);
	KUNIT_EXPECT_EQ(test, iommu_pt_promote(&b->pt, 0, 4 * G, &b->gather),
			0);
	expect_led(test, b, G - 6 * M, G - 6 * M, G + 7 * M);
	sync(b);
	KUNIT_EXPECT_EQ(test, count(b, 0, 4 * G), before);
	KUNIT_EXPECT_EQ(test, b->largest, G);
	expect_led(test, b, G - 6 * M, G - 6 * M, G + 7 * M);
	KUNIT_EXPECT_EQ(test, unmap(b, G - 6 * M, G + 7 * M), G + 7 * M);
	sync(b);
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), 1);
}

static void promotion_stops_at_the_ends_of_calls(struct kunit *test)
{
	struct bench *b = make_with(test, 4, 0, PAGE);

	KUNIT_ASSERT_EQ(test, map(b, G, G, M), 0);
	KUNIT_ASSERT_EQ(test, map(b, G + M, G + M, M), 0);
	KUNIT_ASSERT_EQ(test, map(b, G + 2 * M, G + 2 * M, 2 * M), 0);
	iommu_pt_set_page_sizes(&b->pt, 0);
	KUNIT_EXPECT_EQ(test, iommu_pt_promote(&b->pt, 0, 4 * G, &b->gather),
			0);
	sync(b);
	KUNIT_EXPECT_EQ(test, leaf_at(b, G), sizes_of(b) & M ? M : PAGE);
	KUNIT_EXPECT_EQ(test, leaf_at(b, G + 2 * M), 2 * M);
	expect_led(test, b, G, G, 4 * M);
}

static void promotion_keeps_attributes_apart(struct kunit *test)
{
	const struct iommu_run run = { G, 2 * M };
	struct bench *b = make_with(test, 4, 0, PAGE);
	struct hw_translation to;

	KUNIT_ASSERT_EQ(test, iommu_pt_map(&b->pt, G, &run, 1, RW, GFP_KERNEL,
					   &b->gather), 0);
	KUNIT_ASSERT_EQ(test, iommu_pt_set_attrs(&b->pt, G + M, PAGE, 0,
						 IOMMU_PT_ATTR_WRITE,
						 GFP_KERNEL, &b->gather), 0);
	iommu_pt_set_page_sizes(&b->pt, 0);
	KUNIT_EXPECT_EQ(test, iommu_pt_promote(&b->pt, 0, 4 * G, &b->gather),
			0);
	sync(b);
	KUNIT_EXPECT_EQ(test, leaf_at(b, G + M), PAGE);
	KUNIT_ASSERT_TRUE(test, hw_translate(&b->hw, G + M, true, true, &to));
	KUNIT_EXPECT_FALSE(test, to.write);
	KUNIT_ASSERT_TRUE(test, hw_translate(&b->hw, G, true, true, &to));
	KUNIT_EXPECT_TRUE(test, to.write);
}

/* R8: what is mapped changes too, in place, and not only what comes. */
static void attributes_change_in_place(struct kunit *test)
{
	struct bench *b = make(test);
	unsigned int can = b->pt.format->attrs;
	unsigned int attr = can & IOMMU_PT_ATTR_SNOOP ?: IOMMU_PT_ATTR_WRITE;
	unsigned long leaves, tables;

	KUNIT_ASSERT_EQ(test, map(b, G - 2 * M, G - 2 * M, G + 4 * M + PAGE),
			0);
	leaves = count(b, 0, 4 * G);
	tables = iommu_pt_nr_tables(&b->pt);
	KUNIT_EXPECT_EQ(test, iommu_pt_set_attrs(&b->pt, 0, 4 * G, 0, attr,
						 GFP_KERNEL, &b->gather), 0);
	sync(b);
	count(b, 0, 4 * G);
	KUNIT_EXPECT_EQ(test, b->attrs_or & attr, 0);
	KUNIT_EXPECT_EQ(test, iommu_pt_set_attrs(&b->pt, 0, 4 * G, attr, 0,
						 GFP_KERNEL, &b->gather), 0);
	KUNIT_EXPECT_TRUE(test, b->gather.start <= G - 2 * M);
	KUNIT_EXPECT_TRUE(test, b->gather.last >= 2 * G + 2 * M + PAGE - 1);
	KUNIT_EXPECT_FALSE(test, b->gather.tables);
	sync(b);
	KUNIT_EXPECT_EQ(test, count(b, 0, 4 * G), leaves);
	KUNIT_EXPECT_EQ(test, b->attrs_and & attr, attr);
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), tables);
	KUNIT_EXPECT_EQ(test, iommu_pt_set_attrs(&b->pt, 0, G, ~can, 0,
						 GFP_KERNEL, &b->gather),
			-EOPNOTSUPP);
}

static void snooping_is_forced_on_what_comes(struct kunit *test)
{
	struct bench *b = make(test);

	if (b->pt.format == &iommu_pt_x86_64)
		kunit_skip(test, "the format has no such bit");
	iommu_pt_set_flags(&b->pt, IOMMU_PT_SNOOP, 0);
	KUNIT_ASSERT_EQ(test, map(b, G, G, 2 * M + PAGE), 0);
	count(b, 0, 4 * G);
	KUNIT_EXPECT_EQ(test, b->attrs_and & IOMMU_PT_ATTR_SNOOP,
			IOMMU_PT_ATTR_SNOOP);
}

static void prot_becomes_attributes(struct kunit *test)
{
	const struct iommu_run run = { G, PAGE };
	struct bench *b = make(test);
	struct hw_translation to;
	int prot;

	for (prot = IOMMU_READ; prot <= RW; prot++) {
		bool read = prot & IOMMU_READ ||
			    b->pt.format == &iommu_pt_x86_64;
		bool write = prot & IOMMU_WRITE;

		KUNIT_ASSERT_EQ(test, iommu_pt_map(&b->pt, G, &run, 1, prot,
						   GFP_KERNEL, &b->gather), 0);
		KUNIT_ASSERT_TRUE(test, hw_translate(&b->hw, G, false, false,
						     &to));
		KUNIT_EXPECT_EQ(test, to.read, read);
		KUNIT_EXPECT_EQ(test, to.write, write);
		KUNIT_EXPECT_EQ(test, unmap(b, G, PAGE), PAGE);
		sync(b);
	}
}

static bool add_dirty(void *arg, unsigned long iova, size_t length)
{
	*(size_t *)arg += length;
	return true;
}

static void writes_are_found_and_found_again(struct kunit *test)
{
	struct bench *b = make_with(test, 4, IOMMU_PT_DIRTY, 0);
	struct hw_translation to;
	size_t dirty = 0;

	KUNIT_ASSERT_EQ(test, map(b, G, G, 4 * M + PAGE), 0);
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
	sync(b);
	dirty = 0;
	iommu_pt_read_dirty(&b->pt, 0, 4 * G, add_dirty, &dirty);
	KUNIT_EXPECT_EQ(test, dirty, 0);
	hw_translate(&b->hw, G + 4 * M, true, true, &to);
	iommu_pt_read_dirty(&b->pt, 0, 4 * G, add_dirty, &dirty);
	KUNIT_EXPECT_EQ(test, dirty, PAGE);
}

static void dirt_survives_cutting(struct kunit *test)
{
	struct bench *b = make_with(test, 4, IOMMU_PT_DIRTY, 0);
	struct hw_translation to;
	size_t dirty = 0;

	KUNIT_ASSERT_EQ(test, map(b, G, G, 4 * M), 0);
	hw_translate(&b->hw, G + 3 * M, true, true, &to);
	KUNIT_EXPECT_EQ(test, iommu_pt_demote(&b->pt, G, 4 * M, PAGE,
					      GFP_KERNEL, &b->gather), 0);
	sync(b);
	iommu_pt_read_dirty(&b->pt, G + 2 * M, 2 * M, add_dirty, &dirty);
	KUNIT_EXPECT_EQ(test, dirty, 2 * M);
}

/* An entry in every table, and in none: pages are there and gone with them. */
static void tables_go_with_their_last_entry(struct kunit *test)
{
	struct bench *b = make(test);
	unsigned int i;

	for (i = 0; i < 64; i++)
		KUNIT_ASSERT_EQ(test, map(b, G + i * 64 * PAGE, 2 * G, PAGE),
				0);
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), 3 + 8);
	for (i = 0; i < 64; i++) {
		KUNIT_EXPECT_EQ(test, unmap(b, G + i * 64 * PAGE, PAGE), PAGE);
		KUNIT_EXPECT_EQ(test, b->gather.tables, i % 8 == 7);
		sync(b);
	}
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), 1);
}

/*
 * The hardware still knows the way to a table that emptied when something new
 * is mapped there: it has to find it without being told.
 */
static void a_table_in_need_comes_back_to_life(struct kunit *test)
{
	struct bench *b = make(test);

	KUNIT_ASSERT_EQ(test, map(b, G, 2 * G, PAGE), 0);
	KUNIT_EXPECT_EQ(test, hw_phys(b, G), 2 * G);
	KUNIT_EXPECT_EQ(test, unmap(b, G, PAGE), PAGE);
	KUNIT_EXPECT_EQ(test, map(b, G + PAGE, 3 * G, PAGE), 0);
	KUNIT_EXPECT_EQ(test, hw_phys(b, G + PAGE), 3 * G);
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), 4);
	sync(b);
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), 4);
	KUNIT_EXPECT_EQ(test, hw_phys(b, G), 0);
	KUNIT_EXPECT_EQ(test, hw_phys(b, G + PAGE), 3 * G);
}

/*
 * The same when the table above emptied later, and was invalidated before: the
 * hardware's way to the lower one does not lead through it.
 */
static void a_table_waits_for_those_below(struct kunit *test)
{
	struct bench *b = make(test);
	struct iommu_pt_gather first;

	iommu_pt_gather_init(&first);
	KUNIT_ASSERT_EQ(test, map(b, G, 2 * G, PAGE), 0);
	KUNIT_ASSERT_EQ(test, map(b, G + 2 * M, 4 * G, PAGE), 0);
	KUNIT_EXPECT_EQ(test, hw_phys(b, G), 2 * G);
	KUNIT_EXPECT_EQ(test, iommu_pt_unmap(&b->pt, G, PAGE, &first), PAGE);
	KUNIT_EXPECT_EQ(test, unmap(b, G + 2 * M, PAGE), PAGE);
	sync(b);
	KUNIT_EXPECT_EQ(test, map(b, G + PAGE, 3 * G, PAGE), 0);
	KUNIT_EXPECT_EQ(test, hw_phys(b, G + PAGE), 3 * G);
	KUNIT_EXPECT_EQ(test, unmap(b, G + PAGE, PAGE), PAGE);
	sync(b);
	hw_invalidate(&b->hw, &first);
	iommu_pt_gather_free(&b->pt, &first);
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), 1);
}

static void deferred_tables_wait_for_the_next_invalidation(struct kunit *test)
{
	struct bench *b = make(test);
	LIST_HEAD(elsewhere);

	KUNIT_ASSERT_EQ(test, map(b, G, 2 * G, PAGE), 0);
	KUNIT_EXPECT_EQ(test, unmap(b, G, PAGE), PAGE);
	iommu_pt_gather_defer(&b->pt, &b->gather);
	KUNIT_EXPECT_TRUE(test, iommu_pt_gather_empty(&b->gather));
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), 4);
	iommu_pt_gather_deferred(&b->pt, &b->gather);
	KUNIT_EXPECT_TRUE(test, b->gather.tables);
	iommu_pt_gather_move(&b->pt, &elsewhere, &b->gather.freelist);
	iommu_pt_gather_move(&b->pt, &b->gather.freelist, &elsewhere);
	sync(b);
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), 1);
}

static void the_top_grows_when_an_address_needs_it(struct kunit *test)
{
	struct iommu_pt_root before, after;
	unsigned int levels;
	struct bench *b;

	if (!format_of(test)->grows) {
		make(test);
		kunit_skip(test, "the format does not grow");
	}
	b = make_with(test, 1, 0, 0);
	KUNIT_ASSERT_EQ(test, map(b, PAGE, G, PAGE), 0);
	for (levels = 2; levels <= 6; levels++) {
		unsigned long iova = 1ul << (3 + 9 * levels);

		iommu_pt_root(&b->pt, &before);
		KUNIT_EXPECT_EQ(test, before.levels, levels - 1);
		KUNIT_EXPECT_EQ(test, iommu_pt_iova_to_phys(&b->pt, iova), 0);
		KUNIT_EXPECT_EQ(test, unmap(b, iova, PAGE), 0);
		KUNIT_ASSERT_EQ(test, map(b, iova, levels * G, PAGE), 0);
		iommu_pt_root(&b->pt, &after);
		KUNIT_EXPECT_EQ(test, after.levels, levels);
		KUNIT_EXPECT_EQ(test, b->grown.phys, after.phys);
		KUNIT_EXPECT_EQ(test, b->grown.levels, levels);
		KUNIT_EXPECT_EQ(test, hw_phys(b, iova), levels * G);
		KUNIT_EXPECT_EQ(test, hw_phys(b, PAGE), G);
	}
	KUNIT_EXPECT_EQ(test, unmap(b, 0, 1ul << 63), 6 * PAGE);
	sync(b);
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), 1);
}

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
		struct pt_model *model = pt_model_new(&env, format_of(test));

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
	PT_CASE(cutting_a_superpage_splits_just_enough),
	PT_CASE(a_reservation_is_used_up_by_one_unmap),
	PT_CASE(demotion_and_promotion_undo_each_other),
	PT_CASE(promotion_stops_at_the_ends_of_calls),
	PT_CASE(promotion_keeps_attributes_apart),
	PT_CASE(attributes_change_in_place),
	PT_CASE(snooping_is_forced_on_what_comes),
	PT_CASE(prot_becomes_attributes),
	PT_CASE(writes_are_found_and_found_again),
	PT_CASE(dirt_survives_cutting),
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
	.init = suite_init,
	.exit = suite_exit,
	.test_cases = cases,
};
kunit_test_suite(suite);

MODULE_DESCRIPTION("Tests of the page tables of IOMMUs");
MODULE_LICENSE("GPL");
