/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device behind a unit, and the operations that the IOMMU core calls.
 */
#ifndef VTD_DEVICE_H
#define VTD_DEVICE_H

#include <linux/iommu.h>

#include "../common/meter.h"
#include "tables.h"

struct dmar_table;
struct vtd_domain;
struct vtd_member;
struct vtd_unit;

/**
 * struct vtd_device - a device behind a unit
 * @dev: the device
 * @unit: the unit
 * @source_id: what it presents to the unit
 * @in_use: it had a driver when it was probed, and DMA may be in flight
 * @domain: paging domain that it is attached to, or NULL
 * @member: the unit's place in that domain
 * @entry: what its source-ids have been given
 * @ats_node: in the member's list, if @ats
 * @ats_supported: device, unit and platform permit a device-TLB
 * @ats: its device-TLB is on
 * @ats_lost: its device-TLB does not answer invalidations
 * @ats_depth: invalidations that it takes at once
 * @pf_id: source-id of its physical function
 * @meter: its faults; protected by the lock of the unit's faults
 * @debugfs: its folder
 *
 * Attaching holds the unit's table_lock. Readers of @domain and lookups by
 * source-id hold iommu_live_read_lock().
 */
struct vtd_device {
	struct device *dev;
	struct vtd_unit *unit;
	u16 source_id;
	bool in_use;
	struct vtd_domain *domain;
	struct vtd_member *member;
	struct vtd_entry entry;
	struct list_head ats_node;
	bool ats_supported;
	bool ats;
	bool ats_lost;
	u8 ats_depth;
	u16 pf_id;
	struct iommu_meter meter;
	struct dentry *debugfs;
};

extern const struct iommu_ops vtd_iommu_ops;
extern const struct dmar_table *vtd_dmar;

int vtd_device_set(struct vtd_device *device, const struct vtd_entry *entry);
int vtd_device_move(struct vtd_device *device, struct vtd_domain *domain,
		    const struct vtd_entry *entry);
void vtd_device_ats_lost(struct vtd_unit *unit, u16 source_id);
void vtd_devices_cut_off(void);
int vtd_devices_pass(void);

#endif
