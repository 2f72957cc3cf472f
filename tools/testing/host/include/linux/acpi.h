/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Devices of the ACPI namespace, as far as the code under test looks at them. A
 * handle is the struct acpi_device.
 */
#ifndef HOST_LINUX_ACPI_H
#define HOST_LINUX_ACPI_H

#include <linux/device.h>
#include <linux/printk.h>

typedef void *acpi_handle;
typedef char *acpi_string;
typedef unsigned int acpi_status;

#define ACPI_ROOT_OBJECT	((acpi_handle)~0ul)
#define ACPI_FAILURE(status)	((status) != 0)

struct acpi_device {
	const char *path;
	const char *hid;
	const char *uid;
};

#define ACPI_COMPANION(d)	((d)->companion)
#define ACPI_HANDLE(d)		((acpi_handle)(d)->companion)
#define has_acpi_companion(d)	(!!(d)->companion)
#define acpi_device_hid(adev)	((adev)->hid)
#define acpi_device_uid(adev)	((adev)->uid)

acpi_status acpi_get_handle(acpi_handle parent, acpi_string path,
			    acpi_handle *handle);
int acpi_dev_uid_to_integer(struct acpi_device *adev, u64 *number);

#endif
