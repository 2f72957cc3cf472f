// SPDX-License-Identifier: GPL-2.0
/*
 * Hardware page tables: domains of IOMMU drivers in which an address space is
 * mapped. Every area is mapped in one before a device is attached to it, so the
 * device can use the whole address space from its first DMA on.
 *
 * A hardware page table that is created on demand, when a device is attached to
 * an address space, is automatic: it is used by every device whose IOMMU driver
 * accepts it, and destroyed when the last one is detached.
 */
#include <linux/slab.h>

#include <compat/iommu_internal.h>

#include "fault.h"

/**
 * iommufd_hwpt_suits_device() - is the domain one of the device's IOMMU driver?
 * @hwpt: a hardware page table of either kind
 * @dev: the device
 *
 * Any other driver would misinterpret the private part of the domain.
 *
 * Return: true if the IOMMU driver of the device has created the domain.
 */
bool iommufd_hwpt_suits_device(const struct iommufd_hwpt *hwpt,
			       struct device *dev)
{
	return hwpt->domain->owner == compat_dev_iommu_ops(dev);
}

static int suits_device(struct device *dev, void *hwpt)
{
	return iommufd_hwpt_suits_device(hwpt, dev) ? 0 : -EINVAL;
}

/**
 * iommufd_hwpt_suits_group() - is the domain one of all devices' IOMMU drivers?
 * @hwpt: a hardware page table of either kind
 * @group: the group
 *
 * Checked before each attach and replace: the driver core compares the driver
 * of the first device only, and only for an attach.
 *
 * Return: true if iommufd_hwpt_suits_device() is true for each device.
 */
bool iommufd_hwpt_suits_group(struct iommufd_hwpt *hwpt,
			      struct iommu_group *group)
{
	return !iommu_group_for_each_dev(group, hwpt, suits_device);
}

/* Block no-snoop in a hardware page table. It is never unblocked. */
static bool enforce_coherency(struct iommufd_hwpt *hwpt)
{
	struct iommu_domain *domain = hwpt->domain;

	if (!hwpt->enforced_coherency && domain->ops->enforce_cache_coherency)
		hwpt->enforced_coherency =
			domain->ops->enforce_cache_coherency(domain);
	return hwpt->enforced_coherency;
}

/**
 * iommufd_hwpt_keep_coherent() - block no-snoop for a device, if its IOMMU unit
 *	supports that
 * @hwpt: a hardware page table of either kind
 * @dev: the device
 *
 * KVM relies on the ability of the device's unit: if the unit can block
 * no-snoop, KVM assumes that it does, whichever hardware page table the device
 * is attached to. So such a device cannot share a table with a unit that is
 * unable to block no-snoop. It needs another table.
 *
 * Return: true if no-snoop is blocked now, or if the unit of @dev cannot block
 * it, so that KVM does not rely on it.
 */
bool iommufd_hwpt_keep_coherent(struct iommufd_hwpt *hwpt, struct device *dev)
{
	/* For a nested table, the entries of the parent decide */
	return !device_iommu_capable(dev, IOMMU_CAP_ENFORCE_CACHE_COHERENCY) ||
	       enforce_coherency(hwpt->parent ?: hwpt);
}

static void hwpt_release(struct iommufd_object *obj)
{
	struct iommufd_hwpt *hwpt = container_of(obj, struct iommufd_hwpt, obj);
	struct iommufd_ioas *ioas = hwpt->ioas;

	iommufd_ioas_remove_hwpt(ioas, hwpt);
	iommu_domain_free(hwpt->domain);
	iommufd_hwpt_clear_fault(hwpt);
	iommufd_object_put(ioas->ictx, &ioas->obj);
}

/**
 * iommufd_hwpt_create() - create a hardware page table and map everything in it
 * @ioas: the address space
 * @dev: a device that will be attached to it
 * @flags: enum iommufd_hwpt_alloc_flags
 * @data: data for the IOMMU driver, or NULL
 *
 * Return: the hardware page table, not yet published, or an ERR_PTR:
 * -EOPNOTSUPP if the device does not support dirty tracking, -ENOMEM, or an
 * error of the driver or of iommufd_ioas_add_hwpt().
 */
