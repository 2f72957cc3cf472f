// SPDX-License-Identifier: GPL-2.0
/*
 * The page request log (PPR log) of a unit that has one.
 *
 * A device with PRI asks for a page that it could not reach, and waits for a
 * response. Nobody here gives it one: no domain takes page requests, PRI is
 * switched on in no device, and no device table entry lets any through (PPR, bit
 * 52, is 0), so that a unit refuses them of its own accord and logs an event.
 * What is in this log all the same comes from a device that somebody else had
 * told to, or that was never told; from a unit that took it in by an entry it
 * still had from a former kernel; or from one that does not work as specified.
 * None of them may be left waiting, nor keep this CPU busy.
 *
 *	interrupt or poll of the event log -> look -> work: read, answer
 *				     ^			  |
 *				     +--- announce <------+ nothing left
 *
 * Each request that wants a response gets Response Failure, upon which a device
 * asks no more (PCI Express, section 10.4). Up to a batch of them goes out
 * with one wait. While the work has something to do the unit does not interrupt;
 * it reads no more than a ring full at a time, and goes on later. A unit that
 * can is told to give the same response to what it has no room for.
 *
 * Locks: none. The work runs once at a time, and has the log to itself.
 */
#define pr_fmt(fmt) "amdvi: " fmt

#include <kunit/visibility.h>
#include <linux/pci.h>
#include <linux/ratelimit.h>

#include "event.h"
#include "regs.h"
#include "trace.h"
#include "unit.h"

/* How soon the work goes on if there was more than it may do at once */
#define GO_ON_INTERVAL	(HZ / 20)
/* Reads, of up to a batch of answers each, that empty a full log */
#define READS_MAX	(AMDVI_LOG_SLOTS / AMDVI_BATCH_MAX)

static const struct amdvi_log_regs log_regs = {
	.base = AMDVI_PPRLOG,
	.head = AMDVI_PPR_HEAD,
	.tail = AMDVI_PPR_TAIL,
	.enable = CONTROL_PPR_LOG_EN,
	.overflow = STATUS_PPR_OVERFLOW,
};

/* Requests that are read in one go, and their answers */
struct reading {
	struct amdvi_unit *unit;
	unsigned int nr;
	struct amdvi_command answers[AMDVI_BATCH_MAX];
};

static struct amdvi_command refusal(const struct amdvi_page_request *request)
{
	u64 lo = FIELD_PREP(CMD_OPCODE, CMD_COMPLETE_PPR) |
		 FIELD_PREP(COMPLETE_DEVICE_ID, request->source_id);
	u64 hi = FIELD_PREP(COMPLETE_TAG, request->group) |
		 FIELD_PREP(COMPLETE_STATUS, PRI_RESPONSE_FAILURE);

	if (request->has_pasid) {
		lo |= FIELD_PREP(COMPLETE_PASID, request->pasid);
		hi |= COMPLETE_GN;
	}
	return (struct amdvi_command){ { lo, hi } };
}

static void tell(const struct amdvi_unit *unit,
		 const struct amdvi_page_request *request)
{
	u16 id = request->source_id;
	char pasid[24] = "";

	if (request->has_pasid)
		snprintf(pasid, sizeof(pasid), " with PASID %u",
			 request->pasid);
	unit_err(unit, "%04x:%02x:%02x.%d page request%s for IOVA 0x%llx, %s%s%s: refused\n",
		 unit->segment, PCI_BUS_NUM(id), PCI_SLOT(id), PCI_FUNC(id),
		 pasid, request->address, request->read ? "r" : "-",
		 request->write ? "w" : "-", request->execute ? "x" : "-");
}

/* False when there is no room for one more answer */
static bool take_request(void *arg, const u64 raw[2])
{
	struct reading *reading = arg;
	struct amdvi_unit *unit = reading->unit;
	struct amdvi_ppr *ppr = &unit->ppr;
	struct amdvi_page_request request;
	bool known;

	if (!amdvi_page_request_decode(raw, &request)) {
		ppr->malformed++;
		if (__ratelimit(&ppr->limit))
			unit_err(unit, "%016llx %016llx in the page request log is no page request\n",
				 raw[0], raw[1]);
		return true;
	}
	ppr->requests++;
	/* Nobody waits where the kernel knows of no device */
	known = xa_load(&unit->common.devices, request.source_id);
	ppr->unknown += !known;
	trace_amdvi_page_request(unit->common.name, &request, known);
	if (__ratelimit(&ppr->limit))
		tell(unit, &request);
	if (known && amdvi_page_request_wants_response(&request))
		reading->answers[reading->nr++] = refusal(&request);
	return reading->nr < AMDVI_BATCH_MAX;
}

