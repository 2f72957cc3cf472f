// SPDX-License-Identifier: GPL-2.0
/* Processes that are killed at random points, with DMA in flight. */
#define KTAP_TIMEOUT 500
#include <time.h>

#include "disk.h"
#include "file.h"

/* Where a process was when it was killed; it says so in shared memory. */
enum stage { OPENING, MAPPING, READING, UNMAPPING, CLOSING, NR_STAGES };

/* Open, map, read, unmap, close. */
static void work(enum vfio_space_kind kind, char *at, _Atomic int *stage)
{
	struct nvme disk;
	struct box box;
	int id[8];

	*stage = OPENING;
	box_open(&box, kind, "NVME0");
	disk_start(&disk, &box.device, QUEUES);
	for (int i = 0; i < 60; i++) {
		size_t length = (1 + random() % 512) * PAGE;

		*stage = MAPPING;
		CHECK_EQ(vfio_map(&box.space, IOVA, at, length, VFIO_PROT_RW),
			 0);
		*stage = READING;
		for (int n = 0; n < 8; n++)
			id[n] = nvme_begin(&disk, NVME_READ, random() % 1000, 8,
					   IOVA + random() % length / PAGE * PAGE);
		for (int n = 0; n < 8; n++)
			nvme_wait(&disk, id[n]);
		*stage = UNMAPPING;
		CHECK_EQ(vfio_unmap(&box.space, IOVA, length), 0);
	}
	*stage = CLOSING;
	nvme_close(&disk);
	box_close(&box);
}

static unsigned long now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ul + ts.tv_nsec / 1000;
}

static void check_kills(enum vfio_space_kind kind)
{
	_Atomic int *stage = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned int seed = time(NULL), killed[NR_STAGES] = { 0 };
	char *at = memory(512 * PAGE);
	unsigned long duration;
	long long pinned;
	int status;

	address_of("NVME0");
	printf("# seed %u\n", seed);
	srandom(seed);
	/* How long it takes is up to the machine. */
	work(kind, at, stage);
	duration = now_us();
	work(kind, at, stage);
	duration = now_us() - duration;
	pinned = pinned_pages();
	for (int i = 0; i < 200; i++) {
		pid_t child = fork();

		if (!child) {
			srandom(seed + i);
			for (;;)
				work(kind, at, stage);
		}
		usleep(random() % duration);
		CHECK_EQ(kill(child, SIGKILL), 0);
		CHECK_EQ(waitpid(child, &status, 0), child);
		/* Killed by this test, and not by a check of its own. */
		CHECK(WIFSIGNALED(status));
		killed[*stage]++;
		if (pinned_pages() != pinned)
			ktap_fail("round %d leaves %lld pages pinned", i,
				  pinned_pages() - pinned);
	}
	printf("# killed while opening %u, mapping %u, reading %u, unmapping %u, closing %u\n",
	       killed[OPENING], killed[MAPPING], killed[READING],
	       killed[UNMAPPING], killed[CLOSING]);
	CHECK(killed[OPENING] && killed[MAPPING] && killed[READING]);
}

TEST(a_process_killed_anywhere_leaves_nothing_pinned)
{
	check_kills(VFIO_SPACE_TYPE1V2);
}

TEST(a_process_killed_anywhere_leaves_the_file_free_and_nothing_pinned)
{
	need_files();
	check_kills(VFIO_SPACE_IOMMUFD);
}
