/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /sys/kernel/debug/amdvi/.
 */
#ifndef AMDVI_DEBUGFS_H
#define AMDVI_DEBUGFS_H

struct amdvi_device;
struct amdvi_unit;

void amdvi_debugfs_init(void);
void amdvi_debugfs_exit(void);
void amdvi_debugfs_add_unit(struct amdvi_unit *unit);
void amdvi_debugfs_add_device(struct amdvi_device *device);

#endif
