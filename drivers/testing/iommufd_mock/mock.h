/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An IOMMU made of memory: what its parts know of each other.
 *
 *	table.c		the page table: one entry per granule, and the
 *			translations that a device may still have cached
 *	domain.c	domains, over the Linux IOMMU API and as runs
 *	dirty.c		what devices have written to
 *	nested.c	nested domains, and the test operation that looks at one
 *	fault.c		page requests
 *	window.c	the unit that has two windows of its own
 *	device.c	devices, and the test operations that make and move them
 *	check.c		the test operations that look
 *	access.c	the test operations on in-kernel accesses
 *	main.c		the unit, and which operation is whose
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
 * struct mock_table - a page table and the cached translations of it
 * @entries: one for each granule of IOVA that is mapped, or that is not any
 *	more but has not been invalidated
 * @granule_shift: bytes of a granule, as a power of two
 * @live: entries that translate
 * @stale: entries that wait for an invalidation
 * @syncs: invalidations so far
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
void mock_table_cut(struct mock_table *table, unsigned long iova);
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
 * @domain: what the IOMMU core knows
 * @table: its page table
 * @kind: the kind of unit it is for
 * @track_dirty: dirty tracking is on
 * @enforced: cache coherency is enforced
 * @weak: a device was attached whose unit cannot enforce it
 * @windows: of MOCK_KIND_WINDOWS: one for each slot; none if its length is 0
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
 * @pdev: what the driver core knows
 * @flags: MOCK_FLAGS_DEVICE_*
 * @idev: as it is bound to iommufd
 * @cache: registers that an invalidation by the user clears
 * @moving: held for writing while it moves, for reading while it reports
 * @moves: @moving is held for writing
 * @answers: to page requests, so far
 * @last_answer: the last one
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

enum mock_kind mock_device_kind(const struct mock_device *mdev);

extern const struct iommu_ops mock_iommu_ops;
extern struct iommu_domain mock_blocked_domain;
struct iommu_domain *
mock_domain_alloc_user(struct device *dev, u32 flags,
		       struct iommu_domain *parent,
		       const struct iommu_user_data *user_data);
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

/* The unit, to which fwnodes of devices lead */
struct iommu_device *mock_unit(void);
struct fwnode_handle *mock_unit_fwnode(void);

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
