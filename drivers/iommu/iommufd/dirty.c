// SPDX-License-Identifier: GPL-2.0
/*
 * Dirty tracking: reports the memory that devices have written to through a
 * hardware page table.
 *
 * The unit sets a dirty flag in an entry of the domain's page table when a
 * device writes through it. A request reads the flags of a range of IOVA into a
 * bitmap of the user. Usually it also clears them, so that the next request
 * reports only later writes.
 *
 * A range can be as large as an address space, and its bitmap as large as
 * memory. So the request is done in steps. Each step pins the few pages of the
 * bitmap that contain the next bits. Then it reads the areas that are LIVE,
 * with iommufd_ioas::lock held for reading, so that no unmap of them begins
 * meanwhile. A flag is cleared after its bit was set in a pinned page. So no
 * write is lost, unless the user unmaps the area or the bitmap during the
 * request. At the end, also after an error, one invalidation covers everything
 * that was cleared. Until then, a device may write without setting the flag.
 *
 * An entry has one dirty flag, whatever the size of its page. If the page
 * reaches beyond a step, it counts as dirty in the next step, too (@beyond). If
 * it reaches out of the range of the request, the flag is not cleared, so that
 * a request for the rest of the page reports it, too.
 *
 * Run operations report dirty pages through a callback. The Linux IOMMU API
 * reports them in a bitmap of the kernel, whose functions are not compiled into
 * kernels without an iommufd of their own. But it also collects the ranges that
 * have to be invalidated, and these are the dirty ones. So it is called for
 * blocks of pages without clearing anything, and then, in a block with a dirty
 * page, for one page at a time.
 */
#include <linux/bitmap.h>
#include <linux/highmem.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>

#include <compat/uninitialized.h>

#include "device_memory.h"
#include "ioas.h"
#include "ucmd.h"

/* Most bytes that a step reads, as other tasks may wait for the lock */
#define STEP_BYTES	SZ_256M
/* Most bytes that are read without yielding the CPU: a power of two */
#define READ_BYTES	SZ_16M
#define STEP_PAGES	8
#define BITS_PER_PAGE	(PAGE_SIZE * BITS_PER_BYTE)

/* Pages of one call to the Linux IOMMU API */
#define BLOCK_PAGES	512

/**
 * struct report - a request in progress
 * @hwpt: the hardware page table
 * @clear: clear the dirty flags
 * @gather: ranges to be invalidated at the end
 * @iova: first IOVA of the range, which is bit 0 of the bitmap
 * @last: last IOVA of the range
 * @shift: log2 of the number of bytes that a bit represents
 * @bits: user address of the bitmap
 * @step_first: first IOVA of the step
 * @step_last: last IOVA of the step
 * @step_bit: bit of @step_first, counted from the first bit in @pages
 * @beyond: last IOVA of a dirty page that an earlier step found; 0 if there was
 *	none
 * @nr_pages: number of @pages
 * @pages: pinned pages of the bitmap
 */
struct report {
	struct iommufd_hwpt *hwpt;
	bool clear;
	union iommufd_gather gather;
	unsigned long iova;
	unsigned long last;
	unsigned int shift;
	unsigned long bits;
	unsigned long step_first;
	unsigned long step_last;
	unsigned long step_bit;
	unsigned long beyond;
	unsigned int nr_pages;
	struct page *pages[STEP_PAGES];
};

/* Reading a page table through the Linux IOMMU API */

static int api_read(struct iommufd_hwpt *hwpt, unsigned long iova,
		    size_t length, unsigned long flags,
		    struct iommu_iotlb_gather *found)
{
	struct iommu_domain *domain = hwpt->domain;
	struct iommu_dirty_bitmap dirty;

	iommu_dirty_bitmap_init(&dirty, NULL, found);
	return domain->dirty_ops->read_and_clear_dirty(domain, iova, length,
						       flags, &dirty);
}

/* Read the entry at @iova; *@next is the first IOVA after it */
static int api_read_page(struct iommufd_hwpt *hwpt, unsigned long iova,
			 size_t page_size, iommu_pt_dirty_fn fn, void *arg,
			 struct iommu_iotlb_gather *gather,
			 unsigned long *next)
{
	struct iommu_iotlb_gather found;
	unsigned long first;
	size_t length;
	int ret;

	*next = iova + page_size;
	ret = api_read(hwpt, iova, page_size, IOMMU_DIRTY_NO_CLEAR, &found);
	if (ret || found.start > found.end)
		return ret;
	/* Drivers report the size of the entry, but not its first IOVA */
	first = found.start;
	length = found.end - first + 1;
	if (is_power_of_2(length))
		first = ALIGN_DOWN(first, length);
	*next = first + length;
	if (!fn(arg, first, length) || !gather)
		return 0;
	iommu_iotlb_gather_add_range(gather, first, length);
	return api_read(hwpt, iova, page_size, 0, &found);
}

