// SPDX-License-Identifier: GPL-2.0
/*
 * Fault recording of a unit.
 *
 * The unit records faults in a few registers, used in turn. The interrupt
 * handler reads all that are full and passes the faults to ../common/faults.c,
 * which counts them, limits their cost, logs them and reports them to the IOMMU
 * core.
 *
 * If a device causes a storm of faults, recording of its faults is disabled for
 * a while, by FPD in its context entry. Its requests are blocked all the same.
 */
#define pr_fmt(fmt) "vtd: " fmt

#include <linux/pci.h>

#include "../common/trace.h"
#include "device.h"
#include "domain.h"
#include "inval.h"
#include "params.h"
#include "regs.h"
#include "unit.h"

/* Reason codes, section 7.1.3 */
static const char *const reasons[256] = {
	[0x01] = "root entry not present",
	[0x02] = "context entry not present: the device is blocked",
	[0x03] = "context entry invalid",
	[0x04] = "address beyond the domain's width",
	[0x05] = "no write permission",
	[0x06] = "no read permission",
	[0x07] = "page-table entry not reachable",
	[0x08] = "root table not reachable",
	[0x09] = "context table not reachable",
	[0x0a] = "reserved bits in root entry",
	[0x0b] = "reserved bits in context entry",
	[0x0c] = "reserved bits in page-table entry",
	[0x0d] = "device-TLB request not allowed for the device",
	[0x0e] = "write to the interrupt address range",
	[0x20] = "reserved bits in interrupt request",
	[0x21] = "interrupt index beyond the table",
	[0x22] = "interrupt entry not present",
	[0x23] = "interrupt table not reachable",
	[0x24] = "reserved bits in interrupt entry",
	[0x25] = "interrupt of compatibility format",
	[0x26] = "interrupt of another source-id",
	[0x30] = "scalable-mode root table not reachable",
	[0x38] = "scalable-mode root entry not reachable",
	[0x39] = "scalable-mode root entry not present",
	[0x3a] = "reserved bits in scalable-mode root entry",
	[0x40] = "scalable-mode context entry not reachable",
	[0x41] = "scalable-mode context entry not present: the device is blocked",
	[0x42] = "reserved bits in scalable-mode context entry",
	[0x43] = "scalable-mode context entry invalid",
	[0x44] = "PASID in a request of a device without PASIDs",
	[0x45] = "PASID beyond the directory",
	[0x46] = "device-TLB request not allowed for the device",
	[0x50] = "PASID directory entry not reachable",
	[0x51] = "PASID directory entry not present",
	[0x52] = "reserved bits in PASID directory entry",
	[0x58] = "PASID table entry not reachable",
	[0x59] = "PASID table entry not present: the device is blocked",
	[0x5a] = "reserved bits in PASID table entry",
	[0x5b] = "PASID table entry invalid",
	[0x5c] = "execute request not enabled",
	[0x5d] = "supervisor request not enabled",
	[0x70] = "first-stage entry not reachable",
	[0x71] = "first-stage entry not present",
	[0x72] = "reserved bits in first-stage entry",
	[0x73] = "first-stage top table not reachable",
	[0x74] = "first-stage table beyond the second stage",
	[0x75] = "first-stage top table not readable in the second stage",
	[0x76] = "first-stage table not readable in the second stage",
	[0x77] = "first-stage table not writable in the second stage",
	[0x78] = "second-stage entry not reachable",
	[0x79] = "no permission in the second stage",
	[0x7a] = "reserved bits in second-stage entry",
	[0x7b] = "second-stage table pointer invalid",
	[0x80] = "address is not canonical",
	[0x81] = "page is for supervisors",
	[0x82] = "page is not executable",
	[0x83] = "address beyond the hardware's width",
	[0x84] = "second-stage address beyond the hardware's width",
	[0x85] = "no write permission",
	[0x86] = "no read permission",
	[0x87] = "access to the interrupt address range",
};

/**
 * vtd_fault_reason() - describe a reason code
 * @reason: the code
 *
 * Return: the description.
 */
