// SPDX-License-Identifier: GPL-2.0
/*
 * The store of runs in a pages object.
 *
 * While pages are being pinned, a struct run_builder collects their runs: the
 * first few on the stack, the others in chunks of one page each. If the next
 * page follows the last run in memory, that run grows, across batches and even
 * if the chunk is full. So neither a batch nor a chunk splits a superpage. When
 * the builder is done, the last chunk is copied to one of its exact size.
 *
 * Pages leave the store when no holder covers them any more. This removes
 *
 *	whole chunks;
 *	the front or the back of a chunk: its head is adjusted;
 *	the middle of a chunk: it becomes two chunks, with two heads.
 *
 *	    one chunk	|-------------------------|
 *	    remove		  xxxxxxxxx
 *	    two chunks	|-------|	    |-----|
 *
 * Unpinning must not fail, so the second head is not allocated but taken from
 * the spares of the object. There is always a spare, because each holder that
 * overlaps others adds one when it is created:
 *
 *	A chunk is split if pages in its middle are removed. Directly behind
 *	them a holder begins. It was created after the chunk, or the chunk would
 *	end there. So it overlapped pages that others held, and it has added a
 *	spare, which the split uses. The chunks end where the holder begins as
 *	long as it exists, so each holder causes one split at most.
 */
#include <linux/pagemap.h>
#include <linux/slab.h>

#include "runs.h"
#include "turns.h"

static struct run_chunk *chunk_new(size_t nr, gfp_t gfp)
{
	struct run_chunk *chunk;

	chunk = kmalloc(struct_size(chunk, runs, nr), gfp);
	if (!chunk)
		return NULL;
	chunk->at = 0;
	chunk->skip = 0;
	chunk->home = chunk;
	chunk->users = 1;
	chunk->nr = nr;
	return chunk;
}

static void chunk_put(struct run_chunk *chunk)
{
	struct run_chunk *home = chunk->home;

	if (chunk != home)
		kfree(chunk);
	if (!--home->users)
		kfree(home);
}

