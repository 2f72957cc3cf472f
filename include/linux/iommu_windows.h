/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hardware that translates only in windows.
 *
 * Most units translate one large aperture. Some have a small number of windows
 * instead. Each has a fixed base and a limited length, and gets its page size
 * when it is created (as PAPR's DMA windows). The driver of such a unit offers
 * struct iommu_window_ops with the run operations of its domains:
 * iommu_run_ops_of(domain)->windows.
 *
 * A new domain of such a unit has no window. Nothing can be mapped outside of
 * windows. Inside a window, IOVA, physical address and length of a mapping are
 * multiples of the window's page size.
 */
#ifndef _LINUX_IOMMU_WINDOWS_H
#define _LINUX_IOMMU_WINDOWS_H

#include <linux/iommu.h>
#include <linux/types.h>

/**
 * struct iommu_window_slot - a window that the hardware can have
 * @base: its first IOVA, which is fixed
 * @max_length: its maximum length in bytes
 * @page_sizes: bitmap of the page sizes that it can have
 */
struct iommu_window_slot {
	u64 base;
	u64 max_length;
	u64 page_sizes;
};

/**
 * struct iommu_window - a window that a user asked for
 * @base: first IOVA
 * @length: bytes, a multiple of @page_size
 * @page_size: granularity of mappings in it
 *
 * It uses one slot, and a slot has at most one. It may begin above the base of
 * the slot, be shorter, and have a larger page size than the hardware's window.
 */
struct iommu_window {
	u64 base;
	u64 length;
	u64 page_size;
};

/**
 * struct iommu_window_ops - windows of a domain
 * @slots: Get the windows that the hardware can have, in ascending order of
 *	base; sets @nr. They do not change. Some may be in use.
 * @verify: Check whether a domain without windows can have all of these @nr
 *	windows at once. Changes nothing. -EINVAL: a page size that the slot
 *	does not support. -EADDRINUSE: a window is not inside a slot. -ENOSPC:
 *	two windows need the same slot.
 * @create: Create a window. Errors as @verify, or -ENOMEM; -ENOSPC also if the
 *	slot has a window already.
 * @remove: Remove the window with that base. Nothing is mapped in it any more.
 *	Cannot fail.
 *
 * Context: all may sleep. The caller serializes @create and @remove on one
 * domain, and does not map in a window while it is created or removed.
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