const char *vtd_fault_reason(u8 reason)
{
	return reasons[reason] ?: "unknown reason";
}

static bool is_interrupt_fault(u8 reason)
{
	return reason >= 0x20 && reason < 0x30;
}

static struct vtd_unit *faults_to_vtd_unit(struct iommu_faults *faults)
{
	return container_of(faults, struct vtd_unit, common.faults);
}

static void vtd_fault_decode(struct iommu_fault_record *record, u64 lo, u64 hi)
{
	*record = (struct iommu_fault_record){
		.source_id = FIELD_GET(FRCD_HI_SID, hi),
		.reason = FIELD_GET(FRCD_HI_FR, hi),
		.write = !(hi & (FRCD_HI_T1 | FRCD_HI_T2)),
		.address = lo & FRCD_LO_FI,
	};
}

/* Read each fault register once; returns how many were full */
static unsigned int vtd_faults_drain_round(struct vtd_unit *unit)
{
	unsigned int offset = FIELD_GET(CAP_FRO, unit->cap) * 16;
	unsigned int nr = FIELD_GET(CAP_NFR, unit->cap) + 1;
	unsigned int at, full = 0;
	struct iommu_fault_record record;
	u64 lo, hi;

	at = FIELD_GET(FSTS_FRI, vtd_read(unit, VTD_FSTS));
	/* FRI is from the hardware: it may have any value */
	for (at %= nr; full < nr; at = (at + 1) % nr) {
		unsigned int reg = offset + at * FRCD_BYTES;

		hi = vtd_read64(unit, reg + 8);
		if (!(hi & FRCD_HI_F))
			break;
		lo = vtd_read64(unit, reg);
		vtd_fault_decode(&record, lo, hi);
		/* Before the register is freed, so that no fault is uncounted */
		iommu_faults_count(&unit->common.faults, &record);
		/* Writing the bit frees the register */
		vtd_write(unit, reg + 12, upper_32_bits(FRCD_HI_F));
		full++;
	}
	return full;
}

/* Read fault registers until all are empty; false: to be continued later */
static bool vtd_faults_drain(struct iommu_faults *faults)
{
	struct vtd_unit *unit = faults_to_vtd_unit(faults);
	unsigned int rounds = 16;

	do {
		u32 status = vtd_read(unit, VTD_FSTS);

		if (!(status & (FSTS_PPF | FSTS_PFO)) ||
		    READ_ONCE(unit->common.dead))
			return true;
		vtd_faults_drain_round(unit);
		/* Once a register is free, or the unit would set it again */
		if (status & FSTS_PFO) {
			faults->overflows++;
			vtd_write(unit, VTD_FSTS, FSTS_PFO);
		}
		if (iommu_faults_busy(faults))
			return false;
	} while (--rounds);
	return false;
}

static void vtd_faults_mask(struct iommu_faults *faults, bool mask)
{
	vtd_irq_mask(faults_to_vtd_unit(faults), mask);
}

static void vtd_fault_log(const struct vtd_unit *unit,
			  const struct iommu_fault_record *fault)
{
	char untold[64] = "";

	if (fault->untold)
		snprintf(untold, sizeof(untold),
			 " (%llu earlier ones of it were not logged)", fault->untold);
	if (is_interrupt_fault(fault->reason)) {
		unit_err(unit, "%04x:%02x:%02x.%d interrupt blocked: index 0x%llx, %s%s\n",
			 unit->segment, PCI_BUS_NUM(fault->source_id),
			 PCI_SLOT(fault->source_id), PCI_FUNC(fault->source_id),
			 fault->address >> 48,
			 vtd_fault_reason(fault->reason), untold);
		return;
	}
	unit_err(unit, "%04x:%02x:%02x.%d DMA %s blocked: IOVA 0x%llx, %s (0x%02x)%s\n",
		 unit->segment, PCI_BUS_NUM(fault->source_id),
		 PCI_SLOT(fault->source_id), PCI_FUNC(fault->source_id),
		 fault->write ? "write" : "read", fault->address,
		 vtd_fault_reason(fault->reason), fault->reason, untold);
}

