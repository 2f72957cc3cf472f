// SPDX-License-Identifier: GPL-2.0
/*
 * Dirty tracking under conversion:
 *
 *	dirty FORMAT [ROUNDS [SEED]]
 *
 * In every round a simulated unit with caches (hw.h) writes to some pages of a
 * mapping that is demoted, promoted or partly unmapped at the same time. The
 * unit sets the dirty bit in the entry that it finds, and then not again while
 * it has this leaf cached. All pages that it wrote to must be dirty afterwards.
 */
#include "several.h"

#define PAGES		512u
#define WRITES		64u
#define IOVA		(1ul << 30)
#define PHYS		(16ull << 30)

static pthread_barrier_t barrier;
static unsigned long rounds = 3000;
static unsigned int nr_pages;
static bool written[PAGES];
static bool dirty[PAGES];

static void fail(const char *why, unsigned long round, unsigned int page)
{
	fprintf(stderr, "dirty: round %lu: %s: page %u of %u\n", round, why,
		page, nr_pages);
	exit(1);
}

static void write_some(unsigned long *seed)
{
	struct hw_translation to;
	unsigned int i, page;

	for (i = next(seed) % WRITES; i; i--) {
		page = next(seed) % nr_pages;
		pthread_mutex_lock(&hw_mutex);
		if (hw_translate(&hw, IOVA + page * PAGE, true, true, &to))
			written[page] = true;
		if (hw.error)
			fail(hw.error, 0, page);
		pthread_mutex_unlock(&hw_mutex);
	}
}

static void *writer(void *arg)
{
	unsigned long round, seed = (unsigned long)arg * 2 + 1;

	for (round = 0; round < rounds; round++) {
		pthread_barrier_wait(&barrier);
		write_some(&seed);
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

static void map_all(void)
{
	struct iommu_run run = { .addr = PHYS, .length = nr_pages * PAGE };
	struct iommu_pt_gather gather;

	iommu_pt_gather_init(&gather);
	if (iommu_pt_map(&pt, IOVA, &run, 1, IOMMU_READ | IOMMU_WRITE,
			 GFP_KERNEL, &gather))
		fail("a map failed", 0, 0);
	sync_gather(&gather);
}

static void unmap(unsigned int page, unsigned int n)
{
	struct iommu_pt_gather gather;

	iommu_pt_gather_init(&gather);
	iommu_pt_unmap(&pt, IOVA + page * PAGE, n * PAGE, &gather);
	sync_gather(&gather);
}

/* Returns the page that was unmapped, or PAGES */
static unsigned int convert(unsigned int how, unsigned int page)
{
	struct iommu_pt_gather gather;
	unsigned int gone = PAGES;

	iommu_pt_gather_init(&gather);
	switch (how) {
	case 0:
		iommu_pt_demote(&pt, IOVA, nr_pages * PAGE, PAGE, GFP_KERNEL,
				&gather);
		break;
	case 1:
		iommu_pt_promote(&pt, IOVA, nr_pages * PAGE, &gather);
		break;
	default:
		if (iommu_pt_unmap(&pt, IOVA + page * PAGE, PAGE, &gather))
			gone = page;
	}
	sync_gather(&gather);
	return gone;
}

static void demote(void)
{
	convert(0, 0);
}

static bool note(void *arg, unsigned long iova, size_t length)
{
	unsigned long at;

	for (at = iova; at < iova + length; at += PAGE)
		dirty[(at - IOVA) / PAGE] = true;
	return true;
}

static void run_round(unsigned long round, unsigned long *seed)
{
	unsigned int how = next(seed) % 3, gone, page;

	/* One leaf of the size of a table, or half of that */
	nr_pages = next(seed) % 2 ? PAGES : PAGES / 2;
	memset(written, 0, sizeof(written));
	memset(dirty, 0, sizeof(dirty));
	map_all();
	if (how == 1)
		demote();
	pthread_barrier_wait(&barrier);
	gone = convert(how, next(seed) % nr_pages);
	pthread_barrier_wait(&barrier);
	iommu_pt_read_dirty(&pt, IOVA, nr_pages * PAGE, note, NULL);
	for (page = 0; page < nr_pages; page++)
		if (written[page] && !dirty[page] && page != gone)
			fail("a write is lost", round, page);
	unmap(0, nr_pages);
}

int main(int argc, char **argv)
{
	const struct iommu_pt_format *format = format_named(argv[1]);
	struct iommu_pt_config config = {
		.levels = 4,
		.nid = NUMA_NO_NODE,
		.flags = IOMMU_PT_DIRTY,
	};
	unsigned long round, seed = argc > 3 ? strtoul(argv[3], NULL, 0) : 1;
	pthread_t writing;

	if (!format)
		return 2;
	if (argc > 2)
		rounds = strtoul(argv[2], NULL, 0);
	config.format = format;
	if (iommu_pt_init(&pt, &config))
		fail("init failed", 0, 0);
	hw_init(&hw, &pt, false, true);
	host_interrupts = true;
	pthread_barrier_init(&barrier, NULL, 2);
	pthread_create(&writing, NULL, writer, (void *)seed);
	seed = seed * 2 + 0x9e3779b97f4a7c15ul;
	for (round = 0; round < rounds; round++)
		run_round(round, &seed);
	pthread_join(writing, NULL);
	iommu_pt_destroy(&pt);
	printf("%s: %lu rounds\n", argv[1], rounds);
	return 0;
}
