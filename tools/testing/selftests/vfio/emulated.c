// SPDX-License-Identifier: GPL-2.0
/*
 * Emulated devices in a container: they do no DMA, so their driver pins, reads
 * and writes pages through vfio_pin_pages() and vfio_dma_rw(). vfio_mock.ko has
 * two such devices, and does what a test asks for. Runs over vfio_iommufd.ko,
 * and over the kernel's own backend where VFIO_BACKEND=type1.
 */
#include <pthread.h>

#include "../../../../drivers/testing/vfio_mock/vfio_mock.h"
#include "dirty.h"
#include "fixture.h"

struct mock {
	int group;
	int fd;
};

/*
 * Add mock device @n to the container, set the type unless it is 0, and open it
 */
static void mock_open(struct mock *mock, int container, int n, int type)
{
	char path[128], number[16], name[32];

	snprintf(name, sizeof(name), "vfio-mock.%d", n);
	snprintf(path, sizeof(path), "/sys/bus/platform/devices/%s/iommu_group",
		 name);
	if (!link_target(path, number, sizeof(number)))
		SKIP("vfio_mock.ko is not loaded");
	snprintf(path, sizeof(path), "/dev/vfio/%s", number);
	mock->group = open(path, O_RDWR);
	CHECK(mock->group >= 0);
	CHECK_EQ(ioctl(mock->group, VFIO_GROUP_SET_CONTAINER, &container), 0);
	if (type)
		CHECK_EQ(ioctl(container, VFIO_SET_IOMMU, type), 0);
	mock->fd = ioctl(mock->group, VFIO_GROUP_GET_DEVICE_FD, name);
	CHECK(mock->fd >= 0);
}

/* A type1v2 container with mock device 0; returns its file descriptor */
static int open_mock_container(struct mock *mock)
{
	int container = new_container();

	mock_open(mock, container, 0, VFIO_TYPE1v2_IOMMU);
	return container;
}

static void mock_close(struct mock *mock)
{
	close(mock->fd);
	close(mock->group);
}

/* Requests to the driver: they return what ioctl() returns */

static int mock_pin(const struct mock *mock, uint64_t iova, uint32_t pages,
		    bool write)
{
	struct vfio_mock_cmd cmd = {
		.op = VFIO_MOCK_PIN,
		.write = write,
		.iova = iova,
		.nr = pages,
	};

	return ioctl(mock->fd, VFIO_MOCK_CMD, &cmd);
}

static int mock_unpin(const struct mock *mock, uint64_t iova, uint32_t pages)
{
	struct vfio_mock_cmd cmd = {
		.op = VFIO_MOCK_UNPIN,
		.iova = iova,
		.nr = pages,
	};

	return ioctl(mock->fd, VFIO_MOCK_CMD, &cmd);
}

