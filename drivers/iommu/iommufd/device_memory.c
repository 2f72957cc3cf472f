// SPDX-License-Identifier: GPL-2.0
/* Device memory, which its owner can revoke: see device_memory.h */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mmu_notifier.h>
#include <linux/mm.h>
#include <linux/rbtree.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "device_memory.h"
#include "runs.h"

/* How often memory is reclaimed for one call; the amount doubles each time */
#define RECLAIM_ATTEMPTS 10

/**
 * struct devmem_view - an IOVA range in which device memory is mapped
 * @node: node in iommufd_devmem::views
 * @next: next in a list, while the view is in no tree
 * @hwpt: the hardware page table
 * @iova: first IOVA
 * @length: bytes
 */
struct devmem_view {
	union {
		struct rb_node node;
		struct devmem_view *next;
	};
	struct iommufd_hwpt *hwpt;
	unsigned long iova;
	unsigned long length;
};

/**
 * struct iommufd_devmem - state of a pages object of device memory
 * @sub: subscription to changes of the process's page table
 * @lock: see device_memory.h
 * @views: where the memory is mapped, by hardware page table and IOVA
 * @held: the pages object has a holder
 * @revoked: the process's page table has changed since @held was set
 */
struct iommufd_devmem {
	struct mmu_interval_notifier sub;
	struct mutex lock;
	struct rb_root views;
	bool held;
	bool revoked;
};

static struct devmem_view *to_view(const struct rb_node *node)
{
	return rb_entry(node, struct devmem_view, node);
}

static struct iommufd_devmem *devmem_of(const struct iommufd_area *area)
{
	return area->pages->source->devmem;
}

static bool view_is_before(struct rb_node *node, const struct rb_node *other)
{
	const struct devmem_view *a = to_view(node), *b = to_view(other);

	return a->hwpt == b->hwpt ? a->iova < b->iova : a->hwpt < b->hwpt;
}

static struct devmem_view *view_find(struct iommufd_devmem *devmem,
				     const struct iommufd_hwpt *hwpt,
				     unsigned long iova)
{
	struct rb_node *node = devmem->views.rb_node;

	lockdep_assert_held(&devmem->lock);
	while (node) {
		struct devmem_view *view = to_view(node);

		if (view->hwpt == hwpt && view->iova == iova)
			return view;
		if (view->hwpt == hwpt ? iova < view->iova : hwpt < view->hwpt)
			node = node->rb_left;
		else
			node = node->rb_right;
	}
	return NULL;
}

/* Unmap every view, with one invalidation in each hardware page table */
static void devmem_unmap_all(struct iommufd_devmem *devmem, bool may_sleep)
{
	union iommufd_gather gather;
	struct iommufd_hwpt *hwpt = NULL;
	struct devmem_view *view;
	struct rb_node *node;

	while ((node = rb_first(&devmem->views))) {
		view = to_view(node);
		if (view->hwpt != hwpt) {
			if (hwpt)
				iommufd_hwpt_unmap_end(hwpt, &gather);
			hwpt = view->hwpt;
			iommufd_hwpt_unmap_begin(hwpt, &gather);
			if (hwpt->run_ops)
				gather.run.may_sleep = may_sleep;
		}
		iommufd_hwpt_unmap(hwpt, view->iova, view->length, &gather);
		rb_erase(node, &devmem->views);
		kfree(view);
		if (may_sleep)
			cond_resched();
	}
	if (hwpt)
		iommufd_hwpt_unmap_end(hwpt, &gather);
}

