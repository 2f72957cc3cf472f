// SPDX-License-Identifier: GPL-2.0
/*
 * Groups of devices that are in use by file. /dev/vfio/N has one user at a time,
 * who may open every device of the group, and whom vfio-pci-core believes that
 * he may reset them all. So nobody may open it while a device of the group is
 * bound by its file, and nobody binds a device by file while it is open.
 *
 * vfio.ko has no call for that, but keeps the rule of one user itself. So the
 * first file that is bound opens /dev/vfio/N, and the last one that is closed
 * closes it: everybody else is told EBUSY by vfio.ko. The file is opened by its
 * number, through an inode of a file system of our own, which is mounted
 * nowhere: no path, no mount namespace and no right of the caller has a say.
 *
 * Locks: held_lock, then what vfio.ko takes to open and close a group. Its
 * order is that lock before struct vfio_device_set::lock, hence neither function
 * may be called with the latter.
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
 * @entry: in held_groups
 * @group: which
 * @file: /dev/vfio/N, open
 * @users: bound files
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

static struct held_group *find_held(const struct vfio_device *device)
{
	struct held_group *held;

	lockdep_assert_held(&held_lock);
	list_for_each_entry(held, &held_groups, entry)
		if (held->group == device->group)
			return held;
	return NULL;
}

static struct file *open_group(struct vfio_device *device)
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
	dev_err_once(device->dev, "this kernel's VFIO groups are unknown here; the device file cannot be used\n");
	return ERR_PTR(-EOPNOTSUPP);
}

static int hold_first(struct vfio_device *device)
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
	held->file = open_group(device);
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
	held = find_held(device);
	if (held)
		held->users++;
	else
		ret = hold_first(device);
	mutex_unlock(&held_lock);
	return ret;
}

void group_let_go(struct vfio_device *device)
{
	struct held_group *held;

	mutex_lock(&held_lock);
	held = find_held(device);
	if (!WARN_ON_ONCE(!held) && !--held->users) {
		list_del(&held->entry);
		/* Not later: who sees the device closed may open the group */
		__fput_sync(held->file);
		simple_release_fs(&group_mount, &group_mount_users);
		kfree(held);
	}
	mutex_unlock(&held_lock);
}
