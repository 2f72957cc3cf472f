// SPDX-License-Identifier: GPL-2.0
/*
 * The interface between iommufd and the mock IOMMU: see <linux/iommufd_mock.h>.
 *
 * One mock can be registered at a time. test_lock protects the pointer to it.
 * Each call to it and each of its objects hold a reference to its module, so
 * that it cannot be unloaded meanwhile.
 *
 * A mock device is an object that binds a device to the context that it is in,
 * so it holds a reference to that context. For this reason, mock devices are
 * destroyed when the file of the context is closed, not with the last
 * reference.
 */
#include <linux/export.h>
#include <linux/module.h>
#include <linux/iommufd_mock.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>

#include "../context.h"
#include "../device.h"
#include "../ioas.h"
#include "../object.h"
#include "../pin.h"
#include "hook.h"

/**
 * struct iommufd_test_object - an object of the mock
 * @obj: its id
 * @ops: the mock; holds a reference to its module
 * @data: argument of iommufd_test_ops::destroy
 */
struct iommufd_test_object {
	struct iommufd_object obj;
	const struct iommufd_test_ops *ops;
	void *data;
};

static DEFINE_SPINLOCK(test_lock);
static const struct iommufd_test_ops *test_ops;

/**
 * iommufd_test_register() - register a mock
 * @ops: its functions
 *
 * Return: 0, or -EBUSY if one is registered already.
 */
