/* SPDX-License-Identifier: GPL-2.0 */
/* Bound devices and their groups, and attaching them to hardware page tables */
#ifndef _IOMMUFD_DEVICE_H
#define _IOMMUFD_DEVICE_H

#include <linux/kref.h>

#include "ioas.h"

struct iommu_user_data;
struct iommufd_fault_handle;

/**
 * struct iommufd_group - an IOMMU group with bound devices, in one context
 * @ref: counts bound devices
 * @lock: protects @hwpt, @handle, @attached and @msi_start
 * @ictx: the context
 * @group: the group; holds a reference
 * @hwpt: the hardware page table that it is attached to, or NULL; each attached
 *	device is a user of it
 * @handle: attach handle if @hwpt has a fault queue, otherwise NULL
 * @attached: attached struct iommufd_device, by iommufd_device::node
 * @msi_start: first IOVA of the range in which software maps MSIs, or
 *	PHYS_ADDR_MAX if the hardware does not need that
 *
 * The hardware cannot distinguish the devices of a group, so all of them are
 * attached to the same hardware page table.
 */
struct iommufd_group {
	struct kref ref;
	struct mutex lock;
	struct iommufd_ctx *ictx;
	struct iommu_group *group;
	struct iommufd_hwpt *hwpt;
	struct iommufd_fault_handle *handle;
	struct list_head attached;
	phys_addr_t msi_start;
};

/**
 * struct iommufd_device - a bound device
 * @obj: its id
 * @ictx: the context; holds a reference
 * @igroup: its group
 * @dev: the device
 * @node: in iommufd_group::attached, or empty
 */
struct iommufd_device {
	struct iommufd_object obj;
	struct iommufd_ctx *ictx;
	struct iommufd_group *igroup;
	struct device *dev;
	struct list_head node;
};

/* hwpt.c */
bool iommufd_hwpt_suits_device(const struct iommufd_hwpt *hwpt,
			       struct device *dev);
bool iommufd_hwpt_suits_group(struct iommufd_hwpt *hwpt,
			      struct iommu_group *group);
struct iommufd_hwpt *iommufd_hwpt_create(struct iommufd_ioas *ioas,
					 struct device *dev, u32 flags,
					 const struct iommu_user_data *data);
void iommufd_hwpt_abort(struct iommufd_hwpt *hwpt);
bool iommufd_hwpt_keep_coherent(struct iommufd_hwpt *hwpt, struct device *dev);
int iommufd_hwpt_set_msi(struct iommufd_hwpt *hwpt, phys_addr_t msi_start);
void iommufd_hwpt_join(struct iommufd_hwpt *hwpt);
void iommufd_hwpt_drop(struct iommufd_hwpt *hwpt);

/* nested.c */
struct iommufd_hwpt *iommufd_nested_create(struct iommufd_hwpt *parent,
					   struct device *dev, u32 flags,
					   const struct iommu_user_data *data);

/* group.c */
int iommufd_group_check(struct iommu_group *group);
int iommufd_reserve_regions(struct iommufd_ioas *ioas, struct device *dev,
			    struct iommu_group *group, phys_addr_t *msi_start);
void iommufd_unreserve_regions(struct iommufd_ioas *ioas, const void *owner);
typedef int (*iommufd_attach_fn)(struct iommufd_hwpt *hwpt, void *arg);
int iommufd_hwpt_attach_any(struct iommufd_ioas *ioas, struct device *dev,
			    iommufd_attach_fn attach, void *arg, u32 *hwpt_id);

#endif
