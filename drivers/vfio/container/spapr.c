// SPDX-License-Identifier: GPL-2.0
/*
 * The sPAPR TCE v2 interface of a container, over windows.
 *
 * This interface comes from machines whose IOMMU has windows: IOVA exists only
 * inside them. There is a default window at 0; a program creates and removes
 * others. Memory is registered first, which is when it is pinned and counted,
 * and mapped afterwards as often as a guest likes, at little cost.
 *
 * The container's address space is a windowed one, and each window here is one
 * of its windows. Registered memory lives in an address space of its own, which
 * no device is attached to, at IOVAs equal to its addresses; an access keeps its
 * pages pinned. Mapping copies from there: what is pinned already is shared.
 *
 * Unlike in type1 the unit of mapping is the page of the window, however a
 * range was mapped: mapping over a mapping replaces it, and a part can be
 * unmapped. So the address space uses the smallest pages of the hardware only.
 * A replacement that fails, for want of memory, leaves nothing mapped there.
 *
 * spapr::lock orders everything. The first process that registers memory or
 * creates a window is the only one that the container serves from then on.
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

/* What VFIO_IOMMU_SPAPR_TCE_GET_INFO says that there can be */
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
 * struct spapr - what a container of this kind has
 * @lock: for all of this
 * @mm: whom the container serves, or NULL
 * @windows: the windows
 * @default_length: length of the default window, or 0 before there was one
 * @memory: struct spapr_memory
 * @registered: the address space of registered memory
 * @access: pins it
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

/* Registered memory is unmapped only after it was unpinned */
static void no_unmap(void *data, unsigned long iova, unsigned long length)
{
}