/* The chunk that contains @index, or the next one above it */
static struct run_chunk *chunk_find(const struct iommufd_pages *pages,
				    unsigned long index)
{
	struct rb_node *node = pages->chunks.rb_node;
	struct run_chunk *found = NULL;

	while (node) {
		struct run_chunk *chunk = rb_entry(node, struct run_chunk, rb);

		if (index <= chunk->last) {
			found = chunk;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

static void chunk_insert(struct iommufd_pages *pages, struct run_chunk *chunk)
{
	struct rb_node **link = &pages->chunks.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		if (chunk->first <
		    rb_entry(parent, struct run_chunk, rb)->first)
			link = &parent->rb_left;
		else
			link = &parent->rb_right;
	}
	rb_link_node(&chunk->rb, parent, link);
	rb_insert_color(&chunk->rb, &pages->chunks);
}

/* Remove the front of @chunk: it begins at @index, which it contains */
static void chunk_advance(struct run_chunk *chunk, unsigned long index)
{
	unsigned long skip = chunk->skip + (index - chunk->first);
	const u64 *runs = chunk->home->runs;
	u32 at = chunk->at;

	while (skip >= run_npages(runs[at]))
		skip -= run_npages(runs[at++]);
	chunk->at = at;
	chunk->skip = skip;
	chunk->first = index;
}

/**
 * run_builder_init() - start to collect runs
 * @b: the builder
 * @first: index of the first page
 */
void run_builder_init(struct run_builder *b, unsigned long first)
{
	b->first = first;
	b->next = first;
	b->runs = b->local;
	b->nr = 0;
	b->room = RUNS_ON_STACK;
	b->chunk = NULL;
	b->full = NULL;
}

/* The array is full: continue in a new chunk */
static int builder_grow(struct run_builder *b)
{
	struct run_chunk *chunk;

	chunk = chunk_new(RUNS_PER_CHUNK, GFP_KERNEL_ACCOUNT);
	if (!chunk)
		return -ENOMEM;
	if (b->chunk) {
		b->chunk->first = b->first;
		b->chunk->last = b->next - 1;
		b->chunk->next = b->full;
		b->full = b->chunk;
		b->first = b->next;
		b->nr = 0;
	} else {
		memcpy(chunk->runs, b->local, sizeof(b->local));
	}
	b->chunk = chunk;
	b->runs = chunk->runs;
	b->room = RUNS_PER_CHUNK - b->nr;
	return 0;
}

/**
 * run_builder_add() - add pages at the end
 * @b: the builder
 * @pfn: page frame number of the first
 * @npages: number of pages
 *
 * Return: 0, or -ENOMEM with none of them added.
 */
int run_builder_add(struct run_builder *b, unsigned long pfn,
		    unsigned long npages)
{
	if (b->nr) {
		u64 run = b->runs[b->nr - 1];

		if (run_pfn(run) + run_npages(run) == pfn &&
		    run_npages(run) + npages <= RUN_MAX_PAGES) {
			b->runs[b->nr - 1] = run + npages;
			b->next += npages;
			return 0;
		}
	}
	if (unlikely(!b->room)) {
		int ret = builder_grow(b);

		if (ret)
			return ret;
	}
	b->runs[b->nr++] = run_pack(pfn, npages);
	b->room--;
	b->next += npages;
	return 0;
}

/* Unrolled: this is all that is done for each page of a superpage */
#define SAME(k) (list[i + (k)] == page + (k))

/* How many pages at the start of @list are contiguous? */
static __always_inline unsigned long pages_in_a_row(struct page **list,
						    unsigned long n)
{
	struct page *page = list[0];
	unsigned long i = 0;

	BUILD_BUG_ON(!IS_ENABLED(CONFIG_SPARSEMEM_VMEMMAP));

	while (i + 16 <= n && SAME(0) && SAME(1) && SAME(2) && SAME(3) &&
	       SAME(4) && SAME(5) && SAME(6) && SAME(7) && SAME(8) &&
	       SAME(9) && SAME(10) && SAME(11) && SAME(12) && SAME(13) &&
	       SAME(14) && SAME(15)) {
		i += 16;
		page += 16;
	}
	page = list[0];
	while (i < n && list[i] == page + i)
		i++;
	return i;
}

/**
 * run_builder_add_pages() - add pages that were just pinned
 * @b: the builder
 * @list: the pages
 * @n: number of pages
 *
 * Return: 0; or -ENOMEM, and the pages that were not added are unpinned.
 */
int run_builder_add_pages(struct run_builder *b, struct page **list,
			  unsigned long n)
{
	unsigned long i = 0;

	while (i < n) {
		unsigned long npages = pages_in_a_row(list + i, n - i);
		int ret = run_builder_add(b, page_to_pfn(list[i]), npages);

		if (ret) {
			unpin_user_pages(list + i, n - i);
			return ret;
		}
		i += npages;
	}
	return 0;
}

/* Move the runs that are not in a full chunk to a chunk of their exact size */
static struct run_chunk *builder_last_chunk(struct run_builder *b)
{
	struct run_chunk *chunk;

	chunk = chunk_new(b->nr, GFP_KERNEL_ACCOUNT);
	if (chunk) {
		memcpy(chunk->runs, b->runs, b->nr * sizeof(u64));
		kfree(b->chunk);
	} else if (b->chunk) {
		chunk = b->chunk;
	} else {
		return NULL;
	}
	b->chunk = NULL;
	chunk->first = b->first;
	chunk->last = b->next - 1;
	return chunk;
}

/**
 * run_builder_commit() - store the collected runs
 * @b: the builder, which has at least one run
 * @pages: the object; none of these pages is stored in it yet
 *
 * Return: 0, or -ENOMEM with nothing stored.
 */
int run_builder_commit(struct run_builder *b, struct iommufd_pages *pages)
{
	struct run_chunk *chunk, *next;
	unsigned int steps = 0;

	if (!b->full && b->nr == 1 && !pages->in_chunks && !pages->run) {
		pages->run = b->runs[0];
		pages->index = b->first;
		kfree(b->chunk);
		return 0;
	}
	if (!pages->in_chunks) {
		int ret = runs_to_chunks(pages);

		if (ret)
			return ret;
	}
	chunk = builder_last_chunk(b);
	if (!chunk)
		return -ENOMEM;
	chunk->next = b->full;
	for (; chunk; chunk = next) {
		next = chunk->next;
		chunk_insert(pages, chunk);
		take_turns(&steps);
	}
	b->full = NULL;
	return 0;
}

/*
 * How much is unpinned before the CPU is yielded: pages, which may take one
 * step each, or blocks of pages, which take one step for all of a block.
 */
#define PAGES_PER_TURN	256ul
#define BLOCK		512ul
#define BLOCKS_PER_TURN	128ul

/* Does a folio begin with the block and contain all of it? */
static __always_inline bool is_one_folio(const struct page *page)
{
	return compound_head(page + BLOCK - 1) == page;
}

/*
 * How many pages at the start of a run are unpinned before the CPU is yielded?
 * A run can be as long as memory and consist of folios of any size, and
 * unpinning takes one step for each folio. So these are blocks of which each is
 * part of one folio or, if the run does not begin with such a block, a few
 * pages. Unrolled, so that a block costs next to nothing.
 */
static unsigned long pages_for_turn(const struct page *page,
				    unsigned long npages)
{
	unsigned long most = min(npages, BLOCKS_PER_TURN * BLOCK), n = 0;

	while (n + 4 * BLOCK <= most && is_one_folio(page + n) &&
	       is_one_folio(page + n + BLOCK) &&
	       is_one_folio(page + n + 2 * BLOCK) &&
	       is_one_folio(page + n + 3 * BLOCK))
		n += 4 * BLOCK;
	while (n + BLOCK <= most && is_one_folio(page + n))
		n += BLOCK;
	return n ?: min(npages, PAGES_PER_TURN);
}

static noinline void unpin_long_run(const struct iommufd_pages *pages,
				    struct page *page, unsigned long npages)
{
	unsigned long n;

	for (; npages; npages -= n, page += n) {
		n = pages_for_turn(page, npages);
		unpin_user_page_range_dirty_lock(page, n, pages->writable);
		cond_resched();
	}
}

/* For memory, not for device memory */
static __always_inline void unpin_run(const struct iommufd_pages *pages,
				      unsigned long pfn, unsigned long npages)
{
	if (unlikely(npages > BLOCK))
		unpin_long_run(pages, pfn_to_page(pfn), npages);
	else
		unpin_user_page_range_dirty_lock(pfn_to_page(pfn), npages,
						 pages->writable);
}

static void unpin_runs(const struct iommufd_pages *pages, const u64 *runs,
		       u32 nr)
{
	unsigned long since = 0;
	u32 i;

	if (pages->device)
		return;
	for (i = 0; i < nr; i++) {
		unpin_run(pages, run_pfn(runs[i]), run_npages(runs[i]));
		since += run_npages(runs[i]);
		if (since >= PAGES_PER_TURN) {
			cond_resched();
			since = 0;
		}
	}
}

/**
 * run_builder_abort() - unpin the collected pages
 * @b: the builder
 * @pages: the object that it was for
 */
void run_builder_abort(struct run_builder *b, struct iommufd_pages *pages)
{
	struct run_chunk *chunk;

	unpin_runs(pages, b->runs, b->nr);
	kfree(b->chunk);
	while ((chunk = b->full)) {
		b->full = chunk->next;
		unpin_runs(pages, chunk->runs, chunk->nr);
		kfree(chunk);
	}
}

static void cursor_enter(struct run_cursor *cur, const struct run_chunk *chunk)
{
	cur->chunk = chunk;
	cur->runs = chunk->home->runs;
	cur->at = chunk->at;
	cur->skip = chunk->skip;
	cur->chunk_last = chunk->last;
}

/**
 * run_cursor_init() - start a walk
 * @cur: the walk
 * @pages: the object
 * @first: index of the first page
 * @last: index of the last page; all pages of the range are stored
 */
void run_cursor_init(struct run_cursor *cur, const struct iommufd_pages *pages,
		     unsigned long first, unsigned long last)
{
	unsigned long skip;

	cur->index = first;
	cur->last = last;
	if (!pages->in_chunks) {
		cur->chunk = NULL;
		cur->runs = &pages->run;
		cur->at = 0;
		cur->skip = first - pages->index;
		cur->chunk_last = pages->index + run_npages(pages->run) - 1;
		return;
	}
	cursor_enter(cur, chunk_find(pages, first));
	skip = cur->skip + (first - cur->chunk->first);
	while (skip >= run_npages(cur->runs[cur->at]))
		skip -= run_npages(cur->runs[cur->at++]);
	cur->skip = skip;
}

/**
 * run_cursor_next_chunk() - continue in the next chunk
 * @cur: a walk that has reached the end of a chunk, but not its own end
 */
void run_cursor_next_chunk(struct run_cursor *cur)
{
	cursor_enter(cur, rb_entry(rb_next(&cur->chunk->rb), struct run_chunk,
				   rb));
}

/**
 * runs_to_chunks() - move the run that is stored in the object to a chunk
 * @pages: the object, which has no chunks
 *
 * Return: 0 or -ENOMEM.
 */
int runs_to_chunks(struct iommufd_pages *pages)
{
	struct run_chunk *chunk = NULL;

	if (pages->run) {
		chunk = chunk_new(1, GFP_KERNEL_ACCOUNT);
		if (!chunk)
			return -ENOMEM;
		chunk->runs[0] = pages->run;
		chunk->first = pages->index;
		chunk->last = pages->index + run_npages(pages->run) - 1;
	}
	pages->in_chunks = true;
	pages->chunks = RB_ROOT;
	pages->spares = NULL;
	if (chunk)
		chunk_insert(pages, chunk);
	return 0;
}

/**
 * runs_add_spare() - add a spare for a new holder that overlaps others
 * @pages: the object, which has chunks
 *
 * Return: 0 or -ENOMEM.
 */
int runs_add_spare(struct iommufd_pages *pages)
{
	struct run_chunk *spare = chunk_new(0, GFP_KERNEL_ACCOUNT);

	if (!spare)
		return -ENOMEM;
	spare->next = pages->spares;
	pages->spares = spare;
	return 0;
}

/**
 * runs_drop_spare() - free the unused spare of a holder that is released
 * @pages: the object, which has chunks
 */
void runs_drop_spare(struct iommufd_pages *pages)
{
	struct run_chunk *spare = pages->spares;

	pages->spares = spare->next;
	kfree(spare);
}

/* Take the spare of a holder that begins at @index, to split a chunk there */
static struct run_chunk *chunk_take_spare(struct iommufd_pages *pages,
					  unsigned long index)
{
	struct interval_tree_node *node;
	struct run_chunk *spare;
	unsigned int steps = 0;

	for (node = interval_tree_iter_first(&pages->holders, index, index);
	     node; node = interval_tree_iter_next(node, index, index)) {
		struct iommufd_holder *holder = to_holder(node);

		take_turns(&steps);
		if (holder->node.start != index || !holder->spare)
			continue;
		holder->spare = false;
		spare = pages->spares;
		pages->spares = spare->next;
		return spare;
	}
	return NULL;
}

/* Split @chunk behind @index: the part above becomes a chunk of its own */
static void chunk_split(struct iommufd_pages *pages, struct run_chunk *chunk,
			unsigned long index)
{
	struct run_chunk *rest = chunk_take_spare(pages, index + 1);

	if (WARN_ON_ONCE(!rest))
		return;
	rest->home = chunk->home;
	rest->home->users++;
	rest->first = chunk->first;
	rest->last = chunk->last;
	rest->at = chunk->at;
	rest->skip = chunk->skip;
	chunk_advance(rest, index + 1);
	chunk->last = index;
	chunk_insert(pages, rest);
}

/* Unpin the pages from @first to @last, all of which are in @chunk */
static void unpin_chunk(const struct iommufd_pages *pages,
			const struct run_chunk *chunk, unsigned long first,
			unsigned long last)
{
	unsigned long skip = chunk->skip + (first - chunk->first);
	unsigned long left = last - first + 1, n;
	const u64 *run = &chunk->home->runs[chunk->at];
	long turn = PAGES_PER_TURN;

	while (skip >= run_npages(*run))
		skip -= run_npages(*run++);
	for (; left; left -= n, run++, skip = 0) {
		unsigned long pfn = run_pfn(*run) + skip;

		n = min(run_npages(*run) - skip, left);
		/* unpin_long_run() has yielded the CPU; a block is one step */
		turn -= n == BLOCK && is_one_folio(pfn_to_page(pfn)) ? 8 : n;
		unpin_run(pages, pfn, n);
		if (unlikely(turn <= 0)) {
			cond_resched();
			turn = PAGES_PER_TURN;
		}
	}
}

static void unpin_stored(const struct iommufd_pages *pages, unsigned long first,
			 unsigned long last)
{
	const struct run_chunk *chunk = chunk_find(pages, first);
	unsigned long end;

	if (pages->device)
		return;
	for (;;) {
		end = min(last, chunk->last);
		unpin_chunk(pages, chunk, first, end);
		if (end == last)
			return;
		first = end + 1;
		chunk = rb_entry(rb_next(&chunk->rb), struct run_chunk, rb);
		cond_resched();
	}
}

/**
 * runs_remove() - unpin pages and remove them from the store
 * @pages: the object
 * @first: index of the first page
 * @last: index of the last page; all pages of the range are stored
 */
void runs_remove(struct iommufd_pages *pages, unsigned long first,
		 unsigned long last)
{
	struct run_chunk *chunk, *next;
	unsigned int steps = 0;

	if (!pages->in_chunks) {
		/* There was one holder, and it held just this run */
		if (!pages->device)
			unpin_run(pages, run_pfn(pages->run),
				  run_npages(pages->run));
		pages->run = 0;
		return;
	}
	unpin_stored(pages, first, last);
	for (chunk = chunk_find(pages, first); chunk && chunk->first <= last;
	     chunk = next) {
		next = rb_entry_safe(rb_next(&chunk->rb), struct run_chunk, rb);
		if (chunk->first < first) {
			if (chunk->last > last)
				chunk_split(pages, chunk, last);
			chunk->last = first - 1;
		} else if (chunk->last > last) {
			/* Its position in the tree does not change */
			chunk_advance(chunk, last + 1);
		} else {
			rb_erase(&chunk->rb, &pages->chunks);
			chunk_put(chunk);
		}
		take_turns(&steps);
	}
}
