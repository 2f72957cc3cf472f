/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the mock IOMMU understands: ioctl(IOMMU_TEST_CMD) on /dev/iommu, and
 * the driver data of its hardware page tables.
 *
 * Names, numbers and layouts are those that the kernel's own test programs in
 * tools/testing/selftests/iommu use; they include this file by this path. What
 * only our tests use comes last, with numbers far away. It works when
 * iommufd_mock.ko is loaded.
 */
#ifndef _UAPI_IOMMUFD_TEST_H
#define _UAPI_IOMMUFD_TEST_H

#include <linux/iommufd.h>
#include <linux/types.h>

/* Operations: which of the structures in struct iommu_test_cmd counts */
enum {
	IOMMU_TEST_OP_ADD_RESERVED = 1,
	IOMMU_TEST_OP_MOCK_DOMAIN = 2,
	IOMMU_TEST_OP_MD_CHECK_MAP = 3,
	IOMMU_TEST_OP_MD_CHECK_REFS = 4,
	IOMMU_TEST_OP_CREATE_ACCESS = 5,
	IOMMU_TEST_OP_DESTROY_ACCESS_PAGES = 6,
	IOMMU_TEST_OP_ACCESS_PAGES = 7,
	IOMMU_TEST_OP_ACCESS_RW = 8,
	IOMMU_TEST_OP_SET_TEMP_MEMORY_LIMIT = 9,
	IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE = 10,
	IOMMU_TEST_OP_ACCESS_REPLACE_IOAS = 11,
	IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS = 12,
	IOMMU_TEST_OP_DIRTY = 13,
	IOMMU_TEST_OP_MD_CHECK_IOTLB = 14,
	IOMMU_TEST_OP_TRIGGER_IOPF = 15,
	IOMMU_TEST_OP_DEV_CHECK_CACHE = 16,
	IOMMU_TEST_OP_TRIGGER_VEVENT = 17,
	IOMMU_TEST_OP_PASID_ATTACH = 18,
	IOMMU_TEST_OP_PASID_REPLACE = 19,
	IOMMU_TEST_OP_PASID_DETACH = 20,
	IOMMU_TEST_OP_PASID_CHECK_HWPT = 21,
	IOMMU_TEST_OP_DMABUF_GET = 22,
	IOMMU_TEST_OP_DMABUF_REVOKE = 23,

	IOMMU_TEST_OP_MD_COUNT = 1 << 16,
	IOMMU_TEST_OP_DEV_ANSWERS,
};

/* struct iommu_hwpt_selftest::pagetable_type */
enum {
	MOCK_IOMMUPT_DEFAULT = 0,
	/* 1 MiB pages beside those of the CPU */
	MOCK_IOMMUPT_HUGE = 1,
};

/* A domain of type MOCK_IOMMUPT_DEFAULT */
enum {
	MOCK_APERTURE_START = 0x1000000UL,
	MOCK_APERTURE_LAST = 0x7fffffffUL,
	/* Half of the CPU's, so that nothing may count in CPU pages */
	MOCK_PAGE_SIZE = 2048,
	MOCK_HUGE_PAGE_SIZE = MOCK_PAGE_SIZE * 512,
};

/* access_pages.flags */
enum {
	MOCK_FLAGS_ACCESS_WRITE = 1 << 0,
	MOCK_FLAGS_ACCESS_SYZ = 1 << 16,
};

/* access_rw.flags */
enum {
	MOCK_ACCESS_RW_WRITE = 1 << 0,
	MOCK_ACCESS_RW_SLOW_PATH = 1 << 2,
};

/* create_access.flags */
enum {
	MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES = 1 << 0,
};

/* mock_domain_flags.dev_flags */
enum {
	MOCK_FLAGS_DEVICE_NO_DIRTY = 1 << 0,
	MOCK_FLAGS_DEVICE_PASID = 1 << 2,

