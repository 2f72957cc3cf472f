// SPDX-License-Identifier: GPL-2.0
/*
 * Invalidation of a unit's caches.
 *
 * A request is a batch of descriptors. For a unit without a queue each
 * descriptor is written to its registers, which have the same granularities.
 *
 * A range is covered by one aligned block of 2^AM pages, or by two (BLOCKS_MAX)
 * if a single block had 4 times the size of the range or more, or its AM were
 * above MAMV. Blocks may cover more than the range: invalidating too much is safe.
 *
 *	pages 3 to 8	one block, pages 0 to 15: 16 are less than 4 times 6
 *	pages 7 to 8	two blocks, page 7 and page 8
 *
 * Blocks are cheaper than invalidating the whole domain, after which the unit
 * has to walk the tables again for all other ranges of the domain. The whole
 * domain is invalidated if AM of one of the two blocks were above MAMV, if the
 * range has more than VTD_RANGE_PAGES_MAX pages, or if the unit cannot invalidate
 * ranges (no CAP.PSI).
 */
#define pr_fmt(fmt) "vtd: " fmt

#include <kunit/visibility.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/pci.h>

#include "inval.h"
#include "regs.h"
#include "unit.h"

#define BLOCKS_MAX	2

static void vtd_inval_add(struct vtd_batch *batch, u64 lo, u64 hi)
{
	if (WARN_ON_ONCE(batch->nr == VTD_BATCH_MAX))
		return;
	batch->descs[batch->nr++] = (struct vtd_desc){ { lo, hi } };
}

static u64 iotlb_desc(const struct vtd_unit *unit, u64 granularity,
		      u16 domain_id)
{
	return FIELD_PREP(QI_TYPE, QI_IOTLB) |
	       FIELD_PREP(QI_GRAN, granularity) |
	       FIELD_PREP(QI_IOTLB_DID, domain_id) |
	       (unit->cap & CAP_DWD ? QI_IOTLB_DW : 0) |
	       (unit->cap & CAP_DRD ? QI_IOTLB_DR : 0);
}

static u64 context_desc(u64 granularity, u16 domain_id, u16 source_id)
{
	return FIELD_PREP(QI_TYPE, QI_CONTEXT) |
	       FIELD_PREP(QI_GRAN, granularity) |
	       FIELD_PREP(QI_CONTEXT_DID, domain_id) |
	       FIELD_PREP(QI_CONTEXT_SID, source_id);
}

static void vtd_inval_add_stage(struct vtd_unit *unit, struct vtd_batch *batch,
				u16 domain_id, bool first_stage)
{
	if (first_stage)
		vtd_inval_add(batch, FIELD_PREP(QI_TYPE, QI_PASID_IOTLB) |
				     FIELD_PREP(QI_GRAN, PIOTLB_GRAN_ALL) |
				     FIELD_PREP(QI_PASID_DID, domain_id), 0);
	else
		vtd_inval_add(batch, iotlb_desc(unit, GRAN_DOMAIN, domain_id),
			      0);
}

static void vtd_inval_add_block(struct vtd_unit *unit, struct vtd_batch *batch,
				u16 domain_id, bool first_stage,
				unsigned long start, unsigned int am,
				bool upper)
{
	u64 lo, hi = (start & IVA_ADDR) | (upper ? 0 : IVA_IH) |
		     FIELD_PREP(IVA_AM, am);

	if (first_stage)
		lo = FIELD_PREP(QI_TYPE, QI_PASID_IOTLB) |
		     FIELD_PREP(QI_GRAN, PIOTLB_GRAN_PAGE) |
		     FIELD_PREP(QI_PASID_DID, domain_id);
	else
		lo = iotlb_desc(unit, GRAN_PAGE, domain_id);
	vtd_inval_add(batch, lo, hi);
}

/* AM of the smallest aligned block that contains both pages */
static unsigned int covering_mask(unsigned long first, unsigned long last)
{
	return first == last ? 0 : fls64(first ^ last);
}

/**
 * vtd_inval_add_range() - add the invalidation of a range of a domain
 * @unit: the unit
 * @batch: where to add; at most BLOCKS_MAX descriptors
 * @domain_id: the domain's id there
 * @first_stage: its tables are first-stage tables
 * @range: the range
 */
