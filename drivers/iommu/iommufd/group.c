// SPDX-License-Identifier: GPL-2.0
/*
 * IOMMU groups: whether the devices of a group can be given to a user, the IOVA
 * that a group reserves, and choosing an automatic hardware page table. Also
 * attaching a whole group without binding its devices, for a front end.
 */
#define pr_fmt(fmt) "iommufd: " fmt

#include <linux/device.h>
#include <linux/module.h>
#include <linux/slab.h>

#include <compat/iommu_internal.h>

#include "device.h"
#include "refusal.h"

static bool allow_unsafe_interrupts;
module_param(allow_unsafe_interrupts, bool, 0644);
MODULE_PARM_DESC(allow_unsafe_interrupts,
		 "Allow devices whose interrupts the platform cannot isolate (default: no)");

/**
 * struct attached_group - a group that a front end has attached
 * @node: in iommufd_ioas::groups, protected by iommufd_ioas::attach_lock
 * @group: the group; the front end holds a reference
 * @hwpt: the hardware page table; the attached group is a user of it
 */
struct attached_group {
	struct list_head node;
	struct iommu_group *group;
	struct iommufd_hwpt *hwpt;
};

static int check_device(struct device *dev, void *unused)
{
	return device_iommu_capable(dev, IOMMU_CAP_CACHE_COHERENCY) ? 0 :
								      -EINVAL;
}

/**
 * iommufd_group_check() - can the devices of a group be given to a user?
 * @group: the group
 *
 * Return: 0; -EINVAL if DMA of a device is not cache coherent; -EPERM if its
 * devices could raise any interrupt of the machine by DMA, and
 * allow_unsafe_interrupts is not set.
 */
int iommufd_group_check(struct iommu_group *group)
{
	int ret;

	ret = iommu_group_for_each_dev(group, NULL, check_device);
	if (ret) {
		pr_warn_ratelimited("group %d: a device's DMA is not coherent with the CPUs' caches, so it cannot be given to a user\n",
				    iommu_group_id(group));
		return ret;
	}
	if (iommu_group_has_isolated_msi(group))
		return 0;
	if (!allow_unsafe_interrupts) {
		pr_warn_ratelimited("group %d: no interrupt remapping, so its devices could raise any interrupt; load iommufd with allow_unsafe_interrupts=1 to accept that\n",
				    iommu_group_id(group));
		return -EPERM;
	}
	pr_warn_once("devices can raise any interrupt: allow_unsafe_interrupts is set\n");
	return 0;
}

static int reserve_list(struct iommufd_ioas *ioas, struct list_head *regions,
			const struct refused_device *who,
			phys_addr_t *msi_start)
{
	const void *owner = who->dev ?: (void *)who->group;
	struct iommu_resv_region *region;
	int ret;

	list_for_each_entry(region, regions, list) {
		if (region->type == IOMMU_RESV_DIRECT_RELAXABLE)
			continue;
		if (region->type == IOMMU_RESV_SW_MSI)
			*msi_start = region->start;
		ret = iommufd_ioas_reserve(ioas, region->start,
					   region->start + region->length - 1,
					  owner);
		if (ret) {
			if (ret == -EADDRINUSE)
				iommufd_refuse_attach_reserved(who,
							       region->start,
					region->start + region->length - 1);
			iommufd_ioas_unreserve(ioas, owner);
			return ret;
		}
	}
	return 0;
}

static void free_group_regions(struct list_head *regions)
{
	struct iommu_resv_region *region, *next;

	list_for_each_entry_safe(region, next, regions, list)
		kfree(region);
}

/**
 * iommufd_reserve_regions() - reserve IOVA that a device or group cannot use
 * @ioas: the address space
 * @dev: the device, which is the owner of the reservations, or NULL
 * @group: if @dev is NULL, the group, which is the owner
 * @msi_start: if software has to map MSIs, set to the first IOVA for them
 *
 * Return: 0; -EADDRINUSE if the IOVA is in use; -ENOMEM.
 */
int iommufd_reserve_regions(struct iommufd_ioas *ioas, struct device *dev,
			    struct iommu_group *group, phys_addr_t *msi_start)
{
	LIST_HEAD(regions);
	int ret = 0;

	if (dev)
		iommu_get_resv_regions(dev, &regions);
	else
		ret = iommu_get_group_resv_regions(group, &regions);
	if (!ret) {
		const struct refused_device who = { .dev = dev, .group = group };

		down_write(&ioas->lock);
		ret = reserve_list(ioas, &regions, &who, msi_start);
		up_write(&ioas->lock);
	}
	if (dev)
		iommu_put_resv_regions(dev, &regions);
	else
		free_group_regions(&regions);
	return ret;
}

/**
 * iommufd_unreserve_regions() - undo iommufd_reserve_regions()
 * @ioas: the address space
 * @owner: the device or the group
 */
void iommufd_unreserve_regions(struct iommufd_ioas *ioas, const void *owner)
{
	down_write(&ioas->lock);
	iommufd_ioas_unreserve(ioas, owner);
	up_write(&ioas->lock);
}

static int attach_existing(struct iommufd_ioas *ioas, struct device *dev,
			   iommufd_attach_fn attach, void *arg, u32 *hwpt_id)
{
	struct iommufd_hwpt *hwpt;
	int ret;

	ret = down_read_killable(&ioas->domains_lock);
	if (ret)
		return ret;
	ret = -EINVAL;
	list_for_each_entry(hwpt, &ioas->hwpts, node) {
		/*
		 * One without devices is not automatic, or is being destroyed.
		 * attach_lock keeps the others.
		 */
		if (!hwpt->nr_devices || !iommufd_hwpt_suits_device(hwpt, dev) ||
		    !iommufd_hwpt_keep_coherent(hwpt, dev))
			continue;
		ret = attach(hwpt, arg);
		if (!ret)
			*hwpt_id = hwpt->obj.id;
		/* -EINVAL: this one does not suit the device; try the next */
		if (ret != -EINVAL)
			break;
	}
	up_read(&ioas->domains_lock);
	return ret;
}

