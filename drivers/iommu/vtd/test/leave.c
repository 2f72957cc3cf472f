// SPDX-License-Identifier: GPL-2.0
/*
 * vtd_leave.ko: leaves the first VT-d unit enabled, as firmware or a crashed
 * kernel would, so that vtd.ko can take it over. Translation is enabled, every
 * request passes through, and the invalidation queue is enabled. For tests
 * only; load it before vtd.ko.
 *
 * With former=1 a unit is enabled again by the tables of the former kernel, to
 * which its root table address still leads: a kernel that has Intel's driver, but
 * disabled, disables translation when it starts.
 *
 * All buses share one context table with identical entries: pass-through, in
 * scalable mode by the first entry of one PASID table. The tables and the
 * module stay until the machine goes down.
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

static bool former;
module_param(former, bool, 0400);
MODULE_PARM_DESC(former, "by the tables of the former kernel (default: no)");

static u64 *make_table(void)
{
	return (u64 *)get_zeroed_page(GFP_KERNEL);
}

/* Fill a page with identical entries of @quads quadwords */
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

/* Returns the value of the root table address register */
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
	/* The same table for both halves of a bus */
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

/*
 * Enable the queue and complete one wait: a unit may refuse to disable a queue
 * whose last descriptor was not a wait.
 */
static int enable_queue(void __iomem *regs)
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

static int enable(void __iomem *regs)
{
	u64 cap = readq(regs + VTD_CAP), width;
	unsigned int i;
	u64 *tables[4];
	int ret;

	if (former)
		return command(regs, GCMD_TE);
	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		tables[i] = make_table();
		if (!tables[i])
			return -ENOMEM;
	}
	/* SAGAW bit 1 is for 3 levels, whose address width is 1 in entries */
	width = fls(FIELD_GET(CAP_SAGAW, cap)) - 1;
	writeq(fill_tables(tables, width), regs + VTD_RTADDR);
	ret = command(regs, GCMD_SRTP);
	if (!ret)
		ret = command(regs, GCMD_TE);
	return ret ?: enable_queue(regs);
}

static int __init leave_init(void)
{
	/* In an emulated machine the first structure is that of the unit */
	return iommu_leave_at_work(ACPI_SIG_DMAR,
				   sizeof(struct acpi_table_dmar) +
				   offsetof(struct acpi_dmar_hardware_unit,
					    address),
				   SZ_4K, enable);
}
module_init(leave_init);

MODULE_DESCRIPTION("Leaves a VT-d unit enabled, for tests");
MODULE_LICENSE("GPL");
