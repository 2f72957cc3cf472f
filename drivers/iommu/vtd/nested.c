// SPDX-License-Identifier: GPL-2.0
/*
 * Nested domains.
 *
 * The user's first-stage tables translate a device's addresses to guest
 * addresses. The second-stage tables of the parent, an ordinary paging domain,
 * translate guest addresses to memory. Addresses inside the first-stage tables
 * are guest addresses too (section 3.8):
 *
 *	device address -- first stage (user) --> guest address
 *	guest address  -- second stage (parent) --> memory
 *
 * Only scalable mode has nested translation, and only units with ECAP.NEST.
 *
 * A unit tags cached nested translations with domain id and PASID, but not with
 * the device. So each nested domain has a domain id of its own on each unit
 * where devices are attached to it:
 *
 *	parent (struct vtd_domain)
 *	  members -> unit A: domain id 5	devices attached to the parent
 *		     unit B: domain id 2	itself
 *	  nested  -> nested 1 on unit A: 6	devices attached to nested domains
 *		     nested 2 on unit A: 7
 *		     nested 1 on unit B: 3
 *
 * The unit is also a member of the parent, so that the parent has a shape that
 * the unit can walk. The parent is converted live when another unit becomes a
 * member.
 *
 * There are two reasons to invalidate:
 *
 * - The user changed its tables and requests an invalidation. The range is
 *   invalidated as for any first-stage table, by PASID, under the domain id of
 *   the nested domain, and in the device-TLBs.
 * - The parent changed. A cached nested translation holds the device's address,
 *   which does not reveal the guest address. So everything cached under the
 *   domain ids of the nested domains is invalidated, and everything in the
 *   device-TLBs of their devices.
 *
 * Erratum 772415 (Sapphire Rapids): a unit may write to memory that is
 * read-only in the second stage, when it sets accessed and dirty bits in
 * first-stage tables. So a parent takes no read-only mappings; GET_HW_INFO
 * reports that to user programs. Parents have their own operations for this and
 * for the second kind of invalidation, so that ordinary domains need no check.
 *
 * Locks: a unit's table_lock prevents two members for the same nested domain on
 * that unit. The parent's live lock protects the list of members, which is read
 * under SRCU, like the members of the parent.
 */
#define pr_fmt(fmt) "vtd: " fmt

#include <kunit/visibility.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include <uapi/linux/iommufd.h>

#include "ability.h"
#include "attach.h"
#include "device.h"
#include "domain.h"
#include "inval.h"
#include "nested.h"
#include "unit.h"

#define FIRST_STAGE_FLAGS (IOMMU_VTD_S1_SRE | IOMMU_VTD_S1_EAFE | \
			   IOMMU_VTD_S1_WPE)
#define BITS_4_LEVELS	48
#define BITS_5_LEVELS	57

/**
 * struct vtd_nested - a nested domain
 * @domain: the domain of the IOMMU core
 * @parent: its parent; the user of the nested domain holds a reference
 * @config: the user's tables
 * @members: struct nested_member by @own_node, one for each unit where devices
 *	are attached; changed under the parent's live lock, read under SRCU
 */
struct vtd_nested {
	struct iommu_domain domain;
	struct vtd_domain *parent;
	struct iommu_hwpt_vtd_s1 config;
	struct list_head members;
};

/**
 * struct nested_member - a unit in a nested domain
 * @member: domain id, users and devices, as for a paging domain; not in the
 *	paging domain's list of members
 * @in_parent: the unit as a member of the parent; held
 * @node: in the parent's list, of the members of all its nested domains
 * @own_node: in the nested domain's list
 */
struct nested_member {
	struct iommu_unit_member member;
	struct iommu_unit_member *in_parent;
	struct list_head node;
	struct list_head own_node;
};

static struct vtd_nested *to_vtd_nested(struct iommu_domain *domain)
{
	return container_of(domain, struct vtd_nested, domain);
}

static struct nested_member *to_nested_member(struct iommu_unit_member *member)
{
	return container_of(member, struct nested_member, member);
}

/* Invalidation */

