/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The mock: a simulated IOMMU. Its files, low to high:
 *
 *	unit.c		the unit, to which devices refer
 *	table.c		the page table: one entry per granule, and the
 *			translations that a device may still have cached
 *	dirty.c		dirty tracking
 *	window.c	the kind of unit that has two windows
 *	domain.c	domains, with and without run operations
 *	nested.c	nested domains, and the test operation that checks one
 *	fault.c		page requests
 *	device.c	devices, and the test operations that create and move
 *			them
 *	check.c		the test operations that check results
 *	access.c	the test operations on in-kernel accesses
 *	main.c		entry of the module, table of test operations
 */
#ifndef _IOMMUFD_MOCK_H
#define _IOMMUFD_MOCK_H

#include <linux/iommu.h>
#include <linux/iommu_pt.h>
#include <linux/iommu_windows.h>
#include <linux/iommufd_mock.h>
#include <linux/xarray.h>

#include "../../iommu/iommufd/iommufd_test.h"

/**
 * struct mock_table - a page table and its cached translations
 * @entries: one entry for each granule of IOVA that is mapped, or that was
 *	unmapped but not invalidated yet
 * @granule_shift: log2 of the bytes of a granule
 * @live: number of entries that translate
 * @stale: number of entries that wait for an invalidation
 * @syncs: number of invalidations so far
 */
struct mock_table {
	struct xarray entries;
	unsigned int granule_shift;
	atomic_long_t live;
	atomic_long_t stale;
	atomic_long_t syncs;
};

void mock_table_init(struct mock_table *table, unsigned int granule_shift);
void mock_table_destroy(struct mock_table *table);
int mock_table_map(struct mock_table *table, unsigned long iova,
		   phys_addr_t addr, size_t length, int prot, gfp_t gfp);
void mock_table_unmap_undo(struct mock_table *table, unsigned long iova,
			   size_t length);
size_t mock_table_unmap(struct mock_table *table, unsigned long iova,
			size_t length, bool holes);
void mock_table_split(struct mock_table *table, unsigned long iova);
void mock_table_sync(struct mock_table *table, unsigned long first,
		     unsigned long last);
bool mock_table_lookup(struct mock_table *table, unsigned long iova,
		       phys_addr_t *addr);
bool mock_table_set_dirty(struct mock_table *table, unsigned long iova);
bool mock_table_find_dirty(struct mock_table *table, unsigned long iova,
			   unsigned long last, unsigned long *found,
			   size_t *length);
void mock_table_make_clean(struct mock_table *table, unsigned long iova);

/* The kinds of unit. A domain fits the devices of one kind. */
enum mock_kind {
	MOCK_KIND_SMALL,
	MOCK_KIND_WIDE,
	MOCK_KIND_64K,
	MOCK_KIND_WINDOWS,
	MOCK_KINDS,
};

#define MOCK_NR_WINDOWS 2

/**
 * struct mock_domain - a domain
 * @domain: the IOMMU core's part
 * @table: its page table
 * @kind: the kind of unit it is for
 * @track_dirty: dirty tracking is enabled
 * @enforced: cache coherency is enforced
 * @weak: a device was attached whose unit cannot enforce coherency
 * @windows: for MOCK_KIND_WINDOWS: the window of each slot; its length is 0 if
 *	there is none
 */
struct mock_domain {
	struct iommu_domain domain;
	struct mock_table table;
	enum mock_kind kind;
	bool track_dirty;
	bool enforced;
	bool weak;
	struct iommu_window windows[MOCK_NR_WINDOWS];
};

static inline struct mock_domain *to_mock_domain(struct iommu_domain *domain)
{
	return container_of(domain, struct mock_domain, domain);
}

/**
 * struct mock_device - a device
 * @pdev: its platform device
 * @flags: MOCK_FLAGS_DEVICE_*
 * @idev: the bound iommufd device
 * @cache: registers that an invalidation by the user clears
 * @moving: held for writing while the device is attached elsewhere or detached,
 *	for reading while it reports a page request
 * @moves: @moving is held for writing
 * @answers: number of responses to page requests so far
 * @last_answer: the last response
 */
struct mock_device {
	struct platform_device *pdev;
	u32 flags;
	struct iommufd_device *idev;
	u32 cache[MOCK_DEV_CACHE_NUM];
	struct rw_semaphore moving;
	bool moves;
	atomic_t answers;
	u32 last_answer;
};

extern const struct iommu_ops mock_iommu_ops;
extern struct iommu_domain mock_blocked_domain;
struct iommu_domain *mock_domain_alloc(const struct mock_device *mdev,
				       u32 pagetable_type, bool dirty);
struct iommu_domain *mock_domain_alloc_paging(struct device *dev);
extern const struct iommu_dirty_ops mock_dirty_ops;
void mock_read_dirty(struct iommu_domain *domain, unsigned long iova,
		     size_t length, iommu_pt_dirty_fn fn, void *arg,
		     struct iommu_pt_gather *gather);
int mock_attach_dev(struct iommu_domain *domain, struct device *dev);
struct iommu_domain *
mock_nested_alloc(struct mock_domain *parent, u32 flags,
		  const struct iommu_user_data *user_data);
int mock_domains_init(void);
void mock_domains_exit(void);

extern const struct iommu_window_ops mock_window_ops;
bool mock_window_permits(const struct mock_domain *mock, unsigned long iova,
			 phys_addr_t addr, size_t length);

struct iommu_device *mock_unit(void);
struct fwnode_handle *mock_unit_fwnode(void);
int mock_unit_init(const struct iommu_ops *ops);
void mock_unit_exit(void);

int mock_faults_init(void);
void mock_faults_exit(void);
int mock_enable_feat(struct device *dev, enum iommu_dev_features feature);
int mock_disable_feat(struct device *dev, enum iommu_dev_features feature);
void mock_page_response(struct device *dev, struct iopf_fault *request,
			struct iommu_page_response *response);

int mock_interrupts_init(void);
void mock_interrupts_exit(void);

/* Test operations */
long mock_op_device_create(struct iommufd_test_call *call);
long mock_op_device_replace(struct iommufd_test_call *call);
void mock_device_destroy(void *data);
struct mock_device *mock_device_get(struct iommufd_ctx *ictx, u32 id,
				    struct iommufd_object **obj);
long mock_op_check_map(struct iommufd_test_call *call);
long mock_op_check_refs(struct iommufd_test_call *call);
long mock_op_check_cache(struct iommufd_test_call *call);
long mock_op_trigger_iopf(struct iommufd_test_call *call);
long mock_op_answers(struct iommufd_test_call *call);
long mock_op_check_iotlb(struct iommufd_test_call *call);
long mock_op_count(struct iommufd_test_call *call);
long mock_op_dirty(struct iommufd_test_call *call);
long mock_op_access_create(struct iommufd_test_call *call);
long mock_op_access_replace(struct iommufd_test_call *call);
long mock_op_access_pin(struct iommufd_test_call *call);
long mock_op_access_unpin(struct iommufd_test_call *call);
long mock_op_access_rw(struct iommufd_test_call *call);

#endif
