/* SPDX-License-Identifier: GPL-2.0 */
/* Pinning the memory of a pages object */
#ifndef _IOMMUFD_PIN_H
#define _IOMMUFD_PIN_H

#include <linux/mm.h>
#include <linux/sizes.h>

#include "pages.h"

struct run_builder;

/*
 * Pages are pinned in batches: at most this many bytes of page pointers, and at
 * least one pointer. Only tests change it.
 */
#define IOMMUFD_BATCH_BYTES SZ_64K
extern size_t iommufd_batch_bytes;

static inline unsigned int pages_gup_flags(const struct iommufd_pages *pages)
{
	return FOLL_LONGTERM | (pages->writable ? FOLL_WRITE : 0);
}

int iommufd_pin(struct iommufd_pages *pages, unsigned long first,
		unsigned long npages, struct run_builder *b);

#endif
