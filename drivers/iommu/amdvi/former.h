/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Device table entries that a crash kernel takes over.
 */
#ifndef AMDVI_FORMER_H
#define AMDVI_FORMER_H

#include <linux/types.h>

struct amdvi_unit;
struct iommu_unit_device;

/**
 * struct amdvi_former_count - entries of the former kernel that allow DMA
 * @kept: copied
 * @left_out: not copied, so that DMA is blocked
 */
struct amdvi_former_count {
	unsigned int kept;
	unsigned int left_out;
};

bool amdvi_former_take(struct amdvi_unit *unit,
		       struct amdvi_former_count *count);
void amdvi_former_copy(struct amdvi_unit *unit, const u64 *old, unsigned int nr,
		       struct amdvi_former_count *count);
bool amdvi_former_is_open(struct amdvi_unit *unit, u16 id);
void amdvi_former_block(struct amdvi_unit *unit, u16 id);
void amdvi_former_end(struct iommu_unit_device *device);

#endif
