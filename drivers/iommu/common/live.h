/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Domains over several units, converted while they are in use.
 *
 * A domain has the abilities that all its members (the units attached now) have
 * in common: page sizes, coherent page walks and snoop control. This is its
 * shape. When a member is added or removed, existing mappings are converted to
 * the new shape without interrupting DMA. For example:
 *
 *	members			page sizes	a mapping of 2 MiB
 *	unit A (4K, 2M, 1G)	4K, 2M, 1G	1 entry of 2 MiB
 *	A, and B (4K) joins	4K		512 entries of 4 KiB
 *	B leaves		4K, 2M, 1G	1 entry of 2 MiB
 *
 * Nothing here depends on the hardware: the driver invalidates.
 */
#ifndef IOMMU_COMMON_LIVE_H
#define IOMMU_COMMON_LIVE_H

#include <linux/iommu_pt.h>
#include <linux/mutex.h>
#include <linux/rculist.h>

struct iommu_live;

/**
 * struct iommu_ability - abilities of a unit that matter to a domain
 * @page_sizes: bitmap of entry sizes that the unit supports
 * @coherent: page walks of the unit snoop the CPU caches
 * @snoop: the unit can force accesses of devices to snoop
 */
struct iommu_ability {
	unsigned long page_sizes;
	bool coherent;
	bool snoop;
};

/**
 * struct iommu_member - a domain member: a unit in a domain; embed it
 * @node: in the list of the domain, read under SRCU
 * @ability: abilities of the unit
 */
struct iommu_member {
	struct list_head node;
	struct iommu_ability ability;
};

/**
 * struct iommu_live_ops - functions of the driver
 * @invalidate: Invalidate what @gather holds on every member, for all its
 *	devices. Called under iommu_live_read_lock(); does not sleep.
 */
struct iommu_live_ops {
	void (*invalidate)(struct iommu_live *live,
			   const struct iommu_pt_gather *gather);
};

/**
 * struct iommu_live_counts - conversions of a domain so far
 * @demoted: times that superpages were split for a member
 * @promoted: times that superpages were restored
 * @flushed: times that all tables were flushed for a member
 * @enforced: times that snooping was enforced
 */
struct iommu_live_counts {
	unsigned int demoted;
	unsigned int promoted;
	unsigned int flushed;
	unsigned int enforced;
};

/**
 * struct iommu_live - page table and members of a domain; embed it
 * @pt: the page table
 * @ops: functions of the driver
 * @base: abilities of the domain without members; members can only reduce them
 * @shape: abilities of the domain now
 * @lock: held while members or the shape change
 * @members: list of struct iommu_member; changes under @lock, read under SRCU
 * @enforced: snooping is enforced, from then on for as long as the domain
 *	exists
 * @snoop_outside: leaves cannot force snooping. Instead the entries that lead
 *	to the tables do, which the driver sets for every member that supports
 *	it.
 * @lost: no member invalidates any more, so nothing more is mapped
 * @iova_bits: the IOVAs 0 to 2^this - 1 can be mapped
 * @counts: conversions so far
 */
struct iommu_live {
	struct iommu_pt pt;
	const struct iommu_live_ops *ops;
	struct iommu_ability base;
	struct iommu_ability shape;
	struct mutex lock;
	struct list_head members;
	bool enforced;
	bool snoop_outside;
	bool lost;
	unsigned int iova_bits;
	struct iommu_live_counts counts;
};

int iommu_live_read_lock(void);
void iommu_live_read_unlock(int index);
bool iommu_live_read_held(void);
void iommu_live_synchronize(void);

int iommu_live_init(struct iommu_live *live,
		    const struct iommu_pt_config *config,
		    const struct iommu_ability *base,
		    const struct iommu_live_ops *ops);
void iommu_live_destroy(struct iommu_live *live);

size_t iommu_live_length(const struct iommu_live *live);

int iommu_live_join(struct iommu_live *live, struct iommu_member *member);
void iommu_live_leave(struct iommu_live *live, struct iommu_member *member);
int iommu_live_change(struct iommu_live *live, struct iommu_member *member,
		      const struct iommu_ability *ability);
bool iommu_live_enforce(struct iommu_live *live);

int iommu_live_map(struct iommu_live *live, unsigned long iova,
		   const struct iommu_run *runs, size_t nr, int prot,
		   gfp_t gfp);
int iommu_live_map_held(struct iommu_live *live, unsigned long iova,
			const struct iommu_run *runs, size_t nr, int prot,
			gfp_t gfp);
void iommu_live_sync(struct iommu_live *live, struct iommu_pt_gather *gather);

/* For drivers: walk over the members, under iommu_live_read_lock() */
#define iommu_live_for_each_member(pos, live, field) \
	list_for_each_entry_srcu(pos, &(live)->members, field.node, \
				 iommu_live_read_held())

#endif
