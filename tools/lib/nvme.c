// SPDX-License-Identifier: GPL-2.0
/*
 * The memory of a disk is one range of pages, mapped once:
 *
 *	admin submission queue, admin completion queue, I/O submission queue,
 *	I/O completion queue, identify data, then a page of PRP entries for each
 *	I/O command
 *
 * A command is written at the tail of the submission queue, and a write to the
 * doorbell notifies the disk. Its completion appears at the head of the
 * completion queue with the phase bit inverted; the phase changes each time
 * that queue wraps.
 *
 * Registers and structures are those of the NVM Express base specification 1.4,
 * sections 3.1, 4.2, 4.6, 5.3, 5.4, 5.15.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "fail.h"
#include "mmio.h"
#include "nvme.h"

enum {
	REG_CAP = 0x00,		/* 64 bits */
	REG_CC = 0x14,
	REG_CSTS = 0x1c,
	REG_AQA = 0x24,
	REG_ASQ = 0x28,		/* 64 bits */
	REG_ACQ = 0x30,		/* 64 bits */
	REG_DOORBELLS = 0x1000,
};

#define CAP_DSTRD(cap)		(((cap) >> 32) & 0xf)
#define CAP_MPSMIN(cap)		(((cap) >> 48) & 0xf)
#define CC_ENABLE		0x1u
#define CC_IOSQES_64		(6u << 16)
#define CC_IOCQES_16		(4u << 20)
#define CSTS_READY		0x1u
#define CSTS_FATAL		0x2u

enum {
	ADMIN_CREATE_SQ = 0x01,
	ADMIN_CREATE_CQ = 0x05,
	ADMIN_IDENTIFY = 0x06,
	IDENTIFY_NAMESPACE = 0,
	IDENTIFY_CONTROLLER = 1,
	QUEUE_CONTIGUOUS = 1,
	IO_QUEUE = 1,
	NAMESPACE = 1,
};

struct nvme_command {
	uint8_t opcode;
	uint8_t flags;
	uint16_t id;
	uint32_t nsid;
	uint64_t reserved;
	uint64_t metadata;
	uint64_t prp1;
	uint64_t prp2;
	uint32_t dw10;
	uint32_t dw11;
	uint32_t dw12;
	uint32_t dw13;
	uint32_t dw14;
	uint32_t dw15;
};

struct nvme_completion {
	uint32_t result;
	uint32_t reserved;
	uint16_t sq_head;
	uint16_t sq_id;
	uint16_t id;
	uint16_t status;	/* phase in bit 0 */
};

_Static_assert(sizeof(struct nvme_command) == 64, "NVMe command");
_Static_assert(sizeof(struct nvme_completion) == 16, "NVMe completion");

enum {
	PAGE_ADMIN_SQ,
	PAGE_ADMIN_CQ,
	PAGE_IO_SQ,
	PAGE_IO_CQ,
	PAGE_IDENTIFY,
	PAGE_PRP_LISTS,
	PAGES = PAGE_PRP_LISTS + NVME_DEPTH,
};

size_t nvme_memory_size(void)
{
	return (size_t)PAGES * NVME_PAGE_SIZE;
}

static uint32_t get32(struct nvme *disk, unsigned int reg)
{
	return load32((uint32_t *)(disk->regs + reg));
}

static void put32(struct nvme *disk, unsigned int reg, uint32_t value)
{
	store32((uint32_t *)(disk->regs + reg), value);
}

static uint64_t get64(struct nvme *disk, unsigned int reg)
{
	return get32(disk, reg) | (uint64_t)get32(disk, reg + 4) << 32;
}

static void put64(struct nvme *disk, unsigned int reg, uint64_t value)
{
	put32(disk, reg, (uint32_t)value);
	put32(disk, reg + 4, value >> 32);
}

static void *page(struct nvme *disk, unsigned int n)
{
	return disk->memory + (size_t)n * NVME_PAGE_SIZE;
}

