// SPDX-License-Identifier: GPL-2.0
/*
 * Bound devices: bind, attach, replace, detach, unbind.
 *
 * Binding claims DMA ownership of the device's group for the context: neither a
 * kernel driver nor another context can use the group, and its DMA is blocked.
 * Attaching gives the device a hardware page table. The IOVA that the device
 * cannot use is reserved in the address space before it is attached, and
 * released after it is detached.
 *
 * Locks: iommufd_group::lock nests inside iommufd_ioas::attach_lock and
 * iommufd_ioas::domains_lock, and outside iommufd_ioas::lock.
 */
#include <linux/device.h>
#include <linux/module.h>
#include <linux/pci-ats.h>
#include <linux/slab.h>

#include <compat/iommu_internal.h>

#include "context.h"
#include "device.h"
#include "fault.h"
#include "refusal.h"
#include "ucmd.h"

/* VT-d specification 4.1, section 11.4.3: device-TLB support */
#define VTD_ECAP_DT BIT_ULL(2)

static void group_free(struct kref *ref)
{
	struct iommufd_group *igroup =
		container_of(ref, struct iommufd_group, ref);

	WARN_ON(igroup->hwpt || !list_empty(&igroup->attached));
	xa_erase(&igroup->ictx->groups, iommu_group_id(igroup->group));
	mutex_unlock(&igroup->ictx->groups_lock);
	iommu_group_put(igroup->group);
	mutex_destroy(&igroup->lock);
	kfree(igroup);
}

static struct iommufd_group *group_new(struct iommufd_ctx *ictx,
				       struct iommu_group *group)
{
	struct iommufd_group *igroup;
	int ret;

	igroup = kzalloc(sizeof(*igroup), GFP_KERNEL_ACCOUNT);
	if (!igroup)
		return ERR_PTR(-ENOMEM);
	ret = xa_insert(&ictx->groups, iommu_group_id(group), igroup,
			GFP_KERNEL_ACCOUNT);
	if (ret) {
		kfree(igroup);
		return ERR_PTR(ret);
	}
	kref_init(&igroup->ref);
	mutex_init(&igroup->lock);
	igroup->ictx = ictx;
	igroup->group = iommu_group_ref_get(group);
	INIT_LIST_HEAD(&igroup->attached);
	igroup->msi_start = PHYS_ADDR_MAX;
	return igroup;
}

/* Find the group in the context, or add it */
static struct iommufd_group *group_get(struct iommufd_ctx *ictx,
				       struct iommu_group *group)
{
	struct iommufd_group *igroup;

	mutex_lock(&ictx->groups_lock);
	igroup = xa_load(&ictx->groups, iommu_group_id(group));
	if (igroup)
		kref_get(&igroup->ref);
	else
		igroup = group_new(ictx, group);
	mutex_unlock(&ictx->groups_lock);
	return igroup;
}

static void group_put(struct iommufd_group *igroup)
{
	kref_put_mutex(&igroup->ref, group_free, &igroup->ictx->groups_lock);
}

static void device_release(struct iommufd_object *obj)
{
	struct iommufd_device *idev =
		container_of(obj, struct iommufd_device, obj);

	iommu_device_release_dma_owner(idev->dev);
	group_put(idev->igroup);
}

static struct iommufd_device *device_new(struct iommufd_ctx *ictx,
					 struct iommufd_group *igroup,
					 struct device *dev)
{
	struct iommufd_device *idev;

	idev = iommufd_object_alloc(ictx, sizeof(*idev), IOMMUFD_OBJ_DEVICE,
				    device_release);
	if (IS_ERR(idev))
		return idev;
	idev->ictx = ictx;
	idev->igroup = igroup;
	idev->dev = dev;
	INIT_LIST_HEAD(&idev->node);
	iommufd_ctx_get(ictx);
	/* The driver is a user until iommufd_device_unbind() */
	refcount_inc(&idev->obj.users);
	return idev;
}

struct iommufd_device *iommufd_device_bind(struct iommufd_ctx *ictx,
					   struct device *dev, u32 *id)
{
	struct iommufd_group *igroup;
	struct iommufd_device *idev;
	struct iommu_group *group;
	int ret;

