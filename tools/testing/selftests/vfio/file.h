/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The calls of device files (/dev/vfio/devices/vfioN) and of /dev/iommu.
 * Functions that wrap one ioctl return what ioctl() returns.
 */
#ifndef SLUICE_VFIO_FILE_H
#define SLUICE_VFIO_FILE_H

#include <dirent.h>

#include "fixture.h"

/* vfio-pci and the kernel's own container backend have no device files */
static inline void need_files(void)
{
	if (access("/dev/vfio/devices", F_OK))
		SKIP("the disks have no device files");
}

/* The name of the device's file, found through sysfs as programs do */
static inline void file_name(const char *variable, char *name, size_t size)
{
	char folder[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	device_path(folder, variable, "vfio-dev");
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

	file_name(variable, name, sizeof(name));
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		ktap_fail("%s: %s", path, strerror(errno));
	return fd;
}

/* The device's group, outside a container; returns what open() returns */
static inline int open_group(const char *variable)
{
	char number[16], path[64];

	device_link(variable, "iommu_group", number, sizeof(number));
	snprintf(path, sizeof(path), "/dev/vfio/%s", number);
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

static inline int open_bound_file(const char *variable, int iommu)
{
	int fd = open_file(variable);

	if (bind_file(fd, iommu))
		ktap_fail("bind of %s: %s", variable, strerror(errno));
	return fd;
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

#endif
