// SPDX-License-Identifier: GPL-2.0
/*
 * Context entries that a crash kernel takes over, from old tables of all kinds:
 * those of a kernel that worked, and those that a crash has damaged.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include "../../common/former.h"
#include "../attach.h"
#include "../device.h"
#include "../domain.h"
#include "../former.h"
#include "sim.h"

#define BUS		2
#define DEVFN		0x18
#define ID		(BUS << 8 | DEVFN)
#define OLD_DOMAIN	0x23
#define QUADS		2
/* Where the machine of the test has nothing */
#define OLD_TABLE	(SZ_64G + SZ_1M)

#define TABLES(type)	(CTX_P | OLD_TABLE | FIELD_PREP(CTX_TT, type))
#define PASS		(CTX_P | FIELD_PREP(CTX_TT, CTX_TT_PT))
/* Of 4 levels */
#define HIGH(domain_id)	(FIELD_PREP(CTX_HI_AW, 2) | \
			 FIELD_PREP(CTX_HI_DID, domain_id))

/* An old context table, and the unit that takes it over */
struct old {
	struct sim *sim;
	u64 *table;
	struct vtd_former_count count;
	struct vtd_device device;
	struct dev_iommu iommu;
};

static void free_old_tables(void *arg)
{
	struct old *old = arg;

	xa_erase(&old->sim->unit.common.devices, ID);
	vtd_tables_destroy(&old->sim->unit);
}

static struct old *make_old(struct kunit *test)
{
	struct old *old = kunit_kzalloc(test, sizeof(*old), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, old);
	KUNIT_ASSERT_TRUE(test, iommu_former_owns(OLD_TABLE, SZ_4K));
	old->table = kunit_kzalloc(test, SZ_4K, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, old->table);
	old->sim = sim_create(test, SIM_CAP, SIM_ECAP);
	old->sim->unit.common.last_domain_id = 0xffff;
	KUNIT_ASSERT_EQ(test, vtd_tables_create(&old->sim->unit), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_old_tables,
							old), 0);
	return old;
}

static void set_old(struct old *old, u8 devfn, u64 lo, u64 hi)
{
	old->table[devfn * QUADS] = lo;
	old->table[devfn * QUADS + 1] = hi;
}

static void copy_old(struct old *old)
{
	struct vtd_unit *unit = &old->sim->unit;

	old->count = (struct vtd_former_count){ };
	mutex_lock(&unit->common.table_lock);
	vtd_former_copy_bus(unit, BUS, old->table, &old->count);
	mutex_unlock(&unit->common.table_lock);
}

static u64 got(struct old *old, unsigned int quad)
{
	const u64 *table = old->sim->unit.tables.context[2 * BUS];

	return table ? table[DEVFN * QUADS + quad] : 0;
}

static void expect_kept(struct kunit *test, struct old *old, u64 lo, u64 hi)
{
	set_old(old, DEVFN, lo, hi);
	copy_old(old);
	KUNIT_EXPECT_EQ(test, old->count.kept, 1);
	KUNIT_EXPECT_EQ(test, old->count.left_out, 0);
	KUNIT_EXPECT_TRUE(test, iommu_former_has(&old->sim->unit.common, ID));
}

static void expect_left_out(struct kunit *test, struct old *old, u64 lo, u64 hi)
{
	set_old(old, DEVFN, lo, hi);
	copy_old(old);
	KUNIT_EXPECT_EQ_MSG(test, old->count.left_out, 1, "%llx %llx", lo, hi);
	KUNIT_EXPECT_EQ_MSG(test, old->count.kept, 0, "%llx %llx", lo, hi);
	KUNIT_EXPECT_FALSE(test, iommu_former_has(&old->sim->unit.common, ID));
	KUNIT_EXPECT_EQ(test, got(old, 0), 0);
	KUNIT_EXPECT_EQ(test, got(old, 1), 0);
}

