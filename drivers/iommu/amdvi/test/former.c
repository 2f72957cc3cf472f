// SPDX-License-Identifier: GPL-2.0
/*
 * Entries that a crash kernel takes over, from old tables of all kinds: those of
 * a kernel that worked, and those that a crash has damaged.
 */
#include <kunit/test.h>
#include <linux/sizes.h>

#include "../../common/former.h"
#include "../attach.h"
#include "../domain.h"
#include "../former.h"
#include "sim.h"

#define NR		16
#define ID		3
#define OLD_DOMAIN	0x123
/* Where the machine of the test has nothing */
#define OLD_TABLE	(SZ_64G + SZ_1M)

#define HOST(levels)	(DTE0_V | DTE0_TV | DTE0_IR | DTE0_IW | OLD_TABLE | \
			 FIELD_PREP(DTE0_MODE, levels))
#define PASS		(DTE0_V | DTE0_TV | DTE0_IR | DTE0_IW)
#define BLOCKED		(DTE0_V | DTE0_TV)
#define GUEST		(PASS | DTE0_GV | \
			 FIELD_PREP(DTE0_GCR3_LOW, FIELD_GET(GCR3_LOW, OLD_TABLE)))
#define GUEST_HI	(FIELD_PREP(DTE1_GCR3_MIDDLE, \
				    FIELD_GET(GCR3_MIDDLE, OLD_TABLE)) | \
			 FIELD_PREP(DTE1_GCR3_HIGH, \
				    FIELD_GET(GCR3_HIGH, OLD_TABLE)))

/* An old table whose only entry that allows DMA is that of ID */
struct old {
	struct sim *sim;
	u64 entries[NR * DTE_QUADS];
	struct amdvi_former_count count;
	u64 got[DTE_QUADS];
};

static struct old *make_old(struct kunit *test)
{
	struct old *old = kunit_kzalloc(test, sizeof(*old), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, old);
	KUNIT_ASSERT_TRUE(test, iommu_former_owns(OLD_TABLE, SZ_4K));
	old->sim = sim_create(test, 0);
	old->sim->unit.cap = CAP_IOTLB_SUP;
	return old;
}

static void set_old(struct old *old, u16 id, u64 lo, u64 hi)
{
	old->entries[id * DTE_QUADS] = lo;
	old->entries[id * DTE_QUADS + 1] = hi;
	/* Interrupts of the former kernel */
	old->entries[id * DTE_QUADS + 2] = ~DTE2_GUEST_LEVELS;
	old->entries[id * DTE_QUADS + 3] = ~0ULL;
}

static void copy_old(struct old *old)
{
	amdvi_former_copy(&old->sim->unit, old->entries, NR, &old->count);
	amdvi_table_get(&old->sim->unit, ID, old->got);
}

static void expect_kept(struct kunit *test, struct old *old, u64 lo, u64 hi)
{
	set_old(old, ID, lo, hi);
	copy_old(old);
	KUNIT_EXPECT_EQ(test, old->count.kept, 1);
	KUNIT_EXPECT_EQ(test, old->count.left_out, 0);
	KUNIT_EXPECT_TRUE(test, iommu_former_has(&old->sim->unit.common, ID));
	KUNIT_EXPECT_EQ(test, old->got[2], 0);
	KUNIT_EXPECT_EQ(test, old->got[3], 0);
}

static void expect_left_out(struct kunit *test, struct old *old, u64 lo, u64 hi)
{
	set_old(old, ID, lo, hi);
	copy_old(old);
	KUNIT_EXPECT_EQ_MSG(test, old->count.left_out, 1, "%llx %llx", lo, hi);
	KUNIT_EXPECT_EQ_MSG(test, old->count.kept, 0, "%llx %llx", lo, hi);
	KUNIT_EXPECT_FALSE(test, iommu_former_has(&old->sim->unit.common, ID));
	KUNIT_EXPECT_EQ(test, old->got[0], BLOCKED);
	KUNIT_EXPECT_EQ(test, old->got[1], 0);
}

