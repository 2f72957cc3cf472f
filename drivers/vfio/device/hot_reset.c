// SPDX-License-Identifier: GPL-2.0
/*
 * Hot reset of devices that are opened by their files.
 *
 * A hot reset affects every function of a slot or of a bus, so a program may
 * request it only if it owns all of them. A program that uses groups proves
 * this with the files of the groups. For a program that uses device files,
 * ownership follows from the iommufd context to which the calling device is
 * bound. A function belongs to the context
 *
 *  - if it is bound to the context itself: then it has an id there;
 *  - or if another device of its IOMMU group is bound to the context: then
 *    no other user can open it.
 *
 * The core of a kernel without iommufd does not know this, and reports all
 * functions as not owned. So both ioctls are implemented here.
 *
 * Only functions with a VFIO driver of the same device set may be reset. The
 * set's lock is held from the check of ownership until the reset has completed,
 * so no function of the set is opened, closed or bound to another driver
 * meanwhile. Each function's memory_lock, held for writing, prevents access to
 * its registers during the reset.
 */
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vfio_pci_core.h>

#include "hot_reset.h"
#include "pci_device.h"

/**
 * struct affected - the functions that a hot reset affects
 * @slot: the slot that is reset, with the functions below it; or NULL if the
 *	whole bus is reset
 * @functions: the functions, each with a reference
 * @count: number of functions
 * @room: size of @functions
 */
struct affected {
	struct pci_slot *slot;
	struct pci_dev **functions;
	unsigned int count;
	unsigned int room;
};

static bool affected_contains(const struct affected *affected,
			      struct pci_dev *pdev)
{
	if (!affected->slot)
		return true;
	while (pdev && pdev->bus != affected->slot->bus)
		pdev = pci_upstream_bridge(pdev);
	return pdev && pdev->slot == affected->slot;
}

/* Add a function, or only count it if @functions is not allocated yet */
static int affected_add(struct pci_dev *pdev, void *data)
{
	struct affected *affected = data;

	if (!affected_contains(affected, pdev))
		return 0;
	if (affected->functions) {
		if (affected->count == affected->room)
			return 1;
		affected->functions[affected->count] = pci_dev_get(pdev);
	}
	affected->count++;
	return 0;
}

static void affected_free(struct affected *affected)
{
	while (affected->count)
		pci_dev_put(affected->functions[--affected->count]);
	kfree(affected->functions);
}

/*
 * Find all functions that a hot reset of @pdev affects. -ENODEV if it cannot be
 * reset this way, -EAGAIN if functions are added or removed at the same time.
 */
static int affected_find(struct affected *affected, struct pci_dev *pdev)
{
	*affected = (struct affected){};
	if (!pci_probe_reset_slot(pdev->slot))
		affected->slot = pdev->slot;
	else if (pci_probe_reset_bus(pdev->bus))
		return -ENODEV;

	pci_walk_bus(pdev->bus, affected_add, affected);
	affected->room = affected->count;
	affected->count = 0;
	affected->functions = kcalloc(affected->room,
				      sizeof(*affected->functions),
				      GFP_KERNEL_ACCOUNT);
	if (!affected->functions)
		return -ENOMEM;
	pci_walk_bus(pdev->bus, affected_add, affected);
	if (affected->count == affected->room)
		return 0;
	affected_free(affected);
	return -EAGAIN;
}

/* The owner of a function: devid of struct vfio_pci_dependent_device */
static u32 hot_reset_owner(struct pci_device *caller, struct pci_dev *pdev)
{
	struct vfio_device_set *set = caller->core.vdev.dev_set;
	struct iommufd_ctx *ictx = iommufd_device_to_ictx(caller->idev);
	struct iommufd_device *idev = NULL;
	struct vfio_device *device;
	struct iommu_group *group;
	bool owned;

	lockdep_assert_held(&set->lock);
	device = vfio_find_device_in_devset(set, &pdev->dev);
	if (!device)
		return VFIO_PCI_DEVID_NOT_OWNED;
	/* Other drivers of the set have no device files */
	if (device->ops == caller->core.vdev.ops)
		idev = to_pci_device(device)->idev;
	if (idev && iommufd_device_to_ictx(idev) == ictx)
		return iommufd_device_to_id(idev);
	group = iommu_group_get(&pdev->dev);
	owned = iommufd_ctx_has_group(ictx, group);
	iommu_group_put(group);
	return owned ? VFIO_PCI_DEVID_OWNED : VFIO_PCI_DEVID_NOT_OWNED;
}

