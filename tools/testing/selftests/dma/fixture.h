/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared by the DMA tests: a rig (the disk NVME0 in an address space of its
 * own), and the counts, registers and page tables of the IOMMU driver. Each
 * block of the disk holds its own number, so that the result of a read is
 * recognised in memory.
 *
 * SPACE=iommufd selects /dev/iommu instead of a VFIO container. FAULTS=unseen
 * says that the emulated unit does not record the faults that it blocks.
 */
#ifndef SLUICE_DMA_FIXTURE_H
#define SLUICE_DMA_FIXTURE_H

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

/* Only what hangs takes so long: slow hosts need much time for the rest */
#define KTAP_TIMEOUT 1200
#define HANG_MS 120000

#include "fail.h"
#include "ktap.h"
#include "nvme.h"
#include "vfio.h"

#define PAGE		4096ul
#define MEGA		(1ul << 20)
#define QUEUES_IOVA	0x10000000ul
/* The number of blocks that hold their numbers */
#define BLOCKS		1024u

struct rig {
	struct vfio_space space;
	struct vfio_device device;
	struct nvme disk;
};

#ifndef MAP_HUGE_SHIFT
#define MAP_HUGE_SHIFT 26
#endif

static inline const char *disk_address(void)
{
	const char *address = getenv("NVME0");

	if (!address)
		SKIP("NVME0 names no device");
	return address;
}

static inline void rig_map(struct rig *rig, uint64_t iova, void *memory,
			   size_t length)
{
	if (vfio_map(&rig->space, iova, memory, length, VFIO_PROT_RW))
		ktap_fail("%s", fail_text());
}

static inline void rig_unmap(struct rig *rig, uint64_t iova, size_t length)
{
	if (vfio_unmap(&rig->space, iova, length))
		ktap_fail("%s", fail_text());
}

/* Write the blocks of a disk in the address space of the rig */
static inline void write_blocks_of(struct rig *rig, struct nvme *disk)
{
	uint64_t *memory = vfio_alloc(PAGE);
	unsigned int per_page = PAGE / disk->block_size;
	unsigned int words = disk->block_size / sizeof(*memory);
	uint64_t iova = QUEUES_IOVA + 16 * MEGA;

	CHECK(memory);
	CHECK(disk->blocks >= BLOCKS);
	rig_map(rig, iova, memory, PAGE);
	for (unsigned int block = 0; block < BLOCKS; block += per_page) {
		for (unsigned int i = 0; i < per_page * words; i++)
			memory[i] = ~(uint64_t)(block + i / words);
		int id = nvme_begin(disk, NVME_WRITE, block, per_page, iova);

		CHECK(id >= 0);
		CHECK_EQ(nvme_wait(disk, id), 0);
	}
	rig_unmap(rig, iova, PAGE);
	munmap(memory, PAGE);
}

/* Write a string into a file; 0 or a negative errno */
static inline int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/* Set a parameter of iommu_common.ko, if it is loaded */
static inline void parameter(const char *name, unsigned int value)
{
	char path[96], text[16];
	int ret;

	snprintf(path, sizeof(path), "/sys/module/iommu_common/parameters/%s",
		 name);
	snprintf(text, sizeof(text), "%u", value);
	ret = put(path, text);
	if (ret && ret != -ENOENT)
		ktap_fail("%s: %s", name, strerror(-ret));
}

/*
 * Open NVME0 and write its blocks; on failure the test fails or skips. Storm
 * detection is disabled, so that every fault is recorded.
 */
static inline void rig_open(struct rig *rig)
{
	const char *kind = getenv("SPACE");
	const char *address = disk_address();

	parameter("storm_faults", 0);
	if (vfio_space_open(&rig->space, kind && !strcmp(kind, "iommufd") ?
			    VFIO_SPACE_IOMMUFD : VFIO_SPACE_TYPE1V2) ||
	    vfio_device_open(&rig->device, &rig->space, address) ||
	    nvme_open(&rig->disk, &rig->device, QUEUES_IOVA, HANG_MS))
		ktap_fail("%s", fail_text());
	write_blocks_of(rig, &rig->disk);
}

static inline void rig_close(struct rig *rig)
{
	nvme_close(&rig->disk);
	vfio_device_close(&rig->device);
	vfio_space_close(&rig->space);
}

static inline void do_block(struct rig *rig, enum nvme_op op, uint64_t block,
		     uint64_t iova)
{
	int id = nvme_begin(&rig->disk, op, block, 1, iova);

	if (id < 0)
		ktap_fail("%s", fail_text());
	if (nvme_wait(&rig->disk, id) == -ETIMEDOUT)
		ktap_fail("%s", fail_text());
}

/* Let the disk write one block to an IOVA, whatever status it reports */
static inline void rig_read(struct rig *rig, uint64_t block, uint64_t iova)
{
	do_block(rig, NVME_READ, block, iova);
}

/* Let the disk read one block from an IOVA, whatever status it reports */
static inline void rig_fetch(struct rig *rig, uint64_t block, uint64_t iova)
{
	do_block(rig, NVME_WRITE, block, iova);
}

/* Does the memory hold this block? */
static inline bool holds(const void *memory, uint64_t block)
{
	const uint64_t *words = memory;

	for (unsigned int i = 0; i < 512 / sizeof(*words); i++)
		if (__atomic_load_n(words + i, __ATOMIC_RELAXED) != ~block)
			return false;
	return true;
}

