// SPDX-License-Identifier: GPL-2.0
/*
 * Mappings of a container: what map and unmap accept and refuse, locked memory,
 * and many mappings at once. Runs over vfio_iommufd.ko, and over the kernel's
 * own backend where VFIO_BACKEND=type1.
 */
#include <pthread.h>

#include "dirty.h"
#include "fixture.h"

/* Map */

TEST(mapping_is_unmapped_once)
{
	struct box box;
	int fd = open_container(&box);

	CHECK_EQ(map(fd, IOVA, memory(4 * PAGE), 4 * PAGE, RW), 0);
	CHECK_EQ(unmap(fd, IOVA, 4 * PAGE), 4 * PAGE);
	CHECK_EQ(unmap(fd, IOVA, 4 * PAGE), 0);
}

TEST(map_takes_read_write_or_both)
{
	struct box box;
	void *at = memory(PAGE);
	int fd = open_container(&box);

	CHECK_EQ(map(fd, IOVA, at, PAGE, VFIO_DMA_MAP_FLAG_READ), 0);
	CHECK_EQ(map(fd, IOVA + PAGE, at, PAGE, VFIO_DMA_MAP_FLAG_WRITE), 0);
	CHECK_EQ(map(fd, IOVA + 2 * PAGE, at, PAGE, RW), 0);
	CHECK_ERR(map(fd, IOVA + 3 * PAGE, at, PAGE, 0), EINVAL);
}

TEST(map_refuses_malformed_arguments)
{
	struct vfio_iommu_type1_dma_map cmd;
	void *at = memory(4 * PAGE);
	struct box box;
	int fd = open_container(&box);

	CHECK_ERR(map(fd, IOVA, at, 0, RW), EINVAL);
	CHECK_ERR(map(fd, IOVA + 1, at, PAGE, RW), EINVAL);
	CHECK_ERR(map(fd, IOVA, at + 1, PAGE, RW), EINVAL);
	CHECK_ERR(map(fd, IOVA, at, PAGE + 1, RW), EINVAL);
	CHECK_ERR(map(fd, IOVA, at, PAGE, RW | 1u << 31), EINVAL);
	CHECK_ERR(map(fd, IOVA, at, PAGE, RW | VFIO_DMA_MAP_FLAG_VADDR),
		  EINVAL);
	CHECK_ERR(ioctl(fd, VFIO_IOMMU_MAP_DMA, NULL), EFAULT);
	CHECK_ERR(ioctl(fd, VFIO_IOMMU_MAP_DMA, (void *)8), EFAULT);

	cmd = (struct vfio_iommu_type1_dma_map){
		.argsz = sizeof(cmd) - 1,
		.flags = RW,
		.vaddr = (uintptr_t)at,
		.iova = IOVA,
		.size = PAGE,
	};
	CHECK_ERR(ioctl(fd, VFIO_IOMMU_MAP_DMA, &cmd), EINVAL);
	cmd.argsz = sizeof(cmd) + 100;
	CHECK_EQ(ioctl(fd, VFIO_IOMMU_MAP_DMA, &cmd), 0);
	CHECK_EQ(unmap_all(fd), PAGE);
}

/* type1 returns EINVAL in Linux 6.12 and EOVERFLOW in Linux 7.3 */
TEST(a_range_that_wraps_is_eoverflow)
{
	int wraps = backend_is_type1() ? EINVAL : EOVERFLOW;
	void *at = memory(4 * PAGE);
	uint64_t bits = 0;

	for (int kind = VFIO_SPACE_TYPE1; kind <= VFIO_SPACE_TYPE1V2; kind++) {
		struct box box;
		int fd;

		box_open(&box, kind, "NVME0");
		fd = box.space.fd;
		CHECK_ERR(map(fd, -PAGE, at, 2 * PAGE, RW), wraps);
		CHECK_ERR(map(fd, IOVA, (void *)-PAGE, 2 * PAGE, RW), wraps);
		CHECK_ERR(map(fd, IOVA, at, -PAGE, RW), wraps);
		CHECK_ERR(unmap(fd, -PAGE, 2 * PAGE), wraps);
		CHECK_ERR(unmap(fd, 2 * PAGE, -PAGE), wraps);
		/* Alignment is checked first */
		CHECK_ERR(map(fd, -PAGE + 1, at, 2 * PAGE, RW), EINVAL);
		CHECK_ERR(unmap(fd, -PAGE + 1, 2 * PAGE), EINVAL);
		if (kind == VFIO_SPACE_TYPE1V2)
			CHECK_ERR(read_bitmap(fd, -PAGE, 2, &bits, 8), wraps);
		box_close(&box);
	}
}

