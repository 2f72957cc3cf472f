// SPDX-License-Identifier: GPL-2.0
/*
 * How the driver handles units that misbehave, with simulated units; and, if
 * the driver has a real unit, how that one handles a driver that misbehaves.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/kthread.h>
#include <linux/module.h>

#include "../../common/ring.h"
#include "../apic.h"
#include "../device.h"
#include "../inval.h"
#include "../regs.h"
#include "sim.h"

static struct vtd_desc domain_desc(u16 id)
{
	return (struct vtd_desc){ {
		FIELD_PREP(QI_TYPE, QI_IOTLB) |
			FIELD_PREP(QI_GRAN, GRAN_DOMAIN) |
			FIELD_PREP(QI_IOTLB_DID, id),
	} };
}

static struct vtd_desc unknown_desc(void)
{
	return (struct vtd_desc){ { FIELD_PREP(QI_TYPE, 0xe) } };
}

static struct vtd_desc device_desc(u16 source_id)
{
	return (struct vtd_desc){ {
		FIELD_PREP(QI_TYPE, QI_DEV_IOTLB) |
			FIELD_PREP(QI_DEV_SID, source_id),
	} };
}

static void every_descriptor_is_done_when_its_request_returns(struct kunit *test)
{
	struct sim *sim = sim_create(test, SIM_CAP, SIM_ECAP);
	struct vtd_desc descs[VTD_BATCH_MAX];
	unsigned long sent = 0;
	unsigned int i;

	for (i = 0; i < VTD_BATCH_MAX; i++)
		descs[i] = domain_desc(i);
	/* Wraps around the ring many times, with batches of all sizes */
	for (i = 0; i < 300; i++) {
		unsigned int nr = i % VTD_BATCH_MAX + 1;

		KUNIT_ASSERT_EQ(test, vtd_queue_run(&sim->unit, descs, nr), 0);
		sent += nr;
		KUNIT_ASSERT_EQ(test, sim->descs[QI_IOTLB], sent);
	}
	KUNIT_EXPECT_FALSE(test, sim->unordered);
}

/* As firmware may leave it after sleep: what is in its ring is old */
static void a_queue_that_is_enabled_already_starts_anew(struct kunit *test)
{
	struct sim *sim = sim_create(test, SIM_CAP, SIM_ECAP);
	struct vtd_desc desc = domain_desc(1);
	unsigned int i;

	for (i = 1; i <= 10; i++)
		KUNIT_ASSERT_EQ(test, vtd_queue_run(&sim->unit, &desc, 1), 0);
	KUNIT_ASSERT_EQ(test, vtd_queue_enable(&sim->unit), 0);
	for (; i <= 20; i++) {
		KUNIT_ASSERT_EQ(test, vtd_queue_run(&sim->unit, &desc, 1), 0);
		KUNIT_ASSERT_EQ(test, sim->descs[QI_IOTLB], i);
	}
	KUNIT_EXPECT_FALSE(test, sim->unit.common.dead);
}

/* A thread that sends requests, at the same time as others */
struct sender {
	struct vtd_unit *unit;
	struct task_struct *thread;
	struct vtd_desc desc;
	atomic_t *running;
	unsigned int rounds;
	unsigned int again;
	int error;
};

