// SPDX-License-Identifier: GPL-2.0
/*
 * Devices that do no DMA of their own, in a container: vfio_mock.ko makes two,
 * whose driver pins, reads and writes what a test says.
 */
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>

#include "../../../../drivers/testing/vfio_mock/vfio_mock.h"
#include "fixture.h"

struct mock {
	int group;
	int fd;
};

static int open_container(void)
{
	int fd = open("/dev/vfio/vfio", O_RDWR);

	CHECK(fd >= 0);
	return fd;
}

/* Put mock device @n into the container, and open it */
static void mock_open(struct mock *mock, int container, int n, int type)
{
	char path[128], target[PATH_MAX] = "", name[32];

	snprintf(name, sizeof(name), "vfio-mock.%d", n);
	snprintf(path, sizeof(path), "/sys/bus/platform/devices/%s/iommu_group",
		 name);
	if (readlink(path, target, sizeof(target) - 1) < 0)
		SKIP("vfio_mock.ko is not loaded");
	snprintf(path, sizeof(path), "/dev/vfio/%.32s", strrchr(target, '/') + 1);
	mock->group = open(path, O_RDWR);
	CHECK(mock->group >= 0);
	CHECK_EQ(ioctl(mock->group, VFIO_GROUP_SET_CONTAINER, &container), 0);
	if (type)
		CHECK_EQ(ioctl(container, VFIO_SET_IOMMU, type), 0);
	mock->fd = ioctl(mock->group, VFIO_GROUP_GET_DEVICE_FD, name);
	CHECK(mock->fd >= 0);
}

static void mock_close(struct mock *mock)
{
	close(mock->fd);
	close(mock->group);
}

static int mock_ask(const struct mock *mock, uint32_t op, uint64_t iova,
		    uint32_t nr, bool write)
{
	struct vfio_mock_cmd cmd = {
		.op = op,
		.write = write,
		.iova = iova,
		.nr = nr,
	};

	return ioctl(mock->fd, VFIO_MOCK_CMD, &cmd);
}

static int mock_copy(const struct mock *mock, uint32_t op, uint64_t iova,
		     void *buffer, size_t length, bool write)
{
	struct vfio_mock_cmd cmd = {
		.op = op,
		.write = write,
		.iova = iova,
		.length = length,
		.buffer = (uintptr_t)buffer,
	};

	return ioctl(mock->fd, VFIO_MOCK_CMD, &cmd);
}

static unsigned int times_asked(const struct mock *mock)
{
	struct vfio_mock_cmd cmd = { .op = VFIO_MOCK_COUNT };

	CHECK_EQ(ioctl(mock->fd, VFIO_MOCK_CMD, &cmd), 0);
	return cmd.nr;
}

TEST(a_pinned_page_is_the_page_that_is_mapped)
{
	char *at = memory(4 * PAGE), seen[16];
	int container = open_container();
	struct mock mock;

	mock_open(&mock, container, 0, VFIO_TYPE1v2_IOMMU);
	CHECK_EQ(map(container, IOVA, at, 4 * PAGE, RW), 0);
	CHECK_EQ(mock_ask(&mock, VFIO_MOCK_PIN, IOVA + PAGE, 2, true), 0);
	memcpy(at + 2 * PAGE, "after the pin", 14);
	CHECK_EQ(mock_copy(&mock, VFIO_MOCK_PEEK, IOVA + 2 * PAGE, seen, 14,
			   false), 0);
	CHECK(!strcmp(seen, "after the pin"));
	CHECK_EQ(mock_ask(&mock, VFIO_MOCK_UNPIN, IOVA + PAGE, 2, false), 0);
}

TEST(pages_are_pinned_only_while_a_driver_pins_them)
{
	int container = open_container();
	long long pinned = pinned_pages();
	struct mock mock;

	mock_open(&mock, container, 0, VFIO_TYPE1v2_IOMMU);
	CHECK_EQ(map(container, IOVA, memory(16 * PAGE), 16 * PAGE, RW), 0);
	CHECK_EQ(pinned_pages(), pinned);
	CHECK_EQ(mock_ask(&mock, VFIO_MOCK_PIN, IOVA, 3, true), 0);
	CHECK_EQ(pinned_pages(), pinned + 3);
	/* A second pin of the same page, and the first goes */
	CHECK_EQ(mock_ask(&mock, VFIO_MOCK_PIN, IOVA, 1, true), 0);
	CHECK_EQ(mock_ask(&mock, VFIO_MOCK_UNPIN, IOVA, 1, false), 0);
	CHECK_EQ(pinned_pages(), pinned + 3);
	CHECK_EQ(mock_ask(&mock, VFIO_MOCK_UNPIN, IOVA, 3, false), 0);
	CHECK_EQ(pinned_pages(), pinned);
}

