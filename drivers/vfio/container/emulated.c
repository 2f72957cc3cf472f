// SPDX-License-Identifier: GPL-2.0
/*
 * Pages for devices that do no DMA of their own (mediated devices): their
 * drivers pin the pages behind an IOVA, or read and write them.
 *
 * The container has one access to its address space for all of these devices. A
 * driver counts pages, not ranges: it may pin a page twice, and unpin a part of
 * a range. So pages are pinned one by one, and container::pinned counts the
 * pins of each.
 *
 * When memory is unmapped, the address space asks the access to release its
 * pages, and the access asks each opened device. A device unpins during that
 * call, so pinning and unpinning do not take container::devices_lock.
 */
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/sched.h>

#include "container.h"

static void emulated_unmap(void *data, unsigned long iova, unsigned long length)
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
	.unmap = emulated_unmap,
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

/* The errno of vfio_iommu_type1: EINVAL if nothing is mapped */
static int emulated_error(int ret)
{
	return ret == -ENOENT ? -EINVAL : ret;
}

/* Add a pin of a page; the entry is the number of its pins */
static int emulated_count_pin(struct container *c, unsigned long index)
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

/* Remove a pin of a page. Allocates nothing, as the entry exists. */
static bool emulated_uncount_pin(struct container *c, unsigned long index)
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

/* Repeat if a report has begun: it may have missed the page */
static void emulated_mark_written(struct container *c, unsigned long index)
{
	unsigned long generation;

	do {
		generation = READ_ONCE(c->generation);
		if (xa_err(xa_store(&c->written, index, xa_mk_value(generation),
				    GFP_KERNEL_ACCOUNT))) {
			/* The page cannot be noted: report all pages */
			c->all_dirty = true;
			return;
		}
		/* Pairs with container_report_dirty() */
		smp_mb();
	} while (READ_ONCE(c->generation) != generation);
}

static int emulated_pin_page(struct container *c, unsigned long iova, int prot,
			     struct page **page)
{
	unsigned int flags = prot & IOMMU_WRITE ? IOMMUFD_ACCESS_RW_WRITE :
						  IOMMUFD_ACCESS_RW_READ;
	unsigned long index = iova >> PAGE_SHIFT;
	int ret;

	ret = iommufd_access_pin_pages(c->access, iova, PAGE_SIZE, page, flags);
	if (ret)
		return emulated_error(ret);
	ret = emulated_count_pin(c, index);
	if (ret) {
		iommufd_access_unpin_pages(c->access, iova, PAGE_SIZE);
		return ret;
	}
	if (c->tracking)
		emulated_mark_written(c, index);
	return 0;
}

static void emulated_unpin_page(struct container *c, unsigned long iova)
{
	/* First note the page as written, so that a report never misses it */
	if (c->tracking)
		emulated_mark_written(c, iova >> PAGE_SHIFT);
	if (WARN_ON(!emulated_uncount_pin(c, iova >> PAGE_SHIFT)))
		return;
	iommufd_access_unpin_pages(c->access, iova, PAGE_SIZE);
}

int container_pin_pages(struct container *c, unsigned long iova, int nr,
			int prot, struct page **pages)
{
	int i, ret;

	if (container_is_v1(c))
		return -EACCES;
	/* On an unmap, a device must be there to release the pages */
	if (!c->access || list_empty_careful(&c->devices))
		return -EINVAL;
	for (i = 0; i < nr; i++) {
		ret = emulated_pin_page(c, iova + i * PAGE_SIZE, prot,
					&pages[i]);
		if (ret)
			goto unpin;
		cond_resched();
	}
	return nr;

unpin:
	pages[i] = NULL;
	while (i--) {
		emulated_unpin_page(c, iova + i * PAGE_SIZE);
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
		emulated_unpin_page(c, iova + i * PAGE_SIZE);
		cond_resched();
	}
}

/*
 * A mapping may end after any page, and the pages written before that are dirty
 * even if the call fails. So copy page by page, as vfio_iommu_type1 does.
 */
static int emulated_rw_page(struct container *c, unsigned long iova,
			    void *buffer, size_t length, unsigned int flags)
{
	int ret;

	/* Pairs with container_report_dirty_late(), which waits for this */
	down_read(&c->writing);
	ret = iommufd_access_rw(c->access, iova, buffer, length, flags);
	if (!ret && flags & IOMMUFD_ACCESS_RW_WRITE && c->tracking)
		emulated_mark_written(c, iova >> PAGE_SHIFT);
	up_read(&c->writing);
	return emulated_error(ret);
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
		ret = emulated_rw_page(c, iova, buffer, piece, flags);
		if (ret)
			return ret;
		iova += piece;
		buffer += piece;
		cond_resched();
	}
	return 0;
}
