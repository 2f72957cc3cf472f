// SPDX-License-Identifier: GPL-2.0
/*
 * Device-TLBs on simulated units: who may use one, and what happens if one
 * cannot be invalidated.
 */
#include <kunit/test.h>
#include <linux/sizes.h>

#include "../../common/ring.h"
#include "../attach.h"
#include "../domain.h"
#include "../fault.h"
#include "../inval.h"
#include "sim.h"

#define RW	(IOMMU_READ | IOMMU_WRITE)
#define BAD	0x10
#define GOOD	0x18

/* Two devices in one domain; requests to the first one fail */
struct pair {
	struct sim *sim;
	struct amdvi_device *bad, *good;
	struct iommu_paging *domain;
};

static void forget_devices(void *arg)
{
	struct sim *sim = arg;

	xa_erase(&sim->unit.common.devices, BAD);
	xa_erase(&sim->unit.common.devices, GOOD);
}

static struct amdvi_device *make_device(struct kunit *test, struct sim *sim,
					const char *name, u16 id)
{
	struct amdvi_device *device = sim_device(test, sim, name, id);

	device->common.ats_supported = true;
	device->common.ats_depth = 1;
	device->common.pf_id = id;
	KUNIT_ASSERT_EQ(test, xa_insert(&sim->unit.common.devices, id,
					&device->common, GFP_KERNEL), 0);
	return device;
}

static void attach(struct kunit *test, struct amdvi_device *device,
		   struct iommu_paging *domain)
{
	KUNIT_ASSERT_EQ(test, amdvi_device_move(device, domain,
						domain ? AMDVI_HOST :
							 AMDVI_BLOCKED), 0);
}

static const struct amdvi_command all = { {
	FIELD_PREP_CONST(CMD_OPCODE, CMD_INVAL_ALL),
} };

static struct pair make_pair(struct kunit *test)
{
	struct pair pair;

	pair.sim = sim_create(test, 0);
	pair.bad = make_device(test, pair.sim, "bad", BAD);
	pair.good = make_device(test, pair.sim, "good", GOOD);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, forget_devices,
							pair.sim), 0);
	pair.domain = amdvi_domain_alloc(&pair.sim->unit, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(pair.domain));
	attach(test, pair.bad, pair.domain);
	attach(test, pair.good, pair.domain);
	pair.sim->nr_asked = 0;
	return pair;
}

static void free_pair(struct kunit *test, struct pair *pair)
{
	attach(test, pair->bad, NULL);
	attach(test, pair->good, NULL);
	pair->domain->domain.ops->free(&pair->domain->domain);
}

static int map_page(const struct pair *pair)
{
	const struct iommu_run run = { SZ_1G, SZ_4K };

	return iommu_paging_run_ops.map(&pair->domain->domain, SZ_2M, &run, 1,
					RW, GFP_KERNEL);
}

static void unmap_page(const struct pair *pair)
{
	struct iommu_pt_gather gather;

	iommu_pt_gather_init(&gather);
	iommu_paging_run_ops.unmap(&pair->domain->domain, SZ_2M, SZ_4K,
				   &gather);
	iommu_paging_run_ops.sync(&pair->domain->domain, &gather);
}

static void change(struct kunit *test, const struct pair *pair)
{
	KUNIT_ASSERT_EQ(test, map_page(pair), 0);
	unmap_page(pair);
}

/* Does the entry let requests pass that the device has translated? */
static bool passes(const struct pair *pair, const struct amdvi_device *device)
{
	u64 raw[4];

	amdvi_table_get(&pair->sim->unit, device->common.source_id, raw);
	return raw[1] & DTE1_I;
}

static unsigned int times_asked(const struct pair *pair, u16 id)
{
	unsigned int i, times = 0;

	for (i = 0; i < min(pair->sim->nr_asked, SIM_ASKED); i++)
		times += pair->sim->asked[i] == id;
	return times;
}

