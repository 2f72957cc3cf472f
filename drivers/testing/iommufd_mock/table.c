// SPDX-License-Identifier: GPL-2.0
/*
 * The page table of a mock domain.
 *
 * It is an array with one entry per granule (the smallest page), however large
 * the pages are that somebody maps: an entry holds the physical address and
 * says whether a page begins or ends there.
 *
 * A unit's cache is made of the same entries. What is unmapped stays behind as
 * a stale entry until an invalidation covers it, as a device might still use
 * it: mapping there again, or memory that is not pinned any more by the time
 * of the invalidation, is a mistake of the caller's and says so with a warning
 * in the kernel log. So is unmapping what is not mapped, or a part of a page.
 *
 * A page has one dirty bit, which its first entry keeps. When it is cleared, a
 * device may have the page cached as written to, so that its next write sets
 * no bit: that ends with an invalidation too.
 *
 * The lock is the array's. It is never held across an allocation; ranges that
 * are worked on at the same time do not overlap, which is the caller's duty.
 */
#include <linux/bitfield.h>
#include <linux/mm.h>

#include "mock.h"

/* An entry is an integer, of which the array keeps 63 bits */
#define ENTRY_ADDR	GENMASK_ULL(51, 11)
#define ENTRY_BEGIN	BIT_ULL(0)
#define ENTRY_END	BIT_ULL(1)
#define ENTRY_STALE	BIT_ULL(2)
#define ENTRY_DIRTY	BIT_ULL(3)
#define ENTRY_WRITE	BIT_ULL(4)
#define ENTRY_CACHED	BIT_ULL(5)
/* What the first entry of a page says of the whole */
#define ENTRY_SEEN	(ENTRY_DIRTY | ENTRY_CACHED)

static unsigned long entry_value(void *entry)
{
	return xa_to_value(entry);
}

static bool entry_live(void *entry)
{
	return entry && !(entry_value(entry) & ENTRY_STALE);
}

/* To the first entry of the page that an entry is in */
static void *to_begin(struct xa_state *xas)
{
	void *entry = xas_load(xas);

	while (entry_live(entry) && !(entry_value(entry) & ENTRY_BEGIN))
		entry = xas_prev(xas);
	return entry_live(entry) ? entry : NULL;
}

void mock_table_init(struct mock_table *table, unsigned int granule_shift)
{
	xa_init_flags(&table->entries, XA_FLAGS_ACCOUNT);
	table->granule_shift = granule_shift;
	atomic_long_set(&table->live, 0);
	atomic_long_set(&table->stale, 0);
	atomic_long_set(&table->syncs, 0);
}

void mock_table_destroy(struct mock_table *table)
{
	WARN_ONCE(atomic_long_read(&table->live),
		  "mock: a domain is freed with mappings in it\n");
	WARN_ONCE(atomic_long_read(&table->stale),
		  "mock: a domain is freed before an invalidation that is due\n");
	xa_destroy(&table->entries);
}

/* Is memory at the disposal of devices? Anything but pinned pages may move. */
static bool memory_pinned(phys_addr_t addr)
{
	unsigned long pfn = PHYS_PFN(addr);
	struct page *page;

	if (!pfn_valid(pfn) || is_zero_pfn(pfn))
		return true;
	page = pfn_to_page(pfn);
	return PageReserved(page) || folio_maybe_dma_pinned(page_folio(page));
}

/**
 * mock_table_map() - add translations
 * @table: the table
 * @iova: start
 * @addr: physical address
 * @length: bytes, a multiple of the granule as the others are
 * @prot: IOMMU_READ, IOMMU_WRITE, ...
 * @gfp: how to allocate
 *
 * The whole is one page: to be unmapped as a whole, unless it is cut.
 *
 * Return: 0, or -ENOMEM with nothing mapped.
 */
