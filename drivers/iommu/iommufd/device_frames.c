// SPDX-License-Identifier: GPL-2.0
/*
 * Looking up the frames of device memory in the process's page table.
 *
 * A VM_PFNMAP mapping of a driver can contain ordinary memory too. udmabuf,
 * graphics and sound drivers map the kernel's pages that way, and a private
 * mapping gets anonymous pages when it is written to. These pages are not
 * pinned, so they can be reused as soon as their owner frees them. So every
 * frame that is the kernel's memory is refused.
 */
#include <linux/ioport.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "device_memory.h"
#include "runs.h"

/* Pages that are looked up before mmap_lock is dropped for others */
#define LOOKUP_PAGES_PER_TURN 512

/* How often a page may vanish between a fault and the lookup after it */
#define LOOKUP_TRIES 16

/*
 * Is the frame device memory, and not memory that the kernel manages? If it has
 * no struct page, it is. If it has one, it can still be device memory, where
 * memory and registers share a section: then the page is reserved, and its
 * address is not system RAM. Reserved system memory (such as the kernel's
 * image), offline memory and device memory with managed pages (ZONE_DEVICE) are
 * refused.
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
 * iommufd_device_frames() - find the frames of device memory
 * @pages: the object
 * @address: address of the first page in the process
 * @npages: number of pages
 * @b: the builder to which the frames are added
 *
 * Context: the process is alive.
 *
 * Return: 0; -EFAULT if there is no device memory, the access is not allowed,
 * or a frame is the kernel's memory; -ENOMEM; -EINTR.
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