/* True if nothing is left */
static bool read_log(struct amdvi_unit *unit)
{
	struct amdvi_ppr *ppr = &unit->ppr;
	struct reading reading = { .unit = unit };
	unsigned int reads = READS_MAX;
	bool empty;

	do {
		reading.nr = 0;
		empty = amdvi_log_read(unit, &ppr->log, take_request, &reading);
		if (reading.nr &&
		    amdvi_queue_run(unit, reading.answers, reading.nr))
			return true;
		ppr->answered += reading.nr;
	} while (!empty && --reads);
	return empty;
}

static void work(struct work_struct *work)
{
	struct amdvi_ppr *ppr = container_of(work, struct amdvi_ppr, work.work);
	struct amdvi_unit *unit = container_of(ppr, struct amdvi_unit, ppr);
	bool empty;
	u64 status;

	if (READ_ONCE(unit->common.dead))
		return;
	/* Before reading: what does not fit from now on is lost later */
	status = amdvi_read(unit, AMDVI_STATUS);
	empty = read_log(unit);
	if (READ_ONCE(unit->common.dead))
		return;
	if (empty && status & STATUS_PPR_OVERFLOW) {
		ppr->overflows++;
		amdvi_log_begin_anew(unit, &ppr->log);
	}
	if (empty) {
		amdvi_ppr_announce(unit);
		/* One may have come just before */
		empty = amdvi_log_is_empty(unit, &ppr->log);
	}
	if (!empty)
		queue_delayed_work(system_wq, &ppr->work, GO_ON_INTERVAL);
}

/**
 * amdvi_ppr_look() - see to page requests if there are any
 * @unit: the unit
 * @status: its status register
 *
 * Context: any, also the interrupt.
 */
void amdvi_ppr_look(struct amdvi_unit *unit, u64 status)
{
	struct amdvi_ppr *ppr = &unit->ppr;

	if (!amdvi_ppr_exists(ppr))
		return;
	/* Before looking: what comes after interrupts again */
	if (status & STATUS_PPR_INT)
		amdvi_write(unit, AMDVI_STATUS, STATUS_PPR_INT);
	if (!(status & STATUS_PPR_OVERFLOW) &&
	    amdvi_log_is_empty(unit, &ppr->log))
		return;
	amdvi_unit_control(unit, 0, CONTROL_PPR_INT_EN);
	queue_delayed_work(system_wq, &ppr->work, 0);
}

/**
 * amdvi_ppr_announce() - let a unit interrupt for page requests, if it can
 * @unit: the unit
 */
void amdvi_ppr_announce(struct amdvi_unit *unit)
{
	if (unit->irq && amdvi_ppr_exists(&unit->ppr))
		amdvi_unit_control(unit, CONTROL_PPR_INT_EN, 0);
}

/**
 * amdvi_ppr_install() - let a unit log page requests
 * @unit: a unit that is switched on; one without a log is fine
 */
void amdvi_ppr_install(struct amdvi_unit *unit)
{
	if (!amdvi_ppr_exists(&unit->ppr))
		return;
	if (unit->efr & EFR_PPR_AUTO_RSP_SUP) {
		amdvi_write(unit, AMDVI_PPR_AUTO_RSP,
			    FIELD_PREP(AUTO_RSP_CODE, PRI_RESPONSE_FAILURE));
		amdvi_unit_control(unit, CONTROL_PPR_AUTO_RSP_EN, 0);
	}
	amdvi_log_install(unit, &unit->ppr.log);
	amdvi_unit_control(unit, CONTROL_PPR_EN, 0);
}

/**
 * amdvi_ppr_stop() - see to page requests no more
 * @unit: the unit, at which nobody looks any more
 *
 * Context: may sleep.
 */
void amdvi_ppr_stop(struct amdvi_unit *unit)
{
	if (!amdvi_ppr_exists(&unit->ppr))
		return;
	cancel_delayed_work_sync(&unit->ppr.work);
	amdvi_unit_control(unit, 0, CONTROL_PPR_INT_EN | CONTROL_PPR_EN |
				    CONTROL_PPR_LOG_EN |
				    CONTROL_PPR_AUTO_RSP_EN);
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_ppr_stop);

/**
 * amdvi_ppr_create() - allocate a unit's page request log, if it has one
 * @unit: a unit whose features are known
 *
 * Return: 0 or -ENOMEM.
 */
int amdvi_ppr_create(struct amdvi_unit *unit)
{
	struct amdvi_ppr *ppr = &unit->ppr;

	if (!(unit->efr & EFR_PPR_SUP))
		return 0;
	INIT_DELAYED_WORK(&ppr->work, work);
	ratelimit_state_init(&ppr->limit, DEFAULT_RATELIMIT_INTERVAL,
			     DEFAULT_RATELIMIT_BURST);
	return amdvi_log_create(unit, &ppr->log, &log_regs);
}

/**
 * amdvi_ppr_destroy() - free the log of a unit that does not use it
 * @unit: the unit; one without is fine
 */
void amdvi_ppr_destroy(struct amdvi_unit *unit)
{
	amdvi_log_destroy(&unit->ppr.log);
}
