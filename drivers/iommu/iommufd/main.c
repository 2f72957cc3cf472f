// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/iommu: the device file and the table of ioctls.
 *
 * Each ioctl is a row of iommufd_ioctls[]: the size of its structure, the size
 * that it had in the first version, and a function. The checks that all ioctls
 * share (sizes, a tail of 0, unknown numbers) are here.
 *
 * CONTRIBUTING.md, "Add an ioctl", lists the places that a new row touches.
 */
#define pr_fmt(fmt) "iommufd: " fmt

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>

#include <compat/iommu_internal.h>
#include <compat/uninitialized.h>

#include "container.h"
#include "context.h"
#include "ioas.h"
#include "object.h"
#include "test/hook.h"
#include "ucmd.h"

static int iommufd_open(struct inode *inode, struct file *file)
{
	struct iommufd_ctx *ictx = iommufd_ctx_create(IOMMUFD_ACCOUNT_USER);

	if (IS_ERR(ictx))
		return PTR_ERR(ictx);
	file->private_data = ictx;
	return 0;
}

static int iommufd_release(struct inode *inode, struct file *file)
{
	iommufd_test_file_closed(file->private_data);
	iommufd_ctx_put(file->private_data);
	return 0;
}

int iommufd_destroy_ioctl(struct iommufd_ucmd *ucmd)
{
	const struct iommu_destroy *cmd = ucmd->cmd;

	return iommufd_object_destroy(ucmd->ictx, cmd->id);
}

/* For ioctls of virtual IOMMUs, which are not supported yet */
static int not_offered(struct iommufd_ucmd *ucmd)
{
	return -EOPNOTSUPP;
}

/* Room for the kernel's copy of any structure: one member for each ioctl */
union ucmd_buffer {
	struct iommu_destroy destroy;
	struct iommu_fault_alloc fault_alloc;
	struct iommu_hw_info hw_info;
	struct iommu_hw_queue_alloc hw_queue_alloc;
	struct iommu_hwpt_alloc hwpt_alloc;
	struct iommu_hwpt_get_dirty_bitmap get_dirty_bitmap;
	struct iommu_hwpt_invalidate invalidate;
	struct iommu_hwpt_set_dirty_tracking set_dirty_tracking;
	struct iommu_ioas_alloc ioas_alloc;
	struct iommu_ioas_allow_iovas allow_iovas;
	struct iommu_ioas_change_process change_process;
	struct iommu_ioas_copy copy;
	struct iommu_ioas_iova_ranges iova_ranges;
	struct iommu_ioas_map map;
	struct iommu_ioas_map_file map_file;
	struct iommu_ioas_mappings mappings;
	struct iommu_ioas_unmap unmap;
	struct iommu_ioas_window_create window_create;
	struct iommu_ioas_window_list window_list;
	struct iommu_ioas_window_remove window_remove;
	struct iommu_option option;
	struct iommu_vdevice_alloc vdevice_alloc;
	struct iommu_veventq_alloc veventq_alloc;
	struct iommu_vfio_ioas vfio_ioas;
	struct iommu_viommu_alloc viommu_alloc;
};

/**
 * struct iommufd_ioctl - a row of the table of ioctls
 * @size: size of the structure
 * @min_size: its size when the ioctl was introduced; less is -EINVAL
 * @cmd: the complete ioctl number
 * @fn: the function
 */
struct iommufd_ioctl {
	unsigned int size;
	unsigned int min_size;
	unsigned int cmd;
	int (*fn)(struct iommufd_ucmd *ucmd);
};

/* _last: the last field that the structure had when it was introduced */
#define IOCTL(_cmd, _fn, _struct, _last)				\
	[_IOC_NR(_cmd) - IOMMUFD_CMD_BASE] = {				\
		.size = sizeof(_struct) +				\
			BUILD_BUG_ON_ZERO(sizeof(union ucmd_buffer) <	\
					  sizeof(_struct)) +		\
			BUILD_BUG_ON_ZERO(sizeof(_struct) % sizeof(u32)), \
		.min_size = offsetofend(_struct, _last),		\
		.cmd = _cmd,						\
		.fn = _fn,						\
	}

