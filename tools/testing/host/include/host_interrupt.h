/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HOST_INTERRUPT_H
#define HOST_INTERRUPT_H

#ifndef HOST_ONE_THREAD
#include <sched.h>
#include <stdbool.h>

/*
 * If set, other threads may run now and then between reading an entry and using
 * its value.
 */
extern bool host_interrupts;
extern _Thread_local unsigned int host_interrupt_clock;

static inline void host_interrupt(void)
{
	if (host_interrupts && !(++host_interrupt_clock % 61))
		sched_yield();
}
#else
#define host_interrupt()	((void)0)
#endif

#endif
