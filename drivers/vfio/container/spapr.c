// SPDX-License-Identifier: GPL-2.0
/*
 * The sPAPR TCE v2 interface of a container, over windows.
 *
 * This interface comes from machines whose IOMMU has windows: IOVA exists only
 * inside them. There is a default window at 0. A program creates and removes
 * others. It first registers memory, which pins and charges it. Then a guest
 * can map it as often as it likes, at low cost.
 *
 * The container's address space is windowed, and each window here is one of its
 * windows. Registered memory is mapped in a second address space, to which no
 * device is attached, at IOVAs equal to its addresses. An access keeps its
 * pages pinned. Mapping copies from there, so pages that are pinned are shared.
 *
 * Unlike in type1, the unit of mapping is one page of the window, however a
 * range was mapped. Mapping over a mapping replaces it, and a part of a mapping
 * can be unmapped. So the address space uses only the smallest pages of the
 * hardware. If a replacement fails because memory cannot be allocated, nothing
 * is mapped there.
 *
 * spapr::lock protects everything. The first process that registers memory or
 * creates a window owns the container: other processes get EPERM.
 */
#define pr_fmt(fmt) "vfio_iommufd: " fmt

#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/log2.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "container.h"
#include "spapr.h"

/* Limits that VFIO_IOMMU_SPAPR_TCE_GET_INFO reports */
#define MAX_WINDOWS 8
#define MAX_LEVELS 5
#define PAGE_SIZES (SZ_4K | SZ_64K | SZ_2M | SZ_16M)

/* Pages that are pinned with one call when memory is registered */
#define PIN_PAGES 512

/* A window; unused if length is 0 */
struct spapr_window {
	unsigned long base;
	unsigned long length;
	unsigned long page_size;
	u32 id;
};

/* Registered memory */
struct spapr_memory {
	struct list_head item;
	unsigned long address;
	unsigned long length;
};

/**
 * struct spapr - state of a container of this type
 * @lock: protects all of this
 * @mm: the process that owns the container, or NULL
 * @windows: the windows
 * @default_length: length of the default window, or 0 before it is created
 * @memory: list of struct spapr_memory
 * @registered: the address space of registered memory
 * @access: pins registered memory
 */
struct spapr {
	struct mutex lock;
	struct mm_struct *mm;
	struct spapr_window windows[MAX_WINDOWS];
	unsigned long default_length;
	struct list_head memory;
	struct iommufd_ioas *registered;
	struct iommufd_access *access;
};

/* Nothing to do: registered memory is unpinned before it is unmapped */
static void spapr_ignore_unmap(void *data, unsigned long iova,
			       unsigned long length)
{
}

static const struct iommufd_access_ops access_ops = {
	.needs_pin_pages = 1,
	.unmap = spapr_ignore_unmap,
};

struct spapr *spapr_create(struct container *c)
{
	struct spapr *spapr = kzalloc(sizeof(*spapr), GFP_KERNEL_ACCOUNT);
	u32 id;
	int ret;

	if (!spapr)
		return ERR_PTR(-ENOMEM);
	mutex_init(&spapr->lock);
	INIT_LIST_HEAD(&spapr->memory);
	spapr->registered = iommufd_ioas_create(c->ictx, 0);
	if (IS_ERR(spapr->registered)) {
		ret = PTR_ERR(spapr->registered);
		goto free_spapr;
	}
	spapr->access = iommufd_access_create(c->ictx, &access_ops, spapr, &id);
	if (IS_ERR(spapr->access)) {
		ret = PTR_ERR(spapr->access);
		goto destroy_ioas;
	}
	ret = iommufd_access_attach(spapr->access,
				    iommufd_ioas_id(spapr->registered));
	if (ret)
		goto destroy_access;
	return spapr;

destroy_access:
	iommufd_access_destroy(spapr->access);
destroy_ioas:
	iommufd_ioas_destroy(spapr->registered);
free_spapr:
	kfree(spapr);
	return ERR_PTR(ret);
}