static void an_old_entry_is_copied_without_interrupts(struct kunit *test)
{
	struct old *old = make_old(test);

	expect_kept(test, old, HOST(4) | DTE0_HAD | BIT_ULL(52) | BIT_ULL(53),
		    OLD_DOMAIN | DTE1_I | DTE1_SA | DTE1_SYS_MGT);
	KUNIT_EXPECT_EQ(test, old->got[0], HOST(4));
	KUNIT_EXPECT_EQ(test, old->got[1], OLD_DOMAIN | DTE1_I);
}

static void a_device_tlb_is_kept_only_if_the_unit_has_them(struct kunit *test)
{
	struct old *old = make_old(test);

	old->sim->unit.cap = 0;
	expect_kept(test, old, HOST(4), OLD_DOMAIN | DTE1_I);
	KUNIT_EXPECT_EQ(test, old->got[1], OLD_DOMAIN);
}

static void old_guest_tables_are_copied_if_the_unit_walks_them(struct kunit *test)
{
	u64 lo = PASS | DTE0_GV | DTE0_GIOV |
		 FIELD_PREP(DTE0_GCR3_LOW, FIELD_GET(GCR3_LOW, OLD_TABLE));
	u64 hi = OLD_DOMAIN |
		 FIELD_PREP(DTE1_GCR3_MIDDLE, FIELD_GET(GCR3_MIDDLE, OLD_TABLE)) |
		 FIELD_PREP(DTE1_GCR3_HIGH, FIELD_GET(GCR3_HIGH, OLD_TABLE));
	struct old *old = make_old(test);

	expect_left_out(test, old, lo, hi);
	old->sim->unit.efr |= EFR_GT_SUP | EFR_GIO_SUP;
	expect_left_out(test, old, lo | FIELD_PREP(DTE0_GLX, 1), hi);
	expect_left_out(test, old, lo | FIELD_PREP(DTE0_GLX, 3), hi);
	KUNIT_EXPECT_FALSE(test, old->sim->unit.former_guest);
	/* Of five levels */
	set_old(old, ID, lo, hi);
	old->entries[ID * DTE_QUADS + 2] = FIELD_PREP(DTE2_GUEST_LEVELS, 1);
	copy_old(old);
	KUNIT_EXPECT_EQ(test, old->count.left_out, 1);
	KUNIT_EXPECT_EQ(test, old->got[0], BLOCKED);
	expect_kept(test, old, lo, hi);
	KUNIT_EXPECT_EQ(test, old->got[0], lo);
	KUNIT_EXPECT_EQ(test, old->got[1], hi);
	KUNIT_EXPECT_TRUE(test, old->sim->unit.former_guest);
}

static void entries_that_allow_no_dma_are_not_counted(struct kunit *test)
{
	static const u64 none[] = { 0, ~DTE0_V, DTE0_V, DTE0_V | DTE0_IR,
				    BLOCKED, BLOCKED | OLD_TABLE };
	struct old *old = make_old(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(none); i++) {
		set_old(old, ID, none[i], OLD_DOMAIN);
		copy_old(old);
		KUNIT_EXPECT_EQ(test, old->count.kept, 0);
		KUNIT_EXPECT_EQ(test, old->count.left_out, 0);
		KUNIT_EXPECT_EQ(test, old->got[0], BLOCKED);
	}
}

static void an_entry_that_makes_no_sense_is_left_out(struct kunit *test)
{
	struct old *old = make_old(test);
	void *here = kunit_kmalloc(test, SZ_4K, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, here);
	/* All ones */
	expect_left_out(test, old, ~0ULL, ~0ULL);
	/* More levels than the unit has; the reserved mode; a reserved bit */
	expect_left_out(test, old, HOST(6), OLD_DOMAIN);
	expect_left_out(test, old, HOST(7), OLD_DOMAIN);
	expect_left_out(test, old, HOST(4) | BIT_ULL(2), OLD_DOMAIN);
	/* The id of blocked devices */
	expect_left_out(test, old, HOST(4), 0);
	expect_left_out(test, old, PASS, 0);
	/* Tables in memory of this kernel, at address 0, and beyond all memory */
	expect_left_out(test, old, (HOST(4) & ~DTE0_ROOT) |
			(virt_to_phys(here) & DTE0_ROOT), OLD_DOMAIN);
	expect_left_out(test, old, HOST(4) & ~DTE0_ROOT, OLD_DOMAIN);
	expect_left_out(test, old, HOST(4) | DTE0_ROOT, OLD_DOMAIN);
}

