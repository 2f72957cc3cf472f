/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * /dev/iommu: I/O address spaces and the hardware page tables that map them.
 *
 * A program opens /dev/iommu and gets a context. A context contains objects:
 * address spaces (IOAS), hardware page tables (HWPT), and the devices that a
 * driver such as VFIO has bound to it. The kernel gives each object a 32-bit
 * id, which is never 0. Every ioctl takes a pointer to a structure that begins
 * with its own size.
 *
 * A structure may be shorter than the kernel's: missing fields count as 0. Its
 * minimum is the size that it had when the ioctl was introduced; less is
 * EINVAL. A structure may also be longer: bytes that the kernel does not know
 * must be 0, otherwise the call fails with E2BIG. Errors that are common to all
 * ioctls:
 *
 *   ENOTTY      there is no such ioctl
 *   EOPNOTSUPP  a flag or an operation is not known to this kernel, or a
 *               reserved field is not 0
 *   EINVAL      a field has a wrong value
 *   ENOENT      there is no object of that kind with that id, or nothing is
 *               mapped at an IOVA
 *   EOVERFLOW   start plus length exceeds 64 bits
 *   EFAULT      memory at a pointer cannot be read or written
 *   ENOMEM      out of memory, or over the limit of locked memory
 *   EBUSY       the object is in use
 *
 * On failure nothing has changed.
 */
#ifndef _UAPI_IOMMUFD_H
#define _UAPI_IOMMUFD_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define IOMMUFD_TYPE (';')

enum {
	IOMMUFD_CMD_BASE = 0x80,
	IOMMUFD_CMD_DESTROY = IOMMUFD_CMD_BASE,
	IOMMUFD_CMD_IOAS_ALLOC = 0x81,
	IOMMUFD_CMD_IOAS_ALLOW_IOVAS = 0x82,
	IOMMUFD_CMD_IOAS_COPY = 0x83,
	IOMMUFD_CMD_IOAS_IOVA_RANGES = 0x84,
	IOMMUFD_CMD_IOAS_MAP = 0x85,
	IOMMUFD_CMD_IOAS_UNMAP = 0x86,
	IOMMUFD_CMD_OPTION = 0x87,
	IOMMUFD_CMD_VFIO_IOAS = 0x88,
	IOMMUFD_CMD_HWPT_ALLOC = 0x89,
	IOMMUFD_CMD_GET_HW_INFO = 0x8a,
	IOMMUFD_CMD_HWPT_SET_DIRTY_TRACKING = 0x8b,
	IOMMUFD_CMD_HWPT_GET_DIRTY_BITMAP = 0x8c,
	IOMMUFD_CMD_HWPT_INVALIDATE = 0x8d,
	IOMMUFD_CMD_FAULT_QUEUE_ALLOC = 0x8e,
	IOMMUFD_CMD_IOAS_MAP_FILE = 0x8f,
	IOMMUFD_CMD_VIOMMU_ALLOC = 0x90,
	IOMMUFD_CMD_VDEVICE_ALLOC = 0x91,
	IOMMUFD_CMD_IOAS_CHANGE_PROCESS = 0x92,
	IOMMUFD_CMD_VEVENTQ_ALLOC = 0x93,
	IOMMUFD_CMD_HW_QUEUE_ALLOC = 0x94,

	/* Windows and mappings: far above the numbers that may grow */
	IOMMUFD_CMD_IOAS_WINDOW_CREATE = 0xc0,
	IOMMUFD_CMD_IOAS_WINDOW_REMOVE = 0xc1,
	IOMMUFD_CMD_IOAS_WINDOW_LIST = 0xc2,
	IOMMUFD_CMD_IOAS_MAPPINGS = 0xc3,
};

/* Objects and address spaces */

/**
 * struct iommu_destroy - ioctl(IOMMU_DESTROY), remove an object
 * @size: sizeof(struct iommu_destroy)
 * @id: the object
 *
 * EBUSY: another object or a driver uses it. Destroying an address space unmaps
 * everything in it. Closing the last file descriptor destroys every object.
 */
struct iommu_destroy {
	__u32 size;
	__u32 id;
};
#define IOMMU_DESTROY _IO(IOMMUFD_TYPE, IOMMUFD_CMD_DESTROY)

/**
 * enum iommufd_ioas_alloc_flags - flags of IOMMU_IOAS_ALLOC
 * @IOMMU_IOAS_ALLOC_WINDOWED: IOVA exists only inside windows, and there is
 *	none at first (see IOMMU_IOAS_WINDOW_CREATE)
 */
enum iommufd_ioas_alloc_flags {
	IOMMU_IOAS_ALLOC_WINDOWED = 1U << 31,
};

/**
 * struct iommu_ioas_alloc - ioctl(IOMMU_IOAS_ALLOC), create an address space
 * @size: sizeof(struct iommu_ioas_alloc)
 * @flags: 0 or enum iommufd_ioas_alloc_flags
 * @out_ioas_id: the id of the new address space
 */
struct iommu_ioas_alloc {
	__u32 size;
	__u32 flags;
	__u32 out_ioas_id;
};
#define IOMMU_IOAS_ALLOC _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_ALLOC)

/**
 * struct iommu_iova_range - a range of IOVA
 * @start: the first IOVA
 * @last: the last IOVA
 */
struct iommu_iova_range {
	__aligned_u64 start;
	__aligned_u64 last;
};

/**
 * struct iommu_ioas_iova_ranges - ioctl(IOMMU_IOAS_IOVA_RANGES), get the ranges
 *	that can be mapped
 * @size: sizeof(struct iommu_ioas_iova_ranges)
 * @ioas_id: the address space
 * @num_iovas: in: number of entries in @allowed_iovas; out: number of ranges
 * @__reserved: 0
 * @allowed_iovas: array of struct iommu_iova_range, filled in ascending order
 * @out_iova_alignment: start and length of a mapping must be multiples of
 *	this; between 1 and the page size
 *
 * Attaching a device may remove ranges, and detaching one may add some: call it
 * again after each. The ranges of a windowed address space are its windows.
 * EMSGSIZE: the array is too short; @num_iovas is set to the number of ranges.
 */
