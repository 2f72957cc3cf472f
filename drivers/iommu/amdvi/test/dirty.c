// SPDX-License-Identifier: GPL-2.0
/*
 * Dirty tracking, on simulated units: no emulated machine has it. The tests set
 * the dirty bits that a unit would set in a page table.
 */
#include <kunit/test.h>
#include <linux/io.h>
#include <linux/sizes.h>

#include "../ability.h"
#include "../attach.h"
#include "../device.h"
#include "../domain.h"
#include "sim.h"

#define RW	(IOMMU_READ | IOMMU_WRITE)
#define BASE	((unsigned long)SZ_1G)
/* Of an entry of version 1 tables: D, the next level, the address */
#define ENTRY_DIRTY	BIT_ULL(6)
#define ENTRY_NEXT	GENMASK_ULL(11, 9)
#define ENTRY_ADDR	GENMASK_ULL(51, 12)

static struct sim *tracking_sim(struct kunit *test, unsigned int index)
{
	struct sim *sim = sim_create(test, index);

	sim->unit.efr |= EFR_HA_SUP | EFR_HD_SUP;
	return sim;
}

static struct iommu_paging *make_domain(struct kunit *test, struct sim *sim)
{
	struct iommu_paging *domain = amdvi_domain_alloc(&sim->unit,
							 IOMMU_PT_DIRTY);

	KUNIT_ASSERT_FALSE(test, IS_ERR(domain));
	return domain;
}

static void free_domain(struct iommu_paging *domain)
{
	domain->domain.ops->free(&domain->domain);
}

/* A device in the list of its unit, as after probing */
static struct amdvi_device *make_device(struct kunit *test, struct sim *sim,
					const char *name, u16 id)
{
	struct amdvi_device *device = sim_device(test, sim, name, id);

	KUNIT_ASSERT_EQ(test, xa_insert(&sim->unit.common.devices, id, device,
					GFP_KERNEL), 0);
	return device;
}

static void move(struct kunit *test, struct amdvi_device *device,
		 struct iommu_paging *domain)
{
	KUNIT_ASSERT_EQ(test, amdvi_device_move(device, domain,
						domain ? AMDVI_HOST :
							 AMDVI_BLOCKED), 0);
}

static void map(struct kunit *test, struct iommu_paging *domain,
		unsigned long iova, size_t length)
{
	const struct iommu_run run = { iova, length };

	KUNIT_ASSERT_EQ(test,
			iommu_paging_run_ops.map(&domain->domain, iova, &run, 1,
						 RW, GFP_KERNEL), 0);
}

static void unmap(struct iommu_paging *domain, unsigned long iova,
		  size_t length)
{
	struct iommu_pt_gather gather;

	iommu_pt_gather_init(&gather);
	iommu_paging_run_ops.unmap(&domain->domain, iova, length, &gather);
	iommu_paging_run_ops.sync(&domain->domain, &gather);
}

static void track(struct kunit *test, struct iommu_paging *domain, bool enable)
{
	const struct iommu_dirty_ops *ops = domain->domain.dirty_ops;

	KUNIT_ASSERT_NOT_NULL(test, ops);
	KUNIT_ASSERT_EQ(test,
			ops->set_dirty_tracking(&domain->domain, enable), 0);
}

static u64 had_of(struct sim *sim, u16 id)
{
	u64 raw[4] = { };

	amdvi_table_get(&sim->unit, id, raw);
	return FIELD_GET(DTE0_HAD, raw[0]);
}

/* Set a dirty bit as the unit does when a device writes to @iova */
static void write_at(struct iommu_paging *domain, unsigned long iova)
{
	struct iommu_pt_root root;
	unsigned int level;
	u64 *entry;

	iommu_pt_root(&domain->live.pt, &root);
	entry = phys_to_virt(root.phys);
	for (level = root.levels;; level--) {
		entry += iova >> (3 + 9 * level) & 511;
		if (level == 1 || !FIELD_GET(ENTRY_NEXT, *entry))
			break;
		entry = phys_to_virt(*entry & ENTRY_ADDR);
	}
	*entry |= ENTRY_DIRTY;
}

