/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Page tables of IOMMUs, and the run interface of the domains made of them.
 *
 * The unit of work is a run: a physically contiguous stretch of memory. A
 * layer that pinned memory as runs hands them to a domain as runs, and a
 * driver whose domains are made of struct iommu_pt writes them into its tables
 * without taking them apart.
 *
 * The interface has two halves. struct iommu_run_ops is what a driver offers
 * and an address space layer uses: a faster path beside iommu_map() and
 * iommu_unmap(), found with iommu_run_ops_of(). struct iommu_pt is what a
 * driver uses to offer it.
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
 * struct iommu_run - a physically contiguous stretch of memory
 * @addr: physical address of its first byte
 * @length: bytes; a multiple of the smallest page of the domain, not 0
 */
struct iommu_run {
	phys_addr_t addr;
	size_t length;
};

/**
 * struct iommu_pt_gather - what changed and is not yet invalidated
 * @start: first IOVA that changed
 * @last: last IOVA that changed; @start > @last means that nothing did
 * @tables: a table was unlinked or replaced, so that cached upper levels have
 *	to go too and not only leaf entries
 * @may_sleep: whoever fills, invalidates and frees it may sleep, and so gives
 *	way in a long range; set by the caller, false after
 *	iommu_pt_gather_init()
 * @freelist: unlinked table pages, to be freed after the invalidation
 *
 * One gather serves one request on one domain, over any number of calls.
 */
struct iommu_pt_gather {
	unsigned long start;
	unsigned long last;
	bool tables;
	bool may_sleep;
	struct list_head freelist;
};

/**
 * iommu_pt_gather_init() - make a gather that has seen no change
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
 * iommu_pt_gather_empty() - has anything changed?
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
 * With this bit in the @prot of @map of struct iommu_run_ops more runs of the same
 * request follow: a unit that caches what is not there is told of none of them
 * before @announce tells it of all.
 */
#define IOMMU_RUNS_MORE		BIT(30)

/**
 * typedef iommu_pt_dirty_fn - takes a stretch that was written
 * @arg: the caller's own
 * @iova: its first IOVA
 * @length: bytes, the size of the entry that was dirty
 *
 * Context: atomic.
 * Return: true if it may be made clean; of no meaning where that was not asked
 * for.
 */
typedef bool (*iommu_pt_dirty_fn)(void *arg, unsigned long iova, size_t length);

/**
 * struct iommu_run_ops - a domain's fast path
 * @map: Map @nr runs one after another at @iova; on an error nothing of them
 *	is mapped. The range must hold no mapping. Returns -ENOMEM, or -ERANGE
 *	when the range leaves the domain's aperture.
 * @announce: End a request whose runs were mapped with %IOMMU_RUNS_MORE, all of
 *	them: devices may be told to use the range from now on. NULL where
 *	nothing caches what is not there.
 * @reserve: Allocate what an @unmap of any part of this range may need, so
 *	that it cannot fail; a part of a superpage can then be unmapped. Returns
 *	-ENOMEM. Needed only where a range begins or ends inside a run that was
 *	mapped by one call.
 * @unmap: Clear every entry of the range and record in @gather what is to be
 *	invalidated. Holes are passed over. Returns the bytes that were mapped.
 *	Parts of superpages are split with what @reserve has put aside.
 * @sync: Invalidate once what @gather holds, free the unlinked tables, and
 *	leave the gather empty. When it returns, no device of the domain reaches
 *	memory through what was unmapped.
 * @read_dirty: NULL, or for domains with dirty_ops: call @fn for each stretch
 *	of the range that devices have written to, in order; the first and the
 *	last may reach out of it. With a @gather, what @fn agrees to is clean
 *	from then on, and recorded for @sync: what is written before that may
 *	go unnoticed. Does not sleep.
 * @windows: NULL, or for hardware that translates only in windows of its own:
 *	see <linux/iommu_windows.h>
 *
 * @iova and @length are bytes and multiples of the domain's smallest page.
 * @prot has the IOMMU_READ, IOMMU_WRITE, IOMMU_CACHE, ... bits.
 *
 * Context: @map and @reserve may sleep if @gfp allows it, @unmap and @sync if the
 * gather does (@may_sleep); @announce does not sleep. Calls on disjoint ranges of
 * one domain may run in parallel; the caller keeps calls on overlapping ranges
 * apart.
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
 * A driver tells iommu_pt which domain operations its run operations belong
 * to; the operations of a domain are the key under which users find them.
 */
