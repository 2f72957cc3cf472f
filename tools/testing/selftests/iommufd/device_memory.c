// SPDX-License-Identifier: GPL-2.0
/*
 * Device memory that VFIO_IOMMU_MAP_DMA maps on /dev/iommu: it is not pinned,
 * and it is unmapped (revoked) as soon as the process loses it. Runs over the
 * mock; the memory is the BAR of the first edu in the machine, which the
 * process maps through sysfs.
 */
#include <dirent.h>
#include <linux/vfio.h>
#include <pthread.h>

#include "fixture.h"
#include "kernel_memory.h"

#define DMA_RW (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)
#define BAR_PAGES 16
#define BAR_SIZE (BAR_PAGES * PAGE)
#define ROUNDS 300

static uint32_t ioas;

static int map_dma(uint64_t iova, const void *at, uint64_t length)
{
	struct vfio_iommu_type1_dma_map cmd = {
		.argsz = sizeof(cmd),
		.flags = DMA_RW,
		.vaddr = (uintptr_t)at,
		.iova = iova,
		.size = length,
	};

	return ioctl(fd, VFIO_IOMMU_MAP_DMA, &cmd);
}

/* Returns the number of bytes that were unmapped, or -1 */
static int64_t unmap_dma(uint64_t iova, uint64_t length)
{
	struct vfio_iommu_type1_dma_unmap cmd = {
		.argsz = sizeof(cmd),
		.iova = iova,
		.size = length,
	};

	return ioctl(fd, VFIO_IOMMU_UNMAP_DMA, &cmd) ? -1 : (int64_t)cmd.size;
}

/* Let VFIO_IOMMU_MAP_DMA and VFIO_IOMMU_UNMAP_DMA use a new address space */
static void choose_ioas(void)
{
	struct iommu_vfio_ioas cmd = {
		.size = sizeof(cmd),
		.op = IOMMU_VFIO_IOAS_SET,
	};

	ioas = new_ioas();
	cmd.ioas_id = ioas;
	CHECK_EQ(ioctl(fd, IOMMU_VFIO_IOAS, &cmd), 0);
}

/* The first edu in the machine has a BAR of 1 MiB */
static int bar_file(void)
{
	char path[512], id[16] = "";
	struct dirent *entry;
	int file = -1;
	DIR *dir;

	dir = opendir("/sys/bus/pci/devices");
	CHECK(dir != NULL);
	while (file < 0 && (entry = readdir(dir))) {
		FILE *device;

		snprintf(path, sizeof(path),
			 "/sys/bus/pci/devices/%s/device", entry->d_name);
		device = fopen(path, "r");
		if (!device)
			continue;
		if (fscanf(device, "%15s", id) == 1 && !strcmp(id, "0x11e8")) {
			snprintf(path, sizeof(path),
				 "/sys/bus/pci/devices/%s/resource0",
				 entry->d_name);
			file = open(path, O_RDWR);
			CHECK(file >= 0);
		}
		fclose(device);
	}
	closedir(dir);
	if (file < 0)
		SKIP("this machine has no edu");
	return file;
}

/*
 * Map the first @length bytes of the BAR at @address, or anywhere if it is NULL
 */
static char *bar_at(void *address, size_t length)
{
	int file = bar_file();
	char *at;

	at = mmap(address, length, PROT_READ | PROT_WRITE,
		  MAP_SHARED | (address ? MAP_FIXED : 0), file, 0);
	CHECK(at != MAP_FAILED);
	close(file);
	return at;
}

static char *bar(void)
{
	return bar_at(NULL, BAR_SIZE);
}

static uint64_t mapped_bytes(uint32_t hwpt)
{
	uint64_t mapped;

	mock_count(hwpt, &mapped, NULL);
	return mapped;
}

static void choose_attached_ioas(struct mock *mock)
{
	choose_ioas();
	CHECK_EQ(mock_attach(ioas, 0, mock), 0);
}

