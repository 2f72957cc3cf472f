// SPDX-License-Identifier: GPL-2.0
/* The tracepoints of trace.h, which other files and the drivers use */
#define CREATE_TRACE_POINTS
#include "trace.h"

EXPORT_TRACEPOINT_SYMBOL_GPL(iommu_unit_invalidate);
EXPORT_TRACEPOINT_SYMBOL_GPL(iommu_unit_fault);
