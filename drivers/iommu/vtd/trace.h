/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints of the VT-d driver.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vtd

#if !defined(VTD_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VTD_TRACE_H

#include <linux/tracepoint.h>

TRACE_EVENT(vtd_invalidate,
	TP_PROTO(const char *unit, u32 seq, u64 lo, u64 hi, unsigned int nr,
		 int error),
	TP_ARGS(unit, seq, lo, hi, nr, error),
	TP_STRUCT__entry(
		__string(unit, unit)
		__field(u32, seq)
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
	TP_printk("%s seq=%u descriptors=%u first=%016llx %016llx error=%d",
		  __get_str(unit), __entry->seq, __entry->nr, __entry->lo,
		  __entry->hi, __entry->error)
);

TRACE_EVENT(vtd_fault,
	TP_PROTO(const char *unit, u16 source_id, u64 address, bool write,
		 u8 reason),
	TP_ARGS(unit, source_id, address, write, reason),
	TP_STRUCT__entry(
		__string(unit, unit)
		__field(u16, source_id)
		__field(u64, address)
		__field(bool, write)
		__field(u8, reason)
	),
	TP_fast_assign(
		__assign_str(unit);
		__entry->source_id = source_id;
		__entry->address = address;
		__entry->write = write;
		__entry->reason = reason;
	),
	TP_printk("%s %02x:%02x.%x %s iova=0x%llx reason=0x%02x",
		  __get_str(unit), __entry->source_id >> 8,
		  __entry->source_id >> 3 & 0x1f, __entry->source_id & 7,
		  __entry->write ? "write" : "read", __entry->address,
		  __entry->reason)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
