// SPDX-License-Identifier: GPL-2.0
/*
 * Dirty tracking of a hardware page table: which pages are reported, when their
 * bits are cleared, and how many invalidations that takes. Runs over the mock.
 */
#include <pthread.h>

#include "fixture.h"

#define MIB (1ul << 20)
#define NO_CLEAR IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR
/* A unit with page sizes of 4 KiB, 2 MiB and 1 GiB, all of which maps use */
#define WIDE MOCK_FLAGS_DEVICE_WIDE
#define NR_PAGES 64

static uint32_t ioas, hwpt, device;

static int read_bits(uint64_t iova, uint64_t length, uint64_t page_size,
		     void *bits, uint32_t flags)
{
	return get_dirty_bitmap(hwpt, iova, length, page_size, bits, flags);
}

/* The bits of the 64 pages from IOVA on */
static uint64_t dirty_pages(uint32_t flags)
{
	uint64_t bits = 0;

	CHECK_EQ(read_bits(IOVA, NR_PAGES * PAGE, PAGE, &bits, flags), 0);
	return bits;
}

/* Simulate writes by a device: bit n of @pages is for page n from @iova on */
static void write_at(uint64_t iova, uint64_t pages)
{
	struct iommu_test_cmd cmd = {
		.size = sizeof(cmd),
		.op = IOMMU_TEST_OP_DIRTY,
		.id = hwpt,
		.dirty = {
			.iova = iova,
			.length = NR_PAGES * PAGE,
			.page_size = PAGE,
			.uptr = (uintptr_t)&pages,
		},
	};

	CHECK_EQ(ioctl(fd, IOMMU_TEST_CMD, &cmd), 0);
}

static uint64_t syncs(void)
{
	uint64_t n;

	mock_count(hwpt, NULL, &n);
	return n;
}

/* A table that tracks, of a new address space, for one kind of unit */
static void setup(uint32_t dev_flags)
{
	struct mock mock;

	ioas = new_attached_ioas(dev_flags, &mock);
	device = mock.device;
	hwpt = new_hwpt(device, ioas, IOMMU_HWPT_ALLOC_DIRTY_TRACKING);
	CHECK_EQ(set_dirty_tracking(hwpt, IOMMU_HWPT_DIRTY_TRACKING_ENABLE), 0);
}

/* In addition, 64 pages that are mapped one by one: each has its own entry */
static void setup_pages(void)
{
	char *p;
	int i;

	setup(WIDE);
	p = memory(NR_PAGES * PAGE);
	for (i = 0; i < NR_PAGES; i++)
		CHECK_EQ(map_at(ioas, p + i * PAGE, PAGE, IOVA + i * PAGE, RW),
			 0);
}