static int send(void *arg)
{
	struct sender *sender = arg;
	unsigned int i;
	int ret;

	for (i = 0; i < sender->rounds && !sender->error; i++) {
		do {
			ret = vtd_queue_run(sender->unit, &sender->desc, 1);
			sender->again += ret == -EAGAIN;
			cond_resched();
		} while (ret == -EAGAIN);
		sender->error = ret;
	}
	atomic_dec(sender->running);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

#define SENDERS	4

static void start_senders(struct kunit *test, struct sim *sim,
			  struct sender *senders, atomic_t *running,
			  unsigned int rounds)
{
	unsigned int cpus = num_online_cpus(), i;

	atomic_set(running, SENDERS);
	for (i = 0; i < SENDERS; i++) {
		senders[i] = (struct sender){
			.unit = &sim->unit,
			.desc = domain_desc(i + 1),
			.running = running,
			.rounds = rounds,
		};
		senders[i].thread = kthread_create(send, &senders[i], "send%u",
						   i);
		KUNIT_ASSERT_FALSE(test, IS_ERR(senders[i].thread));
		/* Any CPU except the unit's */
		kthread_bind(senders[i].thread,
			     cpus > 2 && i % 2 ? cpus - 1 : 0);
	}
	for (i = 0; i < SENDERS; i++)
		wake_up_process(senders[i].thread);
}

static void join_senders(struct sender *senders, atomic_t *running)
{
	unsigned int i;

	while (atomic_read(running))
		schedule_timeout_uninterruptible(1);
	for (i = 0; i < SENDERS; i++)
		kthread_stop(senders[i].thread);
}

static void many_cpus_share_the_queue(struct kunit *test)
{
	struct sim *sim = sim_create(test, SIM_CAP, SIM_ECAP);
	struct sender senders[SENDERS];
	atomic_t running;
	unsigned int i;

	start_senders(test, sim, senders, &running, 500);
	join_senders(senders, &running);
	for (i = 0; i < SENDERS; i++)
		KUNIT_EXPECT_EQ(test, senders[i].error, 0);
	KUNIT_EXPECT_EQ(test, sim->descs[QI_IOTLB], SENDERS * 500);
	KUNIT_EXPECT_EQ(test, sim->descs[QI_WAIT], SENDERS * 500);
	KUNIT_EXPECT_FALSE(test, sim->unordered);
}

/* IQE: all other descriptors are carried out, but the request has failed */
static void a_refused_descriptor_is_no_success(struct kunit *test)
{
	struct sim *sim = sim_create(test, SIM_CAP, SIM_ECAP);
	struct vtd_desc descs[3] = {
		domain_desc(1), unknown_desc(), domain_desc(2),
	};
	struct iommu_ring_counts counts;

	KUNIT_EXPECT_EQ(test, vtd_queue_run(&sim->unit, descs, 3), -EAGAIN);
	KUNIT_EXPECT_EQ(test, sim->descs[QI_IOTLB], 2);
	KUNIT_EXPECT_EQ(test, vtd_queue_run(&sim->unit, descs, 1), 0);
	KUNIT_EXPECT_EQ(test, sim->descs[QI_IOTLB], 3);
	vtd_queue_count(&sim->unit, &counts);
	KUNIT_EXPECT_EQ(test, counts.errors, 1);
	KUNIT_EXPECT_EQ(test, sim->errors, 0U);
	KUNIT_EXPECT_FALSE(test, sim->unit.common.dead);
}

static void a_refused_descriptor_is_nothing_to_others(struct kunit *test)
{
	struct sim *sim = sim_create(test, SIM_CAP, SIM_ECAP);
	struct vtd_desc unknown = unknown_desc();
	struct sender senders[SENDERS];
	struct iommu_ring_counts counts;
	unsigned int i, again = 0;
	atomic_t running;

	start_senders(test, sim, senders, &running, 200);
	for (i = 0; i < 20; i++)
		KUNIT_EXPECT_EQ(test, vtd_queue_run(&sim->unit, &unknown, 1),
				-EAGAIN);
	join_senders(senders, &running);
	for (i = 0; i < SENDERS; i++) {
		KUNIT_EXPECT_EQ(test, senders[i].error, 0);
		again += senders[i].again;
	}
	vtd_queue_count(&sim->unit, &counts);
	KUNIT_EXPECT_EQ(test, counts.errors, 20);
	/* Requests that were in the ring with it are sent again */
	KUNIT_EXPECT_EQ(test, sim->descs[QI_IOTLB], SENDERS * 200 + again);
	KUNIT_EXPECT_FALSE(test, sim->unordered);
}

#define MUTE	0x28

static void forget_device(void *arg)
{
	struct sim *sim = arg;

	xa_erase(&sim->unit.common.devices, MUTE);
}

/* A device behind the unit, with the fields that the queue uses */
static struct vtd_device *make_device(struct kunit *test, struct sim *sim)
{
	struct vtd_device *device = kunit_kzalloc(test, sizeof(*device),
						  GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, device);
	device->common.dev = kunit_device_register(test, "mute");
	KUNIT_ASSERT_FALSE(test, IS_ERR(device->common.dev));
	device->common.unit = &sim->unit.common;
	device->common.source_id = MUTE;
	KUNIT_ASSERT_EQ(test, xa_insert(&sim->unit.common.devices, MUTE, device,
					GFP_KERNEL), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, forget_device,
							sim), 0);
	return device;
}