/* Pin memory piece by piece; @pages has room for the pages of one piece */
static int spapr_pin_memory(struct spapr *spapr, unsigned long address,
			    unsigned long length, struct page **pages)
{
	unsigned long done, piece;
	int ret;

	for (done = 0; done < length; done += piece) {
		piece = min(length - done, PIN_PAGES * PAGE_SIZE);
		ret = iommufd_access_pin_pages(spapr->access, address + done,
					       piece, pages,
					       IOMMUFD_ACCESS_RW_WRITE);
		if (ret)
			break;
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			done += piece;
			break;
		}
		cond_resched();
	}
	if (done >= length)
		return 0;
	while (done) {
		done -= PIN_PAGES * PAGE_SIZE;
		iommufd_access_unpin_pages(spapr->access, address + done,
					   PIN_PAGES * PAGE_SIZE);
		cond_resched();
	}
	return ret;
}

static void spapr_unpin_memory(struct spapr *spapr, unsigned long address,
			       unsigned long length)
{
	unsigned long done, piece;

	for (done = 0; done < length; done += piece) {
		piece = min(length - done, PIN_PAGES * PAGE_SIZE);
		iommufd_access_unpin_pages(spapr->access, address + done,
					   piece);
		cond_resched();
	}
}

static void spapr_free_memory(struct spapr *spapr, struct spapr_memory *memory)
{
	unsigned long unmapped;

	spapr_unpin_memory(spapr, memory->address, memory->length);
	WARN_ON(iommufd_ioas_unmap(spapr->registered, memory->address,
				   memory->length, &unmapped));
	list_del(&memory->item);
	kfree(memory);
}

void spapr_destroy(struct spapr *spapr)
{
	struct spapr_memory *memory, *next;

	list_for_each_entry_safe(memory, next, &spapr->memory, item)
		spapr_free_memory(spapr, memory);
	iommufd_access_destroy(spapr->access);
	iommufd_ioas_destroy(spapr->registered);
	if (spapr->mm)
		mmdrop(spapr->mm);
	kfree(spapr);
}

static struct spapr_window *spapr_find_window(struct spapr *spapr, u64 iova)
{
	struct spapr_window *window;
	int i;

	for (i = 0; i < MAX_WINDOWS; i++) {
		window = &spapr->windows[i];
		if (window->length && iova >= window->base &&
		    iova - window->base < window->length)
			return window;
	}
	return NULL;
}

static struct spapr_window *spapr_unused_window(struct spapr *spapr)
{
	int i;

	for (i = 0; i < MAX_WINDOWS; i++)
		if (!spapr->windows[i].length)
			return &spapr->windows[i];
	return NULL;
}

static int spapr_add_window(struct container *c, unsigned long base,
			    unsigned long length, unsigned long page_size,
			    u32 flags, struct spapr_window **out)
{
	struct spapr_window *window = spapr_unused_window(c->spapr);
	u32 id;
	int ret;

	lockdep_assert_held(&c->spapr->lock);
	if (!window)
		return -ENOSPC;
	ret = iommufd_ioas_window_create(c->ioas, &base, length, &page_size,
					 flags | IOMMU_IOAS_WINDOW_READABLE |
						IOMMU_IOAS_WINDOW_WRITEABLE,
					 &id);
	if (ret)
		return ret;
	*window = (struct spapr_window){ base, length, page_size, id };
	*out = window;
	return 0;
}

static int spapr_drop_window(struct container *c, struct spapr_window *window)
{
	int ret;

	lockdep_assert_held(&c->spapr->lock);
	ret = iommufd_ioas_window_remove(c->ioas, window->id);
	if (!ret)
		window->length = 0;
	return ret;
}

