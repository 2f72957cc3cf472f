// SPDX-License-Identifier: GPL-2.0
/*
 * The table of objects. The life of an object:
 *
 *	iommufd_object_alloc()		an id is allocated, no lookup finds it
 *	iommufd_object_publish()	lookups find it
 *	... or iommufd_object_abort()	undo the allocation
 *	iommufd_object_get(), _put()	add and remove a user
 *	iommufd_object_destroy()	for an ioctl: fails if it has other users
 *	iommufd_object_destroy_owned()	for its driver: waits for other users
 *	iommufd_object_retire()		on demand: the last user frees it
 *
 * A user is added, and the id is removed, under the lock of the table. So no
 * user is added to an object that is being destroyed.
 */
#include <linux/sched.h>
#include <linux/slab.h>

#include "context.h"
#include "object.h"

/**
 * iommufd_object_alloc() - allocate an object and its id
 * @ictx: the context
 * @size: size of the structure, which begins with a struct iommufd_object
 * @type: its kind
 * @release: called before a published object is freed; iommufd_object_abort()
 *	does not call it
 *
 * Return: the zeroed structure with one user, the caller, or an ERR_PTR.
 */
void *iommufd_object_alloc(struct iommufd_ctx *ictx, size_t size,
			   enum iommufd_object_type type,
			   void (*release)(struct iommufd_object *obj))
{
	struct iommufd_object *obj;
	int ret;

	obj = kzalloc(size, GFP_KERNEL_ACCOUNT);
	if (!obj)
		return ERR_PTR(-ENOMEM);
	obj->type = type;
	obj->release = release;
	refcount_set(&obj->users, 1);
	ret = xa_alloc(&ictx->objects, &obj->id, XA_ZERO_ENTRY, xa_limit_31b,
		       GFP_KERNEL_ACCOUNT);
	if (ret) {
		kfree(obj);
		return ERR_PTR(ret);
	}
	return obj;
}

/**
 * iommufd_object_publish() - let lookups find an object
 * @ictx: the context
 * @obj: a complete object; the table takes over from the caller as its user
 */
void iommufd_object_publish(struct iommufd_ctx *ictx,
			    struct iommufd_object *obj)
{
	void *old = xa_store(&ictx->objects, obj->id, obj, GFP_KERNEL);

	/* iommufd_object_alloc() has reserved the entry */
	WARN_ON_ONCE(old);
}

/**
 * iommufd_object_abort() - undo iommufd_object_alloc()
 * @ictx: the context
 * @obj: an object that was not published; the caller releases all that it holds
 */
void iommufd_object_abort(struct iommufd_ctx *ictx, struct iommufd_object *obj)
{
	xa_erase(&ictx->objects, obj->id);
	kfree(obj);
}

/**
 * iommufd_object_get() - look up an object and add a user
 * @ictx: the context
 * @id: its id
 * @type: the required kind, or IOMMUFD_OBJ_ANY
 *
 * Return: the object with one more user, or ERR_PTR(-ENOENT).
 */
struct iommufd_object *iommufd_object_get(struct iommufd_ctx *ictx, u32 id,
					  enum iommufd_object_type type)
{
	XA_STATE(xas, &ictx->objects, id);
	struct iommufd_object *obj;

	xas_lock(&xas);
	obj = ictx->recent;
	if (!obj || obj->id != id) {
		obj = xas_load(&xas);
		/* An id that is allocated but not published: zero entry */
		if (!obj || xa_is_zero(obj))
			goto none;
		ictx->recent = obj;
	}
	if (type != IOMMUFD_OBJ_ANY && obj->type != type)
		goto none;
	refcount_inc(&obj->users);
	xas_unlock(&xas);
	return obj;
none:
	xas_unlock(&xas);
	return ERR_PTR(-ENOENT);
}

static void object_remove(struct iommufd_ctx *ictx, struct iommufd_object *obj)
{
	lockdep_assert_held(&ictx->objects.xa_lock);

	__xa_erase(&ictx->objects, obj->id);
	if (ictx->recent == obj)
		ictx->recent = NULL;
	if (ictx->vfio_ioas && (void *)ictx->vfio_ioas == obj)
		ictx->vfio_ioas = NULL;
}

static void object_free(struct iommufd_object *obj)
{
	obj->release(obj);
	kfree(obj);
}

/**
 * iommufd_object_put() - remove a user
 * @ictx: the context
 * @obj: the object; its table or driver is another user, unless it is retired
 */
void iommufd_object_put(struct iommufd_ctx *ictx, struct iommufd_object *obj)
{
	/* From here on, another task may free @obj */
	if (unlikely(refcount_dec_and_test(&obj->users)))
		object_free(obj);
	if (wq_has_sleeper(&ictx->object_wait))
		wake_up_all(&ictx->object_wait);
}

/* Remove the object if the table is its only user */
static int object_remove_unused(struct iommufd_ctx *ictx,
				struct iommufd_object *obj)
{
	lockdep_assert_held(&ictx->objects.xa_lock);

	if (!refcount_dec_if_one(&obj->users))
		return -EBUSY;
	object_remove(ictx, obj);
	return 0;
}

/**
 * iommufd_object_destroy() - destroy an object for the user
 * @ictx: the context
 * @id: its id
 *
 * Return: 0, -ENOENT, or -EBUSY if it has other users than the table.
 */
int iommufd_object_destroy(struct iommufd_ctx *ictx, u32 id)
{
	struct iommufd_object *obj;
	int ret = -ENOENT;

	xa_lock(&ictx->objects);
	obj = xa_load(&ictx->objects, id);
	if (obj)
		ret = object_remove_unused(ictx, obj);
	xa_unlock(&ictx->objects);
	if (!ret)
		object_free(obj);
	return ret;
}

/**
 * iommufd_object_destroy_owned() - destroy an object for its driver
 * @ictx: the context
 * @obj: the object; its users are the table and the caller
 *
 * Waits until running ioctls have finished with it.
 */
void iommufd_object_destroy_owned(struct iommufd_ctx *ictx,
				  struct iommufd_object *obj)
{
	xa_lock(&ictx->objects);
	object_remove(ictx, obj);
	xa_unlock(&ictx->objects);
	refcount_dec(&obj->users);

	/* The last user is removed here, so no other can be added */
	wait_event(ictx->object_wait, refcount_dec_if_one(&obj->users));
	object_free(obj);
}

/**
 * iommufd_object_retire() - destroy an object that was created on demand
 * @ictx: the context
 * @obj: the object; the caller is a user, and calls iommufd_object_put() next
 *
 * Removes the id and does not wait for other users, such as running ioctls: the
 * last user frees the object.
 */
void iommufd_object_retire(struct iommufd_ctx *ictx, struct iommufd_object *obj)
{
	xa_lock(&ictx->objects);
	object_remove(ictx, obj);
	xa_unlock(&ictx->objects);
	refcount_dec(&obj->users);
}

/**
 * iommufd_objects_destroy_all() - destroy every object of a context
 * @ictx: the context, to which there is no other reference any more
 *
 * Objects use other objects, but never in a circle. Each round destroys the
 * objects that are not in use, which makes others unused for the next round.
 */
void iommufd_objects_destroy_all(struct iommufd_ctx *ictx)
{
	struct iommufd_object *obj;
	unsigned long id;
	bool progress;

	do {
		progress = false;
		xa_for_each(&ictx->objects, id, obj) {
			if (!iommufd_object_destroy(ictx, id))
				progress = true;
			cond_resched();
		}
	} while (progress);
	WARN_ON(!xa_empty(&ictx->objects));
}
