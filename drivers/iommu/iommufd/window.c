// SPDX-License-Identifier: GPL-2.0
/*
 * Windows: the ranges of IOVA that a windowed address space keeps available.
 *
 * Windows are intervals in a tree of the address space. A mapping looks up its
 * window there. A device that reserves a part of a window cannot be attached:
 * its reserved regions overlap the window when they are inserted (iova.c).
 *
 * Hardware may have windows of its own. It then needs a hardware window for
 * each window of the address space. A hardware window is created together with
 * a window. When a hardware page table of such hardware is added, the driver
 * verifies that the hardware can have all windows at the same time, and then
 * they are created.
 *
 * A hardware window has the smallest page size that the hardware supports
 * there. The page size of the window may be larger: it restricts the IOVA and
 * the length of mappings, but not the memory that is mapped.
 *
 * Windows are created and removed with domains_lock and lock held for writing.
 * A window is closed before it is removed: no new mapping is accepted in it
 * while the existing ones are unmapped.
 */
#include <linux/iommu_windows.h>
#include <linux/log2.h>
#include <linux/overflow.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "refusal.h"
#include "ucmd.h"
#include "window.h"

#define WINDOW_ACCESS (IOMMU_IOAS_WINDOW_WRITEABLE | IOMMU_IOAS_WINDOW_READABLE)
#define WINDOW_FLAGS (WINDOW_ACCESS | IOMMU_IOAS_WINDOW_FIXED_BASE)

#define for_each_window(window, ioas)					\
	for (struct gap_node *__node =					\
		     gap_tree_first(&(ioas)->windows, 0, ULONG_MAX);	\
	     __node && ((window) = to_window(__node));			\
	     __node = gap_tree_next(__node, ULONG_MAX))

static struct iommufd_window *to_window(struct gap_node *node)
{
	return container_of(node, struct iommufd_window, node);
}

static const struct iommu_window_ops *
window_ops(const struct iommufd_hwpt *hwpt)
{
	return hwpt->run_ops ? hwpt->run_ops->windows : NULL;
}

static unsigned long smallest_page(const struct iommufd_hwpt *hwpt)
{
	return 1UL << __ffs(hwpt->domain->pgsize_bitmap);
}

/* The hardware's slot that contains a range */
static const struct iommu_window_slot *
find_slot(const struct iommufd_hwpt *hwpt, unsigned long first,
	  unsigned long last)
{
	const struct iommu_window_slot *slot;
	unsigned int nr;

	slot = window_ops(hwpt)->slots(hwpt->domain, &nr);
	for (; nr; nr--, slot++)
		if (first >= slot->base &&
		    last - slot->base <= slot->max_length - 1)
			return slot;
	return NULL;
}

/* Fill in the hardware window that a window needs */
static int hardware_window(const struct iommufd_hwpt *hwpt,
			   const struct iommufd_window *window,
			   struct iommu_window *out)
{
	const struct iommu_window_slot *slot;

	slot = find_slot(hwpt, window->node.start, window->node.last);
	if (!slot)
		return -EADDRINUSE;
	out->base = window->node.start;
	out->length = window->node.last - window->node.start + 1;
	out->page_size = 1UL << __ffs64(slot->page_sizes);
	if (window->page_size < out->page_size)
		return -EINVAL;
	return 0;
}

static unsigned int count_windows(struct iommufd_ioas *ioas)
{
	struct iommufd_window *window;
	unsigned int nr = 0, steps = 0;

	for_each_window(window, ioas) {
		nr++;
		take_turns(&steps);
	}
	return nr;
}

/* Can the hardware have all windows, including those that it has already? */
static int hardware_verify(struct iommufd_ioas *ioas,
			   const struct iommufd_hwpt *hwpt)
{
	unsigned int nr = count_windows(ioas), nr_slots, i = 0;
	struct iommufd_window *window;
	struct iommu_window *list;
	unsigned int steps = 0;
	int ret = 0;

	if (!nr)
		return 0;
	/* A slot has one window; there may be millions of windows, few slots */
	window_ops(hwpt)->slots(hwpt->domain, &nr_slots);
	if (nr > nr_slots)
		return -ENOSPC;
	list = kcalloc(nr, sizeof(*list), GFP_KERNEL);
	if (!list)
		return -ENOMEM;
	for_each_window(window, ioas) {
		ret = hardware_window(hwpt, window, &list[i++]);
		if (ret)
			break;
		take_turns(&steps);
	}
	if (!ret)
		ret = window_ops(hwpt)->verify(hwpt->domain, list, nr);
	kfree(list);
	return ret;
}

