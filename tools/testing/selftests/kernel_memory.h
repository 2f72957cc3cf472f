/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ordinary memory in a mapping that looks like one of device memory (VM_PFNMAP
 * or VM_MIXEDMAP): a udmabuf
 */
#ifndef SLUICE_KERNEL_MEMORY_H
#define SLUICE_KERNEL_MEMORY_H

#include <fcntl.h>
#include <linux/udmabuf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "ktap.h"

static inline char *memory_of_the_kernel(size_t length)
{
	struct udmabuf_create cmd = { .size = length };
	int udmabuf = open("/dev/udmabuf", O_RDWR), buffer, file;
	char *at;

	if (udmabuf < 0)
		SKIP("this kernel has no /dev/udmabuf");
	file = memfd_create("test", MFD_ALLOW_SEALING);
	CHECK(file >= 0);
	cmd.memfd = file;
	CHECK_EQ(ftruncate(file, length), 0);
	CHECK_EQ(fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	buffer = ioctl(udmabuf, UDMABUF_CREATE, &cmd);
	CHECK(buffer >= 0);
	at = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, buffer, 0);
	CHECK(at != MAP_FAILED);
	memset(at, 0x5a, length);
	close(buffer);
	close(file);
	close(udmabuf);
	return at;
}

#endif
