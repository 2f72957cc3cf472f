// SPDX-License-Identifier: GPL-2.0
/* Contexts: see context.h */
#include <linux/export.h>
#include <linux/slab.h>

#include "context.h"
#include "object.h"
#include "source.h"

struct iommufd_ctx *iommufd_ctx_create(enum iommufd_account account)
{
	struct iommufd_ctx *ictx;
	int i;

	ictx = kzalloc(sizeof(*ictx), GFP_KERNEL_ACCOUNT);
	if (!ictx)
		return ERR_PTR(-ENOMEM);
	refcount_set(&ictx->users, 1);
	xa_init_flags(&ictx->objects, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
	xa_init(&ictx->groups);
	mutex_init(&ictx->groups_lock);
	init_waitqueue_head(&ictx->object_wait);
	init_rwsem(&ictx->process_lock);
	for (i = 0; i < IOMMUFD_PAGES_LOCKS; i++)
		mutex_init(&ictx->pages_locks[i]);
	spin_lock_init(&ictx->source_lock);
	ictx->account = account;
	return ictx;
}
EXPORT_SYMBOL_GPL(iommufd_ctx_create);

void iommufd_ctx_get(struct iommufd_ctx *ictx)
{
	refcount_inc(&ictx->users);
}
EXPORT_SYMBOL_GPL(iommufd_ctx_get);

void iommufd_ctx_put(struct iommufd_ctx *ictx)
{
	if (!refcount_dec_and_test(&ictx->users))
		return;
	iommufd_objects_destroy_all(ictx);
	iommufd_source_forget(ictx);
	WARN_ON(!xa_empty(&ictx->groups));
	xa_destroy(&ictx->objects);
	kfree(ictx);
}
EXPORT_SYMBOL_GPL(iommufd_ctx_put);
