// SPDX-License-Identifier: GPL-2.0
/*
 * Device-TLBs on simulated units: who may use one, and what happens if one
 * cannot be invalidated.
 *
 * Tests call the operations of the IOMMU core, and check what the unit reads and
 * what it was asked.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/iommu_pt.h>
#include <linux/pci.h>
#include <linux/sizes.h>

#include "../../common/paging.h"
#include "../../common/ring.h"
#include "../device.h"
#include "../inval.h"
#include "../quirks.h"
#include "sim.h"

#define RW		(IOMMU_READ | IOMMU_WRITE)
#define SCALABLE	(SIM_ECAP | ECAP_SMTS | ECAP_SSTS)

/* A device with a device-TLB behind a unit */
struct end {
	struct vtd_device device;
	struct dev_iommu iommu;
	struct device *dev;
	struct sim *sim;
	char name[12];
};

static void free_unit_tables(void *arg)
{
	vtd_tables_destroy(arg);
}

static struct sim *make_unit(struct kunit *test, u64 ecap)
{
	struct sim *sim = sim_create(test, SIM_CAP, ecap);

	KUNIT_ASSERT_EQ(test, vtd_tables_create(&sim->unit), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_unit_tables,
							&sim->unit), 0);
	return sim;
}

static void forget_end(void *arg)
{
	struct end *end = arg;

	xa_erase(&end->sim->unit.common.devices,
		 end->device.common.source_id);
}

static struct end *make_end(struct kunit *test, struct sim *sim, u16 id)
{
	struct end *end = kunit_kzalloc(test, sizeof(*end), GFP_KERNEL);
	struct iommu_unit_device *common;
	static int number;

	KUNIT_ASSERT_NOT_NULL(test, end);
	common = &end->device.common;
	snprintf(end->name, sizeof(end->name), "ats%d", number++);
	end->dev = kunit_device_register(test, end->name);
	KUNIT_ASSERT_FALSE(test, IS_ERR(end->dev));
	end->sim = sim;
	common->dev = end->dev;
	common->unit = &sim->unit.common;
	common->source_id = id;
	common->alias = id;
	common->pf_id = 0x5a8;
	common->ats_depth = 1;
	common->ats_supported = true;
	end->dev->iommu = &end->iommu;
	end->iommu.priv = common;
	KUNIT_ASSERT_EQ(test, xa_insert(&sim->unit.common.devices, id, common,
					GFP_KERNEL), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, forget_end, end),
			0);
	return end;
}

static void attach(struct kunit *test, struct end *end,
		   struct iommu_domain *domain)
{
	KUNIT_ASSERT_EQ(test, domain->ops->attach_dev(domain, end->dev), 0);
}

static void block(struct kunit *test, struct end *end)
{
	attach(test, end, vtd_iommu_ops.blocked_domain);
}

static struct iommu_domain *make_domain(struct kunit *test, struct end *end)
{
	struct iommu_domain *domain =
		vtd_iommu_ops.domain_alloc_paging(end->dev);

	KUNIT_ASSERT_FALSE(test, IS_ERR(domain));
	return domain;
}

static void free_domain(struct iommu_domain *domain)
{
	domain->ops->free(domain);
}

static int map_at(struct iommu_domain *domain, unsigned long iova)
{
	const struct iommu_run run = { SZ_1G, SZ_4K };

	return iommu_paging_run_ops.map(domain, iova, &run, 1, RW, GFP_KERNEL);
}

static void unmap_at(struct iommu_domain *domain, unsigned long iova)
{
	struct iommu_pt_gather gather;

	iommu_pt_gather_init(&gather);
	iommu_paging_run_ops.unmap(domain, iova, SZ_4K, &gather);
	iommu_paging_run_ops.sync(domain, &gather);
}

static void change(struct kunit *test, struct iommu_domain *domain)
{
	KUNIT_ASSERT_EQ(test, map_at(domain, SZ_2M), 0);
	unmap_at(domain, SZ_2M);
}

/* Does the context entry let requests pass that the device has translated? */
static bool passes(const struct end *end)
{
	u16 id = end->device.common.source_id;
	struct vtd_unit *unit = &end->sim->unit;
	const u64 *table;

	if (unit->scalable) {
		table = unit->tables.context[2 * (id >> 8) + !!(id & 0x80)];
		return table && table[(id & 0x7f) * 4] & SCTX_DTE;
	}
	table = unit->tables.context[2 * (id >> 8)];
	return table && FIELD_GET(CTX_TT, table[(id & 0xff) * 2]) ==
			CTX_TT_SS_DT;
}

