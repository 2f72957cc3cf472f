/* SPDX-License-Identifier: GPL-2.0 */
/* Pinning the memory of a pages object. */
#ifndef _IOMMUFD_PIN_H
#define _IOMMUFD_PIN_H

struct iommufd_pages;
struct run_builder;

int iommufd_pin(struct iommufd_pages *pages, unsigned long first,
		unsigned long npages, struct run_builder *b);

#endif
