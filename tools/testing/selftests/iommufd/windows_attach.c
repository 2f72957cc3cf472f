// SPDX-License-Identifier: GPL-2.0
/*
 * Windows and the devices that are attached to them: aperture, reserved ranges,
 * and hardware that has windows itself. Runs over the mock.
 */
#include "window.h"

TEST(device_that_cannot_have_a_window_is_refused)
{
	uint32_t ioas = new_windowed_ioas(), nr = 8;
	struct iommu_iova_range ranges[8];
	struct window w;

	CHECK_EQ(create_window_at(ioas, MOCK_RESERVED_START, PAGE, &w), 0);
	CHECK_ERR(mock_attach(ioas, MOCK_FLAGS_DEVICE_RESERVED, NULL),
		  EADDRINUSE);
	CHECK_EQ(remove_window(ioas, w.id), 0);
	CHECK_EQ(create_window_at(ioas, BEYOND, PAGE, &w), 0);
	CHECK_ERR(mock_attach(ioas, 0, NULL), EADDRINUSE);
	CHECK_EQ(iova_ranges(ioas, ranges, &nr, NULL), 0);
	CHECK_EQ(nr, 1);
	CHECK_EQ(mock_attach(ioas, MOCK_FLAGS_DEVICE_WIDE, NULL), 0);
}

TEST(replace_checks_windows_and_is_all_or_nothing)
{
	uint32_t a = new_ioas(), b = new_windowed_ioas(), pt = b;
	void *p = memory(PAGE);
	struct mock mock;
	struct window w;

	CHECK_EQ(map_at(a, p, PAGE, IOVA, RW), 0);
	CHECK_EQ(mock_attach(a, MOCK_FLAGS_DEVICE_RESERVED, &mock), 0);
	CHECK_EQ(create_window_at(b, MOCK_RESERVED_START, PAGE, &w), 0);
	CHECK_ERR(mock_replace(&mock, &pt), EADDRINUSE);
	CHECK(mock_maps(mock.hwpt, IOVA, p, PAGE));
	CHECK_EQ(remove_window(b, w.id), 0);
	pt = b;
	CHECK_EQ(mock_replace(&mock, &pt), 0);
}

TEST(windows_are_kept_while_devices_attach_and_detach)
{
	struct iommu_ioas_window window;
	uint32_t ioas = new_windowed_ioas(), nr;
	void *p = memory(PAGE);
	struct mock mock;

	CHECK_EQ(create_window_at(ioas, IOVA, MIB, NULL), 0);
	CHECK_EQ(map_at(ioas, p, PAGE, IOVA, RW), 0);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(mock_attach(ioas, i & 1 ? MOCK_FLAGS_DEVICE_RUNS : 0,
				     &mock), 0);
		CHECK(mock_maps(mock.hwpt, IOVA, p, PAGE));
		CHECK_EQ(destroy(mock.test_id), 0);
		nr = 1;
		CHECK_EQ(list_windows(ioas, &window, &nr), 0);
		CHECK_EQ(window.base, IOVA);
	}
}

/* Hardware with windows of its own: a low and a high one */

TEST(hardware_with_windows_is_refused_by_an_open_address_space)
{
	uint32_t ioas = new_ioas();

	CHECK_ERR(mock_attach(ioas, MOCK_FLAGS_DEVICE_WINDOWS, NULL), EINVAL);
	CHECK_EQ(destroy(ioas), 0);
}

TEST(window_uses_a_window_of_the_hardware)
{
	uint32_t ioas = new_windowed_ioas();
	char *p = memory(4 * PAGE);
	struct window low, high;
	struct mock mock;

	CHECK_EQ(mock_attach(ioas, MOCK_FLAGS_DEVICE_WINDOWS, &mock), 0);
	CHECK_EQ(create_window_at(ioas, MOCK_WINDOW_LOW_BASE, MIB, &low), 0);
	CHECK_EQ(create_window_at(ioas, MOCK_WINDOW_HIGH_BASE, 16 * MIB, &high),
		 0);
	CHECK_EQ(map_at(ioas, p, PAGE, MOCK_WINDOW_LOW_BASE, RW), 0);
	CHECK_EQ(map_at(ioas, p, 4 * PAGE, MOCK_WINDOW_HIGH_BASE + PAGE, RW),
		 0);
	CHECK(mock_maps(mock.hwpt, MOCK_WINDOW_LOW_BASE, p, PAGE));
	CHECK(mock_maps(mock.hwpt, MOCK_WINDOW_HIGH_BASE + PAGE, p,
			 4 * PAGE));
	CHECK_EQ(remove_window(ioas, low.id), 0);
	CHECK_EQ(create_window_at(ioas, MOCK_WINDOW_LOW_BASE + MIB, MIB, &low),
		 0);
}

TEST(window_without_a_free_hardware_window_is_enospc)
{
	uint32_t ioas = new_windowed_ioas();
	struct window w;

	CHECK_EQ(mock_attach(ioas, MOCK_FLAGS_DEVICE_WINDOWS, NULL), 0);
	CHECK_EQ(create_window_at(ioas, MOCK_WINDOW_LOW_BASE, MIB, &w), 0);
	CHECK_ERR(create_window_at(ioas, MOCK_WINDOW_LOW_BASE + MIB, MIB, NULL),
		  ENOSPC);
	/* A base that the kernel chooses is in the other hardware window */
	CHECK_EQ(create_window(ioas, 0, 0, MIB, 0, &w), 0);
	CHECK_EQ(w.base, MOCK_WINDOW_HIGH_BASE);
	CHECK_ERR(create_window(ioas, 0, 0, MIB, 0, NULL), ENOSPC);
}

TEST(window_outside_all_hardware_windows_is_eaddrinuse)
{
	uint32_t ioas = new_windowed_ioas();

	CHECK_EQ(mock_attach(ioas, MOCK_FLAGS_DEVICE_WINDOWS, NULL), 0);
	CHECK_ERR(create_window_at(ioas, 1ull << 40, MIB, NULL), EADDRINUSE);
}

TEST(hardware_with_windows_attaches_if_it_can_hold_all_of_them)
{
	uint32_t ioas = new_windowed_ioas();
	struct window a, b;
	struct mock mock;
	void *p = memory(PAGE);

	CHECK_EQ(create_window_at(ioas, MIB, MIB, &a), 0);
	CHECK_EQ(map_at(ioas, p, PAGE, MIB, RW), 0);
	CHECK_EQ(mock_attach(ioas, MOCK_FLAGS_DEVICE_WINDOWS, &mock), 0);
	CHECK(mock_maps(mock.hwpt, MIB, p, PAGE));
	CHECK_EQ(destroy(mock.test_id), 0);
	/* Two windows do not fit one hardware window */
	CHECK_EQ(create_window_at(ioas, 4 * MIB, MIB, &b), 0);
	CHECK_ERR(mock_attach(ioas, MOCK_FLAGS_DEVICE_WINDOWS, NULL),
		  EADDRINUSE);
	CHECK_EQ(remove_window(ioas, b.id), 0);
	CHECK_EQ(create_window_at(ioas, 1ull << 40, MIB, &b), 0);
	CHECK_ERR(mock_attach(ioas, MOCK_FLAGS_DEVICE_WINDOWS, NULL),
		  EADDRINUSE);
	CHECK_EQ(remove_window(ioas, b.id), 0);
	CHECK_EQ(mock_attach(ioas, MOCK_FLAGS_DEVICE_WINDOWS, NULL), 0);
}