static void expect_barred(struct kunit *test, const struct pair *pair)
{
	const struct iommu_unit_device *bad = &pair->bad->common;

	KUNIT_EXPECT_TRUE(test, bad->ats_lost);
	KUNIT_EXPECT_TRUE(test, bad->ats_barred);
	KUNIT_EXPECT_FALSE(test, bad->ats_enabled);
	KUNIT_EXPECT_FALSE(test, passes(pair, pair->bad));
	KUNIT_EXPECT_FALSE(test, bad->cut_off);
	KUNIT_EXPECT_FALSE(test, pair->sim->unit.common.dead);
}

static void expect_untouched(struct kunit *test, const struct pair *pair)
{
	const struct iommu_unit_device *good = &pair->good->common;

	KUNIT_EXPECT_FALSE(test, good->ats_lost);
	KUNIT_EXPECT_TRUE(test, good->ats_enabled);
	KUNIT_EXPECT_TRUE(test, passes(pair, pair->good));
	KUNIT_EXPECT_FALSE(test, good->cut_off);
}

static void expect_left_alone(struct kunit *test, struct pair *pair)
{
	unsigned long entries = pair->sim->commands[CMD_INVAL_DEVTAB];

	KUNIT_EXPECT_EQ(test, times_asked(pair, BAD), 1);
	KUNIT_EXPECT_GE(test, times_asked(pair, GOOD), 1);
	pair->sim->nr_asked = 0;
	change(test, pair);
	KUNIT_EXPECT_EQ(test, times_asked(pair, BAD), 0);
	KUNIT_EXPECT_EQ(test, times_asked(pair, GOOD), 1);
	KUNIT_EXPECT_EQ(test, pair->sim->commands[CMD_INVAL_DEVTAB], entries);
}

static void translated_requests_pass_only_with_ats(struct kunit *test)
{
	struct pair pair = make_pair(test);

	expect_untouched(test, &pair);
	KUNIT_ASSERT_EQ(test, amdvi_device_move(pair.good, NULL,
						AMDVI_PASS_THROUGH), 0);
	KUNIT_EXPECT_FALSE(test, passes(&pair, pair.good));
	KUNIT_EXPECT_FALSE(test, pair.good->common.ats_enabled);
	attach(test, pair.good, pair.domain);
	expect_untouched(test, &pair);
	attach(test, pair.good, NULL);
	KUNIT_EXPECT_FALSE(test, passes(&pair, pair.good));
	pair.good->common.ats_supported = false;
	attach(test, pair.good, pair.domain);
	KUNIT_EXPECT_FALSE(test, passes(&pair, pair.good));
	free_pair(test, &pair);
}

static void a_refused_device_tlb_request_is_no_success(struct kunit *test)
{
	struct pair pair = make_pair(test);

	pair.sim->refused = BAD;
	change(test, &pair);
	expect_barred(test, &pair);
	expect_untouched(test, &pair);
	expect_left_alone(test, &pair);
	/* It gets no device-TLB again */
	attach(test, pair.bad, NULL);
	attach(test, pair.bad, pair.domain);
	expect_barred(test, &pair);
	free_pair(test, &pair);
}

/* The event that says so is read before the unmap returns */
static void a_mute_device_costs_itself(struct kunit *test)
{
	struct pair pair = make_pair(test);
	struct iommu_ring_counts counts;

	amdvi_events_install(&pair.sim->unit);
	WRITE_ONCE(pair.sim->mute, BAD);
	change(test, &pair);
	expect_barred(test, &pair);
	expect_untouched(test, &pair);
	expect_left_alone(test, &pair);
	amdvi_queue_count(&pair.sim->unit, &counts);
	KUNIT_EXPECT_EQ(test, counts.timeouts, 1);
	free_pair(test, &pair);
}

static void a_lost_device_tlb_stays_barred_while_entries_change(struct kunit *test)
{
	struct pair pair = make_pair(test);

	pair.sim->refused = BAD;
	change(test, &pair);
	mutex_lock(&pair.sim->unit.common.table_lock);
	pair.domain->ops->track(&pair.bad->common, true);
	mutex_unlock(&pair.sim->unit.common.table_lock);
	expect_barred(test, &pair);
	free_pair(test, &pair);
}

