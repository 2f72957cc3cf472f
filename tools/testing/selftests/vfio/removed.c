// SPDX-License-Identifier: GPL-2.0
/*
 * Devices that are removed from the machine while a program has them open: the
 * removal waits until they are closed. After a rescan the device has a new
 * group and is bound again. Runs over containers, and over device files where
 * there are any.
 */
#include "disk.h"
#include "file.h"
#include "leave.h"

/* The device that NVME0 or NVME1 names, and the name of its driver */
struct removal {
	const char *variable;
	char driver[64];
	struct leaving leaving;
};

static void removal_begin(struct removal *removal, const char *variable, int fd)
{
	char path[PATH_MAX];

	removal->variable = variable;
	device_link(variable, "driver", removal->driver,
		    sizeof(removal->driver));
	device_path(path, variable, "remove");
	removal->leaving = ask_to_leave(fd, path, "1");
	check_has_not_left(&removal->leaving);
}

static void removal_end(struct removal *removal)
{
	char path[PATH_MAX];

	check_has_left(&removal->leaving);
	device_path(path, removal->variable, "");
	CHECK_ERR(access(path, F_OK), ENOENT);
}

/* Rescan the bus, and bind the device to its driver again */
static void rescan(const struct removal *removal)
{
	const char *address = address_of(removal->variable);
	char path[PATH_MAX];
	int ret;

	CHECK_EQ(write_sysfs("/sys/bus/pci/rescan", "1"), 0);
	device_path(path, removal->variable, "driver_override");
	CHECK_EQ(write_sysfs(path, removal->driver), 0);
	device_path(path, removal->variable, "driver/unbind");
	ret = write_sysfs(path, address);
	CHECK(!ret || ret == ENOENT);
	CHECK_EQ(write_sysfs("/sys/bus/pci/drivers_probe", address), 0);
}

static void check_disk_works(enum vfio_space_kind kind)
{
	char *at = memory(PAGE);
	struct nvme disk;
	struct box box;

	disk_open(&disk, &box, kind);
	CHECK_EQ(vfio_map(&box.space, IOVA, at, PAGE, VFIO_PROT_RW), 0);
	disk_read(&disk, 21, 1, IOVA);
	CHECK(is_block(at, 21, 0));
	nvme_close(&disk);
	box_close(&box);
}

TEST(a_device_is_removed_when_its_group_is_closed)
{
	long long pinned = pinned_pages();
	char *at = memory(2 * PAGE);
	struct removal removal;
	struct nvme disk;
	struct box box;
	int fd = disk_open(&disk, &box, VFIO_SPACE_TYPE1V2);

	CHECK_EQ(map(fd, IOVA, at, PAGE, RW), 0);
	removal_begin(&removal, "NVME0", box.device.fd);
	/* The disk still reads, and memory can still be mapped for it */
	CHECK_EQ(map(fd, IOVA + PAGE, at + PAGE, PAGE, RW), 0);
	disk_read(&disk, 11, 1, IOVA);
	disk_read(&disk, 12, 1, IOVA + PAGE);
	CHECK(is_block(at, 11, 0));
	CHECK(is_block(at + PAGE, 12, 0));
	nvme_close(&disk);
	vfio_device_close(&box.device);
	removal_end(&removal);
	/* A container without a group cannot map */
	CHECK_ERR(map(fd, IOVA, at, PAGE, RW), EINVAL);
	vfio_space_close(&box.space);
	CHECK_EQ(pinned_pages(), pinned);

	rescan(&removal);
	check_disk_works(VFIO_SPACE_TYPE1V2);
	CHECK_EQ(pinned_pages(), pinned);
}

TEST(other_device_of_the_container_keeps_working)
{
	struct nvme disk, other_disk;
	struct vfio_device other;
	struct removal removal;
	char *at = memory(PAGE);
	struct box box;
	int fd = disk_open(&disk, &box, VFIO_SPACE_TYPE1V2);

	add_disk(&other_disk, &box.space, &other);
	CHECK_EQ(map(fd, IOVA, at, PAGE, RW), 0);
	removal_begin(&removal, "NVME0", box.device.fd);
	nvme_close(&disk);
	vfio_device_close(&box.device);
	removal_end(&removal);

	disk_read(&other_disk, 8, 1, IOVA);
	CHECK(is_block(at, 8, 1));
	CHECK_EQ(unmap(fd, IOVA, PAGE), PAGE);
	memset(at, 0x5a, PAGE);
	disk_read_blocked(&other_disk, 8, 1, IOVA);
	CHECK(is_untouched(at, PAGE));

	/* The device is found again and joins the same container */
	rescan(&removal);
	add_device(&box.space, &box.device, "NVME0");
	CHECK_EQ(map(fd, IOVA, at, PAGE, RW), 0);
	disk_start(&disk, &box.device, QUEUES);
	disk_read(&disk, 9, 1, IOVA);
	CHECK(is_block(at, 9, 0));
}

TEST(a_device_is_removed_when_its_file_is_closed)
{
	long long pinned = pinned_pages();
	char *at = memory(PAGE);
	struct removal removal;
	struct nvme disk;
	struct box box;

	need_files();
	disk_open(&disk, &box, VFIO_SPACE_IOMMUFD);
	CHECK_EQ(vfio_map(&box.space, IOVA, at, PAGE, VFIO_PROT_RW), 0);
	removal_begin(&removal, "NVME0", box.device.fd);
	disk_read(&disk, 13, 1, IOVA);
	CHECK(is_block(at, 13, 0));
	nvme_close(&disk);
	vfio_device_close(&box.device);
	removal_end(&removal);
	/* The address space exists without a device */
	CHECK_EQ(vfio_unmap(&box.space, IOVA, PAGE), 0);
	vfio_space_close(&box.space);
	CHECK_EQ(pinned_pages(), pinned);

	rescan(&removal);
	check_disk_works(VFIO_SPACE_IOMMUFD);
	CHECK_EQ(pinned_pages(), pinned);
}
