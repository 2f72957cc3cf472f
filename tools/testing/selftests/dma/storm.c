// SPDX-License-Identifier: GPL-2.0
/*
 * A device that does nothing but what it may not. What it costs the machine is
 * for whoever runs this to see; here is that it gains nothing by it.
 */
#include "fixture.h"

#define BUFFER_IOVA	0x40000000ul
#define READS		100000
#define IN_FLIGHT	32

TEST(a_storm_of_bad_reads_is_blocked)
{
	unsigned char *memory = vfio_alloc(2 * PAGE);
	int ids[IN_FLIGHT];
	struct rig rig;

	rig_open(&rig);
	CHECK(memory);
	memset(memory, 0x5a, 2 * PAGE);
	rig_map(&rig, BUFFER_IOVA, memory, PAGE);
	for (unsigned int i = 0; i < READS + IN_FLIGHT; i++) {
		if (i >= IN_FLIGHT &&
		    nvme_wait(&rig.disk, ids[i % IN_FLIGHT]) == -ETIMEDOUT)
			ktap_fail("%s", fail_text());
		if (i >= READS)
			continue;
		ids[i % IN_FLIGHT] = nvme_begin(&rig.disk, NVME_READ,
						i % BLOCKS, 1,
						BUFFER_IOVA + PAGE);
		if (ids[i % IN_FLIGHT] < 0)
			ktap_fail("%s", fail_text());
	}
	for (unsigned int i = 0; i < 2 * PAGE; i++)
		CHECK_EQ(memory[i], 0x5a);
	/* It is still a disk, for what is mapped */
	rig_read(&rig, 7, BUFFER_IOVA);
	CHECK(holds(memory, 7));
	rig_close(&rig);
}
