// SPDX-License-Identifier: GPL-2.0
/*
 * The test operations that check results: where an IOVA is mapped to, how often
 * pages are pinned, what was invalidated.
 */
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "mock.h"

/* The domain of a hardware page table, if it is a domain of the mock */
static struct mock_domain *mock_domain_get(struct iommufd_ctx *ictx, u32 id,
					   struct iommufd_object **obj)
{
	struct iommu_domain *domain = iommufd_test_domain_get(ictx, id, obj);

	if (IS_ERR(domain))
		return ERR_CAST(domain);
	if (domain->owner != &mock_iommu_ops) {
		iommufd_test_put(ictx, *obj);
		return ERR_PTR(-EINVAL);
	}
	return to_mock_domain(domain);
}

/* The page behind a user address; the caller holds no reference to it */
static int check_user_page(unsigned long addr, struct page **page)
{
	int got = get_user_pages_fast(addr & PAGE_MASK, 1, 0, page);

	if (got < 0)
		return got;
	if (got != 1)
		return -EFAULT;
	put_page(*page);
	return 0;
}

static int check_map(struct mock_domain *mock, unsigned long iova,
		     unsigned long length, unsigned long addr)
{
	unsigned long granule = BIT(mock->table.granule_shift), end;
	unsigned long done, step;
	phys_addr_t phys;
	struct page *page;
	int ret;

	if (((iova | length | addr) & (granule - 1)) ||
	    check_add_overflow(addr, length, &end))
		return -EINVAL;
	/* Granules may be smaller or larger than the CPU's pages */
	step = min(granule, PAGE_SIZE);
	for (done = 0; done < length; done += step) {
		ret = check_user_page(addr + done, &page);
		if (ret)
			return ret;
		if (!mock_table_lookup(&mock->table, iova + done, &phys) ||
		    phys != page_to_phys(page) + offset_in_page(addr + done))
			return -EINVAL;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

/* MD_CHECK_MAP */
long mock_op_check_map(struct iommufd_test_call *call)
{
	struct iommu_test_cmd *cmd = call->cmd;
	struct iommufd_object *obj;
	struct mock_domain *mock;
	int ret;

	mock = mock_domain_get(call->ictx, cmd->id, &obj);
	if (IS_ERR(mock))
		return PTR_ERR(mock);
	ret = check_map(mock, cmd->check_map.iova, cmd->check_map.length,
			cmd->check_map.uptr);
	iommufd_test_put(call->ictx, obj);
	return ret;
}

/*
 * MD_CHECK_REFS
 *
 * Pages of large folios are not checked: a folio has one pin count for all its
 * pages.
 */
long mock_op_check_refs(struct iommufd_test_call *call)
{
	unsigned long addr = call->cmd->check_refs.uptr;
	unsigned long length = call->cmd->check_refs.length, end;
	struct page *page;
	int ret;

	if (((addr | length) & ~PAGE_MASK) ||
	    check_add_overflow(addr, length, &end))
		return -EINVAL;
	for (; addr != end; addr += PAGE_SIZE) {
		ret = check_user_page(addr, &page);
		if (ret)
			return ret;
		if (!PageCompound(page) &&
		    page_ref_count(page) / GUP_PIN_COUNTING_BIAS !=
			    call->cmd->check_refs.refs)
			return -EIO;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

/* DEV_CHECK_CACHE */
long mock_op_check_cache(struct iommufd_test_call *call)
{
	struct iommu_test_cmd *cmd = call->cmd;
	struct iommufd_object *obj;
	struct mock_device *mdev;
	int ret = 0;

	mdev = mock_device_get(call->ictx, cmd->id, &obj);
	if (IS_ERR(mdev))
		return PTR_ERR(mdev);
	if (cmd->check_dev_cache.id > MOCK_DEV_CACHE_ID_MAX ||
	    mdev->cache[cmd->check_dev_cache.id] != cmd->check_dev_cache.cache)
		ret = -EINVAL;
	iommufd_test_put(call->ictx, obj);
	return ret;
}

/* MD_COUNT */
long mock_op_count(struct iommufd_test_call *call)
{
	struct iommu_test_cmd *cmd = call->cmd;
	struct iommufd_object *obj;
	struct mock_domain *mock;

	mock = mock_domain_get(call->ictx, cmd->id, &obj);
	if (IS_ERR(mock))
		return PTR_ERR(mock);
	cmd->md_count.out_mapped = (u64)atomic_long_read(&mock->table.live)
				   << mock->table.granule_shift;
	cmd->md_count.out_syncs = atomic_long_read(&mock->table.syncs);
	iommufd_test_put(call->ictx, obj);
	return iommufd_test_respond(call);
}

/* The most bits of the caller's bitmap in one call */
#define DIRTY_BITS_MAX (16UL << 20)

/* DIRTY */
long mock_op_dirty(struct iommufd_test_call *call)
{
	struct iommu_test_cmd *cmd = call->cmd;
	unsigned long page_size = cmd->dirty.page_size;
	unsigned long bits, bit, *bitmap;
	struct iommufd_object *obj;
	struct mock_domain *mock;
	long ret;

	if (!page_size || !cmd->dirty.length || !cmd->dirty.uptr ||
	    cmd->dirty.iova % page_size || cmd->dirty.length % page_size)
		return -EINVAL;
	bits = cmd->dirty.length / page_size;
	if (bits > DIRTY_BITS_MAX)
		return -EOVERFLOW;
	mock = mock_domain_get(call->ictx, cmd->id, &obj);
	if (IS_ERR(mock))
		return PTR_ERR(mock);
	ret = -EINVAL;
	if (!mock->track_dirty)
		goto out_put;
	ret = -ENOMEM;
	bitmap = kvcalloc(BITS_TO_LONGS(bits), sizeof(long),
			  GFP_KERNEL_ACCOUNT);
	if (!bitmap)
		goto out_put;
	ret = -EFAULT;
	if (copy_from_user(bitmap, u64_to_user_ptr(cmd->dirty.uptr),
			   BITS_TO_BYTES(bits)))
		goto out_free;
	cmd->dirty.out_nr_dirty = 0;
	for_each_set_bit(bit, bitmap, bits) {
		mock_table_set_dirty(&mock->table,
				     cmd->dirty.iova + bit * page_size);
		cmd->dirty.out_nr_dirty++;
		ret = -EINTR;
		if (fatal_signal_pending(current))
			goto out_free;
		cond_resched();
	}
	ret = iommufd_test_respond(call);
out_free:
	kvfree(bitmap);
out_put:
	iommufd_test_put(call->ictx, obj);
	return ret;
}
