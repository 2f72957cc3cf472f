// SPDX-License-Identifier: GPL-2.0
/*
 * Register access of a unit.
 *
 * Every wait for a unit ends. A unit that does not answer is dead: it is not
 * used any more. Devices behind it keep what they can reach, and are cut off
 * when something of that has to be given back, because what they may have cached
 * cannot be invalidated (domain.c, attach.c).
 *
 * Locks: @reg_lock is a leaf, taken with interrupts disabled.
 */
#define pr_fmt(fmt) "amdvi: " fmt

#include "regs.h"

/* On the lowest floor: the parameter that hides abilities refers to it */
LIST_HEAD(amdvi_units);

/**
 * amdvi_unit_lost() - declare that a unit does not answer
 * @unit: the unit
 * @doing: the operation that the unit did not complete, for the log
 */
void amdvi_unit_lost(struct amdvi_unit *unit, const char *doing)
{
	if (xchg(&unit->common.dead, true))
		return;
	unit_err(unit, "no answer from %s; a device behind it is cut off as soon as memory that it can reach is given back\n",
		 doing);
}

/**
 * amdvi_unit_control() - change bits of the control register
 * @unit: the unit
 * @set: bits to set
 * @clear: bits to clear
 *
 * Context: any.
 */
void amdvi_unit_control(struct amdvi_unit *unit, u64 set, u64 clear)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&unit->reg_lock, flags);
	unit->control = (unit->control & ~clear) | set;
	amdvi_write(unit, AMDVI_CONTROL, unit->control);
	raw_spin_unlock_irqrestore(&unit->reg_lock, flags);
}
