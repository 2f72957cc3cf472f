/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Objects: what a context contains and a user names by id.
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

#include <linux/refcount.h>
#include <linux/types.h>

struct iommufd_ctx;

enum iommufd_object_type {
	IOMMUFD_OBJ_ANY = 0,
	IOMMUFD_OBJ_IOAS,
	IOMMUFD_OBJ_HWPT,
	IOMMUFD_OBJ_HWPT_NESTED,
	IOMMUFD_OBJ_DEVICE,
	IOMMUFD_OBJ_ACCESS,
	IOMMUFD_OBJ_FAULT,
	IOMMUFD_OBJ_SELFTEST,
};

/**
 * struct iommufd_object - the first member of everything that has an id
 * @users: see above
 * @id: its id
 * @type: its kind, which lookups compare
 * @release: undoes what made the object, before its memory is freed
 */
struct iommufd_object {
	refcount_t users;
	u32 id;
	enum iommufd_object_type type;
	void (*release)(struct iommufd_object *obj);
};

void *iommufd_object_alloc(struct iommufd_ctx *ictx, size_t size,
			   enum iommufd_object_type type,
			   void (*release)(struct iommufd_object *obj));
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

#endif
