// SPDX-License-Identifier: GPL-2.0
/*
 * Domains over several units, converted while they are in use.
 *
 * Maps and unmaps continue during a conversion; the page table library allows
 * that. Two races remain to be handled here:
 *
 * - A map that began with the old shape may still write entries that the new
 *   one forbids. Maps are SRCU readers. So first the shape for new maps
 *   changes, then an SRCU grace period passes, and then the tables are
 *   converted.
 *
 * - A member may begin to translate after an unmap has changed the tables and
 *   before that unmap invalidates. A member is added to the list before its
 *   unit uses the tables, and removed after the unit has stopped using them.
 *   An unmap changes the tables first and reads the list then. So either it
 *   finds the member, or the unit finds the tables changed.
 *
 * A stronger shape forbids nothing that the old one allowed, so it takes no
 * grace period. Entries that are written meanwhile in the old shape are
 * promoted later.
 *
 * Steps when a member is added:
 *   set sizes and flags; wait for the grace period; demote; invalidate on the
 *   members in the list; flush the tables; add the member to the list.
 *   If the split tables cannot be allocated, the old shape is restored.
 * Steps when a member is removed:
 *   remove it from the list; set sizes and flags; promote; invalidate.
 *
 * Locks: iommu_live.lock, a mutex, is held for a whole conversion. Maps,
 * invalidations and all walks over the members are SRCU readers.
 */
#include <linux/export.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/srcu.h>

#include "live.h"

DEFINE_STATIC_SRCU(live_srcu);

/**
 * iommu_live_read_lock() - keep members, and what belongs to them, from being
 * freed
 *
 * Context: any; readers may sleep.
 * Return: the argument for iommu_live_read_unlock().
 */
int iommu_live_read_lock(void) __acquires(&live_srcu)
{
	return srcu_read_lock(&live_srcu);
}
EXPORT_SYMBOL_GPL(iommu_live_read_lock);

/**
 * iommu_live_read_unlock() - end iommu_live_read_lock()
 * @index: from iommu_live_read_lock()
 */
void iommu_live_read_unlock(int index) __releases(&live_srcu)
{
	srcu_read_unlock(&live_srcu, index);
}
EXPORT_SYMBOL_GPL(iommu_live_read_unlock);

/**
 * iommu_live_read_held() - is iommu_live_read_lock() held?
 *
 * Return: true if it is held, or if lockdep cannot tell.
 */
bool iommu_live_read_held(void)
{
	return srcu_read_lock_held(&live_srcu);
}
EXPORT_SYMBOL_GPL(iommu_live_read_held);

/**
 * iommu_live_synchronize() - wait for all present readers
 *
 * Expedited, because attaching a device waits for it.
 *
 * Context: may sleep.
 */
void iommu_live_synchronize(void)
{
	synchronize_srcu_expedited(&live_srcu);
}
EXPORT_SYMBOL_GPL(iommu_live_synchronize);

/* Reduce a shape to the abilities that it has in common with @by */
static void lessen(struct iommu_ability *shape,
		   const struct iommu_ability *by)
{
	shape->page_sizes &= by->page_sizes;
	shape->coherent &= by->coherent;
	shape->snoop &= by->snoop;
}

/*
 * The shape that suits all members: without @excluded, and with a further
 * member of ability @added. Either may be NULL.
 */
static struct iommu_ability compose(const struct iommu_live *live,
				    const struct iommu_member *excluded,
				    const struct iommu_ability *added)
{
	struct iommu_ability shape = live->base;
	const struct iommu_member *member;

	lockdep_assert_held(&live->lock);
	list_for_each_entry(member, &live->members, node)
		if (member != excluded)
			lessen(&shape, &member->ability);
	if (added)
		lessen(&shape, added);
	return shape;
}

/**
 * iommu_live_length() - get the size of the range that can be mapped
 * @live: the domain
 *
 * Return: bytes from IOVA 0 to the end of the aperture, which hold every
 * mapping.
 */