/* The user changed a range in its first-stage tables */
static int vtd_nested_invalidate_range(struct nested_member *member,
				       const struct vtd_range *range)
{
	struct vtd_unit *unit = to_vtd_unit(member->member.unit);
	struct vtd_batch batch;
	unsigned int times = 0;
	int ret;

	do {
		batch.nr = 0;
		vtd_inval_add_range(unit, &batch, member->member.domain_id,
				    true, range);
		ret = vtd_domain_add_devices(&member->member, &batch, range);
		if (!ret)
			ret = vtd_inval_run(unit, &batch);
	} while (vtd_inval_again(unit, &times, &ret));
	return ret;
}

/* All that is cached under the domain id; @devices: in device-TLBs too */
static int vtd_nested_invalidate_all(struct nested_member *member,
				     bool devices)
{
	static const struct vtd_range everything = {
		.last = ULONG_MAX,
		.upper = true,
	};
	struct vtd_unit *unit = to_vtd_unit(member->member.unit);
	struct vtd_batch batch;
	unsigned int times = 0;
	int ret;

	do {
		batch.nr = 0;
		vtd_inval_add_domain(unit, &batch, member->member.domain_id);
		ret = devices ? vtd_domain_add_devices(&member->member, &batch,
						       &everything) : 0;
		if (!ret)
			ret = vtd_inval_run(unit, &batch);
	} while (vtd_inval_again(unit, &times, &ret));
	return ret;
}

#define for_each_nested_member(pos, domain) \
	list_for_each_entry_srcu(pos, &(domain)->nested, node, \
				 iommu_live_read_held())

static void vtd_parent_invalidate(struct iommu_live *live,
				  const struct iommu_pt_gather *gather)
{
	struct vtd_domain *domain = container_of(live, struct vtd_domain,
						 paging.live);
	struct nested_member *member;

	/* First the second-stage entries, which nested walks use too */
	vtd_domain_invalidate(live, gather);
	for_each_nested_member(member, domain)
		if (vtd_nested_invalidate_all(member, true))
			iommu_unit_cut_off(member->member.unit,
					   &domain->paging);
}

static void vtd_parent_announce(struct iommu_paging *paging, unsigned long iova,
				size_t length)
{
	struct vtd_domain *domain = to_vtd_domain(&paging->domain);
	struct nested_member *member;

	vtd_domain_announce(paging, iova, length);
	for_each_nested_member(member, domain)
		if (to_vtd_unit(member->member.unit)->cap & CAP_CM)
			vtd_nested_invalidate_all(member, false);
}

/* Copies of the ordinary operations, which vtd_nested_init() changes */
static struct iommu_paging_ops parent_paging_ops;
static struct iommu_run_ops parent_run_ops;

/* Mapping */

static bool nested_may_map(int prot)
{
	if (prot & IOMMU_WRITE)
		return true;
	pr_warn_ratelimited("read-only memory cannot be mapped below nested tables (erratum 772415)\n");
	return false;
}

static int vtd_parent_map_pages(struct iommu_domain *domain, unsigned long iova,
				phys_addr_t paddr, size_t pgsize,
				size_t pgcount, int prot, gfp_t gfp,
				size_t *mapped)
{
	if (!nested_may_map(prot))
		return -EINVAL;
	return iommu_paging_map_pages(domain, iova, paddr, pgsize, pgcount,
				      prot, gfp, mapped);
}

static int vtd_parent_map_runs(struct iommu_domain *domain, unsigned long iova,
			       const struct iommu_run *runs, size_t nr,
			       int prot, gfp_t gfp)
{
	if (!nested_may_map(prot))
		return -EINVAL;
	return iommu_paging_run_ops.map(domain, iova, runs, nr, prot, gfp);
}

static const struct iommu_domain_ops parent_ops = {
	.attach_dev = vtd_domain_attach_dev,
	.map_pages = vtd_parent_map_pages,
	.unmap_pages = iommu_paging_unmap_pages,
	.iotlb_sync_map = iommu_paging_iotlb_sync_map,
	.iotlb_sync = iommu_paging_iotlb_sync,
	.flush_iotlb_all = iommu_paging_flush_iotlb_all,
	.iova_to_phys = iommu_paging_iova_to_phys,
	.enforce_cache_coherency = iommu_paging_enforce_cache_coherency,
	.free = vtd_domain_free_core,
};

