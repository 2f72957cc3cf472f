/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* The ioctl between iommu_floor.ko and the benchmark */
#ifndef IOMMU_FLOOR_H
#define IOMMU_FLOOR_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * struct iommu_floor - measure pinning and unpinning alone
 * @address: in: user memory, page aligned
 * @length: in: bytes, whole pages
 * @pin_ns: out: nanoseconds in pin_user_pages_fast()
 * @unpin_ns: out: nanoseconds in unpin_user_page_range_dirty_lock()
 * @runs: out: number of physically contiguous runs in the memory
 */
struct iommu_floor {
	__u64 address;
	__u64 length;
	__u64 pin_ns;
	__u64 unpin_ns;
	__u64 runs;
};

#define IOMMU_FLOOR_MEASURE _IOWR('F', 0, struct iommu_floor)

#endif
