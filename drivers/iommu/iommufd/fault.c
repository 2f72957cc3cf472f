// SPDX-License-Identifier: GPL-2.0
/*
 * Fault queues.
 *
 * A hardware page table may have a queue. The page requests of a device that
 * is attached to it come in groups, each of which wants one answer:
 *
 *	IOMMU driver -> @deliver -> read() -> @waiting, by cookie -> write()
 *
 * The driver core finds the queue by the handle with which the IOMMU group was
 * attached. A handle names the device; so a group of several devices, whose
 * requests could not be told apart, has no queue.
 *
 * When a device leaves, what it has asked through that handle and has no answer
 * yet is answered with "invalid", before its page requests are switched off: it
 * may not take an answer afterwards. Until a driver has let go of a device that
 * is being detached, it may report; so what has come meanwhile is answered at
 * last. That it does not report afterwards with a handle that it found before
 * is its duty.
 *
 * Locks: @mutex is held by who reads and answers, and by who takes groups back,
 * and never while the user's memory is waited for: a device could not leave
 * until then. @lock inside of it covers @deliver, to which the driver adds. The
 * handle of a group is covered by iommufd_group::lock.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/pagemap.h>
#include <linux/pci.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <compat/iommu_internal.h>

#include "fault.h"
#include "ucmd.h"

/**
 * struct iommufd_fault - a fault queue
 * @obj: its id; counted by the file and by hardware page tables
 * @ictx: the context; counted by the file
 * @mutex: see above
 * @lock: see above
 * @deliver: groups that nobody has read, struct iopf_group by @node
 * @waiting: groups that have been read and wait for an answer
 * @readers: woken when there is something to read
 */
struct iommufd_fault {
	struct iommufd_object obj;
	struct iommufd_ctx *ictx;
	struct mutex mutex;
	spinlock_t lock;
	struct list_head deliver;
	struct xarray waiting;
	wait_queue_head_t readers;
};

/**
 * struct iommufd_fault_handle - with which a group is attached
 * @core: what the driver core knows
 * @idev: the only device of the group
 * @fault: where its requests go; counted by the hardware page table
 */
struct iommufd_fault_handle {
	struct iommu_attach_handle core;
	struct iommufd_device *idev;
	struct iommufd_fault *fault;
};

static struct iommufd_fault_handle *handle_of(const struct iopf_group *group)
{
	return container_of(group->attach_handle, struct iommufd_fault_handle,
			    core);
}

/* From the IOMMU driver: a group is complete */
static int queue_group(struct iopf_group *group)
{
	struct iommufd_fault *fault = handle_of(group)->fault;

	/* It is ours to answer from now on */
	iopf_group_dequeue(group);
	spin_lock(&fault->lock);
	list_add_tail(&group->node, &fault->deliver);
	spin_unlock(&fault->lock);
	wake_up_interruptible(&fault->readers);
	return 0;
}

static void answer(struct iopf_group *group, enum iommu_page_response_code code)
{
	iopf_group_response(group, code);
	iopf_free_group(group);
}

/* Answer what came by @handle */
static void take_back(struct iommufd_fault *fault,
		      const struct iommufd_fault_handle *handle)
{
	struct iopf_group *group, *next;
	unsigned long cookie;
	LIST_HEAD(list);

	mutex_lock(&fault->mutex);
	spin_lock(&fault->lock);
	list_for_each_entry_safe(group, next, &fault->deliver, node)
		if (handle_of(group) == handle)
			list_move_tail(&group->node, &list);
	spin_unlock(&fault->lock);
	list_for_each_entry_safe(group, next, &list, node) {
		answer(group, IOMMU_PAGE_RESP_INVALID);
		cond_resched();
	}
	xa_for_each(&fault->waiting, cookie, group) {
		if (handle_of(group) != handle)
			continue;
		xa_erase(&fault->waiting, cookie);
		answer(group, IOMMU_PAGE_RESP_INVALID);
		cond_resched();
	}
	mutex_unlock(&fault->mutex);
}

/* Attaching */

static struct iommufd_fault_handle *handle_new(struct iommufd_device *idev,
					       struct iommufd_hwpt *hwpt)
{
	struct iommufd_fault_handle *handle;

