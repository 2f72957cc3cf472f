/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Context entries that a crash kernel takes over.
 */
#ifndef VTD_FORMER_H
#define VTD_FORMER_H

#include <linux/types.h>

struct vtd_device;
struct vtd_unit;

/**
 * struct vtd_former_count - present entries of the former kernel
 * @kept: context entries copied
 * @left_out: context entries not copied, and root entries not followed: DMA is
 *	blocked
 */
struct vtd_former_count {
	unsigned int kept;
	unsigned int left_out;
};

bool vtd_former_take(struct vtd_unit *unit, struct vtd_former_count *count);
void vtd_former_copy_bus(struct vtd_unit *unit, u8 bus, const u64 *old,
			 struct vtd_former_count *count);
bool vtd_former_is_open(struct vtd_unit *unit, u16 source_id);
void vtd_former_block(struct vtd_unit *unit, u16 source_id);
void vtd_former_end(struct vtd_device *device);

#endif