static int api_read_block(struct iommufd_hwpt *hwpt, unsigned long iova,
			  unsigned long end, size_t page_size,
			  iommu_pt_dirty_fn fn, void *arg,
			  struct iommu_iotlb_gather *gather,
			  unsigned long *next)
{
	struct iommu_iotlb_gather found;
	unsigned int steps = 0;
	int ret;

	*next = end + 1;
	ret = api_read(hwpt, iova, end - iova + 1, IOMMU_DIRTY_NO_CLEAR, &found);
	if (ret || found.start > found.end)
		return ret;
	iova = max(iova, found.start);
	do {
		take_turns(&steps);
		ret = api_read_page(hwpt, iova, page_size, fn, arg, gather,
				    &iova);
	} while (!ret && iova - 1 < min(end, found.end));
	/* The last entry may reach beyond the block */
	if (iova - 1 > end)
		*next = iova;
	return ret;
}

static int api_read_dirty(struct iommufd_hwpt *hwpt, unsigned long iova,
			  unsigned long last, iommu_pt_dirty_fn fn, void *arg,
			  struct iommu_iotlb_gather *gather)
{
	size_t page_size = 1UL << __ffs(hwpt->domain->pgsize_bitmap);
	unsigned long end;
	int ret;

	do {
		end = iova + min(last - iova, BLOCK_PAGES * page_size - 1);
		ret = api_read_block(hwpt, iova, end, page_size, fn, arg,
				     gather, &iova);
		cond_resched();
	} while (!ret && iova - 1 < last);
	return ret;
}

/*
 * Read a part of an area, and clear dirty flags if there is a gather. Drivers
 * do not yield the CPU during a call, so each call is for a limited range.
 */
static int read_dirty(struct iommufd_hwpt *hwpt, unsigned long iova,
		      unsigned long last, iommu_pt_dirty_fn fn, void *arg,
		      union iommufd_gather *gather)
{
	const struct iommu_run_ops *ops = hwpt->run_ops;
	unsigned long end;

	if (!ops)
		return api_read_dirty(hwpt, iova, last, fn, arg,
				      gather ? &gather->iotlb : NULL);
	for (;; iova = end + 1) {
		end = min(last, iova | (READ_BYTES - 1));
		ops->read_dirty(hwpt->domain, iova, end - iova + 1, fn, arg,
				gather ? &gather->run : NULL);
		if (end == last)
			return 0;
		cond_resched();
	}
}

/* The same; device memory cannot be revoked meanwhile */
static int area_read_dirty(struct iommufd_hwpt *hwpt,
			   const struct iommufd_area *area, unsigned long iova,
			   unsigned long last, iommu_pt_dirty_fn fn, void *arg,
			   union iommufd_gather *gather)
{
	int ret = 0;

	if (!area->pages->device)
		return read_dirty(hwpt, iova, last, fn, arg, gather);
	if (iommufd_devmem_lock(hwpt, area))
		ret = read_dirty(hwpt, iova, last, fn, arg, gather);
	iommufd_devmem_unlock(area);
	return ret;
}

static bool can_track(const struct iommufd_hwpt *hwpt)
{
	return hwpt->domain->dirty_ops &&
	       (!hwpt->run_ops || hwpt->run_ops->read_dirty);
}

/* As iommufd_hwpt_unmap_end(); the IOMMU API expects no empty gather */
static void dirty_invalidate(struct iommufd_hwpt *hwpt,
			     union iommufd_gather *gather)
{
	if (hwpt->run_ops || gather->iotlb.start <= gather->iotlb.end)
		iommufd_hwpt_unmap_end(hwpt, gather);
}

/* Enabling and disabling */

static bool dirty_ignore(void *arg, unsigned long iova, size_t length)
{
	return true;
}

/* Clear all flags: writes from before tracking was enabled do not count */
static int dirty_clear_all(struct iommufd_hwpt *hwpt)
{
	struct iommufd_ioas *ioas = hwpt->ioas;
	union iommufd_gather gather;
	struct iommufd_area *area;
	int ret = 0;

	lockdep_assert_held_write(&ioas->domains_lock);
	iommufd_hwpt_unmap_begin(hwpt, &gather);
	iommufd_for_each_area(area, ioas, 0, ULONG_MAX) {
		ret = area_read_dirty(hwpt, area, area->node.start,
				      area->node.last, dirty_ignore, NULL,
				      &gather);
		if (!ret && fatal_signal_pending(current))
			ret = -EINTR;
		if (ret)
			break;
		cond_resched();
	}
	dirty_invalidate(hwpt, &gather);
	return ret;
}