/* It was lost, and barred, after its entries permitted it and before ATS was enabled */
static void a_device_tlb_lost_before_it_is_enabled_is_disabled(struct kunit *test)
{
	struct pair pair = make_pair(test);

	pair.bad->common.ats_lost = true;
	pair.bad->common.ats_barred = true;
	change(test, &pair);
	KUNIT_EXPECT_FALSE(test, pair.bad->common.ats_enabled);
	expect_untouched(test, &pair);
	free_pair(test, &pair);
}

/* A dead unit costs those from whom memory is taken, before it is */
static void a_dead_unit_keeps_what_is_not_given_back(struct kunit *test)
{
	struct pair pair = make_pair(test);

	KUNIT_ASSERT_EQ(test, map_page(&pair), 0);
	KUNIT_ASSERT_EQ(test, amdvi_device_move(pair.good, NULL,
						AMDVI_PASS_THROUGH), 0);
	sim_die(pair.sim);
	KUNIT_EXPECT_EQ(test, amdvi_queue_run(&pair.sim->unit, &all, 1), -EIO);
	KUNIT_EXPECT_TRUE(test, pair.sim->unit.common.dead);
	KUNIT_EXPECT_FALSE(test, pair.bad->common.cut_off);
	unmap_page(&pair);
	KUNIT_EXPECT_TRUE(test, pair.bad->common.cut_off);
	KUNIT_EXPECT_FALSE(test, pair.good->common.cut_off);
	KUNIT_EXPECT_EQ(test, map_page(&pair), -EIO);
	attach(test, pair.good, NULL);
	KUNIT_EXPECT_FALSE(test, pair.good->common.cut_off);
	free_pair(test, &pair);
}

/* Whoever gives back memory of the domain meanwhile does not find the device */
static void a_unit_that_dies_during_an_attach_costs_the_device(struct kunit *test)
{
	struct pair pair = make_pair(test);

	attach(test, pair.good, NULL);
	sim_die(pair.sim);
	attach(test, pair.good, pair.domain);
	KUNIT_EXPECT_TRUE(test, pair.sim->unit.common.dead);
	KUNIT_EXPECT_TRUE(test, pair.good->common.cut_off);
	KUNIT_EXPECT_FALSE(test, pair.bad->common.cut_off);
	free_pair(test, &pair);
}

static void a_command_buffer_that_stands_still_again_is_given_up(struct kunit *test)
{
	struct pair pair = make_pair(test);
	struct iommu_ring_counts counts;

	WRITE_ONCE(pair.sim->hangs, true);
	KUNIT_EXPECT_EQ(test, amdvi_queue_run(&pair.sim->unit, &all, 1),
			-EAGAIN);
	KUNIT_EXPECT_EQ(test, amdvi_queue_run(&pair.sim->unit, &all, 1), -EIO);
	KUNIT_EXPECT_TRUE(test, pair.sim->unit.common.dead);
	amdvi_queue_count(&pair.sim->unit, &counts);
	KUNIT_EXPECT_EQ(test, counts.restarts, 1);
	free_pair(test, &pair);
}

static struct kunit_case ats_cases[] = {
	KUNIT_CASE(translated_requests_pass_only_with_ats),
	KUNIT_CASE(a_refused_device_tlb_request_is_no_success),
	KUNIT_CASE(a_mute_device_costs_itself),
	KUNIT_CASE(a_lost_device_tlb_stays_barred_while_entries_change),
	KUNIT_CASE(a_device_tlb_lost_before_it_is_enabled_is_disabled),
	KUNIT_CASE(a_dead_unit_keeps_what_is_not_given_back),
	KUNIT_CASE(a_unit_that_dies_during_an_attach_costs_the_device),
	KUNIT_CASE(a_command_buffer_that_stands_still_again_is_given_up),
	{ }
};

static struct kunit_suite ats_suite = {
	.name = "amdvi_ats",
	.test_cases = ats_cases,
};
kunit_test_suite(ats_suite);
