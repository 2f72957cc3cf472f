// SPDX-License-Identifier: GPL-2.0
/* The ioctls of a VFIO container: what each promises, and bad input */
#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "fixture.h"
#include "leave.h"

TEST(container_reports_its_types_and_extensions)
{
	int fd = open("/dev/vfio/vfio", O_RDWR);

	CHECK(fd >= 0);
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

	/* Whether the unit has snoop control is what the machine was made with */
	if (!coherent)
		SKIP("VFIO_COHERENT does not say what to expect");
	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	CHECK_EQ(ioctl(box.space.fd, VFIO_CHECK_EXTENSION, VFIO_DMA_CC_IOMMU),
		 atoi(coherent));
}

TEST(update_vaddr_and_nesting_are_not_offered)
{
	struct box box;
	int fd;

	if (backend_is_type1())
		SKIP("type1 offers them");
	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	fd = box.space.fd;
	CHECK_EQ(ioctl(fd, VFIO_CHECK_EXTENSION, VFIO_UPDATE_VADDR), 0);
	CHECK_EQ(ioctl(fd, VFIO_CHECK_EXTENSION, VFIO_TYPE1_NESTING_IOMMU), 0);
}

TEST(calls_without_a_group_are_einval)
{
	struct vfio_iommu_type1_info info = { .argsz = sizeof(info) };
	int fd = open("/dev/vfio/vfio", O_RDWR);

	CHECK_ERR(ioctl(fd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU), EINVAL);
	CHECK_ERR(ioctl(fd, VFIO_IOMMU_GET_INFO, &info), EINVAL);
	CHECK_ERR(map(fd, IOVA, memory(PAGE), PAGE, RW), EINVAL);
	CHECK_ERR(unmap(fd, IOVA, PAGE), EINVAL);
}

TEST(the_type_is_set_once)
{
	struct box box;

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	CHECK_ERR(ioctl(box.space.fd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU),
		  EINVAL);
}

TEST(an_unknown_ioctl_is_enotty)
{
	struct box box;

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	CHECK_ERR(ioctl(box.space.fd, _IO(VFIO_TYPE, VFIO_BASE + 99), 0),
		  ENOTTY);
}

TEST(mapping_is_unmapped_once)
{
	struct box box;

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	CHECK_EQ(map(box.space.fd, IOVA, memory(4 * PAGE), 4 * PAGE, RW), 0);
	CHECK_EQ(unmap(box.space.fd, IOVA, 4 * PAGE), 4 * PAGE);
	CHECK_EQ(unmap(box.space.fd, IOVA, 4 * PAGE), 0);
}

TEST(map_takes_read_write_or_both)
{
	struct box box;
	void *at = memory(PAGE);

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	CHECK_EQ(map(box.space.fd, IOVA, at, PAGE, VFIO_DMA_MAP_FLAG_READ), 0);
	CHECK_EQ(map(box.space.fd, IOVA + PAGE, at, PAGE,
		     VFIO_DMA_MAP_FLAG_WRITE), 0);
	CHECK_EQ(map(box.space.fd, IOVA + 2 * PAGE, at, PAGE, RW), 0);
	CHECK_ERR(map(box.space.fd, IOVA + 3 * PAGE, at, PAGE, 0), EINVAL);
}

TEST(map_refuses_malformed_arguments)
{
	struct vfio_iommu_type1_dma_map cmd;
	void *at = memory(4 * PAGE);
	struct box box;
	int fd;

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	fd = box.space.fd;
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
	CHECK_EQ(unmap_flags(fd, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL), PAGE);
}

static int dirty_bitmap(int fd, uint64_t iova, uint64_t pages, void *bits,
			uint64_t size)
{
	struct {
		struct vfio_iommu_type1_dirty_bitmap head;
		struct vfio_iommu_type1_dirty_bitmap_get get;
	} cmd = {
		.head.argsz = sizeof(cmd),
		.head.flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP,
		.get.iova = iova,
		.get.size = pages * PAGE,
		.get.bitmap.pgsize = PAGE,
		.get.bitmap.size = size,
		.get.bitmap.data = bits,
	};

	return ioctl(fd, VFIO_IOMMU_DIRTY_PAGES, &cmd);
}