struct iommu_ioas_iova_ranges {
	__u32 size;
	__u32 ioas_id;
	__u32 num_iovas;
	__u32 __reserved;
	__aligned_u64 allowed_iovas;
	__aligned_u64 out_iova_alignment;
};
#define IOMMU_IOAS_IOVA_RANGES _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_IOVA_RANGES)

/**
 * struct iommu_ioas_allow_iovas - ioctl(IOMMU_IOAS_ALLOW_IOVAS), keep ranges
 *	available
 * @size: sizeof(struct iommu_ioas_allow_iovas)
 * @ioas_id: the address space
 * @num_iovas: number of entries in @allowed_iovas
 * @__reserved: 0
 * @allowed_iovas: array of struct iommu_iova_range that do not overlap
 *
 * From then on, attaching a device fails if it would make any of these ranges
 * unavailable, and the kernel places mappings only inside them. The list
 * replaces the previous one; an empty list removes it. EADDRINUSE: a range is
 * already unavailable.
 */
struct iommu_ioas_allow_iovas {
	__u32 size;
	__u32 ioas_id;
	__u32 num_iovas;
	__u32 __reserved;
	__aligned_u64 allowed_iovas;
};
#define IOMMU_IOAS_ALLOW_IOVAS _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_ALLOW_IOVAS)

/**
 * enum iommufd_ioas_map_flags - flags of the calls that map
 * @IOMMU_IOAS_MAP_FIXED_IOVA: the caller chooses the IOVA; otherwise the kernel
 *	does
 * @IOMMU_IOAS_MAP_WRITEABLE: devices may write
 * @IOMMU_IOAS_MAP_READABLE: devices may read
 *
 * At least one of the last two is required.
 */
enum iommufd_ioas_map_flags {
	IOMMU_IOAS_MAP_FIXED_IOVA = 1 << 0,
	IOMMU_IOAS_MAP_WRITEABLE = 1 << 1,
	IOMMU_IOAS_MAP_READABLE = 1 << 2,
};

/**
 * struct iommu_ioas_map - ioctl(IOMMU_IOAS_MAP), map memory of this process
 * @size: sizeof(struct iommu_ioas_map)
 * @flags: enum iommufd_ioas_map_flags
 * @ioas_id: the address space
 * @__reserved: 0
 * @user_va: address of the memory
 * @length: bytes
 * @iova: start of the mapping: in with IOMMU_IOAS_MAP_FIXED_IOVA, out in any
 *	case
 *
 * While a device or a driver uses the memory, it is pinned and counted as
 * locked. EEXIST: something is mapped there. EINVAL: the range is reserved.
 */
struct iommu_ioas_map {
	__u32 size;
	__u32 flags;
	__u32 ioas_id;
	__u32 __reserved;
	__aligned_u64 user_va;
	__aligned_u64 length;
	__aligned_u64 iova;
};
#define IOMMU_IOAS_MAP _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_MAP)

/**
 * struct iommu_ioas_map_file - ioctl(IOMMU_IOAS_MAP_FILE), map a memory file
 * @size: sizeof(struct iommu_ioas_map_file)
 * @flags: enum iommufd_ioas_map_flags
 * @ioas_id: the address space
 * @fd: a memfd, or another file of shmem or hugetlbfs
 * @start: offset in the file
 * @length: bytes
 * @iova: as in struct iommu_ioas_map
 *
 * As IOMMU_IOAS_MAP, but the memory is that of the file, independent of any
 * process's addresses.
 *
 * Access is checked as by mmap() with MAP_SHARED. EACCES: @fd is not open for
 * reading; the mapping is writeable and @fd is not open for writing; or @fd can
 * only append. EPERM: the mapping is writeable and a seal forbids that. EINVAL:
 * another kind of file. As long as a writeable mapping or a copy of it exists,
 * F_SEAL_WRITE cannot be added (EBUSY).
 */
struct iommu_ioas_map_file {
	__u32 size;
	__u32 flags;
	__u32 ioas_id;
	__s32 fd;
	__aligned_u64 start;
	__aligned_u64 length;
	__aligned_u64 iova;
};
#define IOMMU_IOAS_MAP_FILE _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_MAP_FILE)

/**
 * struct iommu_ioas_copy - ioctl(IOMMU_IOAS_COPY), copy mappings
 * @size: sizeof(struct iommu_ioas_copy)
 * @flags: enum iommufd_ioas_map_flags, for the destination
 * @dst_ioas_id: the address space to map in
 * @src_ioas_id: the address space to copy from; may be the same
 * @length: bytes
 * @dst_iova: start of the copy: in with IOMMU_IOAS_MAP_FIXED_IOVA, out in any
 *	case
 * @src_iova: start of a range that is mapped throughout
 *
 * Both share the memory, which is pinned only once. EPERM: write access to
 * memory that was mapped read-only.
 */
struct iommu_ioas_copy {
	__u32 size;
	__u32 flags;
	__u32 dst_ioas_id;
	__u32 src_ioas_id;
	__aligned_u64 length;
	__aligned_u64 dst_iova;
	__aligned_u64 src_iova;
};
#define IOMMU_IOAS_COPY _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_COPY)

/**
 * struct iommu_ioas_unmap - ioctl(IOMMU_IOAS_UNMAP), remove mappings
 * @size: sizeof(struct iommu_ioas_unmap)
 * @ioas_id: the address space
 * @iova: start
 * @length: in: bytes; out: bytes that were mapped in the range
 *
 * Removes every mapping in the range. ENOENT: a mapping is only partly in the
 * range, or there is none. @iova 0 with @length U64_MAX removes all mappings,
 * and succeeds even if there is none.
 */
struct iommu_ioas_unmap {
	__u32 size;
	__u32 ioas_id;
	__aligned_u64 iova;
	__aligned_u64 length;
};
#define IOMMU_IOAS_UNMAP _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_UNMAP)

