/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HOST_LINUX_SCHED_H
#define HOST_LINUX_SCHED_H

#include <sched.h>

#define cond_resched()		sched_yield()

#endif
