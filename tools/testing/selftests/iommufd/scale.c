// SPDX-License-Identifier: GPL-2.0
/*
 * The cost of a mapping among many, in time and memory. SCALE sets the number
 * of mappings; the default is a million. Runs without devices, in a machine
 * whose clock counts instructions, so that the time does not depend on the load
 * of the host.
 */
#define KTAP_TIMEOUT 600

#include "clock.h"
#include "fixture.h"

static long mappings(void)
{
	const char *scale = getenv("SCALE");

	return scale ? atol(scale) : 1000000;
}

static long slab_bytes(void)
{
	return from_file("/proc/meminfo", "Slab:") * 1024;
}

TEST(a_million_mappings_cost_at_most_256_bytes_each)
{
	uint32_t ioas = new_ioas();
	void *p = memory(PAGE);
	long n = mappings(), before, used;

	/* The free objects of the slabs should be few in comparison */
	CHECK(n >= 100000);
	before = slab_bytes();
	for (long i = 0; i < n; i++)
		CHECK_EQ(map_at(ioas, p, PAGE, IOVA + 2 * i * PAGE, RW), 0);
	used = (slab_bytes() - before) / n;
	printf("# %ld bytes each\n", used);
	CHECK(used <= 256);
	CHECK_EQ(unmap_all(ioas), n * PAGE);
}

/* Compare the time of the first tenth of the maps with that of the last */
static void grows_slowly(bool fixed)
{
	uint32_t ioas = new_ioas();
	void *p = memory(PAGE);
	long n = mappings(), tenth = n / 10;
	int64_t began = 0, first = 0, last = 0;
	uint64_t iova;

	for (long i = 0; i < n; i++) {
		if (i == 0 || i == n - tenth)
			began = now_ns();
		if (fixed)
			CHECK_EQ(map_at(ioas, p, PAGE, IOVA + 2 * i * PAGE,
					RW), 0);
		else
			CHECK_EQ(map_any(ioas, p, PAGE, &iova, RW), 0);
		if (i == tenth - 1)
			first = now_ns() - began;
	}
	last = now_ns() - began;
	printf("# map: %.0f ns among few, %.0f ns among %ld\n",
	       (double)first / tenth, (double)last / tenth, n);
	CHECK_EQ(destroy(ioas), 0);
	/* The logarithms of both numbers differ by less than a third */
	CHECK(last < 1.5 * first);
}

TEST(cost_of_a_map_grows_no_faster_than_the_logarithm)
{
	grows_slowly(true);
}

TEST(cost_of_choosing_an_iova_grows_no_faster_than_the_logarithm)
{
	grows_slowly(false);
}
