// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/amdvi/:
 *
 *	domains			every paging domain: shape, members, conversions
 *	ivhdN/registers		what the unit says of itself
 *	ivhdN/counts		command buffer and events
 *	ivhdN/ADDRESS/entry	device table entry of a device, under each of
 *				its source-ids
 *	ivhdN/ADDRESS/page_table   what its domain maps, as merged ranges
 */
#include <linux/debugfs.h>
#include <linux/pci.h>
#include <linux/seq_file.h>

#include "../common/show.h"
#include "debugfs.h"
#include "device.h"
#include "domain.h"
#include "unit.h"

static struct dentry *top;

static int registers_show(struct seq_file *seq, void *unused)
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
	};
	const struct amdvi_unit *unit = seq->private;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(registers); i++)
		seq_printf(seq, "%-8s %016llx\n", registers[i].name,
			   amdvi_read(unit, registers[i].offset));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(registers);

static int counts_show(struct seq_file *seq, void *unused)
{
	struct amdvi_unit *unit = seq->private;
	const struct iommu_faults *faults = &unit->log.faults;
	struct amdvi_queue_counts counts;

	amdvi_queue_count(unit, &counts);
	seq_printf(seq, "requests %llu\ncommands %llu\nrefused %llu\ntimeouts %llu\n",
		   counts.requests, counts.commands, counts.errors,
		   counts.timeouts);
	seq_printf(seq, "faults %llu\nunknown %llu\noverflows %llu\nunreported %llu\n",
		   READ_ONCE(faults->recorded), READ_ONCE(faults->unknown),
		   READ_ONCE(faults->overflows),
		   READ_ONCE(faults->unreported));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(counts);

struct showing {
	struct seq_file *seq;
	struct amdvi_unit *unit;
};

static int show_alias(struct device *dev, u16 alias, void *arg)
{
	struct showing *showing = arg;
	u64 raw[4];

	if (amdvi_table_get(showing->unit, alias, raw))
		seq_printf(showing->seq, "%02x:%02x.%d %016llx %016llx %016llx %016llx\n",
			   PCI_BUS_NUM(alias), PCI_SLOT(alias), PCI_FUNC(alias),
			   raw[0], raw[1], raw[2], raw[3]);
	return 0;
}

static int entry_show(struct seq_file *seq, void *unused)
{
	static const char *const names[] = {
		[AMDVI_BLOCKED] = "blocked",
		[AMDVI_PASS_THROUGH] = "pass-through",
		[AMDVI_HOST] = "host tables",
	};
	struct amdvi_device *device = seq->private;
	const struct amdvi_entry *entry = &device->entry;
	struct showing showing = { seq, device->unit };

	mutex_lock(&device->unit->table_lock);
	seq_printf(seq, "%s domain=%u device-tlb=%s quiet=%s faults=%llu\n",
		   names[entry->translation], entry->domain_id,
		   device->ats ? "on" : "off", entry->quiet ? "yes" : "no",
		   READ_ONCE(device->meter.count));
	amdvi_device_visit_aliases(device, show_alias, &showing);
	mutex_unlock(&device->unit->table_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(entry);

static int page_table_show(struct seq_file *seq, void *unused)
{
	struct amdvi_device *device = seq->private;
	struct amdvi_domain *domain;
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
	amdvi_domain_show(seq);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(domains);

/**
 * amdvi_debugfs_add_device() - make a device's folder
 * @device: the device
 */
void amdvi_debugfs_add_device(struct amdvi_device *device)
{
	device->debugfs = debugfs_create_dir(dev_name(device->dev),
					     device->unit->debugfs);
	debugfs_create_file("entry", 0400, device->debugfs, device,
			    &entry_fops);
	debugfs_create_file("page_table", 0400, device->debugfs, device,
			    &page_table_fops);
}

/**
 * amdvi_debugfs_remove_device() - remove a device's folder
 * @device: the device, which nobody reads there any more when this returns
 */
void amdvi_debugfs_remove_device(struct amdvi_device *device)
{
	debugfs_remove_recursive(device->debugfs);
}

/**
 * amdvi_debugfs_add_unit() - make a unit's folder
 * @unit: the unit
 */
void amdvi_debugfs_add_unit(struct amdvi_unit *unit)
{
	unit->debugfs = debugfs_create_dir(unit->name, top);
	debugfs_create_file("registers", 0400, unit->debugfs, unit,
			    &registers_fops);
	debugfs_create_file("counts", 0400, unit->debugfs, unit, &counts_fops);
}

/**
 * amdvi_debugfs_init() - make the folder
 */
void amdvi_debugfs_init(void)
{
	top = debugfs_create_dir("amdvi", NULL);
	debugfs_create_file("domains", 0400, top, NULL, &domains_fops);
}

/**
 * amdvi_debugfs_exit() - remove the folder with all that is in it
 */
void amdvi_debugfs_exit(void)
{
	debugfs_remove_recursive(top);
	top = NULL;
}