static struct iommu_paging *attach_new(struct kunit *test, struct sim *sim,
				       struct amdvi_device *device)
{
	struct iommu_paging *paging = amdvi_domain_alloc(&sim->unit, 0);

	KUNIT_ASSERT_FALSE(test, IS_ERR(paging));
	KUNIT_ASSERT_EQ(test, amdvi_device_move(device, paging, AMDVI_HOST), 0);
	return paging;
}

static void detach_and_free(struct kunit *test, struct amdvi_device *device,
			    struct iommu_paging *paging)
{
	KUNIT_ASSERT_EQ(test, amdvi_device_move(device, NULL, AMDVI_BLOCKED), 0);
	paging->domain.ops->free(&paging->domain);
}

static void a_new_domain_never_has_an_old_id(struct kunit *test)
{
	struct old *old = make_old(test);
	struct amdvi_device *device = sim_device(test, old->sim, "new", 9);
	struct iommu_paging *paging;
	u16 id;

	for (id = 2; id < 8; id++)
		set_old(old, id, HOST(4), id);
	copy_old(old);
	KUNIT_EXPECT_EQ(test, old->count.kept, 6);
	paging = attach_new(test, old->sim, device);
	KUNIT_EXPECT_EQ(test, device->entry.domain_id, 8);
	detach_and_free(test, device, paging);
}

static void an_old_table_that_names_all_ids_leaves_half_of_them(struct kunit *test)
{
	struct old *old = make_old(test);
	struct amdvi_device *device = sim_device(test, old->sim, "new", 9);
	struct iommu_paging *paging;
	u16 id;

	old->sim->unit.common.last_domain_id = 7;
	for (id = 2; id < 8; id++)
		set_old(old, id, HOST(4), id);
	copy_old(old);
	KUNIT_EXPECT_EQ(test, old->count.kept, 3);
	KUNIT_EXPECT_EQ(test, old->count.left_out, 3);
	paging = attach_new(test, old->sim, device);
	detach_and_free(test, device, paging);
}

/* The id 1 means pass-through here, whatever it meant before */
static void the_id_of_pass_through_leads_to_no_tables(struct kunit *test)
{
	struct old *old = make_old(test);
	u64 got[4];

	set_old(old, 2, PASS, 1);
	set_old(old, ID, HOST(4), 1);
	set_old(old, 4, HOST(4), 2);
	set_old(old, 5, HOST(3), 1);
	copy_old(old);
	KUNIT_EXPECT_EQ(test, old->count.kept, 4);
	KUNIT_EXPECT_EQ(test, old->got[0], HOST(4));
	KUNIT_EXPECT_EQ(test, old->got[1], 3);
	amdvi_table_get(&old->sim->unit, 5, got);
	KUNIT_EXPECT_EQ(test, got[1], 3);
	amdvi_table_get(&old->sim->unit, 2, got);
	KUNIT_EXPECT_EQ(test, got[0], PASS);
	KUNIT_EXPECT_EQ(test, got[1], 1);
}

static void the_end_of_an_old_entry_leaves_nothing_cached(struct kunit *test)
{
	struct old *old = make_old(test);
	struct sim *sim = old->sim;
	struct amdvi_device *device = sim_device(test, sim, "kept", ID);
	struct iommu_paging *paging;
	u64 got[4];

	expect_kept(test, old, HOST(4), OLD_DOMAIN | DTE1_I);
	sim->unit.former_guest = true;
	device->common.former = true;
	device->common.pf_id = ID;
	paging = attach_new(test, sim, device);
	KUNIT_EXPECT_FALSE(test, device->common.former);
	KUNIT_EXPECT_FALSE(test, iommu_former_has(&sim->unit.common, ID));
	/* The device-TLB, for both kinds of tables */
	KUNIT_EXPECT_EQ(test, sim->nr_asked, 2);
	KUNIT_EXPECT_EQ(test, sim->asked[0], ID);
	/* The entry, when it stops permitting a device-TLB, and when it changes */
	KUNIT_EXPECT_GE(test, sim->commands[CMD_INVAL_DEVTAB], 2);
	KUNIT_EXPECT_GE(test, sim->guest_pages, 1);
	KUNIT_EXPECT_TRUE(test, test_bit(OLD_DOMAIN, sim->invalidated));
	amdvi_table_get(&sim->unit, ID, got);
	KUNIT_EXPECT_FALSE(test, got[1] & DTE1_I);
	/* Only once */
	KUNIT_ASSERT_EQ(test, amdvi_device_move(device, NULL, AMDVI_BLOCKED), 0);
	KUNIT_EXPECT_EQ(test, sim->nr_asked, 2);
	paging->domain.ops->free(&paging->domain);
}