size_t iommu_live_length(const struct iommu_live *live)
{
	unsigned int bits = live->iova_bits;

	return bits < BITS_PER_LONG ? 1UL << bits : ULONG_MAX & PAGE_MASK;
}
EXPORT_SYMBOL_GPL(iommu_live_length);

static void set_shape(struct iommu_live *live,
		      const struct iommu_ability *shape)
{
	iommu_pt_set_page_sizes(&live->pt, shape->page_sizes);
	iommu_pt_set_flags(&live->pt,
			   shape->coherent ? 0 : IOMMU_PT_NONCOHERENT,
			   shape->coherent ? IOMMU_PT_NONCOHERENT : 0);
	live->shape = *shape;
}

static int stop_at_leaf(void *arg, const struct iommu_pt_leaf *leaf)
{
	return 1;
}

/* Is nothing mapped? A map that is running may be about to change that */
static bool is_empty(struct iommu_live *live)
{
	return !iommu_pt_visit(&live->pt, 0, iommu_live_length(live),
			       stop_at_leaf, NULL);
}

/* Change to a shape with no ability less, and promote */
static void strengthen(struct iommu_live *live,
		       const struct iommu_ability *shape)
{
	bool larger = shape->page_sizes & ~live->shape.page_sizes;
	struct iommu_pt_gather gather;

	set_shape(live, shape);
	/* Most domains of a unit that changes are empty: nothing to promote */
	if (!larger || is_empty(live))
		return;
	iommu_pt_gather_init(&gather);
	gather.may_sleep = true;
	/* Nothing depends on success: what cannot be promoted stays small */
	if (!iommu_pt_promote(&live->pt, 0, iommu_live_length(live), &gather))
		live->counts.promoted++;
	iommu_live_sync(live, &gather);
}

/* Change to a shape with no ability more, and demote or flush */
static int weaken(struct iommu_live *live, const struct iommu_ability *shape)
{
	bool smaller = live->shape.page_sizes & ~shape->page_sizes;
	bool flush = live->shape.coherent && !shape->coherent;
	struct iommu_ability former = live->shape;
	struct iommu_pt_gather gather;
	int ret;

	set_shape(live, shape);
	if (!smaller && !flush)
		return 0;
	/* Wait for maps that began with the old shape */
	iommu_live_synchronize();
	if (smaller) {
		iommu_pt_gather_init(&gather);
		gather.may_sleep = true;
		ret = iommu_pt_demote(&live->pt, 0, iommu_live_length(live),
				      shape->page_sizes, GFP_KERNEL_ACCOUNT,
				      &gather);
		iommu_live_sync(live, &gather);
		if (ret) {
			strengthen(live, &former);
			return ret;
		}
		live->counts.demoted++;
	}
	if (flush) {
		iommu_pt_flush_tables(&live->pt);
		live->counts.flushed++;
	}
	return 0;
}

static bool is_same(const struct iommu_ability *a,
		    const struct iommu_ability *b)
{
	return a->page_sizes == b->page_sizes && a->coherent == b->coherent &&
	       a->snoop == b->snoop;
}

/* Weaken first, so that the tables always suit every member */
static int convert(struct iommu_live *live, const struct iommu_ability *shape)
{
	struct iommu_ability weaker = live->shape;
	int ret;

	if (is_same(&live->shape, shape))
		return 0;
	lessen(&weaker, shape);
	ret = weaken(live, &weaker);
	if (ret)
		return ret;
	if (!is_same(&weaker, shape))
		strengthen(live, shape);
	return 0;
}

/**
 * iommu_live_join() - add a unit to a domain
 * @live: the domain
 * @member: the unit, with its ability filled in
 *
 * When this returns 0, the unit can walk the tables of the domain, and every
 * later change is invalidated on it. Then the driver points devices at the
 * tables.
 *
 * Context: may sleep.
 * Return: 0; -EINVAL if the unit does not suit the domain; -ENOMEM. On an error
 * nothing has changed.
 */
