// SPDX-License-Identifier: GPL-2.0
/*
 * Accesses: in-kernel users that pin, read and write the memory of an address
 * space without an IOMMU.
 *
 * A range that accesses have pinned is a holder of the pages object (pages.h).
 * Each different range of indices is one holder, which counts how often that
 * range is pinned. The area counts the pins in it, and is not removed while
 * there are any.
 *
 * Unmapping an area that has pins takes these steps:
 *
 *  1. The area becomes CLOSED: nothing else can be pinned in it.
 *  2. The unmap function of every access of the address space is called, with
 *     no lock held. It unpins.
 *  3. The unmap looks again, and repeats step 2 if there are still pins.
 */
#include <linux/highmem.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include <compat/uninitialized.h>

#include "access.h"
#include "context.h"
#include "pin.h"
#include "runs.h"
#include "turns.h"

/*
 * Time that an unmap waits for an unpin before it asks again: long enough for a
 * pin in progress to return to its owner, which unpins when it is asked next.
 */
#define LET_GO_WAIT (HZ / 100)

/**
 * struct access_pin - a range that accesses have pinned
 * @holder: its count is the number of times
 */
struct access_pin {
	struct iommufd_holder holder;
};

/**
 * struct piece - the part of a range that is in one area
 * @area: the area; while the piece is in use, the area counts it
 * @iova: first IOVA of the part
 * @length: bytes of the part
 */
struct piece {
	struct iommufd_area *area;
	unsigned long iova;
	unsigned long length;
};

static unsigned long piece_first(const struct piece *piece)
{
	return area_index(piece->area, piece->iova);
}

static unsigned long piece_last(const struct piece *piece)
{
	return area_index(piece->area, piece->iova + piece->length - 1);
}

/* Find the area at @iova, and the part of [iova, last] that is in it */
static int piece_find(struct iommufd_ioas *ioas, unsigned long iova,
		      unsigned long last, struct piece *piece)
{
	piece->area = iommufd_area_first(ioas, iova, iova);
	if (!piece->area || !area_is(piece->area, AREA_LIVE))
		return -ENOENT;
	piece->iova = iova;
	piece->length = min(last, piece->area->node.last) - iova + 1;
	return 0;
}

/* The same, and count the piece in the area, so that the area stays */
static int piece_get(struct iommufd_ioas *ioas, unsigned long iova,
		     unsigned long last, int prot, struct piece *piece)
{
	int ret;

	down_read(&ioas->lock);
	ret = piece_find(ioas, iova, last, piece);
	if (!ret && area_is(piece->area, AREA_DYING))
		ret = -ENOENT;
	if (!ret && area_is(piece->area, AREA_CLOSED))
		ret = -EINVAL;
	if (!ret && !area_is(piece->area, prot))
		ret = -EPERM;
	if (!ret)
		atomic_inc(&piece->area->holder.count);
	up_read(&ioas->lock);
	return ret;
}

static void piece_put(struct iommufd_ioas *ioas, const struct piece *piece)
{
	if (!atomic_dec_and_test(&piece->area->holder.count))
		return;
	/* The area may be freed by now. A waiting unmap looks again. */
	atomic_inc(&ioas->let_go);
	wake_up_all(&ioas->access_wait);
}

static struct access_pin *pin_find(struct iommufd_pages *pages,
				   unsigned long first, unsigned long last)
{
	struct interval_tree_node *node;
	unsigned int steps = 0;

	for (node = interval_tree_iter_first(&pages->holders, first, first);
	     node; node = interval_tree_iter_next(node, first, first)) {
		struct iommufd_holder *holder = to_holder(node);

		take_turns(&steps);
		if ((holder->flags & HOLDER_PIN) &&
		    holder->node.start == first && holder->node.last == last)
			return container_of(holder, struct access_pin, holder);
	}
	return NULL;
}

