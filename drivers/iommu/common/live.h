/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Domains over several units, converted while they are in use.
 *
 * A domain takes the shape of its members: a page size, coherent page walks
 * and snoop control are there if every unit attached now has them. Joining
 * and leaving convert what is mapped, without interrupting DMA.
 *
 * Nothing here knows a kind of hardware: the driver invalidates.
 */
#ifndef IOMMU_COMMON_LIVE_H
#define IOMMU_COMMON_LIVE_H

#include <linux/iommu_pt.h>
#include <linux/mutex.h>
#include <linux/rculist.h>

struct iommu_live;

/**
 * struct iommu_ability - what a unit can do for a domain
 * @page_sizes: bitmap of entry sizes that it walks
 * @coherent: its page walks snoop the CPU caches
 * @snoop: it can force the accesses of devices to snoop
 */
struct iommu_ability {
	unsigned long page_sizes;
	bool coherent;
	bool snoop;
};

/**
 * struct iommu_member - a unit in a domain; embed it
 * @node: in the domain's list, read under SRCU
 * @ability: what the unit can do
 */
struct iommu_member {
	struct list_head node;
	struct iommu_ability ability;
};

/**
 * struct iommu_live_ops - what the driver does
 * @invalidate: Invalidate what @gather holds on every member, for all its
 *	devices. Called under
 *	iommu_live_read_lock(); does not sleep.
 */
struct iommu_live_ops {
	void (*invalidate)(struct iommu_live *live,
			   const struct iommu_pt_gather *gather);
};

/**
 * struct iommu_live_counts - conversions of a domain so far
 * @demoted: times that large entries were split for a member
 * @promoted: times that they came back
 * @flushed: times that all tables were flushed for a member
 * @enforced: times that snooping was forced on what was mapped
 */
struct iommu_live_counts {
	unsigned int demoted;
	unsigned int promoted;
	unsigned int flushed;
	unsigned int enforced;
};

/**
 * struct iommu_live - a domain's page table and members; embed it
 * @pt: the page table
 * @ops: the driver
 * @base: what the domain can do without members; its members only lessen it
 * @shape: what it can do now
 * @lock: held while members or the shape change
 * @members: struct iommu_member; changed under @lock, read under SRCU
 * @enforced: snooping is forced for good
 * @snoop_outside: leaves cannot force snooping; the driver has it forced, for
 *	every member that can, by what leads to the tables
 * @iova_bits: IOVAs below 2^this are for mapping
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

/* For the driver's walk over the members, under iommu_live_read_lock() */
#define iommu_live_for_each_member(pos, live, field) \
	list_for_each_entry_srcu(pos, &(live)->members, field.node, \
				 iommu_live_read_held())

#endif
