/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Device files and /dev/iommu, call by call. Those of VFIO and iommufd return
 * what ioctl() does.
 */
#ifndef SLUICE_VFIO_FILE_H
#define SLUICE_VFIO_FILE_H

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>

#include "fixture.h"

/* With vfio-pci, and on the kernel's own container backend, there are none */
static inline void need_files(void)
{
	if (access("/dev/vfio/devices", F_OK))
		SKIP("the disks have no device files");
}

/* The name of the device's file, as a program finds it through sysfs */
static inline void file_name(const char *address, char *name, size_t size)
{
	char folder[128];
	struct dirent *entry;
	DIR *dir;

	snprintf(folder, sizeof(folder), "/sys/bus/pci/devices/%s/vfio-dev",
		 address);
	dir = opendir(folder);
	CHECK(dir);
	do {
		entry = readdir(dir);
		CHECK(entry);
	} while (strncmp(entry->d_name, "vfio", 4));
	snprintf(name, size, "%.32s", entry->d_name);
	closedir(dir);
}

static inline int open_file(const char *variable)
{
	char name[64], path[128];
	int fd;

	file_name(address_of(variable), name, sizeof(name));
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		ktap_fail("%s: %s", path, strerror(errno));
	return fd;
}

/* The device's group, with nothing done to it; as open() has it */
static inline int open_group(const char *variable)
{
	char link[PATH_MAX], target[PATH_MAX], path[64];
	ssize_t length;

	snprintf(link, sizeof(link), "/sys/bus/pci/devices/%.32s/iommu_group",
		 address_of(variable));
	length = readlink(link, target, sizeof(target) - 1);
	CHECK(length > 0);
	target[length] = '\0';
	snprintf(path, sizeof(path), "/dev/vfio/%.16s",
		 strrchr(target, '/') + 1);
	return open(path, O_RDWR | O_CLOEXEC);
}

static inline int open_iommu(void)
{
	int fd = open("/dev/iommu", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		ktap_fail("/dev/iommu: %s", strerror(errno));
	return fd;
}

static inline uint32_t new_ioas(int iommu)
{
	struct iommu_ioas_alloc cmd = { .size = sizeof(cmd) };

	CHECK_EQ(ioctl(iommu, IOMMU_IOAS_ALLOC, &cmd), 0);
	return cmd.out_ioas_id;
}

static inline int destroy(int iommu, uint32_t id)
{
	struct iommu_destroy cmd = { .size = sizeof(cmd), .id = id };

	return ioctl(iommu, IOMMU_DESTROY, &cmd);
}

static inline int bind_file(int fd, int iommu)
{
	struct vfio_device_bind_iommufd cmd = {
		.argsz = sizeof(cmd),
		.iommufd = iommu,
	};

	return ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, &cmd);
}

#define TOKEN_SIZE 16

static inline int bind_with_token(int fd, int iommu, const uint8_t *token)
{
	struct vfio_device_bind_token cmd = {
		.argsz = sizeof(cmd),
		.flags = VFIO_DEVICE_BIND_FLAG_TOKEN,
		.iommufd = iommu,
		.token_uuid_ptr = (uintptr_t)token,
	};

	return ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, &cmd);
}

static inline int attach_file(int fd, uint32_t *id)
{
	struct vfio_device_attach_iommufd_pt cmd = {
		.argsz = sizeof(cmd),
		.pt_id = *id,
	};
	int ret = ioctl(fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &cmd);

	*id = cmd.pt_id;
	return ret;
}

static inline int detach_file(int fd)
{
	struct vfio_device_detach_iommufd_pt cmd = { .argsz = sizeof(cmd) };

	return ioctl(fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, &cmd);
}

static inline int get_info(int fd)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };

	return ioctl(fd, VFIO_DEVICE_GET_INFO, &info);
}

#endif
