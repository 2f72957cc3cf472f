// SPDX-License-Identifier: GPL-2.0
/*
 * The test operations on in-kernel accesses. They call what the driver of a
 * mediated device would call.
 *
 * Each access has its own file, whose descriptor the test gets. The ranges that
 * it has pinned are in a list. The lock of the list is also held while pinning,
 * so a concurrent unmap waits, and then finds the new range.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "mock.h"

/* The most bytes of one test operation */
#define ACCESS_BYTES_MAX SZ_16M

/**
 * struct mock_access - state of the file of an access
 * @access: the access
 * @pins: the access can pin pages
 * @lock: protects @ranges and @next_id
 * @ranges: the ranges that it has pinned
 * @next_id: id of the next range
 */
struct mock_access {
	struct iommufd_access *access;
	bool pins;
	struct mutex lock;
	struct list_head ranges;
	u32 next_id;
};

struct mock_range {
	struct list_head node;
	u32 id;
	unsigned long iova;
	unsigned long length;
};

static void mock_range_unpin(struct mock_access *maccess,
			     struct mock_range *range)
{
	lockdep_assert_held(&maccess->lock);

	list_del(&range->node);
	iommufd_access_unpin_pages(maccess->access, range->iova, range->length);
	kfree(range);
}

static void mock_access_unmap(void *data, unsigned long iova,
			      unsigned long length)
{
	struct mock_access *maccess = data;
	struct mock_range *range, *next;

	mutex_lock(&maccess->lock);
	list_for_each_entry_safe(range, next, &maccess->ranges, node)
		if (range->iova <= iova + length - 1 &&
		    iova <= range->iova + range->length - 1)
			mock_range_unpin(maccess, range);
	mutex_unlock(&maccess->lock);
}

static const struct iommufd_access_ops mock_access_ops = {
	.unmap = mock_access_unmap,
};

static const struct iommufd_access_ops mock_access_pin_ops = {
	.needs_pin_pages = 1,
	.unmap = mock_access_unmap,
};

static int mock_access_release(struct inode *inode, struct file *file)
{
	struct mock_access *maccess = file->private_data;

	if (maccess->access) {
		mock_access_unmap(maccess, 0, ULONG_MAX);
		iommufd_access_destroy(maccess->access);
	}
	mutex_destroy(&maccess->lock);
	kfree(maccess);
	return 0;
}

static const struct file_operations mock_access_fops = {
	.owner = THIS_MODULE,
	.release = mock_access_release,
};

/* The access of a descriptor; the caller must put the file */
static struct mock_access *mock_access_get(int fd, struct file **file)
{
	*file = fget(fd);
	if (!*file)
		return ERR_PTR(-EBADFD);
	if ((*file)->f_op != &mock_access_fops) {
		fput(*file);
		return ERR_PTR(-EBADFD);
	}
	return (*file)->private_data;
}

static struct file *mock_access_file(bool pins)
{
	struct mock_access *maccess;
	struct file *file;

	maccess = kzalloc(sizeof(*maccess), GFP_KERNEL_ACCOUNT);
	if (!maccess)
		return ERR_PTR(-ENOMEM);
	mutex_init(&maccess->lock);
	INIT_LIST_HEAD(&maccess->ranges);
	maccess->pins = pins;
	file = anon_inode_getfile("[iommufd_mock_access]", &mock_access_fops,
				  maccess, O_RDWR);
	if (IS_ERR(file))
		kfree(maccess);
	return file;
}

/* CREATE_ACCESS */
long mock_op_access_create(struct iommufd_test_call *call)
{
	struct iommu_test_cmd *cmd = call->cmd;
	u32 flags = cmd->create_access.flags, id;
	struct iommufd_access *access;
	struct mock_access *maccess;
	struct file *file;
	int fd, ret;

	if (flags & ~MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES)
		return -EOPNOTSUPP;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	file = mock_access_file(flags);
	if (IS_ERR(file)) {
		ret = PTR_ERR(file);
		goto err_fd;
	}
	maccess = file->private_data;
	access = iommufd_access_create(call->ictx,
				       flags ? &mock_access_pin_ops :
				       &mock_access_ops, maccess, &id);
	if (IS_ERR(access)) {
		ret = PTR_ERR(access);
		goto err_file;
	}
	maccess->access = access;
	ret = iommufd_access_attach(access, cmd->id);
	if (ret)
		goto err_file;
	cmd->create_access.out_access_fd = fd;
	ret = iommufd_test_respond(call);
	if (ret)
		goto err_file;
	fd_install(fd, file);
	return 0;

err_file:
	fput(file);
err_fd:
	put_unused_fd(fd);
	return ret;
}

/* ACCESS_REPLACE_IOAS */
long mock_op_access_replace(struct iommufd_test_call *call)
{
	struct mock_access *maccess;
	struct file *file;
	int ret;

	maccess = mock_access_get(call->cmd->id, &file);
	if (IS_ERR(maccess))
		return PTR_ERR(maccess);
	ret = iommufd_access_replace(maccess->access,
				     call->cmd->access_replace_ioas.ioas_id);
	fput(file);
	return ret;
}

/* Check that @pages are the pages at @addr; -EBADE if not */
static int mock_check_pages(unsigned long addr, struct page **pages,
			    size_t npages)
{
	struct page *page;
	size_t i;
	int got;

	for (i = 0; i < npages; i++, addr += PAGE_SIZE) {
		got = get_user_pages_fast(addr & PAGE_MASK, 1, 0, &page);
		if (got < 0)
			return got;
		if (got != 1)
			return -EFAULT;
		put_page(page);
		if (page != pages[i])
			return -EBADE;
	}
	return 0;
}