static const struct iommufd_ioctl iommufd_ioctls[] = {
	IOCTL(IOMMU_DESTROY, iommufd_destroy_ioctl, struct iommu_destroy, id),
	IOCTL(IOMMU_FAULT_QUEUE_ALLOC, iommufd_fault_alloc_ioctl,
	      struct iommu_fault_alloc, out_fault_fd),
	IOCTL(IOMMU_GET_HW_INFO, iommufd_get_hw_info_ioctl,
	      struct iommu_hw_info, __reserved),
	IOCTL(IOMMU_HW_QUEUE_ALLOC, not_offered, struct iommu_hw_queue_alloc,
	      length),
	IOCTL(IOMMU_HWPT_ALLOC, iommufd_hwpt_alloc_ioctl,
	      struct iommu_hwpt_alloc, __reserved),
	IOCTL(IOMMU_HWPT_GET_DIRTY_BITMAP, iommufd_hwpt_get_dirty_bitmap_ioctl,
	      struct iommu_hwpt_get_dirty_bitmap, data),
	IOCTL(IOMMU_HWPT_INVALIDATE, iommufd_hwpt_invalidate_ioctl,
	      struct iommu_hwpt_invalidate, __reserved),
	IOCTL(IOMMU_HWPT_SET_DIRTY_TRACKING,
	      iommufd_hwpt_set_dirty_tracking_ioctl,
	      struct iommu_hwpt_set_dirty_tracking, __reserved),
	IOCTL(IOMMU_IOAS_ALLOC, iommufd_ioas_alloc_ioctl,
	      struct iommu_ioas_alloc, out_ioas_id),
	IOCTL(IOMMU_IOAS_ALLOW_IOVAS, iommufd_ioas_allow_iovas_ioctl,
	      struct iommu_ioas_allow_iovas, allowed_iovas),
	IOCTL(IOMMU_IOAS_CHANGE_PROCESS, iommufd_ioas_change_process_ioctl,
	      struct iommu_ioas_change_process, __reserved),
	IOCTL(IOMMU_IOAS_COPY, iommufd_ioas_copy_ioctl, struct iommu_ioas_copy,
	      src_iova),
	IOCTL(IOMMU_IOAS_IOVA_RANGES, iommufd_ioas_iova_ranges_ioctl,
	      struct iommu_ioas_iova_ranges, out_iova_alignment),
	IOCTL(IOMMU_IOAS_MAP, iommufd_ioas_map_ioctl, struct iommu_ioas_map,
	      iova),
	IOCTL(IOMMU_IOAS_MAP_FILE, iommufd_ioas_map_file_ioctl,
	      struct iommu_ioas_map_file, iova),
	IOCTL(IOMMU_IOAS_MAPPINGS, iommufd_mappings_ioctl,
	      struct iommu_ioas_mappings, mappings),
	IOCTL(IOMMU_IOAS_UNMAP, iommufd_ioas_unmap_ioctl,
	      struct iommu_ioas_unmap, length),
	IOCTL(IOMMU_IOAS_WINDOW_CREATE, iommufd_window_create_ioctl,
	      struct iommu_ioas_window_create, base),
	IOCTL(IOMMU_IOAS_WINDOW_LIST, iommufd_window_list_ioctl,
	      struct iommu_ioas_window_list, windows),
	IOCTL(IOMMU_IOAS_WINDOW_REMOVE, iommufd_window_remove_ioctl,
	      struct iommu_ioas_window_remove, __reserved),
	IOCTL(IOMMU_OPTION, iommufd_option_ioctl, struct iommu_option, val64),
	IOCTL(IOMMU_VDEVICE_ALLOC, not_offered, struct iommu_vdevice_alloc,
	      virt_id),
	IOCTL(IOMMU_VEVENTQ_ALLOC, not_offered, struct iommu_veventq_alloc,
	      out_veventq_fd),
	IOCTL(IOMMU_VFIO_IOAS, iommufd_vfio_ioas_ioctl, struct iommu_vfio_ioas,
	      __reserved),
	IOCTL(IOMMU_VIOMMU_ALLOC, not_offered, struct iommu_viommu_alloc,
	      out_viommu_id),
};

