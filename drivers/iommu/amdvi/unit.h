/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A unit: one remapping engine with its registers and its PCI function.
 *
 * unit.c creates units, starts and stops them. Register access is in regs.c,
 * what a unit supports in ability.c, the contents of its memory structures in
 * table.c, queue.c and fault.c.
 */
#ifndef AMDVI_UNIT_H
#define AMDVI_UNIT_H

#include <linux/iommu.h>
#include <linux/pci.h>
#include <linux/spinlock.h>

#include "../common/unit.h"
#include "fault.h"
#include "log.h"
#include "ppr.h"
#include "queue.h"
#include "spec.h"
#include "table.h"

struct amdvi_chipset;
struct ivrs_block;
struct ivrs_table;

/* Abilities that the hide parameter hides, params.c */
#define AMDVI_HIDE_SUPERPAGES	BIT(0)
#define AMDVI_HIDE_IOTLB	BIT(1)
#define AMDVI_HIDE_INVAL_ALL	BIT(2)

/**
 * struct amdvi_unit - one remapping engine
 * @common: what does not depend on the hardware; named "ivhdN"
 * @pdev: its PCI function; held
 * @segment: PCI segment
 * @id: source-id of its PCI function
 * @regs: the registers
 * @claimed: the driver has requested the memory region of the registers
 * @quirks: AMDVI_QUIRK_ bits
 * @chipset: registers to restore after sleep, or NULL
 * @nid: memory node close to it, or NUMA_NO_NODE
 * @flags: of its IVHD
 * @last_id: the last source-id behind it, by the IVRS table
 * @cap: header of its capability
 * @efr: extended features: those of the register, except what the IVRS table
 *	does not have and what is hidden
 * @efr2: the same for the second register
 * @levels: the most levels of page tables that it walks
 * @iova_bits: width of an IOVA in version 1 tables
 * @guest_tables: its domains use version 2 tables
 * @former_guest: entries of a former kernel lead to version 2 tables
 * @left_on: left enabled by firmware or a former kernel, and it still uses that
 *	one's device table
 * @started: translates by the tables of this driver
 * @disabled: translation is disabled because the load has failed: it needs no
 *	more invalidations
 * @stuck: translation could not be disabled: its tables stay in memory
 * @control: the value of the control register
 * @reg_lock: protects @control
 * @table: device table
 * @queue: command buffer
 * @events: event log
 * @ppr: page requests
 * @irq: its interrupt, or 0 if it is polled
 */
struct amdvi_unit {
	struct iommu_unit common;
	struct pci_dev *pdev;
	u16 segment;
	u16 id;
	void __iomem *regs;
	bool claimed;
	unsigned long quirks;
	struct amdvi_chipset *chipset;
	int nid;
	u8 flags;
	u16 last_id;
	u32 cap;
	u64 efr;
	u64 efr2;
	unsigned int levels;
	unsigned int iova_bits;
	bool guest_tables;
	bool former_guest;
	bool left_on;
	bool started;
	bool disabled;
	bool stuck;
	u64 control;
	raw_spinlock_t reg_lock;
	struct amdvi_table table;
	struct amdvi_queue *queue;
	struct amdvi_log events;
	struct amdvi_ppr ppr;
	int irq;
};

extern struct list_head amdvi_units;

#define to_amdvi_unit(unit) container_of_const(unit, struct amdvi_unit, common)

/* May the unit have cached translations of version 2 tables? */
static inline bool amdvi_unit_walks_guest_tables(const struct amdvi_unit *unit)
{
	return unit->guest_tables || unit->former_guest;
}

struct amdvi_unit *amdvi_unit_create(const struct ivrs_table *ivrs,
				     const struct ivrs_block *ivhd,
				     unsigned int index);
void amdvi_unit_destroy(struct amdvi_unit *unit);

int amdvi_unit_start(struct amdvi_unit *unit);
void amdvi_unit_disable(struct amdvi_unit *unit);
void amdvi_unit_stop(struct amdvi_unit *unit);
void amdvi_unit_suspend(struct amdvi_unit *unit);
int amdvi_unit_resume(struct amdvi_unit *unit);

#endif
