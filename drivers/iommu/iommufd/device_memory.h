/* SPDX-License-Identifier: GPL-2.0 */
/* Memory of devices that their drivers have mapped into a process. */
#ifndef _IOMMUFD_DEVICE_MEMORY_H
#define _IOMMUFD_DEVICE_MEMORY_H

#include "pages.h"

struct run_builder;

int iommufd_lookup_device(struct iommufd_pages *pages, unsigned long address,
			  unsigned long npages, struct run_builder *b);

#endif
