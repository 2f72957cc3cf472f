/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Address spaces: areas, and the hardware page tables that map them.
 *
 * An address space is a tree of areas (gap_tree.h). An area maps a range of
 * IOVA to a range of a pages object (pages.h), starting at an offset in its
 * first page. A hardware page table (HWPT) is a domain of an IOMMU driver in
 * which every area of one address space is mapped:
 *
 *	struct iommufd_ioas
 *	  areas -> area A, area B, area C, ...	by IOVA
 *	             |       |       |
 *	           pages 1   pages 2 |		copies share
 *	             ^---------------+
 *	  hwpts -> hwpt 1, hwpt 2, ...		each maps all areas
 *	             |       |
 *	           domain 1  domain 2		of the IOMMU drivers
 *
 * As long as there is a hardware page table, every area is a holder of its
 * pages. When the first one is added, all areas are pinned. When the last one
 * is removed, they are unpinned, except the pages that an access holds.
 *
 * Locks, outermost first:
 *
 *	access->lock	of an access, while it attaches, detaches, pins or
 *			unpins
 *	process_lock	of the context: held for reading by an access that pins,
 *			which takes no domains_lock; for writing while another
 *			process takes over, which takes every domains_lock
 *	attach_lock	held while a device looks for a hardware page table, is
 *			attached to an automatic one or detached from it: one
 *			device at a time
 *	domains_lock	held for reading by a map or unmap, from beginning to
 *			end; for writing to add or remove a hardware page table.
 *			So these exclude each other, but any number of maps and
 *			unmaps run in parallel.
 *	lock		protects the trees and the flags of areas. It is only
 *			held for short operations: not while pinning, writing
 *			page tables or calling a driver. Exceptions are
 *			splitting an area, creating or removing a window, which
 *			are rare, and reading dirty pages, a short range at a
 *			time.
 *	pages lock	of a pages object that is shared; held while pinning
 *	devmem lock	of device memory: protects the list of its mappings; see
 *			device_memory.h
 *
 * Pinning memory may take long (userfaultfd, a file of another machine), and
 * domains_lock is held meanwhile. So a task that can still fail waits killably
 * for domains_lock and attach_lock. Detaching a device or an access and
 * unmapping must not fail for that reason: they wait uninterruptibly. So does
 * IOMMU_IOAS_CHANGE_PROCESS, which takes the locks of all address spaces.
 *
 * Without a lock, the area itself reserves its range: it is in the tree, not
 * yet LIVE or already DYING, so nothing else is mapped there, and no other task
 * unmaps it.
 *
 * Map:   insert the area; pin; map in every hwpt; set LIVE.
 * Unmap: find the areas; ask accesses to release their pages; set DYING; unmap
 *        in every hwpt and invalidate once in each; unpin; remove from the
 *        tree.
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
#define AREA_LIVE	BIT(2)	/* completely mapped */
#define AREA_DYING	BIT(3)	/* being unmapped */
#define AREA_CLOSED	BIT(4)	/* no new access; accesses must release it */
#define AREA_COPY	BIT(5)	/* created by IOMMU_IOAS_COPY */
#define AREA_INLINE	BIT(6)	/* allocated together with its pages object */
#define AREA_PART	BIT(7)	/* one of several areas of one request */

/**
 * struct iommufd_area - a range of IOVA and the memory it is mapped to
 * @node: the range, in iommufd_ioas::areas
 * @holder: the range of indices in @pages. Its flags are AREA_*. Its offset is
 *	that of the first byte in its page. Its count is the number of pinned
 *	ranges of accesses in this area.
 * @pages: the memory
 * @next: next in a list, while the area is being created or unmapped. For a
 *	mapped AREA_PART: the next area of the same request, or NULL. Areas of
 *	one request are unmapped together.
 */
struct iommufd_area {
	struct gap_node node;
	struct iommufd_holder holder;
	struct iommufd_pages *pages;
	struct iommufd_area *next;
};

/**
 * struct iommufd_mapping - a pages object and its first area in one allocation
 * @pages: the object; the allocation is freed with it
 * @area: the area
 */
struct iommufd_mapping {
	struct iommufd_pages pages;
	struct iommufd_area area;
};

/*
 * The kernel memory of a mapping. "Limits and costs" in
 * Documentation/iommufd.md counts 186 bytes: the slab allocator adds a pointer,
 * because the cache has a constructor, and 22 of these 184 bytes fit in a page.
 */
static_assert(sizeof(struct iommufd_mapping) <= 176);

/**
 * struct iommufd_window - a window: a range of IOVA that stays available
 * @node: the range, in iommufd_ioas::windows
 * @id: its id
 * @page_size: granularity of mappings in it
 * @prot: access that mappings in it may have
 * @fixed: the user chose the base
 * @closed: it is being removed and accepts no new mapping
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
 * @hwpts: its hardware page tables
 * @lock: see above
 * @areas: mapped ranges
 * @reserved: ranges that cannot be mapped
 * @allowed: ranges that must stay available
 * @windows: the windows of a windowed address space
 * @accesses: accesses that are attached to it; the index is assigned when they
 *	attach
 * @iova_alignment: start and length of areas are multiples of this
 * @alloc_hint: end of the area that the kernel placed last
 * @windowed: IOVA exists only inside windows
 * @small_pages: hardware page tables use no superpages
 * @next_window_id: id of the next window
 * @groups: groups attached by iommufd_ioas_attach_group()
 * @process_node: node in a list, while another process takes over
 * @access_wait: woken when the last access has released its pages of an area
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
 * @ioas: the address space whose areas it maps; holds a reference, unless there
 *	is a @parent, which has one
 * @parent: for a nested hardware page table (nested.c): the one below it, with
 *	a reference; otherwise NULL
 * @domain: the driver's domain
 * @fault: the queue for page requests of its devices, with a reference; or NULL
 * @run_ops: the run operations of the domain, or NULL
 * @node: node in iommufd_ioas::hwpts
 * @nest_parent: nested hardware page tables may use it as their @parent
 * @automatic: created by attaching a device, and destroyed with the last
 *	device; does not change
 * @nr_devices: number of attached devices, if it is automatic; protected by
 *	iommufd_ioas::attach_lock
 * @enforced_coherency: it blocks no-snoop
 * @has_msi: the driver core maps MSIs in it
 * @tracks_dirty: dirty tracking is enabled; protected by
 *	iommufd_ioas::domains_lock
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

/* Address of the memory at @iova: a user address, or an offset in the file */
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

/* The next area of a list that may be long: yields the CPU now and then */
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
 * union iommufd_gather - ranges that were unmapped and must be invalidated
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
 * iommufd_hwpt_unmap_begin() - start to unmap ranges
 * @hwpt: the hardware page table
 * @gather: set to empty
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
 * iommufd_hwpt_unmap_end() - invalidate the ranges that were unmapped
 * @hwpt: the hardware page table
 * @gather: the ranges
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
