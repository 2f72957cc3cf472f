// SPDX-License-Identifier: GPL-2.0
/*
 * DMA through a container: disks reach exactly the memory that is mapped. Runs
 * over vfio_iommufd.ko, and over the kernel's own backend where
 * VFIO_BACKEND=type1, with two disks, the second of which has a controller
 * memory buffer.
 */
#include "disk.h"

TEST(disk_reads_into_mapped_memory)
{
	char *at = memory(4 * PAGE);
	struct nvme disk;
	struct box box;
	int fd = disk_open(&disk, &box, VFIO_SPACE_TYPE1V2);

	CHECK_EQ(map(fd, IOVA, at, 4 * PAGE, RW), 0);
	disk_read(&disk, 100, 32, IOVA);
	for (int i = 0; i < 32; i++)
		CHECK(is_block(at + i * BLOCK, 100 + i, 0));
}

TEST(disk_writes_from_mapped_memory)
{
	static const char text[] = "written by the test";
	char *at = memory(PAGE);
	struct nvme disk;
	struct box box;
	int id;
	int fd = disk_open(&disk, &box, VFIO_SPACE_TYPE1V2);

	CHECK_EQ(map(fd, IOVA, at, PAGE, RW), 0);
	memcpy(at, text, sizeof(text));
	id = nvme_begin(&disk, NVME_WRITE, disk.blocks - 1, 1, IOVA);
	CHECK(id >= 0);
	CHECK_EQ(nvme_wait(&disk, id), 0);
	memset(at, 0, PAGE);
	disk_read(&disk, disk.blocks - 1, 1, IOVA);
	CHECK(!strcmp(at, text));
}

TEST(a_read_only_mapping_is_not_written)
{
	char *at = memory(2 * PAGE);
	struct nvme disk;
	struct box box;
	int fd = disk_open(&disk, &box, VFIO_SPACE_TYPE1V2);

	CHECK_EQ(map(fd, IOVA, at, PAGE, VFIO_DMA_MAP_FLAG_READ), 0);
	CHECK_EQ(map(fd, IOVA + PAGE, at + PAGE, PAGE, RW), 0);
	disk_read_blocked(&disk, 1, 1, IOVA);
	CHECK(is_untouched(at, PAGE));
	disk_read(&disk, 2, 1, IOVA + PAGE);
	CHECK(is_block(at + PAGE, 2, 0));
}

TEST(nothing_is_reached_after_its_unmap)
{
	char *at = memory(PAGE);
	struct nvme disk;
	struct box box;
	int fd = disk_open(&disk, &box, VFIO_SPACE_TYPE1V2);

	for (int i = 0; i < 50; i++) {
		CHECK_EQ(map(fd, IOVA, at, PAGE, RW), 0);
		disk_read(&disk, i, 1, IOVA);
		CHECK(is_block(at, i, 0));
		CHECK_EQ(unmap(fd, IOVA, PAGE), PAGE);
		memset(at, 0x5a, PAGE);
		disk_read_blocked(&disk, i, 1, IOVA);
		CHECK(is_untouched(at, PAGE));
	}
}

TEST(remapped_iova_reaches_the_new_memory)
{
	char *first = memory(PAGE), *second = memory(PAGE);
	struct nvme disk;
	struct box box;
	int fd = disk_open(&disk, &box, VFIO_SPACE_TYPE1V2);

	CHECK_EQ(map(fd, IOVA, first, PAGE, RW), 0);
	disk_read(&disk, 7, 1, IOVA);
	CHECK_EQ(unmap(fd, IOVA, PAGE), PAGE);
	CHECK_EQ(map(fd, IOVA, second, PAGE, RW), 0);
	disk_read(&disk, 8, 1, IOVA);
	CHECK(is_block(first, 7, 0));
	CHECK(is_block(second, 8, 0));
}

TEST(many_mappings_far_apart_are_all_reached)
{
	enum { NR = 48 };
	struct nvme disk;
	struct box box;
	char *at[NR];
	int id[NR];
	int fd = disk_open(&disk, &box, VFIO_SPACE_TYPE1V2);

	for (int i = 0; i < NR; i++) {
		at[i] = memory(PAGE);
		CHECK_EQ(map(fd, 0x100000000ull * (i + 1) + i * PAGE,
			     at[i], PAGE, RW), 0);
	}
	/* All reads are in flight at once */
	for (int i = 0; i < NR; i++) {
		id[i] = nvme_begin(&disk, NVME_READ, 1000 + i, 1,
				   0x100000000ull * (i + 1) + i * PAGE);
		CHECK(id[i] >= 0);
	}
	for (int i = 0; i < NR; i++)
		CHECK_EQ(nvme_wait(&disk, id[i]), 0);
	for (int i = 0; i < NR; i++)
		CHECK(is_block(at[i], 1000 + i, 0));
}