static void vtd_fault_report(struct iommu_faults *faults,
			     const struct iommu_fault_record *fault)
{
	struct vtd_unit *unit = faults_to_vtd_unit(faults);

	trace_iommu_unit_fault(unit->common.name, fault);
	if (fault->told)
		vtd_fault_log(unit, fault);
	if (!is_interrupt_fault(fault->reason))
		iommu_unit_report_fault(&unit->common, fault->source_id,
					fault->address, fault->write);
}

static int vtd_quiet_alias(struct device *dev, u16 alias, void *arg)
{
	const struct vtd_device *device = arg;
	struct vtd_unit *unit = to_vtd_unit(device->common.unit);
	u16 domain_id;

	/* Of an entry that is kept, the domain id is the former kernel's */
	domain_id = vtd_tables_set_quiet(unit, alias, device->common.quiet);
	vtd_inval_context(unit, alias, domain_id, false);
	return 0;
}

static void vtd_device_set_quiet(struct iommu_unit_device *common)
{
	struct vtd_device *device = to_vtd_device(common);

	device->entry.quiet = common->quiet;
	iommu_unit_visit_aliases(common, vtd_quiet_alias, device);
}

static bool vtd_faults_follow(struct iommu_faults *faults)
{
	return iommu_unit_follow(&faults_to_vtd_unit(faults)->common,
				 vtd_device_set_quiet);
}

static const struct iommu_faults_ops faults_ops = {
	.drain = vtd_faults_drain,
	.mask = vtd_faults_mask,
	.meter = iommu_unit_meter,
	.report = vtd_fault_report,
	.follow = vtd_faults_follow,
};

/**
 * vtd_faults_clear() - clear faults that a unit recorded for a former owner
 * @unit: a unit whose faults no driver handles; its interrupt is masked
 */
void vtd_faults_clear(struct vtd_unit *unit)
{
	unsigned int offset = FIELD_GET(CAP_FRO, unit->cap) * 16;
	unsigned int nr = FIELD_GET(CAP_NFR, unit->cap) + 1, i;

	vtd_write(unit, VTD_FECTL, FECTL_IM);
	for (i = 0; i < nr; i++)
		vtd_write(unit, offset + i * FRCD_BYTES + 12,
			  upper_32_bits(FRCD_HI_F));
	vtd_write(unit, VTD_FSTS,
		  FSTS_PFO | FSTS_IQE | FSTS_ICE | FSTS_ITE);
}

/**
 * vtd_faults_resume() - set up fault recording again after a reset of the unit
 * @unit: the unit
 */
void vtd_faults_resume(struct vtd_unit *unit)
{
	if (!unit->faults.irq)
		return;
	vtd_irq_restore(unit);
	vtd_irq_mask(unit, unit->common.faults.masked);
}

/**
 * vtd_faults_start() - start handling a unit's faults
 * @unit: the unit
 *
 * Without an interrupt the driver polls for faults, and logs that it does.
 *
 * Return: 0 or an error.
 */
int vtd_faults_start(struct vtd_unit *unit)
{
	int ret = -EOPNOTSUPP;

	iommu_faults_init(&unit->common.faults, &faults_ops);
	vtd_write(unit, VTD_FECTL, FECTL_IM);
	if (!vtd_params_poll())
		ret = vtd_irq_create(unit);
	if (ret)
		unit_warn(unit, "no fault interrupt (%d): polling for faults\n",
			  ret);
	iommu_faults_start(&unit->common.faults, !ret);
	return 0;
}

/**
 * vtd_faults_stop() - stop handling a unit's faults
 * @unit: the unit
 */
void vtd_faults_stop(struct vtd_unit *unit)
{
	vtd_write(unit, VTD_FECTL, FECTL_IM);
	vtd_irq_destroy(unit);
	iommu_faults_stop(&unit->common.faults);
}
