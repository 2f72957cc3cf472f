// SPDX-License-Identifier: GPL-2.0
/*
 * Invalidation of what a unit has cached.
 *
 * A range becomes aligned blocks of 2^N pages, as few as alignment permits: one
 * or two. Above AMDVI_RANGE_PAGES_MAX pages, and where the blocks would take in
 * much more than the range, the whole domain is invalidated. A range may be
 * widened to save blocks: invalidating too much is safe.
 *
 * A block's size is in the lower bits of its address (section 2.4.3): of N
 * bits from 12 upwards the last is 0 and the others are 1.
 *
 * Of version 2 tables (GN) only PASID 0 is used, for requests without one.
 *
 * Cached upper levels always go too: the specification lets a unit keep a large
 * entry among them.
 */
#define pr_fmt(fmt) "amdvi: " fmt

#include <kunit/visibility.h>
#include <linux/log2.h>
#include <linux/mm.h>

#include "inval.h"
#include "unit.h"

/* Larger blocks reach into the bits that are sign-extended */
#define BLOCK_ORDER_MAX	39

static void add(struct amdvi_batch *batch, u64 lo, u64 hi)
{
	if (WARN_ON_ONCE(batch->nr == AMDVI_BATCH_MAX))
		return;
	batch->commands[batch->nr++] = (struct amdvi_command){ { lo, hi } };
}

/* Address and size of a block of 2^order pages, the first of which is @page */
static u64 block_address(u64 page, unsigned int order)
{
	u64 address = page << PAGE_SHIFT;

	if (!order)
		return address;
	return address | INVAL_S |
	       (((1ULL << (order - 1)) - 1) << PAGE_SHIFT);
}

/* The order of the smallest aligned block that holds both pages */
static unsigned int covering_order(u64 first, u64 last)
{
	return first == last ? 0 : fls64(first ^ last);
}

static u64 pages_command(u16 domain_id)
{
	return FIELD_PREP(CMD_OPCODE, CMD_INVAL_PAGES) |
	       FIELD_PREP(INVAL_DOMAIN_ID, domain_id);
}

static void add_block(struct amdvi_batch *batch, u16 domain_id, bool guest,
		      u64 page, unsigned int order)
{
	add(batch, pages_command(domain_id),
	    block_address(page >> order << order, order) | INVAL_PDE |
	    (guest ? INVAL_GN : 0));
}

/**
 * amdvi_inval_add_domain() - add the invalidation of a whole domain
 * @batch: where to add; one command
 * @domain_id: the domain's id
 * @guest: the domain has version 2 tables
 */
void amdvi_inval_add_domain(struct amdvi_batch *batch, u16 domain_id,
			    bool guest)
{
	add(batch, pages_command(domain_id),
	    INVAL_ALL_PAGES | INVAL_PDE | (guest ? INVAL_GN : 0));
}

/**
 * amdvi_inval_add_range() - add the invalidation of a range of a domain
 * @batch: where to add; at most two commands
 * @domain_id: the domain's id
 * @range: the range
 */
void amdvi_inval_add_range(struct amdvi_batch *batch, u16 domain_id,
			   const struct amdvi_range *range)
{
	u64 first = range->start >> PAGE_SHIFT;
	u64 last = range->last >> PAGE_SHIFT;
	unsigned int order = covering_order(first, last), low, high;
	u64 middle;

	if (last - first >= AMDVI_RANGE_PAGES_MAX) {
		amdvi_inval_add_domain(batch, domain_id, range->guest);
		return;
	}
	if (order <= BLOCK_ORDER_MAX &&
	    (1ULL << order) < 4 * (last - first + 1)) {
		add_block(batch, domain_id, range->guest, first, order);
		return;
	}
	/* Two blocks that meet where the range crosses its widest boundary */
	middle = last >> (order - 1) << (order - 1);
	low = covering_order(first, middle - 1);
	high = covering_order(middle, last);
	add_block(batch, domain_id, range->guest, first, low);
	add_block(batch, domain_id, range->guest, middle, high);
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_inval_add_range);

