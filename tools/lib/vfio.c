// SPDX-License-Identifier: GPL-2.0
/*
 * The order of calls. In a container: add a group, set the type, and only then
 * map memory and open the device. With /dev/iommu: allocate an IOAS, open the
 * device file, bind it to /dev/iommu, and attach it to the IOAS.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fail.h"
#include "vfio.h"
#include "vfio_abi.h"

int vfio_space_open(struct vfio_space *space, enum vfio_space_kind kind)
{
	bool iommufd = kind == VFIO_SPACE_IOMMUFD;
	const char *path = iommufd ? "/dev/iommu" : "/dev/vfio/vfio";

	*space = (struct vfio_space){ .kind = kind };
	space->fd = open(path, O_RDWR | O_CLOEXEC);
	if (space->fd < 0)
		return fail(errno, "cannot open %s", path);
	if (iommufd) {
		struct iommu_ioas_alloc cmd = { .size = sizeof(cmd) };

		if (ioctl(space->fd, IOMMU_IOAS_ALLOC, &cmd)) {
			close(space->fd);
			return fail(errno, "no IOAS from %s", path);
		}
		space->ioas_id = cmd.out_ioas_id;
	}
	return 0;
}

void vfio_space_close(struct vfio_space *space)
{
	close(space->fd);
}

/* With sPAPR, memory is registered before it is mapped, and stays registered */
static int register_memory(struct vfio_space *space, void *memory,
			   size_t length)
{
	struct vfio_iommu_spapr_register_memory cmd = {
		.argsz = sizeof(cmd),
		.vaddr = (uintptr_t)memory,
		.size = length,
	};

	if (ioctl(space->fd, VFIO_IOMMU_SPAPR_REGISTER_MEMORY, &cmd) &&
	    errno != EBUSY)
		return fail(errno, "cannot register %zu bytes", length);
	return 0;
}

int vfio_map(struct vfio_space *space, uint64_t iova, void *memory,
	     size_t length, enum vfio_prot prot)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = (prot & VFIO_PROT_READ ? VFIO_DMA_MAP_FLAG_READ : 0) |
			 (prot & VFIO_PROT_WRITE ? VFIO_DMA_MAP_FLAG_WRITE : 0),
		.vaddr = (uintptr_t)memory,
		.iova = iova,
		.size = length,
	};
	struct iommu_ioas_map cmd = {
		.size = sizeof(cmd),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA |
			 (prot & VFIO_PROT_READ ? IOMMU_IOAS_MAP_READABLE : 0) |
			 (prot & VFIO_PROT_WRITE ? IOMMU_IOAS_MAP_WRITEABLE : 0),
		.ioas_id = space->ioas_id,
		.user_va = (uintptr_t)memory,
		.length = length,
		.iova = iova,
	};
	int ret;

	if (space->kind == VFIO_SPACE_SPAPR) {
		ret = register_memory(space, memory, length);
		if (ret)
			return ret;
	}
	if (space->kind == VFIO_SPACE_IOMMUFD)
		ret = ioctl(space->fd, IOMMU_IOAS_MAP, &cmd);
	else
		ret = ioctl(space->fd, VFIO_IOMMU_MAP_DMA, &map);
	if (ret)
		return fail(errno, "cannot map %zu bytes at IOVA %#llx",
			    length, (unsigned long long)iova);
	return 0;
}

int vfio_unmap(struct vfio_space *space, uint64_t iova, size_t length)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = iova,
		.size = length,
	};
	struct iommu_ioas_unmap cmd = {
		.size = sizeof(cmd),
		.ioas_id = space->ioas_id,
		.iova = iova,
		.length = length,
	};
	int ret;

	if (space->kind == VFIO_SPACE_IOMMUFD)
		ret = ioctl(space->fd, IOMMU_IOAS_UNMAP, &cmd);
	else
		ret = ioctl(space->fd, VFIO_IOMMU_UNMAP_DMA, &unmap);
	if (ret)
		return fail(errno, "cannot unmap %zu bytes at IOVA %#llx",
			    length, (unsigned long long)iova);
	return 0;
}

/* The group number, from the target of the iommu_group link of the device */
static int sysfs_group(const char *address, char *number, size_t size)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *name;
	ssize_t len;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", address);
	if (access(path, F_OK))
		return fail(errno, "no PCI device %s", address);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group",
		 address);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return fail(ENODEV, "%s is behind no IOMMU that is in use",
			    address);
	target[len] = '\0';
	name = strrchr(target, '/');
	snprintf(number, size, "%.16s", name ? name + 1 : target);
	return 0;
}

static int container_type(const struct vfio_space *space)
{
	switch (space->kind) {
	case VFIO_SPACE_TYPE1:
		return VFIO_TYPE1_IOMMU;
	case VFIO_SPACE_SPAPR:
		return VFIO_SPAPR_TCE_v2_IOMMU;
	default:
		return VFIO_TYPE1v2_IOMMU;
	}
}

/* Add the group to the container, and set the type of the container */
static int join_container(struct vfio_device *device)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	struct vfio_space *space = device->space;

	if (ioctl(device->group_fd, VFIO_GROUP_GET_STATUS, &status))
		return fail(errno, "the group of %s has no status",
			    device->address);
	if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		return fail(EBUSY,
			    "another device of the group of %s has a kernel driver",
			    device->address);
	if (ioctl(device->group_fd, VFIO_GROUP_SET_CONTAINER, &space->fd))
		return fail(errno, "the container does not take the group of %s",
			    device->address);
	if (!space->typed &&
	    ioctl(space->fd, VFIO_SET_IOMMU, container_type(space)))
		return fail(errno,
			    "no container backend takes the group of %s (the kernel log may say why)",
			    device->address);
	space->typed = true;
	return 0;
}