int iommu_run_ops_register(const struct iommu_domain_ops *domain_ops,
			   const struct iommu_run_ops *run_ops);
void iommu_run_ops_unregister(const struct iommu_domain_ops *domain_ops);
const struct iommu_run_ops *
iommu_run_ops_of(const struct iommu_domain *domain);

/*
 * How a driver uses struct iommu_pt. Map: iommu_pt_map() with a fresh gather;
 * when it fails, what was visible for a moment is in the gather: invalidate,
 * then iommu_pt_gather_free(). Unmap: iommu_pt_unmap(), any number of times
 * with one gather, invalidate (upper levels too if @tables), then
 * iommu_pt_gather_free(). Calls of the Linux IOMMU API keep the tables in
 * iotlb_gather->freelist by iommu_pt_gather_move() under both directions, or
 * with iommu_pt_gather_defer() when @queued, to be taken up by
 * iommu_pt_gather_deferred() before the next invalidation of everything.
 *
 * A weaker unit joins: iommu_pt_set_page_sizes() so that nothing new is too
 * large, iommu_pt_demote() over all, invalidate, free. A walker that does not
 * snoop joins: iommu_pt_set_flags(IOMMU_PT_NONCOHERENT), then
 * iommu_pt_flush_tables(). Snooping is enforced: iommu_pt_set_flags(
 * IOMMU_PT_SNOOP), iommu_pt_set_attrs() over all, invalidate. Then attach.
 * When the last weak one has left: the flags back, the sizes back,
 * iommu_pt_promote() over all, invalidate, free. All of it while maps and
 * unmaps go on.
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
 * enum iommu_pt_flags - what the hardware that walks a table is like
 * @IOMMU_PT_NONCOHERENT: It does not snoop the CPU caches: what is written is
 *	flushed to memory before an entry that leads to it is visible.
 * @IOMMU_PT_SNOOP: Leaves force snooping (VT-d SNP). AMD leaves always do.
 * @IOMMU_PT_DIRTY: It keeps accessed and dirty bits, and they matter: leaves
 *	are made clean, and no dirty bit that it sets gets lost.
 * @IOMMU_PT_TRANSIENT: Leaves are marked as transient mappings (VT-d TM).
 */
enum iommu_pt_flags {
	IOMMU_PT_NONCOHERENT	= 1 << 0,
	IOMMU_PT_SNOOP		= 1 << 1,
	IOMMU_PT_DIRTY		= 1 << 2,
	IOMMU_PT_TRANSIENT	= 1 << 3,
};

/**
 * struct iommu_pt_root - what a device's context leads to
 * @phys: physical address of the top table
 * @levels: its level; a leaf table of 4 KiB entries is level 1
 */
struct iommu_pt_root {
	phys_addr_t phys;
	unsigned int levels;
};

