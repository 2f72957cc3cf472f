/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Running disks. Block N of disk D begins with the text "block N of disk D" and
 * a newline: scripts/lib/disks makes such images.
 */
#ifndef SLUICE_VFIO_DISK_H
#define SLUICE_VFIO_DISK_H

#include "fixture.h"
#include "nvme.h"

#define QUEUES 0x10000000ull
/* The queues of a second disk in the same address space */
#define MORE_QUEUES 0x18000000ull
#define BLOCK 512ul
/* A disk that takes longer hangs; long, as QEMU may get no CPU for a while */
#define HANG_MS 120000

static inline void disk_start(struct nvme *disk, struct vfio_device *device,
			      uint64_t queues)
{
	if (nvme_open(disk, device, queues, HANG_MS))
		ktap_fail("%s", fail_text());
	CHECK_EQ(disk->block_size, BLOCK);
}

/* Open NVME0 in a box and start it; returns what box_open() returns */
static inline int disk_open(struct nvme *disk, struct box *box,
			    enum vfio_space_kind kind)
{
	int fd = box_open(box, kind, "NVME0");

	disk_start(disk, &box->device, QUEUES);
	return fd;
}

/* Open NVME1 in the address space of NVME0 and start it */
static inline void add_disk(struct nvme *disk, struct vfio_space *space,
			    struct vfio_device *device)
{
	add_device(space, device, "NVME1");
	disk_start(disk, device, MORE_QUEUES);
}

static inline void disk_read(struct nvme *disk, uint64_t block,
			     unsigned int count, uint64_t iova)
{
	int ret = nvme_read(disk, block, count, iova);

	if (ret)
		ktap_fail("reading block %llu: %s", (unsigned long long)block,
			  ret < 0 ? fail_text() : "the disk reports an error");
}

/* A read that the IOMMU must block; QEMU reports success or failure */
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

/* No byte has changed since memory() */
static inline bool is_untouched(const void *at, size_t length)
{
	const uint8_t *bytes = at;

	for (size_t i = 0; i < length; i++)
		if (bytes[i] != 0x5a)
			return false;
	return true;
}

#endif
