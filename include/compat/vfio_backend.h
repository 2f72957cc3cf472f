/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interface between vfio.ko and a container backend. The kernel exports the
 * two functions, but declares the structure only in drivers/vfio/vfio.h. So its
 * layout is declared here again, as in Linux 6.12.
 */
#ifndef _COMPAT_VFIO_BACKEND_H
#define _COMPAT_VFIO_BACKEND_H

#include <linux/types.h>
#include <linux/version.h>

struct iommu_domain;
struct iommu_group;
struct module;
struct page;
struct vfio_device;

#if LINUX_VERSION_MAJOR != 6 || LINUX_VERSION_PATCHLEVEL != 12
#error "the layout of struct vfio_iommu_driver_ops is known for Linux 6.12 only"
#endif

/* Kinds of groups, by their devices */
enum vfio_group_type {
	VFIO_IOMMU,		/* they do DMA, behind an IOMMU */
	VFIO_EMULATED_IOMMU,	/* their drivers access memory for them */
	VFIO_NO_IOMMU,		/* they do DMA, without an IOMMU */
};

/**
 * struct vfio_iommu_driver_ops - a container backend
 * @name: for messages
 * @owner: its module; held while a container uses it
 * @open: VFIO_SET_IOMMU, with the type as argument; returns the data that is
 *	passed to the other functions, or an ERR_PTR()
 * @release: the last group was removed from the container
 * @ioctl: all ioctls that vfio.ko does not handle. For VFIO_CHECK_EXTENSION the
 *	data is NULL while the container has no backend.
 * @attach_group: a group is added to the container
 * @detach_group: a group is removed from the container
 * @pin_pages: vfio_pin_pages(); returns the number of pages
 * @unpin_pages: vfio_unpin_pages()
 * @register_device: a device of an attached group was opened
 * @unregister_device: it was closed
 * @dma_rw: vfio_dma_rw()
 * @group_iommu_domain: the domain of a group; never called
 */
struct vfio_iommu_driver_ops {
	char *name;
	struct module *owner;
	void *(*open)(unsigned long type);
	void (*release)(void *data);
	long (*ioctl)(void *data, unsigned int cmd, unsigned long arg);
	int (*attach_group)(void *data, struct iommu_group *group,
			    enum vfio_group_type type);
	void (*detach_group)(void *data, struct iommu_group *group);
	int (*pin_pages)(void *data, struct iommu_group *group, dma_addr_t iova,
			 int nr, int prot, struct page **pages);
	void (*unpin_pages)(void *data, dma_addr_t iova, int nr);
	void (*register_device)(void *data, struct vfio_device *device);
	void (*unregister_device)(void *data, struct vfio_device *device);
	int (*dma_rw)(void *data, dma_addr_t iova, void *buffer, size_t length,
		      bool write);
	struct iommu_domain *(*group_iommu_domain)(void *data,
						   struct iommu_group *group);
};

int vfio_register_iommu_driver(const struct vfio_iommu_driver_ops *ops);
void vfio_unregister_iommu_driver(const struct vfio_iommu_driver_ops *ops);

#endif