static bool devmem_invalidate(struct mmu_interval_notifier *sub,
			      const struct mmu_notifier_range *range,
			      unsigned long seq)
{
	struct iommufd_devmem *devmem =
		container_of(sub, struct iommufd_devmem, sub);
	bool mapped = false;

	/* The process keeps its mapping, with the same access */
	if (range->event == MMU_NOTIFY_SOFT_DIRTY)
		return true;
	if (mmu_notifier_range_blockable(range))
		mutex_lock(&devmem->lock);
	else if (!mutex_trylock(&devmem->lock))
		return false;
	mmu_interval_set_seq(sub, seq);
	if (devmem->held) {
		devmem->revoked = true;
		mapped = !RB_EMPTY_ROOT(&devmem->views);
		devmem_unmap_all(devmem, mmu_notifier_range_blockable(range));
	}
	mutex_unlock(&devmem->lock);
	/* A process that exits needs no advice */
	if (mapped && range->event != MMU_NOTIFY_RELEASE)
		pr_info_ratelimited("device memory at %#lx-%#lx of a process was unmapped, closed, reset or disabled: devices no longer reach it; to use it again, unmap its IOVA and map it again\n",
				    sub->interval_tree.start,
				    sub->interval_tree.last);
	return true;
}

static const struct mmu_interval_notifier_ops devmem_ops = {
	.invalidate = devmem_invalidate,
};

/**
 * iommufd_devmem_create() - subscribe to a range of a process's page table
 * @mm: the mm of the calling process
 * @address: start, a multiple of the page size
 * @length: bytes, a multiple of the page size
 *
 * Context: no lock held; takes mmap_lock for writing.
 *
 * Return: the state, or an ERR_PTR: -ENOMEM; -ERESTARTNOINTR to restart the
 * call after a signal has been handled.
 */
struct iommufd_devmem *iommufd_devmem_create(struct mm_struct *mm,
					     unsigned long address,
					     unsigned long length)
{
	struct iommufd_devmem *devmem;
	int ret;

	devmem = kzalloc(sizeof(*devmem), GFP_KERNEL_ACCOUNT);
	if (!devmem)
		return ERR_PTR(-ENOMEM);
	mutex_init(&devmem->lock);
	devmem->views = RB_ROOT;
	ret = mmu_interval_notifier_insert(&devmem->sub, mm, address, length,
					   &devmem_ops);
	if (!ret)
		return devmem;
	mutex_destroy(&devmem->lock);
	kfree(devmem);
	/* Any signal interrupts the first subscription of a process */
	return ERR_PTR(ret == -EINTR ? -ERESTARTNOINTR : ret);
}

/**
 * iommufd_devmem_destroy() - undo iommufd_devmem_create()
 * @devmem: the state; it has no views
 */
void iommufd_devmem_destroy(struct iommufd_devmem *devmem)
{
	mmu_interval_notifier_remove(&devmem->sub);
	WARN_ON(!RB_EMPTY_ROOT(&devmem->views));
	mutex_destroy(&devmem->lock);
	kfree(devmem);
}

/* From here on no change is missed, and earlier ones have completed */
static void devmem_watch(struct iommufd_devmem *devmem)
{
	mutex_lock(&devmem->lock);
	devmem->held = true;
	devmem->revoked = false;
	mutex_unlock(&devmem->lock);
	mmu_interval_read_begin(&devmem->sub);
}

/* Pages without a frame are never mapped: only the number in a run matters */
static int devmem_add_placeholders(struct run_builder *b, unsigned long npages)
{
	while (npages) {
		unsigned long n = min(npages, RUN_MAX_PAGES);
		int ret = run_builder_add(b, 0, n);

		if (ret)
			return ret;
		npages -= n;
	}
	return 0;
}

static int devmem_find_frames(struct iommufd_pages *pages, unsigned long first,
			      unsigned long npages, struct run_builder *b)
{
	struct mm_struct *mm = pages->source->mm;
	int ret;

	if (mm != current->mm && !mmget_not_zero(mm))
		return -EFAULT;
	ret = iommufd_device_frames(pages, pages->address + first * PAGE_SIZE,
				    npages, b);
	if (mm != current->mm)
		mmput(mm);
	return ret;
}

/**
 * iommufd_devmem_hold() - find the frames that a holder needs
 * @pages: the object
 * @first: index of the first page
 * @npages: number of pages
 * @b: the builder, which begins at @first
 *
 * If there are no such frames, the memory counts as revoked, and
 * iommufd_devmem_map() fails.
 *
 * Context: as iommufd_pages_hold().
 *
 * Return: 0, -ENOMEM or -EINTR. On failure, if @pages has no other holder, the
 * caller calls iommufd_devmem_release().
 */