static int open_by_group(struct vfio_device *device)
{
	char path[64], number[32];
	int ret;

	ret = sysfs_group(device->address, number, sizeof(number));
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "/dev/vfio/%s", number);
	device->group_fd = open(path, O_RDWR | O_CLOEXEC);
	if (device->group_fd < 0)
		return fail(errno, "cannot open %s (is %s bound to vfio-pci?)",
			    path, device->address);
	ret = join_container(device);
	if (ret)
		goto close_group;
	device->fd = ioctl(device->group_fd, VFIO_GROUP_GET_DEVICE_FD,
			   device->address);
	if (device->fd < 0) {
		ret = fail(errno, "the group %s does not give its device %s",
			  path, device->address);
		goto close_group;
	}
	return 0;

close_group:
	close(device->group_fd);
	return ret;
}

/*
 * The path of the device file: its name is the only entry of the vfio-dev
 * folder
 */
static int device_file(const char *address, char *path, size_t size)
{
	char folder[PATH_MAX];
	struct dirent *entry;
	int ret = -ENOENT;
	DIR *dir;

	snprintf(folder, sizeof(folder), "/sys/bus/pci/devices/%s/vfio-dev",
		 address);
	dir = opendir(folder);
	if (!dir)
		return fail(errno, "%s has no device file (is it bound to a VFIO driver that makes one?)",
			    address);
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, "vfio", 4))
			continue;
		snprintf(path, size, "/dev/vfio/devices/%s", entry->d_name);
		ret = 0;
		break;
	}
	closedir(dir);
	return ret ? fail(-ret, "no device file in %s", folder) : 0;
}

static int open_by_file(struct vfio_device *device)
{
	struct vfio_device_bind_iommufd bind = {
		.argsz = sizeof(bind),
		.iommufd = device->space->fd,
	};
	struct vfio_device_attach_iommufd_pt attach = {
		.argsz = sizeof(attach),
		.pt_id = device->space->ioas_id,
	};
	char path[PATH_MAX];
	int ret;

	ret = device_file(device->address, path, sizeof(path));
	if (ret)
		return ret;
	device->fd = open(path, O_RDWR | O_CLOEXEC);
	if (device->fd < 0)
		return fail(errno, "cannot open %s", path);
	if (ioctl(device->fd, VFIO_DEVICE_BIND_IOMMUFD, &bind))
		ret = fail(errno, "%s cannot be bound to /dev/iommu", path);
	else if (ioctl(device->fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach))
		ret = fail(errno, "%s cannot be attached to its IOAS", path);
	if (ret)
		close(device->fd);
	return ret;
}

int vfio_device_open(struct vfio_device *device, struct vfio_space *space,
		     const char *address)
{
	*device = (struct vfio_device){ .space = space, .group_fd = -1 };
	snprintf(device->address, sizeof(device->address), "%s%s",
		 strlen(address) == strlen("00:04.0") ? "0000:" : "", address);
	if (space->kind == VFIO_SPACE_IOMMUFD)
		return open_by_file(device);
	return open_by_group(device);
}

void vfio_device_close(struct vfio_device *device)
{
	close(device->fd);
	if (device->group_fd >= 0)
		close(device->group_fd);
}

static int region_info(struct vfio_device *device, int index,
		       struct vfio_region_info *info)
{
	*info = (struct vfio_region_info){
		.argsz = sizeof(*info),
		.index = index,
	};
	if (ioctl(device->fd, VFIO_DEVICE_GET_REGION_INFO, info))
		return fail(errno, "%s does not describe region %d",
			    device->address, index);
	return 0;
}

void *vfio_device_bar(struct vfio_device *device, int bar, size_t *size)
{
	struct vfio_region_info info;
	void *at;

	if (region_info(device, VFIO_PCI_BAR0_REGION_INDEX + bar, &info))
		return NULL;
	if (!(info.flags & VFIO_REGION_INFO_FLAG_MMAP)) {
		fail(ENODEV, "BAR %d of %s cannot be mapped", bar,
		     device->address);
		return NULL;
	}
	at = mmap(NULL, info.size, PROT_READ | PROT_WRITE, MAP_SHARED,
		  device->fd, info.offset);
	if (at == MAP_FAILED) {
		fail(errno, "cannot map BAR %d of %s", bar, device->address);
		return NULL;
	}
	*size = info.size;
	return at;
}

int vfio_device_bus_master(struct vfio_device *device, bool on)
{
	struct vfio_region_info info;
	uint16_t command;
	int ret;

	ret = region_info(device, VFIO_PCI_CONFIG_REGION_INDEX, &info);
	if (ret)
		return ret;
	if (pread(device->fd, &command, sizeof(command),
		  info.offset + PCI_COMMAND) != sizeof(command))
		return fail(EIO, "cannot read the command register of %s",
			    device->address);
	command &= ~PCI_COMMAND_MASTER;
	command |= PCI_COMMAND_MEMORY | (on ? PCI_COMMAND_MASTER : 0);
	if (pwrite(device->fd, &command, sizeof(command),
		   info.offset + PCI_COMMAND) != sizeof(command))
		return fail(EIO, "cannot write the command register of %s",
			    device->address);
	return 0;
}

int vfio_device_reset(struct vfio_device *device)
{
	if (ioctl(device->fd, VFIO_DEVICE_RESET))
		return fail(errno, "cannot reset %s", device->address);
	return 0;
}

void *vfio_alloc(size_t length)
{
	void *memory = mmap(NULL, length, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		fail(errno, "no memory for %zu bytes", length);
		return NULL;
	}
	return memory;
}
