// SPDX-License-Identifier: GPL-2.0
/*
 * Registered with vfio.ko, and asked before vfio_iommu_type1.
 *
 * vfio.ko asks its backends in turn, the one that was registered last first. A
 * vfio_iommu_type1 that is loaded after this module would therefore come first:
 * it would serve containers in our place, or, where interrupts are not
 * isolated, refuse each of them with advice about its own parameter before they
 * are served here. So when it has been loaded, we register once more.
 *
 * A registration cannot be moved. vfio.ko keeps a record of each, and an open
 * container points to the record of the one that serves it without counting
 * that; it counts our module only. So registrations stay until the module goes,
 * when no container is left. An older one is asked after a newer one has
 * refused, and refuses too.
 */
#define pr_fmt(fmt) "vfio_iommufd: " fmt

#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/slab.h>

#include "container.h"

/**
 * struct registration - one time that this backend is registered
 * @item: in registrations
 * @ops: a copy of container_ops: vfio.ko takes none twice
 */
struct registration {
	struct list_head item;
	struct vfio_iommu_driver_ops ops;
};

static LIST_HEAD(registrations);
static DEFINE_MUTEX(registrations_lock);

static int register_once_more(void)
{
	struct registration *r;
	int ret;

	r = kzalloc(sizeof(*r), GFP_KERNEL);
	if (!r)
		return -ENOMEM;
	r->ops = container_ops;
	mutex_lock(&registrations_lock);
	ret = vfio_register_iommu_driver(&r->ops);
	if (!ret)
		list_add(&r->item, &registrations);
	mutex_unlock(&registrations_lock);
	if (ret)
		kfree(r);
	return ret;
}

static void unregister_all(void)
{
	struct registration *r, *next;

	list_for_each_entry_safe(r, next, &registrations, item) {
		vfio_unregister_iommu_driver(&r->ops);
		list_del(&r->item);
		kfree(r);
	}
}

/* Its init function has run, and whoever loads it still waits */
static int module_changed(struct notifier_block *nb, unsigned long state,
			  void *data)
{
	const struct module *module = data;
	int ret;

	if (state != MODULE_STATE_LIVE ||
	    strcmp(module->name, "vfio_iommu_type1"))
		return NOTIFY_DONE;
	ret = register_once_more();
	if (ret)
		pr_err("vfio_iommu_type1 serves new containers now (error %d): unload it, or load vfio_iommufd again\n",
		       ret);
	else
		pr_info("vfio_iommu_type1 was loaded; new containers are served by vfio_iommufd as before (unload vfio_iommufd to have it the other way)\n");
	return NOTIFY_OK;
}

static struct notifier_block module_notifier = {
	.notifier_call = module_changed,
};

/**
 * container_register() - let vfio.ko ask this backend, and ask it first
 *
 * Return: 0, or the error of vfio.ko.
 */
int container_register(void)
{
	int ret;

	/* Whichever comes first, type1 or what follows: the later one is ours */
	ret = register_module_notifier(&module_notifier);
	if (ret)
		return ret;
	ret = register_once_more();
	if (ret) {
		unregister_module_notifier(&module_notifier);
		unregister_all();
	}
	return ret;
}

/**
 * container_unregister() - undo container_register()
 *
 * Context: the module goes, so no container is open.
 */
void container_unregister(void)
{
	unregister_module_notifier(&module_notifier);
	unregister_all();
}
