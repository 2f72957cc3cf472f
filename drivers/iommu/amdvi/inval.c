// SPDX-License-Identifier: GPL-2.0
/*
 * Invalidation of what a unit has cached.
 *
 * One command invalidates an aligned block of 2^N pages. A range is covered by
 * one block if that is less than four times as large; invalidating too much is
 * safe. Otherwise two blocks cover it, which meet where the range crosses its
 * widest alignment boundary. For a range of more than AMDVI_RANGE_PAGES_MAX
 * pages the whole domain is invalidated.
 *
 *	0x7fffffff000-0x80000000fff	2 pages; one block would have 2^32 pages
 *	-> 0x7fffffff000, 1 page; 0x80000000000, 1 page
 *
 * The lower bits of a block's address hold its size (section 2.4.3): of N bits
 * from bit 12 upwards the highest is 0 and the others are 1.
 *
 * Version 2 tables (GN) use only PASID 0, for requests without PASID.
 *
 * A unit completes an invalidation of a device-TLB that is not answered in time,
 * and logs an event. So such a request has succeeded only if no event says
 * otherwise: the log is read before it returns.
 *
 * Cached upper levels of page tables are always invalidated too (PDE): the
 * specification lets a unit cache a large entry with them.
 */
#define pr_fmt(fmt) "amdvi: " fmt

#include <kunit/visibility.h>
#include <linux/log2.h>
#include <linux/mm.h>

#include "inval.h"
#include "log.h"
#include "regs.h"
#include "unit.h"

/* Times that the event log is read until it is empty */
#define LOOKS_MAX	8

/* The address bits of larger blocks would be sign-extended */
#define BLOCK_ORDER_MAX	39

static void amdvi_inval_add(struct amdvi_batch *batch, u64 lo, u64 hi)
{
	if (WARN_ON_ONCE(batch->nr == AMDVI_BATCH_MAX))
		return;
	batch->commands[batch->nr++] = (struct amdvi_command){ { lo, hi } };
}

/* Address and size of a block of 2^order pages that begins with @page */
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

static void amdvi_inval_add_block(struct amdvi_batch *batch, u16 domain_id,
				  bool guest, u64 page, unsigned int order)
{
	amdvi_inval_add(batch, pages_command(domain_id),
			block_address(page >> order << order, order) |
			INVAL_PDE | (guest ? INVAL_GN : 0));
}

/**
 * amdvi_inval_add_domain() - add the invalidation of a whole domain
 * @batch: the batch; one command is added
 * @domain_id: the domain's id
 * @guest: the domain has version 2 tables
 */
void amdvi_inval_add_domain(struct amdvi_batch *batch, u16 domain_id,
			    bool guest)
{
	amdvi_inval_add(batch, pages_command(domain_id),
			INVAL_ALL_PAGES | INVAL_PDE | (guest ? INVAL_GN : 0));
}

/**
 * amdvi_inval_add_range() - add the invalidation of a range of a domain
 * @batch: the batch; one or two commands are added
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
		amdvi_inval_add_block(batch, domain_id, range->guest, first,
				      order);
		return;
	}
	/* Two blocks that meet at the widest boundary */
	middle = last >> (order - 1) << (order - 1);
	low = covering_order(first, middle - 1);
	high = covering_order(middle, last);
	amdvi_inval_add_block(batch, domain_id, range->guest, first, low);
	amdvi_inval_add_block(batch, domain_id, range->guest, middle, high);
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_inval_add_range);

/**
 * amdvi_inval_add_device() - add the invalidation of a range in a device-TLB
 * @batch: the batch; one command is added
 * @id: source-id of the device
 * @queue_id: source-id of its physical function; its own if it is one
 * @depth: number of requests that the device takes at once (ATS queue depth)
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
	amdvi_inval_add(batch, FIELD_PREP(CMD_OPCODE, CMD_INVAL_IOTLB) |
		   FIELD_PREP(INVAL_DEVICE_ID, id) |
		   FIELD_PREP(INVAL_IOTLB_MAX_PEND, depth) |
		   FIELD_PREP(INVAL_IOTLB_QUEUE_ID, queue_id),
			address | (range->guest ? INVAL_GN : 0));
	return true;
}

/**
 * amdvi_inval_add_entry() - add the invalidation of a device table entry
 * @batch: the batch; one command is added
 * @id: source-id of the entry
 *
 * Return: false if the batch is full.
 */
bool amdvi_inval_add_entry(struct amdvi_batch *batch, u16 id)
{
	if (batch->nr == AMDVI_BATCH_MAX)
		return false;
	amdvi_inval_add(batch, FIELD_PREP(CMD_OPCODE, CMD_INVAL_DEVTAB) |
		   FIELD_PREP(INVAL_DEVICE_ID, id), 0);
	return true;
}

