// SPDX-License-Identifier: GPL-2.0
/*
 * A simulated unit, whose commands a thread carries out.
 *
 * The registers are memory. The thread polls the tail of the command buffer.
 * All simulated units share one CPU for their threads, and tests run on
 * another, because callers spin while they wait for a unit. Bits that hardware
 * clears when ones are written are not simulated: tests set and clear them.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "../../common/ring.h"
#include "../event.h"
#include "sim.h"

#define SIM_CPU	1
/* On a busy machine the thread may wait for its CPU */
#define SLACK_US	60000000

u64 sim_read(const struct sim *sim, unsigned int offset)
{
	return READ_ONCE(*(u64 *)(sim->regs + offset));
}

void sim_write(struct sim *sim, unsigned int offset, u64 value)
{
	WRITE_ONCE(*(u64 *)(sim->regs + offset), value);
}

static void store_number(struct sim *sim, const struct amdvi_command *command)
{
	u64 *status = phys_to_virt(command->q[0] & WAIT_ADDRESS);

	if (!(command->q[0] & WAIT_STORE))
		return;
	if (sim->waits && command->q[1] != sim->waits + 1)
		sim->unordered = true;
	sim->waits = command->q[1];
	/* After all earlier commands; pairs with iommu_ring_is_done() */
	smp_store_release(status, command->q[1]);
}

/* The clock that the driver reads */
static ktime_t read_clock(struct iommu_unit *unit)
{
	struct sim *sim = container_of(unit, struct sim, unit.common);

	if (READ_ONCE(sim->dead) || READ_ONCE(sim->hangs))
		WRITE_ONCE(sim->now, ktime_add_ms(sim->now, MSEC_PER_SEC));
	return READ_ONCE(sim->now);
}

/* False if the unit stops at a request to a device-TLB */
static bool ask_device(struct sim *sim, const struct amdvi_command *command)
{
	u16 id = FIELD_GET(INVAL_DEVICE_ID, command->q[0]);
	unsigned int slot;

	/* Where it has stopped it tries again and again */
	if (!sim->stopped) {
		if (sim->nr_asked < SIM_ASKED)
			sim->asked[sim->nr_asked] = id;
		WRITE_ONCE(sim->nr_asked, sim->nr_asked + 1);
	}
	if (id && id == sim->refused)
		return false;
	if (!id || id != READ_ONCE(sim->mute))
		return true;
	slot = sim_read(sim, AMDVI_EVT_TAIL) / RING_ENTRY_BYTES;
	sim_log(&sim->unit.events, slot,
		FIELD_PREP(EVENT_CODE, EVENT_IOTLB_TIMEOUT) | id,
		command->q[1] & INVAL_ADDRESS);
	/* The event is there before the tail tells of it */
	smp_wmb();
	sim_write(sim, AMDVI_EVT_TAIL,
		  (slot + 1) % AMDVI_LOG_SLOTS * RING_ENTRY_BYTES);
	return true;
}

/* False if the command is unknown */
static bool carry_out(struct sim *sim, const struct amdvi_command *command)
{
	unsigned int opcode = FIELD_GET(CMD_OPCODE, command->q[0]);

	switch (opcode) {
	case CMD_COMPLETE_PPR:
		sim->answers[sim->commands[opcode]++ % SIM_ANSWERS] = *command;
		break;
	case CMD_INVAL_IOTLB:
		if (!ask_device(sim, command))
			return false;
		sim->commands[opcode]++;
		break;
	case CMD_COMPLETION_WAIT:
	case CMD_INVAL_DEVTAB:
	case CMD_INVAL_PAGES:
	case CMD_INVAL_ALL:
		sim->commands[opcode]++;
		if (opcode != CMD_INVAL_PAGES)
			break;
		set_bit(FIELD_GET(INVAL_DOMAIN_ID, command->q[0]),
			sim->invalidated);
		if (command->q[1] & INVAL_GN)
			sim->guest_pages++;
		break;
	default:
		return false;
	}
	if (opcode == CMD_COMPLETION_WAIT)
		store_number(sim, command);
	return true;
}

static void step(struct sim *sim)
{
	u64 base = sim_read(sim, AMDVI_CMDBUF) & RING_BASE;
	u64 head = sim_read(sim, AMDVI_CMD_HEAD);
	const struct amdvi_command *ring;

	if (READ_ONCE(sim->stuck)) {
		if (!(sim_read(sim, AMDVI_CONTROL) & CONTROL_IOMMU_EN)) {
			sim_write(sim, AMDVI_CONTROL, CONTROL_IOMMU_EN);
			/* The driver looks at the status first */
			smp_wmb();
			sim_write(sim, AMDVI_STATUS, 0);
		}
		return;
	}
	if (READ_ONCE(sim->hangs)) {
		sim_write(sim, AMDVI_STATUS, sim_read(sim, AMDVI_CONTROL) &
			  CONTROL_CMD_BUF_EN ? STATUS_CMD_RUN : 0);
		return;
	}

	if (!(sim_read(sim, AMDVI_CONTROL) & CONTROL_CMD_BUF_EN) ||
	    head == sim_read(sim, AMDVI_CMD_TAIL))
		return;
	/* The commands are read after the tail that announces them */
	smp_rmb();
	ring = phys_to_virt(base);
	sim->stopped = !carry_out(sim, ring + head / RING_ENTRY_BYTES);
	sim_write(sim, AMDVI_STATUS, sim->stopped ? 0 : STATUS_CMD_RUN);
	if (!sim->stopped)
		sim_write(sim, AMDVI_CMD_HEAD,
			  (head + RING_ENTRY_BYTES) %
			  (IOMMU_RING_SLOTS * RING_ENTRY_BYTES));
}

