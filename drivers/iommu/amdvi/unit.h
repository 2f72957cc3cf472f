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

#include <linux/idr.h>
#include <linux/io.h>
#include <linux/iommu.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/spinlock.h>
#include <linux/xarray.h>

#include "fault.h"
#include "queue.h"
#include "regs.h"
#include "table.h"

struct ivrs_block;
struct ivrs_table;

/* What a test or a user has asked to be kept out of sight, params.c */
#define AMDVI_HIDE_SUPERPAGES	BIT(0)
#define AMDVI_HIDE_IOTLB	BIT(1)
#define AMDVI_HIDE_INVAL_ALL	BIT(2)

/**
 * struct amdvi_unit - one remapping engine
 * @iommu: what the IOMMU core knows of it
 * @node: in the list of units, which does not change after the load
 * @index: number of the unit, as in its name
 * @name: "ivhdN"
 * @offset: where the IVRS table describes it, which identifies it there
 * @pdev: its PCI function; held
 * @segment: PCI segment
 * @id: source-id of its PCI function
 * @base: physical address of its registers
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
 * @iova_bits: width of an IOVA
 * @hidden: AMDVI_HIDE_ bits in force
 * @started: it translates, and has our tables
 * @registered: the IOMMU core knows it
 * @dead: stopped answering; nothing is asked of it any more
 * @control: what the control register has
 * @reg_lock: protects @control
 * @table_lock: held while attaching
 * @table: device table
 * @queue: command buffer
 * @domain_ids: domain ids in use
 * @nr_domains: domains that it is a member of; changed under @table_lock
 * @devices: struct amdvi_device by source-id
 * @log: event log
 * @debugfs: its folder
 */
struct amdvi_unit {
	struct iommu_device iommu;
	struct list_head node;
	unsigned int index;
	char name[12];
	size_t offset;
	struct pci_dev *pdev;
	u16 segment;
	u16 id;
	phys_addr_t base;
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
	unsigned long hidden;
	bool started;
	bool registered;
	bool dead;
	u64 control;
	raw_spinlock_t reg_lock;
	struct mutex table_lock;
	struct amdvi_table table;
	struct amdvi_queue *queue;
	struct ida domain_ids;
	unsigned int nr_domains;
	struct xarray devices;
	struct amdvi_log log;
	struct dentry *debugfs;
};

extern struct list_head amdvi_units;

#define unit_err(unit, fmt, ...) \
	pr_err("%s: " fmt, (unit)->name, ##__VA_ARGS__)
#define unit_warn(unit, fmt, ...) \
	pr_warn("%s: " fmt, (unit)->name, ##__VA_ARGS__)
#define unit_info(unit, fmt, ...) \
	pr_info("%s: " fmt, (unit)->name, ##__VA_ARGS__)

/* A unit that has not done something after this long does not answer */
#define AMDVI_TIMEOUT_US	2000000

static inline u64 amdvi_read(const struct amdvi_unit *unit,
			     unsigned int offset)
{
	return readq(unit->regs + offset);
}

static inline void amdvi_write(const struct amdvi_unit *unit,
			       unsigned int offset, u64 value)
{
	writeq(value, unit->regs + offset);
}

struct amdvi_unit *amdvi_unit_create(const struct ivrs_table *ivrs,
				     const struct ivrs_block *ivhd,
				     unsigned int index);
void amdvi_unit_destroy(struct amdvi_unit *unit);

int amdvi_unit_start(struct amdvi_unit *unit);
void amdvi_unit_stop(struct amdvi_unit *unit);
void amdvi_unit_suspend(struct amdvi_unit *unit);
int amdvi_unit_resume(struct amdvi_unit *unit);
void amdvi_unit_control(struct amdvi_unit *unit, u64 set, u64 clear);
void amdvi_unit_lost(struct amdvi_unit *unit, const char *doing);

#endif
