// SPDX-License-Identifier: GPL-2.0
/*
 * DIRTY_PAGES of a container: report pages that devices may have written.
 *
 * A device that does DMA may have written any page that it can reach. So while
 * one is attached, every mapped page is reported. This is safe, and this
 * interface has always done so. Dirty bits of the hardware are reported through
 * /dev/iommu. For devices whose drivers access memory for them, more is known:
 * pages are dirty if they are pinned, or were pinned or written since the last
 * report.
 */
#include <linux/bitmap.h>
#include <linux/iommufd.h>
#include <linux/uaccess.h>

#include "container.h"
#include "dirty.h"

/* A piece of the user's bitmap, and the IOVA range that it describes */
#define PIECE_PAGES 2048u
struct piece {
	struct container *c;
	unsigned long first;
	unsigned long last;
	unsigned long bits[BITS_TO_LONGS(PIECE_PAGES)];
};

/* Pages that are handled before the CPU is yielded */
#define PAGES_PER_TURN 256

static bool dirty_test_page(struct container *c, unsigned long index)
{
	return c->all_dirty || xa_load(&c->pinned, index) ||
	       xa_load(&c->written, index);
}

static int dirty_mark_mapping(void *data, unsigned long iova,
			      unsigned long length, unsigned long address,
			      int prot)
{
	struct piece *piece = data;
	unsigned long from = max(iova, piece->first);
	unsigned long to = min(iova + length - 1, piece->last);
	unsigned long index;

	if (from > to)
		return 0;
	for (index = from >> PAGE_SHIFT; index <= to >> PAGE_SHIFT; index++) {
		__assign_bit(index - (piece->first >> PAGE_SHIFT), piece->bits,
			     dirty_test_page(piece->c, index));
		if (!(index % PAGES_PER_TURN))
			cond_resched();
	}
	return 0;
}

/* The first and last IOVA of a request */
struct ends {
	unsigned long first;
	unsigned long last;
};

static int dirty_check_mapping(void *data, unsigned long iova,
			       unsigned long length, unsigned long address,
			       int prot)
{
	const struct ends *ends = data;
	unsigned long last = iova + length - 1;

	if (last < ends->first || iova > ends->last)
		return 0;
	return iova < ends->first || last > ends->last ? -EINVAL : 0;
}

/* -EINVAL for a range that begins or ends inside a mapping */
static int dirty_check_ends(struct container *c, unsigned long first,
			    unsigned long last)
{
	struct ends ends = { .first = first, .last = last };
	int ret;

	ret = iommufd_ioas_mappings(c->ioas, first, first, dirty_check_mapping,
				    &ends);
	if (ret)
		return ret;
	return iommufd_ioas_mappings(c->ioas, last, last, dirty_check_mapping,
				     &ends);
}

static int dirty_report_piece(struct piece *piece, u64 __user *bitmap)
{
	unsigned long pages =
		((piece->last - piece->first) >> PAGE_SHIFT) + 1;
	size_t size = DIRTY_BITMAP_BYTES(pages);
	int ret;

	/* Bits of pages that are not mapped do not change */
	if (copy_from_user(piece->bits, bitmap, size))
		return -EFAULT;
	ret = iommufd_ioas_mappings(piece->c->ioas, piece->first, piece->last,
				    dirty_mark_mapping, piece);
	if (ret)
		return ret;
	return copy_to_user(bitmap, piece->bits, size) ? -EFAULT : 0;
}

static void dirty_clear_written(struct container *c, unsigned long first,
				unsigned long last, unsigned long reported)
{
	unsigned long index, nr = 0;
	void *entry;

	/* A page that is written again now has another entry, which stays */
	xa_for_each_range(&c->written, index, entry, first >> PAGE_SHIFT,
			  last >> PAGE_SHIFT) {
		if (xa_to_value(entry) <= reported)
			xa_cmpxchg(&c->written, index, entry, NULL, 0);
		if (!(++nr % PAGES_PER_TURN))
			cond_resched();
	}
}

void container_clear_dirty(struct container *c, unsigned long iova,
			   unsigned long length, unsigned long reported)
{
	dirty_clear_written(c, iova, iova + length - 1, reported);
}

