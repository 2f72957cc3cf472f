// SPDX-License-Identifier: GPL-2.0
/*
 * Nested domains, with simulated units in scalable mode: entries of devices,
 * invalidations, and refusals.
 *
 * Devices have the fields that attaching uses. Tests call the operations of the
 * IOMMU core and check what the unit reads: the entries to which the root table
 * leads, and the descriptors in the queue.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/iommu_pt.h>
#include <linux/mman.h>
#include <linux/uaccess.h>

#include <uapi/linux/iommufd.h>

#include "../ability.h"
#include "../device.h"
#include "../domain.h"
#include "../inval.h"
#include "sim.h"

#define NEST_CAP	(SIM_CAP | CAP_FS1GP | CAP_FS5LP)
#define NEST_ECAP	(SIM_ECAP | ECAP_SMTS | ECAP_SSTS | ECAP_FSTS | \
			 ECAP_NEST | ECAP_SRS | ECAP_EAFS | ECAP_SMPWCS)
#define FIRST_ROOT	0x123000ULL
#define MEMORY		0x40000000ULL
#define GUEST		0x200000UL

/* A device behind a unit */
struct end {
	struct vtd_device device;
	struct dev_iommu iommu;
	struct device *dev;
	struct sim *sim;
	char name[12];
};

static void free_tables(void *arg)
{
	vtd_tables_destroy(arg);
}

static struct sim *new_unit(struct kunit *test, u64 cap, u64 ecap)
{
	struct sim *sim = sim_create(test, cap, ecap);

	KUNIT_ASSERT_EQ(test, vtd_tables_create(&sim->unit), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_tables,
							&sim->unit), 0);
	return sim;
}

static struct end *new_end(struct kunit *test, struct sim *sim, u16 source_id)
{
	struct end *end = kunit_kzalloc(test, sizeof(*end), GFP_KERNEL);
	static int number;

	KUNIT_ASSERT_NOT_NULL(test, end);
	snprintf(end->name, sizeof(end->name), "end%d", number++);
	end->dev = kunit_device_register(test, end->name);
	KUNIT_ASSERT_FALSE(test, IS_ERR(end->dev));
	end->sim = sim;
	end->device.common.dev = end->dev;
	end->device.common.unit = &sim->unit.common;
	end->device.common.source_id = source_id;
	end->device.common.alias = source_id;
	end->device.common.pf_id = source_id;
	end->device.common.ats_depth = 1;
	end->dev->iommu = &end->iommu;
	end->iommu.priv = &end->device.common;
	return end;
}

static int attach(struct end *end, struct iommu_domain *domain)
{
	return domain->ops->attach_dev(domain, end->dev);
}

static int block(struct end *end)
{
	return attach(end, vtd_iommu_ops.blocked_domain);
}

/* Let the driver think that ATS is enabled */
static void pretend_ats(struct end *end)
{
	end->device.common.ats = true;
	list_add_rcu(&end->device.ats_node,
		     &end->device.common.member->devices);
}

static void forget_ats(struct end *end)
{
	end->device.common.ats = false;
	list_del_rcu(&end->device.ats_node);
	synchronize_rcu();
}

static struct iommu_domain *new_parent(struct kunit *test, struct end *end)
{
	struct iommu_domain *parent =
		vtd_iommu_ops.domain_alloc_user(end->dev,
						IOMMU_HWPT_ALLOC_NEST_PARENT,
						NULL, NULL);

	KUNIT_ASSERT_FALSE(test, IS_ERR(parent));
	return parent;
}

static void __user *to_user(struct kunit *test, const void *data, size_t size)
{
	unsigned long page = kunit_vm_mmap(test, NULL, 0, PAGE_SIZE,
					   PROT_READ | PROT_WRITE,
					   MAP_ANONYMOUS | MAP_PRIVATE, 0);

	KUNIT_ASSERT_NE(test, page, 0);
	KUNIT_ASSERT_EQ(test, copy_to_user((void __user *)page, data, size), 0);
	return (void __user *)page;
}

static struct iommu_domain *try_nested(struct kunit *test, struct end *end,
				       struct iommu_domain *parent,
				       const struct iommu_hwpt_vtd_s1 *config)
{
	const struct iommu_user_data data = {
		.type = IOMMU_HWPT_DATA_VTD_S1,
		.uptr = to_user(test, config, sizeof(*config)),
		.len = sizeof(*config),
	};

	return vtd_iommu_ops.domain_alloc_user(end->dev, 0, parent, &data);
}

static struct iommu_domain *new_nested(struct kunit *test, struct end *end,
				       struct iommu_domain *parent, u64 root)
{
	const struct iommu_hwpt_vtd_s1 config = {
		.pgtbl_addr = root,
		.addr_width = 48,
	};
	struct iommu_domain *nested = try_nested(test, end, parent, &config);

	KUNIT_ASSERT_FALSE(test, IS_ERR(nested));
	KUNIT_EXPECT_EQ(test, nested->type, IOMMU_DOMAIN_NESTED);
	return nested;
}