static int hot_reset_copy_info(struct pci_device *caller,
			       const struct affected *affected,
			       struct vfio_pci_hot_reset_info *info,
			       struct vfio_pci_hot_reset_info __user *arg)
{
	struct vfio_pci_dependent_device *list;
	unsigned int i;
	int ret = 0;

	list = kcalloc(affected->count, sizeof(*list), GFP_KERNEL_ACCOUNT);
	if (!list)
		return -ENOMEM;
	info->flags = VFIO_PCI_HOT_RESET_FLAG_DEV_ID |
		      VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED;
	mutex_lock(&caller->core.vdev.dev_set->lock);
	for (i = 0; i < affected->count; i++) {
		struct pci_dev *pdev = affected->functions[i];

		list[i].segment = pci_domain_nr(pdev->bus);
		list[i].bus = pdev->bus->number;
		list[i].devfn = pdev->devfn;
		list[i].devid = hot_reset_owner(caller, pdev);
		if (list[i].devid == (u32)VFIO_PCI_DEVID_NOT_OWNED)
			info->flags &= ~VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED;
	}
	mutex_unlock(&caller->core.vdev.dev_set->lock);
	if (copy_to_user(arg->devices, list, affected->count * sizeof(*list)))
		ret = -EFAULT;
	kfree(list);
	return ret;
}

static int hot_reset_get_info(struct pci_device *caller,
			      struct vfio_pci_hot_reset_info __user *arg)
{
	const size_t head = offsetofend(struct vfio_pci_hot_reset_info, count);
	struct vfio_pci_hot_reset_info info;
	struct affected affected;
	size_t fit;
	int ret;

	if (copy_from_user(&info, arg, head))
		return -EFAULT;
	if (info.argsz < head)
		return -EINVAL;
	ret = affected_find(&affected, caller->core.pdev);
	if (ret)
		return ret;
	info.flags = 0;
	info.count = affected.count;
	fit = (info.argsz - head) / sizeof(info.devices[0]);
	if (info.count > fit)
		ret = -ENOSPC;
	else
		ret = hot_reset_copy_info(caller, &affected, &info, arg);
	/* Also if there is too little room: report the number of functions */
	if ((!ret || ret == -ENOSPC) && copy_to_user(arg, &info, head))
		ret = -EFAULT;
	affected_free(&affected);
	return ret;
}

/* The core's device of a function that is owned */
static struct vfio_pci_core_device *hot_reset_core(struct pci_device *caller,
						   struct pci_dev *pdev)
{
	struct vfio_device *device = vfio_find_device_in_devset(
		caller->core.vdev.dev_set, &pdev->dev);

	return container_of(device, struct vfio_pci_core_device, vdev);
}

/*
 * Resume the functions. The core takes their memory_lock for that, so this is
 * done before any memory_lock is held.
 */
static int affected_wake(const struct affected *affected)
{
	unsigned int i;
	int ret;

	for (i = 0; i < affected->count; i++) {
		ret = pm_runtime_resume_and_get(&affected->functions[i]->dev);
		if (ret)
			goto err_put;
	}
	return 0;

err_put:
	while (i--)
		pm_runtime_put(&affected->functions[i]->dev);
	return ret;
}

static void affected_let_sleep(const struct affected *affected)
{
	unsigned int i;

	for (i = 0; i < affected->count; i++)
		pm_runtime_put(&affected->functions[i]->dev);
}