/**
 * enum iommufd_option - options of IOMMU_OPTION
 * @IOMMU_OPTION_RLIMIT_MODE: whose limit locked memory counts against. 0 (the
 *	default): the user's. 1: the process's, as in VFIO. The object is 0.
 *	Setting it needs CAP_SYS_RESOURCE and a context without objects.
 * @IOMMU_OPTION_HUGE_PAGES: page sizes in hardware page tables. 1 (the
 *	default): the largest that fit. 0: the smallest only. The object is an
 *	address space.
 */
enum iommufd_option {
	IOMMU_OPTION_RLIMIT_MODE = 0,
	IOMMU_OPTION_HUGE_PAGES = 1,
};

/**
 * enum iommufd_option_ops - operations of IOMMU_OPTION
 * @IOMMU_OPTION_OP_SET: set the option to @val64
 * @IOMMU_OPTION_OP_GET: read the option into @val64
 */
enum iommufd_option_ops {
	IOMMU_OPTION_OP_SET = 0,
	IOMMU_OPTION_OP_GET = 1,
};

/**
 * struct iommu_option - ioctl(IOMMU_OPTION), read or set an option
 * @size: sizeof(struct iommu_option)
 * @option_id: enum iommufd_option
 * @op: enum iommufd_option_ops
 * @__reserved: 0
 * @object_id: the object that has the option, or 0
 * @val64: the value
 */
struct iommu_option {
	__u32 size;
	__u32 option_id;
	__u16 op;
	__u16 __reserved;
	__u32 object_id;
	__aligned_u64 val64;
};
#define IOMMU_OPTION _IO(IOMMUFD_TYPE, IOMMUFD_CMD_OPTION)

/**
 * enum iommufd_vfio_ioas_op - operations of IOMMU_VFIO_IOAS
 * @IOMMU_VFIO_IOAS_GET: get the address space of the container interface
 * @IOMMU_VFIO_IOAS_SET: set it
 * @IOMMU_VFIO_IOAS_CLEAR: set none
 */
enum iommufd_vfio_ioas_op {
	IOMMU_VFIO_IOAS_GET = 0,
	IOMMU_VFIO_IOAS_SET = 1,
	IOMMU_VFIO_IOAS_CLEAR = 2,
};

/**
 * struct iommu_vfio_ioas - ioctl(IOMMU_VFIO_IOAS), the address space for VFIO's
 *	container ioctls, which do not name one
 * @size: sizeof(struct iommu_vfio_ioas)
 * @ioas_id: in for SET, out for GET
 * @op: enum iommufd_vfio_ioas_op
 * @__reserved: 0
 *
 * GET fails with ENODEV if none is set.
 */
struct iommu_vfio_ioas {
	__u32 size;
	__u32 ioas_id;
	__u16 op;
	__u16 __reserved;
};
#define IOMMU_VFIO_IOAS _IO(IOMMUFD_TYPE, IOMMUFD_CMD_VFIO_IOAS)

/**
 * struct iommu_ioas_change_process - ioctl(IOMMU_IOAS_CHANGE_PROCESS), let the
 *	calling process take over
 * @size: sizeof(struct iommu_ioas_change_process)
 * @__reserved: 0
 *
 * Moves the count of locked memory of every mapping in the context to the
 * calling process. EINVAL: a mapping is not of a file.
 */
struct iommu_ioas_change_process {
	__u32 size;
	__u32 __reserved;
};
#define IOMMU_IOAS_CHANGE_PROCESS \
	_IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_CHANGE_PROCESS)

/* Windows and the list of mappings */

/**
 * enum iommufd_ioas_window_flags - flags of a window
 * @IOMMU_IOAS_WINDOW_FIXED_BASE: the caller chooses the base; otherwise the
 *	kernel does
 * @IOMMU_IOAS_WINDOW_WRITEABLE: mappings in it may be writeable
 * @IOMMU_IOAS_WINDOW_READABLE: mappings in it may be readable
 *
 * A window with neither of the last two flags grants both.
 */
enum iommufd_ioas_window_flags {
	IOMMU_IOAS_WINDOW_FIXED_BASE = 1 << 0,
	IOMMU_IOAS_WINDOW_WRITEABLE = 1 << 1,
	IOMMU_IOAS_WINDOW_READABLE = 1 << 2,
};

/**
 * struct iommu_ioas_window_create - ioctl(IOMMU_IOAS_WINDOW_CREATE), create a
 *	window: a range of IOVA that stays available
 * @size: sizeof(struct iommu_ioas_window_create)
 * @flags: enum iommufd_ioas_window_flags
 * @ioas_id: a windowed address space
 * @out_window_id: the id of the new window, unique in the address space
 * @length: bytes; a multiple of the page size
 * @page_size: in: granularity of mappings in the window, a power of two that
 *	every attached device supports, or 0; out: the granularity. For 0, the
 *	kernel chooses the smallest that all attached devices support.
 * @base: first IOVA: in with IOMMU_IOAS_WINDOW_FIXED_BASE, out in any case. If
 *	the kernel chooses it, it is aligned for the largest hardware page that
 *	fits.
 *
 * The window exists until it is removed: attaching a device that cannot
 * translate it fails. EOPNOTSUPP: unknown flag, or the address space is not
 * windowed. EINVAL: the length is 0 or overflows; the page size is not a power
 * of two or not supported by an attached device; the base is not aligned.
 * EEXIST: overlaps a window. EADDRINUSE: overlaps a reserved range. ENOSPC: no
 * room for it, or the hardware has no window left.
 */
struct iommu_ioas_window_create {
	__u32 size;
	__u32 flags;
	__u32 ioas_id;
	__u32 out_window_id;
	__aligned_u64 length;
	__aligned_u64 page_size;
	__aligned_u64 base;
};
#define IOMMU_IOAS_WINDOW_CREATE \
	_IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_WINDOW_CREATE)

