/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interface of iommufd.ko for other kernel modules.
 *
 * A context (struct iommufd_ctx) belongs to one open file of /dev/iommu or to
 * one in-kernel user. It contains objects with ids, such as address spaces.
 * There are three kinds of users:
 *
 *  - The driver of a device that does DMA (VFIO's device file) binds the device
 *    to a context and attaches it to an address space: iommufd_device_*().
 *  - The driver of a device that does no DMA (a mediated device) accesses the
 *    pages behind an IOVA: iommufd_access_*().
 *  - A front end with its own ABI (VFIO's container) creates a context and an
 *    address space without a file, attaches groups and maps memory:
 *    iommufd_ctx_create(), iommufd_ioas_*().
 *
 * Every function may sleep, unless it says otherwise.
 */
#ifndef _LINUX_IOMMUFD_H
#define _LINUX_IOMMUFD_H

#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/types.h>
#include <uapi/linux/iommufd.h>

/*
 * A kernel with its own iommufd exports functions with these names. A module
 * that exports such a name again cannot be loaded, so it could not even log the
 * reason.
 */
#define iommufd_access_attach sluice_iommufd_access_attach
#define iommufd_access_create sluice_iommufd_access_create
#define iommufd_access_destroy sluice_iommufd_access_destroy
#define iommufd_access_detach sluice_iommufd_access_detach
#define iommufd_access_pin_pages sluice_iommufd_access_pin_pages
#define iommufd_access_replace sluice_iommufd_access_replace
#define iommufd_access_rw sluice_iommufd_access_rw
#define iommufd_access_unpin_pages sluice_iommufd_access_unpin_pages
#define iommufd_ctx_from_fd sluice_iommufd_ctx_from_fd
#define iommufd_ctx_from_file sluice_iommufd_ctx_from_file
#define iommufd_ctx_get sluice_iommufd_ctx_get
#define iommufd_ctx_has_group sluice_iommufd_ctx_has_group
#define iommufd_ctx_put sluice_iommufd_ctx_put
#define iommufd_device_attach sluice_iommufd_device_attach
#define iommufd_device_bind sluice_iommufd_device_bind
#define iommufd_device_detach sluice_iommufd_device_detach
#define iommufd_device_replace sluice_iommufd_device_replace
#define iommufd_device_to_ictx sluice_iommufd_device_to_ictx
#define iommufd_device_to_id sluice_iommufd_device_to_id
#define iommufd_device_unbind sluice_iommufd_device_unbind

struct device;
struct file;
struct iommu_group;
struct iommufd_access;
struct iommufd_ctx;
struct iommufd_device;
struct iommufd_ioas;
struct page;

/* Contexts */

/**
 * enum iommufd_account - whose limit locked memory counts against
 * @IOMMUFD_ACCOUNT_USER: the user's: user_struct::locked_vm
 * @IOMMUFD_ACCOUNT_MM: the process's: mm_struct::locked_vm, as in VFIO
 * @IOMMUFD_ACCOUNT_NONE: none, for memory that a task with CAP_IPC_LOCK maps
 */
enum iommufd_account {
	IOMMUFD_ACCOUNT_USER,
	IOMMUFD_ACCOUNT_MM,
	IOMMUFD_ACCOUNT_NONE,
};

/**
 * iommufd_ctx_create() - create a context without a file
 * @account: IOMMUFD_ACCOUNT_USER or IOMMUFD_ACCOUNT_MM
 *
 * Return: the context with a reference, for iommufd_ctx_put(), or
 * ERR_PTR(-ENOMEM).
 */
struct iommufd_ctx *iommufd_ctx_create(enum iommufd_account account);

/**
 * iommufd_ctx_get() - take another reference
 * @ictx: a context that the caller has a reference to
 *
 * Context: any.
 */
void iommufd_ctx_get(struct iommufd_ctx *ictx);

/**
 * iommufd_ctx_put() - drop a reference
 * @ictx: the context; dropping the last reference destroys all its objects
 */
void iommufd_ctx_put(struct iommufd_ctx *ictx);

/**
 * iommufd_ctx_from_file() - get the context of an open file
 * @file: any file
 *
 * Return: the context with a reference for the caller, or ERR_PTR(-EBADFD) if
 * the file is not one of /dev/iommu.
 */
struct iommufd_ctx *iommufd_ctx_from_file(struct file *file);

/**
 * iommufd_ctx_from_fd() - get the context of a file descriptor
 * @fd: a descriptor of the calling process
 *
 * Return: as iommufd_ctx_from_file(), or ERR_PTR(-EBADF).
 */
struct iommufd_ctx *iommufd_ctx_from_fd(int fd);

/**
 * iommufd_ctx_has_group() - is a device of the group bound to the context?
 * @ictx: the context, or NULL
 * @group: the group, or NULL
 *
 * Return: whether one is.
 */
bool iommufd_ctx_has_group(struct iommufd_ctx *ictx, struct iommu_group *group);

/* Devices that do DMA */

/**
 * iommufd_device_bind() - bind a device to a context
 * @ictx: the context
 * @dev: a device with an IOMMU; its driver has set driver_managed_dma
 * @id: set to the id of the new object
 *
 * DMA of the whole group is blocked until iommufd_device_attach(). The object
 * holds a reference to the context.
 *
 * Return: the bound device, for iommufd_device_unbind(). ERR_PTR: -EINVAL
 * if its DMA is not cache coherent, -EPERM if its interrupts are not isolated,
 * -EBUSY if the group has another owner, -ENODEV if it has no IOMMU.
 */
struct iommufd_device *iommufd_device_bind(struct iommufd_ctx *ictx,
					   struct device *dev, u32 *id);

/**
 * iommufd_device_unbind() - undo iommufd_device_bind()
 * @idev: the bound device; it is detached, and no other call uses it
 */
void iommufd_device_unbind(struct iommufd_device *idev);

/**
 * iommufd_device_attach() - attach a device to a page table, so it can do DMA
 * @idev: the bound device
 * @pasid: IOMMU_NO_PASID
 * @pt_id: in: an address space or a hardware page table; out: the hardware
 *	page table that it was attached to
 *
 * For an address space, a hardware page table of it that suits the device is
 * found or created. When the call returns, the device can reach every mapping.
 *
 * Return: 0; -EADDRINUSE if a mapping, an allowed range or a window overlaps
 * IOVA that the device reserves or cannot reach; -EINVAL if the device is
 * attached to another table; -EOPNOTSUPP for a PASID.
 */
int iommufd_device_attach(struct iommufd_device *idev, ioasid_t pasid,
			  u32 *pt_id);

/**
 * iommufd_device_replace() - move a device to another table in one step
 * @idev: the bound and attached device
 * @pasid: IOMMU_NO_PASID
 * @pt_id: as for iommufd_device_attach()
 *
 * The whole group moves. On failure, the device stays attached where it was.
 *
 * Return: as iommufd_device_attach().
 */
int iommufd_device_replace(struct iommufd_device *idev, ioasid_t pasid,
			   u32 *pt_id);

/**
 * iommufd_device_detach() - block the DMA of a device again
 * @idev: the bound and attached device
 * @pasid: IOMMU_NO_PASID
 */
void iommufd_device_detach(struct iommufd_device *idev, ioasid_t pasid);

/**
 * iommufd_device_to_ictx() - get the context that a device is bound to
 * @idev: the bound device
 *
 * Return: the context, without a reference for the caller.
 */
struct iommufd_ctx *iommufd_device_to_ictx(struct iommufd_device *idev);

/**
 * iommufd_device_to_id() - get the id of a bound device
 * @idev: the bound device
 *
 * Return: the id.
 */
u32 iommufd_device_to_id(struct iommufd_device *idev);

/* Drivers that access the pages behind an IOVA */

/**
 * struct iommufd_access_ops - functions of the owner of an access
 * @needs_pin_pages: the owner will call iommufd_access_pin_pages()
 * @unmap: Stop using the range and unpin its pages before returning. Required
 *	with @needs_pin_pages. May sleep. Not called after
 *	iommufd_access_detach() has returned.
 */
struct iommufd_access_ops {
	u8 needs_pin_pages : 1;
	void (*unmap)(void *data, unsigned long iova, unsigned long length);
};

/* Flags of iommufd_access_pin_pages() and iommufd_access_rw() */
enum {
	IOMMUFD_ACCESS_RW_READ = 0,
	/* The memory is written to */
	IOMMUFD_ACCESS_RW_WRITE = 1 << 0,
	/* The caller is a kernel thread */
	IOMMUFD_ACCESS_RW_KTHREAD = 1 << 1,
	/* For tests: do not use the fast path */
	__IOMMUFD_ACCESS_RW_SLOW_PATH = 1 << 2,
};

/**
 * iommufd_access_create() - create an access
 * @ictx: the context; the access holds a reference to it
 * @ops: the owner's functions
 * @data: passed to them
 * @id: set to the id of the new object
 *
 * Return: the access, for iommufd_access_destroy(), or an ERR_PTR.
 */
struct iommufd_access *
iommufd_access_create(struct iommufd_ctx *ictx,
		      const struct iommufd_access_ops *ops, void *data,
		      u32 *id);

/**
 * iommufd_access_destroy() - undo iommufd_access_create()
 * @access: the access; if it is attached, it is detached first
 */
void iommufd_access_destroy(struct iommufd_access *access);

/**
 * iommufd_access_attach() - attach an access to an address space
 * @access: an access that is not attached
 * @ioas_id: the address space
 *
 * Return: 0; -ENOENT if there is no such address space; -EADDRINUSE if the
 * access pins pages and a mapping is not aligned to pages; -EINVAL if the
 * access is attached already.
 */
int iommufd_access_attach(struct iommufd_access *access, u32 ioas_id);

/**
 * iommufd_access_replace() - move an access to another address space
 * @access: an attached access; its unmap function is called for everything
 * @ioas_id: the new address space
 *
 * Return: as iommufd_access_attach(), or -ENOENT if it is not attached.
 */
int iommufd_access_replace(struct iommufd_access *access, u32 ioas_id);

/**
 * iommufd_access_detach() - undo iommufd_access_attach()
 * @access: an attached access; its unmap function is called for everything
 */
void iommufd_access_detach(struct iommufd_access *access);

/**
 * iommufd_access_pin_pages() - pin a range and get its pages
 * @access: an attached access
 * @iova: start, a multiple of the page size
 * @length: bytes
 * @out_pages: filled with one entry per page
 * @flags: IOMMUFD_ACCESS_RW_READ or IOMMUFD_ACCESS_RW_WRITE
 *
 * Return: 0; -ENOENT if the range is not mapped throughout; -EPERM if a mapping
 * does not allow the access; -EINVAL if the range is not aligned to pages, or
 * is being unmapped.
 */
int iommufd_access_pin_pages(struct iommufd_access *access, unsigned long iova,
			     unsigned long length, struct page **out_pages,
			     unsigned int flags);

/**
 * iommufd_access_unpin_pages() - undo iommufd_access_pin_pages()
 * @access: the access
 * @iova: as when pinned
 * @length: as when pinned
 */
void iommufd_access_unpin_pages(struct iommufd_access *access,
				unsigned long iova, unsigned long length);

/**
 * iommufd_access_rw() - read or write the memory behind a range
 * @access: an attached access
 * @iova: start
 * @data: buffer to read to or write from
 * @length: bytes
 * @flags: IOMMUFD_ACCESS_RW_*
 *
 * Return: as iommufd_access_pin_pages().
 */
int iommufd_access_rw(struct iommufd_access *access, unsigned long iova,
		      void *data, size_t length, unsigned int flags);

/* Address spaces, for a front end with its own ABI */

/**
 * iommufd_ioas_create() - create an address space
 * @ictx: the context
 * @flags: 0 or IOMMU_IOAS_ALLOC_WINDOWED
 *
 * Return: the address space, for iommufd_ioas_destroy(), or ERR_PTR(-ENOMEM).
 */
struct iommufd_ioas *iommufd_ioas_create(struct iommufd_ctx *ictx, u32 flags);

/**
 * iommufd_ioas_destroy() - undo iommufd_ioas_create()
 * @ioas: the address space; nothing is attached to it. Everything in it is
 *	unmapped.
 */
void iommufd_ioas_destroy(struct iommufd_ioas *ioas);

/**
 * iommufd_ioas_id() - get the id of an address space
 * @ioas: the address space
 *
 * Return: the id.
 */
u32 iommufd_ioas_id(const struct iommufd_ioas *ioas);

/**
 * iommufd_ioas_attach_group() - attach all devices of a group
 * @ioas: the address space
 * @group: the group; the caller has claimed its DMA ownership
 *
 * Return: as iommufd_device_bind() and iommufd_device_attach(); -EBUSY if the
 * group is attached already.
 */
int iommufd_ioas_attach_group(struct iommufd_ioas *ioas,
			      struct iommu_group *group);

/**
 * iommufd_ioas_detach_group() - undo iommufd_ioas_attach_group()
 * @ioas: the address space
 * @group: the group
 */
void iommufd_ioas_detach_group(struct iommufd_ioas *ioas,
			       struct iommu_group *group);

/**
 * enum iommufd_map_flags - flags of iommufd_ioas_map_user()
 * @IOMMUFD_MAP_ALLOC_IOVA: iommufd chooses the IOVA
 * @IOMMUFD_MAP_DEVICE_MEMORY: the range may contain device memory that a driver
 *	has mapped (VM_PFNMAP). Such memory is neither pinned nor charged, and
 *	it is unmapped for devices as soon as the process's own mapping of it
 *	changes. The kernel's memory is refused (-EFAULT).
 */
enum iommufd_map_flags {
	IOMMUFD_MAP_ALLOC_IOVA = 1 << 0,
	IOMMUFD_MAP_DEVICE_MEMORY = 1 << 1,
};

/**
 * iommufd_ioas_map_user() - map memory of the calling process
 * @ioas: the address space
 * @iova: start of the mapping: in, or out with IOMMUFD_MAP_ALLOC_IOVA
 * @uaddr: address of the memory
 * @length: bytes
 * @iommu_prot: IOMMU_READ, IOMMU_WRITE
 * @flags: enum iommufd_map_flags
 *
 * Return: 0 or the errors of IOMMU_IOAS_MAP. On failure nothing is mapped.
 */
int iommufd_ioas_map_user(struct iommufd_ioas *ioas, unsigned long *iova,
			  unsigned long uaddr, unsigned long length,
			  int iommu_prot, unsigned int flags);

/**
 * iommufd_ioas_copy() - copy mappings without pinning their memory again
 * @dst: the address space to map in
 * @iova: start of the mapping: in, or out with IOMMUFD_MAP_ALLOC_IOVA
 * @src: the address space to copy from
 * @src_iova: start of the range to copy
 * @length: bytes
 * @prot: IOMMU_READ, IOMMU_WRITE
 * @flags: 0 or IOMMUFD_MAP_ALLOC_IOVA
 *
 * Return: 0; -ENOENT if the source is not mapped throughout; -EPERM for write
 * access to memory that was mapped read-only; or the errors of
 * iommufd_ioas_map_user(). On failure nothing is mapped.
 */
int iommufd_ioas_copy(struct iommufd_ioas *dst, unsigned long *iova,
		      struct iommufd_ioas *src, unsigned long src_iova,
		      unsigned long length, int prot, unsigned int flags);

/**
 * iommufd_ioas_unmap() - remove all mappings in a range
 * @ioas: the address space
 * @iova: start
 * @length: bytes, not 0
 * @unmapped: set to the number of bytes that were mapped
 *
 * Return: 0, also if nothing is mapped; -ENOENT if a mapping is only partly in
 * the range; -EBUSY if a driver does not release its pages. On failure nothing
 * has changed.
 */
int iommufd_ioas_unmap(struct iommufd_ioas *ioas, unsigned long iova,
		       unsigned long length, unsigned long *unmapped);

/**
 * iommufd_ioas_unmap_all() - remove all mappings
 * @ioas: the address space
 * @unmapped: set to the number of bytes that were mapped
 *
 * Return: as iommufd_ioas_unmap().
 */
int iommufd_ioas_unmap_all(struct iommufd_ioas *ioas, unsigned long *unmapped);

/**
 * iommufd_ioas_split() - split mappings at both ends of a range
 * @ioas: the address space
 * @iova: start of the range
 * @length: bytes, not 0
 *
 * Afterwards the range can be unmapped even if it is a part of one mapping, as
 * VFIO's type1 (not type1v2) promises. Translation does not change, and DMA
 * continues.
 *
 * Return: 0; -EINVAL if an end is not aligned, if a driver has pinned pages of
 * such a mapping, or if the hardware page table cannot be split there (see
 * iommufd_ioas_small_pages()); -ENOMEM.
 */
int iommufd_ioas_split(struct iommufd_ioas *ioas, unsigned long iova,
		       unsigned long length);

/**
 * iommufd_ioas_small_pages() - use only the smallest pages from now on
 * @ioas: the address space
 *
 * Return: 0, or -EINVAL if something is mapped in a hardware page table
 * already.
 */
int iommufd_ioas_small_pages(struct iommufd_ioas *ioas);

/**
 * iommufd_ioas_iova_ranges() - walk the IOVA ranges that can be mapped
 * @ioas: the address space
 * @fn: called for each range in ascending order; an error ends the walk. A lock
 *	is held, so @fn must not call iommufd.
 * @data: passed to @fn
 *
 * Return: 0 or what @fn returned.
 */
int iommufd_ioas_iova_ranges(struct iommufd_ioas *ioas,
			     int (*fn)(void *data, unsigned long first,
				       unsigned long last),
			     void *data);

/**
 * iommufd_ioas_mappings() - walk the mappings that overlap a range
 * @ioas: the address space
 * @first: first IOVA of the range
 * @last: last IOVA of the range
 * @fn: called as for iommufd_ioas_iova_ranges(); @address is a user address, or
 *	an offset in a file
 * @data: passed to @fn
 *
 * Return: 0 or what @fn returned.
 */
int iommufd_ioas_mappings(struct iommufd_ioas *ioas, unsigned long first,
			  unsigned long last,
			  int (*fn)(void *data, unsigned long iova,
				    unsigned long length,
				    unsigned long address, int iommu_prot),
			  void *data);

/**
 * iommufd_ioas_page_sizes() - get the page sizes that all hardware page tables
 *	support
 * @ioas: the address space
 *
 * Return: a bitmap of sizes. Sizes below PAGE_SIZE are reported as PAGE_SIZE.
 */
unsigned long iommufd_ioas_page_sizes(struct iommufd_ioas *ioas);

/**
 * iommufd_ioas_enforced_coherency() - is no-snoop blocked for all devices?
 * @ioas: the address space
 *
 * Return: whether it is; true also if nothing is attached.
 */
bool iommufd_ioas_enforced_coherency(struct iommufd_ioas *ioas);

/**
 * iommufd_ioas_window_create() - create a window
 * @ioas: a windowed address space
 * @base: in with IOMMU_IOAS_WINDOW_FIXED_BASE, out in any case
 * @length: bytes
 * @page_size: in: granularity of mappings, or 0 to let iommufd choose; out: the
 *	granularity
 * @flags: enum iommufd_ioas_window_flags
 * @id: set to the id of the new window
 *
 * Return: 0 or the errors of IOMMU_IOAS_WINDOW_CREATE.
 */
int iommufd_ioas_window_create(struct iommufd_ioas *ioas, unsigned long *base,
			       unsigned long length, unsigned long *page_size,
			       u32 flags, u32 *id);

/**
 * iommufd_ioas_window_remove() - undo iommufd_ioas_window_create()
 * @ioas: the address space
 * @id: the window; every mapping in it is removed
 *
 * Return: 0 or the errors of IOMMU_IOAS_WINDOW_REMOVE.
 */
int iommufd_ioas_window_remove(struct iommufd_ioas *ioas, u32 id);

#endif
