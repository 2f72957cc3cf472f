/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A unit made of memory, whose registers and queue a thread serves.
 */
#ifndef VTD_TEST_SIM_H
#define VTD_TEST_SIM_H

#include "../unit.h"

struct kunit;
struct task_struct;

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

#endif