/* ITE: the request must be sent again without the device, whose ATS is lost */
static void a_device_that_does_not_answer_loses_its_tlb(struct kunit *test)
{
	struct sim *sim = sim_create(test, SIM_CAP, SIM_ECAP);
	struct vtd_device *device = make_device(test, sim);
	struct vtd_desc descs[2] = { domain_desc(1), device_desc(MUTE) };
	struct iommu_ring_counts counts;

	KUNIT_EXPECT_EQ(test, vtd_queue_run(&sim->unit, descs, 2), 0);
	KUNIT_EXPECT_FALSE(test, device->common.ats_lost);
	WRITE_ONCE(sim->mute, MUTE);
	KUNIT_EXPECT_EQ(test, vtd_queue_run(&sim->unit, descs, 2), -EAGAIN);
	KUNIT_EXPECT_TRUE(test, device->common.ats_lost);
	KUNIT_EXPECT_EQ(test, sim->errors, 0U);
	KUNIT_EXPECT_EQ(test, vtd_queue_run(&sim->unit, descs, 1), 0);
	vtd_queue_count(&sim->unit, &counts);
	KUNIT_EXPECT_EQ(test, counts.timeouts, 1);
	KUNIT_EXPECT_FALSE(test, sim->unit.common.dead);
}

/* Requests that the unit dropped when the device timed out are sent again */
static void a_device_that_does_not_answer_loses_nothing_of_others(struct kunit *test)
{
	struct sim *sim = sim_create(test, SIM_CAP, SIM_ECAP);
	struct vtd_desc desc = device_desc(MUTE);
	struct sender senders[SENDERS];
	struct iommu_ring_counts counts;
	unsigned int i, again = 0;
	atomic_t running;

	make_device(test, sim);
	WRITE_ONCE(sim->mute, MUTE);
	start_senders(test, sim, senders, &running, 200);
	for (i = 0; i < 20; i++)
		KUNIT_EXPECT_EQ(test, vtd_queue_run(&sim->unit, &desc, 1),
				-EAGAIN);
	join_senders(senders, &running);
	for (i = 0; i < SENDERS; i++) {
		KUNIT_EXPECT_EQ(test, senders[i].error, 0);
		again += senders[i].again;
	}
	vtd_queue_count(&sim->unit, &counts);
	KUNIT_EXPECT_EQ(test, counts.timeouts, 20);
	/* Each request of the other senders was carried out at least once */
	KUNIT_EXPECT_GE(test, sim->descs[QI_IOTLB], SENDERS * 200);
	KUNIT_EXPECT_LE(test, sim->descs[QI_IOTLB], SENDERS * 200 + again);
	KUNIT_EXPECT_FALSE(test, sim->unit.common.dead);
}

/* ICE: cleared and logged, without other effects */
static void a_completion_that_nobody_waits_for_does_no_harm(struct kunit *test)
{
	struct sim *sim = sim_create(test, SIM_CAP, SIM_ECAP);
	struct vtd_desc descs[2] = { device_desc(MUTE), domain_desc(1) };

	sim->stray = MUTE;
	KUNIT_EXPECT_EQ(test, vtd_queue_run(&sim->unit, descs, 2), 0);
	KUNIT_EXPECT_EQ(test, sim->descs[QI_IOTLB], 1);
	KUNIT_EXPECT_EQ(test, sim->errors, 0U);
}

static void a_silent_queue_is_given_up(struct kunit *test)
{
	struct sim *sim = sim_create(test, SIM_CAP, SIM_ECAP);
	struct vtd_desc desc = domain_desc(1);
	struct iommu_ring_counts before, after;

	sim_die(sim);
	KUNIT_EXPECT_EQ(test, vtd_queue_run(&sim->unit, &desc, 1), -EIO);
	KUNIT_EXPECT_TRUE(test, sim->unit.common.dead);
	/* Later requests do not reach the unit */
	vtd_queue_count(&sim->unit, &before);
	KUNIT_EXPECT_EQ(test, vtd_queue_run(&sim->unit, &desc, 1), -EIO);
	KUNIT_EXPECT_EQ(test, vtd_inval_domain(&sim->unit, 1, false), -EIO);
	vtd_queue_count(&sim->unit, &after);
	KUNIT_EXPECT_EQ(test, after.entries, before.entries);
}

/* All waiting callers get an error */
static void a_silent_queue_holds_up_nobody(struct kunit *test)
{
	struct sim *sim = sim_create(test, SIM_CAP, SIM_ECAP);
	struct sender senders[SENDERS];
	atomic_t running;
	unsigned int i;

	sim_die(sim);
	start_senders(test, sim, senders, &running, 2);
	join_senders(senders, &running);
	for (i = 0; i < SENDERS; i++)
		KUNIT_EXPECT_EQ(test, senders[i].error, -EIO);
}

