// SPDX-License-Identifier: GPL-2.0
/*
 * Mock devices, and the test operations that create, move and destroy them.
 *
 * A stock kernel only probes IOMMUs on the buses that it knows, so a mock
 * device is a platform device without a driver. Its firmware description
 * (struct iommu_fwspec) refers to the mock unit. So the IOMMU core does not
 * probe it with another unit, and does not probe other devices with the mock
 * unit. It probes the device when it is added to its bus.
 *
 * When the test destroys the object of a device or closes the context,
 * mock_device_destroy() detaches, unbinds and removes the device.
 */
#include <compat/iommu_fwspec.h>
#include <linux/err.h>
#include <linux/irqdomain.h>
#include <linux/msi.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/slab.h>

#include "mock.h"

#define MOCK_DEVICE_FLAGS \
	(MOCK_FLAGS_DEVICE_NO_DIRTY | MOCK_FLAGS_DEVICE_PASID | \
	 MOCK_FLAGS_DEVICE_RUNS | MOCK_FLAGS_DEVICE_WINDOWS | \
	 MOCK_FLAGS_DEVICE_RESERVED | MOCK_FLAGS_DEVICE_64K | \
	 MOCK_FLAGS_DEVICE_INCOHERENT | MOCK_FLAGS_DEVICE_WIDE | \
	 MOCK_FLAGS_DEVICE_UNSAFE_MSI | MOCK_FLAGS_DEVICE_SNOOP)

/* An empty domain: it marks devices whose interrupts are isolated */
static struct irq_domain *isolated_interrupts;

/* Operations that the IOMMU core calls */

static struct iommu_device *mock_probe_device(struct device *dev)
{
	struct iommu_fwspec *fwspec = dev_iommu_fwspec_get(dev);

	if (!fwspec || fwspec->iommu_fwnode != mock_unit_fwnode())
		return ERR_PTR(-ENODEV);
	dev_iommu_priv_set(dev, dev_get_drvdata(dev));
	return mock_unit();
}

static bool mock_capable(struct device *dev, enum iommu_cap cap)
{
	struct mock_device *mdev = dev_iommu_priv_get(dev);

	switch (cap) {
	case IOMMU_CAP_CACHE_COHERENCY:
		return !(mdev->flags & MOCK_FLAGS_DEVICE_INCOHERENT);
	case IOMMU_CAP_ENFORCE_CACHE_COHERENCY:
		return mdev->flags & MOCK_FLAGS_DEVICE_SNOOP;
	case IOMMU_CAP_DIRTY_TRACKING:
		return !(mdev->flags & MOCK_FLAGS_DEVICE_NO_DIRTY);
	default:
		return false;
	}
}

static void *mock_hw_info(struct device *dev, u32 *length, u32 *type)
{
	struct iommu_test_hw_info *info;

	info = kzalloc(sizeof(*info), GFP_KERNEL);
	if (!info)
		return ERR_PTR(-ENOMEM);
	info->test_reg = IOMMU_HW_INFO_SELFTEST_REGVAL;
	*length = sizeof(*info);
	*type = IOMMU_HW_INFO_TYPE_SELFTEST;
	return info;
}

static void mock_get_resv_regions(struct device *dev, struct list_head *list)
{
	struct mock_device *mdev = dev_iommu_priv_get(dev);
	struct iommu_resv_region *region;

	if (!(mdev->flags & MOCK_FLAGS_DEVICE_RESERVED))
		return;
	region = iommu_alloc_resv_region(MOCK_RESERVED_START,
					 MOCK_RESERVED_LAST -
					 MOCK_RESERVED_START + 1,
					 0, IOMMU_RESV_RESERVED, GFP_KERNEL);
	if (region)
		list_add_tail(&region->list, list);
}

