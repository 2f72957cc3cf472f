/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints of paging domains, whatever the hardware.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM iommu_paging

#if !defined(IOMMU_COMMON_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define IOMMU_COMMON_TRACE_H

#include <linux/tracepoint.h>

TRACE_EVENT(iommu_paging_map,
	TP_PROTO(const void *domain, unsigned long iova, size_t length,
		 int error),
	TP_ARGS(domain, iova, length, error),
	TP_STRUCT__entry(
		__field(const void *, domain)
		__field(unsigned long, iova)
		__field(size_t, length)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->domain = domain;
		__entry->iova = iova;
		__entry->length = length;
		__entry->error = error;
	),
	TP_printk("domain=%p iova=0x%lx length=0x%zx error=%d",
		  __entry->domain, __entry->iova, __entry->length,
		  __entry->error)
);

TRACE_EVENT(iommu_paging_unmap,
	TP_PROTO(const void *domain, unsigned long iova, size_t length,
		 size_t unmapped),
	TP_ARGS(domain, iova, length, unmapped),
	TP_STRUCT__entry(
		__field(const void *, domain)
		__field(unsigned long, iova)
		__field(size_t, length)
		__field(size_t, unmapped)
	),
	TP_fast_assign(
		__entry->domain = domain;
		__entry->iova = iova;
		__entry->length = length;
		__entry->unmapped = unmapped;
	),
	TP_printk("domain=%p iova=0x%lx length=0x%zx unmapped=0x%zx",
		  __entry->domain, __entry->iova, __entry->length,
		  __entry->unmapped)
);

TRACE_EVENT(iommu_paging_convert,
	TP_PROTO(const void *domain, unsigned long page_sizes, bool coherent,
		 bool snoop, bool enforced),
	TP_ARGS(domain, page_sizes, coherent, snoop, enforced),
	TP_STRUCT__entry(
		__field(const void *, domain)
		__field(unsigned long, page_sizes)
		__field(bool, coherent)
		__field(bool, snoop)
		__field(bool, enforced)
	),
	TP_fast_assign(
		__entry->domain = domain;
		__entry->page_sizes = page_sizes;
		__entry->coherent = coherent;
		__entry->snoop = snoop;
		__entry->enforced = enforced;
	),
	TP_printk("domain=%p page_sizes=0x%lx coherent=%d snoop=%d enforced=%d",
		  __entry->domain, __entry->page_sizes, __entry->coherent,
		  __entry->snoop, __entry->enforced)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