/* Index of the last descriptor of a type for a source-id in the log, or -1 */
static int last_of(const struct sim *sim, u64 type, u16 id)
{
	u64 field = type == QI_CONTEXT ? QI_CONTEXT_SID : QI_DEV_SID;
	int i;

	for (i = sim->logged - 1; i >= 0; i--)
		if (FIELD_GET(QI_TYPE, sim->log[i].q[0]) == type &&
		    (sim->log[i].q[0] & field) >> __ffs64(field) == id)
			return i;
	return -1;
}

static unsigned int nr_of(const struct sim *sim, u64 type, u16 id)
{
	unsigned int i, nr = 0;

	for (i = 0; i < sim->logged; i++)
		nr += FIELD_GET(QI_TYPE, sim->log[i].q[0]) == type &&
		      FIELD_GET(QI_DEV_SID, sim->log[i].q[0]) == id;
	return nr;
}

static void expect_barred(struct kunit *test, const struct end *end)
{
	KUNIT_EXPECT_TRUE(test, end->device.common.ats_lost);
	KUNIT_EXPECT_TRUE(test, end->device.common.ats_barred);
	KUNIT_EXPECT_FALSE(test, end->device.common.ats_enabled);
	KUNIT_EXPECT_FALSE(test, passes(end));
	/* It goes on without its device-TLB */
	KUNIT_EXPECT_FALSE(test, end->device.common.cut_off);
}

static void expect_untouched(struct kunit *test, const struct end *end)
{
	KUNIT_EXPECT_FALSE(test, end->device.common.ats_lost);
	KUNIT_EXPECT_TRUE(test, end->device.common.ats_enabled);
	KUNIT_EXPECT_TRUE(test, passes(end));
	KUNIT_EXPECT_FALSE(test, end->device.common.cut_off);
}

static void only_ats(struct kunit *test, u64 ecap)
{
	struct sim *sim = make_unit(test, ecap);
	struct end *with = make_end(test, sim, 0x10);
	struct end *without = make_end(test, sim, 0x18);
	struct iommu_domain *domains[2] = {
		make_domain(test, with), make_domain(test, with),
	};

	without->device.common.ats_supported = false;
	block(test, with);
	KUNIT_EXPECT_FALSE(test, passes(with));
	attach(test, with, vtd_iommu_ops.identity_domain);
	KUNIT_EXPECT_FALSE(test, passes(with));
	attach(test, without, domains[0]);
	KUNIT_EXPECT_FALSE(test, passes(without));
	sim->logged = 0;
	attach(test, with, domains[0]);
	KUNIT_EXPECT_TRUE(test, passes(with));
	KUNIT_EXPECT_TRUE(test, with->device.common.ats_enabled);
	KUNIT_EXPECT_GE(test, last_of(sim, QI_CONTEXT, 0x10), 0);
	attach(test, with, domains[1]);
	KUNIT_EXPECT_TRUE(test, passes(with));
	sim->logged = 0;
	attach(test, with, vtd_iommu_ops.identity_domain);
	KUNIT_EXPECT_FALSE(test, passes(with));
	KUNIT_EXPECT_FALSE(test, with->device.common.ats_enabled);
	/* Emptied, and then the unit forgets that it may be used */
	KUNIT_EXPECT_GE(test, last_of(sim, QI_DEV_IOTLB, 0x10), 0);
	KUNIT_EXPECT_GT(test, last_of(sim, QI_CONTEXT, 0x10),
			last_of(sim, QI_DEV_IOTLB, 0x10));
	attach(test, with, domains[1]);
	block(test, with);
	KUNIT_EXPECT_FALSE(test, passes(with));
	block(test, without);
	free_domain(domains[0]);
	free_domain(domains[1]);
}

static void translated_requests_pass_only_with_ats(struct kunit *test)
{
	only_ats(test, SIM_ECAP);
}

static void translated_requests_pass_only_with_ats_scalable(struct kunit *test)
{
	only_ats(test, SCALABLE);
}

static void faults_of_a_device_with_ats_can_be_quiet(struct kunit *test)
{
	struct sim *sim = make_unit(test, SCALABLE);
	struct end *end = make_end(test, sim, 0x10);
	struct iommu_domain *domain = make_domain(test, end);

	attach(test, end, domain);
	mutex_lock(&sim->unit.common.table_lock);
	vtd_tables_set_quiet(&sim->unit, 0x10, true);
	KUNIT_EXPECT_TRUE(test, passes(end));
	vtd_tables_permit(&sim->unit, 0x10, false);
	vtd_tables_set_quiet(&sim->unit, 0x10, false);
	mutex_unlock(&sim->unit.common.table_lock);
	KUNIT_EXPECT_FALSE(test, passes(end));
	block(test, end);
	free_domain(domain);
}