	/* Page requests stop for all functions of a device at once */
	if (dev_is_pci(idev->dev) && to_pci_dev(idev->dev)->is_virtfn)
		return ERR_PTR(-EINVAL);
	handle = kzalloc(sizeof(*handle), GFP_KERNEL_ACCOUNT);
	if (!handle)
		return ERR_PTR(-ENOMEM);
	handle->idev = idev;
	handle->fault = hwpt->fault;
	return handle;
}

static void handle_free(struct iommufd_fault_handle *handle)
{
	take_back(handle->fault, handle);
	kfree(handle);
}

/**
 * iommufd_fault_attach() - attach a group whose page requests are answered
 * @idev: the device; nothing of its group is attached
 * @hwpt: to what; it has a queue
 *
 * Context: iommufd_group::lock.
 * Return: 0, or an error: the driver's if it has no page requests.
 */
int iommufd_fault_attach(struct iommufd_device *idev, struct iommufd_hwpt *hwpt)
{
	struct iommufd_group *igroup = idev->igroup;
	struct iommufd_fault_handle *handle;
	int ret;

	lockdep_assert_held(&igroup->lock);
	handle = handle_new(idev, hwpt);
	if (IS_ERR(handle))
		return PTR_ERR(handle);
	ret = compat_iopf_enable(idev->dev);
	if (ret)
		goto err_free;
	ret = iommu_attach_group_handle(hwpt->domain, igroup->group,
				       &handle->core);
	if (ret)
		goto err_disable;
	igroup->handle = handle;
	return 0;

err_disable:
	compat_iopf_disable(idev->dev);
err_free:
	handle_free(handle);
	return ret;
}

/**
 * iommufd_fault_detach() - undo iommufd_fault_attach()
 * @idev: the device
 * @hwpt: to what it is attached
 */
void iommufd_fault_detach(struct iommufd_device *idev,
			  struct iommufd_hwpt *hwpt)
{
	struct iommufd_group *igroup = idev->igroup;

	lockdep_assert_held(&igroup->lock);
	iommu_detach_group_handle(hwpt->domain, igroup->group);
	take_back(igroup->handle->fault, igroup->handle);
	compat_iopf_disable(idev->dev);
	handle_free(igroup->handle);
	igroup->handle = NULL;
}

static int replace_handle(struct iommufd_device *idev,
			  struct iommufd_hwpt *hwpt,
			  struct iommufd_fault_handle *handle)
{
	struct iommufd_group *igroup = idev->igroup;
	bool on = handle && !igroup->handle;
	bool off = !handle && igroup->handle;
	int ret;

	if (on) {
		ret = compat_iopf_enable(idev->dev);
		if (ret)
			return ret;
	}
	ret = iommu_replace_group_handle(igroup->group, hwpt->domain,
					handle ? &handle->core : NULL);
	if (!ret && off)
		take_back(igroup->handle->fault, igroup->handle);
	if (ret ? on : off)
		compat_iopf_disable(idev->dev);
	return ret;
}

/**
 * iommufd_fault_replace() - move a group that has, or is to have, a queue
 * @idev: the device, which is attached
 * @hwpt: to where
 *
 * Context: iommufd_group::lock.
 * Return: 0, or an error with the device where it was.
 */
int iommufd_fault_replace(struct iommufd_device *idev,
			  struct iommufd_hwpt *hwpt)
{
	struct iommufd_fault_handle *handle = NULL, *unused;
	struct iommufd_group *igroup = idev->igroup;
	int ret;

	lockdep_assert_held(&igroup->lock);
	if (hwpt->fault) {
		if (!list_is_singular(&igroup->attached))
			return -EINVAL;
		handle = handle_new(idev, hwpt);
		if (IS_ERR(handle))
			return PTR_ERR(handle);
	}
	ret = replace_handle(idev, hwpt, handle);
	unused = ret ? handle : igroup->handle;
	if (!ret)
		igroup->handle = handle;
	if (unused)
		handle_free(unused);
	return ret;
}

/**
 * iommufd_hwpt_set_fault() - give a hardware page table a queue
 * @hwpt: not published
 * @fault_id: the queue
 *
 * Return: 0 or -ENOENT.
 */
