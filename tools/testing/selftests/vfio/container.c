// SPDX-License-Identifier: GPL-2.0
/*
 * A container: types, extensions and information, its groups, its processes,
 * and unbinding. Mappings are tested in container_map.c, dirty tracking in
 * container_dirty.c, DMA in container_dma.c. Runs over vfio_iommufd.ko, and
 * over the kernel's own backend where VFIO_BACKEND=type1.
 */
#include <pthread.h>

#include "fixture.h"
#include "leave.h"

/* Types, extensions and information */

TEST(container_reports_its_types_and_extensions)
{
	int fd = new_container();

	CHECK_EQ(ioctl(fd, VFIO_GET_API_VERSION), VFIO_API_VERSION);
	CHECK_EQ(ioctl(fd, VFIO_CHECK_EXTENSION, VFIO_TYPE1_IOMMU), 1);
	CHECK_EQ(ioctl(fd, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU), 1);
	CHECK_EQ(ioctl(fd, VFIO_CHECK_EXTENSION, VFIO_UNMAP_ALL), 1);
	CHECK_EQ(ioctl(fd, VFIO_CHECK_EXTENSION, VFIO_DMA_CC_IOMMU), 0);
	CHECK_EQ(ioctl(fd, VFIO_CHECK_EXTENSION, 12345), 0);
}

TEST(enforced_coherency_is_reported)
{
	const char *coherent = getenv("VFIO_COHERENT");
	struct box box;

	/*
	 * The set-up of the machine decides whether the unit has snoop control
	 */
	if (!coherent)
		SKIP("VFIO_COHERENT does not say what to expect");
	open_container(&box);
	CHECK_EQ(ioctl(box.space.fd, VFIO_CHECK_EXTENSION, VFIO_DMA_CC_IOMMU),
		 atoi(coherent));
}

TEST(update_vaddr_and_nesting_are_not_offered)
{
	struct box box;
	int fd;

	if (backend_is_type1())
		SKIP("type1 offers them");
	fd = open_container(&box);
	CHECK_EQ(ioctl(fd, VFIO_CHECK_EXTENSION, VFIO_UPDATE_VADDR), 0);
	CHECK_EQ(ioctl(fd, VFIO_CHECK_EXTENSION, VFIO_TYPE1_NESTING_IOMMU), 0);
}

TEST(calls_without_a_group_are_einval)
{
	struct vfio_iommu_type1_info info = { .argsz = sizeof(info) };
	int fd = new_container();

	CHECK_ERR(ioctl(fd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU), EINVAL);
	CHECK_ERR(ioctl(fd, VFIO_IOMMU_GET_INFO, &info), EINVAL);
	CHECK_ERR(map(fd, IOVA, memory(PAGE), PAGE, RW), EINVAL);
	CHECK_ERR(unmap(fd, IOVA, PAGE), EINVAL);
}

TEST(the_type_is_set_once)
{
	struct box box;
	int fd = open_container(&box);

	CHECK_ERR(ioctl(fd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU), EINVAL);
}

TEST(an_unknown_ioctl_is_enotty)
{
	struct box box;
	int fd = open_container(&box);

	CHECK_ERR(ioctl(fd, _IO(VFIO_TYPE, VFIO_BASE + 99), 0), ENOTTY);
}

TEST(get_info_reports_page_sizes_and_capabilities)
{
	struct vfio_iommu_type1_info_cap_iova_range *ranges;
	struct vfio_iommu_type1_info_cap_migration *migration;
	struct vfio_iommu_type1_info_dma_avail *avail;
	struct container_info info = { .info.argsz = sizeof(info) };
	struct box box;
	int fd = open_container(&box);

	CHECK_EQ(ioctl(fd, VFIO_IOMMU_GET_INFO, &info), 0);
	CHECK_EQ(info.info.flags, VFIO_IOMMU_INFO_PGSIZES |
				  VFIO_IOMMU_INFO_CAPS);
	CHECK(info.info.iova_pgsizes & PAGE);
	CHECK(!(info.info.iova_pgsizes & (PAGE - 1)));

	migration = find_capability(&info, VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION);
	CHECK(migration);
	CHECK_EQ(migration->pgsize_bitmap, PAGE);
	CHECK_EQ(migration->max_dirty_bitmap_size, 1 << 28);

	avail = find_capability(&info, VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL);
	CHECK(avail);
	CHECK_EQ(avail->avail, backend_is_type1() ? 65535 : UINT32_MAX);

	ranges = find_capability(&info, VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE);
	CHECK(ranges);
	CHECK(ranges->nr_iovas >= 2);
	CHECK_EQ(ranges->iova_ranges[0].start, 0);
	for (unsigned int i = 0; i < ranges->nr_iovas; i++) {
		struct vfio_iova_range *r = &ranges->iova_ranges[i];

		CHECK(r->start < r->end);
		CHECK(r->end < 0xfee00000 || r->start > 0xfeefffff);
		CHECK(!i || r->start > r[-1].end);
	}
}

TEST(get_info_with_a_short_buffer_reports_the_size)
{
	struct container_info info = { .info.argsz = sizeof(info.info) }, whole;
	struct box box;
	int fd = open_container(&box);

	CHECK_EQ(ioctl(fd, VFIO_IOMMU_GET_INFO, &info), 0);
	CHECK(info.info.argsz > sizeof(info.info));
	CHECK_EQ(info.info.cap_offset, 0);
	for (size_t i = 0; i < sizeof(info.capabilities); i++)
		CHECK_EQ(info.capabilities[i], 0);
	whole = (struct container_info){ .info.argsz = info.info.argsz };
	CHECK_EQ(ioctl(fd, VFIO_IOMMU_GET_INFO, &whole), 0);
	CHECK_EQ(whole.info.cap_offset, sizeof(whole.info));

	info.info.argsz = offsetof(struct vfio_iommu_type1_info, iova_pgsizes);
	CHECK_ERR(ioctl(fd, VFIO_IOMMU_GET_INFO, &info), EINVAL);
	CHECK_ERR(ioctl(fd, VFIO_IOMMU_GET_INFO, NULL), EFAULT);
}

