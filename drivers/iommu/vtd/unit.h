/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A unit: one remapping engine.
 *
 * unit.c creates units, starts and stops them, and enables and disables
 * translation. Register access is in regs.c, what a unit supports in ability.c,
 * the contents of its memory structures in tables.c, queue.c and fault.c.
 */
#ifndef VTD_UNIT_H
#define VTD_UNIT_H

#include <linux/iommu.h>
#include <linux/spinlock.h>

#include "../common/unit.h"
#include "fault.h"
#include "queue.h"
#include "spec.h"
#include "tables.h"

struct dmar_structure;
struct vtd_domain;

/* Abilities that the hide parameter hides, params.c */
#define VTD_HIDE_SUPERPAGES	BIT(0)
#define VTD_HIDE_SNOOP		BIT(1)
#define VTD_HIDE_COHERENCY	BIT(2)
#define VTD_HIDE_QUEUE		BIT(3)
#define VTD_HIDE_PASS_THROUGH	BIT(4)
#define VTD_HIDE_SCALABLE	BIT(5)

/**
 * struct vtd_unit - one remapping engine
 * @common: what does not depend on the hardware; named "dmarN"
 * @index: number in its name
 * @mapped: bytes of registers mapped
 * @regs: the registers
 * @claimed: the driver holds the memory resource of the registers
 * @segment: PCI segment
 * @nid: its NUMA node, or NUMA_NO_NODE
 * @cap: CAP_REG
 * @ecap: ECAP_REG, less what is hidden
 * @scalable: runs in scalable mode
 * @left_on: firmware or a former kernel had left it enabled
 * @keeps_on: translation is not disabled for sleep and shutdown
 * @started: uses our root table and, if it has one, our queue
 * @reg_lock: protects read-modify-write of registers and multi-step commands
 * @tables: root and context tables; changed under the table_lock
 * @queue: invalidation queue; without one, registers are used
 * @identity: identity table, for a unit without pass-through
 * @identity_member: the unit as a member of the identity table's domain
 * @faults: fault recording
 * @written: for simulated units: called after each write of 32 bits
 */
struct vtd_unit {
	struct iommu_unit common;
	unsigned int index;
	size_t mapped;
	void __iomem *regs;
	bool claimed;
	u16 segment;
	int nid;
	u64 cap;
	u64 ecap;
	bool scalable;
	bool left_on;
	bool keeps_on;
	bool started;
	raw_spinlock_t reg_lock;
	struct vtd_tables tables;
	struct vtd_queue *queue;
	struct vtd_domain *identity;
	struct iommu_unit_member *identity_member;
	struct vtd_faults faults;
#if IS_ENABLED(CONFIG_KUNIT)
	void (*written)(struct vtd_unit *unit, unsigned int offset, u32 value);
#endif
};

extern struct list_head vtd_units;

#define to_vtd_unit(unit) container_of_const(unit, struct vtd_unit, common)

struct vtd_unit *vtd_unit_create(const struct dmar_structure *drhd,
				 unsigned int index);
void vtd_unit_destroy(struct vtd_unit *unit);
const char *vtd_unit_owned(const struct vtd_unit *unit);
int vtd_unit_take(struct vtd_unit *unit);

int vtd_unit_start(struct vtd_unit *unit);
void vtd_unit_stop(struct vtd_unit *unit);
bool vtd_unit_lets_go(struct vtd_unit *unit);
int vtd_unit_set_root(struct vtd_unit *unit);
int vtd_unit_translate(struct vtd_unit *unit, bool on);

#endif
