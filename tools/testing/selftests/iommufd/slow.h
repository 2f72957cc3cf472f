/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Slow memory: the first access to it, also by the kernel, waits until the test
 * calls slow_let_go(). With it, a test can stop an ioctl in the middle. It is
 * memory of userfaultfd(2).
 */
#ifndef SLUICE_IOMMUFD_SLOW_H
#define SLUICE_IOMMUFD_SLOW_H

#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/syscall.h>

#include "fixture.h"

struct slow {
	char *at;
	size_t length;
	int fd;
};

static inline void slow_memory(struct slow *slow, size_t length)
{
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_api api = { .api = UFFD_API };

	if (access("/proc/sys/vm/unprivileged_userfaultfd", F_OK))
		SKIP("the kernel has no userfaultfd");
	slow->at = memory(length);
	slow->length = length;
	slow->fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	CHECK(slow->fd >= 0);
	CHECK_EQ(ioctl(slow->fd, UFFDIO_API, &api), 0);
	reg.range.start = (uintptr_t)slow->at;
	reg.range.len = length;
	CHECK_EQ(ioctl(slow->fd, UFFDIO_REGISTER, &reg), 0);
}

/* Wait until an access waits for the memory */
static inline void slow_touched(const struct slow *slow)
{
	struct uffd_msg msg;

	CHECK_EQ(read(slow->fd, &msg, sizeof(msg)), sizeof(msg));
	CHECK_EQ(msg.event, UFFD_EVENT_PAGEFAULT);
}

static inline void slow_let_go(const struct slow *slow)
{
	struct uffdio_zeropage zero = {
		.range = { (uintptr_t)slow->at, slow->length },
	};

	CHECK_EQ(ioctl(slow->fd, UFFDIO_ZEROPAGE, &zero), 0);
}

#endif
