// SPDX-License-Identifier: GPL-2.0
/*
 * Devices that are removed from the machine while a program has them open. A
 * device that is found again afterwards is another one: it has a new group, and
 * is bound anew.
 */
#include "disk.h"
#include "file.h"
#include "leave.h"

/* The device, and what its driver is called */
struct removal {
	const char *address;
	char driver[64];
	struct leaving leaving;
};

static void device_path(char *path, const char *address, const char *entry)
{
	snprintf(path, PATH_MAX, "/sys/bus/pci/devices/%.32s/%s", address,
		 entry);
}

static void removal_begin(struct removal *removal, const char *address, int fd)
{
	char path[PATH_MAX], target[PATH_MAX];
	ssize_t length;

	removal->address = address;
	device_path(path, address, "driver");
	length = readlink(path, target, sizeof(target) - 1);
	CHECK(length > 0);
	target[length] = '\0';
	snprintf(removal->driver, sizeof(removal->driver), "%.63s",
		 strrchr(target, '/') + 1);
	device_path(path, address, "remove");
	removal->leaving = ask_to_leave(fd, path, "1");
	check_has_not_left(&removal->leaving);
}

static void removal_end(struct removal *removal)
{
	char path[PATH_MAX];

	check_has_left(&removal->leaving);
	device_path(path, removal->address, "");
	CHECK_ERR(access(path, F_OK), ENOENT);
}

/* Find the device again, and give it to its driver */
static void find_again(const struct removal *removal)
{
	char path[PATH_MAX];
	int ret;

	CHECK_EQ(write_sysfs("/sys/bus/pci/rescan", "1"), 0);
	device_path(path, removal->address, "driver_override");
	CHECK_EQ(write_sysfs(path, removal->driver), 0);
	device_path(path, removal->address, "driver/unbind");
	ret = write_sysfs(path, removal->address);
	CHECK(!ret || ret == ENOENT);
	CHECK_EQ(write_sysfs("/sys/bus/pci/drivers_probe", removal->address),
		 0);
}

static void check_disk_works(enum vfio_space_kind kind, const char *variable,
			     int number)
{
	char *at = memory(PAGE);
	struct nvme disk;
	struct box box;

	box_open(&box, kind, variable);
	disk_start(&disk, &box.device, QUEUES);
	CHECK_EQ(vfio_map(&box.space, IOVA, at, PAGE, VFIO_PROT_RW), 0);
	disk_read(&disk, 21, 1, IOVA);
	CHECK(is_block(at, 21, number));
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

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	disk_start(&disk, &box.device, QUEUES);
	CHECK_EQ(map(box.space.fd, IOVA, at, PAGE, RW), 0);
	removal_begin(&removal, address_of("NVME0"), box.device.fd);
	/* It reads, and memory can still be mapped for it */
	CHECK_EQ(map(box.space.fd, IOVA + PAGE, at + PAGE, PAGE, RW), 0);
	disk_read(&disk, 11, 1, IOVA);
	disk_read(&disk, 12, 1, IOVA + PAGE);
	CHECK(is_block(at, 11, 0));
	CHECK(is_block(at + PAGE, 12, 0));
	nvme_close(&disk);
	vfio_device_close(&box.device);
	removal_end(&removal);
	/* The container is empty, and of use to nobody */
	CHECK_ERR(map(box.space.fd, IOVA, at, PAGE, RW), EINVAL);
	vfio_space_close(&box.space);
	CHECK_EQ(pinned_pages(), pinned);

	find_again(&removal);
	check_disk_works(VFIO_SPACE_TYPE1V2, "NVME0", 0);
	CHECK_EQ(pinned_pages(), pinned);
}

TEST(other_device_of_the_container_keeps_working)
{
	struct nvme disk, other_disk;
	struct vfio_device other;
	struct removal removal;
	char *at = memory(PAGE);
	struct box box;

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	disk_start(&disk, &box.device, QUEUES);
	if (vfio_device_open(&other, &box.space, address_of("NVME1")))
		ktap_fail("%s", fail_text());
	disk_start(&other_disk, &other, MORE_QUEUES);
	CHECK_EQ(map(box.space.fd, IOVA, at, PAGE, RW), 0);
	removal_begin(&removal, address_of("NVME0"), box.device.fd);
	nvme_close(&disk);
	vfio_device_close(&box.device);
	removal_end(&removal);

	disk_read(&other_disk, 8, 1, IOVA);
	CHECK(is_block(at, 8, 1));
	CHECK_EQ(unmap(box.space.fd, IOVA, PAGE), PAGE);
	memset(at, 0x5a, PAGE);
	disk_read_blocked(&other_disk, 8, 1, IOVA);
	CHECK(is_untouched(at, PAGE));

	/* What was removed comes back to where it was */
	find_again(&removal);
	if (vfio_device_open(&box.device, &box.space, address_of("NVME0")))
		ktap_fail("%s", fail_text());
	CHECK_EQ(map(box.space.fd, IOVA, at, PAGE, RW), 0);
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
	box_open(&box, VFIO_SPACE_IOMMUFD, "NVME0");
	disk_start(&disk, &box.device, QUEUES);
	CHECK_EQ(vfio_map(&box.space, IOVA, at, PAGE, VFIO_PROT_RW), 0);
	removal_begin(&removal, address_of("NVME0"), box.device.fd);
	disk_read(&disk, 13, 1, IOVA);
	CHECK(is_block(at, 13, 0));
	nvme_close(&disk);
	vfio_device_close(&box.device);
	removal_end(&removal);
	/* The address space has nobody in it, and is there all the same */
	CHECK_EQ(vfio_unmap(&box.space, IOVA, PAGE), 0);
	vfio_space_close(&box.space);
	CHECK_EQ(pinned_pages(), pinned);

	find_again(&removal);
	check_disk_works(VFIO_SPACE_IOMMUFD, "NVME0", 0);
	CHECK_EQ(pinned_pages(), pinned);
}
