// SPDX-License-Identifier: GPL-2.0
/*
 * The sPAPR TCE v2 interface of a container: DMA windows, and memory that is
 * registered before it is mapped. Runs over vfio_iommufd.ko only.
 */
#include "disk.h"

#define SIZE_64K (64ul << 10)
#define SIZE_1G (1ul << 30)

static int register_memory(int fd, const void *at, uint64_t length)
{
	struct vfio_iommu_spapr_register_memory cmd = {
		.argsz = sizeof(cmd),
		.vaddr = (uintptr_t)at,
		.size = length,
	};

	return ioctl(fd, VFIO_IOMMU_SPAPR_REGISTER_MEMORY, &cmd);
}

static int unregister_memory(int fd, const void *at, uint64_t length)
{
	struct vfio_iommu_spapr_register_memory cmd = {
		.argsz = sizeof(cmd),
		.vaddr = (uintptr_t)at,
		.size = length,
	};

	return ioctl(fd, VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY, &cmd);
}

static int create_window(int fd, uint32_t page_shift, uint64_t size,
			 uint32_t levels, uint64_t *base)
{
	struct vfio_iommu_spapr_tce_create cmd = {
		.argsz = sizeof(cmd),
		.page_shift = page_shift,
		.window_size = size,
		.levels = levels,
	};
	int ret = ioctl(fd, VFIO_IOMMU_SPAPR_TCE_CREATE, &cmd);

	*base = cmd.start_addr;
	return ret;
}

static int remove_window(int fd, uint64_t base)
{
	struct vfio_iommu_spapr_tce_remove cmd = {
		.argsz = sizeof(cmd),
		.start_addr = base,
	};

	return ioctl(fd, VFIO_IOMMU_SPAPR_TCE_REMOVE, &cmd);
}

/* Memory aligned to 64 KiB */
static void *aligned_memory(size_t length)
{
	uintptr_t at = (uintptr_t)memory(length + SIZE_64K);

	return (void *)((at + SIZE_64K - 1) / SIZE_64K * SIZE_64K);
}

static int open_spapr(struct box *box)
{
	return box_open(box, VFIO_SPACE_SPAPR, "NVME0");
}

TEST(there_is_a_default_window_at_0)
{
	struct vfio_iommu_spapr_tce_info info = { .argsz = sizeof(info) };
	struct box box;
	int fd = open_spapr(&box);

	CHECK_EQ(ioctl(fd, VFIO_CHECK_EXTENSION, VFIO_SPAPR_TCE_v2_IOMMU), 1);
	CHECK_EQ(ioctl(fd, VFIO_IOMMU_SPAPR_TCE_GET_INFO, &info), 0);
	CHECK_EQ(info.flags, VFIO_IOMMU_SPAPR_INFO_DDW);
	CHECK_EQ(info.dma32_window_start, 0);
	CHECK_EQ(info.dma32_window_size, 2 * SIZE_1G);
	CHECK(info.ddw.pgsizes & PAGE && info.ddw.pgsizes & SIZE_64K);
	CHECK(info.ddw.max_dynamic_windows_supported >= 2);
	CHECK(info.ddw.levels >= 1);

	info.argsz = 4;
	CHECK_ERR(ioctl(fd, VFIO_IOMMU_SPAPR_TCE_GET_INFO, &info), EINVAL);
	CHECK_ERR(ioctl(fd, VFIO_IOMMU_SPAPR_TCE_GET_INFO, NULL), EFAULT);
}

TEST(type1_calls_are_not_supported)
{
	struct vfio_iommu_type1_info info = { .argsz = sizeof(info) };
	struct box box;
	int fd = open_spapr(&box);

	CHECK_ERR(ioctl(fd, VFIO_IOMMU_ENABLE), ENOTTY);
	CHECK_EQ(ioctl(fd, VFIO_CHECK_EXTENSION, VFIO_UNMAP_ALL), 0);
	/*
	 * Both interfaces have an ioctl with this number; this is the one of
	 * sPAPR
	 */
	CHECK_EQ(VFIO_IOMMU_GET_INFO, VFIO_IOMMU_SPAPR_TCE_GET_INFO);
	CHECK_EQ(ioctl(fd, VFIO_IOMMU_GET_INFO, &info), 0);
	CHECK_EQ(info.flags, VFIO_IOMMU_SPAPR_INFO_DDW);
}