static inline bool read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t have = 0;
	ssize_t got;

	if (fd < 0)
		return false;
	while (have + 1 < size &&
	       (got = read(fd, text + have, size - 1 - have)) > 0)
		have += got;
	close(fd);
	text[have] = '\0';
	return true;
}

/* The IOMMU driver that is loaded, and its names in sysfs and debugfs */
struct iommu_driver {
	const char *module;
	const char *unit;
	const char *group;
};

static inline const struct iommu_driver *iommu_driver(void)
{
	static const struct iommu_driver drivers[] = {
		{ "vtd", "dmar0", "intel-iommu" },
		{ "amdvi", "ivhd0", "amd-iommu" },
	};
	char path[64];

	for (unsigned int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "/sys/module/%s",
			 drivers[i].module);
		if (!access(path, F_OK))
			return &drivers[i];
	}
	SKIP("neither vtd.ko nor amdvi.ko is loaded");
}

/* A register of the first unit, from debugfs */
static inline uint64_t unit_register(const char *name)
{
	const struct iommu_driver *driver = iommu_driver();
	static char text[2048];
	char path[128];
	const char *at;

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s/registers",
		 driver->module, driver->unit);
	CHECK(read_file(path, text, sizeof(text)));
	at = strstr(text, name);
	CHECK(at);
	return strtoull(at + strlen(name), NULL, 16);
}

/*
 * Does the unit hold faults that the driver has not counted yet? A unit may
 * block one request of a device in many pieces, each of them a fault, and the
 * driver may still be counting when the request has ended.
 */
static inline bool uncounted(void)
{
	const uint64_t overflow_or_pending = 3;

	if (!strcmp(iommu_driver()->module, "amdvi"))
		return unit_register("EVT_HEAD") != unit_register("EVT_TAIL");
	return unit_register("FSTS") & overflow_or_pending;
}

static inline void wait_for_events(void)
{
	for (int tries = 0; tries < HANG_MS; tries++) {
		if (!uncounted())
			return;
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	ktap_fail("the driver does not take the faults from the unit");
}

/* The number of faults that the IOMMU driver has counted */
static inline uint64_t faults(void)
{
	DIR *units = opendir("/sys/class/iommu");
	char path[512], text[32];
	struct dirent *unit;
	uint64_t sum = 0;
	bool any = false;

	CHECK(units);
	wait_for_events();
	while ((unit = readdir(units))) {
		snprintf(path, sizeof(path), "/sys/class/iommu/%s/%s/faults",
			 unit->d_name, iommu_driver()->group);
		if (!read_file(path, text, sizeof(text)))
			continue;
		any = true;
		sum += strtoull(text, NULL, 10);
	}
	closedir(units);
	if (!any)
		SKIP("the IOMMU driver counts no faults");
	return sum;
}

/* Wait for that number; false if it is not reached */
static inline bool faults_reach(uint64_t count)
{
	const char *seen = getenv("FAULTS");

	if (seen && !strcmp(seen, "unseen"))
		return true;
	for (int tries = 0; tries < HANG_MS; tries++) {
		if (faults() >= count)
			return true;
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	return false;
}

static inline const char *page_table(void)
{
	const struct iommu_driver *driver = iommu_driver();
	static char text[1 << 20];
	char path[128];
	const char *line;

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s/%s/page_table",
		 driver->module, driver->unit, disk_address());
	if (!read_file(path, text, sizeof(text)))
		SKIP("no %s", path);
	line = strstr(text, "entries");
	CHECK(line);
	return line;
}

/*
 * The number of entries of one size ("4K", "2M", "1G"), of "snooped" entries,
 * or of "tables", in the page table of the domain of NVME0. Skips the test if
 * the driver does not show the table.
 */
static inline unsigned long entries(const char *size)
{
	const char *at;
	char key[16];

	snprintf(key, sizeof(key), " %s=", size);
	at = strstr(page_table(), key);
	return at ? strtoul(at + strlen(key), NULL, 10) : 0;
}

/* The number of entries of all sizes */
static inline unsigned long all_entries(void)
{
	const char *at = page_table(), *end = strstr(at, " snooped=");
	unsigned long sum = 0;

	CHECK(end);
	while ((at = strchr(at, '=')) && at < end)
		sum += strtoul(++at, NULL, 10);
	return sum;
}

/* Change the domain of NVME0 behind its owner: see iommu_poke.ko */
static inline void poke(const char *command)
{
	char text[96];
	int ret;

	snprintf(text, sizeof(text), "%s %s", disk_address(), command);
	ret = put("/sys/kernel/debug/iommu_poke", text);
	if (ret == -ENOENT)
		SKIP("iommu_poke.ko is not loaded");
	if (ret)
		ktap_fail("poke %s: %s", text, strerror(-ret));
}

/* Hide an ability of the first unit; "" hides none */
static inline void hide(const char *what)
{
	const struct iommu_driver *driver = iommu_driver();
	char path[64], text[96];
	int ret;

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/hide",
		 driver->module);
	/* The newline makes sure that the write is not empty */
	snprintf(text, sizeof(text), "%s%s%s\n", *what ? driver->unit : "",
		 *what ? ":" : "", what);
	ret = put(path, text);
	if (ret)
		ktap_fail("hide %s: %s", what, strerror(-ret));
}

/* Memory in huge pages of 1 << @shift bytes */
static inline void *huge(size_t length, unsigned int shift)
{
	void *at = mmap(NULL, length, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB |
			MAP_POPULATE | shift << MAP_HUGE_SHIFT, -1, 0);

	if (at == MAP_FAILED)
		SKIP("no huge pages of %u bits", shift);
	return at;
}

#endif
