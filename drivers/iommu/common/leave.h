/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For the modules that leave a unit at work, as firmware or a kernel that
 * crashed would. Included by each once.
 */
#ifndef IOMMU_COMMON_LEAVE_H
#define IOMMU_COMMON_LEAVE_H

#include <linux/acpi.h>
#include <linux/io.h>

/*
 * Have the unit switched on whose registers' address stands at an offset of a
 * firmware table. The table is an emulated machine's, and is not checked.
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