	/* Its domains offer run operations */
	MOCK_FLAGS_DEVICE_RUNS = 1 << 16,
	/* Behind a unit with two windows of its own; implies RUNS */
	MOCK_FLAGS_DEVICE_WINDOWS = 1 << 17,
	/* It reserves MOCK_RESERVED_START to MOCK_RESERVED_LAST */
	MOCK_FLAGS_DEVICE_RESERVED = 1 << 18,
	/* Its unit has 64 KiB pages and no smaller ones */
	MOCK_FLAGS_DEVICE_64K = 1 << 19,
	/* It cannot do cache coherent DMA */
	MOCK_FLAGS_DEVICE_INCOHERENT = 1 << 20,
	/* Its unit translates 48-bit addresses from 0 on */
	MOCK_FLAGS_DEVICE_WIDE = 1 << 21,
	/* Its interrupts are not isolated */
	MOCK_FLAGS_DEVICE_UNSAFE_MSI = 1 << 22,
	/* Its unit can enforce cache coherency */
	MOCK_FLAGS_DEVICE_SNOOP = 1 << 23,
};

/* The reserved region of MOCK_FLAGS_DEVICE_RESERVED */
enum {
	MOCK_RESERVED_START = 0x20000000UL,
	MOCK_RESERVED_LAST = 0x200fffffUL,
};

/* The windows of MOCK_FLAGS_DEVICE_WINDOWS */
#define MOCK_WINDOW_LOW_BASE 0ULL
#define MOCK_WINDOW_LOW_LENGTH (1ULL << 31)
#define MOCK_WINDOW_HIGH_BASE (1ULL << 59)
#define MOCK_WINDOW_HIGH_LENGTH (1ULL << 40)
/* 4 KiB, 64 KiB, 2 MiB, 16 MiB */
#define MOCK_WINDOW_PAGE_SIZES \
	((1ULL << 12) | (1ULL << 16) | (1ULL << 21) | (1ULL << 24))

/* Numbered registers that an invalidation sets to 0 */
enum {
	MOCK_NESTED_DOMAIN_IOTLB_ID_MAX = 3,
	MOCK_NESTED_DOMAIN_IOTLB_NUM = 4,
};

enum {
	MOCK_DEV_CACHE_ID_MAX = 3,
	MOCK_DEV_CACHE_NUM = 4,
};

#define IOMMU_TEST_IOTLB_DEFAULT 0xbadbeef
#define IOMMU_TEST_DEV_CACHE_DEFAULT 0xbaddad

/* Every second attach with this PASID fails */
#define IOMMU_TEST_PASID_RESERVED 1024

#define MOCK_PASID_WIDTH 20

/**
 * struct iommu_test_cmd - ioctl(IOMMU_TEST_CMD)
 * @size: sizeof(struct iommu_test_cmd)
 * @op: IOMMU_TEST_OP_*
 * @id: the object that the operation is about
 * @__reserved: 0
 * @add_reserved: ADD_RESERVED: take a range of address space @id away
 * @mock_domain: MOCK_DOMAIN: make a device, bind it, attach it to the address
 *	space or hardware page table @id; destroying out_stdev_id undoes it all
 * @mock_domain_flags: MOCK_DOMAIN_FLAGS: the same, for a special device
 * @mock_domain_replace: MOCK_DOMAIN_REPLACE: move test device @id; pt_id is
 *	then the hardware page table that it is attached to
 * @check_map: MD_CHECK_MAP: does hardware page table @id lead from iova to the
 *	very memory at uptr? EINVAL if not
 * @check_refs: MD_CHECK_REFS: is each page at uptr pinned refs times? EIO if
 *	not
 * @create_access: CREATE_ACCESS: make an access to address space @id; closing
 *	out_access_fd undoes it
 * @destroy_access_pages: DESTROY_ACCESS_PAGES: undo ACCESS_PAGES of the access
 *	with the file descriptor @id
 * @access_pages: ACCESS_PAGES: pin a range through access @id, and compare
 *	with the memory at uptr unless that is NULL
 * @access_rw: ACCESS_RW: copy between uptr and a range through access @id
 * @memory_limit: SET_TEMP_MEMORY_LIMIT: bytes for a batch of page pointers
 * @access_replace_ioas: ACCESS_REPLACE_IOAS: move access @id
 * @dirty: DIRTY: do as if devices had written the pages of hardware page table
 *	@id that the bitmap at uptr names
 * @check_iotlb: MD_CHECK_IOTLB: does register id of nested table @id have the
 *	value iotlb? EINVAL if not
 * @trigger_iopf: TRIGGER_IOPF: report a page request
 * @check_dev_cache: DEV_CHECK_CACHE: does register id of device @id have the
 *	value cache? EINVAL if not
 * @trigger_vevent: TRIGGER_VEVENT: report an event of a virtual IOMMU
 * @pasid_attach: PASID_ATTACH
 * @pasid_replace: PASID_REPLACE
 * @pasid_detach: PASID_DETACH
 * @pasid_check: PASID_CHECK_HWPT: is hwpt_id attached to that PASID of test
 *	device @id, or nothing if it is 0?
 * @dmabuf_get: DMABUF_GET: make a dma-buf; the ioctl returns its descriptor
 * @dmabuf_revoke: DMABUF_REVOKE: take its memory away, or give it back
 * @md_count: MD_COUNT: of hardware page table @id: bytes that are mapped, and
 *	how many invalidations there have been
 * @dev_answers: DEV_ANSWERS: of device @id: how many of its page requests have
 *	been answered, and the last answer
 * @last: where the structure ends
 */
