// SPDX-License-Identifier: GPL-2.0
/*
 * vfio_mock.ko: a simulated VFIO device for tests. It does no DMA of its own.
 * Like the driver of a mediated device, its driver pins the pages behind an
 * IOVA, or reads and writes them, as a test asks.
 *
 * There are two such devices, each in its own group. A device records its
 * pinned pages in a table, one entry for each pin of a page. The lock of the
 * table is never held while vfio.ko is called, because vfio.ko calls
 * mock_dma_unmap().
 */
#define pr_fmt(fmt) "vfio_mock: " fmt

#include <linux/highmem.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>

#include "vfio_mock.h"

#define NR_DEVICES 2
#define NAME "vfio-mock"

struct mock_pin {
	unsigned long iova;
	struct page *page;
};

struct mock_device {
	struct vfio_device vdev;
	struct mutex lock;
	struct mock_pin pins[VFIO_MOCK_MAX_PAGES];
	unsigned int asked;
	bool stubborn;
};

static struct platform_device *platform_devices[NR_DEVICES];

static struct mock_device *to_mock(struct vfio_device *vdev)
{
	return container_of(vdev, struct mock_device, vdev);
}

static bool add_pin(struct mock_device *mock, unsigned long iova,
		    struct page *page)
{
	bool added = false;
	int i;

	mutex_lock(&mock->lock);
	for (i = 0; i < VFIO_MOCK_MAX_PAGES && !added; i++) {
		if (mock->pins[i].page)
			continue;
		mock->pins[i] = (struct mock_pin){ iova, page };
		added = true;
	}
	mutex_unlock(&mock->lock);
	return added;
}

/* Remove one pin of the range from the table */
static bool take_pin(struct mock_device *mock, unsigned long first,
		     unsigned long last, unsigned long *iova)
{
	bool taken = false;
	int i;

	mutex_lock(&mock->lock);
	for (i = 0; i < VFIO_MOCK_MAX_PAGES && !taken; i++) {
		struct mock_pin *pin = &mock->pins[i];

		if (!pin->page || pin->iova < first || pin->iova > last)
			continue;
		*iova = pin->iova;
		pin->page = NULL;
		taken = true;
	}
	mutex_unlock(&mock->lock);
	return taken;
}

static void unpin_range(struct mock_device *mock, unsigned long first,
			unsigned long last)
{
	unsigned long iova;

	while (take_pin(mock, first, last, &iova))
		vfio_unpin_pages(&mock->vdev, iova, 1);
}

