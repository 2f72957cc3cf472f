/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device behind a unit, and the operations that the IOMMU core calls.
 */
#ifndef VTD_DEVICE_H
#define VTD_DEVICE_H

#include <linux/iommu.h>

#include "../common/unit.h"
#include "tables.h"

struct vtd_domain;
struct vtd_nested;
struct vtd_unit;

/**
 * struct vtd_device - a device behind a unit
 * @common: what does not depend on the hardware
 * @nested: nested domain that it is attached to, or NULL; its paging domain is
 *	that one's parent then, and its member a place in the nested domain
 * @entry: what its source-ids have been given
 * @ats_node: in the member's list, if its device-TLB is on
 */
struct vtd_device {
	struct iommu_unit_device common;
	struct vtd_nested *nested;
	struct vtd_entry entry;
	struct list_head ats_node;
};

static inline struct vtd_device *to_vtd_device(struct iommu_unit_device *device)
{
	return container_of(device, struct vtd_device, common);
}

extern const struct iommu_ops vtd_iommu_ops;

int vtd_device_move(struct vtd_device *device, struct vtd_domain *domain,
		    struct vtd_nested *nested, const struct vtd_entry *entry);
void vtd_device_track(struct vtd_device *device, bool enable);
int vtd_devices_pass(void);

#endif
