// SPDX-License-Identifier: GPL-2.0
/*
 * The cost of page tables, as ratios within one run. Each figure is the best of
 * many rounds; the figure that it is compared with is measured in the same
 * rounds.
 *
 *	bench			the table
 *	bench FORMAT OP N	N times one operation, for counting instructions
 *	bench --list		the formats
 */
#include <stdlib.h>
#include <time.h>

#include <linux/iommu_pt.h>
#include <linux/mm.h>

#include "../../../../drivers/iommu/pt/format.h"

#define PAGE		4096ul
#define GIB		(1ul << 30)
#define IOVA		(1ul << 30)
#define PHYS		(5ull << 30)
#define TABLES		512u
#define ROUNDS		15
#define HOT_TABLES	6u
#define HOT_ROUNDS	4000

#define IOMMU_PT_FORMAT(name)	{ &iommu_pt_##name },
static const struct {
	const struct iommu_pt_format *format;
} formats[] = {
#include <linux/iommu_pt_formats.h>
};

static int missed;

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

/* Time that reading the clock takes */
static double clock_ns(void)
{
	double least = 0, start;
	int i;

	for (i = 0; i < 1000; i++) {
		start = now_ns();
		start = now_ns() - start;
		least = !least || start < least ? start : least;
	}
	return least;
}

static void fail(const char *what)
{
	fprintf(stderr, "bench: %s failed\n", what);
	exit(1);
}

static void init(struct iommu_pt *pt, const struct iommu_pt_format *format,
		 unsigned long page_sizes)
{
	const struct iommu_pt_config config = {
		.format = format,
		.levels = 4,
		.page_sizes = page_sizes,
		.nid = NUMA_NO_NODE,
	};

	if (iommu_pt_init(pt, &config))
		fail("init");
}

static void map(struct iommu_pt *pt, const struct iommu_run *runs, size_t nr)
{
	struct iommu_pt_gather gather;

	iommu_pt_gather_init(&gather);
	if (iommu_pt_map(pt, IOVA, runs, nr, IOMMU_READ | IOMMU_WRITE,
			 GFP_KERNEL, &gather))
		fail("map");
}

static void unmap(struct iommu_pt *pt, size_t length)
{
	struct iommu_pt_gather gather;

	iommu_pt_gather_init(&gather);
	if (iommu_pt_unmap(pt, IOVA, length, &gather) != length)
		fail("unmap");
	iommu_pt_gather_free(pt, &gather);
}

static double best(double a, double b)
{
	return !a || b < a ? b : a;
}

static void fill64(void *to, u64 value, unsigned long n)
{
	__asm__ __volatile__("rep stosq" : "+D"(to), "+c"(n) : "a"(value)
			     : "memory");
}

/* Fill and clear memory of the size of the tables of 1 GiB of 4 KiB entries */
static void floor_1g(double *fill, double *clear)
{
	struct page *pages[TABLES];
	double start = now_ns();
	unsigned int i;

	for (i = 0; i < TABLES; i++) {
		pages[i] = alloc_pages_node(0, GFP_KERNEL | __GFP_ZERO, 0);
		fill64(page_address(pages[i]), 0x5a5a, PT_ENTRIES);
	}
	*fill = best(*fill, now_ns() - start);
	start = now_ns();
	for (i = 0; i < TABLES; i++) {
		fill64(page_address(pages[i]), 0, PT_ENTRIES);
		__free_page(pages[i]);
	}
	*clear = best(*clear, now_ns() - start);
}

static void report(const char *format, const char *what, double value,
		   double floor, double ratio, double limit)
{
	bool ok = !limit || ratio <= limit;

	printf("%-7s %-34s %10.1f %10.1f %6.2f", format, what, value, floor,
	       ratio);
	if (limit)
		printf("  <= %.1f %s", limit, ok ? "yes" : "NO");
	printf("\n");
	missed += !ok;
}

