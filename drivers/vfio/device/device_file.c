// SPDX-License-Identifier: GPL-2.0
/*
 * Device files. vfio.ko gives every device a node in sysfs
 * (.../vfio-dev/vfioN), but in kernels without iommufd there is no file for it.
 * This driver gives that node a device number before it is registered, so that
 * the file appears under the name and path that programs expect.
 *
 * An opened file cannot be used until it is bound to an iommufd context.
 * Binding opens the device, and only one file at a time can do this. Until that
 * file is closed, the device's group cannot be opened (group.c), and the
 * context owns the DMA of the group.
 *
 * Some devices require a token to be opened: a virtual function, or a physical
 * function with virtual functions in use. They require it here too.
 *
 * struct vfio_device_set::lock serializes bind, attach, detach and close, as in
 * vfio.ko. A bound file stays bound until it is closed. So the other calls only
 * need to check, with acquire, that the file is bound.
 */
#include <linux/cdev.h>
#include <linux/fs.h>
#include <linux/iommufd.h>
#include <linux/module.h>
#include <linux/pm_runtime.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uuid.h>
#include <linux/vfio.h>
#include <linux/xarray.h>
#include <uapi/linux/vfio_device_file.h>

#include <compat/vfio_device.h>

#include "device_file.h"
#include "group.h"
#include "no_snoop.h"
#include "pci_device.h"

/* The request to bind of Linux 6.12, which ends before the token */
#define BIND_MIN_SIZE offsetofend(struct vfio_device_bind_token, out_devid)

static_assert(BIND_MIN_SIZE ==
	      offsetofend(struct vfio_device_bind_iommufd, out_devid));
static_assert(offsetof(struct vfio_device_bind_token, token_uuid_ptr) == 16 &&
	      sizeof(struct vfio_device_bind_token) == 24);

/**
 * struct device_file - an open file
 * @device: the device; the file holds a reference to its registration
 * @idev: the bound iommufd device
 * @attached: @idev is attached to an address space or a page table
 * @bound: @idev is valid and the device is open
 */
struct device_file {
	struct vfio_device *device;
	struct iommufd_device *idev;
	bool attached;
	bool bound;
};

/* Prepared devices by minor number, which is vfio.ko's index of the device */
static DEFINE_XARRAY(devices);
static DEFINE_MUTEX(devices_lock);
static dev_t first_devt;
static struct cdev files_cdev;

static bool device_file_is_bound(const struct device_file *file)
{
	/* Pairs with device_file_bind_locked(): if true, the device is open */
	return smp_load_acquire(&file->bound);
}

static int device_file_open(struct inode *inode, struct file *filp)
{
	struct vfio_device *device;
	struct device_file *file;
	int ret = 0;

	file = kzalloc(sizeof(*file), GFP_KERNEL_ACCOUNT);
	if (!file)
		return -ENOMEM;
	mutex_lock(&devices_lock);
	device = xa_load(&devices, iminor(inode));
	if (!device)
		ret = -ENXIO;
	else if (!compat_vfio_device_get(device))
		ret = -ENODEV;
	mutex_unlock(&devices_lock);
	if (ret) {
		kfree(file);
		return ret;
	}
	file->device = device;
	filp->private_data = file;
	/* All mappings of the device's memory go through one address space */
	filp->f_mapping = device->inode->i_mapping;
	return 0;
}

/* Bind the device to the context and open it */
static int device_file_open_device(struct device_file *file,
				   struct iommufd_ctx *ictx, u32 *id)
{
	struct vfio_device *device = file->device;
	int ret;

	lockdep_assert_held(&device->dev_set->lock);
	if (device->open_count)
		return -EINVAL;
	ret = no_snoop_check(device);
	if (ret)
		return ret;
	if (!try_module_get(device->dev->driver->owner))
		return -ENODEV;
	file->idev = iommufd_device_bind(ictx, device->dev, id);
	if (IS_ERR(file->idev)) {
		ret = PTR_ERR(file->idev);
		goto put_module;
	}
	pci_device_set_idev(device, file->idev);
	device->open_count = 1;
	ret = device->ops->open_device(device);
	if (ret)
		goto unbind;
	device->cdev_opened = true;
	return 0;

unbind:
	device->open_count = 0;
	pci_device_set_idev(device, NULL);
	iommufd_device_unbind(file->idev);
put_module:
	module_put(device->dev->driver->owner);
	return ret;
}

