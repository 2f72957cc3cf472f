/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared by all programs of this folder: a context of /dev/iommu and its
 * ioctls, devices and accesses of the mock (iommufd_mock.ko), processes, and
 * the numbers of pinned and locked pages. Functions named after an ioctl return
 * what it returns; new_...() fails the test instead.
 *
 * Each test runs in a process of its own and opens its own context, in @fd.
 */
#ifndef SLUICE_IOMMUFD_FIXTURE_H
#define SLUICE_IOMMUFD_FIXTURE_H

#include <fcntl.h>
#include <grp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "../../../../include/uapi/linux/iommufd.h"
#include "../../../../drivers/iommu/iommufd/iommufd_test.h"
#include "ktap.h"

#define PAGE 4096ul
#define RW (IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE)
#define RO IOMMU_IOAS_MAP_READABLE
#define FIXED IOMMU_IOAS_MAP_FIXED_IOVA
/* Inside the aperture of every mock device */
#define IOVA 0x10000000ull
/* The first IOVA past the aperture of a mock device */
#define BEYOND (MOCK_APERTURE_LAST + 1ull)

static int fd = -1;

static inline void open_context(void)
{
	fd = open("/dev/iommu", O_RDWR);
	CHECK(fd >= 0);
}

static inline uint32_t new_ioas_flags(uint32_t flags)
{
	struct iommu_ioas_alloc cmd = { .size = sizeof(cmd), .flags = flags };

	if (fd < 0)
		open_context();
	CHECK_EQ(ioctl(fd, IOMMU_IOAS_ALLOC, &cmd), 0);
	CHECK(cmd.out_ioas_id != 0);
	return cmd.out_ioas_id;
}

static inline uint32_t new_ioas(void)
{
	return new_ioas_flags(0);
}

static inline int destroy(uint32_t id)
{
	struct iommu_destroy cmd = { .size = sizeof(cmd), .id = id };

	return ioctl(fd, IOMMU_DESTROY, &cmd);
}

static inline int map_at(uint32_t ioas, const void *memory, uint64_t length,
			 uint64_t iova, uint32_t prot)
{
	struct iommu_ioas_map cmd = {
		.size = sizeof(cmd),
		.flags = FIXED | prot,
		.ioas_id = ioas,
		.user_va = (uintptr_t)memory,
		.length = length,
		.iova = iova,
	};

	return ioctl(fd, IOMMU_IOAS_MAP, &cmd);
}

static inline int map_any(uint32_t ioas, const void *memory, uint64_t length,
			  uint64_t *iova, uint32_t prot)
{
	struct iommu_ioas_map cmd = {
		.size = sizeof(cmd),
		.flags = prot,
		.ioas_id = ioas,
		.user_va = (uintptr_t)memory,
		.length = length,
	};
	int ret = ioctl(fd, IOMMU_IOAS_MAP, &cmd);

	*iova = cmd.iova;
	return ret;
}

static inline int map_file_at(uint32_t ioas, int file, uint64_t start,
			      uint64_t length, uint64_t iova, uint32_t prot)
{
	struct iommu_ioas_map_file cmd = {
		.size = sizeof(cmd),
		.flags = FIXED | prot,
		.ioas_id = ioas,
		.fd = file,
		.start = start,
		.length = length,
		.iova = iova,
	};

	return ioctl(fd, IOMMU_IOAS_MAP_FILE, &cmd);
}

/* Returns the number of bytes that were unmapped, or -1 */
static inline int64_t unmap(uint32_t ioas, uint64_t iova, uint64_t length)
{
	struct iommu_ioas_unmap cmd = {
		.size = sizeof(cmd),
		.ioas_id = ioas,
		.iova = iova,
		.length = length,
	};

	return ioctl(fd, IOMMU_IOAS_UNMAP, &cmd) ? -1 : (int64_t)cmd.length;
}

static inline int64_t unmap_all(uint32_t ioas)
{
	return unmap(ioas, 0, UINT64_MAX);
}

static inline int copy_at(uint32_t dst, uint64_t dst_iova, uint32_t src,
			  uint64_t src_iova, uint64_t length, uint32_t prot)
{
	struct iommu_ioas_copy cmd = {
		.size = sizeof(cmd),
		.flags = FIXED | prot,
		.dst_ioas_id = dst,
		.src_ioas_id = src,
		.length = length,
		.dst_iova = dst_iova,
		.src_iova = src_iova,
	};

	return ioctl(fd, IOMMU_IOAS_COPY, &cmd);
}