static bool add(void *arg, unsigned long iova, size_t length)
{
	*(size_t *)arg += length;
	return true;
}

static size_t read_all(struct iommu_paging *domain,
		       struct iommu_pt_gather *gather)
{
	size_t dirty = 0;

	iommu_paging_run_ops.read_dirty(&domain->domain, 0, 4UL << 30, add,
					&dirty, gather);
	return dirty;
}

static void a_unit_that_cannot_track_is_refused(struct kunit *test)
{
	struct sim *strong = tracking_sim(test, 0), *weak = sim_create(test, 1);
	struct amdvi_device *device = make_device(test, weak, "b", 0x28);
	struct iommu_paging *domain = make_domain(test, strong);

	KUNIT_EXPECT_EQ(test,
			PTR_ERR(amdvi_domain_alloc(&weak->unit, IOMMU_PT_DIRTY)),
			-EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, amdvi_device_move(device, domain, AMDVI_HOST),
			-EINVAL);
	free_domain(domain);
	/* Accessed bits alone are not enough */
	weak->unit.efr |= EFR_HA_SUP;
	KUNIT_EXPECT_FALSE(test, amdvi_unit_tracks_dirty(&weak->unit));
	weak->unit.efr |= EFR_HD_SUP;
	KUNIT_EXPECT_TRUE(test, amdvi_unit_tracks_dirty(&weak->unit));
	/* A domain that was allocated without the flag */
	domain = amdvi_domain_alloc(&weak->unit, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(domain));
	KUNIT_EXPECT_NULL(test, domain->domain.dirty_ops);
	free_domain(domain);
}

static void entries_track_while_the_domain_tracks(struct kunit *test)
{
	struct sim *sim = tracking_sim(test, 0), *other = tracking_sim(test, 1);
	struct amdvi_device *a = make_device(test, sim, "a", 0x20);
	struct amdvi_device *b = make_device(test, other, "b", 0x28);
	struct amdvi_device *c = make_device(test, sim, "c", 0x30);
	struct iommu_paging *domain = make_domain(test, sim);
	unsigned long entries, pages;

	move(test, a, domain);
	move(test, b, domain);
	KUNIT_EXPECT_EQ(test, had_of(sim, 0x20), HAD_NOTHING);
	entries = other->commands[CMD_INVAL_DEVTAB];
	pages = other->commands[CMD_INVAL_PAGES];
	track(test, domain, true);
	KUNIT_EXPECT_EQ(test, had_of(sim, 0x20), HAD_ACCESSED_DIRTY);
	KUNIT_EXPECT_EQ(test, had_of(other, 0x28), HAD_ACCESSED_DIRTY);
	KUNIT_EXPECT_EQ(test, other->commands[CMD_INVAL_DEVTAB], entries + 1);
	KUNIT_EXPECT_EQ(test, other->commands[CMD_INVAL_PAGES], pages + 1);
	/* A device attached later, and a page table that grows */
	move(test, c, domain);
	KUNIT_EXPECT_EQ(test, had_of(sim, 0x30), HAD_ACCESSED_DIRTY);
	map(test, domain, 1UL << 40, SZ_4K);
	KUNIT_EXPECT_EQ(test, had_of(sim, 0x20), HAD_ACCESSED_DIRTY);
	unmap(domain, 1UL << 40, SZ_4K);
	/* A device that has left the domain */
	move(test, c, NULL);
	KUNIT_EXPECT_EQ(test, had_of(sim, 0x30), HAD_NOTHING);
	entries = other->commands[CMD_INVAL_DEVTAB];
	track(test, domain, false);
	KUNIT_EXPECT_EQ(test, had_of(sim, 0x20), HAD_NOTHING);
	KUNIT_EXPECT_EQ(test, had_of(other, 0x28), HAD_NOTHING);
	KUNIT_EXPECT_EQ(test, other->commands[CMD_INVAL_DEVTAB], entries + 1);
	move(test, a, NULL);
	move(test, b, NULL);
	free_domain(domain);
}

