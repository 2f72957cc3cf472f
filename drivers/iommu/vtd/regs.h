/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Register access of a unit, with waits that end.
 */
#ifndef VTD_REGS_H
#define VTD_REGS_H

#include <linux/io.h>

#include "spec.h"
#include "unit.h"

/* A register wait longer than this means that the unit does not answer */
#define VTD_TIMEOUT_US	1000000

static inline u32 vtd_read(const struct vtd_unit *unit, unsigned int offset)
{
	return readl(unit->regs + offset);
}

static inline u64 vtd_read64(const struct vtd_unit *unit, unsigned int offset)
{
	return readq(unit->regs + offset);
}

static inline void vtd_write(struct vtd_unit *unit, unsigned int offset,
			     u32 value)
{
	writel(value, unit->regs + offset);
#if IS_ENABLED(CONFIG_KUNIT)
	if (unlikely(unit->written))
		unit->written(unit, offset, value);
#endif
}

static inline void vtd_write64(const struct vtd_unit *unit,
			       unsigned int offset, u64 value)
{
	writeq(value, unit->regs + offset);
}

int vtd_unit_command(struct vtd_unit *unit, u32 bit, bool on);
int vtd_unit_flush_write_buffer(struct vtd_unit *unit);
int vtd_unit_wait64(struct vtd_unit *unit, unsigned int offset, u64 busy);
void vtd_unit_lost(struct vtd_unit *unit, const char *doing);

#endif