/**
 * iommufd_hwpt_attach_any() - attach to an automatic hardware page table
 * @ioas: the address space that is mapped in it
 * @dev: the device, or one of the group
 * @attach: attaches to the hardware page table that it gets, and calls
 *	iommufd_hwpt_join(); or returns -EINVAL if that one does not suit
 * @arg: argument of @attach
 * @hwpt_id: set to the id of the hardware page table
 *
 * Uses an existing one that suits, otherwise creates one.
 *
 * Return: 0, -EINTR if the task is being killed, or the error of @attach or of
 * iommufd_hwpt_create().
 */
int iommufd_hwpt_attach_any(struct iommufd_ioas *ioas, struct device *dev,
			    iommufd_attach_fn attach, void *arg, u32 *hwpt_id)
{
	struct iommufd_hwpt *hwpt;
	int ret;

	ret = mutex_lock_killable(&ioas->attach_lock);
	if (ret)
		return ret;
	ret = attach_existing(ioas, dev, attach, arg, hwpt_id);
	if (ret != -EINVAL)
		goto out_unlock;
	hwpt = iommufd_hwpt_create(ioas, dev, 0, NULL);
	if (IS_ERR(hwpt)) {
		ret = PTR_ERR(hwpt);
		goto out_unlock;
	}
	/* Before the first device, which may be detached before we return */
	hwpt->automatic = true;
	ret = attach(hwpt, arg);
	if (ret) {
		iommufd_hwpt_abort(hwpt);
		goto out_unlock;
	}
	*hwpt_id = hwpt->obj.id;
	iommufd_object_publish(ioas->ictx, &hwpt->obj);
out_unlock:
	mutex_unlock(&ioas->attach_lock);
	return ret;
}

/* Whole groups */

static int attach_group(struct iommufd_hwpt *hwpt, void *arg)
{
	struct attached_group *attached = arg;
	int ret;

	if (!iommufd_hwpt_suits_group(hwpt, attached->group))
		return -EINVAL;
	ret = iommu_attach_group(hwpt->domain, attached->group);
	if (ret) {
		const struct refused_device who = { .group = attached->group };

		iommufd_refuse_attach_driver(&who, hwpt, ret);
		return ret;
	}
	iommufd_hwpt_join(hwpt);
	attached->hwpt = hwpt;
	return 0;
}

static int first_device(struct device *dev, void *out)
{
	*(struct device **)out = dev;
	return 1;
}

static struct attached_group *find_group(struct iommufd_ioas *ioas,
					 struct iommu_group *group)
{
	struct attached_group *attached;

	list_for_each_entry(attached, &ioas->groups, node)
		if (attached->group == group)
			return attached;
	return NULL;
}

static int check_is_new(struct iommufd_ioas *ioas, struct iommu_group *group)
{
	int ret;

	ret = mutex_lock_killable(&ioas->attach_lock);
	if (ret)
		return ret;
	ret = find_group(ioas, group) ? -EBUSY : 0;
	mutex_unlock(&ioas->attach_lock);
	return ret;
}

int iommufd_ioas_attach_group(struct iommufd_ioas *ioas,
			      struct iommu_group *group)
{
	phys_addr_t msi_start = PHYS_ADDR_MAX;
	struct attached_group *attached;
	struct device *dev = NULL;
	u32 hwpt_id;
	int ret;

	iommu_group_for_each_dev(group, &dev, first_device);
	if (!dev)
		return -ENODEV;
	ret = iommufd_group_check(group);
	if (ret)
		return ret;
	ret = check_is_new(ioas, group);
	if (ret)
		return ret;
	attached = kzalloc(sizeof(*attached), GFP_KERNEL_ACCOUNT);
	if (!attached)
		return -ENOMEM;
	attached->group = group;
	ret = iommufd_reserve_regions(ioas, NULL, group, &msi_start);
	if (ret)
		goto err_free;
	ret = iommufd_hwpt_attach_any(ioas, dev, attach_group, attached,
				      &hwpt_id);
	if (ret)
		goto err_unreserve;
	ret = iommufd_hwpt_set_msi(attached->hwpt, msi_start);
	if (ret)
		goto err_detach;
	mutex_lock(&ioas->attach_lock);
	list_add_tail(&attached->node, &ioas->groups);
	mutex_unlock(&ioas->attach_lock);
	return 0;

err_detach:
	iommu_detach_group(attached->hwpt->domain, group);
	iommufd_hwpt_drop(attached->hwpt);
err_unreserve:
	iommufd_unreserve_regions(ioas, group);
err_free:
	kfree(attached);
	return ret;
}
EXPORT_SYMBOL_GPL(iommufd_ioas_attach_group);

void iommufd_ioas_detach_group(struct iommufd_ioas *ioas,
			       struct iommu_group *group)
{
	struct attached_group *attached;

	mutex_lock(&ioas->attach_lock);
	attached = find_group(ioas, group);
	if (!WARN_ON(!attached))
		list_del(&attached->node);
	mutex_unlock(&ioas->attach_lock);
	if (!attached)
		return;
	iommu_detach_group(attached->hwpt->domain, group);
	iommufd_hwpt_drop(attached->hwpt);
	iommufd_unreserve_regions(ioas, group);
	kfree(attached);
}
EXPORT_SYMBOL_GPL(iommufd_ioas_detach_group);
