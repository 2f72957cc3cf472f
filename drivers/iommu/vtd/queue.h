/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The invalidation queue of a unit.
 */
#ifndef VTD_QUEUE_H
#define VTD_QUEUE_H

#include <linux/types.h>

struct iommu_ring_counts;
struct vtd_unit;
struct vtd_queue;

/**
 * struct vtd_desc - an invalidation descriptor
 * @q: quadwords; the last two are used in scalable mode only
 */
struct vtd_desc {
	u64 q[4];
};

/* Descriptors of one request, not counting the wait at its end */
#define VTD_BATCH_MAX	8

int vtd_queue_create(struct vtd_unit *unit);
void vtd_queue_destroy(struct vtd_unit *unit);
void vtd_queue_abandon(struct vtd_unit *unit);
int vtd_queue_enable(struct vtd_unit *unit);
int vtd_queue_disable(struct vtd_unit *unit);

int vtd_queue_run(struct vtd_unit *unit, const struct vtd_desc *descs,
		  unsigned int nr);
void vtd_queue_count(struct vtd_unit *unit, struct iommu_ring_counts *counts);

#endif
