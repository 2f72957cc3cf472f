// SPDX-License-Identifier: GPL-2.0
/*
 * Mock domains.
 *
 * A domain is for one kind of unit, with the aperture and the page sizes of
 * that kind. There are two sets of operations with the same functions. For a
 * domain with the first set, users find run operations. For a domain with the
 * second set they do not, and must use the Linux IOMMU API. Both leave the
 * tables in the same state, with one exception: run operations map a run as one
 * page, however long it is. If the domain tracks dirty pages, they too use the
 * page sizes of the unit.
 */
#include <linux/iommu_pt.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "mock.h"

static bool run_ops;
module_param(run_ops, bool, 0444);
MODULE_PARM_DESC(run_ops, "Offer run operations for the domains of all devices");

static const struct {
	unsigned long page_sizes;
	u64 aperture_start;
	u64 aperture_last;
} mock_kinds[MOCK_KINDS] = {
	[MOCK_KIND_SMALL] = {
		.page_sizes = MOCK_PAGE_SIZE | MOCK_HUGE_PAGE_SIZE,
		.aperture_start = MOCK_APERTURE_START,
		.aperture_last = MOCK_APERTURE_LAST,
	},
	[MOCK_KIND_WIDE] = {
		.page_sizes = SZ_4K | SZ_2M | SZ_1G,
		.aperture_last = BIT_ULL(48) - 1,
	},
	[MOCK_KIND_64K] = {
		.page_sizes = SZ_64K | SZ_32M,
		.aperture_last = BIT_ULL(40) - 1,
	},
	[MOCK_KIND_WINDOWS] = {
		.page_sizes = MOCK_WINDOW_PAGE_SIZES,
		.aperture_start = MOCK_WINDOW_LOW_BASE,
		.aperture_last = MOCK_WINDOW_HIGH_BASE +
				 MOCK_WINDOW_HIGH_LENGTH - 1,
	},
};

static enum mock_kind mock_device_kind(const struct mock_device *mdev)
{
	if (mdev->flags & MOCK_FLAGS_DEVICE_WINDOWS)
		return MOCK_KIND_WINDOWS;
	if (mdev->flags & MOCK_FLAGS_DEVICE_64K)
		return MOCK_KIND_64K;
	if (mdev->flags & MOCK_FLAGS_DEVICE_WIDE)
		return MOCK_KIND_WIDE;
	return MOCK_KIND_SMALL;
}

/**
 * mock_attach_dev() - attach_dev of struct iommu_domain_ops
 * @domain: a domain of the mock that has a page table
 * @dev: a mock device
 *
 * Return: 0, or -EINVAL if the domain does not suit the device.
 */
int mock_attach_dev(struct iommu_domain *domain, struct device *dev)
{
	struct mock_device *mdev = dev_iommu_priv_get(dev);
	struct mock_domain *mock = to_mock_domain(domain);
	bool weak = !(mdev->flags & MOCK_FLAGS_DEVICE_SNOOP);

	if (mock->kind != mock_device_kind(mdev))
		return -EINVAL;
	if (domain->dirty_ops && (mdev->flags & MOCK_FLAGS_DEVICE_NO_DIRTY))
		return -EINVAL;
	if (mock->enforced && weak)
		return -EINVAL;
	mock->weak |= weak;
	return 0;
}

static bool mock_enforce_cache_coherency(struct iommu_domain *domain)
{
	struct mock_domain *mock = to_mock_domain(domain);

	mock->enforced = !mock->weak;
	return mock->enforced;
}

static int mock_map_pages(struct iommu_domain *domain, unsigned long iova,
			  phys_addr_t addr, size_t pgsize, size_t pgcount,
			  int prot, gfp_t gfp, size_t *mapped)
{
	struct mock_domain *mock = to_mock_domain(domain);
	int ret;

	if (WARN_ON_ONCE(!mock_window_permits(mock, iova, addr,
					      pgsize * pgcount)))
		return -ERANGE;
	for (; pgcount; pgcount--) {
		ret = mock_table_map(&mock->table, iova, addr, pgsize, prot,
				     gfp);
		if (ret)
			return ret;
		iova += pgsize;
		addr += pgsize;
		*mapped += pgsize;
	}
	return 0;
}

static size_t mock_unmap_pages(struct iommu_domain *domain, unsigned long iova,
			       size_t pgsize, size_t pgcount,
			       struct iommu_iotlb_gather *gather)
{
	struct mock_domain *mock = to_mock_domain(domain);
	size_t unmapped;

	unmapped = mock_table_unmap(&mock->table, iova, pgsize * pgcount,
				    false);
	if (unmapped)
		iommu_iotlb_gather_add_range(gather, iova, pgsize * pgcount);
	return unmapped;
}

static void mock_iotlb_sync(struct iommu_domain *domain,
			    struct iommu_iotlb_gather *gather)
{
	if (gather->start <= gather->end)
		mock_table_sync(&to_mock_domain(domain)->table, gather->start,
				gather->end);
}

