/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Suspend, resume, shutdown.
 */
#ifndef VTD_PM_H
#define VTD_PM_H

void vtd_pm_init(void);

#endif