static const struct iommufd_access_ops access_ops = {
	.needs_pin_pages = 1,
	.unmap = no_unmap,
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

/* Pin, or unpin, memory piece by piece; @pages is room for a piece */
static int pin_memory(struct spapr *spapr, unsigned long address,
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

static void unpin_memory(struct spapr *spapr, unsigned long address,
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

static void free_memory(struct spapr *spapr, struct spapr_memory *memory)
{
	unsigned long unmapped;

	unpin_memory(spapr, memory->address, memory->length);
	WARN_ON(iommufd_ioas_unmap(spapr->registered, memory->address,
				   memory->length, &unmapped));
	list_del(&memory->item);
	kfree(memory);
}

void spapr_destroy(struct spapr *spapr)
{
	struct spapr_memory *memory, *next;

	list_for_each_entry_safe(memory, next, &spapr->memory, item)
		free_memory(spapr, memory);
	iommufd_access_destroy(spapr->access);
	iommufd_ioas_destroy(spapr->registered);
	if (spapr->mm)
		mmdrop(spapr->mm);
	kfree(spapr);
}

static struct spapr_window *find_window(struct spapr *spapr, u64 iova)
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

static struct spapr_window *unused_window(struct spapr *spapr)
{
	int i;

	for (i = 0; i < MAX_WINDOWS; i++)
		if (!spapr->windows[i].length)
			return &spapr->windows[i];
	return NULL;
}

static int open_window(struct container *c, unsigned long base,
		       unsigned long length, unsigned long page_size,
		       u32 flags, struct spapr_window **out)
{
	struct spapr_window *window = unused_window(c->spapr);
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

static int close_window(struct container *c, struct spapr_window *window)
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
	/* The largest for which there is room below what the platform reserves */
	for (length = SZ_2G; !spapr->default_length; length /= 2) {
		ret = length < SZ_16M ? -ENOSPC :
				       open_window(c, 0, length, SZ_4K,
						   IOMMU_IOAS_WINDOW_FIXED_BASE,
						   &window);
		if (!ret)
			spapr->default_length = length;
		else if (ret != -EADDRINUSE && ret != -EINVAL)
			break;
	}
	mutex_unlock(&spapr->lock);
	if (ret == -ENOSPC)
		pr_warn_ratelimited("a group cannot join: there is no room for a window of %#x bytes at IOVA 0, or there are %u windows already; remove one, or use a type1 container\n",
				    SZ_16M, MAX_WINDOWS);
	return ret;
}

/* The container belongs to whoever comes first */
static int claim_for_process(struct spapr *spapr)
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

static int get_info(struct container *c, void __user *arg)
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

static int create_window(struct container *c, void __user *arg)
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
	ret = claim_for_process(c->spapr);
	if (!ret)
		ret = open_window(c, 0, create.window_size,
				  BIT(create.page_shift), 0, &window);
	if (ret)
		return ret;
	create.start_addr = window->base;
	if (copy_to_user(arg, &create, sizeof(create))) {
		close_window(c, window);
		return -EFAULT;
	}
	return 0;
}

static int remove_window(struct container *c, void __user *arg)
{
	struct vfio_iommu_spapr_tce_remove remove;
	struct spapr_window *window;
	int ret;

	if (copy_from_user(&remove, arg, sizeof(remove)))
		return -EFAULT;
	if (remove.argsz < sizeof(remove) || remove.flags)
		return -EINVAL;
	ret = claim_for_process(c->spapr);
	if (ret)
		return ret;
	window = find_window(c->spapr, remove.start_addr);
	return window ? close_window(c, window) : -EINVAL;
}

static int copy_registration(struct vfio_iommu_spapr_register_memory *cmd,
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

/* A program registers as much as it likes: others may run in between */
static struct spapr_memory *find_memory(struct spapr *spapr, u64 address,
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

static int map_and_pin(struct spapr *spapr, unsigned long address,
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
		ret = pin_memory(spapr, address, length, pages);
		if (ret)
			iommufd_ioas_unmap(spapr->registered, address, length,
					   &unmapped);
	}
	kfree(pages);
	return ret;
}

static int register_memory(struct container *c, void __user *arg)
{
	struct vfio_iommu_spapr_register_memory cmd;
	struct spapr *spapr = c->spapr;
	struct spapr_memory *memory;
	int ret;

	ret = copy_registration(&cmd, arg);
	if (!ret)
		ret = claim_for_process(spapr);
	if (ret)
		return ret;
	if (find_memory(spapr, cmd.vaddr, cmd.size))
		return -EBUSY;
	memory = kzalloc(sizeof(*memory), GFP_KERNEL_ACCOUNT);
	if (!memory)
		return -ENOMEM;
	memory->address = cmd.vaddr;
	memory->length = cmd.size;
	ret = map_and_pin(spapr, cmd.vaddr, cmd.size);
	if (ret) {
		kfree(memory);
		/* It overlaps what is registered */
		return ret == -EEXIST ? -EINVAL : ret;
	}
	list_add(&memory->item, &spapr->memory);
	return 0;
}

static int is_memory_of(void *data, unsigned long iova, unsigned long length,
			unsigned long address, int prot)
{
	const struct spapr_memory *memory = data;

	return address < memory->address + memory->length &&
	       memory->address < address + length ? -EBUSY : 0;
}

static int unregister_memory(struct container *c, void __user *arg)
{
	struct vfio_iommu_spapr_register_memory cmd;
	struct spapr *spapr = c->spapr;
	struct spapr_memory *memory;
	int ret;

	if (!spapr->mm)
		return -EPERM;
	ret = copy_registration(&cmd, arg);
	if (!ret)
		ret = claim_for_process(spapr);
	if (ret)
		return ret;
	memory = find_memory(spapr, cmd.vaddr, cmd.size);
	if (!memory)
		return -ENOENT;
	ret = iommufd_ioas_mappings(c->ioas, 0, ULONG_MAX, is_memory_of, memory);
	if (!ret)
		free_memory(spapr, memory);
	return ret;
}

/* Whole pages of one window */
static int check_range(struct spapr *spapr, u64 iova, u64 length)
{
	const struct spapr_window *window = find_window(spapr, iova);

	if (!window)
		return -ENXIO;
	if (!length || !IS_ALIGNED(iova | length, window->page_size) ||
	    length > window->length - (iova - window->base))
		return -EINVAL;
	return 0;
}

static int clear_range(struct container *c, unsigned long iova,
		       unsigned long length)
{
	unsigned long unmapped;
	int ret;

	ret = iommufd_ioas_split(c->ioas, iova, length);
	return ret ?: iommufd_ioas_unmap(c->ioas, iova, length, &unmapped);
}

/* Is all of it registered? Then mapping it fails for want of memory alone. */
static int check_registered(struct spapr *spapr, unsigned long address,
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

static int map_dma(struct container *c, void __user *arg)
{
	const u32 known = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE;
	const size_t size = offsetofend(struct vfio_iommu_type1_dma_map, size);
	struct vfio_iommu_type1_dma_map map;
	struct spapr *spapr = c->spapr;
	unsigned long iova;
	int prot = 0, ret;

	/* Nothing can be mapped before something was registered */
	if (!spapr->mm || spapr->mm != current->mm)
		return -EPERM;
	if (copy_from_user(&map, arg, size))
		return -EFAULT;
	if (map.argsz < size || map.flags & ~known || !map.flags)
		return -EINVAL;
	ret = check_range(spapr, map.iova, map.size);
	if (ret)
		return ret;
	if (!IS_ALIGNED(map.vaddr,
			find_window(spapr, map.iova)->page_size))
		return -EINVAL;
	ret = check_registered(spapr, map.vaddr, map.size);
	if (ret)
		return ret;
	if (map.flags & VFIO_DMA_MAP_FLAG_READ)
		prot |= IOMMU_READ;
	if (map.flags & VFIO_DMA_MAP_FLAG_WRITE)
		prot |= IOMMU_WRITE;

	ret = clear_range(c, map.iova, map.size);
	if (ret)
		return ret;
	iova = map.iova;
	return iommufd_ioas_copy(c->ioas, &iova, spapr->registered, map.vaddr,
				 map.size, prot, 0);
}

static int unmap_dma(struct container *c, void __user *arg)
{
	const size_t size = offsetofend(struct vfio_iommu_type1_dma_unmap, size);
	struct vfio_iommu_type1_dma_unmap unmap;
	struct spapr *spapr = c->spapr;
	int ret;

	if (!spapr->mm || spapr->mm != current->mm)
		return -EPERM;
	if (copy_from_user(&unmap, arg, size))
		return -EFAULT;
	if (unmap.argsz < size || unmap.flags)
		return -EINVAL;
	ret = check_range(spapr, unmap.iova, unmap.size);
	return ret ?: clear_range(c, unmap.iova, unmap.size);
}

long spapr_ioctl(struct container *c, unsigned int cmd, void __user *arg)
{
	static const struct {
		unsigned int cmd;
		int (*run)(struct container *c, void __user *arg);
	} calls[] = {
		{ VFIO_IOMMU_SPAPR_TCE_GET_INFO, get_info },
		{ VFIO_IOMMU_SPAPR_TCE_CREATE, create_window },
		{ VFIO_IOMMU_SPAPR_TCE_REMOVE, remove_window },
		{ VFIO_IOMMU_SPAPR_REGISTER_MEMORY, register_memory },
		{ VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY, unregister_memory },
		{ VFIO_IOMMU_MAP_DMA, map_dma },
		{ VFIO_IOMMU_UNMAP_DMA, unmap_dma },
	};
	long ret = -ENOTTY;
	size_t i;

	/* Registering memory may take another process long */
	if (mutex_lock_killable(&c->spapr->lock))
		return -EINTR;
	for (i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i].cmd == cmd)
			ret = calls[i].run(c, arg);
	mutex_unlock(&c->spapr->lock);
	return ret;
}
