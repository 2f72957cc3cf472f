// SPDX-License-Identifier: GPL-2.0
/*
 * Mapping a range that contains device memory, perhaps beside ordinary memory.
 *
 * The range is split into segments: each mapping of a driver is one, and so is
 * everything between two of them:
 *
 *	process		|- memory -|- memory -|- device -|- memory -|
 *	segments	[          1          ][    2    ][    3    ]
 *
 * Every segment gets an area with its own pages object. The areas are mapped
 * side by side, all or nothing. As parts of one request they are unmapped
 * together: they are AREA_PART, and each refers to the next.
 *
 * The process may map or unmap memory meanwhile. This is harmless: if the
 * memory of a segment is not of the expected kind any more, pinning it or
 * looking up its frames fails.
 */
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "device_memory.h"

/* VMAs that are checked before mmap_lock is dropped for others */
#define VMAS_PER_TURN 256

/**
 * struct segments - a range that is being split into segments
 * @ioas: the address space in which it will be mapped
 * @source: source of the ordinary memory in the range
 * @prot: IOMMU_READ, IOMMU_WRITE
 * @first: the first address that is not in @list yet
 * @last: the last address
 * @list: the areas so far
 * @tail: where to link the next area
 * @has_devices: @list contains device memory
 */
struct segments {
	struct iommufd_ioas *ioas;
	struct iommufd_source *source;
	int prot;
	unsigned long first;
	unsigned long last;
	struct iommufd_area *list;
	struct iommufd_area **tail;
	bool has_devices;
};

static bool vma_is_device(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_PFNMAP;
}

/*
 * Find the end of a segment without device memory. Returns false if it was not
 * found yet; then the caller continues at *@from.
 */
static bool segment_memory_end(struct mm_struct *mm, unsigned long *from,
			       unsigned long last, unsigned long *end)
{
	struct vm_area_struct *vma;
	int i;

	mmap_assert_locked(mm);
	for (i = 0; i < VMAS_PER_TURN; i++) {
		vma = find_vma(mm, *from);
		if (!vma || vma->vm_start > last) {
			*end = last;
			return true;
		}
		if (vma_is_device(vma)) {
			*end = vma->vm_start - 1;
			return true;
		}
		*from = vma->vm_end;
		if (*from > last) {
			*end = last;
			return true;
		}
	}
	return false;
}

/* Find the end and the kind of the segment that begins at s->first */
static int segment_find(const struct segments *s, bool *device,
			unsigned long *end)
{
	struct mm_struct *mm = current->mm;
	unsigned long from = s->first;
	struct vm_area_struct *vma;
	bool found;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, s->first);
	*device = vma && vma_is_device(vma);
	if (*device) {
		*end = min(s->last, vma->vm_end - 1);
		mmap_read_unlock(mm);
		return 0;
	}
	while (!(found = segment_memory_end(mm, &from, s->last, end))) {
		mmap_read_unlock(mm);
		cond_resched();
		if (fatal_signal_pending(current))
			return -EINTR;
		mmap_read_lock(mm);
	}
	mmap_read_unlock(mm);
	/* A driver has just mapped memory here: take one page and look again */
	if (*end < s->first || *end > s->last)
		*end = min(s->last, s->first | ~PAGE_MASK);
	return 0;
}

static int segment_add(struct segments *s, bool device, unsigned long end)
{
	unsigned long start = s->first & PAGE_MASK;
	struct iommufd_source *source = s->source;
	struct iommufd_area *area;

	if (device) {
		source = iommufd_source_device(s->ioas->ictx, start,
					       PAGE_ALIGN(end - start + 1));
		if (IS_ERR(source))
			return PTR_ERR(source);
		s->has_devices = true;
	} else {
		refcount_inc(&source->users);
	}
	area = iommufd_mapping_alloc(source, s->first, end - s->first + 1,
				     s->prot);
	if (!area) {
		iommufd_source_put(source);
		return -ENOMEM;
	}
	area->pages->device = device;
	*s->tail = area;
	s->tail = &area->next;
	return 0;
}

static int segments_build(struct segments *s)
{
	unsigned long end;
	bool device;
	int ret;

	for (;;) {
		ret = segment_find(s, &device, &end);
		if (!ret)
			ret = segment_add(s, device, end);
		if (ret || end == s->last)
			return ret;
		s->first = end + 1;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
}

/**
 * iommufd_segments_map() - map a range that may contain device memory
 * @ioas: the address space
 * @source: source for ordinary memory of the calling process
 * @req: the memory to map
 * @iova: start of the mapping: in if @fixed, otherwise out
 * @fixed: the caller chooses the IOVA
 * @reason: the error of mapping it as ordinary memory
 *
 * Return: 0; -EFAULT if @reason is -EFAULT and the range contains no device
 * memory; or the errors of iommufd_areas_map(). On failure nothing is mapped.
 */
int iommufd_segments_map(struct iommufd_ioas *ioas,
			 struct iommufd_source *source,
			 const struct iommufd_map_request *req,
			 unsigned long *iova, bool fixed, int reason)
{
	struct segments s = {
		.ioas = ioas,
		.source = source,
		.prot = req->prot,
		.first = req->address,
		.last = req->address + req->length - 1,
		.tail = &s.list,
	};
	struct iommufd_area *area;
	int ret;

	ret = segments_build(&s);
	/* If a limit is exceeded, this map fails again, and that is logged */
	if (!ret && !s.has_devices && reason == -EFAULT)
		ret = reason;
	if (ret)
		goto err_free;
	if (s.list->next)
		for (area = s.list; area; area = area->next)
			area->holder.flags |= AREA_PART;
	ret = iommufd_areas_map(ioas, s.list, req, iova, fixed);
	if (!ret)
		return 0;

err_free:
	iommufd_areas_free(s.list);
	return ret;
}