void vtd_inval_add_range(struct vtd_unit *unit, struct vtd_batch *batch,
			 u16 domain_id, bool first_stage,
			 const struct vtd_range *range)
{
	unsigned long first = range->start >> PAGE_SHIFT;
	unsigned long last = range->last >> PAGE_SHIFT;
	unsigned int max = FIELD_GET(CAP_MAMV, unit->cap);
	unsigned int am = covering_mask(first, last), low, high;
	unsigned long middle;

	if (!(unit->cap & CAP_PSI) || last - first >= VTD_RANGE_PAGES_MAX) {
		vtd_inval_add_stage(unit, batch, domain_id, first_stage);
		return;
	}
	if (am <= max && (1UL << am) < 4 * (last - first + 1)) {
		vtd_inval_add_block(unit, batch, domain_id, first_stage,
				    (first >> am << am) << PAGE_SHIFT, am,
				    range->upper);
		return;
	}
	/* Two blocks that meet where the range crosses its widest boundary */
	middle = last >> (am - 1) << (am - 1);
	low = covering_mask(first, middle - 1);
	high = covering_mask(middle, last);
	if (low > max || high > max) {
		vtd_inval_add_stage(unit, batch, domain_id, first_stage);
		return;
	}
	vtd_inval_add_block(unit, batch, domain_id, first_stage,
			    (first >> low << low) << PAGE_SHIFT, low,
			    range->upper);
	vtd_inval_add_block(unit, batch, domain_id, first_stage,
			    middle << PAGE_SHIFT, high, range->upper);
}

/**
 * vtd_inval_add_domain() - add the invalidation of all under a domain id
 * @unit: a unit in scalable mode
 * @batch: where to add; 2 descriptors
 * @domain_id: the domain id
 *
 * For nested domains: translations of every stage.
 */
void vtd_inval_add_domain(struct vtd_unit *unit, struct vtd_batch *batch,
			  u16 domain_id)
{
	vtd_inval_add_stage(unit, batch, domain_id, false);
	vtd_inval_add_stage(unit, batch, domain_id, true);
}

/**
 * vtd_inval_add_device() - add the invalidation of a range in a device-TLB
 * @batch: where to add
 * @source_id: the device
 * @pf_id: its physical function, which may be itself; or 0, if the unit does not
 *	keep requests to the functions of a device apart (ECAP.DIT)
 * @depth: number of requests the device takes at once (ATS queue depth)
 * @range: the range
 *
 * Return: false if the batch is full.
 */
bool vtd_inval_add_device(struct vtd_batch *batch, u16 source_id, u16 pf_id,
			  unsigned int depth, const struct vtd_range *range)
{
	unsigned long first = range->start >> PAGE_SHIFT;
	unsigned long last = range->last >> PAGE_SHIFT;
	unsigned int am = min(covering_mask(first, last), 52U);
	u64 address = ((u64)first >> am << am) << PAGE_SHIFT;

	if (batch->nr == VTD_BATCH_MAX)
		return false;
	/* The lowest address bit that is 0 encodes the size */
	if (am)
		address |= GENMASK_ULL(am + PAGE_SHIFT - 1, PAGE_SHIFT) >> 1 &
			   QI_DEV_ADDR;
	vtd_inval_add(batch, FIELD_PREP(QI_TYPE, QI_DEV_IOTLB) |
			     FIELD_PREP(QI_DEV_SID, source_id) |
			     FIELD_PREP(QI_DEV_MIP, depth % 32) |
			     FIELD_PREP(QI_DEV_PFSID_LO, pf_id & 0xf) |
			     FIELD_PREP(QI_DEV_PFSID_HI, pf_id >> 4),
		      address | (am ? QI_DEV_S : 0));
	return true;
}

/* Write one descriptor to the registers and wait */
static int vtd_inval_run_one(struct vtd_unit *unit,
				   const struct vtd_desc *desc)
{
	unsigned int iro = FIELD_GET(ECAP_IRO, unit->ecap) * 16;
	u64 gran = FIELD_GET(QI_GRAN, desc->q[0]);

	switch (FIELD_GET(QI_TYPE, desc->q[0])) {
	case QI_CONTEXT:
		vtd_write64(unit, VTD_CCMD, CCMD_ICC |
			    FIELD_PREP(CCMD_CIRG, gran) |
			    FIELD_PREP(CCMD_DID, FIELD_GET(QI_CONTEXT_DID,
							   desc->q[0])) |
			    FIELD_PREP(CCMD_SID, FIELD_GET(QI_CONTEXT_SID,
							   desc->q[0])));
		return vtd_unit_wait64(unit, VTD_CCMD, CCMD_ICC);
	case QI_IOTLB:
		if (gran == GRAN_PAGE)
			vtd_write64(unit, iro + VTD_IVA, desc->q[1]);
		vtd_write64(unit, iro + VTD_IOTLB, IOTLB_IVT |
			    FIELD_PREP(IOTLB_IIRG, gran) |
			    (desc->q[0] & QI_IOTLB_DR ? IOTLB_DR : 0) |
			    (desc->q[0] & QI_IOTLB_DW ? IOTLB_DW : 0) |
			    FIELD_PREP(IOTLB_DID, FIELD_GET(QI_IOTLB_DID,
							    desc->q[0])));
		return vtd_unit_wait64(unit, iro + VTD_IOTLB, IOTLB_IVT);
	default:
		/* ATS and scalable mode need the queue: see vtd_unit_create() */
		WARN_ON_ONCE(1);
		return -EINVAL;
	}
}

