// SPDX-License-Identifier: GPL-2.0
/*
 * Suspend, resume, shutdown.
 *
 * With one CPU left and all devices quiet, units are switched off: whatever
 * comes next, this kernel resuming or another one starting, finds them as
 * after a reset. What they do is in memory, which stays; so resuming is
 * starting them again with the tables and the queue there are.
 *
 * A unit that does not come back is lost: its devices are cut off.
 */
#define pr_fmt(fmt) "vtd: " fmt

#include <compat/syscore.h>

#include "pm.h"
#include "regs.h"
#include "unit.h"

static void vtd_disable_units(void)
{
	struct vtd_unit *unit;

	list_for_each_entry(unit, &vtd_units, common.node) {
		if (READ_ONCE(unit->common.dead))
			continue;
		vtd_write(unit, VTD_FECTL, FECTL_IM);
		vtd_unit_translate(unit, false);
		if (unit->queue)
			vtd_queue_disable(unit);
	}
}

static int vtd_suspend(COMPAT_SYSCORE_ARGS)
{
	vtd_disable_units();
	return 0;
}

static void vtd_resume(COMPAT_SYSCORE_ARGS)
{
	struct vtd_unit *unit;

	list_for_each_entry(unit, &vtd_units, common.node) {
		if (READ_ONCE(unit->common.dead))
			continue;
		if (vtd_unit_set_root(unit) || vtd_unit_translate(unit, true))
			continue;
		vtd_faults_resume(unit);
	}
}

static void vtd_shutdown(COMPAT_SYSCORE_ARGS)
{
	vtd_disable_units();
}

COMPAT_SYSCORE(vtd_syscore, vtd_suspend, vtd_resume, vtd_shutdown);

/**
 * vtd_pm_init() - take part in suspend, resume and shutdown
 */
void vtd_pm_init(void)
{
	compat_register_syscore(&vtd_syscore);
}