/* Pin a range, check its pages, and return its id to the test; lock held */
static int mock_range_pin(struct iommufd_test_call *call,
			  struct mock_access *maccess, struct mock_range *range,
			  struct page **pages, size_t npages)
{
	struct iommu_test_cmd *cmd = call->cmd;
	int ret;

	ret = iommufd_access_pin_pages(maccess->access, range->iova,
				       range->length, pages,
				       cmd->access_pages.flags &
				       MOCK_FLAGS_ACCESS_WRITE ?
				       IOMMUFD_ACCESS_RW_WRITE :
				       IOMMUFD_ACCESS_RW_READ);
	if (ret)
		return ret;
	if (cmd->access_pages.uptr) {
		ret = mock_check_pages(cmd->access_pages.uptr -
						      offset_in_page(range->iova),
				       pages, npages);
		if (ret)
			goto err_unpin;
	}
	range->id = maccess->next_id;
	cmd->access_pages.out_access_pages_id = range->id;
	ret = iommufd_test_respond(call);
	if (ret)
		goto err_unpin;
	maccess->next_id++;
	list_add_tail(&range->node, &maccess->ranges);
	return 0;

err_unpin:
	iommufd_access_unpin_pages(maccess->access, range->iova, range->length);
	return ret;
}

/* ACCESS_PAGES */
long mock_op_access_pin(struct iommufd_test_call *call)
{
	struct iommu_test_cmd *cmd = call->cmd;
	unsigned long iova = cmd->access_pages.iova, end;
	unsigned long length = cmd->access_pages.length;
	struct mock_access *maccess;
	struct mock_range *range;
	struct page **pages;
	struct file *file;
	size_t npages;
	int ret = -ENOMEM;

	if (length > ACCESS_BYTES_MAX)
		return -ENOMEM;
	if (cmd->access_pages.flags & ~MOCK_FLAGS_ACCESS_WRITE)
		return -EOPNOTSUPP;
	if (!length || check_add_overflow(iova, length - 1, &end))
		return -EINVAL;
	maccess = mock_access_get(cmd->id, &file);
	if (IS_ERR(maccess))
		return PTR_ERR(maccess);
	if (!maccess->pins) {
		ret = -EOPNOTSUPP;
		goto out_file;
	}
	npages = (end >> PAGE_SHIFT) - (iova >> PAGE_SHIFT) + 1;
	pages = kvcalloc(npages, sizeof(*pages), GFP_KERNEL_ACCOUNT);
	if (!pages)
		goto out_file;
	range = kzalloc(sizeof(*range), GFP_KERNEL_ACCOUNT);
	if (!range)
		goto out_pages;
	range->iova = iova;
	range->length = length;

	mutex_lock(&maccess->lock);
	ret = mock_range_pin(call, maccess, range, pages, npages);
	mutex_unlock(&maccess->lock);
	if (ret)
		kfree(range);
out_pages:
	kvfree(pages);
out_file:
	fput(file);
	return ret;
}

/* DESTROY_ACCESS_PAGES */
long mock_op_access_unpin(struct iommufd_test_call *call)
{
	struct mock_access *maccess;
	struct mock_range *range;
	struct file *file;
	int ret = -ENOENT;

	maccess = mock_access_get(call->cmd->id, &file);
	if (IS_ERR(maccess))
		return PTR_ERR(maccess);
	mutex_lock(&maccess->lock);
	list_for_each_entry(range, &maccess->ranges, node) {
		if (range->id ==
		    call->cmd->destroy_access_pages.access_pages_id) {
			mock_range_unpin(maccess, range);
			ret = 0;
			break;
		}
	}
	mutex_unlock(&maccess->lock);
	fput(file);
	return ret;
}

/* ACCESS_RW */
long mock_op_access_rw(struct iommufd_test_call *call)
{
	struct iommu_test_cmd *cmd = call->cmd;
	void __user *user = u64_to_user_ptr(cmd->access_rw.uptr);
	size_t length = cmd->access_rw.length;
	u32 flags = cmd->access_rw.flags;
	struct mock_access *maccess;
	struct file *file;
	void *data;
	int ret;

	BUILD_BUG_ON((u32)MOCK_ACCESS_RW_WRITE != (u32)IOMMUFD_ACCESS_RW_WRITE);
	BUILD_BUG_ON((u32)MOCK_ACCESS_RW_SLOW_PATH !=
		     (u32)__IOMMUFD_ACCESS_RW_SLOW_PATH);

	if (length > ACCESS_BYTES_MAX)
		return -ENOMEM;
	if (flags & ~(MOCK_ACCESS_RW_WRITE | MOCK_ACCESS_RW_SLOW_PATH))
		return -EOPNOTSUPP;
	maccess = mock_access_get(cmd->id, &file);
	if (IS_ERR(maccess))
		return PTR_ERR(maccess);
	data = kvzalloc(length, GFP_KERNEL_ACCOUNT);
	if (!data) {
		ret = -ENOMEM;
		goto out_file;
	}
	ret = -EFAULT;
	if ((flags & MOCK_ACCESS_RW_WRITE) &&
	    copy_from_user(data, user, length))
		goto out_data;
	ret = iommufd_access_rw(maccess->access, cmd->access_rw.iova, data,
				length, flags);
	if (!ret && !(flags & MOCK_ACCESS_RW_WRITE) &&
	    copy_to_user(user, data, length))
		ret = -EFAULT;
out_data:
	kvfree(data);
out_file:
	fput(file);
	return ret;
}
