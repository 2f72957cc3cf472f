// SPDX-License-Identifier: GPL-2.0
/* The ioctls of address spaces: check arguments, write results back */
#include <linux/limits.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "ioas.h"
#include "ucmd.h"

int iommufd_ioas_alloc_ioctl(struct iommufd_ucmd *ucmd)
{
	struct iommu_ioas_alloc *cmd = ucmd->cmd;
	struct iommufd_ctx *ictx = ucmd->ictx;
	struct iommufd_ioas *ioas;
	int ret;

	if (cmd->flags & ~IOMMU_IOAS_ALLOC_WINDOWED)
		return -EOPNOTSUPP;
	ioas = iommufd_ioas_alloc(ictx, cmd->flags);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	cmd->out_ioas_id = ioas->obj.id;
	ret = iommufd_ucmd_respond(ucmd, sizeof(*cmd));
	if (!ret)
		ret = down_read_killable(&ictx->process_lock);
	if (ret) {
		iommufd_object_abort(ictx, &ioas->obj);
		return ret;
	}
	iommufd_object_publish(ictx, &ioas->obj);
	up_read(&ictx->process_lock);
	return 0;
}

#define RANGES_PER_BATCH (SZ_4K / sizeof(struct iommu_iova_range))

/**
 * struct range_list - a batch of ranges to copy to the user
 * @ranges: the ranges
 * @nr: number of ranges
 */
struct range_list {
	struct iommu_iova_range *ranges;
	u32 nr;
};

/* Stop the walk at the first range that does not fit */
static int collect_range(void *data, unsigned long first, unsigned long last)
{
	struct range_list *list = data;

	if (list->nr == RANGES_PER_BATCH)
		return 1;
	list->ranges[list->nr].start = first;
	list->ranges[list->nr].last = last;
	list->nr++;
	return 0;
}

/*
 * Copies in batches, so that no lock is held while the user's memory is
 * written. A change between two batches may be seen or not. Ranges for which
 * the user has no room are counted too.
 */
static int copy_ranges(struct iommufd_ioas *ioas, struct range_list *list,
		       struct iommu_ioas_iova_ranges *cmd)
{
	struct iommu_iova_range __user *user =
		u64_to_user_ptr(cmd->allowed_iovas);
	u32 room = cmd->num_iovas, n;
	unsigned long from = 0;
	int ret;

	cmd->num_iovas = 0;
	do {
		list->nr = 0;
		ret = iommufd_iova_ranges_from(ioas, from, collect_range, list);
		if (ret < 0)
			return ret;
		n = min(list->nr, room);
		if (copy_to_user(user, list->ranges, n * sizeof(*user)))
			return -EFAULT;
		user += n;
		room -= n;
		cmd->num_iovas += list->nr;
		if (ret)
			from = list->ranges[list->nr - 1].last + 1;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	} while (ret);
	return 0;
}

