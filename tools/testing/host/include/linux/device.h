/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HOST_LINUX_DEVICE_H
#define HOST_LINUX_DEVICE_H

#include <linux/types.h>

struct acpi_device;

struct bus_type {
	const char *name;
};

struct device {
	const char *init_name;
	const struct bus_type *bus;
	struct acpi_device *companion;
};

#endif
