// SPDX-License-Identifier: GPL-2.0
/*
 * The members of paging domains.
 *
 * A unit becomes a member of a domain when its first device attaches, and stops
 * being one when the last device detaches. Each member has an id of its unit for
 * the domain. The live domain converts existing mappings when members are added,
 * removed or changed.
 *
 * Locks: the table_lock of a unit makes sure that it has one member in a
 * domain. @domains_lock, taken before it, protects the list of all domains.
 */
#include <linux/export.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "paging.h"
#include "show.h"
#include "trace.h"
#include "unit.h"

static LIST_HEAD(domains);
static DEFINE_MUTEX(domains_lock);

static struct iommu_unit_member *make_member(struct iommu_paging *paging,
					     struct iommu_unit *unit)
{
	struct iommu_unit_member *member;
	int id, ret;

	member = kzalloc(sizeof(*member), GFP_KERNEL);
	if (!member)
		return ERR_PTR(-ENOMEM);
	id = ida_alloc_range(&unit->domain_ids, IOMMU_UNIT_ID_FIRST,
			     unit->last_domain_id, GFP_KERNEL);
	if (id < 0) {
		kfree(member);
		return ERR_PTR(id);
	}
	member->unit = unit;
	member->domain_id = id;
	INIT_LIST_HEAD(&member->devices);
	ret = paging->ops->ability(paging, unit, &member->member.ability);
	if (!ret)
		ret = iommu_live_join(&paging->live, &member->member);
	if (ret) {
		ida_free(&unit->domain_ids, id);
		kfree(member);
		return ERR_PTR(ret);
	}
	WRITE_ONCE(unit->domains_used, unit->domains_used + 1);
	return member;
}

static void shape_changed(struct iommu_paging *paging)
{
	const struct iommu_live *live = &paging->live;

	WRITE_ONCE(paging->domain.pgsize_bitmap, live->shape.page_sizes);
	trace_iommu_paging_convert(paging, live->shape.page_sizes,
				   live->shape.coherent, live->shape.snoop,
				   live->enforced);
}

static struct iommu_unit_member *find_member(struct iommu_paging *paging,
					     const struct iommu_unit *unit)
{
	struct iommu_unit_member *member, *found = NULL;

	mutex_lock(&paging->live.lock);
	list_for_each_entry(member, &paging->live.members, member.node)
		if (member->unit == unit)
			found = member;
	mutex_unlock(&paging->live.lock);
	return found;
}

/**
 * iommu_paging_join() - add a user to the member of a unit in a domain
 * @paging: the domain
 * @unit: the unit of the device that attaches; its table_lock is held
 *
 * The first user makes the unit a member.
 *
 * Return: the member, for iommu_paging_leave(); or an error with nothing
 * changed: -EINVAL if the unit does not suit the domain, -ENOSPC if it has no
 * domain id left, -ENOMEM.
 */
struct iommu_unit_member *iommu_paging_join(struct iommu_paging *paging,
					    struct iommu_unit *unit)
{
	struct iommu_unit_member *member;

	lockdep_assert_held(&unit->table_lock);
	member = find_member(paging, unit);
	if (!member) {
		member = make_member(paging, unit);
		if (IS_ERR(member))
			return member;
		shape_changed(paging);
	}
	member->users++;
	return member;
}
EXPORT_SYMBOL_GPL(iommu_paging_join);

/**
 * iommu_paging_leave() - remove a user from a member
 * @paging: the domain
 * @member: from iommu_paging_join(); the entries of the device no longer lead
 *	to the domain, and what the unit had cached of them is invalidated
 *
 * With its last user the member is removed and freed.
 */
void iommu_paging_leave(struct iommu_paging *paging,
			struct iommu_unit_member *member)
{
	struct iommu_unit *unit = member->unit;

	lockdep_assert_held(&unit->table_lock);
	if (--member->users)
		return;
	iommu_live_leave(&paging->live, &member->member);
	shape_changed(paging);
	/* The id may be used again: nothing tagged with it may be cached */
	paging->ops->forget(paging, member);
	ida_free(&unit->domain_ids, member->domain_id);
	WRITE_ONCE(unit->domains_used, unit->domains_used - 1);
	kfree(member);
}
EXPORT_SYMBOL_GPL(iommu_paging_leave);

static void change_member(struct iommu_paging *paging,
			  struct iommu_unit_member *member)
{
	struct iommu_ability ability;
	int ret;