static int hardware_create(const struct iommufd_hwpt *hwpt,
			   const struct iommufd_window *window)
{
	struct iommu_window hw;
	int ret;

	if (!window_ops(hwpt))
		return 0;
	ret = hardware_window(hwpt, window, &hw);
	return ret ?: window_ops(hwpt)->create(hwpt->domain, &hw);
}

static void hardware_remove(const struct iommufd_hwpt *hwpt,
			    const struct iommufd_window *window)
{
	if (window_ops(hwpt))
		window_ops(hwpt)->remove(hwpt->domain, window->node.start);
}

static int windows_check(struct iommufd_ioas *ioas,
			 const struct iommufd_hwpt *hwpt)
{
	struct iommufd_window *window;
	unsigned int steps = 0;
	int ret;

	if (!ioas->windowed)
		return window_ops(hwpt) ? -EINVAL : 0;
	for_each_window(window, ioas) {
		if (window->page_size < smallest_page(hwpt))
			return -EADDRINUSE;
		take_turns(&steps);
	}
	if (!window_ops(hwpt))
		return 0;
	ret = hardware_verify(ioas, hwpt);
	return ret && ret != -ENOMEM ? -EADDRINUSE : ret;
}

/**
 * iommufd_windows_check() - does a hardware page table support all windows?
 * @ioas: the address space
 * @hwpt: the hardware page table; its aperture is checked elsewhere
 * @dev: the device that it was created for
 *
 * Context: domains_lock and lock held for writing.
 *
 * Return: 0; -EADDRINUSE if it does not; -EINVAL if the hardware has windows
 * and the address space is not windowed; -ENOMEM.
 */
int iommufd_windows_check(struct iommufd_ioas *ioas,
			  const struct iommufd_hwpt *hwpt, struct device *dev)
{
	int ret = windows_check(ioas, hwpt);

	if (ret && ret != -ENOMEM)
		iommufd_refuse_attach_windows(dev, ioas->windowed);
	return ret;
}

/**
 * iommufd_windows_add_hwpt() - create the hardware windows
 * @ioas: the address space
 * @hwpt: a hardware page table that is being added; iommufd_windows_check() was
 *	successful
 *
 * Context: domains_lock held for writing.
 *
 * Return: 0, or an error and there are no hardware windows.
 */
int iommufd_windows_add_hwpt(struct iommufd_ioas *ioas,
			     struct iommufd_hwpt *hwpt)
{
	struct iommufd_window *window, *undo;
	unsigned int steps = 0;
	int ret;

	for_each_window(window, ioas) {
		ret = take_turns_killable(&steps) ?:
		     hardware_create(hwpt, window);
		if (ret)
			goto err_undo;
	}
	return 0;

err_undo:
	for_each_window(undo, ioas) {
		if (undo == window)
			break;
		hardware_remove(hwpt, undo);
		take_turns(&steps);
	}
	return ret;
}

/**
 * iommufd_windows_remove_hwpt() - undo iommufd_windows_add_hwpt()
 * @ioas: the address space
 * @hwpt: a hardware page table in which nothing is mapped any more
 */
void iommufd_windows_remove_hwpt(struct iommufd_ioas *ioas,
				 struct iommufd_hwpt *hwpt)
{
	struct iommufd_window *window;
	unsigned int steps = 0;

	for_each_window(window, ioas) {
		hardware_remove(hwpt, window);
		take_turns(&steps);
	}
}

/* The smallest page size that all hardware page tables support */
static unsigned long smallest_shared_page(struct iommufd_ioas *ioas)
{
	unsigned long size = list_empty(&ioas->hwpts) ? PAGE_SIZE : 1;
	struct iommufd_hwpt *hwpt;

	list_for_each_entry(hwpt, &ioas->hwpts, node)
		size = max(size, smallest_page(hwpt));
	return size;
}