/*
 * Almost every structure has the size that the kernel knows, and is only a few
 * words long. Copying word by word costs a tenth of copy_struct_from_user().
 */
static int copy_words(u32 *to, const u32 __user *from, size_t size)
{
	if (!user_access_begin(from, size))
		return -EFAULT;
	for (; size >= sizeof(u64); size -= sizeof(u64), to += 2, from += 2)
		unsafe_get_user(*(u64 *)to, (const u64 __user *)from, efault);
	if (size)
		unsafe_get_user(*to, from, efault);
	user_access_end();
	return 0;

efault:
	user_access_end();
	return -EFAULT;
}

static long iommufd_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg)
{
	struct iommufd_ucmd ucmd = {
		.ictx = file->private_data,
		.ubuffer = (void __user *)arg,
	};
	unsigned int nr = _IOC_NR(cmd) - IOMMUFD_CMD_BASE;
	const struct iommufd_ioctl *ioctl;
	union ucmd_buffer buffer compat_uninitialized;
	int ret;

	if (unlikely(cmd == IOMMUFD_TEST_CMD))
		return iommufd_test_ioctl(ucmd.ictx, ucmd.ubuffer);
	if (nr >= ARRAY_SIZE(iommufd_ioctls))
		return iommufd_container_ioctl(ucmd.ictx, cmd, arg);
	ioctl = &iommufd_ioctls[nr];
	if (ioctl->cmd != cmd)
		return -ENOIOCTLCMD;
	ret = get_user(ucmd.user_size, (u32 __user *)ucmd.ubuffer);
	if (ret)
		return ret;
	if (ucmd.user_size < ioctl->min_size)
		return -EINVAL;
	ucmd.cmd = &buffer;
	if (likely(ucmd.user_size == ioctl->size))
		ret = copy_words(ucmd.cmd, ucmd.ubuffer, ioctl->size);
	else
		ret = copy_struct_from_user(ucmd.cmd, ioctl->size, ucmd.ubuffer,
					    ucmd.user_size);
	if (ret)
		return ret;
	return ioctl->fn(&ucmd);
}

static const struct file_operations iommufd_fops = {
	.owner = THIS_MODULE,
	.open = iommufd_open,
	.release = iommufd_release,
	.unlocked_ioctl = iommufd_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

struct iommufd_ctx *iommufd_ctx_from_file(struct file *file)
{
	struct iommufd_ctx *ictx;

	if (file->f_op != &iommufd_fops)
		return ERR_PTR(-EBADFD);
	ictx = file->private_data;
	iommufd_ctx_get(ictx);
	return ictx;
}
EXPORT_SYMBOL_GPL(iommufd_ctx_from_file);

struct iommufd_ctx *iommufd_ctx_from_fd(int fd)
{
	struct iommufd_ctx *ictx;
	struct file *file;

	file = fget(fd);
	if (!file)
		return ERR_PTR(-EBADF);
	ictx = iommufd_ctx_from_file(file);
	fput(file);
	return ictx;
}
EXPORT_SYMBOL_GPL(iommufd_ctx_from_fd);

static struct miscdevice iommufd_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "iommu",
	.nodename = "iommu",
	.fops = &iommufd_fops,
	.mode = 0660,
};

static int __init iommufd_init(void)
{
	int ret;

	if (IS_ENABLED(CONFIG_IOMMUFD)) {
		pr_err("this kernel has an iommufd of its own (CONFIG_IOMMUFD): use that one\n");
		return -EBUSY;
	}
	ret = iommufd_ioas_caches_init();
	if (ret)
		return ret;
	ret = misc_register(&iommufd_misc);
	if (ret)
		iommufd_ioas_caches_exit();
	return ret;
}
module_init(iommufd_init);

static void __exit iommufd_exit(void)
{
	misc_deregister(&iommufd_misc);
	iommufd_ioas_caches_exit();
}
module_exit(iommufd_exit);

COMPAT_IMPORT_IOMMU_INTERNAL();
MODULE_DESCRIPTION("I/O address spaces for devices in user hands");
MODULE_LICENSE("GPL");
