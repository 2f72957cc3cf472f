/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared by all programs of this folder: a box (a container or an address space
 * of /dev/iommu, with one device in it), the ioctls of containers, paths in
 * sysfs, and the number of pinned pages.
 *
 * Environment:
 *	NVME0, NVME1	PCI addresses of disks that are bound to a VFIO driver
 *	VFIO_BACKEND	"type1" if vfio.ko uses the kernel's own container
 *			backend; a test that expects another result there asks
 *			backend_is_type1()
 *	VFIO_COHERENT	"1" if the IOMMU enforces coherency
 */
#ifndef SLUICE_VFIO_FIXTURE_H
#define SLUICE_VFIO_FIXTURE_H

#include <fcntl.h>
#include <limits.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "fail.h"
#include "ktap.h"
#include "vfio.h"
#include "vfio_abi.h"

#define PAGE 4096ul
#define IOVA 0x40000000ull
#define NOBODY 65534

static inline bool backend_is_type1(void)
{
	const char *backend = getenv("VFIO_BACKEND");

	return backend && !strcmp(backend, "type1");
}

static inline bool iommu_is_coherent(void)
{
	const char *coherent = getenv("VFIO_COHERENT");

	return coherent && !strcmp(coherent, "1");
}

/* Devices */

static inline const char *address_of(const char *variable)
{
	const char *address = getenv(variable);

	if (!address)
		SKIP("%s names no device", variable);
	return address;
}

static inline void device_path(char path[PATH_MAX], const char *variable,
			       const char *entry)
{
	snprintf(path, PATH_MAX, "/sys/bus/pci/devices/%.32s/%s",
		 address_of(variable), entry);
}

/* The last part of a link's target; false if there is no such link */
static inline bool link_target(const char *path, char *last, size_t size)
{
	char target[PATH_MAX];
	ssize_t length = readlink(path, target, sizeof(target) - 1);

	if (length < 0)
		return false;
	target[length] = '\0';
	snprintf(last, size, "%s", strrchr(target, '/') + 1);
	return true;
}

static inline void device_link(const char *variable, const char *entry,
			       char *last, size_t size)
{
	char path[PATH_MAX];

	device_path(path, variable, entry);
	if (!link_target(path, last, size))
		ktap_fail("%s: %s", path, strerror(errno));
}

static inline void add_device(struct vfio_space *space,
			      struct vfio_device *device, const char *variable)
{
	if (vfio_device_open(device, space, address_of(variable)))
		ktap_fail("%s", fail_text());
}

static inline void *map_bar(struct vfio_device *device, int bar, size_t *size)
{
	void *at = vfio_device_bar(device, bar, size);

	if (!at)
		ktap_fail("%s", fail_text());
	return at;
}

/* A container of one kind, or /dev/iommu, with one device in it */
struct box {
	struct vfio_space space;
	struct vfio_device device;
};

/* Returns the file descriptor of the container or of /dev/iommu */
static inline int box_open(struct box *box, enum vfio_space_kind kind,
			   const char *variable)
{
	address_of(variable);
	if (vfio_space_open(&box->space, kind))
		ktap_fail("%s", fail_text());
	add_device(&box->space, &box->device, variable);
	return box->space.fd;
}

static inline void box_close(struct box *box)
{
	vfio_device_close(&box->device);
	vfio_space_close(&box->space);
}

/* A type1v2 container with NVME0 in it; returns its file descriptor */
static inline int open_container(struct box *box)
{
	return box_open(box, VFIO_SPACE_TYPE1V2, "NVME0");
}

/* A container without a group */
static inline int new_container(void)
{
	int fd = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);

	CHECK(fd >= 0);
	return fd;
}

static inline int get_info(int fd)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };

	return ioctl(fd, VFIO_DEVICE_GET_INFO, &info);
}

/* Set the eventfd of the first interrupt of an index */
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

/* Mappings of a container; these return -1 and errno on failure */

#define RW (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

/* Memory whose bytes are all 5ah: see is_untouched() */
static inline void *memory(size_t length)
{
	void *at = vfio_alloc(length);

	if (!at)
		ktap_fail("%s", fail_text());
	memset(at, 0x5a, length);
	return at;
}

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

/* Returns the number of bytes that were unmapped */
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

static inline long long unmap_all(int fd)
{
	return unmap_flags(fd, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL);
}

struct container_info {
	struct vfio_iommu_type1_info info;
	uint8_t capabilities[4096];
};

static inline void *find_capability(struct container_info *info, int id)
{
	uint32_t at = info->info.cap_offset;

	while (at) {
		struct vfio_info_cap_header *cap = (void *)info + at;

		CHECK(at + sizeof(*cap) <= info->info.argsz);
		if (cap->id == id)
			return cap;
		CHECK(cap->next > at || !cap->next);
		at = cap->next;
	}
	return NULL;
}

/* Pinned and locked memory */

static inline long long vmstat(const char *name)
{
	char key[64];
	long long value, found = -1;
	FILE *file;

	/* Each CPU has counts of its own: add them up now */
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

/* An ordinary user, with @limit bytes of RLIMIT_MEMLOCK, until seteuid(0) */
static inline void become_nobody(rlim_t limit)
{
	struct rlimit locked = { limit, limit };

	CHECK_EQ(setrlimit(RLIMIT_MEMLOCK, &locked), 0);
	CHECK_EQ(seteuid(NOBODY), 0);
}

/*
 * Kill a process that has done @pin, which pins that many pages. All of them
 * must be unpinned afterwards.
 */
static inline void check_kill_unpins(void (*pin)(void), int pages)
{
	long long before = pinned_pages();
	int ready[2], status;
	char byte;
	pid_t child;

	CHECK_EQ(pipe(ready), 0);
	child = fork();
	if (!child) {
		pin();
		CHECK_EQ(write(ready[1], "", 1), 1);
		pause();
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1) {
		CHECK_EQ(waitpid(child, &status, 0), child);
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
	}
	CHECK_EQ(pinned_pages(), before + pages);
	CHECK_EQ(kill(child, SIGKILL), 0);
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(pinned_pages(), before);
}

#endif
