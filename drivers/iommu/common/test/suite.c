// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of live domains and meters, with simulated units: these do not
 * walk the tables, and count their invalidations.
 */
#include <kunit/test.h>

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sizes.h>

#include "../live.h"
#include "../meter.h"
#include "../unit.h"

#define IOVA	SZ_1G
#define PHYS	(4ULL * SZ_1G)
#define ALL	(SZ_4K | SZ_2M | SZ_1G)

/* A simulated unit */
struct unit {
	struct iommu_member member;
	unsigned int invalidations;
	unsigned long start;
	unsigned long last;
};

static void invalidate(struct iommu_live *live,
		       const struct iommu_pt_gather *gather)
{
	struct unit *unit;

	iommu_live_for_each_member(unit, live, member) {
		unit->invalidations++;
		unit->start = gather->start;
		unit->last = gather->last;
	}
}

static const struct iommu_live_ops ops = {
	.invalidate = invalidate,
};

static const struct iommu_ability strong = { ALL, true, true };
static const struct iommu_ability small_pages = { SZ_4K, true, true };
static const struct iommu_ability middle_pages = { SZ_4K | SZ_2M, true, true };
static const struct iommu_ability no_coherency = { ALL, false, true };
static const struct iommu_ability no_snoop = { ALL, true, false };
static const struct iommu_ability no_small_pages = { SZ_2M, true, true };

static struct iommu_live *make_live(struct kunit *test)
{
	struct iommu_live *live = kunit_kzalloc(test, sizeof(*live),
						GFP_KERNEL);
	static const struct iommu_pt_config config = {
		.format = &iommu_pt_vtdss,
		.levels = 4,
		.nid = NUMA_NO_NODE,
	};

	KUNIT_ASSERT_NOT_NULL(test, live);
	KUNIT_ASSERT_EQ(test, iommu_live_init(live, &config, &strong, &ops), 0);
	return live;
}

static struct unit *make_unit(struct kunit *test,
			      const struct iommu_ability *ability)
{
	struct unit *unit = kunit_kzalloc(test, sizeof(*unit), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, unit);
	unit->member.ability = *ability;
	return unit;
}

static void map(struct kunit *test, struct iommu_live *live,
		unsigned long iova, size_t length)
{
	const struct iommu_run run = { PHYS + iova, length };

	KUNIT_ASSERT_EQ(test, iommu_live_map(live, iova, &run, 1,
					     IOMMU_READ | IOMMU_WRITE,
					     GFP_KERNEL), 0);
}

static void unmap(struct kunit *test, struct iommu_live *live,
		  unsigned long iova, size_t length)
{
	struct iommu_pt_gather gather;

	iommu_pt_gather_init(&gather);
	KUNIT_EXPECT_EQ(test, iommu_pt_unmap(&live->pt, iova, length, &gather),
			length);
	iommu_live_sync(live, &gather);
}

struct tally {
	unsigned long sizes[BITS_PER_LONG];
	unsigned long snooped;
	unsigned long leaves;
	unsigned long wrong;
};

static int tally_leaf(void *arg, const struct iommu_pt_leaf *leaf)
{
	struct tally *tally = arg;

	tally->leaves++;
	tally->sizes[__ffs(leaf->length)]++;
	if (leaf->attrs & IOMMU_PT_ATTR_SNOOP)
		tally->snooped++;
	if (leaf->addr != PHYS + leaf->iova)
		tally->wrong++;
	return 0;
}

static struct tally *count(struct kunit *test, struct iommu_live *live)
{
	struct tally *tally = kunit_kzalloc(test, sizeof(*tally), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, tally);
	iommu_pt_visit(&live->pt, 0, iommu_live_length(live), tally_leaf,
		       tally);
	KUNIT_EXPECT_EQ(test, tally->wrong, 0);
	return tally;
}

static void expect_sizes(struct kunit *test, struct iommu_live *live,
			 unsigned long of_4k, unsigned long of_2m,
			 unsigned long of_1g)
{
	struct tally *tally = count(test, live);

	KUNIT_EXPECT_EQ(test, tally->sizes[12], of_4k);
	KUNIT_EXPECT_EQ(test, tally->sizes[21], of_2m);
	KUNIT_EXPECT_EQ(test, tally->sizes[30], of_1g);
}