/* One call for 1 GiB: with one run, and with a run for each page */
static void bench_1g(const struct iommu_pt_format *format)
{
	double fill = 0, clear = 0, one = 0, many = 0, gone = 0, start;
	struct iommu_run run = { .addr = PHYS, .length = GIB }, *runs;
	unsigned long n = GIB / PAGE, i;
	struct iommu_pt pt;
	int round;

	runs = calloc(n, sizeof(*runs));
	for (i = 0; i < n; i++) {
		runs[i].addr = PHYS + (i ^ 1) * PAGE;
		runs[i].length = PAGE;
	}
	init(&pt, format, PAGE);
	for (round = 0; round < ROUNDS; round++) {
		floor_1g(&fill, &clear);
		start = now_ns();
		map(&pt, &run, 1);
		one = best(one, now_ns() - start);
		start = now_ns();
		unmap(&pt, GIB);
		gone = best(gone, now_ns() - start);
		start = now_ns();
		map(&pt, runs, n);
		many = best(many, now_ns() - start);
		unmap(&pt, GIB);
	}
	iommu_pt_destroy(&pt);
	free(runs);
	report(format->name, "map 1 GiB of 4 KiB, us", one / 1e3, fill / 1e3,
	       one / fill, 2);
	report(format->name, "  from 262144 runs, us", many / 1e3, fill / 1e3,
	       many / fill, 0);
	report(format->name, "unmap it, us", gone / 1e3, clear / 1e3,
	       gone / clear, 2);
}

/*
 * Calls for @pages pages each, in a few tables that stay in the cache: all
 * maps, then all unmaps, each timed as a batch.
 */
static void bench_calls(struct iommu_pt *pt, unsigned long pages,
			unsigned int per_table, double *in, double *out)
{
	struct iommu_run run = { .addr = PHYS, .length = pages * PAGE };
	unsigned int calls = HOT_TABLES * per_table, round, i, t;
	double clock = clock_ns(), start;

	for (round = 0; round < HOT_ROUNDS; round++) {
		struct iommu_pt_gather gather;

		iommu_pt_gather_init(&gather);
		start = now_ns();
		for (t = 0; t < HOT_TABLES; t++)
			for (i = 0; i < per_table; i++)
				iommu_pt_map(pt, IOVA + (512 * t + i) * PAGE,
					     &run, 1, IOMMU_READ, GFP_KERNEL,
					     &gather);
		*in = best(*in, (now_ns() - start - clock) / calls);
		start = now_ns();
		for (t = 0; t < HOT_TABLES; t++)
			for (i = 0; i < per_table; i++)
				iommu_pt_unmap(pt, IOVA + (512 * t + i) * PAGE,
					       pages * PAGE, &gather);
		*out = best(*out, (now_ns() - start - clock) / calls);
		iommu_pt_gather_free(pt, &gather);
	}
}

/* An entry at the end of each of @tables tables, so that none becomes empty */
static void build_tables(struct iommu_pt *pt, unsigned long tables)
{
	struct iommu_run run = { .addr = PHYS, .length = PAGE };
	struct iommu_pt_gather gather;
	unsigned long i;

	iommu_pt_gather_init(&gather);
	for (i = 0; i < tables; i++)
		if (iommu_pt_map(pt, IOVA + (i * 512 + 511) * PAGE, &run, 1,
				 IOMMU_READ, GFP_KERNEL, &gather))
			fail("build");
}

static void bench_small(const struct iommu_pt_format *format)
{
	double map1 = 0, map256 = 0, unmap1 = 0, unmap256 = 0;
	struct iommu_pt pt;

	init(&pt, format, PAGE);
	build_tables(&pt, HOT_TABLES);
	bench_calls(&pt, 1, 64, &map1, &unmap1);
	bench_calls(&pt, 256, 1, &map256, &unmap256);
	iommu_pt_destroy(&pt);
	report(format->name, "map one 4 KiB (upstream: 62), ns", map1, 62,
	       map1 / 62, 0);
	report(format->name, "unmap it (upstream: 71), ns", unmap1, 71,
	       unmap1 / 71, 0);
	report(format->name, "map 256 in one call / one, ns", map256, map1,
	       map256 / map1, 4);
	report(format->name, "unmap 256 in one call / one, ns", unmap256,
	       unmap1, unmap256 / unmap1, 4);
}

