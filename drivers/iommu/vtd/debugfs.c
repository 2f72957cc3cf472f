// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/vtd/:
 *
 *	domains			every paging domain: shape, members, conversions
 *	dmarN/registers		what the unit says of itself
 *	dmarN/counts		queue and faults
 *	dmarN/root		root entries that lead to a context table
 *	dmarN/ADDRESS/entry	context entry, and PASID table entry, of a device
 *	dmarN/ADDRESS/page_table   what its domain maps, as merged ranges
 */
#include <linux/debugfs.h>
#include <linux/pci.h>
#include <linux/seq_file.h>

#include "../common/show.h"
#include "debugfs.h"
#include "device.h"
#include "domain.h"
#include "pasid.h"
#include "unit.h"

static struct dentry *top;

static int registers_show(struct seq_file *seq, void *unused)
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
	const struct vtd_unit *unit = seq->private;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(registers); i++)
		seq_printf(seq, "%-6s %016llx\n", registers[i].name,
			   registers[i].wide ?
			   vtd_read64(unit, registers[i].offset) :
			   vtd_read(unit, registers[i].offset));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(registers);

static int counts_show(struct seq_file *seq, void *unused)
{
	struct vtd_unit *unit = seq->private;
	const struct iommu_faults *faults = &unit->faults.common;
	struct vtd_queue_counts counts;

	vtd_queue_count(unit, &counts);
	seq_printf(seq, "requests %llu\ndescriptors %llu\nrefused %llu\ntimeouts %llu\n",
		   counts.requests, counts.descriptors, counts.errors,
		   counts.timeouts);
	seq_printf(seq, "faults %llu\nunknown %llu\noverflows %llu\nunreported %llu\n",
		   READ_ONCE(faults->recorded), READ_ONCE(faults->unknown),
		   READ_ONCE(faults->overflows),
		   READ_ONCE(faults->unreported));
	seq_printf(seq, "interrupts %llu\nmasks %llu\n",
		   READ_ONCE(faults->interrupts), READ_ONCE(faults->masks));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(counts);

static int root_show(struct seq_file *seq, void *unused)
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
DEFINE_SHOW_ATTRIBUTE(root);

static int entry_show(struct seq_file *seq, void *unused)
{
	static const char *const names[] = {
		[VTD_BLOCKED] = "blocked",
		[VTD_PASS_THROUGH] = "pass-through",
		[VTD_SECOND_STAGE] = "second-stage",
		[VTD_FIRST_STAGE] = "first-stage",
	};
	struct vtd_device *device = seq->private;
	const struct vtd_entry *entry = &device->entry;
	struct vtd_unit *unit = device->unit;
	u64 raw[8];

	mutex_lock(&unit->table_lock);
	seq_printf(seq, "%s domain=%u levels=%u device-tlb=%s quiet=%s faults=%llu\n",
		   names[entry->translation], entry->domain_id, entry->levels,
		   device->ats ? "on" : "off", entry->quiet ? "yes" : "no",
		   READ_ONCE(device->meter.count));
	if (vtd_tables_get(unit, device->source_id, raw))
		seq_printf(seq, "context %016llx %016llx %016llx %016llx\n",
			   raw[0], raw[1], raw[2], raw[3]);
	if (unit->scalable && vtd_pasid_get(unit, device->source_id, raw))
		seq_printf(seq, "pasid %016llx %016llx %016llx\n", raw[0],
			   raw[1], raw[2]);
	mutex_unlock(&unit->table_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(entry);

static int page_table_show(struct seq_file *seq, void *unused)
{
	struct vtd_device *device = seq->private;
	struct vtd_domain *domain;
	int index;

	index = iommu_live_read_lock();
	domain = READ_ONCE(device->domain);
	if (domain)
		iommu_show_page_table(seq, &domain->paging.live);
	iommu_live_read_unlock(index);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(page_table);

static int domains_show(struct seq_file *seq, void *unused)
{
	vtd_domain_show(seq);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(domains);

/**
 * vtd_debugfs_add_device() - make a device's folder
 * @device: the device
 */
void vtd_debugfs_add_device(struct vtd_device *device)
{
	device->debugfs = debugfs_create_dir(dev_name(device->dev),
					     device->unit->debugfs);
	debugfs_create_file("entry", 0400, device->debugfs, device,
			    &entry_fops);
	debugfs_create_file("page_table", 0400, device->debugfs, device,
			    &page_table_fops);
}

/**
 * vtd_debugfs_remove_device() - remove a device's folder
 * @device: the device, which nobody reads there any more when this returns
 */
void vtd_debugfs_remove_device(struct vtd_device *device)
{
	debugfs_remove_recursive(device->debugfs);
}

/**
 * vtd_debugfs_add_unit() - make a unit's folder
 * @unit: the unit
 */
void vtd_debugfs_add_unit(struct vtd_unit *unit)
{
	unit->debugfs = debugfs_create_dir(unit->name, top);
	debugfs_create_file("registers", 0400, unit->debugfs, unit,
			    &registers_fops);
	debugfs_create_file("counts", 0400, unit->debugfs, unit, &counts_fops);
	debugfs_create_file("root", 0400, unit->debugfs, unit, &root_fops);
}

/**
 * vtd_debugfs_init() - make the folder
 */
void vtd_debugfs_init(void)
{
	top = debugfs_create_dir("vtd", NULL);
	debugfs_create_file("domains", 0400, top, NULL, &domains_fops);
}

/**
 * vtd_debugfs_exit() - remove the folder with all that is in it
 */
void vtd_debugfs_exit(void)
{
	debugfs_remove_recursive(top);
	top = NULL;
}