TEST(mapping_over_a_mapping_is_eexist)
{
	void *at = memory(4 * PAGE);
	struct box box;
	int fd = open_container(&box);

	CHECK_EQ(map(fd, IOVA, at, 4 * PAGE, RW), 0);
	CHECK_ERR(map(fd, IOVA, at, PAGE, RW), EEXIST);
	CHECK_ERR(map(fd, IOVA + 3 * PAGE, at, 2 * PAGE, RW), EEXIST);
	CHECK_ERR(map(fd, IOVA - PAGE, at, 2 * PAGE, RW), EEXIST);
	CHECK_EQ(unmap_all(fd), 4 * PAGE);
}

TEST(mapping_into_the_msi_range_is_einval)
{
	struct box box;
	int fd = open_container(&box);

	CHECK_ERR(map(fd, 0xfee00000, memory(PAGE), PAGE, RW), EINVAL);
}

TEST(mapping_outside_the_aperture_is_einval)
{
	struct box box;
	int fd = open_container(&box);

	CHECK_ERR(map(fd, 1ull << 62, memory(PAGE), PAGE, RW), EINVAL);
}

TEST(failed_map_of_absent_memory_changes_nothing)
{
	struct box box;
	long long pinned;
	char *at = memory(8 * PAGE);
	int fd = open_container(&box);

	pinned = pinned_pages();
	CHECK_EQ(munmap(at + 5 * PAGE, PAGE), 0);
	CHECK_ERR(map(fd, IOVA, at, 8 * PAGE, RW), EFAULT);
	CHECK_EQ(pinned_pages(), pinned);
	CHECK_EQ(unmap_all(fd), 0);
}

TEST(write_access_to_read_only_memory_is_efault)
{
	struct box box;
	char *at = memory(PAGE);
	int fd = open_container(&box);

	CHECK_EQ(mprotect(at, PAGE, PROT_READ), 0);
	CHECK_ERR(map(fd, IOVA, at, PAGE, RW), EFAULT);
	CHECK_EQ(map(fd, IOVA, at, PAGE, VFIO_DMA_MAP_FLAG_READ), 0);
}

TEST(device_memory_can_be_mapped)
{
	long long pinned = pinned_pages();
	struct box box;
	size_t size;
	void *bar;
	int fd = open_container(&box);

	bar = map_bar(&box.device, 0, &size);
	CHECK_EQ(map(fd, IOVA, bar, size, RW), 0);
	CHECK_EQ(pinned_pages(), pinned);
	CHECK_EQ(unmap(fd, IOVA, size), size);
}

/* Unmap */

TEST(unmap_takes_several_mappings_and_holes)
{
	void *at = memory(8 * PAGE);
	struct box box;
	int fd = open_container(&box);

	CHECK_EQ(map(fd, IOVA, at, 2 * PAGE, RW), 0);
	CHECK_EQ(map(fd, IOVA + 4 * PAGE, at, 2 * PAGE, RW), 0);
	CHECK_EQ(map(fd, IOVA + 6 * PAGE, at, 2 * PAGE, RW), 0);
	CHECK_EQ(unmap(fd, IOVA - PAGE, 10 * PAGE), 6 * PAGE);
	CHECK_EQ(unmap(fd, IOVA - PAGE, 10 * PAGE), 0);
}

