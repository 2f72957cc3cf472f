/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A unit made of memory, whose registers and queue a thread serves.
 */
#ifndef VTD_TEST_SIM_H
#define VTD_TEST_SIM_H

#include "../unit.h"

struct kunit;
struct task_struct;

#define SIM_LOG_MAX	64
#define SIM_SEEN_MAX	32

/**
 * struct sim - a unit made of memory
 * @unit: the unit, as the driver sees it
 * @regs: its registers
 * @thread: what serves them
 * @descs: descriptors carried out, by type
 * @last_wait: the number that the last wait has stored
 * @unordered: a wait came out of order
 * @lock: protects @errors
 * @errors: what the fault status register holds
 * @dead: it is to do nothing any more
 * @rests: it does nothing any more
 * @mute: source-id of a device that does not answer device-TLB requests
 * @stray: source-id of a device after whose request a completion comes that
 *	nobody waits for
 * @log: descriptors carried out but for waits, the first ones
 * @logged: how many
 * @watched: a PASID table entry that it is to fetch all the time, or NULL
 * @fetched: its third quadword, as it was after the last invalidation
 * @seen: the entries that it has gone by: three quadwords each
 * @nr_seen: how many
 *
 * Of an entry that is watched it fetches the third quadword as early as it may,
 * which is after an invalidation of its PASID cache, and the first two as late
 * as it may, which is before the next one.
 */
struct sim {
	struct vtd_unit unit;
	u8 *regs;
	struct task_struct *thread;
	unsigned long descs[16];
	u32 last_wait;
	bool unordered;
	spinlock_t lock;
	u32 errors;
	bool dead;
	bool rests;
	u16 mute;
	u16 stray;
	struct vtd_desc log[SIM_LOG_MAX];
	unsigned int logged;
	u64 *watched;
	u64 fetched;
	u64 seen[SIM_SEEN_MAX][3];
	unsigned int nr_seen;
};

/* Abilities of a unit made of memory, unless a test says otherwise */
#define SIM_CAP		(FIELD_PREP(CAP_SAGAW, SAGAW_4_LEVEL) | \
			 FIELD_PREP(CAP_MGAW, 47) | FIELD_PREP(CAP_ND, 6) | \
			 FIELD_PREP(CAP_FRO, 0x22) | \
			 FIELD_PREP(CAP_MAMV, 18) | CAP_PSI | \
			 CAP_SSLPS_2M | CAP_SSLPS_1G)
#define SIM_ECAP	(ECAP_C | ECAP_QI | ECAP_DT | ECAP_PT | ECAP_SC | \
			 FIELD_PREP(ECAP_IRO, 0x10))

struct sim *sim_create(struct kunit *test, u64 cap, u64 ecap);
void sim_die(struct sim *sim);
void sim_watch(struct sim *sim, u64 *entry);

#endif