static int mock_pin(struct mock_device *mock, const struct vfio_mock_cmd *cmd)
{
	int prot = IOMMU_READ | (cmd->write ? IOMMU_WRITE : 0);
	struct page **pages;
	bool full = false;
	int ret, i;

	if (!cmd->nr || cmd->nr > VFIO_MOCK_MAX_PAGES)
		return -EINVAL;
	pages = kcalloc(cmd->nr, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return -ENOMEM;
	ret = vfio_pin_pages(&mock->vdev, cmd->iova, cmd->nr, prot, pages);
	for (i = 0; i < ret; i++) {
		unsigned long iova = cmd->iova + i * PAGE_SIZE;

		if (!add_pin(mock, iova, pages[i])) {
			vfio_unpin_pages(&mock->vdev, iova, 1);
			full = true;
		}
	}
	kfree(pages);
	if (ret >= 0)
		ret = ret == cmd->nr ? 0 : -EIO;
	return ret ?: full ? -ENOSPC : 0;
}

static int mock_unpin(struct mock_device *mock, const struct vfio_mock_cmd *cmd)
{
	unsigned long iova;
	u32 i;

	for (i = 0; i < cmd->nr; i++) {
		unsigned long at = cmd->iova + i * PAGE_SIZE;

		if (!take_pin(mock, at, at, &iova))
			return -ENOENT;
		vfio_unpin_pages(&mock->vdev, iova, 1);
	}
	return 0;
}

static int mock_rw(struct mock_device *mock, const struct vfio_mock_cmd *cmd)
{
	void __user *user = u64_to_user_ptr(cmd->buffer);
	void *buffer;
	int ret = -EFAULT;

	if (!cmd->length || cmd->length > VFIO_MOCK_MAX_PAGES * PAGE_SIZE)
		return -EINVAL;
	buffer = kvzalloc(cmd->length, GFP_KERNEL);
	if (!buffer)
		return -ENOMEM;
	if (cmd->write && copy_from_user(buffer, user, cmd->length))
		goto out;
	ret = vfio_dma_rw(&mock->vdev, cmd->iova, buffer, cmd->length,
			  cmd->write);
	if (!ret && !cmd->write && copy_to_user(user, buffer, cmd->length))
		ret = -EFAULT;
out:
	kvfree(buffer);
	return ret;
}

/* Copied under the lock, so that the page is not unpinned meanwhile */
static int mock_peek(struct mock_device *mock, const struct vfio_mock_cmd *cmd)
{
	void *copy;
	int i, ret = -ENOENT;

	if (!cmd->length || cmd->length > PAGE_SIZE)
		return -EINVAL;
	copy = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	mutex_lock(&mock->lock);
	for (i = 0; i < VFIO_MOCK_MAX_PAGES && ret; i++) {
		struct mock_pin *pin = &mock->pins[i];

		if (!pin->page || pin->iova != cmd->iova)
			continue;
		memcpy_from_page(copy, pin->page, 0, cmd->length);
		ret = 0;
	}
	mutex_unlock(&mock->lock);
	if (!ret &&
	    copy_to_user(u64_to_user_ptr(cmd->buffer), copy, cmd->length))
		ret = -EFAULT;
	kfree(copy);
	return ret;
}

static long mock_ioctl(struct vfio_device *vdev, unsigned int cmd_nr,
		       unsigned long arg)
{
	struct vfio_mock_cmd __user *user = (void __user *)arg;
	struct mock_device *mock = to_mock(vdev);
	struct vfio_mock_cmd cmd;

	if (cmd_nr != VFIO_MOCK_CMD)
		return -ENOTTY;
	if (copy_from_user(&cmd, user, sizeof(cmd)))
		return -EFAULT;
	switch (cmd.op) {
	case VFIO_MOCK_PIN:
		return mock_pin(mock, &cmd);
	case VFIO_MOCK_UNPIN:
		return mock_unpin(mock, &cmd);
	case VFIO_MOCK_RW:
		return mock_rw(mock, &cmd);
	case VFIO_MOCK_PEEK:
		return mock_peek(mock, &cmd);
	case VFIO_MOCK_STUBBORN:
		mock->stubborn = cmd.nr;
		return 0;
	case VFIO_MOCK_COUNT:
		return put_user(READ_ONCE(mock->asked), &user->nr);
	default:
		return -EOPNOTSUPP;
	}
}

static void mock_dma_unmap(struct vfio_device *vdev, u64 iova, u64 length)
{
	struct mock_device *mock = to_mock(vdev);

	WRITE_ONCE(mock->asked, mock->asked + 1);
	if (!mock->stubborn)
		unpin_range(mock, iova, iova + length - 1);
}

static int mock_init(struct vfio_device *vdev)
{
	mutex_init(&to_mock(vdev)->lock);
	return 0;
}

static int mock_open(struct vfio_device *vdev)
{
	struct mock_device *mock = to_mock(vdev);

	mock->asked = 0;
	mock->stubborn = false;
	return 0;
}

static void mock_close(struct vfio_device *vdev)
{
	unpin_range(to_mock(vdev), 0, ULONG_MAX);
}

static const struct vfio_device_ops mock_ops = {
	.name = NAME,
	.init = mock_init,
	.open_device = mock_open,
	.close_device = mock_close,
	.ioctl = mock_ioctl,
	.dma_unmap = mock_dma_unmap,
};

static int mock_probe(struct platform_device *pdev)
{
	struct mock_device *mock;
	int ret;

	mock = vfio_alloc_device(mock_device, vdev, &pdev->dev, &mock_ops);
	if (IS_ERR(mock))
		return PTR_ERR(mock);
	platform_set_drvdata(pdev, mock);
	ret = vfio_register_emulated_iommu_dev(&mock->vdev);
	if (ret)
		vfio_put_device(&mock->vdev);
	return ret;
}

static void mock_remove(struct platform_device *pdev)
{
	struct mock_device *mock = platform_get_drvdata(pdev);

	vfio_unregister_group_dev(&mock->vdev);
	vfio_put_device(&mock->vdev);
}

static struct platform_driver mock_driver = {
	.driver.name = NAME,
	.probe = mock_probe,
	.remove = mock_remove,
};

static void unregister_devices(int nr)
{
	while (nr--)
		platform_device_unregister(platform_devices[nr]);
}

static int __init mock_module_init(void)
{
	int i, ret;

	ret = platform_driver_register(&mock_driver);
	if (ret)
		return ret;
	for (i = 0; i < NR_DEVICES; i++) {
		platform_devices[i] =
			platform_device_register_simple(NAME, i, NULL, 0);
		if (IS_ERR(platform_devices[i])) {
			ret = PTR_ERR(platform_devices[i]);
			unregister_devices(i);
			platform_driver_unregister(&mock_driver);
			return ret;
		}
	}
	return 0;
}

static void __exit mock_module_exit(void)
{
	unregister_devices(NR_DEVICES);
	platform_driver_unregister(&mock_driver);
}

module_init(mock_module_init);
module_exit(mock_module_exit);

MODULE_DESCRIPTION("A VFIO device for tests");
MODULE_LICENSE("GPL");
