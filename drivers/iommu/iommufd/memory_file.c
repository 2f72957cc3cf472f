// SPDX-License-Identifier: GPL-2.0
/*
 * Memory files: files of tmpfs and hugetlbfs, including memfds of both kinds.
 *
 * A device gets the access that mmap() with MAP_SHARED would give the caller,
 * for as long as the mapping exists:
 *
 *   - The mode of the descriptor decides, when the file is mapped. Permission
 *     was checked when the descriptor was opened or passed on.
 *   - F_SEAL_FUTURE_WRITE is checked when the file is mapped. It does not
 *     affect older mappings.
 *   - F_SEAL_WRITE and a writable mapping exclude each other. From the mapping
 *     of the file to the unmapping of its last copy, whether pages are pinned
 *     or not, the source counts in i_mmap_writable, as a writable mmap() does.
 *     Adding the seal makes that count negative. The second of the two fails.
 *
 * memfd_pin_folios() checks none of this.
 *
 * Holes. A missing page is allocated, as by the first access to a page of an
 * mmap(), even if the descriptor is only for reading. In tmpfs,
 * memfd_pin_folios() does this correctly. In hugetlbfs on Linux 6.12 it takes a
 * huge page that is reserved for others (the count of reserved pages may fall
 * below zero), and charges no control group. So it must never see a hole there:
 * fallocate() fills holes first. Punching holes and truncating a file need the
 * inode's lock for writing, so it is held for reading from the check that all
 * pages are present until they are pinned. Locks of iommufd are taken before
 * it.
 *
 * Memory of a file is pinned by folios: each gets one pin, however many of its
 * pages are needed. More pins are added, so that every stored page has one pin,
 * no matter where it came from.
 */
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/falloc.h>
#include <linux/hugetlb.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>

#include <compat/folio_pins.h>

#include "memory_file.h"
#include "runs.h"

#define FOLIOS_PER_BATCH 64
/* Attempts: holes may be punched again between filling and pinning */
#define FILL_ATTEMPTS 8

/*
 * The seals of a file of one of the two kinds. Some filesystems give their
 * files the mapping of another file: the seals are those of the mapping's
 * owner.
 */
static unsigned int seals_of(const struct file *file)
{
	struct inode *owner = file->f_mapping->host;

#ifdef CONFIG_HUGETLBFS
	if (is_file_hugepages(file))
		return READ_ONCE(HUGETLBFS_I(owner)->seals);
#endif
	return READ_ONCE(SHMEM_I(owner)->seals);
}

/**
 * iommufd_file_check() - may the caller map this file?
 * @file: the file
 * @write: the mapping may write
 *
 * The errors are those of mmap(), in the same order, except -EINVAL.
 * F_SEAL_WRITE may still be added until there is a source, so
 * iommufd_source_file() checks it again.
 *
 * Return: 0; -EINVAL if @file is not a memory file; -EACCES if the mode of the
 * descriptor does not permit it; -EPERM if a seal forbids it.
 */
