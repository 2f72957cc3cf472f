// SPDX-License-Identifier: GPL-2.0
/*
 * The test bench: a page table, with a simulated unit that walks it.
 */
#include "bench.h"
#include "formats.h"

const struct iommu_pt_format *bench_format(struct kunit *test)
{
	return ((const struct pt_test_format *)test->param_value)->format;
}

int bench_init(struct kunit *test)
{
	struct bench *b = kzalloc(sizeof(*b), GFP_KERNEL);

	if (!b)
		return -ENOMEM;
	iommu_pt_gather_init(&b->gather);
	test->priv = b;
	return 0;
}

void bench_sync(struct bench *b)
{
	hw_invalidate(&b->hw, &b->gather);
	iommu_pt_gather_free(&b->pt, &b->gather);
}

/* Whatever a case did, no table page is left afterwards */
void bench_exit(struct kunit *test)
{
	struct bench *b = test->priv;

	if (b->made) {
		bench_sync(b);
		iommu_pt_destroy(&b->pt);
		KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&b->pt), 0);
	}
	kfree(b);
}

static void note_growth(struct iommu_pt *pt, const struct iommu_pt_root *root)
{
	container_of(pt, struct bench, pt)->grown = *root;
}

struct bench *bench_make_with(struct kunit *test, unsigned int levels,
			      unsigned int flags, unsigned long sizes)
{
	const struct iommu_pt_format *format = bench_format(test);
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

struct bench *bench_make(struct kunit *test)
{
	return bench_make_with(test, 4, 0, 0);
}

int bench_map(struct bench *b, unsigned long iova, u64 addr, size_t length)
{
	struct iommu_run run = { .addr = addr, .length = length };

	return iommu_pt_map(&b->pt, iova, &run, 1, RW, GFP_KERNEL, &b->gather);
}

size_t bench_unmap(struct bench *b, unsigned long iova, size_t length)
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

unsigned long bench_count(struct bench *b, unsigned long iova, size_t length)
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

/* The size of the leaf at an IOVA, 0 where there is none */
size_t bench_leaf_at(struct bench *b, unsigned long iova)
{
	bench_count(b, iova & ~(PAGE - 1), PAGE);
	return b->largest;
}

u64 bench_hw_phys(struct bench *b, unsigned long iova)
{
	struct hw_translation to;

	if (!hw_translate(&b->hw, iova, false, true, &to))
		return 0;
	return to.phys + (iova - to.start);
}

/* Do CPU and unit translate the first, a middle and the last byte like this? */
void bench_expect_led(struct kunit *test, struct bench *b, unsigned long iova,
		      u64 addr, size_t length)
{
	const size_t offsets[] = { 0, length / 2 + 5, length - 1 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		KUNIT_EXPECT_EQ(test, bench_hw_phys(b, iova + offsets[i]),
				addr + offsets[i]);
		KUNIT_EXPECT_EQ(test,
				iommu_pt_iova_to_phys(&b->pt, iova + offsets[i]),
				(phys_addr_t)addr + offsets[i]);
	}
}

/* Page sizes below 256 GiB, which fit a table of four levels */
unsigned long bench_sizes_of(const struct bench *b)
{
	return iommu_pt_page_sizes(&b->pt) & (256 * G - 1);
}