struct iommu_test_cmd {
	__u32 size;
	__u32 op;
	__u32 id;
	__u32 __reserved;
	union {
		struct {
			__aligned_u64 start;
			__aligned_u64 length;
		} add_reserved;
		struct {
			__u32 out_stdev_id;
			__u32 out_hwpt_id;
			__u32 out_idev_id;
		} mock_domain;
		struct {
			__u32 out_stdev_id;
			__u32 out_hwpt_id;
			__u32 out_idev_id;
			__u32 dev_flags;
		} mock_domain_flags;
		struct {
			__u32 pt_id;
		} mock_domain_replace;
		struct {
			__aligned_u64 iova;
			__aligned_u64 length;
			__aligned_u64 uptr;
		} check_map;
		struct {
			__aligned_u64 length;
			__aligned_u64 uptr;
			__u32 refs;
		} check_refs;
		struct {
			__u32 out_access_fd;
			__u32 flags;
		} create_access;
		struct {
			__u32 access_pages_id;
		} destroy_access_pages;
		struct {
			__u32 flags;
			__u32 out_access_pages_id;
			__aligned_u64 iova;
			__aligned_u64 length;
			__aligned_u64 uptr;
		} access_pages;
		struct {
			__aligned_u64 iova;
			__aligned_u64 length;
			__aligned_u64 uptr;
			__u32 flags;
		} access_rw;
		struct {
			__u32 limit;
		} memory_limit;
		struct {
			__u32 ioas_id;
		} access_replace_ioas;
		struct {
			__u32 flags;
			__aligned_u64 iova;
			__aligned_u64 length;
			__aligned_u64 page_size;
			__aligned_u64 uptr;
			__aligned_u64 out_nr_dirty;
		} dirty;
		struct {
			__u32 id;
			__u32 iotlb;
		} check_iotlb;
		struct {
			__u32 dev_id;
			__u32 pasid;
			__u32 grpid;
			__u32 perm;
			__u64 addr;
		} trigger_iopf;
		struct {
			__u32 id;
			__u32 cache;
		} check_dev_cache;
		struct {
			__u32 dev_id;
		} trigger_vevent;
		struct {
			__u32 pasid;
			__u32 pt_id;
		} pasid_attach;
		struct {
			__u32 pasid;
			__u32 pt_id;
		} pasid_replace;
		struct {
			__u32 pasid;
		} pasid_detach;
		struct {
			__u32 pasid;
			__u32 hwpt_id;
		} pasid_check;
		struct {
			__u32 length;
			__u32 open_flags;
		} dmabuf_get;
		struct {
			__s32 dmabuf_fd;
			__u32 revoked;
		} dmabuf_revoke;
		struct {
			__aligned_u64 out_mapped;
			__aligned_u64 out_syncs;
		} md_count;
		struct {
			__u32 out_answers;
			__u32 out_last;
		} dev_answers;
	};
	__u32 last;
};
#define IOMMU_TEST_CMD _IO(IOMMUFD_TYPE, IOMMUFD_CMD_BASE + 32)

