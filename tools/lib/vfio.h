/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PCI devices in user space through VFIO, for the tools and the tests here.
 *
 * A space is the address space that devices see: a VFIO container
 * (/dev/vfio/vfio), or an IOAS of /dev/iommu. Devices are opened into a space;
 * memory is mapped into it at an IOVA of the caller's choice.
 *
 * Functions return 0 or a negative errno; fail_text() has the sentence.
 */
#ifndef SLUICE_TOOLS_VFIO_H
#define SLUICE_TOOLS_VFIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vfio_space_kind {
	VFIO_SPACE_TYPE1,	/* container, the first semantics of unmap */
	VFIO_SPACE_TYPE1V2,	/* container, what today's programs use */
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
 * @kind: what it is made of
 * @fd: the open container or /dev/iommu
 * @ioas_id: which IOAS of /dev/iommu
 * @typed: the container has its IOMMU type; that needs a group first
 */
struct vfio_space {
	enum vfio_space_kind kind;
	int fd;
	uint32_t ioas_id;
	bool typed;
};

/**
 * struct vfio_device - a PCI device in a space
 * @space: the space it does its DMA in
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
 * vfio_map() - let the space's devices reach memory of this process
 * @space: a space with at least one device, if it is a container
 * @iova: where devices see it
 * @memory: what they see
 * @length: bytes
 * @prot: what they may do
 */
int vfio_map(struct vfio_space *space, uint64_t iova, void *memory,
	     size_t length, enum vfio_prot prot);

/**
 * vfio_unmap() - take memory away from the space's devices
 * @space: the space
 * @iova: where it was mapped
 * @length: bytes
 *
 * Return: 0, also when less was mapped there; or a negative errno.
 */
int vfio_unmap(struct vfio_space *space, uint64_t iova, size_t length);

/**
 * vfio_device_open() - open a device that is bound to vfio-pci
 * @device: filled in
 * @space: the space it joins; must outlive it
 * @address: PCI address, the domain may be left out
 */
int vfio_device_open(struct vfio_device *device, struct vfio_space *space,
		     const char *address);
void vfio_device_close(struct vfio_device *device);

/**
 * vfio_device_bar() - map a memory BAR into this process
 * @device: the device
 * @bar: 0 to 5
 * @size: its size in bytes is put here
 *
 * Return: where it is, or NULL; to be given back with munmap().
 */
void *vfio_device_bar(struct vfio_device *device, int bar, size_t *size);

/**
 * vfio_device_bus_master() - let the device do DMA, or forbid it
 * @device: the device
 * @on: whether it may
 */
int vfio_device_bus_master(struct vfio_device *device, bool on);
int vfio_device_reset(struct vfio_device *device);

/**
 * vfio_alloc() - memory to map: whole pages, zeroed
 * @length: bytes
 *
 * Return: the memory, or NULL; to be given back with munmap().
 */
void *vfio_alloc(size_t length);

#endif
