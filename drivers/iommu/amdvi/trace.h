/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints of the AMD-Vi driver.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM amdvi

#if !defined(AMDVI_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define AMDVI_TRACE_H

#include <linux/tracepoint.h>

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

TRACE_EVENT(amdvi_invalidate,
	TP_PROTO(const char *unit, u64 seq, u64 lo, u64 hi, unsigned int nr,
		 int error),
	TP_ARGS(unit, seq, lo, hi, nr, error),
	TP_STRUCT__entry(
		__string(unit, unit)
		__field(u64, seq)
		__field(u64, lo)
		__field(u64, hi)
		__field(unsigned int, nr)
		__field(int, error)
	),
	TP_fast_assign(
		__assign_str(unit);
		__entry->seq = seq;
		__entry->lo = lo;
		__entry->hi = hi;
		__entry->nr = nr;
		__entry->error = error;
	),
	TP_printk("%s seq=%llu commands=%u first=%016llx %016llx error=%d",
		  __get_str(unit), __entry->seq, __entry->nr, __entry->lo,
		  __entry->hi, __entry->error)
);

TRACE_EVENT(amdvi_event,
	TP_PROTO(const char *unit, u8 code, u16 source_id, u16 flags,
		 u64 address),
	TP_ARGS(unit, code, source_id, flags, address),
	TP_STRUCT__entry(
		__string(unit, unit)
		__field(u8, code)
		__field(u16, source_id)
		__field(u16, flags)
		__field(u64, address)
	),
	TP_fast_assign(
		__assign_str(unit);
		__entry->code = code;
		__entry->source_id = source_id;
		__entry->flags = flags;
		__entry->address = address;
	),
	TP_printk("%s %02x:%02x.%x event=%u flags=0x%03x address=0x%llx",
		  __get_str(unit), __entry->source_id >> 8,
		  __entry->source_id >> 3 & 0x1f, __entry->source_id & 7,
		  __entry->code, __entry->flags, __entry->address)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