static void an_old_context_entry_is_copied(struct kunit *test)
{
	struct old *old = make_old(test);

	/* The bits that the unit ignores, and fault recording, are not */
	expect_kept(test, old, TABLES(CTX_TT_SS) | CTX_FPD,
		    HIGH(OLD_DOMAIN) | GENMASK_ULL(6, 3));
	KUNIT_EXPECT_EQ(test, got(old, 0), TABLES(CTX_TT_SS));
	KUNIT_EXPECT_EQ(test, got(old, 1), HIGH(OLD_DOMAIN));
	expect_kept(test, old, TABLES(CTX_TT_SS_DT), HIGH(OLD_DOMAIN));
	KUNIT_EXPECT_EQ(test, got(old, 0), TABLES(CTX_TT_SS_DT));
	expect_kept(test, old, PASS, HIGH(1));
	KUNIT_EXPECT_EQ(test, got(old, 0), PASS);
	KUNIT_EXPECT_EQ(test, got(old, 1), HIGH(1));
	/* No entry */
	set_old(old, DEVFN, ~CTX_P, ~0ULL);
	copy_old(old);
	KUNIT_EXPECT_EQ(test, old->count.kept + old->count.left_out, 0);
}

static void a_context_entry_that_makes_no_sense_is_left_out(struct kunit *test)
{
	struct old *old = make_old(test);
	void *here = kunit_kmalloc(test, SZ_4K, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, here);
	/* All ones; the reserved type; reserved bits */
	expect_left_out(test, old, ~0ULL, ~0ULL);
	expect_left_out(test, old, TABLES(3), HIGH(OLD_DOMAIN));
	expect_left_out(test, old, TABLES(CTX_TT_SS) | BIT_ULL(4),
			HIGH(OLD_DOMAIN));
	expect_left_out(test, old, TABLES(CTX_TT_SS),
			HIGH(OLD_DOMAIN) | BIT_ULL(24));
	/* 3 levels, which the unit does not have */
	expect_left_out(test, old, TABLES(CTX_TT_SS),
			FIELD_PREP(CTX_HI_AW, 1) |
			FIELD_PREP(CTX_HI_DID, OLD_DOMAIN));
	/* Ids: of no domain, of pass-through, and one that the unit has not */
	expect_left_out(test, old, TABLES(CTX_TT_SS), HIGH(0));
	expect_left_out(test, old, TABLES(CTX_TT_SS), HIGH(1));
	old->sim->unit.common.last_domain_id = 0xff;
	expect_left_out(test, old, TABLES(CTX_TT_SS), HIGH(0x100));
	/* Tables in memory of this kernel, at address 0, and beyond all memory */
	expect_left_out(test, old, (virt_to_phys(here) & CTX_PTR) | CTX_P,
			HIGH(OLD_DOMAIN));
	expect_left_out(test, old, CTX_P, HIGH(OLD_DOMAIN));
	expect_left_out(test, old, TABLES(CTX_TT_SS) | CTX_PTR,
			HIGH(OLD_DOMAIN));
	/* Abilities that the unit does not have */
	old->sim->unit.ecap &= ~(ECAP_DT | ECAP_PT);
	expect_left_out(test, old, TABLES(CTX_TT_SS_DT), HIGH(OLD_DOMAIN));
	expect_left_out(test, old, PASS, HIGH(1));
}

/* Devices that are not trusted do not keep such entries */
static void an_open_entry_is_told_from_others(struct kunit *test)
{
	struct old *old = make_old(test);
	struct vtd_unit *unit = &old->sim->unit;

	KUNIT_EXPECT_FALSE(test, vtd_former_is_open(unit, ID));
	expect_kept(test, old, TABLES(CTX_TT_SS), HIGH(OLD_DOMAIN));
	KUNIT_EXPECT_FALSE(test, vtd_former_is_open(unit, ID));
	expect_kept(test, old, TABLES(CTX_TT_SS_DT), HIGH(OLD_DOMAIN));
	KUNIT_EXPECT_TRUE(test, vtd_former_is_open(unit, ID));
	expect_kept(test, old, PASS, HIGH(1));
	KUNIT_EXPECT_TRUE(test, vtd_former_is_open(unit, ID));
	mutex_lock(&unit->common.table_lock);
	vtd_former_block(unit, ID);
	mutex_unlock(&unit->common.table_lock);
	KUNIT_EXPECT_FALSE(test, vtd_former_is_open(unit, ID));
	KUNIT_EXPECT_EQ(test, got(old, 0), 0);
	KUNIT_EXPECT_EQ(test, got(old, 1), 0);
}

static void make_device(struct kunit *test, struct old *old)
{
	struct iommu_unit_device *common = &old->device.common;

	common->dev = kunit_device_register(test, "former");
	KUNIT_ASSERT_FALSE(test, IS_ERR(common->dev));
	common->unit = &old->sim->unit.common;
	common->source_id = ID;
	common->alias = ID;
	common->dev->iommu = &old->iommu;
	old->iommu.priv = common;
	KUNIT_ASSERT_EQ(test, xa_insert(&common->unit->devices, ID, common,
					GFP_KERNEL), 0);
}

