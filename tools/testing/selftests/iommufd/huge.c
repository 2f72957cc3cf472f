// SPDX-License-Identifier: GPL-2.0
/*
 * The cost of mapping 64 GiB for a real device (see edu.h): it follows the
 * number of runs, which are 2 MiB each, and not the number of 4 KiB pages. The
 * memory is one file of 128 MiB in huge pages, mapped many times. Runs in a
 * machine whose clock counts instructions.
 */
#define KTAP_TIMEOUT 600
#include <linux/memfd.h>

#include "clock.h"
#include "edu.h"

#define MIB		(1ul << 20)
#define RUN		(2 * MIB)
#define FILE_LENGTH	(128 * MIB)
#define LENGTH		(64ul << 30)
#define BASE		(4ul << 30)

/*
 * Instructions for a run of 512 pages. The kernel looks at each page to pin it,
 * which takes 8 instructions by file and 11 by address; all other work is done
 * once for the run. In comparison, 512 runs of 4 KiB take 150,000 instructions.
 */
#define MOST_BY_FILE	6000
#define MOST_BY_ADDRESS	10000
#define MOST_TO_UNMAP	500

static struct vfio_device device;

static int huge_file(void)
{
	int file = memfd_create("huge", MFD_HUGETLB | MFD_HUGE_2MB);

	CHECK(file >= 0);
	CHECK_EQ(ftruncate(file, FILE_LENGTH), 0);
	return file;
}

static void report(const char *what, double began, double most)
{
	double each = (now_ns() - began) / (LENGTH / RUN);

	printf("# %s: %.0f instructions for a run of 2 MiB\n", what, each);
	CHECK(each <= most);
}

TEST(cost_of_mapping_a_file_many_times_is_per_run)
{
	uint32_t ioas = open_space_with(&device);
	long before = pinned_pages();
	int file = huge_file();
	double began = now_ns();

	for (uint64_t at = 0; at < LENGTH; at += FILE_LENGTH)
		CHECK_EQ(map_file_at(ioas, file, 0, FILE_LENGTH, BASE + at, RW),
			 0);
	report("map", began, MOST_BY_FILE);
	CHECK_EQ(pinned_kb(), LENGTH / 1024);
	began = now_ns();
	CHECK_EQ(unmap(ioas, BASE, LENGTH), LENGTH);
	report("unmap", began, MOST_TO_UNMAP);
	CHECK_EQ(pinned_kb(), 0);
	CHECK_EQ(pinned_pages(), before);
}

TEST(cost_of_one_large_mapping_is_per_run)
{
	char *p = mmap(NULL, LENGTH + RUN, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint32_t ioas = open_space_with(&device);
	long before = pinned_pages();
	int file = huge_file();
	double began;

	CHECK(p != MAP_FAILED);
	p = (char *)(((uintptr_t)p + RUN - 1) & -RUN);
	for (uint64_t at = 0; at < LENGTH; at += FILE_LENGTH)
		CHECK(mmap(p + at, FILE_LENGTH, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_FIXED | MAP_POPULATE, file,
			   0) != MAP_FAILED);
	began = now_ns();
	CHECK_EQ(map_at(ioas, p, LENGTH, BASE, RW), 0);
	report("map", began, MOST_BY_ADDRESS);
	CHECK_EQ(pinned_kb(), LENGTH / 1024);
	began = now_ns();
	CHECK_EQ(unmap(ioas, BASE, LENGTH), LENGTH);
	report("unmap", began, MOST_TO_UNMAP);
	CHECK_EQ(pinned_pages(), before);
}
