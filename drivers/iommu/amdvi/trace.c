// SPDX-License-Identifier: GPL-2.0
/*
 * Tracepoints of the AMD-Vi driver: the code that trace.h generates.
 */
#define CREATE_TRACE_POINTS
#include "trace.h"
