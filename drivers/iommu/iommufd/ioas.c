// SPDX-License-Identifier: GPL-2.0
/*
 * Address spaces: creating them, mapping memory, adding hardware page tables.
 * Structure and locks are described in ioas.h; unmapping is in ioas_unmap.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/file.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "access.h"
#include "device_memory.h"
#include "ioas.h"
#include "memory_file.h"
#include "refusal.h"
#include "window.h"

static struct kmem_cache *mapping_cache;
static struct kmem_cache *area_cache;

/*
 * Every field is set when a mapping is created. With init_on_alloc the
 * allocator would also clear each allocation; a cache with a constructor is
 * exempt.
 */
static void mapping_construct(void *mapping)
{
	memset(mapping, 0, sizeof(struct iommufd_mapping));
}

int iommufd_ioas_caches_init(void)
{
	mapping_cache = kmem_cache_create("iommufd_mapping",
					  sizeof(struct iommufd_mapping), 0,
					  SLAB_ACCOUNT, mapping_construct);
	area_cache = kmem_cache_create("iommufd_area",
				       sizeof(struct iommufd_area), 0,
				       SLAB_ACCOUNT, NULL);
	if (mapping_cache && area_cache)
		return 0;
	iommufd_ioas_caches_exit();
	return -ENOMEM;
}

void iommufd_ioas_caches_exit(void)
{
	kmem_cache_destroy(mapping_cache);
	kmem_cache_destroy(area_cache);
}

static void ioas_release(struct iommufd_object *obj)
{
	struct iommufd_ioas *ioas = container_of(obj, struct iommufd_ioas, obj);
	unsigned long unmapped;

	WARN_ON(!list_empty(&ioas->hwpts) || !list_empty(&ioas->groups));
	WARN_ON(!xa_empty(&ioas->accesses));
	WARN_ON(iommufd_ioas_unmap_range(ioas, 0, ULONG_MAX, &unmapped));
	iommufd_ranges_free(&ioas->reserved.rb_root);
	iommufd_ranges_free(&ioas->allowed.rb_root);
	iommufd_ranges_free(&ioas->windows);
	xa_destroy(&ioas->accesses);
	mutex_destroy(&ioas->attach_lock);
}

struct iommufd_ioas *iommufd_ioas_alloc(struct iommufd_ctx *ictx, u32 flags)
{
	struct iommufd_ioas *ioas;

	ioas = iommufd_object_alloc(ictx, sizeof(*ioas), IOMMUFD_OBJ_IOAS,
				    ioas_release);
	if (IS_ERR(ioas))
		return ioas;
	ioas->ictx = ictx;
	mutex_init(&ioas->attach_lock);
	init_rwsem(&ioas->domains_lock);
	INIT_LIST_HEAD(&ioas->hwpts);
	init_rwsem(&ioas->lock);
	ioas->areas = RB_ROOT;
	ioas->reserved = RB_ROOT_CACHED;
	ioas->allowed = RB_ROOT_CACHED;
	ioas->windows = RB_ROOT;
	xa_init_flags(&ioas->accesses, XA_FLAGS_ALLOC | XA_FLAGS_ACCOUNT);
	ioas->iova_alignment = 1;
	ioas->windowed = flags & IOMMU_IOAS_ALLOC_WINDOWED;
	ioas->next_window_id = 1;
	INIT_LIST_HEAD(&ioas->groups);
	init_waitqueue_head(&ioas->access_wait);
	return ioas;
}

struct iommufd_area *iommufd_area_alloc(void)
{
	return kmem_cache_alloc(area_cache, GFP_KERNEL);
}

/**
 * iommufd_area_free() - free an area and drop its reference to the pages
 * @area: the area; it is in no tree and is not a holder
 */
void iommufd_area_free(struct iommufd_area *area)
{
	struct iommufd_pages *pages = area->pages;

	if (!(area->holder.flags & AREA_INLINE))
		kmem_cache_free(area_cache, area);
	if (!refcount_dec_and_test(&pages->users))
		return;
	iommufd_source_put(pages->source);
	kmem_cache_free(mapping_cache,
			container_of(pages, struct iommufd_mapping, pages));
}

/**
 * iommufd_areas_free() - free areas that are not mapped
 * @list: the areas
 */