static void the_physical_function_is_named_where_it_counts(struct kunit *test)
{
	const struct {
		u64 ecap;
		u16 pf_id;
	} cases[] = { { SIM_ECAP, 0 }, { SIM_ECAP | ECAP_DIT, 0x5a8 } };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sim *sim = make_unit(test, cases[i].ecap);
		struct end *end = make_end(test, sim, 0x10);
		struct iommu_domain *domain = make_domain(test, end);
		int at;

		attach(test, end, domain);
		sim->logged = 0;
		change(test, domain);
		at = last_of(sim, QI_DEV_IOTLB, 0x10);
		KUNIT_ASSERT_GE(test, at, 0);
		KUNIT_EXPECT_EQ(test, FIELD_GET(QI_DEV_PFSID_LO,
						sim->log[at].q[0]),
				cases[i].pf_id & 0xf);
		KUNIT_EXPECT_EQ(test, FIELD_GET(QI_DEV_PFSID_HI,
						sim->log[at].q[0]),
				cases[i].pf_id >> 4);
		block(test, end);
		free_domain(domain);
	}
}

static void quickassist_is_asked_twice(struct kunit *test)
{
	static const struct {
		u16 vendor, device;
		bool twice;
	} models[] = {
		{ 0x8086, 0x493f }, { 0x8086, 0x4940, true },
		{ 0x8086, 0x4943, true }, { 0x8086, 0x4944 },
		{ 0x1022, 0x4940 },
	};
	struct sim *sim = make_unit(test, SIM_ECAP);
	struct end *end = make_end(test, sim, 0x10);
	struct iommu_domain *domain = make_domain(test, end);
	struct pci_dev *pdev = kunit_kzalloc(test, sizeof(*pdev), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, pdev);
	for (i = 0; i < ARRAY_SIZE(models); i++) {
		pdev->vendor = models[i].vendor;
		pdev->device = models[i].device;
		KUNIT_EXPECT_EQ(test, models[i].twice,
				vtd_quirk(pdev, VTD_QUIRK_DEVICE_TLB_TWICE));
	}
	attach(test, end, domain);
	sim->logged = 0;
	change(test, domain);
	KUNIT_EXPECT_EQ(test, nr_of(sim, QI_DEV_IOTLB, 0x10), 1);
	end->device.twice = true;
	sim->logged = 0;
	change(test, domain);
	KUNIT_EXPECT_EQ(test, nr_of(sim, QI_DEV_IOTLB, 0x10), 2);
	block(test, end);
	free_domain(domain);
}

/* Two devices in one domain; requests to the first one fail */
struct pair {
	struct sim *sim;
	struct end *bad, *good;
	struct iommu_domain *domain;
};

#define BAD	0x10
#define GOOD	0x18

static struct pair make_pair(struct kunit *test, u64 ecap)
{
	struct pair pair;

	pair.sim = make_unit(test, ecap);
	pair.bad = make_end(test, pair.sim, BAD);
	pair.good = make_end(test, pair.sim, GOOD);
	pair.domain = make_domain(test, pair.bad);
	attach(test, pair.good, pair.domain);
	attach(test, pair.bad, pair.domain);
	pair.sim->logged = 0;
	return pair;
}

static void free_pair(struct kunit *test, struct pair *pair)
{
	block(test, pair->bad);
	block(test, pair->good);
	free_domain(pair->domain);
}

/* The unmap has returned: the unit has taken in that it may not be used */
static void expect_barred_in_time(struct kunit *test, struct pair *pair)
{
	struct iommu_ring_counts counts;
	unsigned int logged;

	expect_barred(test, pair->bad);
	KUNIT_EXPECT_GT(test, last_of(pair->sim, QI_CONTEXT, BAD),
			last_of(pair->sim, QI_DEV_IOTLB, BAD));
	KUNIT_EXPECT_FALSE(test, pair->sim->unit.common.dead);
	/* From then on it is left alone, and the other one is asked */
	pair->sim->logged = 0;
	change(test, pair->domain);
	logged = nr_of(pair->sim, QI_DEV_IOTLB, BAD);
	KUNIT_EXPECT_EQ(test, logged, 0);
	vtd_queue_count(&pair->sim->unit, &counts);
	KUNIT_EXPECT_LE(test, counts.errors + counts.timeouts, 1);
}