TEST(huge_pages_are_reached_from_end_to_end)
{
	const size_t length = 4ul << 20, piece = 64 * PAGE;
	struct nvme disk;
	struct box box;
	char *at = memory(length);
	int fd = disk_open(&disk, &box, VFIO_SPACE_TYPE1V2);

	CHECK_EQ(map(fd, IOVA, at, length, RW), 0);
	for (size_t i = 0; i < length; i += piece)
		disk_read(&disk, i / BLOCK, piece / BLOCK, IOVA + i);
	for (size_t i = 0; i < length; i += BLOCK)
		CHECK(is_block(at + i, i / BLOCK, 0));
}

TEST(two_disks_in_one_container_share_its_mappings)
{
	struct nvme first_disk, second_disk;
	struct vfio_device second;
	char *at = memory(2 * PAGE);
	struct box box;
	int fd = disk_open(&first_disk, &box, VFIO_SPACE_TYPE1V2);

	/* The memory is mapped before the second disk is opened */
	CHECK_EQ(map(fd, IOVA, at, 2 * PAGE, RW), 0);
	add_disk(&second_disk, &box.space, &second);
	disk_read(&first_disk, 5, 1, IOVA);
	disk_read(&second_disk, 6, 1, IOVA + PAGE);
	CHECK(is_block(at, 5, 0));
	CHECK(is_block(at + PAGE, 6, 1));
	CHECK_EQ(unmap(fd, IOVA, 2 * PAGE), 2 * PAGE);
	memset(at, 0x5a, 2 * PAGE);
	disk_read_blocked(&first_disk, 5, 1, IOVA);
	disk_read_blocked(&second_disk, 6, 1, IOVA + PAGE);
	CHECK(is_untouched(at, 2 * PAGE));
}

TEST(v1_unmap_of_a_part_keeps_the_rest_reachable)
{
	struct nvme disk;
	struct box box;
	const size_t length = 4ul << 20;
	char *at = memory(length);
	int fd;

	if (backend_is_type1())
		SKIP("type1 takes the whole mapping, or nothing");
	fd = disk_open(&disk, &box, VFIO_SPACE_TYPE1);
	CHECK_EQ(map(fd, IOVA, at, length, RW), 0);
	CHECK_EQ(unmap(fd, IOVA + 10 * PAGE, PAGE), PAGE);
	disk_read(&disk, 9, 1, IOVA + 9 * PAGE);
	disk_read_blocked(&disk, 10, 1, IOVA + 10 * PAGE);
	disk_read(&disk, 11, 1, IOVA + 11 * PAGE);
	disk_read(&disk, 12, 1, IOVA + length - PAGE);
	CHECK(is_block(at + 9 * PAGE, 9, 0));
	CHECK(is_untouched(at + 10 * PAGE, PAGE));
	CHECK(is_block(at + 11 * PAGE, 11, 0));
	CHECK(is_block(at + length - PAGE, 12, 0));
}

TEST(a_disk_reads_into_the_memory_of_another)
{
	struct vfio_device second;
	struct nvme disk;
	struct box box;
	size_t size;
	char *bar;
	int fd = disk_open(&disk, &box, VFIO_SPACE_TYPE1V2);

	add_device(&box.space, &second, "NVME1");
	if (vfio_device_bus_master(&second, false))
		ktap_fail("%s", fail_text());
	/* The controller memory buffer is in BAR 2 */
	bar = vfio_device_bar(&second, 2, &size);
	if (!bar)
		SKIP("the second disk has no memory: %s", fail_text());
	memset(bar, 0x5a, PAGE);
	CHECK_EQ(map(fd, IOVA, bar, size, RW), 0);
	disk_read(&disk, 3, 1, IOVA);
	CHECK(is_block(bar, 3, 0));
	CHECK(is_untouched(bar + BLOCK, BLOCK));
	CHECK_EQ(unmap(fd, IOVA, size), size);
	memset(bar, 0x5a, PAGE);
	disk_read_blocked(&disk, 3, 1, IOVA);
	CHECK(is_untouched(bar, PAGE));
}

TEST(memory_stays_pinned_after_munmap)
{
	char *at = memory(PAGE), *other;
	struct nvme disk;
	struct box box;
	int fd = disk_open(&disk, &box, VFIO_SPACE_TYPE1V2);

	CHECK_EQ(map(fd, IOVA, at, PAGE, RW), 0);
	CHECK_EQ(munmap(at, PAGE), 0);
	/*
	 * The kernel gives the page to no other user while the disk can write
	 * to it
	 */
	other = memory(1024 * PAGE);
	disk_read(&disk, 3, 1, IOVA);
	CHECK(is_untouched(other, 1024 * PAGE));
	CHECK_EQ(unmap(fd, IOVA, PAGE), PAGE);
}
