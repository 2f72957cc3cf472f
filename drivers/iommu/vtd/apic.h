/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interrupt controllers of CPUs that unremapped interrupts do not reach.
 */
#ifndef VTD_APIC_H
#define VTD_APIC_H

#include <linux/types.h>

/* The largest APIC id that an interrupt reaches without interrupt remapping */
#define VTD_APIC_ID_MAX	254U

/* Reads a model-specific register: 0, or an error if the CPU does not have it */
typedef int (*vtd_apic_read_fn)(u32 msr, u64 *value);

bool vtd_apic_is_locked(vtd_apic_read_fn read);
void vtd_apic_log(void);

#endif