static uint64_t page_iova(struct nvme *disk, unsigned int n)
{
	return disk->iova + (uint64_t)n * NVME_PAGE_SIZE;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * A waiting loop must ask this before it looks for a completion: if the loop
 * itself is late, the completion may be there although the time is over.
 */
static bool is_over(uint64_t end)
{
	return now_ms() >= end;
}

static void nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 50000 }, NULL);
}

static void queue_init(struct nvme *disk, struct nvme_queue *queue,
		       unsigned int number, unsigned int sq_page,
		       unsigned int cq_page)
{
	unsigned int stride = 4u << CAP_DSTRD(get64(disk, REG_CAP));
	uint8_t *bells = disk->regs + REG_DOORBELLS;

	*queue = (struct nvme_queue){
		.commands = page(disk, sq_page),
		.completions = page(disk, cq_page),
		.phase = 1,
		.tail_bell = (uint32_t *)(bells + 2 * number * stride),
		.head_bell = (uint32_t *)(bells + (2 * number + 1) * stride),
	};
}

static void queue_submit(struct nvme_queue *queue,
			 const struct nvme_command *command)
{
	queue->commands[queue->tail] = *command;
	queue->tail = (queue->tail + 1) % NVME_DEPTH;
	store32(queue->tail_bell, queue->tail);
}

/* Take the next completion; false if there is none */
static bool queue_take(struct nvme_queue *queue, uint16_t *id,
		       uint16_t *status)
{
	struct nvme_completion *next = &queue->completions[queue->head];
	uint16_t word = load16(&next->status);

	if ((word & 1) != queue->phase)
		return false;
	*id = next->id;
	*status = word >> 1;
	queue->head = (queue->head + 1) % NVME_DEPTH;
	if (queue->head == 0)
		queue->phase ^= 1;
	store32(queue->head_bell, queue->head);
	return true;
}

static int wait_ready(struct nvme *disk, bool ready)
{
	uint64_t end = now_ms() + disk->timeout_ms;

	for (;;) {
		bool over = is_over(end);
		uint32_t status = get32(disk, REG_CSTS);

		if (status == UINT32_MAX)
			return fail(ENODEV, "%s is gone", disk->device->address);
		if (ready && status & CSTS_FATAL)
			return fail(EIO, "%s reports a fatal error",
				    disk->device->address);
		if (!!(status & CSTS_READY) == ready)
			return 0;
		if (over)
			return fail(ETIMEDOUT, "%s does not become %s",
				    disk->device->address,
				    ready ? "ready" : "idle");
		nap();
	}
}

/* One admin command at a time */
static int admin(struct nvme *disk, const struct nvme_command *command,
		 const char *what)
{
	uint64_t end = now_ms() + disk->timeout_ms;
	uint16_t id, status;

	queue_submit(&disk->admin, command);
	for (;;) {
		bool over = is_over(end);

		if (queue_take(&disk->admin, &id, &status))
			break;
		if (over)
			return fail(ETIMEDOUT, "%s does not answer: %s",
				    disk->device->address, what);
		nap();
	}
	if (status & 0x7ff)
		return fail(EIO, "%s answers %#x: %s", disk->device->address,
			    status & 0x7ff, what);
	return 0;
}

