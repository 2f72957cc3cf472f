/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Invalidation of a unit's caches: requests by the terms of the specification,
 * through the queue, or through registers if a unit has no queue.
 */
#ifndef VTD_INVAL_H
#define VTD_INVAL_H

#include <linux/compiler.h>
#include <linux/errno.h>

#include "queue.h"

struct vtd_unit;

/**
 * struct vtd_batch - descriptors of one request
 * @nr: number of descriptors
 * @descs: the descriptors
 */
struct vtd_batch {
	unsigned int nr;
	struct vtd_desc descs[VTD_BATCH_MAX];
};

/**
 * struct vtd_range - a range of IOVAs to invalidate
 * @start: first IOVA
 * @last: last IOVA
 * @upper: invalidate cached upper levels too, not only leaves
 */
struct vtd_range {
	unsigned long start;
	unsigned long last;
	bool upper;
};

/* For a range of more pages than this, the whole domain is invalidated */
#define VTD_RANGE_PAGES_MAX	(1UL << 18)

/*
 * Times that a request is sent again. Each time is due to a device-TLB that is
 * lost then, or to a unit that does not work.
 */
#define VTD_AGAIN_MAX	256

int vtd_inval_run(struct vtd_unit *unit, const struct vtd_batch *batch);
int vtd_inval_retry(struct vtd_unit *unit, unsigned int times);
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

/**
 * vtd_inval_again() - shall a request be sent again?
 * @unit: the unit
 * @times: how often it has been; 0 at first
 * @ret: what vtd_inval_run() returned; set to -EIO if the unit is given up
 *
 * Each time is due to a device-TLB that is lost then, or to a unit that does not
 * work. Inline: every unmap calls this.
 *
 * Return: true if so.
 */
static __always_inline bool vtd_inval_again(struct vtd_unit *unit,
					    unsigned int *times, int *ret)
{
	if (likely(*ret != -EAGAIN))
		return false;
	*ret = vtd_inval_retry(unit, ++*times);
	return !*ret;
}

#endif
