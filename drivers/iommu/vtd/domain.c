// SPDX-License-Identifier: GPL-2.0
/*
 * Paging domains.
 *
 * A domain is a live domain (../common/live.c) whose members are units
 * (../common/members.c). One invalidation covers all devices behind a unit;
 * each device with ATS enabled takes one more descriptor, for its device-TLB.
 *
 * Mapping invalidates nothing, with two exceptions: a unit in caching mode may
 * have cached a non-present entry (section 6.1), and some units have a write
 * buffer to flush.
 *
 * Mapping and unmapping themselves are in ../common/paging.c.
 */
#define pr_fmt(fmt) "vtd: " fmt

#include <linux/slab.h>

#include <compat/uninitialized.h>
#include <uapi/linux/iommufd.h>

#include "ability.h"
#include "attach.h"
#include "device.h"
#include "domain.h"
#include "inval.h"
#include "params.h"
#include "regs.h"
#include "unit.h"

#define DOMAIN_FLAGS	(IOMMU_HWPT_ALLOC_NEST_PARENT | \
			 IOMMU_HWPT_ALLOC_DIRTY_TRACKING)

static struct iommu_ability vtd_domain_ability(const struct vtd_domain *domain,
					       const struct vtd_unit *unit)
{
	return domain->first_stage ? vtd_unit_first_stage_ability(unit) :
				     vtd_unit_ability(unit);
}

static int vtd_add_device(const struct vtd_device *device,
			  struct vtd_batch *batch,
			  const struct vtd_range *range)
{
	const struct iommu_unit_device *common = &device->common;
	unsigned int left = device->twice ? 2 : 1;
	int ret;

	while (left) {
		if (vtd_inval_add_device(batch, common->source_id,
					 vtd_device_pf_id(device),
					 common->ats_depth, range)) {
			left--;
			continue;
		}
		/* The batch is full: send it, which keeps the IOTLB first */
		ret = vtd_inval_run(to_vtd_unit(common->unit), batch);
		if (ret)
			return ret;
		batch->nr = 0;
	}
	return 0;
}

/*
 * Add a range of the device-TLBs of all devices with ATS enabled, or bar those
 * that are lost. Sends the batch if it is full, to make room. Always inline:
 * every unmap calls this.
 */
static __always_inline int vtd_add_devices(struct iommu_unit_member *member,
					   struct vtd_batch *batch,
					   const struct vtd_range *range)
{
	struct vtd_device *device;
	int ret;

	list_for_each_entry_srcu(device, &member->devices, ats_node,
				 iommu_live_read_held()) {
		if (unlikely(iommu_unit_ats_is_lost(&device->common)))
			ret = vtd_device_bar(device);
		else
			ret = vtd_add_device(device, batch, range);
		if (ret)
			return ret;
	}
	return 0;
}

/**
 * vtd_domain_add_devices() - add a range of the device-TLBs of a unit's devices
 * @member: the unit as a member of a domain
 * @batch: where to add; if it is full, it is sent to make room
 * @range: the range
 *
 * Context: iommu_live_read_lock().
 * Return: 0, or what vtd_inval_run() returned for a batch that was sent; on
 * -EAGAIN the caller builds the whole request again.
 */
int vtd_domain_add_devices(struct iommu_unit_member *member,
			   struct vtd_batch *batch,
			   const struct vtd_range *range)
{
	return vtd_add_devices(member, batch, range);
}

/* Always inline: every unmap calls this */
static __always_inline int
vtd_domain_invalidate_member(struct vtd_domain *domain,
			     struct iommu_unit_member *member,
			     const struct vtd_range *range)
{
	struct vtd_unit *unit = to_vtd_unit(member->unit);
	struct vtd_batch batch compat_uninitialized;
	unsigned int times = 0;
	int ret;

	/* A device whose device-TLB is lost is not in the next batch */
	do {
		batch.nr = 0;
		vtd_inval_add_range(unit, &batch, member->domain_id,
				    domain->first_stage, range);
		ret = vtd_add_devices(member, &batch, range);
		if (!ret)
			ret = vtd_inval_run(unit, &batch);
	} while (vtd_inval_again(unit, &times, &ret));
	if (unlikely(ret))
		iommu_unit_cut_off(&unit->common, &domain->paging);
	return ret;
}

/**
 * vtd_domain_invalidate() - .invalidate of struct iommu_live_ops
 * @live: the live domain of a paging domain
 * @gather: the ranges that changed
 */