void iommufd_areas_free(struct iommufd_area *list)
{
	struct iommufd_area *next;
	unsigned int steps = 0;

	for (; list; list = next) {
		next = iommufd_area_in_turn(list, &steps);
		iommufd_area_free(list);
	}
}

/**
 * iommufd_area_init() - fill in a new area, all but its IOVA
 * @area: the area
 * @pages: its pages; the caller's reference passes to the area
 * @byte: offset of its first byte from the start of @pages
 * @length: bytes
 * @flags: AREA_*
 */
void iommufd_area_init(struct iommufd_area *area, struct iommufd_pages *pages,
		       unsigned long byte, unsigned long length, u8 flags)
{
	area->holder.node.start = byte >> PAGE_SHIFT;
	area->holder.node.last = (byte + length - 1) >> PAGE_SHIFT;
	area->holder.spare = false;
	area->holder.flags = flags;
	area->holder.offset = offset_in_page(byte);
	atomic_set(&area->holder.count, 0);
	area->pages = pages;
	area->next = NULL;
	/* Only the length counts until the area is inserted */
	area->node.start = 0;
	area->node.last = length - 1;
}

static bool area_is_shared(const struct iommufd_area *area)
{
	return refcount_read(&area->pages->users) > 1;
}

static int areas_insert(struct iommufd_ioas *ioas, struct iommufd_area *list,
			const struct iommufd_map_request *req,
			unsigned long *iova, bool fixed)
{
	struct iommufd_area *area;
	unsigned int steps = 0;
	unsigned long pos;
	int ret;

	down_write(&ioas->lock);
	if (fixed)
		ret = iommufd_iova_check(ioas, *iova, req);
	else
		ret = iommufd_iova_alloc(ioas, iova, req);
	for (area = list; area && !ret;
	     area = iommufd_area_in_turn(area, &steps))
		if (area->holder.offset & (ioas->iova_alignment - 1))
			ret = -EINVAL;
	if (ret)
		goto out_unlock;
	pos = *iova;
	for (area = list; area; area = iommufd_area_in_turn(area, &steps)) {
		area->node.last += pos;
		area->node.start = pos;
		pos = area->node.last + 1;
		gap_tree_insert(&area->node, &ioas->areas);
	}
out_unlock:
	up_write(&ioas->lock);
	return ret;
}

static void areas_remove(struct iommufd_ioas *ioas, struct iommufd_area *list)
{
	struct iommufd_area *area;
	unsigned int steps = 0;

	down_write(&ioas->lock);
	for (area = list; area; area = iommufd_area_in_turn(area, &steps))
		gap_tree_remove(&area->node, &ioas->areas);
	up_write(&ioas->lock);
}

static void area_unmap_from_all(struct iommufd_ioas *ioas,
				struct iommufd_area *area,
				const struct iommufd_hwpt *end)
{
	struct iommufd_hwpt *hwpt;

	list_for_each_entry(hwpt, &ioas->hwpts, node) {
		union iommufd_gather gather;

		if (hwpt == end)
			break;
		if (area->pages->device) {
			iommufd_devmem_unmap(hwpt, area);
			continue;
		}
		iommufd_hwpt_unmap_begin(hwpt, &gather);
		iommufd_hwpt_unmap(hwpt, area->node.start, area_length(area),
				   &gather);
		iommufd_hwpt_unmap_end(hwpt, &gather);
		cond_resched();
	}
}

static int area_map(struct iommufd_ioas *ioas, struct iommufd_hwpt *hwpt,
		    const struct iommufd_area *area)
{
	if (unlikely(area->pages->device))
		return iommufd_devmem_map(hwpt, area, ioas->small_pages);
	return iommufd_hwpt_map(hwpt, area, ioas->small_pages,
				GFP_KERNEL_ACCOUNT);
}

/* No hardware page table needs it yet: check now that it is device memory */
static int area_check_device(struct iommufd_area *area)
{
	int ret;

	ret = iommufd_pages_hold(area->pages, &area->holder);
	if (ret)
		return ret;
	if (iommufd_devmem_revoked(area->pages))
		ret = -EFAULT;
	iommufd_pages_release(area->pages, &area->holder);
	return ret;
}

