/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device behind a unit, and the operations that the IOMMU core calls.
 */
#ifndef AMDVI_DEVICE_H
#define AMDVI_DEVICE_H

#include <linux/iommu.h>

#include "../common/unit.h"
#include "scope.h"
#include "table.h"

struct amdvi_attachment;
struct amdvi_unit;

/**
 * struct amdvi_device - a device behind a unit
 * @common: what does not depend on the hardware
 * @place: where the IVRS table puts it
 * @entry: what its source-ids have been given
 * @attachment: what is in the member's list, or NULL
 */
struct amdvi_device {
	struct iommu_unit_device common;
	struct amdvi_place place;
	struct amdvi_entry entry;
	struct amdvi_attachment *attachment;
};

static inline struct amdvi_device *
to_amdvi_device(struct iommu_unit_device *device)
{
	return container_of(device, struct amdvi_device, common);
}

extern const struct iommu_ops amdvi_iommu_ops;

int amdvi_device_move(struct amdvi_device *device, struct iommu_paging *domain,
		      enum amdvi_translation translation);
void amdvi_device_refresh(struct amdvi_device *device);
void amdvi_device_set_quiet(struct iommu_unit_device *device);
void amdvi_devices_pass(void);

#endif
