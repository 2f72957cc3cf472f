/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Runs of pinned pages: collect, store, walk, remove.
 *
 * A run is a physically contiguous range of pages. A stored run takes 8 bytes:
 * a page frame number and a number of pages.
 */
#ifndef _IOMMUFD_RUNS_H
#define _IOMMUFD_RUNS_H

#include <linux/bitfield.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include "pages.h"

#define RUN_PAGES	GENMASK_ULL(23, 0)
#define RUN_PFN		GENMASK_ULL(63, 24)

/* The longest run, 32 GiB: a multiple of the size of every superpage */
#define RUN_MAX_PAGES	BIT(23)

static inline u64 run_pack(unsigned long pfn, unsigned long npages)
{
	return FIELD_PREP(RUN_PFN, pfn) | npages;
}

static inline unsigned long run_pfn(u64 run)
{
	return FIELD_GET(RUN_PFN, run);
}

static inline unsigned long run_npages(u64 run)
{
	return run & RUN_PAGES;
}

/**
 * struct run_chunk - the runs of a range of page indices
 * @rb: node in iommufd_pages::chunks
 * @next: next in a list, while the chunk is in no tree
 * @first: index of the first page
 * @last: index of the last page
 * @at: number of the run that contains @first
 * @skip: pages of that run before @first
 * @home: the chunk that stores the runs: this chunk, or the one that it was
 *	split off from, directly or through others
 * @users: number of chunks whose @home this is
 * @nr: number of runs
 * @runs: the runs. They never change: a chunk that shrinks changes only @first,
 *	@last, @at and @skip.
 */
struct run_chunk {
	union {
		struct rb_node rb;
		struct run_chunk *next;
	};
	unsigned long first;
	unsigned long last;
	u32 at;
	u32 skip;
	struct run_chunk *home;
	u32 users;
	u32 nr;
	u64 runs[] __counted_by(nr);
};

#define RUNS_PER_CHUNK ((SZ_4K - sizeof(struct run_chunk)) / sizeof(u64))
#define RUNS_ON_STACK 24

/**
 * struct run_builder - collects the runs of pages that are being pinned
 * @first: index of the first page in @runs
 * @next: index of the next page to add
 * @runs: the array that is being filled: @local, or that of @chunk
 * @nr: runs in @runs
 * @room: runs that still fit into @runs
 * @chunk: the chunk that @runs belongs to, or NULL while @runs is @local
 * @full: list of full chunks, newest first
 * @local: holds the first runs
 */
struct run_builder {
	unsigned long first;
	unsigned long next;
	u64 *runs;
	u32 nr;
	u32 room;
	struct run_chunk *chunk;
	struct run_chunk *full;
	u64 local[RUNS_ON_STACK];
};

void run_builder_init(struct run_builder *b, unsigned long first);
int run_builder_add(struct run_builder *b, unsigned long pfn,
		    unsigned long npages);
int run_builder_add_pages(struct run_builder *b, struct page **list,
			  unsigned long n);
int run_builder_commit(struct run_builder *b, struct iommufd_pages *pages);
void run_builder_abort(struct run_builder *b, struct iommufd_pages *pages);

/**
 * struct run_cursor - a walk over stored runs
 * @chunk: the current chunk, or NULL if the only run is stored in the object
 * @runs: its runs
 * @at: number of the next run
 * @skip: pages at the start of that run that the walk leaves out
 * @index: index of the next page
 * @chunk_last: index of the last page in @chunk
 * @last: index of the last page of the walk
 */
struct run_cursor {
	const struct run_chunk *chunk;
	const u64 *runs;
	u32 at;
	unsigned long skip;
	unsigned long index;
	unsigned long chunk_last;
	unsigned long last;
};

void run_cursor_init(struct run_cursor *cur, const struct iommufd_pages *pages,
		     unsigned long first, unsigned long last);
void run_cursor_next_chunk(struct run_cursor *cur);

/**
 * run_cursor_next() - get the next run of a walk
 * @cur: the walk
 * @pfn: set to the run's page frame number
 *
 * Return: the number of pages in it; 0 at the end of the walk.
 */
static inline unsigned long run_cursor_next(struct run_cursor *cur,
					    unsigned long *pfn)
{
	unsigned long npages, last;
	u64 run;

	if (cur->index > cur->last)
		return 0;
	if (cur->index > cur->chunk_last)
		run_cursor_next_chunk(cur);
	last = min(cur->last, cur->chunk_last);
	run = cur->runs[cur->at++];
	*pfn = run_pfn(run) + cur->skip;
	npages = min(run_npages(run) - cur->skip, last - cur->index + 1);
	cur->skip = 0;
	cur->index += npages;
	return npages;
}

int runs_to_chunks(struct iommufd_pages *pages);
int runs_add_spare(struct iommufd_pages *pages);
void runs_drop_spare(struct iommufd_pages *pages);
void runs_remove(struct iommufd_pages *pages, unsigned long first,
		 unsigned long last);

#endif
