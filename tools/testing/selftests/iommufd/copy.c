// SPDX-License-Identifier: GPL-2.0
/*
 * IOMMU_IOAS_COPY: a copy maps the same memory again and shares its pins. Runs
 * over the mock.
 */
#include "fixture.h"

TEST(copy_shares_the_pins_of_its_source)
{
	uint32_t src = new_ioas(), dst = new_ioas();
	char *p = memory(16 * PAGE);
	struct mock a, b;

	CHECK_EQ(mock_attach(src, 0, &a), 0);
	CHECK_EQ(mock_attach(dst, 0, &b), 0);
	CHECK_EQ(map_at(src, p, 16 * PAGE, IOVA, RW), 0);
	CHECK_EQ(copy_at(dst, 2 * IOVA, src, IOVA + 4 * PAGE, 8 * PAGE, RW),
		 0);
	CHECK(mock_maps(b.hwpt, 2 * IOVA, p + 4 * PAGE, 8 * PAGE));
	CHECK(pinned_times(p, 16 * PAGE, 1));
	/* Pages that no copy needs are unpinned with the source */
	CHECK_EQ(unmap_all(src), 16 * PAGE);
	CHECK(pinned_times(p, 4 * PAGE, 0));
	CHECK(pinned_times(p + 4 * PAGE, 8 * PAGE, 1));
	CHECK(pinned_times(p + 12 * PAGE, 4 * PAGE, 0));
	CHECK(mock_maps(b.hwpt, 2 * IOVA, p + 4 * PAGE, 8 * PAGE));
	CHECK_EQ(unmap_all(dst), 8 * PAGE);
	CHECK(pinned_times(p, 16 * PAGE, 0));
}

TEST(pages_stay_pinned_while_a_copy_needs_them)
{
	uint32_t src = new_ioas(), dst = new_ioas(), copies = 24;
	unsigned char need[64] = {};
	char *p = memory(64 * PAGE);
	struct mock a, b;

	CHECK_EQ(mock_attach(src, 0, &a), 0);
	CHECK_EQ(mock_attach(dst, 0, &b), 0);
	CHECK_EQ(map_at(src, p, 64 * PAGE, IOVA, RW), 0);
	srand(1);
	for (int round = 0; round < 20; round++) {
		struct { int first, n; } copy[24];

		memset(need, 0, sizeof(need));
		for (uint32_t i = 0; i < copies; i++) {
			copy[i].first = rand() % 60;
			copy[i].n = 1 + rand() % 4;
			CHECK_EQ(copy_at(dst, IOVA + i * 64 * PAGE, src,
					 IOVA + copy[i].first * PAGE,
					 copy[i].n * PAGE, RW), 0);
			for (int k = 0; k < copy[i].n; k++)
				need[copy[i].first + k]++;
		}
		CHECK_EQ(unmap_all(src), 64 * PAGE);
		for (uint32_t i = 0; i < copies; i++) {
			for (int k = 0; k < 64; k++)
				CHECK(pinned_times(p + k * PAGE, PAGE,
						   need[k] ? 1 : 0));
			CHECK(mock_maps(b.hwpt, IOVA + i * 64 * PAGE,
					 p + copy[i].first * PAGE,
					 copy[i].n * PAGE));
			CHECK_EQ(unmap(dst, IOVA + i * 64 * PAGE,
				       copy[i].n * PAGE), copy[i].n * PAGE);
			for (int k = 0; k < copy[i].n; k++)
				need[copy[i].first + k]--;
		}
		CHECK(pinned_times(p, 64 * PAGE, 0));
		CHECK_EQ(map_at(src, p, 64 * PAGE, IOVA, RW), 0);
	}
}

TEST(copy_of_a_hole_is_enoent)
{
	uint32_t src = new_ioas(), dst = new_ioas();
	char *p = memory(4 * PAGE);

	CHECK_ERR(copy_at(dst, IOVA, src, IOVA, PAGE, RW), ENOENT);
	CHECK_EQ(map_at(src, p, PAGE, IOVA, RW), 0);
	CHECK_EQ(map_at(src, p, PAGE, IOVA + 2 * PAGE, RW), 0);
	CHECK_ERR(copy_at(dst, IOVA, src, IOVA, 3 * PAGE, RW), ENOENT);
	CHECK_EQ(map_at(src, p, PAGE, IOVA + PAGE, RW), 0);
	CHECK_EQ(copy_at(dst, IOVA, src, IOVA, 3 * PAGE, RW), 0);
	CHECK_EQ(unmap_all(dst), 3 * PAGE);
}

TEST(copy_grants_no_more_than_the_memory_was_mapped_for)
{
	uint32_t src = new_ioas(), dst = new_ioas();

	CHECK_EQ(map_at(src, memory(PAGE), PAGE, IOVA, RO), 0);
	CHECK_ERR(copy_at(dst, IOVA, src, IOVA, PAGE, RW), EPERM);
	CHECK_EQ(copy_at(dst, IOVA, src, IOVA, PAGE, RO), 0);
}

TEST(copy_inside_one_address_space_works)
{
	uint32_t ioas = new_ioas();
	char *p = memory(2 * PAGE);
	struct mock mock;

	CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
	CHECK_EQ(map_at(ioas, p, 2 * PAGE, IOVA, RW), 0);
	CHECK_EQ(copy_at(ioas, 2 * IOVA, ioas, IOVA, 2 * PAGE, RW), 0);
	CHECK(mock_maps(mock.hwpt, 2 * IOVA, p, 2 * PAGE));
	CHECK(pinned_times(p, 2 * PAGE, 1));
	CHECK_EQ(unmap_all(ioas), 4 * PAGE);
}
