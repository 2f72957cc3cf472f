// SPDX-License-Identifier: GPL-2.0
/*
 * Pages for devices that do no DMA of their own: their drivers (of mediated
 * devices) pin what an IOVA maps, or read and write it.
 *
 * The container has one access to its address space for all of them. Such a
 * driver counts pages, not ranges: it may pin one twice, and unpin a part of
 * what it pinned. So pages are pinned one by one, and container::pinned counts
 * how often.
 *
 * When memory is unmapped, the address space asks the access to let go, and it
 * asks each opened device. A device unpins from inside that call, so pinning and
 * unpinning do not take container::devices_lock.
 */
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/sched.h>

#include "container.h"

static void unmap_devices(void *data, unsigned long iova, unsigned long length)
{
	struct container *c = data;
	struct vfio_device *device;

	mutex_lock(&c->devices_lock);
	list_for_each_entry(device, &c->devices, iommu_entry)
		device->ops->dma_unmap(device, iova, length);
	mutex_unlock(&c->devices_lock);
}

static const struct iommufd_access_ops access_ops = {
	.needs_pin_pages = 1,
	.unmap = unmap_devices,
};

int container_add_emulated(struct container *c)
{
	struct iommufd_access *access;
	u32 id;
	int ret;

	lockdep_assert_held(&c->lock);
	if (!c->access) {
		access = iommufd_access_create(c->ictx, &access_ops, c, &id);
		if (IS_ERR(access))
			return PTR_ERR(access);
		ret = iommufd_access_attach(access, iommufd_ioas_id(c->ioas));
		if (ret) {
			iommufd_access_destroy(access);
			return ret;
		}
		c->access = access;
	}
	c->nr_emulated++;
	return 0;
}

void container_remove_emulated(struct container *c)
{
	lockdep_assert_held(&c->lock);
	if (--c->nr_emulated)
		return;
	WARN_ON(!xa_empty(&c->pinned));
	iommufd_access_destroy(c->access);
	c->access = NULL;
}

void container_register_device(struct container *c, struct vfio_device *dev)
{
	if (!dev->ops->dma_unmap)
		return;
	mutex_lock(&c->devices_lock);
	list_add(&dev->iommu_entry, &c->devices);
	mutex_unlock(&c->devices_lock);
}

void container_unregister_device(struct container *c, struct vfio_device *dev)
{
	if (!dev->ops->dma_unmap)
		return;
	mutex_lock(&c->devices_lock);
	list_del(&dev->iommu_entry);
	mutex_unlock(&c->devices_lock);
}

/* Errors as vfio_iommu_type1 has them: nothing mapped is a wrong argument */
static int type1_error(int ret)
{
	return ret == -ENOENT ? -EINVAL : ret;
}

/* Count one more pin of a page; entries are the number of pins */
static int count_pin(struct container *c, unsigned long index)
{
	void *old, *seen;

	do {
		old = xa_load(&c->pinned, index);
		seen = xa_cmpxchg(&c->pinned, index, old,
				  xa_mk_value(old ? xa_to_value(old) + 1 : 1),
				  GFP_KERNEL_ACCOUNT);
		if (xa_is_err(seen))
			return xa_err(seen);
	} while (seen != old);
	return 0;
}

/* Count one less. Nothing is allocated: the entry is there already. */
static bool uncount_pin(struct container *c, unsigned long index)
{
	void *old, *new;

	do {
		old = xa_load(&c->pinned, index);
		if (!old)
			return false;
		new = xa_to_value(old) > 1 ? xa_mk_value(xa_to_value(old) - 1) :
					     NULL;
	} while (xa_cmpxchg(&c->pinned, index, old, new, 0) != old);
	return true;
}

