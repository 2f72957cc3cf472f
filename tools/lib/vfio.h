/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PCI devices in user space through VFIO, for the tools and the tests here.
 *
 * A space is the address space of devices: a VFIO container (/dev/vfio/vfio),
 * or an IOAS of /dev/iommu. A device is opened in a space; memory is mapped in
 * the space at an IOVA that the caller chooses.
 *
 * Functions return 0 or a negative errno; fail_text() has the sentence.
 */
#ifndef SLUICE_TOOLS_VFIO_H
#define SLUICE_TOOLS_VFIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vfio_space_kind {
	VFIO_SPACE_TYPE1,	/* container, unmap may split a mapping */
	VFIO_SPACE_TYPE1V2,	/* container, as most programs use it */
	VFIO_SPACE_SPAPR,	/* container, with windows; memory is registered */
	VFIO_SPACE_IOMMUFD,	/* /dev/iommu and /dev/vfio/devices/vfioN */
};

enum vfio_prot {
	VFIO_PROT_READ = 1,	/* the device may read */
	VFIO_PROT_WRITE = 2,	/* the device may write */
	VFIO_PROT_RW = VFIO_PROT_READ | VFIO_PROT_WRITE,
};

/**
 * struct vfio_space - an address space for devices
 * @kind: container or IOAS
 * @fd: the open container or /dev/iommu
 * @ioas_id: the IOAS of /dev/iommu
 * @typed: the type of the container is set, which needs a group
 */
struct vfio_space {
	enum vfio_space_kind kind;
	int fd;
	uint32_t ioas_id;
	bool typed;
};

/**
 * struct vfio_device - a PCI device in a space
 * @space: the address space of its DMA
 * @address: such as 0000:00:04.0
 * @group_fd: its group, when the space is a container; or -1
 * @fd: the device
 */
struct vfio_device {
	struct vfio_space *space;
	char address[32];
	int group_fd;
	int fd;
};

int vfio_space_open(struct vfio_space *space, enum vfio_space_kind kind);
void vfio_space_close(struct vfio_space *space);

/**
 * vfio_map() - map memory of this process in a space
 * @space: a space with at least one device, if it is a container
 * @iova: IOVA of the mapping
 * @memory: address in this process
 * @length: bytes
 * @prot: access that devices have
 */
int vfio_map(struct vfio_space *space, uint64_t iova, void *memory,
	     size_t length, enum vfio_prot prot);

/**
 * vfio_unmap() - unmap a range of a space
 * @space: the space
 * @iova: first IOVA
 * @length: bytes
 *
 * Return: 0, even if a part of the range was not mapped; or a negative errno.
 */
int vfio_unmap(struct vfio_space *space, uint64_t iova, size_t length);

/**
 * vfio_device_open() - open a device that is bound to vfio-pci
 * @device: filled in
 * @space: the space of the device; must outlive it
 * @address: PCI address, with or without the domain
 */
int vfio_device_open(struct vfio_device *device, struct vfio_space *space,
		     const char *address);
void vfio_device_close(struct vfio_device *device);

/**
 * vfio_device_bar() - map a memory BAR into this process
 * @device: the device
 * @bar: 0 to 5
 * @size: set to its size in bytes
 *
 * Return: the address, or NULL; to be released with munmap().
 */
void *vfio_device_bar(struct vfio_device *device, int bar, size_t *size);

/**
 * vfio_device_bus_master() - enable or disable bus mastering
 * @device: the device
 * @on: true to enable
 */
int vfio_device_bus_master(struct vfio_device *device, bool on);
int vfio_device_reset(struct vfio_device *device);

/**
 * vfio_alloc() - allocate memory to map: whole pages, zeroed
 * @length: bytes
 *
 * Return: the memory, or NULL; to be released with munmap().
 */
void *vfio_alloc(size_t length);

#endif
