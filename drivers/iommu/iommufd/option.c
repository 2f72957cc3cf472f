// SPDX-License-Identifier: GPL-2.0
/*
 * Options of a context and of an address space, and the choice of the address
 * space for the container interface (IOMMU_VFIO_IOAS).
 */
#include <linux/capability.h>

#include "context.h"
#include "ioas.h"
#include "ucmd.h"

static int option_rlimit_mode(struct iommufd_ctx *ictx,
			      struct iommu_option *cmd)
{
	int ret = 0;

	if (cmd->object_id)
		return -EOPNOTSUPP;
	if (cmd->op == IOMMU_OPTION_OP_GET) {
		cmd->val64 = ictx->account == IOMMUFD_ACCOUNT_MM;
		return 0;
	}
	if (cmd->op != IOMMU_OPTION_OP_SET)
		return -EOPNOTSUPP;
	if (!capable(CAP_SYS_RESOURCE))
		return -EPERM;
	xa_lock(&ictx->objects);
	if (!xa_empty(&ictx->objects))
		ret = -EBUSY;
	else if (cmd->val64 > 1)
		ret = -EINVAL;
	else
		ictx->account = cmd->val64 ? IOMMUFD_ACCOUNT_MM :
					     IOMMUFD_ACCOUNT_USER;
	xa_unlock(&ictx->objects);
	/* The source that is kept for reuse has the old mode */
	if (!ret)
		iommufd_source_forget(ictx);
	return ret;
}

/**
 * iommufd_ioas_set_small_pages() - disable or enable superpages
 * @ioas: the address space
 * @small_pages: true to disable superpages
 *
 * Return: 0; -EINVAL if superpages may be in use; -EADDRINUSE if a mapping does
 * not consist of whole pages; -EINTR if the task is being killed.
 */
int iommufd_ioas_set_small_pages(struct iommufd_ioas *ioas, bool small_pages)
{
	bool old;
	int ret;

	ret = down_write_killable(&ioas->domains_lock);
	if (ret)
		return ret;
	down_write(&ioas->lock);
	old = ioas->small_pages;
	if (small_pages && !old && !list_empty(&ioas->hwpts) &&
	    !RB_EMPTY_ROOT(&ioas->areas)) {
		ret = -EINVAL;
		goto out_unlock;
	}
	ioas->small_pages = small_pages;
	ret = iommufd_ioas_update_alignment(ioas);
	if (ret)
		ioas->small_pages = old;
out_unlock:
	up_write(&ioas->lock);
	up_write(&ioas->domains_lock);
	return ret;
}

int iommufd_ioas_small_pages(struct iommufd_ioas *ioas)
{
	return iommufd_ioas_set_small_pages(ioas, true);
}
EXPORT_SYMBOL_GPL(iommufd_ioas_small_pages);

static int option_huge_pages(struct iommufd_ucmd *ucmd,
			     struct iommu_option *cmd)
{
	struct iommufd_ioas *ioas;
	int ret = 0;

	ioas = iommufd_ucmd_get_ioas(ucmd, cmd->object_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	if (cmd->op == IOMMU_OPTION_OP_GET)
		cmd->val64 = !READ_ONCE(ioas->small_pages);
	else if (cmd->op != IOMMU_OPTION_OP_SET)
		ret = -EOPNOTSUPP;
	else if (cmd->val64 > 1)
		ret = -EINVAL;
	else
		ret = iommufd_ioas_set_small_pages(ioas, !cmd->val64);
	iommufd_ucmd_put_ioas(ucmd, ioas);
	return ret;
}

int iommufd_option_ioctl(struct iommufd_ucmd *ucmd)
{
	struct iommu_option *cmd = ucmd->cmd;
	int ret;

	if (cmd->__reserved)
		return -EOPNOTSUPP;
	switch (cmd->option_id) {
	case IOMMU_OPTION_RLIMIT_MODE:
		ret = option_rlimit_mode(ucmd->ictx, cmd);
		break;
	case IOMMU_OPTION_HUGE_PAGES:
		ret = option_huge_pages(ucmd, cmd);
		break;
	default:
		ret = -EOPNOTSUPP;
	}
	/* SET copies nothing back: a failure would leave the option set */
	if (ret || cmd->op != IOMMU_OPTION_OP_GET)
		return ret;
	return iommufd_ucmd_respond(ucmd, sizeof(*cmd));
}

static int vfio_ioas_get(struct iommufd_ctx *ictx, u32 *id)
{
	int ret = -ENODEV;

	xa_lock(&ictx->objects);
	if (ictx->vfio_ioas) {
		*id = ictx->vfio_ioas->obj.id;
		ret = 0;
	}
	xa_unlock(&ictx->objects);
	return ret;
}

static void vfio_ioas_set(struct iommufd_ctx *ictx, struct iommufd_ioas *ioas)
{
	xa_lock(&ictx->objects);
	ictx->vfio_ioas = ioas;
	xa_unlock(&ictx->objects);
}

int iommufd_vfio_ioas_ioctl(struct iommufd_ucmd *ucmd)
{
	struct iommu_vfio_ioas *cmd = ucmd->cmd;
	struct iommufd_ioas *ioas;
	int ret;

	if (cmd->__reserved)
		return -EOPNOTSUPP;
	switch (cmd->op) {
	case IOMMU_VFIO_IOAS_GET:
		ret = vfio_ioas_get(ucmd->ictx, &cmd->ioas_id);
		return ret ?: iommufd_ucmd_respond(ucmd, sizeof(*cmd));
	case IOMMU_VFIO_IOAS_SET:
		ioas = iommufd_ucmd_get_ioas(ucmd, cmd->ioas_id);
		if (IS_ERR(ioas))
			return PTR_ERR(ioas);
		/* No user of it: object_remove() clears the choice */
		vfio_ioas_set(ucmd->ictx, ioas);
		iommufd_ucmd_put_ioas(ucmd, ioas);
		return 0;
	case IOMMU_VFIO_IOAS_CLEAR:
		vfio_ioas_set(ucmd->ictx, NULL);
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}
