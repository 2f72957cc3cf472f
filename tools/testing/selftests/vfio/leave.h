/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A driver that is taken from a device, or a device from the machine, while a
 * program has it open. The kernel asks for the device, which goes on working
 * until it is closed, and only then is it gone.
 */
#ifndef SLUICE_VFIO_LEAVE_H
#define SLUICE_VFIO_LEAVE_H

#include <fcntl.h>
#include <limits.h>
#include <sys/eventfd.h>

#include "fixture.h"

/* 0 or errno */
static inline int write_sysfs(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY), ret;

	if (fd < 0)
		return errno;
	ret = write(fd, text, strlen(text)) < 0 ? errno : 0;
	close(fd);
	return ret;
}

/* What is going on between ask_to_leave() and has_left() */
struct leaving {
	pid_t child;
	int fd;
};

/* Write to sysfs, which does not return before the device is closed */
static inline struct leaving ask_to_leave(int fd, const char *path,
					  const char *text)
{
	struct leaving leaving = { .fd = fd };
	int start[2], asked = eventfd(0, EFD_CLOEXEC);
	uint64_t count;

	CHECK_EQ(set_eventfd(fd, VFIO_PCI_REQ_IRQ_INDEX, asked), 0);
	/*
	 * A program of its own, with none of the files open and none of the
	 * device's memory mapped, or the device would stay open in it.
	 */
	CHECK_EQ(pipe(start), 0);
	leaving.child = fork();
	if (!leaving.child) {
		dup2(start[0], 0);
		close_range(3, ~0U, 0);
		execl("/bin/sh", "sh", "-c",
		      "read -r go && printf %s \"$0\" >\"$1\"", text, path,
		      NULL);
		_exit(127);
	}
	CHECK_EQ(write(start[1], "\n", 1), 1);
	CHECK_EQ(read(asked, &count, sizeof(count)), sizeof(count));
	close(asked);
	close(start[0]);
	close(start[1]);
	return leaving;
}

/* It still is what it was */
static inline void check_has_not_left(const struct leaving *leaving)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	int status;

	CHECK_EQ(waitpid(leaving->child, &status, WNOHANG), 0);
	CHECK_EQ(ioctl(leaving->fd, VFIO_DEVICE_GET_INFO, &info), 0);
}

/* To be called when it is closed */
static inline void check_has_left(const struct leaving *leaving)
{
	int status;

	CHECK_EQ(waitpid(leaving->child, &status, 0), leaving->child);
	CHECK_EQ(status, 0);
}

/* Unbind the driver; @let_go closes the device. The driver is bound again. */
static inline void check_unbind_waits(const char *address, int fd,
				      void (*let_go)(void *), void *data)
{
	struct leaving leaving;
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver/unbind",
		 address);
	leaving = ask_to_leave(fd, path, address);
	check_has_not_left(&leaving);
	let_go(data);
	check_has_left(&leaving);
	CHECK_EQ(write_sysfs("/sys/bus/pci/drivers_probe", address), 0);
}

#endif
