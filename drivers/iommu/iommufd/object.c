// SPDX-License-Identifier: GPL-2.0
/*
 * Objects with an id: made, found, used, destroyed. The life of one:
 *
 *	iommufd_object_alloc()		an id is taken, nobody can find it yet
 *	iommufd_object_publish()	ioctls can find it
 *	... or iommufd_object_abort()	making it failed
 *	iommufd_object_get(), _put()	a user comes and goes
 *	iommufd_object_destroy()	the user destroys it, unless it is in use
 *	iommufd_object_destroy_owned()	the driver that made it destroys it
 *	iommufd_object_retire()		nobody needs it; it goes with its last user
 *
 * Taking a count and removing the id both happen under the lock of the table,
 * so a count is never taken on an object that is on its way out.
 */
#include <linux/sched.h>
#include <linux/slab.h>

#include "context.h"
#include "object.h"

/**
 * iommufd_object_alloc() - memory and an id for a new object
 * @ictx: the context
 * @size: of the structure that begins with a struct iommufd_object
 * @type: its kind
 * @release: called before the memory of a published object is freed
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
 * iommufd_object_publish() - let ioctls find an object
 * @ictx: the context
 * @obj: a complete object; the caller's count passes to the table
 */
void iommufd_object_publish(struct iommufd_ctx *ictx,
			    struct iommufd_object *obj)
{
	void *old = xa_store(&ictx->objects, obj->id, obj, GFP_KERNEL);

	/* The entry is there since iommufd_object_alloc() */
	WARN_ON_ONCE(old);
}

/**
 * iommufd_object_abort() - undo iommufd_object_alloc()
 * @ictx: the context
 * @obj: an object that was not published; what it refers to is the caller's
 */
void iommufd_object_abort(struct iommufd_ctx *ictx, struct iommufd_object *obj)
{
	xa_erase(&ictx->objects, obj->id);
	kfree(obj);
}

/**
 * iommufd_object_get() - find an object and use it
 * @ictx: the context
 * @id: its id
 * @type: what it has to be
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
		/* An id that is taken and not published yet has a zero entry */
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
 * iommufd_object_put() - stop using an object
 * @ictx: the context
 * @obj: the object; its table or owner still holds it, unless it was retired
 */
void iommufd_object_put(struct iommufd_ctx *ictx, struct iommufd_object *obj)
{
	/* Once the count is given back, @obj may go at any time */
	if (unlikely(refcount_dec_and_test(&obj->users)))
		object_free(obj);
	if (wq_has_sleeper(&ictx->object_wait))
		wake_up_all(&ictx->object_wait);
}

/* The table's count is the last one: take the object out */
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
 * iommufd_object_destroy() - destroy what the user names
 * @ictx: the context
 * @id: the object
 *
 * Return: 0, -ENOENT, or -EBUSY if it has users.
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
 * iommufd_object_destroy_owned() - destroy what the caller made
 * @ictx: the context
 * @obj: the object; the caller holds a count beside the table's
 *
 * Waits for the ioctls that use it.
 */
void iommufd_object_destroy_owned(struct iommufd_ctx *ictx,
				  struct iommufd_object *obj)
{
	xa_lock(&ictx->objects);
	object_remove(ictx, obj);
	xa_unlock(&ictx->objects);
	refcount_dec(&obj->users);

	/* With the last count goes the right to take another one */
	wait_event(ictx->object_wait, refcount_dec_if_one(&obj->users));
	object_free(obj);
}

/**
 * iommufd_object_retire() - destroy what nobody needs any more
 * @ictx: the context
 * @obj: an object that was made on demand; the caller holds a count beside the
 *	table's, and gives it back afterwards
 *
 * Its id goes. Who still uses it, as a running ioctl does, is not waited for:
 * the last one frees it.
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
 * @ictx: the context, which nobody else refers to any more
 *
 * Objects hold counts of other objects but never in a circle: in each round
 * those that nothing refers to go, and release others for the next.
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