	group = iommu_group_get(dev);
	if (!group) {
		iommufd_refuse_bind(dev, "no IOMMU translates its DMA; turn the IOMMU on in the firmware, and load its driver or boot with it");
		return ERR_PTR(-ENODEV);
	}
	igroup = group_get(ictx, group);
	iommu_group_put(group);
	if (IS_ERR(igroup))
		return ERR_CAST(igroup);
	ret = iommufd_group_check(igroup->group);
	if (ret)
		goto err_group;
	ret = iommu_device_claim_dma_owner(dev, ictx);
	if (ret == -EBUSY)
		iommufd_refuse_bind(dev, "a kernel driver uses a device of its IOMMU group; unbind that first");
	else if (ret == -EPERM)
		iommufd_refuse_bind(dev, "its IOMMU group is in use by another /dev/iommu, or in a VFIO container; close that first");
	if (ret)
		goto err_group;
	idev = device_new(ictx, igroup, dev);
	if (IS_ERR(idev)) {
		ret = PTR_ERR(idev);
		goto err_owner;
	}
	*id = idev->obj.id;
	iommufd_object_publish(ictx, &idev->obj);
	return idev;

err_owner:
	iommu_device_release_dma_owner(dev);
err_group:
	group_put(igroup);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_GPL(iommufd_device_bind);

void iommufd_device_unbind(struct iommufd_device *idev)
{
	struct iommufd_ctx *ictx = idev->ictx;

	iommufd_object_destroy_owned(ictx, &idev->obj);
	iommufd_ctx_put(ictx);
}
EXPORT_SYMBOL_GPL(iommufd_device_unbind);

struct iommufd_ctx *iommufd_device_to_ictx(struct iommufd_device *idev)
{
	return idev->ictx;
}
EXPORT_SYMBOL_GPL(iommufd_device_to_ictx);

u32 iommufd_device_to_id(struct iommufd_device *idev)
{
	return idev->obj.id;
}
EXPORT_SYMBOL_GPL(iommufd_device_to_id);

bool iommufd_ctx_has_group(struct iommufd_ctx *ictx, struct iommu_group *group)
{
	bool has;

	if (!ictx || !group)
		return false;
	xa_lock(&ictx->groups);
	has = xa_load(&ictx->groups, iommu_group_id(group));
	xa_unlock(&ictx->groups);
	return has;
}
EXPORT_SYMBOL_GPL(iommufd_ctx_has_group);

/* The first device of a group that is attached attaches the whole group */
static int group_attach(struct iommufd_device *idev, struct iommufd_hwpt *hwpt)
{
	const struct refused_device who = { .dev = idev->dev };
	struct iommufd_group *igroup = idev->igroup;
	int ret;

	if (igroup->hwpt)
		return hwpt->fault ? -EINVAL : 0;
	ret = iommufd_hwpt_set_msi(hwpt, igroup->msi_start);
	if (ret)
		return ret;
	if (hwpt->fault)
		ret = iommufd_fault_attach(idev, hwpt);
	else
		ret = iommu_attach_group(hwpt->domain, igroup->group);
	if (!ret)
		igroup->hwpt = hwpt;
	else
		iommufd_refuse_attach_driver(&who, hwpt, ret);
	return ret;
}

/* Checks before the IOMMU driver is called, which it does not make itself */
static bool hwpt_suits(struct iommufd_device *idev, struct iommufd_hwpt *hwpt)
{
	const struct refused_device who = { .dev = idev->dev };

	if (!iommufd_hwpt_suits_group(hwpt, idev->igroup->group))
		return false;
	if (iommufd_hwpt_keep_coherent(hwpt, idev->dev))
		return true;
	iommufd_refuse_attach_driver(&who, hwpt, -EINVAL);
	return false;
}

static int device_attach_hwpt(struct iommufd_hwpt *hwpt, void *arg)
{
	struct iommufd_device *idev = arg;
	struct iommufd_group *igroup = idev->igroup;
	int ret = -EINVAL;

	mutex_lock(&igroup->lock);
	if (!list_empty(&idev->node) || (igroup->hwpt && igroup->hwpt != hwpt))
		goto out_unlock;
	if (!hwpt_suits(idev, hwpt))
		goto out_unlock;
	ret = iommufd_reserve_regions(hwpt->ioas, idev->dev, NULL,
				      &igroup->msi_start);
	if (ret)
		goto out_unlock;
	ret = group_attach(idev, hwpt);
	if (ret) {
		iommufd_unreserve_regions(hwpt->ioas, idev->dev);
		goto out_unlock;
	}
	iommufd_hwpt_join(hwpt);
	list_add_tail(&idev->node, &igroup->attached);
out_unlock:
	mutex_unlock(&igroup->lock);
	return ret;
}

/* Reserve the IOVA in @ioas that the attached devices cannot use */
static int group_reserve(struct iommufd_group *igroup,
			 struct iommufd_ioas *ioas)
{
	struct iommufd_device *idev, *undo;
	int ret;

	list_for_each_entry(idev, &igroup->attached, node) {
		ret = iommufd_reserve_regions(ioas, idev->dev, NULL,
					      &igroup->msi_start);
		if (ret)
			goto err_undo;
	}
	return 0;

err_undo:
	list_for_each_entry(undo, &igroup->attached, node) {
		if (undo == idev)
			break;
		iommufd_unreserve_regions(ioas, undo->dev);
	}
	return ret;
}

static void group_unreserve(struct iommufd_group *igroup,
			    struct iommufd_ioas *ioas)
{
	struct iommufd_device *idev;