static int identify(struct nvme *disk)
{
	const uint8_t *data = page(disk, PAGE_IDENTIFY);
	struct nvme_command command = {
		.opcode = ADMIN_IDENTIFY,
		.prp1 = page_iova(disk, PAGE_IDENTIFY),
		.dw10 = IDENTIFY_CONTROLLER,
	};
	unsigned int format, shift;
	int ret;

	ret = admin(disk, &command, "describe the controller");
	if (ret)
		return ret;
	memcpy(disk->model, data + 24, 40);
	for (int i = 39; i >= 0 && disk->model[i] == ' '; i--)
		disk->model[i] = '\0';
	/* Bounded in pages of the least size; 0 means no bound */
	shift = data[77];
	disk->max_transfer = NVME_MAX_TRANSFER;
	if (shift && shift < 9)
		disk->max_transfer = NVME_PAGE_SIZE << shift;

	command.nsid = NAMESPACE;
	command.dw10 = IDENTIFY_NAMESPACE;
	ret = admin(disk, &command, "describe namespace 1");
	if (ret)
		return ret;
	memcpy(&disk->blocks, data, sizeof(disk->blocks));
	format = data[26] & 0xf;
	shift = data[128 + 4 * format + 2];
	if (!disk->blocks || shift < 9 || shift > 16)
		return fail(EINVAL, "%s has no usable namespace 1",
			    disk->device->address);
	disk->block_size = 1u << shift;
	return 0;
}

static int create_io_queues(struct nvme *disk)
{
	struct nvme_command command = {
		.opcode = ADMIN_CREATE_CQ,
		.prp1 = page_iova(disk, PAGE_IO_CQ),
		.dw10 = (NVME_DEPTH - 1) << 16 | IO_QUEUE,
		.dw11 = QUEUE_CONTIGUOUS,
	};
	int ret;

	ret = admin(disk, &command, "create the I/O completion queue");
	if (ret)
		return ret;
	command.opcode = ADMIN_CREATE_SQ;
	command.prp1 = page_iova(disk, PAGE_IO_SQ);
	command.dw11 = IO_QUEUE << 16 | QUEUE_CONTIGUOUS;
	ret = admin(disk, &command, "create the I/O submission queue");
	if (ret)
		return ret;
	queue_init(disk, &disk->io, IO_QUEUE, PAGE_IO_SQ, PAGE_IO_CQ);
	return 0;
}

static int start(struct nvme *disk)
{
	int ret;

	if (CAP_MPSMIN(get64(disk, REG_CAP)))
		return fail(EINVAL, "%s wants pages larger than 4 KiB",
			    disk->device->address);
	put32(disk, REG_CC, 0);
	ret = wait_ready(disk, false);
	if (ret)
		return ret;
	put32(disk, REG_AQA, (NVME_DEPTH - 1) << 16 | (NVME_DEPTH - 1));
	put64(disk, REG_ASQ, page_iova(disk, PAGE_ADMIN_SQ));
	put64(disk, REG_ACQ, page_iova(disk, PAGE_ADMIN_CQ));
	queue_init(disk, &disk->admin, 0, PAGE_ADMIN_SQ, PAGE_ADMIN_CQ);
	put32(disk, REG_CC, CC_ENABLE | CC_IOSQES_64 | CC_IOCQES_16);
	ret = wait_ready(disk, true);
	if (ret)
		return ret;
	ret = identify(disk);
	if (ret)
		return ret;
	return create_io_queues(disk);
}

int nvme_open(struct nvme *disk, struct vfio_device *device, uint64_t iova,
	      unsigned int timeout_ms)
{
	int ret;

	*disk = (struct nvme){
		.device = device,
		.iova = iova,
		.timeout_ms = timeout_ms,
	};
	disk->regs = vfio_device_bar(device, 0, &disk->regs_size);
	if (!disk->regs)
		return -ENODEV;
	disk->memory = vfio_alloc(nvme_memory_size());
	if (!disk->memory) {
		ret = -ENOMEM;
		goto unmap_regs;
	}
	ret = vfio_map(device->space, iova, disk->memory, nvme_memory_size(),
		      VFIO_PROT_RW);
	if (ret)
		goto free_memory;
	ret = vfio_device_bus_master(device, true);
	if (ret)
		goto unmap_memory;
	ret = start(disk);
	if (ret)
		goto stop;
	return 0;

stop:
	put32(disk, REG_CC, 0);
	vfio_device_bus_master(device, false);
unmap_memory:
	vfio_unmap(device->space, iova, nvme_memory_size());
free_memory:
	munmap(disk->memory, nvme_memory_size());
unmap_regs:
	munmap(disk->regs, disk->regs_size);
	return ret;
}

