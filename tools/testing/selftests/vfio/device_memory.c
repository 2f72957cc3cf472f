// SPDX-License-Identifier: GPL-2.0
/* Memory of devices: what counts as such, and that its owner can take it back. */
#include <fcntl.h>
#include <linux/udmabuf.h>

#include "disk.h"
#include "leave.h"

/* The kernel's memory, in a mapping made the way a device's memory is mapped */
static char *memory_of_the_kernel(size_t length)
{
	struct udmabuf_create cmd = { .size = length };
	int udmabuf, buffer;
	char *at;

	udmabuf = open("/dev/udmabuf", O_RDWR);
	if (udmabuf < 0)
		SKIP("this kernel has no /dev/udmabuf");
	cmd.memfd = memfd_create("test", MFD_ALLOW_SEALING);
	CHECK(cmd.memfd >= 0);
	CHECK_EQ(ftruncate(cmd.memfd, length), 0);
	CHECK_EQ(fcntl(cmd.memfd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	buffer = ioctl(udmabuf, UDMABUF_CREATE, &cmd);
	CHECK(buffer >= 0);
	at = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, buffer, 0);
	CHECK(at != MAP_FAILED);
	memset(at, 0x5a, length);
	close(buffer);
	close(cmd.memfd);
	close(udmabuf);
	return at;
}

TEST(memory_of_the_kernel_is_no_device_memory)
{
	char *at = memory_of_the_kernel(4 * PAGE);
	long long pinned = pinned_pages();
	struct box box;

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	CHECK_ERR(map(box.space.fd, IOVA, at, 4 * PAGE, RW), EFAULT);
	CHECK_ERR(map(box.space.fd, IOVA, at, PAGE, RW), EFAULT);
	CHECK_ERR(map(box.space.fd, IOVA, at, PAGE, VFIO_DMA_MAP_FLAG_READ),
		  EFAULT);
	CHECK_EQ(unmap(box.space.fd, IOVA, 4 * PAGE), 0);
	CHECK_EQ(pinned_pages(), pinned);
}
