/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A VFIO container over an address space of iommufd.
 *
 *	container.c	lifetime, groups, the door to vfio.ko
 *	first.c		registered with vfio.ko, before vfio_iommu_type1
 *	type1.c		MAP_DMA and UNMAP_DMA
 *	info.c		CHECK_EXTENSION and GET_INFO
 *	dirty.c		DIRTY_PAGES
 *	spapr.c		the sPAPR TCE v2 interface
 *	emulated.c	pages for devices whose drivers do their DMA
 */
#ifndef _VFIO_IOMMUFD_CONTAINER_H
#define _VFIO_IOMMUFD_CONTAINER_H

#include <linux/completion.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/types.h>
#include <linux/vfio.h>
#include <linux/xarray.h>

#include <compat/vfio_backend.h>

struct iommufd_access;
struct iommufd_ctx;
struct iommufd_ioas;
struct spapr;

/**
 * struct container - what stands behind one /dev/vfio/vfio
 * @users: the container itself, and each call that is inside
 * @idle: the last of @users has gone
 * @rcu: for freeing
 * @node: among all containers
 * @id: what vfio.ko knows it by
 * @type: the interface it was opened for, VFIO_TYPE1v2_IOMMU or another
 * @ictx: the context of @ioas
 * @ioas: holds the mappings
 * @spapr: what a container of type VFIO_SPAPR_TCE_v2_IOMMU has beside; or NULL
 * @lock: for what follows
 * @groups: struct container_group
 * @nr_hardware: groups among them that do DMA
 * @nr_emulated: groups among them whose drivers do it
 * @tracking: dirty pages are being tracked
 * @all_dirty: a device that does DMA was there while they were: any page may
 *	be dirty
 * @devices_lock: for @devices; taken inside @lock, and never the other way
 * @devices: opened devices that pin pages, by vfio_device::iommu_entry
 * @access: through which they get pages; made with the first emulated group
 * @pinned: pages that they hold, by IOVA in pages: how many times each
 * @written: pages that they held or wrote while @tracking, by IOVA in pages: the
 *	@generation of the last time
 * @writing: held for reading while a driver writes, until that is in @written
 * @generation: grows before each report, so that what is written meanwhile is
 *	not forgotten with what was reported; under @lock
 */
struct container {
	struct kref users;
	struct completion idle;
	struct rcu_head rcu;
	struct hlist_node node;
	unsigned long id;
	unsigned long type;
	struct iommufd_ctx *ictx;
	struct iommufd_ioas *ioas;
	struct spapr *spapr;

	struct mutex lock;
	struct list_head groups;
	unsigned int nr_hardware;
	unsigned int nr_emulated;
	bool tracking;
	bool all_dirty;

	struct mutex devices_lock;
	struct list_head devices;
	struct iommufd_access *access;
	struct xarray pinned;
	struct xarray written;
	struct rw_semaphore writing;
	unsigned long generation;
};

static inline bool container_is_spapr(const struct container *c)
{
	return c->type == VFIO_SPAPR_TCE_v2_IOMMU;
}

static inline bool container_is_v1(const struct container *c)
{
	return c->type == VFIO_TYPE1_IOMMU;
}

/* container.c */
extern const struct vfio_iommu_driver_ops container_ops;

/* first.c */
int container_register(void);
void container_unregister(void);

/* Does it go on behind the end of 64 bits? @length is not 0. */
static inline bool range_wraps(u64 start, u64 length)
{
	return start + length - 1 < start;
}

/* type1.c */
int container_map_dma(struct container *c, void __user *arg);
int container_unmap_dma(struct container *c, void __user *arg);

/* info.c; @c may be NULL for container_check_extension() */
int container_check_extension(struct container *c, unsigned long extension);
int container_get_info(struct container *c, void __user *arg);

/* dirty.c */
int container_dirty_pages(struct container *c, void __user *arg);
int container_check_bitmap(u64 nr_pages, u64 size);
/*
 * Tell which pages of the range are dirty, in a bitmap of the user's. They stay
 * dirty until what was told, *@told, is forgotten. *@all: any page was.
 */
int container_report_dirty(struct container *c, u64 __user *bitmap,
			   unsigned long iova, unsigned long length,
			   unsigned long *told, bool *all);
void container_forget_dirty(struct container *c, unsigned long iova,
			    unsigned long length, unsigned long told);
/* Once the range is unmapped, tell besides what became dirty after the report */
int container_report_late(struct container *c, u64 __user *bitmap,
			  unsigned long iova, unsigned long length,
			  unsigned long told, bool all);

/* emulated.c */
int container_add_emulated(struct container *c);
void container_remove_emulated(struct container *c);
void container_register_device(struct container *c, struct vfio_device *dev);
void container_unregister_device(struct container *c, struct vfio_device *dev);
int container_pin_pages(struct container *c, unsigned long iova, int nr,
			int prot, struct page **pages);
void container_unpin_pages(struct container *c, unsigned long iova, int nr);
int container_dma_rw(struct container *c, unsigned long iova, void *buffer,
		     size_t length, bool write);

#endif