/**
 * amdvi_inval_retry() - see amdvi_inval_again()
 * @unit: the unit
 * @times: how often the request was to be sent again, this time included
 *
 * Return: 0, or -EIO if the unit is given up.
 */
int amdvi_inval_retry(struct amdvi_unit *unit, unsigned int times)
{
	if (times < AMDVI_AGAIN_MAX)
		return 0;
	amdvi_unit_lost(unit, "the command buffer, to the same request again and again");
	return -EIO;
}

static bool asks_a_device(const struct amdvi_command *commands, unsigned int nr)
{
	/* They stand behind all others */
	return FIELD_GET(CMD_OPCODE, commands[nr - 1].q[0]) == CMD_INVAL_IOTLB;
}

/* Has a device been asked whose device-TLB is lost? */
static bool asks_a_lost_device(struct amdvi_unit *unit,
			       const struct amdvi_command *commands,
			       unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (FIELD_GET(CMD_OPCODE, commands[i].q[0]) ==
			    CMD_INVAL_IOTLB &&
		    iommu_unit_ats_has_lost(&unit->common,
					    FIELD_GET(INVAL_DEVICE_ID,
						      commands[i].q[0])))
			return true;
	return false;
}

/*
 * Have devices answered? Events of the commands are in the log before the wait
 * of their batch is complete. If the log has overflowed, or does not come to an
 * end, nobody knows: then none of the devices has.
 */
static int amdvi_inval_look(struct amdvi_unit *unit,
			    const struct amdvi_command *commands,
			    unsigned int nr, u64 overflows)
{
	struct iommu_faults *faults = &unit->common.faults;
	unsigned int i, left;

	for (left = LOOKS_MAX; left; left--) {
		if (amdvi_log_is_empty(unit, &unit->events) &&
		    !(amdvi_read(unit, AMDVI_STATUS) & STATUS_EVT_OVERFLOW))
			break;
		iommu_faults_drain(faults);
	}
	if (!left || READ_ONCE(faults->overflows) != overflows)
		for (i = 0; i < nr; i++)
			if (FIELD_GET(CMD_OPCODE, commands[i].q[0]) ==
			    CMD_INVAL_IOTLB)
				iommu_unit_ats_lost(&unit->common,
						    FIELD_GET(INVAL_DEVICE_ID,
							      commands[i].q[0]),
						    "events were lost that might say that it does not answer");
	return asks_a_lost_device(unit, commands, nr) ? -EAGAIN : 0;
}

/**
 * amdvi_inval_run() - send a batch, and wait until it is done
 * @unit: the unit
 * @batch: the batch; empty afterwards
 *
 * Context: any; if a device is asked, iommu_live_read_lock() or the table_lock
 * of the unit is held.
 * Return: 0 or -EIO; if a device is asked, also -EAGAIN: the caller builds the
 * request again, without devices whose device-TLB is lost now.
 */
int amdvi_inval_run(struct amdvi_unit *unit, struct amdvi_batch *batch)
{
	u64 overflows = READ_ONCE(unit->common.faults.overflows);
	unsigned int nr = batch->nr, times = 0;
	int ret;

	batch->nr = 0;
	if (!nr)
		return 0;
	if (asks_a_device(batch->commands, nr)) {
		ret = amdvi_queue_run(unit, batch->commands, nr);
		return ret ?: amdvi_inval_look(unit, batch->commands, nr,
					       overflows);
	}
	do {
		ret = amdvi_queue_run(unit, batch->commands, nr);
	} while (amdvi_inval_again(unit, &times, &ret));
	return ret;
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
		if (amdvi_unit_walks_guest_tables(unit))
			amdvi_inval_add_domain(&batch, id, true);
	}
	return ret ?: amdvi_inval_run(unit, &batch);
}

/**
 * amdvi_inval_all() - invalidate all caches of a unit
 * @unit: the unit
 *
 * Return: 0 or -EIO.
 */
int amdvi_inval_all(struct amdvi_unit *unit)
{
	struct amdvi_batch batch = { };

	if (!(unit->efr & EFR_IA_SUP))
		return inval_one_by_one(unit);
	amdvi_inval_add(&batch, FIELD_PREP(CMD_OPCODE, CMD_INVAL_ALL), 0);
	return amdvi_inval_run(unit, &batch);
}

/**
 * amdvi_inval_domain() - invalidate all translations of a domain
 * @unit: the unit
 * @domain_id: the domain's id in this unit
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