/* A report that begins meanwhile may have passed the page: note it again */
static void mark_written(struct container *c, unsigned long index)
{
	unsigned long generation;

	do {
		generation = READ_ONCE(c->generation);
		if (xa_err(xa_store(&c->written, index, xa_mk_value(generation),
				    GFP_KERNEL_ACCOUNT))) {
			/* Now no page is known to be clean */
			c->all_dirty = true;
			return;
		}
		/* Pairs with container_report_dirty() */
		smp_mb();
	} while (READ_ONCE(c->generation) != generation);
}

static int pin_page(struct container *c, unsigned long iova, int prot,
		    struct page **page)
{
	unsigned int flags = prot & IOMMU_WRITE ? IOMMUFD_ACCESS_RW_WRITE :
						  IOMMUFD_ACCESS_RW_READ;
	unsigned long index = iova >> PAGE_SHIFT;
	int ret;

	ret = iommufd_access_pin_pages(c->access, iova, PAGE_SIZE, page, flags);
	if (ret)
		return type1_error(ret);
	ret = count_pin(c, index);
	if (ret) {
		iommufd_access_unpin_pages(c->access, iova, PAGE_SIZE);
		return ret;
	}
	if (c->tracking)
		mark_written(c, index);
	return 0;
}

static void unpin_page(struct container *c, unsigned long iova)
{
	/* Since the last report; and at no moment it is neither held nor noted */
	if (c->tracking)
		mark_written(c, iova >> PAGE_SHIFT);
	if (WARN_ON(!uncount_pin(c, iova >> PAGE_SHIFT)))
		return;
	iommufd_access_unpin_pages(c->access, iova, PAGE_SIZE);
}

int container_pin_pages(struct container *c, unsigned long iova, int nr,
			int prot, struct page **pages)
{
	int i, ret;

	if (container_is_v1(c))
		return -EACCES;
	/* Who pins has to be there to be asked to let go */
	if (!c->access || list_empty_careful(&c->devices))
		return -EINVAL;
	for (i = 0; i < nr; i++) {
		ret = pin_page(c, iova + i * PAGE_SIZE, prot, &pages[i]);
		if (ret)
			goto unpin;
		cond_resched();
	}
	return nr;

unpin:
	pages[i] = NULL;
	while (i--) {
		unpin_page(c, iova + i * PAGE_SIZE);
		pages[i] = NULL;
		cond_resched();
	}
	return ret;
}

void container_unpin_pages(struct container *c, unsigned long iova, int nr)
{
	int i;

	if (WARN_ON(container_is_v1(c) || !c->access))
		return;
	for (i = 0; i < nr; i++) {
		unpin_page(c, iova + i * PAGE_SIZE);
		cond_resched();
	}
}

/*
 * What an IOVA maps may end after any page, and what was written before is
 * dirty nevertheless: so page by page, as vfio_iommu_type1 does it.
 */
static int dma_rw_page(struct container *c, unsigned long iova, void *buffer,
		       size_t length, unsigned int flags)
{
	int ret;

	/* Pairs with container_report_late(): no unmap ends in between */
	down_read(&c->writing);
	ret = iommufd_access_rw(c->access, iova, buffer, length, flags);
	if (!ret && flags & IOMMUFD_ACCESS_RW_WRITE && c->tracking)
		mark_written(c, iova >> PAGE_SHIFT);
	up_read(&c->writing);
	return type1_error(ret);
}

int container_dma_rw(struct container *c, unsigned long iova, void *buffer,
		     size_t length, bool write)
{
	unsigned int flags = write ? IOMMUFD_ACCESS_RW_WRITE :
				     IOMMUFD_ACCESS_RW_READ;
	size_t piece;
	int ret;

	if (!length)
		return 0;
	if (!c->access || iova + length - 1 < iova)
		return -EINVAL;
	if (!current->mm)
		flags |= IOMMUFD_ACCESS_RW_KTHREAD;
	for (; length; length -= piece) {
		piece = min(length, PAGE_SIZE - offset_in_page(iova));
		ret = dma_rw_page(c, iova, buffer, piece, flags);
		if (ret)
			return ret;
		iova += piece;
		buffer += piece;
		cond_resched();
	}
	return 0;
}