/**
 * struct iommu_ioas_window_remove - ioctl(IOMMU_IOAS_WINDOW_REMOVE), remove a
 *	window and every mapping in it
 * @size: sizeof(struct iommu_ioas_window_remove)
 * @ioas_id: the address space
 * @window_id: the window
 * @__reserved: 0
 *
 * EBUSY: a driver holds pages of the window and does not release them; nothing
 * has changed. ENOENT: no such window. EOPNOTSUPP: not windowed.
 */
struct iommu_ioas_window_remove {
	__u32 size;
	__u32 ioas_id;
	__u32 window_id;
	__u32 __reserved;
};
#define IOMMU_IOAS_WINDOW_REMOVE \
	_IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_WINDOW_REMOVE)

/**
 * struct iommu_ioas_window - one window
 * @window_id: its id
 * @flags: enum iommufd_ioas_window_flags: the access that it grants, and
 *	whether the user chose its base
 * @base: the first IOVA in it
 * @length: bytes
 * @page_size: granularity of mappings
 */
struct iommu_ioas_window {
	__u32 window_id;
	__u32 flags;
	__aligned_u64 base;
	__aligned_u64 length;
	__aligned_u64 page_size;
};

/**
 * struct iommu_ioas_window_list - ioctl(IOMMU_IOAS_WINDOW_LIST), list all
 *	windows
 * @size: sizeof(struct iommu_ioas_window_list)
 * @ioas_id: the address space
 * @num_windows: in: number of entries in @windows; out: number of windows
 * @__reserved: 0
 * @windows: array of struct iommu_ioas_window, filled in ascending order
 *
 * EMSGSIZE: the array is too short; it is filled to its end.
 * EOPNOTSUPP: not windowed.
 */
struct iommu_ioas_window_list {
	__u32 size;
	__u32 ioas_id;
	__u32 num_windows;
	__u32 __reserved;
	__aligned_u64 windows;
};
#define IOMMU_IOAS_WINDOW_LIST \
	_IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_WINDOW_LIST)

/**
 * enum iommufd_ioas_mapping_origin - how a mapping was created
 * @IOMMU_IOAS_MAPPING_USER: IOMMU_IOAS_MAP
 * @IOMMU_IOAS_MAPPING_FILE: IOMMU_IOAS_MAP_FILE
 * @IOMMU_IOAS_MAPPING_COPY: IOMMU_IOAS_COPY
 * @IOMMU_IOAS_MAPPING_DEVICE: memory of a device, mapped by a driver
 */
enum iommufd_ioas_mapping_origin {
	IOMMU_IOAS_MAPPING_USER = 0,
	IOMMU_IOAS_MAPPING_FILE = 1,
	IOMMU_IOAS_MAPPING_COPY = 2,
	IOMMU_IOAS_MAPPING_DEVICE = 3,
};

/**
 * struct iommu_ioas_mapping - one mapping
 * @iova: the first IOVA
 * @length: bytes
 * @address: of the memory: a user address, or an offset in a file
 * @flags: IOMMU_IOAS_MAP_WRITEABLE, IOMMU_IOAS_MAP_READABLE
 * @origin: enum iommufd_ioas_mapping_origin
 */
struct iommu_ioas_mapping {
	__aligned_u64 iova;
	__aligned_u64 length;
	__aligned_u64 address;
	__u32 flags;
	__u32 origin;
};

/**
 * enum iommufd_ioas_mappings_flags - flags that IOMMU_IOAS_MAPPINGS returns
 * @IOMMU_IOAS_MAPPINGS_MORE: there are more from @iova on
 */
enum iommufd_ioas_mappings_flags {
	IOMMU_IOAS_MAPPINGS_MORE = 1 << 0,
};

/**
 * struct iommu_ioas_mappings - ioctl(IOMMU_IOAS_MAPPINGS), list the mappings
 * @size: sizeof(struct iommu_ioas_mappings)
 * @ioas_id: an address space, windowed or not
 * @num_mappings: in: number of entries in @mappings; out: number of entries
 *	that were filled
 * @out_flags: enum iommufd_ioas_mappings_flags
 * @iova: in: where to start: at the mapping that contains it, or the next one
 *	above; out: where to continue
 * @mappings: array of struct iommu_ioas_mapping, filled in ascending order
 *
 * EMSGSIZE: @num_mappings is 0 and there is a mapping.
 */
struct iommu_ioas_mappings {
	__u32 size;
	__u32 ioas_id;
	__u32 num_mappings;
	__u32 out_flags;
	__aligned_u64 iova;
	__aligned_u64 mappings;
};
#define IOMMU_IOAS_MAPPINGS _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_MAPPINGS)

/* Hardware page tables */

/**
 * enum iommufd_hwpt_alloc_flags - flags of IOMMU_HWPT_ALLOC
 * @IOMMU_HWPT_ALLOC_NEST_PARENT: it may be the parent of nested tables
 * @IOMMU_HWPT_ALLOC_DIRTY_TRACKING: only devices whose unit tracks dirty pages
 *	may be attached
 * @IOMMU_HWPT_FAULT_ID_VALID: @fault_id names a fault queue
 * @IOMMU_HWPT_ALLOC_PASID: it may be attached to a PASID
 */
enum iommufd_hwpt_alloc_flags {
	IOMMU_HWPT_ALLOC_NEST_PARENT = 1 << 0,
	IOMMU_HWPT_ALLOC_DIRTY_TRACKING = 1 << 1,
	IOMMU_HWPT_FAULT_ID_VALID = 1 << 2,
	IOMMU_HWPT_ALLOC_PASID = 1 << 3,
};

/**
 * enum iommu_hwpt_vtd_s1_flags - flags of a VT-d first-stage table
 * @IOMMU_VTD_S1_SRE: supervisor requests
 * @IOMMU_VTD_S1_EAFE: extended accessed flag
 * @IOMMU_VTD_S1_WPE: write protection for supervisor requests
 */
enum iommu_hwpt_vtd_s1_flags {
	IOMMU_VTD_S1_SRE = 1 << 0,
	IOMMU_VTD_S1_EAFE = 1 << 1,
	IOMMU_VTD_S1_WPE = 1 << 2,
};

