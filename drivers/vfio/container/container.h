/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A VFIO container over an address space of iommufd.
 *
 *	dirty.c		DIRTY_PAGES
 *	type1.c		MAP_DMA and UNMAP_DMA
 *	info.c		CHECK_EXTENSION and GET_INFO
 *	emulated.c	pages for devices that do no DMA of their own
 *	spapr.c		the sPAPR TCE v2 interface
 *	container.c	lifetime, groups, the operations that vfio.ko calls
 *	main.c		registration with vfio.ko, before vfio_iommu_type1
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
 * struct container - the state of one open /dev/vfio/vfio
 * @users: references of the container itself and of each call in progress
 * @idle: completed when the last reference of @users is dropped
 * @rcu: for freeing
 * @node: node in the table of all containers
 * @id: the number that vfio.ko passes to identify it
 * @type: its interface: VFIO_TYPE1v2_IOMMU or another
 * @ictx: the context of @ioas
 * @ioas: the address space with its mappings
 * @spapr: state of a container of type VFIO_SPAPR_TCE_v2_IOMMU; or NULL
 * @lock: protects the fields from @groups to @all_dirty, creating and destroying
 *	@access, and @generation. A driver that writes sets @all_dirty without it.
 * @groups: list of struct container_group
 * @nr_hardware: number of groups that do DMA
 * @nr_emulated: number of groups whose drivers access memory for them
 * @tracking: dirty pages are being tracked
 * @all_dirty: any page may be dirty: a device that does DMA was attached during
 *	@tracking
 * @devices_lock: protects @devices; taken inside @lock
 * @devices: opened devices that pin pages, by vfio_device::iommu_entry
 * @access: the access for their pages; created with the first emulated group
 * @pinned: number of pins of each page, by IOVA in pages
 * @written: the @generation in which a page was last held or written during
 *	@tracking, by IOVA in pages
 * @writing: held for reading while a driver writes, until @written is updated
 * @generation: incremented before each report, so that clearing the reported
 *	pages keeps those that are written meanwhile
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

/* Does the range exceed 64 bits? @length is not 0. */
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
 * Report the dirty pages of the range in a bitmap of the user. They stay dirty
 * until container_clear_dirty() is called with *@reported, the generation of
 * this report. *@all: all pages were reported as dirty.
 */
int container_report_dirty(struct container *c, u64 __user *bitmap,
			   unsigned long iova, unsigned long length,
			   unsigned long *reported, bool *all);
void container_clear_dirty(struct container *c, unsigned long iova,
			   unsigned long length, unsigned long reported);
/* Once the range is unmapped, add pages that became dirty after the report */
int container_report_dirty_late(struct container *c, u64 __user *bitmap,
				unsigned long iova, unsigned long length,
				unsigned long reported, bool all);

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