static void mock_flush_iotlb_all(struct iommu_domain *domain)
{
	mock_table_sync(&to_mock_domain(domain)->table, 0, ULONG_MAX);
}

static phys_addr_t mock_iova_to_phys(struct iommu_domain *domain,
				     dma_addr_t iova)
{
	phys_addr_t addr;

	if (!mock_table_lookup(&to_mock_domain(domain)->table, iova, &addr))
		return 0;
	return addr;
}

static void mock_domain_free(struct iommu_domain *domain)
{
	struct mock_domain *mock = to_mock_domain(domain);

	mock_table_destroy(&mock->table);
	kfree(mock);
}

static const struct iommu_domain_ops mock_domain_ops = {
	.attach_dev = mock_attach_dev,
	.map_pages = mock_map_pages,
	.unmap_pages = mock_unmap_pages,
	.flush_iotlb_all = mock_flush_iotlb_all,
	.iotlb_sync = mock_iotlb_sync,
	.iova_to_phys = mock_iova_to_phys,
	.enforce_cache_coherency = mock_enforce_cache_coherency,
	.free = mock_domain_free,
};

/*
 * The same functions at another address: run operations are registered for the
 * address of the domain operations.
 */
static const struct iommu_domain_ops mock_runs_domain_ops = {
	.attach_dev = mock_attach_dev,
	.map_pages = mock_map_pages,
	.unmap_pages = mock_unmap_pages,
	.flush_iotlb_all = mock_flush_iotlb_all,
	.iotlb_sync = mock_iotlb_sync,
	.iova_to_phys = mock_iova_to_phys,
	.enforce_cache_coherency = mock_enforce_cache_coherency,
	.free = mock_domain_free,
};

static const struct iommu_domain_ops mock_windows_domain_ops = {
	.attach_dev = mock_attach_dev,
	.map_pages = mock_map_pages,
	.unmap_pages = mock_unmap_pages,
	.flush_iotlb_all = mock_flush_iotlb_all,
	.iotlb_sync = mock_iotlb_sync,
	.iova_to_phys = mock_iova_to_phys,
	.enforce_cache_coherency = mock_enforce_cache_coherency,
	.free = mock_domain_free,
};

/* Run operations */

/* The size of the next page for a run */
static size_t mock_run_page_size(const struct iommu_domain *domain,
				 unsigned long iova, phys_addr_t addr,
				 size_t left)
{
	unsigned long sizes = domain->pgsize_bitmap & GENMASK(__fls(left), 0);

	if (!domain->dirty_ops)
		return left;
	if (iova | addr)
		sizes &= GENMASK(__ffs(iova | addr), 0);
	/* If no size fits, mock_table_map() warns */
	return sizes ? BIT(__fls(sizes)) : left;
}

static int mock_run_map_one(struct mock_domain *mock, unsigned long iova,
			    const struct iommu_run *run, int prot, gfp_t gfp)
{
	size_t done, size;
	int ret;

	for (done = 0; done < run->length; done += size) {
		size = mock_run_page_size(&mock->domain, iova + done,
					  run->addr + done, run->length - done);
		ret = mock_table_map(&mock->table, iova + done,
				     run->addr + done, size, prot, gfp);
		if (ret) {
			if (done)
				mock_table_unmap_undo(&mock->table, iova, done);
			return ret;
		}
	}
	return 0;
}

static int mock_run_map(struct iommu_domain *domain, unsigned long iova,
			const struct iommu_run *runs, size_t nr, int prot,
			gfp_t gfp)
{
	struct mock_domain *mock = to_mock_domain(domain);
	unsigned long start = iova;
	size_t i;
	int ret = 0;

	for (i = 0; i < nr && !ret; i++) {
		const struct iommu_run *run = &runs[i];

		if (!run->length || iova < domain->geometry.aperture_start ||
		    iova + run->length - 1 > domain->geometry.aperture_end ||
		    iova + run->length - 1 < iova ||
		    !mock_window_permits(mock, iova, run->addr, run->length)) {
			WARN_ONCE(1, "mock: a run leaves the aperture\n");
			ret = -ERANGE;
			break;
		}
		ret = mock_run_map_one(mock, iova, run, prot, gfp);
		if (!ret)
			iova += run->length;
	}
	if (ret && iova != start)
		mock_table_unmap_undo(&mock->table, start, iova - start);
	return ret;
}

static int mock_run_reserve(struct iommu_domain *domain, unsigned long iova,
			    size_t length, gfp_t gfp)
{
	struct mock_domain *mock = to_mock_domain(domain);

	mock_table_split(&mock->table, iova);
	mock_table_split(&mock->table, iova + length);
	return 0;
}

