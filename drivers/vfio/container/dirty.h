/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _VFIO_IOMMUFD_DIRTY_H
#define _VFIO_IOMMUFD_DIRTY_H

#include <linux/align.h>
#include <linux/limits.h>

/* The most pages that one bitmap describes, and the bytes it then takes */
#define DIRTY_BITMAP_MAX_PAGES ((u64)INT_MAX)
#define DIRTY_BITMAP_BYTES(pages) (ALIGN(pages, 64) / 8)
#define DIRTY_BITMAP_MAX_SIZE DIRTY_BITMAP_BYTES(DIRTY_BITMAP_MAX_PAGES)

#endif
