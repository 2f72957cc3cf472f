// SPDX-License-Identifier: GPL-2.0
/*
 * Nested hardware page tables. The user keeps page tables of its own in mapped
 * memory. The unit walks them first, and translates their output with a parent,
 * a hardware page table in which the address space is mapped:
 *
 *	device -> nested table (of the user) -> parent -> memory
 *
 * A parent is allocated as such (IOMMU_HWPT_ALLOC_NEST_PARENT). Every nested
 * table on it is a user of the parent, and the parent is a user of the address
 * space. The IOVA that a device cannot use is reserved in the address space of
 * the parent. Areas are not mapped in a nested table: it is in no list of the
 * address space, and maps and unmaps do not concern it. When something is
 * unmapped in the parent, the IOMMU driver has to invalidate what devices have
 * cached through the nested tables, too.
 *
 * After the user has changed its tables, it requests invalidations
 * (IOMMU_HWPT_INVALIDATE). The IOMMU driver reads the requests, which are in
 * its own format.
 */
#include <compat/iommu_internal.h>

#include "fault.h"
#include "ucmd.h"

/* Limits the time that one call takes */
#define INVALIDATE_ENTRIES_MAX (1U << 19)

static void nested_release(struct iommufd_object *obj)
{
	struct iommufd_hwpt *hwpt = container_of(obj, struct iommufd_hwpt, obj);

	iommu_domain_free(hwpt->domain);
	iommufd_hwpt_clear_fault(hwpt);
	iommufd_object_put(hwpt->ioas->ictx, &hwpt->parent->obj);
}

/**
 * iommufd_nested_create() - create a nested hardware page table
 * @parent: the parent; the caller is a user of it
 * @dev: a device that will be attached to it
 * @flags: enum iommufd_hwpt_alloc_flags
 * @data: data for the IOMMU driver
 *
 * Return: the hardware page table, not yet published, or an ERR_PTR:
 * -EOPNOTSUPP if the driver does not support nested tables, if @flags are not
 * supported, or if @data is empty; -EINVAL if @parent was not allocated as a
 * parent or is of another driver; -ENOMEM; or the error of the driver.
 */
struct iommufd_hwpt *iommufd_nested_create(struct iommufd_hwpt *parent,
					   struct device *dev, u32 flags,
					   const struct iommu_user_data *data)
{
	struct iommufd_ctx *ictx = parent->ioas->ictx;
	struct iommufd_hwpt *hwpt;
	int ret;

	if (flags & ~IOMMU_HWPT_FAULT_ID_VALID || !data->len ||
	    !compat_has_nested_domains(dev))
		return ERR_PTR(-EOPNOTSUPP);
	if (!parent->nest_parent || !iommufd_hwpt_suits_device(parent, dev))
		return ERR_PTR(-EINVAL);
	hwpt = iommufd_object_alloc(ictx, sizeof(*hwpt),
				    IOMMUFD_OBJ_HWPT_NESTED, nested_release);
	if (IS_ERR(hwpt))
		return hwpt;
	INIT_LIST_HEAD(&hwpt->node);
	hwpt->ioas = parent->ioas;
	hwpt->domain = compat_nested_domain_alloc(dev, parent->domain, 0, data);
	if (IS_ERR(hwpt->domain)) {
		ret = PTR_ERR(hwpt->domain);
		goto err_object;
	}
	/* The driver must not return a paging domain here */
	if (WARN_ON_ONCE(hwpt->domain->type != IOMMU_DOMAIN_NESTED)) {
		ret = -EOPNOTSUPP;
		goto err_domain;
	}
	hwpt->parent = parent;
	refcount_inc(&parent->obj.users);
	return hwpt;

err_domain:
	iommu_domain_free(hwpt->domain);
err_object:
	iommufd_object_abort(ictx, &hwpt->obj);
	return ERR_PTR(ret);
}

static int nested_invalidate(struct iommufd_ctx *ictx, u32 id,
			     struct iommu_user_data_array *array, u32 *done)
{
	const struct iommu_domain_ops *ops;
	struct iommufd_object *obj;
	struct iommufd_hwpt *hwpt;
	int ret;

	obj = iommufd_object_get(ictx, id, IOMMUFD_OBJ_ANY);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	ret = -EINVAL;
	if (obj->type != IOMMUFD_OBJ_HWPT_NESTED)
		goto out_put;
	hwpt = container_of(obj, struct iommufd_hwpt, obj);
	ops = hwpt->domain->ops;
	ret = -EOPNOTSUPP;
	if (!ops || !ops->cache_invalidate_user)
		goto out_put;
	ret = ops->cache_invalidate_user(hwpt->domain, array);
	*done = array->entry_num;
out_put:
	iommufd_object_put(ictx, obj);
	return ret;
}

static int check_array(const struct iommu_hwpt_invalidate *cmd)
{
	if (cmd->__reserved)
		return -EOPNOTSUPP;
	/* A call without entries asks whether the type is supported */
	if (!cmd->entry_num)
		return 0;
	if (!cmd->data_uptr || !cmd->entry_len || cmd->entry_len > PAGE_SIZE ||
	    cmd->entry_num > INVALIDATE_ENTRIES_MAX)
		return -EINVAL;
	return 0;
}

int iommufd_hwpt_invalidate_ioctl(struct iommufd_ucmd *ucmd)
{
	struct iommu_hwpt_invalidate *cmd = ucmd->cmd;
	struct iommu_user_data_array array = {
		.type = cmd->data_type,
		.uptr = u64_to_user_ptr(cmd->data_uptr),
		.entry_len = cmd->entry_len,
		.entry_num = cmd->entry_num,
	};
	u32 done = 0;
	int ret;

	ret = check_array(cmd);
	if (!ret)
		ret = nested_invalidate(ucmd->ictx, cmd->hwpt_id, &array, &done);
	/* Report the number of requests done, also after an error */
	cmd->entry_num = done;
	if (iommufd_ucmd_respond(ucmd, sizeof(*cmd)))
		return -EFAULT;
	return ret;
}
