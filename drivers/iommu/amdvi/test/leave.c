// SPDX-License-Identifier: GPL-2.0
/*
 * amdvi_leave.ko: enables the first AMD-Vi unit and leaves it enabled, as
 * firmware or a crashed kernel would, for amdvi.ko to take over. The unit
 * translates and lets every request pass through; its command buffer and event
 * log are enabled. For tests only; load it before amdvi.ko.
 *
 * The device table has the largest size, and all its entries are the same. The
 * memory of the tables and the module stay until the machine is reset.
 */
#define pr_fmt(fmt) "amdvi_leave: " fmt

#include <linux/iopoll.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "../../common/leave.h"
#include "../spec.h"

#define DEVTAB_BYTES	(65536ul * DTE_BYTES)
#define RING_ENTRIES	(PAGE_SIZE / RING_ENTRY_BYTES)
/* Offset in the command buffer at which the unit stores the end of the wait */
#define DONE_AT		(PAGE_SIZE - sizeof(u64))

static u64 *make_table(size_t bytes)
{
	return (u64 *)__get_free_pages(GFP_KERNEL | __GFP_ZERO,
				       get_order(bytes));
}

static int give_device_table(void __iomem *regs)
{
	u64 *table = make_table(DEVTAB_BYTES);
	size_t at;

	if (!table)
		return -ENOMEM;
	for (at = 0; at < DEVTAB_BYTES / sizeof(u64); at += DTE_QUADS) {
		table[at] = DTE0_V | DTE0_TV | DTE0_IR | DTE0_IW;
		table[at + 1] = FIELD_PREP(DTE1_DOMAIN_ID, 5);
	}
	writeq(virt_to_phys(table) |
	       FIELD_PREP(DEVTAB_SIZE, DEVTAB_BYTES / SZ_4K - 1),
	       regs + AMDVI_DEVTAB);
	return 0;
}

static u64 *give_ring(void __iomem *regs, unsigned int base, unsigned int head,
		      unsigned int tail)
{
	u64 *ring = make_table(PAGE_SIZE);

	if (!ring)
		return NULL;
	writeq(virt_to_phys(ring) | FIELD_PREP(RING_LEN, ilog2(RING_ENTRIES)),
	       regs + base);
	writeq(0, regs + head);
	writeq(0, regs + tail);
	return ring;
}

/* Put one wait into the command buffer, and wait until it is done */
static int wait_once(void __iomem *regs, u64 *ring)
{
	u64 *done = (void *)ring + DONE_AT, value;

	ring[0] = FIELD_PREP(CMD_OPCODE, CMD_COMPLETION_WAIT) | WAIT_STORE |
		  (virt_to_phys(done) & WAIT_ADDRESS);
	ring[1] = 1;
	writeq(RING_ENTRY_BYTES, regs + AMDVI_CMD_TAIL);
	return read_poll_timeout(READ_ONCE, value, value == 1, 1, 1000000,
				 false, *done);
}

static int switch_on(void __iomem *regs)
{
	u64 *commands;
	int ret;

	if (readq(regs + AMDVI_CONTROL) & CONTROL_IOMMU_EN)
		return -EBUSY;
	ret = give_device_table(regs);
	if (ret)
		return ret;
	commands = give_ring(regs, AMDVI_CMDBUF, AMDVI_CMD_HEAD,
			     AMDVI_CMD_TAIL);
	if (!commands ||
	    !give_ring(regs, AMDVI_EVTLOG, AMDVI_EVT_HEAD, AMDVI_EVT_TAIL))
		return -ENOMEM;
	writeq(CONTROL_COHERENT | CONTROL_CMD_BUF_EN | CONTROL_EVT_LOG_EN |
	       CONTROL_IOMMU_EN, regs + AMDVI_CONTROL);
	return wait_once(regs, commands);
}

static int __init leave_init(void)
{
	/* In an emulated machine the first block describes the unit */
	return iommu_leave_at_work(ACPI_SIG_IVRS,
				   sizeof(struct acpi_table_ivrs) +
				   offsetof(struct acpi_ivrs_hardware_10,
					    base_address),
				   AMDVI_REGS_SIZE, switch_on);
}
module_init(leave_init);

MODULE_DESCRIPTION("Leaves an AMD-Vi unit enabled, for tests");
MODULE_LICENSE("GPL");
