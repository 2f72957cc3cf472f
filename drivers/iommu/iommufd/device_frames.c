// SPDX-License-Identifier: GPL-2.0
/*
 * The frames of a device's memory, looked up in the process's page table.
 *
 * What a driver has mapped there (VM_PFNMAP) can be ordinary memory as well.
 * udmabuf, graphics and sound drivers map the kernel's pages that way, and a
 * private mapping gets anonymous pages when it is written to. Without a pin
 * those pages are free for others as soon as their owner lets go of them, so
 * every frame that is the kernel's memory is refused.
 */
#include <linux/ioport.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "device_memory.h"
#include "runs.h"

/* Pages that are looked up before others get the lock of the page table */
#define LOOKUP_PAGES_PER_TURN 512

/* How often a page may vanish between the fault that brings it in and a look */
#define LOOKUP_TRIES 16

/*
 * Is it a device's, and not the kernel's? A frame without a struct page is no
 * memory that the kernel manages. One with a struct page can be a device's
 * where memory and registers share a section: then the page is reserved, and
 * no system memory is there. Reserved system memory (the kernel's own image,
 * for one), memory that is offline and a device's memory that is managed in
 * pages (ZONE_DEVICE) are refused.
 */
static bool pfn_is_device(unsigned long pfn)
{
	struct page *page;

	if (!pfn_valid(pfn))
		return true;
	page = pfn_to_online_page(pfn);
	return page && PageReserved(page) && !page_is_ram(pfn);
}

static int lookup_page(struct mm_struct *mm, unsigned long address, bool write,
		       unsigned long *pfn)
{
	struct follow_pfnmap_args args = { .address = address };
	bool unlocked = false;
	int tries, ret;

	for (tries = 0; tries < LOOKUP_TRIES; tries++) {
		args.vma = vma_lookup(mm, address);
		if (!args.vma || !(args.vma->vm_flags & VM_PFNMAP))
			return -EFAULT;
		if (!follow_pfnmap_start(&args)) {
			bool allowed = args.writable || !write;

			*pfn = args.pfn;
			follow_pfnmap_end(&args);
			return allowed && pfn_is_device(*pfn) ? 0 : -EFAULT;
		}
		if (fatal_signal_pending(current))
			return -EINTR;
		ret = fixup_user_fault(mm, address,
				       write ? FAULT_FLAG_WRITE : 0, &unlocked);
		if (ret)
			return ret;
	}
	return -EFAULT;
}

/**
 * iommufd_device_frames() - find the frames of a device's memory
 * @pages: the object
 * @address: of the first page, in the process
 * @npages: how many
 * @b: where they go
 *
 * Context: the process is alive.
 *
 * Return: 0; -EFAULT if there is no such memory, not with that access, or if
 * it is the kernel's; -ENOMEM; -EINTR.
 */
int iommufd_device_frames(struct iommufd_pages *pages, unsigned long address,
			  unsigned long npages, struct run_builder *b)
{
	struct mm_struct *mm = pages->source->mm;
	unsigned long n = 0;
	int ret = 0;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	for (; npages; npages--, address += PAGE_SIZE) {
		unsigned long pfn;

		ret = lookup_page(mm, address, pages->writable, &pfn);
		if (!ret)
			ret = run_builder_add(b, pfn, 1);
		if (ret)
			break;
		if (++n % LOOKUP_PAGES_PER_TURN)
			continue;
		mmap_read_unlock(mm);
		cond_resched();
		if (fatal_signal_pending(current))
			return -EINTR;
		mmap_read_lock(mm);
	}
	mmap_read_unlock(mm);
	return ret;
}