/**
 * struct iommu_hwpt_vtd_s1 - a VT-d first-stage table (IOMMU_HWPT_DATA_VTD_S1)
 * @flags: enum iommu_hwpt_vtd_s1_flags
 * @pgtbl_addr: address of its root
 * @addr_width: input address bits
 * @__reserved: 0
 */
struct iommu_hwpt_vtd_s1 {
	__aligned_u64 flags;
	__aligned_u64 pgtbl_addr;
	__u32 addr_width;
	__u32 __reserved;
};

/**
 * struct iommu_hwpt_arm_smmuv3 - an SMMUv3 table (IOMMU_HWPT_DATA_ARM_SMMUV3)
 * @ste: the first two double words of the stream table entry
 */
struct iommu_hwpt_arm_smmuv3 {
	__aligned_le64 ste[2];
};

/**
 * struct iommu_hwpt_amd_guest - an AMD guest table (IOMMU_HWPT_DATA_AMD_GUEST)
 * @dte: the guest's device table entry
 */
struct iommu_hwpt_amd_guest {
	__aligned_u64 dte[4];
};

/**
 * enum iommu_hwpt_data_type - type of the data of IOMMU_HWPT_ALLOC
 * @IOMMU_HWPT_DATA_NONE: none
 * @IOMMU_HWPT_DATA_VTD_S1: struct iommu_hwpt_vtd_s1
 * @IOMMU_HWPT_DATA_ARM_SMMUV3: struct iommu_hwpt_arm_smmuv3
 * @IOMMU_HWPT_DATA_AMD_GUEST: struct iommu_hwpt_amd_guest
 */
enum iommu_hwpt_data_type {
	IOMMU_HWPT_DATA_NONE = 0,
	IOMMU_HWPT_DATA_VTD_S1 = 1,
	IOMMU_HWPT_DATA_ARM_SMMUV3 = 2,
	IOMMU_HWPT_DATA_AMD_GUEST = 3,
};

/**
 * struct iommu_hwpt_alloc - ioctl(IOMMU_HWPT_ALLOC), create a hardware page
 *	table
 * @size: sizeof(struct iommu_hwpt_alloc)
 * @flags: enum iommufd_hwpt_alloc_flags
 * @dev_id: a device behind the unit that the table is for
 * @pt_id: the address space to map, or the parent of a nested table
 * @out_hwpt_id: the id of the new table
 * @__reserved: 0
 * @data_type: enum iommu_hwpt_data_type; IOMMU_HWPT_DATA_NONE for a table that
 *	maps an address space
 * @data_len: bytes at @data_uptr
 * @data_uptr: the data
 * @fault_id: a fault queue, with IOMMU_HWPT_FAULT_ID_VALID
 * @__reserved2: 0
 *
 * Attaching a device to an address space creates such an object automatically,
 * and it is destroyed with the last device. An object of this ioctl exists
 * until it is destroyed.
 */
struct iommu_hwpt_alloc {
	__u32 size;
	__u32 flags;
	__u32 dev_id;
	__u32 pt_id;
	__u32 out_hwpt_id;
	__u32 __reserved;
	__u32 data_type;
	__u32 data_len;
	__aligned_u64 data_uptr;
	__u32 fault_id;
	__u32 __reserved2;
};
#define IOMMU_HWPT_ALLOC _IO(IOMMUFD_TYPE, IOMMUFD_CMD_HWPT_ALLOC)

/* Hardware abilities */

/**
 * enum iommu_hw_info_vtd_flags - flags of struct iommu_hw_info_vtd
 * @IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17: no read-only mappings in a table that
 *	is the parent of nested ones
 */
enum iommu_hw_info_vtd_flags {
	IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17 = 1 << 0,
};

/**
 * struct iommu_hw_info_vtd - a VT-d unit
 * @flags: enum iommu_hw_info_vtd_flags
 * @__reserved: 0
 * @cap_reg: capability register
 * @ecap_reg: extended capability register
 */
struct iommu_hw_info_vtd {
	__u32 flags;
	__u32 __reserved;
	__aligned_u64 cap_reg;
	__aligned_u64 ecap_reg;
};

/**
 * struct iommu_hw_info_arm_smmuv3 - an SMMUv3
 * @flags: 0
 * @__reserved: 0
 * @idr: identification registers 0 to 5
 * @iidr: implementer register
 * @aidr: architecture register
 */
struct iommu_hw_info_arm_smmuv3 {
	__u32 flags;
	__u32 __reserved;
	__u32 idr[6];
	__u32 iidr;
	__u32 aidr;
};

/**
 * struct iommu_hw_info_tegra241_cmdqv - command queues of a Tegra241
 * @flags: 0
 * @version: of the hardware
 * @log2vcmdqs: queues per interface
 * @log2vsids: stream ids per interface
 * @__reserved: 0
 */
struct iommu_hw_info_tegra241_cmdqv {
	__u32 flags;
	__u8 version;
	__u8 log2vcmdqs;
	__u8 log2vsids;
	__u8 __reserved;
};

/**
 * struct iommu_hw_info_amd - an AMD unit
 * @efr: extended feature register
 * @efr2: extended feature 2 register
 */
struct iommu_hw_info_amd {
	__aligned_u64 efr;
	__aligned_u64 efr2;
};

/**
 * enum iommu_hw_info_type - the structure that describes a unit
 * @IOMMU_HW_INFO_TYPE_NONE: none
 * @IOMMU_HW_INFO_TYPE_DEFAULT: the structure of the unit's kind
 * @IOMMU_HW_INFO_TYPE_INTEL_VTD: struct iommu_hw_info_vtd
 * @IOMMU_HW_INFO_TYPE_ARM_SMMUV3: struct iommu_hw_info_arm_smmuv3
 * @IOMMU_HW_INFO_TYPE_TEGRA241_CMDQV: struct iommu_hw_info_tegra241_cmdqv
 * @IOMMU_HW_INFO_TYPE_AMD: struct iommu_hw_info_amd
 */
