// SPDX-License-Identifier: GPL-2.0
/*
 * Register access of a unit.
 *
 * Every wait for a register ends. A unit that does not answer within
 * VTD_TIMEOUT_US is dead: nothing more is asked of it. Devices behind it keep
 * what they can reach, and are cut off when something of that has to be given
 * back, because what they may have cached cannot be invalidated (domain.c,
 * attach.c).
 *
 * Locks: @reg_lock is a leaf, taken with interrupts disabled.
 */
#define pr_fmt(fmt) "vtd: " fmt

#include <kunit/visibility.h>
#include <linux/iopoll.h>

#include "regs.h"

/* On the lowest floor: the parameter that hides abilities refers to it */
struct list_head vtd_units = LIST_HEAD_INIT(vtd_units);
EXPORT_SYMBOL_IF_KUNIT(vtd_units);

/**
 * vtd_unit_lost() - declare that a unit does not answer
 * @unit: the unit
 * @doing: what was asked of it
 */
void vtd_unit_lost(struct vtd_unit *unit, const char *doing)
{
	if (xchg(&unit->common.dead, true))
		return;
	unit_err(unit, "no answer from %s; a device behind it is cut off as soon as memory that it can reach is given back\n",
		 doing);
}

/**
 * vtd_unit_wait64() - wait until bits of a register have cleared
 * @unit: the unit
 * @offset: the register
 * @busy: the bits
 *
 * Context: any; spins up to VTD_TIMEOUT_US.
 * Return: 0, or -EIO after declaring the unit lost.
 */
int vtd_unit_wait64(struct vtd_unit *unit, unsigned int offset, u64 busy)
{
	u64 value;

	if (!readq_poll_timeout_atomic(unit->regs + offset, value,
				       !(value & busy), 1,
				       VTD_TIMEOUT_US + unit->common.slack_us))
		return 0;
	vtd_unit_lost(unit, "an invalidation register");
	return -EIO;
}

static int vtd_unit_command_locked(struct vtd_unit *unit, u32 bit, bool on,
				   u32 wait_for)
{
	u32 status;

	lockdep_assert_held(&unit->reg_lock);
	status = vtd_read(unit, VTD_GSTS) & ~GCMD_ONE_SHOT;
	vtd_write(unit, VTD_GCMD, on ? status | bit : status & ~bit);
	if (!readl_poll_timeout_atomic(unit->regs + VTD_GSTS, status,
				       (status & bit) == wait_for, 1,
				       VTD_TIMEOUT_US + unit->common.slack_us))
		return 0;
	vtd_unit_lost(unit, "the global command register");
	return -EIO;
}

/**
 * vtd_unit_command() - set or clear a bit of the global command register
 * @unit: the unit
 * @bit: GCMD_TE, GCMD_QIE, or GCMD_SRTP (set only)
 * @on: set it
 *
 * Return: 0 once the status register shows the change, or -EIO.
 */
int vtd_unit_command(struct vtd_unit *unit, u32 bit, bool on)
{
	unsigned long flags;
	int ret;

	raw_spin_lock_irqsave(&unit->reg_lock, flags);
	ret = vtd_unit_command_locked(unit, bit, on, on ? bit : 0);
	raw_spin_unlock_irqrestore(&unit->reg_lock, flags);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(vtd_unit_command);

/**
 * vtd_unit_flush_write_buffer() - make written entries reach memory
 * @unit: the unit; does nothing unless it needs this (CAP.RWBF)
 *
 * Return: 0 or -EIO.
 */
int vtd_unit_flush_write_buffer(struct vtd_unit *unit)
{
	unsigned long flags;
	int ret;

	if (!(unit->cap & CAP_RWBF) || READ_ONCE(unit->common.dead))
		return 0;
	raw_spin_lock_irqsave(&unit->reg_lock, flags);
	/* The status bit is set until the flush is complete */
	ret = vtd_unit_command_locked(unit, GCMD_WBF, true, 0);
	raw_spin_unlock_irqrestore(&unit->reg_lock, flags);
	return ret;
}
