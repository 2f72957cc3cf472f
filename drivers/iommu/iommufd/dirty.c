// SPDX-License-Identifier: GPL-2.0
/*
 * Dirty tracking: what devices have written to through a hardware page table.
 *
 * The unit notes writes in the domain's page table. A request reads these notes
 * from a range of the address space into a bitmap of the user's, and usually
 * takes them back, so that the next one tells what is new.
 *
 * A range can be as large as an address space, its bitmap as large as memory. So
 * the request goes on in steps. Each pins the few pages of the bitmap that
 * the next bits are in, and then, with iommufd_ioas::lock held for reading,
 * reads the areas that are LIVE: nobody begins to unmap them meanwhile. What is
 * dirty is written to the bitmap before it is made clean, and the bitmap has
 * been found good before that; so nothing gets lost but what the user has taken
 * away while the request was at work. At the end, whatever that is, there is
 * one invalidation of all that was made clean: until then a device may write
 * without a note.
 *
 * An entry of the page table has one note, however large it is. One that
 * reaches beyond a step counts for the next step too (@beyond); one that reaches
 * out of the request stays dirty, for whoever asks for the rest of it.
 *
 * Run operations tell what is dirty by a callback. The Linux IOMMU API has a
 * bitmap of the kernel's for that, which kernels without an iommufd of their own
 * leave out; but it tells as well what has to be invalidated, and that is the
 * same. So it is asked for blocks of pages, without changing anything, and for
 * one page at a time where something is dirty.
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

/* At most that much is read in one step, as others may wait for the lock */
#define STEP_BYTES	SZ_256M
/* A power of two: at most that much without letting others run */
#define READ_BYTES	SZ_16M
#define STEP_PAGES	8
#define BITS_PER_PAGE	(PAGE_SIZE * BITS_PER_BYTE)

/* Pages that the Linux IOMMU API is asked for at once */
#define BLOCK_PAGES	512

/**
 * struct report - a request on its way
 * @hwpt: the hardware page table
 * @clear: take the notes back
 * @gather: what has to be invalidated at the end
 * @iova: the range begins here; bit 0 of the bitmap
 * @last: the range ends here
 * @shift: bytes that a bit stands for, as a power of two
 * @bits: the bitmap
 * @step_first: the step begins here
 * @step_last: the step ends here
 * @step_bit: number of the step's first bit, counted from the first page
 * @beyond: dirty up to here, because of an entry that an earlier step met;
 *	0 if there was none
 * @nr_pages: pages of the bitmap in @pages
 * @pages: pinned
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

/* One page of the smallest size; *@next is behind what it is a part of */
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
	/* Drivers tell how large the entry is, but not where it begins */
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
 * Read a part of an area. Without a gather, nothing is made clean. A driver
 * reads without a break what it is asked for at once.
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

/* The same, with device memory kept from being hidden meanwhile */
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

/* As iommufd_hwpt_unmap_end(); drivers need not know an empty gather */
static void invalidate(struct iommufd_hwpt *hwpt, union iommufd_gather *gather)
{
	if (hwpt->run_ops || gather->iotlb.start <= gather->iotlb.end)
		iommufd_hwpt_unmap_end(hwpt, gather);
}

/* Starting */

static bool forget(void *arg, unsigned long iova, size_t length)
{
	return true;
}

/* What was written to before does not count */
static int forget_all(struct iommufd_hwpt *hwpt)
{
	struct iommufd_ioas *ioas = hwpt->ioas;
	union iommufd_gather gather;
	struct iommufd_area *area;
	int ret = 0;

	lockdep_assert_held_write(&ioas->domains_lock);
	iommufd_hwpt_unmap_begin(hwpt, &gather);
	iommufd_for_each_area(area, ioas, 0, ULONG_MAX) {
		ret = area_read_dirty(hwpt, area, area->node.start,
				     area->node.last, forget, NULL, &gather);
		if (!ret && fatal_signal_pending(current))
			ret = -EINTR;
		if (ret)
			break;
		cond_resched();
	}
	invalidate(hwpt, &gather);
	return ret;
}

static struct iommufd_hwpt *get_hwpt(struct iommufd_ucmd *ucmd, u32 id)
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
	hwpt = get_hwpt(ucmd, cmd->hwpt_id);
	if (IS_ERR(hwpt))
		return PTR_ERR(hwpt);
	domain = hwpt->domain;
	if (!can_track(hwpt)) {
		ret = -EOPNOTSUPP;
		goto out;
	}
	/* For writing: nothing is mapped, unmapped or read meanwhile */
	ret = down_write_killable(&hwpt->ioas->domains_lock);
	if (ret)
		goto out;
	if (enable)
		ret = forget_all(hwpt);
	if (!ret)
		ret = domain->dirty_ops->set_dirty_tracking(domain, enable);
	if (!ret)
		hwpt->tracks_dirty = enable;
	up_write(&hwpt->ioas->domains_lock);
