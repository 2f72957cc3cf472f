// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the driver on simulated units, for behaviour that no emulated
 * machine has or can be made to show.
 */
#include <kunit/test.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sizes.h>

#include "../../common/ring.h"
#include "../attach.h"
#include "../device.h"
#include "../domain.h"
#include "../event.h"
#include "../inval.h"
#include "sim.h"

#define RW	(IOMMU_READ | IOMMU_WRITE)

static struct amdvi_command domain_command(u16 id)
{
	return (struct amdvi_command){ {
		FIELD_PREP(CMD_OPCODE, CMD_INVAL_PAGES) |
			FIELD_PREP(INVAL_DOMAIN_ID, id),
		INVAL_ALL_PAGES,
	} };
}

/* Commands */

static void every_command_is_done_when_its_request_returns(struct kunit *test)
{
	struct amdvi_command commands[AMDVI_BATCH_MAX];
	struct sim *sim = sim_create(test, 0);
	unsigned long sent = 0;
	unsigned int i;

	for (i = 0; i < AMDVI_BATCH_MAX; i++)
		commands[i] = domain_command(i);
	/* Many times round the ring, with batches of all sizes */
	for (i = 0; i < 300; i++) {
		unsigned int nr = i % AMDVI_BATCH_MAX + 1;

		KUNIT_ASSERT_EQ(test,
				amdvi_queue_run(&sim->unit, commands, nr), 0);
		sent += nr;
		KUNIT_ASSERT_EQ(test, sim->commands[CMD_INVAL_PAGES], sent);
	}
	KUNIT_EXPECT_FALSE(test, sim->unordered);
}

struct sender {
	struct amdvi_unit *unit;
	struct task_struct *thread;
	atomic_t *running;
	unsigned int rounds;
	int error;
};