static int pin_new(struct iommufd_pages *pages, unsigned long first,
		   unsigned long last)
{
	struct access_pin *pin;
	int ret;

	pin = kzalloc(sizeof(*pin), GFP_KERNEL_ACCOUNT);
	if (!pin)
		return -ENOMEM;
	pin->holder.node.start = first;
	pin->holder.node.last = last;
	pin->holder.flags = HOLDER_PIN;
	atomic_set(&pin->holder.count, 1);
	ret = iommufd_pages_hold(pages, &pin->holder);
	if (ret)
		kfree(pin);
	return ret;
}

static int piece_pin(struct iommufd_ctx *ictx, const struct piece *piece,
		     struct page **list)
{
	struct iommufd_pages *pages = piece->area->pages;
	unsigned long first = piece_first(piece), last = piece_last(piece);
	unsigned long pfn, npages;
	struct access_pin *pin;
	struct run_cursor cur;
	unsigned int steps = 0;
	int ret = 0;

	if (pages->device)
		return -EINVAL;
	iommufd_pages_lock(ictx, pages);
	pin = pin_find(pages, first, last);
	if (pin)
		atomic_inc(&pin->holder.count);
	else
		ret = pin_new(pages, first, last);
	if (!ret) {
		run_cursor_init(&cur, pages, first, last);
		while ((npages = run_cursor_next(&cur, &pfn))) {
			while (npages--) {
				*list++ = pfn_to_page(pfn++);
				take_turns(&steps);
			}
		}
	}
	iommufd_pages_unlock(ictx, pages);
	return ret;
}

static void piece_unpin(struct iommufd_ctx *ictx, const struct piece *piece)
{
	struct iommufd_pages *pages = piece->area->pages;
	struct access_pin *pin;

	iommufd_pages_lock(ictx, pages);
	pin = pin_find(pages, piece_first(piece), piece_last(piece));
	if (!WARN_ON(!pin) && atomic_dec_and_test(&pin->holder.count)) {
		iommufd_pages_release(pages, &pin->holder);
		kfree(pin);
	}
	iommufd_pages_unlock(ictx, pages);
}

static void access_unpin(struct iommufd_access *access,
			 struct iommufd_ioas *ioas, unsigned long iova,
			 unsigned long last)
{
	struct piece piece;
	int ret;

	for (;;) {
		down_read(&ioas->lock);
		ret = piece_find(ioas, iova, last, &piece);
		up_read(&ioas->lock);
		if (WARN_ON(ret))
			return;
		/* The area stays: it counts the pin that is removed here */
		piece_unpin(access->ictx, &piece);
		piece_put(ioas, &piece);
		if (piece.length > last - iova)
			return;
		iova += piece.length;
		cond_resched();
	}
}

/*
 * Does the piece consist of whole pages? The last page of the range may be
 * incomplete.
 */
static bool piece_is_whole(const struct piece *piece, unsigned long last)
{
	unsigned long start = piece->area->holder.offset +
			      (piece->iova - piece->area->node.start);

	if (offset_in_page(start))
		return false;
	return piece->iova + piece->length - 1 == last ||
	       !offset_in_page(start + piece->length);
}

int iommufd_access_pin_pages(struct iommufd_access *access, unsigned long iova,
			     unsigned long length, struct page **out_pages,
			     unsigned int flags)
{
	int prot = flags & IOMMUFD_ACCESS_RW_WRITE ? IOMMU_WRITE : IOMMU_READ;
	unsigned long pos = iova, last;
	struct piece piece;
	int ret;

	if (!length || !access->ops->needs_pin_pages)
		return -EINVAL;
	if (check_add_overflow(iova, length - 1, &last))
		return -EOVERFLOW;

	mutex_lock(&access->lock);
	/* The account that pins count against does not change meanwhile */
	ret = down_read_killable(&access->ictx->process_lock);
	if (ret)
		goto out_unlock;
	if (!access->ioas) {
		ret = -ENOENT;
		goto out_process;
	}
	for (;;) {
		ret = piece_get(access->ioas, pos, last, prot, &piece);
		if (ret)
			break;
		ret = -EINVAL;
		if (piece_is_whole(&piece, last))
			ret = piece_pin(access->ictx, &piece, out_pages);
		if (ret) {
			piece_put(access->ioas, &piece);
			break;
		}
		if (piece.length > last - pos)
			break;
		out_pages += piece_last(&piece) - piece_first(&piece) + 1;
		pos += piece.length;
		cond_resched();
	}
	if (ret && pos != iova)
		access_unpin(access, access->ioas, iova, pos - 1);
out_process:
	up_read(&access->ictx->process_lock);
out_unlock:
	mutex_unlock(&access->lock);
	return ret;
}
EXPORT_SYMBOL_GPL(iommufd_access_pin_pages);

