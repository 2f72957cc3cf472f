/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A unit: one remapping engine with its registers and its PCI function.
 *
 * Offers register access, finding out what the unit can do, and switching it
 * on and off. What the unit's memory structures hold is the business of
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

struct ivrs_block;
struct ivrs_table;

/* What a test or a user has asked to be kept out of sight, params.c */
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
 * @claimed: the resource is ours to release
 * @nid: memory node close to it, or NUMA_NO_NODE
 * @flags: of its IVHD
 * @last_id: the last source-id that the IVRS table puts behind it
 * @cap: header of its capability
 * @efr: extended features: the register's, less what the table lacks or is
 *	hidden
 * @efr2: the same for the second register
 * @levels: levels of page tables that it walks, at most
 * @iova_bits: width of an IOVA in version 1 tables
 * @guest_tables: its domains have version 2 tables
 * @left_on: somebody else had left it at work, and it still has his table
 * @started: it translates, and has our tables
 * @control: what the control register has
 * @reg_lock: protects @control
 * @table: device table
 * @queue: command buffer
 * @events: event log
 * @ppr: page requests
 * @irq: its interrupt, or 0 where it is polled
 */
struct amdvi_unit {
	struct iommu_unit common;
	struct pci_dev *pdev;
	u16 segment;
	u16 id;
	void __iomem *regs;
	bool claimed;
	int nid;
	u8 flags;
	u16 last_id;
	u32 cap;
	u64 efr;
	u64 efr2;
	unsigned int levels;
	unsigned int iova_bits;
	bool guest_tables;
	bool left_on;
	bool started;
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

struct amdvi_unit *amdvi_unit_create(const struct ivrs_table *ivrs,
				     const struct ivrs_block *ivhd,
				     unsigned int index);
void amdvi_unit_destroy(struct amdvi_unit *unit);

int amdvi_unit_start(struct amdvi_unit *unit);
void amdvi_unit_stop(struct amdvi_unit *unit);
void amdvi_unit_suspend(struct amdvi_unit *unit);
int amdvi_unit_resume(struct amdvi_unit *unit);

#endif