static void free_domain(struct iommu_domain *domain)
{
	domain->ops->free(domain);
}

/* The PASID table entry of a device, found as the unit does */
static u64 *entry_of(const struct end *end)
{
	u16 id = end->device.common.source_id;
	const u64 *context, *directory;
	u64 *table;

	table = end->sim->unit.tables.context[2 * (id >> 8) + !!(id & 0x80)];
	context = table + (id & 0x7f) * 4;
	directory = phys_to_virt(context[0] & SCTX_PTR);
	return phys_to_virt(directory[0] & PDIR_PTR);
}

static u64 kind_of(const u64 *entry)
{
	return entry[0] & PASID_P ? FIELD_GET(PASID_PGTT, entry[0]) : 0;
}

static u16 id_of(const struct end *end)
{
	return FIELD_GET(PASID1_DID, entry_of(end)[1]);
}

/* Index of a descriptor in the log, or -1 */
static int logged(const struct sim *sim, u64 first, u64 second)
{
	unsigned int i;

	for (i = 0; i < sim->logged; i++)
		if (sim->log[i].q[0] == first && sim->log[i].q[1] == second)
			return i;
	return -1;
}

static u64 all_tables(u16 id)
{
	return FIELD_PREP(QI_TYPE, QI_IOTLB) | FIELD_PREP(QI_GRAN, GRAN_DOMAIN) |
	       FIELD_PREP(QI_IOTLB_DID, id);
}

static u64 first_stage(u16 id, u64 granularity)
{
	return FIELD_PREP(QI_TYPE, QI_PASID_IOTLB) |
	       FIELD_PREP(QI_GRAN, granularity) | FIELD_PREP(QI_PASID_DID, id);
}

static u64 device_tlb(u16 source_id)
{
	return FIELD_PREP(QI_TYPE, QI_DEV_IOTLB) |
	       FIELD_PREP(QI_DEV_SID, source_id) | FIELD_PREP(QI_DEV_MIP, 1);
}

/* The lowest bit that is 0 encodes the size */
#define WHOLE_TLB	(GENMASK_ULL(62, 12) | QI_DEV_S)

static int map(struct iommu_domain *domain, unsigned long iova, size_t length,
	       int prot)
{
	const struct iommu_run run = { MEMORY + iova, length };

	return iommu_run_ops_of(domain)->map(domain, iova, &run, 1, prot,
					     GFP_KERNEL);
}

static size_t unmap(struct iommu_domain *domain, unsigned long iova,
		    size_t length)
{
	const struct iommu_run_ops *ops = iommu_run_ops_of(domain);
	struct iommu_pt_gather gather;
	size_t unmapped;

	iommu_pt_gather_init(&gather);
	unmapped = ops->unmap(domain, iova, length, &gather);
	ops->sync(domain, &gather);
	return unmapped;
}

#define RW (IOMMU_READ | IOMMU_WRITE)

static void an_entry_leads_through_both_tables(struct kunit *test)
{
	struct sim *sim = new_unit(test, NEST_CAP, NEST_ECAP);
	struct end *end = new_end(test, sim, 0x108);
	struct iommu_domain *parent = new_parent(test, end), *nested;
	const struct iommu_hwpt_vtd_s1 config = {
		.flags = IOMMU_VTD_S1_SRE | IOMMU_VTD_S1_WPE |
			 IOMMU_VTD_S1_EAFE,
		.pgtbl_addr = FIRST_ROOT,
		.addr_width = 57,
	};
	struct iommu_pt_root root;
	u16 parent_id;
	u64 *entry;

	iommu_pt_root(&to_vtd_domain(parent)->paging.live.pt, &root);
	KUNIT_ASSERT_EQ(test, attach(end, parent), 0);
	entry = entry_of(end);
	KUNIT_EXPECT_EQ(test, kind_of(entry), PGTT_SS);
	parent_id = id_of(end);

	nested = try_nested(test, end, parent, &config);
	KUNIT_ASSERT_FALSE(test, IS_ERR(nested));
	KUNIT_ASSERT_EQ(test, attach(end, nested), 0);
	KUNIT_EXPECT_EQ(test, kind_of(entry), PGTT_NESTED);
	KUNIT_EXPECT_EQ(test, entry[0] & PASID_SSPTPTR, root.phys);
	KUNIT_EXPECT_EQ(test, FIELD_GET(PASID_AW, entry[0]), 2);
	KUNIT_EXPECT_NE(test, id_of(end), parent_id);
	/* First-stage leaves cannot force snooping */
	KUNIT_EXPECT_TRUE(test, entry[1] & PASID1_PGSNP);
	KUNIT_EXPECT_EQ(test, entry[2],
			FIRST_ROOT | PASID2_SRE | PASID2_WPE | PASID2_EAFE |
			FIELD_PREP(PASID2_FSPM, 1));
	KUNIT_EXPECT_EQ(test, block(end), 0);
	KUNIT_EXPECT_EQ(test, kind_of(entry), 0);
	free_domain(nested);

	/* A table at guest address 0 is valid too */
	nested = new_nested(test, end, parent, 0);
	KUNIT_ASSERT_EQ(test, attach(end, nested), 0);
	KUNIT_EXPECT_EQ(test, kind_of(entry), PGTT_NESTED);
	KUNIT_EXPECT_EQ(test, entry[2], 0);
	KUNIT_EXPECT_EQ(test, block(end), 0);
	free_domain(nested);
	free_domain(parent);
}

