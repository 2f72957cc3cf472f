// SPDX-License-Identifier: GPL-2.0
/*
 * Mapping areas in a domain and unmapping them.
 *
 * Stored runs are passed to the domain a few at a time through the run
 * operations of its driver, if it has any. Otherwise they are passed one by one
 * through the Linux IOMMU API. Runs that are adjacent in memory are passed as
 * one, even if they are stored in different chunks, so that the driver can use
 * the largest pages.
 *
 * A unit that caches non-present entries (caching mode) needs an invalidation
 * for a new mapping: one at the end of each area. Unmapping needs one
 * invalidation for any number of areas.
 */
#include <linux/overflow.h>

#include <compat/uninitialized.h>

#include "ioas.h"
#include "runs.h"

#define RUNS_PER_CALL 16

/**
 * struct map_state - an area that is being mapped
 * @hwpt: the hardware page table
 * @iova: IOVA of the next run
 * @prot: access that devices get
 * @gfp: flags for allocating page tables
 * @steps: counts pages that are mapped one by one, for take_turns()
 * @nr: number of collected runs
 * @runs: the collected runs
 */
struct map_state {
	struct iommufd_hwpt *hwpt;
	unsigned long iova;
	int prot;
	gfp_t gfp;
	unsigned int steps;
	unsigned int nr;
	struct iommu_run runs[RUNS_PER_CALL];
};

/* Pages that one call of the Linux IOMMU API maps or unmaps */
#define PAGES_PER_CALL 4096ul

/*
 * A driver maps all of one call without yielding the CPU. So a long run is
 * passed in pieces. They end at multiples of the largest page that the driver
 * could use for the run, so that no such page is split.
 */
static size_t domain_api_piece(const struct map_state *s,
			       const struct iommu_run *run)
{
	unsigned long skew = s->iova ^ run->addr, sizes, page, span;

	sizes = s->hwpt->domain->pgsize_bitmap;
	if (skew)
		sizes &= (2UL << __ffs(skew)) - 1;
	page = 1UL << __fls(sizes);
	if (check_mul_overflow(page, PAGES_PER_CALL, &span))
		return run->length;
	return min(run->length, span - (s->iova & (span - 1)));
}