static struct iommu_domain *attach_new(struct kunit *test, struct old *old)
{
	struct device *dev = old->device.common.dev;
	struct iommu_domain *domain = vtd_iommu_ops.domain_alloc_paging(dev);

	KUNIT_ASSERT_FALSE(test, IS_ERR(domain));
	KUNIT_ASSERT_EQ(test, domain->ops->attach_dev(domain, dev), 0);
	return domain;
}

static void detach_and_free(struct kunit *test, struct old *old,
			    struct iommu_domain *domain)
{
	struct iommu_domain *blocked = vtd_iommu_ops.blocked_domain;

	KUNIT_ASSERT_EQ(test, blocked->ops->attach_dev(blocked,
						       old->device.common.dev),
			0);
	domain->ops->free(domain);
}

static void a_new_domain_never_has_an_old_id(struct kunit *test)
{
	struct old *old = make_old(test);
	struct iommu_domain *domain;
	unsigned int id;

	for (id = 2; id < 8; id++)
		set_old(old, id, TABLES(CTX_TT_SS), HIGH(id));
	copy_old(old);
	KUNIT_EXPECT_EQ(test, old->count.kept, 6);
	make_device(test, old);
	domain = attach_new(test, old);
	KUNIT_EXPECT_EQ(test, old->device.entry.domain_id, 8);
	detach_and_free(test, old, domain);
}

/* Was a descriptor of this type carried out, with these bits of its first half? */
static bool has_seen(const struct sim *sim, u64 type, u64 mask, u64 bits)
{
	unsigned int i;

	for (i = 0; i < min(sim->logged, SIM_LOG_MAX); i++)
		if (FIELD_GET(QI_TYPE, sim->log[i].q[0]) == type &&
		    (sim->log[i].q[0] & mask) == bits)
			return true;
	return false;
}

static void the_end_of_an_old_entry_leaves_nothing_cached(struct kunit *test)
{
	struct old *old = make_old(test);
	struct sim *sim = old->sim;
	struct iommu_domain *domain;

	expect_kept(test, old, TABLES(CTX_TT_SS_DT), HIGH(OLD_DOMAIN));
	make_device(test, old);
	old->device.common.former = true;
	sim->logged = 0;
	domain = attach_new(test, old);
	KUNIT_EXPECT_FALSE(test, old->device.common.former);
	KUNIT_EXPECT_FALSE(test, iommu_former_has(&sim->unit.common, ID));
	KUNIT_EXPECT_TRUE(test, has_seen(sim, QI_DEV_IOTLB, QI_DEV_SID,
					 FIELD_PREP(QI_DEV_SID, ID)));
	KUNIT_EXPECT_TRUE(test,
			  has_seen(sim, QI_CONTEXT,
				   QI_CONTEXT_SID | QI_CONTEXT_DID,
				   FIELD_PREP(QI_CONTEXT_SID, ID) |
				   FIELD_PREP(QI_CONTEXT_DID, OLD_DOMAIN)));
	KUNIT_EXPECT_TRUE(test, has_seen(sim, QI_IOTLB, QI_IOTLB_DID,
					 FIELD_PREP(QI_IOTLB_DID, OLD_DOMAIN)));
	KUNIT_EXPECT_EQ(test, FIELD_GET(CTX_TT, got(old, 0)), CTX_TT_SS);
	KUNIT_EXPECT_NE(test, FIELD_GET(CTX_HI_DID, got(old, 1)), OLD_DOMAIN);
	/* Only once */
	sim->logged = 0;
	detach_and_free(test, old, domain);
	KUNIT_EXPECT_FALSE(test, has_seen(sim, QI_DEV_IOTLB, 0, 0));
}

static struct kunit_case former_cases[] = {
	KUNIT_CASE(an_old_context_entry_is_copied),
	KUNIT_CASE(a_context_entry_that_makes_no_sense_is_left_out),
	KUNIT_CASE(an_open_entry_is_told_from_others),
	KUNIT_CASE(a_new_domain_never_has_an_old_id),
	KUNIT_CASE(the_end_of_an_old_entry_leaves_nothing_cached),
	{ }
};

static struct kunit_suite former_suite = {
	.name = "vtd_former",
	.test_cases = former_cases,
};
kunit_test_suite(former_suite);
