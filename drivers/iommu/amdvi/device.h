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
#include "unit.h"

struct amdvi_attachment;

/**
 * struct amdvi_device - a device behind a unit
 * @common: what does not depend on the hardware
 * @place: its place in the IVRS table
 * @entry: the entry that all its source-ids have
 * @permitted: its entries permit a device-TLB, or did before it was lost
 * @attachment: its node in the list of the domain member, or NULL
 */
struct amdvi_device {
	struct iommu_unit_device common;
	struct amdvi_place place;
	struct amdvi_entry entry;
	bool permitted;
	struct amdvi_attachment *attachment;
};

static inline struct amdvi_device *
to_amdvi_device(struct iommu_unit_device *device)
{
	return container_of(device, struct amdvi_device, common);
}

static inline struct amdvi_device *dev_to_amdvi(struct device *dev)
{
	return to_amdvi_device(dev_iommu_priv_get(dev));
}

static inline struct amdvi_unit *dev_to_amdvi_unit(struct device *dev)
{
	return to_amdvi_unit(dev_to_amdvi(dev)->common.unit);
}

extern const struct iommu_ops amdvi_iommu_ops;

bool amdvi_device_has_unit(struct device *dev);
void amdvi_devices_pass(void);

#endif
