/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A driver for NVMe disks in user space, with one I/O queue that is polled.
 *
 * The caller gives the IOVA of the data, and maps memory there or not: tests
 * use a disk as a source of DMA to any address. Beginning a command and waiting
 * for it are separate calls, so that many commands can be in flight.
 *
 * Functions return 0 or a positive number, or a negative errno; fail_text() has
 * the sentence.
 */
#ifndef SLUICE_TOOLS_NVME_H
#define SLUICE_TOOLS_NVME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vfio.h"

#define NVME_PAGE_SIZE 4096u
/* Entries of each queue; one command less can be in flight */
#define NVME_DEPTH 64
/* The longest transfer that PRP1 and one page of PRP entries describe */
#define NVME_MAX_TRANSFER (512u * NVME_PAGE_SIZE)

enum nvme_op {
	NVME_WRITE = 1,		/* the disk reads memory */
	NVME_READ = 2,		/* the disk writes memory */
};

/**
 * struct nvme_queue - a submission queue and its completion queue
 * @commands: the submission queue's entries
 * @completions: the completion queue's entries
 * @tail: index of the next command
 * @head: index of the next completion
 * @phase: phase bit of a new completion
 * @tail_bell: doorbell of the submission queue
 * @head_bell: doorbell of the completion queue
 */
struct nvme_queue {
	struct nvme_command *commands;
	struct nvme_completion *completions;
	unsigned int tail;
	unsigned int head;
	unsigned int phase;
	uint32_t *tail_bell;
	uint32_t *head_bell;
};

/* The state of a command; its identifier is the index */
struct nvme_slot {
	bool busy;
	bool done;
	uint16_t status;
};

/**
 * struct nvme - a disk
 * @device: the open device
 * @regs: its registers
 * @regs_size: their length
 * @memory: queues, PRP lists and the identify page
 * @iova: IOVA of @memory
 * @timeout_ms: longest time to become ready, or for a command
 * @admin: the admin queues
 * @io: the I/O queues
 * @slots: commands of the I/O queue
 * @model: model name that the disk reports
 * @blocks: number of blocks
 * @block_size: bytes in a block
 * @max_transfer: most bytes of one command
 */
struct nvme {
	struct vfio_device *device;
	uint8_t *regs;
	size_t regs_size;
	uint8_t *memory;
	uint64_t iova;
	unsigned int timeout_ms;
	struct nvme_queue admin;
	struct nvme_queue io;
	struct nvme_slot slots[NVME_DEPTH];
	char model[41];
	uint64_t blocks;
	unsigned int block_size;
	unsigned int max_transfer;
};

/**
 * nvme_open() - start a disk: reset, queues, identify
 * @disk: filled in
 * @device: the open device; must outlive @disk
 * @iova: IOVA for its queues, which takes nvme_memory_size() bytes
 * @timeout_ms: longest time to become ready, or for a command
 */
int nvme_open(struct nvme *disk, struct vfio_device *device, uint64_t iova,
	      unsigned int timeout_ms);
void nvme_close(struct nvme *disk);
size_t nvme_memory_size(void);

/**
 * nvme_begin() - begin a command
 * @disk: the disk
 * @op: read or write
 * @block: the first block
 * @count: number of blocks
 * @iova: IOVA of the data; a multiple of 4
 *
 * Return: the identifier of the command, for nvme_wait(); -EBUSY if the queue
 * is full; -EINVAL if the disk does not have these blocks, or if they are too
 * many for one command.
 */
int nvme_begin(struct nvme *disk, enum nvme_op op, uint64_t block,
	       unsigned int count, uint64_t iova);

/**
 * nvme_poll() - take new completions
 * @disk: the disk
 *
 * Return: the number of completions that this call has taken.
 */
unsigned int nvme_poll(struct nvme *disk);

/**
 * nvme_done() - has a command completed?
 * @disk: the disk
 * @id: from nvme_begin()
 */
bool nvme_done(const struct nvme *disk, int id);

/**
 * nvme_wait() - wait for a command
 * @disk: the disk
 * @id: from nvme_begin(); unless this returns -ETIMEDOUT, it is free for
 *	another command afterwards
 *
 * Return: 0; the status of the disk (type and code, NVMe specification 4.6.1)
 * if it reported an error; or -ETIMEDOUT. After a timeout the disk may still
 * write to the memory of the command, until nvme_close().
 */
int nvme_wait(struct nvme *disk, int id);

/**
 * nvme_read() - read blocks and wait for them
 *
 * As nvme_begin() and nvme_wait().
 */
int nvme_read(struct nvme *disk, uint64_t block, unsigned int count,
	      uint64_t iova);

#endif
