// SPDX-License-Identifier: GPL-2.0
/*
 * Showing areas in a domain and hiding them again.
 *
 * Stored runs are handed to the domain some at a time: through the run
 * operations of its driver if there are any, otherwise one by one through the
 * Linux IOMMU API. Runs that follow one another in memory go as one, whatever
 * chunk they are stored in, so that the driver can choose the largest page.
 *
 * Showing an area ends with one announcement to units that cache what is not
 * there, and hiding any number of areas with one invalidation.
 */
#include <linux/overflow.h>

#include <compat/uninitialized.h>

#include "ioas.h"
#include "runs.h"

#define RUNS_PER_CALL 16

/**
 * struct map_state - an area that is being shown
 * @hwpt: in what
 * @iova: where the next run goes
 * @prot: what devices may do
 * @gfp: how page tables are allocated
 * @steps: of pages shown one by one, for take_turns()
 * @nr: runs collected
 * @runs: the runs
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

/* Pages that the Linux IOMMU API maps, or unmaps, without a break */
#define PAGES_PER_CALL 4096ul

/*
 * Drivers write what they get in one call without a break. So they get a long run
 * in pieces, which end where no page ends that they could have used for it.
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

/* Stops behind the last piece that is mapped */
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

/* What went to the driver in several calls is one request */
static int domain_map_end(struct map_state *s, const struct iommufd_area *area)
{
	const struct iommu_run_ops *ops = s->hwpt->run_ops;

	if (!(s->prot & IOMMU_RUNS_MORE) || !ops || !ops->announce)
		return 0;
	return ops->announce(s->hwpt->domain, area->node.start,
			     area_length(area));
}

/* Page by page, each shown before the next, so that no driver joins them */
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

/* What most areas are: one run, for a driver that takes runs */
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
 * iommufd_hwpt_map() - show an area in a hardware page table
 * @hwpt: the hardware page table
 * @area: the area; it is a holder of its pages
 * @small_pages: use the smallest pages only
 * @gfp: how page tables are allocated
 *
 * Context: iommufd_ioas::domains_lock; iommufd_pages_lock() if the pages are
 * shared; may sleep if @gfp allows it.
 *
 * Return: 0, or an error with nothing shown.
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
 * As in domain_api_map(), in pieces; but of what is in the table it is only known that
 * the largest page divides it. A piece should not be too short either.
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
 * iommufd_hwpt_unmap() - hide a range, all of which is shown
 * @hwpt: from what
 * @iova: where it begins
 * @length: bytes
 * @gather: what has to be invalidated
 *
 * Devices may still reach it until iommufd_hwpt_unmap_end().
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
	/* The table does not hold what was written: do not trust it further */
	WARN_ONCE(unmapped != length, "unmapped %zu bytes of %lu\n", unmapped,
		  length);
}