/* In addition, the BAR is mapped in this address space */
static char *setup(struct mock *mock)
{
	char *at = bar();

	choose_attached_ioas(mock);
	CHECK_EQ(map_dma(IOVA, at, BAR_SIZE), 0);
	CHECK_EQ(mapped_bytes(mock->hwpt), BAR_SIZE);
	return at;
}

/*
 * The BAR is in no hardware page table, but its range is still in use in the
 * address space; after an unmap it can be mapped again.
 */
static void check_revoked(struct mock *mock)
{
	uint32_t copy = new_ioas();
	char *at;

	CHECK_EQ(mapped_bytes(mock->hwpt), 0);
	CHECK_ERR(map_dma(IOVA, memory(PAGE), PAGE), EEXIST);
	/* A copy fails where a device is attached */
	CHECK_ERR(copy_at(ioas, IOVA + BAR_SIZE, ioas, IOVA, BAR_SIZE, RW),
		  EFAULT);
	CHECK_EQ(copy_at(copy, IOVA, ioas, IOVA, BAR_SIZE, RW), 0);
	CHECK_EQ(unmap(copy, IOVA, BAR_SIZE), BAR_SIZE);
	CHECK_EQ(unmap_dma(IOVA, BAR_SIZE), BAR_SIZE);
	at = bar();
	CHECK_EQ(map_dma(IOVA, at, BAR_SIZE), 0);
	CHECK_EQ(mapped_bytes(mock->hwpt), BAR_SIZE);
	CHECK_EQ(unmap_dma(IOVA, BAR_SIZE), BAR_SIZE);
	CHECK_EQ(mapped_bytes(mock->hwpt), 0);
}

TEST(device_memory_is_mapped_and_not_pinned)
{
	long pinned = pinned_pages();
	struct mock mock;
	char *at = setup(&mock);

	CHECK_EQ(pinned_pages(), pinned);
	CHECK_EQ(unmap_dma(IOVA, BAR_SIZE), BAR_SIZE);
	CHECK_EQ(mapped_bytes(mock.hwpt), 0);
	/*
	 * The munmap() of memory that is no longer mapped for devices has no
	 * effect
	 */
	CHECK_EQ(munmap(at, BAR_SIZE), 0);
}

TEST(munmap_unmaps_device_memory)
{
	struct mock mock;
	char *at = setup(&mock);
	uint64_t before, after;

	mock_count(mock.hwpt, NULL, &before);
	CHECK_EQ(munmap(at, BAR_SIZE), 0);
	mock_count(mock.hwpt, NULL, &after);
	CHECK(after > before);
	check_revoked(&mock);
}

TEST(munmap_of_one_page_unmaps_all_of_the_device_memory)
{
	struct mock mock;
	char *at = setup(&mock);

	CHECK_EQ(munmap(at + 5 * PAGE, PAGE), 0);
	check_revoked(&mock);
}

TEST(mprotect_unmaps_device_memory)
{
	struct mock mock;
	char *at = setup(&mock);

	CHECK_EQ(mprotect(at, BAR_SIZE, PROT_READ), 0);
	check_revoked(&mock);
}

TEST(mremap_unmaps_device_memory)
{
	struct mock mock;
	char *at = setup(&mock);

	CHECK(mremap(at, BAR_SIZE, BAR_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
		     memory(BAR_SIZE)) != MAP_FAILED);
	check_revoked(&mock);
}

