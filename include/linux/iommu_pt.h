/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Page tables of IOMMUs, and the run interface to the domains that use them.
 *
 * The unit of work is a run: a physically contiguous range of memory. A layer
 * that pins memory as runs maps these runs in a domain, and a driver whose
 * domains use struct iommu_pt writes them into its tables without taking them
 * apart.
 *
 * The interface has two halves:
 *
 *	address space layer
 *	      |  struct iommu_run_ops, found with iommu_run_ops_of(): a faster
 *	      v  path beside iommu_map() and iommu_unmap()
 *	IOMMU driver
 *	      |  struct iommu_pt, with which a driver implements that
 *	      v
 *	iommu_pt.ko
 */
#ifndef _LINUX_IOMMU_PT_H
#define _LINUX_IOMMU_PT_H

#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct iommu_pt;
struct iommu_pt_format;
struct iommu_window_ops;

/**
 * struct iommu_run - a physically contiguous range of memory
 * @addr: physical address of its first byte
 * @length: bytes; a multiple of the smallest page of the domain, not 0
 */
struct iommu_run {
	phys_addr_t addr;
	size_t length;
};

/**
 * struct iommu_pt_gather - changes that are not invalidated yet
 * @start: first IOVA that changed
 * @last: last IOVA that changed; @start > @last means that nothing changed
 * @tables: a table was unlinked or replaced: invalidate cached upper levels
 *	too, not only leaf entries
 * @may_sleep: functions that fill, invalidate and free the gather may sleep,
 *	and yield the CPU in a long range. Set by the caller; false after
 *	iommu_pt_gather_init().
 * @freelist: unlinked table pages, to be freed after the invalidation
 *
 * One gather is used for one request on one domain, over any number of calls.
 */
struct iommu_pt_gather {
	unsigned long start;
	unsigned long last;
	bool tables;
	bool may_sleep;
	struct list_head freelist;
};

/**
 * iommu_pt_gather_init() - initialise a gather without changes
 * @gather: the gather, usually on the stack
 */
static inline void iommu_pt_gather_init(struct iommu_pt_gather *gather)
{
	gather->start = ULONG_MAX;
	gather->last = 0;
	gather->tables = false;
	gather->may_sleep = false;
	INIT_LIST_HEAD(&gather->freelist);
}

/**
 * iommu_pt_gather_empty() - does a gather hold no change?
 * @gather: the gather
 *
 * Return: true if nothing has to be invalidated or freed.
 */
static inline bool iommu_pt_gather_empty(const struct iommu_pt_gather *gather)
{
	return gather->start > gather->last &&
	       list_empty_careful(&gather->freelist);
}

/*
 * A bit in the @prot of @map of struct iommu_run_ops: more runs of the same
 * request follow. Some units cache that nothing is mapped in a range, and need
 * an invalidation for a new mapping. With this bit it is left to one @announce
 * for the whole request.
 */
#define IOMMU_RUNS_MORE		BIT(30)

/**
 * typedef iommu_pt_dirty_fn - called with a range that was written
 * @arg: the argument that the caller passed
 * @iova: its first IOVA
 * @length: bytes, the size of the entry that was dirty
 *
 * Context: atomic.
 * Return: true if the entry may be made clean. Ignored if the caller only
 * reads.
 */
typedef bool (*iommu_pt_dirty_fn)(void *arg, unsigned long iova, size_t length);

/**
 * struct iommu_run_ops - the run operations of a domain
 * @map: Map @nr runs one after another from @iova on. The range must hold no
 *	mapping. On an error no run is mapped: -ENOMEM, or -ERANGE if the range
 *	exceeds the aperture of the domain.
 * @announce: End a request all of whose runs were mapped with %IOMMU_RUNS_MORE:
 *	when it returns, devices may use the range. NULL if no unit needs an
 *	invalidation for new mappings.
 * @reserve: Allocate what an @unmap of any part of this range may need, so that
 *	it cannot fail even if it unmaps a part of a superpage. Returns 0 or
 *	-ENOMEM. Needed only if a range begins or ends inside what one call
 *	mapped.
 * @unmap: Clear every entry of the range, and add to @gather what has to be
 *	invalidated. Holes are skipped. Superpages are split with the tables
 *	that @reserve has allocated. Returns the bytes that were mapped.
 * @sync: Invalidate once what @gather holds, free the unlinked tables, and
 *	leave the gather empty. When it returns, no device of the domain reaches
 *	memory through what was unmapped.
 * @read_dirty: NULL, or for domains with dirty_ops: call @fn in order for each
 *	part of the range that devices have written; the first and the last may
 *	reach out of the range. With a @gather, an entry for which @fn returns
 *	true is made clean and added to @gather. Devices may write to it
 *	unnoticed until @sync. Does not sleep.
 * @windows: NULL, or for hardware that translates only in windows of its own:
 *	see <linux/iommu_windows.h>
 *
 * @iova and @length are bytes and multiples of the domain's smallest page.
 * @prot has the IOMMU_READ, IOMMU_WRITE, IOMMU_CACHE, ... bits.
 *
 * Context: @map and @reserve may sleep if @gfp allows it, @unmap and @sync if
 * @gather->may_sleep; @announce does not sleep. Calls on disjoint ranges of one
 * domain may run in parallel; the caller serialises calls on overlapping
 * ranges.
 */
