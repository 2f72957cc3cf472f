/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Address spaces: areas, and the hardware page tables that show them.
 *
 * An address space is a tree of areas (gap_tree.h). An area maps a range of IOVA
 * to a range of a pages object (pages.h), from an offset in a first page on.
 * A hardware page table (HWPT) is a domain of an IOMMU driver that shows every
 * area of one address space. Areas and hardware page tables:
 *
 *	struct iommufd_ioas
 *	  areas -> area A, area B, area C, ...	by IOVA
 *	             |       |       |
 *	           pages 1   pages 2 |		copies share
 *	             ^---------------+
 *	  hwpts -> hwpt 1, hwpt 2, ...		each shows all areas
 *	             |       |
 *	           domain 1  domain 2		of the IOMMU drivers
 *
 * As long as there is a hardware page table, every area is a holder of its
 * pages. When the first one comes, all areas pin; when the last one leaves,
 * they unpin what no access holds.
 *
 * Locks, outermost first:
 *
 *	access->lock	of an access, while it attaches, leaves, pins or unpins
 *	process_lock	of the context: held for reading by an access that pins,
 *			which takes no domains_lock; for writing while another
 *			process takes over, which takes every domains_lock
 *	attach_lock	one device at a time looks for a hardware page table,
 *			joins an automatic one or leaves it
 *	domains_lock	held for reading by whoever maps or unmaps, from
 *			beginning to end; for writing by whoever adds or removes
 *			a hardware page table. So those two never meet, but any
 *			number of maps and unmaps go on side by side.
 *	lock		covers the trees and the flags of areas, and nothing
 *			that takes long: nobody pins, writes page tables or
 *			calls a driver under it. (Except to cut an area in two
 *			and to create or remove a window, which are rare, and to
 *			read what is dirty, a short stretch at a time.)
 *	pages lock	of a pages object that is shared; pins under it
 *	devmem lock	of device memory: what shows it now; see device_memory.h
 *
 * Memory that is pinned may be slow to come (a userfaultfd, a file that another
 * machine has), and domains_lock is held meanwhile. So who can still fail waits
 * for it, and for attach_lock, only until it is killed. A device or an access
 * that leaves and an unmap cannot fail for that: they wait, and so does
 * IOMMU_IOAS_CHANGE_PROCESS, which takes the locks of all address spaces.
 *
 * What keeps a range to the one who works on it, while no lock does, is the
 * area itself: it is in the tree, not yet LIVE or already DYING, so that
 * nothing else is mapped there and nobody else unmaps it.
 *
 * Map:   insert the area; pin; show in every hwpt; set LIVE.
 * Unmap: find the areas; ask accesses to let go; set DYING; hide from every
 *        hwpt and invalidate once in each; unpin; remove from the tree.
 */
#ifndef _IOMMUFD_IOAS_H
#define _IOMMUFD_IOAS_H

#include <linux/interval_tree.h>
#include <linux/iommu_pt.h>
#include <linux/rwsem.h>

#include "gap_tree.h"
#include "iova.h"
#include "object.h"
#include "pages.h"
#include "turns.h"

/*
 * Flags of an area, in its holder's flags. The first two are IOMMU_READ and
 * IOMMU_WRITE.
 */
#define AREA_PROT	(IOMMU_READ | IOMMU_WRITE)
#define AREA_LIVE	BIT(2)	/* complete */
#define AREA_DYING	BIT(3)	/* being unmapped */
#define AREA_CLOSED	BIT(4)	/* no new access; accesses shall let go */
#define AREA_COPY	BIT(5)	/* IOMMU_IOAS_COPY made it */
#define AREA_INLINE	BIT(6)	/* allocated together with its pages object */
#define AREA_PART	BIT(7)	/* a request was mapped as several areas */

/**
 * struct iommufd_area - a range of IOVA and what it maps to
 * @node: the range, in iommufd_ioas::areas
 * @holder: the range of indices in @pages; its flags are AREA_*, its offset is
 *	the distance of the first byte from its page, its count is that of
 *	accesses that have pinned in this area
 * @pages: the memory
 * @next: in a list, while being made or unmapped; of an AREA_PART that is
 *	mapped, the one that follows it in its request, or NULL: those are
 *	unmapped together
 */
struct iommufd_area {
	struct gap_node node;
	struct iommufd_holder holder;
	struct iommufd_pages *pages;
	struct iommufd_area *next;
};

/**
 * struct iommufd_mapping - a pages object and its first area, in one
 * @pages: the object; the memory is freed with it
 * @area: the area
 */
struct iommufd_mapping {
	struct iommufd_pages pages;
	struct iommufd_area area;
};

