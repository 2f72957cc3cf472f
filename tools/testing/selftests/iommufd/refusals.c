// SPDX-License-Identifier: GPL-2.0
/*
 * A call that is refused because of a limit, a range or a device logs the
 * reason, with the numbers, the process and a remedy; a call that succeeds logs
 * nothing. Runs over the mock. It must be the first program in its machine: see
 * kmsg.h.
 */
#include "clock.h"
#include "kmsg.h"
#include "window.h"

/* Become a user whose processes may lock that many pages; the log stays open */
static void become_nobody(rlim_t pages)
{
	limit_locked_pages(pages);
	become_user(4242);
}

static bool log_names_us(const char *name)
{
	char text[64];

	snprintf(text, sizeof(text), "%s[%d]", name, getpid());
	return log_says(text);
}

/* An address space with one window of 1 MiB and pages of 64 KiB */
static uint32_t new_ioas_with_window(uint64_t base)
{
	uint32_t ioas = new_windowed_ioas();

	CHECK_EQ(create_window(ioas, BASE, base, MIB, 16 * PAGE, NULL), 0);
	return ioas;
}

/* The limit of locked memory */

TEST(log_reports_the_limit_of_a_user)
{
	uint32_t ioas = new_attached_ioas(0, NULL);
	char *p = memory(64 * PAGE);

	log_begin();
	become_nobody(16);
	CHECK_EQ(map_at(ioas, p, 6 * PAGE, IOVA, RW), 0);
	CHECK_ERR(map_at(ioas, p + 32 * PAGE, 11 * PAGE, 2 * IOVA, RW), ENOMEM);
	CHECK(log_says("iommufd: RLIMIT_MEMLOCK (65536) exceeded: "));
	CHECK(log_names_us("refusals"));
	CHECK(log_says(" 45056 bytes more"));
	CHECK(log_says("its user, in all processes, has locked 24576;"));
	CHECK(log_says("ulimit -l"));
}

TEST(log_reports_the_limit_of_a_process)
{
	char *p = memory(64 * PAGE);
	uint32_t ioas;

	open_context_in_process_mode();
	ioas = new_attached_ioas(0, NULL);
	log_begin();
	become_nobody(16);
	CHECK_EQ(map_at(ioas, p, 6 * PAGE, IOVA, RW), 0);
	CHECK_ERR(map_at(ioas, p + 32 * PAGE, 11 * PAGE, 2 * IOVA, RW), ENOMEM);
	CHECK(log_says("iommufd: RLIMIT_MEMLOCK (65536) exceeded: "));
	CHECK(log_says("and it has locked 24576;"));
}

TEST(log_reports_the_limit_for_a_file)
{
	uint32_t ioas = new_attached_ioas(0, NULL);
	int file = memory_file(2 * PAGE);

	log_begin();
	become_nobody(1);
	CHECK_ERR(map_file_at(ioas, file, 0, 2 * PAGE, IOVA, RW), ENOMEM);
	CHECK(log_says("iommufd: RLIMIT_MEMLOCK (4096) exceeded: "));
}

TEST(log_reports_the_limit_for_one_page)
{
	uint32_t ioas = new_attached_ioas(0, NULL);

	log_begin();
	become_nobody(0);
	CHECK_ERR(map_at(ioas, memory(PAGE), PAGE, IOVA, RW), ENOMEM);
	CHECK(log_says("iommufd: RLIMIT_MEMLOCK (0) exceeded: "));
}

TEST(process_name_is_escaped_in_the_log)
{
	uint32_t ioas = new_attached_ioas(0, NULL);

	log_begin();
	become_nobody(0);
	CHECK_EQ(prctl(PR_SET_NAME, "a\n<0>b\033[1m"), 0);
	CHECK_ERR(map_at(ioas, memory(PAGE), PAGE, IOVA, RW), ENOMEM);
	CHECK(log_says("RLIMIT_MEMLOCK"));
	/* The kernel log shows characters that were not escaped in this way */
	CHECK_EQ(log_count("\\x0a"), 0);
	CHECK_EQ(log_count("\\x1b"), 0);
}

/* Ranges */

TEST(log_reports_a_reserved_range)
{
	uint32_t ioas = new_attached_ioas(MOCK_FLAGS_DEVICE_RESERVED, NULL);

	log_begin();
	CHECK_ERR(map_at(ioas, memory(2 * PAGE), 2 * PAGE,
			 MOCK_RESERVED_START - PAGE, RW), EINVAL);
	CHECK(log_names_us("refusals"));
	CHECK(log_says("IOVA 0x1ffff000-0x20000fff: 0x20000000-0x200fffff is reserved"));
	CHECK(log_says("IOMMU_IOAS_IOVA_RANGES or VFIO_IOMMU_GET_INFO"));
}

