/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Register access of a unit.
 */
#ifndef AMDVI_REGS_H
#define AMDVI_REGS_H

#include <linux/io.h>

#include "spec.h"
#include "unit.h"

static inline u64 amdvi_read(const struct amdvi_unit *unit,
			     unsigned int offset)
{
	return readq(unit->regs + offset);
}

static inline void amdvi_write(const struct amdvi_unit *unit,
			       unsigned int offset, u64 value)
{
	writeq(value, unit->regs + offset);
}

void amdvi_unit_control(struct amdvi_unit *unit, u64 set, u64 clear);
void amdvi_unit_lost(struct amdvi_unit *unit, const char *doing);

#endif
