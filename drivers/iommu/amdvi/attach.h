/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Attaching devices: entries, and moves from one translation to another.
 */
#ifndef AMDVI_ATTACH_H
#define AMDVI_ATTACH_H

#include <linux/iommu.h>

#include "../common/unit.h"
#include "table.h"

struct amdvi_device;
struct iommu_paging;

/**
 * struct amdvi_attachment - a device in a domain
 * @node: in the list of the domain member
 * @device: the device; during a move it is in two domains
 */
struct amdvi_attachment {
	struct list_head node;
	struct iommu_unit_device *device;
};

#define amdvi_for_each_attachment(pos, member) \
	list_for_each_entry_srcu(pos, &(member)->devices, node, \
				 iommu_live_read_held())

int amdvi_device_move(struct amdvi_device *device, struct iommu_paging *paging,
		      enum amdvi_translation translation);
int amdvi_device_bar(struct amdvi_device *device);
void amdvi_device_refresh(struct amdvi_device *device);
void amdvi_device_detach(struct amdvi_device *device);
void amdvi_device_set_quiet(struct iommu_unit_device *common);

#endif
