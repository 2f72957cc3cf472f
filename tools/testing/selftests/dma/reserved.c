// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that firmware reserves for a device: the device reaches it at its
 * physical addresses, and no memory beside it.
 *
 * RESERVED=FIRST-LAST is the range of whole pages that the driver must have
 * mapped. memmap= keeps the kernel away from these pages and from the page
 * behind them, so that /dev/mem gives access to them. EDU0 is an edu of QEMU
 * without a driver: it copies up to 4 KiB between memory and a buffer of its
 * own.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>

#include "ktap.h"
#include "mmio.h"

#define PAGE		4096ul
/* Registers, as indexes of 64-bit words */
#define EDU_SOURCE	(0x80 / 8)
#define EDU_TARGET	(0x88 / 8)
#define EDU_COUNT	(0x90 / 8)
#define EDU_COMMAND	(0x98 / 8)
#define EDU_START	1
#define EDU_TO_MEMORY	2
#define EDU_BUFFER	0x40000ul
#define CONFIG_COMMAND	4

static uint64_t *edu;
static uint64_t first, last;

static int open_file(const char *file)
{
	const char *address = getenv("EDU0");
	char path[128];
	int fd;

	if (!address)
		SKIP("EDU0 names no device");
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", address,
		 file);
	fd = open(path, O_RDWR | O_SYNC);
	CHECK(fd >= 0);
	return fd;
}

static void start(void)
{
	const uint16_t memory_and_master = 0x6;
	const char *range = getenv("RESERVED");

	if (!range || sscanf(range, "%li-%li", &first, &last) != 2)
		SKIP("RESERVED=FIRST-LAST names no memory");
	CHECK_EQ(pwrite(open_file("config"), &memory_and_master, 2,
			CONFIG_COMMAND), 2);
	edu = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED,
		   open_file("resource0"), 0);
	CHECK(edu != MAP_FAILED);
}

static uint64_t *page_at(uint64_t address)
{
	int fd = open("/dev/mem", O_RDWR | O_SYNC);
	uint64_t *page;

	if (fd < 0)
		SKIP("there is no /dev/mem");
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    address);
	CHECK(page != MAP_FAILED);
	close(fd);
	return page;
}

static void copy(uint64_t from, uint64_t to, uint64_t command)
{
	store64(&edu[EDU_SOURCE], from);
	store64(&edu[EDU_TARGET], to);
	store64(&edu[EDU_COUNT], 8);
	store64(&edu[EDU_COMMAND], EDU_START | command);
	while (load64(&edu[EDU_COMMAND]) & EDU_START)
		usleep(1000);
}

/* Let the device copy eight bytes of a page to another offset in the page */
static void check_page(uint64_t address, unsigned int from, unsigned int to)
{
	uint64_t *page = page_at(address);
	uint64_t value = ~address ^ 0x5a5a0000ull << from / 8 % 16;

	store64(&page[from / 8], value);
	store64(&page[to / 8], 0);
	copy(address + from, EDU_BUFFER, 0);
	copy(EDU_BUFFER, address + to, EDU_TO_MEMORY);
	CHECK_EQ(load64(&page[to / 8]), value);
	munmap(page, PAGE);
}

TEST(a_device_reaches_all_of_its_reserved_memory)
{
	start();
	check_page(first, 0, PAGE - 8);
	check_page(last + 1 - PAGE, PAGE - 8, 0);
}

TEST(a_device_does_not_reach_memory_beside_its_reserved_memory)
{
	uint64_t *inside, *beside;
	const uint64_t value = 0x600d600d600d600d;

	start();
	inside = page_at(first);
	beside = page_at(last + 1);
	store64(inside, value);
	store64(beside, 0);
	copy(first, EDU_BUFFER, 0);
	copy(EDU_BUFFER, last + 1, EDU_TO_MEMORY);
	CHECK_EQ(load64(beside), 0);
}