/* Page sizes up to @length that all hardware page tables support */
static unsigned long shared_page_sizes(struct iommufd_ioas *ioas,
				       unsigned long length)
{
	unsigned long sizes = GENMASK(__fls(length), 0);
	struct iommufd_hwpt *hwpt;

	if (list_empty(&ioas->hwpts))
		return sizes & (PAGE_SIZE | SZ_2M | SZ_1G);
	list_for_each_entry(hwpt, &ioas->hwpts, node)
		sizes &= hwpt->domain->pgsize_bitmap;
	return sizes;
}

/* Alignment of a base that allows the largest page that fits */
static unsigned long best_alignment(struct iommufd_ioas *ioas,
				    unsigned long length,
				    unsigned long page_size)
{
	unsigned long sizes = shared_page_sizes(ioas, length);

	return max(page_size, sizes ? 1UL << __fls(sizes) : 1);
}

static int window_choose_in(struct iommufd_ioas *ioas,
			    struct iommufd_window *window,
			    const struct iommufd_placement *p,
			    unsigned long first, unsigned long last)
{
	int ret = iommufd_iova_find(&ioas->windows, &ioas->reserved, p, first,
				   last, &window->node.start);

	if (!ret)
		window->node.last = window->node.start + (p->length - 1);
	return ret;
}

/* If several have hardware windows, the slots of the first one are used */
static struct iommufd_hwpt *hwpt_with_windows(struct iommufd_ioas *ioas)
{
	struct iommufd_hwpt *hwpt;

	list_for_each_entry(hwpt, &ioas->hwpts, node)
		if (window_ops(hwpt))
			return hwpt;
	return NULL;
}

static int hardware_create_all(struct iommufd_ioas *ioas,
			       struct iommufd_window *window)
{
	struct iommufd_hwpt *hwpt, *undo;
	int ret = 0;

	list_for_each_entry(hwpt, &ioas->hwpts, node) {
		ret = hardware_create(hwpt, window);
		if (ret)
			goto err_undo;
	}
	return 0;

err_undo:
	list_for_each_entry(undo, &ioas->hwpts, node) {
		if (undo == hwpt)
			break;
		hardware_remove(undo, window);
	}
	return ret;
}

static int window_choose_base(struct iommufd_ioas *ioas,
			      struct iommufd_window *window,
			      unsigned long length)
{
	const struct iommufd_placement p = {
		.length = length,
		.align = best_alignment(ioas, length, window->page_size),
	};
	struct iommufd_hwpt *hwpt = hwpt_with_windows(ioas);
	const struct iommu_window_slot *slot;
	unsigned int nr;
	int ret;

	if (!hwpt) {
		ret = window_choose_in(ioas, window, &p, 0, ULONG_MAX);
		return ret ?: hardware_create_all(ioas, window);
	}
	slot = window_ops(hwpt)->slots(hwpt->domain, &nr);
	for (; nr; nr--, slot++) {
		ret = window_choose_in(ioas, window, &p, slot->base,
				       slot->base + (slot->max_length - 1));
		if (ret == -EINTR)
			return ret;
		if (!ret && !hardware_create_all(ioas, window))
			return 0;
	}
	return -ENOSPC;
}

static int window_at_base(struct iommufd_ioas *ioas,
			  struct iommufd_window *window, unsigned long base,
			  unsigned long length)
{
	unsigned long last;

	if (check_add_overflow(base, length - 1, &last) ||
	    (base & (window->page_size - 1)))
		return -EINVAL;
	if (gap_tree_first(&ioas->windows, base, last))
		return -EEXIST;
	if (interval_tree_iter_first(&ioas->reserved, base, last))
		return -EADDRINUSE;
	window->node.start = base;
	window->node.last = last;
	return hardware_create_all(ioas, window);
}