/* R3, R4: 1 GiB, 2 MiB and two pages, before, with and after a weak member */
static void a_weak_member_splits_and_its_leaving_restores(struct kunit *test)
{
	struct iommu_live *live = make_live(test);
	struct unit *first = make_unit(test, &strong);
	struct unit *weak = make_unit(test, &small_pages);

	KUNIT_ASSERT_EQ(test, iommu_live_join(live, &first->member), 0);
	map(test, live, IOVA, SZ_1G + SZ_2M + 2 * SZ_4K);
	expect_sizes(test, live, 2, 1, 1);
	first->invalidations = 0;
	KUNIT_ASSERT_EQ(test, iommu_live_join(live, &weak->member), 0);
	expect_sizes(test, live, 512 * 512 + 512 + 2, 0, 0);
	KUNIT_EXPECT_EQ(test, first->invalidations, 1);
	KUNIT_EXPECT_EQ(test, weak->invalidations, 0);
	KUNIT_EXPECT_EQ(test, live->counts.demoted, 1);
	iommu_live_leave(live, &weak->member);
	expect_sizes(test, live, 2, 1, 1);
	KUNIT_EXPECT_EQ(test, first->invalidations, 2);
	KUNIT_EXPECT_EQ(test, live->counts.promoted, 1);
	unmap(test, live, IOVA, SZ_1G + SZ_2M + 2 * SZ_4K);
	iommu_live_leave(live, &first->member);
	KUNIT_EXPECT_EQ(test, iommu_pt_nr_tables(&live->pt), 1);
	iommu_live_destroy(live);
}

static void members_share_the_sizes_that_all_have(struct kunit *test)
{
	struct iommu_live *live = make_live(test);
	struct unit *first = make_unit(test, &strong);
	struct unit *middle = make_unit(test, &middle_pages);
	struct unit *weak = make_unit(test, &small_pages);

	KUNIT_ASSERT_EQ(test, iommu_live_join(live, &first->member), 0);
	map(test, live, IOVA, SZ_1G);
	KUNIT_ASSERT_EQ(test, iommu_live_join(live, &middle->member), 0);
	expect_sizes(test, live, 0, 512, 0);
	/* New mappings use no larger size either */
	map(test, live, 2UL * SZ_1G, SZ_1G);
	expect_sizes(test, live, 0, 1024, 0);
	KUNIT_ASSERT_EQ(test, iommu_live_join(live, &weak->member), 0);
	expect_sizes(test, live, 1024 * 512, 0, 0);
	iommu_live_leave(live, &middle->member);
	expect_sizes(test, live, 1024 * 512, 0, 0);
	iommu_live_leave(live, &weak->member);
	expect_sizes(test, live, 0, 0, 2);
	iommu_live_leave(live, &first->member);
	iommu_live_destroy(live);
}

/* R5 */
static void a_member_that_does_not_snoop_has_tables_flushed(struct kunit *test)
{
	struct iommu_live *live = make_live(test);
	struct unit *first = make_unit(test, &strong);
	struct unit *other = make_unit(test, &no_coherency);

	KUNIT_ASSERT_EQ(test, iommu_live_join(live, &first->member), 0);
	map(test, live, IOVA, SZ_2M);
	KUNIT_EXPECT_EQ(test, live->counts.flushed, 0);
	KUNIT_ASSERT_EQ(test, iommu_live_join(live, &other->member), 0);
	KUNIT_EXPECT_EQ(test, live->counts.flushed, 1);
	KUNIT_EXPECT_TRUE(test, live->pt.flags & IOMMU_PT_NONCOHERENT);
	expect_sizes(test, live, 0, 1, 0);
	iommu_live_leave(live, &other->member);
	KUNIT_EXPECT_FALSE(test, live->pt.flags & IOMMU_PT_NONCOHERENT);
	iommu_live_leave(live, &first->member);
	iommu_live_destroy(live);
}