int spapr_attached(struct container *c)
{
	struct spapr *spapr = c->spapr;
	struct spapr_window *window;
	unsigned long length;
	int ret = 0;

	mutex_lock(&spapr->lock);
	/* The largest that fits below the ranges that the platform reserves */
	for (length = SZ_2G; !spapr->default_length; length /= 2) {
		ret = -ENOSPC;
		if (length >= SZ_16M)
			ret = spapr_add_window(c, 0, length, SZ_4K,
					       IOMMU_IOAS_WINDOW_FIXED_BASE,
					       &window);
		if (!ret)
			spapr->default_length = length;
		else if (ret != -EADDRINUSE && ret != -EINVAL)
			break;
	}
	mutex_unlock(&spapr->lock);
	if (ret == -ENOSPC)
		pr_warn_ratelimited("a group cannot be attached: there is no room for a window of %#x bytes at IOVA 0, or there are %u windows already; remove one, or use a type1 container\n",
				    SZ_16M, MAX_WINDOWS);
	return ret;
}

/* The first process to call it owns the container */
static int spapr_claim(struct spapr *spapr)
{
	lockdep_assert_held(&spapr->lock);
	if (spapr->mm)
		return spapr->mm == current->mm ? 0 : -EPERM;
	if (!current->mm)
		return -EPERM;
	spapr->mm = current->mm;
	mmgrab(spapr->mm);
	return 0;
}

static int spapr_get_info(struct container *c, void __user *arg)
{
	const size_t least = offsetofend(struct vfio_iommu_spapr_tce_info,
					 dma32_window_size);
	struct vfio_iommu_spapr_tce_info info = {};
	size_t size;

	if (copy_from_user(&info, arg, least))
		return -EFAULT;
	if (info.argsz < least)
		return -EINVAL;
	size = info.argsz < sizeof(info) ? least : sizeof(info);
	info.flags = VFIO_IOMMU_SPAPR_INFO_DDW;
	info.dma32_window_start = 0;
	info.dma32_window_size = c->spapr->default_length;
	info.ddw.pgsizes = PAGE_SIZES;
	info.ddw.max_dynamic_windows_supported = MAX_WINDOWS;
	info.ddw.levels = MAX_LEVELS;
	return copy_to_user(arg, &info, size) ? -EFAULT : 0;
}

static int spapr_create_window(struct container *c, void __user *arg)
{
	struct vfio_iommu_spapr_tce_create create;
	struct spapr_window *window;
	int ret;

	if (copy_from_user(&create, arg, sizeof(create)))
		return -EFAULT;
	if (create.argsz < sizeof(create) || create.flags ||
	    create.page_shift >= BITS_PER_LONG ||
	    !(BIT(create.page_shift) & PAGE_SIZES) || !create.levels ||
	    create.levels > MAX_LEVELS || !is_power_of_2(create.window_size) ||
	    create.window_size < BIT(create.page_shift))
		return -EINVAL;
	ret = spapr_claim(c->spapr);
	if (!ret)
		ret = spapr_add_window(c, 0, create.window_size,
				       BIT(create.page_shift), 0, &window);
	if (ret)
		return ret;
	create.start_addr = window->base;
	if (copy_to_user(arg, &create, sizeof(create))) {
		spapr_drop_window(c, window);
		return -EFAULT;
	}
	return 0;
}

static int spapr_remove_window(struct container *c, void __user *arg)
{
	struct vfio_iommu_spapr_tce_remove remove;
	struct spapr_window *window;
	int ret;

	if (copy_from_user(&remove, arg, sizeof(remove)))
		return -EFAULT;
	if (remove.argsz < sizeof(remove) || remove.flags)
		return -EINVAL;
	ret = spapr_claim(c->spapr);
	if (ret)
		return ret;
	window = spapr_find_window(c->spapr, remove.start_addr);
	return window ? spapr_drop_window(c, window) : -EINVAL;
}

static int spapr_copy_registration(struct vfio_iommu_spapr_register_memory *cmd,
				   void __user *arg)
{
	if (copy_from_user(cmd, arg, sizeof(*cmd)))
		return -EFAULT;
	if (cmd->argsz < sizeof(*cmd) || cmd->flags ||
	    !PAGE_ALIGNED(cmd->vaddr | cmd->size) || !cmd->size ||
	    cmd->vaddr + cmd->size - 1 < cmd->vaddr)
		return -EINVAL;
	return 0;
}