/* Pin the memory of a new area and map it in all hardware page tables */
static int area_fill(struct iommufd_ioas *ioas, struct iommufd_area *area)
{
	bool shared = area_is_shared(area);
	struct iommufd_hwpt *hwpt;
	int ret;

	lockdep_assert_held_read(&ioas->domains_lock);

	if (list_empty(&ioas->hwpts)) {
		if (area->pages->maybe_device)
			return -EAGAIN;
		return area->pages->device && !shared ?
			       area_check_device(area) : 0;
	}
	if (shared)
		iommufd_pages_lock(ioas->ictx, area->pages);
	ret = iommufd_pages_hold(area->pages, &area->holder);
	if (ret)
		goto out_unlock;
	area->pages->maybe_device = false;
	list_for_each_entry(hwpt, &ioas->hwpts, node) {
		ret = area_map(ioas, hwpt, area);
		if (ret) {
			area_unmap_from_all(ioas, area, hwpt);
			iommufd_pages_release(area->pages, &area->holder);
			break;
		}
	}
out_unlock:
	if (shared)
		iommufd_pages_unlock(ioas->ictx, area->pages);
	return ret;
}

static void area_unfill(struct iommufd_ioas *ioas, struct iommufd_area *area)
{
	bool shared = area_is_shared(area);

	if (list_empty(&ioas->hwpts))
		return;
	area_unmap_from_all(ioas, area, NULL);
	if (shared)
		iommufd_pages_lock(ioas->ictx, area->pages);
	iommufd_pages_release(area->pages, &area->holder);
	if (shared)
		iommufd_pages_unlock(ioas->ictx, area->pages);
}

/**
 * iommufd_areas_map() - map areas side by side
 * @ioas: the address space
 * @list: new areas; on success they belong to @ioas
 * @req: describes all of them together
 * @iova: start of the first: in if @fixed, otherwise out
 * @fixed: the caller chooses the IOVA
 *
 * Return: 0, or an error and nothing is mapped.
 */
int iommufd_areas_map(struct iommufd_ioas *ioas, struct iommufd_area *list,
		      const struct iommufd_map_request *req,
		      unsigned long *iova, bool fixed)
{
	struct iommufd_area *area, *undo, *next;
	unsigned int steps = 0;
	int ret;

	ret = down_read_killable(&ioas->domains_lock);
	if (ret)
		return ret;
	ret = areas_insert(ioas, list, req, iova, fixed);
	if (ret)
		goto out_unlock;
	for (area = list;; area = area->next) {
		ret = area_fill(ioas, area);
		if (ret)
			goto err_unfill;
		if (!area->next)
			break;
		ret = take_turns_killable(&steps);
		if (ret) {
			area = area->next;
			goto err_unfill;
		}
	}
	for (area = list; area; area = next) {
		next = iommufd_area_in_turn(area, &steps);
		/* From here on other tasks can use and unmap it */
		smp_store_release(&area->holder.flags,
				  area->holder.flags | AREA_LIVE);
	}
	up_read(&ioas->domains_lock);
	return 0;

err_unfill:
	for (undo = list; undo != area; undo = undo->next) {
		area_unfill(ioas, undo);
		take_turns(&steps);
	}
	areas_remove(ioas, list);
out_unlock:
	up_read(&ioas->domains_lock);
	return ret;
}

/*
 * Can this be the error for a range with device memory? Such memory cannot be
 * pinned (-EFAULT), and charging it may exceed a limit that does not apply to
 * it (-ENOMEM). -EAGAIN: pinning was not tried.
 */
static bool may_be_device(int ret)
{
	return ret == -EFAULT || ret == -ENOMEM || ret == -EAGAIN;
}

/* Inline: every map calls it */
static __always_inline struct iommufd_area *
mapping_alloc(struct iommufd_source *source, unsigned long address,
	      unsigned long length, int prot)
{
	struct iommufd_mapping *mapping;

	mapping = kmem_cache_alloc(mapping_cache, GFP_KERNEL);
	if (!mapping)
		return NULL;
	iommufd_pages_init(&mapping->pages, source,
			   address & PAGE_MASK, prot & IOMMU_WRITE);
	iommufd_area_init(&mapping->area, &mapping->pages,
			  offset_in_page(address), length,
			  prot | AREA_INLINE);
	return &mapping->area;
}

