// SPDX-License-Identifier: GPL-2.0
/*
 * The work of a guest with a virtual IOMMU, as the hypervisor below sees it: two
 * disks in one domain, the second of which is plugged in while the first is busy,
 * and many maps and unmaps.
 *
 * churn DISK0 DISK1 PAGES: the PCI addresses of the disks, and the number of pages
 * to map and unmap in all, an eighth of them before DISK1 is plugged in.
 *
 * The disks are those of scripts/lib/disks: each block has its number in it. A
 * buffer stands for the memory of a program. In each round its pages are mapped in
 * pieces of random size and order, the disks write blocks into some of them, and
 * the pieces are unmapped again, some one by one and some in one request. Blocks
 * read while a piece is mapped have to arrive; later ones must not.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fail.h"
#include "nvme.h"
#include "vfio.h"

#define PAGE 4096u
#define PAGES 512u		/* of the buffer, each mapped once in a round */
#define LONGEST_PIECE 32u
#define READS 4u		/* of each disk in a round */
#define BUFFER_IOVA 0x40003000ULL
#define KEPT_IOVA 0x30000000ULL
#define KEPT_PAGES 16u		/* mapped from the start to the end */
#define QUEUE_IOVA 0x10000000ULL
#define TIMEOUT_MS 120000

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct disk {
	struct vfio_device device;
	struct nvme nvme;
};

struct counts {
	unsigned long maps;
	unsigned long unmaps;
	unsigned long pages;
	unsigned long reads;
	unsigned long blocked;
};

static struct vfio_space space;
static struct disk disks[2];
static unsigned int plugged;
static struct counts counts;

static void die(const char *what, unsigned int disk)
{
	printf("churn: disk %u: %s: %s\n", disk, what, fail_text());
	exit(1);
}

static void must(int ret, const char *what)
{
	if (!ret)
		return;
	printf("churn: %s: %s\n", what, fail_text());
	exit(1);
}

static void map(uint64_t iova, void *memory, unsigned int pages)
{
	must(vfio_map(&space, iova, memory, (size_t)pages * PAGE, VFIO_PROT_RW),
	     "map");
	counts.maps++;
	counts.pages += pages;
}

static void unmap(uint64_t iova, unsigned int pages)
{
	must(vfio_unmap(&space, iova, (size_t)pages * PAGE), "unmap");
	counts.unmaps++;
}

/* Wait until the disk is there, has its driver, and VFIO offers it */
static void plug(const char *address)
{
	struct disk *disk = &disks[plugged];
	uint64_t iova = QUEUE_IOVA + plugged * 0x1000000ULL;
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vfio-dev",
		 address);
	while (access(path, F_OK))
		usleep(20000);
	if (vfio_device_open(&disk->device, &space, address) ||
	    nvme_open(&disk->nvme, &disk->device, iova, TIMEOUT_MS))
		die("cannot be opened", plugged);
	plugged++;
}

/* Let a disk write one of its blocks, which has its number in it, to an IOVA */
static void read_block(unsigned int disk, uint64_t iova, const char *memory)
{
	unsigned int block = random() % 16384;
	char text[64];
	int ret;

	snprintf(text, sizeof(text), "block %u of disk %u\n", block, disk);
	ret = nvme_read(&disks[disk].nvme, block, 1, iova);
	if (ret)
		die("cannot read", disk);
	if (memcmp(memory, text, strlen(text))) {
		printf("churn: disk %u: %.32s at %#llx instead of %s", disk,
		       memory, (unsigned long long)iova, text);
		exit(1);
	}
	counts.reads++;
}

/*
 * After an unmap the memory keeps its content. The status of the disk does not
 * count, since not every disk notices.
 */
static void read_is_blocked(unsigned int disk, uint64_t iova, char *memory)
{
	memset(memory, '.', 512);
	if (nvme_read(&disks[disk].nvme, 0, 1, iova) == -ETIMEDOUT)
		die("does not answer", disk);
	for (unsigned int i = 0; i < 512; i++) {
		if (memory[i] == '.')
			continue;
		printf("churn: disk %u writes to what is unmapped\n", disk);
		exit(1);
	}
	counts.blocked++;
}

/*
 * Divide the buffer into pieces, at the pages that are set in @starts, and map
 * them from the last to the first: the order has no effect.
 */
static void map_pieces(char *buffer, unsigned char *starts)
{
	unsigned int page, length;

	memset(starts, 0, PAGES);
	for (page = 0; page < PAGES; page += 1 + random() % LONGEST_PIECE)
		starts[page] = 1;
	for (page = PAGES, length = 1; page--; length++) {
		if (!starts[page])
			continue;
		map(BUFFER_IOVA + (uint64_t)page * PAGE,
		    buffer + (size_t)page * PAGE, length);
		length = 0;
	}
}

/* One by one up to some page, the rest in one request */
static void unmap_pieces(const unsigned char *starts)
{
	unsigned int until = random() % PAGES, page = 0, next;

	while (page < PAGES) {
		next = page + 1;
		while (next < PAGES && (!starts[next] || page >= until))
			next++;
		unmap(BUFFER_IOVA + (uint64_t)page * PAGE, next - page);
		page = next;
	}
}

static void one_round(char *buffer)
{
	unsigned int last[ARRAY_SIZE(disks)];
	unsigned char starts[PAGES];
	unsigned int disk, i, page;

	map_pieces(buffer, starts);
	for (disk = 0; disk < plugged; disk++) {
		for (i = 0; i < READS; i++) {
			page = random() % PAGES;
			last[disk] = page;
			read_block(disk, BUFFER_IOVA + (uint64_t)page * PAGE,
				   buffer + (size_t)page * PAGE);
		}
	}
	unmap_pieces(starts);
	/* At an IOVA that was translated before, so that a stale entry shows */
	for (disk = 0; disk < plugged; disk++) {
		page = last[disk];
		read_is_blocked(disk, BUFFER_IOVA + (uint64_t)page * PAGE,
				buffer + (size_t)page * PAGE);
	}
}

static char *memory(unsigned int pages)
{
	char *p = vfio_alloc((size_t)pages * PAGE);

	if (!p) {
		puts("churn: no memory");
		exit(1);
	}
	/* Small pages, so that there are many mappings */
	madvise(p, (size_t)pages * PAGE, MADV_NOHUGEPAGE);
	return p;
}

int main(int argc, char **argv)
{
	char *buffer = memory(PAGES), *kept = memory(KEPT_PAGES);
	unsigned long pages = argc == 4 ? strtoul(argv[3], NULL, 0) : 0;
	unsigned int i;

	if (!pages) {
		fputs("usage: churn DISK0 DISK1 PAGES\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	srandom(1);
	must(vfio_space_open(&space, VFIO_SPACE_TYPE1V2), "container");
	plug(argv[1]);
	map(KEPT_IOVA, kept, KEPT_PAGES);
	while (counts.pages < pages / 8)
		one_round(buffer);

	/* The new disk reaches memory that was mapped before it was added (R21) */
	puts("churn: plug in disk 1");
	plug(argv[2]);
	for (i = 0; i < KEPT_PAGES; i++)
		read_block(1, KEPT_IOVA + i * PAGE, kept + i * PAGE);
	while (counts.pages < pages)
		one_round(buffer);
	for (i = 0; i < KEPT_PAGES; i++)
		read_block(i & 1, KEPT_IOVA + i * PAGE, kept + i * PAGE);

	printf("churn: %lu maps and %lu unmaps of %lu pages, %lu blocks read, %lu reads blocked\n",
	       counts.maps, counts.unmaps, counts.pages, counts.reads,
	       counts.blocked);
	return 0;
}