int iommufd_hwpt_set_fault(struct iommufd_hwpt *hwpt, u32 fault_id)
{
	struct iommufd_object *obj;

	obj = iommufd_object_get(hwpt->ioas->ictx, fault_id,
				 IOMMUFD_OBJ_FAULT);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	/* The count is the hardware page table's now */
	hwpt->fault = container_of(obj, struct iommufd_fault, obj);
	hwpt->domain->iopf_handler = queue_group;
	return 0;
}

/**
 * iommufd_hwpt_clear_fault() - undo iommufd_hwpt_set_fault(), if it was called
 * @hwpt: a hardware page table to which nothing is attached
 */
void iommufd_hwpt_clear_fault(struct iommufd_hwpt *hwpt)
{
	if (hwpt->fault)
		iommufd_object_put(hwpt->ioas->ictx, &hwpt->fault->obj);
}

/* The file */

static size_t group_bytes(const struct iopf_group *group)
{
	return group->fault_count * sizeof(struct iommu_hwpt_pgfault);
}

/* -EFAULT also if the user's memory is not there at the moment */
static int copy_group(const struct iopf_group *group,
		      struct iommu_hwpt_pgfault __user *to)
{
	const struct iopf_fault *iopf;

	list_for_each_entry(iopf, &group->faults, list) {
		const struct iommu_fault_page_request *request =
			&iopf->fault.prm;
		const struct iommu_hwpt_pgfault one = {
			.flags = request->flags,
			.dev_id = handle_of(group)->idev->obj.id,
			.pasid = request->pasid,
			.grpid = request->grpid,
			.perm = request->perm,
			.addr = request->addr,
			.cookie = group->cookie,
		};

		if (copy_to_user_nofault(to++, &one, sizeof(one)))
			return -EFAULT;
	}
	return 0;
}

static struct iopf_group *first_group(struct iommufd_fault *fault)
{
	struct iopf_group *group;

	spin_lock(&fault->lock);
	group = list_first_entry_or_null(&fault->deliver, struct iopf_group,
					 node);
	spin_unlock(&fault->lock);
	return group;
}

/* It stays first, and undelivered, unless all of it was handed out */
static int read_group(struct iommufd_fault *fault, struct iopf_group *group,
		      char __user *to)
{
	int ret;

	lockdep_assert_held(&fault->mutex);
	ret = xa_alloc(&fault->waiting, &group->cookie, group, xa_limit_32b,
		      GFP_KERNEL_ACCOUNT);
	if (ret)
		return ret;
	ret = copy_group(group, (struct iommu_hwpt_pgfault __user *)to);
	if (ret) {
		xa_erase(&fault->waiting, group->cookie);
		return ret;
	}
	spin_lock(&fault->lock);
	list_del(&group->node);
	spin_unlock(&fault->lock);
	return 0;
}

/*
 * Groups are read as a whole, as many as fit; without any, nothing is. What the
 * next one takes is brought in between two tries.
 */
static ssize_t fault_read(struct file *file, char __user *to, size_t count,
			  loff_t *at)
{
	struct iommufd_fault *fault = file->private_data;
	struct iopf_group *group;
	size_t done = 0, missing;
	int ret;

	if (*at || count % sizeof(struct iommu_hwpt_pgfault))
		return -ESPIPE;
	do {
		missing = 0;
		ret = mutex_lock_killable(&fault->mutex);
		if (ret)
			break;
		while (!ret && (group = first_group(fault))) {
			if (group_bytes(group) > count - done) {
				ret = -EINVAL;
				break;
			}
			ret = read_group(fault, group, to + done);
			if (!ret)
				done += group_bytes(group);
			else if (ret == -EFAULT)
				missing = group_bytes(group);
			cond_resched();
		}
		mutex_unlock(&fault->mutex);
	} while (missing && !fault_in_writeable(to + done, missing) &&
		 !fatal_signal_pending(current));
	return done ?: ret;
}

static int write_answer(struct iommufd_fault *fault,
			const struct iommu_hwpt_page_response *response)
{
	struct iopf_group *group;

	lockdep_assert_held(&fault->mutex);
	static_assert((int)IOMMUFD_PAGE_RESP_SUCCESS ==
		      (int)IOMMU_PAGE_RESP_SUCCESS);
	static_assert((int)IOMMUFD_PAGE_RESP_INVALID ==
		      (int)IOMMU_PAGE_RESP_INVALID);
	if (response->code != IOMMUFD_PAGE_RESP_SUCCESS &&
	    response->code != IOMMUFD_PAGE_RESP_INVALID)
		return -EINVAL;
	group = xa_erase(&fault->waiting, response->cookie);
	if (!group)
		return -EINVAL;
	answer(group, response->code);
	return 0;
}