/**
 * iommufd_mapping_alloc() - allocate an area with its own pages object
 * @source: of the memory; the caller's reference passes to the pages object
 * @address: the user's address, or the offset in the file
 * @length: bytes
 * @prot: IOMMU_READ, IOMMU_WRITE
 *
 * Return: the area, for iommufd_area_free(), or NULL; then the caller keeps the
 * reference.
 */
struct iommufd_area *iommufd_mapping_alloc(struct iommufd_source *source,
					   unsigned long address,
					   unsigned long length, int prot)
{
	return mapping_alloc(source, address, length, prot);
}

/**
 * iommufd_ioas_map_source() - map memory of a process or a file
 * @ioas: the address space
 * @source: of the memory; takes over the caller's reference, also on failure
 * @address: the user's address, or the offset in the file
 * @length: bytes
 * @iova: start of the mapping: in, or out with IOMMUFD_MAP_ALLOC_IOVA
 * @prot: IOMMU_READ, IOMMU_WRITE
 * @flags: enum iommufd_map_flags
 *
 * Return: 0, or an error and nothing is mapped.
 */
int iommufd_ioas_map_source(struct iommufd_ioas *ioas,
			    struct iommufd_source *source,
			    unsigned long address, unsigned long length,
			    unsigned long *iova, int prot, unsigned int flags)
{
	struct iommufd_map_request req = {
		.length = length,
		.address = address,
		.origin = address,
		.prot = prot,
	};
	bool fixed = !(flags & IOMMUFD_MAP_ALLOC_IOVA);
	struct iommufd_area *area;
	int ret = -ENOMEM;

	area = mapping_alloc(source, address, length, prot);
	if (!area)
		goto err_source;
	area->pages->maybe_device = flags & IOMMUFD_MAP_DEVICE_MEMORY;
	ret = iommufd_areas_map(ioas, area, &req, iova, fixed);
	if (!ret)
		return 0;
	kmem_cache_free(mapping_cache,
			container_of(area, struct iommufd_mapping, area));
	/* Check for device memory only now: other mappings do not pay for it */
	if (flags & IOMMUFD_MAP_DEVICE_MEMORY && may_be_device(ret))
		ret = iommufd_segments_map(ioas, source, &req, iova, fixed,
					   ret);
err_source:
	iommufd_source_put(source);
	return ret;
}

int iommufd_ioas_map_user(struct iommufd_ioas *ioas, unsigned long *iova,
			  unsigned long uaddr, unsigned long length,
			  int iommu_prot, unsigned int flags)
{
	struct iommufd_source *source;
	unsigned long end;

	if (check_add_overflow(uaddr, length, &end))
		return -EOVERFLOW;
	if (!length || length > SIZE_MAX - PAGE_SIZE)
		return -EINVAL;
	source = iommufd_source_current(ioas->ictx);
	if (IS_ERR(source))
		return PTR_ERR(source);
	return iommufd_ioas_map_source(ioas, source, uaddr, length, iova,
				       iommu_prot & AREA_PROT, flags);
}
EXPORT_SYMBOL_GPL(iommufd_ioas_map_user);

/**
 * iommufd_ioas_map_file() - map a memory file
 * @ioas: the address space
 * @iova: as iommufd_ioas_map_source()
 * @fd: a file descriptor
 * @start: offset in the file, in bytes
 * @length: bytes
 * @prot: IOMMU_READ, IOMMU_WRITE
 * @flags: 0 or IOMMUFD_MAP_ALLOC_IOVA
 *
 * Return: 0; -EBADF; the errors of iommufd_file_check() and of mapping. On
 * failure nothing is mapped.
 */
int iommufd_ioas_map_file(struct iommufd_ioas *ioas, unsigned long *iova,
			  int fd, unsigned long start, unsigned long length,
			  int prot, unsigned int flags)
{
	struct iommufd_source *source;
	unsigned long last;
	struct file *file;
	int ret;

	if (!length || length > SIZE_MAX - PAGE_SIZE)
		return -EINVAL;
	if (check_add_overflow(start, length - 1, &last))
		return -EOVERFLOW;
	file = fget(fd);
	if (!file)
		return -EBADF;
	ret = iommufd_file_check(file, prot & IOMMU_WRITE);
	if (!ret) {
		source = iommufd_source_file(ioas->ictx, file,
					     prot & IOMMU_WRITE);
		ret = PTR_ERR_OR_ZERO(source);
	}
	fput(file);
	if (ret)
		return ret;
	return iommufd_ioas_map_source(ioas, source, start, length, iova, prot,
				       flags);
}