static int window_insert(struct iommufd_ioas *ioas,
			 struct iommufd_window *window, unsigned long base,
			 unsigned long length)
{
	unsigned long smallest = smallest_shared_page(ioas);
	int ret;

	if (!window->page_size)
		window->page_size = smallest;
	if (window->page_size < smallest || (length & (window->page_size - 1)))
		return -EINVAL;
	ret = window->fixed ? window_at_base(ioas, window, base, length) :
			     window_choose_base(ioas, window, length);
	if (ret)
		return ret;
	window->id = ioas->next_window_id++;
	gap_tree_insert(&window->node, &ioas->windows);
	return 0;
}

int iommufd_ioas_window_create(struct iommufd_ioas *ioas, unsigned long *base,
			       unsigned long length, unsigned long *page_size,
			       u32 flags, u32 *id)
{
	struct iommufd_window *window;
	int ret;

	if (!ioas->windowed || (flags & ~WINDOW_FLAGS))
		return -EOPNOTSUPP;
	if (!length || (*page_size && !is_power_of_2(*page_size)))
		return -EINVAL;
	window = kzalloc(sizeof(*window), GFP_KERNEL_ACCOUNT);
	if (!window)
		return -ENOMEM;
	window->page_size = *page_size;
	window->fixed = flags & IOMMU_IOAS_WINDOW_FIXED_BASE;
	if (!(flags & WINDOW_ACCESS))
		flags |= WINDOW_ACCESS;
	if (flags & IOMMU_IOAS_WINDOW_READABLE)
		window->prot |= IOMMU_READ;
	if (flags & IOMMU_IOAS_WINDOW_WRITEABLE)
		window->prot |= IOMMU_WRITE;

	ret = down_write_killable(&ioas->domains_lock);
	if (ret)
		goto out_free;
	down_write(&ioas->lock);
	ret = window_insert(ioas, window, *base, length);
	if (!ret) {
		*base = window->node.start;
		*page_size = window->page_size;
		*id = window->id;
	}
	up_write(&ioas->lock);
	up_write(&ioas->domains_lock);
out_free:
	if (ret)
		kfree(window);
	return ret;
}
EXPORT_SYMBOL_GPL(iommufd_ioas_window_create);

/* Close a window: the caller is the only one to remove it */
static struct iommufd_window *window_close(struct iommufd_ioas *ioas, u32 id)
{
	struct iommufd_window *window, *found = ERR_PTR(-ENOENT);
	unsigned int steps = 0;

	down_write(&ioas->lock);
	for_each_window(window, ioas) {
		take_turns(&steps);
		if (window->id != id)
			continue;
		found = window->closed ? ERR_PTR(-EBUSY) : window;
		window->closed = true;
		break;
	}
	up_write(&ioas->lock);
	return found;
}

int iommufd_ioas_window_remove(struct iommufd_ioas *ioas, u32 id)
{
	struct iommufd_window *window;
	struct iommufd_hwpt *hwpt;
	unsigned long unmapped;
	int ret;

	if (!ioas->windowed)
		return -EOPNOTSUPP;
	window = window_close(ioas, id);
	if (IS_ERR(window))
		return PTR_ERR(window);
	ret = iommufd_ioas_unmap_range(ioas, window->node.start,
				       window->node.last, &unmapped);
	down_write(&ioas->domains_lock);
	down_write(&ioas->lock);
	if (ret) {
		window->closed = false;
	} else {
		list_for_each_entry(hwpt, &ioas->hwpts, node)
			hardware_remove(hwpt, window);
		gap_tree_remove(&window->node, &ioas->windows);
	}
	up_write(&ioas->lock);
	up_write(&ioas->domains_lock);
	if (!ret)
		kfree(window);
	return ret;
}
EXPORT_SYMBOL_GPL(iommufd_ioas_window_remove);

