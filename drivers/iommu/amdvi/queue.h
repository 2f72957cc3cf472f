/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The command buffer of a unit.
 */
#ifndef AMDVI_QUEUE_H
#define AMDVI_QUEUE_H

#include <linux/types.h>

struct amdvi_unit;
struct iommu_ring_counts;
struct amdvi_queue;

/**
 * struct amdvi_command - a command
 * @q: quadwords
 */
struct amdvi_command {
	u64 q[2];
};

/* Commands of one request, without the wait that ends it */
#define AMDVI_BATCH_MAX	32

int amdvi_queue_create(struct amdvi_unit *unit);
void amdvi_queue_destroy(struct amdvi_unit *unit);
void amdvi_queue_install(struct amdvi_unit *unit);

int amdvi_queue_run(struct amdvi_unit *unit,
		    const struct amdvi_command *commands, unsigned int nr);
void amdvi_queue_timed_out(struct amdvi_unit *unit);
void amdvi_queue_count(struct amdvi_unit *unit,
		       struct iommu_ring_counts *counts);

#endif