struct iommu_run_ops {
	int (*map)(struct iommu_domain *domain, unsigned long iova,
		   const struct iommu_run *runs, size_t nr, int prot,
		   gfp_t gfp);
	int (*announce)(struct iommu_domain *domain, unsigned long iova,
			size_t length);
	int (*reserve)(struct iommu_domain *domain, unsigned long iova,
		       size_t length, gfp_t gfp);
	size_t (*unmap)(struct iommu_domain *domain, unsigned long iova,
			size_t length, struct iommu_pt_gather *gather);
	void (*sync)(struct iommu_domain *domain,
		     struct iommu_pt_gather *gather);
	void (*read_dirty)(struct iommu_domain *domain, unsigned long iova,
			   size_t length, iommu_pt_dirty_fn fn, void *arg,
			   struct iommu_pt_gather *gather);
	const struct iommu_window_ops *windows;
};

/*
 * A driver registers its run operations for its domain operations. Users find
 * them by the operations of a domain.
 */
int iommu_run_ops_register(const struct iommu_domain_ops *domain_ops,
			   const struct iommu_run_ops *run_ops);
void iommu_run_ops_unregister(const struct iommu_domain_ops *domain_ops);
const struct iommu_run_ops *
iommu_run_ops_of(const struct iommu_domain *domain);

/*
 * How a driver uses struct iommu_pt:
 *
 * Map: iommu_pt_map() with a new gather. If that fails, the gather has what was
 * visible for a moment: invalidate it, then iommu_pt_gather_free().
 *
 * Unmap: iommu_pt_unmap(), any number of times with one gather; invalidate
 * (upper levels too if @tables); iommu_pt_gather_free().
 *
 * Unmap by the Linux IOMMU API: between unmap_pages and iotlb_sync the tables
 * are in iotlb_gather->freelist; iommu_pt_gather_move() moves them there and
 * back. If the invalidation is @queued, iommu_pt_gather_defer() keeps them in
 * the page table, and iommu_pt_gather_deferred() returns them before the next
 * invalidation of everything.
 *
 * The following goes on while other CPUs map and unmap:
 *
 * Attach a unit with fewer page sizes: iommu_pt_set_page_sizes(), so that new
 * entries are small enough; iommu_pt_demote() over the whole range; invalidate;
 * free.
 *
 * Attach a unit whose page walks do not snoop: iommu_pt_set_flags() with
 * IOMMU_PT_NONCOHERENT, then iommu_pt_flush_tables().
 *
 * Enforce snooping: iommu_pt_set_flags() with IOMMU_PT_SNOOP;
 * iommu_pt_set_attrs() over the whole range; invalidate.
 *
 * Detach the last such unit: restore flags and sizes; iommu_pt_promote() over
 * the whole range; invalidate; free.
 */

/*
 * The formats: iommu_pt_vtdss and so on. Each has tables of 512 entries of
 * 8 bytes, and an entry of level 1 maps 4 KiB.
 */
#define IOMMU_PT_FORMAT(name) \
	extern const struct iommu_pt_format iommu_pt_##name;
#include <linux/iommu_pt_formats.h>
#undef IOMMU_PT_FORMAT

/**
 * enum iommu_pt_flags - properties of the hardware that walks a table
 * @IOMMU_PT_NONCOHERENT: It does not snoop the CPU caches. So entries are
 *	flushed to memory before an entry that leads to them becomes visible.
 * @IOMMU_PT_SNOOP: New leaves force snooping (VT-d SNP). AMD leaves always do.
 * @IOMMU_PT_DIRTY: It sets accessed and dirty bits, and they are used: new
 *	leaves are clean, and no dirty bit that the hardware sets is lost.
 * @IOMMU_PT_TRANSIENT: New leaves are marked as transient mappings (VT-d TM).
 */
enum iommu_pt_flags {
	IOMMU_PT_NONCOHERENT	= 1 << 0,
	IOMMU_PT_SNOOP		= 1 << 1,
	IOMMU_PT_DIRTY		= 1 << 2,
	IOMMU_PT_TRANSIENT	= 1 << 3,
};

