/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hardware that translates in windows of its own.
 *
 * Most units translate one wide aperture. Some have a small number of windows
 * instead: the base of each is fixed, its length is limited, and it is given a
 * page size when it is created (PAPR's DMA windows are the model). A driver of
 * such a unit offers struct iommu_window_ops beside the run operations of its
 * domains: iommu_run_ops_of(domain)->windows.
 *
 * A domain of such a unit starts with no window. Outside its windows nothing
 * can be mapped; inside, what is mapped is a multiple of the window's page
 * size in IOVA, physical address and length.
 */
#ifndef _LINUX_IOMMU_WINDOWS_H
#define _LINUX_IOMMU_WINDOWS_H

#include <linux/iommu.h>
#include <linux/types.h>

/**
 * struct iommu_window_slot - a window that the hardware can have
 * @base: where it begins, always
 * @max_length: bytes at most
 * @page_sizes: a bit per page size it can be given
 */
struct iommu_window_slot {
	u64 base;
	u64 max_length;
	u64 page_sizes;
};

/**
 * struct iommu_window - a window
 * @base: first IOVA
 * @length: bytes, a multiple of @page_size
 * @page_size: granularity of what is mapped in it
 *
 * What a user is promised may be smaller and coarser than the hardware's
 * window that carries it, and begin above its base. A slot carries one.
 */
struct iommu_window {
	u64 base;
	u64 length;
	u64 page_size;
};

/**
 * struct iommu_window_ops - windows of a domain
 * @slots: The windows that the hardware can have, in ascending order of base;
 *	sets @nr. They do not change, and not all of them need be free.
 * @verify: Could @create succeed for each of these @nr windows, all of them
 *	together, on a domain that has none? Changes nothing. -EINVAL: a page
 *	size that the slot does not have. -EADDRINUSE: not inside any slot.
 *	-ENOSPC: the slot is needed by another one of them.
 * @create: Create a window. Errors as @verify, or -ENOMEM; -ENOSPC too if the
 *	slot is taken by a window that exists.
 * @remove: Remove a window that was created, given its base. Nothing is mapped
 *	in it any more. Cannot fail.
 *
 * Context: all may sleep. The caller keeps @create and @remove on one domain
 * apart from each other, and from maps inside the window they concern.
 */
struct iommu_window_ops {
	const struct iommu_window_slot *(*slots)(struct iommu_domain *domain,
						 unsigned int *nr);
	int (*verify)(struct iommu_domain *domain,
		      const struct iommu_window *windows, unsigned int nr);
	int (*create)(struct iommu_domain *domain,
		      const struct iommu_window *window);
	void (*remove)(struct iommu_domain *domain, u64 base);
};

#endif
