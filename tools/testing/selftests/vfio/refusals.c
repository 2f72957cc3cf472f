// SPDX-License-Identifier: GPL-2.0
/*
 * A container that refuses a map because of a limit or a range logs the reason.
 * The lines are those of /dev/iommu, which ../iommufd/refusals.c tests one by
 * one; this program tests the ones that users of containers meet most. It must
 * be the first program in its machine: see kmsg.h.
 */
#include "file.h"
#include "fixture.h"
#include "kmsg.h"

/* The words are those of vfio_iommu_type1, as people search for them */
TEST(log_reports_the_limit_of_locked_memory)
{
	void *at = memory(64 * PAGE);
	struct box box;
	int fd = open_container(&box);

	log_begin();
	become_nobody(32 * PAGE);
	CHECK_EQ(map(fd, IOVA, at, 4 * PAGE, RW), 0);
	CHECK_ERR(map(fd, 2 * IOVA, at + 4 * PAGE, 29 * PAGE, RW), ENOMEM);
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
	open_container(&box);
	log_begin();
	CHECK_ERR(map(box.space.fd, 0xfee00000, memory(PAGE), PAGE, RW),
		  EINVAL);
	CHECK(log_says("IOVA 0xfee00000-0xfee00fff: 0xfee00000-0xfeefffff is reserved"));
}

/* Add the disk's group to a container, without opening the disk */
static void take_group(const char *variable)
{
	int group = open_group(variable), container = new_container();

	CHECK(group >= 0);
	CHECK_EQ(ioctl(group, VFIO_GROUP_SET_CONTAINER, &container), 0);
}

TEST(log_reports_that_the_group_is_open)
{
	int fd, iommu;

	need_files();
	fd = open_file("NVME0");
	iommu = open_iommu();
	take_group("NVME0");
	log_begin();
	CHECK_ERR(bind_file(fd, iommu), EBUSY);
	CHECK(log_says("its VFIO group is open, so its file cannot be bound"));
}