/* Members */

static struct nested_member *
vtd_nested_find_member(struct vtd_nested *nested, const struct iommu_unit *unit)
{
	struct mutex *lock = &nested->parent->paging.live.lock;
	struct nested_member *member, *found = NULL;

	mutex_lock(lock);
	list_for_each_entry(member, &nested->members, own_node)
		if (member->member.unit == unit)
			found = member;
	mutex_unlock(lock);
	return found;
}

static struct nested_member *vtd_nested_alloc_member(struct vtd_nested *nested,
						     struct iommu_unit *unit)
{
	struct vtd_domain *parent = nested->parent;
	struct nested_member *member;
	int id, ret;

	member = kzalloc(sizeof(*member), GFP_KERNEL);
	if (!member)
		return ERR_PTR(-ENOMEM);
	member->in_parent = iommu_paging_join(&parent->paging, unit);
	if (IS_ERR(member->in_parent)) {
		ret = PTR_ERR(member->in_parent);
		goto err_free;
	}
	id = ida_alloc_range(&unit->domain_ids, IOMMU_UNIT_ID_FIRST,
			     unit->last_domain_id, GFP_KERNEL);
	if (id < 0) {
		ret = id;
		goto err_leave;
	}
	member->member.unit = unit;
	member->member.domain_id = id;
	INIT_LIST_HEAD(&member->member.devices);
	mutex_lock(&parent->paging.live.lock);
	list_add_tail_rcu(&member->node, &parent->nested);
	list_add_tail_rcu(&member->own_node, &nested->members);
	mutex_unlock(&parent->paging.live.lock);
	/*
	 * The unit reads the tables only after this. So if another CPU changes
	 * an entry and then reads the list, either it finds this member and
	 * invalidates, or the unit reads the changed entry.
	 */
	smp_mb();
	return member;

err_leave:
	iommu_paging_leave(&parent->paging, member->in_parent);
err_free:
	kfree(member);
	return ERR_PTR(ret);
}

static bool nested_can_walk(const struct vtd_unit *unit,
			    const struct iommu_hwpt_vtd_s1 *config)
{
	return vtd_unit_nests(unit) &&
	       (config->addr_width == BITS_4_LEVELS ||
		unit->cap & CAP_FS5LP) &&
	       (!(config->flags & IOMMU_VTD_S1_SRE) || unit->ecap & ECAP_SRS) &&
	       (!(config->flags & IOMMU_VTD_S1_EAFE) || unit->ecap & ECAP_EAFS);
}

/*
 * Make the unit of a device, whose table_lock is held, a member of a nested
 * domain. To be undone with vtd_nested_leave(). On failure nothing has changed:
 * -EINVAL if the unit cannot walk the user's tables or those of the parent,
 * -ENOSPC if it has no domain id left, -ENOMEM.
 */
static struct iommu_unit_member *vtd_nested_join(struct vtd_nested *nested,
						 struct vtd_unit *unit)
{
	struct nested_member *member;

	lockdep_assert_held(&unit->common.table_lock);
	if (!nested_can_walk(unit, &nested->config))
		return ERR_PTR(-EINVAL);
	member = vtd_nested_find_member(nested, &unit->common);
	if (!member)
		member = vtd_nested_alloc_member(nested, &unit->common);
	if (IS_ERR(member))
		return ERR_CAST(member);
	member->member.users++;
	return &member->member;
}

/*
 * Undo vtd_nested_join() for a device whose entries have changed already, with
 * the old ones invalidated.
 */
static void vtd_nested_leave(struct vtd_nested *nested,
			     struct iommu_unit_member *unit_member)
{
	struct nested_member *member = to_nested_member(unit_member);
	struct vtd_domain *parent = nested->parent;
	struct iommu_unit *unit = unit_member->unit;

