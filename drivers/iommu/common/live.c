// SPDX-License-Identifier: GPL-2.0
/*
 * Domains over several units, converted while they are in use.
 *
 * Mapping and unmapping go on during a conversion; the page table library
 * allows that. Two things remain to be arranged here:
 *
 * - A map that began with the former shape may still write what the new one
 *   forbids. Maps run under SRCU; after changing what new maps do, a grace
 *   period passes before the tables are walked.
 *
 * - A member may begin to translate between an unmap's change of the tables
 *   and its invalidation. A member is in the list before its unit gets to see
 *   the tables, and leaves it after the unit has lost them; so whoever changes
 *   a table and then reads the list either finds the member, or the member
 *   finds the change.
 *
 * A stronger shape only permits more, so nobody has to be waited for: what is
 * mapped meanwhile in the former shape is caught by a later promotion.
 *
 * Order for a joining member: sizes and flags, grace period, demote,
 * invalidate the members there are, flush the tables, add the member. If
 * memory for the split tables lacks, the former shape returns. For a leaving
 * member: remove it, flags and sizes, promote, invalidate.
 *
 * Locks: @lock, a mutex, over a whole conversion. SRCU readers are maps,
 * invalidations and everything that walks the members.
 */
#include <linux/export.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/srcu.h>

#include "live.h"

DEFINE_STATIC_SRCU(live_srcu);

/**
 * iommu_live_read_lock() - keep members, and what hangs on them, from going
 *
 * Context: any; readers may sleep.
 * Return: what iommu_live_read_unlock() needs.
 */
int iommu_live_read_lock(void) __acquires(&live_srcu)
{
	return srcu_read_lock(&live_srcu);
}
EXPORT_SYMBOL_GPL(iommu_live_read_lock);

/**
 * iommu_live_read_unlock() - end of reading
 * @index: from iommu_live_read_lock()
 */
void iommu_live_read_unlock(int index) __releases(&live_srcu)
{
	srcu_read_unlock(&live_srcu, index);
}
EXPORT_SYMBOL_GPL(iommu_live_read_unlock);

/**
 * iommu_live_read_held() - is this a reader?
 *
 * Return: true if so, or if lockdep does not know.
 */
bool iommu_live_read_held(void)
{
	return srcu_read_lock_held(&live_srcu);
}
EXPORT_SYMBOL_GPL(iommu_live_read_held);

/**
 * iommu_live_synchronize() - wait for all readers there are now
 *
 * Expedited: attaching waits for it, and a device must not wait long.
 *
 * Context: may sleep.
 */
void iommu_live_synchronize(void)
{
	synchronize_srcu_expedited(&live_srcu);
}
EXPORT_SYMBOL_GPL(iommu_live_synchronize);

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
 * iommu_live_length() - bytes from IOVA 0 to the end of what can be mapped
 * @live: the domain
 *
 * Return: that many; a range that holds every mapping.
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

/* Is nothing mapped? A map that is at work may be about to change that */
static bool is_empty(struct iommu_live *live)
{
	return !iommu_pt_visit(&live->pt, 0, iommu_live_length(live),
			       stop_at_leaf, NULL);
}

static void strengthen(struct iommu_live *live,
		       const struct iommu_ability *shape)
{
	bool larger = shape->page_sizes & ~live->shape.page_sizes;
	struct iommu_pt_gather gather;

	set_shape(live, shape);
	/* Most domains of a unit that changes are empty, and need no wait */
	if (!larger || is_empty(live))
		return;
	iommu_pt_gather_init(&gather);
	gather.may_sleep = true;
	/* Nothing depends on it: what cannot be made larger stays small */
	if (!iommu_pt_promote(&live->pt, 0, iommu_live_length(live), &gather))
		live->counts.promoted++;
	iommu_live_sync(live, &gather);
}

/* To a shape in which nothing is more than now */
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
	/* Maps that began with the former shape are over after this */
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

