// SPDX-License-Identifier: GPL-2.0
/*
 * Sources, and the accounting of locked memory.
 *
 * Pages are charged when they are pinned and uncharged when they are unpinned,
 * whichever task does it. The charge goes to the user (the sum over all its
 * processes) or to the process. The limit is the RLIMIT_MEMLOCK of the process
 * that mapped. A task with CAP_IPC_LOCK is neither limited nor charged. In
 * every mode, pinned pages also count in the VmPin of the process.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/user.h>
#include <linux/slab.h>

#include "context.h"
#include "device_memory.h"
#include "refusal.h"
#include "source.h"

static struct iommufd_source *source_new(u8 account, struct file *file,
					 bool writes)
{
	struct iommufd_source *source;

	source = kzalloc(sizeof(*source), GFP_KERNEL_ACCOUNT);
	if (!source)
		return ERR_PTR(-ENOMEM);
	if (writes && mapping_map_writable(file->f_mapping)) {
		kfree(source);
		return ERR_PTR(-EPERM);
	}
	source->writes = writes;
	refcount_set(&source->users, 1);
	source->account = account;
	source->mm = current->mm;
	mmgrab(source->mm);
	source->task = get_task_struct(current->group_leader);
	source->cred = get_current_cred();
	if (file)
		source->file = get_file(file);
	return source;
}

static u8 account_of_current(const struct iommufd_ctx *ictx)
{
	return capable(CAP_IPC_LOCK) ? IOMMUFD_ACCOUNT_NONE : ictx->account;
}

void iommufd_source_put(struct iommufd_source *source)
{
	if (!refcount_dec_and_test(&source->users))
		return;
	if (source->devmem)
		iommufd_devmem_destroy(source->devmem);
	if (source->writes)
		mapping_unmap_writable(source->file->f_mapping);
	if (source->file)
		fput(source->file);
	put_cred(source->cred);
	put_task_struct(source->task);
	mmdrop(source->mm);
	kfree(source);
}

bool iommufd_source_is_current(const struct iommufd_source *source)
{
	return source->mm == current->mm && source->cred == current_cred() &&
	       source->task == current->group_leader;
}

/**
 * iommufd_source_current() - the source for memory of the calling process
 * @ictx: the context that maps it
 *
 * Return: a source with a reference for the caller, or ERR_PTR(-ENOMEM).
 */
struct iommufd_source *iommufd_source_current(struct iommufd_ctx *ictx)
{
	struct iommufd_source *source, *old;

	spin_lock(&ictx->source_lock);
	source = ictx->source;
	if (source && iommufd_source_is_current(source)) {
		refcount_inc(&source->users);
		spin_unlock(&ictx->source_lock);
		return source;
	}
	spin_unlock(&ictx->source_lock);

	source = source_new(account_of_current(ictx), NULL, false);
	if (IS_ERR(source))
		return source;
	refcount_inc(&source->users);
	spin_lock(&ictx->source_lock);
	old = ictx->source;
	ictx->source = source;
	spin_unlock(&ictx->source_lock);
	if (old)
		iommufd_source_put(old);
	return source;
}

/**
 * iommufd_source_file() - create a source for a file
 * @ictx: the context that maps it
 * @file: the file; the source takes its own reference
 * @write: devices may write to it; iommufd_file_check() has allowed that
 *
 * Pages are charged to the calling process.
 *
 * Return: a source with a reference for the caller; ERR_PTR(-ENOMEM);
 * ERR_PTR(-EPERM) if @write and the file is sealed with F_SEAL_WRITE.
 */
struct iommufd_source *iommufd_source_file(struct iommufd_ctx *ictx,
					   struct file *file, bool write)
{
	return source_new(account_of_current(ictx), file, write);
}

/**
 * iommufd_source_device() - create a source for device memory that the calling
 *	process has mapped
 * @ictx: the context that maps it
 * @address: start, a multiple of the page size
 * @length: bytes, a multiple of the page size
 *
 * Return: a source for one pages object, with a reference for the caller, or
 * the ERR_PTR of iommufd_devmem_create().
 */
struct iommufd_source *iommufd_source_device(struct iommufd_ctx *ictx,
					     unsigned long address,
					     unsigned long length)
{
	struct iommufd_source *source;
	struct iommufd_devmem *devmem;

	source = source_new(account_of_current(ictx), NULL, false);
	if (IS_ERR(source))
		return source;
	devmem = iommufd_devmem_create(source->mm, address, length);
	if (IS_ERR(devmem)) {
		iommufd_source_put(source);
		return ERR_CAST(devmem);
	}
	source->devmem = devmem;
	return source;
}

