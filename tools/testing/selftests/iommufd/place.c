// SPDX-License-Identifier: GPL-2.0
/*
 * The IOVA that the kernel chooses for a mapping: the lowest free one behind
 * the mapping that it placed last, or else the lowest free one of all. Random
 * maps and unmaps are compared with a model that looks at every page. Runs
 * without devices.
 */
#include "fixture.h"

#define FIRST	(1ull << 33)
#define SPACE	2048		/* pages */
#define ROUNDS	60000

static bool used[SPACE];
static long length_at[SPACE];	/* of the mapping that begins there */
static long hint;
static char *bytes;

static long lowest(long from, long length, long align)
{
	for (long at = (from + align - 1) / align * align;
	     at + length <= SPACE; at += align) {
		long i = 0;

		while (i < length && !used[at + i])
			i++;
		if (i == length)
			return at;
	}
	return -1;
}

static void note(long at, long length, bool use)
{
	for (long i = 0; i < length; i++)
		used[at + i] = use;
	length_at[at] = use ? length : 0;
}

static void place(uint32_t ioas, long length, long page)
{
	long align = 1, want = -1;
	uint64_t iova;

	/*
	 * The alignment is that of the length, as far as the memory is aligned
	 */
	while (align < length && !(page & align))
		align *= 2;
	if (hint > 0 && hint < SPACE)
		want = lowest(hint, length, align);
	if (want < 0)
		want = lowest(0, length, align);
	if (want < 0) {
		CHECK_ERR(map_any(ioas, bytes + page * PAGE, length * PAGE,
				  &iova, RW), ENOSPC);
		return;
	}
	CHECK_EQ(map_any(ioas, bytes + page * PAGE, length * PAGE, &iova, RW),
		 0);
	CHECK_EQ((iova - FIRST) / PAGE, want);
	note(want, length, true);
	hint = want + length;
}

static void map_there(uint32_t ioas, long at, long length)
{
	bool is_free = at + length <= SPACE;

	for (long i = 0; is_free && i < length; i++)
		is_free = !used[at + i];
	if (!is_free)
		return;
	CHECK_EQ(map_at(ioas, bytes, length * PAGE, FIRST + at * PAGE, RW), 0);
	note(at, length, true);
}

TEST(chosen_iovas_match_a_model)
{
	const struct iommu_iova_range range = {
		FIRST, FIRST + SPACE * PAGE - 1,
	};
	uint32_t ioas = new_ioas();

	bytes = aligned_memory(32 * PAGE, 32 * PAGE);
	CHECK_EQ(allow(ioas, &range, 1), 0);
	srandom(1);
	for (long round = 0; round < ROUNDS; round++) {
		/* Alternately fill and empty the address space */
		bool fill = round / 3000 % 2 == 0;
		long at = random() % SPACE, kind = random() % 8;
		long length = 1 + random() % (1 + random() % 16);

		if (kind < (fill ? 4 : 1))
			place(ioas, length, random() % 16);
		else if (kind == 4)
			map_there(ioas, at, length);
		for (int tries = fill ? 2 : 20; tries; tries--, at++)
			if (length_at[at % SPACE])
				break;
		at %= SPACE;
		if (!length_at[at])
			continue;
		CHECK_EQ(unmap(ioas, FIRST + at * PAGE, length_at[at] * PAGE),
			 length_at[at] * PAGE);
		note(at, length_at[at], false);
	}
}