/* Compare the fields that make an entry one translation or another */
static bool is_entry(const u64 *seen, const u64 *wanted)
{
	return seen[0] == wanted[0] && seen[1] == wanted[1] &&
	       (kind_of(seen) != PGTT_NESTED || seen[2] == wanted[2]);
}

/* The unit has used only @from, @to and, if @by_blocked, a blocked entry */
static void expect_seen(struct kunit *test, struct sim *sim, const u64 *from,
			const u64 *to, bool by_blocked)
{
	unsigned int i, blocked = 0;

	KUNIT_EXPECT_GT(test, sim->nr_seen, 0);
	KUNIT_EXPECT_LT(test, sim->nr_seen, SIM_SEEN_MAX);
	for (i = 0; i < sim->nr_seen; i++) {
		const u64 *seen = sim->seen[i];

		blocked += !kind_of(seen);
		KUNIT_EXPECT_TRUE_MSG(test, !kind_of(seen) ||
				      is_entry(seen, from) || is_entry(seen, to),
				      "%016llx %016llx %016llx", seen[0],
				      seen[1], seen[2]);
	}
	KUNIT_EXPECT_EQ(test, !!blocked, by_blocked);
}

static void move_watched(struct kunit *test, struct end *end,
			 struct iommu_domain *to, bool by_blocked)
{
	u64 *entry = entry_of(end), from[3], now[3];

	memcpy(from, entry, sizeof(from));
	sim_watch(end->sim, entry);
	KUNIT_ASSERT_EQ(test, attach(end, to), 0);
	sim_watch(end->sim, NULL);
	memcpy(now, entry, sizeof(now));
	expect_seen(test, end->sim, from, now, by_blocked);
}

static void a_device_is_never_seen_half_moved(struct kunit *test)
{
	struct sim *sim = new_unit(test, NEST_CAP, NEST_ECAP);
	struct end *end = new_end(test, sim, 0x10);
	struct iommu_domain *parent = new_parent(test, end), *a, *b;

	a = new_nested(test, end, parent, FIRST_ROOT);
	b = new_nested(test, end, parent, 2 * FIRST_ROOT);
	KUNIT_ASSERT_EQ(test, attach(end, parent), 0);
	/* In one step, also if another pointer was set before */
	move_watched(test, end, a, false);
	move_watched(test, end, parent, false);
	move_watched(test, end, b, false);
	/* Blocked for a moment */
	move_watched(test, end, a, true);
	move_watched(test, end, vtd_iommu_ops.identity_domain, false);
	move_watched(test, end, b, false);
	move_watched(test, end, vtd_iommu_ops.blocked_domain, true);
	move_watched(test, end, a, true);
	KUNIT_EXPECT_EQ(test, block(end), 0);
	free_domain(a);
	free_domain(b);
	free_domain(parent);
}

static void nested_domains_have_ids_of_their_own(struct kunit *test)
{
	struct sim *sim = new_unit(test, NEST_CAP, NEST_ECAP);
	struct end *one = new_end(test, sim, 0x10);
	struct end *two = new_end(test, sim, 0x98);
	struct iommu_domain *parent = new_parent(test, one), *a, *b;
	u16 id;

	a = new_nested(test, one, parent, FIRST_ROOT);
	b = new_nested(test, one, parent, FIRST_ROOT);
	KUNIT_ASSERT_EQ(test, attach(one, a), 0);
	KUNIT_ASSERT_EQ(test, attach(two, a), 0);
	id = id_of(one);
	KUNIT_EXPECT_EQ(test, id_of(two), id);
	KUNIT_ASSERT_EQ(test, attach(two, b), 0);
	KUNIT_EXPECT_NE(test, id_of(two), id);
	/* Nothing stays cached under a domain id that is freed */
	sim->logged = 0;
	KUNIT_ASSERT_EQ(test, attach(one, b), 0);
	KUNIT_EXPECT_EQ(test, id_of(one), id_of(two));
	KUNIT_EXPECT_GE(test, logged(sim, all_tables(id), 0), 0);
	KUNIT_EXPECT_GE(test, logged(sim, first_stage(id, PIOTLB_GRAN_ALL), 0),
			0);
	KUNIT_EXPECT_EQ(test, sim->unit.common.domains_used, 1);
	KUNIT_EXPECT_EQ(test, block(one), 0);
	KUNIT_EXPECT_EQ(test, block(two), 0);
	KUNIT_EXPECT_EQ(test, sim->unit.common.domains_used, 0);
	KUNIT_EXPECT_TRUE(test, ida_is_empty(&sim->unit.common.domain_ids));
	free_domain(a);
	free_domain(b);
	free_domain(parent);
}