enum iommu_hw_info_type {
	IOMMU_HW_INFO_TYPE_NONE = 0,
	IOMMU_HW_INFO_TYPE_DEFAULT = 0,
	IOMMU_HW_INFO_TYPE_INTEL_VTD = 1,
	IOMMU_HW_INFO_TYPE_ARM_SMMUV3 = 2,
	IOMMU_HW_INFO_TYPE_TEGRA241_CMDQV = 3,
	IOMMU_HW_INFO_TYPE_AMD = 4,
};

/**
 * enum iommufd_hw_capabilities - abilities of a device behind its unit
 * @IOMMU_HW_CAP_DIRTY_TRACKING: the unit tracks dirty pages
 * @IOMMU_HW_CAP_PCI_PASID_EXEC: PASID with execute permission
 * @IOMMU_HW_CAP_PCI_PASID_PRIV: PASID with privileged mode
 * @IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED: the device will not use ATS
 */
enum iommufd_hw_capabilities {
	IOMMU_HW_CAP_DIRTY_TRACKING = 1 << 0,
	IOMMU_HW_CAP_PCI_PASID_EXEC = 1 << 1,
	IOMMU_HW_CAP_PCI_PASID_PRIV = 1 << 2,
	IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED = 1 << 3,
};

/**
 * enum iommufd_hw_info_flags - flags of IOMMU_GET_HW_INFO
 * @IOMMU_HW_INFO_FLAG_INPUT_TYPE: @in_data_type selects the structure
 */
enum iommufd_hw_info_flags {
	IOMMU_HW_INFO_FLAG_INPUT_TYPE = 1 << 0,
};

/**
 * struct iommu_hw_info - ioctl(IOMMU_GET_HW_INFO), describe a device's unit
 * @size: sizeof(struct iommu_hw_info)
 * @flags: enum iommufd_hw_info_flags
 * @dev_id: the device
 * @data_len: in: bytes at @data_uptr; out: size of the kernel's structure
 * @data_uptr: buffer for the structure; the rest of a longer buffer is set to 0
 * @in_data_type: in: enum iommu_hw_info_type
 * @out_data_type: out: enum iommu_hw_info_type
 * @out_max_pasid_log2: PASID bits, or 0
 * @__reserved: 0
 * @out_capabilities: enum iommufd_hw_capabilities
 */
struct iommu_hw_info {
	__u32 size;
	__u32 flags;
	__u32 dev_id;
	__u32 data_len;
	__aligned_u64 data_uptr;
	union {
		__u32 in_data_type;
		__u32 out_data_type;
	};
	__u8 out_max_pasid_log2;
	__u8 __reserved[3];
	__aligned_u64 out_capabilities;
};
#define IOMMU_GET_HW_INFO _IO(IOMMUFD_TYPE, IOMMUFD_CMD_GET_HW_INFO)

/* Dirty pages */

/**
 * enum iommufd_hwpt_set_dirty_tracking_flags - enable or disable tracking
 * @IOMMU_HWPT_DIRTY_TRACKING_ENABLE: enable; without it, disable
 */
enum iommufd_hwpt_set_dirty_tracking_flags {
	IOMMU_HWPT_DIRTY_TRACKING_ENABLE = 1,
};

/**
 * struct iommu_hwpt_set_dirty_tracking - ioctl(IOMMU_HWPT_SET_DIRTY_TRACKING)
 * @size: sizeof(struct iommu_hwpt_set_dirty_tracking)
 * @flags: enum iommufd_hwpt_set_dirty_tracking_flags
 * @hwpt_id: the table
 * @__reserved: ignored
 */
struct iommu_hwpt_set_dirty_tracking {
	__u32 size;
	__u32 flags;
	__u32 hwpt_id;
	__u32 __reserved;
};
#define IOMMU_HWPT_SET_DIRTY_TRACKING \
	_IO(IOMMUFD_TYPE, IOMMUFD_CMD_HWPT_SET_DIRTY_TRACKING)

/**
 * enum iommufd_hwpt_get_dirty_bitmap_flags - how dirty bits are read
 * @IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR: do not clear them in the table
 */
enum iommufd_hwpt_get_dirty_bitmap_flags {
	IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR = 1,
};

/**
 * struct iommu_hwpt_get_dirty_bitmap - ioctl(IOMMU_HWPT_GET_DIRTY_BITMAP)
 * @size: sizeof(struct iommu_hwpt_get_dirty_bitmap)
 * @hwpt_id: the table
 * @flags: enum iommufd_hwpt_get_dirty_bitmap_flags
 * @__reserved: 0
 * @iova: start
 * @length: bytes
 * @page_size: bytes per bit
 * @data: the bitmap; bits are set, never cleared
 *
 * Bit 0 is the page at @iova. EOVERFLOW: not a valid range. EINVAL: the page
 * size is 0, or the range is not aligned to it. EOPNOTSUPP: the table was
 * created without IOMMU_HWPT_ALLOC_DIRTY_TRACKING.
 */
struct iommu_hwpt_get_dirty_bitmap {
	__u32 size;
	__u32 hwpt_id;
	__u32 flags;
	__u32 __reserved;
	__aligned_u64 iova;
	__aligned_u64 length;
	__aligned_u64 page_size;
	__aligned_u64 data;
};
#define IOMMU_HWPT_GET_DIRTY_BITMAP \
	_IO(IOMMUFD_TYPE, IOMMUFD_CMD_HWPT_GET_DIRTY_BITMAP)

/* Invalidation of tables that the user manages */

/**
 * enum iommu_hwpt_invalidate_data_type - type of the entries
 * @IOMMU_HWPT_INVALIDATE_DATA_VTD_S1: struct iommu_hwpt_vtd_s1_invalidate
 * @IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3:
 *	struct iommu_viommu_arm_smmuv3_invalidate
 */
enum iommu_hwpt_invalidate_data_type {
	IOMMU_HWPT_INVALIDATE_DATA_VTD_S1 = 0,
	IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3 = 1,
};