void iommufd_access_unpin_pages(struct iommufd_access *access,
				unsigned long iova, unsigned long length)
{
	unsigned long last;

	if (WARN_ON(!length || check_add_overflow(iova, length - 1, &last)))
		return;
	mutex_lock(&access->lock);
	if (!WARN_ON(!access->pinned_ioas))
		access_unpin(access, access->pinned_ioas, iova, last);
	mutex_unlock(&access->lock);
}
EXPORT_SYMBOL_GPL(iommufd_access_unpin_pages);

/**
 * struct transfer - a copy between a kernel buffer and a pages object
 * @data: next byte of the kernel buffer
 * @offset: next byte of the pages object
 * @left: bytes that are not copied yet
 * @write: copy to the pages object
 */
struct transfer {
	void *data;
	unsigned long offset;
	unsigned long left;
	bool write;
};

static void transfer_run(struct transfer *t, unsigned long pfn,
			 unsigned long npages)
{
	while (npages-- && t->left) {
		struct page *page = pfn_to_page(pfn++);
		unsigned long start = offset_in_page(t->offset);
		unsigned long n = min(PAGE_SIZE - start, t->left);

		if (t->write)
			memcpy_to_page(page, start, t->data, n);
		else
			memcpy_from_page(t->data, page, start, n);
		t->data += n;
		t->offset += n;
		t->left -= n;
		cond_resched();
	}
}

/* The room that struct run_builder has on the stack */
#define TRANSFER_PAGES RUNS_ON_STACK

/*
 * Pages without a holder are pinned during the transfer only, and do not count
 * as locked memory.
 */
static int transfer_unpinned(struct iommufd_pages *pages, struct transfer *t,
			     unsigned long first, unsigned long last)
{
	while (first <= last) {
		unsigned long npages = min(last - first + 1, TRANSFER_PAGES);
		struct run_builder b compat_uninitialized;
		u32 i;
		int ret;

		run_builder_init(&b, first);
		ret = iommufd_pin(pages, first, npages, &b);
		for (i = 0; !ret && i < b.nr; i++)
			transfer_run(t, run_pfn(b.runs[i]),
				     run_npages(b.runs[i]));
		run_builder_abort(&b, pages);
		if (ret)
			return ret;
		first += npages;
	}
	return 0;
}

static int transfer_pages(struct iommufd_pages *pages, struct transfer *t)
{
	unsigned long first = t->offset >> PAGE_SHIFT;
	unsigned long last = (t->offset + t->left - 1) >> PAGE_SHIFT;
	unsigned long pfn, npages;
	struct run_cursor cur;
	struct iova_span span;
	int ret = 0;

	iova_for_each_span(&span, &pages->holders, first, last) {
		if (!span.used) {
			ret = transfer_unpinned(pages, t, span.first, span.last);
			if (ret)
				return ret;
			continue;
		}
		run_cursor_init(&cur, pages, span.first, span.last);
		while ((npages = run_cursor_next(&cur, &pfn)))
			transfer_run(t, pfn, npages);
	}
	return 0;
}

static int piece_transfer(struct iommufd_ctx *ictx, const struct piece *piece,
			  void *data, bool write)
{
	struct iommufd_pages *pages = piece->area->pages;
	struct transfer t = {
		.data = data,
		.offset = piece->area->holder.node.start * PAGE_SIZE +
			  piece->area->holder.offset +
			  (piece->iova - piece->area->node.start),
		.left = piece->length,
		.write = write,
	};
	int ret;

	if (pages->device)
		return -EINVAL;
	iommufd_pages_lock(ictx, pages);
	ret = transfer_pages(pages, &t);
	iommufd_pages_unlock(ictx, pages);
	return ret;
}