/* R8 */
static void enforcing_reaches_old_and_new_mappings(struct kunit *test)
{
	struct iommu_live *live = make_live(test);
	struct unit *first = make_unit(test, &strong);
	struct tally *tally;

	KUNIT_ASSERT_EQ(test, iommu_live_join(live, &first->member), 0);
	map(test, live, IOVA, SZ_2M + SZ_4K);
	KUNIT_EXPECT_EQ(test, count(test, live)->snooped, 0);
	first->invalidations = 0;
	KUNIT_ASSERT_TRUE(test, iommu_live_enforce(live));
	KUNIT_EXPECT_EQ(test, first->invalidations, 1);
	KUNIT_EXPECT_EQ(test, count(test, live)->snooped, 2);
	map(test, live, 2UL * SZ_1G, SZ_4K);
	tally = count(test, live);
	KUNIT_EXPECT_EQ(test, tally->snooped, tally->leaves);
	/* A second time succeeds, and changes nothing */
	KUNIT_EXPECT_TRUE(test, iommu_live_enforce(live));
	KUNIT_EXPECT_EQ(test, live->counts.enforced, 1);
	iommu_live_leave(live, &first->member);
	iommu_live_destroy(live);
}

/* R9 */
static void a_unit_without_snoop_control_stays_outside(struct kunit *test)
{
	struct iommu_live *live = make_live(test);
	struct unit *first = make_unit(test, &strong);
	struct unit *other = make_unit(test, &no_snoop);

	KUNIT_ASSERT_EQ(test, iommu_live_join(live, &first->member), 0);
	KUNIT_ASSERT_TRUE(test, iommu_live_enforce(live));
	KUNIT_EXPECT_EQ(test, iommu_live_join(live, &other->member), -EINVAL);
	KUNIT_EXPECT_EQ(test, iommu_live_change(live, &first->member,
						&no_snoop), -EINVAL);
	KUNIT_EXPECT_TRUE(test, live->shape.snoop);
	iommu_live_leave(live, &first->member);
	/* Still enforced after the last member has left */
	KUNIT_EXPECT_EQ(test, iommu_live_join(live, &other->member), -EINVAL);
	iommu_live_destroy(live);
}

static void a_unit_without_snoop_control_prevents_enforcing(struct kunit *test)
{
	struct iommu_live *live = make_live(test);
	struct unit *first = make_unit(test, &strong);
	struct unit *other = make_unit(test, &no_snoop);

	KUNIT_ASSERT_EQ(test, iommu_live_join(live, &first->member), 0);
	KUNIT_ASSERT_EQ(test, iommu_live_join(live, &other->member), 0);
	map(test, live, IOVA, SZ_2M);
	KUNIT_EXPECT_FALSE(test, iommu_live_enforce(live));
	KUNIT_EXPECT_EQ(test, count(test, live)->snooped, 0);
	iommu_live_leave(live, &other->member);
	KUNIT_EXPECT_TRUE(test, iommu_live_enforce(live));
	KUNIT_EXPECT_EQ(test, count(test, live)->snooped, 1);
	iommu_live_leave(live, &first->member);
	iommu_live_destroy(live);
}

static void a_unit_that_cannot_be_served_changes_nothing(struct kunit *test)
{
	struct iommu_live *live = make_live(test);
	struct unit *first = make_unit(test, &strong);
	struct unit *other = make_unit(test, &no_small_pages);

	KUNIT_ASSERT_EQ(test, iommu_live_join(live, &first->member), 0);
	map(test, live, IOVA, SZ_1G);
	first->invalidations = 0;
	KUNIT_EXPECT_EQ(test, iommu_live_join(live, &other->member), -EINVAL);
	expect_sizes(test, live, 0, 0, 1);
	KUNIT_EXPECT_EQ(test, first->invalidations, 0);
	iommu_live_leave(live, &first->member);
	iommu_live_destroy(live);
}

/* R20 */
static void an_unmap_invalidates_once_on_every_unit(struct kunit *test)
{
	struct iommu_live *live = make_live(test);
	struct unit *a = make_unit(test, &strong);
	struct unit *b = make_unit(test, &strong);

	KUNIT_ASSERT_EQ(test, iommu_live_join(live, &a->member), 0);
	KUNIT_ASSERT_EQ(test, iommu_live_join(live, &b->member), 0);
	map(test, live, IOVA, SZ_2M + SZ_4K);
	KUNIT_EXPECT_EQ(test, a->invalidations + b->invalidations, 0);
	unmap(test, live, IOVA, SZ_2M + SZ_4K);
	KUNIT_EXPECT_EQ(test, a->invalidations, 1);
	KUNIT_EXPECT_EQ(test, b->invalidations, 1);
	KUNIT_EXPECT_EQ(test, a->start, IOVA);
	KUNIT_EXPECT_EQ(test, a->last, IOVA + SZ_2M + SZ_4K - 1);
	iommu_live_leave(live, &a->member);
	iommu_live_leave(live, &b->member);
	iommu_live_destroy(live);
}

