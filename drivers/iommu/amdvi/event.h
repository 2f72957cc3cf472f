/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events and page requests, decoded: pure functions of 16 bytes.
 */
#ifndef AMDVI_EVENT_H
#define AMDVI_EVENT_H

#include <linux/types.h>

/* Event codes, section 2.5 */
enum amdvi_event_code {
	EVENT_NONE = 0,		/* not written by the unit yet */
	EVENT_ILLEGAL_DEVTAB = 1,
	EVENT_PAGE_FAULT = 2,
	EVENT_DEVTAB_HARDWARE = 3,
	EVENT_PAGETAB_HARDWARE = 4,
	EVENT_ILLEGAL_COMMAND = 5,
	EVENT_COMMAND_HARDWARE = 6,
	EVENT_IOTLB_TIMEOUT = 7,
	EVENT_INVALID_REQUEST = 8,
	EVENT_INVALID_PPR = 9,
	EVENT_COUNTER_ZERO = 10,
	EVENT_RMP_FAULT = 13,
	EVENT_RMP_HARDWARE = 14,
};

/**
 * struct amdvi_event - an event
 * @code: enum amdvi_event_code, or a reserved code
 * @source_id: the device, if the event has one
 * @flags: bits 59:48 of the event
 * @write: a write, otherwise a read
 * @interrupt: the request was an interrupt
 * @address: IOVA, or physical address that the unit could not access
 */
struct amdvi_event {
	u8 code;
	u16 source_id;
	u16 flags;
	bool write;
	bool interrupt;
	u64 address;
};

/**
 * struct amdvi_page_request - a page request (PPR)
 * @source_id: the device
 * @group: the group of requests that it belongs to
 * @last: the last of its group
 * @has_pasid: @pasid is valid
 * @pasid: the address space
 * @read: the device wants to read
 * @write: it wants to write
 * @execute: it wants to execute
 * @address: of the page
 */
struct amdvi_page_request {
	u16 source_id;
	u16 group;
	bool last;
	bool has_pasid;
	u32 pasid;
	bool read;
	bool write;
	bool execute;
	u64 address;
};

bool amdvi_page_request_decode(const u64 raw[2],
			       struct amdvi_page_request *request);
bool amdvi_page_request_wants_response(const struct amdvi_page_request *request);

void amdvi_event_decode(const u64 raw[2], struct amdvi_event *event);
bool amdvi_event_is_blocked_dma(const struct amdvi_event *event);
bool amdvi_event_has_device(const struct amdvi_event *event);
const char *amdvi_event_reason(const struct amdvi_event *event);

#endif