void vtd_domain_invalidate(struct iommu_live *live,
			   const struct iommu_pt_gather *gather)
{
	struct vtd_domain *domain = container_of(live, struct vtd_domain,
						 paging.live);
	struct vtd_range range = {
		.start = gather->start,
		.last = gather->last,
		.upper = gather->tables,
	};
	struct iommu_unit_member *member;
	bool answers = false, fails = false;

	if (gather->start > gather->last) {
		range.start = 0;
		range.last = ULONG_MAX;
	}
	iommu_live_for_each_member(member, live, member) {
		if (likely(!vtd_domain_invalidate_member(domain, member,
							 &range)))
			answers = true;
		else
			fails = true;
	}
	if (unlikely(fails && !answers))
		WRITE_ONCE(live->lost, true);
}

/**
 * vtd_domain_announce() - .announce of struct iommu_paging_ops
 * @paging: a paging domain
 * @iova: first IOVA of a new mapping
 * @length: its bytes; none was mapped before
 */
void vtd_domain_announce(struct iommu_paging *paging, unsigned long iova,
			 size_t length)
{
	struct vtd_domain *domain = to_vtd_domain(&paging->domain);
	struct vtd_range range = {
		.start = iova,
		.last = iova + length - 1,
		.upper = true,
	};
	struct vtd_batch batch compat_uninitialized;
	struct iommu_unit_member *member;
	struct vtd_unit *unit;
	unsigned int times;
	int ret;

	iommu_live_for_each_member(member, &paging->live, member) {
		unit = to_vtd_unit(member->unit);
		batch.nr = 0;
		vtd_unit_flush_write_buffer(unit);
		if (!(unit->cap & CAP_CM))
			continue;
		vtd_inval_add_range(unit, &batch, member->domain_id,
				    domain->first_stage, &range);
		times = 0;
		do {
			ret = vtd_inval_run(unit, &batch);
		} while (vtd_inval_again(unit, &times, &ret));
	}
}

/* Can the unit walk tables of this kind, depth and width? */
static bool vtd_domain_suits(const struct vtd_domain *domain,
			     const struct vtd_unit *unit)
{
	if (vtd_unit_width(unit) < domain->paging.live.iova_bits)
		return false;
	if (domain->first_stage)
		return vtd_unit_first_stage(unit);
	if (domain->nest_parent && !vtd_unit_nests(unit))
		return false;
	if (unit->scalable && !(unit->ecap & ECAP_SSTS))
		return false;
	return vtd_unit_levels(unit) & BIT(domain->levels);
}

static int vtd_domain_get_ability(const struct iommu_paging *paging,
				  const struct iommu_unit *common,
				  struct iommu_ability *ability)
{
	const struct vtd_domain *domain = paging_to_vtd(paging);
	const struct vtd_unit *unit = to_vtd_unit(common);

	if (!vtd_domain_suits(domain, unit))
		return -EINVAL;
	if (paging->domain.dirty_ops && !vtd_unit_tracks_dirty(unit))
		return -EINVAL;
	*ability = vtd_domain_ability(domain, unit);
	return 0;
}

static void vtd_domain_invalidate_unit(struct iommu_paging *paging,
				       struct iommu_unit_member *member)
{
	vtd_inval_domain(to_vtd_unit(member->unit), member->domain_id,
			 paging_to_vtd(paging)->first_stage);
}

static void vtd_domain_track(struct iommu_unit_device *device, bool enable)
{
	vtd_device_track(to_vtd_device(device), enable);
}

static const char *vtd_domain_get_kind(const struct iommu_paging *paging)
{
	return paging_to_vtd(paging)->first_stage ? "first-stage" :
						    "second-stage";
}

const struct iommu_paging_ops vtd_domain_paging_ops = {
	.live.invalidate = vtd_domain_invalidate,
	.core = &vtd_paging_ops,
	.announce = vtd_domain_announce,
	.ability = vtd_domain_get_ability,
	.forget = vtd_domain_invalidate_unit,
	.track = vtd_domain_track,
	.kind = vtd_domain_get_kind,
};

static unsigned int pick_levels(const struct vtd_unit *unit, unsigned int most)
{
	unsigned int levels = vtd_unit_levels(unit) & GENMASK(most, 0);

	return levels ? fls(levels) - 1 : 0;
}

/* Choose a page table that the unit can walk without a conversion */
static void vtd_domain_configure(const struct vtd_domain *domain,
				 const struct vtd_unit *unit,
				 struct iommu_pt_config *config)
{
	struct iommu_ability ability = vtd_domain_ability(domain, unit);