static void device_file_close_device(struct device_file *file)
{
	struct vfio_device *device = file->device;

	lockdep_assert_held(&device->dev_set->lock);
	device->ops->close_device(device);
	device->cdev_opened = false;
	if (file->attached)
		iommufd_device_detach(file->idev, IOMMU_NO_PASID);
	pci_device_set_idev(device, NULL);
	iommufd_device_unbind(file->idev);
	device->open_count = 0;
	module_put(device->dev->driver->owner);
}

/* Copy a request to bind, which may be shorter than the kernel's structure */
static int device_file_copy_bind(struct vfio_device_bind_token *cmd,
				 uuid_t *token,
				 struct vfio_device_bind_token __user *arg)
{
	u32 size;
	int ret;

	if (get_user(size, &arg->argsz))
		return -EFAULT;
	if (size < BIND_MIN_SIZE)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	ret = copy_struct_from_user(cmd, sizeof(*cmd), arg, size);
	if (ret)
		return ret;
	if (cmd->flags & ~VFIO_DEVICE_BIND_FLAG_TOKEN || cmd->iommufd < 0)
		return -EINVAL;
	if (cmd->flags & VFIO_DEVICE_BIND_FLAG_TOKEN &&
	    copy_from_user(token, u64_to_user_ptr(cmd->token_uuid_ptr),
			   sizeof(*token)))
		return -EFAULT;
	return 0;
}

/*
 * When a device is opened by its group, the program passes its name and perhaps
 * a token, and the driver checks both. Ask the driver in the same way here.
 */
