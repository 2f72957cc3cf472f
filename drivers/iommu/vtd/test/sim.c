// SPDX-License-Identifier: GPL-2.0
/*
 * A simulated unit: registers and queue are memory, which a thread serves.
 *
 * The driver's register accesses are accesses to memory here. The thread, on a
 * CPU of its own, polls for commands, for descriptors, and for invalidations
 * through registers.
 *
 * The fault status register is the exception: the driver clears its bits by
 * writing ones, and vtd_write() carries that out before it returns.
 */
#include <kunit/test.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "sim.h"

#define REGS_BYTES	SZ_4K
#define SIM_CPU		1
/* On a busy machine the thread may have to wait for its CPU */
#define SLACK_US	60000000
#define RING_SLOTS	256

static u32 get(const struct sim *sim, unsigned int offset)
{
	return READ_ONCE(*(u32 *)(sim->regs + offset));
}

static u64 get64(const struct sim *sim, unsigned int offset)
{
	return READ_ONCE(*(u64 *)(sim->regs + offset));
}

static void set(struct sim *sim, unsigned int offset, u32 value)
{
	WRITE_ONCE(*(u32 *)(sim->regs + offset), value);
}

static void set64(struct sim *sim, unsigned int offset, u64 value)
{
	WRITE_ONCE(*(u64 *)(sim->regs + offset), value);
}

static void follow_command(struct sim *sim)
{
	u32 command = get(sim, VTD_GCMD), status = get(sim, VTD_GSTS);
	u32 persistent = command & (GCMD_TE | GCMD_QIE);

	/* The status shows SRTP from the first command on */
	if (command & GCMD_SRTP)
		persistent |= GCMD_SRTP;
	persistent |= status & (GCMD_SRTP | READ_ONCE(sim->stuck));
	if (persistent & GCMD_QIE && !(status & GCMD_QIE)) {
		set64(sim, VTD_IQH, 0);
		sim->slow_for_s = 0;
	}
	if (persistent != status)
		set(sim, VTD_GSTS, persistent);
}

static void raise(struct sim *sim, u32 bit)
{
	unsigned long flags;

	spin_lock_irqsave(&sim->lock, flags);
	sim->errors |= bit;
	set(sim, VTD_FSTS, sim->errors);
	spin_unlock_irqrestore(&sim->lock, flags);
}

/* For a moment the register holds the driver's value, which does no harm */
static void clear(struct vtd_unit *unit, unsigned int offset, u32 value)
{
	struct sim *sim = container_of(unit, struct sim, unit);
	unsigned long flags;

	if (offset != VTD_FSTS)
		return;
	spin_lock_irqsave(&sim->lock, flags);
	sim->errors &= ~value;
	set(sim, VTD_FSTS, sim->errors);
	spin_unlock_irqrestore(&sim->lock, flags);
}

static void store_number(struct sim *sim, const u64 *desc)
{
	u32 number = FIELD_GET(QI_WAIT_DATA, desc[0]);

	if (!(desc[0] & QI_WAIT_SW))
		return;
	/* The wait that replaces a refused descriptor has number 0 */
	if (number) {
		if (number != sim->last_wait + 1)
			sim->unordered = true;
		sim->last_wait = number;
	}
	/* Earlier effects are visible first; pairs with iommu_ring_is_done() */
	smp_store_release((u32 *)phys_to_virt(desc[1]), number);
}

static void log_desc(struct sim *sim, const u64 *desc, unsigned int shift)
{
	if (sim->logged < SIM_LOG_MAX)
		memcpy(sim->log[sim->logged].q, desc, 1 << shift);
	WRITE_ONCE(sim->logged, min(sim->logged + 1, SIM_LOG_MAX));
}

/* Complete the entry that it has fetched, and begin the next fetch */
static void fetch_watched(struct sim *sim)
{
	u64 *entry = READ_ONCE(sim->watched), *seen;
	u128 first = 0;

	if (!entry)
		return;
	/* Reads both quadwords at once, and does not change them */
	try_cmpxchg128((u128 *)entry, &first, first);
	if (sim->nr_seen < SIM_SEEN_MAX) {
		seen = sim->seen[sim->nr_seen];
		seen[0] = first;
		seen[1] = first >> 64;
		seen[2] = sim->fetched;
		sim->nr_seen++;
	}
	sim->fetched = READ_ONCE(entry[2]);
}

