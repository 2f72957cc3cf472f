/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Units, and the devices behind them, as far as no kind of hardware matters.
 *
 * A driver embeds struct iommu_unit in its unit and struct iommu_unit_device,
 * as the first thing, in its device; the latter is what dev_iommu_priv_get()
 * hands out. Some functions here go straight into its struct iommu_ops.
 */
#ifndef IOMMU_COMMON_UNIT_H
#define IOMMU_COMMON_UNIT_H

#include <asm/cpufeatures.h>
#include <asm/processor.h>
#include <linux/idr.h>
#include <linux/iommu.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "alias.h"
#include "faults.h"
#include "live.h"

struct dentry;
struct iommu_paging;

/**
 * struct iommu_unit - one remapping engine; embed it
 * @iommu: what the IOMMU core knows of it
 * @node: in the driver's list of units, which does not change after the load
 * @name: its name
 * @offset: where the firmware's table describes it, which identifies it there
 * @base: physical address of its registers
 * @hidden: abilities that are kept out of sight, by the driver's bits; hide.c
 * @registered: the IOMMU core knows it
 * @dead: stopped answering; nothing is asked of it any more
 * @slack_us: how much longer than others it may take to answer; for one that is
 *	made of memory, by a thread that has a CPU when it gets one
 * @table_lock: held while attaching, and while what leads from a source-id to a
 *	translation changes
 * @domain_ids: domain ids in use
 * @last_domain_id: the largest that it takes
 * @domains_used: domains that it is a member of; changed under @table_lock
 * @tracking_turn: for dirty.c
 * @devices: struct iommu_unit_device by source-id
 * @faults: what becomes of its faults
 * @cut_off: stops the DMA of devices that cannot be controlled
 * @debugfs: its folder
 */
struct iommu_unit {
	struct iommu_device iommu;
	struct list_head node;
	char name[12];
	size_t offset;
	phys_addr_t base;
	unsigned long hidden;
	bool registered;
	bool dead;
	unsigned int slack_us;
	struct mutex table_lock;
	struct ida domain_ids;
	unsigned int last_domain_id;
	unsigned int domains_used;
	unsigned long tracking_turn;
	struct xarray devices;
	struct iommu_faults faults;
	struct work_struct cut_off;
	struct dentry *debugfs;
};

/* Domain ids that are not for paging domains */
#define IOMMU_UNIT_ID_NONE	0	/* blocked, or not present */
#define IOMMU_UNIT_ID_PASS	1	/* pass-through */
#define IOMMU_UNIT_ID_FIRST	2

/**
 * struct iommu_unit_member - a unit in a domain
 * @member: its place in the live domain
 * @unit: the unit
 * @domain_id: the domain's id there
 * @users: devices that are attached through it, or about to be; protected by
 *	the unit's table_lock
 * @devices: the driver's, of devices that are attached through it; read under
 *	SRCU
 */
struct iommu_unit_member {
	struct iommu_member member;
	struct iommu_unit *unit;
	u16 domain_id;
	unsigned int users;
	struct list_head devices;
};

/**
 * struct iommu_unit_device - a device behind a unit; embed it, first
 * @dev: the device
 * @unit: the unit
 * @source_id: its own
 * @alias: the one under which firmware says that it comes; mostly its own
 * @in_use: it had a driver when it was probed, and DMA may be in flight
 * @domain: paging domain that it is attached to, or NULL
 * @member: the unit's place in that domain
 * @ats_supported: device, unit and platform permit a device-TLB
 * @ats: its device-TLB is on
 * @ats_lost: its device-TLB does not answer invalidations
 * @ats_depth: invalidations that it takes at once, up to 32
 * @pf_id: source-id of its physical function
 * @quiet: its faults are not recorded
 * @meter: its faults; protected by the lock of the unit's faults
 * @debugfs: its folder
 *
 * Attaching holds the unit's table_lock. Readers of @domain and lookups by
 * source-id hold iommu_live_read_lock().
 */
struct iommu_unit_device {
	struct device *dev;
	struct iommu_unit *unit;
	u16 source_id;
	u16 alias;
	bool in_use;
	struct iommu_paging *domain;
	struct iommu_unit_member *member;
	bool ats_supported;
	bool ats;
	bool ats_lost;
	u8 ats_depth;
	u16 pf_id;
	bool quiet;
	struct iommu_meter meter;
	struct dentry *debugfs;
};

/* For the log, of a driver's unit that has its struct iommu_unit in @common */
#define unit_err(unit, fmt, ...) \
	pr_err("%s: " fmt, (unit)->common.name, ##__VA_ARGS__)
#define unit_warn(unit, fmt, ...) \
	pr_warn("%s: " fmt, (unit)->common.name, ##__VA_ARGS__)
#define unit_info(unit, fmt, ...) \
	pr_info("%s: " fmt, (unit)->common.name, ##__VA_ARGS__)

void iommu_unit_init(struct iommu_unit *unit, const char *name,
		     unsigned int index);
void iommu_unit_exit(struct iommu_unit *unit);
struct iommu_unit *iommu_unit_at(const struct list_head *units, size_t offset);
struct iommu_unit *iommu_unit_with_base(const struct list_head *units,
					phys_addr_t base);
int iommu_unit_link(struct iommu_unit *unit, struct device *parent,
		    const struct attribute_group **groups);
int iommu_unit_register(struct iommu_unit *unit, const struct iommu_ops *ops);
void iommu_units_unregister(const struct list_head *units);
void iommu_unit_cut_off(struct iommu_unit *unit);
void iommu_unit_ats_lost(struct iommu_unit *unit, u16 source_id);

/* Faults: for struct iommu_faults_ops */
struct iommu_meter *iommu_unit_meter(struct iommu_faults *faults,
				     u16 source_id);
void iommu_unit_report_fault(struct iommu_unit *unit, u16 source_id,
			     unsigned long iova, bool write);
bool iommu_unit_follow(struct iommu_unit *unit,
		       void (*set_quiet)(struct iommu_unit_device *device));

/* Devices */
int iommu_unit_add_device(struct iommu_unit *unit,
			  struct iommu_unit_device *device);
void iommu_unit_look_for_ats(struct iommu_unit_device *device);
int iommu_unit_visit_aliases(const struct iommu_unit_device *device,
			     iommu_alias_fn fn, void *arg);
bool iommu_unit_shares(const struct iommu_unit_device *device, u16 alias);
void iommu_unit_add_region(struct list_head *regions, phys_addr_t start,
			   size_t length, int prot,
			   enum iommu_resv_type type);

/* For struct iommu_ops */
void iommu_unit_probe_finalize(struct device *dev);
struct iommu_group *iommu_unit_device_group(struct device *dev);
int iommu_unit_def_domain_type(struct device *dev);

/*
 * Entries are written with it. The kernel may have been told to leave it alone
 * (clearcpuid=cx16) for reasons of its own.
 */
static inline bool iommu_cpu_has_cx16(void)
{
	return cpuid_ecx(1) & BIT(X86_FEATURE_CX16 % 32);
}

#endif