static struct iommu_domain *
mock_domain_alloc_user(struct device *dev, u32 flags,
		       struct iommu_domain *parent,
		       const struct iommu_user_data *user_data)
{
	const u32 known = IOMMU_HWPT_ALLOC_DIRTY_TRACKING |
			  IOMMU_HWPT_ALLOC_NEST_PARENT | IOMMU_HWPT_ALLOC_PASID;
	struct mock_device *mdev = dev_iommu_priv_get(dev);
	bool dirty = flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
	struct iommu_hwpt_selftest data = {};
	int ret;

	/* The core passes only domains of this driver as parent */
	if (parent)
		return mock_nested_alloc(to_mock_domain(parent), flags,
					 user_data);
	if (flags & ~known)
		return ERR_PTR(-EOPNOTSUPP);
	if (dirty && (mdev->flags & MOCK_FLAGS_DEVICE_NO_DIRTY))
		return ERR_PTR(-EOPNOTSUPP);
	if (user_data && user_data->type != IOMMU_HWPT_DATA_NONE) {
		if (user_data->type != IOMMU_HWPT_DATA_SELFTEST)
			return ERR_PTR(-EOPNOTSUPP);
		ret = iommu_copy_struct_from_user(&data, user_data,
						  IOMMU_HWPT_DATA_SELFTEST,
						  iotlb);
		if (ret)
			return ERR_PTR(ret);
	}
	return mock_domain_alloc(mdev, data.pagetable_type, dirty);
}

const struct iommu_ops mock_iommu_ops = {
	.owner = THIS_MODULE,
	.default_domain = &mock_blocked_domain,
	.blocked_domain = &mock_blocked_domain,
	.domain_alloc_user = mock_domain_alloc_user,
	.domain_alloc_paging = mock_domain_alloc_paging,
	.probe_device = mock_probe_device,
	.device_group = generic_device_group,
	.capable = mock_capable,
	.hw_info = mock_hw_info,
	.page_response = mock_page_response,
	.dev_enable_feat = mock_enable_feat,
	.dev_disable_feat = mock_disable_feat,
	/* The device's nested table also handles requests with a PASID */
	.user_pasid_table = true,
	.get_resv_regions = mock_get_resv_regions,
};

static const struct irq_domain_ops mock_irq_domain_ops = {};

int mock_interrupts_init(void)
{
	isolated_interrupts = irq_domain_create_linear(NULL, 1,
						       &mock_irq_domain_ops,
						       NULL);
	if (!isolated_interrupts)
		return -ENOMEM;
	isolated_interrupts->flags |= IRQ_DOMAIN_FLAG_ISOLATED_MSI;
	return 0;
}

void mock_interrupts_exit(void)
{
	irq_domain_remove(isolated_interrupts);
}

/* Creating and removing a device */

static int mock_device_add(struct mock_device *mdev)
{
	struct property_entry properties[] = {
		PROPERTY_ENTRY_U32("pasid-num-bits", MOCK_PASID_WIDTH),
		{}
	};
	struct device *dev = &mdev->pdev->dev;
	int ret;

	dev_set_drvdata(dev, mdev);
	if (!(mdev->flags & MOCK_FLAGS_DEVICE_UNSAFE_MSI))
		dev_set_msi_domain(dev, isolated_interrupts);
	if (mdev->flags & MOCK_FLAGS_DEVICE_PASID) {
		ret = device_create_managed_software_node(dev, properties,
							  NULL);
		if (ret)
			return ret;
	}
	ret = compat_fwspec_set(dev, mock_unit_fwnode());
	if (ret)
		return ret;
	ret = platform_device_add(mdev->pdev);
	if (ret)
		compat_fwspec_clear(dev);
	return ret;
}

static struct mock_device *mock_device_create(u32 flags)
{
	struct mock_device *mdev;
	int ret, i;

	if (flags & ~MOCK_DEVICE_FLAGS)
		return ERR_PTR(-EINVAL);
	mdev = kzalloc(sizeof(*mdev), GFP_KERNEL_ACCOUNT);
	if (!mdev)
		return ERR_PTR(-ENOMEM);
	mdev->flags = flags;
	init_rwsem(&mdev->moving);
	for (i = 0; i < MOCK_DEV_CACHE_NUM; i++)
		mdev->cache[i] = IOMMU_TEST_DEV_CACHE_DEFAULT;

