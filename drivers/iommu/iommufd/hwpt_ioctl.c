// SPDX-License-Identifier: GPL-2.0
/* IOMMU_HWPT_ALLOC: create a hardware page table of either kind */
#include "fault.h"
#include "ucmd.h"

#define HWPT_FLAGS (IOMMU_HWPT_ALLOC_NEST_PARENT | \
		    IOMMU_HWPT_ALLOC_DIRTY_TRACKING | \
		    IOMMU_HWPT_FAULT_ID_VALID)
/* Page requests of a nested table do not reach the fault queue of its parent */
#define PARENT_WITH_FAULTS (IOMMU_HWPT_ALLOC_NEST_PARENT | \
			    IOMMU_HWPT_FAULT_ID_VALID)

/* Create a paging one on an address space, a nested one on a parent */
static struct iommufd_hwpt *hwpt_create_on(struct iommufd_object *pt,
					   struct device *dev,
					   const struct iommu_hwpt_alloc *cmd)
{
	const struct iommu_user_data data = {
		.type = cmd->data_type,
		.uptr = u64_to_user_ptr(cmd->data_uptr),
		.len = cmd->data_len,
	};

	switch (pt->type) {
	case IOMMUFD_OBJ_IOAS:
		if (cmd->flags & ~HWPT_FLAGS ||
		    (cmd->flags & PARENT_WITH_FAULTS) == PARENT_WITH_FAULTS)
			return ERR_PTR(-EOPNOTSUPP);
		return iommufd_hwpt_create(container_of(pt, struct iommufd_ioas,
							obj),
					   dev,
					   cmd->flags &
					   ~IOMMU_HWPT_FAULT_ID_VALID,
					   data.len ? &data : NULL);
	case IOMMUFD_OBJ_HWPT:
		return iommufd_nested_create(container_of(pt,
							  struct iommufd_hwpt,
							  obj),
					     dev, cmd->flags, &data);
	default:
		return ERR_PTR(-EINVAL);
	}
}

static int hwpt_alloc(struct iommufd_ucmd *ucmd, struct iommufd_object *pt,
		      struct device *dev)
{
	struct iommu_hwpt_alloc *cmd = ucmd->cmd;
	struct iommufd_hwpt *hwpt;
	int ret;

	hwpt = hwpt_create_on(pt, dev, cmd);
	if (IS_ERR(hwpt))
		return PTR_ERR(hwpt);
	cmd->out_hwpt_id = hwpt->obj.id;
	ret = 0;
	if (cmd->flags & IOMMU_HWPT_FAULT_ID_VALID)
		ret = iommufd_hwpt_set_fault(hwpt, cmd->fault_id);
	if (!ret)
		ret = iommufd_ucmd_respond(ucmd, sizeof(*cmd));
	if (ret)
		iommufd_hwpt_abort(hwpt);
	else
		iommufd_object_publish(ucmd->ictx, &hwpt->obj);
	return ret;
}

int iommufd_hwpt_alloc_ioctl(struct iommufd_ucmd *ucmd)
{
	struct iommu_hwpt_alloc *cmd = ucmd->cmd;
	struct iommufd_object *pt, *device;
	int ret;

	if (cmd->__reserved)
		return -EOPNOTSUPP;
	if (!cmd->data_len != (cmd->data_type == IOMMU_HWPT_DATA_NONE))
		return -EINVAL;
	device = iommufd_object_get(ucmd->ictx, cmd->dev_id,
				    IOMMUFD_OBJ_DEVICE);
	if (IS_ERR(device))
		return PTR_ERR(device);
	pt = iommufd_object_get(ucmd->ictx, cmd->pt_id, IOMMUFD_OBJ_ANY);
	if (IS_ERR(pt)) {
		ret = -EINVAL;
		goto out_device;
	}
	ret = hwpt_alloc(ucmd, pt,
			 container_of(device, struct iommufd_device, obj)->dev);
	iommufd_object_put(ucmd->ictx, pt);
out_device:
	iommufd_object_put(ucmd->ictx, device);
	return ret;
}