TEST(log_reports_the_aperture)
{
	uint32_t ioas = new_attached_ioas(0, NULL);

	log_begin();
	CHECK_ERR(map_at(ioas, memory(PAGE), PAGE, BEYOND, RW), EINVAL);
	CHECK(log_says("IOVA 0x80000000-0x80000fff: 0x80000000-0xffffffffffffffff is outside the aperture"));
}

TEST(log_reports_the_alignment)
{
	uint32_t ioas = new_attached_ioas(0, NULL);
	char *p = memory(PAGE);
	uint64_t iova;

	log_begin();
	CHECK_ERR(map_at(ioas, p, 100, IOVA, RW), EINVAL);
	CHECK(log_says("cannot map 0x64 bytes, 0x0 behind a page's start in memory, to IOVA 0x10000000: all three have to be multiples of 0x800,"));
	log_begin();
	CHECK_ERR(map_any(ioas, p, 200, &iova, RW), EINVAL);
	CHECK(log_says("cannot map 0xc8 bytes, "));
}

TEST(log_reports_windows)
{
	uint32_t ioas = new_ioas_with_window(IOVA);
	char *p = memory(PAGE);

	log_begin();
	CHECK_ERR(map_at(ioas, p, PAGE, IOVA + MIB, RW), ENXIO);
	CHECK(log_says("IOVA 0x10100000-0x10100fff: no window holds it"));
	CHECK_ERR(map_at(ioas, p, PAGE, IOVA, RW), EINVAL);
	CHECK(log_says("multiples of 0x10000,"));
}

/* Devices */

TEST(log_reports_mappings_that_a_device_cannot_have)
{
	uint32_t ioas = new_ioas();
	void *p = memory(PAGE);

	CHECK_EQ(map_at(ioas, p, PAGE, MOCK_RESERVED_START, RW), 0);
	log_begin();
	CHECK_ERR(mock_attach(ioas, MOCK_FLAGS_DEVICE_RESERVED, NULL),
		  EADDRINUSE);
	CHECK(log_names_us("refusals"));
	CHECK(log_says("IOVA 0x20000000-0x200fffff is reserved for it"));

	CHECK_EQ(unmap_all(ioas), PAGE);
	CHECK_EQ(map_at(ioas, p, PAGE, BEYOND, RW), 0);
	log_begin();
	CHECK_ERR(mock_attach(ioas, 0, NULL), EADDRINUSE);
	CHECK(log_says("aperture is IOVA 0x1000000-0x7fffffff, and something outside is mapped"));

	CHECK_EQ(unmap_all(ioas), PAGE);
	CHECK_EQ(map_at(ioas, p, 1, IOVA, RW), 0);
	log_begin();
	CHECK_ERR(mock_attach(ioas, 0, NULL), EADDRINUSE);
	CHECK(log_says("whole pages of 0x800 bytes, and 0x1 bytes at IOVA 0x10000000 are not"));
}

TEST(log_reports_windows_that_a_device_cannot_have)
{
	uint32_t ioas = new_ioas();

	log_begin();
	CHECK_ERR(mock_attach(ioas, MOCK_FLAGS_DEVICE_WINDOWS, NULL), EINVAL);
	CHECK(log_says("was not made with IOMMU_IOAS_ALLOC_WINDOWED"));

	ioas = new_ioas_with_window(1ull << 40);
	log_begin();
	CHECK_ERR(mock_attach(ioas, MOCK_FLAGS_DEVICE_WINDOWS, NULL),
		  EADDRINUSE);
	CHECK(log_says("cannot have the windows of this address space"));
}

TEST(log_reports_devices_that_no_process_may_use)
{
	uint32_t ioas = new_ioas();

	log_begin();
	CHECK_ERR(mock_attach(ioas, MOCK_FLAGS_DEVICE_INCOHERENT, NULL),
		  EINVAL);
	CHECK(log_says("is not coherent with the CPUs' caches"));
	log_begin();
	CHECK_ERR(mock_attach(ioas, MOCK_FLAGS_DEVICE_UNSAFE_MSI, NULL), EPERM);
	CHECK(log_says("allow_unsafe_interrupts=1"));
	log_begin();
	CHECK_ERR(mock_attach(ioas, MOCK_FLAGS_DEVICE_64K, NULL), EINVAL);
	CHECK(log_says("the smallest page of its IOMMU is 0x10000, and of this machine 0x1000"));
}

TEST(log_reports_a_table_that_does_not_suit_a_device)
{
	uint32_t ioas = new_ioas(), hwpt;
	struct mock mock, wide;

	CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
	hwpt = new_hwpt(mock.device, ioas, 0);
	log_begin();
	CHECK_ERR(mock_attach(hwpt, MOCK_FLAGS_DEVICE_WIDE, NULL), EINVAL);
	CHECK(log_says("its IOMMU driver refuses hardware page table"));
	CHECK(log_says("attach to the address space"));

	CHECK_EQ(mock_attach(ioas, MOCK_FLAGS_DEVICE_WIDE, &wide), 0);
	log_begin();
	CHECK_ERR(mock_replace(&wide, &hwpt), EINVAL);
	CHECK(log_says("its IOMMU driver refuses hardware page table"));
}

