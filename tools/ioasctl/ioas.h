/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The address spaces of an open /dev/iommu: thin functions over its ioctls.
 *
 * They return 0 or a negative errno; fail_text() has the sentence. Addresses
 * and lengths are bytes.
 */
#ifndef IOASCTL_IOAS_H
#define IOASCTL_IOAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../include/uapi/linux/iommufd.h"

/**
 * struct ioas_view - a snapshot of an address space
 * @ranges: the usable IOVA ranges, ascending
 * @windows: the windows, ascending; none in an open address space
 * @mappings: the mappings, ascending
 */
struct ioas_view {
	uint32_t id;
	bool windowed;
	uint64_t alignment;
	struct iommu_iova_range *ranges;
	size_t nr_ranges;
	struct iommu_ioas_window *windows;
	size_t nr_windows;
	struct iommu_ioas_mapping *mappings;
	size_t nr_mappings;
};

int ioas_alloc(int fd, bool windowed, uint32_t *id);
int ioas_destroy(int fd, uint32_t id);
int ioas_allow(int fd, uint32_t id, uint64_t first, uint64_t length);
/* Without @fixed, the kernel chooses the IOVA and sets @iova */
int ioas_map(int fd, uint32_t id, void *memory, uint64_t length, uint32_t flags,
	     bool fixed, uint64_t *iova);
int ioas_copy(int fd, uint32_t to, uint32_t from, uint64_t from_iova,
	      uint64_t length, uint32_t flags, bool fixed, uint64_t *iova);
/* A @length of UINT64_MAX unmaps everything; it is set to the bytes unmapped */
int ioas_unmap(int fd, uint32_t id, uint64_t iova, uint64_t *length);
int ioas_window_create(int fd, struct iommu_ioas_window_create *args);
int ioas_window_remove(int fd, uint32_t id, uint32_t window);

/**
 * ioas_look() - read the whole state of an address space
 * @fd: open /dev/iommu
 * @id: the address space; ENOENT if there is none
 * @view: filled in; to be released with ioas_view_free()
 */
int ioas_look(int fd, uint32_t id, struct ioas_view *view);
void ioas_view_free(struct ioas_view *view);

#endif
