/* SPDX-License-Identifier: GPL-2.0 */
/* Windows of an address space; these return what ioctl() returns */
#ifndef SLUICE_IOMMUFD_WINDOW_H
#define SLUICE_IOMMUFD_WINDOW_H

#include "fixture.h"

#define MIB (1ul << 20)
#define BASE IOMMU_IOAS_WINDOW_FIXED_BASE

struct window {
	uint32_t id;
	uint64_t base;
	uint64_t page_size;
};

static inline uint32_t new_windowed_ioas(void)
{
	return new_ioas_flags(IOMMU_IOAS_ALLOC_WINDOWED);
}

static inline int create_window(uint32_t ioas, uint32_t flags, uint64_t base,
				uint64_t length, uint64_t page_size,
				struct window *out)
{
	struct iommu_ioas_window_create cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.ioas_id = ioas,
		.length = length,
		.page_size = page_size,
		.base = base,
	};
	int ret = ioctl(fd, IOMMU_IOAS_WINDOW_CREATE, &cmd);

	if (!ret && out)
		*out = (struct window){ cmd.out_window_id, cmd.base,
					cmd.page_size };
	return ret;
}

/* At a fixed base, with the page size that the kernel chooses */
static inline int create_window_at(uint32_t ioas, uint64_t base,
				   uint64_t length, struct window *out)
{
	return create_window(ioas, BASE, base, length, 0, out);
}

static inline int remove_window(uint32_t ioas, uint32_t id)
{
	struct iommu_ioas_window_remove cmd = {
		.size = sizeof(cmd),
		.ioas_id = ioas,
		.window_id = id,
	};

	return ioctl(fd, IOMMU_IOAS_WINDOW_REMOVE, &cmd);
}

static inline int list_windows(uint32_t ioas, struct iommu_ioas_window *windows,
			       uint32_t *nr)
{
	struct iommu_ioas_window_list cmd = {
		.size = sizeof(cmd),
		.ioas_id = ioas,
		.num_windows = *nr,
		.windows = (uintptr_t)windows,
	};
	int ret = ioctl(fd, IOMMU_IOAS_WINDOW_LIST, &cmd);

	*nr = cmd.num_windows;
	return ret;
}

#endif