/* type1 of Linux 6.12 answers EINVAL; that of Linux 7.3 what ours does */
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
		/* What is misaligned besides is wrong in the first place */
		CHECK_ERR(map(fd, -PAGE + 1, at, 2 * PAGE, RW), EINVAL);
		CHECK_ERR(unmap(fd, -PAGE + 1, 2 * PAGE), EINVAL);
		if (kind == VFIO_SPACE_TYPE1V2)
			CHECK_ERR(dirty_bitmap(fd, -PAGE, 2, &bits, 8), wraps);
		box_close(&box);
	}
}

/* How many containers the kernel's own backend serves */
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

	if (backend_is_type1())
		SKIP("it is the one that is loaded");
	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	CHECK_EQ(map(box.space.fd, IOVA, at, PAGE, RW), 0);
	/* Twice, and with a container open */
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(system("modprobe -r vfio_iommu_type1 && modprobe vfio_iommu_type1"),
			 0);
		CHECK_EQ(unmap(box.space.fd, IOVA, PAGE), PAGE);
		CHECK_EQ(map(box.space.fd, IOVA, at, PAGE, RW), 0);
		box_close(&box);
		box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
		CHECK_EQ(served_by_type1(), 0);
		CHECK_EQ(map(box.space.fd, IOVA, at, PAGE, RW), 0);
	}
	box_close(&box);
	CHECK_EQ(pinned_pages(), pinned);
	CHECK_EQ(system("modprobe -r vfio_iommu_type1"), 0);
}

TEST(mapping_over_a_mapping_is_eexist)
{
	void *at = memory(4 * PAGE);
	struct box box;

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	CHECK_EQ(map(box.space.fd, IOVA, at, 4 * PAGE, RW), 0);
	CHECK_ERR(map(box.space.fd, IOVA, at, PAGE, RW), EEXIST);
	CHECK_ERR(map(box.space.fd, IOVA + 3 * PAGE, at, 2 * PAGE, RW), EEXIST);
	CHECK_ERR(map(box.space.fd, IOVA - PAGE, at, 2 * PAGE, RW), EEXIST);
	CHECK_EQ(unmap_flags(box.space.fd, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL),
		 4 * PAGE);
}

TEST(mapping_into_the_msi_range_is_einval)
{
	struct box box;

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	CHECK_ERR(map(box.space.fd, 0xfee00000, memory(PAGE), PAGE, RW),
		  EINVAL);
}

TEST(mapping_outside_the_aperture_is_einval)
{
	struct box box;

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	CHECK_ERR(map(box.space.fd, 1ull << 62, memory(PAGE), PAGE, RW),
		  EINVAL);
}

TEST(failed_map_of_absent_memory_changes_nothing)
{
	struct box box;
	long long pinned;
	char *at = memory(8 * PAGE);

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	pinned = pinned_pages();
	CHECK_EQ(munmap(at + 5 * PAGE, PAGE), 0);
	CHECK_ERR(map(box.space.fd, IOVA, at, 8 * PAGE, RW), EFAULT);
	CHECK_EQ(pinned_pages(), pinned);
	CHECK_EQ(unmap_flags(box.space.fd, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL), 0);
}

TEST(write_access_to_read_only_memory_is_efault)
{
	struct box box;
	char *at = memory(PAGE);

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	CHECK_EQ(mprotect(at, PAGE, PROT_READ), 0);
	CHECK_ERR(map(box.space.fd, IOVA, at, PAGE, RW), EFAULT);
	CHECK_EQ(map(box.space.fd, IOVA, at, PAGE, VFIO_DMA_MAP_FLAG_READ), 0);
}

TEST(unmap_takes_several_mappings_and_holes)
{
	void *at = memory(8 * PAGE);
	struct box box;
	int fd;

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	fd = box.space.fd;
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
	int fd;

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	fd = box.space.fd;
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
	int fd;

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	fd = box.space.fd;
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
	int fd;

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	fd = box.space.fd;
	pinned = pinned_pages();
	CHECK_EQ(map(fd, 0, at, PAGE, RW), 0);
	CHECK_EQ(map(fd, IOVA, at, 4 * PAGE, RW), 0);
	CHECK_EQ(map(fd, 0x7f00000000, at, 2 * PAGE, RW), 0);
	CHECK(pinned_pages() >= pinned + 4);
	CHECK_EQ(unmap_flags(fd, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL), 7 * PAGE);
	CHECK_EQ(pinned_pages(), pinned);
	CHECK_EQ(unmap_flags(fd, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL), 0);
}

struct info {
	struct vfio_iommu_type1_info info;
	uint8_t rest[4096];
};

static void *find_cap(struct info *info, int id)
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