static int device_file_check_token(struct vfio_device *device,
				   const uuid_t *token)
{
	const char *name = dev_name(device->dev);
	char *text;
	int ret;

	if (!device->ops->match)
		return token ? -EINVAL : 0;
	if (token)
		text = kasprintf(GFP_KERNEL, "%s vf_token=%pUb", name, token);
	else
		text = kstrdup(name, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	ret = device->ops->match(device, text);
	kfree(text);
	if (ret < 0)
		return ret;
	return ret ? 0 : -ENODEV;
}

static int device_file_bind_locked(struct device_file *file,
				   const struct vfio_device_bind_token *cmd,
				   const uuid_t *token, u32 __user *out_devid)
{
	struct iommufd_ctx *ictx;
	u32 id;
	int ret;

	lockdep_assert_held(&file->device->dev_set->lock);
	if (file->bound)
		return -EINVAL;
	ret = device_file_check_token(file->device, token);
	if (ret)
		return ret;
	ictx = iommufd_ctx_from_fd(cmd->iommufd);
	if (IS_ERR(ictx))
		return PTR_ERR(ictx);
	ret = device_file_open_device(file, ictx, &id);
	/* The bound device has its own reference */
	iommufd_ctx_put(ictx);
	if (ret)
		return ret;
	if (put_user(id, out_devid)) {
		device_file_close_device(file);
		return -EFAULT;
	}
	smp_store_release(&file->bound, true); /* device_file_is_bound() */
	return 0;
}

static int device_file_bind(struct device_file *file,
			    struct vfio_device_bind_token __user *arg)
{
	struct vfio_device *device = file->device;
	struct vfio_device_bind_token cmd;
	uuid_t token;
	int ret;

	ret = device_file_copy_bind(&cmd, &token, arg);
	if (ret)
		return ret;
	ret = group_hold(device);
	if (ret)
		return ret;
	mutex_lock(&device->dev_set->lock);
	ret = device_file_bind_locked(file, &cmd,
				      cmd.flags & VFIO_DEVICE_BIND_FLAG_TOKEN ?
					      &token : NULL,
				      &arg->out_devid);
	mutex_unlock(&device->dev_set->lock);
	if (ret)
		group_release(device);
	return ret;
}

static int device_file_attach(struct device_file *file,
			      struct vfio_device_attach_iommufd_pt __user *arg)
{
	const size_t size = offsetofend(struct vfio_device_attach_iommufd_pt,
					pt_id);
	struct vfio_device_attach_iommufd_pt cmd;
	int ret;

	if (copy_from_user(&cmd, arg, size))
		return -EFAULT;
	if (cmd.argsz < size || cmd.flags & ~VFIO_DEVICE_ATTACH_PASID)
		return -EINVAL;
	if (cmd.flags)
		return -EOPNOTSUPP;
	/* Check that the result can be written before the device is moved */
	if (put_user(cmd.pt_id, &arg->pt_id))
		return -EFAULT;
	mutex_lock(&file->device->dev_set->lock);
	if (file->attached)
		ret = iommufd_device_replace(file->idev, IOMMU_NO_PASID,
					     &cmd.pt_id);
	else
		ret = iommufd_device_attach(file->idev, IOMMU_NO_PASID,
					    &cmd.pt_id);
	if (!ret)
		file->attached = true;
	if (!ret && put_user(cmd.pt_id, &arg->pt_id)) {
		iommufd_device_detach(file->idev, IOMMU_NO_PASID);
		file->attached = false;
		ret = -EFAULT;
	}
	mutex_unlock(&file->device->dev_set->lock);
	return ret;
}

static int device_file_detach(struct device_file *file,
			      struct vfio_device_detach_iommufd_pt __user *arg)
{
	const size_t size = offsetofend(struct vfio_device_detach_iommufd_pt,
					flags);
	struct vfio_device_detach_iommufd_pt cmd;

	if (copy_from_user(&cmd, arg, size))
		return -EFAULT;
	if (cmd.argsz < size || cmd.flags & ~VFIO_DEVICE_DETACH_PASID)
		return -EINVAL;
	if (cmd.flags)
		return -EOPNOTSUPP;
	mutex_lock(&file->device->dev_set->lock);
	if (file->attached)
		iommufd_device_detach(file->idev, IOMMU_NO_PASID);
	file->attached = false;
	mutex_unlock(&file->device->dev_set->lock);
	return 0;
}

static int device_file_feature(struct vfio_device *device,
			       struct vfio_device_feature __user *arg)
{
	const u32 known = VFIO_DEVICE_FEATURE_MASK | VFIO_DEVICE_FEATURE_GET |
			  VFIO_DEVICE_FEATURE_SET | VFIO_DEVICE_FEATURE_PROBE;
	const u32 both = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET;
	struct vfio_device_feature cmd;

	if (copy_from_user(&cmd, arg, sizeof(cmd)))
		return -EFAULT;
	if (cmd.argsz < sizeof(cmd) || cmd.flags & ~known)
		return -EINVAL;
	/* Get and set together are allowed only with probe */
	if ((cmd.flags & both) == both &&
	    !(cmd.flags & VFIO_DEVICE_FEATURE_PROBE))
		return -EINVAL;
	if (!device->ops->device_feature)
		return -ENOTTY;
	return device->ops->device_feature(device, cmd.flags, arg->data,
					   cmd.argsz - sizeof(cmd));
}

static long device_file_powered_ioctl(struct device_file *file,
				      unsigned int cmd, unsigned long arg)
{
	struct vfio_device *device = file->device;
	void __user *user = (void __user *)arg;

	switch (cmd) {
	case VFIO_DEVICE_ATTACH_IOMMUFD_PT:
		return device_file_attach(file, user);
	case VFIO_DEVICE_DETACH_IOMMUFD_PT:
		return device_file_detach(file, user);
	case VFIO_DEVICE_FEATURE:
		return device_file_feature(device, user);
	default:
		return device->ops->ioctl(device, cmd, arg);
	}
}

static long device_file_ioctl(struct file *filp, unsigned int cmd,
			      unsigned long arg)
{
	struct device_file *file = filp->private_data;
	struct device *dev = file->device->dev;
	long ret;

	if (cmd == VFIO_DEVICE_BIND_IOMMUFD)
		return device_file_bind(file, (void __user *)arg);
	if (!device_file_is_bound(file))
		return -EINVAL;
	if (!dev->driver->pm)
		return device_file_powered_ioctl(file, cmd, arg);

	/* A program may have allowed the device to suspend */
	ret = pm_runtime_resume_and_get(dev);
	if (ret) {
		dev_info_ratelimited(dev, "cannot resume for a call: error %ld\n",
				     ret);
		return -EIO;
	}
	ret = device_file_powered_ioctl(file, cmd, arg);
	pm_runtime_put(dev);
	return ret;
}

static ssize_t device_file_read(struct file *filp, char __user *buf,
				size_t count, loff_t *pos)
{
	struct device_file *file = filp->private_data;

	if (!device_file_is_bound(file))
		return -EINVAL;
	return file->device->ops->read(file->device, buf, count, pos);
}

static ssize_t device_file_write(struct file *filp, const char __user *buf,
				 size_t count, loff_t *pos)
{
	struct device_file *file = filp->private_data;

	if (!device_file_is_bound(file))
		return -EINVAL;
	return file->device->ops->write(file->device, buf, count, pos);
}

static int device_file_mmap(struct file *filp, struct vm_area_struct *vma)
{
	struct device_file *file = filp->private_data;

	if (!device_file_is_bound(file))
		return -EINVAL;
	return file->device->ops->mmap(file->device, vma);
}

static int device_file_release(struct inode *inode, struct file *filp)
{
	struct device_file *file = filp->private_data;
	struct vfio_device *device = file->device;

	if (file->bound) {
		mutex_lock(&device->dev_set->lock);
		device_file_close_device(file);
		mutex_unlock(&device->dev_set->lock);
		group_release(device);
	}
	compat_vfio_device_put(device);
	kfree(file);
	return 0;
}

/* The line that programs of Linux 7.3 look for in /proc/PID/fdinfo */
static void device_file_show_fdinfo(struct seq_file *m, struct file *filp)
{
	struct device_file *file = filp->private_data;
	char *path = kobject_get_path(&file->device->dev->kobj, GFP_KERNEL);

	if (path)
		seq_printf(m, "vfio-device-syspath: /sys%s\n", path);
	kfree(path);
}

static const struct file_operations file_ops = {
	.owner = THIS_MODULE,
	.open = device_file_open,
	.release = device_file_release,
	.read = device_file_read,
	.write = device_file_write,
	.unlocked_ioctl = device_file_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = device_file_mmap,
	.show_fdinfo = device_file_show_fdinfo,
};

struct vfio_device *device_file_device(const struct file *filp)
{
	const struct device_file *file = filp->private_data;

	return filp->f_op == &file_ops ? file->device : NULL;
}

static char *device_file_name(const struct device *dev, umode_t *mode,
			      kuid_t *uid, kgid_t *gid)
{
	return kasprintf(GFP_KERNEL, "vfio/devices/%s", dev_name(dev));
}

static const struct device_type file_type = {
	.name = "vfio-device",
	.devnode = device_file_name,
};

int device_file_prepare(struct vfio_device *device)
{
	int ret;

	/* Without an IOMMU only its group works, and only in unsafe mode */
	if (!device_iommu_mapped(device->dev))
		return 0;
	mutex_lock(&devices_lock);
	ret = xa_insert(&devices, device->index, device, GFP_KERNEL);
	mutex_unlock(&devices_lock);
	if (ret)
		return ret;
	device->device.devt = MKDEV(MAJOR(first_devt), device->index);
	device->device.type = &file_type;
	return 0;
}

void device_file_remove(struct vfio_device *device)
{
	mutex_lock(&devices_lock);
	xa_erase(&devices, device->index);
	mutex_unlock(&devices_lock);
}

int device_files_init(void)
{
	int ret;

	ret = alloc_chrdev_region(&first_devt, 0, MINORMASK + 1, "vfio-iommufd");
	if (ret)
		return ret;
	cdev_init(&files_cdev, &file_ops);
	files_cdev.owner = THIS_MODULE;
	ret = cdev_add(&files_cdev, first_devt, MINORMASK + 1);
	if (ret)
		unregister_chrdev_region(first_devt, MINORMASK + 1);
	return ret;
}

void device_files_exit(void)
{
	cdev_del(&files_cdev);
	unregister_chrdev_region(first_devt, MINORMASK + 1);
}