	list_for_each_entry(idev, &igroup->attached, node)
		iommufd_unreserve_regions(ioas, idev->dev);
}

/**
 * struct replacement - a replace in progress
 * @idev: the device whose hardware page table is replaced
 * @old: the old hardware page table. The caller calls iommufd_hwpt_drop() for
 *	it @nr times.
 * @nr: number of devices that were moved: all attached devices of the group
 */
struct replacement {
	struct iommufd_device *idev;
	struct iommufd_hwpt *old;
	unsigned int nr;
};

static int group_replace(struct iommufd_group *igroup,
			 struct iommufd_hwpt *hwpt, struct replacement *r)
{
	const struct refused_device who = { .dev = r->idev->dev };
	bool faults = igroup->handle || hwpt->fault;
	struct iommufd_hwpt *old = igroup->hwpt;
	bool other_ioas = old->ioas != hwpt->ioas;
	struct iommufd_device *idev;
	int ret;

	list_for_each_entry(idev, &igroup->attached, node)
		if (!hwpt_suits(idev, hwpt))
			return -EINVAL;
	if (other_ioas) {
		ret = group_reserve(igroup, hwpt->ioas);
		if (ret)
			return ret;
	}
	ret = iommufd_hwpt_set_msi(hwpt, igroup->msi_start);
	if (!ret)
		ret = faults ? iommufd_fault_replace(r->idev, hwpt) :
			      iommu_group_replace_domain(igroup->group,
							 hwpt->domain);
	if (ret) {
		iommufd_refuse_attach_driver(&who, hwpt, ret);
		if (other_ioas)
			group_unreserve(igroup, hwpt->ioas);
		return ret;
	}
	if (other_ioas)
		group_unreserve(igroup, old->ioas);
	list_for_each_entry(idev, &igroup->attached, node) {
		iommufd_hwpt_join(hwpt);
		r->nr++;
	}
	igroup->hwpt = hwpt;
	r->old = old;
	return 0;
}

static int device_replace_hwpt(struct iommufd_hwpt *hwpt, void *arg)
{
	struct replacement *r = arg;
	struct iommufd_group *igroup = r->idev->igroup;
	int ret = 0;

	mutex_lock(&igroup->lock);
	if (list_empty(&r->idev->node))
		ret = -EINVAL;
	else if (igroup->hwpt != hwpt)
		ret = group_replace(igroup, hwpt, r);
	mutex_unlock(&igroup->lock);
	return ret;
}

static int change_to_hwpt(struct iommufd_hwpt *hwpt, iommufd_attach_fn change,
			  void *arg)
{
	struct iommufd_ioas *ioas = hwpt->ioas;
	int ret;

	if (!hwpt->automatic)
		return change(hwpt, arg);
	ret = mutex_lock_killable(&ioas->attach_lock);
	if (ret)
		return ret;
	/* Its last device may have been detached since it was looked up */
	ret = hwpt->nr_devices ? change(hwpt, arg) : -ENOENT;
	mutex_unlock(&ioas->attach_lock);
	return ret;
}

/* Attach or replace, by @change, to the object that the user named */
static int device_change(struct iommufd_device *idev, u32 *pt_id,
			 iommufd_attach_fn change, void *arg)
{
	struct iommufd_object *obj;
	int ret;

	obj = iommufd_object_get(idev->ictx, *pt_id, IOMMUFD_OBJ_ANY);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	switch (obj->type) {
	case IOMMUFD_OBJ_HWPT:
	case IOMMUFD_OBJ_HWPT_NESTED:
		ret = change_to_hwpt(container_of(obj, struct iommufd_hwpt, obj),
				     change, arg);
		break;
	case IOMMUFD_OBJ_IOAS:
		ret = iommufd_hwpt_attach_any(container_of(obj,
							   struct iommufd_ioas,
							   obj),
					      idev->dev, change, arg, pt_id);
		break;
	default:
		ret = -EINVAL;
	}
	iommufd_object_put(idev->ictx, obj);
	return ret;
}

int iommufd_device_attach(struct iommufd_device *idev, ioasid_t pasid,
			  u32 *pt_id)
{
	int ret;

	if (pasid != IOMMU_NO_PASID)
		return -EOPNOTSUPP;
	ret = device_change(idev, pt_id, device_attach_hwpt, idev);
	/* One more user: unbinding a device that is still attached blocks */
	if (!ret)
		refcount_inc(&idev->obj.users);
	return ret;
}
EXPORT_SYMBOL_GPL(iommufd_device_attach);

int iommufd_device_replace(struct iommufd_device *idev, ioasid_t pasid,
			   u32 *pt_id)
{
	struct replacement r = { .idev = idev };
	int ret;

	if (pasid != IOMMU_NO_PASID)
		return -EOPNOTSUPP;
	ret = device_change(idev, pt_id, device_replace_hwpt, &r);
	while (r.nr--)
		iommufd_hwpt_drop(r.old);
	return ret;
}
EXPORT_SYMBOL_GPL(iommufd_device_replace);

void iommufd_device_detach(struct iommufd_device *idev, ioasid_t pasid)
{
	struct iommufd_group *igroup = idev->igroup;
	struct iommufd_hwpt *hwpt;

	if (WARN_ON(pasid != IOMMU_NO_PASID))
		return;
	mutex_lock(&igroup->lock);
	hwpt = igroup->hwpt;
	if (WARN_ON(!hwpt || list_empty(&idev->node))) {
		mutex_unlock(&igroup->lock);
		return;
	}
	list_del_init(&idev->node);
	if (list_empty(&igroup->attached)) {
		if (igroup->handle)
			iommufd_fault_detach(idev, hwpt);
		else
			iommu_detach_group(hwpt->domain, igroup->group);
		igroup->hwpt = NULL;
	}
	iommufd_unreserve_regions(hwpt->ioas, idev->dev);
	mutex_unlock(&igroup->lock);
	iommufd_hwpt_drop(hwpt);
	iommufd_object_put(idev->ictx, &idev->obj);
}
EXPORT_SYMBOL_GPL(iommufd_device_detach);

/* Copy the driver's description to the user, padded with 0 */
static int hw_info_copy(struct iommu_hw_info *cmd, const void *data, u32 length)
{
	void __user *user = u64_to_user_ptr(cmd->data_uptr);
	u32 n = min(cmd->data_len, length);

	if (copy_to_user(user, data, n) ||
	    clear_user(user + n, cmd->data_len - n))
		return -EFAULT;
	/* The full length, which may be more than the user has room for */
	cmd->data_len = length;
	return 0;
}

/*
 * Can the device use ATS? pci_ats_supported() is false for a device that the
 * platform does not trust. Only VT-d units report whether they support it.
 */
static bool may_use_ats(struct device *dev, u32 type, const void *data)
{
	const struct iommu_hw_info_vtd *vtd = data;

	if (!dev_is_pci(dev) || !pci_ats_supported(to_pci_dev(dev)))
		return false;
	return type != IOMMU_HW_INFO_TYPE_INTEL_VTD ||
	       vtd->ecap_reg & VTD_ECAP_DT;
}

static int hw_info_fill(struct iommu_hw_info *cmd, struct device *dev)
{
	const struct iommu_ops *ops = compat_dev_iommu_ops(dev);
	u32 wanted = cmd->in_data_type;
	u32 length = 0;
	void *data = NULL;
	int ret;

	cmd->out_data_type = IOMMU_HW_INFO_TYPE_NONE;
	if (ops->hw_info) {
		data = ops->hw_info(dev, &length, &cmd->out_data_type);
		if (IS_ERR(data))
			return PTR_ERR(data);
	}
	/* In this kernel, a driver has only one description of its hardware */
	if ((cmd->flags & IOMMU_HW_INFO_FLAG_INPUT_TYPE) &&
	    wanted != IOMMU_HW_INFO_TYPE_DEFAULT &&
	    wanted != cmd->out_data_type)
		ret = -EOPNOTSUPP;
	else
		ret = hw_info_copy(cmd, data, length);
	cmd->out_capabilities = 0;
	if (!may_use_ats(dev, cmd->out_data_type, data))
		cmd->out_capabilities |= IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED;
	kfree(data);
	if (device_iommu_capable(dev, IOMMU_CAP_DIRTY_TRACKING))
		cmd->out_capabilities |= IOMMU_HW_CAP_DIRTY_TRACKING;
	cmd->out_max_pasid_log2 = 0;
	return ret;
}

int iommufd_get_hw_info_ioctl(struct iommufd_ucmd *ucmd)
{
	struct iommu_hw_info *cmd = ucmd->cmd;
	struct iommufd_object *obj;
	int ret;

	if ((cmd->flags & ~IOMMU_HW_INFO_FLAG_INPUT_TYPE) ||
	    memchr_inv(cmd->__reserved, 0, sizeof(cmd->__reserved)))
		return -EOPNOTSUPP;
	obj = iommufd_object_get(ucmd->ictx, cmd->dev_id, IOMMUFD_OBJ_DEVICE);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	ret = hw_info_fill(cmd, container_of(obj, struct iommufd_device,
					     obj)->dev);
	if (!ret)
		ret = iommufd_ucmd_respond(ucmd, sizeof(*cmd));
	iommufd_object_put(ucmd->ictx, obj);
	return ret;
}
