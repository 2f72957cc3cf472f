// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupt controllers of CPUs that unremapped interrupts do not reach.
 *
 * An interrupt of a device that is not remapped has 8 bits for the APIC id of a
 * CPU. Without interrupt remapping, with which this driver cannot be used, the
 * kernel therefore leaves x2APIC, whose ids have 32 bits. Where firmware has
 * locked x2APIC, the kernel cannot leave it.
 */
#define pr_fmt(fmt) "vtd: " fmt

#include <kunit/visibility.h>
#include <asm/apicdef.h>
#include <asm/msr.h>
#include <asm/smp.h>
#include <linux/cpumask.h>

#include "apic.h"

static int read_msr(u32 msr, u64 *value)
{
	u32 lo, hi;
	int ret = rdmsr_safe(msr, &lo, &hi);

	*value = (u64)hi << 32 | lo;
	return ret;
}

/**
 * vtd_apic_is_locked() - has firmware locked x2APIC?
 * @read: reads a register
 *
 * Return: true if so; false also if registers cannot be read.
 */
bool vtd_apic_is_locked(vtd_apic_read_fn read)
{
	u64 value;

	if (read(MSR_IA32_ARCH_CAPABILITIES, &value) ||
	    !(value & ARCH_CAP_XAPIC_DISABLE))
		return false;
	return !read(MSR_IA32_XAPIC_DISABLE_STATUS, &value) &&
	       value & LEGACY_XAPIC_DISABLED;
}
EXPORT_SYMBOL_IF_KUNIT(vtd_apic_is_locked);

static unsigned int last_apic_id(void)
{
	unsigned int cpu, id, last = 0;

	for_each_possible_cpu(cpu) {
		id = cpu_physical_id(cpu);
		if (id != BAD_APICID)
			last = max(last, id);
	}
	return last;
}

/**
 * vtd_apic_log() - warn if interrupts may not reach every CPU
 *
 * To be called if interrupts are not remapped.
 */
void vtd_apic_log(void)
{
	if (vtd_apic_is_locked(read_msr))
		pr_warn("x2APIC is locked by the firmware: Linux cannot leave it, and it needs interrupt remapping; interrupts reach only CPUs with APIC ids up to %u, and this machine has ids up to %u\n",
			VTD_APIC_ID_MAX, last_apic_id());
}