static inline int allow(uint32_t ioas, const struct iommu_iova_range *ranges,
			uint32_t nr)
{
	struct iommu_ioas_allow_iovas cmd = {
		.size = sizeof(cmd),
		.ioas_id = ioas,
		.num_iovas = nr,
		.allowed_iovas = (uintptr_t)ranges,
	};

	return ioctl(fd, IOMMU_IOAS_ALLOW_IOVAS, &cmd);
}

static inline int iova_ranges(uint32_t ioas, struct iommu_iova_range *ranges,
			      uint32_t *nr, uint64_t *alignment)
{
	struct iommu_ioas_iova_ranges cmd = {
		.size = sizeof(cmd),
		.ioas_id = ioas,
		.num_iovas = *nr,
		.allowed_iovas = (uintptr_t)ranges,
	};
	int ret = ioctl(fd, IOMMU_IOAS_IOVA_RANGES, &cmd);

	*nr = cmd.num_iovas;
	if (alignment)
		*alignment = cmd.out_iova_alignment;
	return ret;
}

static inline int option(uint32_t id, uint16_t op, uint32_t object,
			 uint64_t *value)
{
	struct iommu_option cmd = {
		.size = sizeof(cmd),
		.option_id = id,
		.op = op,
		.object_id = object,
		.val64 = *value,
	};
	int ret = ioctl(fd, IOMMU_OPTION, &cmd);

	*value = cmd.val64;
	return ret;
}

static inline int get_option(uint32_t id, uint32_t object, uint64_t *value)
{
	return option(id, IOMMU_OPTION_OP_GET, object, value);
}

static inline int set_option(uint32_t id, uint32_t object, uint64_t value)
{
	return option(id, IOMMU_OPTION_OP_SET, object, &value);
}

/* Count locked memory of this context per process, as VFIO does */
static inline void open_context_in_process_mode(void)
{
	open_context();
	CHECK_EQ(set_option(IOMMU_OPTION_RLIMIT_MODE, 0, 1), 0);
}

static inline int change_process(void)
{
	struct iommu_ioas_change_process cmd = { .size = sizeof(cmd) };

	return ioctl(fd, IOMMU_IOAS_CHANGE_PROCESS, &cmd);
}

/* Hardware page tables */

static inline int alloc_hwpt(uint32_t device, uint32_t pt, uint32_t flags,
			     uint32_t *hwpt)
{
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.dev_id = device,
		.pt_id = pt,
	};
	int ret = ioctl(fd, IOMMU_HWPT_ALLOC, &cmd);

	*hwpt = cmd.out_hwpt_id;
	return ret;
}

static inline uint32_t new_hwpt(uint32_t device, uint32_t pt, uint32_t flags)
{
	uint32_t hwpt;

	CHECK_EQ(alloc_hwpt(device, pt, flags, &hwpt), 0);
	return hwpt;
}

static inline int set_dirty_tracking(uint32_t hwpt, uint32_t flags)
{
	struct iommu_hwpt_set_dirty_tracking cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.hwpt_id = hwpt,
	};

	return ioctl(fd, IOMMU_HWPT_SET_DIRTY_TRACKING, &cmd);
}

static inline int get_dirty_bitmap(uint32_t hwpt, uint64_t iova,
				   uint64_t length, uint64_t page_size,
				   void *bits, uint32_t flags)
{
	struct iommu_hwpt_get_dirty_bitmap cmd = {
		.size = sizeof(cmd),
		.hwpt_id = hwpt,
		.flags = flags,
		.iova = iova,
		.length = length,
		.page_size = page_size,
		.data = (uintptr_t)bits,
	};

	return ioctl(fd, IOMMU_HWPT_GET_DIRTY_BITMAP, &cmd);
}

/* Memory */

static inline void *memory(size_t length)
{
	void *p = mmap(NULL, length, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED);
	return p;
}

static inline void *aligned_memory(size_t length, size_t alignment)
{
	uintptr_t at = (uintptr_t)memory(length + alignment);

	return (void *)((at + alignment - 1) & -alignment);
}

static inline int memory_file(size_t length)
{
	int file = memfd_create("test", 0);

	CHECK(file >= 0);
	CHECK_EQ(ftruncate(file, length), 0);
	return file;
}

/* The mock */

