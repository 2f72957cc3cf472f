/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The invalidation queue of a unit.
 */
#ifndef VTD_QUEUE_H
#define VTD_QUEUE_H

#include <linux/types.h>

struct vtd_unit;
struct vtd_queue;

/**
 * struct vtd_desc - an invalidation descriptor
 * @q: quadwords; the last two are used in scalable mode only
 */
struct vtd_desc {
	u64 q[4];
};

/* Descriptors of one request, the wait that ends it not counted */
#define VTD_BATCH_MAX	8

/**
 * struct vtd_queue_counts - what has gone through a queue
 * @requests: batches
 * @descriptors: descriptors, waits included
 * @errors: descriptors that the unit refused
 * @timeouts: device-TLB requests that a device did not answer
 */
struct vtd_queue_counts {
	u64 requests;
	u64 descriptors;
	u64 errors;
	u64 timeouts;
};

int vtd_queue_create(struct vtd_unit *unit);
void vtd_queue_destroy(struct vtd_unit *unit);
int vtd_queue_enable(struct vtd_unit *unit);
void vtd_queue_disable(struct vtd_unit *unit);

int vtd_queue_run(struct vtd_unit *unit, const struct vtd_desc *descs,
		  unsigned int nr);
void vtd_queue_count(struct vtd_unit *unit, struct vtd_queue_counts *counts);

#endif