struct iommufd_hwpt *iommufd_hwpt_create(struct iommufd_ioas *ioas,
					 struct device *dev, u32 flags,
					 const struct iommu_user_data *data)
{
	struct iommufd_hwpt *hwpt;
	int ret;

	if (flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING &&
	    !device_iommu_capable(dev, IOMMU_CAP_DIRTY_TRACKING))
		return ERR_PTR(-EOPNOTSUPP);
	hwpt = iommufd_object_alloc(ioas->ictx, sizeof(*hwpt),
				    IOMMUFD_OBJ_HWPT, hwpt_release);
	if (IS_ERR(hwpt))
		return hwpt;
	INIT_LIST_HEAD(&hwpt->node);
	hwpt->ioas = ioas;
	hwpt->nest_parent = flags & IOMMU_HWPT_ALLOC_NEST_PARENT;
	hwpt->domain = compat_paging_domain_alloc(dev, flags, data);
	if (IS_ERR(hwpt->domain)) {
		ret = PTR_ERR(hwpt->domain);
		goto err_object;
	}
	hwpt->run_ops = iommu_run_ops_of(hwpt->domain);
	/* Before anything is mapped: some drivers refuse it afterwards */
	iommufd_hwpt_keep_coherent(hwpt, dev);
	ret = iommufd_ioas_add_hwpt(ioas, hwpt, dev);
	if (ret)
		goto err_domain;
	refcount_inc(&ioas->obj.users);
	return hwpt;

err_domain:
	iommu_domain_free(hwpt->domain);
err_object:
	iommufd_object_abort(ioas->ictx, &hwpt->obj);
	return ERR_PTR(ret);
}

/**
 * iommufd_hwpt_abort() - undo creating a hardware page table of either kind
 * @hwpt: the hardware page table, not published
 */
void iommufd_hwpt_abort(struct iommufd_hwpt *hwpt)
{
	struct iommufd_ctx *ictx = hwpt->ioas->ictx;

	hwpt->obj.release(&hwpt->obj);
	iommufd_object_abort(ictx, &hwpt->obj);
}

/**
 * iommufd_hwpt_set_msi() - let the driver core map MSIs in the domain
 * @hwpt: the hardware page table
 * @msi_start: first IOVA of the range for MSIs, or PHYS_ADDR_MAX if the
 *	hardware does not need software to map them
 *
 * Return: 0, or the error of iommu_get_msi_cookie().
 */
int iommufd_hwpt_set_msi(struct iommufd_hwpt *hwpt, phys_addr_t msi_start)
{
	int ret;

	if (hwpt->parent)
		hwpt = hwpt->parent;
	if (msi_start == PHYS_ADDR_MAX || hwpt->has_msi)
		return 0;
	ret = iommu_get_msi_cookie(hwpt->domain, msi_start);
	if (!ret)
		hwpt->has_msi = true;
	return ret;
}

/**
 * iommufd_hwpt_join() - count a device that was attached
 * @hwpt: the hardware page table
 *
 * Context: iommufd_ioas::attach_lock held, if @hwpt is automatic.
 */
void iommufd_hwpt_join(struct iommufd_hwpt *hwpt)
{
	if (hwpt->automatic) {
		lockdep_assert_held(&hwpt->ioas->attach_lock);
		hwpt->nr_devices++;
	}
	refcount_inc(&hwpt->obj.users);
}

/**
 * iommufd_hwpt_drop() - undo iommufd_hwpt_join(): a device was detached
 * @hwpt: the hardware page table. If it is automatic and this was its last
 *	device, it is destroyed.
 *
 * Devices are counted separately from other users, so that an ioctl that uses
 * the table at this moment does not keep it.
 */
void iommufd_hwpt_drop(struct iommufd_hwpt *hwpt)
{
	struct iommufd_ctx *ictx = hwpt->ioas->ictx;
	struct iommufd_ioas *ioas = hwpt->ioas;

	if (!hwpt->automatic) {
		iommufd_object_put(ictx, &hwpt->obj);
		return;
	}
	/* @hwpt may be the last user of the address space */
	refcount_inc(&ioas->obj.users);
	/* Under the lock, iommufd_hwpt_attach_any() cannot choose it */
	mutex_lock(&ioas->attach_lock);
	if (!--hwpt->nr_devices)
		iommufd_object_retire(ictx, &hwpt->obj);
	mutex_unlock(&ioas->attach_lock);
	iommufd_object_put(ictx, &hwpt->obj);
	iommufd_object_put(ictx, &ioas->obj);
}