/**
 * struct iommu_pt_root - where devices begin to walk
 * @phys: physical address of the top table
 * @levels: level of the top table; a table of 4 KiB entries has level 1
 */
struct iommu_pt_root {
	phys_addr_t phys;
	unsigned int levels;
};

/**
 * struct iommu_pt_config - the configuration of a page table
 * @format: format of the entries
 * @levels: level of the top table; if the format grows, at the start
 * @iova_bits: width of an IOVA (0: as far as @levels reaches). At most as far
 *	as @levels reaches or, if the format grows, its largest number of
 *	levels. If IOVAs are sign-extended, this includes the sign bit.
 * @oa_bits: width of a physical address (0: the width that the format has)
 * @page_sizes: bitmap of entry sizes allowed (0: all that the format has).
 *	Sizes that the format does not have are dropped; 4 KiB is always
 *	allowed.
 * @flags: bits of enum iommu_pt_flags
 * @nid: memory node for the tables, or NUMA_NO_NODE
 * @root_changed: Called when the top table has grown: make every device walk
 *	from @root before it returns. The old root remains valid meanwhile.
 *	Called under a spinlock; does not sleep. NULL unless the format grows.
 */
struct iommu_pt_config {
	const struct iommu_pt_format *format;
	unsigned int levels;
	unsigned int iova_bits;
	unsigned int oa_bits;
	unsigned long page_sizes;
	unsigned int flags;
	int nid;
	void (*root_changed)(struct iommu_pt *pt,
			     const struct iommu_pt_root *root);
};

/**
 * struct iommu_pt - one page table; embed it in a domain
 * @format: format of the entries
 * @top: top table and its level, packed, for CPUs
 * @hw_top: the same for devices; ahead of @top while the table grows
 * @page_sizes: entry sizes allowed now
 * @flags: bits of enum iommu_pt_flags that are set now
 * @promoters: promotions that are running; if there is one, every operation
 *	takes @lock
 * @splitting: a group of contiguous entries is being split, under @lock. An
 *	operation that changes entries meanwhile takes @lock before it returns.
 * @iova_bits: width of an IOVA
 * @oa_bits: width of a physical address
 * @nid: memory node for the tables
 * @lock: protects what is rare: tables that become empty or are revived,
 *	growth, splitting contiguous entries, reservations, @deferred
 * @reservations: reservations of iommu_pt_reserve()
 * @deferred: tables that wait for the next invalidation of everything
 * @nr_tables: table pages in use, including unlinked ones that wait for their
 *	invalidation and reserved ones
 * @root_changed: see struct iommu_pt_config
 *
 * All members belong to the library; read them through its functions.
 *
 * Concurrency: maps and unmaps run in parallel if their ranges are disjoint,
 * and in parallel with all other operations on any range. The caller serialises
 * maps and unmaps of overlapping ranges, and does not map a range whose unmap
 * is not invalidated yet. It also serialises demote, promote and set_attrs on
 * overlapping ranges. Nothing else runs beside init and destroy.
 */
struct iommu_pt {
	const struct iommu_pt_format *format;
	unsigned long top;
	unsigned long page_sizes;
	unsigned int flags;
	unsigned int promoters;
	unsigned int splitting;
	unsigned int iova_bits;
	unsigned int oa_bits;
	int nid;
	spinlock_t lock;
	unsigned long hw_top;
	struct list_head reservations;
	struct list_head deferred;
	atomic_long_t nr_tables;
	void (*root_changed)(struct iommu_pt *pt,
			     const struct iommu_pt_root *root);
};

/* Creating a table, and changing sizes and flags: */

int iommu_pt_init(struct iommu_pt *pt, const struct iommu_pt_config *config);
void iommu_pt_destroy(struct iommu_pt *pt);
void iommu_pt_root(struct iommu_pt *pt, struct iommu_pt_root *root);
unsigned long iommu_pt_nr_tables(const struct iommu_pt *pt);
unsigned int iommu_pt_aperture_bits(const struct iommu_pt *pt);
unsigned long iommu_pt_page_sizes(const struct iommu_pt *pt);
void iommu_pt_set_page_sizes(struct iommu_pt *pt, unsigned long page_sizes);
void iommu_pt_set_flags(struct iommu_pt *pt, unsigned int set,
			unsigned int clear);
void iommu_pt_flush_tables(struct iommu_pt *pt);

/* Mapping, unmapping, looking up: */

int iommu_pt_map(struct iommu_pt *pt, unsigned long iova,
		 const struct iommu_run *runs, size_t nr, int prot, gfp_t gfp,
		 struct iommu_pt_gather *gather);