/* Returns false if the head must stay, for example at a refused descriptor */
static bool carry_out(struct sim *sim, const u64 *desc)
{
	unsigned int type = FIELD_GET(QI_TYPE, desc[0]);
	u16 source_id;

	switch (type) {
	case QI_WAIT:
		/* Count before the waiting caller can look */
		sim->descs[type]++;
		store_number(sim, desc);
		return true;
	case QI_DEV_IOTLB:
		source_id = FIELD_GET(QI_DEV_SID, desc[0]);
		if (source_id && source_id == sim->mute) {
			/* All fetched descriptors are dropped */
			set64(sim, VTD_IQH, get64(sim, VTD_IQT));
			set64(sim, VTD_IQERCD,
			      FIELD_PREP(IQERCD_ITESID,
					 sim->nameless ? 0 : source_id));
			raise(sim, FSTS_ITE);
			return false;
		}
		if (source_id && source_id == sim->refused) {
			set64(sim, VTD_IQERCD, FIELD_PREP(IQERCD_IQEI, 1));
			raise(sim, FSTS_IQE);
			return false;
		}
		if (source_id && source_id == sim->stray) {
			set64(sim, VTD_IQERCD,
			      FIELD_PREP(IQERCD_ICESID, source_id));
			raise(sim, FSTS_ICE);
		}
		break;
	case QI_PASID_CACHE:
		fetch_watched(sim);
		break;
	case QI_CONTEXT:
	case QI_IOTLB:
	case QI_PASID_IOTLB:
		break;
	default:
		set64(sim, VTD_IQERCD, FIELD_PREP(IQERCD_IQEI, 3));
		raise(sim, FSTS_IQE);
		return false;
	}
	sim->descs[type]++;
	return true;
}

/* The clock that the driver reads */
static ktime_t read_clock(struct iommu_unit *unit)
{
	struct sim *sim = container_of(unit, struct sim, unit.common);

	atomic_inc(&sim->looks);
	if (READ_ONCE(sim->dead))
		WRITE_ONCE(sim->now, ktime_add_ms(sim->now, MSEC_PER_SEC));
	return READ_ONCE(sim->now);
}

/* Let a second pass, if the driver has seen the last one */
static bool pass_time(struct sim *sim)
{
	int looks = atomic_read(&sim->looks);

	if (looks == sim->seen_looks)
		return false;
	sim->seen_looks = looks;
	WRITE_ONCE(sim->now, ktime_add_ms(sim->now, MSEC_PER_SEC));
	return true;
}

/* Is the device still busy that a descriptor asks? */
static bool is_slow(struct sim *sim, const u64 *desc)
{
	if (READ_ONCE(sim->hangs)) {
		pass_time(sim);
		return true;
	}
	if (FIELD_GET(QI_TYPE, desc[0]) != QI_DEV_IOTLB || !sim->slow ||
	    FIELD_GET(QI_DEV_SID, desc[0]) != sim->slow)
		return false;
	if (sim->slow_for_s < sim->slow_s) {
		sim->slow_for_s += pass_time(sim);
		return true;
	}
	sim->slow_for_s = 0;
	return false;
}

static void serve_queue(struct sim *sim)
{
	u64 address = get64(sim, VTD_IQA), tail = get64(sim, VTD_IQT);
	unsigned int shift = address & IQA_DW ? 5 : 4;
	u64 head = get64(sim, VTD_IQH);
	const u8 *ring = phys_to_virt(address & PAGE_MASK);

	if (!(get(sim, VTD_GSTS) & GCMD_QIE) || READ_ONCE(sim->errors) || head == tail)
		return;
	/* Read the descriptors after the tail */
	smp_rmb();
	if (is_slow(sim, (const u64 *)(ring + head)))
		return;
	if (FIELD_GET(QI_TYPE, *(const u64 *)(ring + head)) != QI_WAIT)
		log_desc(sim, (const u64 *)(ring + head), shift);
	if (!carry_out(sim, (const u64 *)(ring + head)))
		return;
	set64(sim, VTD_IQH, (head + (1 << shift)) % (RING_SLOTS << shift));
}

