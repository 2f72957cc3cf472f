// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that a unit walks: pages of root, context and PASID tables, and writes
 * to their entries.
 */
#define pr_fmt(fmt) "vtd: " fmt

#include <linux/gfp.h>
#include <linux/mm.h>

#include <asm/cacheflush.h>

#include "memory.h"
#include "spec.h"
#include "unit.h"

/**
 * vtd_memory_flush() - make a change visible to a unit that does not snoop
 * @unit: the unit
 * @p: first byte that changed
 * @size: number of bytes
 */
void vtd_memory_flush(const struct vtd_unit *unit, void *p, size_t size)
{
	if (!(unit->ecap & ECAP_C))
		clflush_cache_range(p, size);
}

/**
 * vtd_memory_page() - allocate a zeroed page that the unit may walk
 * @unit: the unit
 *
 * Return: the page, or NULL.
 */
void *vtd_memory_page(const struct vtd_unit *unit)
{
	struct page *page = alloc_pages_node(unit->nid,
					     GFP_KERNEL | __GFP_ZERO, 0);

	if (!page)
		return NULL;
	vtd_memory_flush(unit, page_address(page), PAGE_SIZE);
	return page_address(page);
}

/**
 * vtd_memory_write128() - change 16 bytes of an entry at once
 * @unit: the unit
 * @entry: the entry, 16-byte aligned
 * @lo: new first quadword
 * @hi: new second quadword
 */
void vtd_memory_write128(const struct vtd_unit *unit, u64 *entry, u64 lo,
			 u64 hi)
{
	u128 old = ((u128)entry[1] << 64) | entry[0];
	u128 new = ((u128)hi << 64) | lo;

	lockdep_assert_held(&unit->common.table_lock);
	/* The lock excludes other writers: this is for the hardware */
	while (!try_cmpxchg128((u128 *)entry, &old, new))
		cpu_relax();
	vtd_memory_flush(unit, entry, 2 * sizeof(u64));
}