static size_t mock_run_unmap(struct iommu_domain *domain, unsigned long iova,
			     size_t length, struct iommu_pt_gather *gather)
{
	struct mock_domain *mock = to_mock_domain(domain);
	size_t unmapped;

	unmapped = mock_table_unmap(&mock->table, iova, length, true);
	if (unmapped) {
		gather->start = min(gather->start, iova);
		gather->last = max(gather->last, iova + length - 1);
	}
	return unmapped;
}

static void mock_run_sync(struct iommu_domain *domain,
			  struct iommu_pt_gather *gather)
{
	if (iommu_pt_gather_empty(gather))
		return;
	mock_table_sync(&to_mock_domain(domain)->table, gather->start,
			gather->last);
	iommu_pt_gather_init(gather);
}

static const struct iommu_run_ops mock_run_ops = {
	.map = mock_run_map,
	.reserve = mock_run_reserve,
	.unmap = mock_run_unmap,
	.sync = mock_run_sync,
	.read_dirty = mock_read_dirty,
};

static const struct iommu_run_ops mock_windows_run_ops = {
	.map = mock_run_map,
	.reserve = mock_run_reserve,
	.unmap = mock_run_unmap,
	.sync = mock_run_sync,
	.read_dirty = mock_read_dirty,
	.windows = &mock_window_ops,
};

/* Allocation */

static const struct iommu_domain_ops *
mock_domain_ops_for(const struct mock_device *mdev)
{
	if (mdev->flags & MOCK_FLAGS_DEVICE_WINDOWS)
		return &mock_windows_domain_ops;
	if (run_ops || (mdev->flags & MOCK_FLAGS_DEVICE_RUNS))
		return &mock_runs_domain_ops;
	return &mock_domain_ops;
}

/**
 * mock_domain_alloc() - allocate a domain
 * @mdev: the device whose kind of unit it is for
 * @pagetable_type: MOCK_IOMMUPT_DEFAULT or MOCK_IOMMUPT_HUGE
 * @dirty: it tracks dirty pages
 *
 * Return: the domain; ERR_PTR(-EOPNOTSUPP) for another type; ERR_PTR(-ENOMEM).
 */
struct iommu_domain *mock_domain_alloc(const struct mock_device *mdev,
				       u32 pagetable_type, bool dirty)
{
	enum mock_kind kind = mock_device_kind(mdev);
	struct mock_domain *mock;
	struct iommu_domain *domain;

	if (pagetable_type != MOCK_IOMMUPT_DEFAULT &&
	    pagetable_type != MOCK_IOMMUPT_HUGE)
		return ERR_PTR(-EOPNOTSUPP);
	mock = kzalloc(sizeof(*mock), GFP_KERNEL_ACCOUNT);
	if (!mock)
		return ERR_PTR(-ENOMEM);
	mock->kind = kind;
	domain = &mock->domain;
	domain->type = IOMMU_DOMAIN_UNMANAGED;
	domain->owner = mock_unit()->ops;
	domain->ops = mock_domain_ops_for(mdev);
	domain->dirty_ops = dirty ? &mock_dirty_ops : NULL;
	domain->pgsize_bitmap = mock_kinds[kind].page_sizes;
	domain->geometry.aperture_start = mock_kinds[kind].aperture_start;
	domain->geometry.aperture_end = mock_kinds[kind].aperture_last;
	domain->geometry.force_aperture = true;
	if (pagetable_type == MOCK_IOMMUPT_HUGE) {
		domain->pgsize_bitmap = MOCK_HUGE_PAGE_SIZE | PAGE_SIZE;
		domain->geometry.aperture_start = 0;
		domain->geometry.aperture_end = BIT_ULL(48) - 1;
	}
	mock_table_init(&mock->table, __ffs(domain->pgsize_bitmap));
	return domain;
}

struct iommu_domain *mock_domain_alloc_paging(struct device *dev)
{
	return mock_domain_alloc(dev_iommu_priv_get(dev), MOCK_IOMMUPT_DEFAULT,
				 false);
}

/* The domain of devices that are not attached: it blocks all DMA */

static int mock_blocked_attach(struct iommu_domain *domain, struct device *dev)
{
	return 0;
}

static const struct iommu_domain_ops mock_blocked_ops = {
	.attach_dev = mock_blocked_attach,
};

struct iommu_domain mock_blocked_domain = {
	.type = IOMMU_DOMAIN_BLOCKED,
	.ops = &mock_blocked_ops,
};

int mock_domains_init(void)
{
	int ret;

	ret = iommu_run_ops_register(&mock_runs_domain_ops, &mock_run_ops);
	if (ret)
		return ret;
	ret = iommu_run_ops_register(&mock_windows_domain_ops,
				     &mock_windows_run_ops);
	if (ret)
		iommu_run_ops_unregister(&mock_runs_domain_ops);
	return ret;
}

void mock_domains_exit(void)
{
	iommu_run_ops_unregister(&mock_windows_domain_ops);
	iommu_run_ops_unregister(&mock_runs_domain_ops);
}