	ret = paging->ops->ability(paging, member->unit, &ability);
	if (!ret)
		ret = iommu_live_change(&paging->live, &member->member,
					&ability);
	if (ret)
		dev_warn(member->unit->iommu.dev,
			 ret == -ENOMEM ?
			 "no memory to convert a domain, which keeps its shape\n" :
			 "a domain that enforces snooping keeps its shape\n");
	shape_changed(paging);
}

/**
 * iommu_paging_unit_changed() - convert all domains of a unit that has changed
 * @unit: the unit, whose abilities are different now
 *
 * A domain that cannot be converted keeps its shape, which is logged.
 */
void iommu_paging_unit_changed(struct iommu_unit *unit)
{
	struct iommu_unit_member *member;
	struct iommu_paging *paging;

	mutex_lock(&domains_lock);
	mutex_lock(&unit->table_lock);
	list_for_each_entry(paging, &domains, node) {
		member = find_member(paging, unit);
		if (member)
			change_member(paging, member);
	}
	mutex_unlock(&unit->table_lock);
	mutex_unlock(&domains_lock);
}
EXPORT_SYMBOL_GPL(iommu_paging_unit_changed);

static void show_members(struct seq_file *seq, struct iommu_paging *paging)
{
	struct iommu_unit_member *member;
	int index;

	index = iommu_live_read_lock();
	iommu_live_for_each_member(member, &paging->live, member) {
		seq_printf(seq, "\t%s id=%u devices=%u ", member->unit->name,
			   member->domain_id, READ_ONCE(member->users));
		iommu_show_ability(seq, &member->member.ability);
		seq_putc(seq, '\n');
	}
	iommu_live_read_unlock(index);
}

/**
 * iommu_paging_show() - print all domains with their members
 * @seq: the file
 */
void iommu_paging_show(struct seq_file *seq)
{
	struct iommu_paging *paging;
	struct iommu_pt_root root;

	mutex_lock(&domains_lock);
	list_for_each_entry(paging, &domains, node) {
		iommu_pt_root(&paging->live.pt, &root);
		seq_printf(seq, "domain %p %s levels=%u ", paging,
			   paging->ops->kind(paging), root.levels);
		iommu_show_shape(seq, &paging->live);
		show_members(seq, paging);
	}
	mutex_unlock(&domains_lock);
}

/**
 * iommu_paging_init() - initialise a domain without members
 * @paging: the domain, zeroed
 * @config: its page table, as for iommu_live_init(); with IOMMU_PT_DIRTY the
 *	domain supports dirty tracking
 * @base: abilities of the domain without members
 * @ops: functions of the driver
 *
 * Return: 0, or what iommu_pt_init() returns.
 */
int iommu_paging_init(struct iommu_paging *paging,
		      const struct iommu_pt_config *config,
		      const struct iommu_ability *base,
		      const struct iommu_paging_ops *ops)
{
	struct iommu_domain *core = &paging->domain;
	int ret;

	ret = iommu_live_init(&paging->live, config, base, &ops->live);
	if (ret)
		return ret;
	paging->ops = ops;
	core->ops = ops->core;
	if (config->flags & IOMMU_PT_DIRTY)
		core->dirty_ops = &iommu_paging_dirty_ops;
	core->pgsize_bitmap = paging->live.shape.page_sizes;
	core->geometry.aperture_end =
		GENMASK_ULL(paging->live.iova_bits - 1, 0);
	core->geometry.force_aperture = true;
	mutex_lock(&domains_lock);
	list_add_tail(&paging->node, &domains);
	mutex_unlock(&domains_lock);
	return 0;
}
EXPORT_SYMBOL_GPL(iommu_paging_init);

/**
 * iommu_paging_destroy() - undo iommu_paging_init()
 * @paging: a domain without members
 */
void iommu_paging_destroy(struct iommu_paging *paging)
{
	mutex_lock(&domains_lock);
	list_del(&paging->node);
	mutex_unlock(&domains_lock);
	iommu_live_destroy(&paging->live);
}
EXPORT_SYMBOL_GPL(iommu_paging_destroy);

/**
 * iommu_paging_abandon() - forget a domain whose page table stays in memory
 * @paging: a domain that a unit may still walk; its unit, and the driver, may go
 */
void iommu_paging_abandon(struct iommu_paging *paging)
{
	mutex_lock(&domains_lock);
	list_del(&paging->node);
	mutex_unlock(&domains_lock);
}
EXPORT_SYMBOL_GPL(iommu_paging_abandon);
