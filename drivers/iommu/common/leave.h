/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For test modules that leave a unit enabled, as firmware or a former kernel
 * that crashed would. Each of them includes it once.
 */
#ifndef IOMMU_COMMON_LEAVE_H
#define IOMMU_COMMON_LEAVE_H

#include <linux/acpi.h>
#include <linux/io.h>

/*
 * Enable a unit. The address of its registers is at @offset in a firmware
 * table, which is that of an emulated machine and is not checked.
 */
static int iommu_leave_at_work(const char *signature, size_t offset,
			       size_t bytes,
			       int (*switch_on)(void __iomem *regs))
{
	struct acpi_table_header *header;
	void __iomem *regs;
	u64 base;
	int ret;

	if (ACPI_FAILURE(acpi_get_table((char *)signature, 0, &header)))
		return -ENODEV;
	memcpy(&base, (u8 *)header + offset, sizeof(base));
	acpi_put_table(header);
	regs = ioremap(base, bytes);
	if (!regs)
		return -ENOMEM;
	ret = switch_on(regs);
	iounmap(regs);
	return ret;
}

#endif
