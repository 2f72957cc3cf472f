// SPDX-License-Identifier: GPL-2.0
/*
 * Events and page requests, decoded: pure functions of 16 bytes.
 */
#include "../common/interrupts.h"
#include "event.h"
#include "spec.h"

/* The flags; their meaning depends on the event code */
#define FLAGS		GENMASK_ULL(59, 48)

/* Values of the type field of INVALID_DEVICE_REQUEST, section 2.5.9 */
static const char *const invalid_requests[8] = {
	"translated read or write from a device that may not send one",
	"translation request from a device that may not send one",
	"access to the interrupt address range",
	"access to a range that the unit reserves",
	"port I/O from a device that may not send it",
	"system management message from a device that may not send one",
	"atomic to the interrupt address range",
	"request of a reserved type",
};

/**
 * amdvi_event_decode() - decode an event
 * @raw: the entry of the event log
 * @event: filled in
 */
void amdvi_event_decode(const u64 raw[2], struct amdvi_event *event)
{
	event->code = FIELD_GET(EVENT_CODE, raw[0]);
	event->source_id = FIELD_GET(EVENT_DEVICE_ID, raw[0]);
	event->flags = FIELD_GET(FLAGS, raw[0]);
	event->write = raw[0] & EVENT_RW;
	event->address = raw[1];
	/* Some emulated units set the flag in all events */
	event->interrupt = raw[0] & EVENT_I &&
			   iommu_is_interrupts(raw[1], raw[1]);
}

/**
 * amdvi_event_is_blocked_dma() - does an event report blocked DMA?
 * @event: the event
 *
 * Return: true if the address is an IOVA of a device's request.
 */
bool amdvi_event_is_blocked_dma(const struct amdvi_event *event)
{
	switch (event->code) {
	case EVENT_ILLEGAL_DEVTAB:
	case EVENT_PAGE_FAULT:
	case EVENT_PAGETAB_HARDWARE:
	case EVENT_INVALID_REQUEST:
	case EVENT_RMP_FAULT:
		return !event->interrupt;
	}
	return false;
}

/**
 * amdvi_event_has_device() - does the event name a device?
 * @event: the event
 *
 * Return: true if the source-id of the event is valid.
 */
bool amdvi_event_has_device(const struct amdvi_event *event)
{
	switch (event->code) {
	case EVENT_ILLEGAL_COMMAND:
	case EVENT_COMMAND_HARDWARE:
	case EVENT_COUNTER_ZERO:
	case EVENT_RMP_HARDWARE:
		return false;
	}
	return true;
}

static const char *invalid_request_reason(const struct amdvi_event *event)
{
	return invalid_requests[FIELD_GET(EVENT_TYPE,
					  FIELD_PREP(FLAGS, event->flags))];
}

static const char *page_fault_reason(const struct amdvi_event *event)
{
	u64 flags = FIELD_PREP(FLAGS, event->flags);

	if (flags & EVENT_RZ)
		return "reserved bits or an impossible level in a page table";
	if (!(flags & EVENT_PR))
		return "page not present";
	return event->write ? "no write permission" : "no read permission";
}

/**
 * amdvi_event_reason() - describe an event in words
 * @event: the event
 *
 * Return: the words, for the log.
 */
const char *amdvi_event_reason(const struct amdvi_event *event)
{
	switch (event->code) {
	case EVENT_ILLEGAL_DEVTAB:
		return "reserved bits in device table entry";
	case EVENT_PAGE_FAULT:
		return page_fault_reason(event);
	case EVENT_DEVTAB_HARDWARE:
		return "device table entry not reachable";
	case EVENT_PAGETAB_HARDWARE:
		return "page-table entry not reachable";
	case EVENT_ILLEGAL_COMMAND:
		return "illegal command";
	case EVENT_COMMAND_HARDWARE:
		return "command not reachable";
	case EVENT_IOTLB_TIMEOUT:
		return "device does not answer the invalidation of its IOTLB";
	case EVENT_INVALID_REQUEST:
		return invalid_request_reason(event);
	case EVENT_INVALID_PPR:
		return "page request from a device that may not send one";
	case EVENT_COUNTER_ZERO:
		return "performance counter has run out";
	case EVENT_RMP_FAULT:
		return "memory belongs to a guest";
	case EVENT_RMP_HARDWARE:
		return "reverse map table not reachable";
	}
	return "unknown event";
}

/**
 * amdvi_page_request_decode() - decode an entry of the page request log
 * @raw: the entry
 * @request: filled in, if it is a page request
 *
 * Return: false if it is not a page request.
 */
bool amdvi_page_request_decode(const u64 raw[2],
			       struct amdvi_page_request *request)
{
	if (FIELD_GET(PPR_CODE, raw[0]) != PPR_PAGE_REQUEST)
		return false;
	request->source_id = FIELD_GET(PPR_DEVICE_ID, raw[0]);
	request->group = FIELD_GET(PPR_TAG, raw[0]);
	request->last = raw[0] & PPR_LAST;
	request->has_pasid = raw[0] & PPR_GN;
	request->pasid = FIELD_GET(PPR_PASID_HIGH, raw[0]) << 16 |
			 FIELD_GET(PPR_PASID_LOW, raw[0]);
	request->read = raw[0] & PPR_READ;
	request->write = raw[0] & PPR_WRITE;
	request->execute = raw[0] & PPR_EXECUTE;
	request->address = raw[1] & PPR_ADDRESS;
	return true;
}

/**
 * amdvi_page_request_wants_response() - does the device wait for a response?
 * @request: the page request
 *
 * A group of requests gets one response, after its last request. A marker that
 * a PASID is no longer used is a request without read and write; it gets no
 * response (PCI Express, section 10.4).
 *
 * Return: true if so.
 */
bool amdvi_page_request_wants_response(const struct amdvi_page_request *request)
{
	bool marker = request->has_pasid && !request->read && !request->write;

	return request->last && !marker;
}
