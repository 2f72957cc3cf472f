// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls of a VFIO container on /dev/iommu.
 *
 * A program that only knows containers gets /dev/iommu instead of
 * /dev/vfio/vfio. Its calls do not name an address space: they use the one that
 * was chosen with IOMMU_VFIO_IOAS, and fail with ENODEV if there is none. The
 * program selects one of two type 1 interfaces, type1 or type1v2. The selection
 * is only stored as a property of the address space:
 *
 *	type1		any range can be unmapped: superpages are disabled, and
 *			an unmap first splits the mappings at its ends
 *	type1v2		neither
 */
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <uapi/linux/vfio.h>

#include "container.h"
#include "context.h"
#include "ioas.h"

/* The chosen address space, to be put with chosen_put() */
static struct iommufd_ioas *chosen_get(struct iommufd_ctx *ictx)
{
	struct iommufd_ioas *ioas;

	xa_lock(&ictx->objects);
	ioas = ictx->vfio_ioas;
	if (ioas)
		refcount_inc(&ioas->obj.users);
	xa_unlock(&ictx->objects);
	return ioas ?: ERR_PTR(-ENODEV);
}

static void chosen_put(struct iommufd_ctx *ictx, struct iommufd_ioas *ioas)
{
	iommufd_object_put(ictx, &ioas->obj);
}

static long check_extension(struct iommufd_ctx *ictx, unsigned long extension)
{
	struct iommufd_ioas *ioas;
	long answer;

	switch (extension) {
	case VFIO_TYPE1_IOMMU:
	case VFIO_TYPE1v2_IOMMU:
	case VFIO_UNMAP_ALL:
		return 1;
	case VFIO_DMA_CC_IOMMU:
		ioas = chosen_get(ictx);
		if (IS_ERR(ioas))
			return PTR_ERR(ioas);
		answer = iommufd_ioas_enforced_coherency(ioas);
		chosen_put(ictx, ioas);
		return answer;
	default:
		return 0;
	}
}

static long set_type(struct iommufd_ctx *ictx, unsigned long type)
{
	struct iommufd_ioas *ioas = chosen_get(ictx);
	long ret;

	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	switch (type) {
	case VFIO_TYPE1v2_IOMMU:
		ret = 0;
		break;
	case VFIO_TYPE1_IOMMU:
		ret = iommufd_ioas_small_pages(ioas);
		break;
	default:
		ret = -EINVAL;
	}
	chosen_put(ictx, ioas);
	return ret;
}

static long map_dma(struct iommufd_ctx *ictx, void __user *arg)
{
	struct vfio_iommu_type1_dma_map map;
	const size_t size = offsetofend(typeof(map), size);
	struct iommufd_ioas *ioas;
	unsigned long iova;
	int prot = 0;
	long ret;

	if (copy_from_user(&map, arg, size))
		return -EFAULT;
	if (map.argsz < size || (map.flags & ~(VFIO_DMA_MAP_FLAG_READ |
					       VFIO_DMA_MAP_FLAG_WRITE)))
		return -EINVAL;
	if (map.flags & VFIO_DMA_MAP_FLAG_READ)
		prot |= IOMMU_READ;
	if (map.flags & VFIO_DMA_MAP_FLAG_WRITE)
		prot |= IOMMU_WRITE;
	if (!prot)
		return -EINVAL;
	ioas = chosen_get(ictx);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	iova = map.iova;
	ret = iommufd_ioas_map_user(ioas, &iova, map.vaddr, map.size, prot,
				    IOMMUFD_MAP_DEVICE_MEMORY);
	chosen_put(ictx, ioas);
	return ret;
}

static int unmap_range(struct iommufd_ioas *ioas,
		       const struct vfio_iommu_type1_dma_unmap *unmap,
		       unsigned long *unmapped)
{
	int ret;

	if (unmap->flags & VFIO_DMA_UNMAP_FLAG_ALL) {
		if (unmap->iova || unmap->size)
			return -EINVAL;
		return iommufd_ioas_unmap_all(ioas, unmapped);
	}
	if (READ_ONCE(ioas->small_pages)) {
		ret = iommufd_ioas_split(ioas, unmap->iova, unmap->size);
		if (ret)
			return ret;
	}
	return iommufd_ioas_unmap(ioas, unmap->iova, unmap->size, unmapped);
}

static long unmap_dma(struct iommufd_ctx *ictx, void __user *arg)
{
	struct vfio_iommu_type1_dma_unmap unmap;
	const size_t size = offsetofend(typeof(unmap), size);
	unsigned long unmapped = 0;
	struct iommufd_ioas *ioas;
	long ret;

	if (copy_from_user(&unmap, arg, size))
		return -EFAULT;
	if (unmap.argsz < size || (unmap.flags & ~VFIO_DMA_UNMAP_FLAG_ALL))
		return -EINVAL;
	ioas = chosen_get(ictx);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	ret = unmap_range(ioas, &unmap, &unmapped);
	chosen_put(ictx, ioas);
	if (ret)
		return ret;
	unmap.size = unmapped;
	return copy_to_user(arg, &unmap, size) ? -EFAULT : 0;
}