/**
 * enum iommu_hwpt_vtd_s1_invalidate_flags - flags of a VT-d entry
 * @IOMMU_VTD_INV_FLAGS_LEAF: leaf entries only
 */
enum iommu_hwpt_vtd_s1_invalidate_flags {
	IOMMU_VTD_INV_FLAGS_LEAF = 1 << 0,
};

/**
 * struct iommu_hwpt_vtd_s1_invalidate - a range of a VT-d first-stage table
 * @addr: start; a multiple of 4096
 * @npages: pages of 4096 bytes; U64_MAX with @addr 0 means everything
 * @flags: enum iommu_hwpt_vtd_s1_invalidate_flags
 * @__reserved: 0
 */
struct iommu_hwpt_vtd_s1_invalidate {
	__aligned_u64 addr;
	__aligned_u64 npages;
	__u32 flags;
	__u32 __reserved;
};

/**
 * struct iommu_viommu_arm_smmuv3_invalidate - an SMMUv3 command
 * @cmd: the command
 */
struct iommu_viommu_arm_smmuv3_invalidate {
	__aligned_le64 cmd[2];
};

/**
 * struct iommu_hwpt_invalidate - ioctl(IOMMU_HWPT_INVALIDATE)
 * @size: sizeof(struct iommu_hwpt_invalidate)
 * @hwpt_id: a nested table or a virtual IOMMU
 * @data_uptr: array of entries
 * @data_type: enum iommu_hwpt_invalidate_data_type
 * @entry_len: bytes of an entry
 * @entry_num: in: number of entries; out: number of entries that were processed
 * @__reserved: 0
 */
struct iommu_hwpt_invalidate {
	__u32 size;
	__u32 hwpt_id;
	__aligned_u64 data_uptr;
	__u32 data_type;
	__u32 entry_len;
	__u32 entry_num;
	__u32 __reserved;
};
#define IOMMU_HWPT_INVALIDATE _IO(IOMMUFD_TYPE, IOMMUFD_CMD_HWPT_INVALIDATE)

/* Faults */

/**
 * enum iommu_hwpt_pgfault_flags - flags of a page request
 * @IOMMU_PGFAULT_FLAGS_PASID_VALID: it has a PASID
 * @IOMMU_PGFAULT_FLAGS_LAST_PAGE: it is the last of its group
 */
enum iommu_hwpt_pgfault_flags {
	IOMMU_PGFAULT_FLAGS_PASID_VALID = (1 << 0),
	IOMMU_PGFAULT_FLAGS_LAST_PAGE = (1 << 1),
};

/**
 * enum iommu_hwpt_pgfault_perm - access that a page request asks for
 * @IOMMU_PGFAULT_PERM_READ: read
 * @IOMMU_PGFAULT_PERM_WRITE: write
 * @IOMMU_PGFAULT_PERM_EXEC: execute
 * @IOMMU_PGFAULT_PERM_PRIV: as supervisor
 */
enum iommu_hwpt_pgfault_perm {
	IOMMU_PGFAULT_PERM_READ = (1 << 0),
	IOMMU_PGFAULT_PERM_WRITE = (1 << 1),
	IOMMU_PGFAULT_PERM_EXEC = (1 << 2),
	IOMMU_PGFAULT_PERM_PRIV = (1 << 3),
};

/**
 * struct iommu_hwpt_pgfault - a page request
 * @flags: enum iommu_hwpt_pgfault_flags
 * @dev_id: the device
 * @pasid: its PASID
 * @grpid: the group of requests
 * @perm: enum iommu_hwpt_pgfault_perm
 * @__reserved: 0
 * @addr: the address
 * @length: bytes that the device will access, or 0
 * @cookie: to be copied to the response
 */
struct iommu_hwpt_pgfault {
	__u32 flags;
	__u32 dev_id;
	__u32 pasid;
	__u32 grpid;
	__u32 perm;
	__u32 __reserved;
	__aligned_u64 addr;
	__u32 length;
	__u32 cookie;
};

/**
 * enum iommufd_page_response_code - the response to a page request
 * @IOMMUFD_PAGE_RESP_SUCCESS: the device is to try again
 * @IOMMUFD_PAGE_RESP_INVALID: the access is not allowed
 */
enum iommufd_page_response_code {
	IOMMUFD_PAGE_RESP_SUCCESS = 0,
	IOMMUFD_PAGE_RESP_INVALID = 1,
};

/**
 * struct iommu_hwpt_page_response - the response to a group of page requests
 * @cookie: of the request
 * @code: enum iommufd_page_response_code
 */
struct iommu_hwpt_page_response {
	__u32 cookie;
	__u32 code;
};

/**
 * struct iommu_fault_alloc - ioctl(IOMMU_FAULT_QUEUE_ALLOC)
 * @size: sizeof(struct iommu_fault_alloc)
 * @flags: 0
 * @out_fault_id: the id of the new queue
 * @out_fault_fd: a file to read requests from and write responses to
 */
struct iommu_fault_alloc {
	__u32 size;
	__u32 flags;
	__u32 out_fault_id;
	__u32 out_fault_fd;
};
#define IOMMU_FAULT_QUEUE_ALLOC _IO(IOMMUFD_TYPE, IOMMUFD_CMD_FAULT_QUEUE_ALLOC)

/* Virtual IOMMUs */

/**
 * enum iommu_viommu_type - kinds of virtual IOMMU
 * @IOMMU_VIOMMU_TYPE_DEFAULT: reserved
 * @IOMMU_VIOMMU_TYPE_ARM_SMMUV3: SMMUv3
 * @IOMMU_VIOMMU_TYPE_TEGRA241_CMDQV: SMMUv3 with Tegra241 command queues
 */
enum iommu_viommu_type {
	IOMMU_VIOMMU_TYPE_DEFAULT = 0,
	IOMMU_VIOMMU_TYPE_ARM_SMMUV3 = 1,
	IOMMU_VIOMMU_TYPE_TEGRA241_CMDQV = 2,
};

/**
 * struct iommu_viommu_tegra241_cmdqv - location of the queues' page
 * @out_vintf_mmap_offset: offset for mmap()
 * @out_vintf_mmap_length: bytes
 */
