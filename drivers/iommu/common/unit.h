/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Units and the devices behind them: what does not depend on the hardware.
 *
 * A driver embeds struct iommu_unit in its unit, and struct iommu_unit_device
 * as the first member in its device, which dev_iommu_priv_get() returns. Some
 * functions here are used in its struct iommu_ops.
 */
#ifndef IOMMU_COMMON_UNIT_H
#define IOMMU_COMMON_UNIT_H

#include <asm/cpufeatures.h>
#include <asm/processor.h>
#include <linux/idr.h>
#include <linux/iommu.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "alias.h"
#include "faults.h"
#include "live.h"

struct dentry;
struct iommu_ats_stop;
struct iommu_paging;

/**
 * struct iommu_unit - one remapping engine; embed it
 * @iommu: for the IOMMU core
 * @node: in the list of units of the driver, which does not change after the
 *	load
 * @name: its name
 * @offset: offset of its description in the firmware's table, which identifies
 *	it
 * @base: physical address of its registers
 * @hidden: abilities that are hidden, as bits of the driver; see hide.c
 * @registered: the IOMMU core knows it
 * @dead: it has stopped to answer; no more requests are sent
 * @slack_us: added to the time in which a register must answer. Not 0 for a
 *	simulated unit, whose thread may have to wait for a CPU.
 * @clock: for simulated units: the time by which waits in the ring are measured
 * @table_lock: held while devices attach, and while the entries change that
 *	lead from a source-id to a translation
 * @domain_ids: domain ids in use
 * @last_domain_id: the largest domain id that it supports
 * @former: bitmap of the source-ids whose entry is the former kernel's, or NULL;
 *	see former.c
 * @former_ids: number of domain ids reserved for these entries
 * @domains_used: number of domains that it is a member of; changes under
 *	@table_lock
 * @tracking_turn: for dirty.c
 * @devices: struct iommu_unit_device by source-id; those below a VMD, which have
 *	its source-id, by domain and address
 * @aliases: one struct iommu_unit_device for each source-id that a device may
 *	present; changes under @table_lock
 * @faults: its faults
 * @debugfs: its debugfs directory
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
#if IS_ENABLED(CONFIG_KUNIT)
	ktime_t (*clock)(struct iommu_unit *unit);
#endif
	struct mutex table_lock;
	struct ida domain_ids;
	unsigned int last_domain_id;
	unsigned long *former;
	unsigned int former_ids;
	unsigned int domains_used;
	unsigned long tracking_turn;
	struct xarray devices;
	struct xarray aliases;
	struct iommu_faults faults;
	struct dentry *debugfs;
};

/* Domain ids that are not for paging domains */
#define IOMMU_UNIT_ID_NONE	0	/* blocked, or not present */
#define IOMMU_UNIT_ID_PASS	1	/* pass-through */
#define IOMMU_UNIT_ID_FIRST	2

/**
 * struct iommu_unit_member - a domain member, with its unit
 * @member: the member of the live domain
 * @unit: the unit
 * @domain_id: id of the domain in this unit
 * @users: devices that are attached through it, or about to be; protected by
 *	the table_lock of the unit
 * @devices: list of the driver, of devices attached through it; read under SRCU
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
 * @index: its index in @devices of its unit
 * @source_id: source-id of its requester (alias.c); mostly its own
 * @alias: source-id of its requests according to firmware; mostly @source_id
 * @had_driver: it had a driver when it was probed
 * @in_use: that driver may have DMA in flight, to physical addresses
 * @former: its entries are the former kernel's until it is attached; see former.c
 * @domain: paging domain that it is attached to, or NULL
 * @member: its unit in that domain
 * @ats_supported: device, unit and platform permit a device-TLB
 * @ats: its device-TLB is enabled, or was before it was lost
 * @ats_enabled: ATS is enabled in the device itself
 * @ats_stop: for disabling ATS in any context; allocated before it is enabled
 * @ats_by_itself: hardware operates its device-TLB, and ATS is not to be touched
 * @ats_lost: its device-TLB may hold translations that cannot be invalidated: it
 *	did not answer, the unit refused a request to it, or the device is gone
 * @ats_barred: the unit blocks all requests with which it could use these
 * @cut_off: bus mastering was disabled
 * @ats_depth: invalidations that it accepts at once, up to 32
 * @pf_id: source-id of its physical function
 * @quiet: its faults are not recorded
 * @meter: counts its faults; protected by the lock of the faults of the unit
 * @debugfs: its debugfs directory
 *
 * Attaching holds the table_lock of the unit. Readers of @domain and lookups by
 * source-id hold iommu_live_read_lock().
 */
