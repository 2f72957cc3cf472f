// SPDX-License-Identifier: GPL-2.0
/*
 * The page table of a mock domain.
 *
 * It is an array with one entry per granule (the smallest page), however large
 * the mapped pages are. An entry contains the physical address, and flags for
 * the first and the last entry of a page.
 *
 * The same entries also simulate the unit's cache. An unmapped entry stays as a
 * stale entry until an invalidation covers it, because a device may still use
 * it. Two mistakes of the caller cause a warning in the kernel log: mapping
 * there before the invalidation, and unpinning the memory before the
 * invalidation. Unmapping what is not mapped, or a part of a page, causes one
 * too.
 *
 * A page has one dirty bit, in its first entry. After the bit was cleared, a
 * device may still have the page cached as dirty, so its next write does not
 * set the bit again, until an invalidation.
 *
 * The lock is that of the array. It is never held across an allocation. The
 * caller makes sure that concurrent operations do not overlap.
 */
#include <linux/bitfield.h>
#include <linux/mm.h>

#include "mock.h"

/* An entry is an integer of 63 bits, as the array stores it */
#define ENTRY_ADDR	GENMASK_ULL(51, 11)
#define ENTRY_BEGIN	BIT_ULL(0)
#define ENTRY_END	BIT_ULL(1)
#define ENTRY_STALE	BIT_ULL(2)
#define ENTRY_DIRTY	BIT_ULL(3)
#define ENTRY_WRITE	BIT_ULL(4)
#define ENTRY_CACHED	BIT_ULL(5)
/* Flags in the first entry that are valid for the whole page */
#define ENTRY_SEEN	(ENTRY_DIRTY | ENTRY_CACHED)

static unsigned long entry_value(void *entry)
{
	return xa_to_value(entry);
}

static bool entry_live(void *entry)
{
	return entry && !(entry_value(entry) & ENTRY_STALE);
}

/* Go back to the first entry of a page */
static void *mock_table_to_begin(struct xa_state *xas)
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
		  "mock: a domain is freed without a required invalidation\n");
	xa_destroy(&table->entries);
}

/* May devices use the memory? Pages that are not pinned may move. */
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
 * @length: bytes; like @iova and @addr a multiple of the granule
 * @prot: IOMMU_READ, IOMMU_WRITE, ...
 * @gfp: flags for allocations
 *
 * All of it is one page, which must be unmapped as a whole unless it is split.
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

	/* Only some calls allocate a node: let lockdep check every call */
	might_alloc(gfp);
	WARN_ON_ONCE((iova | addr | length) & (BIT(table->granule_shift) - 1));
	WARN_ONCE(!(prot & IOMMU_MMIO) && !memory_pinned(addr),
		  "mock: mapping memory that is not pinned\n");
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
				  "an entry that is not invalidated");
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
 * mock_table_unmap_undo() - remove translations that no device has used
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
 * @holes: parts of the range may not be mapped
 *
 * Return: the number of bytes that were mapped.
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
 * mock_table_split() - split the page that contains an IOVA
 * @table: the table
 * @iova: first IOVA of the second part
 */
void mock_table_split(struct mock_table *table, unsigned long iova)
{
	unsigned long index = iova >> table->granule_shift, seen = 0;
	XA_STATE(xas, &table->entries, index);
	void *entry;

	xas_lock(&xas);
	/* If the page is dirty, both parts are */
	entry = mock_table_to_begin(&xas);
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
 * @first: first IOVA of the range
 * @last: last IOVA of the range
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
 * @addr: set to the physical address
 *
 * Return: whether it is mapped.
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
 * mock_table_set_dirty() - simulate a write of a device
 * @table: the table
 * @iova: the IOVA
 *
 * If a device has the page cached as dirty, it does not set the dirty bit
 * again, until an invalidation.
 *
 * Return: whether it is mapped.
 */
bool mock_table_set_dirty(struct mock_table *table, unsigned long iova)
{
	XA_STATE(xas, &table->entries, iova >> table->granule_shift);
	void *entry;

	xas_lock(&xas);
	entry = mock_table_to_begin(&xas);
	if (entry && !(entry_value(entry) & ENTRY_CACHED))
		xas_store(&xas, xa_mk_value(entry_value(entry) | ENTRY_DIRTY));
	xas_unlock(&xas);
	return entry;
}

/**
 * mock_table_find_dirty() - find the next dirty page
 * @table: the table
 * @iova: first IOVA of the range to search
 * @last: last IOVA of the range to search
 * @found: set to the first IOVA of the page, which may be before @iova; its end
 *	may be after @last
 * @length: set to its length in bytes
 *
 * Return: whether there is one.
 */
bool mock_table_find_dirty(struct mock_table *table, unsigned long iova,
			   unsigned long last, unsigned long *found,
			   size_t *length)
{
	XA_STATE(xas, &table->entries, iova >> table->granule_shift);
	unsigned long begin;
	void *entry;

	xas_lock(&xas);
	if (!mock_table_to_begin(&xas))
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
 * mock_table_make_clean() - clear the dirty bit of a page
 * @table: the table
 * @iova: first IOVA of the page
 *
 * In the cache of devices the page stays dirty until an invalidation.
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