static struct iommufd_hwpt *dirty_get_hwpt(struct iommufd_ucmd *ucmd, u32 id)
{
	struct iommufd_object *obj;

	obj = iommufd_object_get(ucmd->ictx, id, IOMMUFD_OBJ_HWPT);
	if (IS_ERR(obj))
		return ERR_CAST(obj);
	return container_of(obj, struct iommufd_hwpt, obj);
}

int iommufd_hwpt_set_dirty_tracking_ioctl(struct iommufd_ucmd *ucmd)
{
	const struct iommu_hwpt_set_dirty_tracking *cmd = ucmd->cmd;
	bool enable = cmd->flags & IOMMU_HWPT_DIRTY_TRACKING_ENABLE;
	struct iommufd_hwpt *hwpt;
	struct iommu_domain *domain;
	int ret = 0;

	if (cmd->flags & ~IOMMU_HWPT_DIRTY_TRACKING_ENABLE)
		return -EOPNOTSUPP;
	hwpt = dirty_get_hwpt(ucmd, cmd->hwpt_id);
	if (IS_ERR(hwpt))
		return PTR_ERR(hwpt);
	domain = hwpt->domain;
	if (!can_track(hwpt)) {
		ret = -EOPNOTSUPP;
		goto out;
	}
	/* For writing: nothing is mapped, unmapped or reported meanwhile */
	ret = down_write_killable(&hwpt->ioas->domains_lock);
	if (ret)
		goto out;
	if (enable)
		ret = dirty_clear_all(hwpt);
	if (!ret)
		ret = domain->dirty_ops->set_dirty_tracking(domain, enable);
	if (!ret)
		hwpt->tracks_dirty = enable;
	up_write(&hwpt->ioas->domains_lock);
out:
	iommufd_object_put(ucmd->ictx, &hwpt->obj);
	return ret;
}

/* Reporting */

static unsigned long report_bit(const struct report *r, unsigned long iova)
{
	return (iova - r->iova) >> r->shift;
}

/* Set the bits of a range inside the step */
static void report_set_bits(struct report *r, unsigned long first,
			    unsigned long last)
{
	unsigned long base = report_bit(r, r->step_first) - r->step_bit;
	unsigned long bit = report_bit(r, first) - base;
	unsigned long end = report_bit(r, last) - base + 1, n;

	for (; bit < end; bit += n) {
		void *bits = kmap_local_page(r->pages[bit / BITS_PER_PAGE]);

		n = min(end - bit, BITS_PER_PAGE - bit % BITS_PER_PAGE);
		bitmap_set(bits, bit % BITS_PER_PAGE, n);
		kunmap_local(bits);
	}
}

static bool report_dirty(void *arg, unsigned long iova, size_t length)
{
	struct report *r = arg;
	unsigned long last = iova + length - 1;

	if (iova <= r->step_last && last >= r->step_first)
		report_set_bits(r, max(iova, r->step_first),
				min(last, r->step_last));
	r->beyond = max(r->beyond, min(last, r->last));
	return iova >= r->iova && last <= r->last;
}

/* Find the end of the step that begins at @first, and pin its bits */
static int report_step_begin(struct report *r, unsigned long first)
{
	unsigned long all = report_bit(r, r->last) + 1;
	unsigned long bit = report_bit(r, first);
	unsigned long addr = r->bits + bit / BITS_PER_BYTE;
	int pinned;

	r->step_first = first;
	r->step_bit = offset_in_page(addr) * BITS_PER_BYTE +
		      bit % BITS_PER_BYTE;
	/* The first bit that is not in the pages of this step */
	bit += STEP_PAGES * BITS_PER_PAGE - r->step_bit;
	r->step_last = bit >= all ? r->last : r->iova + (bit << r->shift) - 1;
	if (r->step_last - first >= STEP_BYTES)
		r->step_last = first + STEP_BYTES - 1;
	r->nr_pages = (r->step_bit + report_bit(r, r->step_last) -
		       report_bit(r, first)) / BITS_PER_PAGE + 1;
	pinned = pin_user_pages_fast(addr & PAGE_MASK, r->nr_pages, FOLL_WRITE,
				     r->pages);
	if (pinned == r->nr_pages)
		return 0;
	if (pinned > 0)
		unpin_user_pages(r->pages, pinned);
	return -EFAULT;
}

