// SPDX-License-Identifier: GPL-2.0
/* Processes that are killed at random points, with DMA in flight. */
#define KTAP_TIMEOUT 500
#include <time.h>

#include "disk.h"

/* Open, map, read, unmap, close: over and over until the signal comes. */
static void work(unsigned int seed)
{
	struct nvme disk;
	struct box box;
	char *at = memory(512 * PAGE);
	int id[8];

	srandom(seed);
	for (;;) {
		box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
		disk_start(&disk, &box.device, QUEUES);
		for (int i = 0; i < 20; i++) {
			size_t length = (1 + random() % 512) * PAGE;

			map(box.space.fd, IOVA, at, length, RW);
			for (int n = 0; n < 8; n++)
				id[n] = nvme_begin(&disk, NVME_READ, random() % 1000,
						   8, IOVA + random() % length / PAGE * PAGE);
			for (int n = 0; n < 8; n++)
				nvme_wait(&disk, id[n]);
			unmap(box.space.fd, IOVA, length);
		}
		nvme_close(&disk);
		box_close(&box);
	}
}

TEST(a_process_killed_anywhere_leaves_nothing_pinned)
{
	long long pinned = pinned_pages();
	unsigned int seed = time(NULL);
	int status;

	printf("# seed %u\n", seed);
	address_of("NVME0");
	srandom(seed);
	for (int i = 0; i < 200; i++) {
		pid_t child = fork();

		if (!child)
			work(seed + i);
		usleep(random() % 60000);
		CHECK_EQ(kill(child, SIGKILL), 0);
		CHECK_EQ(waitpid(child, &status, 0), child);
		/* Killed by this test, and not by a check of its own. */
		CHECK(WIFSIGNALED(status));
		if (pinned_pages() != pinned)
			ktap_fail("round %d leaves %lld pages pinned", i,
				  pinned_pages() - pinned);
	}
}
