/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device behind a unit, and the operations that the IOMMU core calls.
 */
#ifndef VTD_DEVICE_H
#define VTD_DEVICE_H

#include <linux/iommu.h>

#include "../common/unit.h"
#include "tables.h"
#include "unit.h"

struct vtd_nested;

/**
 * struct vtd_device - a device behind a unit
 * @common: what does not depend on the hardware
 * @nested: nested domain that it is attached to, or NULL. If set, @common.domain
 *	is the parent of that domain, and @common.member is the unit as a member
 *	of the nested domain.
 * @entry: the entry that its source-ids have
 * @permitted: its entries permit a device-TLB, or did before it was lost
 * @twice: its device-TLB takes each invalidation twice (quirks.c)
 * @ats_node: in the member's list of devices, if ATS is enabled
 */
struct vtd_device {
	struct iommu_unit_device common;
	struct vtd_nested *nested;
	struct vtd_entry entry;
	bool permitted;
	bool twice;
	struct list_head ats_node;
};

/* What a request to invalidate its device-TLB has as physical function */
static inline u16 vtd_device_pf_id(const struct vtd_device *device)
{
	const struct vtd_unit *unit = to_vtd_unit(device->common.unit);

	/* Reserved on a unit without this ability, which refuses it */
	return unit->ecap & ECAP_DIT ? device->common.pf_id : 0;
}

static inline struct vtd_device *to_vtd_device(struct iommu_unit_device *device)
{
	return container_of(device, struct vtd_device, common);
}

static inline struct vtd_device *dev_to_vtd(struct device *dev)
{
	return to_vtd_device(dev_iommu_priv_get(dev));
}

static inline struct vtd_unit *dev_to_vtd_unit(struct device *dev)
{
	return to_vtd_unit(dev_to_vtd(dev)->common.unit);
}

extern const struct iommu_ops vtd_iommu_ops;

bool vtd_device_has_unit(struct device *dev);
int vtd_devices_pass(void);

#endif