TEST(unregistered_memory_cannot_be_mapped)
{
	char *at = aligned_memory(4 * PAGE);
	struct box box;
	int fd = open_spapr(&box);

	CHECK_ERR(map(fd, IOVA, at, PAGE, RW), EPERM);
	CHECK_ERR(unmap(fd, IOVA, PAGE), EPERM);
	CHECK_EQ(register_memory(fd, at, 2 * PAGE), 0);
	CHECK_ERR(map(fd, IOVA, at + 2 * PAGE, PAGE, RW), EINVAL);
	CHECK_ERR(map(fd, IOVA, at, 3 * PAGE, RW), EINVAL);
	CHECK_EQ(map(fd, IOVA, at, 2 * PAGE, RW), 0);
}

TEST(memory_is_pinned_and_counted_when_it_is_registered)
{
	const size_t length = 1500 * PAGE;
	char *at = aligned_memory(length);
	long long pinned;
	struct box box;
	int fd = open_spapr(&box);

	pinned = pinned_pages();
	CHECK_EQ(register_memory(fd, at, length), 0);
	CHECK_EQ(pinned_pages(), pinned + 1500);
	/* A second mapping of the same memory pins nothing */
	CHECK_EQ(map(fd, IOVA, at, length, RW), 0);
	CHECK_EQ(map(fd, IOVA + length, at, length, RW), 0);
	CHECK_EQ(pinned_pages(), pinned + 1500);
	CHECK_ERR(unregister_memory(fd, at, length), EBUSY);
	CHECK(unmap(fd, IOVA, 2 * length) >= 0);
	CHECK_EQ(unregister_memory(fd, at, length), 0);
	CHECK_EQ(pinned_pages(), pinned);
	CHECK_ERR(map(fd, IOVA, at, PAGE, RW), EINVAL);
}

TEST(memory_is_registered_and_unregistered_as_a_whole)
{
	char *at = aligned_memory(8 * PAGE);
	struct vfio_iommu_spapr_register_memory cmd = {
		.argsz = sizeof(cmd),
		.vaddr = (uintptr_t)at,
		.size = PAGE,
	};
	struct box box;
	int fd = open_spapr(&box);

	CHECK_ERR(unregister_memory(fd, at, PAGE), EPERM);
	CHECK_EQ(register_memory(fd, at, 4 * PAGE), 0);
	CHECK_ERR(register_memory(fd, at, 4 * PAGE), EBUSY);
	CHECK_ERR(register_memory(fd, at + 2 * PAGE, 4 * PAGE), EINVAL);
	CHECK_ERR(register_memory(fd, at + 1, PAGE), EINVAL);
	CHECK_ERR(register_memory(fd, at, 0), EINVAL);
	CHECK_ERR(register_memory(fd, at, -PAGE), EINVAL);
	CHECK_ERR(register_memory(fd, (void *)PAGE, PAGE), EFAULT);
	CHECK_ERR(unregister_memory(fd, at, 2 * PAGE), ENOENT);
	CHECK_ERR(ioctl(fd, VFIO_IOMMU_SPAPR_REGISTER_MEMORY, NULL), EFAULT);
	cmd.flags = 1;
	CHECK_ERR(ioctl(fd, VFIO_IOMMU_SPAPR_REGISTER_MEMORY, &cmd), EINVAL);
	cmd.flags = 0;
	cmd.argsz--;
	CHECK_ERR(ioctl(fd, VFIO_IOMMU_SPAPR_REGISTER_MEMORY, &cmd), EINVAL);
	CHECK_EQ(unregister_memory(fd, at, 4 * PAGE), 0);
}

TEST(mappings_lie_in_a_window)
{
	char *at = aligned_memory(4 * PAGE);
	struct box box;
	int fd = open_spapr(&box);

	CHECK_EQ(register_memory(fd, at, 4 * PAGE), 0);
	CHECK_ERR(map(fd, 4 * SIZE_1G, at, PAGE, RW), ENXIO);
	CHECK_ERR(map(fd, 2 * SIZE_1G - PAGE, at, 2 * PAGE, RW), EINVAL);
	CHECK_EQ(map(fd, 2 * SIZE_1G - PAGE, at, PAGE, RW), 0);
	CHECK_ERR(map(fd, IOVA + 1, at, PAGE, RW), EINVAL);
	CHECK_ERR(map(fd, IOVA, at + 1, PAGE, RW), EINVAL);
	CHECK_ERR(map(fd, IOVA, at, 0, RW), EINVAL);
	CHECK_ERR(map(fd, IOVA, at, PAGE, 0), EINVAL);
	CHECK_ERR(map(fd, IOVA, at, PAGE, RW | 8), EINVAL);
	CHECK_ERR(unmap(fd, 4 * SIZE_1G, PAGE), ENXIO);
	CHECK_ERR(unmap_flags(fd, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL), EINVAL);
	CHECK(unmap(fd, IOVA, PAGE) >= 0);
}