static void an_unmap_in_the_parent_reaches_all_that_is_nested(struct kunit *test)
{
	struct sim *sim = new_unit(test, NEST_CAP, NEST_ECAP);
	struct end *one = new_end(test, sim, 0x10);
	struct end *two = new_end(test, sim, 0x98);
	struct iommu_domain *parent = new_parent(test, one), *a, *b;
	int tables, tlb;

	a = new_nested(test, one, parent, FIRST_ROOT);
	b = new_nested(test, one, parent, 2 * FIRST_ROOT);
	KUNIT_ASSERT_EQ(test, attach(one, a), 0);
	KUNIT_ASSERT_EQ(test, attach(two, b), 0);
	pretend_ats(two);
	KUNIT_ASSERT_EQ(test, map(parent, GUEST, SZ_8K, RW), 0);
	sim->logged = 0;
	KUNIT_EXPECT_EQ(test, unmap(parent, GUEST, SZ_4K), SZ_4K);
	KUNIT_EXPECT_GE(test, logged(sim, all_tables(id_of(one)), 0), 0);
	KUNIT_EXPECT_GE(test, logged(sim, first_stage(id_of(one),
						      PIOTLB_GRAN_ALL), 0), 0);
	tables = logged(sim, all_tables(id_of(two)), 0);
	KUNIT_EXPECT_GE(test, tables, 0);
	tables = max(tables, logged(sim, first_stage(id_of(two),
						     PIOTLB_GRAN_ALL), 0));
	/* The whole TLB: its addresses are not the unmapped guest addresses */
	tlb = logged(sim, device_tlb(0x98), WHOLE_TLB);
	KUNIT_EXPECT_GT(test, tlb, tables);
	KUNIT_EXPECT_LT(test, logged(sim, device_tlb(0x10), WHOLE_TLB), 0);
	/* Nested domains without devices are not invalidated */
	forget_ats(two);
	KUNIT_EXPECT_EQ(test, block(one), 0);
	KUNIT_ASSERT_EQ(test, attach(two, parent), 0);
	sim->logged = 0;
	KUNIT_EXPECT_EQ(test, unmap(parent, GUEST + SZ_4K, SZ_4K), SZ_4K);
	KUNIT_EXPECT_EQ(test, sim->logged, 1);
	KUNIT_EXPECT_EQ(test, block(two), 0);
	free_domain(a);
	free_domain(b);
	free_domain(parent);
}

static void a_map_is_announced_in_caching_mode(struct kunit *test)
{
	struct sim *sim = new_unit(test, NEST_CAP | CAP_CM, NEST_ECAP);
	struct end *end = new_end(test, sim, 0x10);
	struct iommu_domain *parent = new_parent(test, end), *nested;

	nested = new_nested(test, end, parent, FIRST_ROOT);
	KUNIT_ASSERT_EQ(test, attach(end, nested), 0);
	sim->logged = 0;
	KUNIT_ASSERT_EQ(test, map(parent, GUEST, SZ_4K, RW), 0);
	KUNIT_EXPECT_GE(test, logged(sim, all_tables(id_of(end)), 0), 0);
	KUNIT_EXPECT_EQ(test, unmap(parent, GUEST, SZ_4K), SZ_4K);
	KUNIT_EXPECT_EQ(test, block(end), 0);
	free_domain(nested);
	free_domain(parent);
}

/* The user requests invalidations; @done is set to how many were carried out */
static int invalidate(struct kunit *test, struct iommu_domain *nested,
		      const struct iommu_hwpt_vtd_s1_invalidate *requests,
		      unsigned int nr, unsigned int *done)
{
	struct iommu_user_data_array array = {
		.type = IOMMU_HWPT_INVALIDATE_DATA_VTD_S1,
		.uptr = to_user(test, requests, nr * sizeof(*requests)),
		.entry_len = sizeof(*requests),
		.entry_num = nr,
	};
	int ret = nested->ops->cache_invalidate_user(nested, &array);

	*done = array.entry_num;
	return ret;
}