int iommufd_devmem_hold(struct iommufd_pages *pages, unsigned long first,
			unsigned long npages, struct run_builder *b)
{
	struct iommufd_devmem *devmem = pages->source->devmem;
	int ret = -EFAULT;

	if (RB_EMPTY_ROOT(&pages->holders.rb_root))
		devmem_watch(devmem);
	if (!iommufd_devmem_revoked(pages))
		ret = devmem_find_frames(pages, first, npages, b);
	if (ret != -EFAULT)
		return ret;
	mutex_lock(&devmem->lock);
	devmem->revoked = true;
	devmem_unmap_all(devmem, true);
	mutex_unlock(&devmem->lock);
	return devmem_add_placeholders(b, first + npages - b->next);
}

/**
 * iommufd_devmem_release() - end iommufd_devmem_hold() of the last holder
 * @pages: the object
 *
 * Context: as iommufd_pages_release().
 */
void iommufd_devmem_release(struct iommufd_pages *pages)
{
	struct iommufd_devmem *devmem = pages->source->devmem;

	mutex_lock(&devmem->lock);
	WARN_ON_ONCE(!RB_EMPTY_ROOT(&devmem->views));
	devmem->held = false;
	mutex_unlock(&devmem->lock);
}

/**
 * iommufd_devmem_revoked() - has the memory been revoked?
 * @pages: the object, which has a holder
 *
 * Return: whether it has. Unless the caller holds the lock, this can change at
 * any time.
 */
bool iommufd_devmem_revoked(struct iommufd_pages *pages)
{
	return READ_ONCE(pages->source->devmem->revoked);
}

/**
 * iommufd_devmem_reclaim() - reclaim memory after DEVMEM_GFP has failed
 * @attempt: 0 for the first attempt of a caller, 1 for the next, ...
 *
 * Context: the lock is not held.
 *
 * Return: whether the caller is to try again.
 */
bool iommufd_devmem_reclaim(int attempt)
{
	struct page *page, *next;
	LIST_HEAD(list);
	int i;

	if (attempt >= RECLAIM_ATTEMPTS)
		return false;
	for (i = 0; i < 1 << attempt; i++) {
		page = alloc_page(GFP_KERNEL_ACCOUNT);
		if (!page)
			break;
		list_add(&page->lru, &list);
	}
	list_for_each_entry_safe(page, next, &list, lru)
		__free_page(page);
	return i;
}

/**
 * iommufd_devmem_map() - map an area of device memory
 * @hwpt: the hardware page table
 * @area: the area; it is a holder of its pages
 * @small_pages: use the smallest pages only
 *
 * Context: as iommufd_hwpt_map().
 *
 * Return: 0; -EFAULT if the memory has been revoked; or the errors of
 * iommufd_hwpt_map(). On failure nothing is mapped.
 */
int iommufd_devmem_map(struct iommufd_hwpt *hwpt,
		       const struct iommufd_area *area, bool small_pages)
{
	struct iommufd_devmem *devmem = devmem_of(area);
	struct devmem_view *view;
	int attempt = 0, ret;

	view = kmalloc(sizeof(*view), GFP_KERNEL_ACCOUNT);
	if (!view)
		return -ENOMEM;
	view->hwpt = hwpt;
	view->iova = area->node.start;
	view->length = area_length(area);
	do {
		mutex_lock(&devmem->lock);
		ret = devmem->revoked ? -EFAULT :
		      iommufd_hwpt_map(hwpt, area, small_pages, DEVMEM_GFP);
		if (!ret)
			rb_add(&view->node, &devmem->views, view_is_before);
		mutex_unlock(&devmem->lock);
	} while (ret == -ENOMEM && iommufd_devmem_reclaim(attempt++));
	if (ret)
		kfree(view);
	return ret;
}

