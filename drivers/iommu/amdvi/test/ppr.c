// SPDX-License-Identifier: GPL-2.0
/*
 * Page requests, on simulated units.
 */
#include <kunit/test.h>

#include "sim.h"

#define DEVICE		0x18
#define REQUEST		(1ULL << 60)
#define LAST		(1ULL << 41)
#define WANTS_READ	(1ULL << 50)
#define WANTS_WRITE	(1ULL << 53)
#define PASID		(1ULL << 56)
#define GROUP(n)	((u64)(n) << 32)

/* A unit that logs, with one device behind it */
static struct sim *sim_with_device(struct kunit *test)
{
	struct sim *sim = sim_create(test, 0);
	struct amdvi_device *device = sim_device(test, sim, "a", DEVICE);

	KUNIT_ASSERT_FALSE(test,
			   xa_is_err(xa_store(&sim->unit.common.devices, DEVICE,
					      device, GFP_KERNEL)));
	amdvi_events_install(&sim->unit);
	return sim;
}

static void put(struct sim *sim, unsigned int slot, u64 lo, u64 hi)
{
	sim_log(&sim->unit.ppr.log, slot, lo, hi);
}

/* Set the tail, and wait until the log is read */
static void see_to(struct sim *sim, unsigned int tail)
{
	sim_write(sim, AMDVI_PPR_TAIL, tail * RING_ENTRY_BYTES);
	iommu_faults_drain(&sim->unit.common.faults);
	flush_delayed_work(&sim->unit.ppr.work);
}

static void requests_that_want_a_response_get_failure(struct kunit *test)
{
	struct sim *sim = sim_with_device(test);
	struct amdvi_ppr *ppr = &sim->unit.ppr;
	unsigned long waits;

	put(sim, 0, REQUEST | DEVICE | WANTS_READ | GROUP(5), 0x1000);
	put(sim, 1, REQUEST | DEVICE | WANTS_READ | GROUP(5) | LAST, 0x2000);
	/* PASID a1234h, group 1abh, the last one, read and write */
	put(sim, 2, 0x11242bab12340000 | DEVICE, 0x3000);
	/* A marker that a PASID is no longer used */
	put(sim, 3, REQUEST | DEVICE | PASID | LAST, 0);
	waits = sim->commands[CMD_COMPLETION_WAIT];
	see_to(sim, 4);
	KUNIT_EXPECT_EQ(test, ppr->requests, 4);
	KUNIT_EXPECT_EQ(test, ppr->answered, 2);
	KUNIT_EXPECT_EQ(test, ppr->unknown, 0);
	KUNIT_ASSERT_EQ(test, sim->commands[CMD_COMPLETE_PPR], 2);
	KUNIT_EXPECT_EQ(test, sim->commands[CMD_COMPLETION_WAIT], waits + 1);
	KUNIT_EXPECT_EQ(test, sim->answers[0].q[0], 7ULL << 60 | DEVICE);
	KUNIT_EXPECT_EQ(test, sim->answers[0].q[1], 0xf00500000000);
	KUNIT_EXPECT_EQ(test, sim->answers[1].q[0],
			7ULL << 60 | 0xa1234ULL << 32 | DEVICE);
	KUNIT_EXPECT_EQ(test, sim->answers[1].q[1], 0xf1ab00000004);
	KUNIT_EXPECT_EQ(test, sim_read(sim, AMDVI_PPR_HEAD),
			4 * RING_ENTRY_BYTES);
}

static void a_full_log_costs_one_wait_per_batch(struct kunit *test)
{
	struct sim *sim = sim_with_device(test);
	unsigned long waits = sim->commands[CMD_COMPLETION_WAIT];
	unsigned int i;

	for (i = 0; i < AMDVI_LOG_SLOTS - 1; i++)
		put(sim, i, REQUEST | DEVICE | WANTS_READ | LAST | GROUP(i), 0);
	see_to(sim, AMDVI_LOG_SLOTS - 1);
	KUNIT_EXPECT_EQ(test, sim->unit.ppr.answered, AMDVI_LOG_SLOTS - 1);
	KUNIT_EXPECT_EQ(test, sim->commands[CMD_COMPLETION_WAIT],
			waits + AMDVI_LOG_SLOTS / AMDVI_BATCH_MAX);
	/* In the order of the requests, also across the end of the ring */
	for (i = 0; i < AMDVI_LOG_SLOTS - 1; i++)
		KUNIT_ASSERT_EQ(test, sim->answers[i].q[1] >> 32 & 0x1ff, i);
	for (i = AMDVI_LOG_SLOTS - 1; i < AMDVI_LOG_SLOTS + 40; i++)
		put(sim, i % AMDVI_LOG_SLOTS,
		    REQUEST | DEVICE | WANTS_READ | LAST, 0);
	see_to(sim, 40);
	KUNIT_EXPECT_EQ(test, sim->unit.ppr.answered, AMDVI_LOG_SLOTS + 40);
}

