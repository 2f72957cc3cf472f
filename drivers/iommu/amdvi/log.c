// SPDX-License-Identifier: GPL-2.0
/*
 * A log of a unit.
 *
 * Entries are read up to the tail register. Each is cleared after it is read:
 * an entry whose kind is still 0 has not arrived in memory yet, although the
 * tail is behind it.
 *
 * When the ring is full the unit stops logging (sections 2.5.13 and 2.6). Then
 * all entries are read, the log is disabled, the overflow bit is cleared, and
 * the log is set up again.
 *
 * Locks: none here. The caller serializes the calls for one log.
 */
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/mm.h>

#include "log.h"
#include "regs.h"
#include "unit.h"

#define RING_BYTES	(AMDVI_LOG_SLOTS * RING_ENTRY_BYTES)
/* How long an entry may arrive after the tail has moved behind it */
#define LATE_US		100

static unsigned int tail_of(struct amdvi_unit *unit,
			    const struct amdvi_log *log)
{
	u64 tail = amdvi_read(unit, log->regs->tail);

	/* A faulty unit may write any value */
	return FIELD_GET(RING_POINTER, tail) % AMDVI_LOG_SLOTS;
}

/* Read the entry at the head; false if it does not arrive in time */
static bool read_entry(struct amdvi_log *log, u64 raw[2])
{
	u64 *slot = log->ring + 2 * log->head;
	unsigned int waited;

	for (waited = 0; waited < LATE_US; waited++) {
		raw[0] = READ_ONCE(slot[0]);
		if (FIELD_GET(LOG_KIND, raw[0]))
			break;
		udelay(1);
	}
	if (waited == LATE_US)
		return false;
	/* Once the kind is visible, so is the second half */
	dma_rmb();
	raw[1] = READ_ONCE(slot[1]);
	WRITE_ONCE(slot[0], 0);
	WRITE_ONCE(slot[1], 0);
	return true;
}

/**
 * amdvi_log_is_empty() - are all entries read?
 * @unit: the unit
 * @log: the log
 *
 * Return: true if so.
 */
bool amdvi_log_is_empty(struct amdvi_unit *unit, const struct amdvi_log *log)
{
	return READ_ONCE(log->head) == tail_of(unit, log);
}

/**
 * amdvi_log_read() - read the entries of a log
 * @unit: the unit
 * @log: the log
 * @take: called for each entry
 * @arg: passed to @take
 *
 * Context: any.
 * Return: true if no entry is left.
 */
bool amdvi_log_read(struct amdvi_unit *unit, struct amdvi_log *log,
		    amdvi_log_take take, void *arg)
{
	unsigned int tail = tail_of(unit, log), left = AMDVI_LOG_SLOTS;
	bool on = true;
	u64 raw[2];

	for (; on && log->head != tail && left; left--) {
		/* In one call wait for one late entry at most */
		on = read_entry(log, raw) && take(arg, raw);
		WRITE_ONCE(log->head, (log->head + 1) % AMDVI_LOG_SLOTS);
	}
	amdvi_write(unit, log->regs->head, log->head * RING_ENTRY_BYTES);
	return log->head == tail;
}

/**
 * amdvi_log_begin_anew() - restart a log after an overflow
 * @unit: the unit
 * @log: the log; all its entries have been read
 */
void amdvi_log_begin_anew(struct amdvi_unit *unit, struct amdvi_log *log)
{
	amdvi_unit_control(unit, 0, log->regs->enable);
	amdvi_write(unit, AMDVI_STATUS, log->regs->overflow);
	amdvi_log_install(unit, log);
}

/**
 * amdvi_log_install() - set up an empty log, and enable it
 * @unit: an enabled unit, in which this log is disabled
 * @log: the log
 */
void amdvi_log_install(struct amdvi_unit *unit, struct amdvi_log *log)
{
	memset(log->ring, 0, RING_BYTES);
	WRITE_ONCE(log->head, 0);
	amdvi_write(unit, log->regs->base, virt_to_phys(log->ring) |
		    FIELD_PREP(RING_LEN, ilog2(AMDVI_LOG_SLOTS)));
	amdvi_write(unit, log->regs->head, 0);
	amdvi_write(unit, log->regs->tail, 0);
	amdvi_unit_control(unit, log->regs->enable, 0);
}

/**
 * amdvi_log_create() - allocate a log
 * @unit: the unit
 * @log: the log
 * @regs: its registers
 *
 * Return: 0 or -ENOMEM.
 */
int amdvi_log_create(struct amdvi_unit *unit, struct amdvi_log *log,
		     const struct amdvi_log_regs *regs)
{
	struct page *pages = alloc_pages_node(unit->nid,
					      GFP_KERNEL | __GFP_ZERO,
					      get_order(RING_BYTES));

	if (!pages)
		return -ENOMEM;
	log->regs = regs;
	log->ring = page_address(pages);
	return 0;
}

/**
 * amdvi_log_destroy() - free a log that is disabled
 * @log: the log; one that was not created is fine
 */
void amdvi_log_destroy(struct amdvi_log *log)
{
	if (log->ring)
		free_pages((unsigned long)log->ring, get_order(RING_BYTES));
	log->ring = NULL;
}
