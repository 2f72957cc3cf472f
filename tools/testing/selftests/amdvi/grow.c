// SPDX-License-Identifier: GPL-2.0
/*
 * A page table that gets more levels while DMA runs: existing mappings stay
 * reachable all the time, and new mappings at higher addresses are reachable at
 * once. Runs over amdvi.ko with the disk NVME0.
 */
#include "../dma/fixture.h"

#define LOW_IOVA	0x40000000ul
#define PAGES		16

/* Begin a read into each page of the low mapping */
static void launch(struct rig *rig, int *ids, unsigned char *memory,
		   unsigned int round)
{
	for (unsigned int i = 0; i < PAGES; i++) {
		memset(memory + i * PAGE, 0, 512);
		ids[i] = nvme_begin(&rig->disk, NVME_READ,
				    (round * PAGES + i) % BLOCKS, 1,
				    LOW_IOVA + i * PAGE);
		if (ids[i] < 0)
			ktap_fail("%s", fail_text());
	}
}

static void land(struct rig *rig, const int *ids, const unsigned char *memory,
		 unsigned int round)
{
	for (unsigned int i = 0; i < PAGES; i++) {
		CHECK_EQ(nvme_wait(&rig->disk, ids[i]), 0);
		if (!holds(memory + i * PAGE, (round * PAGES + i) % BLOCKS))
			ktap_fail("round %u: a read did not arrive in page %u",
				  round, i);
	}
}

TEST(dma_continues_while_the_page_table_grows)
{
	/*
	 * Past the range of three levels, and of four; then within the grown
	 * table
	 */
	static const uint64_t beyond[] = { 1ul << 39, 1ul << 47, 1ul << 46 };
	unsigned char *low = vfio_alloc(PAGES * PAGE);
	unsigned char *high = vfio_alloc(PAGE);
	unsigned int round = 0;
	int ids[PAGES];

	CHECK(low && high);
	for (unsigned int again = 0; again < 20; again++) {
		struct rig rig;

		/* A new address space begins with a small table */
		rig_open(&rig);
		rig_map(&rig, LOW_IOVA, low, PAGES * PAGE);
		for (unsigned int i = 0; i < 3; i++) {
			memset(high, 0, 512);
			launch(&rig, ids, low, ++round);
			rig_map(&rig, beyond[i], high, PAGE);
			rig_read(&rig, again, beyond[i]);
			CHECK(holds(high, again));
			land(&rig, ids, low, round);
			rig_unmap(&rig, beyond[i], PAGE);
		}
		rig_close(&rig);
	}
}