TEST(get_info_reports_page_sizes_and_capabilities)
{
	struct vfio_iommu_type1_info_cap_iova_range *ranges;
	struct vfio_iommu_type1_info_cap_migration *migration;
	struct vfio_iommu_type1_info_dma_avail *avail;
	struct info info = { .info.argsz = sizeof(info) };
	struct box box;

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	CHECK_EQ(ioctl(box.space.fd, VFIO_IOMMU_GET_INFO, &info), 0);
	CHECK_EQ(info.info.flags, VFIO_IOMMU_INFO_PGSIZES |
				  VFIO_IOMMU_INFO_CAPS);
	CHECK(info.info.iova_pgsizes & PAGE);
	CHECK(!(info.info.iova_pgsizes & (PAGE - 1)));

	migration = find_cap(&info, VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION);
	CHECK(migration);
	CHECK_EQ(migration->pgsize_bitmap, PAGE);
	CHECK_EQ(migration->max_dirty_bitmap_size, 1 << 28);

	avail = find_cap(&info, VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL);
	CHECK(avail);
	CHECK_EQ(avail->avail, backend_is_type1() ? 65535 : UINT32_MAX);

	ranges = find_cap(&info, VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE);
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
	struct info info = { .info.argsz = sizeof(info.info) }, whole;
	struct box box;
	int fd;

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	fd = box.space.fd;
	CHECK_EQ(ioctl(fd, VFIO_IOMMU_GET_INFO, &info), 0);
	CHECK(info.info.argsz > sizeof(info.info));
	CHECK_EQ(info.info.cap_offset, 0);
	for (size_t i = 0; i < sizeof(info.rest); i++)
		CHECK_EQ(info.rest[i], 0);
	whole = (struct info){ .info.argsz = info.info.argsz };
	CHECK_EQ(ioctl(fd, VFIO_IOMMU_GET_INFO, &whole), 0);
	CHECK_EQ(whole.info.cap_offset, sizeof(whole.info));

	info.info.argsz = offsetof(struct vfio_iommu_type1_info, iova_pgsizes);
	CHECK_ERR(ioctl(fd, VFIO_IOMMU_GET_INFO, &info), EINVAL);
	CHECK_ERR(ioctl(fd, VFIO_IOMMU_GET_INFO, NULL), EFAULT);
}

/* Be any user, with @limit bytes of locked memory; seteuid(0) ends it */
static void become_nobody(rlim_t limit)
{
	struct rlimit locked = { limit, limit };

	CHECK_EQ(setrlimit(RLIMIT_MEMLOCK, &locked), 0);
	CHECK_EQ(seteuid(65534), 0);
}

TEST(locked_memory_is_limited)
{
	void *at = memory(64 * PAGE);
	long long pinned;
	struct box box;
	int fd;

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	fd = box.space.fd;
	pinned = pinned_pages();
	become_nobody(32 * PAGE);
	CHECK_ERR(map(fd, IOVA, at, 33 * PAGE, RW), ENOMEM);
	CHECK_EQ(seteuid(0), 0);
	CHECK_EQ(pinned_pages(), pinned);
	CHECK_EQ(seteuid(65534), 0);
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

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	/* One without CAP_IPC_LOCK: to whom it does not matter need not be told */
	become_nobody(32 * PAGE);
	CHECK_EQ(locked_kb(), 0);
	CHECK_EQ(map(box.space.fd, IOVA, memory(16 * PAGE), 16 * PAGE, RW), 0);
	CHECK_EQ(locked_kb(), 16 * PAGE / 1024);
	CHECK_EQ(unmap(box.space.fd, IOVA, 16 * PAGE), 16 * PAGE);
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
		SKIP("it would take minutes in a kernel that looks for leaks");
	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	/* Apart, so that no two look like one */
	for (unsigned long i = 0; i < nr; i++)
		if (map(box.space.fd, IOVA + i * 2 * PAGE, at, PAGE, RW))
			ktap_fail("mapping %lu: %s", i, strerror(errno));
	CHECK_EQ(unmap(box.space.fd, IOVA, nr * 2 * PAGE), nr * PAGE);
}

TEST(two_groups_share_one_container)
{
	struct vfio_device second;
	struct box box;
	int fd;

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	fd = box.space.fd;
	CHECK_EQ(map(fd, IOVA, memory(4 * PAGE), 4 * PAGE, RW), 0);
	if (vfio_device_open(&second, &box.space, address_of("NVME1")))
		ktap_fail("%s", fail_text());
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

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	CHECK_EQ(map(box.space.fd, IOVA, memory(4 * PAGE), 4 * PAGE, RW), 0);
	CHECK_EQ(pinned_pages(), pinned + 4);
	vfio_device_close(&box.device);
	CHECK_EQ(pinned_pages(), pinned);
}