struct mapper {
	struct iommu_live *live;
	unsigned long wrong;
	unsigned long rounds;
};

/* Maps, looks up and unmaps until it is stopped */
static int keep_mapping(void *arg)
{
	const struct iommu_run run = { PHYS + IOVA, SZ_2M };
	struct mapper *mapper = arg;
	struct iommu_pt_gather gather;
	unsigned long at = IOVA + SZ_1M + SZ_4K;

	while (!kthread_should_stop()) {
		if (iommu_live_map(mapper->live, IOVA, &run, 1, IOMMU_READ,
				   GFP_KERNEL) ||
		    iommu_pt_iova_to_phys(&mapper->live->pt, at) != PHYS + at)
			mapper->wrong++;
		iommu_pt_gather_init(&gather);
		if (iommu_pt_unmap(&mapper->live->pt, IOVA, SZ_2M, &gather) !=
		    SZ_2M)
			mapper->wrong++;
		iommu_live_sync(mapper->live, &gather);
		WRITE_ONCE(mapper->rounds, mapper->rounds + 1);
		cond_resched();
	}
	return 0;
}

static void members_come_and_go_while_mapping_goes_on(struct kunit *test)
{
	struct iommu_live *live = make_live(test);
	struct unit *first = make_unit(test, &strong);
	struct unit *weak = make_unit(test, &small_pages);
	struct mapper mapper = { .live = live };
	struct task_struct *task;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, iommu_live_join(live, &first->member), 0);
	map(test, live, 3UL * SZ_1G, 4 * SZ_2M);
	task = kthread_run(keep_mapping, &mapper, "keep_mapping");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	for (i = 0; i < 30; i++) {
		/* Wait for the thread, however late it was started */
		while (READ_ONCE(mapper.rounds) <= i)
			cond_resched();
		KUNIT_EXPECT_EQ(test, iommu_live_join(live, &weak->member), 0);
		/* At no time is a leaf too large for the weak member */
		KUNIT_EXPECT_EQ(test, count(test, live)->sizes[21], 0);
		iommu_live_leave(live, &weak->member);
	}
	kthread_stop(task);
	KUNIT_EXPECT_EQ(test, mapper.wrong, 0);
	KUNIT_EXPECT_GT(test, mapper.rounds, 0);
	expect_sizes(test, live, 0, 4, 0);
	unmap(test, live, 3UL * SZ_1G, 4 * SZ_2M);
	iommu_live_leave(live, &first->member);
	iommu_live_destroy(live);
}

static void few_faults_are_told_and_all_are_counted(struct kunit *test)
{
	struct iommu_meter meter = { };
	unsigned long now = jiffies;
	unsigned int told = 0, i;
	u64 untold;

	for (i = 0; i < 1000; i++)
		told += iommu_meter_fault(&meter, now, &untold) ==
			IOMMU_METER_LOG;
	KUNIT_EXPECT_EQ(test, told, IOMMU_METER_TELL);
	KUNIT_EXPECT_EQ(test, meter.count, 1000);
	now += (IOMMU_METER_TELL_S + 1) * HZ;
	KUNIT_EXPECT_EQ(test, (int)iommu_meter_fault(&meter, now, &untold),
			(int)IOMMU_METER_LOG);
	KUNIT_EXPECT_EQ(test, untold, 1000 - IOMMU_METER_TELL);
}

static unsigned int storm(struct iommu_meter *meter, unsigned long now)
{
	unsigned int silences = 0, i;
	u64 untold;

	for (i = 0; i < 2 * IOMMU_METER_STORM; i++)
		silences += iommu_meter_fault(meter, now, &untold) ==
			    IOMMU_METER_SILENCE;
	return silences;
}

