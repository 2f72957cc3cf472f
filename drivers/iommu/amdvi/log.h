/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A log of a unit: a ring into which the unit writes entries of 16 bytes. The
 * upper 4 bits of the first quadword are the kind of the entry.
 */
#ifndef AMDVI_LOG_H
#define AMDVI_LOG_H

#include <linux/types.h>

struct amdvi_unit;

/* Entries of the ring; a log holds one less */
#define AMDVI_LOG_SLOTS	512

/**
 * struct amdvi_log_regs - registers of a log
 * @base: register with its address
 * @head: register with the next entry to read
 * @tail: register with the next entry that the unit writes
 * @enable: bit of the control register that enables it
 * @overflow: bit of the status register that is set when it was full
 */
struct amdvi_log_regs {
	unsigned int base;
	unsigned int head;
	unsigned int tail;
	u64 enable;
	u64 overflow;
};

/**
 * struct amdvi_log - a log
 * @regs: its registers
 * @ring: two quadwords for each entry
 * @head: the next entry to read
 */
struct amdvi_log {
	const struct amdvi_log_regs *regs;
	u64 *ring;
	unsigned int head;
};

/* Called for each entry; false stops reading after it, to continue later */
typedef bool (*amdvi_log_take)(void *arg, const u64 raw[2]);

int amdvi_log_create(struct amdvi_unit *unit, struct amdvi_log *log,
		     const struct amdvi_log_regs *regs);
void amdvi_log_destroy(struct amdvi_log *log);
void amdvi_log_install(struct amdvi_unit *unit, struct amdvi_log *log);
void amdvi_log_begin_anew(struct amdvi_unit *unit, struct amdvi_log *log);
bool amdvi_log_is_empty(struct amdvi_unit *unit, const struct amdvi_log *log);
bool amdvi_log_read(struct amdvi_unit *unit, struct amdvi_log *log,
		    amdvi_log_take take, void *arg);

#endif