TEST(a_process_may_map_its_memory_in_the_container_of_another)
{
	long long pinned = pinned_pages();
	struct box box;
	int status;
	pid_t child;

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	child = fork();
	if (!child)
		_exit(map(box.space.fd, IOVA, memory(8 * PAGE), 8 * PAGE, RW) ?
			      errno : 0);
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	/* The memory outlives the process that had it */
	CHECK_EQ(pinned_pages(), pinned + 8);
	CHECK_EQ(unmap(box.space.fd, IOVA, 8 * PAGE), 8 * PAGE);
	CHECK_EQ(pinned_pages(), pinned);
}

TEST(a_killed_process_leaves_nothing_pinned)
{
	long long pinned = pinned_pages();
	int ready[2], status;
	char byte;
	pid_t child;

	CHECK_EQ(pipe(ready), 0);
	child = fork();
	if (!child) {
		struct box box;

		box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
		CHECK_EQ(map(box.space.fd, IOVA, memory(256 * PAGE), 256 * PAGE,
			     RW), 0);
		CHECK_EQ(write(ready[1], "", 1), 1);
		pause();
	}
	close(ready[1]);
	CHECK_EQ(read(ready[0], &byte, 1), 1);
	CHECK_EQ(pinned_pages(), pinned + 256);
	CHECK_EQ(kill(child, SIGKILL), 0);
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(pinned_pages(), pinned);
}

static void close_box(void *data)
{
	box_close(data);
}

TEST(unbinding_the_driver_waits_for_the_group)
{
	const char *address = address_of("NVME0");
	long long pinned = pinned_pages();
	struct box box;

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	CHECK_EQ(map(box.space.fd, IOVA, memory(4 * PAGE), 4 * PAGE, RW), 0);
	check_unbind_waits(address, box.device.fd, close_box, &box);
	CHECK_EQ(pinned_pages(), pinned);
	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
}

/* Threads that map and unmap ranges of their own */
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

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	for (int i = 0; i < 4; i++) {
		work[i] = (struct churn){ box.space.fd, IOVA + i * 16 * PAGE };
		CHECK_EQ(pthread_create(&threads[i], NULL, churn, &work[i]), 0);
	}
	for (int i = 0; i < 4; i++) {
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
		CHECK_EQ(work[i].error, 0);
	}
}

static void *keep_mapping(void *data)
{
	struct churn *c = data;
	void *at = memory(PAGE);

	/* Until there is no backend any more, which is what ends it */
	for (;;) {
		if (map(c->fd, c->iova, at, PAGE, RW)) {
			c->error = errno;
			return NULL;
		}
		unmap(c->fd, c->iova, PAGE);
	}
}

TEST(last_group_can_be_removed_during_maps)
{
	struct churn work = { .iova = IOVA };
	/* A kernel that looks for leaks takes seconds to open a device */
	const int rounds = !access("/sys/kernel/debug/kmemleak", F_OK) ? 5 : 20;
	long long pinned = pinned_pages();
	pthread_t thread;
	struct box box;

	if (backend_is_type1())
		SKIP("type1 may be used after it is freed");
	for (int i = 0; i < rounds; i++) {
		box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
		work.fd = box.space.fd;
		CHECK_EQ(pthread_create(&thread, NULL, keep_mapping, &work), 0);
		usleep(1000 * i);
		vfio_device_close(&box.device);
		CHECK_EQ(pthread_join(thread, NULL), 0);
		CHECK_EQ(work.error, EINVAL);
		vfio_space_close(&box.space);
		CHECK_EQ(pinned_pages(), pinned);
	}
}

TEST(device_memory_can_be_mapped)
{
	long long pinned = pinned_pages();
	struct box box;
	size_t size;
	void *bar;

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	bar = vfio_device_bar(&box.device, 0, &size);
	if (!bar)
		ktap_fail("%s", fail_text());
	CHECK_EQ(map(box.space.fd, IOVA, bar, size, RW), 0);
	CHECK_EQ(pinned_pages(), pinned);
	CHECK_EQ(unmap(box.space.fd, IOVA, size), size);
}