int iommufd_test_register(const struct iommufd_test_ops *ops)
{
	int ret = -EBUSY;

	spin_lock(&test_lock);
	if (!test_ops) {
		test_ops = ops;
		ret = 0;
	}
	spin_unlock(&test_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(iommufd_test_register);

/**
 * iommufd_test_unregister() - undo iommufd_test_register()
 * @ops: as registered
 */
void iommufd_test_unregister(const struct iommufd_test_ops *ops)
{
	spin_lock(&test_lock);
	if (!WARN_ON(test_ops != ops))
		test_ops = NULL;
	spin_unlock(&test_lock);
	WRITE_ONCE(iommufd_batch_bytes, IOMMUFD_BATCH_BYTES);
}
EXPORT_SYMBOL_GPL(iommufd_test_unregister);

/* Get the mock and a reference to its module; or NULL */
static const struct iommufd_test_ops *test_ops_get(void)
{
	const struct iommufd_test_ops *ops;

	spin_lock(&test_lock);
	ops = test_ops;
	if (ops && !try_module_get(ops->owner))
		ops = NULL;
	spin_unlock(&test_lock);
	return ops;
}

/**
 * iommufd_test_ioctl() - pass IOMMU_TEST_CMD to the mock
 * @ictx: the context
 * @user: struct iommu_test_cmd
 *
 * Return: the result of the mock, -ENOTTY if there is none, or an error of the
 * checks that all ioctls share.
 */
long iommufd_test_ioctl(struct iommufd_ctx *ictx, void __user *user)
{
	struct iommu_test_cmd cmd = {};
	struct iommufd_test_call call = {
		.ictx = ictx,
		.cmd = &cmd,
		.user = user,
	};
	const struct iommufd_test_ops *ops;
	long ret;

	ops = test_ops_get();
	if (!ops)
		return -ENOTTY;
	ret = get_user(call.user_size, (u32 __user *)user);
	if (ret)
		goto out;
	ret = -EINVAL;
	if (call.user_size < offsetofend(struct iommu_test_cmd, last))
		goto out;
	ret = copy_struct_from_user(&cmd, sizeof(cmd), user, call.user_size);
	if (!ret)
		ret = ops->ioctl(&call);
out:
	module_put(ops->owner);
	return ret;
}

/**
 * iommufd_test_respond() - copy the structure back to the caller
 * @call: the call
 *
 * Return: 0 or -EFAULT.
 */
int iommufd_test_respond(const struct iommufd_test_call *call)
{
	size_t size = min_t(size_t, call->user_size, sizeof(*call->cmd));

	return copy_to_user(call->user, call->cmd, size) ? -EFAULT : 0;
}
EXPORT_SYMBOL_GPL(iommufd_test_respond);

/* Objects of the mock */

static void test_release(struct iommufd_object *obj)
{
	struct iommufd_test_object *test =
		container_of(obj, struct iommufd_test_object, obj);

	test->ops->destroy(test->data);
	module_put(test->ops->owner);
}

/**
 * iommufd_test_object_alloc() - allocate an object that lookups do not find yet
 * @ictx: the context
 * @id: set to its id
 *
 * Return: the object, for iommufd_test_object_publish() or _abort(), or an
 * ERR_PTR.
 */
struct iommufd_object *iommufd_test_object_alloc(struct iommufd_ctx *ictx,
						 u32 *id)
{
	const struct iommufd_test_ops *ops = test_ops_get();
	struct iommufd_test_object *test;

	if (!ops)
		return ERR_PTR(-ENODEV);
	test = iommufd_object_alloc(ictx, sizeof(*test), IOMMUFD_OBJ_SELFTEST,
				    test_release);
	if (IS_ERR(test)) {
		module_put(ops->owner);
		return ERR_CAST(test);
	}
	test->ops = ops;
	*id = test->obj.id;
	return &test->obj;
}
EXPORT_SYMBOL_GPL(iommufd_test_object_alloc);

/**
 * iommufd_test_object_abort() - undo iommufd_test_object_alloc()
 * @ictx: the context
 * @obj: the object
 */
void iommufd_test_object_abort(struct iommufd_ctx *ictx,
			       struct iommufd_object *obj)
{
	struct iommufd_test_object *test =
		container_of(obj, struct iommufd_test_object, obj);
	struct module *owner = test->ops->owner;

	iommufd_object_abort(ictx, obj);
	module_put(owner);
}
EXPORT_SYMBOL_GPL(iommufd_test_object_abort);

/**
 * iommufd_test_object_publish() - let lookups find an object
 * @ictx: the context
 * @obj: the object
 * @data: argument of iommufd_test_ops::destroy when the object is destroyed
 */
void iommufd_test_object_publish(struct iommufd_ctx *ictx,
				 struct iommufd_object *obj, void *data)
{
	container_of(obj, struct iommufd_test_object, obj)->data = data;
	iommufd_object_publish(ictx, obj);
}
EXPORT_SYMBOL_GPL(iommufd_test_object_publish);

/* Find the first object of the mock whose id is at least *@id */
static bool next_test_object(struct iommufd_ctx *ictx, unsigned long *id)
{
	struct iommufd_object *obj;
	unsigned int steps = 0;
	unsigned long at;
	bool found = false;

	xa_lock(&ictx->objects);
	xa_for_each_start(&ictx->objects, at, obj, *id) {
		found = obj->type == IOMMUFD_OBJ_SELFTEST;
		if (found)
			break;
		if (!(++steps % STEPS_PER_TURN))
			cond_resched_lock(&ictx->objects.xa_lock);
	}
	xa_unlock(&ictx->objects);
	*id = at;
	return found;
}

/**
 * iommufd_test_file_closed() - destroy the objects of the mock
 * @ictx: a context whose file is closed
 */
void iommufd_test_file_closed(struct iommufd_ctx *ictx)
{
	unsigned long id = 0;

	while (next_test_object(ictx, &id))
		if (WARN_ON(iommufd_object_destroy(ictx, id)))
			return;
}

/* Lookups */

/**
 * iommufd_test_object_get() - look up an object of the mock
 * @ictx: the context
 * @id: its id
 * @obj: set to the object, which is not destroyed until iommufd_test_put()
 *
 * Return: its data, or ERR_PTR(-ENOENT).
 */
void *iommufd_test_object_get(struct iommufd_ctx *ictx, u32 id,
			      struct iommufd_object **obj)
{
	*obj = iommufd_object_get(ictx, id, IOMMUFD_OBJ_SELFTEST);
	if (IS_ERR(*obj))
		return ERR_CAST(*obj);
	return container_of(*obj, struct iommufd_test_object, obj)->data;
}
EXPORT_SYMBOL_GPL(iommufd_test_object_get);

/**
 * iommufd_test_domain_get() - look up the domain of a hardware page table
 * @ictx: the context
 * @id: the hardware page table
 * @obj: set to the object, for iommufd_test_put()
 *
 * Return: the domain, or ERR_PTR(-ENOENT).
 */
struct iommu_domain *iommufd_test_domain_get(struct iommufd_ctx *ictx, u32 id,
					     struct iommufd_object **obj)
{
	*obj = iommufd_object_get(ictx, id, IOMMUFD_OBJ_HWPT);
	if (IS_ERR(*obj))
		return ERR_CAST(*obj);
	return container_of(*obj, struct iommufd_hwpt, obj)->domain;
}
EXPORT_SYMBOL_GPL(iommufd_test_domain_get);

/**
 * iommufd_test_nested_get() - look up the domain of a nested page table
 * @ictx: the context
 * @id: the hardware page table
 * @obj: set to the object, for iommufd_test_put()
 *
 * Return: the domain, or ERR_PTR(-ENOENT).
 */
struct iommu_domain *iommufd_test_nested_get(struct iommufd_ctx *ictx, u32 id,
					     struct iommufd_object **obj)
{
	*obj = iommufd_object_get(ictx, id, IOMMUFD_OBJ_HWPT_NESTED);
	if (IS_ERR(*obj))
		return ERR_CAST(*obj);
	return container_of(*obj, struct iommufd_hwpt, obj)->domain;
}
EXPORT_SYMBOL_GPL(iommufd_test_nested_get);

/**
 * iommufd_test_device_get() - look up a bound device
 * @ictx: the context
 * @id: the device
 * @obj: set to the object, for iommufd_test_put()
 *
 * Return: the device, or ERR_PTR(-ENOENT).
 */
struct device *iommufd_test_device_get(struct iommufd_ctx *ictx, u32 id,
				       struct iommufd_object **obj)
{
	*obj = iommufd_object_get(ictx, id, IOMMUFD_OBJ_DEVICE);
	if (IS_ERR(*obj))
		return ERR_CAST(*obj);
	return container_of(*obj, struct iommufd_device, obj)->dev;
}
EXPORT_SYMBOL_GPL(iommufd_test_device_get);

/**
 * iommufd_test_put() - end a lookup
 * @ictx: the context
 * @obj: the object that a function above has set
 */
void iommufd_test_put(struct iommufd_ctx *ictx, struct iommufd_object *obj)
{
	iommufd_object_put(ictx, obj);
}
EXPORT_SYMBOL_GPL(iommufd_test_put);

/**
 * iommufd_test_reserve() - reserve IOVA as long as an address space exists
 * @ictx: the context
 * @ioas_id: the address space
 * @first: first IOVA
 * @last: last IOVA
 *
 * Return: 0, -ENOENT, or -EADDRINUSE if it is mapped, allowed or in a window.
 */
int iommufd_test_reserve(struct iommufd_ctx *ictx, u32 ioas_id,
			 unsigned long first, unsigned long last)
{
	struct iommufd_object *obj;
	struct iommufd_ioas *ioas;
	int ret;

	obj = iommufd_object_get(ictx, ioas_id, IOMMUFD_OBJ_IOAS);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	ioas = container_of(obj, struct iommufd_ioas, obj);
	down_write(&ioas->lock);
	ret = iommufd_ioas_reserve(ioas, first, last, NULL);
	up_write(&ioas->lock);
	iommufd_object_put(ictx, obj);
	return ret;
}
EXPORT_SYMBOL_GPL(iommufd_test_reserve);

/**
 * iommufd_test_limit_batch() - limit the size of batches of page pointers
 * @bytes: the limit
 */
void iommufd_test_limit_batch(size_t bytes)
{
	WRITE_ONCE(iommufd_batch_bytes, bytes);
}
EXPORT_SYMBOL_GPL(iommufd_test_limit_batch);
