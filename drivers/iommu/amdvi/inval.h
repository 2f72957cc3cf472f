/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Invalidation of what a unit has cached, by commands in its command buffer.
 */
#ifndef AMDVI_INVAL_H
#define AMDVI_INVAL_H

#include <linux/compiler.h>
#include <linux/errno.h>
#include "queue.h"

struct amdvi_unit;

/**
 * struct amdvi_batch - commands of one request
 * @nr: their number
 * @commands: the commands
 */
struct amdvi_batch {
	unsigned int nr;
	struct amdvi_command commands[AMDVI_BATCH_MAX];
};

/**
 * struct amdvi_range - IOVAs of a domain to invalidate
 * @start: first IOVA
 * @last: last IOVA
 * @guest: the domain has version 2 tables
 */
struct amdvi_range {
	unsigned long start;
	unsigned long last;
	bool guest;
};

/* A range of more pages than this is invalidated as the whole domain */
#define AMDVI_RANGE_PAGES_MAX	(1UL << 18)

/* Times that a request is sent again: see amdvi_inval_again() */
#define AMDVI_AGAIN_MAX		256

int amdvi_inval_run(struct amdvi_unit *unit, struct amdvi_batch *batch);
int amdvi_inval_retry(struct amdvi_unit *unit, unsigned int times);
void amdvi_inval_add_range(struct amdvi_batch *batch, u16 domain_id,
			   const struct amdvi_range *range);
bool amdvi_inval_add_device(struct amdvi_batch *batch, u16 id, u16 queue_id,
			    unsigned int depth,
			    const struct amdvi_range *range);
bool amdvi_inval_add_entry(struct amdvi_batch *batch, u16 id);
void amdvi_inval_add_domain(struct amdvi_batch *batch, u16 domain_id,
			    bool guest);

int amdvi_inval_all(struct amdvi_unit *unit);
int amdvi_inval_domain(struct amdvi_unit *unit, u16 domain_id, bool guest);

/**
 * amdvi_inval_again() - shall a request be sent again?
 * @unit: the unit
 * @times: how often it has been; 0 at first
 * @ret: what amdvi_inval_run() returned; set to -EIO if the unit is given up
 *
 * Each time is due to a device-TLB that is lost then, or to a unit that does not
 * work. Inline: every unmap calls this.
 *
 * Return: true if so.
 */
static __always_inline bool amdvi_inval_again(struct amdvi_unit *unit,
					      unsigned int *times, int *ret)
{
	if (likely(*ret != -EAGAIN))
		return false;
	*ret = amdvi_inval_retry(unit, ++*times);
	return !*ret;
}

#endif
