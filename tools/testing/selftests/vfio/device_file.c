// SPDX-License-Identifier: GPL-2.0
/*
 * Device files (/dev/vfio/devices/vfioN): finding and opening them, binding
 * them to /dev/iommu, and their groups. Page tables are tested in
 * device_attach.c, the device's own calls in device_calls.c. Runs over
 * vfio-iommufd-pci with two disks.
 */
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "disk.h"
#include "file.h"
#include "leave.h"

/* Find and open */

TEST(sysfs_names_the_file_and_its_number)
{
	char name[64], path[128], number[32] = "";
	unsigned int major, minor;
	struct stat st;
	char *colon;
	int fd;

	file_name("NVME0", name, sizeof(name));
	snprintf(path, sizeof(path), "/sys/class/vfio-dev/%s/dev", name);
	fd = open(path, O_RDONLY);
	CHECK(fd >= 0);
	CHECK(read(fd, number, sizeof(number) - 1) > 0);
	major = strtoul(number, &colon, 10);
	CHECK_EQ(*colon, ':');
	minor = strtoul(colon + 1, NULL, 10);
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", name);
	CHECK_EQ(stat(path, &st), 0);
	CHECK(S_ISCHR(st.st_mode));
	CHECK_EQ(st.st_rdev, makedev(major, minor));
	CHECK_EQ(st.st_mode & 0777, 0600);
}

TEST(fdinfo_names_the_device)
{
	char path[64], line[PATH_MAX], wanted[PATH_MAX], device[PATH_MAX];
	int fd = open_file("NVME0");
	bool found = false;
	FILE *info;

	device_path(device, "NVME0", "");
	snprintf(wanted, sizeof(wanted), "vfio-device-syspath: %s\n",
		 realpath(device, line));
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = fopen(path, "r");
	CHECK(info);
	while (fgets(line, sizeof(line), info))
		found = found || !strcmp(line, wanted);
	fclose(info);
	CHECK(found);
}

/* Bind */

TEST(calls_before_bind_are_einval)
{
	int fd = open_file("NVME0");
	uint32_t id = 1;
	char byte;

	CHECK_ERR(get_info(fd), EINVAL);
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_RESET), EINVAL);
	CHECK_ERR(attach_file(fd, &id), EINVAL);
	CHECK_ERR(detach_file(fd), EINVAL);
	CHECK_ERR(read(fd, &byte, 1), EINVAL);
	CHECK_ERR(write(fd, &byte, 1), EINVAL);
	CHECK_ERR((intptr_t)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0),
		  EINVAL);
}

TEST(bind_refuses_malformed_arguments)
{
	struct vfio_device_bind_iommufd cmd = { .argsz = sizeof(cmd) - 1 };
	int fd = open_file("NVME0"), iommu = open_iommu();

	cmd.iommufd = iommu;
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, &cmd), EINVAL);
	cmd.argsz = sizeof(cmd);
	cmd.flags = ~VFIO_DEVICE_BIND_FLAG_TOKEN;
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, &cmd), EINVAL);
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, NULL), EFAULT);
	CHECK_ERR(bind_file(fd, -1), EINVAL);
	CHECK_ERR(bind_file(fd, 999), EBADF);
	CHECK_ERR(bind_file(fd, fd), EBADFD);
	CHECK_ERR(get_info(fd), EINVAL);
	CHECK_EQ(bind_file(fd, iommu), 0);
	CHECK_EQ(get_info(fd), 0);
}

TEST(bind_takes_longer_requests_with_a_zero_tail)
{
	struct {
		struct vfio_device_bind_token known;
		uint32_t unknown[1000];
	} cmd = { .known.argsz = offsetof(typeof(cmd), unknown[2]) };
	int fd = open_file("NVME0");

	cmd.known.iommufd = open_iommu();
	cmd.unknown[1] = 1;
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, &cmd), E2BIG);
	cmd.known.argsz = UINT32_MAX;
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, &cmd), E2BIG);
	cmd.unknown[1] = 0;
	cmd.known.argsz = sizeof(cmd.known) + 8;
	/* Without VFIO_DEVICE_BIND_FLAG_TOKEN the pointer is not read */
	cmd.known.token_uuid_ptr = 1;
	CHECK_EQ(ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, &cmd), 0);
	CHECK(cmd.known.out_devid);
	CHECK_EQ(get_info(fd), 0);
}

/* The device is neither a PF nor a VF, so it has no token */
TEST(token_for_a_device_without_sriov_is_einval)
{
	int fd = open_file("NVME0"), iommu = open_iommu();
	const uint8_t token[TOKEN_SIZE] = { 1 };

	CHECK_ERR(bind_with_token(fd, iommu, token), EINVAL);
	CHECK_ERR(bind_with_token(fd, iommu, NULL), EFAULT);
	CHECK_ERR(get_info(fd), EINVAL);
	CHECK_EQ(bind_file(fd, iommu), 0);
}

