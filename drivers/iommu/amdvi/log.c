// SPDX-License-Identifier: GPL-2.0
/*
 * A log of a unit.
 *
 * Entries are read as far as the tail register says, and each is cleared then,
 * so that one that is announced but has not arrived in memory yet can be told by
 * its kind, 0.
 *
 * When the ring is full the unit stops logging (sections 2.5.13 and 2.6): it
 * is emptied, logging switched off, the overflow cleared, and logging begins
 * anew.
 *
 * Locks: the caller keeps calls for one log apart.
 */
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/mm.h>

#include "log.h"
#include "regs.h"
#include "unit.h"

#define RING_BYTES	(AMDVI_LOG_SLOTS * RING_ENTRY_BYTES)
/* How long an entry may come later than its announcement */
#define LATE_US		100

static unsigned int tail_of(struct amdvi_unit *unit,
			    const struct amdvi_log *log)
{
	u64 tail = amdvi_read(unit, log->regs->tail);

	/* The unit's word: it may be anything */
	return FIELD_GET(RING_POINTER, tail) % AMDVI_LOG_SLOTS;
}

/* Read the entry at the head; false if it does not arrive */
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
	/* The unit writes both halves before the kind is seen */
	dma_rmb();
	raw[1] = READ_ONCE(slot[1]);
	WRITE_ONCE(slot[0], 0);
	WRITE_ONCE(slot[1], 0);
	return true;
}

/**
 * amdvi_log_is_empty() - is there nothing to be read?
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
 * amdvi_log_read() - read what a unit has logged
 * @unit: the unit
 * @log: the log
 * @take: called for each entry
 * @arg: for @take
 *
 * Context: any.
 * Return: true if nothing is left.
 */
bool amdvi_log_read(struct amdvi_unit *unit, struct amdvi_log *log,
		    amdvi_log_take take, void *arg)
{
	unsigned int tail = tail_of(unit, log), left = AMDVI_LOG_SLOTS;
	bool on = true;
	u64 raw[2];

	for (; on && log->head != tail && left; left--) {
		/* Do not wait for more than one at a time */
		on = read_entry(log, raw) && take(arg, raw);
		WRITE_ONCE(log->head, (log->head + 1) % AMDVI_LOG_SLOTS);
	}
	amdvi_write(unit, log->regs->head, log->head * RING_ENTRY_BYTES);
	return log->head == tail;
}

/**
 * amdvi_log_begin_anew() - go on after an overflow
 * @unit: the unit
 * @log: the log, which has been read
 */
void amdvi_log_begin_anew(struct amdvi_unit *unit, struct amdvi_log *log)
{
	amdvi_unit_control(unit, 0, log->regs->enable);
	amdvi_write(unit, AMDVI_STATUS, log->regs->overflow);
	amdvi_log_install(unit, log);
}

/**
 * amdvi_log_install() - give the ring to the unit, empty, and let it log
 * @unit: a unit that is switched on, this log off
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
 * @regs: which it is
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
 * amdvi_log_destroy() - free a log that the unit does not use
 * @log: the log; one that was not created is fine
 */
void amdvi_log_destroy(struct amdvi_log *log)
{
	if (log->ring)
		free_pages((unsigned long)log->ring, get_order(RING_BYTES));
	log->ring = NULL;
}