static struct iommufd_area *first_misaligned(struct iommufd_ioas *ioas,
					     unsigned long alignment)
{
	unsigned long mask = alignment - 1;
	struct iommufd_area *area;
	unsigned int steps = 0;

	iommufd_for_each_area(area, ioas, 0, ULONG_MAX) {
		if ((area->node.start | area_length(area) |
		     area->holder.offset) & mask)
			return area;
		take_turns(&steps);
	}
	return NULL;
}

/**
 * iommufd_ioas_update_alignment() - set the alignment that hardware page tables
 *	and accesses need
 * @ioas: the address space
 *
 * Context: domains_lock and lock held for writing.
 *
 * Return: 0, or -EADDRINUSE if a mapping does not have that alignment.
 */
int iommufd_ioas_update_alignment(struct iommufd_ioas *ioas)
{
	unsigned long alignment = ioas->small_pages ? PAGE_SIZE : 1;
	struct iommufd_area *area = NULL;
	struct iommufd_access *access;
	struct iommufd_hwpt *hwpt;
	unsigned int steps = 0;
	unsigned long index;

	xa_for_each(&ioas->accesses, index, access) {
		alignment = max(alignment, access->alignment);
		take_turns(&steps);
	}
	list_for_each_entry(hwpt, &ioas->hwpts, node) {
		alignment = max(alignment,
				1UL << __ffs(hwpt->domain->pgsize_bitmap));
		take_turns(&steps);
	}
	if (alignment > ioas->iova_alignment)
		area = first_misaligned(ioas, alignment);
	if (area)
		return iommufd_refuse_mapping_alignment(area->node.start,
							area_length(area),
							alignment);
	ioas->iova_alignment = alignment;
	return 0;
}

/* Unmap every area before @end; @last: it is the only hardware page table */
static void hwpt_empty(struct iommufd_ioas *ioas, struct iommufd_hwpt *hwpt,
		       const struct iommufd_area *end, bool last)
{
	union iommufd_gather gather;
	struct iommufd_area *area;
	bool any = false;
	unsigned int steps = 0;

	iommufd_hwpt_unmap_begin(hwpt, &gather);
	iommufd_for_each_area(area, ioas, 0, ULONG_MAX) {
		if (area == end)
			break;
		if (area->pages->device) {
			iommufd_devmem_unmap(hwpt, area);
			continue;
		}
		iommufd_hwpt_unmap(hwpt, area->node.start, area_length(area),
				   &gather);
		any = true;
		take_turns(&steps);
	}
	if (any)
		iommufd_hwpt_unmap_end(hwpt, &gather);
	if (!last)
		return;
	iommufd_for_each_area(area, ioas, 0, ULONG_MAX) {
		if (area == end)
			break;
		iommufd_pages_lock(ioas->ictx, area->pages);
		iommufd_pages_release(area->pages, &area->holder);
		iommufd_pages_unlock(ioas->ictx, area->pages);
		take_turns(&steps);
	}
}

/* Revoked memory of one device is no reason to refuse to attach another */
static int area_is_hole(const struct iommufd_area *area)
{
	pr_info_ratelimited("the device memory mapped at IOVA %#lx is not available now: devices cannot access it; to use it again, unmap the IOVA and map it again\n",
			    area->node.start);
	return 0;
}

