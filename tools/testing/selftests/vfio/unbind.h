/* SPDX-License-Identifier: GPL-2.0 */
/* A driver that is taken from a device while a program has the device open. */
#ifndef SLUICE_VFIO_UNBIND_H
#define SLUICE_VFIO_UNBIND_H

#include <fcntl.h>
#include <sys/eventfd.h>

#include "fixture.h"

static inline int write_sysfs(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY), rc;

	if (fd < 0)
		return errno;
	rc = write(fd, text, strlen(text)) < 0 ? errno : 0;
	close(fd);
	return rc;
}

/*
 * Unbind the driver: the kernel asks for the device, which goes on working
 * until @let_go closes it, and then the unbinding ends. The driver is bound
 * again afterwards.
 */
static inline void check_unbind_waits(const char *address, int fd,
				      void (*let_go)(void *), void *data)
{
	struct {
		struct vfio_irq_set head;
		int32_t fd;
	} set = {
		.head.argsz = sizeof(set),
		.head.flags = VFIO_IRQ_SET_DATA_EVENTFD |
			      VFIO_IRQ_SET_ACTION_TRIGGER,
		.head.index = VFIO_PCI_REQ_IRQ_INDEX,
		.head.count = 1,
	};
	struct vfio_device_info info = { .argsz = sizeof(info) };
	int status, start[2];
	char path[128], byte;
	uint64_t count;
	pid_t child;

	set.fd = eventfd(0, 0);
	CHECK_EQ(ioctl(fd, VFIO_DEVICE_SET_IRQS, &set), 0);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver/unbind",
		 address);
	/* A process without the open files, or they would stay open in it. */
	CHECK_EQ(pipe(start), 0);
	child = fork();
	if (!child) {
		dup2(start[0], 0);
		close_range(3, ~0U, 0);
		_exit(read(0, &byte, 1) == 1 ? write_sysfs(path, address) : 1);
	}
	CHECK_EQ(write(start[1], "", 1), 1);
	CHECK_EQ(read(set.fd, &count, sizeof(count)), sizeof(count));
	CHECK_EQ(waitpid(child, &status, WNOHANG), 0);
	CHECK_EQ(ioctl(fd, VFIO_DEVICE_GET_INFO, &info), 0);
	let_go(data);
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	CHECK_EQ(write_sysfs("/sys/bus/pci/drivers_probe", address), 0);
}

#endif
