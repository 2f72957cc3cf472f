// SPDX-License-Identifier: GPL-2.0
/*
 * Groups of devices that are in use by file. /dev/vfio/N has one user at a
 * time. This user may open every device of the group, and vfio-pci-core allows
 * it to reset them all. So the group must not be opened while a device of it is
 * bound by its file, and no device may be bound by its file while the group is
 * open.
 *
 * vfio.ko has no call for that, but allows one user only. So when the first
 * file of a group is bound, this driver opens /dev/vfio/N, and when the last
 * one is closed, it closes /dev/vfio/N. Others get EBUSY from vfio.ko. The
 * driver opens the group by its device number, through an inode of an internal
 * file system that is not mounted anywhere. So the result does not depend on
 * paths, mount namespaces or permissions of the caller.
 *
 * Locks: held_lock, then the group lock of vfio.ko. vfio.ko takes its group
 * lock before struct vfio_device_set::lock, so neither function may be called
 * with the latter held.
 */
#define pr_fmt(fmt) "vfio_iommufd_pci: " fmt

#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/list.h>
#include <linux/mount.h>
#include <linux/mutex.h>
#include <linux/pseudo_fs.h>
#include <linux/slab.h>
#include <linux/vfio.h>

#include <compat/vfio_group.h>

#include "group.h"

#define GROUP_FS_MAGIC 0x76666764 /* "vfgd" */

/**
 * struct held_group - a group with devices that are bound by file
 * @entry: node in held_groups
 * @group: the group
 * @file: its open /dev/vfio/N
 * @users: number of bound files
 */
struct held_group {
	struct list_head entry;
	const struct vfio_group *group;
	struct file *file;
	unsigned int users;
};

static DEFINE_MUTEX(held_lock);
static LIST_HEAD(held_groups);

static int group_fs_init(struct fs_context *fc)
{
	return init_pseudo(fc, GROUP_FS_MAGIC) ? 0 : -ENOMEM;
}

static struct file_system_type group_fs = {
	.owner = THIS_MODULE,
	.name = "vfio-iommufd",
	.init_fs_context = group_fs_init,
	.kill_sb = kill_anon_super,
};

/* Mounted while a group is held; under held_lock */
static struct vfsmount *group_mount;
static int group_mount_users;

static struct held_group *group_find_held(const struct vfio_device *device)
{
	struct held_group *held;

	lockdep_assert_held(&held_lock);
	list_for_each_entry(held, &held_groups, entry)
		if (held->group == device->group)
			return held;
	return NULL;
}

static struct file *group_open(struct vfio_device *device)
{
	struct path path = { .mnt = group_mount };
	struct inode *inode;
	struct file *file;

	inode = alloc_anon_inode(group_mount->mnt_sb);
	if (IS_ERR(inode))
		return ERR_CAST(inode);
	init_special_inode(inode, S_IFCHR | 0600,
			   compat_vfio_group_devt(device));
	path.dentry = d_obtain_alias(inode);
	if (IS_ERR(path.dentry))
		return ERR_CAST(path.dentry);
	file = dentry_open(&path, O_RDWR, current_cred());
	dput(path.dentry);
	if (IS_ERR(file) || vfio_file_has_dev(file, device))
		return file;
	__fput_sync(file);
	dev_err_once(device->dev, "the VFIO group of the device was not found by its number in this kernel; the device file cannot be used\n");
	return ERR_PTR(-EOPNOTSUPP);
}

static int group_hold_first(struct vfio_device *device)
{
	struct held_group *held;
	int ret;

	lockdep_assert_held(&held_lock);
	held = kzalloc(sizeof(*held), GFP_KERNEL_ACCOUNT);
	if (!held)
		return -ENOMEM;
	ret = simple_pin_fs(&group_fs, &group_mount, &group_mount_users);
	if (ret)
		goto free;
	held->file = group_open(device);
	if (IS_ERR(held->file)) {
		ret = PTR_ERR(held->file);
		if (ret == -EBUSY)
			dev_warn_ratelimited(device->dev,
					     "its VFIO group is open, so its file cannot be bound; close the group first\n");
		goto release_fs;
	}
	held->group = device->group;
	held->users = 1;
	list_add(&held->entry, &held_groups);
	return 0;

release_fs:
	simple_release_fs(&group_mount, &group_mount_users);
free:
	kfree(held);
	return ret;
}

int group_hold(struct vfio_device *device)
{
	struct held_group *held;
	int ret = 0;

	mutex_lock(&held_lock);
	held = group_find_held(device);
	if (held)
		held->users++;
	else
		ret = group_hold_first(device);
	mutex_unlock(&held_lock);
	return ret;
}

void group_release(struct vfio_device *device)
{
	struct held_group *held;

	mutex_lock(&held_lock);
	held = group_find_held(device);
	if (!WARN_ON_ONCE(!held) && !--held->users) {
		list_del(&held->entry);
		/* Synchronous: the group can be opened when this returns */
		__fput_sync(held->file);
		simple_release_fs(&group_mount, &group_mount_users);
		kfree(held);
	}
	mutex_unlock(&held_lock);
}
