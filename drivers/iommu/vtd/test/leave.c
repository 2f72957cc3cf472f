// SPDX-License-Identifier: GPL-2.0
/*
 * vtd_leave.ko: leaves the first VT-d unit at work, as firmware or a kernel that
 * crashed would, for vtd.ko to take over: translation is on, every request passes
 * through, and the invalidation queue is on. For tests only, before vtd.ko.
 *
 * All buses have one context table, and all entries of that are the same: pass
 * through, in scalable mode by the first entry of one PASID table. The tables
 * stay for as long as the machine runs, and so does the module.
 */
#define pr_fmt(fmt) "vtd_leave: " fmt

#include <linux/iopoll.h>
#include <linux/mm.h>
#include <linux/module.h>

#include <asm/cacheflush.h>

#include "../../common/leave.h"
#include "../spec.h"

static bool scalable;
module_param(scalable, bool, 0400);
MODULE_PARM_DESC(scalable, "in scalable mode (default: no)");

static u64 *make_table(void)
{
	return (u64 *)get_zeroed_page(GFP_KERNEL);
}

/* A page of entries of that many quadwords, all alike */
static u64 fill(u64 *table, unsigned int quads, u64 first, u64 second)
{
	unsigned int i;

	for (i = 0; i < PAGE_SIZE / sizeof(u64); i += quads) {
		table[i] = first;
		table[i + 1] = second;
	}
	clflush_cache_range(table, PAGE_SIZE);
	return virt_to_phys(table);
}

/* Returns what the root table address register has to hold */
static u64 fill_tables(u64 *tables[4], u64 width)
{
	u64 at;

	if (!scalable) {
		at = fill(tables[0], 2,
			  CTX_P | FIELD_PREP(CTX_TT, CTX_TT_PT),
			  width | FIELD_PREP(CTX_HI_DID, 5));
		return fill(tables[1], 2, at | ROOT_P, 0);
	}
	at = fill(tables[0], 8,
		  PASID_P | FIELD_PREP(PASID_PGTT, PGTT_PT) |
		  FIELD_PREP(PASID_AW, width), FIELD_PREP(PASID1_DID, 5));
	at = fill(tables[1], 2, at | PDIR_P, 0);
	at = fill(tables[2], 4, at | SCTX_P, 0);
	/* Both halves of a bus */
	return fill(tables[3], 2, at | ROOT_P, at | ROOT_P) |
	       RTADDR_TTM_SCALABLE;
}

static int command(void __iomem *regs, u32 bit)
{
	u32 status = readl(regs + VTD_GSTS) & ~GCMD_ONE_SHOT;

	writel(status | bit, regs + VTD_GCMD);
	return readl_poll_timeout(regs + VTD_GSTS, status, status & bit, 1,
				  1000000);
}

/* The queue, with one wait in it, done: a unit minds how its queue ends */
static int switch_queue_on(void __iomem *regs)
{
	u64 *ring = make_table();
	u32 shift = scalable ? 5 : 4, head;
	int ret;

	if (!ring)
		return -ENOMEM;
	ring[0] = FIELD_PREP(QI_TYPE, QI_WAIT) | QI_WAIT_SW;
	ring[1] = virt_to_phys(ring) + PAGE_SIZE / 2;
	clflush_cache_range(ring, PAGE_SIZE);
	writeq(0, regs + VTD_IQT);
	writeq(virt_to_phys(ring) | (scalable ? IQA_DW : 0), regs + VTD_IQA);
	ret = command(regs, GCMD_QIE);
	if (ret)
		return ret;
	writeq(1ULL << shift, regs + VTD_IQT);
	return readl_poll_timeout(regs + VTD_IQH, head, head == 1U << shift, 1,
				  1000000);
}

static int switch_on(void __iomem *regs)
{
	u64 cap = readq(regs + VTD_CAP), width;
	unsigned int i;
	u64 *tables[4];
	int ret;

	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		tables[i] = make_table();
		if (!tables[i])
			return -ENOMEM;
	}
	/* SAGAW bit 1 is for 3 levels, which entries call 1 */
	width = fls(FIELD_GET(CAP_SAGAW, cap)) - 1;
	writeq(fill_tables(tables, width), regs + VTD_RTADDR);
	ret = command(regs, GCMD_SRTP);
	if (!ret)
		ret = command(regs, GCMD_TE);
	return ret ?: switch_queue_on(regs);
}

static int __init leave_init(void)
{
	/* In an emulated machine the first structure is the unit's */
	return iommu_leave_at_work(ACPI_SIG_DMAR,
				   sizeof(struct acpi_table_dmar) +
				   offsetof(struct acpi_dmar_hardware_unit,
					    address),
				   SZ_4K, switch_on);
}
module_init(leave_init);

MODULE_DESCRIPTION("Leaves a VT-d unit at work, for tests");
MODULE_LICENSE("GPL");
