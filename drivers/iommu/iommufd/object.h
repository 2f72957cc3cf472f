/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Objects: everything in a context that has an id.
 *
 * An object counts its users. The context's table is one user while the id is
 * valid. Every other object, driver or running ioctl that relies on the object
 * is another one. How an object is destroyed depends on who created it:
 *
 *	created by	destroyed by	how
 *	----------	------------	---
 *	an ioctl	an ioctl	fails if the table is not the only user
 *	a driver	that driver	the id is removed; the driver waits for
 *					the ioctls that still use the object
 *	an attach	the last detach	the id is removed; the last user frees
 *					the object, nobody waits
 *
 * A driver creates devices and accesses, and a front end address spaces of its
 * own. An attach creates automatic hardware page tables.
 */
#ifndef _IOMMUFD_OBJECT_H
#define _IOMMUFD_OBJECT_H

#include <linux/refcount.h>
#include <linux/types.h>

struct iommufd_ctx;

/* A new kind is a line here; the rest is in the file that allocates it */
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
 * struct iommufd_object - the first member of every kind of object
 * @users: number of users
 * @id: its id
 * @type: its kind, which lookups compare
 * @release: releases everything that the object holds; its memory is freed
 *	afterwards
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