/**
 * amdvi_inval_add_device() - add the invalidation of a range in a device
 * @batch: where to add
 * @id: source-id of the device
 * @queue_id: source-id of its physical function, which may be itself
 * @depth: how many requests the device takes at once (ATS queue depth)
 * @range: the range
 *
 * Return: false if the batch is full.
 */
bool amdvi_inval_add_device(struct amdvi_batch *batch, u16 id, u16 queue_id,
			    unsigned int depth,
			    const struct amdvi_range *range)
{
	u64 first = range->start >> PAGE_SHIFT;
	u64 last = range->last >> PAGE_SHIFT;
	unsigned int order = covering_order(first, last);
	u64 address = INVAL_ALL_PAGES;

	if (batch->nr == AMDVI_BATCH_MAX)
		return false;
	if (order <= BLOCK_ORDER_MAX)
		address = block_address(first >> order << order, order);
	add(batch, FIELD_PREP(CMD_OPCODE, CMD_INVAL_IOTLB) |
		   FIELD_PREP(INVAL_DEVICE_ID, id) |
		   FIELD_PREP(INVAL_IOTLB_MAX_PEND, depth) |
		   FIELD_PREP(INVAL_IOTLB_QUEUE_ID, queue_id),
	    address | (range->guest ? INVAL_GN : 0));
	return true;
}

/**
 * amdvi_inval_add_entry() - add the invalidation of a device table entry
 * @batch: where to add
 * @id: whose
 *
 * Return: false if the batch is full.
 */
bool amdvi_inval_add_entry(struct amdvi_batch *batch, u16 id)
{
	if (batch->nr == AMDVI_BATCH_MAX)
		return false;
	add(batch, FIELD_PREP(CMD_OPCODE, CMD_INVAL_DEVTAB) |
		   FIELD_PREP(INVAL_DEVICE_ID, id), 0);
	return true;
}

/**
 * amdvi_inval_run() - send a batch and wait until it is done
 * @unit: the unit
 * @batch: the commands; empty afterwards
 *
 * Context: any.
 * Return: 0 or -EIO.
 */
int amdvi_inval_run(struct amdvi_unit *unit, struct amdvi_batch *batch)
{
	unsigned int nr = batch->nr;

	batch->nr = 0;
	return nr ? amdvi_queue_run(unit, batch->commands, nr) : 0;
}

static int inval_one_by_one(struct amdvi_unit *unit)
{
	struct amdvi_batch batch = { };
	unsigned int id;
	int ret = 0;

	for (id = 0; id < unit->table.nr && !ret; id++)
		if (!amdvi_inval_add_entry(&batch, id)) {
			ret = amdvi_inval_run(unit, &batch);
			amdvi_inval_add_entry(&batch, id);
		}
	for (id = 0; id <= U16_MAX && !ret; id++) {
		if (batch.nr + 2 > AMDVI_BATCH_MAX)
			ret = amdvi_inval_run(unit, &batch);
		amdvi_inval_add_domain(&batch, id, false);
		if (unit->guest_tables)
			amdvi_inval_add_domain(&batch, id, true);
	}
	return ret ?: amdvi_inval_run(unit, &batch);
}

/**
 * amdvi_inval_all() - invalidate everything a unit has cached
 * @unit: the unit
 *
 * Return: 0 or -EIO.
 */
int amdvi_inval_all(struct amdvi_unit *unit)
{
	struct amdvi_batch batch = { };

	if (!(unit->efr & EFR_IA_SUP))
		return inval_one_by_one(unit);
	add(&batch, FIELD_PREP(CMD_OPCODE, CMD_INVAL_ALL), 0);
	return amdvi_inval_run(unit, &batch);
}

/**
 * amdvi_inval_domain() - invalidate all translations of a domain
 * @unit: the unit
 * @domain_id: the domain's id there
 * @guest: the domain has version 2 tables
 *
 * Return: 0 or -EIO.
 */
int amdvi_inval_domain(struct amdvi_unit *unit, u16 domain_id, bool guest)
{
	struct amdvi_batch batch = { };

	amdvi_inval_add_domain(&batch, domain_id, guest);
	return amdvi_inval_run(unit, &batch);
}
