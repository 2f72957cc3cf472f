/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /sys/kernel/debug/vtd/.
 */
#ifndef VTD_DEBUGFS_H
#define VTD_DEBUGFS_H

struct vtd_device;
struct vtd_unit;

void vtd_debugfs_init(void);
void vtd_debugfs_exit(void);
void vtd_debugfs_add_unit(struct vtd_unit *unit);
void vtd_debugfs_add_device(struct vtd_device *device);

#endif
