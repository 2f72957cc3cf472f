// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/vtd/, except the files that ../common/inside.c adds:
 *
 *	dmarN/registers		the unit's registers
 *	dmarN/counts		counts of the queue and of faults
 *	dmarN/root		root entries that lead to a context table
 *	dmarN/ADDRESS/entry	context and PASID table entry of a device
 */
#include <linux/debugfs.h>
#include <linux/pci.h>
#include <linux/seq_file.h>

#include "../common/inside.h"
#include "../common/ring.h"
#include "debugfs.h"
#include "device.h"
#include "pasid.h"
#include "regs.h"
#include "unit.h"

static struct dentry *top;

static int vtd_registers_show(struct seq_file *seq, void *unused)
{
	static const struct {
		const char *name;
		unsigned int offset;
		bool wide;
	} registers[] = {
		{ "VER", VTD_VER },
		{ "CAP", VTD_CAP, true },
		{ "ECAP", VTD_ECAP, true },
		{ "GSTS", VTD_GSTS },
		{ "RTADDR", VTD_RTADDR, true },
		{ "FSTS", VTD_FSTS },
		{ "FECTL", VTD_FECTL },
		{ "PMEN", VTD_PMEN },
		{ "IQH", VTD_IQH, true },
		{ "IQT", VTD_IQT, true },
		{ "IQA", VTD_IQA, true },
	};
	const struct iommu_unit *common = seq->private;
	const struct vtd_unit *unit = to_vtd_unit(common);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(registers); i++)
		seq_printf(seq, "%-6s %016llx\n", registers[i].name,
			   registers[i].wide ?
			   vtd_read64(unit, registers[i].offset) :
			   vtd_read(unit, registers[i].offset));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vtd_registers);

static int vtd_counts_show(struct seq_file *seq, void *unused)
{
	struct iommu_unit *common = seq->private;
	struct vtd_unit *unit = to_vtd_unit(common);
	struct iommu_ring_counts counts;

	vtd_queue_count(unit, &counts);
	seq_printf(seq, "requests %llu\ndescriptors %llu\nrefused %llu\ntimeouts %llu\nrestarts %llu\n",
		   counts.requests, counts.entries, counts.errors,
		   counts.timeouts, counts.restarts);
	iommu_unit_show_faults(seq, common);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vtd_counts);

static int vtd_root_show(struct seq_file *seq, void *unused)
{
	const struct vtd_unit *unit = seq->private;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(unit->tables.context); i++)
		if (unit->tables.context[i])
			seq_printf(seq, "bus %02x%s %016llx\n", i / 2,
				   !unit->scalable ? "" :
				   i % 2 ? " upper" : " lower",
				   unit->tables.root[i]);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vtd_root);

static int vtd_entry_show(struct seq_file *seq, void *unused)
{
	static const char *const names[] = {
		[VTD_BLOCKED] = "blocked",
		[VTD_PASS_THROUGH] = "pass-through",
		[VTD_SECOND_STAGE] = "second-stage",
		[VTD_FIRST_STAGE] = "first-stage",
		[VTD_NESTED] = "nested",
	};
	struct iommu_unit_device *device = seq->private;
	const struct vtd_entry *entry = &to_vtd_device(device)->entry;
	struct vtd_unit *unit = to_vtd_unit(device->unit);
	u64 raw[8];

	mutex_lock(&unit->common.table_lock);
	seq_printf(seq, "%s domain=%u levels=%u device-tlb=%s quiet=%s faults=%llu\n",
		   device->former ? "former" : names[entry->translation],
		   entry->domain_id, entry->levels,
		   READ_ONCE(device->ats_lost) ? "lost" :
		   device->ats ? "on" : "off", entry->quiet ? "yes" : "no",
		   READ_ONCE(device->meter.count));
	if (vtd_tables_get(unit, device->source_id, raw))
		seq_printf(seq, "context %016llx %016llx %016llx %016llx\n",
			   raw[0], raw[1], raw[2], raw[3]);
	if (unit->scalable && vtd_pasid_get(unit, device->source_id, raw))
		seq_printf(seq, "pasid %016llx %016llx %016llx\n", raw[0],
			   raw[1], raw[2]);
	mutex_unlock(&unit->common.table_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vtd_entry);

/**
 * vtd_debugfs_add_device() - create a device's folder
 * @device: the device
 */
void vtd_debugfs_add_device(struct vtd_device *device)
{
	iommu_unit_debugfs_device(&device->common, &vtd_entry_fops);
}

/**
 * vtd_debugfs_add_unit() - create a unit's folder
 * @unit: the unit
 */
void vtd_debugfs_add_unit(struct vtd_unit *unit)
{
	iommu_unit_debugfs(&unit->common, top, &vtd_registers_fops,
			   &vtd_counts_fops);
	debugfs_create_file("root", 0400, unit->common.debugfs, unit,
			    &vtd_root_fops);
}

/**
 * vtd_debugfs_init() - create the driver's folder
 */
void vtd_debugfs_init(void)
{
	top = iommu_unit_debugfs_top("vtd");
}

/**
 * vtd_debugfs_exit() - remove the driver's folder with its contents
 */
void vtd_debugfs_exit(void)
{
	debugfs_remove_recursive(top);
	top = NULL;
}
