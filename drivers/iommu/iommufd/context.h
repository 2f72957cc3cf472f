/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Contexts. Each open file of /dev/iommu has one, and so may an in-kernel user:
 * iommufd_ctx_create(), _get() and _put() are in <linux/iommufd.h>.
 *
 * A context lives as long as it is referenced. With the last reference, all of
 * its objects are destroyed (object.h).
 */
#ifndef _IOMMUFD_CONTEXT_H
#define _IOMMUFD_CONTEXT_H

#include <linux/iommufd.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/xarray.h>

struct iommufd_object;
struct iommufd_source;

#define IOMMUFD_PAGES_LOCKS 16

/**
 * struct iommufd_ctx - what one open file or one in-kernel user owns
 * @users: references; the file, each device and each access hold one
 * @objects: by id; its lock also covers @vfio_ioas
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
	struct iommufd_ioas *vfio_ioas;
};

#endif