/* Not inline: its many registers would be saved for units with a queue too */
static noinline int vtd_inval_run_registers(struct vtd_unit *unit,
					    const struct vtd_batch *batch)
{
	unsigned long flags;
	unsigned int i;
	int ret = 0;

	if (READ_ONCE(unit->common.dead))
		return -EIO;
	raw_spin_lock_irqsave(&unit->reg_lock, flags);
	for (i = 0; i < batch->nr && !ret; i++)
		ret = vtd_inval_run_one(unit, &batch->descs[i]);
	raw_spin_unlock_irqrestore(&unit->reg_lock, flags);
	return ret;
}

/**
 * vtd_inval_run() - invalidate and wait for completion
 * @unit: the unit
 * @batch: the descriptors
 *
 * Context: any; spins.
 * Return: 0, -EIO if the unit does not answer, -EAGAIN as vtd_queue_run().
 */
int vtd_inval_run(struct vtd_unit *unit, const struct vtd_batch *batch)
{
	/* Before the start the unit has cached none of our entries */
	if (!batch->nr || !unit->started)
		return 0;
	if (unit->queue)
		return vtd_queue_run(unit, batch->descs, batch->nr);
	return vtd_inval_run_registers(unit, batch);
}

/**
 * vtd_inval_retry() - see vtd_inval_again()
 * @unit: the unit
 * @times: how often the request was to be sent again, this time included
 *
 * Return: 0, or -EIO if the unit is given up.
 */
int vtd_inval_retry(struct vtd_unit *unit, unsigned int times)
{
	if (times < VTD_AGAIN_MAX)
		return 0;
	vtd_unit_lost(unit, "the invalidation queue, to the same request again and again");
	return -EIO;
}
EXPORT_SYMBOL_IF_KUNIT(vtd_inval_retry);

/* For requests without device-TLBs, which can be sent again as they are */
static int vtd_inval_run_again(struct vtd_unit *unit,
			       const struct vtd_batch *batch)
{
	unsigned int times = 0;
	int ret;

	do {
		ret = vtd_inval_run(unit, batch);
	} while (vtd_inval_again(unit, &times, &ret));
	return ret;
}

/**
 * vtd_inval_all() - invalidate all caches of a unit
 * @unit: the unit
 *
 * Return: 0 or -EIO.
 */
int vtd_inval_all(struct vtd_unit *unit)
{
	struct vtd_batch batch = { };

	vtd_inval_add(&batch, context_desc(GRAN_GLOBAL, 0, 0), 0);
	if (unit->scalable)
		vtd_inval_add(&batch, FIELD_PREP(QI_TYPE, QI_PASID_CACHE) |
				      FIELD_PREP(QI_GRAN, PC_GRAN_GLOBAL), 0);
	vtd_inval_add(&batch, iotlb_desc(unit, GRAN_GLOBAL, 0), 0);
	return vtd_inval_run_again(unit, &batch);
}

/**
 * vtd_inval_domain() - invalidate all translations of a domain
 * @unit: the unit
 * @domain_id: the domain's id there
 * @first_stage: its tables are first-stage tables
 *
 * Return: 0 or -EIO.
 */
int vtd_inval_domain(struct vtd_unit *unit, u16 domain_id, bool first_stage)
{
	struct vtd_batch batch = { };

	vtd_inval_add_stage(unit, &batch, domain_id, first_stage);
	return vtd_inval_run_again(unit, &batch);
}
EXPORT_SYMBOL_IF_KUNIT(vtd_inval_domain);

/**
 * vtd_inval_context() - invalidate a cached context entry
 * @unit: the unit
 * @source_id: the source-id of the entry
 * @domain_id: the domain id in the former entry; 0 if it was not present
 * @iotlb: invalidate the translations of that domain too
 *
 * Return: 0 or -EIO.
 */
int vtd_inval_context(struct vtd_unit *unit, u16 source_id, u16 domain_id,
		      bool iotlb)
{
	struct vtd_batch batch = { };

	vtd_inval_add(&batch, context_desc(GRAN_DEVICE, domain_id, source_id),
		      0);
	if (iotlb)
		vtd_inval_add_stage(unit, &batch, domain_id, false);
	return vtd_inval_run_again(unit, &batch);
}
EXPORT_SYMBOL_IF_KUNIT(vtd_inval_context);

/**
 * vtd_inval_pasid() - invalidate a cached PASID table entry and its translations
 * @unit: a unit in scalable mode
 * @source_id: the source-id; the cache is tagged with domain id and PASID only
 * @domain_id: the domain id in the former entry
 *
 * Return: 0 or -EIO.
 */
int vtd_inval_pasid(struct vtd_unit *unit, u16 source_id, u16 domain_id)
{
	struct vtd_batch batch = { };

	vtd_inval_add(&batch, FIELD_PREP(QI_TYPE, QI_PASID_CACHE) |
			      FIELD_PREP(QI_GRAN, PC_GRAN_PASID) |
			      FIELD_PREP(QI_PASID_DID, domain_id), 0);
	vtd_inval_add_stage(unit, &batch, domain_id, true);
	vtd_inval_add_stage(unit, &batch, domain_id, false);
	return vtd_inval_run_again(unit, &batch);
}
