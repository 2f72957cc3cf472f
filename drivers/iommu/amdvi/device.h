/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device behind a unit, and the operations that the IOMMU core calls.
 */
#ifndef AMDVI_DEVICE_H
#define AMDVI_DEVICE_H

#include <linux/iommu.h>

#include "../common/alias.h"
#include "../common/meter.h"
#include "scope.h"
#include "table.h"

struct amdvi_attachment;
struct amdvi_domain;
struct amdvi_member;
struct amdvi_unit;

/**
 * struct amdvi_device - a device behind a unit
 * @dev: the device
 * @unit: the unit
 * @place: where the IVRS table puts it
 * @source_id: its own
 * @alias: the one under which the table says it comes to the unit
 * @in_use: it had a driver when it was probed, and DMA may be in flight
 * @domain: paging domain that it is attached to, or NULL
 * @member: the unit's place in that domain
 * @entry: what its source-ids have been given
 * @attachment: what is in the member's list, or NULL
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
struct amdvi_device {
	struct device *dev;
	struct amdvi_unit *unit;
	struct amdvi_place place;
	u16 source_id;
	u16 alias;
	bool in_use;
	struct amdvi_domain *domain;
	struct amdvi_member *member;
	struct amdvi_entry entry;
	struct amdvi_attachment *attachment;
	bool ats_supported;
	bool ats;
	bool ats_lost;
	u8 ats_depth;
	u16 pf_id;
	struct iommu_meter meter;
	struct dentry *debugfs;
};

extern const struct iommu_ops amdvi_iommu_ops;
extern const struct ivrs_table *amdvi_ivrs;

int amdvi_device_visit_aliases(const struct amdvi_device *device,
				iommu_alias_fn fn, void *arg);
int amdvi_device_move(struct amdvi_device *device, struct amdvi_domain *domain,
		      enum amdvi_translation translation);
void amdvi_device_set_quiet(struct amdvi_device *device, bool quiet);
void amdvi_device_ats_lost(struct amdvi_unit *unit, u16 id);
void amdvi_devices_cut_off(void);
void amdvi_devices_pass(void);

#endif
