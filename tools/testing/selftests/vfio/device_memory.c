// SPDX-License-Identifier: GPL-2.0
/*
 * Device memory in a container: kernel memory that is mapped the same way is
 * refused, and devices lose device memory when its owner unmaps, closes, resets
 * or disables it. The second disk has a controller memory buffer that the first
 * reads into. Runs over vfio_iommufd.ko; the kernel's own backend
 * (VFIO_BACKEND=type1) leaves device memory mapped, so that most tests skip
 * there.
 */
#include <linux/pci_regs.h>
#include <pthread.h>

#include "disk.h"
#include "kernel_memory.h"

TEST(kernel_memory_is_not_mapped_as_device_memory)
{
	char *at = memory_of_the_kernel(4 * PAGE);
	long long pinned = pinned_pages();
	struct box box;
	int fd = open_container(&box);

	CHECK_ERR(map(fd, IOVA, at, 4 * PAGE, RW), EFAULT);
	CHECK_ERR(map(fd, IOVA, at, PAGE, RW), EFAULT);
	CHECK_ERR(map(fd, IOVA, at, PAGE, VFIO_DMA_MAP_FLAG_READ), EFAULT);
	CHECK_EQ(unmap(fd, IOVA, 4 * PAGE), 0);
	CHECK_EQ(pinned_pages(), pinned);
}

/* Two disks in a container: the first reads into the memory of the second */
struct pair {
	struct box box;
	struct vfio_device second;
	struct nvme disk;
	char *bar;
	size_t size;
};

static void find_memory(struct pair *pair)
{
	pair->bar = vfio_device_bar(&pair->second, 2, &pair->size);
	if (!pair->bar)
		SKIP("the second disk has no memory: %s", fail_text());
}

static void pair_open(struct pair *pair, enum vfio_space_kind kind)
{
	if (backend_is_type1())
		SKIP("type1 leaves device memory mapped");
	disk_open(&pair->disk, &pair->box, kind);
	add_device(&pair->box.space, &pair->second, "NVME1");
	if (vfio_device_bus_master(&pair->second, false))
		ktap_fail("%s", fail_text());
	find_memory(pair);
	CHECK_EQ(map(pair->box.space.fd, IOVA, pair->bar, pair->size, RW), 0);
}

/* The first disk reaches the memory that is mapped at pair->bar */
static void check_reached(struct pair *pair, uint64_t block)
{
	memset(pair->bar, 0x5a, PAGE);
	disk_read(&pair->disk, block, 1, IOVA);
	CHECK(is_block(pair->bar, block, 0));
}

/*
 * The memory is accessible again at pair->bar, but the first disk reaches it
 * only after a new map.
 */
static void check_revoked(struct pair *pair)
{
	int fd = pair->box.space.fd;

	memset(pair->bar, 0x5a, PAGE);
	disk_read_blocked(&pair->disk, 7, 1, IOVA);
	CHECK(is_untouched(pair->bar, PAGE));
	CHECK_ERR(map(fd, IOVA, pair->bar, pair->size, RW), EEXIST);
	CHECK_EQ(unmap(fd, IOVA, pair->size), pair->size);
	CHECK_EQ(map(fd, IOVA, pair->bar, pair->size, RW), 0);
	check_reached(pair, 8);
	CHECK_EQ(unmap(fd, IOVA, pair->size), pair->size);
}

static int decode_memory(const struct vfio_device *device, bool on)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = VFIO_PCI_CONFIG_REGION_INDEX,
	};
	uint16_t command;

	if (ioctl(device->fd, VFIO_DEVICE_GET_REGION_INFO, &info))
		return -1;
	if (pread(device->fd, &command, 2, info.offset + PCI_COMMAND) != 2)
		return -1;
	command &= ~PCI_COMMAND_MEMORY;
	if (on)
		command |= PCI_COMMAND_MEMORY;
	return pwrite(device->fd, &command, 2, info.offset + PCI_COMMAND) != 2;
}

TEST(munmap_revokes_device_memory)
{
	struct pair pair;

	pair_open(&pair, VFIO_SPACE_TYPE1V2);
	check_reached(&pair, 3);
	CHECK_EQ(munmap(pair.bar, pair.size), 0);
	find_memory(&pair);
	check_revoked(&pair);
}

TEST(reset_revokes_device_memory)
{
	struct pair pair;

	pair_open(&pair, VFIO_SPACE_TYPE1V2);
	check_reached(&pair, 3);
	if (vfio_device_reset(&pair.second))
		SKIP("the second disk cannot be reset: %s", fail_text());
	check_revoked(&pair);
}

TEST(close_and_munmap_revoke_device_memory)
{
	struct pair pair;

	pair_open(&pair, VFIO_SPACE_TYPE1V2);
	check_reached(&pair, 3);
	vfio_device_close(&pair.second);
	/* The mmap() keeps the device open, and its memory reachable */
	check_reached(&pair, 4);
	CHECK_EQ(munmap(pair.bar, pair.size), 0);
	add_device(&pair.box.space, &pair.second, "NVME1");
	find_memory(&pair);
	check_revoked(&pair);
}