int iommu_live_join(struct iommu_live *live, struct iommu_member *member)
{
	struct iommu_ability shape;
	int ret = -EINVAL;

	mutex_lock(&live->lock);
	if (live->enforced && !member->ability.snoop)
		goto out;
	shape = compose(live, NULL, &member->ability);
	/* Without 4 KiB entries some mappings could not be kept */
	if (!(shape.page_sizes & SZ_4K))
		goto out;
	ret = convert(live, &shape);
	if (ret)
		goto out;
	list_add_tail_rcu(&member->node, &live->members);
	WRITE_ONCE(live->lost, false);
	/* The unit walks the tables after this; pairs with map and sync */
	smp_mb();
out:
	mutex_unlock(&live->lock);
	return ret;
}
EXPORT_SYMBOL_GPL(iommu_live_join);

/**
 * iommu_live_leave() - remove a unit from a domain
 * @live: the domain
 * @member: the unit; no device behind it uses the tables, and it has nothing of
 *	them cached. May be freed when this returns.
 *
 * Context: may sleep.
 */
void iommu_live_leave(struct iommu_live *live, struct iommu_member *member)
{
	struct iommu_ability shape;

	mutex_lock(&live->lock);
	list_del_rcu(&member->node);
	shape = compose(live, NULL, NULL);
	/* Without members there is no reason to convert anything */
	if (!list_empty(&live->members) && !is_same(&live->shape, &shape))
		strengthen(live, &shape);
	mutex_unlock(&live->lock);
	iommu_live_synchronize();
}
EXPORT_SYMBOL_GPL(iommu_live_leave);

/**
 * iommu_live_change() - change the ability of a member
 * @live: the domain
 * @member: the unit
 * @ability: its new ability
 *
 * Context: may sleep.
 * Return: 0, or -EINVAL or -ENOMEM with nothing changed.
 */
int iommu_live_change(struct iommu_live *live, struct iommu_member *member,
		      const struct iommu_ability *ability)
{
	struct iommu_ability shape;
	int ret = -EINVAL;

	mutex_lock(&live->lock);
	if (live->enforced && !ability->snoop)
		goto out;
	shape = compose(live, member, ability);
	if (!(shape.page_sizes & SZ_4K))
		goto out;
	ret = convert(live, &shape);
	if (!ret)
		member->ability = *ability;
out:
	mutex_unlock(&live->lock);
	return ret;
}
EXPORT_SYMBOL_GPL(iommu_live_change);

static bool force_snoop(struct iommu_live *live)
{
	struct iommu_pt_gather gather;
	int ret;

	iommu_pt_set_flags(&live->pt, IOMMU_PT_SNOOP, 0);
	iommu_live_synchronize();
	iommu_pt_gather_init(&gather);
	gather.may_sleep = true;
	ret = iommu_pt_set_attrs(&live->pt, 0, iommu_live_length(live),
				 IOMMU_PT_ATTR_SNOOP, 0, GFP_KERNEL_ACCOUNT,
				 &gather);
	if (ret)
		iommu_pt_set_flags(&live->pt, 0, IOMMU_PT_SNOOP);
	iommu_live_sync(live, &gather);
	return !ret;
}

/**
 * iommu_live_enforce() - make a domain block no-snoop for as long as it exists
 * @live: the domain
 *
 * Existing mappings are changed too.
 *
 * Context: may sleep.
 * Return: false if a member does not support it or without memory; then nothing
 * has changed.
 */
bool iommu_live_enforce(struct iommu_live *live)
{
	bool done = false;

	mutex_lock(&live->lock);
	if (live->enforced || !live->shape.snoop) {
		done = live->enforced;
		goto out;
	}
	if (!live->snoop_outside && !force_snoop(live))
		goto out;
	live->enforced = true;
	live->counts.enforced++;
	done = true;
out:
	mutex_unlock(&live->lock);
	return done;
}
EXPORT_SYMBOL_GPL(iommu_live_enforce);

/**
 * iommu_live_sync() - invalidate what changed, then free replaced tables
 * @live: the domain
 * @gather: what changed; empty afterwards
 *
 * Context: any; may sleep if @gather->may_sleep.
 */
