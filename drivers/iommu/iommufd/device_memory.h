/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory of devices.
 *
 * A driver maps its device's memory into a process as bare page frame numbers
 * (VM_PFNMAP). It has no pages that could be pinned, and its owner takes it
 * back whenever it likes: when the process unmaps it, when the device is reset
 * or gone, when its memory decoding is off. So a mapping of it reaches only as
 * far as the process's own mapping does:
 *
 *	The process's page table has the frames	devices may have them
 *	they are removed from it		devices lose them before that
 *
 * Each pages object of device memory has a source of its own, and the source a
 * struct iommufd_devmem: a subscription to changes of the process's page table
 * in that range, and a list of views. A view is a range of IOVA of a hardware
 * page table in which the memory is shown now.
 *
 * On the first change, the memory is revoked: it is hidden from every view, and
 * the hardware page tables are invalidated, before the change goes on. The
 * areas stay, as holes for devices, until the user unmaps them. What is mapped
 * again afterwards is looked up anew.
 *
 * Changes count as long as somebody holds the pages (pages.h). If nothing is
 * attached, nothing is shown, and the first holder looks the frames up. What a
 * holder cannot find, or what has been revoked already when it comes, is stored
 * as runs of a frame that does not matter, since it is never shown.
 *
 * Lock: iommufd_devmem::lock, innermost but for those of the IOMMU driver. The
 * subscription's callback takes it, and the kernel calls that while it reclaims
 * memory: nobody may wait for memory under it. The callback takes no other lock
 * of ours.
 */
#ifndef _IOMMUFD_DEVICE_MEMORY_H
#define _IOMMUFD_DEVICE_MEMORY_H

#include <linux/gfp.h>

#include "ioas.h"

struct devmem_view;
struct run_builder;

/* For what is allocated under the lock; if it fails, iommufd_devmem_reclaim() */
#define DEVMEM_GFP (GFP_NOWAIT | __GFP_NOWARN | __GFP_ACCOUNT)

/* device_memory.c */
struct iommufd_devmem *iommufd_devmem_create(struct mm_struct *mm,
					     unsigned long address,
					     unsigned long length);
void iommufd_devmem_destroy(struct iommufd_devmem *devmem);
int iommufd_devmem_hold(struct iommufd_pages *pages, unsigned long first,
			unsigned long npages, struct run_builder *b);
void iommufd_devmem_release(struct iommufd_pages *pages);
bool iommufd_devmem_revoked(struct iommufd_pages *pages);
int iommufd_devmem_map(struct iommufd_hwpt *hwpt,
		       const struct iommufd_area *area, bool small_pages);
void iommufd_devmem_unmap(struct iommufd_hwpt *hwpt,
			  const struct iommufd_area *area);
bool iommufd_devmem_lock(struct iommufd_hwpt *hwpt,
			 const struct iommufd_area *area);
void iommufd_devmem_unlock(const struct iommufd_area *area);
bool iommufd_devmem_reclaim(int attempt);
int iommufd_devmem_alloc_views(struct iommufd_ioas *ioas,
			       struct devmem_view **views);
void iommufd_devmem_free_views(struct devmem_view *views);
void iommufd_devmem_split(struct iommufd_ioas *ioas, struct iommufd_area *front,
			  struct iommufd_area *back,
			  struct devmem_view **views);

/* device_frames.c */
int iommufd_device_frames(struct iommufd_pages *pages, unsigned long address,
			  unsigned long npages, struct run_builder *b);

/* segments.c */
int iommufd_segments_map(struct iommufd_ioas *ioas,
			 struct iommufd_source *source,
			 const struct iommufd_map_request *req,
			 unsigned long *iova, bool fixed, int reason);

#endif
