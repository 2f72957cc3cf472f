// SPDX-License-Identifier: GPL-2.0
/*
 * Fault queues.
 *
 * A hardware page table may have a fault queue. Page requests of a device that
 * is attached to it arrive in groups. Each group gets one response:
 *
 *	IOMMU driver -> @deliver -> read() -> @waiting, by cookie -> write()
 *
 * The driver core finds the queue through the attach handle of the IOMMU group.
 * A handle refers to one device. The requests of several devices of a group
 * could not be distinguished, so such a group cannot have a queue.
 *
 * When a device is detached, all requests that arrived through its handle and
 * have no response yet get the response "invalid". This happens before page
 * requests are disabled for the device, as it may not accept a response
 * afterwards. Until the detach is complete, the driver may still report
 * requests, so those that arrived meanwhile get their response at the end.
 * After that, the driver must not report requests with the old handle.
 *
 * Locks: @mutex is held to read requests, to respond, and to flush the requests
 * of a handle. It is not held while waiting for the user's memory, as a device
 * could not be detached during that time. @lock nests inside @mutex, and
 * protects the list @deliver, to which the IOMMU driver adds groups.
 * iommufd_group::lock protects the handle of a group.
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
 * @obj: its id; the file and hardware page tables are users
 * @ictx: the context; the file holds a reference
 * @mutex: see above
 * @lock: see above
 * @deliver: groups to be read, struct iopf_group by iopf_group::node
 * @waiting: groups that were read and wait for a response, by cookie
 * @readers: wait queue of tasks that poll for requests
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
 * struct iommufd_fault_handle - the attach handle of a group
 * @core: the part for the driver core
 * @idev: the only device of the group
 * @fault: the queue of its requests; the hardware page table is a user of it
 */
struct iommufd_fault_handle {
	struct iommu_attach_handle core;
	struct iommufd_device *idev;
	struct iommufd_fault *fault;
};

static struct iommufd_fault_handle *
group_to_handle(const struct iopf_group *group)
{
	return container_of(group->attach_handle, struct iommufd_fault_handle,
			    core);
}

/* Called by the IOMMU driver: a group of requests is complete */
static int fault_queue_group(struct iopf_group *group)
{
	struct iommufd_fault *fault = group_to_handle(group)->fault;

	/* From here on, the response to the group is up to the queue */
	iopf_group_dequeue(group);
	spin_lock(&fault->lock);
	list_add_tail(&group->node, &fault->deliver);
	spin_unlock(&fault->lock);
	wake_up_interruptible(&fault->readers);
	return 0;
}

static void fault_respond(struct iopf_group *group,
			  enum iommu_page_response_code code)
{
	iopf_group_response(group, code);
	iopf_free_group(group);
}

/* Respond to all requests that arrived through @handle: invalid */
static void handle_flush(struct iommufd_fault *fault,
			 const struct iommufd_fault_handle *handle)
{
	struct iopf_group *group, *next;
	unsigned long cookie;
	LIST_HEAD(list);

	mutex_lock(&fault->mutex);
	spin_lock(&fault->lock);
	list_for_each_entry_safe(group, next, &fault->deliver, node)
		if (group_to_handle(group) == handle)
			list_move_tail(&group->node, &list);
	spin_unlock(&fault->lock);
	list_for_each_entry_safe(group, next, &list, node) {
		fault_respond(group, IOMMU_PAGE_RESP_INVALID);
		cond_resched();
	}
	xa_for_each(&fault->waiting, cookie, group) {
		if (group_to_handle(group) != handle)
			continue;
		xa_erase(&fault->waiting, cookie);
		fault_respond(group, IOMMU_PAGE_RESP_INVALID);
		cond_resched();
	}
	mutex_unlock(&fault->mutex);
}

/* Attaching */

static struct iommufd_fault_handle *handle_new(struct iommufd_device *idev,
					       struct iommufd_hwpt *hwpt)
{
	struct iommufd_fault_handle *handle;

	/* Page requests can only be disabled for all functions at once */
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
	handle_flush(handle->fault, handle);
	kfree(handle);
}

/**
 * iommufd_fault_attach() - attach a group to a hardware page table with a queue
 * @idev: the device; its group is not attached
 * @hwpt: the hardware page table
 *
 * Context: iommufd_group::lock held.
 *
 * Return: 0; -EINVAL for a virtual function; -ENOMEM; or the error of the IOMMU
 * driver, which may not support page requests.
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
 * @hwpt: the hardware page table that it is attached to
 *
 * Context: iommufd_group::lock held.
 */