int iommufd_access_rw(struct iommufd_access *access, unsigned long iova,
		      void *data, size_t length, unsigned int flags)
{
	bool write = flags & IOMMUFD_ACCESS_RW_WRITE;
	int prot = write ? IOMMU_WRITE : IOMMU_READ;
	struct piece piece;
	unsigned long last;
	int ret;

	if (!length)
		return -EINVAL;
	if (check_add_overflow(iova, length - 1, &last))
		return -EOVERFLOW;

	mutex_lock(&access->lock);
	if (!access->ioas) {
		mutex_unlock(&access->lock);
		return -ENOENT;
	}
	for (;;) {
		ret = piece_get(access->ioas, iova, last, prot, &piece);
		if (ret)
			break;
		ret = piece_transfer(access->ictx, &piece, data, write);
		piece_put(access->ioas, &piece);
		if (ret || piece.length > last - iova)
			break;
		iova += piece.length;
		data += piece.length;
		cond_resched();
	}
	mutex_unlock(&access->lock);
	return ret;
}
EXPORT_SYMBOL_GPL(iommufd_access_rw);

/**
 * iommufd_accesses_let_go() - ask every access to unpin a range
 * @ioas: the address space
 * @first: first IOVA of the range
 * @last: last IOVA of the range
 *
 * Waits a moment for the first unpin. There may still be pins when it returns;
 * the caller checks, and calls it again.
 *
 * Context: no lock of iommufd held.
 */
void iommufd_accesses_let_go(struct iommufd_ioas *ioas, unsigned long first,
			     unsigned long last)
{
	unsigned long length = last - first == ULONG_MAX ? ULONG_MAX :
							   last - first + 1;
	int before = atomic_read(&ioas->let_go);
	struct iommufd_access *access;
	unsigned long index;

	xa_lock(&ioas->accesses);
	xa_for_each(&ioas->accesses, index, access) {
		/* An access that is being destroyed unpins everything anyway */
		if (!access->ops->unmap ||
		    !refcount_inc_not_zero(&access->obj.users))
			continue;
		xa_unlock(&ioas->accesses);
		access->ops->unmap(access->data, first, length);
		iommufd_object_put(access->ictx, &access->obj);
		xa_lock(&ioas->accesses);
	}
	xa_unlock(&ioas->accesses);
	wait_event_timeout(ioas->access_wait,
			   atomic_read(&ioas->let_go) != before, LET_GO_WAIT);
}

static int ioas_add_access(struct iommufd_ioas *ioas,
			   struct iommufd_access *access, u32 *list_id)
{
	int ret;

	ret = down_write_killable(&ioas->domains_lock);
	if (ret)
		return ret;
	down_write(&ioas->lock);
	ret = xa_alloc(&ioas->accesses, list_id, access, xa_limit_31b,
		       GFP_KERNEL_ACCOUNT);
	if (!ret) {
		ret = iommufd_ioas_update_alignment(ioas);
		if (ret)
			xa_erase(&ioas->accesses, *list_id);
	}
	up_write(&ioas->lock);
	up_write(&ioas->domains_lock);
	return ret;
}

static void ioas_remove_access(struct iommufd_ioas *ioas, u32 list_id)
{
	down_write(&ioas->domains_lock);
	down_write(&ioas->lock);
	xa_erase(&ioas->accesses, list_id);
	iommufd_ioas_update_alignment(ioas);
	up_write(&ioas->lock);
	up_write(&ioas->domains_lock);
}

/*
 * Attach to the new address space first, which can fail, and then detach from
 * the old one. In between, nothing can be pinned, and pages of the old address
 * space can be unpinned.
 */
