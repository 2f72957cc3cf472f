/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HOST_LINUX_IO_H
#define HOST_LINUX_IO_H

#include <linux/types.h>

static inline phys_addr_t virt_to_phys(const void *addr)
{
	return (unsigned long)addr;
}

#ifndef HOST_ONE_THREAD
#include <sched.h>

/* Set: let others run now and then between finding a table and using it. */
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

static inline void *phys_to_virt(phys_addr_t phys)
{
	host_interrupt();
	return (void *)(unsigned long)phys;
}

#endif