TEST(pin_of_an_unmapped_range_is_einval)
{
	int container = open_container();
	long long pinned = pinned_pages();
	struct mock mock;

	mock_open(&mock, container, 0, VFIO_TYPE1v2_IOMMU);
	CHECK_EQ(map(container, IOVA, memory(2 * PAGE), 2 * PAGE, RW), 0);
	CHECK_ERR(mock_ask(&mock, VFIO_MOCK_PIN, IOVA + 2 * PAGE, 1, false),
		  EINVAL);
	CHECK_ERR(mock_ask(&mock, VFIO_MOCK_PIN, IOVA + PAGE, 2, false), EINVAL);
	CHECK_EQ(pinned_pages(), pinned);
}

TEST(a_driver_gets_no_more_access_than_the_mapping_grants)
{
	int container = open_container();
	char *at = memory(PAGE), buffer[8] = "changed";
	struct mock mock;

	mock_open(&mock, container, 0, VFIO_TYPE1v2_IOMMU);
	CHECK_EQ(map(container, IOVA, at, PAGE, VFIO_DMA_MAP_FLAG_READ), 0);
	CHECK_ERR(mock_ask(&mock, VFIO_MOCK_PIN, IOVA, 1, true), EPERM);
	CHECK_EQ(mock_ask(&mock, VFIO_MOCK_PIN, IOVA, 1, false), 0);
	CHECK_ERR(mock_copy(&mock, VFIO_MOCK_RW, IOVA, buffer, 8, true), EPERM);
	CHECK_EQ(mock_copy(&mock, VFIO_MOCK_RW, IOVA, buffer, 8, false), 0);
	CHECK(!memcmp(buffer, at, 8));
}

TEST(drivers_read_and_write_across_mappings)
{
	char *first = memory(PAGE), *second = memory(PAGE);
	char text[] = "from one mapping to the next", seen[sizeof(text)];
	const uint64_t at = IOVA + PAGE - 10;
	int container = open_container();
	struct mock mock;

	mock_open(&mock, container, 0, VFIO_TYPE1v2_IOMMU);
	CHECK_EQ(map(container, IOVA, first, PAGE, RW), 0);
	CHECK_EQ(map(container, IOVA + PAGE, second, PAGE, RW), 0);
	CHECK_EQ(mock_copy(&mock, VFIO_MOCK_RW, at, text, sizeof(text), true),
		 0);
	CHECK(!memcmp(first + PAGE - 10, text, 10));
	CHECK(!memcmp(second, text + 10, sizeof(text) - 10));
	CHECK_EQ(mock_copy(&mock, VFIO_MOCK_RW, at, seen, sizeof(seen), false),
		 0);
	CHECK(!strcmp(seen, text));
	CHECK_ERR(mock_copy(&mock, VFIO_MOCK_RW, IOVA + 2 * PAGE, seen, 8,
			    false), EINVAL);
}

TEST(unmap_asks_drivers_to_unpin)
{
	int container = open_container();
	long long pinned = pinned_pages();
	struct mock first, second;

	mock_open(&first, container, 0, VFIO_TYPE1v2_IOMMU);
	mock_open(&second, container, 1, 0);
	CHECK_EQ(map(container, IOVA, memory(8 * PAGE), 8 * PAGE, RW), 0);
	CHECK_EQ(mock_ask(&first, VFIO_MOCK_PIN, IOVA, 4, true), 0);
	CHECK_EQ(mock_ask(&second, VFIO_MOCK_PIN, IOVA + 2 * PAGE, 4, true), 0);
	CHECK_EQ(unmap(container, IOVA, 8 * PAGE), 8 * PAGE);
	CHECK(times_asked(&first) >= 1);
	CHECK(times_asked(&second) >= 1);
	CHECK_EQ(pinned_pages(), pinned);
	CHECK_ERR(mock_ask(&first, VFIO_MOCK_UNPIN, IOVA, 1, false), ENOENT);
}

