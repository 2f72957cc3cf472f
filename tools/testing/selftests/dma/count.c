// SPDX-License-Identifier: GPL-2.0
/*
 * The invalidations of a unit (R20, R22) for maps and unmaps in an address
 * space with the two disks NVME0 and NVME1. Between the steps, reads at IOVAs
 * that count up from MARK are marks in a trace of the unit. The program prints
 * its steps; its caller compares them with the trace.
 */
#include "fixture.h"

#define IOVA		0x80000000ul
#define MARK		0x6000000000ul
#define QUEUES_2	0x20000000ul

static unsigned int marks;

static void mark(struct rig *rig)
{
	rig_read(rig, 0, MARK + marks++ * PAGE);
}

static void plan(const char *what, uint64_t iova, size_t length)
{
	printf("# step %u %s 0x%llx 0x%zx\n", marks - 1, what,
	       (unsigned long long)iova, length);
}

/* Let a disk read one block into a page; true if the block arrived */
static bool arrives(struct nvme *disk, unsigned char *memory, uint64_t iova,
		    unsigned int block)
{
	int id;

	memset(memory, 0, 512);
	id = nvme_begin(disk, NVME_READ, block, 1, iova);
	if (id < 0 || nvme_wait(disk, id) == -ETIMEDOUT)
		ktap_fail("%s", fail_text());
	return holds(memory, block);
}

static void both(struct rig *rig, struct nvme *other, unsigned char *memory,
		 uint64_t iova, bool mapped)
{
	CHECK_EQ(arrives(&rig->disk, memory, iova, 5), mapped);
	CHECK_EQ(arrives(other, memory, iova, 6), mapped);
}

/* One map and one unmap; both disks try the last page after each */
static void there_and_back(struct rig *rig, struct nvme *other,
			   unsigned char *memory, uint64_t iova, size_t length)
{
	size_t last = length - PAGE;

	mark(rig);
	plan("map", iova, length);
	rig_map(rig, iova, memory, length);
	mark(rig);
	both(rig, other, memory + last, iova + last, true);
	mark(rig);
	plan("unmap", iova, length);
	rig_unmap(rig, iova, length);
	mark(rig);
	both(rig, other, memory + last, iova + last, false);
}

TEST(two_devices_share_an_address_space)
{
	unsigned char *memory = huge(2 * MEGA, 21);
	const char *address = getenv("NVME1");
	struct vfio_device device;
	struct nvme other;
	struct rig rig;

	if (!address)
		SKIP("NVME1 names no device");
	rig_open(&rig);
	if (vfio_device_open(&device, &rig.space, address) ||
	    nvme_open(&other, &device, QUEUES_2, HANG_MS))
		ktap_fail("%s", fail_text());
	write_blocks_of(&rig, &other);
	there_and_back(&rig, &other, memory, IOVA, PAGE);
	there_and_back(&rig, &other, memory, IOVA + 7 * PAGE, PAGE);
	there_and_back(&rig, &other, memory, IOVA, 64 * PAGE);
	there_and_back(&rig, &other, memory + MEGA, IOVA + MEGA, MEGA);
	there_and_back(&rig, &other, memory, IOVA, 2 * MEGA);
	there_and_back(&rig, &other, memory, 1ul << 32, 2 * MEGA);
	nvme_close(&other);
	vfio_device_close(&device);
	rig_close(&rig);
}