void iommu_live_sync(struct iommu_live *live, struct iommu_pt_gather *gather)
{
	int index;

	if (iommu_pt_gather_empty(gather))
		return;
	/* Orders the change of the tables before reading the list */
	index = iommu_live_read_lock();
	live->ops->invalidate(live, gather);
	iommu_live_read_unlock(index);
	iommu_pt_gather_free(&live->pt, gather);
}
EXPORT_SYMBOL_GPL(iommu_live_sync);

/**
 * iommu_live_map() - map runs in the present shape of a domain
 * @live: the domain
 * @iova: first IOVA of the first run
 * @runs: the runs
 * @nr: number of runs
 * @prot: IOMMU_READ, ...
 * @gfp: for tables
 *
 * Context: may sleep if @gfp allows it.
 * Return: 0, or an error with no run mapped.
 */
int iommu_live_map(struct iommu_live *live, unsigned long iova,
		   const struct iommu_run *runs, size_t nr, int prot,
		   gfp_t gfp)
{
	int index = iommu_live_read_lock(), ret;

	ret = iommu_live_map_held(live, iova, runs, nr, prot, gfp);
	iommu_live_read_unlock(index);
	return ret;
}
EXPORT_SYMBOL_GPL(iommu_live_map);

/**
 * iommu_live_map_held() - iommu_live_map() under iommu_live_read_lock()
 * @live: the domain
 * @iova: first IOVA of the first run
 * @runs: the runs
 * @nr: number of runs
 * @prot: IOMMU_READ, ...
 * @gfp: for tables
 *
 * Context: iommu_live_read_lock(); may sleep if @gfp allows it.
 * Return: 0, or an error with no run mapped; -EIO if no unit of the domain
 * answers any more.
 */
int iommu_live_map_held(struct iommu_live *live, unsigned long iova,
			const struct iommu_run *runs, size_t nr, int prot,
			gfp_t gfp)
{
	struct iommu_pt_gather gather;
	int ret;

	if (unlikely(READ_ONCE(live->lost)))
		return -EIO;
	iommu_pt_gather_init(&gather);
	ret = iommu_pt_map(&live->pt, iova, runs, nr, prot, gfp, &gather);
	if (unlikely(!iommu_pt_gather_empty(&gather)))
		iommu_live_sync(live, &gather);
	return ret;
}
EXPORT_SYMBOL_GPL(iommu_live_map_held);

/**
 * iommu_live_init() - initialise a domain without members
 * @live: the domain
 * @config: its page table. Page sizes and IOMMU_PT_NONCOHERENT, if given, are
 *	those of the expected first member, for which nothing is then converted.
 * @base: abilities of the domain without members
 * @ops: functions of the driver
 *
 * Return: 0, or what iommu_pt_init() returns.
 */
int iommu_live_init(struct iommu_live *live,
		    const struct iommu_pt_config *config,
		    const struct iommu_ability *base,
		    const struct iommu_live_ops *ops)
{
	struct iommu_pt_config own = *config;
	struct iommu_ability shape = *base;
	int ret;

	if (own.page_sizes)
		shape.page_sizes &= own.page_sizes;
	if (own.flags & IOMMU_PT_NONCOHERENT)
		shape.coherent = false;
	own.page_sizes = shape.page_sizes;
	if (!shape.coherent)
		own.flags |= IOMMU_PT_NONCOHERENT;
	ret = iommu_pt_init(&live->pt, &own);
	if (ret)
		return ret;
	live->ops = ops;
	/* The upper half of sign-extended IOVAs is not used */
	live->iova_bits = iommu_pt_aperture_bits(&live->pt);
	live->base = *base;
	live->shape = shape;
	mutex_init(&live->lock);
	INIT_LIST_HEAD(&live->members);
	return 0;
}
EXPORT_SYMBOL_GPL(iommu_live_init);

/**
 * iommu_live_destroy() - free the page table of a domain without members
 * @live: the domain
 *
 * Context: may sleep.
 */
void iommu_live_destroy(struct iommu_live *live)
{
	WARN_ON(!list_empty(&live->members));
	/* Fault reports may still read it */
	iommu_live_synchronize();
	iommu_pt_destroy(&live->pt);
}
EXPORT_SYMBOL_GPL(iommu_live_destroy);