static void a_silent_register_is_given_up(struct kunit *test)
{
	struct sim *sim = sim_create(test, SIM_CAP, SIM_ECAP & ~ECAP_QI);

	KUNIT_EXPECT_EQ(test, vtd_inval_domain(&sim->unit, 1, false), 0);
	KUNIT_EXPECT_EQ(test, vtd_inval_context(&sim->unit, 8, 1, true), 0);
	KUNIT_EXPECT_EQ(test, sim->descs[QI_IOTLB], 2);
	KUNIT_EXPECT_EQ(test, sim->descs[QI_CONTEXT], 1);
	sim_die(sim);
	KUNIT_EXPECT_EQ(test, vtd_inval_domain(&sim->unit, 1, false), -EIO);
	KUNIT_EXPECT_TRUE(test, sim->unit.common.dead);
	KUNIT_EXPECT_EQ(test, vtd_inval_domain(&sim->unit, 1, false), -EIO);
}

static void a_silent_command_register_is_given_up(struct kunit *test)
{
	struct sim *sim = sim_create(test, SIM_CAP, SIM_ECAP);

	KUNIT_EXPECT_EQ(test, vtd_unit_command(&sim->unit, GCMD_TE, true), 0);
	KUNIT_EXPECT_EQ(test, vtd_unit_command(&sim->unit, GCMD_TE, false), 0);
	sim_die(sim);
	KUNIT_EXPECT_EQ(test, vtd_unit_command(&sim->unit, GCMD_TE, true), -EIO);
	KUNIT_EXPECT_TRUE(test, sim->unit.common.dead);
}

/* What a unit may still use is never freed */
static void a_unit_that_keeps_translating_keeps_its_tables(struct kunit *test)
{
	struct sim *sim = sim_create(test, SIM_CAP, SIM_ECAP);
	struct vtd_unit *unit = &sim->unit;

	KUNIT_ASSERT_EQ(test, vtd_tables_create(unit), 0);
	vtd_write64(unit, VTD_RTADDR, vtd_tables_root(unit));
	KUNIT_EXPECT_TRUE(test, vtd_unit_lets_go(unit));
	/* It obeys */
	KUNIT_EXPECT_EQ(test, vtd_unit_command(unit, GCMD_TE, true), 0);
	KUNIT_EXPECT_TRUE(test, vtd_unit_lets_go(unit));
	KUNIT_EXPECT_FALSE(test, vtd_read(unit, VTD_GSTS) & GCMD_TE);
	/* It translates by the tables of a former kernel */
	KUNIT_EXPECT_EQ(test, vtd_unit_command(unit, GCMD_TE, true), 0);
	vtd_write64(unit, VTD_RTADDR, 0x1000);
	KUNIT_EXPECT_TRUE(test, vtd_unit_lets_go(unit));
	KUNIT_EXPECT_TRUE(test, vtd_read(unit, VTD_GSTS) & GCMD_TE);
	/* It does not obey */
	vtd_write64(unit, VTD_RTADDR, vtd_tables_root(unit));
	WRITE_ONCE(sim->stuck, GCMD_TE);
	unit->common.slack_us = 0;
	KUNIT_EXPECT_FALSE(test, vtd_unit_lets_go(unit));
	/* It is gone */
	sim_die(sim);
	vtd_write(unit, VTD_GSTS, U32_MAX);
	KUNIT_EXPECT_FALSE(test, vtd_unit_lets_go(unit));
	vtd_tables_destroy(unit);
}

static void a_queue_that_stays_enabled_is_not_freed(struct kunit *test)
{
	struct sim *sim = sim_create(test, SIM_CAP, SIM_ECAP);
	struct vtd_queue *queue = sim->unit.queue;
	struct vtd_desc desc = domain_desc(1);

	WRITE_ONCE(sim->stuck, GCMD_QIE);
	sim->unit.common.slack_us = 0;
	vtd_queue_abandon(&sim->unit);
	KUNIT_EXPECT_NULL(test, sim->unit.queue);
	/* KASAN tells if it was freed; the simulated unit frees it at its end */
	sim->unit.queue = queue;
	KUNIT_EXPECT_EQ(test, vtd_queue_run(&sim->unit, &desc, 1), -EIO);
	KUNIT_EXPECT_TRUE(test, sim->unit.common.dead);
}