/* Ask for, or unmap with, a bitmap of @pages pages */
static int dirty_flag(int fd, uint32_t flags)
{
	struct vfio_iommu_type1_dirty_bitmap cmd = {
		.argsz = sizeof(cmd),
		.flags = flags,
	};

	return ioctl(fd, VFIO_IOMMU_DIRTY_PAGES, &cmd);
}

TEST(pages_that_a_device_reaches_are_dirty)
{
	uint64_t bits[2] = { 0 };
	struct box box;
	int fd;

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	fd = box.space.fd;
	CHECK_EQ(map(fd, IOVA, memory(4 * PAGE), 4 * PAGE, RW), 0);
	CHECK_EQ(map(fd, IOVA + 66 * PAGE, memory(3 * PAGE), 3 * PAGE, RW), 0);
	CHECK_ERR(dirty_bitmap(fd, IOVA, 128, bits, 16), EINVAL);
	CHECK_EQ(dirty_flag(fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_START), 0);
	CHECK_EQ(dirty_bitmap(fd, IOVA, 128, bits, 16), 0);
	CHECK_EQ(bits[0], 0xf);
	CHECK_EQ(bits[1], 0x7 << 2);
	CHECK_EQ(dirty_flag(fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP), 0);
	CHECK_ERR(dirty_bitmap(fd, IOVA, 128, bits, 16), EINVAL);
}

TEST(dirty_pages_refuses_malformed_arguments)
{
	uint64_t bits[2] = { 0 };
	struct box box;
	int fd;

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	fd = box.space.fd;
	CHECK_EQ(map(fd, IOVA, memory(64 * PAGE), 64 * PAGE, RW), 0);
	CHECK_ERR(dirty_flag(fd, 1u << 31), EINVAL);
	CHECK_ERR(dirty_flag(fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_START |
			     VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP), EINVAL);
	CHECK_ERR(ioctl(fd, VFIO_IOMMU_DIRTY_PAGES, NULL), EFAULT);
	CHECK_EQ(dirty_flag(fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_START), 0);
	CHECK_ERR(dirty_bitmap(fd, IOVA, 0, bits, 8), EINVAL);
	CHECK_ERR(dirty_bitmap(fd, IOVA + 1, 64, bits, 8), EINVAL);
	CHECK_ERR(dirty_bitmap(fd, IOVA, 65, bits, 8), EINVAL);
	CHECK_ERR(dirty_bitmap(fd, IOVA, 32, bits, 8), EINVAL);
	CHECK_ERR(dirty_bitmap(fd, IOVA + PAGE, 63, bits, 8), EINVAL);
	CHECK_ERR(dirty_bitmap(fd, IOVA, 64, bits, 1 << 29), EINVAL);
	CHECK_ERR(dirty_bitmap(fd, IOVA, 64, NULL, 8), EFAULT);
	CHECK_EQ(dirty_bitmap(fd, IOVA, 64, bits, 8), 0);
	CHECK_EQ(bits[0], -1);
	CHECK_EQ(bits[1], 0);
}

TEST(unmap_can_report_dirty_pages)
{
	struct {
		struct vfio_iommu_type1_dma_unmap head;
		struct vfio_bitmap bitmap;
	} cmd;
	uint64_t bits = 0;
	struct box box;
	int fd;

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	fd = box.space.fd;
	CHECK_EQ(map(fd, IOVA, memory(5 * PAGE), 5 * PAGE, RW), 0);
	cmd.head = (struct vfio_iommu_type1_dma_unmap){
		.argsz = sizeof(cmd),
		.flags = VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP,
		.iova = IOVA,
		.size = 5 * PAGE,
	};
	cmd.bitmap = (struct vfio_bitmap){
		.pgsize = PAGE,
		.size = sizeof(bits),
		.data = (void *)&bits,
	};
	CHECK_ERR(ioctl(fd, VFIO_IOMMU_UNMAP_DMA, &cmd), EINVAL);
	CHECK_EQ(dirty_flag(fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_START), 0);
	CHECK_EQ(ioctl(fd, VFIO_IOMMU_UNMAP_DMA, &cmd), 0);
	CHECK_EQ(cmd.head.size, 5 * PAGE);
	CHECK_EQ(bits, 0x1f);
}

TEST(v1_tracks_no_dirty_pages)
{
	struct box box;

	box_open(&box, VFIO_SPACE_TYPE1, "NVME0");
	CHECK_ERR(dirty_flag(box.space.fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_START),
		  EACCES);
}