TEST(unmap_is_ebusy_while_a_driver_keeps_its_pins)
{
	int container = open_container();
	char *at = memory(4 * PAGE), seen[8];
	struct mock mock;

	if (backend_is_type1())
		SKIP("type1 brings the machine down");
	mock_open(&mock, container, 0, VFIO_TYPE1v2_IOMMU);
	CHECK_EQ(map(container, IOVA, at, 4 * PAGE, RW), 0);
	CHECK_EQ(mock_ask(&mock, VFIO_MOCK_PIN, IOVA + PAGE, 1, true), 0);
	CHECK_EQ(mock_ask(&mock, VFIO_MOCK_STUBBORN, 0, 1, false), 0);
	CHECK_ERR(unmap(container, IOVA, 4 * PAGE), EBUSY);
	CHECK_EQ(mock_copy(&mock, VFIO_MOCK_PEEK, IOVA + PAGE, seen, 8, false),
		 0);
	CHECK(!memcmp(seen, at + PAGE, 8));
	CHECK_EQ(mock_ask(&mock, VFIO_MOCK_STUBBORN, 0, 0, false), 0);
	CHECK_EQ(unmap(container, IOVA, 4 * PAGE), 4 * PAGE);
}

TEST(closing_the_device_unpins_its_pages)
{
	int container = open_container();
	long long pinned = pinned_pages();
	struct mock mock;

	mock_open(&mock, container, 0, VFIO_TYPE1v2_IOMMU);
	CHECK_EQ(map(container, IOVA, memory(8 * PAGE), 8 * PAGE, RW), 0);
	CHECK_EQ(mock_ask(&mock, VFIO_MOCK_PIN, IOVA, 8, true), 0);
	CHECK_EQ(pinned_pages(), pinned + 8);
	mock_close(&mock);
	CHECK_EQ(pinned_pages(), pinned);
}

