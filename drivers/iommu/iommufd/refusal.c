// SPDX-License-Identifier: GPL-2.0
/*
 * Refusals in the kernel log, one line each: the request and its process, the
 * limit or range that refused it, and what to do.
 *
 * A user can cause any of them any number of times, so all are rate-limited.
 * They are called only when a call fails. An attempt that fails inside the
 * kernel, and is followed by another one, is not logged.
 */
#define pr_fmt(fmt) "iommufd: " fmt

#include <linux/cred.h>
#include <linux/mm_types.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>

#include "device.h"
#include "refusal.h"
#include "source.h"

/**
 * struct who - a name for a line of the log
 * @text: the name of a task or a device
 */
struct who {
	char text[80];
};

/* A process chooses its own name, so unprintable characters are escaped */
static const char *task_name(struct who *who, struct task_struct *task)
{
	snprintf(who->text, sizeof(who->text), "%*pE[%d]",
		 (int)strnlen(task->comm, TASK_COMM_LEN), task->comm,
		 task_pid_nr(task));
	return who->text;
}

#define USE_WHAT_IS_FREE \
	"map only in what IOMMU_IOAS_IOVA_RANGES or VFIO_IOMMU_GET_INFO lists"

/**
 * iommufd_refuse_memlock() - RLIMIT_MEMLOCK does not allow pinning
 * @source: the source whose process would have been charged
 * @npages: number of additional pages
 */
void iommufd_refuse_memlock(const struct iommufd_source *source,
			    unsigned long npages)
{
	bool by_user = source->account == IOMMUFD_ACCOUNT_USER;
	unsigned long locked;
	struct who who;

	locked = by_user ? atomic_long_read(&source->cred->user->locked_vm) :
			   READ_ONCE(source->mm->locked_vm);
	pr_warn_ratelimited("RLIMIT_MEMLOCK (%lu) exceeded: %s wants to lock %lu bytes more, and %s has locked %lu; raise the limit (ulimit -l, in systemd LimitMEMLOCK=) or give the process CAP_IPC_LOCK\n",
			    task_rlimit(source->task, RLIMIT_MEMLOCK),
			    task_name(&who, source->task), npages << PAGE_SHIFT,
			    by_user ? "its user, in all processes," : "it",
			    locked << PAGE_SHIFT);
}

/* Is the range reserved because it is outside the aperture of a domain? */
static bool is_outside_aperture(struct iommufd_ioas *ioas,
				const struct interval_tree_node *node)
{
	const struct iommufd_reserved *reserved =
		container_of(node, struct iommufd_reserved, node);
	const struct iommufd_hwpt *hwpt;

	lockdep_assert_held(&ioas->domains_lock);

	list_for_each_entry(hwpt, &ioas->hwpts, node)
		if (hwpt == reserved->owner)
			return true;
	return false;
}

/**
 * iommufd_refuse_reserved() - a range cannot be mapped because a part of it is
 *	reserved
 * @ioas: the address space
 * @node: the reservation, in iommufd_ioas::reserved
 * @first: first IOVA of the range
 * @last: last IOVA of the range
 *
 * Context: iommufd_ioas::domains_lock and lock held.
 *
 * Return: -EINVAL.
 */
int iommufd_refuse_reserved(struct iommufd_ioas *ioas,
			    const struct interval_tree_node *node,
			    unsigned long first, unsigned long last)
{
	struct who who;

	pr_warn_ratelimited("%s cannot map IOVA %#lx-%#lx: %#lx-%#lx is %s; " USE_WHAT_IS_FREE "\n",
			    task_name(&who, current), first, last,
			    node->start, node->last,
			    is_outside_aperture(ioas, node) ?
				    "outside the aperture of an attached device's IOMMU" :
				    "reserved for an attached device (its interrupts, or memory that its firmware uses)");
	return -EINVAL;
}

/**
 * iommufd_refuse_alignment() - a range cannot be mapped because it is not
 *	aligned
 * @iova: first IOVA, or 0 if the kernel would have chosen it
 * @length: bytes
 * @address: address of its memory
 * @alignment: the alignment that is required
 *
 * Return: -EINVAL.
 */
int iommufd_refuse_alignment(unsigned long iova, unsigned long length,
			     unsigned long address, unsigned long alignment)
{
	struct who who;

	/* Addresses of a process are not logged, only their lowest bits */
	pr_warn_ratelimited("%s cannot map %#lx bytes, %#lx behind a page's start in memory, to IOVA %#lx: all three have to be multiples of %#lx, the page size of the window or of what is attached\n",
			    task_name(&who, current), length,
			    address & (alignment - 1), iova, alignment);
	return -EINVAL;
}

/**
 * iommufd_refuse_no_window() - a range cannot be mapped because it is in no
 *	window
 * @first: first IOVA of the range
 * @last: last IOVA of the range
 *
 * Return: -ENXIO.
 */
