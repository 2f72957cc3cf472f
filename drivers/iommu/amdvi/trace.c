// SPDX-License-Identifier: GPL-2.0
/*
 * The tracepoints of the AMD-Vi driver.
 */
#define CREATE_TRACE_POINTS
#include "trace.h"
