// SPDX-License-Identifier: GPL-2.0
/*
 * The page request log (PPR log) of a unit that has one.
 *
 * A device with PRI requests a page that it could not reach, and waits for a
 * response. This driver grants no page: no domain takes page requests, PRI
 * stays disabled in all devices, and no device table entry lets page requests
 * through (PPR, bit 52, is 0), so that the unit itself refuses them and logs an
 * event. An entry in this log therefore comes from one of these:
 *
 *	- a device in which firmware or a former kernel enabled PRI
 *	- a device that sends page requests although PRI is disabled
 *	- a unit that accepted a request by an entry of a former kernel
 *	- a unit or device that does not work as specified
 *
 * Such a device must not wait for ever, and must not keep this CPU busy.
 *
 *	interrupt or poll of the event log -> look -> work: read, answer
 *				     ^			  |
 *				     +---- unmask <-------+ log is empty
 *
 * Each request that wants a response gets Response Failure; a device sends no
 * more requests after that (PCI Express, section 10.4). One request to the
 * command buffer sends up to a batch of responses and one wait. The interrupt
 * is masked while the work runs. The work reads at most one full ring, and then
 * continues later. A unit with PPRAutoRspSup is set up to send the same
 * response to requests that do not fit into the log.
 *
 * Locks: none. Only the work reads the log, and it never runs twice at once.
 */
#define pr_fmt(fmt) "amdvi: " fmt

#include <kunit/visibility.h>
#include <linux/pci.h>
#include <linux/ratelimit.h>

#include "event.h"
#include "regs.h"
#include "trace.h"
#include "unit.h"

/* Delay until the work continues, if the log was not empty afterwards */
#define GO_ON_INTERVAL	(HZ / 20)
/* Number of reads, with a batch of answers each, that empty a full log */
#define READS_MAX	(AMDVI_LOG_SLOTS / AMDVI_BATCH_MAX)

static const struct amdvi_log_regs ppr_log_regs = {
	.base = AMDVI_PPRLOG,
	.head = AMDVI_PPR_HEAD,
	.tail = AMDVI_PPR_TAIL,
	.enable = CONTROL_PPR_LOG_EN,
	.overflow = STATUS_PPR_OVERFLOW,
};

/* The answers to the requests of one read of the log */
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

static void amdvi_log_page_request(const struct amdvi_unit *unit,
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

/* Handle one entry; false if there is no room for one more answer */
static bool amdvi_ppr_take(void *arg, const u64 raw[2])
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
	/* A source-id that is no device gets no response */
	known = xa_load(&unit->common.devices, request.source_id);
	ppr->unknown += !known;
	trace_amdvi_page_request(unit->common.name, &request, known);
	if (__ratelimit(&ppr->limit))
		amdvi_log_page_request(unit, &request);
	if (known && amdvi_page_request_wants_response(&request))
		reading->answers[reading->nr++] = refusal(&request);
	return reading->nr < AMDVI_BATCH_MAX;
}

/* Read and answer; true if the log is empty, or the unit does not answer */
static bool amdvi_ppr_read(struct amdvi_unit *unit)
{
	struct amdvi_ppr *ppr = &unit->ppr;
	struct reading reading = { .unit = unit };
	unsigned int reads = READS_MAX;
	bool empty;

	do {
		reading.nr = 0;
		empty = amdvi_log_read(unit, &ppr->log, amdvi_ppr_take,
				       &reading);
		if (reading.nr &&
		    amdvi_queue_run(unit, reading.answers, reading.nr))
			return true;
		ppr->answered += reading.nr;
	} while (!empty && --reads);
	return empty;
}

static void amdvi_ppr_work(struct work_struct *work)
{
	struct amdvi_ppr *ppr = container_of(work, struct amdvi_ppr, work.work);
	struct amdvi_unit *unit = container_of(ppr, struct amdvi_unit, ppr);
	bool empty;
	u64 status;

	if (READ_ONCE(unit->common.dead))
		return;
	/* Read before the log: a later overflow is handled in the next round */
	status = amdvi_read(unit, AMDVI_STATUS);
	empty = amdvi_ppr_read(unit);
	if (READ_ONCE(unit->common.dead))
		return;
	if (empty && status & STATUS_PPR_OVERFLOW) {
		ppr->overflows++;
		amdvi_log_begin_anew(unit, &ppr->log);
	}
	if (empty) {
		amdvi_ppr_unmask(unit);
		/* A request may have arrived just before unmasking */
		empty = amdvi_log_is_empty(unit, &ppr->log);
	}
	if (!empty)
		queue_delayed_work(system_wq, &ppr->work, GO_ON_INTERVAL);
}

/**
 * amdvi_ppr_look() - start the work if there are page requests
 * @unit: the unit
 * @status: the value of its status register
 *
 * Context: any, also the interrupt.
 */
void amdvi_ppr_look(struct amdvi_unit *unit, u64 status)
{
	struct amdvi_ppr *ppr = &unit->ppr;

	if (!amdvi_ppr_exists(ppr))
		return;
	/* Cleared before looking: a later request interrupts again */
	if (status & STATUS_PPR_INT)
		amdvi_write(unit, AMDVI_STATUS, STATUS_PPR_INT);
	if (!(status & STATUS_PPR_OVERFLOW) &&
	    amdvi_log_is_empty(unit, &ppr->log))
		return;
	amdvi_unit_control(unit, 0, CONTROL_PPR_INT_EN);
	queue_delayed_work(system_wq, &ppr->work, 0);
}

/**
 * amdvi_ppr_unmask() - unmask the page request interrupt
 * @unit: the unit; one without interrupt or page request log is fine
 */
void amdvi_ppr_unmask(struct amdvi_unit *unit)
{
	if (unit->irq && amdvi_ppr_exists(&unit->ppr))
		amdvi_unit_control(unit, CONTROL_PPR_INT_EN, 0);
}

/**
 * amdvi_ppr_install() - enable logging of page requests
 * @unit: an enabled unit; one without a page request log is fine
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
 * amdvi_ppr_stop() - disable logging of page requests, and end the work
 * @unit: the unit; amdvi_ppr_look() is not called any more
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
 * @unit: a unit whose abilities are known
 *
 * Return: 0 or -ENOMEM.
 */
int amdvi_ppr_create(struct amdvi_unit *unit)
{
	struct amdvi_ppr *ppr = &unit->ppr;

	if (!(unit->efr & EFR_PPR_SUP))
		return 0;
	INIT_DELAYED_WORK(&ppr->work, amdvi_ppr_work);
	ratelimit_state_init(&ppr->limit, DEFAULT_RATELIMIT_INTERVAL,
			     DEFAULT_RATELIMIT_BURST);
	return amdvi_log_create(unit, &ppr->log, &ppr_log_regs);
}

/**
 * amdvi_ppr_destroy() - free the page request log of a disabled unit
 * @unit: the unit; one without such a log is fine
 */
void amdvi_ppr_destroy(struct amdvi_unit *unit)
{
	amdvi_log_destroy(&unit->ppr.log);
}
