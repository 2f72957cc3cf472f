// SPDX-License-Identifier: GPL-2.0
/*
 * Pinning: from a range of user memory to runs. Files are in memory_file.c.
 *
 * Memory of a process is pinned in batches: a list of pages is filled (on the
 * stack for a small range, otherwise a page full of pointers) and its pages go
 * into the builder of runs. If the calling task is not of the process that
 * mapped (a device is attached by another, or by a kernel thread), the pages
 * are pinned on behalf of that process, as long as it lives.
 *
 * Memory of a device has no pages that could be pinned: see device_memory.h.
 */
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include <compat/uninitialized.h>

#include "device_memory.h"
#include "memory_file.h"
#include "pages.h"
#include "pin.h"
#include "runs.h"

#define PAGES_ON_STACK 16
#define PAGES_PER_BATCH (SZ_4K / sizeof(struct page *))

size_t iommufd_batch_bytes = IOMMUFD_BATCH_BYTES;

static long pin_batch(struct mm_struct *mm, unsigned long address,
		      unsigned long npages, unsigned int gup_flags,
		      struct page **list)
{
	int locked = 1;
	long got;

	if (mm == current->mm)
		return pin_user_pages_fast(address, npages, gup_flags, list);

	mmap_read_lock(mm);
	got = pin_user_pages_remote(mm, address, npages, gup_flags, list,
				    &locked);
	if (locked)
		mmap_read_unlock(mm);
	return got;
}

static int pin_user(struct iommufd_pages *pages, unsigned long address,
		    unsigned long npages, struct run_builder *b)
{
	unsigned int gup_flags = pages_gup_flags(pages);
	struct page *few[PAGES_ON_STACK] compat_uninitialized;
	struct page **list = few;
	unsigned long room = ARRAY_SIZE(few);
	int ret = 0;

	if (npages > ARRAY_SIZE(few)) {
		list = kmalloc_array(PAGES_PER_BATCH, sizeof(*list),
				     GFP_KERNEL);
		if (!list)
			return -ENOMEM;
		room = PAGES_PER_BATCH;
	}
	/* Tests make batches shorter, to see where one ends */
	room = clamp(READ_ONCE(iommufd_batch_bytes) / sizeof(*list), 1, room);
	while (npages) {
		long got = pin_batch(pages->source->mm, address,
				     min(npages, room), gup_flags, list);

		if (got <= 0) {
			ret = got ?: -EFAULT;
			break;
		}
		ret = run_builder_add_pages(b, list, got);
		if (ret)
			break;
		address += got * PAGE_SIZE;
		npages -= got;
		if (!npages)
			break;
		/* Pages that are present are pinned without a look at signals */
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		cond_resched();
	}
	if (list != few)
		kfree(list);
	return ret;
}

/**
 * iommufd_pin() - pin pages and collect their runs
 * @pages: the object
 * @first: index of the first page
 * @npages: how many
 * @b: the builder, which begins at @first; after an error the caller aborts it
 *
 * Return: 0; -EFAULT if there is no such memory or not with that access;
 * -ENOMEM; -EINTR if the task is being killed; for a file the errors of
 * iommufd_file_pin().
 */
int iommufd_pin(struct iommufd_pages *pages, unsigned long first,
		unsigned long npages, struct run_builder *b)
{
	unsigned long address = pages->address + first * PAGE_SIZE;
	struct mm_struct *mm = pages->source->mm;
	int ret;

	if (pages->device)
		return iommufd_devmem_hold(pages, first, npages, b);
	if (pages->source->file)
		return iommufd_file_pin(pages->source->file, address, npages,
					b);
	if (mm != current->mm && !mmget_not_zero(mm))
		return -EFAULT;
	ret = pin_user(pages, address, npages, b);
	if (mm != current->mm)
		mmput(mm);
	return ret;
}