/**
 * iommufd_source_add_successor() - prepare for the calling process to take over
 * @source: gets a successor with the same @account, @file and @writes
 *
 * Return: 0 or -ENOMEM.
 */
int iommufd_source_add_successor(struct iommufd_source *source)
{
	struct iommufd_source *successor;

	successor = source_new(source->account, source->file, source->writes);
	if (IS_ERR(successor))
		return PTR_ERR(successor);
	source->successor = successor;
	return 0;
}

/**
 * iommufd_source_forget() - do not reuse the newest source again
 * @ictx: the context
 */
void iommufd_source_forget(struct iommufd_ctx *ictx)
{
	struct iommufd_source *old;

	spin_lock(&ictx->source_lock);
	old = ictx->source;
	ictx->source = NULL;
	spin_unlock(&ictx->source_lock);
	if (old)
		iommufd_source_put(old);
}

static int charge_user(struct iommufd_source *source, unsigned long npages)
{
	unsigned long limit = task_rlimit(source->task, RLIMIT_MEMLOCK) >>
			      PAGE_SHIFT;
	atomic_long_t *locked = &source->cred->user->locked_vm;
	long old = atomic_long_read(locked);

	do {
		if (npages > limit || old > (long)(limit - npages))
			return -ENOMEM;
	} while (!atomic_long_try_cmpxchg(locked, &old, old + npages));
	return 0;
}

/* -EINVAL if the process has exited: its memory is gone, and so is the count */
static int account_mm(struct iommufd_source *source, unsigned long npages,
		      bool inc)
{
	int ret;

	if (source->mm != current->mm && !mmget_not_zero(source->mm))
		return -EINVAL;
	mmap_write_lock(source->mm);
	ret = __account_locked_vm(source->mm, npages, inc, source->task, false);
	mmap_write_unlock(source->mm);
	if (source->mm != current->mm)
		mmput(source->mm);
	return ret;
}

/**
 * iommufd_source_charge() - charge pages before they are pinned
 * @source: their source
 * @npages: number of pages
 *
 * Return: 0; -ENOMEM if the limit would be exceeded, which the caller logs;
 * -EINVAL if the process has exited.
 */
int iommufd_source_charge(struct iommufd_source *source, unsigned long npages)
{
	int ret = 0;

	if (source->account == IOMMUFD_ACCOUNT_USER)
		ret = charge_user(source, npages);
	else if (source->account == IOMMUFD_ACCOUNT_MM)
		ret = account_mm(source, npages, true);
	if (!ret)
		atomic64_add(npages, &source->mm->pinned_vm);
	return ret;
}

/**
 * iommufd_source_uncharge() - undo iommufd_source_charge()
 * @source: the source that was charged
 * @npages: number of pages
 */
void iommufd_source_uncharge(struct iommufd_source *source,
			     unsigned long npages)
{
	if (source->account == IOMMUFD_ACCOUNT_USER)
		atomic_long_sub(npages, &source->cred->user->locked_vm);
	else if (source->account == IOMMUFD_ACCOUNT_MM)
		account_mm(source, npages, false);
	atomic64_sub(npages, &source->mm->pinned_vm);
}

/**
 * iommufd_source_charge_current() - charge pages to the calling process
 * @account: enum iommufd_account
 * @npages: number of pages
 *
 * For callers that have no source yet. Logs a limit that is exceeded.
 *
 * Return: as iommufd_source_charge().
 */
int iommufd_source_charge_current(u8 account, unsigned long npages)
{
	struct iommufd_source source = {
		.account = account,
		.mm = current->mm,
		.task = current->group_leader,
		.cred = current_cred(),
	};
	int ret;

	ret = npages ? iommufd_source_charge(&source, npages) : 0;
	if (ret == -ENOMEM)
		iommufd_refuse_memlock(&source, npages);
	return ret;
}

/**
 * iommufd_source_uncharge_current() - undo iommufd_source_charge_current()
 * @account: enum iommufd_account
 * @npages: number of pages
 */
void iommufd_source_uncharge_current(u8 account, unsigned long npages)
{
	struct iommufd_source source = {
		.account = account,
		.mm = current->mm,
		.task = current->group_leader,
		.cred = current_cred(),
	};

	if (npages)
		iommufd_source_uncharge(&source, npages);
}
