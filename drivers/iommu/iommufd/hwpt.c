// SPDX-License-Identifier: GPL-2.0
/*
 * Hardware page tables: a domain of an IOMMU driver that shows an address
 * space. One is complete, every area shown in it, before a device is attached
 * to it; so a device sees the whole address space from its first DMA on.
 *
 * Those that attaching makes on demand are automatic: they serve every device
 * whose driver lets it in, and go with the last one.
 */
#include <linux/slab.h>

#include <compat/iommu_internal.h>

#include "fault.h"

/**
 * iommufd_hwpt_suits_device() - does the device's IOMMU driver know the domain?
 * @hwpt: a hardware page table of either kind
 * @dev: the device
 *
 * Return: whether the driver of the device made the domain. Any other driver
 * would read its private part as what it is not.
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
 * iommufd_hwpt_suits_group() - can a group be put on a hardware page table?
 * @hwpt: a hardware page table of either kind
 * @group: the group
 *
 * Asked before each attach and replace: the driver core compares the drivers
 * of the first device only, and only when it attaches.
 *
 * Return: whether iommufd_hwpt_suits_device() holds for each device.
 */
bool iommufd_hwpt_suits_group(struct iommufd_hwpt *hwpt,
			      struct iommu_group *group)
{
	return !iommu_group_for_each_dev(group, hwpt, suits_device);
}

/* Block no-snoop in a table. Once it is blocked, it stays. */
static bool enforce_coherency(struct iommufd_hwpt *hwpt)
{
	struct iommu_domain *domain = hwpt->domain;

	if (!hwpt->enforced_coherency && domain->ops->enforce_cache_coherency)
		hwpt->enforced_coherency =
			domain->ops->enforce_cache_coherency(domain);
	return hwpt->enforced_coherency;
}

/**
 * iommufd_hwpt_keep_coherent() - block no-snoop for a device, if its unit can
 * @hwpt: a hardware page table of either kind
 * @dev: the device
 *
 * KVM takes what the device's unit is capable of for what holds, whatever the
 * device is attached to. So one that shares a table with a weaker unit, which
 * cannot block no-snoop, needs another table.
 *
 * Return: true if it is blocked now, or the unit cannot and nobody counts on it.
 */
bool iommufd_hwpt_keep_coherent(struct iommufd_hwpt *hwpt, struct device *dev)
{
	/* Of a nested table the parent's entries decide */
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
 * iommufd_hwpt_create() - make a hardware page table and fill it
 * @ioas: the address space to show
 * @dev: a device that it has to suit
 * @flags: enum iommufd_hwpt_alloc_flags
 * @data: for the driver, or NULL
 *
 * Return: it, not yet published, or an ERR_PTR: of the driver, or of
 * iommufd_ioas_add_hwpt().
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
	/* Before anything is mapped: some drivers can only do it then */
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
 * iommufd_hwpt_abort() - undo making a hardware page table of either kind
 * @hwpt: not published
 */
void iommufd_hwpt_abort(struct iommufd_hwpt *hwpt)
{
	struct iommufd_ctx *ictx = hwpt->ioas->ictx;

	hwpt->obj.release(&hwpt->obj);
	iommufd_object_abort(ictx, &hwpt->obj);
}

/**
 * iommufd_hwpt_set_msi() - let the domain map MSIs where devices expect them
 * @hwpt: the hardware page table
 * @msi_start: the window for them, or PHYS_ADDR_MAX if hardware has one
 *
 * Return: 0, or an error.
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
 * iommufd_hwpt_join() - count a device that has come
 * @hwpt: the hardware page table
 *
 * Context: iommufd_ioas::attach_lock, if it is automatic.
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
 * iommufd_hwpt_drop() - undo iommufd_hwpt_join(): a device has left
 * @hwpt: the hardware page table; if it is automatic and this was the last
 *	device, it goes
 *
 * Devices are counted apart from other users: an ioctl that happens to look at
 * the table must not be the reason why it stays.
 */
void iommufd_hwpt_drop(struct iommufd_hwpt *hwpt)
{
	struct iommufd_ctx *ictx = hwpt->ioas->ictx;
	struct iommufd_ioas *ioas = hwpt->ioas;

	if (!hwpt->automatic) {
		iommufd_object_put(ictx, &hwpt->obj);
		return;
	}
	/* It may hold the last count of the address space */
	refcount_inc(&ioas->obj.users);
	/* Nobody may be about to choose it: see iommufd_hwpt_attach_any() */
	mutex_lock(&ioas->attach_lock);
	if (!--hwpt->nr_devices)
		iommufd_object_retire(ictx, &hwpt->obj);
	mutex_unlock(&ioas->attach_lock);
	iommufd_object_put(ictx, &hwpt->obj);
	iommufd_object_put(ictx, &ioas->obj);
}