void iommufd_fault_detach(struct iommufd_device *idev,
			  struct iommufd_hwpt *hwpt)
{
	struct iommufd_group *igroup = idev->igroup;

	lockdep_assert_held(&igroup->lock);
	iommu_detach_group_handle(hwpt->domain, igroup->group);
	handle_flush(igroup->handle->fault, igroup->handle);
	compat_iopf_disable(idev->dev);
	handle_free(igroup->handle);
	igroup->handle = NULL;
}

static int handle_replace(struct iommufd_device *idev,
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
		handle_flush(igroup->handle->fault, igroup->handle);
	if (ret ? on : off)
		compat_iopf_disable(idev->dev);
	return ret;
}

/**
 * iommufd_fault_replace() - replace the hardware page table of a group, if the
 *	old one or the new one has a queue
 * @idev: the device, which is attached
 * @hwpt: the new hardware page table
 *
 * Context: iommufd_group::lock held.
 *
 * Return: 0, or an error and nothing has changed.
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
	ret = handle_replace(idev, hwpt, handle);
	unused = ret ? handle : igroup->handle;
	if (!ret)
		igroup->handle = handle;
	if (unused)
		handle_free(unused);
	return ret;
}

/**
 * iommufd_hwpt_set_fault() - give a hardware page table a fault queue
 * @hwpt: the hardware page table, not published
 * @fault_id: id of the queue
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
	/* The hardware page table is a user of the queue from here on */
	hwpt->fault = container_of(obj, struct iommufd_fault, obj);
	hwpt->domain->iopf_handler = fault_queue_group;
	return 0;
}

/**
 * iommufd_hwpt_clear_fault() - undo iommufd_hwpt_set_fault(), if it was called
 * @hwpt: a hardware page table to which no device is attached
 */
void iommufd_hwpt_clear_fault(struct iommufd_hwpt *hwpt)
{
	if (hwpt->fault)
		iommufd_object_put(hwpt->ioas->ictx, &hwpt->fault->obj);
}

/* The file */

static size_t fault_group_bytes(const struct iopf_group *group)
{
	return group->fault_count * sizeof(struct iommu_hwpt_pgfault);
}

/* Does not wait for the user's memory: then, too, it fails with -EFAULT */
static int fault_copy_group(const struct iopf_group *group,
			    struct iommu_hwpt_pgfault __user *to)
{
	const struct iopf_fault *iopf;

	list_for_each_entry(iopf, &group->faults, list) {
		const struct iommu_fault_page_request *request =
			&iopf->fault.prm;
		const struct iommu_hwpt_pgfault one = {
			.flags = request->flags,
			.dev_id = group_to_handle(group)->idev->obj.id,
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

static struct iopf_group *fault_first_group(struct iommufd_fault *fault)
{
	struct iopf_group *group;

	spin_lock(&fault->lock);
	group = list_first_entry_or_null(&fault->deliver, struct iopf_group,
					 node);
	spin_unlock(&fault->lock);
	return group;
}

/* On failure, the group stays the first of those to be read */
static int fault_read_group(struct iommufd_fault *fault,
			    struct iopf_group *group, char __user *to)
{
	int ret;

	lockdep_assert_held(&fault->mutex);
	ret = xa_alloc(&fault->waiting, &group->cookie, group, xa_limit_32b,
		       GFP_KERNEL_ACCOUNT);
	if (ret)
		return ret;
	ret = fault_copy_group(group, (struct iommu_hwpt_pgfault __user *)to);
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
 * Reads as many whole groups as fit: 0 bytes if there are none, -EINVAL if the
 * first one does not fit. If memory of the user is not present, it is faulted
 * in without the mutex, and reading the group is tried again.
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
		while (!ret && (group = fault_first_group(fault))) {
			if (fault_group_bytes(group) > count - done) {
				ret = -EINVAL;
				break;
			}
			ret = fault_read_group(fault, group, to + done);
			if (!ret)
				done += fault_group_bytes(group);
			else if (ret == -EFAULT)
				missing = fault_group_bytes(group);
			cond_resched();
		}
		mutex_unlock(&fault->mutex);
	} while (missing && !fault_in_writeable(to + done, missing) &&
		 !fatal_signal_pending(current));
	return done ?: ret;
}

static int fault_write_response(struct iommufd_fault *fault,
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
	fault_respond(group, response->code);
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
		ret = fault_write_response(fault, &response);
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
	return EPOLLOUT | (fault_first_group(fault) ? EPOLLIN | EPOLLRDNORM : 0);
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

	/* No device is attached, and each detach has flushed its requests */
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
