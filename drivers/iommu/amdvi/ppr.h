/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The page request log (PPR log) of a unit that has one.
 */
#ifndef AMDVI_PPR_H
#define AMDVI_PPR_H

#include <linux/ratelimit_types.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "log.h"

struct amdvi_unit;

/**
 * struct amdvi_ppr - page requests of a unit
 * @log: the log; it has no ring if the unit has no such log
 * @work: reads it
 * @limit: limits the lines in the kernel's log
 * @requests: page requests so far
 * @answered: those of @requests that were answered
 * @unknown: those of @requests whose source-id is no device
 * @malformed: entries that are no page requests
 * @overflows: number of overflows of the log
 *
 * Only @work uses these, except @log.ring and reading the counts.
 */
struct amdvi_ppr {
	struct amdvi_log log;
	struct delayed_work work;
	struct ratelimit_state limit;
	u64 requests;
	u64 answered;
	u64 unknown;
	u64 malformed;
	u64 overflows;
};

int amdvi_ppr_create(struct amdvi_unit *unit);
void amdvi_ppr_destroy(struct amdvi_unit *unit);
void amdvi_ppr_install(struct amdvi_unit *unit);
void amdvi_ppr_unmask(struct amdvi_unit *unit);
void amdvi_ppr_look(struct amdvi_unit *unit, u64 status);
void amdvi_ppr_stop(struct amdvi_unit *unit);

static inline bool amdvi_ppr_exists(const struct amdvi_ppr *ppr)
{
	return ppr->log.ring;
}

#endif