/* A hypervisor does this when its guest disables and enables memory decoding */
TEST(disabling_memory_decoding_revokes_device_memory)
{
	struct pair pair;
	int fd;

	pair_open(&pair, VFIO_SPACE_TYPE1V2);
	fd = pair.box.space.fd;
	check_reached(&pair, 3);
	CHECK_EQ(decode_memory(&pair.second, false), 0);
	CHECK_EQ(unmap(fd, IOVA, pair.size), pair.size);
	CHECK_ERR(map(fd, IOVA, pair.bar, pair.size, RW), EFAULT);
	CHECK_EQ(decode_memory(&pair.second, true), 0);
	CHECK_EQ(map(fd, IOVA, pair.bar, pair.size, RW), 0);
	check_reached(&pair, 4);
	CHECK_EQ(decode_memory(&pair.second, false), 0);
	CHECK_EQ(decode_memory(&pair.second, true), 0);
	check_revoked(&pair);
}

TEST(device_memory_split_by_v1_unmap_is_revoked)
{
	struct pair pair;
	int fd;

	pair_open(&pair, VFIO_SPACE_TYPE1);
	fd = pair.box.space.fd;
	CHECK_EQ(unmap(fd, IOVA + 8 * PAGE, PAGE), PAGE);
	CHECK_EQ(unmap(fd, IOVA + 2 * PAGE, 2 * PAGE), 2 * PAGE);
	check_reached(&pair, 3);
	CHECK_EQ(munmap(pair.bar, pair.size), 0);
	find_memory(&pair);
	memset(pair.bar, 0x5a, PAGE);
	disk_read_blocked(&pair.disk, 7, 1, IOVA);
	disk_read_blocked(&pair.disk, 7, 1, IOVA + PAGE);
	CHECK(is_untouched(pair.bar, PAGE));
	CHECK_EQ(unmap(fd, IOVA + PAGE, PAGE), PAGE);
	CHECK_EQ(unmap(fd, IOVA, pair.size), pair.size - 4 * PAGE);
}

TEST(memory_and_device_memory_are_mapped_in_one_call)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = VFIO_PCI_BAR0_REGION_INDEX,
	};
	long long pinned = pinned_pages();
	struct nvme disk;
	struct box box;
	char *at, *bar;
	int fd = open_container(&box);

	CHECK_EQ(ioctl(box.device.fd, VFIO_DEVICE_GET_REGION_INFO, &info), 0);
	for (int bar_page = 0; bar_page < 3; bar_page++) {
		at = memory(3 * PAGE);
		bar = at + bar_page * PAGE;
		CHECK(mmap(bar, PAGE, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_FIXED, box.device.fd,
			   info.offset) == bar);
		CHECK_EQ(map(fd, IOVA, at, 3 * PAGE, RW), 0);
		CHECK_EQ(pinned_pages(), pinned + 2);
		CHECK_ERR(unmap(fd, IOVA, PAGE), EINVAL);
		CHECK_ERR(unmap(fd, IOVA + PAGE, 2 * PAGE), EINVAL);
		CHECK_EQ(unmap(fd, IOVA, 3 * PAGE), 3 * PAGE);
		CHECK_EQ(pinned_pages(), pinned);
	}
	/* Ordinary memory beside device memory is reached */
	CHECK_EQ(map(fd, IOVA, at, 3 * PAGE, RW), 0);
	disk_start(&disk, &box.device, QUEUES);
	disk_read(&disk, 5, 1, IOVA + PAGE);
	CHECK(is_block(at + PAGE, 5, 0));
	CHECK_EQ(unmap(fd, IOVA, 3 * PAGE), 3 * PAGE);
}

#define ROUNDS 200

static void *toggle(void *device)
{
	for (int i = 0; i < ROUNDS; i++) {
		CHECK_EQ(decode_memory(device, false), 0);
		CHECK_EQ(decode_memory(device, true), 0);
	}
	return NULL;
}

TEST(device_memory_is_mapped_while_decoding_is_toggled)
{
	long long pinned = pinned_pages();
	struct box box;
	pthread_t thread;
	size_t size;
	char *bar;
	int fd = open_container(&box);

	bar = map_bar(&box.device, 0, &size);
	CHECK_EQ(pthread_create(&thread, NULL, toggle, &box.device), 0);
	for (int i = 0; i < ROUNDS; i++) {
		if (map(fd, IOVA, bar, size, RW)) {
			/* type1 may return EINVAL instead */
			CHECK(errno == EFAULT || backend_is_type1());
			continue;
		}
		CHECK_EQ(unmap(fd, IOVA, size), size);
	}
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_EQ(map(fd, IOVA, bar, size, RW), 0);
	CHECK_EQ(unmap(fd, IOVA, size), size);
	CHECK_EQ(pinned_pages(), pinned);
}
