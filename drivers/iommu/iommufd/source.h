/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where pinned memory comes from and who pays for it.
 *
 * The mappings that one process makes share one source, so that a mapping
 * costs one count and not one for each of mm, task and credentials.
 */
#ifndef _IOMMUFD_SOURCE_H
#define _IOMMUFD_SOURCE_H

#include <linux/refcount.h>
#include <linux/types.h>

struct cred;
struct file;
struct iommufd_ctx;
struct iommufd_devmem;
struct mm_struct;
struct task_struct;

/**
 * struct iommufd_source - a process and perhaps a file
 * @users: pages objects, and the context that offers it for reuse
 * @account: enum iommufd_account: whose limit the pages count against
 * @writes: pages of @file may be written: while the source exists, @file
 *	counts as mapped for writing and cannot be sealed with F_SEAL_WRITE
 * @mm: the process's memory (the structure is kept, the memory is not)
 * @task: the leader of its threads, whose limits apply
 * @cred: on whose behalf it mapped
 * @file: the file that pages are of, or NULL for those of @mm
 * @devmem: watches the device memory that pages are of (device_memory.h), or
 *	NULL
 * @successor: takes over from it, while that is being prepared (process.c)
 */
struct iommufd_source {
	refcount_t users;
	u8 account;
	bool writes;
	struct mm_struct *mm;
	struct task_struct *task;
	const struct cred *cred;
	struct file *file;
	struct iommufd_devmem *devmem;
	struct iommufd_source *successor;
};

struct iommufd_source *iommufd_source_current(struct iommufd_ctx *ictx);
struct iommufd_source *iommufd_source_file(struct iommufd_ctx *ictx,
					   struct file *file, bool write);
struct iommufd_source *iommufd_source_device(struct iommufd_ctx *ictx,
					     unsigned long address,
					     unsigned long length);
bool iommufd_source_is_current(const struct iommufd_source *source);
int iommufd_source_add_successor(struct iommufd_source *source);
void iommufd_source_put(struct iommufd_source *source);
void iommufd_source_forget(struct iommufd_ctx *ictx);
int iommufd_source_charge(struct iommufd_source *source, unsigned long npages);
void iommufd_source_uncharge(struct iommufd_source *source,
			     unsigned long npages);
int iommufd_source_charge_current(u8 account, unsigned long npages);
void iommufd_source_uncharge_current(u8 account, unsigned long npages);

#endif
