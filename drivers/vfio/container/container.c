// SPDX-License-Identifier: GPL-2.0
/*
 * VFIO's containers over address spaces of iommufd: lifetime, groups, and the
 * operations that vfio.ko calls.
 *
 * When a program chooses the type of a container, vfio.ko asks its backends for
 * one that supports this type (main.c). A container has one address space, to
 * which its groups are attached. The address space keeps mappings, page tables
 * and pinned pages. This module implements the container's ABI.
 *
 * vfio.ko attaches and detaches groups under its lock of the container. It
 * makes its other calls without a lock, so they may still be running when the
 * last group is detached and the container is released. So vfio.ko does not get
 * a pointer, but a number. A call whose number belongs to no container fails,
 * and releasing a container waits for the calls that have found it.
 */
#include <linux/iommufd.h>
#include <linux/hashtable.h>
#include <linux/module.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/vfio.h>

#include "container.h"
#include "spapr.h"

/* One of container::groups */
struct container_group {
	struct list_head item;
	struct iommu_group *group;
	bool emulated;
};

/* All containers by id; read under RCU. An id is never reused. */
static DEFINE_HASHTABLE(containers, 6);
static DEFINE_SPINLOCK(containers_lock);
static unsigned long last_id;

/* Consecutive ids spread evenly */
static struct hlist_head *container_bucket(unsigned long id)
{
	return &containers[id % HASH_SIZE(containers)];
}

static void container_publish(struct container *c)
{
	spin_lock(&containers_lock);
	c->id = ++last_id;
	hlist_add_head_rcu(&c->node, container_bucket(c->id));
	spin_unlock(&containers_lock);
}

static void container_unpublish(struct container *c)
{
	spin_lock(&containers_lock);
	hlist_del_rcu(&c->node);
	spin_unlock(&containers_lock);
}

static struct container *container_get(void *data)
{
	unsigned long id = (unsigned long)data;
	struct container *c;

	rcu_read_lock();
	hlist_for_each_entry_rcu(c, container_bucket(id), node)
		if (c->id == id)
			break;
	if (c && !kref_get_unless_zero(&c->users))
		c = NULL;
	rcu_read_unlock();
	return c;
}

static void container_idle(struct kref *users)
{
	complete(&container_of(users, struct container, users)->idle);
}

static void container_put(struct container *c)
{
	kref_put(&c->users, container_idle);
}

static bool container_type_is_known(unsigned long type)
{
	return type == VFIO_TYPE1_IOMMU || type == VFIO_TYPE1v2_IOMMU ||
	       type == VFIO_SPAPR_TCE_v2_IOMMU;
}

static int container_init(struct container *c)
{
	u32 flags = container_is_spapr(c) ? IOMMU_IOAS_ALLOC_WINDOWED : 0;
	int ret;

	c->ictx = iommufd_ctx_create(IOMMUFD_ACCOUNT_MM);
	if (IS_ERR(c->ictx))
		return PTR_ERR(c->ictx);
	c->ioas = iommufd_ioas_create(c->ictx, flags);
	if (IS_ERR(c->ioas)) {
		ret = PTR_ERR(c->ioas);
		goto put_ctx;
	}
	/* Any range can be unmapped, so only the smallest pages are used */
	if (container_is_v1(c) || container_is_spapr(c)) {
		ret = iommufd_ioas_small_pages(c->ioas);
		if (ret)
			goto destroy_ioas;
	}
	if (container_is_spapr(c)) {
		c->spapr = spapr_create(c);
		if (IS_ERR(c->spapr)) {
			ret = PTR_ERR(c->spapr);
			goto destroy_ioas;
		}
	}
	container_publish(c);
	return 0;

destroy_ioas:
	iommufd_ioas_destroy(c->ioas);
put_ctx:
	iommufd_ctx_put(c->ictx);
	return ret;
}

static void *container_open(unsigned long type)
{
	struct container *c;
	int ret;

	if (!container_type_is_known(type))
		return ERR_PTR(-EINVAL);
	c = kzalloc(sizeof(*c), GFP_KERNEL_ACCOUNT);
	if (!c)
		return ERR_PTR(-ENOMEM);
	kref_init(&c->users);
	init_completion(&c->idle);
	c->type = type;
	mutex_init(&c->lock);
	INIT_LIST_HEAD(&c->groups);
	mutex_init(&c->devices_lock);
	INIT_LIST_HEAD(&c->devices);
	xa_init(&c->pinned);
	xa_init(&c->written);
	init_rwsem(&c->writing);
	ret = container_init(c);
	if (ret) {
		kfree(c);
		return ERR_PTR(ret);
	}
	return (void *)c->id;
}

/* vfio.ko has detached all groups, except those that SET_IOMMU failed with */
static void container_release(void *data)
{
	struct container *c = container_get(data);

	if (WARN_ON(!c))
		return;
	container_unpublish(c);
	/* The reference taken above, and the initial one */
	container_put(c);
	container_put(c);
	wait_for_completion(&c->idle);
	WARN_ON(!list_empty(&c->groups));
	iommufd_ioas_destroy(c->ioas);
	/* After the mappings that were copied from its memory */
	if (c->spapr)
		spapr_destroy(c->spapr);
	iommufd_ctx_put(c->ictx);
	xa_destroy(&c->written);
	kfree_rcu(c, rcu);
}