static void serve_registers(struct sim *sim)
{
	unsigned int iotlb = FIELD_GET(ECAP_IRO, sim->unit.ecap) * 16 +
			     VTD_IOTLB;
	u64 value = get64(sim, iotlb);

	if (value & IOTLB_IVT) {
		sim->descs[QI_IOTLB]++;
		set64(sim, iotlb, value & ~IOTLB_IVT);
	}
	value = get64(sim, VTD_CCMD);
	if (value & CCMD_ICC) {
		sim->descs[QI_CONTEXT]++;
		set64(sim, VTD_CCMD, value & ~CCMD_ICC);
	}
}

static int serve(void *arg)
{
	struct sim *sim = arg;

	while (!kthread_should_stop()) {
		bool dead = READ_ONCE(sim->dead);

		/* Earlier work is complete, so a dead unit changes nothing more */
		WRITE_ONCE(sim->rests, dead);
		if (!dead) {
			follow_command(sim);
			serve_queue(sim);
			serve_registers(sim);
		}
		cond_resched();
	}
	return 0;
}

/**
 * sim_die() - stop a unit from answering, as hardware that hangs
 * @sim: the unit
 */
void sim_die(struct sim *sim)
{
	sim->unit.common.slack_us = 0;
	WRITE_ONCE(sim->dead, true);
	while (!READ_ONCE(sim->rests))
		cond_resched();
}

/**
 * sim_watch() - let a unit fetch an entry continuously
 * @sim: the unit, which is idle
 * @entry: a PASID table entry; NULL to stop
 */
void sim_watch(struct sim *sim, u64 *entry)
{
	if (entry) {
		sim->nr_seen = 0;
		sim->fetched = READ_ONCE(entry[2]);
	}
	/* The thread reads this when it carries out a later descriptor */
	WRITE_ONCE(sim->watched, entry);
}

static void destroy(void *arg)
{
	struct sim *sim = arg;

	kthread_stop(sim->thread);
	vtd_queue_destroy(&sim->unit);
	iommu_unit_exit(&sim->unit.common);
	kfree(sim->regs);
	kfree(sim);
}

static void set_up(struct vtd_unit *unit)
{
	static unsigned int number;

	raw_spin_lock_init(&unit->reg_lock);
	/* Each has its own name in the log */
	iommu_unit_init(&unit->common, "sim", number++);
	unit->common.slack_us = SLACK_US;
	unit->nid = NUMA_NO_NODE;
}

/**
 * sim_create() - create a simulated unit
 * @test: the test; the unit is freed at its end
 * @cap: its CAP_REG
 * @ecap: its ECAP_REG
 *
 * Skips the test on a machine with one CPU.
 *
 * Return: the unit, started; with a queue if @ecap has ECAP_QI.
 */
struct sim *sim_create(struct kunit *test, u64 cap, u64 ecap)
{
	struct sim *sim;

	if (num_online_cpus() < 2)
		kunit_skip(test, "needs 2 CPUs");
	sim = kzalloc(sizeof(*sim), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, sim);
	sim->regs = kzalloc(REGS_BYTES, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, sim->regs);
	sim->unit.regs = (void __iomem *)sim->regs;
	sim->unit.cap = cap;
	sim->unit.ecap = ecap;
	sim->unit.scalable = ecap & ECAP_SMTS;
	set_up(&sim->unit);
	sim->unit.written = clear;
	sim->unit.common.clock = read_clock;
	spin_lock_init(&sim->lock);
	sim->thread = kthread_create(serve, sim, "%s", sim->unit.common.name);
	KUNIT_ASSERT_FALSE(test, IS_ERR(sim->thread));
	kthread_bind(sim->thread, SIM_CPU);
	wake_up_process(sim->thread);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, destroy, sim), 0);
	/* Keep this thread, which waits for the unit, off the unit's CPU */
	KUNIT_ASSERT_EQ(test, set_cpus_allowed_ptr(current, cpumask_of(0)), 0);
	if (ecap & ECAP_QI) {
		KUNIT_ASSERT_EQ(test, vtd_queue_create(&sim->unit), 0);
		KUNIT_ASSERT_EQ(test, vtd_queue_enable(&sim->unit), 0);
	}
	sim->unit.started = true;
	return sim;
}