TEST(v2_unmap_that_cuts_a_mapping_is_einval_and_changes_nothing)
{
	void *at = memory(8 * PAGE);
	struct box box;
	int fd = open_container(&box);

	CHECK_EQ(map(fd, IOVA, at, 4 * PAGE, RW), 0);
	CHECK_EQ(map(fd, IOVA + 4 * PAGE, at, 4 * PAGE, RW), 0);
	CHECK_ERR(unmap(fd, IOVA, 2 * PAGE), EINVAL);
	CHECK_ERR(unmap(fd, IOVA + 2 * PAGE, 2 * PAGE), EINVAL);
	CHECK_ERR(unmap(fd, IOVA + PAGE, PAGE), EINVAL);
	CHECK_ERR(unmap(fd, IOVA, 6 * PAGE), EINVAL);
	CHECK_ERR(unmap(fd, IOVA + 2 * PAGE, 6 * PAGE), EINVAL);
	CHECK_EQ(unmap(fd, IOVA, 8 * PAGE), 8 * PAGE);
}

TEST(v1_unmap_may_split_a_mapping)
{
	void *at = memory(8 * PAGE);
	struct box box;
	int fd;

	if (backend_is_type1())
		SKIP("type1 takes the whole mapping, or nothing");
	box_open(&box, VFIO_SPACE_TYPE1, "NVME0");
	fd = box.space.fd;
	CHECK_EQ(map(fd, IOVA, at, 8 * PAGE, RW), 0);
	CHECK_EQ(unmap(fd, IOVA + 2 * PAGE, PAGE), PAGE);
	CHECK_EQ(unmap(fd, IOVA, PAGE), PAGE);
	CHECK_EQ(map(fd, IOVA + 2 * PAGE, at, PAGE, RW), 0);
	CHECK_EQ(unmap(fd, IOVA + 6 * PAGE, 8 * PAGE), 2 * PAGE);
	CHECK_EQ(unmap_flags(fd, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL), 5 * PAGE);
}

TEST(unmap_refuses_malformed_arguments)
{
	struct vfio_iommu_type1_dma_unmap cmd;
	struct box box;
	int fd = open_container(&box);

	CHECK_EQ(map(fd, IOVA, memory(PAGE), PAGE, RW), 0);
	CHECK_ERR(unmap(fd, IOVA, 0), EINVAL);
	CHECK_ERR(unmap(fd, IOVA + 1, PAGE), EINVAL);
	CHECK_ERR(unmap(fd, IOVA, PAGE + 1), EINVAL);
	CHECK_ERR(unmap_flags(fd, IOVA, PAGE, 1u << 31), EINVAL);
	CHECK_ERR(unmap_flags(fd, IOVA, PAGE, VFIO_DMA_UNMAP_FLAG_ALL), EINVAL);
	CHECK_ERR(unmap_flags(fd, 0, PAGE, VFIO_DMA_UNMAP_FLAG_ALL), EINVAL);
	CHECK_ERR(unmap_flags(fd, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL |
			      VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP), EINVAL);
	CHECK_ERR(ioctl(fd, VFIO_IOMMU_UNMAP_DMA, NULL), EFAULT);
	cmd = (struct vfio_iommu_type1_dma_unmap){
		.argsz = sizeof(cmd) - 1,
		.iova = IOVA,
		.size = PAGE,
	};
	CHECK_ERR(ioctl(fd, VFIO_IOMMU_UNMAP_DMA, &cmd), EINVAL);
	CHECK_EQ(unmap(fd, IOVA, PAGE), PAGE);
}

TEST(unmap_all_removes_every_mapping)
{
	void *at = memory(4 * PAGE);
	long long pinned;
	struct box box;
	int fd = open_container(&box);

	pinned = pinned_pages();
	CHECK_EQ(map(fd, 0, at, PAGE, RW), 0);
	CHECK_EQ(map(fd, IOVA, at, 4 * PAGE, RW), 0);
	CHECK_EQ(map(fd, 0x7f00000000, at, 2 * PAGE, RW), 0);
	CHECK(pinned_pages() >= pinned + 4);
	CHECK_EQ(unmap_all(fd), 7 * PAGE);
	CHECK_EQ(pinned_pages(), pinned);
	CHECK_EQ(unmap_all(fd), 0);
}