static int access_change_ioas(struct iommufd_access *access,
			      struct iommufd_ioas *ioas)
{
	struct iommufd_ioas *old = access->ioas;
	u32 old_id = access->list_id, new_id;
	int ret;

	lockdep_assert_held(&access->lock);

	/* Another change is in progress */
	if (old != access->pinned_ioas)
		return -EBUSY;
	if (old == ioas)
		return 0;
	if (ioas) {
		ret = ioas_add_access(ioas, access, &new_id);
		if (ret)
			return ret;
		access->list_id = new_id;
		refcount_inc(&ioas->obj.users);
	}
	if (old) {
		access->ioas = NULL;
		if (access->ops->unmap) {
			mutex_unlock(&access->lock);
			access->ops->unmap(access->data, 0, ULONG_MAX);
			mutex_lock(&access->lock);
		}
		ioas_remove_access(old, old_id);
		iommufd_object_put(access->ictx, &old->obj);
	}
	access->ioas = ioas;
	access->pinned_ioas = ioas;
	return 0;
}

static int access_change_ioas_id(struct iommufd_access *access, u32 id)
{
	struct iommufd_object *obj;
	int ret;

	obj = iommufd_object_get(access->ictx, id, IOMMUFD_OBJ_IOAS);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	ret = access_change_ioas(access,
				 container_of(obj, struct iommufd_ioas, obj));
	iommufd_object_put(access->ictx, obj);
	return ret;
}

int iommufd_access_attach(struct iommufd_access *access, u32 ioas_id)
{
	int ret = -EINVAL;

	mutex_lock(&access->lock);
	if (!access->ioas)
		ret = access_change_ioas_id(access, ioas_id);
	mutex_unlock(&access->lock);
	return ret;
}
EXPORT_SYMBOL_GPL(iommufd_access_attach);

int iommufd_access_replace(struct iommufd_access *access, u32 ioas_id)
{
	int ret = -ENOENT;

	mutex_lock(&access->lock);
	if (access->ioas)
		ret = access_change_ioas_id(access, ioas_id);
	mutex_unlock(&access->lock);
	return ret;
}
EXPORT_SYMBOL_GPL(iommufd_access_replace);

void iommufd_access_detach(struct iommufd_access *access)
{
	mutex_lock(&access->lock);
	if (!WARN_ON(!access->ioas))
		WARN_ON(access_change_ioas(access, NULL));
	mutex_unlock(&access->lock);
}
EXPORT_SYMBOL_GPL(iommufd_access_detach);

static void access_release(struct iommufd_object *obj)
{
	struct iommufd_access *access =
		container_of(obj, struct iommufd_access, obj);

	mutex_lock(&access->lock);
	if (access->ioas)
		WARN_ON(access_change_ioas(access, NULL));
	mutex_unlock(&access->lock);
	mutex_destroy(&access->lock);
}

struct iommufd_access *
iommufd_access_create(struct iommufd_ctx *ictx,
		      const struct iommufd_access_ops *ops, void *data, u32 *id)
{
	struct iommufd_access *access;

	access = iommufd_object_alloc(ictx, sizeof(*access),
				      IOMMUFD_OBJ_ACCESS, access_release);
	if (IS_ERR(access))
		return access;
	access->ictx = ictx;
	iommufd_ctx_get(ictx);
	access->ops = ops;
	access->data = data;
	mutex_init(&access->lock);
	access->alignment = ops->needs_pin_pages ? PAGE_SIZE : 1;
	/* The owner is a user until iommufd_access_destroy() */
	refcount_inc(&access->obj.users);
	*id = access->obj.id;
	iommufd_object_publish(ictx, &access->obj);
	return access;
}
EXPORT_SYMBOL_GPL(iommufd_access_create);

void iommufd_access_destroy(struct iommufd_access *access)
{
	struct iommufd_ctx *ictx = access->ictx;

	iommufd_object_destroy_owned(ictx, &access->obj);
	iommufd_ctx_put(ictx);
}
EXPORT_SYMBOL_GPL(iommufd_access_destroy);
