/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pinned pages.
 *
 * A pages object represents a range of user memory or of a file as long as a
 * mapping of it exists. A mapping and its copies share one object. Each page in
 * it has an index, counted from the address at which the object begins.
 *
 * A holder is a user that needs pages pinned: an interval of indices. There are
 * two kinds: an area that is mapped in a hardware page table, and a range that
 * a driver has pinned through an access. A page is pinned exactly while at
 * least one holder covers it, and then once, however many holders there are:
 *
 *	index		0    1    2    3    4    5    6    7
 *	area		|-------------------|
 *	access			  |-------------------|
 *	pinned		x    x    x    x    x    x
 *
 * Pinned pages are stored as runs (runs.h). A single run, which is enough for a
 * mapping that is small or contiguous in memory, is stored in the object
 * itself. More runs are stored in chunks.
 *
 * Locking. A pages object needs no lock if only one area refers to it and
 * nothing else can find that area, because it is not published yet or is being
 * removed. This is so in every map and unmap of memory that is mapped once. In
 * all other cases, iommufd_pages_lock() protects holders and runs. It is held
 * while pages are pinned.
 */
#ifndef _IOMMUFD_PAGES_H
#define _IOMMUFD_PAGES_H

#include <linux/hash.h>
#include <linux/interval_tree.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/types.h>

#include "context.h"
#include "source.h"

struct page;
struct run_chunk;

/**
 * struct iommufd_holder - a user that needs pages pinned
 * @node: the interval of their indices, in iommufd_pages::holders
 * @spare: the spare that this holder added is still unused (see runs.c)
 * @flags: belongs to the area or the access range that contains the holder, as
 *	do @offset and @count. They are here because there is room.
 * @offset: see @flags
 * @count: see @flags
 */
struct iommufd_holder {
	struct interval_tree_node node;
	bool spare;
	u8 flags;
	u16 offset;
	atomic_t count;
};

static inline struct iommufd_holder *to_holder(struct interval_tree_node *node)
{
	return container_of(node, struct iommufd_holder, node);
}

/**
 * struct iommufd_pages - a range of memory that is mapped
 * @users: number of areas that refer to it
 * @writable: pages are pinned for writing
 * @device: device memory (device_memory.h): it has no struct page to pin, and
 *	is not charged
 * @maybe_device: it may contain device memory. This is only found out if
 *	pinning it fails, before the area is published.
 * @in_chunks: @chunks and @spares are valid, otherwise @run and @index
 * @source: where the memory comes from and whose limit it counts against
 * @address: address of the page with index 0, in the process or in the file
 * @holders: intervals of indices that must be pinned
 * @chunks: the stored runs, by index
 * @run: the only stored run, or 0
 * @index: index of the first page of @run
 * @spares: empty chunk heads, so that removing pages from the middle of a chunk
 *	allocates no memory
 */
struct iommufd_pages {
	refcount_t users;
	bool writable;
	bool device;
	bool maybe_device;
	bool in_chunks;
	struct iommufd_source *source;
	unsigned long address;
	struct rb_root_cached holders;
	union {
		struct rb_root chunks;
		u64 run;
	};
	union {
		unsigned long index;
		struct run_chunk *spares;
	};
};

static inline void iommufd_pages_lock(struct iommufd_ctx *ictx,
				      struct iommufd_pages *pages)
{
	mutex_lock(&ictx->pages_locks[hash_ptr(pages,
					       ilog2(IOMMUFD_PAGES_LOCKS))]);
}

static inline void iommufd_pages_unlock(struct iommufd_ctx *ictx,
					struct iommufd_pages *pages)
{
	mutex_unlock(&ictx->pages_locks[hash_ptr(pages,
						 ilog2(IOMMUFD_PAGES_LOCKS))]);
}

static inline void iommufd_pages_init(struct iommufd_pages *pages,
				      struct iommufd_source *source,
				      unsigned long address, bool writable)
{
	refcount_set(&pages->users, 1);
	pages->writable = writable;
	pages->device = false;
	pages->maybe_device = false;
	pages->in_chunks = false;
	pages->source = source;
	pages->address = address;
	pages->holders = RB_ROOT_CACHED;
	pages->run = 0;
	pages->index = 0;
}

int iommufd_pages_hold(struct iommufd_pages *pages,
		       struct iommufd_holder *holder);
void iommufd_pages_release(struct iommufd_pages *pages,
			   struct iommufd_holder *holder);
int iommufd_pages_split(struct iommufd_pages *pages,
			struct iommufd_holder *front, unsigned long last,
			struct iommufd_holder *back);
unsigned long iommufd_pages_count_pinned(struct iommufd_pages *pages);

#endif