struct mock {
	uint32_t test_id;
	uint32_t hwpt;
	uint32_t device;
};

static inline void need_mock(void)
{
	if (access("/sys/module/iommufd_mock", F_OK))
		SKIP("iommufd_mock is not loaded");
}

/* Attach a new mock device to an address space or hardware page table */
static inline int mock_attach(uint32_t id, uint32_t flags, struct mock *mock)
{
	struct iommu_test_cmd cmd = {
		.size = sizeof(cmd),
		.op = IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS,
		.id = id,
		.mock_domain_flags.dev_flags = flags,
	};
	int ret;

	need_mock();
	ret = ioctl(fd, IOMMU_TEST_CMD, &cmd);
	if (!ret && mock) {
		mock->test_id = cmd.mock_domain_flags.out_stdev_id;
		mock->hwpt = cmd.mock_domain_flags.out_hwpt_id;
		mock->device = cmd.mock_domain_flags.out_idev_id;
	}
	return ret;
}

/* A new address space with a mock device */
static inline uint32_t new_attached_ioas(uint32_t flags, struct mock *mock)
{
	uint32_t ioas = new_ioas();

	CHECK_EQ(mock_attach(ioas, flags, mock), 0);
	return ioas;
}

static inline int mock_replace(const struct mock *mock, uint32_t *pt_id)
{
	struct iommu_test_cmd cmd = {
		.size = sizeof(cmd),
		.op = IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE,
		.id = mock->test_id,
		.mock_domain_replace.pt_id = *pt_id,
	};
	int ret = ioctl(fd, IOMMU_TEST_CMD, &cmd);

	*pt_id = cmd.mock_domain_replace.pt_id;
	return ret;
}

/* enum iommufd_hw_capabilities of a device */
static inline uint64_t capabilities(uint32_t device)
{
	struct iommu_hw_info cmd = { .size = sizeof(cmd), .dev_id = device };

	CHECK_EQ(ioctl(fd, IOMMU_GET_HW_INFO, &cmd), 0);
	CHECK_EQ(cmd.out_max_pasid_log2, 0);
	return cmd.out_capabilities;
}

/* Does the hardware page table map this range to this memory? */
static inline bool mock_maps(uint32_t hwpt, uint64_t iova, const void *memory,
			      uint64_t length)
{
	struct iommu_test_cmd cmd = {
		.size = sizeof(cmd),
		.op = IOMMU_TEST_OP_MD_CHECK_MAP,
		.id = hwpt,
		.check_map = {
			.iova = iova,
			.length = length,
			.uptr = (uintptr_t)memory,
		},
	};

	return !ioctl(fd, IOMMU_TEST_CMD, &cmd);
}

static inline bool pinned_times(const void *memory, uint64_t length,
				uint32_t refs)
{
	struct iommu_test_cmd cmd = {
		.size = sizeof(cmd),
		.op = IOMMU_TEST_OP_MD_CHECK_REFS,
		.check_refs = {
			.length = length,
			.uptr = (uintptr_t)memory,
			.refs = refs,
		},
	};

	return !ioctl(fd, IOMMU_TEST_CMD, &cmd);
}

static inline void mock_count(uint32_t hwpt, uint64_t *mapped, uint64_t *syncs)
{
	struct iommu_test_cmd cmd = {
		.size = sizeof(cmd),
		.op = IOMMU_TEST_OP_MD_COUNT,
		.id = hwpt,
	};

	CHECK_EQ(ioctl(fd, IOMMU_TEST_CMD, &cmd), 0);
	if (mapped)
		*mapped = cmd.md_count.out_mapped;
	if (syncs)
		*syncs = cmd.md_count.out_syncs;
}

static inline int mock_reserve(uint32_t ioas, uint64_t start, uint64_t length)
{
	struct iommu_test_cmd cmd = {
		.size = sizeof(cmd),
		.op = IOMMU_TEST_OP_ADD_RESERVED,
		.id = ioas,
		.add_reserved = { .start = start, .length = length },
	};

	need_mock();
	return ioctl(fd, IOMMU_TEST_CMD, &cmd);
}

/* An in-kernel access that may pin pages; returns its file descriptor */
static inline int new_access(uint32_t ioas)
{
	struct iommu_test_cmd cmd = {
		.size = sizeof(cmd),
		.op = IOMMU_TEST_OP_CREATE_ACCESS,
		.id = ioas,
		.create_access.flags = MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES,
	};

	need_mock();
	CHECK_EQ(ioctl(fd, IOMMU_TEST_CMD, &cmd), 0);
	return cmd.create_access.out_access_fd;
}

