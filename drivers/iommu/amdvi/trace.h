/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints of the AMD-Vi driver, besides those of ../common/trace.h.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM amdvi

#if !defined(AMDVI_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define AMDVI_TRACE_H

#include <linux/tracepoint.h>

#include "event.h"

TRACE_EVENT(amdvi_grow,
	TP_PROTO(const void *domain, unsigned int levels),
	TP_ARGS(domain, levels),
	TP_STRUCT__entry(
		__field(const void *, domain)
		__field(unsigned int, levels)
	),
	TP_fast_assign(
		__entry->domain = domain;
		__entry->levels = levels;
	),
	TP_printk("domain=%p levels=%u", __entry->domain, __entry->levels)
);

TRACE_EVENT(amdvi_page_request,
	TP_PROTO(const char *unit, const struct amdvi_page_request *request,
		 bool known),
	TP_ARGS(unit, request, known),
	TP_STRUCT__entry(
		__string(unit, unit)
		__field(u64, address)
		__field(u32, pasid)
		__field(u16, source_id)
		__field(u16, group)
		__field(bool, last)
		__field(bool, read)
		__field(bool, write)
		__field(bool, execute)
		__field(bool, known)
	),
	TP_fast_assign(
		__assign_str(unit);
		__entry->address = request->address;
		__entry->pasid = request->pasid;
		__entry->source_id = request->source_id;
		__entry->group = request->group;
		__entry->last = request->last;
		__entry->read = request->read;
		__entry->write = request->write;
		__entry->execute = request->execute;
		__entry->known = known;
	),
	TP_printk("%s %02x:%02x.%x iova=0x%llx pasid=%u group=%u last=%d read=%d write=%d execute=%d known=%d",
		  __get_str(unit), __entry->source_id >> 8,
		  __entry->source_id >> 3 & 0x1f, __entry->source_id & 7,
		  __entry->address, __entry->pasid, __entry->group,
		  __entry->last, __entry->read, __entry->write,
		  __entry->execute, __entry->known)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
