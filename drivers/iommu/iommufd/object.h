/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Contexts, and the objects in them that have an id.
 *
 * An object counts its users. The context's table holds one count as long as
 * the id is valid; every other object, driver or running ioctl that relies on
 * it holds one more. The user can destroy an object that only the table
 * holds. An object that a driver made (a device, an access) goes when that
 * driver says so: its id goes first, and then the driver waits for the ioctls
 * that still use it. One that was made on demand (an automatic hardware page
 * table) goes when the demand has ended: its id goes first too, but nobody
 * waits, and the last one that still uses it frees it.
 */
#ifndef _IOMMUFD_OBJECT_H
#define _IOMMUFD_OBJECT_H

#include <linux/iommufd.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/xarray.h>

struct iommufd_source;

enum iommufd_object_type {
	IOMMUFD_OBJ_ANY = 0,
	IOMMUFD_OBJ_IOAS,
	IOMMUFD_OBJ_HWPT,
	IOMMUFD_OBJ_HWPT_NESTED,
	IOMMUFD_OBJ_DEVICE,
	IOMMUFD_OBJ_ACCESS,
	IOMMUFD_OBJ_FAULT,
	IOMMUFD_OBJ_SELFTEST,
	IOMMUFD_OBJ_TYPES,
};

struct iommufd_object {
	refcount_t users;
	u32 id;
	enum iommufd_object_type type;
};

#define IOMMUFD_PAGES_LOCKS 16

/**
 * struct iommufd_ctx - what one open file or one in-kernel user owns
 * @users: references; the file, each device and each access hold one
 * @objects: by id; its lock also covers @vfio_ioas and @no_iommu
 * @recent: the object found last, under the lock of @objects
 * @groups: by id of the IOMMU group, what device.c knows of a bound one
 * @groups_lock: covers adding to @groups and removing from it
 * @object_wait: woken when a dying object loses a user
 * @process_lock: held for writing while the process that pays is changed, and
 *	for reading while an address space is made or an access pins
 * @pages_locks: for struct iommufd_pages that several users share; by hash
 * @source_lock: covers @source
 * @source: what the newest mapping of user memory came from, to be used again
 * @account: whose limit locked memory counts against
 * @no_iommu: the container interface serves a device without IOMMU
 * @vfio_ioas: the address space of the container interface, or NULL
 */
struct iommufd_ctx {
	refcount_t users;
	struct xarray objects;
	struct iommufd_object *recent;
	struct xarray groups;
	struct mutex groups_lock;
	wait_queue_head_t object_wait;
	struct rw_semaphore process_lock;
	struct mutex pages_locks[IOMMUFD_PAGES_LOCKS];
	spinlock_t source_lock;
	struct iommufd_source *source;
	enum iommufd_account account;
	bool no_iommu;
	struct iommufd_ioas *vfio_ioas;
};

void *iommufd_object_alloc(struct iommufd_ctx *ictx, size_t size,
			   enum iommufd_object_type type);
void iommufd_object_publish(struct iommufd_ctx *ictx,
			    struct iommufd_object *obj);
void iommufd_object_abort(struct iommufd_ctx *ictx,
			  struct iommufd_object *obj);
struct iommufd_object *iommufd_object_get(struct iommufd_ctx *ictx, u32 id,
					  enum iommufd_object_type type);
void iommufd_object_put(struct iommufd_ctx *ictx, struct iommufd_object *obj);
int iommufd_object_destroy(struct iommufd_ctx *ictx, u32 id);
void iommufd_object_destroy_owned(struct iommufd_ctx *ictx,
				  struct iommufd_object *obj);
void iommufd_object_retire(struct iommufd_ctx *ictx,
			   struct iommufd_object *obj);
void iommufd_objects_destroy_all(struct iommufd_ctx *ictx);

/* What each kind of object does before its memory goes */
void iommufd_ioas_release(struct iommufd_object *obj);
void iommufd_hwpt_release(struct iommufd_object *obj);
void iommufd_nested_release(struct iommufd_object *obj);
void iommufd_device_release(struct iommufd_object *obj);
void iommufd_access_release(struct iommufd_object *obj);
void iommufd_fault_release(struct iommufd_object *obj);

#endif