/* Devices that are not trusted do not keep such entries */
static void an_open_entry_is_told_from_others(struct kunit *test)
{
	struct old *old = make_old(test);
	struct amdvi_unit *unit = &old->sim->unit;

	KUNIT_EXPECT_FALSE(test, amdvi_former_is_open(unit, ID));
	expect_kept(test, old, HOST(4), OLD_DOMAIN);
	KUNIT_EXPECT_FALSE(test, amdvi_former_is_open(unit, ID));
	expect_kept(test, old, HOST(4), OLD_DOMAIN | DTE1_I);
	KUNIT_EXPECT_TRUE(test, amdvi_former_is_open(unit, ID));
	expect_kept(test, old, PASS, OLD_DOMAIN);
	KUNIT_EXPECT_TRUE(test, amdvi_former_is_open(unit, ID));
	/* Guest tables for requests with PASID only: others pass through */
	unit->efr |= EFR_GT_SUP | EFR_GIO_SUP;
	expect_kept(test, old, GUEST | DTE0_GIOV, OLD_DOMAIN | GUEST_HI);
	KUNIT_EXPECT_FALSE(test, amdvi_former_is_open(unit, ID));
	expect_kept(test, old, GUEST, OLD_DOMAIN | GUEST_HI);
	KUNIT_EXPECT_TRUE(test, amdvi_former_is_open(unit, ID));
	amdvi_former_block(unit, ID);
	KUNIT_EXPECT_FALSE(test, amdvi_former_is_open(unit, ID));
	amdvi_table_get(unit, ID, old->got);
	KUNIT_EXPECT_EQ(test, old->got[0], BLOCKED);
	KUNIT_EXPECT_EQ(test, old->got[1], 0);
}

static void old_memory_is_none_of_this_kernel(struct kunit *test)
{
	void *here = kunit_kmalloc(test, SZ_4K, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, here);
	KUNIT_EXPECT_TRUE(test, iommu_former_owns(OLD_TABLE, SZ_2M));
	KUNIT_EXPECT_FALSE(test, iommu_former_owns(virt_to_phys(here), SZ_4K));
	/* Registers of the I/O APIC, and a range with RAM in it */
	KUNIT_EXPECT_FALSE(test, iommu_former_owns(0xfec00000, SZ_4K));
	KUNIT_EXPECT_FALSE(test, iommu_former_owns(0, SZ_64G));
	/* Beyond all addresses, and round the end of them */
	KUNIT_EXPECT_FALSE(test, iommu_former_owns(BIT_ULL(52), SZ_4K));
	KUNIT_EXPECT_FALSE(test, iommu_former_owns(-SZ_4K, SZ_8K));
}

static struct kunit_case former_cases[] = {
	KUNIT_CASE(an_old_entry_is_copied_without_interrupts),
	KUNIT_CASE(a_device_tlb_is_kept_only_if_the_unit_has_them),
	KUNIT_CASE(old_guest_tables_are_copied_if_the_unit_walks_them),
	KUNIT_CASE(entries_that_allow_no_dma_are_not_counted),
	KUNIT_CASE(an_entry_that_makes_no_sense_is_left_out),
	KUNIT_CASE(a_new_domain_never_has_an_old_id),
	KUNIT_CASE(an_old_table_that_names_all_ids_leaves_half_of_them),
	KUNIT_CASE(the_id_of_pass_through_leads_to_no_tables),
	KUNIT_CASE(the_end_of_an_old_entry_leaves_nothing_cached),
	KUNIT_CASE(an_open_entry_is_told_from_others),
	KUNIT_CASE(old_memory_is_none_of_this_kernel),
	{ }
};

static struct kunit_suite former_suite = {
	.name = "amdvi_former",
	.test_cases = former_cases,
};
kunit_test_suite(former_suite);
