/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HOST_LINUX_IO_H
#define HOST_LINUX_IO_H

#include <host_interrupt.h>
#include <linux/types.h>

static inline phys_addr_t virt_to_phys(const void *addr)
{
	return (unsigned long)addr;
}

static inline void *phys_to_virt(phys_addr_t phys)
{
	host_interrupt();
	return (void *)(unsigned long)phys;
}

#endif
