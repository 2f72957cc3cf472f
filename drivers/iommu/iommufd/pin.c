// SPDX-License-Identifier: GPL-2.0
/*
 * Pinning a range of user memory and collecting its runs. Files are pinned in
 * memory_file.c.
 *
 * Memory of a process is pinned in batches. Each batch fills a list of page
 * pointers (on the stack for a small range, otherwise one page of pointers),
 * which is added to the run builder. The calling task may belong to another
 * process than the one that mapped: another process, or a kernel thread, may
 * attach a device. Then the pages are pinned in the process that mapped, which
 * must still be alive.
 *
 * Device memory has no pages to pin: see device_memory.h.
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
	/* Tests use short batches, to test the borders between them */
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
		/* Pinning pages that are present does not check for signals */
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
 * @npages: number of pages
 * @b: the builder, which begins at @first; after an error the caller aborts it
 *
 * Return: 0; -EFAULT if there is no memory, or the access is not allowed;
 * -ENOMEM; -EINTR if the task is being killed; for a file the errors of
 * iommufd_file_pin(), for device memory those of iommufd_devmem_hold().
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