/* Backends, groups and processes */

/* The number of containers that use the kernel's own backend */
static int served_by_type1(void)
{
	FILE *file = fopen("/sys/module/vfio_iommu_type1/refcnt", "r");
	int count = -1;

	CHECK(file);
	CHECK_EQ(fscanf(file, "%d", &count), 1);
	fclose(file);
	return count;
}

TEST(type1_is_not_asked_first_when_it_is_loaded_last)
{
	long long pinned = pinned_pages();
	void *at = memory(PAGE);
	struct box box;
	int fd;

	if (backend_is_type1())
		SKIP("it is the one that is loaded");
	fd = open_container(&box);
	CHECK_EQ(map(fd, IOVA, at, PAGE, RW), 0);
	/* Twice, and with a container open */
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(system("modprobe -r vfio_iommu_type1 && modprobe vfio_iommu_type1"),
			 0);
		CHECK_EQ(unmap(fd, IOVA, PAGE), PAGE);
		CHECK_EQ(map(fd, IOVA, at, PAGE, RW), 0);
		box_close(&box);
		fd = open_container(&box);
		CHECK_EQ(served_by_type1(), 0);
		CHECK_EQ(map(fd, IOVA, at, PAGE, RW), 0);
	}
	box_close(&box);
	CHECK_EQ(pinned_pages(), pinned);
	CHECK_EQ(system("modprobe -r vfio_iommu_type1"), 0);
}

TEST(two_groups_share_one_container)
{
	struct vfio_device second;
	struct box box;
	int fd = open_container(&box);

	CHECK_EQ(map(fd, IOVA, memory(4 * PAGE), 4 * PAGE, RW), 0);
	add_device(&box.space, &second, "NVME1");
	CHECK_EQ(map(fd, IOVA + 4 * PAGE, memory(PAGE), PAGE, RW), 0);
	vfio_device_close(&box.device);
	CHECK_EQ(unmap(fd, IOVA, 5 * PAGE), 5 * PAGE);
	vfio_device_close(&second);
	/* Without a group there is no backend */
	CHECK_ERR(unmap(fd, IOVA, PAGE), EINVAL);
}

TEST(mappings_are_removed_with_the_last_group)
{
	long long pinned = pinned_pages();
	struct box box;
	int fd = open_container(&box);

	CHECK_EQ(map(fd, IOVA, memory(4 * PAGE), 4 * PAGE, RW), 0);
	CHECK_EQ(pinned_pages(), pinned + 4);
	vfio_device_close(&box.device);
	CHECK_EQ(pinned_pages(), pinned);
}

/* A thread that maps one page and unmaps it */
struct mapper {
	int fd;
	uint64_t iova;
	int error;
};

static void *keep_mapping(void *data)
{
	struct mapper *m = data;
	void *at = memory(PAGE);

	/* The first map without a backend fails, and ends this thread */
	for (;;) {
		if (map(m->fd, m->iova, at, PAGE, RW)) {
			m->error = errno;
			return NULL;
		}
		unmap(m->fd, m->iova, PAGE);
	}
}

TEST(last_group_can_be_removed_during_maps)
{
	struct mapper mapper = { .iova = IOVA };
	/* With kmemleak, opening a device takes seconds */
	const int rounds = !access("/sys/kernel/debug/kmemleak", F_OK) ? 5 : 20;
	long long pinned = pinned_pages();
	pthread_t thread;
	struct box box;

	if (backend_is_type1())
		SKIP("type1 may be used after it is freed");
	for (int i = 0; i < rounds; i++) {
		mapper.fd = open_container(&box);
		CHECK_EQ(pthread_create(&thread, NULL, keep_mapping, &mapper),
			 0);
		usleep(1000 * i);
		vfio_device_close(&box.device);
		CHECK_EQ(pthread_join(thread, NULL), 0);
		CHECK_EQ(mapper.error, EINVAL);
		vfio_space_close(&box.space);
		CHECK_EQ(pinned_pages(), pinned);
	}
}

TEST(a_process_may_map_its_memory_in_the_container_of_another)
{
	long long pinned = pinned_pages();
	struct box box;
	int status;
	pid_t child;
	int fd = open_container(&box);

	child = fork();
	if (!child)
		_exit(map(fd, IOVA, memory(8 * PAGE), 8 * PAGE, RW) ?
			      errno : 0);
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	/* The memory outlives the process that had it */
	CHECK_EQ(pinned_pages(), pinned + 8);
	CHECK_EQ(unmap(fd, IOVA, 8 * PAGE), 8 * PAGE);
	CHECK_EQ(pinned_pages(), pinned);
}

static void pin_256_pages(void)
{
	struct box box;
	int fd = open_container(&box);

	CHECK_EQ(map(fd, IOVA, memory(256 * PAGE), 256 * PAGE, RW), 0);
}

TEST(a_killed_process_leaves_nothing_pinned)
{
	check_kill_unpins(pin_256_pages, 256);
}

static void close_box(void *data)
{
	box_close(data);
}

TEST(unbinding_the_driver_waits_for_the_group)
{
	long long pinned = pinned_pages();
	struct box box;
	int fd = open_container(&box);

	CHECK_EQ(map(fd, IOVA, memory(4 * PAGE), 4 * PAGE, RW), 0);
	check_unbind_waits("NVME0", box.device.fd, close_box, &box);
	CHECK_EQ(pinned_pages(), pinned);
	open_container(&box);
}