int mock_table_map(struct mock_table *table, unsigned long iova,
		   phys_addr_t addr, size_t length, int prot, gfp_t gfp)
{
	unsigned long first = iova >> table->granule_shift;
	unsigned long last = (iova + length - 1) >> table->granule_shift;
	XA_STATE(xas, &table->entries, first);
	unsigned long added = 0;

	/* A node is allocated now and then only: let lockdep see each call */
	might_alloc(gfp);
	WARN_ON_ONCE((iova | addr | length) & (BIT(table->granule_shift) - 1));
	WARN_ONCE(!(prot & IOMMU_MMIO) && !memory_pinned(addr),
		  "mock: memory is mapped that is not pinned\n");
	do {
		xas_lock(&xas);
		while (first + added <= last) {
			u64 entry = addr + ((u64)added << table->granule_shift);
			void *old;

			entry |= prot & IOMMU_WRITE ? ENTRY_WRITE : 0;
			entry |= added ? 0 : ENTRY_BEGIN;
			entry |= first + added == last ? ENTRY_END : 0;
			old = xas_store(&xas, xa_mk_value(entry));
			if (xas_error(&xas))
				break;
			WARN_ONCE(old, "mock: mapping over %s\n",
				  entry_live(old) ? "a mapping" :
				  "what waits for an invalidation");
			added++;
			xas_next(&xas);
		}
		xas_unlock(&xas);
	} while (xas_nomem(&xas, gfp));
	atomic_long_add(added, &table->live);
	if (!xas_error(&xas))
		return 0;
	if (added)
		mock_table_unmap_undo(table, iova,
				      added << table->granule_shift);
	return xas_error(&xas);
}

/**
 * mock_table_unmap_undo() - remove translations that no device has seen
 * @table: the table
 * @iova: start
 * @length: bytes, all of which have just been mapped
 */
void mock_table_unmap_undo(struct mock_table *table, unsigned long iova,
			   size_t length)
{
	unsigned long last = (iova + length - 1) >> table->granule_shift;
	XA_STATE(xas, &table->entries, iova >> table->granule_shift);
	void *entry;

	xas_lock(&xas);
	xas_for_each(&xas, entry, last) {
		xas_store(&xas, NULL);
		atomic_long_dec(&table->live);
	}
	xas_unlock(&xas);
}

/**
 * mock_table_unmap() - remove translations, but not from the cache
 * @table: the table
 * @iova: start
 * @length: bytes
 * @holes: the range may hold some
 *
 * Return: the bytes that were mapped.
 */
size_t mock_table_unmap(struct mock_table *table, unsigned long iova,
			size_t length, bool holes)
{
	unsigned long first = iova >> table->granule_shift;
	unsigned long last = (iova + length - 1) >> table->granule_shift;
	XA_STATE(xas, &table->entries, first);
	unsigned long removed = 0, value;
	void *entry;

	xas_lock(&xas);
	xas_for_each(&xas, entry, last) {
		if (!entry_live(entry))
			continue;
		value = entry_value(entry);
		WARN_ONCE(xas.xa_index == first && !(value & ENTRY_BEGIN),
			  "mock: unmapping begins inside a page\n");
		WARN_ONCE(xas.xa_index == last && !(value & ENTRY_END),
			  "mock: unmapping ends inside a page\n");
		xas_store(&xas, xa_mk_value(value | ENTRY_STALE));
		removed++;
	}
	xas_unlock(&xas);
	WARN_ONCE(!holes && removed != last - first + 1,
		  "mock: unmapping what is not mapped\n");
	atomic_long_sub(removed, &table->live);
	atomic_long_add(removed, &table->stale);
	return (size_t)removed << table->granule_shift;
}

/**
 * mock_table_cut() - let pages end at an IOVA
 * @table: the table
 * @iova: where; a page that goes on there becomes two
 */
void mock_table_cut(struct mock_table *table, unsigned long iova)
{
	unsigned long index = iova >> table->granule_shift, seen = 0;
	XA_STATE(xas, &table->entries, index);
	void *entry;

	xas_lock(&xas);
	/* Both parts are as dirty as the whole was */
	entry = to_begin(&xas);
	if (entry)
		seen = entry_value(entry) & ENTRY_SEEN;
	xas_set(&xas, index);
	entry = xas_load(&xas);
	if (entry_live(entry))
		xas_store(&xas, xa_mk_value(entry_value(entry) | ENTRY_BEGIN |
					    seen));
	if (index) {
		xas_set(&xas, index - 1);
		entry = xas_load(&xas);
		if (entry_live(entry))
			xas_store(&xas, xa_mk_value(entry_value(entry) |
						    ENTRY_END));
	}
	xas_unlock(&xas);
}

