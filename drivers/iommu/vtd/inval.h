/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Invalidation of what a unit has cached: requests in words of the
 * specification, through the queue or, where a unit has none, the registers.
 */
#ifndef VTD_INVAL_H
#define VTD_INVAL_H

#include "queue.h"

struct vtd_unit;

/**
 * struct vtd_batch - descriptors of one request
 * @nr: how many
 * @descs: the descriptors
 */
struct vtd_batch {
	unsigned int nr;
	struct vtd_desc descs[VTD_BATCH_MAX];
};

/**
 * struct vtd_range - what to invalidate of a domain
 * @start: first IOVA
 * @last: last IOVA
 * @upper: cached upper levels too, not only leaves
 */
struct vtd_range {
	unsigned long start;
	unsigned long last;
	bool upper;
};

/* A range of more pages than this is invalidated as the whole domain */
#define VTD_RANGE_PAGES_MAX	(1UL << 18)

int vtd_inval_run(struct vtd_unit *unit, const struct vtd_batch *batch);
void vtd_inval_add_range(struct vtd_unit *unit, struct vtd_batch *batch,
			 u16 domain_id, bool first_stage,
			 const struct vtd_range *range);
void vtd_inval_add_domain(struct vtd_unit *unit, struct vtd_batch *batch,
			  u16 domain_id);
bool vtd_inval_add_device(struct vtd_batch *batch, u16 source_id, u16 pf_id,
			  unsigned int depth, const struct vtd_range *range);

int vtd_inval_all(struct vtd_unit *unit);
int vtd_inval_domain(struct vtd_unit *unit, u16 domain_id, bool first_stage);
int vtd_inval_context(struct vtd_unit *unit, u16 source_id, u16 domain_id,
		      bool iotlb);
int vtd_inval_pasid(struct vtd_unit *unit, u16 source_id, u16 domain_id);

#endif