/* Yields the CPU: the list may be long */
static struct spapr_memory *spapr_find_memory(struct spapr *spapr, u64 address,
					      u64 length)
{
	struct spapr_memory *memory;

	list_for_each_entry(memory, &spapr->memory, item) {
		if (memory->address == address && memory->length == length)
			return memory;
		cond_resched();
	}
	return NULL;
}

static int spapr_map_and_pin(struct spapr *spapr, unsigned long address,
			     unsigned long length)
{
	unsigned long iova = address, unmapped;
	struct page **pages;
	int ret;

	pages = kmalloc_array(PIN_PAGES, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return -ENOMEM;
	ret = iommufd_ioas_map_user(spapr->registered, &iova, address, length,
				    IOMMU_READ | IOMMU_WRITE, 0);
	if (!ret) {
		ret = spapr_pin_memory(spapr, address, length, pages);
		if (ret)
			iommufd_ioas_unmap(spapr->registered, address, length,
					   &unmapped);
	}
	kfree(pages);
	return ret;
}

static int spapr_register_memory(struct container *c, void __user *arg)
{
	struct vfio_iommu_spapr_register_memory cmd;
	struct spapr *spapr = c->spapr;
	struct spapr_memory *memory;
	int ret;

	ret = spapr_copy_registration(&cmd, arg);
	if (!ret)
		ret = spapr_claim(spapr);
	if (ret)
		return ret;
	if (spapr_find_memory(spapr, cmd.vaddr, cmd.size))
		return -EBUSY;
	memory = kzalloc(sizeof(*memory), GFP_KERNEL_ACCOUNT);
	if (!memory)
		return -ENOMEM;
	memory->address = cmd.vaddr;
	memory->length = cmd.size;
	ret = spapr_map_and_pin(spapr, cmd.vaddr, cmd.size);
	if (ret) {
		kfree(memory);
		/* It overlaps registered memory */
		return ret == -EEXIST ? -EINVAL : ret;
	}
	list_add(&memory->item, &spapr->memory);
	return 0;
}

static int spapr_overlaps_memory(void *data, unsigned long iova,
				 unsigned long length, unsigned long address,
				 int prot)
{
	const struct spapr_memory *memory = data;

	return address < memory->address + memory->length &&
	       memory->address < address + length ? -EBUSY : 0;
}

static int spapr_unregister_memory(struct container *c, void __user *arg)
{
	struct vfio_iommu_spapr_register_memory cmd;
	struct spapr *spapr = c->spapr;
	struct spapr_memory *memory;
	int ret;

	if (!spapr->mm)
		return -EPERM;
	ret = spapr_copy_registration(&cmd, arg);
	if (!ret)
		ret = spapr_claim(spapr);
	if (ret)
		return ret;
	memory = spapr_find_memory(spapr, cmd.vaddr, cmd.size);
	if (!memory)
		return -ENOENT;
	ret = iommufd_ioas_mappings(c->ioas, 0, ULONG_MAX,
				    spapr_overlaps_memory, memory);
	if (!ret)
		spapr_free_memory(spapr, memory);
	return ret;
}

/* Check that the range consists of whole pages of one window */
static int spapr_check_range(struct spapr *spapr, u64 iova, u64 length)
{
	const struct spapr_window *window = spapr_find_window(spapr, iova);

	if (!window)
		return -ENXIO;
	if (!length || !IS_ALIGNED(iova | length, window->page_size) ||
	    length > window->length - (iova - window->base))
		return -EINVAL;
	return 0;
}

static int spapr_clear_range(struct container *c, unsigned long iova,
			     unsigned long length)
{
	unsigned long unmapped;
	int ret;

	ret = iommufd_ioas_split(c->ioas, iova, length);
	return ret ?: iommufd_ioas_unmap(c->ioas, iova, length, &unmapped);
}

/* Is all of it registered? Then mapping it can only fail with -ENOMEM. */
static int spapr_check_registered(struct spapr *spapr, unsigned long address,
				  unsigned long length)
{
	struct spapr_memory *memory;

	list_for_each_entry(memory, &spapr->memory, item) {
		if (address >= memory->address &&
		    address - memory->address < memory->length &&
		    length <= memory->length - (address - memory->address))
			return 0;
		cond_resched();
	}
	return -EINVAL;
}

static int spapr_map_dma(struct container *c, void __user *arg)
{
	const u32 known = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE;
	const size_t size = offsetofend(struct vfio_iommu_type1_dma_map, size);
	struct vfio_iommu_type1_dma_map map;
	struct spapr *spapr = c->spapr;
	unsigned long iova;
	int prot = 0, ret;

	/* Only the owner can have registered memory */
	if (!spapr->mm || spapr->mm != current->mm)
		return -EPERM;
	if (copy_from_user(&map, arg, size))
		return -EFAULT;
	if (map.argsz < size || map.flags & ~known || !map.flags)
		return -EINVAL;
	ret = spapr_check_range(spapr, map.iova, map.size);
	if (ret)
		return ret;
	if (!IS_ALIGNED(map.vaddr,
			spapr_find_window(spapr, map.iova)->page_size))
		return -EINVAL;
	ret = spapr_check_registered(spapr, map.vaddr, map.size);
	if (ret)
		return ret;
	if (map.flags & VFIO_DMA_MAP_FLAG_READ)
		prot |= IOMMU_READ;
	if (map.flags & VFIO_DMA_MAP_FLAG_WRITE)
		prot |= IOMMU_WRITE;

	ret = spapr_clear_range(c, map.iova, map.size);
	if (ret)
		return ret;
	iova = map.iova;
	return iommufd_ioas_copy(c->ioas, &iova, spapr->registered, map.vaddr,
				 map.size, prot, 0);
}

static int spapr_unmap_dma(struct container *c, void __user *arg)
{
	const size_t size =
		offsetofend(struct vfio_iommu_type1_dma_unmap, size);
	struct vfio_iommu_type1_dma_unmap unmap;
	struct spapr *spapr = c->spapr;
	int ret;

	if (!spapr->mm || spapr->mm != current->mm)
		return -EPERM;
	if (copy_from_user(&unmap, arg, size))
		return -EFAULT;
	if (unmap.argsz < size || unmap.flags)
		return -EINVAL;
	ret = spapr_check_range(spapr, unmap.iova, unmap.size);
	return ret ?: spapr_clear_range(c, unmap.iova, unmap.size);
}

long spapr_ioctl(struct container *c, unsigned int cmd, void __user *arg)
{
	static const struct {
		unsigned int cmd;
		int (*run)(struct container *c, void __user *arg);
	} calls[] = {
		{ VFIO_IOMMU_SPAPR_TCE_GET_INFO, spapr_get_info },
		{ VFIO_IOMMU_SPAPR_TCE_CREATE, spapr_create_window },
		{ VFIO_IOMMU_SPAPR_TCE_REMOVE, spapr_remove_window },
		{ VFIO_IOMMU_SPAPR_REGISTER_MEMORY, spapr_register_memory },
		{ VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY, spapr_unregister_memory },
		{ VFIO_IOMMU_MAP_DMA, spapr_map_dma },
		{ VFIO_IOMMU_UNMAP_DMA, spapr_unmap_dma },
	};
	long ret = -ENOTTY;
	size_t i;

	/* Another process may hold the lock for long, to register memory */
	if (mutex_lock_killable(&c->spapr->lock))
		return -EINTR;
	for (i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i].cmd == cmd)
			ret = calls[i].run(c, arg);
	mutex_unlock(&c->spapr->lock);
	return ret;
}