/* What a mapping costs; see "Scale" in Documentation/iommufd.md */
static_assert(sizeof(struct iommufd_mapping) <= 176);

/**
 * struct iommufd_window - a promise of IOVA
 * @node: which, in iommufd_ioas::windows
 * @id: its id
 * @page_size: granularity of what is mapped in it
 * @prot: what mappings in it may permit
 * @fixed: the user chose the base
 * @closed: it is being removed and takes no new mapping
 */
struct iommufd_window {
	struct gap_node node;
	u32 id;
	unsigned long page_size;
	u8 prot;
	bool fixed;
	bool closed;
};

/**
 * struct iommufd_ioas - an address space
 * @obj: its id
 * @ictx: the context it is in
 * @attach_lock: see above
 * @domains_lock: see above
 * @hwpts: the hardware page tables that show it
 * @lock: see above
 * @areas: what is mapped
 * @reserved: what cannot be
 * @allowed: what has to stay available
 * @windows: of a windowed address space
 * @accesses: attached to it; index is a number of their own
 * @iova_alignment: start and length of areas are multiples of this
 * @alloc_hint: end of the area that the kernel placed last
 * @windowed: IOVA exists only inside windows
 * @small_pages: hardware page tables use no superpages
 * @next_window_id: counts up
 * @groups: attached by iommufd_ioas_attach_group()
 * @process_node: in a list, while another process takes over
 * @access_wait: woken when the last access to an area has let go
 * @let_go: how often that has happened
 */
struct iommufd_ioas {
	struct iommufd_object obj;
	struct iommufd_ctx *ictx;
	struct mutex attach_lock;
	struct rw_semaphore domains_lock;
	struct list_head hwpts;
	struct rw_semaphore lock;
	struct rb_root areas;
	struct rb_root_cached reserved;
	struct rb_root_cached allowed;
	struct rb_root windows;
	struct xarray accesses;
	unsigned long iova_alignment;
	unsigned long alloc_hint;
	bool windowed;
	bool small_pages;
	u32 next_window_id;
	struct list_head groups;
	struct list_head process_node;
	wait_queue_head_t access_wait;
	atomic_t let_go;
};

/**
 * struct iommufd_hwpt - a hardware page table
 * @obj: its id
 * @ioas: the address space it shows; counted, but by the parent if it has one
 * @parent: what a nested one (nested.c) is put on, counted; otherwise NULL
 * @domain: the driver's
 * @fault: where page requests of its devices go, or NULL; counted
 * @run_ops: how runs are handed to it, or NULL
 * @node: in iommufd_ioas::hwpts
 * @nest_parent: made to be the parent of nested ones
 * @automatic: made by attaching, goes with the last device; does not change
 * @nr_devices: attached to it, if it is automatic; covered by
 *	iommufd_ioas::attach_lock
 * @enforced_coherency: it blocks no-snoop
 * @has_msi: the driver core maps MSIs in it
 * @tracks_dirty: dirty tracking is on; covered by iommufd_ioas::domains_lock
 */
struct iommufd_hwpt {
	struct iommufd_object obj;
	struct iommufd_ioas *ioas;
	struct iommufd_hwpt *parent;
	struct iommu_domain *domain;
	struct iommufd_fault *fault;
	const struct iommu_run_ops *run_ops;
	struct list_head node;
	bool nest_parent;
	bool automatic;
	unsigned int nr_devices;
	bool enforced_coherency;
	bool has_msi;
	bool tracks_dirty;
};

static inline struct iommufd_area *to_area(struct gap_node *node)
{
	return container_of(node, struct iommufd_area, node);
}

static inline unsigned long area_length(const struct iommufd_area *area)
{
	return area->node.last - area->node.start + 1;
}

static inline u8 area_flags(const struct iommufd_area *area)
{
	/* Pairs with smp_store_release() where LIVE is set */
	return smp_load_acquire(&area->holder.flags);
}

static inline bool area_is(const struct iommufd_area *area, u8 flag)
{
	return area_flags(area) & flag;
}

/* Address of the memory at @iova: of the user, or in the file */
static inline unsigned long area_address(const struct iommufd_area *area,
					 unsigned long iova)
{
	return area->pages->address + area->holder.node.start * PAGE_SIZE +
	       area->holder.offset + (iova - area->node.start);
}

static inline unsigned long area_index(const struct iommufd_area *area,
				       unsigned long iova)
{
	return area->holder.node.start +
	       ((area->holder.offset + (iova - area->node.start)) >>
		PAGE_SHIFT);
}

