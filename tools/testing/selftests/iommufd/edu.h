/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Real devices: the edu devices of QEMU that EDU0 and EDU1 name, in an address
 * space of /dev/iommu. They are bound to vfio-iommufd-pci.
 */
#ifndef SLUICE_IOMMUFD_EDU_H
#define SLUICE_IOMMUFD_EDU_H

#include "fail.h"
#include "fixture.h"
#include "vfio.h"
#include "vfio_abi.h"

static struct vfio_space space;

static inline const char *edu_address(const char *variable)
{
	const char *address = getenv(variable);

	if (!address)
		SKIP("%s names no device", variable);
	return address;
}

/* An address space without a device, in a context of its own */
static inline uint32_t open_space(void)
{
	if (vfio_space_open(&space, VFIO_SPACE_IOMMUFD))
		ktap_fail("%s", fail_text());
	fd = space.fd;
	return space.ioas_id;
}

static inline void edu_open(struct vfio_device *edu, const char *variable)
{
	if (vfio_device_open(edu, &space, edu_address(variable)))
		ktap_fail("%s", fail_text());
}

/* An address space with EDU0 in it */
static inline uint32_t open_space_with(struct vfio_device *edu)
{
	uint32_t ioas;

	edu_address("EDU0");
	ioas = open_space();
	edu_open(edu, "EDU0");
	return ioas;
}

/* Attach to, or move to, an address space or a hardware page table */
static inline int edu_attach(const struct vfio_device *edu, uint32_t *pt_id)
{
	struct vfio_device_attach_iommufd_pt cmd = {
		.argsz = sizeof(cmd),
		.pt_id = *pt_id,
	};
	int ret = ioctl(edu->fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &cmd);

	*pt_id = cmd.pt_id;
	return ret;
}

static inline int edu_detach(const struct vfio_device *edu)
{
	struct vfio_device_detach_iommufd_pt cmd = { .argsz = sizeof(cmd) };

	return ioctl(edu->fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, &cmd);
}

#endif