static void the_user_invalidates_what_it_changed(struct kunit *test)
{
	struct sim *sim = new_unit(test, NEST_CAP, NEST_ECAP);
	struct sim *far = new_unit(test, NEST_CAP, NEST_ECAP);
	struct end *end = new_end(test, sim, 0x10);
	struct end *other = new_end(test, far, 0x20);
	struct iommu_domain *parent = new_parent(test, end), *nested;
	struct iommu_hwpt_vtd_s1_invalidate requests[] = {
		{ .addr = 0x40000, .npages = 4 },
		{ .addr = 0x80000, .npages = 1,
		  .flags = IOMMU_VTD_INV_FLAGS_LEAF },
		{ .npages = U64_MAX },
		{ .addr = PAGE_MASK, .npages = 1ULL << 60 },
		{ .addr = 0x90000 },
	};
	unsigned int done;
	u64 page, all;

	nested = new_nested(test, end, parent, FIRST_ROOT);
	KUNIT_ASSERT_EQ(test, attach(end, nested), 0);
	KUNIT_ASSERT_EQ(test, attach(other, nested), 0);
	pretend_ats(end);
	sim->logged = 0;
	far->logged = 0;
	KUNIT_EXPECT_EQ(test, invalidate(test, nested, requests, 2, &done), 0);
	KUNIT_EXPECT_EQ(test, done, 2);
	page = first_stage(id_of(end), PIOTLB_GRAN_PAGE);
	KUNIT_EXPECT_EQ(test, logged(sim, page, 0x40000 |
				     FIELD_PREP(IVA_AM, 2)), 0);
	KUNIT_EXPECT_EQ(test, logged(sim, device_tlb(0x10), 0x41000 | QI_DEV_S),
			1);
	KUNIT_EXPECT_EQ(test, logged(sim, page, 0x80000 | IVA_IH), 2);
	KUNIT_EXPECT_EQ(test, logged(sim, device_tlb(0x10), 0x80000), 3);
	KUNIT_EXPECT_EQ(test, sim->logged, 4);
	page = first_stage(id_of(other), PIOTLB_GRAN_PAGE);
	KUNIT_EXPECT_EQ(test, logged(far, page, 0x80000 | IVA_IH), 1);
	KUNIT_EXPECT_EQ(test, far->logged, 2);

	/* Everything, a range beyond the last address, and an empty range */
	all = first_stage(id_of(other), PIOTLB_GRAN_ALL);
	far->logged = 0;
	KUNIT_EXPECT_EQ(test, invalidate(test, nested, &requests[2], 1, &done),
			0);
	KUNIT_EXPECT_EQ(test, logged(far, all, 0), 0);
	far->logged = 0;
	KUNIT_EXPECT_EQ(test, invalidate(test, nested, &requests[3], 2, &done),
			0);
	KUNIT_EXPECT_EQ(test, done, 2);
	KUNIT_EXPECT_EQ(test, far->logged, 1);
	forget_ats(end);
	KUNIT_EXPECT_EQ(test, block(end), 0);
	KUNIT_EXPECT_EQ(test, block(other), 0);
	/* Without attached devices there is nothing to do */
	far->logged = 0;
	KUNIT_EXPECT_EQ(test, invalidate(test, nested, requests, 2, &done), 0);
	KUNIT_EXPECT_EQ(test, done, 2);
	KUNIT_EXPECT_EQ(test, far->logged, 0);
	free_domain(nested);
	free_domain(parent);
}

static void a_bad_invalidation_ends_where_it_is(struct kunit *test)
{
	struct sim *sim = new_unit(test, NEST_CAP, NEST_ECAP);
	struct end *end = new_end(test, sim, 0x10);
	struct iommu_domain *parent = new_parent(test, end), *nested;
	const struct {
		struct iommu_hwpt_vtd_s1_invalidate request;
		int error;
	} bad[] = {
		{ { .npages = 1, .flags = 2 }, -EOPNOTSUPP },
		{ { .npages = 1, .__reserved = 1 }, -EOPNOTSUPP },
		{ { .addr = 0x800, .npages = 1 }, -EINVAL },
		{ { .addr = 0x1000, .npages = U64_MAX }, -EINVAL },
	};
	struct iommu_hwpt_vtd_s1_invalidate requests[3] = {
		{ .addr = 0x1000, .npages = 1 }, {}, { .npages = 1 },
	};
	struct iommu_user_data_array array = {
		.type = IOMMU_HWPT_INVALIDATE_DATA_VTD_S1 + 1,
		.uptr = to_user(test, requests, sizeof(requests)),
		.entry_len = sizeof(requests[0]),
		.entry_num = 1,
	};
	unsigned int i, done;

	nested = new_nested(test, end, parent, FIRST_ROOT);
	KUNIT_ASSERT_EQ(test, attach(end, nested), 0);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		requests[1] = bad[i].request;
		sim->logged = 0;
		KUNIT_EXPECT_EQ(test, invalidate(test, nested, requests, 3,
						 &done), bad[i].error);
		KUNIT_EXPECT_EQ(test, done, 1);
		KUNIT_EXPECT_EQ(test, sim->logged, 1);
	}
	KUNIT_EXPECT_EQ(test, nested->ops->cache_invalidate_user(nested,
								 &array),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, array.entry_num, 0);
	array.type = IOMMU_HWPT_INVALIDATE_DATA_VTD_S1;
	array.entry_num = 1;
	array.entry_len = sizeof(requests[0]) - 1;
	KUNIT_EXPECT_EQ(test, nested->ops->cache_invalidate_user(nested,
								 &array),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, block(end), 0);
	free_domain(nested);
	free_domain(parent);
}

static void forget_device(void *arg)
{
	struct end *end = arg;
	struct iommu_unit *unit = &end->sim->unit.common;

	xa_erase(&unit->devices, end->device.common.source_id);
}