/* A new table of 512 entries: equal ones, different ones, and only filled */
static void bench_contiguous(const struct iommu_pt_format *format)
{
	double equal = 0, differ = 0, fill = 0, none = 0, start;
	struct page *pages[HOT_TABLES];
	struct iommu_pt pt;
	unsigned int round, i;

	/* Only where equal entries can act as one */
	if (!(format->page_sizes & (2 * PAGE)))
		return;
	init(&pt, format, (512 * PAGE) - 1);
	bench_calls(&pt, 512, 1, &equal, &none);
	iommu_pt_destroy(&pt);
	init(&pt, format, PAGE);
	bench_calls(&pt, 512, 1, &differ, &none);
	iommu_pt_destroy(&pt);
	for (round = 0; round < HOT_ROUNDS; round++) {
		start = now_ns();
		for (i = 0; i < HOT_TABLES; i++) {
			pages[i] = alloc_pages_node(0, GFP_KERNEL | __GFP_ZERO,
						    0);
			fill64(page_address(pages[i]), 0x5a5a, PT_ENTRIES);
		}
		fill = best(fill, (now_ns() - start - clock_ns()) / HOT_TABLES);
		for (i = 0; i < HOT_TABLES; i++)
			__free_page(pages[i]);
	}
	report(format->name, "2 MiB of 512 equal / a fill, ns", equal, fill,
	       equal / fill, 3);
	report(format->name, "2 MiB of 512 different / a fill, ns", differ, fill,
	       differ / fill, 0);
}

static void bench_memory(const struct iommu_pt_format *format)
{
	struct iommu_run run = { .addr = PHYS, .length = GIB };
	struct iommu_pt pt;
	unsigned long before, in, after;

	init(&pt, format, PAGE);
	before = iommu_pt_nr_tables(&pt);
	map(&pt, &run, 1);
	in = iommu_pt_nr_tables(&pt);
	unmap(&pt, GIB);
	after = iommu_pt_nr_tables(&pt);
	iommu_pt_destroy(&pt);
	/* 512 of level 1, one of 2 and 3 each, and the top */
	report(format->name, "tables of 1 GiB / the least", in, 515,
	       in / 515.0, 1);
	report(format->name, "tables of nothing / the least", before + after, 2,
	       (before + after) / 2.0, 1);
}

static int one_op(const char *name, const char *op, unsigned long n)
{
	struct iommu_run runs[256] = { { .addr = PHYS, .length = PAGE } };
	size_t nr = 1, length = PAGE;
	struct iommu_pt_gather gather;
	struct iommu_pt pt;
	unsigned long i;
	unsigned int f;

	for (f = 0; f < ARRAY_SIZE(formats); f++)
		if (!strcmp(formats[f].format->name, name))
			break;
	if (f == ARRAY_SIZE(formats))
		return 2;
	if (strcmp(op, "one"))
		length = 256 * PAGE;
	if (!strcmp(op, "run256"))
		runs[0].length = length;
	if (!strcmp(op, "runs256"))
		for (nr = 0; nr < 256; nr++) {
			runs[nr].addr = PHYS + (nr ^ 1) * PAGE;
			runs[nr].length = PAGE;
		}
	init(&pt, formats[f].format, PAGE);
	build_tables(&pt, 1);
	iommu_pt_gather_init(&gather);
	for (i = 0; i < n; i++) {
		if (iommu_pt_map(&pt, IOVA, runs, nr, IOMMU_READ, GFP_KERNEL,
				 &gather))
			fail(op);
		iommu_pt_unmap(&pt, IOVA, length, &gather);
	}
	iommu_pt_destroy(&pt);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned int f;

	if (argc == 4)
		return one_op(argv[1], argv[2], strtoul(argv[3], NULL, 0));
	if (argc == 2 && !strcmp(argv[1], "--list")) {
		for (f = 0; f < ARRAY_SIZE(formats); f++)
			printf("%s\n", formats[f].format->name);
		return 0;
	}
	printf("%-7s %-34s %10s %10s %6s\n", "format", "what", "here",
	       "against", "ratio");
	for (f = 0; f < ARRAY_SIZE(formats); f++) {
		bench_1g(formats[f].format);
		bench_small(formats[f].format);
		bench_memory(formats[f].format);
		bench_contiguous(formats[f].format);
	}
	if (missed)
		printf("%d missed\n", missed);
	return missed ? 1 : 0;
}
