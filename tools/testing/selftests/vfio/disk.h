/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A running disk in a container. Block N of each disk begins with the text
 * "block N of disk D" and a newline: scripts/lib/disks makes such images.
 */
#ifndef SLUICE_VFIO_DISK_H
#define SLUICE_VFIO_DISK_H

#include "fixture.h"
#include "nvme.h"

#define QUEUES 0x10000000ull
/* Where the queues of a second disk are */
#define MORE_QUEUES 0x18000000ull
#define BLOCK 512ul
/* After so long it does not answer: QEMU may get no CPU for a while */
#define HANG_MS 120000

static inline void disk_start(struct nvme *disk, struct vfio_device *device,
			      uint64_t queues)
{
	if (nvme_open(disk, device, queues, HANG_MS))
		ktap_fail("%s", fail_text());
	CHECK_EQ(disk->block_size, BLOCK);
}

static inline void disk_read(struct nvme *disk, uint64_t block,
			     unsigned int count, uint64_t iova)
{
	int ret = nvme_read(disk, block, count, iova);

	if (ret)
		ktap_fail("reading block %llu: %s", (unsigned long long)block,
			  ret < 0 ? fail_text() : "the disk reports an error");
}

/* A read that the IOMMU should stop; what the disk says of it is its affair */
static inline void disk_read_blocked(struct nvme *disk, uint64_t block,
				     unsigned int count, uint64_t iova)
{
	if (nvme_read(disk, block, count, iova) < 0)
		ktap_fail("reading block %llu: %s", (unsigned long long)block,
			  fail_text());
}

static inline bool is_block(const void *at, uint64_t block, int disk)
{
	char text[64];

	snprintf(text, sizeof(text), "block %llu of disk %d\n",
		 (unsigned long long)block, disk);
	return !strncmp(at, text, strlen(text));
}

/* All bytes are those of memory() */
static inline bool is_untouched(const void *at, size_t length)
{
	const uint8_t *bytes = at;

	for (size_t i = 0; i < length; i++)
		if (bytes[i] != 0x5a)
			return false;
	return true;
}

#endif