/* More devices than fit in one request to the unit */
#define MANY	10

static void a_device_that_does_not_answer_keeps_nothing_from_others(struct kunit *test)
{
	struct sim *sim = new_unit(test, NEST_CAP, NEST_ECAP);
	struct iommu_hwpt_vtd_s1_invalidate request = {
		.addr = 0x40000, .npages = 1,
	};
	struct iommu_domain *parent, *nested;
	struct end *ends[MANY], *mute;
	unsigned int i, done;

	for (i = 0; i < MANY; i++)
		ends[i] = new_end(test, sim, 0x10 + i);
	parent = new_parent(test, ends[0]);
	nested = new_nested(test, ends[0], parent, FIRST_ROOT);
	for (i = 0; i < MANY; i++) {
		KUNIT_ASSERT_EQ(test, attach(ends[i], nested), 0);
		pretend_ats(ends[i]);
	}
	/* The last device is first in a request, whose other descriptors drop too */
	mute = ends[MANY - 1];
	KUNIT_ASSERT_EQ(test, xa_insert(&sim->unit.common.devices, 0x10 + i - 1,
					&mute->device.common, GFP_KERNEL), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, forget_device,
							mute), 0);
	WRITE_ONCE(sim->mute, 0x10 + i - 1);
	sim->logged = 0;
	KUNIT_EXPECT_EQ(test, invalidate(test, nested, &request, 1, &done), 0);
	KUNIT_EXPECT_EQ(test, done, 1);
	KUNIT_EXPECT_TRUE(test, mute->device.common.ats_lost);
	for (i = 0; i < MANY; i++)
		KUNIT_EXPECT_GE(test, logged(sim, device_tlb(0x10 + i),
					     0x40000), 0);
	for (i = 0; i < MANY; i++)
		forget_ats(ends[i]);
	for (i = 0; i < MANY; i++)
		KUNIT_EXPECT_EQ(test, block(ends[i]), 0);
	free_domain(nested);
	free_domain(parent);
}

static void an_invalidation_without_an_answer_is_an_error(struct kunit *test)
{
	struct sim *sim = new_unit(test, NEST_CAP, NEST_ECAP);
	struct end *end = new_end(test, sim, 0x10);
	struct iommu_domain *parent = new_parent(test, end), *nested;
	struct iommu_hwpt_vtd_s1_invalidate requests[] = {
		{ .addr = 0x40000, .npages = 1 },
		{ .addr = 0x80000, .npages = 1 },
	};
	unsigned int done;

	nested = new_nested(test, end, parent, FIRST_ROOT);
	KUNIT_ASSERT_EQ(test, attach(end, nested), 0);
	sim_die(sim);
	KUNIT_EXPECT_EQ(test, invalidate(test, nested, requests, 2, &done),
			-EIO);
	KUNIT_EXPECT_EQ(test, done, 0);
	KUNIT_EXPECT_EQ(test, block(end), 0);
	free_domain(nested);
	free_domain(parent);
}

#define EXPECT_REFUSED(test, result, error)				\
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(result), error)

