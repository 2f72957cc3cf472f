// SPDX-License-Identifier: GPL-2.0
/* The ioctls of /dev/iommu that concern address spaces */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "fail.h"
#include "ioasctl/ioas.h"

#define MAPPINGS_AT_ONCE 1024

static int call(int fd, unsigned long command, void *args, const char *what)
{
	return ioctl(fd, command, args) ? fail(errno, "%s", what) : 0;
}

int ioas_alloc(int fd, bool windowed, uint32_t *id)
{
	struct iommu_ioas_alloc args = {
		.size = sizeof(args),
		.flags = windowed ? IOMMU_IOAS_ALLOC_WINDOWED : 0,
	};
	int ret = call(fd, IOMMU_IOAS_ALLOC, &args, "IOMMU_IOAS_ALLOC");

	*id = args.out_ioas_id;
	return ret;
}

int ioas_destroy(int fd, uint32_t id)
{
	struct iommu_destroy args = { .size = sizeof(args), .id = id };

	return call(fd, IOMMU_DESTROY, &args, "IOMMU_DESTROY");
}

int ioas_allow(int fd, uint32_t id, uint64_t first, uint64_t length)
{
	struct iommu_iova_range range = { first, first + length - 1 };
	struct iommu_ioas_allow_iovas args = {
		.size = sizeof(args),
		.ioas_id = id,
		.num_iovas = length ? 1 : 0,
		.allowed_iovas = (uintptr_t)&range,
	};

	return call(fd, IOMMU_IOAS_ALLOW_IOVAS, &args,
		    "IOMMU_IOAS_ALLOW_IOVAS");
}

int ioas_map(int fd, uint32_t id, void *memory, uint64_t length, uint32_t flags,
	     bool fixed, uint64_t *iova)
{
	struct iommu_ioas_map args = {
		.size = sizeof(args),
		.flags = flags | (fixed ? IOMMU_IOAS_MAP_FIXED_IOVA : 0),
		.ioas_id = id,
		.user_va = (uintptr_t)memory,
		.length = length,
		.iova = fixed ? *iova : 0,
	};
	int ret = call(fd, IOMMU_IOAS_MAP, &args, "IOMMU_IOAS_MAP");

	*iova = args.iova;
	return ret;
}

int ioas_copy(int fd, uint32_t to, uint32_t from, uint64_t from_iova,
	      uint64_t length, uint32_t flags, bool fixed, uint64_t *iova)
{
	struct iommu_ioas_copy args = {
		.size = sizeof(args),
		.flags = flags | (fixed ? IOMMU_IOAS_MAP_FIXED_IOVA : 0),
		.dst_ioas_id = to,
		.src_ioas_id = from,
		.length = length,
		.dst_iova = fixed ? *iova : 0,
		.src_iova = from_iova,
	};
	int ret = call(fd, IOMMU_IOAS_COPY, &args, "IOMMU_IOAS_COPY");

	*iova = args.dst_iova;
	return ret;
}

int ioas_unmap(int fd, uint32_t id, uint64_t iova, uint64_t *length)
{
	struct iommu_ioas_unmap args = {
		.size = sizeof(args),
		.ioas_id = id,
		.iova = iova,
		.length = *length,
	};
	int ret = call(fd, IOMMU_IOAS_UNMAP, &args, "IOMMU_IOAS_UNMAP");

	*length = args.length;
	return ret;
}

int ioas_window_create(int fd, struct iommu_ioas_window_create *args)
{
	args->size = sizeof(*args);
	return call(fd, IOMMU_IOAS_WINDOW_CREATE, args,
		    "IOMMU_IOAS_WINDOW_CREATE");
}

int ioas_window_remove(int fd, uint32_t id, uint32_t window)
{
	struct iommu_ioas_window_remove args = {
		.size = sizeof(args),
		.ioas_id = id,
		.window_id = window,
	};

	return call(fd, IOMMU_IOAS_WINDOW_REMOVE, &args,
		    "IOMMU_IOAS_WINDOW_REMOVE");
}

static int grow(void **array, size_t nr, size_t size)
{
	void *more = reallocarray(*array, nr ? nr : 1, size);

	if (!more)
		return fail(ENOMEM, "reading an address space");
	*array = more;
	return 0;
}

/* The list may grow after its length was read: try again then */
static int look_ranges(int fd, struct ioas_view *view)
{
	struct iommu_ioas_iova_ranges args;
	int ret;

	do {
		args = (struct iommu_ioas_iova_ranges){
			.size = sizeof(args),
			.ioas_id = view->id,
			.num_iovas = view->nr_ranges,
			.allowed_iovas = (uintptr_t)view->ranges,
		};
		ret = call(fd, IOMMU_IOAS_IOVA_RANGES, &args,
			   "IOMMU_IOAS_IOVA_RANGES");
		if (ret && ret != -EMSGSIZE)
			return ret;
		view->nr_ranges = args.num_iovas;
		if (ret && grow((void **)&view->ranges, args.num_iovas,
				sizeof(*view->ranges)))
			return -ENOMEM;
	} while (ret);
	view->alignment = args.out_iova_alignment;
	return 0;
}

static int look_windows(int fd, struct ioas_view *view)
{
	struct iommu_ioas_window_list args;
	int ret;

	do {
		args = (struct iommu_ioas_window_list){
			.size = sizeof(args),
			.ioas_id = view->id,
			.num_windows = view->nr_windows,
			.windows = (uintptr_t)view->windows,
		};
		ret = call(fd, IOMMU_IOAS_WINDOW_LIST, &args,
			   "IOMMU_IOAS_WINDOW_LIST");
		if (ret == -EOPNOTSUPP)
			return 0;
		if (ret && ret != -EMSGSIZE)
			return ret;
		view->nr_windows = args.num_windows;
		if (ret && grow((void **)&view->windows, args.num_windows,
				sizeof(*view->windows)))
			return -ENOMEM;
	} while (ret);
	view->windowed = true;
	return 0;
}

static int look_mappings(int fd, struct ioas_view *view)
{
	struct iommu_ioas_mappings args = {
		.size = sizeof(args),
		.ioas_id = view->id,
	};
	int ret;

	do {
		if (grow((void **)&view->mappings,
			 view->nr_mappings + MAPPINGS_AT_ONCE,
			 sizeof(*view->mappings)))
			return -ENOMEM;
		args.num_mappings = MAPPINGS_AT_ONCE;
		args.mappings = (uintptr_t)(view->mappings + view->nr_mappings);
		ret = call(fd, IOMMU_IOAS_MAPPINGS, &args,
			   "IOMMU_IOAS_MAPPINGS");
		if (ret)
			return ret;
		view->nr_mappings += args.num_mappings;
	} while (args.out_flags & IOMMU_IOAS_MAPPINGS_MORE);
	return 0;
}

int ioas_look(int fd, uint32_t id, struct ioas_view *view)
{
	int ret;

	*view = (struct ioas_view){ .id = id };
	ret = look_ranges(fd, view);
	if (!ret)
		ret = look_windows(fd, view);
	if (!ret)
		ret = look_mappings(fd, view);
	if (ret)
		ioas_view_free(view);
	return ret;
}

void ioas_view_free(struct ioas_view *view)
{
	free(view->ranges);
	free(view->windows);
	free(view->mappings);
	*view = (struct ioas_view){ };
}
