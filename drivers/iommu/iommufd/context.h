/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Contexts. Each open file of /dev/iommu has one. A front end in the kernel
 * creates one without a file. The functions, iommufd_ctx_create(), _get() and
 * _put(), are declared in <linux/iommufd.h>.
 *
 * The last reference to a context destroys its objects (object.h), and then the
 * context.
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
 * struct iommufd_ctx - the objects of one open file or one front end
 * @users: references; the file, each device, each access and the file of each
 *	fault queue hold one
 * @objects: by id; its lock also protects @recent and @vfio_ioas
 * @recent: the object that was looked up last, or NULL
 * @groups: struct iommufd_group of bound devices, by id of the IOMMU group
 * @groups_lock: protects adding to @groups and removing from it
 * @object_wait: woken when an object that is being destroyed loses a user
 * @process_lock: held for writing while locked memory is moved to another
 *	process's account, and for reading while an address space is published
 *	or an access pins
 * @pages_locks: locks of shared struct iommufd_pages, by hash of the address
 * @source_lock: protects @source
 * @source: source of the newest mapping of user memory, kept for reuse; or NULL
 * @account: the limit that locked memory counts against
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
