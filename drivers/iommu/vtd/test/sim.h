/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A simulated unit: registers and queue are memory, which a thread serves.
 */
#ifndef VTD_TEST_SIM_H
#define VTD_TEST_SIM_H

#include "../unit.h"

struct kunit;
struct task_struct;

#define SIM_LOG_MAX	64
#define SIM_SEEN_MAX	32

/**
 * struct sim - a simulated unit
 * @unit: the unit, as the driver sees it
 * @regs: its registers
 * @thread: serves the registers and the queue
 * @descs: number of descriptors carried out, by type
 * @last_wait: the number that the last wait has stored
 * @unordered: a wait came out of order
 * @lock: protects @errors
 * @errors: value of the fault status register
 * @dead: it is to stop answering
 * @rests: it has stopped answering
 * @looks: times that its clock was read
 * @now: its clock, by which the driver measures waits. It stands still, except
 *	while a device is slow, and once the unit is dead. So no delay of this
 *	machine makes a wait too long.
 * @seen_looks: @looks when the clock last moved
 * @mute: source-id of a device that does not answer device-TLB requests
 * @nameless: it does not say which device has not answered
 * @refused: source-id of a device; requests to its device-TLB are refused
 * @slow: source-id of a device that answers late
 * @slow_s: how late: seconds of the clock
 * @slow_for_s: seconds for which the present request has waited
 * @hangs: it takes nothing from the queue, but obeys its registers
 * @stuck: bits of the command register that do not go off any more
 * @stray: source-id of a device whose request causes one more completion, which
 *	the driver does not expect
 * @log: the first descriptors carried out, except waits
 * @logged: number of descriptors in @log
 * @watched: a PASID table entry that it fetches continuously, or NULL
 * @fetched: quadword 2 of that entry, fetched after the last invalidation
 * @seen: the entries that it has used: three quadwords each
 * @nr_seen: number of entries in @seen
 *
 * It fetches quadword 2 of the watched entry as early as hardware may, right
 * after an invalidation of its PASID cache; and quadwords 0 and 1 as late as
 * hardware may, right before the next invalidation.
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
	atomic_t looks;
	ktime_t now;
	int seen_looks;
	u16 mute;
	bool nameless;
	u16 refused;
	u16 slow;
	unsigned int slow_s;
	unsigned int slow_for_s;
	bool hangs;
	u32 stuck;
	u16 stray;
	struct vtd_desc log[SIM_LOG_MAX];
	unsigned int logged;
	u64 *watched;
	u64 fetched;
	u64 seen[SIM_SEEN_MAX][3];
	unsigned int nr_seen;
};

/* Default abilities of a simulated unit */
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
