/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory that a unit walks: allocating and writing it.
 */
#ifndef VTD_MEMORY_H
#define VTD_MEMORY_H

#include <linux/types.h>

struct vtd_unit;

void *vtd_memory_page(const struct vtd_unit *unit);
void vtd_memory_flush(const struct vtd_unit *unit, void *p, size_t size);
void vtd_memory_write128(const struct vtd_unit *unit, u64 *entry, u64 lo,
			 u64 hi);

#endif