int iommufd_ioas_iova_ranges_ioctl(struct iommufd_ucmd *ucmd)
{
	struct iommu_ioas_iova_ranges *cmd = ucmd->cmd;
	struct range_list list = {};
	struct iommufd_ioas *ioas;
	u32 room = cmd->num_iovas;
	int ret;

	if (cmd->__reserved)
		return -EOPNOTSUPP;
	ioas = iommufd_ucmd_get_ioas(ucmd, cmd->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	ret = -ENOMEM;
	list.ranges = kmalloc_array(RANGES_PER_BATCH, sizeof(*list.ranges),
				    GFP_KERNEL);
	if (!list.ranges)
		goto out_put;
	ret = copy_ranges(ioas, &list, cmd);
	kfree(list.ranges);
	if (ret)
		goto out_put;
	cmd->out_iova_alignment = READ_ONCE(ioas->iova_alignment);
	ret = iommufd_ucmd_respond(ucmd, sizeof(*cmd));
	if (!ret && cmd->num_iovas > room)
		ret = -EMSGSIZE;
out_put:
	iommufd_ucmd_put_ioas(ucmd, ioas);
	return ret;
}

static int load_range(struct rb_root_cached *tree,
		      const struct iommu_iova_range __user *user)
{
	struct interval_tree_node *node;
	struct iommu_iova_range range;

	if (copy_from_user(&range, user, sizeof(range)))
		return -EFAULT;
	if (range.start >= range.last)
		return -EINVAL;
	if (interval_tree_iter_first(tree, range.start, range.last))
		return -EINVAL;
	node = kzalloc(sizeof(*node), GFP_KERNEL_ACCOUNT);
	if (!node)
		return -ENOMEM;
	node->start = range.start;
	node->last = range.last;
	interval_tree_insert(node, tree);
	return 0;
}

int iommufd_ioas_allow_iovas_ioctl(struct iommufd_ucmd *ucmd)
{
	struct iommu_ioas_allow_iovas *cmd = ucmd->cmd;
	const struct iommu_iova_range __user *user =
		u64_to_user_ptr(cmd->allowed_iovas);
	struct rb_root_cached tree = RB_ROOT_CACHED;
	struct iommufd_ioas *ioas;
	unsigned int steps = 0;
	int ret = 0;
	u32 i;

	if (cmd->__reserved)
		return -EOPNOTSUPP;
	ioas = iommufd_ucmd_get_ioas(ucmd, cmd->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	for (i = 0; i < cmd->num_iovas && !ret; i++)
		ret = take_turns_killable(&steps) ?:
		      load_range(&tree, user + i);
	if (!ret)
		ret = iommufd_ioas_set_allowed(ioas, &tree);
	/* The new ones if it failed, otherwise the old ones */
	iommufd_ranges_free(&tree.rb_root);
	iommufd_ucmd_put_ioas(ucmd, ioas);
	return ret;
}

static int check_map_flags(u32 flags)
{
	if (flags & ~(IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_WRITEABLE |
		      IOMMU_IOAS_MAP_READABLE))
		return -EOPNOTSUPP;
	return 0;
}

static int map_prot(u32 flags)
{
	return (flags & IOMMU_IOAS_MAP_READABLE ? IOMMU_READ : 0) |
	       (flags & IOMMU_IOAS_MAP_WRITEABLE ? IOMMU_WRITE : 0);
}

static unsigned int map_alloc_flag(u32 flags)
{
	return flags & IOMMU_IOAS_MAP_FIXED_IOVA ? 0 : IOMMUFD_MAP_ALLOC_IOVA;
}

/*
 * Tell the user which IOVA the kernel chose. If that cannot be written, undo
 * the mapping.
 */
static int respond_iova(struct iommufd_ioas *ioas, unsigned long iova,
			unsigned long length, u32 flags, __u64 __user *user)
{
	unsigned long unmapped;

	if (flags & IOMMU_IOAS_MAP_FIXED_IOVA)
		return 0;
	if (likely(!put_user((u64)iova, user)))
		return 0;
	iommufd_ioas_unmap(ioas, iova, length, &unmapped);
	return -EFAULT;
}

int iommufd_ioas_map_ioctl(struct iommufd_ucmd *ucmd)
{
	struct iommu_ioas_map __user *user = ucmd->ubuffer;
	const struct iommu_ioas_map *cmd = ucmd->cmd;
	unsigned long iova = cmd->iova;
	struct iommufd_ioas *ioas;
	int ret;

	if (check_map_flags(cmd->flags) || cmd->__reserved)
		return -EOPNOTSUPP;
	if (cmd->iova >= ULONG_MAX || cmd->length >= ULONG_MAX)
		return -EOVERFLOW;
	if (!map_prot(cmd->flags))
		return -EINVAL;
	ioas = iommufd_ucmd_get_ioas(ucmd, cmd->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	ret = iommufd_ioas_map_user(ioas, &iova, cmd->user_va, cmd->length,
				    map_prot(cmd->flags),
				    map_alloc_flag(cmd->flags));
	if (!ret)
		ret = respond_iova(ioas, iova, cmd->length, cmd->flags,
				   &user->iova);
	iommufd_ucmd_put_ioas(ucmd, ioas);
	return ret;
}

int iommufd_ioas_map_file_ioctl(struct iommufd_ucmd *ucmd)
{
	struct iommu_ioas_map_file __user *user = ucmd->ubuffer;
	const struct iommu_ioas_map_file *cmd = ucmd->cmd;
	unsigned long iova = cmd->iova;
	struct iommufd_ioas *ioas;
	int ret;

	if (check_map_flags(cmd->flags))
		return -EOPNOTSUPP;
	if (cmd->iova >= ULONG_MAX || cmd->length >= ULONG_MAX)
		return -EOVERFLOW;
	if (!map_prot(cmd->flags))
		return -EINVAL;
	ioas = iommufd_ucmd_get_ioas(ucmd, cmd->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	ret = iommufd_ioas_map_file(ioas, &iova, cmd->fd, cmd->start,
				    cmd->length, map_prot(cmd->flags),
				    map_alloc_flag(cmd->flags));
	if (!ret)
		ret = respond_iova(ioas, iova, cmd->length, cmd->flags,
				   &user->iova);
	iommufd_ucmd_put_ioas(ucmd, ioas);
	return ret;
}

int iommufd_ioas_copy_ioctl(struct iommufd_ucmd *ucmd)
{
	struct iommu_ioas_copy __user *user = ucmd->ubuffer;
	const struct iommu_ioas_copy *cmd = ucmd->cmd;
	unsigned long iova = cmd->dst_iova;
	struct iommufd_ioas *src, *dst;
	int ret;

	if (check_map_flags(cmd->flags))
		return -EOPNOTSUPP;
	if (cmd->length >= ULONG_MAX || cmd->src_iova >= ULONG_MAX ||
	    cmd->dst_iova >= ULONG_MAX)
		return -EOVERFLOW;
	if (!map_prot(cmd->flags))
		return -EINVAL;
	src = iommufd_ucmd_get_ioas(ucmd, cmd->src_ioas_id);
	if (IS_ERR(src))
		return PTR_ERR(src);
	dst = iommufd_ucmd_get_ioas(ucmd, cmd->dst_ioas_id);
	if (IS_ERR(dst)) {
		ret = PTR_ERR(dst);
		goto out_src;
	}
	ret = iommufd_ioas_copy(dst, &iova, src, cmd->src_iova, cmd->length,
				map_prot(cmd->flags),
				map_alloc_flag(cmd->flags));
	if (!ret)
		ret = respond_iova(dst, iova, cmd->length, cmd->flags,
				   &user->dst_iova);
	iommufd_ucmd_put_ioas(ucmd, dst);
out_src:
	iommufd_ucmd_put_ioas(ucmd, src);
	return ret;
}

int iommufd_ioas_unmap_ioctl(struct iommufd_ucmd *ucmd)
{
	struct iommu_ioas_unmap __user *user = ucmd->ubuffer;
	const struct iommu_ioas_unmap *cmd = ucmd->cmd;
	unsigned long unmapped = 0;
	struct iommufd_ioas *ioas;
	int ret;

	ioas = iommufd_ucmd_get_ioas(ucmd, cmd->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	if (cmd->iova == 0 && cmd->length == U64_MAX) {
		ret = iommufd_ioas_unmap_all(ioas, &unmapped);
	} else if (cmd->iova >= ULONG_MAX || cmd->length >= ULONG_MAX) {
		ret = -EOVERFLOW;
	} else {
		ret = iommufd_ioas_unmap(ioas, cmd->iova, cmd->length,
					 &unmapped);
		if (!ret && !unmapped)
			ret = -ENOENT;
	}
	if (!ret && put_user((u64)unmapped, &user->length))
		ret = -EFAULT;
	iommufd_ucmd_put_ioas(ucmd, ioas);
	return ret;
}