TEST(exit_unmaps_device_memory)
{
	struct mock mock;
	int status;
	pid_t pid;

	choose_attached_ioas(&mock);
	pid = fork();
	if (!pid) {
		char *at = bar();

		CHECK_EQ(map_dma(IOVA, at, BAR_SIZE), 0);
		CHECK_EQ(mapped_bytes(mock.hwpt), BAR_SIZE);
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	check_revoked(&mock);
}

TEST(device_memory_survives_fork_and_munmap_beside_it)
{
	struct mock mock;
	char *at = setup(&mock);
	int status, file;
	pid_t pid;

	pid = fork();
	if (!pid) {
		munmap(at, BAR_SIZE);
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(munmap(memory(PAGE), PAGE), 0);
	file = open("/proc/self/clear_refs", O_WRONLY);
	CHECK(file >= 0);
	CHECK_EQ(write(file, "4", 1), 1);
	CHECK_EQ(mapped_bytes(mock.hwpt), BAR_SIZE);
	CHECK_EQ(unmap_dma(IOVA, BAR_SIZE), BAR_SIZE);
}

TEST(munmap_unmaps_copies_of_device_memory)
{
	uint32_t other;
	struct mock mock, second;
	char *at = setup(&mock);

	other = new_ioas();
	CHECK_EQ(mock_attach(other, 0, &second), 0);
	CHECK_EQ(copy_at(other, IOVA, ioas, IOVA + PAGE, 2 * PAGE, RW), 0);
	CHECK_EQ(copy_at(ioas, IOVA + BAR_SIZE, ioas, IOVA, BAR_SIZE, RW), 0);
	CHECK_EQ(mapped_bytes(mock.hwpt), 2 * BAR_SIZE);
	CHECK_EQ(mapped_bytes(second.hwpt), 2 * PAGE);
	CHECK_EQ(unmap_dma(IOVA, BAR_SIZE), BAR_SIZE);
	CHECK_EQ(mapped_bytes(mock.hwpt), BAR_SIZE);
	CHECK_EQ(munmap(at, BAR_SIZE), 0);
	CHECK_EQ(mapped_bytes(mock.hwpt), 0);
	CHECK_EQ(mapped_bytes(second.hwpt), 0);
	CHECK_ERR(copy_at(other, IOVA + BAR_SIZE, ioas, IOVA + BAR_SIZE, PAGE,
			  RW), EFAULT);
	CHECK_EQ(unmap(other, IOVA, 2 * PAGE), 2 * PAGE);
	CHECK_EQ(unmap_dma(IOVA + BAR_SIZE, BAR_SIZE), BAR_SIZE);
}

TEST(attach_skips_device_memory_that_is_gone)
{
	struct mock first, second;
	char *at = setup(&first);

	CHECK_EQ(map_dma(IOVA + BAR_SIZE, memory(PAGE), PAGE), 0);
	CHECK_EQ(munmap(at, BAR_SIZE), 0);
	/* Both kinds of devices need another table than the first */
	CHECK_EQ(mock_attach(ioas, MOCK_FLAGS_DEVICE_64K, NULL), -1);
	CHECK_EQ(mock_attach(ioas, MOCK_FLAGS_DEVICE_WIDE, &second), 0);
	CHECK(second.hwpt != first.hwpt);
	CHECK_EQ(mapped_bytes(second.hwpt), PAGE);
	CHECK_EQ(destroy(second.test_id), 0);
	CHECK_EQ(destroy(first.test_id), 0);
	/*
	 * Without a table, the next attach looks the memory up again, and skips
	 * it
	 */
	CHECK_EQ(mock_attach(ioas, 0, &first), 0);
	CHECK_EQ(mapped_bytes(first.hwpt), PAGE);
	CHECK_EQ(destroy(first.test_id), 0);
	bar_at(at, BAR_SIZE);
	CHECK_EQ(mock_attach(ioas, 0, &first), 0);
	CHECK_EQ(mapped_bytes(first.hwpt), PAGE + BAR_SIZE);
	CHECK_EQ(unmap_dma(IOVA, BAR_SIZE + PAGE), BAR_SIZE + PAGE);
	CHECK_EQ(mapped_bytes(first.hwpt), 0);
}

TEST(device_memory_can_be_mapped_before_attach)
{
	struct mock mock;
	char *at = bar();

	choose_ioas();
	CHECK_EQ(map_dma(IOVA, at, BAR_SIZE), 0);
	CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
	CHECK_EQ(mapped_bytes(mock.hwpt), BAR_SIZE);
	CHECK_EQ(munmap(at, BAR_SIZE), 0);
	CHECK_EQ(mapped_bytes(mock.hwpt), 0);
	CHECK_EQ(unmap_dma(IOVA, BAR_SIZE), BAR_SIZE);
}

TEST(munmap_unmaps_every_piece_of_split_device_memory)
{
	struct mock mock;
	char *at = bar();

	choose_ioas();
	CHECK_EQ(ioctl(fd, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU), 0);
	CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
	CHECK_EQ(map_dma(IOVA, at, BAR_SIZE), 0);
	/* Split the mapping in two */
	CHECK_EQ(unmap_dma(IOVA + 3 * PAGE, 2 * PAGE), 2 * PAGE);
	CHECK_EQ(mapped_bytes(mock.hwpt), BAR_SIZE - 2 * PAGE);
	CHECK_EQ(munmap(at + BAR_SIZE - PAGE, PAGE), 0);
	CHECK_EQ(mapped_bytes(mock.hwpt), 0);
	/* The pieces can be split further when they are revoked */
	CHECK_EQ(unmap_dma(IOVA, PAGE), PAGE);
	CHECK_EQ(unmap_dma(IOVA, BAR_SIZE), BAR_SIZE - 3 * PAGE);
}

TEST(dirty_bitmap_skips_device_memory_that_is_gone)
{
	struct mock mock;
	char *at = setup(&mock);
	uint64_t bits = 0;
	uint32_t hwpt;

	hwpt = new_hwpt(mock.device, ioas, IOMMU_HWPT_ALLOC_DIRTY_TRACKING);
	CHECK_EQ(mapped_bytes(hwpt), BAR_SIZE);
	CHECK_EQ(set_dirty_tracking(hwpt, IOMMU_HWPT_DIRTY_TRACKING_ENABLE), 0);
	CHECK_EQ(get_dirty_bitmap(hwpt, IOVA, BAR_SIZE, PAGE, &bits, 0), 0);
	CHECK_EQ(munmap(at, BAR_SIZE), 0);
	CHECK_EQ(get_dirty_bitmap(hwpt, IOVA, BAR_SIZE, PAGE, &bits, 0), 0);
	CHECK_EQ(set_dirty_tracking(hwpt, IOMMU_HWPT_DIRTY_TRACKING_ENABLE), 0);
	CHECK_EQ(bits, 0);
	CHECK_EQ(mapped_bytes(hwpt), 0);
	check_revoked(&mock);
}

TEST(kernel_memory_is_not_mapped_as_device_memory)
{
	char *at = memory_of_the_kernel(4 * PAGE);
	struct mock mock;

	choose_ioas();
	CHECK_ERR(map_dma(IOVA, at, 4 * PAGE), EFAULT);
	CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
	CHECK_ERR(map_dma(IOVA, at, 4 * PAGE), EFAULT);
	CHECK_ERR(map_dma(IOVA, at, PAGE), EFAULT);
	CHECK_EQ(mapped_bytes(mock.hwpt), 0);
	CHECK_EQ(unmap_dma(IOVA, 4 * PAGE), 0);
}

/* Writing to a private mapping of the BAR copies the page to ordinary memory */
TEST(a_page_written_in_a_private_mapping_is_pinned_or_refused)
{
	long pinned = pinned_pages();
	int file = bar_file(), ret;
	char *at;
	struct mock mock;

	at = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
	CHECK(at != MAP_FAILED);
	at[0] = 1;
	choose_attached_ioas(&mock);
	ret = map_dma(IOVA, at, PAGE);
	if (ret)
		CHECK_EQ(errno, EFAULT);
	CHECK_EQ(pinned_pages(), pinned + !ret);
	/* The next page is still device memory, and not writable */
	CHECK_ERR(map_dma(IOVA + PAGE, at, 2 * PAGE), EFAULT);
	CHECK_EQ(pinned_pages(), pinned + !ret);
	CHECK_EQ(unmap_dma(IOVA, PAGE), ret ? 0 : (long long)PAGE);
	CHECK_EQ(pinned_pages(), pinned);
}

/* Memory (M) and BAR (B) in a row, two pages each; for example "MB" */
static char *mixed(const char *kinds)
{
	size_t length = strlen(kinds) * 2 * PAGE;
	char *at = memory(length + 2 * PAGE);

	for (int i = 0; kinds[i]; i++)
		if (kinds[i] == 'B')
			bar_at(at + i * 2 * PAGE, 2 * PAGE);
	return at;
}

static void check_mixed(const char *kinds, bool attach_first)
{
	size_t length = strlen(kinds) * 2 * PAGE;
	long pinned = pinned_pages(), memory_pages = 0;
	char *at = mixed(kinds);
	struct mock mock;

	for (int i = 0; kinds[i]; i++)
		memory_pages += kinds[i] == 'M' ? 2 : 0;
	choose_ioas();
	if (attach_first)
		CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
	CHECK_EQ(map_dma(IOVA, at, length), 0);
	if (!attach_first)
		CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
	CHECK_EQ(mapped_bytes(mock.hwpt), length);
	CHECK_EQ(pinned_pages(), pinned + memory_pages);
	/* It was mapped by one call, so a part of it cannot be unmapped */
	CHECK_EQ(map_dma(IOVA + length, memory(PAGE), PAGE), 0);
	CHECK_ERR(unmap_dma(IOVA, 2 * PAGE), ENOENT);
	CHECK_ERR(unmap_dma(IOVA + 2 * PAGE, length - 2 * PAGE), ENOENT);
	CHECK_ERR(unmap_dma(IOVA + 2 * PAGE, length - PAGE), ENOENT);
	CHECK_ERR(unmap_dma(IOVA, PAGE), ENOENT);
	CHECK_EQ(mapped_bytes(mock.hwpt), length + PAGE);
	/* munmap() of one page of the BAR revokes that part */
	CHECK_EQ(munmap(at + (strchr(kinds, 'B') - kinds) * 2 * PAGE, PAGE), 0);
	CHECK_EQ(mapped_bytes(mock.hwpt), length - PAGE);
	CHECK_EQ(pinned_pages(), pinned + memory_pages + 1);
	CHECK_EQ(unmap_dma(IOVA, length + PAGE), length + PAGE);
	CHECK_EQ(mapped_bytes(mock.hwpt), 0);
	CHECK_EQ(pinned_pages(), pinned);
	CHECK_EQ(destroy(mock.test_id), 0);
	CHECK_EQ(destroy(ioas), 0);
}

TEST(memory_and_device_memory_are_mapped_in_one_call)
{
	static const char *const kinds[] = { "MB", "BM", "MBM", "BMB",
					     "MBMBM" };

	for (int i = 0; i < 5; i++) {
		check_mixed(kinds[i], true);
		check_mixed(kinds[i], false);
	}
}

TEST(map_of_a_mixed_range_is_all_or_nothing)
{
	long pinned = pinned_pages();
	char *at = mixed("MBM");
	struct mock mock;

	choose_attached_ioas(&mock);
	CHECK_EQ(munmap(at + 5 * PAGE, PAGE), 0);
	CHECK_ERR(map_dma(IOVA, at, 6 * PAGE), EFAULT);
	CHECK_EQ(mapped_bytes(mock.hwpt), 0);
	CHECK_EQ(pinned_pages(), pinned);
	CHECK_EQ(map_dma(IOVA, at, 5 * PAGE), 0);
	CHECK_ERR(map_dma(IOVA + 4 * PAGE, at, 5 * PAGE), EEXIST);
	CHECK_EQ(mapped_bytes(mock.hwpt), 5 * PAGE);
	CHECK_EQ(unmap_dma(IOVA, 5 * PAGE), 5 * PAGE);
	CHECK_EQ(pinned_pages(), pinned);
}

TEST(type1_unmaps_a_part_of_a_mixed_range)
{
	char *at = mixed("MBM");
	struct mock mock;

	choose_ioas();
	CHECK_EQ(ioctl(fd, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU), 0);
	CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
	CHECK_EQ(map_dma(IOVA, at, 6 * PAGE), 0);
	/* At the border of two parts, and inside of one part */
	CHECK_EQ(unmap_dma(IOVA + 2 * PAGE, PAGE), PAGE);
	CHECK_EQ(mapped_bytes(mock.hwpt), 5 * PAGE);
	CHECK_EQ(unmap_dma(IOVA + PAGE, PAGE), PAGE);
	CHECK_EQ(unmap_dma(IOVA, PAGE), PAGE);
	CHECK_EQ(unmap_dma(IOVA + 5 * PAGE, PAGE), PAGE);
	CHECK_EQ(unmap_dma(IOVA, 6 * PAGE), 2 * PAGE);
	CHECK_EQ(mapped_bytes(mock.hwpt), 0);
}

TEST(device_memory_does_not_count_as_locked)
{
	char *at, *all = mixed("MB");
	struct mock mock;

	at = bar();
	choose_attached_ioas(&mock);
	limit_locked_pages(3);
	CHECK_EQ(setresuid(65534, 65534, 65534), 0);
	CHECK_EQ(map_dma(IOVA, at, BAR_SIZE), 0);
	CHECK_EQ(map_dma(IOVA + BAR_SIZE, all, 4 * PAGE), 0);
	CHECK_ERR(map_dma(IOVA + 2 * BAR_SIZE, all, 4 * PAGE), ENOMEM);
	CHECK_EQ(unmap_dma(IOVA, 2 * BAR_SIZE), BAR_SIZE + 4 * PAGE);
}

/*
 * A thread that unmaps the BAR and maps it again, while the test maps it for
 * DMA
 */
static char *contested;
static int contested_file;

static void *remap_bar(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		CHECK_EQ(mprotect(contested + i % BAR_PAGES * PAGE, PAGE,
				  PROT_NONE), 0);
		CHECK_EQ(munmap(contested, BAR_SIZE), 0);
		CHECK(mmap(contested, BAR_SIZE, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_FIXED, contested_file, 0) ==
		      contested);
	}
	return unused;
}

TEST(device_memory_is_revoked_during_map_copy_and_attach)
{
	long pinned = pinned_pages();
	struct mock mock, second;
	pthread_t thread;
	uint32_t copy;

	contested = bar();
	contested_file = bar_file();
	choose_ioas();
	CHECK_EQ(ioctl(fd, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU), 0);
	CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
	copy = new_ioas();
	CHECK_EQ(pthread_create(&thread, NULL, remap_bar, NULL), 0);
	for (int i = 0; i < ROUNDS; i++) {
		if (map_dma(IOVA, contested, BAR_SIZE)) {
			CHECK_EQ(errno, EFAULT);
			continue;
		}
		if (i % 2)
			CHECK_EQ(unmap_dma(IOVA + (i % 8 + 1) * PAGE, PAGE),
				 PAGE);
		if (i % 3 == 0)
			CHECK_EQ(copy_at(copy, IOVA, ioas, IOVA, PAGE, RW), 0);
		if (i % 4 == 0) {
			CHECK_EQ(mock_attach(copy, 0, &second), 0);
			CHECK_EQ(destroy(second.test_id), 0);
		}
		CHECK_EQ(unmap_dma(IOVA, BAR_SIZE),
			 BAR_SIZE - (i % 2 ? PAGE : 0));
		if (i % 3 == 0)
			CHECK_EQ(unmap(copy, IOVA, PAGE), PAGE);
		CHECK_EQ(mapped_bytes(mock.hwpt), 0);
	}
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_EQ(map_dma(IOVA, contested, BAR_SIZE), 0);
	CHECK_EQ(mapped_bytes(mock.hwpt), BAR_SIZE);
	CHECK_EQ(munmap(contested, BAR_SIZE), 0);
	CHECK_EQ(mapped_bytes(mock.hwpt), 0);
	CHECK_EQ(unmap_dma(IOVA, BAR_SIZE), BAR_SIZE);
	CHECK_EQ(pinned_pages(), pinned);
}