	lockdep_assert_held(&unit->table_lock);
	if (--unit_member->users)
		return;
	mutex_lock(&parent->paging.live.lock);
	list_del_rcu(&member->node);
	list_del_rcu(&member->own_node);
	mutex_unlock(&parent->paging.live.lock);
	iommu_live_synchronize();
	/* The id may be reused: nothing tagged with it may stay cached */
	vtd_nested_invalidate_all(member, false);
	ida_free(&unit->domain_ids, unit_member->domain_id);
	iommu_paging_leave(&parent->paging, member->in_parent);
	kfree(member);
}

/* Fill in the first-stage part of a device's entry */
static void vtd_nested_entry(const struct vtd_nested *nested,
			     struct vtd_entry *entry)
{
	const struct iommu_hwpt_vtd_s1 *config = &nested->config;

	entry->translation = VTD_NESTED;
	entry->first_root = config->pgtbl_addr;
	entry->first_levels = config->addr_width == BITS_5_LEVELS ? 5 : 4;
	entry->supervisor = config->flags & IOMMU_VTD_S1_SRE;
	entry->write_protect = entry->supervisor &&
			       config->flags & IOMMU_VTD_S1_WPE;
	entry->extended_accessed = config->flags & IOMMU_VTD_S1_EAFE;
}

/* Operations of the IOMMU core */

static int vtd_nested_attach_dev(struct iommu_domain *domain,
				 struct device *dev)
{
	struct vtd_nested *nested = to_vtd_nested(domain);
	struct vtd_device *device = dev_to_vtd(dev);
	struct vtd_entry entry = { };

	vtd_nested_entry(nested, &entry);
	return vtd_device_move(device, nested->parent, nested, &entry);
}

static void vtd_nested_free(struct iommu_domain *domain)
{
	struct vtd_nested *nested = to_vtd_nested(domain);

	WARN_ON(!list_empty(&nested->members));
	kfree(nested);
}

static int
vtd_nested_to_range(const struct iommu_hwpt_vtd_s1_invalidate *request,
		    struct vtd_range *range)
{
	u64 bytes;

	if (request->flags & ~IOMMU_VTD_INV_FLAGS_LEAF || request->__reserved)
		return -EOPNOTSUPP;
	if (request->addr & ~PAGE_MASK ||
	    (request->npages == U64_MAX && request->addr))
		return -EINVAL;
	range->start = request->addr;
	range->upper = !(request->flags & IOMMU_VTD_INV_FLAGS_LEAF);
	/* A range beyond the end of the address space ends there */
	if (check_mul_overflow(request->npages, (u64)SZ_4K, &bytes) ||
	    check_add_overflow(request->addr, bytes - 1, &bytes))
		bytes = ULONG_MAX;
	range->last = bytes;
	return 0;
}

static int
vtd_nested_invalidate_one(struct vtd_nested *nested,
			  const struct iommu_hwpt_vtd_s1_invalidate *request)
{
	struct nested_member *member;
	struct vtd_range range;
	int index, status, ret;

	ret = vtd_nested_to_range(request, &range);
	if (ret || !request->npages)
		return ret;
	index = iommu_live_read_lock();
	/* A unit that does not answer is no reason to skip the others */
	list_for_each_entry_srcu(member, &nested->members, own_node,
				 iommu_live_read_held()) {
		status = vtd_nested_invalidate_range(member, &range);
		if (status)
			ret = status;
	}
	iommu_live_read_unlock(index);
	return ret;
}

static int vtd_nested_invalidate_user(struct iommu_domain *domain,
				      struct iommu_user_data_array *array)
{
	struct iommu_hwpt_vtd_s1_invalidate request;
	u32 done = 0;
	int ret = 0;

	if (array->type != IOMMU_HWPT_INVALIDATE_DATA_VTD_S1)
		ret = -EINVAL;
	while (!ret && done < array->entry_num) {
		ret = iommu_copy_struct_from_user_array(&request, array,
			IOMMU_HWPT_INVALIDATE_DATA_VTD_S1, done, __reserved);
		if (!ret)
			ret = vtd_nested_invalidate_one(to_vtd_nested(domain),
							&request);
		if (!ret)
			done++;
		cond_resched();
		if (!ret && fatal_signal_pending(current))
			ret = -EINTR;
	}
	array->entry_num = done;
	return ret;
}