TEST(a_device_is_bound_once)
{
	int first = open_file("NVME0"), second = open_file("NVME0");
	int iommu = open_iommu();

	CHECK_EQ(bind_file(first, iommu), 0);
	CHECK_ERR(bind_file(first, iommu), EINVAL);
	CHECK_ERR(bind_file(second, iommu), EINVAL);
	CHECK_ERR(get_info(second), EINVAL);
	close(first);
	CHECK_EQ(bind_file(second, iommu), 0);
	CHECK_EQ(get_info(second), 0);
}

/* The group of the device */

TEST(device_opened_by_its_group_cannot_be_bound)
{
	int fd = open_file("NVME0"), iommu = open_iommu();
	struct box box;

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	CHECK_ERR(bind_file(fd, iommu), EBUSY);
	CHECK_ERR(get_info(fd), EINVAL);
	box_close(&box);
	CHECK_EQ(bind_file(fd, iommu), 0);
}

/* The owner of an open group could reset the device */
TEST(device_whose_group_is_open_cannot_be_bound)
{
	int fd = open_file("NVME0"), iommu = open_iommu();
	int group = open_group("NVME0");

	CHECK(group >= 0);
	CHECK_ERR(bind_file(fd, iommu), EBUSY);
	close(group);
	CHECK_EQ(bind_file(fd, iommu), 0);
}

TEST(group_of_a_bound_device_cannot_be_opened)
{
	int fd = open_file("NVME0"), second = open_file("NVME0");
	int iommu = open_iommu(), group;
	struct vfio_device device;
	struct vfio_space space;

	CHECK_EQ(bind_file(fd, iommu), 0);
	CHECK_ERR(open_group("NVME0"), EBUSY);
	/* The failed bind of another file leaves the group closed */
	CHECK_ERR(bind_file(second, iommu), EINVAL);
	CHECK_ERR(open_group("NVME0"), EBUSY);
	/* Other groups can still be opened */
	group = open_group("NVME1");
	CHECK(group >= 0);
	close(group);
	close(fd);
	CHECK_EQ(vfio_space_open(&space, VFIO_SPACE_TYPE1V2), 0);
	if (vfio_device_open(&device, &space, address_of("NVME0")))
		ktap_fail("%s", fail_text());
}

TEST(failed_bind_leaves_the_group_free)
{
	int fd = open_file("NVME0"), iommu = open_iommu();

	for (int i = 0; i < 3; i++) {
		CHECK_ERR(bind_file(fd, fd), EBADFD);
		CHECK_EQ(close(open_group("NVME0")), 0);
	}
	CHECK_EQ(bind_file(fd, iommu), 0);
	CHECK_ERR(open_group("NVME0"), EBUSY);
	close(fd);
	CHECK_EQ(close(open_group("NVME0")), 0);
}

/* The end of the driver, or of the process */

static void close_file(void *data)
{
	close(*(int *)data);
}

TEST(unbinding_the_driver_waits_for_the_file)
{
	int iommu = open_iommu(), fd = open_bound_file("NVME0", iommu);

	check_unbind_waits("NVME0", fd, close_file, &fd);
	fd = open_file("NVME0");
	CHECK_EQ(bind_file(fd, iommu), 0);
}

/* The node in /dev is removed first: the test has a node of its own */
TEST(device_being_unbound_cannot_be_opened)
{
	char name[64], path[128], unbind[PATH_MAX];
	int fd = open_bound_file("NVME0", open_iommu());
	struct leaving leaving;
	struct stat st;

	CHECK_EQ(fstat(fd, &st), 0);
	file_name("NVME0", name, sizeof(name));
	snprintf(path, sizeof(path), "/dev/shm/%s", name);
	unlink(path);
	CHECK_EQ(mknod(path, S_IFCHR | 0600, st.st_rdev), 0);
	close(open(path, O_RDWR));
	device_path(unbind, "NVME0", "driver/unbind");
	leaving = ask_to_leave(fd, unbind, address_of("NVME0"));
	CHECK_ERR(open(path, O_RDWR), ENXIO);
	check_has_not_left(&leaving);
	close(fd);
	check_has_left(&leaving);
	CHECK_ERR(open(path, O_RDWR), ENXIO);
	unlink(path);
	CHECK_EQ(write_sysfs("/sys/bus/pci/drivers_probe",
			     address_of("NVME0")), 0);
}

static void pin_64_pages(void)
{
	struct box box;

	box_open(&box, VFIO_SPACE_IOMMUFD, "NVME0");
	CHECK_EQ(vfio_map(&box.space, IOVA, memory(64 * PAGE), 64 * PAGE,
			  VFIO_PROT_RW), 0);
}

TEST(a_killed_process_leaves_nothing_behind)
{
	struct box box;

	check_kill_unpins(pin_64_pages, 64);
	box_open(&box, VFIO_SPACE_IOMMUFD, "NVME0");
}
