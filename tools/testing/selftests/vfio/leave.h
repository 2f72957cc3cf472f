/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Unbinding a driver, or removing a device, while a program has the device
 * open: the kernel asks the program for the device (VFIO_PCI_REQ_IRQ_INDEX) and
 * waits. The device keeps working until the program closes it.
 */
#ifndef SLUICE_VFIO_LEAVE_H
#define SLUICE_VFIO_LEAVE_H

#include <sys/eventfd.h>

#include "fixture.h"

/* Returns 0 or errno */
static inline int write_sysfs(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY), ret;

	if (fd < 0)
		return errno;
	ret = write(fd, text, strlen(text)) < 0 ? errno : 0;
	close(fd);
	return ret;
}

/* A request from ask_to_leave() on, until check_has_left() */
struct leaving {
	pid_t child;
	int fd;
};

/*
 * Write to a file of sysfs in a process of its own, as the write returns only
 * once the device is closed. Returns when the kernel has asked for the device.
 */
static inline struct leaving ask_to_leave(int fd, const char *path,
					  const char *text)
{
	struct leaving leaving = { .fd = fd };
	int start[2], asked = eventfd(0, EFD_CLOEXEC);
	uint64_t count;

	CHECK_EQ(set_eventfd(fd, VFIO_PCI_REQ_IRQ_INDEX, asked), 0);
	/*
	 * The child executes another program, with none of the files open and
	 * none of the device's memory mapped: it would keep the device open.
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

/* The write still waits, and the device still works */
static inline void check_has_not_left(const struct leaving *leaving)
{
	int status;

	CHECK_EQ(waitpid(leaving->child, &status, WNOHANG), 0);
	CHECK_EQ(get_info(leaving->fd), 0);
}

/* Call it once the device is closed */
static inline void check_has_left(const struct leaving *leaving)
{
	int status;

	CHECK_EQ(waitpid(leaving->child, &status, 0), leaving->child);
	CHECK_EQ(status, 0);
}

/* Unbind the driver; @let_go closes the device. Then bind the driver again. */
static inline void check_unbind_waits(const char *variable, int fd,
				      void (*let_go)(void *), void *data)
{
	const char *address = address_of(variable);
	struct leaving leaving;
	char path[PATH_MAX];

	device_path(path, variable, "driver/unbind");
	leaving = ask_to_leave(fd, path, address);
	check_has_not_left(&leaving);
	let_go(data);
	check_has_left(&leaving);
	CHECK_EQ(write_sysfs("/sys/bus/pci/drivers_probe", address), 0);
}

#endif