int container_report_dirty(struct container *c, u64 __user *bitmap,
			   unsigned long iova, unsigned long length,
			   unsigned long *reported, bool *all)
{
	unsigned long last = iova + length - 1;
	struct piece piece = { .c = c, .first = iova };
	int ret;

	lockdep_assert_held(&c->lock);
	ret = dirty_check_ends(c, iova, last);
	if (ret)
		return ret;
	*all = c->all_dirty;
	*reported = c->generation;
	WRITE_ONCE(c->generation, *reported + 1);
	/* Pairs with emulated_mark_written(): see older generations */
	smp_mb();
	for (;;) {
		piece.last = last;
		if (last - piece.first >= (ulong)PIECE_PAGES << PAGE_SHIFT)
			piece.last = piece.first - 1 +
				     ((ulong)PIECE_PAGES << PAGE_SHIFT);
		ret = dirty_report_piece(&piece, bitmap);
		if (ret)
			return ret;
		if (piece.last == last)
			break;
		piece.first = piece.last + 1;
		bitmap += PIECE_PAGES / 64;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

static int dirty_set_user_bit(u64 __user *bitmap, unsigned long bit)
{
	u64 word, __user *at = bitmap + bit / 64;

	if (get_user(word, at) || put_user(word | BIT_ULL(bit % 64), at))
		return -EFAULT;
	cond_resched();
	return fatal_signal_pending(current) ? -EINTR : 0;
}

static int dirty_report_late(struct container *c, u64 __user *bitmap,
			     unsigned long first, unsigned long last,
			     unsigned long reported, bool all)
{
	unsigned long index;
	void *entry;
	int ret = 0;

	/* Since the report, any page may have become dirty */
	if (c->all_dirty && !all) {
		for (index = 0; !ret && index <= last - first; index++)
			ret = dirty_set_user_bit(bitmap, index);
		return ret;
	}
	xa_for_each_range(&c->written, index, entry, first, last) {
		if (xa_to_value(entry) > reported)
			ret = dirty_set_user_bit(bitmap, index - first);
		else
			cond_resched();
		if (ret)
			break;
	}
	return ret;
}

int container_report_dirty_late(struct container *c, u64 __user *bitmap,
				unsigned long iova, unsigned long length,
				unsigned long reported, bool all)
{
	int ret;

	/* Wait until all writes before the unmap are in c->written */
	ret = down_write_killable(&c->writing);
	if (ret)
		return ret;
	up_write(&c->writing);
	ret = mutex_lock_killable(&c->lock);
	if (ret)
		return ret;
	ret = dirty_report_late(c, bitmap, iova >> PAGE_SHIFT,
				(iova + length - 1) >> PAGE_SHIFT, reported,
				all);
	mutex_unlock(&c->lock);
	return ret;
}

int container_check_bitmap(u64 nr_pages, u64 size)
{
	if (!nr_pages || nr_pages > DIRTY_BITMAP_MAX_PAGES || !size ||
	    size > DIRTY_BITMAP_MAX_SIZE || size < DIRTY_BITMAP_BYTES(nr_pages))
		return -EINVAL;
	return 0;
}

static int dirty_get_bitmap(struct container *c, void __user *arg, u32 argsz)
{
	struct vfio_iommu_type1_dirty_bitmap_get get;
	unsigned long page_size, reported;
	bool all;
	int ret;

	if (argsz < sizeof(struct vfio_iommu_type1_dirty_bitmap) + sizeof(get))
		return -EINVAL;
	if (copy_from_user(&get,
			   arg + sizeof(struct vfio_iommu_type1_dirty_bitmap),
			   sizeof(get)))
		return -EFAULT;
	page_size = 1UL << __ffs(iommufd_ioas_page_sizes(c->ioas));
	if (!get.size)
		return -EINVAL;
	if (range_wraps(get.iova, get.size))
		return -EOVERFLOW;
	if (get.bitmap.pgsize != page_size ||
	    !IS_ALIGNED(get.iova | get.size, page_size) ||
	    !access_ok((void __user *)get.bitmap.data, get.bitmap.size))
		return -EINVAL;
	ret = container_check_bitmap(get.size / page_size, get.bitmap.size);
	if (ret)
		return ret;

	/* Another process may hold the lock for long, if its bitmap is slow */
	ret = mutex_lock_killable(&c->lock);
	if (ret)
		return ret;
	if (c->tracking)
		ret = container_report_dirty(c, (u64 __user *)get.bitmap.data,
					     get.iova, get.size, &reported,
					     &all);
	else
		ret = -EINVAL;
	if (!ret)
		container_clear_dirty(c, get.iova, get.size, reported);
	mutex_unlock(&c->lock);
	return ret;
}

static int dirty_set_tracking(struct container *c, bool on)
{
	int ret = mutex_lock_killable(&c->lock);

	if (ret)
		return ret;
	if (on && !c->tracking)
		c->all_dirty = c->nr_hardware;
	if (!on)
		dirty_clear_written(c, 0, ULONG_MAX, ULONG_MAX);
	c->tracking = on;
	mutex_unlock(&c->lock);
	return 0;
}

int container_dirty_pages(struct container *c, void __user *arg)
{
	struct vfio_iommu_type1_dirty_bitmap dirty;

	if (container_is_v1(c))
		return -EACCES;
	if (copy_from_user(&dirty, arg, sizeof(dirty)))
		return -EFAULT;
	if (dirty.argsz < sizeof(dirty))
		return -EINVAL;
	switch (dirty.flags) {
	case VFIO_IOMMU_DIRTY_PAGES_FLAG_START:
		return dirty_set_tracking(c, true);
	case VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP:
		return dirty_set_tracking(c, false);
	case VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP:
		return dirty_get_bitmap(c, arg, dirty.argsz);
	default:
		return -EINVAL;
	}
}