static void bad_tables_are_refused(struct kunit *test)
{
	struct sim *sim = new_unit(test, SIM_CAP, NEST_ECAP & ~(ECAP_SRS |
								ECAP_EAFS));
	struct end *end = new_end(test, sim, 0x10);
	struct iommu_domain *parent = new_parent(test, end), *plain;
	const struct {
		struct iommu_hwpt_vtd_s1 config;
		int error;
	} bad[] = {
		{ { .addr_width = 39 }, -EINVAL },
		{ { .addr_width = 0 }, -EINVAL },
		{ { .addr_width = 57 }, -EINVAL },
		{ { .addr_width = 48, .pgtbl_addr = 0x1008 }, -EINVAL },
		{ { .addr_width = 48, .flags = IOMMU_VTD_S1_SRE }, -EINVAL },
		{ { .addr_width = 48, .flags = IOMMU_VTD_S1_EAFE }, -EINVAL },
		{ { .addr_width = 48, .flags = 8 }, -EOPNOTSUPP },
		{ { .addr_width = 48, .__reserved = 1 }, -EOPNOTSUPP },
	};
	const struct iommu_hwpt_vtd_s1 good = { .addr_width = 48 };
	struct iommu_user_data data = {
		.type = IOMMU_HWPT_DATA_VTD_S1 + 1,
		.uptr = to_user(test, &good, sizeof(good)),
		.len = sizeof(good),
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_REFUSED(test, try_nested(test, end, parent,
						&bad[i].config), bad[i].error);
	EXPECT_REFUSED(test, vtd_iommu_ops.domain_alloc_user(end->dev, 0,
							     parent, &data),
		       -EOPNOTSUPP);
	data.type = IOMMU_HWPT_DATA_VTD_S1;
	EXPECT_REFUSED(test, vtd_iommu_ops.domain_alloc_user(end->dev, 1,
							     parent, &data),
		       -EOPNOTSUPP);
	data.len--;
	EXPECT_REFUSED(test, vtd_iommu_ops.domain_alloc_user(end->dev, 0,
							     parent, &data),
		       -EINVAL);
	/* Data without a parent; and a parent that was not allocated as one */
	EXPECT_REFUSED(test, vtd_iommu_ops.domain_alloc_user(end->dev, 0, NULL,
							     &data),
		       -EOPNOTSUPP);
	plain = vtd_iommu_ops.domain_alloc_user(end->dev, 0, NULL, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(plain));
	EXPECT_REFUSED(test, try_nested(test, end, plain, &good), -EINVAL);
	free_domain(plain);
	free_domain(parent);
}

static void a_unit_that_does_not_nest_is_refused(struct kunit *test)
{
	struct sim *good = new_unit(test, NEST_CAP, NEST_ECAP);
	struct sim *bad = new_unit(test, NEST_CAP, NEST_ECAP & ~ECAP_NEST);
	struct sim *legacy = new_unit(test, NEST_CAP, NEST_ECAP & ~ECAP_SMTS);
	struct end *end = new_end(test, good, 0x10);
	struct end *others[] = {
		new_end(test, bad, 0x20), new_end(test, legacy, 0x30),
	};
	struct iommu_domain *parent = new_parent(test, end), *nested;
	const struct iommu_hwpt_vtd_s1 config = { .addr_width = 48 };
	struct iommu_domain *plain;
	unsigned int i;

	nested = new_nested(test, end, parent, FIRST_ROOT);
	KUNIT_ASSERT_EQ(test, attach(end, nested), 0);
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		struct end *other = others[i];

		EXPECT_REFUSED(test, vtd_iommu_ops.domain_alloc_user(other->dev,
				IOMMU_HWPT_ALLOC_NEST_PARENT, NULL, NULL),
			       -EOPNOTSUPP);
		EXPECT_REFUSED(test, try_nested(test, other, parent, &config),
			       -EOPNOTSUPP);
		plain = vtd_iommu_ops.domain_alloc_paging(other->dev);
		KUNIT_ASSERT_FALSE(test, IS_ERR(plain));
		KUNIT_ASSERT_EQ(test, attach(other, plain), 0);
		KUNIT_EXPECT_EQ(test, attach(other, parent), -EINVAL);
		KUNIT_EXPECT_EQ(test, attach(other, nested), -EINVAL);
		/* Nothing has changed */
		KUNIT_EXPECT_PTR_EQ(test, other->device.common.domain,
				    &to_vtd_domain(plain)->paging);
		KUNIT_EXPECT_EQ(test, block(other), 0);
		free_domain(plain);
	}
	KUNIT_EXPECT_EQ(test, block(end), 0);
	free_domain(nested);
	free_domain(parent);
}

/* Erratum 772415 */
static void nothing_read_only_is_mapped_in_a_parent(struct kunit *test)
{
	struct sim *sim = new_unit(test, NEST_CAP, NEST_ECAP);
	struct end *end = new_end(test, sim, 0x10);
	struct iommu_domain *parent = new_parent(test, end), *plain;
	size_t mapped = 0;
	u32 length, type;
	struct iommu_hw_info_vtd *info = vtd_iommu_ops.hw_info(end->dev,
							       &length, &type);

	KUNIT_ASSERT_FALSE(test, IS_ERR(info));
	KUNIT_EXPECT_EQ(test, type, IOMMU_HW_INFO_TYPE_INTEL_VTD);
	KUNIT_EXPECT_EQ(test, length, sizeof(*info));
	KUNIT_EXPECT_EQ(test, info->flags,
			IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17);
	KUNIT_EXPECT_EQ(test, info->cap_reg, NEST_CAP);
	KUNIT_EXPECT_EQ(test, info->ecap_reg, NEST_ECAP);
	kfree(info);

	KUNIT_EXPECT_EQ(test, map(parent, GUEST, SZ_4K, IOMMU_READ), -EINVAL);
	KUNIT_EXPECT_EQ(test, parent->ops->map_pages(parent, GUEST, MEMORY,
						     SZ_4K, 1, IOMMU_READ,
						     GFP_KERNEL, &mapped),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, mapped, 0);
	KUNIT_EXPECT_EQ(test, parent->ops->iova_to_phys(parent, GUEST), 0);
	KUNIT_EXPECT_EQ(test, parent->ops->map_pages(parent, GUEST, MEMORY,
						     SZ_4K, 1, RW, GFP_KERNEL,
						     &mapped), 0);
	KUNIT_EXPECT_EQ(test, unmap(parent, GUEST, SZ_4K), SZ_4K);
	plain = vtd_iommu_ops.domain_alloc_paging(end->dev);
	KUNIT_ASSERT_FALSE(test, IS_ERR(plain));
	KUNIT_EXPECT_EQ(test, map(plain, GUEST, SZ_4K, IOMMU_READ), 0);
	KUNIT_EXPECT_EQ(test, unmap(plain, GUEST, SZ_4K), SZ_4K);
	free_domain(plain);
	free_domain(parent);
}

