// SPDX-License-Identifier: GPL-2.0
/*
 * Page tables under several CPUs:
 *
 *	race FORMAT [ROUNDS [SEED]]
 *
 * There are three regions:
 *
 *	0	mapped with the largest entries. Workers own every fourth group
 *		of STRETCH pages, so that all of them work in the same tables
 *		and superpages. Each unmaps random parts of its own and maps
 *		them again.
 *	1	empty at first. The workers map and unmap pages in it, so that
 *		tables are allocated and freed.
 *	2	each worker has a block of its own, because a promotion joins
 *		only what one call has mapped. It maps the block with one call,
 *		unmaps pages in the middle of it, then the rest.
 *
 * A converter demotes and promotes all of it meanwhile, and changes attributes
 * and page sizes.
 *
 * Two checkers look up IOVAs all the time: a simulated unit with caches (hw.h),
 * which gets only those invalidations that the gathers require, and
 * iommu_pt_iova_to_phys(). At every moment each page that no worker has
 * unmapped must translate, to the right address, and each page that a worker
 * has unmapped and invalidated must not.
 *
 * At the end a range that fills a whole table is mapped and unmapped in another
 * page table, while it is demoted: no table that appears meanwhile may be left.
 */
#include "several.h"

#define WORKERS		4
#define STRETCH		8u
#define REGION_PAGES	2048u
#define REGIONS		3
#define BLOCK		512u	/* pages; a worker has one in region 2 */
#define CUTS		4u
#define BASE		((1ul << 30) - (4ul << 20))
#define PHYS_SKEW	(16ull << 30)

/* Even: stable, mapped if bit 1 is set. Odd: a worker is changing it. */
#define MAPPED		2u
static unsigned int states[REGIONS][REGION_PAGES];

static unsigned long rounds = 3000;
static int running;

static void fail(const char *why, unsigned long iova)
{
	fprintf(stderr, "race: %s at %#lx\n", why, iova);
	exit(1);
}

static unsigned long iova_of(unsigned int region, unsigned int page)
{
	return BASE + (region * 64ul << 20) + page * PAGE;
}

static u64 phys_of(unsigned long iova)
{
	return iova + PHYS_SKEW;
}

static void set_states(unsigned int region, unsigned int page, unsigned int n,
		       unsigned int add)
{
	while (n--)
		__atomic_add_fetch(&states[region][page++], add,
				   __ATOMIC_SEQ_CST);
}

static void map_pages(unsigned int region, unsigned int page, unsigned int n)
{
	unsigned long iova = iova_of(region, page);
	struct iommu_run run = { .addr = phys_of(iova), .length = n * PAGE };
	struct iommu_pt_gather gather;

	iommu_pt_gather_init(&gather);
	if (iommu_pt_map(&pt, iova, &run, 1, IOMMU_READ | IOMMU_WRITE,
			 GFP_KERNEL, &gather))
		fail("a map failed", iova);
	if (!iommu_pt_gather_empty(&gather))
		sync_gather(&gather);
}

static void unmap_pages(unsigned int region, unsigned int page, unsigned int n)
{
	unsigned long iova = iova_of(region, page);
	struct iommu_pt_gather gather;

	iommu_pt_gather_init(&gather);
	gather.may_sleep = n % 2;
	if (iommu_pt_unmap(&pt, iova, n * PAGE, &gather) != n * PAGE)
		fail("an unmap failed", iova);
	sync_gather(&gather);
}

/* Change some pages that the worker owns */
static void work_once(unsigned int worker, unsigned long *seed)
{
	unsigned int region = next(seed) % 2, n, page, was;

	page = next(seed) % (REGION_PAGES / STRETCH / WORKERS);
	page = (page * WORKERS + worker) * STRETCH + next(seed) % STRETCH;
	n = 1 + next(seed) % (STRETCH - page % STRETCH);
	/* Pages that are all mapped or all unmapped, for one call */
	was = states[region][page] & MAPPED;
	while (n > 1 && (states[region][page + n - 1] & MAPPED) != was)
		n--;
	for (unsigned int i = 0; i < n; i++)
		if ((states[region][page + i] & MAPPED) != was)
			return;
	set_states(region, page, n, 1);
	if (was)
		unmap_pages(region, page, n);
	else
		map_pages(region, page, n);
	set_states(region, page, n, 1);
	/* Nothing stays mapped in region 1, so that its tables are freed */
	if (region == 1 && !was) {
		set_states(region, page, n, 1);
		unmap_pages(region, page, n);
		set_states(region, page, n, 1);
	}
}

static void take_away(unsigned int region, unsigned int page, unsigned int n)
{
	if (!n)
		return;
	set_states(region, page, n, 1);
	unmap_pages(region, page, n);
	set_states(region, page, n, 1);
}