int iommufd_window_create_ioctl(struct iommufd_ucmd *ucmd)
{
	struct iommu_ioas_window_create *cmd = ucmd->cmd;
	unsigned long base = cmd->base, page_size = cmd->page_size;
	struct iommufd_ioas *ioas;
	u32 id;
	int ret;

	ioas = iommufd_ucmd_get_ioas(ucmd, cmd->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	ret = iommufd_ioas_window_create(ioas, &base, cmd->length, &page_size,
					 cmd->flags, &id);
	if (!ret) {
		cmd->out_window_id = id;
		cmd->base = base;
		cmd->page_size = page_size;
		ret = iommufd_ucmd_respond(ucmd, sizeof(*cmd));
		if (ret)
			iommufd_ioas_window_remove(ioas, id);
	}
	iommufd_ucmd_put_ioas(ucmd, ioas);
	return ret;
}

int iommufd_window_remove_ioctl(struct iommufd_ucmd *ucmd)
{
	const struct iommu_ioas_window_remove *cmd = ucmd->cmd;
	struct iommufd_ioas *ioas;
	int ret;

	if (cmd->__reserved)
		return -EOPNOTSUPP;
	ioas = iommufd_ucmd_get_ioas(ucmd, cmd->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	ret = iommufd_ioas_window_remove(ioas, cmd->window_id);
	iommufd_ucmd_put_ioas(ucmd, ioas);
	return ret;
}

static void window_describe(const struct iommufd_window *window,
			    struct iommu_ioas_window *out)
{
	out->window_id = window->id;
	out->flags = (window->prot & IOMMU_READ ?
			      IOMMU_IOAS_WINDOW_READABLE : 0) |
		     (window->prot & IOMMU_WRITE ?
			      IOMMU_IOAS_WINDOW_WRITEABLE : 0) |
		     (window->fixed ? IOMMU_IOAS_WINDOW_FIXED_BASE : 0);
	out->base = window->node.start;
	out->length = window->node.last - window->node.start + 1;
	out->page_size = window->page_size;
}

#define WINDOWS_PER_BATCH (SZ_4K / sizeof(struct iommu_ioas_window))

/* Describe at most a batch of windows from *@from on, and advance *@from */
static u32 windows_collect(struct iommufd_ioas *ioas, unsigned long *from,
			   struct iommu_ioas_window *list, bool *more)
{
	struct gap_node *node;
	u32 nr = 0;

	down_read(&ioas->lock);
	node = gap_tree_first(&ioas->windows, *from, ULONG_MAX);
	for (; node && nr < WINDOWS_PER_BATCH;
	     node = gap_tree_next(node, ULONG_MAX)) {
		window_describe(to_window(node), &list[nr++]);
		*from = node->last + 1;
	}
	up_read(&ioas->lock);
	*more = node;
	return nr;
}

/*
 * A batch at a time, as mappings are listed (mappings.c). Windows for which the
 * user has no room are counted, too.
 */
static int windows_copy(struct iommufd_ioas *ioas,
			struct iommu_ioas_window_list *cmd)
{
	struct iommu_ioas_window __user *user = u64_to_user_ptr(cmd->windows);
	u32 room = cmd->num_windows, nr, n;
	struct iommu_ioas_window *list;
	unsigned long from = 0;
	bool more;
	int ret = 0;

	list = kcalloc(WINDOWS_PER_BATCH, sizeof(*list), GFP_KERNEL);
	if (!list)
		return -ENOMEM;
	cmd->num_windows = 0;
	do {
		nr = windows_collect(ioas, &from, list, &more);
		n = min(nr, room);
		if (copy_to_user(user, list, n * sizeof(*list))) {
			ret = -EFAULT;
			break;
		}
		user += n;
		room -= n;
		cmd->num_windows += nr;
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		cond_resched();
	} while (more);
	kfree(list);
	return ret;
}

int iommufd_window_list_ioctl(struct iommufd_ucmd *ucmd)
{
	struct iommu_ioas_window_list *cmd = ucmd->cmd;
	struct iommufd_ioas *ioas;
	u32 room = cmd->num_windows;
	int ret;

	if (cmd->__reserved)
		return -EOPNOTSUPP;
	ioas = iommufd_ucmd_get_ioas(ucmd, cmd->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	ret = -EOPNOTSUPP;
	if (!ioas->windowed)
		goto out_put;
	ret = windows_copy(ioas, cmd);
	if (!ret)
		ret = iommufd_ucmd_respond(ucmd, sizeof(*cmd));
	if (!ret && cmd->num_windows > room)
		ret = -EMSGSIZE;
out_put:
	iommufd_ucmd_put_ioas(ucmd, ioas);
	return ret;
}