static inline struct iommufd_area *
iommufd_area_first(struct iommufd_ioas *ioas, unsigned long first,
		   unsigned long last)
{
	struct gap_node *node = gap_tree_first(&ioas->areas, first, last);

	return node ? to_area(node) : NULL;
}

static inline struct iommufd_area *
iommufd_area_next(struct iommufd_area *area, unsigned long last)
{
	struct gap_node *node = gap_tree_next(&area->node, last);

	return node ? to_area(node) : NULL;
}

/* The next one of a list that may be long */
static inline struct iommufd_area *
iommufd_area_in_turn(const struct iommufd_area *area, unsigned int *steps)
{
	if (area->next)
		take_turns(steps);
	return area->next;
}

#define iommufd_for_each_area(area, ioas, first, last)			\
	for ((area) = iommufd_area_first(ioas, first, last); (area);	\
	     (area) = iommufd_area_next(area, last))

/* ioas.c */
int iommufd_ioas_caches_init(void);
void iommufd_ioas_caches_exit(void);
struct iommufd_ioas *iommufd_ioas_alloc(struct iommufd_ctx *ictx, u32 flags);
struct iommufd_area *iommufd_area_alloc(void);
void iommufd_area_free(struct iommufd_area *area);
void iommufd_area_init(struct iommufd_area *area, struct iommufd_pages *pages,
		       unsigned long byte, unsigned long length, u8 flags);
void iommufd_areas_free(struct iommufd_area *list);
struct iommufd_area *iommufd_mapping_alloc(struct iommufd_source *source,
					   unsigned long address,
					   unsigned long length, int prot);
int iommufd_areas_map(struct iommufd_ioas *ioas, struct iommufd_area *list,
		      const struct iommufd_map_request *req,
		      unsigned long *iova, bool fixed);
int iommufd_ioas_map_source(struct iommufd_ioas *ioas,
			    struct iommufd_source *source,
			    unsigned long address, unsigned long length,
			    unsigned long *iova, int prot, unsigned int flags);
int iommufd_ioas_map_file(struct iommufd_ioas *ioas, unsigned long *iova,
			  int fd, unsigned long start, unsigned long length,
			  int prot, unsigned int flags);
int iommufd_ioas_add_hwpt(struct iommufd_ioas *ioas, struct iommufd_hwpt *hwpt,
			  struct device *dev);
void iommufd_ioas_remove_hwpt(struct iommufd_ioas *ioas,
			      struct iommufd_hwpt *hwpt);
int iommufd_ioas_update_alignment(struct iommufd_ioas *ioas);
int iommufd_ioas_set_small_pages(struct iommufd_ioas *ioas, bool small_pages);

/* ioas_unmap.c */
int iommufd_ioas_unmap_range(struct iommufd_ioas *ioas, unsigned long first,
			     unsigned long last, unsigned long *unmapped);

/* ioas_kernel.c */
int iommufd_iova_ranges_from(struct iommufd_ioas *ioas, unsigned long from,
			     int (*fn)(void *data, unsigned long first,
				       unsigned long last),
			     void *data);

/* domain.c */

/**
 * union iommufd_gather - what was hidden from a domain and has to be
 *	invalidated in it
 * @run: for run operations
 * @iotlb: for the Linux IOMMU API
 */
union iommufd_gather {
	struct iommu_pt_gather run;
	struct iommu_iotlb_gather iotlb;
};

int iommufd_hwpt_map(struct iommufd_hwpt *hwpt,
		     const struct iommufd_area *area, bool small_pages,
		     gfp_t gfp);
void iommufd_hwpt_unmap(const struct iommufd_hwpt *hwpt, unsigned long iova,
			unsigned long length, union iommufd_gather *gather);

/**
 * iommufd_hwpt_unmap_begin() - begin to hide ranges
 * @hwpt: from what
 * @gather: what has to be invalidated
 */
static inline void iommufd_hwpt_unmap_begin(const struct iommufd_hwpt *hwpt,
					    union iommufd_gather *gather)
{
	if (hwpt->run_ops) {
		iommu_pt_gather_init(&gather->run);
		gather->run.may_sleep = true;
	} else {
		iommu_iotlb_gather_init(&gather->iotlb);
	}
}

/**
 * iommufd_hwpt_unmap_end() - invalidate
 * @hwpt: from what ranges were hidden
 * @gather: those ranges
 *
 * When it returns, no device reaches them.
 */
static inline void iommufd_hwpt_unmap_end(const struct iommufd_hwpt *hwpt,
					  union iommufd_gather *gather)
{
	if (hwpt->run_ops)
		hwpt->run_ops->sync(hwpt->domain, &gather->run);
	else
		iommu_iotlb_sync(hwpt->domain, &gather->iotlb);
}

#endif
