// SPDX-License-Identifier: GPL-2.0
/*
 * What a container refuses because of a limit or a range stands in the kernel
 * log. The lines are those of /dev/iommu, and all of them are tried in
 * ../iommufd/refusals.c; here are those that people who use containers meet
 * most. This program is the first in its machine: see kmsg.h.
 */
#include <sys/resource.h>

#include "file.h"
#include "fixture.h"
#include "kmsg.h"

/* By the words of vfio_iommu_type1, which people search for */
TEST(log_reports_the_limit_of_locked_memory)
{
	struct rlimit limit = { 32 * PAGE, 32 * PAGE };
	void *at = memory(64 * PAGE);
	struct box box;

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	log_begin();
	CHECK_EQ(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
	CHECK_EQ(seteuid(65534), 0);
	CHECK_EQ(map(box.space.fd, IOVA, at, 4 * PAGE, RW), 0);
	CHECK_ERR(map(box.space.fd, 2 * IOVA, at + 4 * PAGE, 29 * PAGE, RW),
		  ENOMEM);
	CHECK(log_says("RLIMIT_MEMLOCK (131072) exceeded"));
	if (backend_is_type1())
		return;
	CHECK(log_says(" 118784 bytes more, and it has locked 16384;"));
}

TEST(log_reports_a_reserved_range)
{
	struct box box;

	if (backend_is_type1())
		SKIP("type1 has no line for it");
	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	log_begin();
	CHECK_ERR(map(box.space.fd, 0xfee00000, memory(PAGE), PAGE, RW), EINVAL);
	CHECK(log_says("IOVA 0xfee00000-0xfee00fff: 0xfee00000-0xfeefffff is reserved"));
}

/* Put the disk's group into a container, and do not open the disk */
static void take_group(const char *address)
{
	char path[128], target[128], file[160];
	int group, container;
	ssize_t length;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group",
		 address);
	length = readlink(path, target, sizeof(target) - 1);
	CHECK(length > 0);
	target[length] = '\0';
	snprintf(file, sizeof(file), "/dev/vfio%s", strrchr(target, '/'));
	group = open(file, O_RDWR | O_CLOEXEC);
	container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	CHECK(group >= 0 && container >= 0);
	CHECK_EQ(ioctl(group, VFIO_GROUP_SET_CONTAINER, &container), 0);
}

TEST(log_reports_that_the_group_is_open)
{
	int fd, iommu;

	need_files();
	fd = open_file("NVME0");
	iommu = open_iommu();
	take_group(address_of("NVME0"));
	log_begin();
	CHECK_ERR(bind_file(fd, iommu), EBUSY);
	CHECK(log_says("its VFIO group is open, so its file cannot be bound"));
}