/**
 * iommufd_devmem_unmap() - unmap an area of device memory, if it is mapped
 * @hwpt: the hardware page table
 * @area: the area
 *
 * When it returns, no device reaches the area. It is invalidated here, not at
 * the end of the request. Otherwise a revocation in between would find no view,
 * and proceed while devices still reach the memory.
 */
void iommufd_devmem_unmap(struct iommufd_hwpt *hwpt,
			  const struct iommufd_area *area)
{
	struct iommufd_devmem *devmem = devmem_of(area);
	union iommufd_gather gather;
	struct devmem_view *view;

	mutex_lock(&devmem->lock);
	view = view_find(devmem, hwpt, area->node.start);
	if (view) {
		iommufd_hwpt_unmap_begin(hwpt, &gather);
		iommufd_hwpt_unmap(hwpt, view->iova, view->length, &gather);
		iommufd_hwpt_unmap_end(hwpt, &gather);
		rb_erase(&view->node, &devmem->views);
	}
	mutex_unlock(&devmem->lock);
	kfree(view);
}

/**
 * iommufd_devmem_lock() - keep device memory from being mapped, unmapped or
 *	revoked
 * @hwpt: a hardware page table
 * @area: an area of device memory
 *
 * Return: whether the area is mapped in @hwpt. In either case the caller calls
 * iommufd_devmem_unlock().
 */
bool iommufd_devmem_lock(struct iommufd_hwpt *hwpt,
			 const struct iommufd_area *area)
{
	struct iommufd_devmem *devmem = devmem_of(area);

	mutex_lock(&devmem->lock);
	return view_find(devmem, hwpt, area->node.start);
}

/**
 * iommufd_devmem_unlock() - undo iommufd_devmem_lock()
 * @area: the area
 */
void iommufd_devmem_unlock(const struct iommufd_area *area)
{
	mutex_unlock(&devmem_of(area)->lock);
}

/**
 * iommufd_devmem_alloc_views() - prepare iommufd_devmem_split()
 * @ioas: the address space of the area
 * @views: set to a list with one view for each of its hardware page tables
 *
 * Return: 0, or -ENOMEM and nothing is allocated.
 */
int iommufd_devmem_alloc_views(struct iommufd_ioas *ioas,
			       struct devmem_view **views)
{
	struct devmem_view *view;
	struct iommufd_hwpt *hwpt;

	*views = NULL;
	list_for_each_entry(hwpt, &ioas->hwpts, node) {
		view = kmalloc(sizeof(*view), GFP_KERNEL_ACCOUNT);
		if (!view) {
			iommufd_devmem_free_views(*views);
			return -ENOMEM;
		}
		view->next = *views;
		*views = view;
	}
	return 0;
}

/**
 * iommufd_devmem_free_views() - free views that were not used
 * @views: from iommufd_devmem_alloc_views()
 */
void iommufd_devmem_free_views(struct devmem_view *views)
{
	struct devmem_view *next;

	for (; views; views = next) {
		next = views->next;
		kfree(views);
	}
}

/**
 * iommufd_devmem_split() - split the views of an area that was split in two
 * @ioas: the address space
 * @front: the area, which has become shorter
 * @back: the rest of it
 * @views: list from iommufd_devmem_alloc_views(); views that are used are
 *	removed
 */
void iommufd_devmem_split(struct iommufd_ioas *ioas, struct iommufd_area *front,
			  struct iommufd_area *back, struct devmem_view **views)
{
	struct iommufd_devmem *devmem = devmem_of(front);
	struct devmem_view *view, *rest;
	struct iommufd_hwpt *hwpt;

	mutex_lock(&devmem->lock);
	list_for_each_entry(hwpt, &ioas->hwpts, node) {
		view = view_find(devmem, hwpt, front->node.start);
		if (!view)
			continue;
		rest = *views;
		*views = rest->next;
		rest->hwpt = hwpt;
		rest->iova = back->node.start;
		rest->length = area_length(back);
		view->length = area_length(front);
		rb_add(&rest->node, &devmem->views, view_is_before);
	}
	mutex_unlock(&devmem->lock);
}
