/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The test bench: a page table, with a simulated unit that walks it.
 */
#ifndef PT_TEST_BENCH_H
#define PT_TEST_BENCH_H

#include <kunit/test.h>
#include <linux/iommu_pt.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "../format.h"
#include "hw.h"

#define K		1024ul
#define M		(K * K)
#define G		(K * M)
#define PAGE		(4 * K)
#define RW		(IOMMU_READ | IOMMU_WRITE)

/**
 * struct bench - a page table, and results of bench_count()
 * @pt: the page table, initialised by bench_make()
 * @gather: for all changes
 * @hw: the simulated unit
 * @made: @pt is initialised
 * @leaves: number of leaves
 * @bytes: bytes of all leaves
 * @largest: bytes of the largest leaf
 * @smallest: bytes of the smallest leaf
 * @attrs_or: attributes that a leaf has
 * @attrs_and: attributes that all leaves have
 * @grown: the root after the last growth
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

const struct iommu_pt_format *bench_format(struct kunit *test);
int bench_init(struct kunit *test);
void bench_sync(struct bench *b);
void bench_exit(struct kunit *test);
struct bench *bench_make_with(struct kunit *test, unsigned int levels,
			      unsigned int flags, unsigned long sizes);
struct bench *bench_make(struct kunit *test);
int bench_map(struct bench *b, unsigned long iova, u64 addr, size_t length);
size_t bench_unmap(struct bench *b, unsigned long iova, size_t length);
unsigned long bench_count(struct bench *b, unsigned long iova, size_t length);
size_t bench_leaf_at(struct bench *b, unsigned long iova);
u64 bench_hw_phys(struct bench *b, unsigned long iova);
void bench_expect_led(struct kunit *test, struct bench *b, unsigned long iova,
		      u64 addr, size_t length);
unsigned long bench_sizes_of(const struct bench *b);

#endif
