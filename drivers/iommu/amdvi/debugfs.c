// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/amdvi/, in addition to the files of ../common/inside.c:
 *
 *	ivhdN/registers		registers of the unit
 *	ivhdN/counts		commands, events and page requests, counted
 *	ivhdN/ADDRESS/entry	device table entry of a device, for each of its
 *				source-ids
 */
#include <linux/debugfs.h>
#include <linux/pci.h>
#include <linux/seq_file.h>

#include "../common/inside.h"
#include "../common/ring.h"
#include "debugfs.h"
#include "device.h"
#include "regs.h"
#include "unit.h"

static struct dentry *top;

static int amdvi_registers_show(struct seq_file *seq, void *unused)
{
	static const struct {
		const char *name;
		unsigned int offset;
	} registers[] = {
		{ "DEVTAB", AMDVI_DEVTAB },
		{ "CMDBUF", AMDVI_CMDBUF },
		{ "EVTLOG", AMDVI_EVTLOG },
		{ "CONTROL", AMDVI_CONTROL },
		{ "EFR", AMDVI_EFR },
		{ "CMD_HEAD", AMDVI_CMD_HEAD },
		{ "CMD_TAIL", AMDVI_CMD_TAIL },
		{ "EVT_HEAD", AMDVI_EVT_HEAD },
		{ "EVT_TAIL", AMDVI_EVT_TAIL },
		{ "STATUS", AMDVI_STATUS },
		/* 0 in a unit that logs no page requests */
		{ "PPRLOG", AMDVI_PPRLOG },
		{ "PPR_HEAD", AMDVI_PPR_HEAD },
		{ "PPR_TAIL", AMDVI_PPR_TAIL },
	};
	const struct iommu_unit *common = seq->private;
	const struct amdvi_unit *unit = to_amdvi_unit(common);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(registers); i++)
		seq_printf(seq, "%-8s %016llx\n", registers[i].name,
			   amdvi_read(unit, registers[i].offset));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(amdvi_registers);

static int amdvi_counts_show(struct seq_file *seq, void *unused)
{
	struct iommu_unit *common = seq->private;
	struct amdvi_unit *unit = to_amdvi_unit(common);
	const struct amdvi_ppr *ppr = &unit->ppr;
	struct iommu_ring_counts counts;

	amdvi_queue_count(unit, &counts);
	seq_printf(seq, "requests %llu\ncommands %llu\nrefused %llu\ntimeouts %llu\nrestarts %llu\n",
		   counts.requests, counts.entries, counts.errors,
		   counts.timeouts, counts.restarts);
	iommu_unit_show_faults(seq, common);
	if (amdvi_ppr_exists(ppr))
		seq_printf(seq, "page-requests %llu\npage-answers %llu\npage-unknown %llu\npage-malformed %llu\npage-overflows %llu\n",
			   READ_ONCE(ppr->requests), READ_ONCE(ppr->answered),
			   READ_ONCE(ppr->unknown), READ_ONCE(ppr->malformed),
			   READ_ONCE(ppr->overflows));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(amdvi_counts);

struct showing {
	struct seq_file *seq;
	struct amdvi_unit *unit;
};

static int amdvi_show_alias(struct device *dev, u16 alias, void *arg)
{
	struct showing *showing = arg;
	u64 raw[4];

	if (amdvi_table_get(showing->unit, alias, raw))
		seq_printf(showing->seq, "%02x:%02x.%d %016llx %016llx %016llx %016llx\n",
			   PCI_BUS_NUM(alias), PCI_SLOT(alias), PCI_FUNC(alias),
			   raw[0], raw[1], raw[2], raw[3]);
	return 0;
}

static int amdvi_entry_show(struct seq_file *seq, void *unused)
{
	static const char *const names[] = {
		[AMDVI_BLOCKED] = "blocked",
		[AMDVI_PASS_THROUGH] = "pass-through",
		[AMDVI_HOST] = "host tables",
		[AMDVI_GUEST] = "guest tables",
	};
	struct iommu_unit_device *device = seq->private;
	const struct amdvi_entry *entry = &to_amdvi_device(device)->entry;
	struct showing showing = { seq, to_amdvi_unit(device->unit) };

	mutex_lock(&device->unit->table_lock);
	seq_printf(seq, "%s domain=%u device-tlb=%s quiet=%s faults=%llu\n",
		   device->former ? "former" : names[entry->translation],
		   entry->domain_id,
		   READ_ONCE(device->ats_lost) ? "lost" :
		   device->ats ? "on" : "off", entry->quiet ? "yes" : "no",
		   READ_ONCE(device->meter.count));
	iommu_unit_visit_aliases(device, amdvi_show_alias, &showing);
	mutex_unlock(&device->unit->table_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(amdvi_entry);

/**
 * amdvi_debugfs_add_device() - create a device's folder
 * @device: the device
 */
void amdvi_debugfs_add_device(struct amdvi_device *device)
{
	iommu_unit_debugfs_device(&device->common, &amdvi_entry_fops);
}

/**
 * amdvi_debugfs_add_unit() - create a unit's folder
 * @unit: the unit
 */
void amdvi_debugfs_add_unit(struct amdvi_unit *unit)
{
	iommu_unit_debugfs(&unit->common, top, &amdvi_registers_fops,
			   &amdvi_counts_fops);
}

/**
 * amdvi_debugfs_init() - create the driver's folder
 */
void amdvi_debugfs_init(void)
{
	top = iommu_unit_debugfs_top("amdvi");
}

/**
 * amdvi_debugfs_exit() - remove the driver's folder and its contents
 */
void amdvi_debugfs_exit(void)
{
	debugfs_remove_recursive(top);
	top = NULL;
}
