/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Device memory.
 *
 * A driver maps its device's memory into a process as bare page frame numbers
 * (VM_PFNMAP). There are no pages to pin, and the owner can revoke the memory
 * at any time: when the process unmaps it, when the device is reset or removed,
 * when its memory decoding is disabled. So a mapping for devices exists only as
 * long as the process's own mapping does:
 *
 *	process's page table	hardware page tables
 *	--------------------	--------------------
 *	contains the frames	may contain them
 *	are to be removed	are unmapped and invalidated first
 *
 * Each pages object of device memory has its own source, and the source has a
 * struct iommufd_devmem: a subscription to changes of the process's page table
 * in that range, and a list of views. A view is an IOVA range of a hardware
 * page table in which the memory is mapped now.
 *
 * On the first change, the memory is revoked: before the change proceeds, every
 * view is unmapped and the hardware page tables are invalidated. The areas
 * stay, as holes for devices, until the user unmaps them. When the memory is
 * mapped again afterwards, its frames are looked up again.
 *
 * Changes matter while the pages have a holder (pages.h). If nothing is
 * attached, nothing is mapped, and the first holder looks up the frames. If
 * they cannot be found, or are revoked already when another holder is added,
 * the holder stores runs of a placeholder frame, which is never mapped.
 *
 * Lock: iommufd_devmem::lock, innermost except for the locks of the IOMMU
 * driver. The subscription's callback takes it, and the kernel calls that while
 * it reclaims memory. So nothing under the lock may wait for memory. The
 * callback takes no other lock of iommufd.
 */
#ifndef _IOMMUFD_DEVICE_MEMORY_H
#define _IOMMUFD_DEVICE_MEMORY_H

#include <linux/gfp.h>

#include "ioas.h"

struct devmem_view;
struct run_builder;

/* For allocations under the lock; on failure, call iommufd_devmem_reclaim() */
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
