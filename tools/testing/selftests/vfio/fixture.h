/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of VFIO containers share: a container with the disk of
 * NVME0 in it, the container's ioctls as functions that fail the test, and the
 * count of pinned pages.
 *
 * The backend is the one that vfio.ko asks first; VFIO_BACKEND=type1 says that
 * it is the kernel's own, which differs in the places that ask for it.
 */
#ifndef SLUICE_VFIO_FIXTURE_H
#define SLUICE_VFIO_FIXTURE_H

#include <linux/vfio.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "fail.h"
#include "ktap.h"
#include "vfio.h"
#include "vfio_abi.h"

#define PAGE 4096ul
#define IOVA 0x40000000ull

static inline bool backend_is_type1(void)
{
	const char *backend = getenv("VFIO_BACKEND");

	return backend && !strcmp(backend, "type1");
}

/* VFIO_COHERENT=1 says that the IOMMU enforces coherency */
static inline bool iommu_is_coherent(void)
{
	const char *coherent = getenv("VFIO_COHERENT");

	return coherent && !strcmp(coherent, "1");
}

static inline const char *address_of(const char *variable)
{
	const char *address = getenv(variable);

	if (!address)
		SKIP("%s names no device", variable);
	return address;
}

/* A container of one kind with one device in it */
struct box {
	struct vfio_space space;
	struct vfio_device device;
};

static inline void box_open(struct box *box, enum vfio_space_kind kind,
			    const char *variable)
{
	const char *address = address_of(variable);

	if (vfio_space_open(&box->space, kind) ||
	    vfio_device_open(&box->device, &box->space, address))
		ktap_fail("%s", fail_text());
}

static inline void box_close(struct box *box)
{
	vfio_device_close(&box->device);
	vfio_space_close(&box->space);
}

static inline void *memory(size_t length)
{
	void *at = vfio_alloc(length);

	if (!at)
		ktap_fail("%s", fail_text());
	memset(at, 0x5a, length);
	return at;
}

/* -1 and errno, as ioctl() has it */
static inline int map(int fd, uint64_t iova, const void *at, uint64_t length,
		      uint32_t flags)
{
	struct vfio_iommu_type1_dma_map cmd = {
		.argsz = sizeof(cmd),
		.flags = flags,
		.vaddr = (uintptr_t)at,
		.iova = iova,
		.size = length,
	};

	return ioctl(fd, VFIO_IOMMU_MAP_DMA, &cmd);
}

#define RW (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

/* Bytes unmapped, or -1 and errno */
static inline long long unmap_flags(int fd, uint64_t iova, uint64_t length,
				    uint32_t flags)
{
	struct vfio_iommu_type1_dma_unmap cmd = {
		.argsz = sizeof(cmd),
		.flags = flags,
		.iova = iova,
		.size = length,
	};

	return ioctl(fd, VFIO_IOMMU_UNMAP_DMA, &cmd) ? -1 : (long long)cmd.size;
}

static inline long long unmap(int fd, uint64_t iova, uint64_t length)
{
	return unmap_flags(fd, iova, length, 0);
}

/* Let the first interrupt of an index signal; as ioctl() has it */
static inline int set_eventfd(int fd, uint32_t index, int eventfd)
{
	struct {
		struct vfio_irq_set head;
		int32_t fd;
	} set = {
		.head.argsz = sizeof(set),
		.head.flags = VFIO_IRQ_SET_DATA_EVENTFD |
			      VFIO_IRQ_SET_ACTION_TRIGGER,
		.head.index = index,
		.head.count = 1,
		.fd = eventfd,
	};

	return ioctl(fd, VFIO_DEVICE_SET_IRQS, &set);
}

static inline long long vmstat(const char *name)
{
	char key[64];
	long long value, found = -1;
	FILE *file;

	/* The CPUs count apart, and are added up now and then; or now */
	file = fopen("/proc/sys/vm/stat_refresh", "w");
	if (!file || fputc('1', file) == EOF || fclose(file))
		ktap_fail("/proc/sys/vm/stat_refresh cannot be written");
	file = fopen("/proc/vmstat", "r");

	if (!file)
		ktap_fail("no /proc/vmstat");
	while (fscanf(file, "%63s %lld", key, &value) == 2)
		if (!strcmp(key, name))
			found = value;
	fclose(file);
	if (found < 0)
		ktap_fail("no %s in /proc/vmstat", name);
	return found;
}

/* Pages that are pinned now, in the whole machine */
static inline long long pinned_pages(void)
{
	return vmstat("nr_foll_pin_acquired") - vmstat("nr_foll_pin_released");
}

#endif
