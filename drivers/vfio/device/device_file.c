// SPDX-License-Identifier: GPL-2.0
/*
 * Device files. vfio.ko gives every device a node in sysfs
 * (.../vfio-dev/vfioN) for a file that kernels without iommufd do not make.
 * Here that node gets a device number before it is registered, so that the
 * file appears where programs look for it, by the names that they know.
 *
 * An opened file does nothing until it is bound to an iommufd context, which
 * opens the device: only one file at a time can. Until it is closed nobody can
 * open the device's group (group.c), and the DMA of the group belongs to the
 * context.
 *
 * A device that wants a token of who opens it (a virtual function, or a
 * physical one with others of its functions in use) wants it here too.
 *
 * struct vfio_device_set::lock orders bind, attach, detach and close, as in
 * vfio.ko. What is bound stays so until the file is closed; so it is enough for
 * the other calls to see, with acquire, that it is.
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
#include "kvm.h"
#include "pci_device.h"

/* A request to bind as Linux 6.12 knows it, which ends before the token */
#define BIND_MIN_SIZE offsetofend(struct vfio_device_bind_token, out_devid)

static_assert(BIND_MIN_SIZE ==
	      offsetofend(struct vfio_device_bind_iommufd, out_devid));
static_assert(offsetof(struct vfio_device_bind_token, token_uuid_ptr) == 16 &&
	      sizeof(struct vfio_device_bind_token) == 24);

/**
 * struct device_file - an open file
 * @device: the device; the file holds a reference to its registration
 * @idev: what it is bound as
 * @attached: it is attached to an address space or a page table
 * @bound: @idev is there and the device is open
 */
struct device_file {
	struct vfio_device *device;
	struct iommufd_device *idev;
	bool attached;
	bool bound;
};

/* Prepared devices by minor number, which is vfio.ko's own number of them */
static DEFINE_XARRAY(devices);
static DEFINE_MUTEX(devices_lock);
static dev_t first_devt;
static struct cdev files_cdev;

static bool is_bound(const struct device_file *file)
{
	/* Pairs with the release in bind(): the device is open when this says so */
	return smp_load_acquire(&file->bound);
}

static int file_open(struct inode *inode, struct file *filp)
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