TEST(kill_unpins_the_pages_of_drivers)
{
	long long pinned = pinned_pages();
	int ready[2], status;
	struct mock mock;
	char byte;
	pid_t child;

	CHECK_EQ(pipe(ready), 0);
	child = fork();
	if (!child) {
		int container = open_container();

		mock_open(&mock, container, 0, VFIO_TYPE1v2_IOMMU);
		CHECK_EQ(map(container, IOVA, memory(8 * PAGE), 8 * PAGE, RW), 0);
		CHECK_EQ(mock_ask(&mock, VFIO_MOCK_PIN, IOVA, 8, true), 0);
		CHECK_EQ(write(ready[1], "", 1), 1);
		pause();
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		SKIP("vfio_mock.ko is not loaded");
	CHECK_EQ(pinned_pages(), pinned + 8);
	CHECK_EQ(kill(child, SIGKILL), 0);
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(pinned_pages(), pinned);
}

TEST(v1_container_refuses_pins_by_drivers)
{
	int container = open_container();
	struct mock mock;

	mock_open(&mock, container, 0, VFIO_TYPE1_IOMMU);
	CHECK_EQ(map(container, IOVA, memory(PAGE), PAGE, RW), 0);
	CHECK_ERR(mock_ask(&mock, VFIO_MOCK_PIN, IOVA, 1, true), EACCES);
}

TEST(without_hardware_there_are_no_iova_ranges)
{
	struct {
		struct vfio_iommu_type1_info info;
		uint8_t rest[4096];
	} info = { .info.argsz = sizeof(info) };
	int container = open_container();
	struct mock mock;

	mock_open(&mock, container, 0, VFIO_TYPE1v2_IOMMU);
	CHECK_EQ(ioctl(container, VFIO_IOMMU_GET_INFO, &info), 0);
	CHECK(info.info.iova_pgsizes & PAGE);
	for (uint32_t at = info.info.cap_offset; at;) {
		struct vfio_info_cap_header *cap = (void *)&info + at;

		CHECK(cap->id != VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE);
		at = cap->next;
	}
}

TEST(a_driver_and_a_disk_share_a_container)
{
	char *at = memory(4 * PAGE), seen[8];
	long long pinned = pinned_pages();
	struct mock mock;
	struct box box;

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	CHECK_EQ(map(box.space.fd, IOVA, at, 4 * PAGE, RW), 0);
	mock_open(&mock, box.space.fd, 0, 0);
	CHECK_EQ(mock_ask(&mock, VFIO_MOCK_PIN, IOVA, 2, true), 0);
	CHECK_EQ(mock_copy(&mock, VFIO_MOCK_PEEK, IOVA, seen, 8, false), 0);
	CHECK(!memcmp(seen, at, 8));
	/* The disk leaves: what the driver holds stays, the rest is free */
	vfio_device_close(&box.device);
	CHECK_EQ(pinned_pages(), pinned + 2);
	CHECK_EQ(mock_copy(&mock, VFIO_MOCK_PEEK, IOVA, seen, 8, false), 0);
	CHECK_EQ(unmap(box.space.fd, IOVA, 4 * PAGE), 4 * PAGE);
	CHECK_EQ(pinned_pages(), pinned);
}

static int tracking(int container, uint32_t flag)
{
	struct vfio_iommu_type1_dirty_bitmap cmd = {
		.argsz = sizeof(cmd),
		.flags = flag,
	};

	return ioctl(container, VFIO_IOMMU_DIRTY_PAGES, &cmd);
}

static uint64_t dirty_pages(int container)
{
	uint64_t bits = 0;
	struct {
		struct vfio_iommu_type1_dirty_bitmap head;
		struct vfio_iommu_type1_dirty_bitmap_get get;
	} cmd = {
		.head.argsz = sizeof(cmd),
		.head.flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP,
		.get.iova = IOVA,
		.get.size = 64 * PAGE,
		.get.bitmap.pgsize = PAGE,
		.get.bitmap.size = sizeof(bits),
		.get.bitmap.data = (void *)&bits,
	};

	CHECK_EQ(ioctl(container, VFIO_IOMMU_DIRTY_PAGES, &cmd), 0);
	return bits;
}

TEST(only_pinned_or_written_pages_are_dirty)
{
	int container = open_container();
	struct mock mock;
	char byte = 1;

	mock_open(&mock, container, 0, VFIO_TYPE1v2_IOMMU);
	CHECK_EQ(map(container, IOVA, memory(64 * PAGE), 64 * PAGE, RW), 0);
	CHECK_EQ(tracking(container, VFIO_IOMMU_DIRTY_PAGES_FLAG_START), 0);
	CHECK_EQ(mock_ask(&mock, VFIO_MOCK_PIN, IOVA + 3 * PAGE, 1, true), 0);
	CHECK_EQ(mock_copy(&mock, VFIO_MOCK_RW, IOVA + 5 * PAGE, &byte, 1, true),
		 0);
	CHECK_EQ(mock_copy(&mock, VFIO_MOCK_RW, IOVA + 7 * PAGE, &byte, 1,
			   false), 0);
	CHECK_EQ(dirty_pages(container), 1 << 3 | 1 << 5);
	/* Held still: it may have been written since */
	CHECK_EQ(dirty_pages(container), 1 << 3);
	CHECK_EQ(mock_ask(&mock, VFIO_MOCK_UNPIN, IOVA + 3 * PAGE, 1, false), 0);
	CHECK_EQ(dirty_pages(container), 1 << 3);
	CHECK_EQ(dirty_pages(container), 0);
	CHECK_EQ(tracking(container, VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP), 0);
}

static int unmap_telling(int container, uint64_t iova, uint64_t length,
			 void *bits)
{
	struct {
		struct vfio_iommu_type1_dma_unmap head;
		struct vfio_bitmap bitmap;
	} cmd = {
		.head.argsz = sizeof(cmd),
		.head.flags = VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP,
		.head.iova = iova,
		.head.size = length,
		.bitmap.pgsize = PAGE,
		.bitmap.size = sizeof(uint64_t),
		.bitmap.data = bits,
	};

	return ioctl(container, VFIO_IOMMU_UNMAP_DMA, &cmd);
}

TEST(failed_unmap_keeps_dirty_pages)
{
	int container = open_container();
	long long pinned = pinned_pages();
	uint64_t bits = 0;
	struct mock mock;
	char byte = 1;

	if (backend_is_type1())
		SKIP("type1 brings the machine down");
	mock_open(&mock, container, 0, VFIO_TYPE1v2_IOMMU);
	CHECK_EQ(map(container, IOVA, memory(64 * PAGE), 64 * PAGE, RW), 0);
	CHECK_EQ(tracking(container, VFIO_IOMMU_DIRTY_PAGES_FLAG_START), 0);
	CHECK_EQ(mock_copy(&mock, VFIO_MOCK_RW, IOVA + 5 * PAGE, &byte, 1, true),
		 0);
	/* The driver keeps a page */
	CHECK_EQ(mock_ask(&mock, VFIO_MOCK_PIN, IOVA + 3 * PAGE, 1, true), 0);
	CHECK_EQ(mock_ask(&mock, VFIO_MOCK_STUBBORN, 0, 1, false), 0);
	CHECK_ERR(unmap_telling(container, IOVA, 64 * PAGE, &bits), EBUSY);
	CHECK_EQ(mock_ask(&mock, VFIO_MOCK_STUBBORN, 0, 0, false), 0);
	/* The range ends in a mapping; the bitmap cannot be written */
	CHECK_ERR(unmap_telling(container, IOVA, 32 * PAGE, &bits), EINVAL);
	CHECK_ERR(unmap_telling(container, IOVA, 64 * PAGE, "readonly"),
		  EFAULT);
	bits = 0;
	CHECK_EQ(unmap_telling(container, IOVA, 64 * PAGE, &bits), 0);
	CHECK_EQ(bits, 1 << 3 | 1 << 5);
	/* What comes next to that place is clean but for what was let go */
	CHECK_EQ(map(container, IOVA, memory(64 * PAGE), 64 * PAGE, RW), 0);
	CHECK_EQ(dirty_pages(container) & ~(1ull << 3), 0);
	CHECK_EQ(unmap(container, IOVA, 64 * PAGE), 64 * PAGE);
	CHECK_EQ(pinned_pages(), pinned);
}

TEST(partial_write_marks_the_pages_it_reached_dirty)
{
	char *at = memory(PAGE), text[8] = "1234567";
	int container = open_container();
	struct mock mock;

	mock_open(&mock, container, 0, VFIO_TYPE1v2_IOMMU);
	CHECK_EQ(map(container, IOVA, at, PAGE, RW), 0);
	CHECK_EQ(tracking(container, VFIO_IOMMU_DIRTY_PAGES_FLAG_START), 0);
	/* Nothing is mapped behind the page, nor before it */
	CHECK_ERR(mock_copy(&mock, VFIO_MOCK_RW, IOVA + PAGE - 4, text, 8,
			    true), EINVAL);
	CHECK(!memcmp(at + PAGE - 4, "1234", 4));
	CHECK_EQ(dirty_pages(container), 1);
	CHECK_ERR(mock_copy(&mock, VFIO_MOCK_RW, IOVA - 4, text, 8, true),
		  EINVAL);
	CHECK_EQ(dirty_pages(container), 0);
}

/* Another thread's unmap that tells what was dirty */
struct unmapper {
	pthread_t thread;
	int container;
	uint64_t bits;
	int result;
};

static void *unmap_in_thread(void *arg)
{
	struct unmapper *u = arg;

	u->result = unmap_telling(u->container, IOVA, 64 * PAGE, &u->bits);
	return NULL;
}

TEST(unmap_reports_pages_written_while_it_waited)
{
	struct unmapper u = { .container = open_container() };
	struct mock stubborn, writer;
	char byte = 1;

	if (backend_is_type1())
		SKIP("type1 brings the machine down");
	mock_open(&stubborn, u.container, 0, VFIO_TYPE1v2_IOMMU);
	mock_open(&writer, u.container, 1, 0);
	CHECK_EQ(map(u.container, IOVA, memory(PAGE), PAGE, RW), 0);
	CHECK_EQ(map(u.container, IOVA + PAGE, memory(63 * PAGE), 63 * PAGE,
		     RW), 0);
	CHECK_EQ(tracking(u.container, VFIO_IOMMU_DIRTY_PAGES_FLAG_START), 0);
	CHECK_EQ(mock_ask(&stubborn, VFIO_MOCK_PIN, IOVA, 1, true), 0);
	CHECK_EQ(mock_ask(&stubborn, VFIO_MOCK_STUBBORN, 0, 1, false), 0);
	CHECK_EQ(pthread_create(&u.thread, NULL, unmap_in_thread, &u), 0);
	while (!times_asked(&stubborn))
		usleep(1000);
	/* What was dirty has been told, and nothing is unmapped yet */
	CHECK_EQ(mock_copy(&writer, VFIO_MOCK_RW, IOVA + 5 * PAGE, &byte, 1,
			   true), 0);
	CHECK_EQ(mock_ask(&writer, VFIO_MOCK_PIN, IOVA + 7 * PAGE, 1, true), 0);
	CHECK_EQ(mock_ask(&stubborn, VFIO_MOCK_STUBBORN, 0, 0, false), 0);
	CHECK_EQ(pthread_join(u.thread, NULL), 0);
	CHECK_EQ(u.result, 0);
	CHECK_EQ(u.bits, 1 << 0 | 1 << 5 | 1 << 7);
}
