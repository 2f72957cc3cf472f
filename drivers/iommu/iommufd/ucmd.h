/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ioctls of /dev/iommu. main.c copies and checks the user's structure, and
 * calls the ioctl's function with a struct iommufd_ucmd.
 */
#ifndef _IOMMUFD_UCMD_H
#define _IOMMUFD_UCMD_H

#include <linux/uaccess.h>

#include "ioas.h"
#include "object.h"

/**
 * struct iommufd_ucmd - a running ioctl
 * @ictx: the context
 * @ubuffer: the user's structure
 * @user_size: size of the user's structure
 * @cmd: the kernel's copy of it, padded with 0 to the kernel's size
 */
struct iommufd_ucmd {
	struct iommufd_ctx *ictx;
	void __user *ubuffer;
	u32 user_size;
	void *cmd;
};

/**
 * iommufd_ucmd_respond() - copy the structure back to the user
 * @ucmd: the ioctl
 * @size: size of the kernel's copy
 *
 * Return: 0 or -EFAULT.
 */
static inline int iommufd_ucmd_respond(struct iommufd_ucmd *ucmd, size_t size)
{
	if (copy_to_user(ucmd->ubuffer, ucmd->cmd,
			 min_t(size_t, ucmd->user_size, size)))
		return -EFAULT;
	return 0;
}

/**
 * iommufd_ucmd_get_ioas() - look up an address space
 * @ucmd: the ioctl
 * @id: its id
 *
 * Return: the address space, to be put with iommufd_ucmd_put_ioas(), or
 * ERR_PTR(-ENOENT).
 */
static inline struct iommufd_ioas *
iommufd_ucmd_get_ioas(struct iommufd_ucmd *ucmd, u32 id)
{
	struct iommufd_object *obj;

	obj = iommufd_object_get(ucmd->ictx, id, IOMMUFD_OBJ_IOAS);
	if (IS_ERR(obj))
		return ERR_CAST(obj);
	return container_of(obj, struct iommufd_ioas, obj);
}

static inline void iommufd_ucmd_put_ioas(struct iommufd_ucmd *ucmd,
					 struct iommufd_ioas *ioas)
{
	iommufd_object_put(ucmd->ictx, &ioas->obj);
}

int iommufd_destroy_ioctl(struct iommufd_ucmd *ucmd);
int iommufd_ioas_alloc_ioctl(struct iommufd_ucmd *ucmd);
int iommufd_ioas_iova_ranges_ioctl(struct iommufd_ucmd *ucmd);
int iommufd_ioas_allow_iovas_ioctl(struct iommufd_ucmd *ucmd);
int iommufd_ioas_map_ioctl(struct iommufd_ucmd *ucmd);
int iommufd_ioas_map_file_ioctl(struct iommufd_ucmd *ucmd);
int iommufd_ioas_copy_ioctl(struct iommufd_ucmd *ucmd);
int iommufd_ioas_unmap_ioctl(struct iommufd_ucmd *ucmd);
int iommufd_option_ioctl(struct iommufd_ucmd *ucmd);
int iommufd_vfio_ioas_ioctl(struct iommufd_ucmd *ucmd);
int iommufd_ioas_change_process_ioctl(struct iommufd_ucmd *ucmd);
int iommufd_get_hw_info_ioctl(struct iommufd_ucmd *ucmd);
int iommufd_hwpt_alloc_ioctl(struct iommufd_ucmd *ucmd);
int iommufd_hwpt_set_dirty_tracking_ioctl(struct iommufd_ucmd *ucmd);
int iommufd_hwpt_get_dirty_bitmap_ioctl(struct iommufd_ucmd *ucmd);
int iommufd_fault_alloc_ioctl(struct iommufd_ucmd *ucmd);
int iommufd_hwpt_invalidate_ioctl(struct iommufd_ucmd *ucmd);
int iommufd_window_create_ioctl(struct iommufd_ucmd *ucmd);
int iommufd_window_remove_ioctl(struct iommufd_ucmd *ucmd);
int iommufd_window_list_ioctl(struct iommufd_ucmd *ucmd);
int iommufd_mappings_ioctl(struct iommufd_ucmd *ucmd);

#endif
