// SPDX-License-Identifier: GPL-2.0
/*
 * Suspend, resume, shutdown.
 *
 * Units are disabled when one CPU is left and all devices are quiet. Both this
 * kernel when it resumes and another kernel that starts then find them as after
 * a reset. All their state is in memory, which stays, so resuming starts them
 * again with the same tables and queue.
 *
 * A unit of graphics that may hang when translation is disabled (quirks.c) stays
 * enabled.
 *
 * The machine does not sleep if a unit is dead that translates for devices:
 * after sleep these would reach memory untranslated.
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
		if (unit->keeps_on)
			continue;
		vtd_unit_translate(unit, false);
		if (unit->queue)
			vtd_queue_disable(unit);
	}
}

static int vtd_suspend(COMPAT_SYSCORE_ARGS)
{
	if (iommu_units_must_stay_awake(&vtd_units))
		return -EIO;
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
 * vtd_pm_init() - register for suspend, resume and shutdown
 */
void vtd_pm_init(void)
{
	compat_register_syscore(&vtd_syscore);
}
