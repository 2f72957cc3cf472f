// SPDX-License-Identifier: GPL-2.0
/*
 * Information about a container: CHECK_EXTENSION and GET_INFO.
 *
 * GET_INFO returns a structure followed by a chain of capabilities. The chain
 * is built in kernel memory with functions of vfio.ko. If the user's buffer is
 * too short for the whole chain, only its size is returned.
 */
#include <linux/iommufd.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "container.h"
#include "dirty.h"

int container_check_extension(struct container *c, unsigned long extension)
{
	switch (extension) {
	case VFIO_TYPE1_IOMMU:
	case VFIO_TYPE1v2_IOMMU:
	case VFIO_SPAPR_TCE_v2_IOMMU:
		return 1;
	case VFIO_UNMAP_ALL:
		return !c || !container_is_spapr(c);
	case VFIO_DMA_CC_IOMMU:
		return c && iommufd_ioas_enforced_coherency(c->ioas);
	default:
		/*
		 * Includes VFIO_UPDATE_VADDR and VFIO_TYPE1_NESTING_IOMMU, as
		 * in the kernel's own layer over iommufd.
		 */
		return 0;
	}
}

/* An array of ranges that grows */
struct range_list {
	struct vfio_iova_range *ranges;
	size_t nr;
	size_t room;
};

static int range_list_add(void *data, unsigned long first, unsigned long last)
{
	struct range_list *list = data;

	if (list->nr == list->room) {
		size_t room = list->room ? 2 * list->room : 8;
		void *ranges = krealloc_array(list->ranges, room,
					      sizeof(*list->ranges),
					      GFP_KERNEL_ACCOUNT);

		if (!ranges)
			return -ENOMEM;
		list->ranges = ranges;
		list->room = room;
	}
	list->ranges[list->nr++] = (struct vfio_iova_range){
		.start = first,
		.end = last,
	};
	return 0;
}

static int info_add_iova_ranges(struct container *c, struct vfio_info_cap *caps)
{
	struct vfio_iommu_type1_info_cap_iova_range *cap;
	struct vfio_info_cap_header *header;
	struct range_list list = {};
	int ret;

	ret = iommufd_ioas_iova_ranges(c->ioas, range_list_add, &list);
	if (ret)
		goto out;
	header = vfio_info_cap_add(caps, struct_size(cap, iova_ranges, list.nr),
				   VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE, 1);
	if (IS_ERR(header)) {
		ret = PTR_ERR(header);
		goto out;
	}
	cap = container_of(header, typeof(*cap), header);
	cap->nr_iovas = list.nr;
	memcpy(cap->iova_ranges, list.ranges,
	       array_size(list.nr, sizeof(*list.ranges)));
out:
	kfree(list.ranges);
	return ret;
}

static int info_add_migration(unsigned long page_sizes,
			      struct vfio_info_cap *caps)
{
	struct vfio_iommu_type1_info_cap_migration cap = {
		.header.id = VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION,
		.header.version = 1,
		.pgsize_bitmap = 1UL << __ffs(page_sizes),
		.max_dirty_bitmap_size = DIRTY_BITMAP_MAX_SIZE,
	};

	return vfio_info_add_capability(caps, &cap.header, sizeof(cap));
}

/* Only memory limits the number of mappings: report the field's maximum */
static int info_add_dma_avail(struct vfio_info_cap *caps)
{
	struct vfio_iommu_type1_info_dma_avail cap = {
		.header.id = VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL,
		.header.version = 1,
		.avail = U32_MAX,
	};

	return vfio_info_add_capability(caps, &cap.header, sizeof(cap));
}

static int info_build_caps(struct container *c, unsigned long page_sizes,
			   struct vfio_info_cap *caps)
{
	bool hardware;
	int ret;

	ret = info_add_migration(page_sizes, caps);
	if (ret)
		return ret;
	ret = info_add_dma_avail(caps);
	if (ret)
		return ret;
	ret = mutex_lock_killable(&c->lock);
	if (ret)
		return ret;
	hardware = c->nr_hardware;
	mutex_unlock(&c->lock);
	/* Without a device that does DMA, no ranges are reported */
	return hardware ? info_add_iova_ranges(c, caps) : 0;
}

int container_get_info(struct container *c, void __user *arg)
{
	struct vfio_iommu_type1_info info = {};
	struct vfio_info_cap caps = {};
	size_t size;
	int ret;

	if (copy_from_user(&info, arg, offsetofend(typeof(info), iova_pgsizes)))
		return -EFAULT;
	if (info.argsz < offsetofend(typeof(info), iova_pgsizes))
		return -EINVAL;
	size = min_t(size_t, info.argsz, sizeof(info));

	info.iova_pgsizes = iommufd_ioas_page_sizes(c->ioas);
	info.flags = VFIO_IOMMU_INFO_PGSIZES | VFIO_IOMMU_INFO_CAPS;
	ret = info_build_caps(c, info.iova_pgsizes, &caps);
	if (ret)
		goto out;
	if (info.argsz < sizeof(info) + caps.size) {
		info.argsz = sizeof(info) + caps.size;
	} else {
		vfio_info_cap_shift(&caps, sizeof(info));
		info.cap_offset = sizeof(info);
		if (copy_to_user(arg + sizeof(info), caps.buf, caps.size))
			ret = -EFAULT;
	}
	if (!ret && copy_to_user(arg, &info, size))
		ret = -EFAULT;
out:
	kfree(caps.buf);
	return ret;
}