static int send(void *arg)
{
	struct amdvi_command command = domain_command(7);
	struct sender *sender = arg;
	unsigned int i;

	for (i = 0; i < sender->rounds && !sender->error; i++) {
		sender->error = amdvi_queue_run(sender->unit, &command, 1);
		cond_resched();
	}
	atomic_dec(sender->running);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

static void many_cpus_share_the_command_buffer(struct kunit *test)
{
	struct sim *sim = sim_create(test, 0);
	unsigned int cpus = num_online_cpus();
	atomic_t running = ATOMIC_INIT(4);
	struct sender senders[4] = { };
	unsigned int i;

	for (i = 0; i < 4; i++) {
		senders[i].unit = &sim->unit;
		senders[i].running = &running;
		senders[i].rounds = 500;
		senders[i].thread = kthread_create(send, &senders[i], "send%u",
						   i);
		KUNIT_ASSERT_FALSE(test, IS_ERR(senders[i].thread));
		/* Any CPU except that of the unit */
		kthread_bind(senders[i].thread,
			     cpus > 2 && i % 2 ? cpus - 1 : 0);
		wake_up_process(senders[i].thread);
	}
	while (atomic_read(&running))
		schedule_timeout_uninterruptible(1);
	for (i = 0; i < 4; i++) {
		kthread_stop(senders[i].thread);
		KUNIT_EXPECT_EQ(test, senders[i].error, 0);
	}
	KUNIT_EXPECT_EQ(test, sim->commands[CMD_INVAL_PAGES], 2000);
	KUNIT_EXPECT_EQ(test, sim->commands[CMD_COMPLETION_WAIT], 2000);
	KUNIT_EXPECT_FALSE(test, sim->unordered);
}

/* All others are carried out, but the request has failed */
static void a_refused_command_is_no_success(struct kunit *test)
{
	struct sim *sim = sim_create(test, 0);
	struct amdvi_command commands[3] = {
		domain_command(1),
		{ { FIELD_PREP(CMD_OPCODE, 15) } },
		domain_command(2),
	};
	struct iommu_ring_counts counts;

	KUNIT_EXPECT_EQ(test, amdvi_queue_run(&sim->unit, commands, 3),
			-EAGAIN);
	KUNIT_EXPECT_EQ(test, sim->commands[CMD_INVAL_PAGES], 2);
	KUNIT_EXPECT_EQ(test, amdvi_queue_run(&sim->unit, commands, 1), 0);
	KUNIT_EXPECT_EQ(test, sim->commands[CMD_INVAL_PAGES], 3);
	amdvi_queue_count(&sim->unit, &counts);
	KUNIT_EXPECT_EQ(test, counts.errors, 1);
	KUNIT_EXPECT_FALSE(test, sim->unit.common.dead);
}

static void a_unit_that_does_not_answer_is_dead(struct kunit *test)
{
	struct amdvi_command command = domain_command(1);
	struct sim *sim = sim_create(test, 0);
	struct iommu_ring_counts before, after;

	sim_die(sim);
	KUNIT_EXPECT_EQ(test, amdvi_queue_run(&sim->unit, &command, 1), -EIO);
	KUNIT_EXPECT_TRUE(test, sim->unit.common.dead);
	/* It gets no further commands */
	amdvi_queue_count(&sim->unit, &before);
	KUNIT_EXPECT_EQ(test, amdvi_queue_run(&sim->unit, &command, 1), -EIO);
	amdvi_queue_count(&sim->unit, &after);
	KUNIT_EXPECT_EQ(test, after.entries, before.entries);
}

/* Does a command invalidate @page? As specified in section 2.4.3 */
static bool takes_in(const struct amdvi_command *command, u64 page)
{
	u64 address = command->q[1] & INVAL_ADDRESS, size = PAGE_SIZE;

	if (command->q[1] & INVAL_S)
		size = 2ULL << __ffs64(~(address | (PAGE_SIZE - 1)));
	return (page & ~(size - 1)) == (address & ~(size - 1));
}

static void ranges_become_blocks_that_hold_them(struct kunit *test)
{
	static const struct {
		unsigned long start, last;
		unsigned int commands;
		bool all;
	} ranges[] = {
		{ 0x1000, 0x1fff, 1 },
		{ 0x0, 0x1fff, 1 },
		{ 0x1000, 0x2fff, 1 },
		{ 0x200000, 0x3fffff, 1 },
		{ 0x7fffffff000, 0x80000000fff, 2 },
		{ 0x3ffff000, 0x40001fff, 2 },
		{ 0x0, 0x3fffffff, 1 },
		{ 0x0, 0x40000fff, 1, true },
		{ 0x0, ULONG_MAX, 1, true },
		{ ULONG_MAX - 0xfff, ULONG_MAX, 1 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		struct amdvi_range range = { ranges[i].start, ranges[i].last };
		struct amdvi_batch *batch;
		unsigned int c, held = 0;
		u64 page;

		batch = kunit_kzalloc(test, sizeof(*batch), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, batch);
		amdvi_inval_add_range(batch, 5, &range);
		KUNIT_ASSERT_EQ(test, batch->nr, ranges[i].commands);
		if (ranges[i].all) {
			KUNIT_EXPECT_EQ(test, batch->commands[0].q[1],
					INVAL_ALL_PAGES | INVAL_PDE);
			continue;
		}
		for (page = range.start; page - 1 < range.last; page += SZ_1M) {
			for (c = 0, held = 0; c < batch->nr; c++)
				held += takes_in(&batch->commands[c], page);
			KUNIT_EXPECT_GE(test, held, 1);
			if (page > ULONG_MAX - SZ_1M)
				break;
		}
		for (c = 0, held = 0; c < batch->nr; c++)
			held += takes_in(&batch->commands[c],
					 range.last & PAGE_MASK);
		KUNIT_EXPECT_GE(test, held, 1);
	}
}

/* Entries */

static void a_new_table_blocks_all_dma(struct kunit *test)
{
	struct sim *sim = sim_create(test, 0);
	unsigned int id;
	u64 raw[4];

	for (id = 0; id <= 0xffff; id += 251) {
		KUNIT_ASSERT_TRUE(test, amdvi_table_get(&sim->unit, id, raw));
		KUNIT_EXPECT_EQ(test, raw[0], DTE0_V | DTE0_TV);
		KUNIT_EXPECT_EQ(test, raw[1] | raw[2] | raw[3], 0);
	}
	KUNIT_EXPECT_EQ(test, amdvi_table_base(&sim->unit) & DEVTAB_SIZE, 511);
}

static void entries_are_those_of_the_specification(struct kunit *test)
{
	static const struct {
		struct amdvi_entry entry;
		u64 lo, hi;
	} cases[] = {
		{ { .translation = AMDVI_BLOCKED }, 0x3, 0 },
		{ { .translation = AMDVI_PASS_THROUGH, .domain_id = 1 },
		  0x6000000000000003, 1 },
		{ { .translation = AMDVI_HOST, .domain_id = 0xabcd,
		    .root = 0x123456789000, .levels = 4 },
		  0x6000123456789803, 0xabcd },
		{ { .translation = AMDVI_HOST, .domain_id = 2, .root = 0x5000,
		    .levels = 6, .quiet = true },
		  0x6000000000005c03, 0x400000002 },
		{ { .translation = AMDVI_GUEST, .domain_id = 0x77,
		    .root = 0x123456789000 },
		  0x64c0000000000003, 0x01234000acf10077 },
	};
	static const struct ivrs_entry device = {
		.first = 0x20, .last = 0x20,
		.data = IVHD_SYS_MGT | IVHD_NMI_PASS | IVHD_LINT1_PASS,
	};
	struct sim *sim = sim_create(test, 0);
	u64 raw[4], kept = DTE1_SYS_MGT;
	u16 old, former = 0;
	size_t i;

	amdvi_table_describe(&sim->unit, &device);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		amdvi_table_set(&sim->unit, 0x20, &cases[i].entry, &old);
		KUNIT_EXPECT_EQ(test, old, former);
		former = cases[i].entry.domain_id;
		amdvi_table_get(&sim->unit, 0x20, raw);
		KUNIT_EXPECT_EQ(test, raw[0], cases[i].lo);
		KUNIT_EXPECT_EQ(test, raw[1], cases[i].hi | kept);
		KUNIT_EXPECT_EQ(test, raw[2], DTE2_NMI_PASS | DTE2_LINT1_PASS);
		KUNIT_EXPECT_EQ(test, raw[3], 0);
	}
}

/* Erratum 63: messages that are forwarded need IW, and all DMA is still blocked */
static void a_blocked_entry_forwards_messages_and_no_dma(struct kunit *test)
{
	static const struct ivrs_entry device = {
		.first = 0x20, .last = 0x21,
		.data = 0x10,
	};
	static const struct amdvi_entry blocked = {
		.translation = AMDVI_BLOCKED,
	};
	static const struct amdvi_entry pass = {
		.translation = AMDVI_PASS_THROUGH,
		.domain_id = IOMMU_UNIT_ID_PASS,
	};
	struct sim *sim = sim_create(test, 0);
	const u64 *empty;
	unsigned int i, id;
	u64 raw[4];
	u16 old;

	amdvi_table_describe(&sim->unit, &device);
	amdvi_table_set(&sim->unit, 0x21, &pass, &old);
	amdvi_table_set(&sim->unit, 0x21, &blocked, &old);
	for (id = 0x20; id <= 0x21; id++) {
		amdvi_table_get(&sim->unit, id, raw);
		KUNIT_EXPECT_TRUE(test, raw[0] & DTE0_IW);
		KUNIT_EXPECT_FALSE(test, raw[0] & DTE0_IR);
		KUNIT_EXPECT_EQ(test, FIELD_GET(DTE0_MODE, raw[0]), 1);
		KUNIT_EXPECT_EQ(test, FIELD_GET(DTE1_DOMAIN_ID, raw[1]), 0);
		empty = phys_to_virt(raw[0] & DTE0_ROOT);
		for (i = 0; i < PAGE_SIZE / sizeof(*empty); i++)
			KUNIT_ASSERT_EQ(test, empty[i], 0);
	}
	/* Another entry has none of that */
	amdvi_table_get(&sim->unit, 0x22, raw);
	KUNIT_EXPECT_EQ(test, raw[0], DTE0_V | DTE0_TV);
}

/* Events */

static void put_event(struct sim *sim, unsigned int slot, u64 lo, u64 hi)
{
	sim_log(&sim->unit.events, slot, lo, hi);
}

static void events_are_counted_round_the_ring(struct kunit *test)
{
	struct sim *sim = sim_create(test, 0);
	struct iommu_faults *faults = &sim->unit.common.faults;
	unsigned int i, slot = 0;

	amdvi_events_install(&sim->unit);
	for (i = 1; i <= 1200; i++) {
		put_event(sim, slot, 2ULL << 60 | 0x18, i * PAGE_SIZE);
		slot = (slot + 1) % 512;
		if (i % 100)
			continue;
		sim_write(sim, AMDVI_EVT_TAIL, slot * RING_ENTRY_BYTES);
		iommu_faults_drain(faults);
		KUNIT_EXPECT_EQ(test, faults->recorded, i);
		KUNIT_EXPECT_EQ(test, sim_read(sim, AMDVI_EVT_HEAD),
				slot * RING_ENTRY_BYTES);
	}
}

static void an_event_that_never_arrives_is_skipped(struct kunit *test)
{
	struct sim *sim = sim_create(test, 0);
	struct iommu_faults *faults = &sim->unit.common.faults;

	amdvi_events_install(&sim->unit);
	put_event(sim, 0, 2ULL << 60 | 0x18, 0x1000);
	put_event(sim, 2, 2ULL << 60 | 0x18, 0x2000);
	sim_write(sim, AMDVI_EVT_TAIL, 3 * RING_ENTRY_BYTES);
	iommu_faults_drain(faults);
	iommu_faults_drain(faults);
	KUNIT_EXPECT_EQ(test, faults->recorded, 2);
	KUNIT_EXPECT_EQ(test, sim_read(sim, AMDVI_EVT_HEAD),
			3 * RING_ENTRY_BYTES);
}

static void logging_goes_on_after_an_overflow(struct kunit *test)
{
	struct sim *sim = sim_create(test, 0);
	struct iommu_faults *faults = &sim->unit.common.faults;
	unsigned int i;

	amdvi_events_install(&sim->unit);
	for (i = 0; i < 511; i++)
		put_event(sim, i, 2ULL << 60 | 0x18, i * PAGE_SIZE);
	sim_write(sim, AMDVI_EVT_TAIL, 511 * RING_ENTRY_BYTES);
	sim_write(sim, AMDVI_STATUS, STATUS_EVT_OVERFLOW);
	iommu_faults_drain(faults);
	KUNIT_EXPECT_EQ(test, faults->recorded, 511);
	KUNIT_EXPECT_EQ(test, faults->overflows, 1);
	KUNIT_EXPECT_TRUE(test, sim_read(sim, AMDVI_CONTROL) &
				CONTROL_EVT_LOG_EN);
	KUNIT_EXPECT_EQ(test, sim_read(sim, AMDVI_EVT_HEAD), 0);
	KUNIT_EXPECT_EQ(test, sim_read(sim, AMDVI_EVT_TAIL), 0);
	/* The driver has written a one to clear the bit */
	KUNIT_EXPECT_EQ(test, sim_read(sim, AMDVI_STATUS), STATUS_EVT_OVERFLOW);
	sim_write(sim, AMDVI_STATUS, 0);
	put_event(sim, 0, 2ULL << 60 | 0x18, 0x1000);
	sim_write(sim, AMDVI_EVT_TAIL, RING_ENTRY_BYTES);
	iommu_faults_drain(faults);
	KUNIT_EXPECT_EQ(test, faults->recorded, 512);
}

static void a_tail_beyond_the_ring_does_no_harm(struct kunit *test)
{
	struct sim *sim = sim_create(test, 0);
	struct iommu_faults *faults = &sim->unit.common.faults;

	amdvi_events_install(&sim->unit);
	put_event(sim, 0, 2ULL << 60 | 0x18, 0x1000);
	sim_write(sim, AMDVI_EVT_TAIL, RING_POINTER & ~0xfULL);
	iommu_faults_drain(faults);
	KUNIT_EXPECT_LE(test, faults->recorded, 512);
}

/* Domains */

struct entries {
	unsigned long nr;
	size_t largest;
};

static int count_leaf(void *arg, const struct iommu_pt_leaf *leaf)
{
	struct entries *entries = arg;

	entries->nr++;
	entries->largest = max(entries->largest, leaf->length);
	return 0;
}

static struct entries entries_of(struct iommu_paging *domain)
{
	struct iommu_live *live = &domain->live;
	struct entries entries = { };

	iommu_pt_visit(&live->pt, 0, iommu_live_length(live), count_leaf,
		       &entries);
	return entries;
}

static struct iommu_paging *make_domain(struct kunit *test, struct sim *sim)
{
	struct iommu_paging *domain = amdvi_domain_alloc(&sim->unit, 0);

	KUNIT_ASSERT_FALSE(test, IS_ERR(domain));
	return domain;
}

static void free_domain(struct iommu_paging *domain)
{
	domain->domain.ops->free(&domain->domain);
}

static void map(struct kunit *test, struct iommu_paging *domain,
		unsigned long iova, phys_addr_t addr, size_t length)
{
	const struct iommu_run run = { addr, length };

	KUNIT_ASSERT_EQ(test,
			iommu_paging_run_ops.map(&domain->domain, iova,
						 &run, 1, RW, GFP_KERNEL), 0);
}

static size_t unmap(struct iommu_paging *domain, unsigned long iova,
		    size_t length)
{
	struct iommu_pt_gather gather;
	size_t unmapped;

	iommu_pt_gather_init(&gather);
	unmapped = iommu_paging_run_ops.unmap(&domain->domain, iova,
					      length, &gather);
	iommu_paging_run_ops.sync(&domain->domain, &gather);
	return unmapped;
}

static void move(struct kunit *test, struct amdvi_device *device,
		 struct iommu_paging *domain)
{
	KUNIT_ASSERT_EQ(test, amdvi_device_move(device, domain,
						domain ? AMDVI_HOST :
							 AMDVI_BLOCKED), 0);
}

static void a_weaker_unit_joins_and_leaves(struct kunit *test)
{
	struct sim *strong = sim_create(test, 0), *weak = sim_create(test, 1);
	struct iommu_paging *domain = make_domain(test, strong);
	struct amdvi_device *a = sim_device(test, strong, "a", 0x20);
	struct amdvi_device *b = sim_device(test, weak, "b", 0x28);
	struct entries entries;

	weak->unit.common.hidden = AMDVI_HIDE_SUPERPAGES;
	move(test, a, domain);
	map(test, domain, SZ_1G, SZ_1G, SZ_2M);
	entries = entries_of(domain);
	KUNIT_EXPECT_EQ(test, entries.nr, 1);
	/* R3: small entries while the weaker unit is a member, also new ones */
	move(test, b, domain);
	KUNIT_EXPECT_EQ(test, entries_of(domain).nr, 512);
	map(test, domain, SZ_2G, SZ_2G, SZ_2M);
	KUNIT_EXPECT_EQ(test, entries_of(domain).nr, 1024);
	KUNIT_EXPECT_EQ(test, entries_of(domain).largest, SZ_4K);
	KUNIT_EXPECT_EQ(test, domain->domain.pgsize_bitmap, SZ_4K);
	/* R4: large entries again after it has left */
	move(test, b, NULL);
	KUNIT_EXPECT_EQ(test, entries_of(domain).nr, 2);
	KUNIT_EXPECT_EQ(test, entries_of(domain).largest, SZ_2M);
	move(test, a, NULL);
	free_domain(domain);
}

static void two_units_get_one_invalidation_each(struct kunit *test)
{
	struct sim *one = sim_create(test, 0), *two = sim_create(test, 1);
	struct iommu_paging *domain = make_domain(test, one);
	struct amdvi_device *devices[] = {
		sim_device(test, one, "a", 0x20),
		sim_device(test, one, "b", 0x28),
		sim_device(test, two, "c", 0x20),
	};
	unsigned long before[2];
	unsigned int i;

	for (i = 0; i < 3; i++)
		move(test, devices[i], domain);
	map(test, domain, SZ_1M, SZ_1M, SZ_64K);
	before[0] = one->commands[CMD_INVAL_PAGES];
	before[1] = two->commands[CMD_INVAL_PAGES];
	KUNIT_EXPECT_EQ(test, unmap(domain, SZ_1M, SZ_64K), SZ_64K);
	KUNIT_EXPECT_EQ(test, one->commands[CMD_INVAL_PAGES], before[0] + 1);
	KUNIT_EXPECT_EQ(test, two->commands[CMD_INVAL_PAGES], before[1] + 1);
	/* Mapping needs none, unless the unit caches non-present entries */
	two->unit.cap |= CAP_NP_CACHE;
	map(test, domain, SZ_1M, SZ_1M, SZ_64K);
	KUNIT_EXPECT_EQ(test, one->commands[CMD_INVAL_PAGES], before[0] + 1);
	KUNIT_EXPECT_EQ(test, two->commands[CMD_INVAL_PAGES], before[1] + 2);
	for (i = 0; i < 3; i++)
		move(test, devices[i], NULL);
	free_domain(domain);
}

static void a_growing_table_reaches_every_entry(struct kunit *test)
{
	struct sim *one = sim_create(test, 0), *two = sim_create(test, 1);
	struct iommu_paging *domain = make_domain(test, one);
	struct amdvi_device *a = sim_device(test, one, "a", 0x20);
	struct amdvi_device *b = sim_device(test, two, "b", 0x28);
	struct amdvi_device *c = sim_device(test, two, "c", 0x30);
	struct iommu_pt_root root;
	unsigned long before;
	u64 raw[4];

	move(test, a, domain);
	move(test, b, domain);
	move(test, c, NULL);
	map(test, domain, SZ_1M, SZ_1M, SZ_4K);
	amdvi_table_get(&one->unit, 0x20, raw);
	KUNIT_EXPECT_EQ(test, FIELD_GET(DTE0_MODE, raw[0]), 3);
	before = two->commands[CMD_INVAL_DEVTAB];
	/* Beyond the reach of four levels */
	map(test, domain, 1UL << 50, SZ_2M, SZ_4K);
	iommu_pt_root(&domain->live.pt, &root);
	KUNIT_EXPECT_EQ(test, root.levels, 5);
	amdvi_table_get(&one->unit, 0x20, raw);
	KUNIT_EXPECT_EQ(test, FIELD_GET(DTE0_MODE, raw[0]), 5);
	KUNIT_EXPECT_EQ(test, raw[0] & DTE0_ROOT, root.phys);
	amdvi_table_get(&two->unit, 0x28, raw);
	KUNIT_EXPECT_EQ(test, FIELD_GET(DTE0_MODE, raw[0]), 5);
	KUNIT_EXPECT_EQ(test, raw[0] & DTE0_ROOT, root.phys);
	KUNIT_EXPECT_GE(test, two->commands[CMD_INVAL_DEVTAB], before + 1);
	amdvi_table_get(&two->unit, 0x30, raw);
	KUNIT_EXPECT_EQ(test, raw[0], DTE0_V | DTE0_TV);
	/* A device attached later gets the new top */
	move(test, c, domain);
	amdvi_table_get(&two->unit, 0x30, raw);
	KUNIT_EXPECT_EQ(test, FIELD_GET(DTE0_MODE, raw[0]), 5);
	move(test, a, NULL);
	move(test, b, NULL);
	move(test, c, NULL);
	free_domain(domain);
}

static void a_narrower_unit_is_refused(struct kunit *test)
{
	struct sim *wide = sim_create(test, 0), *narrow = sim_create(test, 1);
	struct iommu_paging *domain = make_domain(test, wide);
	struct amdvi_device *a = sim_device(test, wide, "a", 0x20);
	struct amdvi_device *b = sim_device(test, narrow, "b", 0x28);
	u64 before[4], after[4];

	narrow->unit.iova_bits = 48;
	move(test, a, domain);
	move(test, b, NULL);
	amdvi_table_get(&narrow->unit, 0x28, before);
	KUNIT_EXPECT_EQ(test, amdvi_device_move(b, domain, AMDVI_HOST),
			-EINVAL);
	amdvi_table_get(&narrow->unit, 0x28, after);
	KUNIT_EXPECT_MEMEQ(test, before, after, sizeof(before));
	KUNIT_EXPECT_NULL(test, b->common.domain);
	move(test, a, NULL);
	free_domain(domain);
}

/* The entry for requests without PASID in the guest CR3 table of a source-id */
static u64 cr3_of(struct sim *sim, u16 id)
{
	u64 raw[4], table;

	amdvi_table_get(&sim->unit, id, raw);
	table = FIELD_PREP(GCR3_LOW, FIELD_GET(DTE0_GCR3_LOW, raw[0])) |
		FIELD_PREP(GCR3_MIDDLE, FIELD_GET(DTE1_GCR3_MIDDLE, raw[1])) |
		FIELD_PREP(GCR3_HIGH, FIELD_GET(DTE1_GCR3_HIGH, raw[1]));
	return table ? *(u64 *)phys_to_virt(table) : 0;
}

static void guest_tables_are_used_and_invalidated(struct kunit *test)
{
	struct sim *sim = sim_create(test, 0);
	struct amdvi_device *a = sim_device(test, sim, "a", 0x20);
	struct iommu_paging *domain;
	struct iommu_pt_root root;
	unsigned long all;

	sim->unit.guest_tables = true;
	domain = make_domain(test, sim);
	/* The upper half of sign-extended addresses is not used */
	KUNIT_EXPECT_EQ(test, domain->domain.geometry.aperture_end,
			GENMASK_ULL(46, 0));
	KUNIT_EXPECT_EQ(test, domain->domain.pgsize_bitmap,
			SZ_4K | SZ_2M | SZ_1G);
	move(test, a, domain);
	iommu_pt_root(&domain->live.pt, &root);
	KUNIT_EXPECT_EQ(test, cr3_of(sim, 0x20), root.phys | CR3_V);
	map(test, domain, SZ_1G, SZ_1G, SZ_2M);
	KUNIT_EXPECT_EQ(test, entries_of(domain).largest, SZ_2M);
	all = sim->commands[CMD_INVAL_PAGES];
	sim->guest_pages = 0;
	KUNIT_EXPECT_EQ(test, unmap(domain, SZ_1G, SZ_2M), SZ_2M);
	KUNIT_EXPECT_EQ(test, sim->commands[CMD_INVAL_PAGES], all + 1);
	KUNIT_EXPECT_EQ(test, sim->guest_pages, 1);
	/* Leaves of version 2 cannot force snooping */
	KUNIT_EXPECT_FALSE(test, domain->domain.ops->enforce_cache_coherency(&domain->domain));
	sim->guest_pages = 0;
	move(test, a, NULL);
	KUNIT_EXPECT_GE(test, sim->guest_pages, 1);
	KUNIT_EXPECT_EQ(test, cr3_of(sim, 0x20), 0);
	free_domain(domain);
}

static void units_with_other_tables_are_refused(struct kunit *test)
{
	struct sim *host = sim_create(test, 0), *guest = sim_create(test, 1);
	struct amdvi_device *a = sim_device(test, host, "a", 0x20);
	struct amdvi_device *b = sim_device(test, guest, "b", 0x20);
	struct iommu_paging *hosts = make_domain(test, host), *guests;

	guest->unit.guest_tables = true;
	guests = make_domain(test, guest);
	KUNIT_EXPECT_EQ(test, amdvi_device_move(a, guests, AMDVI_HOST),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, amdvi_device_move(b, hosts, AMDVI_HOST), -EINVAL);
	KUNIT_EXPECT_NULL(test, a->common.domain);
	KUNIT_EXPECT_NULL(test, b->common.domain);
	free_domain(hosts);
	free_domain(guests);
}

struct watch {
	struct sim *sim;
	u16 id;
	u64 valid[8];
	bool torn;
};

/* Read an entry as hardware does: 16 bytes at once */
static int watch_entry(void *arg)
{
	struct watch *watch = arg;
	u128 *dte = (u128 *)(watch->sim->unit.table.entries +
			     watch->id * DTE_QUADS);

	while (!kthread_should_stop()) {
		u128 seen = 0;
		unsigned int i;
		bool known = false;

		try_cmpxchg128(dte, &seen, seen);
		for (i = 0; i < 6; i += 2)
			known |= (u64)seen == watch->valid[i] &&
				 (u64)(seen >> 64) == watch->valid[i + 1];
		if (!known)
			WRITE_ONCE(watch->torn, true);
		cond_resched();
	}
	return 0;
}

static void stop_thread(void *thread)
{
	kthread_stop(thread);
}

static void a_device_moves_in_one_step(struct kunit *test)
{
	struct sim *sim = sim_create(test, 0);
	struct iommu_paging *domains[] = {
		make_domain(test, sim), make_domain(test, sim),
	};
	struct amdvi_device *keepers[] = {
		sim_device(test, sim, "k", 0x40),
		sim_device(test, sim, "l", 0x48),
	};
	struct amdvi_device *device = sim_device(test, sim, "a", 0x20);
	struct watch *watch = kunit_kzalloc(test, sizeof(*watch), GFP_KERNEL);
	u64 valid[8] = { DTE0_V | DTE0_TV, 0 };
	struct task_struct *thread;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, watch);
	/* Other devices keep the domain ids, so the entries stay the same */
	for (i = 0; i < 2; i++) {
		move(test, keepers[i], domains[i]);
		move(test, device, domains[i]);
		amdvi_table_get(&sim->unit, 0x20, valid + 2 + 2 * i);
	}
	watch->sim = sim;
	watch->id = 0x20;
	memcpy(watch->valid, valid, sizeof(watch->valid));
	thread = kthread_run(watch_entry, watch, "watch");
	KUNIT_ASSERT_FALSE(test, IS_ERR(thread));
	/* Also if the test ends early, because the unit is freed then */
	KUNIT_ASSERT_EQ(test,
			kunit_add_action_or_reset(test, stop_thread, thread),
			0);
	for (i = 0; i < 300; i++)
		move(test, device, domains[i % 2]);
	kunit_release_action(test, stop_thread, thread);
	KUNIT_EXPECT_FALSE(test, watch->torn);
	move(test, device, NULL);
	for (i = 0; i < 2; i++) {
		move(test, keepers[i], NULL);
		free_domain(domains[i]);
	}
}