struct iommu_unit_device {
	struct device *dev;
	struct iommu_unit *unit;
	unsigned long index;
	u16 source_id;
	u16 alias;
	bool had_driver;
	bool in_use;
	bool former;
	struct iommu_paging *domain;
	struct iommu_unit_member *member;
	bool ats_supported;
	bool ats;
	bool ats_enabled;
	struct iommu_ats_stop *ats_stop;
	bool ats_by_itself;
	bool ats_lost;
	bool ats_barred;
	bool cut_off;
	u8 ats_depth;
	u16 pf_id;
	bool quiet;
	struct iommu_meter meter;
	struct dentry *debugfs;
};

/* Log messages for a unit of a driver; @common is its struct iommu_unit */
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
int iommu_unit_link(struct iommu_unit *unit, struct device *parent,
		    const struct attribute_group **groups);
int iommu_unit_register(struct iommu_unit *unit, const struct iommu_ops *ops);
void iommu_units_count_drivers(const struct list_head *units);
void iommu_units_unregister(const struct list_head *units);
bool iommu_units_must_stay_awake(const struct list_head *units);
void iommu_unit_cut_off(struct iommu_unit *unit,
			const struct iommu_paging *paging);
void iommu_unit_cut_off_device(struct iommu_unit_device *device);

/* Faults, for struct iommu_faults_ops */
struct iommu_meter *iommu_unit_meter(struct iommu_faults *faults,
				     u16 source_id);
void iommu_unit_report_fault(struct iommu_unit *unit, u16 source_id,
			     unsigned long iova, bool write);
bool iommu_unit_follow(struct iommu_unit *unit,
		       void (*set_quiet)(struct iommu_unit_device *device));

/* Device-TLBs, ats.c */
bool iommu_unit_ats_lost(struct iommu_unit *unit, u16 source_id,
			 const char *why);
bool iommu_unit_ats_has_lost(struct iommu_unit *unit, u16 source_id);
void iommu_unit_ats_gone(struct iommu_unit_device *device);
bool iommu_unit_ats_is_reachable(struct iommu_unit_device *device);
bool iommu_unit_ats_look(struct iommu_unit_device *device);
int iommu_unit_ats_enable(struct iommu_unit_device *device);
void iommu_unit_ats_disable(struct iommu_unit_device *device);
void iommu_unit_ats_stop(struct iommu_unit_device *device);
bool iommu_unit_ats_is_former(const struct iommu_unit_device *device);
void iommu_unit_ats_end_former(struct iommu_unit_device *device);
void iommu_unit_ats_finish(void);

/* Devices */
int iommu_unit_insert_device(struct iommu_unit *unit,
			     struct iommu_unit_device *device);
int iommu_unit_add_device(struct iommu_unit *unit,
			  struct iommu_unit_device *device);
void iommu_unit_remove_device(struct iommu_unit_device *device);
void iommu_unit_look_for_ats(struct iommu_unit_device *device);
int iommu_unit_visit_aliases(const struct iommu_unit_device *device,
			     iommu_alias_fn fn, void *arg);
bool iommu_unit_shares(const struct iommu_unit_device *device, u16 alias);
void iommu_unit_add_region(struct list_head *regions, phys_addr_t start,
			   size_t length, int prot,
			   enum iommu_resv_type type);
void iommu_unit_add_interrupts(struct list_head *regions);
void iommu_unit_add_memory(struct list_head *regions, u64 first, u64 last,
			   int prot, enum iommu_resv_type type);

/* For struct iommu_ops */
void iommu_unit_probe_finalize(struct device *dev);
struct iommu_group *iommu_unit_device_group(struct device *dev);
int iommu_unit_def_domain_type(struct device *dev);

/*
 * Is the device-TLB of a device in a domain lost? The PCI core notes when a
 * device is gone. Inline: every unmap calls this for devices with ATS.
 */
static inline bool iommu_unit_ats_is_lost(struct iommu_unit_device *device)
{
	if (unlikely(dev_is_pci(device->dev) &&
		     pci_dev_is_disconnected(to_pci_dev(device->dev))))
		iommu_unit_ats_gone(device);
	return READ_ONCE(device->ats_lost);
}

/*
 * Does the CPU have CMPXCHG16B, with which entries are written? CPUID is read
 * here because the kernel's own flag may have been cleared (clearcpuid=cx16).
 */
static inline bool iommu_cpu_has_cx16(void)
{
	return cpuid_ecx(1) & BIT(X86_FEATURE_CX16 % 32);
}

#endif
