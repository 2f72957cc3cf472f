// SPDX-License-Identifier: GPL-2.0
/*
 * vtd_second.ko: a VT-d unit that a thread simulates, for tests of machines with
 * several units; no emulator has more than one. Its registers are in memory that
 * the kernel does not use. It has no queue. No request of a device reaches it.
 */
#define pr_fmt(fmt) "vtd_second: " fmt

#include <linux/delay.h>
#include <linux/io.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched.h>

#include "../spec.h"

static ulong base;
module_param(base, ulong, 0400);
MODULE_PARM_DESC(base, "physical address of its registers, in memory that the kernel does not use");

static bool stuck;
module_param(stuck, bool, 0400);
MODULE_PARM_DESC(stuck, "it does not disable translation any more (default: no)");

#define SECOND_IRO	0x10
#define SECOND_IOTLB	(SECOND_IRO * 16 + 8)
#define SECOND_CAP	(FIELD_PREP(CAP_SAGAW, SAGAW_4_LEVEL) | \
			 FIELD_PREP(CAP_MGAW, 47) | FIELD_PREP(CAP_ND, 6) | \
			 FIELD_PREP(CAP_FRO, 0x22) | CAP_SSLPS_2M)
#define SECOND_ECAP	(ECAP_C | ECAP_PT | FIELD_PREP(ECAP_IRO, SECOND_IRO))
#define SECOND_BUSY	BIT_ULL(63)

static void __iomem *regs;
static struct task_struct *thread;

/* A 64-bit register whose highest bit starts an invalidation, and then clears */
static void invalidate(unsigned int offset)
{
	u64 value = readq(regs + offset);

	if (value & SECOND_BUSY)
		writeq(value & ~SECOND_BUSY, regs + offset);
}

static int serve(void *unused)
{
	u32 command, status;

	while (!kthread_should_stop()) {
		command = readl(regs + VTD_GCMD);
		status = readl(regs + VTD_GSTS);
		status &= GCMD_SRTP | (stuck ? GCMD_TE : 0);
		status |= command & (GCMD_SRTP | GCMD_TE);
		writel(status, regs + VTD_GSTS);
		invalidate(VTD_CCMD);
		invalidate(SECOND_IOTLB);
		/* An emulated CPU that waits gives way to one that is busy */
		if (stuck)
			usleep_range(100, 200);
		else
			cond_resched();
	}
	return 0;
}

static int __init second_init(void)
{
	regs = base ? ioremap(base, PAGE_SIZE) : NULL;
	if (!regs)
		return -EINVAL;
	memset_io(regs, 0, PAGE_SIZE);
	writel(0x10, regs + VTD_VER);
	writeq(SECOND_CAP, regs + VTD_CAP);
	writeq(SECOND_ECAP, regs + VTD_ECAP);
	thread = kthread_run(serve, NULL, "vtd_second");
	return PTR_ERR_OR_ZERO(thread);
}
module_init(second_init);

MODULE_DESCRIPTION("A simulated VT-d unit, for tests");
MODULE_LICENSE("GPL");