out:
	iommufd_object_put(ucmd->ictx, &hwpt->obj);
	return ret;
}

/* Reading */

static unsigned long bit_of(const struct report *r, unsigned long iova)
{
	return (iova - r->iova) >> r->shift;
}

/* Set the bits of a range inside the step */
static void set_bits(struct report *r, unsigned long first, unsigned long last)
{
	unsigned long base = bit_of(r, r->step_first) - r->step_bit;
	unsigned long bit = bit_of(r, first) - base;
	unsigned long end = bit_of(r, last) - base + 1, n;

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
		set_bits(r, max(iova, r->step_first), min(last, r->step_last));
	r->beyond = max(r->beyond, min(last, r->last));
	return iova >= r->iova && last <= r->last;
}

/* Where a step that begins at @first ends, and which pages its bits are in */
static int step_begin(struct report *r, unsigned long first)
{
	unsigned long bit = bit_of(r, first), all = bit_of(r, r->last) + 1;
	unsigned long addr = r->bits + bit / BITS_PER_BYTE;
	int pinned;

	r->step_first = first;
	r->step_bit = offset_in_page(addr) * BITS_PER_BYTE +
		      bit % BITS_PER_BYTE;
	/* One bit more than a step has is in the next step */
	bit += STEP_PAGES * BITS_PER_PAGE - r->step_bit;
	r->step_last = bit >= all ? r->last : r->iova + (bit << r->shift) - 1;
	if (r->step_last - first >= STEP_BYTES)
		r->step_last = first + STEP_BYTES - 1;
	r->nr_pages = (r->step_bit + bit_of(r, r->step_last) -
		       bit_of(r, first)) / BITS_PER_PAGE + 1;
	pinned = pin_user_pages_fast(addr & PAGE_MASK, r->nr_pages, FOLL_WRITE,
				     r->pages);
	if (pinned == r->nr_pages)
		return 0;
	if (pinned > 0)
		unpin_user_pages(r->pages, pinned);
	return -EFAULT;
}

/* The areas of a step; those at which an unmap is at work have gone for us */
static int step_read(struct report *r)
{
	unsigned long page = (1UL << __ffs(r->hwpt->domain->pgsize_bitmap)) - 1;
	struct iommufd_ioas *ioas = r->hwpt->ioas;
	struct iommufd_area *area;
	unsigned int steps = 0;
	int ret = 0;

	if (r->beyond && r->beyond >= r->step_first)
		set_bits(r, r->step_first, min(r->beyond, r->step_last));
	down_read(&ioas->lock);
	iommufd_for_each_area(area, ioas, r->step_first, r->step_last) {
		/* A bit may stand for less than a page */
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

/* The next IOVA from @iova on at which something is mapped */
static bool next_mapped(struct report *r, unsigned long *iova)
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

static int report(struct report *r)
{
	unsigned long iova = r->iova;
	int ret = 0;

	iommufd_hwpt_unmap_begin(r->hwpt, &r->gather);
	while (!ret && next_mapped(r, &iova)) {
		ret = step_begin(r, iova);
		if (ret)
			break;
		ret = step_read(r);
		unpin_user_pages_dirty_lock(r->pages, r->nr_pages, true);
		if (r->step_last == r->last)
			break;
		iova = r->step_last + 1;
		if (!ret && fatal_signal_pending(current))
			ret = -EINTR;
		cond_resched();
	}
	invalidate(r->hwpt, &r->gather);
	return ret;
}

/* Is it a range, and is there a bitmap as long as it takes? */
static int report_init(struct report *r, struct iommufd_hwpt *hwpt,
		       const struct iommu_hwpt_get_dirty_bitmap *cmd)
{
	unsigned long alignment = READ_ONCE(hwpt->ioas->iova_alignment);
	u64 last;

	if (!cmd->length ||
	    check_add_overflow(cmd->iova, cmd->length - 1, &last))
		return -EOVERFLOW;
	/* No power of two is fine, as upstream has it: the lowest bit counts */
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
		       bit_of(r, r->last) / BITS_PER_BYTE + 1))
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
	hwpt = get_hwpt(ucmd, cmd->hwpt_id);
	if (IS_ERR(hwpt))
		return PTR_ERR(hwpt);
	ret = report_init(&r, hwpt, cmd);
	if (ret)
		goto out;
	ret = -EOPNOTSUPP;
	if (!can_track(hwpt))
		goto out;
	/* For reading: tracking is neither started nor stopped meanwhile */
	ret = down_read_killable(&hwpt->ioas->domains_lock);
	if (ret)
		goto out;
	ret = hwpt->tracks_dirty ? report(&r) : 0;
	up_read(&hwpt->ioas->domains_lock);
out:
	iommufd_object_put(ucmd->ictx, &hwpt->obj);
	return ret;
}
