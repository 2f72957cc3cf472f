// SPDX-License-Identifier: GPL-2.0
/*
 * Sources, and the count of locked memory.
 *
 * Pages are counted when they are pinned and uncounted when they are unpinned,
 * wherever that happens: against the user (the sum over all its processes) or
 * against the process, both within the RLIMIT_MEMLOCK of the process that
 * mapped. A task with CAP_IPC_LOCK is not limited and not counted. What is
 * pinned also shows as VmPin of the process, in every mode.
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

#include "device_memory.h"
#include "object.h"
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
 * iommufd_source_current() - the memory of the calling process
 * @ictx: the context that maps it
 *
 * Return: a source with a count for the caller, or ERR_PTR(-ENOMEM).
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
 * iommufd_source_file() - a file, paid for by the calling process
 * @ictx: the context that maps it
 * @file: the file; the source takes a reference of its own
 * @write: its pages may be written: iommufd_file_check() has allowed it
 *
 * Return: a source with a count for the caller; ERR_PTR(-ENOMEM);
 * ERR_PTR(-EPERM) if @write, and the file is sealed with F_SEAL_WRITE.
 */
struct iommufd_source *iommufd_source_file(struct iommufd_ctx *ictx,
					   struct file *file, bool write)
{
	return source_new(account_of_current(ictx), file, write);
}

/**
 * iommufd_source_device() - device memory in the calling process
 * @ictx: the context that maps it
 * @address: where it begins, a multiple of the page size
 * @length: bytes, whole pages
 *
 * Return: a source for one pages object, with a count for the caller, or the
 * ERR_PTR of iommufd_devmem_create().
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
 * iommufd_source_add_successor() - prepare that the calling process takes over
 * @source: a source; it gets a successor that is counted the same way and may
 *	write if @source may
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
 * iommufd_source_forget() - do not offer the newest source again
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

/* A process that has exited has nothing left to be counted */
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
 * iommufd_source_charge() - count pages that are to be pinned
 * @source: who pays
 * @npages: how many
 *
 * Return: 0; -ENOMEM if it would exceed the limit, which the caller says in the
 * log; -EINVAL if the process has exited.
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
 * @source: who paid
 * @npages: how many
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
 * iommufd_source_charge_current() - count pages before there is a source
 * @account: enum iommufd_account
 * @npages: how many
 *
 * Return: as iommufd_source_charge() for one of the calling process.
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
 * @npages: how many
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
