/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints of the AMD-Vi driver, besides those of ../common/trace.h.
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

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