static int container_attach_hardware(struct container *c,
				     struct iommu_group *group)
{
	int ret = iommufd_ioas_attach_group(c->ioas, group);

	if (!ret && c->spapr) {
		ret = spapr_attached(c);
		if (ret)
			iommufd_ioas_detach_group(c->ioas, group);
	}
	return ret;
}

static int container_add_group(struct container *c, struct iommu_group *group,
			       enum vfio_group_type type)
{
	struct container_group *entry;
	int ret;

	entry = kzalloc(sizeof(*entry), GFP_KERNEL_ACCOUNT);
	if (!entry)
		return -ENOMEM;
	entry->group = group;
	entry->emulated = type == VFIO_EMULATED_IOMMU;
	if (entry->emulated)
		ret = container_add_emulated(c);
	else
		ret = container_attach_hardware(c, group);
	if (ret) {
		kfree(entry);
		return ret;
	}
	if (!entry->emulated) {
		c->nr_hardware++;
		c->all_dirty = c->tracking;
	}
	list_add(&entry->item, &c->groups);
	return 0;
}

static int container_attach_group(void *data, struct iommu_group *group,
				  enum vfio_group_type type)
{
	struct container *c;
	int ret;

	if (type == VFIO_NO_IOMMU)
		return -EINVAL;
	c = container_get(data);
	if (WARN_ON(!c))
		return -EINVAL;
	mutex_lock(&c->lock);
	ret = container_add_group(c, group, type);
	mutex_unlock(&c->lock);
	container_put(c);
	return ret;
}

static void container_detach_group(void *data, struct iommu_group *group)
{
	struct container *c = container_get(data);
	struct container_group *entry, *next;

	if (WARN_ON(!c))
		return;
	mutex_lock(&c->lock);
	list_for_each_entry_safe(entry, next, &c->groups, item) {
		if (entry->group != group)
			continue;
		if (entry->emulated) {
			container_remove_emulated(c);
		} else {
			iommufd_ioas_detach_group(c->ioas, group);
			c->nr_hardware--;
		}
		list_del(&entry->item);
		kfree(entry);
		break;
	}
	mutex_unlock(&c->lock);
	container_put(c);
}

static long container_dispatch(struct container *c, unsigned int cmd,
			       unsigned long arg)
{
	void __user *user = (void __user *)arg;

	if (cmd == VFIO_CHECK_EXTENSION)
		return container_check_extension(c, arg);
	/* The same ioctl numbers mean something else in the other interfaces */
	if (c->spapr)
		return spapr_ioctl(c, cmd, user);
	switch (cmd) {
	case VFIO_IOMMU_GET_INFO:
		return container_get_info(c, user);
	case VFIO_IOMMU_MAP_DMA:
		return container_map_dma(c, user);
	case VFIO_IOMMU_UNMAP_DMA:
		return container_unmap_dma(c, user);
	case VFIO_IOMMU_DIRTY_PAGES:
		return container_dirty_pages(c, user);
	default:
		return -ENOTTY;
	}
}

static long container_ioctl(void *data, unsigned int cmd, unsigned long arg)
{
	struct container *c;
	long ret;

	/* The container does not exist yet, or any more */
	if (!data)
		return cmd == VFIO_CHECK_EXTENSION ?
			       container_check_extension(NULL, arg) : -EINVAL;
	c = container_get(data);
	if (!c)
		return -EINVAL;
	ret = container_dispatch(c, cmd, arg);
	container_put(c);
	return ret;
}

static int ops_pin_pages(void *data, struct iommu_group *group,
			 dma_addr_t iova, int nr, int prot,
			 struct page **pages)
{
	struct container *c = container_get(data);
	int ret;

	if (!c || !pages)
		return -EINVAL;
	ret = container_pin_pages(c, iova, nr, prot, pages);
	container_put(c);
	return ret;
}

static void ops_unpin_pages(void *data, dma_addr_t iova, int nr)
{
	struct container *c = container_get(data);

	if (WARN_ON(!c))
		return;
	container_unpin_pages(c, iova, nr);
	container_put(c);
}

static void ops_register_device(void *data, struct vfio_device *device)
{
	struct container *c = container_get(data);

	if (WARN_ON(!c))
		return;
	container_register_device(c, device);
	container_put(c);
}

static void ops_unregister_device(void *data, struct vfio_device *device)
{
	struct container *c = container_get(data);

	if (WARN_ON(!c))
		return;
	container_unregister_device(c, device);
	container_put(c);
}

static int ops_dma_rw(void *data, dma_addr_t iova, void *buffer,
		      size_t length, bool write)
{
	struct container *c = container_get(data);
	int ret;

	if (!c)
		return -EINVAL;
	ret = container_dma_rw(c, iova, buffer, length, write);
	container_put(c);
	return ret;
}

const struct vfio_iommu_driver_ops container_ops = {
	.name = "vfio-iommufd",
	.owner = THIS_MODULE,
	.open = container_open,
	.release = container_release,
	.ioctl = container_ioctl,
	.attach_group = container_attach_group,
	.detach_group = container_detach_group,
	.pin_pages = ops_pin_pages,
	.unpin_pages = ops_unpin_pages,
	.register_device = ops_register_device,
	.unregister_device = ops_unregister_device,
	.dma_rw = ops_dma_rw,
};