/* How an emulator handles an unknown descriptor */
static void the_first_unit_goes_on_after_a_refusal(struct kunit *test)
{
	struct vtd_unit *unit = list_first_entry_or_null(&vtd_units,
							 struct vtd_unit,
							 common.node);
	struct vtd_desc descs[2] = { unknown_desc(), domain_desc(0xff) };
	struct iommu_ring_counts before, after;

	if (!unit || !unit->queue)
		kunit_skip(test, "no unit with a queue");
	vtd_queue_count(unit, &before);
	KUNIT_EXPECT_EQ(test, vtd_queue_run(unit, descs, 2), -EAGAIN);
	KUNIT_EXPECT_EQ(test, vtd_queue_run(unit, descs + 1, 1), 0);
	KUNIT_EXPECT_FALSE(test, unit->common.dead);
	vtd_queue_count(unit, &after);
	KUNIT_EXPECT_EQ(test, after.errors, before.errors + 1);
}

/* Registers of a CPU: IA32_ARCH_CAPABILITIES, IA32_XAPIC_DISABLE_STATUS */
static struct {
	int error[2];
	u64 value[2];
	bool was_read[2];
} msrs;

static int read_msr(u32 msr, u64 *value)
{
	unsigned int i = msr == 0xbd;

	if (msr != 0x10a && msr != 0xbd)
		return -EIO;
	msrs.was_read[i] = true;
	*value = msrs.value[i];
	return msrs.error[i];
}

static void x2apic_is_locked_only_if_both_registers_say_so(struct kunit *test)
{
	static const struct {
		int error[2];
		u64 value[2];
		bool reads_status, locked;
	} cases[] = {
		{ { 0, 0 }, { BIT(21), BIT(0) }, true, true },
		{ { 0, 0 }, { ~0ULL, ~0ULL }, true, true },
		{ { 0, 0 }, { BIT(21), ~1ULL }, true, false },
		{ { 0, 0 }, { ~BIT_ULL(21), BIT(0) }, false, false },
		{ { -EIO, 0 }, { BIT(21), BIT(0) }, false, false },
		{ { 0, -EIO }, { BIT(21), BIT(0) }, true, false },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(&msrs, 0, sizeof(msrs));
		memcpy(msrs.error, cases[i].error, sizeof(msrs.error));
		memcpy(msrs.value, cases[i].value, sizeof(msrs.value));
		KUNIT_EXPECT_EQ_MSG(test, vtd_apic_is_locked(read_msr),
				    cases[i].locked, "case %zu", i);
		KUNIT_EXPECT_TRUE(test, msrs.was_read[0]);
		/* A CPU without the register would fault */
		KUNIT_EXPECT_EQ_MSG(test, msrs.was_read[1],
				    cases[i].reads_status, "case %zu", i);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(every_descriptor_is_done_when_its_request_returns),
	KUNIT_CASE(a_queue_that_is_enabled_already_starts_anew),
	KUNIT_CASE(many_cpus_share_the_queue),
	KUNIT_CASE(a_refused_descriptor_is_no_success),
	KUNIT_CASE(a_refused_descriptor_is_nothing_to_others),
	KUNIT_CASE(a_device_that_does_not_answer_loses_its_tlb),
	KUNIT_CASE(a_device_that_does_not_answer_loses_nothing_of_others),
	KUNIT_CASE(a_completion_that_nobody_waits_for_does_no_harm),
	KUNIT_CASE_SLOW(a_silent_queue_is_given_up),
	KUNIT_CASE_SLOW(a_silent_queue_holds_up_nobody),
	KUNIT_CASE_SLOW(a_silent_register_is_given_up),
	KUNIT_CASE_SLOW(a_silent_command_register_is_given_up),
	KUNIT_CASE_SLOW(a_unit_that_keeps_translating_keeps_its_tables),
	KUNIT_CASE_SLOW(a_queue_that_stays_enabled_is_not_freed),
	KUNIT_CASE(the_first_unit_goes_on_after_a_refusal),
	KUNIT_CASE(x2apic_is_locked_only_if_both_registers_say_so),
	{ }
};

static struct kunit_suite suite = {
	.name = "vtd",
	.test_cases = cases,
};
kunit_test_suite(suite);

MODULE_DESCRIPTION("Tests of the VT-d driver with simulated units");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