static void logging_goes_on_after_an_overflow(struct kunit *test)
{
	struct sim *sim = sim_with_device(test);
	struct amdvi_ppr *ppr = &sim->unit.ppr;
	unsigned int i;

	for (i = 0; i < AMDVI_LOG_SLOTS - 1; i++)
		put(sim, i, REQUEST | DEVICE | WANTS_READ | LAST, 0);
	sim_write(sim, AMDVI_STATUS, STATUS_CMD_RUN | STATUS_PPR_OVERFLOW);
	see_to(sim, AMDVI_LOG_SLOTS - 1);
	KUNIT_EXPECT_EQ(test, ppr->overflows, 1);
	KUNIT_EXPECT_EQ(test, ppr->answered, AMDVI_LOG_SLOTS - 1);
	KUNIT_EXPECT_TRUE(test, sim_read(sim, AMDVI_CONTROL) &
				CONTROL_PPR_LOG_EN);
	KUNIT_EXPECT_EQ(test, sim_read(sim, AMDVI_PPR_HEAD), 0);
	KUNIT_EXPECT_EQ(test, sim_read(sim, AMDVI_PPR_TAIL), 0);
	sim_write(sim, AMDVI_STATUS, STATUS_CMD_RUN);
	put(sim, 0, REQUEST | DEVICE | WANTS_READ | LAST, 0);
	see_to(sim, 1);
	KUNIT_EXPECT_EQ(test, ppr->answered, AMDVI_LOG_SLOTS);
	KUNIT_EXPECT_EQ(test, ppr->overflows, 1);
}

static void hostile_entries_get_no_answer(struct kunit *test)
{
	struct sim *sim = sim_with_device(test);
	struct amdvi_ppr *ppr = &sim->unit.ppr;

	put(sim, 0, ~0ULL, ~0ULL);
	put(sim, 1, 2ULL << 60 | DEVICE | WANTS_READ | LAST, 0);
	/* Source-ids that are no device */
	put(sim, 2, REQUEST | 0x19 | WANTS_READ | LAST, 0);
	put(sim, 3, REQUEST | 0xffff | WANTS_READ | WANTS_WRITE | LAST, ~0ULL);
	/* One that never arrives */
	put(sim, 5, REQUEST | DEVICE | WANTS_WRITE | LAST, 0);
	see_to(sim, 6);
	/* It is skipped after a wait, and the work continues */
	flush_delayed_work(&ppr->work);
	KUNIT_EXPECT_EQ(test, ppr->malformed, 2);
	KUNIT_EXPECT_EQ(test, ppr->requests, 3);
	KUNIT_EXPECT_EQ(test, ppr->unknown, 2);
	KUNIT_EXPECT_EQ(test, ppr->answered, 1);
	KUNIT_EXPECT_EQ(test, sim->commands[CMD_COMPLETE_PPR], 1);
	KUNIT_EXPECT_FALSE(test, sim->unit.common.dead);
	/* A tail beyond the ring */
	put(sim, 6, REQUEST | DEVICE | WANTS_WRITE | LAST, 0);
	sim_write(sim, AMDVI_PPR_TAIL, RING_POINTER);
	iommu_faults_drain(&sim->unit.common.faults);
	flush_delayed_work(&ppr->work);
	KUNIT_EXPECT_EQ(test, ppr->answered, 2);
	KUNIT_EXPECT_FALSE(test, sim->unit.common.dead);
}

static void automatic_responses_are_enabled_if_supported(struct kunit *test)
{
	struct sim *sim = sim_with_device(test);

	KUNIT_EXPECT_FALSE(test, sim_read(sim, AMDVI_CONTROL) &
				 CONTROL_PPR_AUTO_RSP_EN);
	sim->unit.efr |= EFR_PPR_AUTO_RSP_SUP;
	amdvi_events_install(&sim->unit);
	KUNIT_EXPECT_TRUE(test, sim_read(sim, AMDVI_CONTROL) &
				CONTROL_PPR_AUTO_RSP_EN);
	KUNIT_EXPECT_EQ(test, sim_read(sim, AMDVI_PPR_AUTO_RSP), 15);
	KUNIT_EXPECT_EQ(test, sim_read(sim, AMDVI_CONTROL) &
			      (CONTROL_PPR_LOG_EN | CONTROL_PPR_EN),
			CONTROL_PPR_LOG_EN | CONTROL_PPR_EN);
}

static void a_unit_that_does_not_answer_is_dead(struct kunit *test)
{
	struct sim *sim = sim_with_device(test);

	put(sim, 0, REQUEST | DEVICE | WANTS_READ | LAST, 0);
	sim_die(sim);
	see_to(sim, 1);
	KUNIT_EXPECT_TRUE(test, sim->unit.common.dead);
	KUNIT_EXPECT_EQ(test, sim->unit.ppr.requests, 1);
	KUNIT_EXPECT_EQ(test, sim->unit.ppr.answered, 0);
	/* It gets no further commands */
	put(sim, 1, REQUEST | DEVICE | WANTS_READ | LAST, 0);
	see_to(sim, 2);
	KUNIT_EXPECT_EQ(test, sim->unit.ppr.requests, 1);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(requests_that_want_a_response_get_failure),
	KUNIT_CASE(a_full_log_costs_one_wait_per_batch),
	KUNIT_CASE(logging_goes_on_after_an_overflow),
	KUNIT_CASE(hostile_entries_get_no_answer),
	KUNIT_CASE(automatic_responses_are_enabled_if_supported),
	KUNIT_CASE(a_unit_that_does_not_answer_is_dead),
	{ }
};

static struct kunit_suite suite = {
	.name = "amdvi_page_requests",
	.test_cases = cases,
};
kunit_test_suite(suite);
