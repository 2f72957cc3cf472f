/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An NVMe disk driven from user space, one I/O queue, polled.
 *
 * The caller says where the data lies as an IOVA and maps memory there, or
 * does not: the disk is as good a source of DMA to any address as it is a
 * disk. Commands are begun and waited for apart, so that many can be in flight.
 *
 * Functions return 0 or more, or a negative errno; fail_text() has the
 * sentence.
 */
#ifndef SLUICE_TOOLS_NVME_H
#define SLUICE_TOOLS_NVME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vfio.h"

#define NVME_PAGE_SIZE 4096u
/* Entries of each queue; one less can be in flight */
#define NVME_DEPTH 64
/* The longest transfer: what one page of PRP entries and PRP1 describe */
#define NVME_MAX_TRANSFER (512u * NVME_PAGE_SIZE)

enum nvme_op {
	NVME_WRITE = 1,		/* the disk reads memory */
	NVME_READ = 2,		/* the disk writes memory */
};

/**
 * struct nvme_queue - a submission queue and its completion queue
 * @commands: the submission queue's entries
 * @completions: the completion queue's entries
 * @tail: where the next command goes
 * @head: where the next completion comes
 * @phase: what the phase bit of a new completion is
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

/* What became of a command, by command identifier */
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
 * @iova: where the disk sees @memory
 * @timeout_ms: how long it may take to become ready, or to do a command
 * @admin: the admin queues
 * @io: the I/O queues
 * @slots: commands of the I/O queue
 * @model: what the disk calls itself
 * @blocks: its size
 * @block_size: bytes in a block
 * @max_transfer: bytes that one command may move
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
 * @iova: where its queues are mapped; nvme_memory_size() bytes are
 * @timeout_ms: for each command, and for becoming ready
 */
int nvme_open(struct nvme *disk, struct vfio_device *device, uint64_t iova,
	      unsigned int timeout_ms);
void nvme_close(struct nvme *disk);
size_t nvme_memory_size(void);

/**
 * nvme_begin() - give the disk a command
 * @disk: the disk
 * @op: read or write
 * @block: the first block
 * @count: how many
 * @iova: where the data goes to or comes from; a multiple of 4
 *
 * Return: the command's identifier, to be waited for with nvme_wait();
 * -EBUSY when the queue is full, -EINVAL when the disk has no such blocks or
 * does not move so many at once.
 */
int nvme_begin(struct nvme *disk, enum nvme_op op, uint64_t block,
	       unsigned int count, uint64_t iova);

/**
 * nvme_poll() - note the commands that are done
 * @disk: the disk
 *
 * Return: how many were noted by this call.
 */
unsigned int nvme_poll(struct nvme *disk);

/**
 * nvme_done() - is a command done?
 * @disk: the disk
 * @id: from nvme_begin()
 */
bool nvme_done(const struct nvme *disk, int id);

/**
 * nvme_wait() - wait for a command
 * @disk: the disk
 * @id: from nvme_begin(); free for another command when this returns anything
 *	but -ETIMEDOUT
 *
 * Return: 0; the disk's status (type and code, NVMe specification 4.6.1) when
 * it reported an error; or -ETIMEDOUT. After that the memory the command names
 * may still be written: only nvme_close() ends it.
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