	mdev->pdev = platform_device_alloc("iommufd_mock", PLATFORM_DEVID_AUTO);
	if (!mdev->pdev) {
		ret = -ENOMEM;
		goto err_free;
	}
	ret = mock_device_add(mdev);
	if (ret)
		goto err_put;
	return mdev;

err_put:
	platform_device_put(mdev->pdev);
err_free:
	kfree(mdev);
	return ERR_PTR(ret);
}

static void mock_device_remove(struct mock_device *mdev)
{
	platform_device_unregister(mdev->pdev);
	kfree(mdev);
}

/* Test operations */

static void mock_device_begin_move(struct mock_device *mdev)
{
	down_write(&mdev->moving);
	mdev->moves = true;
}

static void mock_device_end_move(struct mock_device *mdev)
{
	mdev->moves = false;
	up_write(&mdev->moving);
}

static void mock_device_detach(struct mock_device *mdev)
{
	mock_device_begin_move(mdev);
	iommufd_device_detach(mdev->idev, IOMMU_NO_PASID);
	mock_device_end_move(mdev);
}

static int mock_device_bind_attach(struct iommufd_test_call *call,
				   struct mock_device *mdev)
{
	struct iommu_test_cmd *cmd = call->cmd;
	u32 idev_id, pt_id = cmd->id;
	int ret;

	mdev->idev = iommufd_device_bind(call->ictx, &mdev->pdev->dev,
					 &idev_id);
	if (IS_ERR(mdev->idev))
		return PTR_ERR(mdev->idev);
	ret = iommufd_device_attach(mdev->idev, IOMMU_NO_PASID, &pt_id);
	if (ret)
		goto err_unbind;

	cmd->mock_domain.out_hwpt_id = pt_id;
	cmd->mock_domain.out_idev_id = idev_id;
	ret = iommufd_test_respond(call);
	if (ret)
		goto err_detach;
	return 0;

err_detach:
	mock_device_detach(mdev);
err_unbind:
	iommufd_device_unbind(mdev->idev);
	return ret;
}

/* MOCK_DOMAIN, MOCK_DOMAIN_FLAGS */
long mock_op_device_create(struct iommufd_test_call *call)
{
	struct iommu_test_cmd *cmd = call->cmd;
	struct iommufd_object *obj;
	struct mock_device *mdev;
	u32 flags = 0;
	int ret;

	if (cmd->op == IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS)
		flags = cmd->mock_domain_flags.dev_flags;
	obj = iommufd_test_object_alloc(call->ictx,
					&cmd->mock_domain.out_stdev_id);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	mdev = mock_device_create(flags);
	if (IS_ERR(mdev)) {
		ret = PTR_ERR(mdev);
		goto err_abort;
	}
	ret = mock_device_bind_attach(call, mdev);
	if (ret)
		goto err_remove;
	iommufd_test_object_publish(call->ictx, obj, mdev);
	return 0;

err_remove:
	mock_device_remove(mdev);
err_abort:
	iommufd_test_object_abort(call->ictx, obj);
	return ret;
}

/**
 * mock_device_destroy() - undo mock_op_device_create()
 * @data: the device
 */
void mock_device_destroy(void *data)
{
	struct mock_device *mdev = data;

	mock_device_detach(mdev);
	iommufd_device_unbind(mdev->idev);
	mock_device_remove(mdev);
}

/* MOCK_DOMAIN_REPLACE */
long mock_op_device_replace(struct iommufd_test_call *call)
{
	struct iommu_test_cmd *cmd = call->cmd;
	struct iommufd_object *obj;
	struct mock_device *mdev;
	u32 pt_id = cmd->mock_domain_replace.pt_id;
	int ret;

	mdev = iommufd_test_object_get(call->ictx, cmd->id, &obj);
	if (IS_ERR(mdev))
		return PTR_ERR(mdev);
	mock_device_begin_move(mdev);
	ret = iommufd_device_replace(mdev->idev, IOMMU_NO_PASID, &pt_id);
	mock_device_end_move(mdev);
	if (!ret) {
		cmd->mock_domain_replace.pt_id = pt_id;
		ret = iommufd_test_respond(call);
	}
	iommufd_test_put(call->ictx, obj);
	return ret;
}