struct iommu_viommu_tegra241_cmdqv {
	__aligned_u64 out_vintf_mmap_offset;
	__aligned_u64 out_vintf_mmap_length;
};

/**
 * struct iommu_viommu_alloc - ioctl(IOMMU_VIOMMU_ALLOC)
 * @size: sizeof(struct iommu_viommu_alloc)
 * @flags: 0
 * @type: enum iommu_viommu_type
 * @dev_id: a device behind the unit
 * @hwpt_id: the parent table
 * @out_viommu_id: the id of the new object
 * @data_len: bytes at @data_uptr
 * @__reserved: 0
 * @data_uptr: data of the kind
 */
struct iommu_viommu_alloc {
	__u32 size;
	__u32 flags;
	__u32 type;
	__u32 dev_id;
	__u32 hwpt_id;
	__u32 out_viommu_id;
	__u32 data_len;
	__u32 __reserved;
	__aligned_u64 data_uptr;
};
#define IOMMU_VIOMMU_ALLOC _IO(IOMMUFD_TYPE, IOMMUFD_CMD_VIOMMU_ALLOC)

/**
 * struct iommu_vdevice_alloc - ioctl(IOMMU_VDEVICE_ALLOC)
 * @size: sizeof(struct iommu_vdevice_alloc)
 * @viommu_id: the virtual IOMMU
 * @dev_id: the device
 * @out_vdevice_id: the id of the new object
 * @virt_id: the device's source-id in the guest
 */
struct iommu_vdevice_alloc {
	__u32 size;
	__u32 viommu_id;
	__u32 dev_id;
	__u32 out_vdevice_id;
	__aligned_u64 virt_id;
};
#define IOMMU_VDEVICE_ALLOC _IO(IOMMUFD_TYPE, IOMMUFD_CMD_VDEVICE_ALLOC)

/* Events */

/**
 * enum iommu_veventq_flag - flags of an event
 * @IOMMU_VEVENTQ_FLAG_LOST_EVENTS: events were lost; no data follows
 */
enum iommu_veventq_flag {
	IOMMU_VEVENTQ_FLAG_LOST_EVENTS = (1U << 0),
};

/**
 * struct iommufd_vevent_header - header of every event
 * @flags: enum iommu_veventq_flag
 * @sequence: increases by one, from INT_MAX to 0; a larger step means that
 *	events were lost
 */
struct iommufd_vevent_header {
	__u32 flags;
	__u32 sequence;
};

/**
 * enum iommu_veventq_type - kinds of event queue
 * @IOMMU_VEVENTQ_TYPE_DEFAULT: reserved
 * @IOMMU_VEVENTQ_TYPE_ARM_SMMUV3: struct iommu_vevent_arm_smmuv3
 * @IOMMU_VEVENTQ_TYPE_TEGRA241_CMDQV: struct iommu_vevent_tegra241_cmdqv
 */
enum iommu_veventq_type {
	IOMMU_VEVENTQ_TYPE_DEFAULT = 0,
	IOMMU_VEVENTQ_TYPE_ARM_SMMUV3 = 1,
	IOMMU_VEVENTQ_TYPE_TEGRA241_CMDQV = 2,
};

/**
 * struct iommu_vevent_arm_smmuv3 - an event of an SMMUv3
 * @evt: the event record
 */
struct iommu_vevent_arm_smmuv3 {
	__aligned_le64 evt[4];
};

/**
 * struct iommu_vevent_tegra241_cmdqv - an error of a command queue
 * @lvcmdq_err_map: bitmap of the queues
 */
struct iommu_vevent_tegra241_cmdqv {
	__aligned_le64 lvcmdq_err_map[2];
};

/**
 * struct iommu_veventq_alloc - ioctl(IOMMU_VEVENTQ_ALLOC)
 * @size: sizeof(struct iommu_veventq_alloc)
 * @flags: 0
 * @viommu_id: the virtual IOMMU
 * @type: enum iommu_veventq_type
 * @veventq_depth: maximum number of events in it
 * @out_veventq_id: the id of the new queue
 * @out_veventq_fd: a file to read events from
 * @__reserved: 0
 */
struct iommu_veventq_alloc {
	__u32 size;
	__u32 flags;
	__u32 viommu_id;
	__u32 type;
	__u32 veventq_depth;
	__u32 out_veventq_id;
	__u32 out_veventq_fd;
	__u32 __reserved;
};
#define IOMMU_VEVENTQ_ALLOC _IO(IOMMUFD_TYPE, IOMMUFD_CMD_VEVENTQ_ALLOC)

/**
 * enum iommu_hw_queue_type - kinds of hardware queue
 * @IOMMU_HW_QUEUE_TYPE_DEFAULT: reserved
 * @IOMMU_HW_QUEUE_TYPE_TEGRA241_CMDQV: a Tegra241 command queue
 */
enum iommu_hw_queue_type {
	IOMMU_HW_QUEUE_TYPE_DEFAULT = 0,
	IOMMU_HW_QUEUE_TYPE_TEGRA241_CMDQV = 1,
};

/**
 * struct iommu_hw_queue_alloc - ioctl(IOMMU_HW_QUEUE_ALLOC)
 * @size: sizeof(struct iommu_hw_queue_alloc)
 * @flags: 0
 * @viommu_id: the virtual IOMMU
 * @type: enum iommu_hw_queue_type
 * @index: number of the queue
 * @out_hw_queue_id: the id of the new object
 * @nesting_parent_iova: address of the queue in the parent table
 * @length: bytes
 */
struct iommu_hw_queue_alloc {
	__u32 size;
	__u32 flags;
	__u32 viommu_id;
	__u32 type;
	__u32 index;
	__u32 out_hw_queue_id;
	__aligned_u64 nesting_parent_iova;
	__aligned_u64 length;
};
#define IOMMU_HW_QUEUE_ALLOC _IO(IOMMUFD_TYPE, IOMMUFD_CMD_HW_QUEUE_ALLOC)

#endif
