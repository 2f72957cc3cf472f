/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Model-specific registers of the processor, by their names in Intel's manual
 * (volume 4).
 */
#ifndef MACHINE_REGISTERS_H
#define MACHINE_REGISTERS_H

#define MSR_APIC_BASE			0x1b
#define APIC_BASE_X2APIC		(1u << 10)
#define MSR_XAPIC_DISABLE_STATUS	0xbd
#define XAPIC_DISABLED			(1u << 0)
#define MSR_ARCH_CAPABILITIES		0x10a
#define ARCH_XAPIC_DISABLE		(1u << 21)

#endif