TEST(windows_are_created_and_removed)
{
	char *at = aligned_memory(2 * SIZE_64K);
	struct box box;
	uint64_t base;
	int fd = open_spapr(&box);

	CHECK_EQ(register_memory(fd, at, 2 * SIZE_64K), 0);
	CHECK_EQ(create_window(fd, 16, SIZE_1G, 1, &base), 0);
	CHECK(base >= 2 * SIZE_1G);
	CHECK_EQ(base % SIZE_64K, 0);
	CHECK_ERR(map(fd, base, at, PAGE, RW), EINVAL);
	CHECK_ERR(map(fd, base, at + PAGE, SIZE_64K, RW), EINVAL);
	CHECK_ERR(map(fd, base + PAGE, at, SIZE_64K, RW), EINVAL);
	CHECK_EQ(map(fd, base, at, 2 * SIZE_64K, RW), 0);
	CHECK_EQ(remove_window(fd, base), 0);
	CHECK_ERR(map(fd, base, at, SIZE_64K, RW), ENXIO);
	CHECK_ERR(remove_window(fd, base), EINVAL);
	/* The memory that was mapped there can be unregistered */
	CHECK_EQ(unregister_memory(fd, at, 2 * SIZE_64K), 0);
}

TEST(the_default_window_can_be_removed)
{
	char *at = aligned_memory(PAGE);
	struct box box;
	uint64_t base;
	int fd = open_spapr(&box);

	CHECK_EQ(register_memory(fd, at, PAGE), 0);
	CHECK_EQ(remove_window(fd, 0), 0);
	CHECK_ERR(map(fd, IOVA, at, PAGE, RW), ENXIO);
	CHECK_EQ(create_window(fd, 12, SIZE_1G, 1, &base), 0);
	CHECK_EQ(map(fd, base, at, PAGE, RW), 0);
}

TEST(create_refuses_malformed_windows)
{
	struct vfio_iommu_spapr_tce_create cmd = { .argsz = sizeof(cmd) - 1 };
	struct box box;
	uint64_t base;
	int fd = open_spapr(&box), nr = 0;

	CHECK_ERR(create_window(fd, 13, SIZE_1G, 1, &base), EINVAL);
	CHECK_ERR(create_window(fd, 200, SIZE_1G, 1, &base), EINVAL);
	CHECK_ERR(create_window(fd, 12, SIZE_1G + PAGE, 1, &base), EINVAL);
	CHECK_ERR(create_window(fd, 12, 0, 1, &base), EINVAL);
	CHECK_ERR(create_window(fd, 16, PAGE, 1, &base), EINVAL);
	CHECK_ERR(create_window(fd, 12, SIZE_1G, 0, &base), EINVAL);
	CHECK_ERR(create_window(fd, 12, SIZE_1G, 99, &base), EINVAL);
	CHECK_ERR(create_window(fd, 12, 1ull << 63, 1, &base), ENOSPC);
	CHECK_ERR(ioctl(fd, VFIO_IOMMU_SPAPR_TCE_CREATE, &cmd), EINVAL);
	CHECK_ERR(ioctl(fd, VFIO_IOMMU_SPAPR_TCE_CREATE, NULL), EFAULT);
	CHECK_ERR(ioctl(fd, VFIO_IOMMU_SPAPR_TCE_REMOVE, NULL), EFAULT);
	/* The limit of GET_INFO includes the default window */
	while (!create_window(fd, 12, SIZE_1G, 1, &base))
		nr++;
	CHECK_EQ(errno, ENOSPC);
	CHECK_EQ(nr, 7);
}

TEST(remove_and_unregister_refuse_malformed_arguments)
{
	struct vfio_iommu_spapr_tce_remove remove = {
		.argsz = sizeof(remove) - 1,
	};
	char *at = aligned_memory(PAGE);
	struct vfio_iommu_spapr_register_memory memory = {
		.argsz = sizeof(memory) - 1,
		.vaddr = (uintptr_t)at,
		.size = PAGE,
	};
	struct box box;
	int fd = open_spapr(&box);

	CHECK_EQ(register_memory(fd, at, PAGE), 0);
	CHECK_ERR(ioctl(fd, VFIO_IOMMU_SPAPR_TCE_REMOVE, &remove), EINVAL);
	remove.argsz = sizeof(remove);
	remove.flags = 1;
	CHECK_ERR(ioctl(fd, VFIO_IOMMU_SPAPR_TCE_REMOVE, &remove), EINVAL);
	CHECK_ERR(ioctl(fd, VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY, &memory),
		  EINVAL);
	memory.argsz = sizeof(memory);
	memory.flags = 1;
	CHECK_ERR(ioctl(fd, VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY, &memory),
		  EINVAL);
	CHECK_ERR(ioctl(fd, VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY, NULL), EFAULT);
	/* Nothing has changed */
	CHECK_EQ(map(fd, IOVA, at, PAGE, RW), 0);
}