/* Driver data; the types are none of those in <linux/iommufd.h> */
#define IOMMU_HW_INFO_TYPE_SELFTEST 0xfeedbeef
#define IOMMU_HWPT_DATA_SELFTEST 0xdead
#define IOMMU_HWPT_INVALIDATE_DATA_SELFTEST 0xdeadbeef
#define IOMMU_HWPT_INVALIDATE_DATA_SELFTEST_INVALID 0xdadbeef
#define IOMMU_VIOMMU_TYPE_SELFTEST 0xdeadbeef
#define IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST 0xdeadbeef
#define IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST_INVALID 0xdadbeef
#define IOMMU_VEVENTQ_TYPE_SELFTEST 0xbeefbeef
#define IOMMU_HW_QUEUE_TYPE_SELFTEST 0xdeadbeef
#define IOMMU_TEST_HW_QUEUE_MAX 2

/* What struct iommu_test_hw_info::test_reg reads */
#define IOMMU_HW_INFO_SELFTEST_REGVAL 0xdeadbeef

/**
 * struct iommu_test_hw_info - of a mock unit (IOMMU_HW_INFO_TYPE_SELFTEST)
 * @flags: 0
 * @test_reg: IOMMU_HW_INFO_SELFTEST_REGVAL
 */
struct iommu_test_hw_info {
	__u32 flags;
	__u32 test_reg;
};

/**
 * struct iommu_hwpt_selftest - data of IOMMU_HWPT_ALLOC
 *	(IOMMU_HWPT_DATA_SELFTEST)
 * @iotlb: what the registers of a nested table start with
 * @pagetable_type: MOCK_IOMMUPT_*
 */
struct iommu_hwpt_selftest {
	__u32 iotlb;
	__u32 pagetable_type;
};

/* Of both structures below: all registers, and no one in particular */
#define IOMMU_TEST_INVALIDATE_FLAG_ALL (1 << 0)

/**
 * struct iommu_hwpt_invalidate_selftest - clear registers of a nested table
 *	(IOMMU_HWPT_INVALIDATE_DATA_SELFTEST)
 * @flags: IOMMU_TEST_INVALIDATE_FLAG_ALL
 * @iotlb_id: which register
 */
struct iommu_hwpt_invalidate_selftest {
	__u32 flags;
	__u32 iotlb_id;
};

/**
 * struct iommu_viommu_invalidate_selftest - clear registers of a device
 *	(IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST)
 * @flags: IOMMU_TEST_INVALIDATE_FLAG_ALL
 * @vdev_id: the device, as the guest calls it
 * @cache_id: which register
 */
struct iommu_viommu_invalidate_selftest {
	__u32 flags;
	__u32 vdev_id;
	__u32 cache_id;
};

/**
 * struct iommu_viommu_selftest - data of IOMMU_VIOMMU_ALLOC
 *	(IOMMU_VIOMMU_TYPE_SELFTEST)
 * @in_data: any number
 * @out_data: the same number
 * @out_mmap_offset: where mmap() finds a page that holds it
 * @out_mmap_length: bytes to map
 */
struct iommu_viommu_selftest {
	__u32 in_data;
	__u32 out_data;
	__aligned_u64 out_mmap_offset;
	__aligned_u64 out_mmap_length;
};

/**
 * struct iommu_viommu_event_selftest - an event (IOMMU_VEVENTQ_TYPE_SELFTEST)
 * @virt_id: the device, as the guest calls it
 */
struct iommu_viommu_event_selftest {
	__u32 virt_id;
};

#endif