/* Limits */

TEST(locked_memory_is_limited)
{
	void *at = memory(64 * PAGE);
	long long pinned;
	struct box box;
	int fd = open_container(&box);

	pinned = pinned_pages();
	become_nobody(32 * PAGE);
	CHECK_ERR(map(fd, IOVA, at, 33 * PAGE, RW), ENOMEM);
	CHECK_EQ(seteuid(0), 0);
	CHECK_EQ(pinned_pages(), pinned);
	CHECK_EQ(seteuid(NOBODY), 0);
	CHECK_EQ(map(fd, IOVA, at, 32 * PAGE, RW), 0);
	CHECK_ERR(map(fd, IOVA + 32 * PAGE, at + 32 * PAGE, PAGE, RW), ENOMEM);
	CHECK_EQ(unmap(fd, IOVA, 32 * PAGE), 32 * PAGE);
	CHECK_EQ(map(fd, IOVA, at + 32 * PAGE, 32 * PAGE, RW), 0);
}

static long long locked_kb(void)
{
	char line[128];
	long long kb = -1;
	FILE *file = fopen("/proc/self/status", "r");

	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "VmLck: %lld kB", &kb) == 1)
			break;
	fclose(file);
	return kb;
}

TEST(locked_memory_is_charged_to_the_process)
{
	struct box box;
	int fd = open_container(&box);

	/* A process with CAP_IPC_LOCK may not be charged: drop it */
	become_nobody(32 * PAGE);
	CHECK_EQ(locked_kb(), 0);
	CHECK_EQ(map(fd, IOVA, memory(16 * PAGE), 16 * PAGE, RW), 0);
	CHECK_EQ(locked_kb(), 16 * PAGE / 1024);
	CHECK_EQ(unmap(fd, IOVA, 16 * PAGE), 16 * PAGE);
	CHECK_EQ(locked_kb(), 0);
}

TEST(there_is_no_limit_of_65535_mappings)
{
	const unsigned long nr = 70000;
	void *at = memory(PAGE);
	struct box box;

	if (backend_is_type1())
		SKIP("type1 has that limit");
	if (!access("/sys/kernel/debug/kmemleak", F_OK))
		SKIP("it would take minutes with kmemleak");
	open_container(&box);
	/* With gaps, so that no two mappings are adjacent */
	for (unsigned long i = 0; i < nr; i++)
		if (map(box.space.fd, IOVA + i * 2 * PAGE, at, PAGE, RW))
			ktap_fail("mapping %lu: %s", i, strerror(errno));
	CHECK_EQ(unmap(box.space.fd, IOVA, nr * 2 * PAGE), nr * PAGE);
}

/* In parallel */

/* A thread that maps and unmaps a range of its own */
struct churn {
	int fd;
	uint64_t iova;
	int error;
};

static void *churn(void *data)
{
	struct churn *c = data;
	void *at = memory(16 * PAGE);

	for (int i = 0; i < 300 && !c->error; i++) {
		if (map(c->fd, c->iova, at, 16 * PAGE, RW))
			c->error = errno;
		else if (unmap(c->fd, c->iova, 16 * PAGE) != 16 * PAGE)
			c->error = EIO;
	}
	return NULL;
}

TEST(threads_map_and_unmap_in_parallel)
{
	pthread_t threads[4];
	struct churn work[4];
	struct box box;
	int fd = open_container(&box);

	for (int i = 0; i < 4; i++) {
		work[i] = (struct churn){ fd, IOVA + i * 16 * PAGE };
		CHECK_EQ(pthread_create(&threads[i], NULL, churn, &work[i]), 0);
	}
	for (int i = 0; i < 4; i++) {
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
		CHECK_EQ(work[i].error, 0);
	}
}