/* In addition, memory that is mapped by two entries of 2 MiB */
static void setup_large(void)
{
	void *p = mmap(NULL, 4 * MIB, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	if (p == MAP_FAILED)
		SKIP("no huge pages");
	setup(WIDE);
	CHECK_EQ(map_at(ioas, p, 4 * MIB, IOVA, RW), 0);
}

TEST(written_pages_are_reported_once)
{
	setup_pages();
	CHECK_EQ(dirty_pages(0), 0);
	write_at(IOVA, 0x8000000000005001);
	CHECK_EQ(dirty_pages(0), 0x8000000000005001);
	CHECK_EQ(dirty_pages(0), 0);
}

TEST(reading_without_clearing_changes_nothing)
{
	setup_pages();
	write_at(IOVA, 0xf0f0);
	CHECK_EQ(dirty_pages(NO_CLEAR), 0xf0f0);
	CHECK_EQ(dirty_pages(NO_CLEAR), 0xf0f0);
	CHECK_EQ(dirty_pages(0), 0xf0f0);
	CHECK_EQ(dirty_pages(NO_CLEAR), 0);
}

/* A mock device sets the bit again only after an invalidation */
TEST(a_page_that_is_written_to_again_is_reported_again)
{
	setup_pages();
	write_at(IOVA, 0x30);
	CHECK_EQ(dirty_pages(0), 0x30);
	write_at(IOVA, 0x21);
	CHECK_EQ(dirty_pages(0), 0x21);
}

TEST(clearing_bits_costs_one_invalidation)
{
	uint64_t before;

	setup_pages();
	write_at(IOVA, UINT64_MAX);
	before = syncs();
	dirty_pages(NO_CLEAR);
	CHECK_EQ(syncs(), before);
	dirty_pages(0);
	CHECK_EQ(syncs(), before + 1);
	dirty_pages(0);
	CHECK_EQ(syncs(), before + 1);
}

TEST(starting_tracking_clears_earlier_writes)
{
	setup_pages();
	write_at(IOVA, 0xff);
	CHECK_EQ(set_dirty_tracking(hwpt, IOMMU_HWPT_DIRTY_TRACKING_ENABLE), 0);
	CHECK_EQ(dirty_pages(0), 0);
	/* Later writes are reported */
	write_at(IOVA, 0x11);
	CHECK_EQ(dirty_pages(0), 0x11);
}

TEST(nothing_is_reported_while_tracking_is_off)
{
	setup_pages();
	write_at(IOVA, 0xff);
	CHECK_EQ(set_dirty_tracking(hwpt, 0), 0);
	CHECK_EQ(dirty_pages(0), 0);
}

TEST(bits_already_set_are_kept)
{
	uint64_t bits = 0x100;

	setup_pages();
	write_at(IOVA, 0x1);
	CHECK_EQ(read_bits(IOVA, NR_PAGES * PAGE, PAGE, &bits, 0), 0);
	CHECK_EQ(bits, 0x101);
}

TEST(a_bit_may_stand_for_many_pages)
{
	uint64_t bits = 0;

	setup_pages();
	write_at(IOVA, 0x80000000000010ff);
	CHECK_EQ(read_bits(IOVA, NR_PAGES * PAGE, 4 * PAGE, &bits, 0), 0);
	CHECK_EQ(bits, 0x800b);
}

TEST(holes_are_clean)
{
	setup_pages();
	CHECK_EQ(unmap(ioas, IOVA + 8 * PAGE, PAGE), PAGE);
	CHECK_EQ(unmap(ioas, IOVA + 63 * PAGE, PAGE), PAGE);
	write_at(IOVA, UINT64_MAX);
	CHECK_EQ(dirty_pages(0), 0x7ffffffffffffeff);
	CHECK_EQ(unmap_all(ioas), 62 * PAGE);
	CHECK_EQ(dirty_pages(0), 0);
}

TEST(superpage_is_dirty_as_a_whole)
{
	uint64_t bits = 0;

	setup_large();
	write_at(IOVA + 2 * MIB, 0x10);
	CHECK_EQ(read_bits(IOVA, 4 * MIB, 4 * MIB / 64, &bits, 0), 0);
	CHECK_EQ(bits, 0xffffffff00000000);
}

/* A later request for the other part must report it too */
TEST(superpage_read_in_part_stays_dirty)
{
	uint64_t bits = 0, before;

	setup_large();
	write_at(IOVA, 0x1);
	before = syncs();
	CHECK_EQ(read_bits(IOVA, MIB, MIB / 64, &bits, 0), 0);
	CHECK_EQ(bits, UINT64_MAX);
	bits = 0;
	CHECK_EQ(read_bits(IOVA + MIB, 2 * MIB, 2 * MIB / 64, &bits, 0), 0);
	CHECK_EQ(bits, 0xffffffff);
	CHECK_EQ(syncs(), before);
	bits = 0;
	CHECK_EQ(read_bits(IOVA, 2 * MIB, 2 * MIB / 64, &bits, 0), 0);
	CHECK_EQ(bits, UINT64_MAX);
	CHECK_EQ(syncs(), before + 1);
	bits = 0;
	CHECK_EQ(read_bits(IOVA, 2 * MIB, 2 * MIB / 64, &bits, 0), 0);
	CHECK_EQ(bits, 0);
}

/*
 * The kernel pins a bitmap of 32 KiB that begins in the middle of a page in
 * parts. Two parts meet in the middle of the bits of the second superpage.
 */
TEST(superpage_may_span_two_pinned_parts_of_the_bitmap)
{
	unsigned char *bitmap = memory(16 * PAGE), *bits = bitmap + 0xff1;
	size_t length = 4 * MIB / 16 / 8, i;

	setup_large();
	write_at(IOVA, 1);
	write_at(IOVA + 2 * MIB, 1);
	CHECK_EQ(read_bits(IOVA, 4 * MIB, 16, bits, 0), 0);
	for (i = 0; i < length; i++)
		CHECK_EQ(bits[i], 0xff);
	CHECK_EQ(bits[-1], 0);
	CHECK_EQ(bits[length], 0);
	memset(bitmap, 0, 16 * PAGE);
	CHECK_EQ(read_bits(IOVA, 4 * MIB, 16, bits, 0), 0);
	for (i = 0; i < 16 * PAGE; i++)
		CHECK_EQ(bitmap[i], 0);
}

/* The range is longer than what the kernel reads in one step */
TEST(a_long_range_is_read_to_its_end)
{
	const uint64_t length = 1ull << 30;
	unsigned char *bits = memory(length / PAGE / 8);
	int file = memory_file(PAGE);
	uint64_t i;

	setup(WIDE);
	for (i = 0; i < 16; i++)
		CHECK_EQ(map_file_at(ioas, file, 0, PAGE,
				     IOVA + (i + 1) * length / 16 - PAGE, RW),
			 0);
	for (i = 0; i < 16; i += 3)
		write_at(IOVA + (i + 1) * length / 16 - NR_PAGES * PAGE,
			 1ull << 63);
	CHECK_EQ(read_bits(IOVA, length, PAGE, bits, 0), 0);
	for (i = 0; i < 16; i++)
		CHECK_EQ(bits[(i + 1) * length / 16 / PAGE / 8 - 1],
			 i % 3 ? 0 : 0x80);
}

/* A page size with several bits is useless, but upstream accepts it */
TEST(lowest_bit_of_the_page_size_is_used)
{
	uint64_t bits = 0;

	setup_pages();
	write_at(IOVA, 0x85);
	CHECK_EQ(read_bits(IOVA, 4 * PAGE, 3 * PAGE, &bits, 0), 0);
	CHECK_EQ(bits, 0x5);
	CHECK_EQ(dirty_pages(0), 0x80);
}

TEST(malformed_requests_are_refused)
{
	uint64_t bits = 0;
	uint32_t plain;

	setup_pages();
	write_at(IOVA, 0xf);
	CHECK_ERR(set_dirty_tracking(hwpt, 2), EOPNOTSUPP);
	CHECK_ERR(set_dirty_tracking(12345, 1), ENOENT);
	CHECK_ERR(set_dirty_tracking(ioas, 1), ENOENT);
	CHECK_ERR(read_bits(IOVA, PAGE, PAGE, &bits, 2), EOPNOTSUPP);
	CHECK_ERR(read_bits(IOVA, 0, PAGE, &bits, 0), EOVERFLOW);
	CHECK_ERR(read_bits(-PAGE, 2 * PAGE, PAGE, &bits, 0), EOVERFLOW);
	CHECK_ERR(read_bits(IOVA, PAGE, 0, &bits, 0), EINVAL);
	CHECK_ERR(read_bits(IOVA, 3 * PAGE, 3 * PAGE, &bits, 0), EINVAL);
	CHECK_ERR(read_bits(IOVA + PAGE, 4 * PAGE, 2 * PAGE, &bits, 0), EINVAL);
	CHECK_ERR(read_bits(IOVA, PAGE, 2 * PAGE, &bits, 0), EINVAL);
	CHECK_ERR(read_bits(IOVA + 512, PAGE, 512, &bits, 0), EINVAL);
	/* The length is below the page size of the table as well */
	CHECK_ERR(read_bits(IOVA, 512, 512, &bits, 0), EINVAL);
	CHECK_EQ(bits, 0);
	/* A table that was allocated without dirty tracking */
	plain = new_hwpt(device, ioas, 0);
	CHECK_ERR(set_dirty_tracking(plain, 1), EOPNOTSUPP);
	hwpt = plain;
	CHECK_ERR(read_bits(IOVA, PAGE, PAGE, &bits, 0), EOPNOTSUPP);
}

TEST(a_bitmap_that_cannot_be_written_loses_nothing)
{
	uint64_t *sealed = mmap(NULL, PAGE, PROT_READ,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *kernel = (void *)0xffff888000000000;

	setup_pages();
	write_at(IOVA, 0xabc);
	CHECK_ERR(read_bits(IOVA, NR_PAGES * PAGE, PAGE, sealed, 0), EFAULT);
	CHECK_ERR(read_bits(IOVA, NR_PAGES * PAGE, PAGE, NULL, 0), EFAULT);
	CHECK_ERR(read_bits(IOVA, NR_PAGES * PAGE, PAGE, kernel, 0), EFAULT);
	/* A range of the whole address space needs a bitmap that has no room */
	CHECK_ERR(read_bits(0, -PAGE, PAGE, sealed, 0), EFAULT);
	CHECK_EQ(dirty_pages(0), 0xabc);
}

TEST(device_without_dirty_tracking_is_refused)
{
	uint32_t table;
	struct mock mock;

	setup(0);
	CHECK_ERR(mock_attach(hwpt, MOCK_FLAGS_DEVICE_NO_DIRTY, NULL), EINVAL);
	ioas = new_attached_ioas(MOCK_FLAGS_DEVICE_NO_DIRTY, &mock);
	CHECK_ERR(alloc_hwpt(mock.device, ioas, IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
			     &table), EOPNOTSUPP);
}

/* Mappings change while the bitmap is read */

#define ROUNDS 300

static void *change_maps(void *memory)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		CHECK_EQ(unmap(ioas, IOVA + 32 * PAGE, PAGE), PAGE);
		CHECK_EQ(map_at(ioas, memory, PAGE, IOVA + 32 * PAGE, RW), 0);
	}
	return NULL;
}

TEST(bitmap_is_read_while_pages_are_unmapped)
{
	char *p = memory(PAGE);
	pthread_t thread;
	int i;

	setup_pages();
	CHECK_EQ(pthread_create(&thread, NULL, change_maps, p), 0);
	for (i = 0; i < ROUNDS; i++) {
		write_at(IOVA, 0x100);
		CHECK_EQ(dirty_pages(0) & ~(1ull << 32), 0x100);
	}
	pthread_join(thread, NULL);
}
