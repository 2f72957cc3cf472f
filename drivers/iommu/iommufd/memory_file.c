// SPDX-License-Identifier: GPL-2.0
/*
 * Memory files: tmpfs and hugetlbfs, memfds of both kinds included.
 *
 * Memory of a file comes as folios, each pinned once however many of its pages
 * are wanted; further pins are added, so that in the store every page counts
 * one, whatever it came from.
 */
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include <compat/folio_pins.h>

#include "memory_file.h"
#include "runs.h"

#define FOLIOS_PER_BATCH 64

/* Add the pages of pinned folios; those that @b did not take are unpinned. */
static int add_folios(struct run_builder *b, struct folio **folios, long nr,
		      unsigned long offset, unsigned long npages)
{
	int rc = 0;
	long i;

	for (i = 0; i < nr; i++) {
		unsigned long first = offset >> PAGE_SHIFT;
		unsigned long n = min(folio_nr_pages(folios[i]) - first,
				      npages);

		offset = 0;
		npages -= n;
		if (rc || !n) {
			unpin_user_folio(folios[i], 1);
			continue;
		}
		compat_folio_add_pins(folios[i], n - 1);
		rc = run_builder_add(b, folio_pfn(folios[i]) + first, n);
		if (rc)
			unpin_user_folio(folios[i], n);
	}
	return rc;
}

/**
 * iommufd_file_pin() - pin pages of a memory file and collect their runs
 * @file: the file
 * @start: offset of the first page, in bytes
 * @npages: how many
 * @b: the builder; after an error the caller aborts it
 *
 * Return: 0; -EINVAL if @file is no memory file or ends before the range ends;
 * -ENOMEM; -EINTR if the task is being killed.
 */
int iommufd_file_pin(struct file *file, unsigned long start,
		     unsigned long npages, struct run_builder *b)
{
	struct folio **folios;
	int rc = 0;

	folios = kmalloc_array(FOLIOS_PER_BATCH, sizeof(*folios), GFP_KERNEL);
	if (!folios)
		return -ENOMEM;
	while (npages) {
		unsigned long before = b->next;
		pgoff_t offset;
		long got;

		got = memfd_pin_folios(file, start,
				       start + npages * PAGE_SIZE - 1, folios,
				       FOLIOS_PER_BATCH, &offset);
		if (got <= 0) {
			rc = got ?: -EFAULT;
			break;
		}
		rc = add_folios(b, folios, got, offset, npages);
		if (rc)
			break;
		start += (b->next - before) * PAGE_SIZE;
		npages -= b->next - before;
		if (fatal_signal_pending(current)) {
			rc = -EINTR;
			break;
		}
		cond_resched();
	}
	kfree(folios);
	return rc;
}