static void refuse(struct kunit *test, u64 ecap)
{
	struct pair pair = make_pair(test, ecap);

	pair.sim->refused = BAD;
	change(test, pair.domain);
	expect_barred_in_time(test, &pair);
	expect_untouched(test, pair.good);
	KUNIT_EXPECT_EQ(test, nr_of(pair.sim, QI_DEV_IOTLB, GOOD), 1);
	/* It gets no device-TLB again */
	block(test, pair.bad);
	attach(test, pair.bad, pair.domain);
	expect_barred(test, pair.bad);
	free_pair(test, &pair);
}

static void a_refused_device_tlb_request_is_no_success(struct kunit *test)
{
	refuse(test, SIM_ECAP);
}

static void a_refused_device_tlb_request_is_no_success_scalable(struct kunit *test)
{
	refuse(test, SCALABLE);
}

static void a_mute_device_costs_itself(struct kunit *test)
{
	struct pair pair = make_pair(test, SCALABLE);

	WRITE_ONCE(pair.sim->mute, BAD);
	change(test, pair.domain);
	expect_barred_in_time(test, &pair);
	expect_untouched(test, pair.good);
	free_pair(test, &pair);
}

/* Older units leave it open who has not answered */
static void a_nameless_mute_device_ends(struct kunit *test)
{
	struct pair pair = make_pair(test, SIM_ECAP);
	struct end *other = make_end(test, pair.sim, 0x20);
	struct iommu_domain *domain = make_domain(test, other);

	attach(test, other, domain);
	pair.sim->nameless = true;
	WRITE_ONCE(pair.sim->mute, BAD);
	change(test, pair.domain);
	expect_barred_in_time(test, &pair);
	expect_barred(test, pair.good);
	/* No request to it was among those dropped */
	change(test, domain);
	expect_untouched(test, other);
	block(test, other);
	free_domain(domain);
	free_pair(test, &pair);
}

/* PCI Express gives a device 90 s */
static void a_slow_device_is_waited_for(struct kunit *test)
{
	struct pair pair = make_pair(test, SIM_ECAP);
	struct iommu_ring_counts counts;

	pair.sim->slow_s = 90;
	WRITE_ONCE(pair.sim->slow, BAD);
	change(test, pair.domain);
	expect_untouched(test, pair.bad);
	expect_untouched(test, pair.good);
	vtd_queue_count(&pair.sim->unit, &counts);
	KUNIT_EXPECT_EQ(test, counts.restarts, 0);
	KUNIT_EXPECT_FALSE(test, pair.sim->unit.common.dead);
	WRITE_ONCE(pair.sim->slow, 0);
	free_pair(test, &pair);
}

/* A unit that waits for ever, and does not say so */
static void a_device_that_blocks_the_queue_costs_itself(struct kunit *test)
{
	struct pair pair = make_pair(test, SIM_ECAP);
	struct end *other = make_end(test, pair.sim, 0x20);
	struct iommu_domain *domain = make_domain(test, other);
	struct iommu_ring_counts counts;

	attach(test, other, domain);
	pair.sim->slow_s = UINT_MAX;
	WRITE_ONCE(pair.sim->slow, BAD);
	change(test, pair.domain);
	expect_barred(test, pair.bad);
	/* The unit does not say who it was */
	expect_barred(test, pair.good);
	expect_untouched(test, other);
	change(test, domain);
	expect_untouched(test, other);
	vtd_queue_count(&pair.sim->unit, &counts);
	KUNIT_EXPECT_EQ(test, counts.restarts, 1);
	KUNIT_EXPECT_FALSE(test, pair.sim->unit.common.dead);
	block(test, other);
	free_domain(domain);
	free_pair(test, &pair);
}

static void a_queue_that_stands_still_again_is_given_up(struct kunit *test)
{
	struct pair pair = make_pair(test, SIM_ECAP);
	struct iommu_ring_counts counts;

	WRITE_ONCE(pair.sim->hangs, true);
	KUNIT_EXPECT_EQ(test, vtd_inval_domain(&pair.sim->unit, 1, false),
			-EIO);
	KUNIT_EXPECT_TRUE(test, pair.sim->unit.common.dead);
	vtd_queue_count(&pair.sim->unit, &counts);
	KUNIT_EXPECT_EQ(test, counts.restarts, 1);
	free_pair(test, &pair);
}

/* It was lost, and barred, after its entries permitted it and before ATS was enabled */
static void a_device_tlb_lost_before_it_is_enabled_is_disabled(struct kunit *test)
{
	struct sim *sim = make_unit(test, SIM_ECAP);
	struct end *end = make_end(test, sim, 0x10);
	struct iommu_domain *domain = make_domain(test, end);

	attach(test, end, domain);
	end->device.common.ats_lost = true;
	end->device.common.ats_barred = true;
	change(test, domain);
	KUNIT_EXPECT_FALSE(test, end->device.common.ats_enabled);
	block(test, end);
	free_domain(domain);
}