/*
 * A page that was unmapped must not be reachable through a neighbouring entry:
 * even while another thread changes that entry, it must not describe a leaf
 * that includes the page.
 */
static void look_beside(unsigned int region, unsigned int page)
{
	unsigned long iova = iova_of(region, page);
	struct hw_translation to;
	unsigned int n;

	pthread_mutex_lock(&hw_mutex);
	for (n = 1; n < BLOCK; n *= 2) {
		hw_translate(&hw, iova_of(region, page ^ n), false, false, &to);
		if (hw_translate(&hw, iova, false, true, &to))
			fail("a stale translation, by a neighbour", iova);
	}
	pthread_mutex_unlock(&hw_mutex);
}

static void work_on_block(unsigned int worker, unsigned long *seed)
{
	const unsigned int part = BLOCK / CUTS;
	unsigned int page = worker * BLOCK, cuts[CUTS], i;

	set_states(2, page, BLOCK, 1);
	map_pages(2, page, BLOCK);
	set_states(2, page, BLOCK, 1);
	for (i = 0; i < CUTS; i++) {
		cuts[i] = next(seed) % part;
		for (unsigned int n = next(seed) % 32; n; n--)
			sched_yield();
		take_away(2, page + i * part + cuts[i], 1);
		look_beside(2, page + i * part + cuts[i]);
	}
	for (i = 0; i < CUTS; i++) {
		take_away(2, page + i * part, cuts[i]);
		take_away(2, page + i * part + cuts[i] + 1, part - cuts[i] - 1);
	}
}

static void *worker(void *arg)
{
	unsigned long n, seed = (unsigned long)arg * 0x9e3779b97f4a7c15ul + 1;

	for (n = 0; n < rounds; n++) {
		work_once((unsigned long)arg % WORKERS, &seed);
		if (n % 16 == 0)
			work_on_block((unsigned long)arg % WORKERS, &seed);
	}
	return NULL;
}

static void convert_once(unsigned long *seed)
{
	unsigned int region = next(seed) % REGIONS;
	unsigned long iova = iova_of(region, 0);
	size_t length = REGION_PAGES * PAGE;
	unsigned int can = pt.format->attrs;
	struct iommu_pt_gather gather;

	iommu_pt_gather_init(&gather);
	switch (next(seed) % (region == 2 ? 2 : 6)) {
	case 0:
		iommu_pt_demote(&pt, iova, length, PAGE, GFP_KERNEL, &gather);
		break;
	case 1:
	case 2:
		iommu_pt_promote(&pt, iova, length, &gather);
		break;
	case 3:
		iommu_pt_set_attrs(&pt, iova, length, can & IOMMU_PT_ATTR_SNOOP,
				   0, GFP_KERNEL, &gather);
		break;
	case 4:
		iommu_pt_set_attrs(&pt, iova, length, 0,
				   can & IOMMU_PT_ATTR_SNOOP, GFP_KERNEL,
				   &gather);
		break;
	default:
		iommu_pt_set_page_sizes(&pt, next(seed) % 4 ? 0 : PAGE);
	}
	sync_gather(&gather);
}

static void *converter(void *arg)
{
	unsigned long seed = (unsigned long)arg;

	while (__atomic_load_n(&running, __ATOMIC_RELAXED))
		convert_once(&seed);
	return NULL;
}

/* @phys is the translation of @iova at a time between two reads of its state */
static void judge(unsigned int before, unsigned int after, unsigned long iova,
		  u64 phys)
{
	if (before != after || before & 1)
		return;
	if (before & MAPPED && phys != phys_of(iova))
		fail(phys ? "a wrong translation" : "a missing translation",
		     iova);
	if (!(before & MAPPED) && phys)
		fail("a stale translation", iova);
}

static void *checker(void *arg)
{
	unsigned long seed = 77 + (unsigned long)arg, looks = 0;
	bool by_hardware = arg;

	while (__atomic_load_n(&running, __ATOMIC_RELAXED)) {
		unsigned int region = next(&seed) % REGIONS;
		unsigned int page = next(&seed) % REGION_PAGES;
		unsigned long iova = iova_of(region, page) + next(&seed) % PAGE;
		unsigned int before, after;
		struct hw_translation to;
		u64 phys = 0;

		before = __atomic_load_n(&states[region][page],
					 __ATOMIC_SEQ_CST);
		if (by_hardware) {
			pthread_mutex_lock(&hw_mutex);
			if (hw_translate(&hw, iova, false, next(&seed) % 4,
					 &to))
				phys = to.phys + (iova - to.start);
			if (hw.error)
				fail(hw.error, iova);
			pthread_mutex_unlock(&hw_mutex);
		} else {
			phys = iommu_pt_iova_to_phys(&pt, iova);
		}
		after = __atomic_load_n(&states[region][page],
					__ATOMIC_SEQ_CST);
		judge(before, after, iova, phys);
		looks++;
	}
	return (void *)looks;
}