TEST(log_is_silent_when_a_second_table_succeeds)
{
	uint32_t a = new_attached_ioas(0, NULL), b = new_attached_ioas(0, NULL);
	struct mock wide;

	CHECK_EQ(mock_attach(b, MOCK_FLAGS_DEVICE_WIDE, &wide), 0);
	log_begin();
	/* The existing table is tried first; it does not suit the device */
	CHECK_EQ(mock_attach(a, MOCK_FLAGS_DEVICE_WIDE, NULL), 0);
	CHECK_EQ(map_at(a, memory(PAGE), PAGE, IOVA, RW), 0);
	CHECK_EQ(mock_replace(&wide, &a), 0);
	CHECK_EQ(log_count("iommufd: "), 0);
}

/*
 * Floods. These tests come last, as they use up the number of lines that may be
 * logged: each line ten times in five seconds. The calls are refused more often
 * than that.
 */
static int64_t seconds(void)
{
	return now_ns() / 1000000000;
}

#define REFUSALS 300

#define CHECK_NO_FLOOD(call, error, text)				\
	do {								\
		int64_t began = seconds();				\
									\
		log_begin();						\
		for (int i = 0; i < REFUSALS; i++)			\
			CHECK_ERR(call, error);				\
		CHECK(log_count(text) <=				\
		      10 * ((seconds() - began) / 5 + 2));		\
	} while (0)

TEST(refusals_do_not_flood_the_log)
{
	uint32_t ioas = new_attached_ioas(0, NULL),
		 windows = new_ioas_with_window(IOVA);
	void *p = memory(PAGE);

	CHECK_NO_FLOOD(map_at(ioas, p, PAGE, BEYOND, RW), EINVAL,
		       "outside the aperture");
	CHECK_NO_FLOOD(map_at(ioas, p, 100, IOVA, RW), EINVAL,
		       "multiples of 0x800,");
	CHECK_NO_FLOOD(map_at(windows, p, PAGE, IOVA + MIB, RW), ENXIO,
		       "no window holds it");
	become_nobody(0);
	CHECK_NO_FLOOD(map_at(ioas, p, PAGE, IOVA, RW), ENOMEM,
		       "RLIMIT_MEMLOCK (0) exceeded");
}

TEST(refused_devices_do_not_flood_the_log)
{
	uint32_t ioas = new_ioas(), hwpt;
	void *p = memory(PAGE);
	struct mock mock;

	CHECK_NO_FLOOD(mock_attach(ioas, MOCK_FLAGS_DEVICE_INCOHERENT, NULL),
		       EINVAL, "is not coherent with the CPUs' caches");
	CHECK_NO_FLOOD(mock_attach(ioas, MOCK_FLAGS_DEVICE_UNSAFE_MSI, NULL),
		       EPERM, "allow_unsafe_interrupts=1");
	CHECK_NO_FLOOD(mock_attach(ioas, MOCK_FLAGS_DEVICE_64K, NULL), EINVAL,
		       "the smallest page of its IOMMU");
	CHECK_NO_FLOOD(mock_attach(ioas, MOCK_FLAGS_DEVICE_WINDOWS, NULL),
		       EINVAL, "IOMMU_IOAS_ALLOC_WINDOWED");

	CHECK_EQ(map_at(ioas, p, PAGE, MOCK_RESERVED_START, RW), 0);
	CHECK_NO_FLOOD(mock_attach(ioas, MOCK_FLAGS_DEVICE_RESERVED, NULL),
		       EADDRINUSE, "is reserved for it");
	CHECK_EQ(unmap_all(ioas), PAGE);
	CHECK_EQ(map_at(ioas, p, PAGE, BEYOND, RW), 0);
	CHECK_NO_FLOOD(mock_attach(ioas, 0, NULL), EADDRINUSE,
		       "something outside is mapped");
	CHECK_EQ(unmap_all(ioas), PAGE);
	CHECK_EQ(map_at(ioas, p, 1, IOVA, RW), 0);
	CHECK_NO_FLOOD(mock_attach(ioas, 0, NULL), EADDRINUSE,
		       "whole pages of 0x800 bytes");
	CHECK_EQ(unmap_all(ioas), 1);

	CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
	hwpt = new_hwpt(mock.device, ioas, 0);
	CHECK_NO_FLOOD(mock_attach(hwpt, MOCK_FLAGS_DEVICE_WIDE, NULL), EINVAL,
		       "its IOMMU driver refuses");
}