void nvme_close(struct nvme *disk)
{
	put32(disk, REG_CC, 0);
	wait_ready(disk, false);
	vfio_device_bus_master(disk->device, false);
	vfio_unmap(disk->device->space, disk->iova, nvme_memory_size());
	munmap(disk->memory, nvme_memory_size());
	munmap(disk->regs, disk->regs_size);
}

static int free_slot(struct nvme *disk)
{
	/* One entry stays empty: a full queue would look like an empty one */
	for (int id = 0; id < NVME_DEPTH - 1; id++)
		if (!disk->slots[id].busy)
			return id;
	return fail(EBUSY, "%d commands are in flight", NVME_DEPTH - 1);
}

/*
 * PRP1 is the first address; PRP2 the second page, or a list of all pages
 * after the first.
 */
static void set_prps(struct nvme *disk, struct nvme_command *command,
		     uint64_t iova, size_t length)
{
	uint64_t *list = page(disk, PAGE_PRP_LISTS + command->id);
	uint64_t next = (iova / NVME_PAGE_SIZE + 1) * NVME_PAGE_SIZE;
	uint64_t end = iova + length;
	unsigned int n = 0;

	command->prp1 = iova;
	if (end <= next)
		return;
	if (end <= next + NVME_PAGE_SIZE) {
		command->prp2 = next;
		return;
	}
	for (; next < end; next += NVME_PAGE_SIZE)
		list[n++] = next;
	command->prp2 = page_iova(disk, PAGE_PRP_LISTS + command->id);
}

int nvme_begin(struct nvme *disk, enum nvme_op op, uint64_t block,
	       unsigned int count, uint64_t iova)
{
	struct nvme_command command = {
		.opcode = op,
		.nsid = NAMESPACE,
		.dw10 = (uint32_t)block,
		.dw11 = block >> 32,
		.dw12 = count - 1,
	};
	int id;

	if (!count || block >= disk->blocks || count > disk->blocks - block)
		return fail(EINVAL, "%s has blocks 0 to %llu",
			    disk->device->address,
			    (unsigned long long)disk->blocks - 1);
	if (count > disk->max_transfer / disk->block_size)
		return fail(EINVAL, "%s moves at most %u blocks at once",
			    disk->device->address,
			    disk->max_transfer / disk->block_size);
	id = free_slot(disk);
	if (id < 0)
		return id;
	command.id = id;
	set_prps(disk, &command, iova, (size_t)count * disk->block_size);
	disk->slots[id] = (struct nvme_slot){ .busy = true };
	queue_submit(&disk->io, &command);
	return id;
}

unsigned int nvme_poll(struct nvme *disk)
{
	uint16_t id, status;
	unsigned int n = 0;

	while (queue_take(&disk->io, &id, &status)) {
		if (id >= NVME_DEPTH || !disk->slots[id].busy)
			continue;
		disk->slots[id].done = true;
		disk->slots[id].status = status & 0x7ff;
		n++;
	}
	return n;
}

bool nvme_done(const struct nvme *disk, int id)
{
	return disk->slots[id].done;
}

int nvme_wait(struct nvme *disk, int id)
{
	uint64_t end = now_ms() + disk->timeout_ms;

	while (!disk->slots[id].done) {
		bool over = is_over(end);

		if (nvme_poll(disk))
			continue;
		if (over)
			return fail(ETIMEDOUT, "%s does not answer",
				    disk->device->address);
		nap();
	}
	disk->slots[id].busy = false;
	return disk->slots[id].status;
}

int nvme_read(struct nvme *disk, uint64_t block, unsigned int count,
	      uint64_t iova)
{
	int id = nvme_begin(disk, NVME_READ, block, count, iova);

	return id < 0 ? id : nvme_wait(disk, id);
}