static void dirty_pages_are_read_and_invalidated_once(struct kunit *test)
{
	struct sim *sim = tracking_sim(test, 0);
	struct amdvi_device *a = make_device(test, sim, "a", 0x20);
	struct iommu_paging *domain = make_domain(test, sim);
	struct iommu_pt_gather gather;
	unsigned long pages;

	move(test, a, domain);
	track(test, domain, true);
	map(test, domain, BASE, SZ_4K);
	map(test, domain, BASE + SZ_2M, SZ_2M);
	map(test, domain, BASE + SZ_4M, SZ_4K);
	KUNIT_EXPECT_EQ(test, read_all(domain, NULL), 0);
	write_at(domain, BASE);
	write_at(domain, BASE + 3 * SZ_1M);
	KUNIT_EXPECT_EQ(test, read_all(domain, NULL), SZ_2M + SZ_4K);
	pages = sim->commands[CMD_INVAL_PAGES];
	iommu_pt_gather_init(&gather);
	KUNIT_EXPECT_EQ(test, read_all(domain, &gather), SZ_2M + SZ_4K);
	KUNIT_EXPECT_EQ(test, gather.start, BASE);
	KUNIT_EXPECT_EQ(test, gather.last, BASE + SZ_4M - 1);
	iommu_paging_run_ops.sync(&domain->domain, &gather);
	KUNIT_EXPECT_EQ(test, sim->commands[CMD_INVAL_PAGES], pages + 1);
	KUNIT_EXPECT_EQ(test, read_all(domain, NULL), 0);
	unmap(domain, BASE, SZ_8M);
	move(test, a, NULL);
	free_domain(domain);
}

/* The functions that a kernel with its own iommufd calls */
static void the_iommu_api_reads_the_same(struct kunit *test)
{
	struct sim *sim = tracking_sim(test, 0);
	struct iommu_paging *domain = make_domain(test, sim);
	const struct iommu_dirty_ops *ops = domain->domain.dirty_ops;
	struct iommu_iotlb_gather gather;
	struct iommu_dirty_bitmap dirty;

	map(test, domain, BASE, SZ_2M);
	write_at(domain, BASE);
	/* A part of an entry: reported, but the entry stays dirty */
	iommu_dirty_bitmap_init(&dirty, NULL, &gather);
	KUNIT_EXPECT_EQ(test,
			ops->read_and_clear_dirty(&domain->domain, BASE, SZ_1M,
						  0, &dirty), 0);
	KUNIT_EXPECT_EQ(test, gather.start, BASE);
	KUNIT_EXPECT_EQ(test, gather.end, BASE + SZ_1M - 1);
	KUNIT_EXPECT_EQ(test, read_all(domain, NULL), SZ_2M);
	KUNIT_EXPECT_EQ(test,
			ops->read_and_clear_dirty(&domain->domain, BASE, SZ_2M,
						  IOMMU_DIRTY_NO_CLEAR, &dirty),
			0);
	KUNIT_EXPECT_EQ(test, read_all(domain, NULL), SZ_2M);
	KUNIT_EXPECT_EQ(test,
			ops->read_and_clear_dirty(&domain->domain, BASE, SZ_2M,
						  0, &dirty), 0);
	KUNIT_EXPECT_EQ(test, gather.end, BASE + SZ_2M - 1);
	KUNIT_EXPECT_EQ(test, read_all(domain, NULL), 0);
	unmap(domain, BASE, SZ_2M);
	free_domain(domain);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(a_unit_that_cannot_track_is_refused),
	KUNIT_CASE(entries_track_while_the_domain_tracks),
	KUNIT_CASE(dirty_pages_are_read_and_invalidated_once),
	KUNIT_CASE(the_iommu_api_reads_the_same),
	{ }
};

static struct kunit_suite suite = {
	.name = "amdvi_dirty_tracking",
	.test_cases = cases,
};
kunit_test_suite(suite);