static void start(const struct iommu_pt_format *format)
{
	const struct iommu_pt_config config = {
		.format = format,
		.levels = 4,
		.nid = NUMA_NO_NODE,
	};

	if (iommu_pt_init(&pt, &config))
		fail("init failed", 0);
	hw_init(&hw, &pt, false, false);
	map_pages(0, 0, REGION_PAGES);
	set_states(0, 0, REGION_PAGES, MAPPED);
}

/* Exactly the pages with MAPPED are left; after an unmap nothing is */
static void finish(void)
{
	struct iommu_pt_gather gather;
	unsigned int region, page;
	size_t held = 0, gone = 0;

	for (region = 0; region < REGIONS; region++)
		for (page = 0; page < REGION_PAGES; page++)
			if (states[region][page] & MAPPED)
				held += PAGE;
	iommu_pt_gather_init(&gather);
	for (region = 0; region < REGIONS; region++)
		gone += iommu_pt_unmap(&pt, iova_of(region, 0),
				       REGION_PAGES * PAGE, &gather);
	sync_gather(&gather);
	if (gone != held)
		fail("the last unmap misses something", BASE);
	if (iommu_pt_nr_tables(&pt) != 1)
		fail("tables are left when nothing is mapped", 0);
	iommu_pt_destroy(&pt);
}

/* The range of one table of 2 MiB entries; its memory allows no larger ones */
#define WHOLE		(1ul << 30)
static struct iommu_pt whole;

static void *whole_demoter(void *arg)
{
	struct iommu_pt_gather gather;

	while (__atomic_load_n(&running, __ATOMIC_RELAXED)) {
		iommu_pt_gather_init(&gather);
		iommu_pt_demote(&whole, WHOLE, WHOLE, PAGE, GFP_KERNEL, &gather);
		iommu_pt_gather_free(&whole, &gather);
	}
	return NULL;
}

static void whole_tables(const struct iommu_pt_format *format)
{
	const struct iommu_run run = { WHOLE + (2ul << 20), WHOLE };
	const struct iommu_pt_config config = {
		.format = format,
		.levels = 4,
		.nid = NUMA_NO_NODE,
		.page_sizes = PAGE | 2ul << 20,
	};
	struct iommu_pt_gather gather;
	pthread_t demoter;
	unsigned long n;

	if (iommu_pt_init(&whole, &config))
		fail("init failed", 0);
	running = 1;
	pthread_create(&demoter, NULL, whole_demoter, NULL);
	for (n = 0; n < rounds; n++) {
		iommu_pt_gather_init(&gather);
		if (iommu_pt_map(&whole, WHOLE, &run, 1, IOMMU_READ, GFP_KERNEL,
				 &gather))
			fail("a map failed", WHOLE);
		iommu_pt_gather_free(&whole, &gather);
		gather.may_sleep = n % 2;
		if (iommu_pt_unmap(&whole, WHOLE, WHOLE, &gather) != WHOLE)
			fail("an unmap failed", WHOLE);
		iommu_pt_gather_free(&whole, &gather);
	}
	__atomic_store_n(&running, 0, __ATOMIC_RELAXED);
	pthread_join(demoter, NULL);
	if (iommu_pt_nr_tables(&whole) != 1)
		fail("tables are left of what was demoted and unmapped", WHOLE);
	iommu_pt_destroy(&whole);
}

int main(int argc, char **argv)
{
	const struct iommu_pt_format *format = format_named(argv[1]);
	pthread_t workers[WORKERS], checkers[2], converting;
	unsigned long i, seed = argc > 3 ? strtoul(argv[3], NULL, 0) : 1;
	void *looks[2];

	if (!format)
		return 2;
	if (argc > 2)
		rounds = strtoul(argv[2], NULL, 0);
	start(format);
	running = 1;
	host_interrupts = true;
	for (i = 0; i < 2; i++)
		pthread_create(&checkers[i], NULL, checker, (void *)i);
	pthread_create(&converting, NULL, converter, (void *)(seed + 5));
	for (i = 0; i < WORKERS; i++)
		pthread_create(&workers[i], NULL, worker,
			       (void *)(seed * WORKERS + i));
	for (i = 0; i < WORKERS; i++)
		pthread_join(workers[i], NULL);
	__atomic_store_n(&running, 0, __ATOMIC_RELAXED);
	for (i = 0; i < 2; i++)
		pthread_join(checkers[i], &looks[i]);
	pthread_join(converting, NULL);
	finish();
	whole_tables(format);
	printf("%s: %lu rounds, %lu and %lu looks\n", argv[1],
	       rounds * WORKERS, (unsigned long)looks[0],
	       (unsigned long)looks[1]);
	return 0;
}