static int hwpt_fill(struct iommufd_ioas *ioas, struct iommufd_hwpt *hwpt,
		     bool first)
{
	struct iommufd_area *area;
	int ret;

	iommufd_for_each_area(area, ioas, 0, ULONG_MAX) {
		ret = fatal_signal_pending(current) ? -EINTR : 0;
		if (ret)
			goto err_empty;
		iommufd_pages_lock(ioas->ictx, area->pages);
		if (first)
			ret = iommufd_pages_hold(area->pages, &area->holder);
		if (!ret) {
			ret = area_map(ioas, hwpt, area);
			if (ret == -EFAULT && area->pages->device)
				ret = area_is_hole(area);
			if (ret && first)
				iommufd_pages_release(area->pages,
						      &area->holder);
		}
		iommufd_pages_unlock(ioas->ictx, area->pages);
		if (ret)
			goto err_empty;
		cond_resched();
	}
	return 0;

err_empty:
	hwpt_empty(ioas, hwpt, area, first);
	return ret;
}

static int reserve_outside_aperture(struct iommufd_ioas *ioas,
				    const struct iommufd_hwpt *hwpt,
				    struct device *dev)
{
	const struct iommu_domain_geometry *geometry = &hwpt->domain->geometry;
	int ret = 0;

	if (geometry->aperture_start)
		ret = iommufd_ioas_reserve(ioas, 0,
					   geometry->aperture_start - 1, hwpt);
	if (!ret && geometry->aperture_end != ULONG_MAX)
		ret = iommufd_ioas_reserve(ioas, geometry->aperture_end + 1,
					   ULONG_MAX, hwpt);
	if (ret == -EADDRINUSE)
		iommufd_refuse_attach_aperture(dev, geometry->aperture_start,
					       geometry->aperture_end);
	return ret;
}

/**
 * iommufd_ioas_add_hwpt() - map an address space in a hardware page table
 * @ioas: the address space
 * @hwpt: the hardware page table, empty
 * @dev: the device that it was created for
 *
 * Return: 0; -EADDRINUSE if a mapping, an allowed range or a window is outside
 * of its aperture or is not aligned to its pages; -EINVAL if its pages are too
 * large; -EINTR if the task is being killed; the errors of pinning. On failure
 * nothing has changed.
 */
int iommufd_ioas_add_hwpt(struct iommufd_ioas *ioas, struct iommufd_hwpt *hwpt,
			  struct device *dev)
{
	bool first;
	int ret;

	if (1UL << __ffs(hwpt->domain->pgsize_bitmap) > PAGE_SIZE) {
		iommufd_refuse_attach_page_size(dev,
			1UL << __ffs(hwpt->domain->pgsize_bitmap));
		return -EINVAL;
	}

	ret = down_write_killable(&ioas->domains_lock);
	if (ret)
		return ret;
	down_write(&ioas->lock);
	first = list_empty(&ioas->hwpts);
	list_add_tail(&hwpt->node, &ioas->hwpts);
	ret = iommufd_ioas_update_alignment(ioas);
	if (!ret)
		ret = iommufd_windows_check(ioas, hwpt, dev);
	if (!ret)
		ret = reserve_outside_aperture(ioas, hwpt, dev);
	up_write(&ioas->lock);
	/* Without domains_lock, the trees do not change */
	if (!ret)
		ret = iommufd_windows_add_hwpt(ioas, hwpt);
	if (!ret) {
		ret = hwpt_fill(ioas, hwpt, first);
		if (ret)
			iommufd_windows_remove_hwpt(ioas, hwpt);
	}
	if (ret) {
		down_write(&ioas->lock);
		list_del_init(&hwpt->node);
		iommufd_ioas_unreserve(ioas, hwpt);
		iommufd_ioas_update_alignment(ioas);
		up_write(&ioas->lock);
	}
	up_write(&ioas->domains_lock);
	return ret;
}

/**
 * iommufd_ioas_remove_hwpt() - undo iommufd_ioas_add_hwpt()
 * @ioas: the address space
 * @hwpt: the hardware page table; no device is attached to it any more
 */
void iommufd_ioas_remove_hwpt(struct iommufd_ioas *ioas,
			      struct iommufd_hwpt *hwpt)
{
	down_write(&ioas->domains_lock);
	hwpt_empty(ioas, hwpt, NULL, list_is_singular(&ioas->hwpts));
	iommufd_windows_remove_hwpt(ioas, hwpt);
	down_write(&ioas->lock);
	list_del_init(&hwpt->node);
	iommufd_ioas_unreserve(ioas, hwpt);
	iommufd_ioas_update_alignment(ioas);
	up_write(&ioas->lock);
	up_write(&ioas->domains_lock);
}