static void a_parent_is_converted_under_its_nested_domains(struct kunit *test)
{
	struct sim *strong = new_unit(test, NEST_CAP, NEST_ECAP);
	struct sim *weak = new_unit(test, NEST_CAP & ~CAP_SSLPS_2M, NEST_ECAP);
	struct end *one = new_end(test, strong, 0x10);
	struct end *two = new_end(test, weak, 0x20);
	struct iommu_domain *parent = new_parent(test, one), *nested;
	struct iommu_live *live = &to_vtd_domain(parent)->paging.live;

	nested = new_nested(test, one, parent, FIRST_ROOT);
	KUNIT_ASSERT_EQ(test, attach(one, nested), 0);
	KUNIT_ASSERT_EQ(test, map(parent, GUEST, SZ_2M, RW), 0);
	KUNIT_EXPECT_TRUE(test, live->shape.page_sizes & SZ_2M);
	strong->logged = 0;
	KUNIT_ASSERT_EQ(test, attach(two, nested), 0);
	KUNIT_EXPECT_FALSE(test, live->shape.page_sizes & SZ_2M);
	KUNIT_EXPECT_EQ(test, live->counts.demoted, 1);
	KUNIT_EXPECT_GE(test, logged(strong, all_tables(id_of(one)), 0), 0);
	strong->logged = 0;
	KUNIT_EXPECT_EQ(test, block(two), 0);
	KUNIT_EXPECT_TRUE(test, live->shape.page_sizes & SZ_2M);
	KUNIT_EXPECT_EQ(test, live->counts.promoted, 1);
	KUNIT_EXPECT_GE(test, logged(strong, all_tables(id_of(one)), 0), 0);
	KUNIT_EXPECT_EQ(test, unmap(parent, GUEST, SZ_2M), SZ_2M);
	KUNIT_EXPECT_EQ(test, block(one), 0);
	free_domain(nested);
	free_domain(parent);
}

/* The unit has domain ids for 14 domains */
static void a_unit_without_ids_refuses_and_nothing_changes(struct kunit *test)
{
	u64 cap = (NEST_CAP & ~CAP_ND) | FIELD_PREP(CAP_ND, 0);
	struct sim *sim = new_unit(test, cap, NEST_ECAP);
	struct end *end = new_end(test, sim, 0x10);
	struct iommu_domain *parent = new_parent(test, end), *nested;
	int id, last = -1;

	sim->unit.common.last_domain_id = vtd_unit_domains(&sim->unit) - 1;
	nested = new_nested(test, end, parent, FIRST_ROOT);
	for (;;) {
		id = ida_alloc_range(&sim->unit.common.domain_ids,
				     IOMMU_UNIT_ID_FIRST,
				     sim->unit.common.last_domain_id,
				     GFP_KERNEL);
		if (id < 0)
			break;
		last = id;
	}
	KUNIT_ASSERT_EQ(test, last, 15);
	KUNIT_EXPECT_EQ(test, attach(end, nested), -ENOSPC);
	/* One domain id for the parent, none for the nested domain */
	ida_free(&sim->unit.common.domain_ids, last);
	KUNIT_EXPECT_EQ(test, attach(end, nested), -ENOSPC);
	KUNIT_EXPECT_TRUE(test, list_empty(&to_vtd_domain(parent)->nested));
	KUNIT_EXPECT_EQ(test, sim->unit.common.domains_used, 0);
	ida_free(&sim->unit.common.domain_ids, last - 1);
	KUNIT_EXPECT_EQ(test, attach(end, nested), 0);
	KUNIT_EXPECT_EQ(test, block(end), 0);
	free_domain(nested);
	free_domain(parent);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(an_entry_leads_through_both_tables),
	KUNIT_CASE(a_device_is_never_seen_half_moved),
	KUNIT_CASE(nested_domains_have_ids_of_their_own),
	KUNIT_CASE(an_unmap_in_the_parent_reaches_all_that_is_nested),
	KUNIT_CASE(a_map_is_announced_in_caching_mode),
	KUNIT_CASE(the_user_invalidates_what_it_changed),
	KUNIT_CASE(a_bad_invalidation_ends_where_it_is),
	KUNIT_CASE(a_device_that_does_not_answer_keeps_nothing_from_others),
	KUNIT_CASE(an_invalidation_without_an_answer_is_an_error),
	KUNIT_CASE(bad_tables_are_refused),
	KUNIT_CASE(a_unit_that_does_not_nest_is_refused),
	KUNIT_CASE(nothing_read_only_is_mapped_in_a_parent),
	KUNIT_CASE(a_parent_is_converted_under_its_nested_domains),
	KUNIT_CASE(a_unit_without_ids_refuses_and_nothing_changes),
	{ }
};

static struct kunit_suite suite = {
	.name = "vtd_nested",
	.test_cases = cases,
};
kunit_test_suite(suite);
