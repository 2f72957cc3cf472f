// SPDX-License-Identifier: GPL-2.0
/*
 * Dirty tracking, with simulated units in scalable mode, since no emulated unit
 * supports it. Devices have the fields that attaching uses.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/mm.h>

#include <uapi/linux/iommufd.h>

#include "../device.h"
#include "../domain.h"
#include "sim.h"

#define DIRTY_ECAP	(SIM_ECAP | ECAP_SMTS | ECAP_SSTS | ECAP_FSTS | \
			 ECAP_SLADS | ECAP_SMPWCS)

/* A device behind a unit */
struct end {
	struct vtd_device device;
	struct dev_iommu iommu;
	struct device *dev;
	struct sim *sim;
};

static void free_tables(void *arg)
{
	vtd_tables_destroy(arg);
}

static struct sim *new_unit(struct kunit *test, u64 ecap)
{
	struct sim *sim = sim_create(test, SIM_CAP | CAP_FS1GP, ecap);

	KUNIT_ASSERT_EQ(test, vtd_tables_create(&sim->unit), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_tables,
							&sim->unit), 0);
	return sim;
}

static void forget_device(void *arg)
{
	struct end *end = arg;

	xa_erase(&end->sim->unit.common.devices, end->device.common.source_id);
}

static struct end *new_end(struct kunit *test, struct sim *sim,
			   const char *name, u16 source_id)
{
	struct end *end = kunit_kzalloc(test, sizeof(*end), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, end);
	end->dev = kunit_device_register(test, name);
	KUNIT_ASSERT_FALSE(test, IS_ERR(end->dev));
	end->sim = sim;
	end->device.common.dev = end->dev;
	end->device.common.unit = &sim->unit.common;
	end->device.common.source_id = source_id;
	end->device.common.alias = source_id;
	end->dev->iommu = &end->iommu;
	end->iommu.priv = &end->device.common;
	KUNIT_ASSERT_EQ(test, xa_insert(&sim->unit.common.devices, source_id,
					&end->device, GFP_KERNEL), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, forget_device,
							end), 0);
	return end;
}

static int attach(struct end *end, struct iommu_domain *domain)
{
	return domain->ops->attach_dev(domain, end->dev);
}

static void block(struct kunit *test, struct end *end)
{
	KUNIT_ASSERT_EQ(test, attach(end, vtd_iommu_ops.blocked_domain), 0);
}

static struct iommu_domain *try_domain(struct end *end)
{
	return vtd_iommu_ops.domain_alloc_user(end->dev,
					       IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
					       NULL, NULL);
}

static struct iommu_domain *new_domain(struct kunit *test, struct end *end)
{
	struct iommu_domain *domain = try_domain(end);

	KUNIT_ASSERT_FALSE(test, IS_ERR(domain));
	KUNIT_ASSERT_NOT_NULL(test, domain->dirty_ops);
	return domain;
}

/* First quadword of a device's PASID table entry, found as the unit does */
static u64 entry_of(const struct end *end)
{
	u16 id = end->device.common.source_id;
	const u64 *context, *directory;

	context = end->sim->unit.tables.context[2 * (id >> 8)] + id * 4;
	directory = phys_to_virt(context[0] & SCTX_PTR);
	return *(u64 *)phys_to_virt(directory[0] & PDIR_PTR);
}

static void entries_say_so_while_the_domain_tracks(struct kunit *test)
{
	struct sim *one = new_unit(test, DIRTY_ECAP);
	struct sim *two = new_unit(test, DIRTY_ECAP);
	struct end *a = new_end(test, one, "a", 0x10);
	struct end *b = new_end(test, two, "b", 0x18);
	struct end *late = new_end(test, one, "late", 0x20);
	struct iommu_domain *domain = new_domain(test, a);
	unsigned long cached, iotlb;
	u64 entry;

	KUNIT_ASSERT_EQ(test, attach(a, domain), 0);
	KUNIT_ASSERT_EQ(test, attach(b, domain), 0);
	entry = entry_of(a);
	KUNIT_EXPECT_EQ(test, FIELD_GET(PASID_PGTT, entry), PGTT_SS);
	KUNIT_EXPECT_FALSE(test, entry & PASID_SLADE);
	cached = two->descs[QI_PASID_CACHE];
	iotlb = two->descs[QI_IOTLB] + two->descs[QI_PASID_IOTLB];
	KUNIT_ASSERT_EQ(test, domain->dirty_ops->set_dirty_tracking(domain,
								    true), 0);
	KUNIT_EXPECT_EQ(test, entry_of(a), entry | PASID_SLADE);
	KUNIT_EXPECT_TRUE(test, entry_of(b) & PASID_SLADE);
	KUNIT_EXPECT_EQ(test, two->descs[QI_PASID_CACHE], cached + 1);
	KUNIT_EXPECT_GT(test, two->descs[QI_IOTLB] +
			two->descs[QI_PASID_IOTLB], iotlb);
	/* A device that is attached later */
	KUNIT_ASSERT_EQ(test, attach(late, domain), 0);
	KUNIT_EXPECT_TRUE(test, entry_of(late) & PASID_SLADE);
	block(test, late);
	KUNIT_ASSERT_EQ(test, domain->dirty_ops->set_dirty_tracking(domain,
								    false), 0);
	KUNIT_EXPECT_EQ(test, entry_of(a), entry);
	KUNIT_EXPECT_FALSE(test, entry_of(b) & PASID_SLADE);
	KUNIT_EXPECT_EQ(test, two->descs[QI_PASID_CACHE], cached + 2);
	/* A detached device is not affected */
	KUNIT_EXPECT_FALSE(test, entry_of(late) & PASID_P);
	block(test, a);
	block(test, b);
	domain->ops->free(domain);
}

static void a_unit_that_cannot_track_is_refused(struct kunit *test)
{
	static const u64 lacks[] = {
		ECAP_SLADS, ECAP_SSTS, ECAP_C, ECAP_SMPWCS, ECAP_SMTS,
	};
	struct end *a = new_end(test, new_unit(test, DIRTY_ECAP), "a", 0x10);
	struct iommu_domain *domain = new_domain(test, a), *other;
	size_t i;

	KUNIT_EXPECT_TRUE(test, vtd_iommu_ops.capable(a->dev,
						      IOMMU_CAP_DIRTY_TRACKING));
	for (i = 0; i < ARRAY_SIZE(lacks); i++) {
		struct sim *sim = new_unit(test, DIRTY_ECAP & ~lacks[i]);
		struct end *b = new_end(test, sim, "b", 0x18);

		KUNIT_EXPECT_FALSE(test,
				   vtd_iommu_ops.capable(b->dev,
							 IOMMU_CAP_DIRTY_TRACKING));
		KUNIT_EXPECT_EQ(test, attach(b, domain), -EINVAL);
		other = try_domain(b);
		KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(other), -EOPNOTSUPP);
		kunit_device_unregister(test, b->dev);
	}
	/* A domain without dirty tracking */
	other = vtd_iommu_ops.domain_alloc_user(a->dev, 0, NULL, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(other));
	KUNIT_EXPECT_NULL(test, other->dirty_ops);
	other->ops->free(other);
	domain->ops->free(domain);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(entries_say_so_while_the_domain_tracks),
	KUNIT_CASE(a_unit_that_cannot_track_is_refused),
	{ }
};

static struct kunit_suite suite = {
	.name = "vtd_dirty_tracking",
	.test_cases = cases,
};
kunit_test_suite(suite);
