/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A log of a unit: a ring into which it writes entries of 16 bytes, whose upper
 * 4 bits say of what kind it is.
 */
#ifndef AMDVI_LOG_H
#define AMDVI_LOG_H

#include <linux/types.h>

struct amdvi_unit;

/* Entries that a log has room for, less one */
#define AMDVI_LOG_SLOTS	512

/**
 * struct amdvi_log_regs - which log of a unit it is
 * @base: register with its address
 * @head: register with the next entry to be read
 * @tail: register with the next entry to be written
 * @enable: bit of the control register that switches it on
 * @overflow: bit of the status register that says that it was full
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
 * @regs: which
 * @ring: two quadwords for each entry
 * @head: the next entry to be read
 */
struct amdvi_log {
	const struct amdvi_log_regs *regs;
	u64 *ring;
	unsigned int head;
};

/* What becomes of an entry; false if reading is to go on later */
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