/**
 * mock_table_sync() - invalidate the cache
 * @table: the table
 * @first: start of the range
 * @last: its end
 */
void mock_table_sync(struct mock_table *table, unsigned long first,
		     unsigned long last)
{
	XA_STATE(xas, &table->entries, first >> table->granule_shift);
	unsigned long removed = 0;
	void *entry;

	xas_lock(&xas);
	xas_for_each(&xas, entry, last >> table->granule_shift) {
		if (entry_live(entry)) {
			if (entry_value(entry) & ENTRY_CACHED)
				xas_store(&xas, xa_mk_value(entry_value(entry) &
							    ~ENTRY_CACHED));
			continue;
		}
		WARN_ONCE(!memory_pinned(entry_value(entry) & ENTRY_ADDR),
			  "mock: unpinned before the invalidation\n");
		xas_store(&xas, NULL);
		removed++;
	}
	xas_unlock(&xas);
	atomic_long_sub(removed, &table->stale);
	atomic_long_inc(&table->syncs);
}

/**
 * mock_table_lookup() - translate
 * @table: the table
 * @iova: an IOVA
 * @addr: the physical address
 *
 * Return: is it mapped?
 */
bool mock_table_lookup(struct mock_table *table, unsigned long iova,
		       phys_addr_t *addr)
{
	void *entry = xa_load(&table->entries, iova >> table->granule_shift);

	if (!entry_live(entry))
		return false;
	*addr = (entry_value(entry) & ENTRY_ADDR) +
		(iova & (BIT(table->granule_shift) - 1));
	return true;
}

/**
 * mock_table_set_dirty() - do as if a device had written
 * @table: the table
 * @iova: where
 *
 * A device that has the page cached as one that was written to does not write
 * to the table again, until an invalidation.
 *
 * Return: is it mapped?
 */
bool mock_table_set_dirty(struct mock_table *table, unsigned long iova)
{
	XA_STATE(xas, &table->entries, iova >> table->granule_shift);
	void *entry;

	xas_lock(&xas);
	entry = to_begin(&xas);
	if (entry && !(entry_value(entry) & ENTRY_CACHED))
		xas_store(&xas, xa_mk_value(entry_value(entry) | ENTRY_DIRTY));
	xas_unlock(&xas);
	return entry;
}

/**
 * mock_table_find_dirty() - find the next page that was written to
 * @table: the table
 * @iova: where to begin
 * @last: where to end
 * @found: its first IOVA; it may begin before @iova, as it may end after @last
 * @length: its bytes
 *
 * Return: is there one?
 */
bool mock_table_find_dirty(struct mock_table *table, unsigned long iova,
			   unsigned long last, unsigned long *found,
			   size_t *length)
{
	XA_STATE(xas, &table->entries, iova >> table->granule_shift);
	unsigned long begin;
	void *entry;

	xas_lock(&xas);
	if (!to_begin(&xas))
		xas_set(&xas, iova >> table->granule_shift);
	begin = xas.xa_index;
	xas_set(&xas, begin);
	xas_for_each(&xas, entry, last >> table->granule_shift)
		if (entry_live(entry) && entry_value(entry) & ENTRY_DIRTY)
			break;
	if (entry) {
		begin = xas.xa_index;
		while (!(entry_value(entry) & ENTRY_END))
			entry = xas_next(&xas);
		*found = begin << table->granule_shift;
		*length = (xas.xa_index - begin + 1) << table->granule_shift;
	}
	xas_unlock(&xas);
	return entry;
}

/**
 * mock_table_make_clean() - forget that a page was written to
 * @table: the table
 * @iova: its first IOVA
 *
 * What a device has cached of it stays as it is until an invalidation.
 */
void mock_table_make_clean(struct mock_table *table, unsigned long iova)
{
	XA_STATE(xas, &table->entries, iova >> table->granule_shift);
	unsigned long value;
	void *entry;

	xas_lock(&xas);
	entry = xas_load(&xas);
	if (entry_live(entry)) {
		value = entry_value(entry) & ~ENTRY_DIRTY;
		xas_store(&xas, xa_mk_value(value | ENTRY_CACHED));
	}
	xas_unlock(&xas);
}