static const struct iommu_domain_ops nested_ops = {
	.attach_dev = vtd_nested_attach_dev,
	.cache_invalidate_user = vtd_nested_invalidate_user,
	.free = vtd_nested_free,
};

static int vtd_nested_check_config(const struct vtd_unit *unit,
				   const struct iommu_hwpt_vtd_s1 *config)
{
	if (config->flags & ~(u64)FIRST_STAGE_FLAGS || config->__reserved)
		return -EOPNOTSUPP;
	if (config->addr_width != BITS_4_LEVELS &&
	    config->addr_width != BITS_5_LEVELS)
		return -EINVAL;
	if (config->pgtbl_addr & ~PAGE_MASK)
		return -EINVAL;
	return nested_can_walk(unit, config) ? 0 : -EINVAL;
}

/**
 * vtd_parent_alloc() - allocate a paging domain that can have nested domains
 * @unit: a unit that is going to be a member
 * @flags: as of vtd_domain_alloc(), with IOMMU_HWPT_ALLOC_NEST_PARENT
 *
 * Return: as vtd_domain_alloc().
 */
struct vtd_domain *vtd_parent_alloc(const struct vtd_unit *unit, u32 flags)
{
	struct vtd_domain *parent = vtd_domain_alloc(unit, flags,
						     &parent_paging_ops);

	if (IS_ERR(parent))
		return parent;
	parent->join_nested = vtd_nested_join;
	parent->leave_nested = vtd_nested_leave;
	return parent;
}

/**
 * vtd_nested_alloc() - allocate a nested domain
 * @unit: the unit of a device that is going to be attached
 * @parent: a domain of this driver
 * @flags: enum iommufd_hwpt_alloc_flags
 * @data: struct iommu_hwpt_vtd_s1 of the user
 *
 * Return: the domain, or an error: -EOPNOTSUPP if the unit does not nest, or
 * for unknown flags or an unknown type of data; -EINVAL if @parent was not
 * allocated as a parent, or the unit cannot walk such tables; -EFAULT; -ENOMEM.
 */
struct iommu_domain *vtd_nested_alloc(const struct vtd_unit *unit,
				      struct iommu_domain *parent, u32 flags,
				      const struct iommu_user_data *data)
{
	struct vtd_nested *nested;
	int ret;

	if (!vtd_unit_nests(unit) || flags ||
	    data->type != IOMMU_HWPT_DATA_VTD_S1)
		return ERR_PTR(-EOPNOTSUPP);
	if (parent->ops != &parent_ops)
		return ERR_PTR(-EINVAL);
	nested = kzalloc(sizeof(*nested), GFP_KERNEL_ACCOUNT);
	if (!nested)
		return ERR_PTR(-ENOMEM);
	ret = iommu_copy_struct_from_user(&nested->config, data,
					  IOMMU_HWPT_DATA_VTD_S1, __reserved);
	if (!ret)
		ret = vtd_nested_check_config(unit, &nested->config);
	if (ret) {
		kfree(nested);
		return ERR_PTR(ret);
	}
	nested->parent = to_vtd_domain(parent);
	INIT_LIST_HEAD(&nested->members);
	nested->domain.type = IOMMU_DOMAIN_NESTED;
	nested->domain.ops = &nested_ops;
	return &nested->domain;
}

/**
 * vtd_nested_init() - register parent domains for the run interface
 *
 * Return: 0 or an error.
 */
int vtd_nested_init(void)
{
	parent_paging_ops = vtd_domain_paging_ops;
	parent_paging_ops.live.invalidate = vtd_parent_invalidate;
	parent_paging_ops.core = &parent_ops;
	parent_paging_ops.announce = vtd_parent_announce;
	parent_run_ops = iommu_paging_run_ops;
	parent_run_ops.map = vtd_parent_map_runs;
	return iommu_run_ops_register(&parent_ops, &parent_run_ops);
}

/**
 * vtd_nested_exit() - undo vtd_nested_init()
 */
void vtd_nested_exit(void)
{
	iommu_run_ops_unregister(&parent_ops);
}