/* Open the device for DMA of the context */
static int open_device(struct device_file *file, struct iommufd_ctx *ictx,
		       u32 *id)
{
	struct vfio_device *device = file->device;
	int ret;

	lockdep_assert_held(&device->dev_set->lock);
	if (device->open_count)
		return -EINVAL;
	ret = kvm_answers_check(device);
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

static void close_device(struct device_file *file)
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

/* Read a request to bind, in the size that the program knows it */
static int copy_bind(struct vfio_device_bind_token *cmd, uuid_t *token,
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
 * Who opens a device by its group names it, and the driver judges the name and
 * the token that may come with it. Here the driver is asked the same question.
 */
static int check_token(struct vfio_device *device, const uuid_t *token)
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

static int bind_locked(struct device_file *file,
		       const struct vfio_device_bind_token *cmd,
		       const uuid_t *token, u32 __user *out_devid)
{
	struct iommufd_ctx *ictx;
	u32 id;
	int ret;

	lockdep_assert_held(&file->device->dev_set->lock);
	if (file->bound)
		return -EINVAL;
	ret = check_token(file->device, token);
	if (ret)
		return ret;
	ictx = iommufd_ctx_from_fd(cmd->iommufd);
	if (IS_ERR(ictx))
		return PTR_ERR(ictx);
	ret = open_device(file, ictx, &id);
	/* The bound device has a reference of its own */
	iommufd_ctx_put(ictx);
	if (ret)
		return ret;
	if (put_user(id, out_devid)) {
		close_device(file);
		return -EFAULT;
	}
	smp_store_release(&file->bound, true); /* for is_bound() */
	return 0;
}

static int bind(struct device_file *file,
		struct vfio_device_bind_token __user *arg)
{
	struct vfio_device *device = file->device;
	struct vfio_device_bind_token cmd;
	uuid_t token;
	int ret;

	ret = copy_bind(&cmd, &token, arg);
	if (ret)
		return ret;
	ret = group_hold(device);
	if (ret)
		return ret;
	mutex_lock(&device->dev_set->lock);
	ret = bind_locked(file, &cmd,
			  cmd.flags & VFIO_DEVICE_BIND_FLAG_TOKEN ? &token : NULL,
			  &arg->out_devid);
	mutex_unlock(&device->dev_set->lock);
	if (ret)
		group_let_go(device);
	return ret;
}

static int attach(struct device_file *file,
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
	/* Where the answer goes: the device leaves nothing for want of that */
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

static int detach(struct device_file *file,
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

static int feature(struct vfio_device *device,
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
	/* Both ways at once is a question, and no request */
	if ((cmd.flags & both) == both &&
	    !(cmd.flags & VFIO_DEVICE_FEATURE_PROBE))
		return -EINVAL;
	if (!device->ops->device_feature)
		return -ENOTTY;
	return device->ops->device_feature(device, cmd.flags, arg->data,
					   cmd.argsz - sizeof(cmd));
}

static long powered_ioctl(struct device_file *file, unsigned int cmd,
			  unsigned long arg)
{
	struct vfio_device *device = file->device;
	void __user *user = (void __user *)arg;

	switch (cmd) {
	case VFIO_DEVICE_ATTACH_IOMMUFD_PT:
		return attach(file, user);
	case VFIO_DEVICE_DETACH_IOMMUFD_PT:
		return detach(file, user);
	case VFIO_DEVICE_FEATURE:
		return feature(device, user);
	default:
		return device->ops->ioctl(device, cmd, arg);
	}
}

static long file_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	struct device_file *file = filp->private_data;
	struct device *dev = file->device->dev;
	long ret;

	if (cmd == VFIO_DEVICE_BIND_IOMMUFD)
		return bind(file, (void __user *)arg);
	if (!is_bound(file))
		return -EINVAL;
	if (!dev->driver->pm)
		return powered_ioctl(file, cmd, arg);

	/* A program may have let the device sleep */
	ret = pm_runtime_resume_and_get(dev);
	if (ret) {
		dev_info_ratelimited(dev, "does not wake up for a call: error %ld\n",
				     ret);
		return -EIO;
	}
	ret = powered_ioctl(file, cmd, arg);
	pm_runtime_put(dev);
	return ret;
}

static ssize_t file_read(struct file *filp, char __user *buf, size_t count,
			 loff_t *pos)
{
	struct device_file *file = filp->private_data;

	if (!is_bound(file))
		return -EINVAL;
	return file->device->ops->read(file->device, buf, count, pos);
}

static ssize_t file_write(struct file *filp, const char __user *buf,
			  size_t count, loff_t *pos)
{
	struct device_file *file = filp->private_data;

	if (!is_bound(file))
		return -EINVAL;
	return file->device->ops->write(file->device, buf, count, pos);
}

static int file_mmap(struct file *filp, struct vm_area_struct *vma)
{
	struct device_file *file = filp->private_data;

	if (!is_bound(file))
		return -EINVAL;
	return file->device->ops->mmap(file->device, vma);
}

static int file_release(struct inode *inode, struct file *filp)
{
	struct device_file *file = filp->private_data;
	struct vfio_device *device = file->device;

	if (file->bound) {
		mutex_lock(&device->dev_set->lock);
		close_device(file);
		mutex_unlock(&device->dev_set->lock);
		group_let_go(device);
	}
	compat_vfio_device_put(device);
	kfree(file);
	return 0;
}

/* The line that programs of Linux 7.3 look for in /proc/PID/fdinfo */
static void file_show_fdinfo(struct seq_file *m, struct file *filp)
{
	struct device_file *file = filp->private_data;
	char *path = kobject_get_path(&file->device->dev->kobj, GFP_KERNEL);

	if (path)
		seq_printf(m, "vfio-device-syspath: /sys%s\n", path);
	kfree(path);
}

static const struct file_operations file_ops = {
	.owner = THIS_MODULE,
	.open = file_open,
	.release = file_release,
	.read = file_read,
	.write = file_write,
	.unlocked_ioctl = file_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = file_mmap,
	.show_fdinfo = file_show_fdinfo,
};

struct vfio_device *device_file_device(const struct file *filp)
{
	const struct device_file *file = filp->private_data;

	return filp->f_op == &file_ops ? file->device : NULL;
}

static char *file_name(const struct device *dev, umode_t *mode, kuid_t *uid,
		       kgid_t *gid)
{
	return kasprintf(GFP_KERNEL, "vfio/devices/%s", dev_name(dev));
}

static const struct device_type file_type = {
	.name = "vfio-device",
	.devnode = file_name,
};

int device_file_prepare(struct vfio_device *device)
{
	int ret;

	/* Without an IOMMU only a group serves it, and only in unsafe mode */
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

void device_file_forget(struct vfio_device *device)
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