static void a_storm_is_silenced_longer_each_time(struct kunit *test)
{
	struct iommu_meter meter = { };
	unsigned long now = jiffies;

	KUNIT_EXPECT_EQ(test, storm(&meter, now), 1);
	KUNIT_EXPECT_TRUE(test, meter.silent);
	KUNIT_EXPECT_EQ(test, meter.silence_s, IOMMU_METER_SILENCE_MIN_S);
	KUNIT_EXPECT_FALSE(test, iommu_meter_silence_over(&meter, now));
	now = meter.silent_until;
	KUNIT_EXPECT_TRUE(test, iommu_meter_silence_over(&meter, now));
	KUNIT_EXPECT_EQ(test, storm(&meter, now), 1);
	KUNIT_EXPECT_EQ(test, meter.silence_s, 2 * IOMMU_METER_SILENCE_MIN_S);
	/* After a calm time the silence is the shortest again */
	now = meter.silent_until;
	KUNIT_EXPECT_TRUE(test, iommu_meter_silence_over(&meter, now));
	now += 3 * meter.silence_s * HZ;
	KUNIT_EXPECT_EQ(test, storm(&meter, now), 1);
	KUNIT_EXPECT_EQ(test, meter.silence_s, IOMMU_METER_SILENCE_MIN_S);
}

/* A device whose requests have another source-id, as behind some bridges */
static void faults_by_an_alias_are_those_of_its_device(struct kunit *test)
{
	struct iommu_unit_device *devices = kunit_kcalloc(test, 3,
							  sizeof(*devices),
							  GFP_KERNEL);
	struct iommu_unit *unit = kunit_kzalloc(test, sizeof(*unit),
						GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, devices);
	KUNIT_ASSERT_NOT_NULL(test, unit);
	iommu_unit_init(unit, "alias", 0);
	devices[0].source_id = 0x10;
	devices[0].alias = 0x10;
	devices[1].source_id = 0x18;
	devices[1].alias = 0x100;
	devices[2].source_id = 0x20;
	devices[2].alias = 0x100;
	for (i = 0; i < 3; i++) {
		devices[i].index = devices[i].source_id;
		KUNIT_ASSERT_EQ(test, iommu_unit_insert_device(unit,
							       &devices[i]), 0);
	}
	KUNIT_EXPECT_EQ(test, iommu_unit_insert_device(unit, &devices[2]),
			-EBUSY);
	rcu_read_lock();
	KUNIT_EXPECT_PTR_EQ(test, iommu_unit_meter(&unit->faults, 0x10),
			    &devices[0].meter);
	KUNIT_EXPECT_PTR_EQ(test, iommu_unit_meter(&unit->faults, 0x100),
			    &devices[1].meter);
	KUNIT_EXPECT_NULL(test, iommu_unit_meter(&unit->faults, 0x108));
	rcu_read_unlock();
	/* One of several devices with this source-id goes, and then the last */
	for (i = 1; i < 3; i++) {
		mutex_lock(&unit->table_lock);
		iommu_unit_remove_device(&devices[i]);
		mutex_unlock(&unit->table_lock);
		rcu_read_lock();
		KUNIT_EXPECT_PTR_EQ(test,
				    iommu_unit_meter(&unit->faults, 0x100),
				    i == 1 ? &devices[2].meter : NULL);
		rcu_read_unlock();
	}
	iommu_unit_exit(unit);
}

static struct kunit_case live_cases[] = {
	KUNIT_CASE_SLOW(a_weak_member_splits_and_its_leaving_restores),
	KUNIT_CASE_SLOW(members_share_the_sizes_that_all_have),
	KUNIT_CASE(a_member_that_does_not_snoop_has_tables_flushed),
	KUNIT_CASE(enforcing_reaches_old_and_new_mappings),
	KUNIT_CASE(a_unit_without_snoop_control_stays_outside),
	KUNIT_CASE(a_unit_without_snoop_control_prevents_enforcing),
	KUNIT_CASE(a_unit_that_cannot_be_served_changes_nothing),
	KUNIT_CASE(an_unmap_invalidates_once_on_every_unit),
	KUNIT_CASE_SLOW(members_come_and_go_while_mapping_goes_on),
	{ }
};

static struct kunit_suite live_suite = {
	.name = "iommu_live",
	.test_cases = live_cases,
};

static struct kunit_case meter_cases[] = {
	KUNIT_CASE(few_faults_are_told_and_all_are_counted),
	KUNIT_CASE(a_storm_is_silenced_longer_each_time),
	KUNIT_CASE(faults_by_an_alias_are_those_of_its_device),
	{ }
};

static struct kunit_suite meter_suite = {
	.name = "iommu_meter",
	.test_cases = meter_cases,
};

kunit_test_suites(&live_suite, &meter_suite);

MODULE_DESCRIPTION("KUnit tests of what IOMMU drivers share");
MODULE_LICENSE("GPL");
