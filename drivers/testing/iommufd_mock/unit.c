// SPDX-License-Identifier: GPL-2.0
/*
 * The mock unit.
 *
 * The unit is a platform device with its own firmware node, by which its
 * devices refer to it. Each device that is probed holds a reference to the
 * module, so the unit exists as long as a device refers to it.
 */
#include <linux/iommu.h>
#include <linux/platform_device.h>
#include <linux/property.h>

#include "mock.h"

static struct platform_device *unit_pdev;
static struct iommu_device unit;

struct iommu_device *mock_unit(void)
{
	return &unit;
}

struct fwnode_handle *mock_unit_fwnode(void)
{
	return unit.fwnode;
}

/* A property gives the unit's platform device a firmware node */
static const struct property_entry unit_properties[] = {
	PROPERTY_ENTRY_BOOL("iommufd-mock"),
	{}
};

/**
 * mock_unit_init() - register the unit with the IOMMU core
 * @ops: its operations
 *
 * Return: 0, or an error.
 */
int __init mock_unit_init(const struct iommu_ops *ops)
{
	const struct platform_device_info info = {
		.name = "iommufd_mock_unit",
		.id = PLATFORM_DEVID_NONE,
		.properties = unit_properties,
	};
	int ret;

	unit_pdev = platform_device_register_full(&info);
	if (IS_ERR(unit_pdev))
		return PTR_ERR(unit_pdev);
	ret = iommu_device_sysfs_add(&unit, &unit_pdev->dev, NULL, "%s",
				     dev_name(&unit_pdev->dev));
	if (ret)
		goto err_pdev;
	unit.max_pasids = BIT(MOCK_PASID_WIDTH);
	ret = iommu_device_register(&unit, ops, &unit_pdev->dev);
	if (ret)
		goto err_sysfs;
	return 0;

err_sysfs:
	iommu_device_sysfs_remove(&unit);
err_pdev:
	platform_device_unregister(unit_pdev);
	return ret;
}

/**
 * mock_unit_exit() - undo mock_unit_init()
 */
void mock_unit_exit(void)
{
	iommu_device_unregister(&unit);
	iommu_device_sysfs_remove(&unit);
	platform_device_unregister(unit_pdev);
}

/**
 * mock_device_get() - get a mock device by id
 * @ictx: the context
 * @id: the id of a bound device
 * @obj: set to its object, for iommufd_test_put()
 *
 * Return: the device; ERR_PTR(-ENOENT); or ERR_PTR(-EINVAL) if it is behind
 * another unit.
 */
struct mock_device *mock_device_get(struct iommufd_ctx *ictx, u32 id,
				    struct iommufd_object **obj)
{
	struct device *dev = iommufd_test_device_get(ictx, id, obj);

	if (IS_ERR(dev))
		return ERR_CAST(dev);
	if (!dev->iommu || dev->iommu->iommu_dev != mock_unit()) {
		iommufd_test_put(ictx, *obj);
		return ERR_PTR(-EINVAL);
	}
	return dev_iommu_priv_get(dev);
}
