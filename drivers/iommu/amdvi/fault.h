/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The event log of a unit, and its interrupt.
 */
#ifndef AMDVI_FAULT_H
#define AMDVI_FAULT_H

#include <linux/types.h>

struct amdvi_unit;

/**
 * struct amdvi_log - event log of a unit
 * @ring: the log, two quadwords for each event
 * @head: the next event to be read
 * @irq: the unit's interrupt, or 0 where events are polled for
 */
struct amdvi_log {
	u64 *ring;
	unsigned int head;
	int irq;
};

int amdvi_log_create(struct amdvi_unit *unit);
void amdvi_log_destroy(struct amdvi_unit *unit);
void amdvi_log_install(struct amdvi_unit *unit);
void amdvi_log_start(struct amdvi_unit *unit);
void amdvi_log_stop(struct amdvi_unit *unit);

#endif
