/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pinned pages.
 *
 * A pages object stands for a stretch of user memory or of a file, as long as
 * a mapping of it exists. All mappings that were copied from one another share
 * it. Inside it a page has an index, counted from the address at which the
 * object begins.
 *
 * Who needs pages pinned is a holder: an interval of indices. There are two
 * kinds: an area that is shown in a hardware page table, and a range that a
 * driver has pinned through an access. A page is pinned exactly while at least
 * one holder covers it, and then once, however many do.
 *
 * What is pinned is stored as runs (runs.h). One run, which is what a small or
 * a well-placed mapping has, is stored in the object itself; otherwise runs
 * are in chunks.
 *
 * Locking. A pages object that only one area refers to, and that nothing else
 * can find because the area is not published yet or is on its way out, needs
 * no lock: that is the case in every map and unmap of memory that is mapped
 * once. In all other cases holders and runs change under the lock that
 * iommufd_pages_lock() takes. The lock is held while pages are pinned.
 */
#ifndef _IOMMUFD_PAGES_H
#define _IOMMUFD_PAGES_H

#include <linux/hash.h>
#include <linux/interval_tree.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/types.h>

#include "object.h"
#include "source.h"

struct page;
struct run_chunk;

/**
 * struct iommufd_holder - somebody who needs pages to be pinned
 * @node: which ones, in iommufd_pages::holders
 * @spare: a spare that it brought is still unused (see runs.c)
 * @flags: of the area or the access that the holder is in, as are @offset and
 *	@count: they are here because there is room
 * @offset: likewise
 * @count: likewise
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
 * struct iommufd_pages - a stretch of memory that is mapped
 * @users: areas that refer to it
 * @writable: pages are pinned for writing
 * @device: memory of a device (device_memory.h): it has no struct page to be
 *	pinned by, and is not counted
 * @maybe_device: it is not known yet whether memory of devices is in it: found
 *	out before the area is published, when pinning it fails
 * @in_chunks: @chunks and @spares are valid, otherwise @run and @index
 * @source: where the memory is and who pays
 * @address: of the page with index 0: in the process, or in the file
 * @holders: intervals of indices that have to be pinned
 * @chunks: the stored runs, by index
 * @run: the only stored run, or 0
 * @index: of the first page of @run
 * @spares: empty chunk heads, so that taking pages out of the middle of a
 *	chunk needs no memory
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