/* Let the driver ignore requests to unpin, or obey them again */
static void mock_keep_pins(const struct mock *mock, bool keep)
{
	struct vfio_mock_cmd cmd = { .op = VFIO_MOCK_STUBBORN, .nr = keep };

	CHECK_EQ(ioctl(mock->fd, VFIO_MOCK_CMD, &cmd), 0);
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

/* Read a page that the driver has pinned */
static int mock_peek(const struct mock *mock, uint64_t iova, void *buffer,
		     size_t length)
{
	return mock_copy(mock, VFIO_MOCK_PEEK, iova, buffer, length, false);
}

static int mock_read(const struct mock *mock, uint64_t iova, void *buffer,
		     size_t length)
{
	return mock_copy(mock, VFIO_MOCK_RW, iova, buffer, length, false);
}

static int mock_write(const struct mock *mock, uint64_t iova, void *buffer,
		      size_t length)
{
	return mock_copy(mock, VFIO_MOCK_RW, iova, buffer, length, true);
}

/* How often the driver was asked to unpin */
static unsigned int times_asked(const struct mock *mock)
{
	struct vfio_mock_cmd cmd = { .op = VFIO_MOCK_COUNT };

	CHECK_EQ(ioctl(mock->fd, VFIO_MOCK_CMD, &cmd), 0);
	return cmd.nr;
}

TEST(a_pinned_page_is_the_page_that_is_mapped)
{
	char *at = memory(4 * PAGE), seen[16];
	struct mock mock;
	int container = open_mock_container(&mock);

	CHECK_EQ(map(container, IOVA, at, 4 * PAGE, RW), 0);
	CHECK_EQ(mock_pin(&mock, IOVA + PAGE, 2, true), 0);
	memcpy(at + 2 * PAGE, "after the pin", 14);
	CHECK_EQ(mock_peek(&mock, IOVA + 2 * PAGE, seen, 14), 0);
	CHECK(!strcmp(seen, "after the pin"));
	CHECK_EQ(mock_unpin(&mock, IOVA + PAGE, 2), 0);
}

TEST(pages_are_pinned_only_while_a_driver_pins_them)
{
	long long pinned = pinned_pages();
	struct mock mock;
	int container = open_mock_container(&mock);

	CHECK_EQ(map(container, IOVA, memory(16 * PAGE), 16 * PAGE, RW), 0);
	CHECK_EQ(pinned_pages(), pinned);
	CHECK_EQ(mock_pin(&mock, IOVA, 3, true), 0);
	CHECK_EQ(pinned_pages(), pinned + 3);
	/* Pin a page twice, and drop one of both pins */
	CHECK_EQ(mock_pin(&mock, IOVA, 1, true), 0);
	CHECK_EQ(mock_unpin(&mock, IOVA, 1), 0);
	CHECK_EQ(pinned_pages(), pinned + 3);
	CHECK_EQ(mock_unpin(&mock, IOVA, 3), 0);
	CHECK_EQ(pinned_pages(), pinned);
}

TEST(pin_of_an_unmapped_range_is_einval)
{
	long long pinned = pinned_pages();
	struct mock mock;
	int container = open_mock_container(&mock);

	CHECK_EQ(map(container, IOVA, memory(2 * PAGE), 2 * PAGE, RW), 0);
	CHECK_ERR(mock_pin(&mock, IOVA + 2 * PAGE, 1, false), EINVAL);
	CHECK_ERR(mock_pin(&mock, IOVA + PAGE, 2, false), EINVAL);
	CHECK_EQ(pinned_pages(), pinned);
}

TEST(a_driver_gets_no_more_access_than_the_mapping_grants)
{
	char *at = memory(PAGE), buffer[8] = "changed";
	struct mock mock;
	int container = open_mock_container(&mock);

	CHECK_EQ(map(container, IOVA, at, PAGE, VFIO_DMA_MAP_FLAG_READ), 0);
	CHECK_ERR(mock_pin(&mock, IOVA, 1, true), EPERM);
	CHECK_EQ(mock_pin(&mock, IOVA, 1, false), 0);
	CHECK_ERR(mock_write(&mock, IOVA, buffer, 8), EPERM);
	CHECK_EQ(mock_read(&mock, IOVA, buffer, 8), 0);
	CHECK(!memcmp(buffer, at, 8));
}

TEST(drivers_read_and_write_across_mappings)
{
	char *first = memory(PAGE), *second = memory(PAGE);
	char text[] = "from one mapping to the next", seen[sizeof(text)];
	const uint64_t at = IOVA + PAGE - 10;
	struct mock mock;
	int container = open_mock_container(&mock);

	CHECK_EQ(map(container, IOVA, first, PAGE, RW), 0);
	CHECK_EQ(map(container, IOVA + PAGE, second, PAGE, RW), 0);
	CHECK_EQ(mock_write(&mock, at, text, sizeof(text)), 0);
	CHECK(!memcmp(first + PAGE - 10, text, 10));
	CHECK(!memcmp(second, text + 10, sizeof(text) - 10));
	CHECK_EQ(mock_read(&mock, at, seen, sizeof(seen)), 0);
	CHECK(!strcmp(seen, text));
	CHECK_ERR(mock_read(&mock, IOVA + 2 * PAGE, seen, 8), EINVAL);
}

TEST(unmap_asks_drivers_to_unpin)
{
	int container = new_container();
	long long pinned = pinned_pages();
	struct mock first, second;

	mock_open(&first, container, 0, VFIO_TYPE1v2_IOMMU);
	mock_open(&second, container, 1, 0);
	CHECK_EQ(map(container, IOVA, memory(8 * PAGE), 8 * PAGE, RW), 0);
	CHECK_EQ(mock_pin(&first, IOVA, 4, true), 0);
	CHECK_EQ(mock_pin(&second, IOVA + 2 * PAGE, 4, true), 0);
	CHECK_EQ(unmap(container, IOVA, 8 * PAGE), 8 * PAGE);
	CHECK(times_asked(&first) >= 1);
	CHECK(times_asked(&second) >= 1);
	CHECK_EQ(pinned_pages(), pinned);
	CHECK_ERR(mock_unpin(&first, IOVA, 1), ENOENT);
}

TEST(unmap_is_ebusy_while_a_driver_keeps_its_pins)
{
	char *at = memory(4 * PAGE), seen[8];
	struct mock mock;
	int container;

	if (backend_is_type1())
		SKIP("type1 brings the machine down");
	container = open_mock_container(&mock);
	CHECK_EQ(map(container, IOVA, at, 4 * PAGE, RW), 0);
	CHECK_EQ(mock_pin(&mock, IOVA + PAGE, 1, true), 0);
	mock_keep_pins(&mock, true);
	CHECK_ERR(unmap(container, IOVA, 4 * PAGE), EBUSY);
	CHECK_EQ(mock_peek(&mock, IOVA + PAGE, seen, 8), 0);
	CHECK(!memcmp(seen, at + PAGE, 8));
	mock_keep_pins(&mock, false);
	CHECK_EQ(unmap(container, IOVA, 4 * PAGE), 4 * PAGE);
}

TEST(closing_the_device_unpins_its_pages)
{
	long long pinned = pinned_pages();
	struct mock mock;
	int container = open_mock_container(&mock);

	CHECK_EQ(map(container, IOVA, memory(8 * PAGE), 8 * PAGE, RW), 0);
	CHECK_EQ(mock_pin(&mock, IOVA, 8, true), 0);
	CHECK_EQ(pinned_pages(), pinned + 8);
	mock_close(&mock);
	CHECK_EQ(pinned_pages(), pinned);
}

static void pin_8_pages(void)
{
	struct mock mock;
	int container = open_mock_container(&mock);

	CHECK_EQ(map(container, IOVA, memory(8 * PAGE), 8 * PAGE, RW), 0);
	CHECK_EQ(mock_pin(&mock, IOVA, 8, true), 0);
}

TEST(kill_unpins_the_pages_of_drivers)
{
	check_kill_unpins(pin_8_pages, 8);
}

TEST(v1_container_refuses_pins_by_drivers)
{
	int container = new_container();
	struct mock mock;

	mock_open(&mock, container, 0, VFIO_TYPE1_IOMMU);
	CHECK_EQ(map(container, IOVA, memory(PAGE), PAGE, RW), 0);
	CHECK_ERR(mock_pin(&mock, IOVA, 1, true), EACCES);
}

TEST(without_hardware_there_are_no_iova_ranges)
{
	struct container_info info = { .info.argsz = sizeof(info) };
	struct mock mock;
	int container = open_mock_container(&mock);

	CHECK_EQ(ioctl(container, VFIO_IOMMU_GET_INFO, &info), 0);
	CHECK(info.info.iova_pgsizes & PAGE);
	CHECK(!find_capability(&info, VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE));
}

TEST(a_driver_and_a_disk_share_a_container)
{
	char *at = memory(4 * PAGE), seen[8];
	long long pinned = pinned_pages();
	struct mock mock;
	struct box box;
	int fd = open_container(&box);

	CHECK_EQ(map(fd, IOVA, at, 4 * PAGE, RW), 0);
	mock_open(&mock, fd, 0, 0);
	CHECK_EQ(mock_pin(&mock, IOVA, 2, true), 0);
	CHECK_EQ(mock_peek(&mock, IOVA, seen, 8), 0);
	CHECK(!memcmp(seen, at, 8));
	/* Without the disk, only the pages of the driver stay pinned */
	vfio_device_close(&box.device);
	CHECK_EQ(pinned_pages(), pinned + 2);
	CHECK_EQ(mock_peek(&mock, IOVA, seen, 8), 0);
	CHECK_EQ(unmap(fd, IOVA, 4 * PAGE), 4 * PAGE);
	CHECK_EQ(pinned_pages(), pinned);
}

/* Read and clear the bits of the first 64 pages */
static uint64_t dirty_pages(int container)
{
	uint64_t bits = 0;

	CHECK_EQ(read_bitmap(container, IOVA, 64, &bits, sizeof(bits)), 0);
	return bits;
}

TEST(only_pinned_or_written_pages_are_dirty)
{
	struct mock mock;
	int container = open_mock_container(&mock);
	char byte = 1;

	CHECK_EQ(map(container, IOVA, memory(64 * PAGE), 64 * PAGE, RW), 0);
	CHECK_EQ(set_tracking(container, VFIO_IOMMU_DIRTY_PAGES_FLAG_START), 0);
	CHECK_EQ(mock_pin(&mock, IOVA + 3 * PAGE, 1, true), 0);
	CHECK_EQ(mock_write(&mock, IOVA + 5 * PAGE, &byte, 1), 0);
	CHECK_EQ(mock_read(&mock, IOVA + 7 * PAGE, &byte, 1), 0);
	CHECK_EQ(dirty_pages(container), 1 << 3 | 1 << 5);
	/* A pinned page may have been written again */
	CHECK_EQ(dirty_pages(container), 1 << 3);
	CHECK_EQ(mock_unpin(&mock, IOVA + 3 * PAGE, 1), 0);
	CHECK_EQ(dirty_pages(container), 1 << 3);
	CHECK_EQ(dirty_pages(container), 0);
	CHECK_EQ(set_tracking(container, VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP), 0);
}

TEST(failed_unmap_keeps_dirty_pages)
{
	long long pinned = pinned_pages();
	uint64_t bits = 0;
	struct mock mock;
	int container;
	char byte = 1;

	if (backend_is_type1())
		SKIP("type1 brings the machine down");
	container = open_mock_container(&mock);
	CHECK_EQ(map(container, IOVA, memory(64 * PAGE), 64 * PAGE, RW), 0);
	CHECK_EQ(set_tracking(container, VFIO_IOMMU_DIRTY_PAGES_FLAG_START), 0);
	CHECK_EQ(mock_write(&mock, IOVA + 5 * PAGE, &byte, 1), 0);
	/* The driver keeps one page pinned */
	CHECK_EQ(mock_pin(&mock, IOVA + 3 * PAGE, 1, true), 0);
	mock_keep_pins(&mock, true);
	CHECK_ERR(unmap_dirty(container, IOVA, 64 * PAGE, &bits, NULL), EBUSY);
	mock_keep_pins(&mock, false);
	/* The range splits the mapping; then the bitmap is read-only memory */
	CHECK_ERR(unmap_dirty(container, IOVA, 32 * PAGE, &bits, NULL), EINVAL);
	CHECK_ERR(unmap_dirty(container, IOVA, 64 * PAGE, "readonly", NULL),
		  EFAULT);
	bits = 0;
	CHECK_EQ(unmap_dirty(container, IOVA, 64 * PAGE, &bits, NULL), 0);
	CHECK_EQ(bits, 1 << 3 | 1 << 5);
	/* A new mapping there is clean, except for the page that was pinned */
	CHECK_EQ(map(container, IOVA, memory(64 * PAGE), 64 * PAGE, RW), 0);
	CHECK_EQ(dirty_pages(container) & ~(1ull << 3), 0);
	CHECK_EQ(unmap(container, IOVA, 64 * PAGE), 64 * PAGE);
	CHECK_EQ(pinned_pages(), pinned);
}

TEST(partial_write_marks_the_pages_it_reached_dirty)
{
	char *at = memory(PAGE), text[8] = "1234567";
	struct mock mock;
	int container = open_mock_container(&mock);

	CHECK_EQ(map(container, IOVA, at, PAGE, RW), 0);
	CHECK_EQ(set_tracking(container, VFIO_IOMMU_DIRTY_PAGES_FLAG_START), 0);
	/*
	 * The write runs past the end of the mapping; then it begins before it
	 */
	CHECK_ERR(mock_write(&mock, IOVA + PAGE - 4, text, 8), EINVAL);
	CHECK(!memcmp(at + PAGE - 4, "1234", 4));
	CHECK_EQ(dirty_pages(container), 1);
	CHECK_ERR(mock_write(&mock, IOVA - 4, text, 8), EINVAL);
	CHECK_EQ(dirty_pages(container), 0);
}

/* A thread that unmaps and reads the dirty pages */
struct unmapper {
	pthread_t thread;
	int container;
	uint64_t bits;
	int result;
};

static void *unmap_in_thread(void *arg)
{
	struct unmapper *u = arg;

	u->result = unmap_dirty(u->container, IOVA, 64 * PAGE, &u->bits, NULL);
	return NULL;
}

TEST(unmap_reports_pages_written_while_it_waited)
{
	struct unmapper u = { .container = new_container() };
	struct mock stubborn, writer;
	char byte = 1;

	if (backend_is_type1())
		SKIP("type1 brings the machine down");
	mock_open(&stubborn, u.container, 0, VFIO_TYPE1v2_IOMMU);
	mock_open(&writer, u.container, 1, 0);
	CHECK_EQ(map(u.container, IOVA, memory(PAGE), PAGE, RW), 0);
	CHECK_EQ(map(u.container, IOVA + PAGE, memory(63 * PAGE), 63 * PAGE,
		     RW), 0);
	CHECK_EQ(set_tracking(u.container, VFIO_IOMMU_DIRTY_PAGES_FLAG_START),
		 0);
	CHECK_EQ(mock_pin(&stubborn, IOVA, 1, true), 0);
	mock_keep_pins(&stubborn, true);
	CHECK_EQ(pthread_create(&u.thread, NULL, unmap_in_thread, &u), 0);
	while (!times_asked(&stubborn))
		usleep(1000);
	/* The unmap has read the bits and waits for the driver to unpin */
	CHECK_EQ(mock_write(&writer, IOVA + 5 * PAGE, &byte, 1), 0);
	CHECK_EQ(mock_pin(&writer, IOVA + 7 * PAGE, 1, true), 0);
	mock_keep_pins(&stubborn, false);
	CHECK_EQ(pthread_join(u.thread, NULL), 0);
	CHECK_EQ(u.result, 0);
	CHECK_EQ(u.bits, 1 << 0 | 1 << 5 | 1 << 7);
}