/**
 * struct info - the result of GET_INFO while it is being built
 * @head: the structure; its argsz is the size including @caps
 * @caps: the chain of capabilities that follows it
 * @nr_ranges: number of ranges of IOVA, for the first capability
 * @room: number of ranges that @caps has room for
 */
struct info {
	struct vfio_iommu_type1_info head;
	struct vfio_iommu_type1_info_cap_iova_range *caps;
	u32 nr_ranges;
	u32 room;
};

static int info_add_range(void *data, unsigned long first, unsigned long last)
{
	struct info *info = data;

	if (info->nr_ranges < info->room) {
		info->caps->iova_ranges[info->nr_ranges].start = first;
		info->caps->iova_ranges[info->nr_ranges].end = last;
	}
	info->nr_ranges++;
	return 0;
}

/* The number of ranges may change between counting and filling in */
static int info_collect_ranges(struct iommufd_ioas *ioas, struct info *info)
{
	const size_t avail = sizeof(struct vfio_iommu_type1_info_dma_avail);
	size_t size;
	int ret;

	for (;;) {
		info->nr_ranges = 0;
		ret = iommufd_ioas_iova_ranges(ioas, info_add_range, info);
		if (ret || (info->caps && info->nr_ranges <= info->room))
			return ret;
		vfree(info->caps);
		info->room = info->nr_ranges;
		size = size_add(struct_size(info->caps, iova_ranges,
					    info->room), avail);
		/* Of single pages: clearing a large one yields the CPU */
		info->caps = __vmalloc(size, GFP_KERNEL_ACCOUNT | __GFP_ZERO |
				       __GFP_NOWARN);
		if (!info->caps)
			return -ENOMEM;
	}
}

/* Offsets are from the start of the structure. Returns the chain's size. */
static size_t info_link_caps(struct info *info)
{
	size_t ranges = struct_size(info->caps, iova_ranges, info->nr_ranges);
	struct vfio_iommu_type1_info_dma_avail *avail =
		(void *)info->caps + ranges;

	info->caps->header.id = VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE;
	info->caps->header.version = 1;
	info->caps->header.next = sizeof(info->head) + ranges;
	info->caps->nr_iovas = info->nr_ranges;
	avail->header.id = VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL;
	avail->header.version = 1;
	avail->header.next = 0;
	/* There is no limit on mappings, but programs expect this number */
	avail->avail = U16_MAX;
	return ranges + sizeof(*avail);
}

/* Copies the whole chain, or none of it if the user has no room for all */
static int info_copy(struct iommufd_ioas *ioas, struct info *info, u32 argsz,
		     void __user *arg)
{
	const size_t head = sizeof(info->head);
	size_t chain = info_link_caps(info), done, piece;
	bool fits = argsz >= head + chain;

	info->head.argsz = head + chain;
	info->head.flags = VFIO_IOMMU_INFO_PGSIZES | VFIO_IOMMU_INFO_CAPS;
	info->head.iova_pgsizes = iommufd_ioas_page_sizes(ioas);
	info->head.cap_offset = fits ? head : 0;
	if (copy_to_user(arg, &info->head, min_t(size_t, argsz, head)))
		return -EFAULT;
	for (done = 0; fits && done < chain; done += piece) {
		piece = min_t(size_t, chain - done, SZ_32K);
		if (copy_to_user(arg + head + done,
				 (void *)info->caps + done, piece))
			return -EFAULT;
		cond_resched();
	}
	return 0;
}

static long get_info(struct iommufd_ctx *ictx, void __user *arg)
{
	struct iommufd_ioas *ioas;
	struct info info = {};
	u32 argsz;
	long ret;

	if (get_user(argsz, (u32 __user *)arg))
		return -EFAULT;
	if (argsz < offsetofend(typeof(info.head), iova_pgsizes))
		return -EINVAL;
	ioas = chosen_get(ictx);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	ret = info_collect_ranges(ioas, &info);
	if (!ret)
		ret = info_copy(ioas, &info, argsz, arg);
	vfree(info.caps);
	chosen_put(ictx, ioas);
	return ret;
}

/**
 * iommufd_container_ioctl() - an ioctl that may be a container's
 * @ictx: the context
 * @cmd: number of the ioctl
 * @arg: argument of the ioctl
 *
 * Return: the result of the ioctl, or -ENOIOCTLCMD if it is none of them.
 */
long iommufd_container_ioctl(struct iommufd_ctx *ictx, unsigned int cmd,
			     unsigned long arg)
{
	void __user *uarg = (void __user *)arg;

	switch (cmd) {
	case VFIO_GET_API_VERSION:
		return VFIO_API_VERSION;
	case VFIO_CHECK_EXTENSION:
		return check_extension(ictx, arg);
	case VFIO_SET_IOMMU:
		return set_type(ictx, arg);
	case VFIO_IOMMU_GET_INFO:
		return get_info(ictx, uarg);
	case VFIO_IOMMU_MAP_DMA:
		return map_dma(ictx, uarg);
	case VFIO_IOMMU_UNMAP_DMA:
		return unmap_dma(ictx, uarg);
	default:
		return -ENOIOCTLCMD;
	}
}
