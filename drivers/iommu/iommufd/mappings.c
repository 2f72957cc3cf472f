// SPDX-License-Identifier: GPL-2.0
/*
 * The list of mappings. It is copied to the user in batches, so that no lock is
 * held while the user's memory is written. A change between two batches may be
 * seen or not, but each mapping is reported as a whole.
 */
#include <linux/slab.h>

#include "ucmd.h"

#define MAPPINGS_PER_BATCH (SZ_4K / sizeof(struct iommu_ioas_mapping))

static void mapping_describe(const struct iommufd_area *area,
			     struct iommu_ioas_mapping *out)
{
	int prot = area->holder.flags & AREA_PROT;

	out->iova = area->node.start;
	out->length = area_length(area);
	out->address = area_address(area, area->node.start);
	out->flags = (prot & IOMMU_READ ? IOMMU_IOAS_MAP_READABLE : 0) |
		     (prot & IOMMU_WRITE ? IOMMU_IOAS_MAP_WRITEABLE : 0);
	if (area->holder.flags & AREA_COPY)
		out->origin = IOMMU_IOAS_MAPPING_COPY;
	else if (area->pages->device)
		out->origin = IOMMU_IOAS_MAPPING_DEVICE;
	else if (area->pages->source->file)
		out->origin = IOMMU_IOAS_MAPPING_FILE;
	else
		out->origin = IOMMU_IOAS_MAPPING_USER;
}

/* Collect at most @room mappings from *@iova on, and set *@iova to continue */
static u32 mappings_collect(struct iommufd_ioas *ioas, u64 *iova,
			    struct iommu_ioas_mapping *list, u32 room,
			    bool *more)
{
	struct iommufd_area *area;
	unsigned int steps = 0;
	u32 nr = 0;

	*more = false;
	down_read(&ioas->lock);
	iommufd_for_each_area(area, ioas, *iova, ULONG_MAX) {
		take_turns(&steps);
		if (!area_is(area, AREA_LIVE) || area_is(area, AREA_DYING))
			continue;
		if (nr == room) {
			*more = true;
			*iova = area->node.start;
			break;
		}
		mapping_describe(area, &list[nr++]);
	}
	up_read(&ioas->lock);
	if (nr && !*more)
		*iova = list[nr - 1].iova + (list[nr - 1].length - 1);
	return nr;
}

static int copy_mappings(struct iommufd_ioas *ioas,
			 struct iommu_ioas_mappings *cmd)
{
	struct iommu_ioas_mapping __user *user = u64_to_user_ptr(cmd->mappings);
	u32 room = cmd->num_mappings, done = 0, n;
	struct iommu_ioas_mapping *list;
	bool more;
	int ret = 0;

	list = kmalloc_array(MAPPINGS_PER_BATCH, sizeof(*list), GFP_KERNEL);
	if (!list)
		return -ENOMEM;
	do {
		n = min_t(u32, room - done, MAPPINGS_PER_BATCH);
		n = mappings_collect(ioas, &cmd->iova, list, n, &more);
		if (copy_to_user(user + done, list, n * sizeof(*list))) {
			ret = -EFAULT;
			break;
		}
		done += n;
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		cond_resched();
	} while (more && done < room);
	kfree(list);
	cmd->num_mappings = done;
	cmd->out_flags = more ? IOMMU_IOAS_MAPPINGS_MORE : 0;
	return ret;
}

int iommufd_mappings_ioctl(struct iommufd_ucmd *ucmd)
{
	struct iommu_ioas_mappings *cmd = ucmd->cmd;
	struct iommufd_ioas *ioas;
	u32 room = cmd->num_mappings;
	int ret;

	ioas = iommufd_ucmd_get_ioas(ucmd, cmd->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	ret = copy_mappings(ioas, cmd);
	if (!ret)
		ret = iommufd_ucmd_respond(ucmd, sizeof(*cmd));
	if (!ret && !room && cmd->out_flags)
		ret = -EMSGSIZE;
	iommufd_ucmd_put_ioas(ucmd, ioas);
	return ret;
}