static inline int access_pin(int access, uint64_t iova, uint64_t length,
			     const void *memory, uint32_t flags, uint32_t *id)
{
	struct iommu_test_cmd cmd = {
		.size = sizeof(cmd),
		.op = IOMMU_TEST_OP_ACCESS_PAGES,
		.id = access,
		.access_pages = {
			.flags = flags,
			.iova = iova,
			.length = length,
			.uptr = (uintptr_t)memory,
		},
	};
	int ret = ioctl(fd, IOMMU_TEST_CMD, &cmd);

	*id = cmd.access_pages.out_access_pages_id;
	return ret;
}

static inline int access_unpin(int access, uint32_t id)
{
	struct iommu_test_cmd cmd = {
		.size = sizeof(cmd),
		.op = IOMMU_TEST_OP_DESTROY_ACCESS_PAGES,
		.id = access,
		.destroy_access_pages.access_pages_id = id,
	};

	return ioctl(fd, IOMMU_TEST_CMD, &cmd);
}

static inline int access_rw(int access, uint64_t iova, void *memory,
			    uint64_t length, uint32_t flags)
{
	struct iommu_test_cmd cmd = {
		.size = sizeof(cmd),
		.op = IOMMU_TEST_OP_ACCESS_RW,
		.id = access,
		.access_rw = {
			.iova = iova,
			.length = length,
			.uptr = (uintptr_t)memory,
			.flags = flags,
		},
	};

	return ioctl(fd, IOMMU_TEST_CMD, &cmd);
}

/* Processes */

/* Run @fn in a child process; true if it ended without a failed check */
static inline bool in_child(void (*fn)(void *), void *arg)
{
	pid_t pid = fork();
	int status;

	CHECK(pid >= 0);
	if (!pid) {
		fn(arg);
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

/*
 * Run @work, which repeats something and counts the rounds, in a child process,
 * and kill it @later microseconds after the first round.
 */
static inline void kill_at_work(void (*work)(unsigned long *rounds),
				useconds_t later)
{
	unsigned long *rounds;
	int status;
	pid_t pid;

	rounds = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(rounds != MAP_FAILED);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		work(rounds);
		_exit(1);
	}
	while (!__atomic_load_n(rounds, __ATOMIC_RELAXED)) {
		CHECK_EQ(waitpid(pid, &status, WNOHANG), 0);
		usleep(1000);
	}
	usleep(later);
	CHECK_EQ(kill(pid, SIGKILL), 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	CHECK_EQ(munmap(rounds, PAGE), 0);
}

/*
 * Become an ordinary user. The process stays dumpable, so that it may still
 * read its own files in /proc.
 */
static inline void become_user(uid_t user)
{
	CHECK_EQ(setgroups(0, NULL), 0);
	CHECK_EQ(setresgid(user, user, user), 0);
	CHECK_EQ(setresuid(user, user, user), 0);
	CHECK_EQ(prctl(PR_SET_DUMPABLE, 1), 0);
}

static inline void limit_locked_pages(rlim_t pages)
{
	struct rlimit limit = { pages * PAGE, pages * PAGE };

	CHECK_EQ(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
}

/* Numbers of the kernel */

/* The number after @key, which is the start of a line */
static inline long from_file(const char *path, const char *key)
{
	char line[256];
	long value = -1;
	FILE *file = fopen(path, "r");

	CHECK(file != NULL);
	while (value < 0 && fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)))
			value = atol(line + strlen(key));
	fclose(file);
	CHECK(value >= 0);
	return value;
}

static inline long pinned_pages(void)
{
	/* Each CPU has counts of its own: add them up now */
	int refresh = open("/proc/sys/vm/stat_refresh", O_WRONLY);

	CHECK(refresh >= 0 && write(refresh, "1", 1) == 1);
	close(refresh);
	return from_file("/proc/vmstat", "nr_foll_pin_acquired ") -
	       from_file("/proc/vmstat", "nr_foll_pin_released ");
}

/* Of this process, in kB */
static inline long locked_kb(void)
{
	return from_file("/proc/self/status", "VmLck:");
}

static inline long pinned_kb(void)
{
	return from_file("/proc/self/status", "VmPin:");
}

#endif