/* Read the areas of a step, except those that are being unmapped */
static int report_step_read(struct report *r)
{
	unsigned long page = (1UL << __ffs(r->hwpt->domain->pgsize_bitmap)) - 1;
	struct iommufd_ioas *ioas = r->hwpt->ioas;
	struct iommufd_area *area;
	unsigned int steps = 0;
	int ret = 0;

	if (r->beyond && r->beyond >= r->step_first)
		report_set_bits(r, r->step_first, min(r->beyond, r->step_last));
	down_read(&ioas->lock);
	iommufd_for_each_area(area, ioas, r->step_first, r->step_last) {
		/* A bit may represent less than a page */
		unsigned long first = max(r->step_first, area->node.start) &
				      ~page;
		unsigned long last = min(r->step_last, area->node.last) | page;

		if ((area_flags(area) & (AREA_LIVE | AREA_DYING)) != AREA_LIVE)
			continue;
		ret = area_read_dirty(r->hwpt, area, first, last, report_dirty,
				      r, r->clear ? &r->gather : NULL);
		if (ret)
			break;
		take_turns(&steps);
	}
	up_read(&ioas->lock);
	return ret;
}

/* Advance *@iova to the next mapped IOVA, if there is one */
static bool report_next_mapped(struct report *r, unsigned long *iova)
{
	struct iommufd_ioas *ioas = r->hwpt->ioas;
	struct iommufd_area *area;

	down_read(&ioas->lock);
	area = iommufd_area_first(ioas, *iova, r->last);
	if (area)
		*iova = max(*iova, area->node.start);
	up_read(&ioas->lock);
	return area;
}

static int report_run(struct report *r)
{
	unsigned long iova = r->iova;
	int ret = 0;

	iommufd_hwpt_unmap_begin(r->hwpt, &r->gather);
	while (!ret && report_next_mapped(r, &iova)) {
		ret = report_step_begin(r, iova);
		if (ret)
			break;
		ret = report_step_read(r);
		unpin_user_pages_dirty_lock(r->pages, r->nr_pages, true);
		if (r->step_last == r->last)
			break;
		iova = r->step_last + 1;
		if (!ret && fatal_signal_pending(current))
			ret = -EINTR;
		cond_resched();
	}
	dirty_invalidate(r->hwpt, &r->gather);
	return ret;
}

/* Check the arguments */
static int report_init(struct report *r, struct iommufd_hwpt *hwpt,
		       const struct iommu_hwpt_get_dirty_bitmap *cmd)
{
	unsigned long alignment = READ_ONCE(hwpt->ioas->iova_alignment);
	u64 last;

	if (!cmd->length ||
	    check_add_overflow(cmd->iova, cmd->length - 1, &last))
		return -EOVERFLOW;
	/* Need not be a power of two, as upstream: the lowest bit counts */
	if (!cmd->page_size ||
	    (cmd->iova | (last + 1)) & ((alignment - 1) | (cmd->page_size - 1)))
		return -EINVAL;
	r->hwpt = hwpt;
	r->clear = !(cmd->flags & IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR);
	r->iova = cmd->iova;
	r->last = last;
	r->shift = __ffs(cmd->page_size);
	r->bits = cmd->data;
	r->beyond = 0;
	if (!access_ok(u64_to_user_ptr(cmd->data),
		       report_bit(r, r->last) / BITS_PER_BYTE + 1))
		return -EFAULT;
	return 0;
}

int iommufd_hwpt_get_dirty_bitmap_ioctl(struct iommufd_ucmd *ucmd)
{
	const struct iommu_hwpt_get_dirty_bitmap *cmd = ucmd->cmd;
	struct report r compat_uninitialized;
	struct iommufd_hwpt *hwpt;
	int ret;

	BUILD_BUG_ON(sizeof(long) != sizeof(u64));

	if ((cmd->flags & ~IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR) ||
	    cmd->__reserved)
		return -EOPNOTSUPP;
	hwpt = dirty_get_hwpt(ucmd, cmd->hwpt_id);
	if (IS_ERR(hwpt))
		return PTR_ERR(hwpt);
	ret = report_init(&r, hwpt, cmd);
	if (ret)
		goto out;
	ret = -EOPNOTSUPP;
	if (!can_track(hwpt))
		goto out;
	/* For reading: tracking is not enabled or disabled meanwhile */
	ret = down_read_killable(&hwpt->ioas->domains_lock);
	if (ret)
		goto out;
	ret = hwpt->tracks_dirty ? report_run(&r) : 0;
	up_read(&hwpt->ioas->domains_lock);
out:
	iommufd_object_put(ucmd->ictx, &hwpt->obj);
	return ret;
}
