/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A simulated unit, whose commands a thread carries out.
 */
#ifndef AMDVI_TEST_SIM_H
#define AMDVI_TEST_SIM_H

#include <linux/bitmap.h>

#include "../device.h"
#include "../unit.h"

struct kunit;
struct task_struct;

/* Number of answers to page requests that are recorded */
#define SIM_ANSWERS	1024
/* Number of requests to device-TLBs that are recorded */
#define SIM_ASKED	16

/**
 * struct sim - a simulated unit
 * @unit: the unit, as the driver sees it
 * @regs: its registers
 * @thread: carries out the commands
 * @commands: commands carried out, by opcode
 * @invalidated: domain ids of page invalidations, as bits
 * @guest_pages: page invalidations for version 2 tables
 * @answers: the last answers to page requests
 * @waits: the number that the last wait has stored
 * @unordered: a wait did not store the number after the last one
 * @dead: the thread must stop carrying out commands
 * @rests: the thread has stopped carrying out commands
 * @stopped: the unit has stopped at an unknown command
 * @mute: source-id of a device that does not answer: the unit completes requests
 *	to its device-TLB, and logs an event
 * @refused: source-id of a device; the unit stops at requests to its device-TLB
 * @asked: source-ids of the first requests to device-TLBs
 * @nr_asked: their number
 * @hangs: the unit takes nothing from the command buffer
 * @stuck: translation does not go off, although its buffers do
 * @now: its clock, by which the driver measures waits. It moves only while the
 *	unit hangs, and once it is dead.
 */
struct sim {
	struct amdvi_unit unit;
	u8 *regs;
	struct task_struct *thread;
	unsigned long commands[16];
	DECLARE_BITMAP(invalidated, U16_MAX + 1);
	unsigned long guest_pages;
	struct amdvi_command answers[SIM_ANSWERS];
	u64 waits;
	bool unordered;
	bool dead;
	bool rests;
	bool stopped;
	u16 mute;
	u16 refused;
	u16 asked[SIM_ASKED];
	unsigned int nr_asked;
	bool hangs;
	bool stuck;
	ktime_t now;
};

struct sim *sim_create(struct kunit *test, unsigned int index);
struct amdvi_device *sim_device(struct kunit *test, struct sim *sim,
				const char *name, u16 id);
void sim_log(struct amdvi_log *log, unsigned int slot, u64 lo, u64 hi);
void sim_die(struct sim *sim);
u64 sim_read(const struct sim *sim, unsigned int offset);
void sim_write(struct sim *sim, unsigned int offset, u64 value);

#endif