TEST(a_container_serves_one_process)
{
	struct box box;
	uint64_t base;
	int fd = open_spapr(&box), status;
	char *at = aligned_memory(PAGE);
	pid_t child;

	CHECK_EQ(register_memory(fd, at, PAGE), 0);
	child = fork();
	if (!child) {
		CHECK_ERR(register_memory(fd, at, PAGE), EPERM);
		CHECK_ERR(map(fd, IOVA, at, PAGE, RW), EPERM);
		CHECK_ERR(unmap(fd, IOVA, PAGE), EPERM);
		CHECK_ERR(create_window(fd, 12, SIZE_1G, 1, &base), EPERM);
		CHECK_ERR(remove_window(fd, 0), EPERM);
		_exit(0);
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
}

TEST(a_disk_reads_through_windows)
{
	char *at = aligned_memory(SIZE_64K);
	struct nvme disk;
	struct box box;
	uint64_t base;
	int fd = disk_open(&disk, &box, VFIO_SPACE_SPAPR);

	CHECK_EQ(register_memory(fd, at, SIZE_64K), 0);
	CHECK_EQ(map(fd, IOVA, at, PAGE, RW), 0);
	disk_read(&disk, 1, 1, IOVA);
	CHECK(is_block(at, 1, 0));
	CHECK_EQ(create_window(fd, 16, SIZE_1G, 1, &base), 0);
	CHECK_EQ(map(fd, base, at, SIZE_64K, RW), 0);
	disk_read(&disk, 2, 1, base + 15 * PAGE);
	CHECK(is_block(at + 15 * PAGE, 2, 0));
	CHECK_EQ(remove_window(fd, base), 0);
	memset(at, 0x5a, SIZE_64K);
	disk_read_blocked(&disk, 3, 1, base + 15 * PAGE);
	CHECK(is_untouched(at, SIZE_64K));
	disk_read(&disk, 4, 1, IOVA);
	CHECK(is_block(at, 4, 0));
}

TEST(mapping_over_a_mapping_replaces_it)
{
	char *at = aligned_memory(8 * PAGE);
	struct nvme disk;
	struct box box;
	int fd = disk_open(&disk, &box, VFIO_SPACE_SPAPR);

	CHECK_EQ(register_memory(fd, at, 8 * PAGE), 0);
	CHECK_EQ(map(fd, IOVA, at, 4 * PAGE, RW), 0);
	CHECK_EQ(map(fd, IOVA + PAGE, at + 4 * PAGE, PAGE, RW), 0);
	disk_read(&disk, 1, 1, IOVA);
	disk_read(&disk, 2, 1, IOVA + PAGE);
	disk_read(&disk, 3, 1, IOVA + 2 * PAGE);
	CHECK(is_block(at, 1, 0));
	CHECK(is_untouched(at + PAGE, PAGE));
	CHECK(is_block(at + 4 * PAGE, 2, 0));
	CHECK(is_block(at + 2 * PAGE, 3, 0));
	/* A part of a mapping can be unmapped */
	CHECK(unmap(fd, IOVA + 2 * PAGE, PAGE) >= 0);
	memset(at, 0x5a, 8 * PAGE);
	disk_read_blocked(&disk, 4, 1, IOVA + 2 * PAGE);
	disk_read(&disk, 5, 1, IOVA + 3 * PAGE);
	CHECK(is_untouched(at + 2 * PAGE, PAGE));
	CHECK(is_block(at + 3 * PAGE, 5, 0));
}

static void pin_600_pages(void)
{
	char *at = aligned_memory(600 * PAGE);
	struct box box;
	int fd = open_spapr(&box);

	CHECK_EQ(register_memory(fd, at, 600 * PAGE), 0);
	CHECK_EQ(map(fd, IOVA, at, 600 * PAGE, RW), 0);
}

TEST(a_killed_process_leaves_nothing_pinned)
{
	check_kill_unpins(pin_600_pages, 600);
}