int iommufd_file_check(const struct file *file, bool write)
{
	bool writable = file->f_mode & FMODE_WRITE;

	if (!shmem_mapping(file->f_mapping) && !is_file_hugepages(file))
		return -EINVAL;
	if (write && !writable)
		return -EACCES;
	if (IS_APPEND(file_inode(file)) && writable)
		return -EACCES;
	if (!(file->f_mode & FMODE_READ))
		return -EACCES;
	if (write && seals_of(file) & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EPERM;
	return 0;
}

/* Add the pages of pinned folios to @b; unpin those that could not be added */
static int add_folios(struct run_builder *b, struct folio **folios, long nr,
		      unsigned long offset, unsigned long npages)
{
	int ret = 0;
	long i;

	for (i = 0; i < nr; i++) {
		unsigned long first = offset >> PAGE_SHIFT;
		unsigned long n = min(folio_nr_pages(folios[i]) - first,
				      npages);

		offset = 0;
		npages -= n;
		if (ret || !n) {
			unpin_user_folio(folios[i], 1);
			continue;
		}
		compat_folio_add_pins(folios[i], n - 1);
		ret = run_builder_add(b, folio_pfn(folios[i]) + first, n);
		if (ret)
			unpin_user_folio(folios[i], n);
	}
	return ret;
}

static bool huge_pages_are_there(struct file *file, loff_t start, loff_t last)
{
	struct hstate *h = hstate_file(file);
	pgoff_t index = (start & huge_page_mask(h)) >> PAGE_SHIFT;

	for (; index <= last >> PAGE_SHIFT; index += pages_per_huge_page(h)) {
		struct folio *folio = filemap_get_folio(file->f_mapping, index);

		if (IS_ERR(folio))
			return false;
		folio_put(folio);
	}
	return true;
}

static int fill_huge_pages(struct file *file, loff_t start, loff_t last)
{
	int ret;

	if (!(file->f_mode & FMODE_WRITE))
		return -EFAULT;
	ret = vfs_fallocate(file, FALLOC_FL_KEEP_SIZE, start, last - start + 1);
	/* Pages that were allocated stay, so a restarted call makes progress */
	if (ret == -EINTR && !fatal_signal_pending(current))
		return -ERESTARTSYS;
	return ret == -ENOSPC ? -ENOMEM : ret;
}

/* As memfd_pin_folios(), but holes are filled first */
static long pin_huge_pages(struct file *file, u64 start, u64 last,
			   struct folio **folios, pgoff_t *offset)
{
	struct inode *inode = file_inode(file);
	struct hstate *h = hstate_file(file);
	u64 first = start & huge_page_mask(h);
	int attempt, ret;
	long got;

	last = min(last, first + FOLIOS_PER_BATCH * huge_page_size(h) - 1);
	for (attempt = 0; attempt < FILL_ATTEMPTS; attempt++) {
		if (down_read_killable(&inode->i_rwsem))
			return -EINTR;
		if (last >= i_size_read(inode))
			got = -EINVAL;
		else if (huge_pages_are_there(file, start, last))
			got = memfd_pin_folios(file, start, last, folios,
					       FOLIOS_PER_BATCH, offset);
		else
			got = 0;
		inode_unlock_shared(inode);
		if (got)
			return got;
		ret = fill_huge_pages(file, start, last);
		if (ret)
			return ret;
	}
	return -EFAULT;
}

static long pin_folios(struct file *file, unsigned long start,
		       unsigned long last, struct folio **folios,
		       pgoff_t *offset)
{
	if (is_file_hugepages(file))
		return pin_huge_pages(file, start, last, folios, offset);
	return memfd_pin_folios(file, start, last, folios, FOLIOS_PER_BATCH,
				offset);
}

/**
 * iommufd_file_pin() - pin pages of a memory file and collect their runs
 * @file: the file
 * @start: offset of the first page, in bytes
 * @npages: number of pages
 * @b: the builder; after an error the caller aborts it
 *
 * Return: 0; -EINVAL if @file is not a memory file or ends before the range
 * ends; -ENOMEM, also if there are too few huge pages; -ENOSPC if a tmpfs is
 * full; -EFAULT if a hole in a hugetlbfs file cannot be filled, because @file
 * is not open for writing or because it is punched again and again; -EINTR if
 * the task is being killed; -ERESTARTSYS if a signal came while huge pages were
 * allocated.
 */
int iommufd_file_pin(struct file *file, unsigned long start,
		     unsigned long npages, struct run_builder *b)
{
	struct folio **folios;
	int ret = 0;

	folios = kmalloc_array(FOLIOS_PER_BATCH, sizeof(*folios), GFP_KERNEL);
	if (!folios)
		return -ENOMEM;
	while (npages) {
		unsigned long before = b->next;
		pgoff_t offset;
		long got;

		got = pin_folios(file, start, start + npages * PAGE_SIZE - 1,
				 folios, &offset);
		if (got <= 0) {
			ret = got ?: -EFAULT;
			break;
		}
		ret = add_folios(b, folios, got, offset, npages);
		if (ret)
			break;
		start += (b->next - before) * PAGE_SIZE;
		npages -= b->next - before;
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		cond_resched();
	}
	kfree(folios);
	return ret;
}
