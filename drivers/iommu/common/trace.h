/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints of paging domains and of units, for all drivers.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM iommu_common

#if !defined(IOMMU_COMMON_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define IOMMU_COMMON_TRACE_H

#include <linux/tracepoint.h>

#include "faults.h"

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

TRACE_EVENT(iommu_unit_invalidate,
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
	TP_printk("%s seq=%u entries=%u first=%016llx %016llx error=%d",
		  __get_str(unit), __entry->seq, __entry->nr, __entry->lo,
		  __entry->hi, __entry->error)
);

TRACE_EVENT(iommu_unit_fault,
	TP_PROTO(const char *unit, const struct iommu_fault_record *fault),
	TP_ARGS(unit, fault),
	TP_STRUCT__entry(
		__string(unit, unit)
		__field(u16, source_id)
		__field(u64, address)
		__field(bool, write)
		__field(u8, reason)
		__field(u16, flags)
	),
	TP_fast_assign(
		__assign_str(unit);
		__entry->source_id = fault->source_id;
		__entry->address = fault->address;
		__entry->write = fault->write;
		__entry->reason = fault->reason;
		__entry->flags = fault->flags;
	),
	TP_printk("%s %02x:%02x.%x %s iova=0x%llx reason=0x%02x flags=0x%03x",
		  __get_str(unit), __entry->source_id >> 8,
		  __entry->source_id >> 3 & 0x1f, __entry->source_id & 7,
		  __entry->write ? "write" : "read", __entry->address,
		  __entry->reason, __entry->flags)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