/* Weaken first, so that the tables never are more than a member can walk */
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
 * iommu_live_join() - let a unit walk a domain's tables
 * @live: the domain
 * @member: the unit, with its ability filled in
 *
 * When it returns 0 the tables are such that the unit can walk them, and every
 * change from now on is invalidated on it; the driver then points devices at
 * them.
 *
 * Context: may sleep.
 * Return: 0, -EINVAL if the unit cannot be served, -ENOMEM; on an error
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
	/* Without the smallest size some mappings could not be kept */
	if (!(shape.page_sizes & SZ_4K))
		goto out;
	ret = convert(live, &shape);
	if (ret)
		goto out;
	list_add_tail_rcu(&member->node, &live->members);
	/* The unit's view of the tables comes after; pairs with map and sync */
	smp_mb();
out:
	mutex_unlock(&live->lock);
	return ret;
}
EXPORT_SYMBOL_GPL(iommu_live_join);

/**
 * iommu_live_leave() - a unit does not walk a domain's tables any more
 * @live: the domain
 * @member: the unit; no device behind it is pointed at the tables, and it has
 *	nothing of them cached. May be freed when this returns.
 *
 * Context: may sleep.
 */
void iommu_live_leave(struct iommu_live *live, struct iommu_member *member)
{
	struct iommu_ability shape;

	mutex_lock(&live->lock);
	list_del_rcu(&member->node);
	shape = compose(live, NULL, NULL);
	/* With nobody left there is nobody for whom to change anything */
	if (!list_empty(&live->members) && !is_same(&live->shape, &shape))
		strengthen(live, &shape);
	mutex_unlock(&live->lock);
	iommu_live_synchronize();
}
EXPORT_SYMBOL_GPL(iommu_live_leave);

/**
 * iommu_live_change() - a member's ability is another from now on
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
 * iommu_live_enforce() - make a domain block no-snoop for good
 * @live: the domain
 *
 * What is mapped already is changed too.
 *
 * Context: may sleep.
 * Return: false if a member cannot, or memory lacks; nothing has changed then.
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
 * Context: any; sleeps only if @gather says that it may.
 */
void iommu_live_sync(struct iommu_live *live, struct iommu_pt_gather *gather)
{
	int index;

	if (iommu_pt_gather_empty(gather))
		return;
	/* The read lock orders the change of the tables before the walk */
	index = iommu_live_read_lock();
	live->ops->invalidate(live, gather);
	iommu_live_read_unlock(index);
	iommu_pt_gather_free(&live->pt, gather);
}
EXPORT_SYMBOL_GPL(iommu_live_sync);

/**
 * iommu_live_map() - map runs in the domain's present shape
 * @live: the domain
 * @iova: where the first begins
 * @runs: the runs
 * @nr: how many
 * @prot: IOMMU_READ, ...
 * @gfp: how tables are allocated
 *
 * Context: may sleep if @gfp allows it.
 * Return: 0, or an error with nothing mapped.
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
 * iommu_live_map_held() - iommu_live_map() for one who reads the members anyway
 * @live: the domain
 * @iova: where the first begins
 * @runs: the runs
 * @nr: how many
 * @prot: IOMMU_READ, ...
 * @gfp: how tables are allocated
 *
 * Context: iommu_live_read_lock(); may sleep if @gfp allows it.
 * Return: 0, or an error with nothing mapped.
 */
int iommu_live_map_held(struct iommu_live *live, unsigned long iova,
			const struct iommu_run *runs, size_t nr, int prot,
			gfp_t gfp)
{
	struct iommu_pt_gather gather;
	int ret;

	iommu_pt_gather_init(&gather);
	ret = iommu_pt_map(&live->pt, iova, runs, nr, prot, gfp, &gather);
	if (unlikely(!iommu_pt_gather_empty(&gather)))
		iommu_live_sync(live, &gather);
	return ret;
}
EXPORT_SYMBOL_GPL(iommu_live_map_held);

/**
 * iommu_live_init() - make a domain without members
 * @live: the domain
 * @config: its page table; sizes and IOMMU_PT_NONCOHERENT, if given, are those
 *	of the member that is expected first, which spares it a conversion
 * @base: what it can do at most
 * @ops: the driver
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
 * iommu_live_destroy() - free a domain that has no members
 * @live: the domain
 *
 * Context: may sleep.
 */
void iommu_live_destroy(struct iommu_live *live)
{
	WARN_ON(!list_empty(&live->members));
	/* Fault reports may still look at it */
	iommu_live_synchronize();
	iommu_pt_destroy(&live->pt);
}
EXPORT_SYMBOL_GPL(iommu_live_destroy);