/* A dead unit costs those from whom memory is taken, before it is */
static void a_dead_unit_keeps_what_is_not_given_back(struct kunit *test)
{
	struct pair pair = make_pair(test, SIM_ECAP);
	struct end *other = make_end(test, pair.sim, 0x20);
	struct end *identity = make_end(test, pair.sim, 0x28);
	struct iommu_domain *domain = make_domain(test, other);

	attach(test, other, domain);
	attach(test, identity, vtd_iommu_ops.identity_domain);
	KUNIT_ASSERT_EQ(test, map_at(pair.domain, SZ_2M), 0);
	KUNIT_ASSERT_EQ(test, map_at(domain, SZ_2M), 0);
	sim_die(pair.sim);
	KUNIT_EXPECT_EQ(test, vtd_inval_domain(&pair.sim->unit, 1, false),
			-EIO);
	KUNIT_EXPECT_FALSE(test, pair.bad->device.common.cut_off);
	unmap_at(pair.domain, SZ_2M);
	KUNIT_EXPECT_TRUE(test, pair.bad->device.common.cut_off);
	KUNIT_EXPECT_TRUE(test, pair.good->device.common.cut_off);
	KUNIT_EXPECT_EQ(test, map_at(pair.domain, SZ_2M), -EIO);
	KUNIT_EXPECT_FALSE(test, other->device.common.cut_off);
	KUNIT_EXPECT_EQ(test, map_at(domain, SZ_4M), 0);
	/* Its domain lets go of memory later */
	block(test, other);
	KUNIT_EXPECT_TRUE(test, other->device.common.cut_off);
	block(test, identity);
	KUNIT_EXPECT_FALSE(test, identity->device.common.cut_off);
	free_domain(domain);
	free_pair(test, &pair);
}

/* A real PCI device, of which the PCI core says that it is gone */
static void a_device_that_is_gone_is_not_asked(struct kunit *test)
{
	struct pair pair = make_pair(test, SIM_ECAP);
	struct pci_dev *pdev = pci_get_device(PCI_ANY_ID, PCI_ANY_ID, NULL);
	struct iommu_unit_device *common = &pair.bad->device.common;
	pci_channel_state_t state;

	if (!pdev)
		kunit_skip(test, "no PCI device");
	state = pdev->error_state;
	/* ATS is enabled in a device that does not exist: nothing to disable */
	common->ats_enabled = false;
	common->dev = &pdev->dev;
	pdev->error_state = pci_channel_io_perm_failure;
	change(test, pair.domain);
	KUNIT_EXPECT_EQ(test, nr_of(pair.sim, QI_DEV_IOTLB, BAD), 0);
	KUNIT_EXPECT_EQ(test, nr_of(pair.sim, QI_DEV_IOTLB, GOOD), 1);
	pdev->error_state = state;
	common->dev = pair.bad->dev;
	pci_dev_put(pdev);
	expect_barred(test, pair.bad);
	expect_untouched(test, pair.good);
	free_pair(test, &pair);
}

static struct kunit_case ats_cases[] = {
	KUNIT_CASE(translated_requests_pass_only_with_ats),
	KUNIT_CASE(translated_requests_pass_only_with_ats_scalable),
	KUNIT_CASE(faults_of_a_device_with_ats_can_be_quiet),
	KUNIT_CASE(the_physical_function_is_named_where_it_counts),
	KUNIT_CASE(quickassist_is_asked_twice),
	KUNIT_CASE(a_refused_device_tlb_request_is_no_success),
	KUNIT_CASE(a_refused_device_tlb_request_is_no_success_scalable),
	KUNIT_CASE(a_mute_device_costs_itself),
	KUNIT_CASE(a_nameless_mute_device_ends),
	KUNIT_CASE(a_slow_device_is_waited_for),
	KUNIT_CASE(a_device_that_blocks_the_queue_costs_itself),
	KUNIT_CASE(a_queue_that_stands_still_again_is_given_up),
	KUNIT_CASE(a_device_tlb_lost_before_it_is_enabled_is_disabled),
	KUNIT_CASE_SLOW(a_dead_unit_keeps_what_is_not_given_back),
	KUNIT_CASE(a_device_that_is_gone_is_not_asked),
	{ }
};

static struct kunit_suite ats_suite = {
	.name = "vtd_ats",
	.test_cases = ats_cases,
};
kunit_test_suite(ats_suite);
