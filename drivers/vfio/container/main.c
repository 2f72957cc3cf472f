// SPDX-License-Identifier: GPL-2.0
/*
 * vfio_iommufd.ko: registration with vfio.ko, before vfio_iommu_type1.
 *
 * vfio.ko asks its backends in turn whether they support the type of a
 * container, beginning with the one that was registered last. So if
 * vfio_iommu_type1 is loaded after this module, it would be asked first. It
 * would serve containers instead of this module. If interrupts are not
 * isolated, it would refuse each of them, and log advice about its own
 * parameter, before this module serves it. So after vfio_iommu_type1 is loaded,
 * this module registers again.
 *
 * A registration cannot be moved. vfio.ko keeps a record of each. An open
 * container points to the record of its backend without a reference; it has one
 * only to the module. So registrations stay until the module is unloaded, when
 * no container is left. An older registration is asked after a newer one has
 * refused, and refuses too.
 */
#define pr_fmt(fmt) "vfio_iommufd: " fmt

#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/slab.h>

#include "container.h"

/**
 * struct registration - one registration of this backend
 * @item: node in registrations
 * @ops: a copy of container_ops: vfio.ko accepts each address only once
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

/* The init function has run; the task that loads the module still waits */
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
		pr_err("cannot register again (error %d): vfio_iommu_type1 serves new containers now; unload it, or reload vfio_iommufd\n",
		       ret);
	else
		pr_info("vfio_iommu_type1 was loaded; new containers are served by vfio_iommufd as before (to use vfio_iommu_type1, unload vfio_iommufd)\n");
	return NOTIFY_OK;
}

static struct notifier_block module_notifier = {
	.notifier_call = module_changed,
};

static int __init container_register(void)
{
	int ret;

	/* Before registering, so that no load of type1 is missed in between */
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

static int __init container_module_init(void)
{
	int ret = container_register();

	if (ret)
		pr_err("vfio does not accept this backend: error %d\n", ret);
	return ret;
}

static void __exit container_module_exit(void)
{
	unregister_module_notifier(&module_notifier);
	/* No container is open */
	unregister_all();
}

module_init(container_module_init);
module_exit(container_module_exit);

MODULE_DESCRIPTION("VFIO containers over iommufd");
MODULE_LICENSE("GPL");
