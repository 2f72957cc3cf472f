/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A source says where pinned memory comes from and whose limit it counts
 * against.
 *
 * The mappings of one process share one source. So a mapping takes one
 * reference instead of three, to the mm, the task and the credentials.
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
 * @users: references of pages objects, and one of the context, which reuses
 *	its newest source
 * @account: enum iommufd_account: whose limit the pages count against
 * @writes: devices may write to pages of @file. While the source exists, @file
 *	counts as mapped for writing and cannot be sealed with F_SEAL_WRITE.
 * @mm: the process's mm (mmgrab(): keeps the structure, not the memory)
 * @task: the thread group leader, whose limits apply
 * @cred: the credentials with which it mapped
 * @file: the file that the pages belong to, or NULL for pages of @mm
 * @devmem: the subscription to the device memory that the pages belong to
 *	(device_memory.h), or NULL
 * @successor: the source that will replace this one, while another process
 *	takes over (process.c)
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
