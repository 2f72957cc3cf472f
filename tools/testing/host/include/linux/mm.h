/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pages for user space. Three pages belong together: the page itself, its
 * struct page, and its content as in memory, which clflush_cache_range()
 * updates.
 */
#ifndef HOST_LINUX_MM_H
#define HOST_LINUX_MM_H

#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/kernel.h>

#define PAGE_SIZE		4096ul
#define PAGE_SHIFT		12
#define PAGE_MASK		(~(PAGE_SIZE - 1))
#define NUMA_NO_NODE		(-1)
#define HOST_PAGE_SPAN		(3 * PAGE_SIZE)

struct page {
	unsigned long flags;
	struct list_head lru;
	void *mapping;
	unsigned long index;
	unsigned long private;
	atomic_t _mapcount;
};

static inline struct page *virt_to_page(const void *addr)
{
	return (struct page *)(((unsigned long)addr & PAGE_MASK) + PAGE_SIZE);
}

static inline void *page_address(const struct page *page)
{
	return (void *)((unsigned long)page - PAGE_SIZE);
}

/* A table as a walker that does not snoop the CPU caches reads it */
static inline void *host_page_memory(const void *addr)
{
	return (void *)(((unsigned long)addr & PAGE_MASK) + 2 * PAGE_SIZE);
}

/* Pages in use; and number of allocations until they fail, or -1 */
extern long host_nr_pages;
extern long host_fail_after;
/* Cache lines flushed so far */
extern unsigned long host_lines_flushed;

struct page *alloc_pages_node(int nid, gfp_t gfp, unsigned int order);
void __free_page(struct page *page);

#define NR_SECONDARY_PAGETABLE			0
#define page_pgdat(page)			((void)(page))
#define mod_node_page_state(pgdat, item, nr)	((void)(nr))

#endif