/*
 * Block access to the registers of a function: reads and writes wait, and
 * programs' mappings of them are removed until the next fault. The locks of
 * functions have no order among each other, so do not wait for one.
 */
static int hot_reset_block_access(struct vfio_pci_core_device *core)
{
	const loff_t start =
		VFIO_PCI_INDEX_TO_OFFSET(VFIO_PCI_BAR0_REGION_INDEX);
	const loff_t end = VFIO_PCI_INDEX_TO_OFFSET(VFIO_PCI_ROM_REGION_INDEX);

	if (!down_write_trylock(&core->memory_lock))
		return -EBUSY;
	unmap_mapping_range(core->vdev.inode->i_mapping, start, end - start,
			    true);
	return 0;
}

/*
 * The reset brings a suspended function to D0, and the core does not notice. A
 * function that loses its configuration on the way needs the state restored
 * that the core saved when it suspended the function.
 */
static void hot_reset_power_up(struct vfio_pci_core_device *core)
{
	struct pci_dev *pdev = core->pdev;
	bool asleep = pdev->current_state == PCI_D3hot ||
		      pdev->current_state == PCI_D3cold;

	if (pci_set_power_state(pdev, PCI_D0))
		return;
	if (asleep && core->needs_pm_restore) {
		pci_load_and_free_saved_state(pdev, &core->pm_save);
		pci_restore_state(pdev);
	}
}

/* Reset functions that have been resumed */
static int hot_reset_awake(struct pci_device *caller,
			   const struct affected *affected)
{
	unsigned int blocked, i;
	int ret = 0;

	for (blocked = 0; blocked < affected->count; blocked++) {
		ret = hot_reset_block_access(
			hot_reset_core(caller, affected->functions[blocked]));
		if (ret)
			goto out;
	}
	for (i = 0; i < affected->count; i++)
		hot_reset_power_up(hot_reset_core(caller,
						  affected->functions[i]));
	ret = pci_reset_bus(caller->core.pdev);
out:
	while (blocked--)
		up_write(&hot_reset_core(caller, affected->functions[blocked])
				  ->memory_lock);
	return ret;
}

static int hot_reset_owned(struct pci_device *caller,
			   const struct affected *affected)
{
	unsigned int i;
	int ret;

	for (i = 0; i < affected->count; i++)
		if (hot_reset_owner(caller, affected->functions[i]) ==
		    (u32)VFIO_PCI_DEVID_NOT_OWNED)
			return -EINVAL;
	ret = affected_wake(affected);
	if (ret)
		return ret;
	ret = hot_reset_awake(caller, affected);
	affected_let_sleep(affected);
	return ret;
}

static int hot_reset(struct pci_device *caller,
		     struct vfio_pci_hot_reset __user *arg)
{
	const size_t head = offsetofend(struct vfio_pci_hot_reset, count);
	struct vfio_device_set *set = caller->core.vdev.dev_set;
	struct vfio_pci_hot_reset cmd;
	struct affected affected;
	int ret;

	if (copy_from_user(&cmd, arg, head))
		return -EFAULT;
	/* Files of groups (cmd.count) are only for devices opened by group */
	if (cmd.argsz < head || cmd.flags || cmd.count)
		return -EINVAL;
	mutex_lock(&set->lock);
	ret = affected_find(&affected, caller->core.pdev);
	if (!ret) {
		ret = hot_reset_owned(caller, &affected);
		affected_free(&affected);
	}
	mutex_unlock(&set->lock);
	return ret;
}

long hot_reset_ioctl(struct vfio_device *device, unsigned int cmd,
		     unsigned long arg)
{
	void __user *user = (void __user *)arg;

	if (device->cdev_opened && cmd == VFIO_DEVICE_GET_PCI_HOT_RESET_INFO)
		return hot_reset_get_info(to_pci_device(device), user);
	if (device->cdev_opened && cmd == VFIO_DEVICE_PCI_HOT_RESET)
		return hot_reset(to_pci_device(device), user);
	return vfio_pci_core_ioctl(device, cmd, arg);
}