static int run(void *arg)
{
	struct sim *sim = arg;

	while (!kthread_should_stop()) {
		bool dead = READ_ONCE(sim->dead);

		/* Set after the last command, so sim_die() can wait for it */
		WRITE_ONCE(sim->rests, dead);
		if (!dead)
			step(sim);
		cond_resched();
	}
	return 0;
}

/**
 * sim_log() - put an entry into a log
 * @log: the log
 * @slot: where
 * @lo: its first quadword
 * @hi: its second
 *
 * The caller announces it by the tail register.
 */
void sim_log(struct amdvi_log *log, unsigned int slot, u64 lo, u64 hi)
{
	log->ring[2 * slot] = lo;
	log->ring[2 * slot + 1] = hi;
}

/**
 * sim_device() - create a device behind a simulated unit
 * @test: the test; the device is freed at its end
 * @sim: the unit
 * @name: its name
 * @id: its source-id
 *
 * Return: the device.
 */
struct amdvi_device *sim_device(struct kunit *test, struct sim *sim,
				const char *name, u16 id)
{
	struct amdvi_device *device = kunit_kzalloc(test, sizeof(*device),
						    GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, device);
	device->common.dev = kunit_device_register(test, name);
	KUNIT_ASSERT_FALSE(test, IS_ERR(device->common.dev));
	device->common.unit = &sim->unit.common;
	device->common.source_id = id;
	device->common.alias = id;
	return device;
}

/**
 * sim_die() - let a unit stop answering
 * @sim: the unit
 */
void sim_die(struct sim *sim)
{
	sim->unit.common.slack_us = 0;
	WRITE_ONCE(sim->dead, true);
	while (!READ_ONCE(sim->rests))
		cond_resched();
}

static void destroy(void *arg)
{
	struct sim *sim = arg;

	amdvi_ppr_stop(&sim->unit);
	kthread_stop(sim->thread);
	amdvi_events_destroy(&sim->unit);
	amdvi_queue_destroy(&sim->unit);
	amdvi_table_destroy(&sim->unit);
	iommu_unit_exit(&sim->unit.common);
	kfree(sim->regs);
	kfree(sim);
}

static void set_up(struct amdvi_unit *unit, unsigned int index)
{
	raw_spin_lock_init(&unit->reg_lock);
	iommu_unit_init(&unit->common, "sim", index);
	unit->common.slack_us = SLACK_US;
	unit->common.clock = read_clock;
	unit->nid = NUMA_NO_NODE;
	unit->last_id = 0xffff;
	unit->efr = EFR_IA_SUP | EFR_PPR_SUP | FIELD_PREP(EFR_HATS, 1);
	unit->levels = 5;
	unit->iova_bits = 57;
}

/**
 * sim_create() - create a simulated unit
 * @test: the test; the unit is freed at its end
 * @index: for its name
 *
 * Skips the test on a machine with one CPU.
 *
 * Return: the running unit.
 */
struct sim *sim_create(struct kunit *test, unsigned int index)
{
	struct sim *sim;

	if (num_online_cpus() < 2)
		kunit_skip(test, "needs 2 CPUs");
	sim = kzalloc(sizeof(*sim), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, sim);
	sim->regs = kzalloc(AMDVI_REGS_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, sim->regs);
	sim->unit.regs = (void __iomem *)sim->regs;
	set_up(&sim->unit, index);
	KUNIT_ASSERT_EQ(test, amdvi_table_create(&sim->unit), 0);
	KUNIT_ASSERT_EQ(test, amdvi_queue_create(&sim->unit), 0);
	KUNIT_ASSERT_EQ(test, amdvi_events_create(&sim->unit), 0);
	sim_write(sim, AMDVI_STATUS, STATUS_CMD_RUN);
	sim->thread = kthread_create(run, sim, "%s", sim->unit.common.name);
	KUNIT_ASSERT_FALSE(test, IS_ERR(sim->thread));
	kthread_bind(sim->thread, SIM_CPU);
	amdvi_queue_install(&sim->unit);
	wake_up_process(sim->thread);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, destroy, sim), 0);
	/* The test must not run on the CPU of the unit */
	KUNIT_ASSERT_EQ(test, set_cpus_allowed_ptr(current, cpumask_of(0)), 0);
	return sim;
}
