// SPDX-License-Identifier: GPL-2.0
/*
 * DMA reaches all memory that is mapped, and nothing else. Runs over vtd.ko and
 * amdvi.ko with the disk NVME0, and in one test the edu EDU0.
 *
 * The disk of QEMU reports success for a transfer that the IOMMU has blocked.
 * These tests therefore ignore its status: they look at the memory, and at the
 * faults that the IOMMU has recorded. ROUNDS sets the number of rounds of the
 * longest test.
 */
#include "fixture.h"

#define BUFFER_IOVA	0x40000000ul
#define ROUNDS		10000

static unsigned int rounds(void)
{
	const char *text = getenv("ROUNDS");

	return text ? strtoul(text, NULL, 0) : ROUNDS;
}

/* xorshift, so that each run uses the same numbers */
static uint64_t random64(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static bool is_filled(const unsigned char *memory, size_t length,
		      unsigned char with)
{
	for (size_t i = 0; i < length; i++)
		if (memory[i] != with)
			return false;
	return true;
}

TEST(dma_reaches_every_page_of_a_mapping)
{
	unsigned char *memory = vfio_alloc(MEGA);
	uint64_t before = faults();
	struct rig rig;

	rig_open(&rig);
	CHECK(memory);
	rig_map(&rig, BUFFER_IOVA, memory, MEGA);
	for (size_t at = 0; at < MEGA; at += PAGE)
		rig_read(&rig, at / PAGE, BUFFER_IOVA + at);
	for (size_t at = 0; at < MEGA; at += PAGE)
		CHECK(holds(memory + at, at / PAGE));
	CHECK_EQ(faults(), before);
	rig_close(&rig);
}

TEST(reads_at_unmapped_iovas_are_blocked_and_counted)
{
	uint64_t state = 0x9e3779b97f4a7c15ull, before;
	unsigned char *memory = vfio_alloc(16 * PAGE);
	struct rig rig;

	rig_open(&rig);
	CHECK(memory);
	memset(memory, 0x5a, 16 * PAGE);
	/* Two pages are mapped; the seven on each side must not change */
	rig_map(&rig, BUFFER_IOVA, memory + 7 * PAGE, 2 * PAGE);
	before = faults();
	for (unsigned int i = 0; i < 1000; i++) {
		/* Any IOVA below 512 GiB outside the mappings */
		uint64_t iova = random64(&state) & 0x7ffffff000ull;

		if ((iova >> 30) == (BUFFER_IOVA >> 30) ||
		    iova < BUFFER_IOVA || (iova >> 20) == 0xfee)
			iova ^= 1ull << 38 | 1ull << 33;
		rig_read(&rig, i % BLOCKS, iova);
		if (!faults_reach(before + i + 1))
			ktap_fail("read %u at %#llx was not recorded", i,
				  (unsigned long long)iova);
	}
	/*
	 * The pages next to the mapping, where an off-by-one error would show
	 */
	rig_read(&rig, 1, BUFFER_IOVA - PAGE);
	rig_read(&rig, 2, BUFFER_IOVA + 2 * PAGE);
	CHECK(is_filled(memory, 16 * PAGE, 0x5a));
	rig_read(&rig, 3, BUFFER_IOVA);
	rig_read(&rig, 4, BUFFER_IOVA + PAGE);
	CHECK(holds(memory + 7 * PAGE, 3));
	CHECK(holds(memory + 8 * PAGE, 4));
	CHECK(is_filled(memory, 7 * PAGE, 0x5a));
	CHECK(is_filled(memory + 9 * PAGE, 7 * PAGE, 0x5a));
	rig_close(&rig);
}

TEST(a_mapping_without_write_permission_is_not_written)
{
	unsigned char *memory = vfio_alloc(PAGE);
	uint64_t before;
	struct rig rig;

	rig_open(&rig);
	CHECK(memory);
	memset(memory, 0x5a, PAGE);
	CHECK_EQ(vfio_map(&rig.space, BUFFER_IOVA, memory, PAGE,
			  VFIO_PROT_READ), 0);
	before = faults();
	rig_read(&rig, 5, BUFFER_IOVA);
	CHECK(faults_reach(before + 1));
	CHECK(is_filled(memory, PAGE, 0x5a));
	before = faults();
	rig_fetch(&rig, BLOCKS, BUFFER_IOVA);
	CHECK_EQ(faults(), before);
	rig_close(&rig);
}

TEST(no_translation_is_stale_after_unmap)
{
	unsigned char *memory = vfio_alloc(PAGE);
	unsigned int n = rounds();
	struct rig rig;

	rig_open(&rig);
	CHECK(memory);
	for (unsigned int i = 0; i < n; i++) {
		uint64_t iova = BUFFER_IOVA + i % 64 * PAGE, before;

		memset(memory, 0, 512);
		rig_map(&rig, iova, memory, PAGE);
		rig_read(&rig, i % BLOCKS, iova);
		if (!holds(memory, i % BLOCKS))
			ktap_fail("round %u: a read did not arrive", i);
		rig_unmap(&rig, iova, PAGE);
		before = faults();
		rig_read(&rig, (i + 1) % BLOCKS, iova);
		if (!holds(memory, i % BLOCKS))
			ktap_fail("round %u: a read arrived after unmap", i);
		if (!faults_reach(before + 1))
			ktap_fail("round %u: a read after unmap was not recorded",
				  i);
	}
	rig_close(&rig);
}

/* Map memory of one entry, and read into both ends and the middle */
static void use_entry(size_t length, unsigned int shift, const char *size)
{
	uint64_t iova = 1ul << 32, before = faults();
	unsigned char *memory = huge(length, shift);
	size_t at[] = { 0, length / 2, length - PAGE };
	struct rig rig;

	rig_open(&rig);
	rig_map(&rig, iova, memory, length);
	CHECK_EQ(entries(size), 1);
	for (unsigned int i = 0; i < 3; i++) {
		rig_read(&rig, i, iova + at[i]);
		CHECK(holds(memory + at[i], i));
	}
	CHECK_EQ(faults(), before);
	rig_unmap(&rig, iova, length);
	CHECK_EQ(entries(size), 0);
	rig_read(&rig, 3, iova + length / 2);
	CHECK(faults_reach(before + 1));
	CHECK(holds(memory + length / 2, 1));
	rig_close(&rig);
}

TEST(dma_goes_through_2m_entries)
{
	use_entry(2 * MEGA, 21, "2M");
}

TEST(dma_goes_through_1g_entries)
{
	use_entry(1024 * MEGA, 30, "1G");
}

TEST(mappings_are_reached_while_a_second_device_attaches)
{
	struct vfio_device edu;
	struct rig rig;
	unsigned char *memory = vfio_alloc(PAGE);
	const char *address = getenv("EDU0");

	if (!address)
		SKIP("EDU0 names no device");
	CHECK(memory);
	rig_open(&rig);
	rig_map(&rig, BUFFER_IOVA, memory, PAGE);
	if (vfio_device_open(&edu, &rig.space, address))
		ktap_fail("%s", fail_text());
	rig_read(&rig, 9, BUFFER_IOVA);
	CHECK(holds(memory, 9));
	vfio_device_close(&edu);
	rig_read(&rig, 10, BUFFER_IOVA);
	CHECK(holds(memory, 10));
	rig_close(&rig);
}