/* On failure, @s and @run say where the mapped part ends */
static int domain_api_map(struct map_state *s, struct iommu_run *run)
{
	int ret;

	while (run->length) {
		size_t piece = domain_api_piece(s, run);

		ret = iommu_map(s->hwpt->domain, s->iova, run->addr, piece,
				s->prot & ~IOMMU_RUNS_MORE, s->gfp);
		if (ret)
			return ret;
		s->iova += piece;
		run->addr += piece;
		run->length -= piece;
		if (run->length && fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

static int domain_map_collected(struct map_state *s)
{
	const struct iommu_run_ops *ops = s->hwpt->run_ops;
	unsigned int i;
	int ret;

	if (ops) {
		ret = ops->map(s->hwpt->domain, s->iova, s->runs, s->nr,
			       s->prot, s->gfp);
		if (ret)
			return ret;
		for (i = 0; i < s->nr; i++)
			s->iova += s->runs[i].length;
		s->nr = 0;
		return 0;
	}
	for (i = 0; i < s->nr; i++) {
		ret = domain_api_map(s, &s->runs[i]);
		if (ret)
			return ret;
	}
	s->nr = 0;
	return 0;
}

static int domain_map_add(struct map_state *s, phys_addr_t addr, size_t length)
{
	struct iommu_run *last = s->nr ? &s->runs[s->nr - 1] : NULL;

	if (last && last->addr + last->length == addr) {
		last->length += length;
		return 0;
	}
	if (s->nr == RUNS_PER_CALL) {
		int ret;

		s->prot |= IOMMU_RUNS_MORE;
		ret = domain_map_collected(s);
		if (ret)
			return ret;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	s->runs[s->nr].addr = addr;
	s->runs[s->nr].length = length;
	s->nr++;
	return 0;
}

/* Several calls were one request: it gets one invalidation for a new mapping */
static int domain_map_end(struct map_state *s, const struct iommufd_area *area)
{
	const struct iommu_run_ops *ops = s->hwpt->run_ops;

	if (!(s->prot & IOMMU_RUNS_MORE) || !ops || !ops->announce)
		return 0;
	return ops->announce(s->hwpt->domain, area->node.start,
			     area_length(area));
}

/* Map each page by itself, so that no driver joins them to larger ones */
static int domain_map_small(struct map_state *s, phys_addr_t addr,
			    size_t length)
{
	s->prot |= IOMMU_RUNS_MORE;
	while (length) {
		size_t step = min(length, PAGE_SIZE - offset_in_page(s->iova));
		int ret;

		s->runs[0].addr = addr;
		s->runs[0].length = step;
		s->nr = 1;
		ret = domain_map_collected(s) ?: take_turns_killable(&s->steps);
		if (ret)
			return ret;
		addr += step;
		length -= step;
	}
	return 0;
}

static int domain_prot(const struct iommufd_area *area)
{
	return (area->holder.flags & AREA_PROT) | IOMMU_CACHE |
	       (area->pages->device ? IOMMU_MMIO : 0);
}

/* The most frequent case: an area of one run, and a driver that takes runs */
static int domain_map_one(struct iommufd_hwpt *hwpt,
			  const struct iommufd_area *area, gfp_t gfp)
{
	const struct iommufd_pages *pages = area->pages;
	struct iommu_run run = {
		.addr = PFN_PHYS(run_pfn(pages->run) +
				 (area->holder.node.start - pages->index)) +
			area->holder.offset,
		.length = area_length(area),
	};

	return hwpt->run_ops->map(hwpt->domain, area->node.start, &run, 1,
				  domain_prot(area), gfp);
}

/**
 * iommufd_hwpt_map() - map an area in a hardware page table
 * @hwpt: the hardware page table
 * @area: the area; it is a holder of its pages
 * @small_pages: use the smallest pages only
 * @gfp: flags for allocating page tables
 *
 * Context: iommufd_ioas::domains_lock held; iommufd_pages_lock() held if the
 * pages are shared; may sleep if @gfp allows it.
 *
 * Return: 0, or an error and nothing is mapped.
 */
int iommufd_hwpt_map(struct iommufd_hwpt *hwpt,
		     const struct iommufd_area *area, bool small_pages,
		     gfp_t gfp)
{
	unsigned long left = area_length(area);
	unsigned long skip = area->holder.offset;
	unsigned long pfn, npages;
	struct run_cursor cur compat_uninitialized;
	struct map_state s compat_uninitialized;
	int ret = 0;

	if (!area->pages->in_chunks && hwpt->run_ops && !small_pages)
		return domain_map_one(hwpt, area, gfp);

	s.hwpt = hwpt;
	s.iova = area->node.start;
	s.prot = domain_prot(area);
	s.gfp = gfp;
	s.steps = 0;
	s.nr = 0;

	run_cursor_init(&cur, area->pages, area->holder.node.start,
			area->holder.node.last);
	while (!ret && (npages = run_cursor_next(&cur, &pfn))) {
		phys_addr_t addr = PFN_PHYS(pfn) + skip;
		size_t length = min((npages << PAGE_SHIFT) - skip, left);

		skip = 0;
		left -= length;
		ret = small_pages ? domain_map_small(&s, addr, length) :
				    domain_map_add(&s, addr, length);
	}
	if (!ret && s.nr)
		ret = domain_map_collected(&s);
	if (!ret)
		ret = domain_map_end(&s, area);
	if (ret && s.iova != area->node.start) {
		union iommufd_gather gather;

		iommufd_hwpt_unmap_begin(hwpt, &gather);
		iommufd_hwpt_unmap(hwpt, area->node.start,
				   s.iova - area->node.start, &gather);
		iommufd_hwpt_unmap_end(hwpt, &gather);
	}
	return ret;
}

/*
 * In pieces, as in domain_api_map(). The pages in the table are not known, so
 * pieces end at multiples of the largest page. A minimum keeps them from being
 * too short.
 */
static size_t domain_api_unmap(struct iommu_domain *domain, unsigned long iova,
			       size_t length, struct iommu_iotlb_gather *gather)
{
	unsigned long span = 1UL << __fls(domain->pgsize_bitmap);
	size_t unmapped = 0, piece;

	span = max(span, PAGES_PER_CALL * PAGE_SIZE);
	for (; length; length -= piece, iova += piece) {
		piece = min(length, span - (iova & (span - 1)));
		unmapped += iommu_unmap_fast(domain, iova, piece, gather);
		if (length > piece)
			cond_resched();
	}
	return unmapped;
}

/**
 * iommufd_hwpt_unmap() - unmap a range that is mapped throughout
 * @hwpt: the hardware page table
 * @iova: start
 * @length: bytes
 * @gather: collects the ranges to invalidate
 *
 * Devices may still reach the range until iommufd_hwpt_unmap_end().
 */
void iommufd_hwpt_unmap(const struct iommufd_hwpt *hwpt, unsigned long iova,
			unsigned long length, union iommufd_gather *gather)
{
	size_t unmapped;

	if (hwpt->run_ops)
		unmapped = hwpt->run_ops->unmap(hwpt->domain, iova, length,
						&gather->run);
	else
		unmapped = domain_api_unmap(hwpt->domain, iova, length,
					    &gather->iotlb);
	/* The table does not contain what was mapped: it cannot be trusted */
	WARN_ONCE(unmapped != length, "unmapped %zu bytes of %lu\n", unmapped,
		  length);
}