int iommufd_refuse_no_window(unsigned long first, unsigned long last)
{
	struct who who;

	pr_warn_ratelimited("%s cannot map IOVA %#lx-%#lx: no window holds it; create one there, or map inside an existing one\n",
			    task_name(&who, current), first, last);
	return -ENXIO;
}

/**
 * iommufd_refuse_bind() - a device cannot be bound
 * @dev: the device
 * @why: the reason, and what to do
 */
void iommufd_refuse_bind(struct device *dev, const char *why)
{
	struct who who;

	pr_warn_ratelimited("%s cannot be given to %s: %s\n",
			    dev_name(dev), task_name(&who, current), why);
}

/* The device's name, or the group's number */
static const char *device_name(struct who *who,
			       const struct refused_device *device)
{
	if (device->dev)
		return dev_name(device->dev);
	snprintf(who->text, sizeof(who->text), "group %d",
		 iommu_group_id(device->group));
	return who->text;
}

/**
 * iommufd_refuse_attach_reserved() - IOVA that a device reserves is in use
 * @device: the device or group
 * @first: first IOVA that it reserves
 * @last: last IOVA that it reserves
 */
void iommufd_refuse_attach_reserved(const struct refused_device *device,
				    unsigned long first, unsigned long last)
{
	struct who who, name;

	pr_warn_ratelimited("%s cannot be attached for %s: IOVA %#lx-%#lx is reserved for it, and something there is mapped, allowed or in a window; unmap that first\n",
			    device_name(&name, device),
			    task_name(&who, current), first, last);
}

/**
 * iommufd_refuse_attach_aperture() - IOVA outside the aperture of a device's
 *	IOMMU is in use
 * @dev: the device
 * @first: first IOVA of the aperture
 * @last: last IOVA of the aperture
 */
void iommufd_refuse_attach_aperture(struct device *dev, unsigned long first,
				    unsigned long last)
{
	struct who who;

	pr_warn_ratelimited("%s cannot be attached for %s: its IOMMU's aperture is IOVA %#lx-%#lx, and something outside is mapped, allowed or in a window; unmap that first\n",
			    dev_name(dev), task_name(&who, current), first, last);
}

/**
 * iommufd_refuse_attach_windows() - an IOMMU and an address space are not
 *	compatible because of windows
 * @dev: a device of the IOMMU
 * @windowed: whether the address space has windows
 */
void iommufd_refuse_attach_windows(struct device *dev, bool windowed)
{
	struct who who;

	pr_warn_ratelimited("%s cannot be attached for %s: %s\n",
			    dev_name(dev), task_name(&who, current), windowed ?
			    "its IOMMU cannot have the windows of this address space; attach it first and create them then" :
			    "its IOMMU has windows, and this address space was not made with IOMMU_IOAS_ALLOC_WINDOWED");
}

/**
 * iommufd_refuse_attach_page_size() - an IOMMU's smallest page is too large
 * @dev: the device
 * @page_size: smallest page size of its IOMMU
 */
void iommufd_refuse_attach_page_size(struct device *dev,
				     unsigned long page_size)
{
	struct who who;

	pr_warn_ratelimited("%s cannot be attached for %s: the smallest page of its IOMMU is %#lx, and of this machine %#lx\n",
			    dev_name(dev), task_name(&who, current), page_size,
			    PAGE_SIZE);
}

/**
 * iommufd_refuse_attach_driver() - the IOMMU driver fails to attach a device
 * @device: the device or group
 * @hwpt: the hardware page table
 * @error: error of the driver
 */
void iommufd_refuse_attach_driver(const struct refused_device *device,
				  const struct iommufd_hwpt *hwpt, int error)
{
	struct who who, name;

	/* Another one is tried or created: see iommufd_hwpt_attach_any() */
	if (error == -ENOMEM || (error == -EINVAL && hwpt->automatic))
		return;
	pr_warn_ratelimited("%s cannot be attached for %s: its IOMMU driver refuses hardware page table %u with error %d%s\n",
			    device_name(&name, device),
			    task_name(&who, current), hwpt->obj.id, error,
			    error == -EINVAL ?
				    "; it does not suit this device's IOMMU (address width, snoop control, another driver): attach to the address space for one that does" :
				    "");
}

/**
 * iommufd_refuse_mapping_alignment() - a mapping is not aligned to the pages
 *	that a new hardware page table, an access or an option requires
 * @iova: first IOVA of the mapping
 * @length: bytes
 * @alignment: the alignment that is required
 *
 * Return: -EADDRINUSE.
 */
int iommufd_refuse_mapping_alignment(unsigned long iova, unsigned long length,
				     unsigned long alignment)
{
	struct who who;

	pr_warn_ratelimited("%s cannot attach (or turn large pages off) here: that needs mappings of whole pages of %#lx bytes, and %#lx bytes at IOVA %#lx are not; unmap them first\n",
			    task_name(&who, current), alignment, length, iova);
	return -EADDRINUSE;
}