int iommu_pt_reserve(struct iommu_pt *pt, unsigned long iova, size_t length,
		     gfp_t gfp);
size_t iommu_pt_unmap(struct iommu_pt *pt, unsigned long iova, size_t length,
		      struct iommu_pt_gather *gather);

/**
 * typedef iommu_pt_run_fn - called with a run that was unmapped
 * @arg: the argument that the caller passed
 * @iova: first IOVA of the run
 * @run: the memory; neighbouring entries that are contiguous in memory are
 *	joined
 *
 * Context: atomic.
 */
typedef void (*iommu_pt_run_fn)(void *arg, unsigned long iova,
				const struct iommu_run *run);

size_t iommu_pt_unmap_runs(struct iommu_pt *pt, unsigned long iova,
			   size_t length, struct iommu_pt_gather *gather,
			   iommu_pt_run_fn fn, void *arg);
phys_addr_t iommu_pt_iova_to_phys(struct iommu_pt *pt, unsigned long iova);

/**
 * enum iommu_pt_attrs - attributes of a leaf
 * @IOMMU_PT_ATTR_READ: devices may read
 * @IOMMU_PT_ATTR_WRITE: devices may write
 * @IOMMU_PT_ATTR_EXEC: devices may fetch instructions
 * @IOMMU_PT_ATTR_USER: unprivileged requests are permitted
 * @IOMMU_PT_ATTR_SNOOP: all accesses snoop the CPU caches, even no-snoop ones
 * @IOMMU_PT_ATTR_ACCESSED: the hardware has used the leaf
 * @IOMMU_PT_ATTR_DIRTY: the hardware has written through the leaf
 */
enum iommu_pt_attrs {
	IOMMU_PT_ATTR_READ	= 1 << 0,
	IOMMU_PT_ATTR_WRITE	= 1 << 1,
	IOMMU_PT_ATTR_EXEC	= 1 << 2,
	IOMMU_PT_ATTR_USER	= 1 << 3,
	IOMMU_PT_ATTR_SNOOP	= 1 << 4,
	IOMMU_PT_ATTR_ACCESSED	= 1 << 5,
	IOMMU_PT_ATTR_DIRTY	= 1 << 6,
};

/**
 * struct iommu_pt_leaf - a leaf
 * @iova: first IOVA of the whole leaf
 * @addr: physical address of its first byte
 * @length: bytes; contiguous entries that act as one are one leaf
 * @attrs: bits of enum iommu_pt_attrs
 */
struct iommu_pt_leaf {
	unsigned long iova;
	phys_addr_t addr;
	size_t length;
	unsigned int attrs;
};

/**
 * typedef iommu_pt_leaf_fn - called with a leaf
 * @arg: the argument that the caller passed
 * @leaf: the leaf; it may have changed since it was read
 *
 * Context: atomic.
 * Return: 0 to go on, another value to end the visit and to be returned.
 */
typedef int (*iommu_pt_leaf_fn)(void *arg, const struct iommu_pt_leaf *leaf);

int iommu_pt_visit(struct iommu_pt *pt, unsigned long iova, size_t length,
		   iommu_pt_leaf_fn fn, void *arg);

/* Changing mappings while devices use them: */

int iommu_pt_set_attrs(struct iommu_pt *pt, unsigned long iova, size_t length,
		       unsigned int set, unsigned int clear, gfp_t gfp,
		       struct iommu_pt_gather *gather);
int iommu_pt_demote(struct iommu_pt *pt, unsigned long iova, size_t length,
		    unsigned long page_sizes, gfp_t gfp,
		    struct iommu_pt_gather *gather);
int iommu_pt_promote(struct iommu_pt *pt, unsigned long iova, size_t length,
		     struct iommu_pt_gather *gather);

void iommu_pt_read_dirty(struct iommu_pt *pt, unsigned long iova, size_t length,
			 iommu_pt_dirty_fn fn, void *arg);
void iommu_pt_read_and_clear_dirty(struct iommu_pt *pt, unsigned long iova,
				   size_t length, iommu_pt_dirty_fn fn,
				   void *arg, struct iommu_pt_gather *gather);

/* After the invalidation: */

void iommu_pt_gather_free(struct iommu_pt *pt, struct iommu_pt_gather *gather);
void iommu_pt_gather_defer(struct iommu_pt *pt, struct iommu_pt_gather *gather);
void iommu_pt_gather_deferred(struct iommu_pt *pt,
			      struct iommu_pt_gather *gather);
void iommu_pt_gather_move(struct iommu_pt *pt, struct list_head *to,
			  struct list_head *from);

#endif