	config->page_sizes = ability.page_sizes;
	if (!ability.coherent)
		config->flags = IOMMU_PT_NONCOHERENT;
	if (domain->first_stage) {
		config->format = &iommu_pt_x86_64;
		config->levels = 4;
		config->iova_bits = min(vtd_unit_width(unit), 48U);
		return;
	}
	config->format = &iommu_pt_vtdss;
	/* 5 levels only if fewer are not supported: each costs a walk step */
	config->levels = pick_levels(unit, 4) ?: pick_levels(unit, 5);
	config->iova_bits = min(vtd_unit_width(unit),
				12 + 9 * config->levels);
}

/**
 * vtd_domain_alloc() - allocate an empty paging domain
 * @unit: a unit that is going to be a member; the width follows from it
 * @flags: enum iommufd_hwpt_alloc_flags
 * @ops: &vtd_domain_paging_ops, or those of a parent, nested.c
 *
 * Return: the domain or an error: -EOPNOTSUPP if the unit does not support
 * what @flags require, -ENOMEM.
 */
struct vtd_domain *vtd_domain_alloc(const struct vtd_unit *unit, u32 flags,
				    const struct iommu_paging_ops *ops)
{
	static const struct iommu_ability all = {
		.page_sizes = SZ_4K | SZ_2M | SZ_1G,
		.coherent = true,
		.snoop = true,
	};
	struct iommu_pt_config config = { .nid = unit->nid };
	bool parent = flags & IOMMU_HWPT_ALLOC_NEST_PARENT;
	bool dirty = flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
	struct vtd_domain *domain;
	int ret;

	if (flags & ~DOMAIN_FLAGS || (parent && !vtd_unit_nests(unit)) ||
	    (dirty && !vtd_unit_tracks_dirty(unit)))
		return ERR_PTR(-EOPNOTSUPP);
	domain = kzalloc(sizeof(*domain), GFP_KERNEL_ACCOUNT);
	if (!domain)
		return ERR_PTR(-ENOMEM);
	domain->nest_parent = parent;
	INIT_LIST_HEAD(&domain->nested);
	domain->first_stage = !parent && !dirty && vtd_unit_first_stage(unit) &&
			      (!(unit->ecap & ECAP_SSTS) ||
			       vtd_params_first_stage());
	vtd_domain_configure(domain, unit, &config);
	if (dirty)
		config.flags |= IOMMU_PT_DIRTY;
	domain->levels = config.levels;
	ret = iommu_paging_init(&domain->paging, &config, &all, ops);
	if (ret) {
		kfree(domain);
		return ERR_PTR(ret);
	}
	domain->paging.live.snoop_outside = domain->first_stage;
	return domain;
}

/**
 * vtd_domain_free() - free a domain without attached devices
 * @domain: the domain
 */
void vtd_domain_free(struct vtd_domain *domain)
{
	iommu_paging_destroy(&domain->paging);
	kfree(domain);
}

/**
 * vtd_domain_free_core() - .free of struct iommu_domain_ops
 * @domain: the domain
 */
void vtd_domain_free_core(struct iommu_domain *domain)
{
	vtd_domain_free(to_vtd_domain(domain));
}

/**
 * vtd_domain_attach_dev() - .attach_dev of struct iommu_domain_ops
 * @domain: the domain
 * @dev: the device
 *
 * Return: as vtd_device_move().
 */
int vtd_domain_attach_dev(struct iommu_domain *domain, struct device *dev)
{
	struct vtd_domain *vdomain = to_vtd_domain(domain);
	struct vtd_entry entry = {
		.translation = vdomain->first_stage ? VTD_FIRST_STAGE :
						      VTD_SECOND_STAGE,
		.levels = vdomain->levels,
	};

	return vtd_device_move(dev_to_vtd(dev), vdomain,
			       NULL, &entry);
}

const struct iommu_domain_ops vtd_paging_ops = {
	.attach_dev = vtd_domain_attach_dev,
	.map_pages = iommu_paging_map_pages,
	.unmap_pages = iommu_paging_unmap_pages,
	.iotlb_sync_map = iommu_paging_iotlb_sync_map,
	.iotlb_sync = iommu_paging_iotlb_sync,
	.flush_iotlb_all = iommu_paging_flush_iotlb_all,
	.iova_to_phys = iommu_paging_iova_to_phys,
	.enforce_cache_coherency = iommu_paging_enforce_cache_coherency,
	.free = vtd_domain_free_core,
};

/**
 * vtd_domain_init() - register paging domains for the run interface
 *
 * Return: 0 or an error.
 */
int vtd_domain_init(void)
{
	return iommu_run_ops_register(&vtd_paging_ops, &iommu_paging_run_ops);
}

/**
 * vtd_domain_exit() - undo vtd_domain_init()
 */
void vtd_domain_exit(void)
{
	iommu_run_ops_unregister(&vtd_paging_ops);
}