static ssize_t fault_write(struct file *file, const char __user *from,
			   size_t count, loff_t *at)
{
	struct iommufd_fault *fault = file->private_data;
	struct iommu_hwpt_page_response response;
	size_t done = 0;
	int ret = 0;

	if (*at || count % sizeof(response))
		return -ESPIPE;
	while (!ret && done < count) {
		if (copy_from_user(&response, from + done, sizeof(response))) {
			ret = -EFAULT;
			break;
		}
		ret = mutex_lock_killable(&fault->mutex);
		if (ret)
			break;
		ret = write_answer(fault, &response);
		mutex_unlock(&fault->mutex);
		if (!ret)
			done += sizeof(response);
		cond_resched();
		if (!ret && fatal_signal_pending(current))
			break;
	}
	return done ?: ret;
}

static __poll_t fault_poll(struct file *file, struct poll_table_struct *wait)
{
	struct iommufd_fault *fault = file->private_data;

	poll_wait(file, &fault->readers, wait);
	return EPOLLOUT | (first_group(fault) ? EPOLLIN | EPOLLRDNORM : 0);
}

static int fault_close(struct inode *inode, struct file *file)
{
	struct iommufd_fault *fault = file->private_data;
	struct iommufd_ctx *ictx = fault->ictx;

	iommufd_object_put(ictx, &fault->obj);
	iommufd_ctx_put(ictx);
	return 0;
}

static const struct file_operations fault_fops = {
	.owner = THIS_MODULE,
	.open = nonseekable_open,
	.read = fault_read,
	.write = fault_write,
	.poll = fault_poll,
	.release = fault_close,
};

static void fault_release(struct iommufd_object *obj)
{
	struct iommufd_fault *fault =
		container_of(obj, struct iommufd_fault, obj);

	/* Nothing is attached to it any more, so nothing is left in it */
	WARN_ON(!list_empty(&fault->deliver) || !xa_empty(&fault->waiting));
	xa_destroy(&fault->waiting);
	mutex_destroy(&fault->mutex);
}

static struct iommufd_fault *fault_new(struct iommufd_ctx *ictx)
{
	struct iommufd_fault *fault;

	fault = iommufd_object_alloc(ictx, sizeof(*fault), IOMMUFD_OBJ_FAULT,
				     fault_release);
	if (IS_ERR(fault))
		return fault;
	fault->ictx = ictx;
	mutex_init(&fault->mutex);
	spin_lock_init(&fault->lock);
	INIT_LIST_HEAD(&fault->deliver);
	/* A cookie is never 0 */
	xa_init_flags(&fault->waiting, XA_FLAGS_ALLOC1);
	init_waitqueue_head(&fault->readers);
	return fault;
}

int iommufd_fault_alloc_ioctl(struct iommufd_ucmd *ucmd)
{
	struct iommu_fault_alloc *cmd = ucmd->cmd;
	struct iommufd_fault *fault;
	struct file *file;
	int fd, ret;

	if (cmd->flags)
		return -EOPNOTSUPP;
	fault = fault_new(ucmd->ictx);
	if (IS_ERR(fault))
		return PTR_ERR(fault);
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0) {
		ret = fd;
		goto err_object;
	}
	cmd->out_fault_id = fault->obj.id;
	cmd->out_fault_fd = fd;
	ret = iommufd_ucmd_respond(ucmd, sizeof(*cmd));
	if (ret)
		goto err_fd;
	file = anon_inode_getfile("[iommufd-pgfault]", &fault_fops, fault,
				  O_RDWR);
	if (IS_ERR(file)) {
		ret = PTR_ERR(file);
		goto err_fd;
	}
	refcount_inc(&fault->obj.users);
	iommufd_ctx_get(ucmd->ictx);
	iommufd_object_publish(ucmd->ictx, &fault->obj);
	fd_install(fd, file);
	return 0;

err_fd:
	put_unused_fd(fd);
err_object:
	mutex_destroy(&fault->mutex);
	iommufd_object_abort(ucmd->ictx, &fault->obj);
	return ret;
}