/**
 * struct iommu_pt_config - how to make a page table
 * @format: the format of its entries
 * @levels: level of the top table; with iommu_pt_amdv1, at the start
 * @iova_bits: width of an IOVA; at most what the format's largest number of
 *	levels reaches (0: what @levels reaches). For iommu_pt_x86_64 that
 *	includes the sign bit.
 * @oa_bits: width of a physical address (0: what the format holds)
 * @page_sizes: bitmap of entry sizes allowed; what the format cannot do is
 *	dropped, 4 KiB is always there (0: all that the format has)
 * @flags: bits of enum iommu_pt_flags
 * @nid: memory node for the tables, or NUMA_NO_NODE
 * @root_changed: The top table grew: let every device walk from @root before
 *	returning; the old root stays valid meanwhile. Called under a spinlock,
 *	does not sleep. NULL unless the format grows.
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
 * @format: the format of its entries
 * @top: top table and its level, packed, as software walks it
 * @hw_top: the same as devices shall walk it; ahead of @top while it grows
 * @page_sizes: entry sizes allowed now
 * @flags: bits of enum iommu_pt_flags, as of now
 * @promoters: promotions at work; while there are any, every operation takes
 *	@lock
 * @cutting: a group of contiguous entries is being rewritten, under @lock; what
 *	changes entries beside it takes that before it returns
 * @iova_bits: width of an IOVA
 * @oa_bits: width of a physical address
 * @nid: memory node for the tables
 * @lock: what is rare: tables that empty or come back to life, growth,
 *	splitting contiguous entries, reservations, @deferred
 * @reservations: what iommu_pt_reserve() put aside
 * @deferred: tables whose invalidation is due with the next one of everything
 * @nr_tables: table pages in use, unlinked ones that wait for their
 *	invalidation and reserved ones included
 * @root_changed: see struct iommu_pt_config
 *
 * All members belong to the library; read them through its functions.
 *
 * Concurrency: iommu_pt_map() and iommu_pt_unmap() run in parallel on disjoint
 * ranges, and in parallel with everything else on any range. The caller keeps
 * maps and unmaps of overlapping ranges apart, and does not map where an
 * unmap's invalidation is still due. Two of demote, promote and set_attrs on
 * overlapping ranges are kept apart by the caller too. init and destroy are
 * alone.
 */
struct iommu_pt {
	const struct iommu_pt_format *format;
	unsigned long top;
	unsigned long page_sizes;
	unsigned int flags;
	unsigned int promoters;
	unsigned int cutting;
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

/* How a table is made, shaped and shown to hardware: */

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
 * typedef iommu_pt_run_fn - takes a run that a range held
 * @arg: the caller's own
 * @iova: where it was mapped
 * @run: physically contiguous memory, as long as the entries allow to see
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
 * enum iommu_pt_attrs - what a leaf permits, beyond its address
 * @IOMMU_PT_ATTR_READ: devices may read
 * @IOMMU_PT_ATTR_WRITE: devices may write
 * @IOMMU_PT_ATTR_EXEC: devices may fetch instructions
 * @IOMMU_PT_ATTR_USER: unprivileged requests may pass
 * @IOMMU_PT_ATTR_SNOOP: accesses snoop the CPU caches whatever they ask for
 * @IOMMU_PT_ATTR_ACCESSED: the hardware has used it
 * @IOMMU_PT_ATTR_DIRTY: the hardware has written through it
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
 * struct iommu_pt_leaf - an entry that translates
 * @iova: first IOVA of the whole entry
 * @addr: physical address of its first byte
 * @length: bytes; contiguous entries that act as one are one
 * @attrs: bits of enum iommu_pt_attrs
 */
struct iommu_pt_leaf {
	unsigned long iova;
	phys_addr_t addr;
	size_t length;
	unsigned int attrs;
};

/**
 * typedef iommu_pt_leaf_fn - visits a leaf
 * @arg: the caller's own
 * @leaf: the leaf, as it was a moment ago
 *
 * Context: atomic.
 * Return: 0 to go on, anything else to stop and be handed back.
 */
typedef int (*iommu_pt_leaf_fn)(void *arg, const struct iommu_pt_leaf *leaf);

int iommu_pt_visit(struct iommu_pt *pt, unsigned long iova, size_t length,
		   iommu_pt_leaf_fn fn, void *arg);

/* Changing what is mapped, under DMA: */

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