/* A unit that is disabled for good has nothing cached that counts */
static void a_disabled_unit_gets_no_commands(struct kunit *test)
{
	struct amdvi_command command = domain_command(1);
	struct sim *sim = sim_create(test, 0);

	sim_die(sim);
	sim_write(sim, AMDVI_STATUS, 0);
	sim_write(sim, AMDVI_CONTROL, CONTROL_IOMMU_EN | CONTROL_CMD_BUF_EN);
	sim->unit.control = CONTROL_IOMMU_EN | CONTROL_CMD_BUF_EN;
	amdvi_unit_disable(&sim->unit);
	KUNIT_EXPECT_EQ(test, sim_read(sim, AMDVI_CONTROL), 0);
	KUNIT_EXPECT_FALSE(test, sim->unit.stuck);
	KUNIT_EXPECT_EQ(test, amdvi_queue_run(&sim->unit, &command, 1), 0);
	KUNIT_EXPECT_FALSE(test, sim->unit.common.dead);
	KUNIT_EXPECT_EQ(test, sim->commands[CMD_INVAL_PAGES], 0);
}

/* What such a unit may use is never freed (amdvi_unit_free()) */
static void a_unit_that_cannot_be_disabled_is_dead(struct kunit *test)
{
	struct amdvi_command command = domain_command(1);
	struct sim *sim = sim_create(test, 0);

	/* Its buffers stay in use */
	sim_die(sim);
	sim_write(sim, AMDVI_STATUS, STATUS_CMD_RUN);
	amdvi_unit_disable(&sim->unit);
	KUNIT_EXPECT_TRUE(test, sim->unit.stuck);
	KUNIT_EXPECT_FALSE(test, sim->unit.disabled);
	KUNIT_EXPECT_EQ(test, amdvi_queue_run(&sim->unit, &command, 1), -EIO);
	/* It translates */
	sim = sim_create(test, 1);
	sim_write(sim, AMDVI_CONTROL, CONTROL_IOMMU_EN);
	sim_write(sim, AMDVI_STATUS, STATUS_CMD_RUN);
	WRITE_ONCE(sim->stuck, true);
	amdvi_unit_disable(&sim->unit);
	KUNIT_EXPECT_TRUE(test, sim->unit.stuck);
	KUNIT_EXPECT_TRUE(test, sim->unit.common.dead);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(every_command_is_done_when_its_request_returns),
	KUNIT_CASE(many_cpus_share_the_command_buffer),
	KUNIT_CASE(a_refused_command_is_no_success),
	KUNIT_CASE(a_unit_that_does_not_answer_is_dead),
	KUNIT_CASE(ranges_become_blocks_that_hold_them),
	KUNIT_CASE(a_new_table_blocks_all_dma),
	KUNIT_CASE(entries_are_those_of_the_specification),
	KUNIT_CASE(a_blocked_entry_forwards_messages_and_no_dma),
	KUNIT_CASE(events_are_counted_round_the_ring),
	KUNIT_CASE(an_event_that_never_arrives_is_skipped),
	KUNIT_CASE(logging_goes_on_after_an_overflow),
	KUNIT_CASE(a_tail_beyond_the_ring_does_no_harm),
	KUNIT_CASE(a_weaker_unit_joins_and_leaves),
	KUNIT_CASE(two_units_get_one_invalidation_each),
	KUNIT_CASE(a_growing_table_reaches_every_entry),
	KUNIT_CASE(a_narrower_unit_is_refused),
	KUNIT_CASE(guest_tables_are_used_and_invalidated),
	KUNIT_CASE(units_with_other_tables_are_refused),
	KUNIT_CASE(a_device_moves_in_one_step),
	KUNIT_CASE(a_disabled_unit_gets_no_commands),
	KUNIT_CASE(a_unit_that_cannot_be_disabled_is_dead),
	{ }
};

static struct kunit_suite suite = {
	.name = "amdvi",
	.test_cases = cases,
};
kunit_test_suite(suite);

MODULE_DESCRIPTION("Tests of the AMD-Vi driver on simulated units");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
