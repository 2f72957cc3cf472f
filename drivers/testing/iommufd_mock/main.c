// SPDX-License-Identifier: GPL-2.0
/*
 * iommufd_mock.ko: entry of the module, and the table of test operations.
 */
#include <linux/iommu.h>
#include <linux/module.h>

#include "mock.h"

static long mock_op_reserve(struct iommufd_test_call *call)
{
	unsigned long first = call->cmd->add_reserved.start, last;
	unsigned long length = call->cmd->add_reserved.length;

	if (!length)
		return -EINVAL;
	if (check_add_overflow(first, length - 1, &last))
		return -EOVERFLOW;
	return iommufd_test_reserve(call->ictx, call->cmd->id, first, last);
}

static long mock_op_limit(struct iommufd_test_call *call)
{
	u32 limit = call->cmd->memory_limit.limit;

	/* The limit must leave room for a page pointer and a u32 */
	if (limit < sizeof(void *) + sizeof(u32))
		return -EINVAL;
	iommufd_test_limit_batch(limit);
	return 0;
}

static long mock_ioctl(struct iommufd_test_call *call)
{
	switch (call->cmd->op) {
	case IOMMU_TEST_OP_ADD_RESERVED:
		return mock_op_reserve(call);
	case IOMMU_TEST_OP_MOCK_DOMAIN:
	case IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS:
		return mock_op_device_create(call);
	case IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE:
		return mock_op_device_replace(call);
	case IOMMU_TEST_OP_MD_CHECK_MAP:
		return mock_op_check_map(call);
	case IOMMU_TEST_OP_MD_CHECK_REFS:
		return mock_op_check_refs(call);
	case IOMMU_TEST_OP_MD_COUNT:
		return mock_op_count(call);
	case IOMMU_TEST_OP_TRIGGER_IOPF:
		return mock_op_trigger_iopf(call);
	case IOMMU_TEST_OP_DEV_ANSWERS:
		return mock_op_answers(call);
	case IOMMU_TEST_OP_MD_CHECK_IOTLB:
		return mock_op_check_iotlb(call);
	case IOMMU_TEST_OP_DEV_CHECK_CACHE:
		return mock_op_check_cache(call);
	case IOMMU_TEST_OP_DIRTY:
		return mock_op_dirty(call);
	case IOMMU_TEST_OP_CREATE_ACCESS:
		return mock_op_access_create(call);
	case IOMMU_TEST_OP_ACCESS_REPLACE_IOAS:
		return mock_op_access_replace(call);
	case IOMMU_TEST_OP_ACCESS_PAGES:
		return mock_op_access_pin(call);
	case IOMMU_TEST_OP_DESTROY_ACCESS_PAGES:
		return mock_op_access_unpin(call);
	case IOMMU_TEST_OP_ACCESS_RW:
		return mock_op_access_rw(call);
	case IOMMU_TEST_OP_SET_TEMP_MEMORY_LIMIT:
		return mock_op_limit(call);
	default:
		return -EOPNOTSUPP;
	}
}

static const struct iommufd_test_ops mock_test_ops = {
	.owner = THIS_MODULE,
	.ioctl = mock_ioctl,
	.destroy = mock_device_destroy,
};

static int __init mock_init(void)
{
	int ret;

	ret = mock_interrupts_init();
	if (ret)
		return ret;
	ret = mock_faults_init();
	if (ret)
		goto err_interrupts;
	ret = mock_domains_init();
	if (ret)
		goto err_faults;
	ret = mock_unit_init(&mock_iommu_ops);
	if (ret)
		goto err_domains;
	ret = iommufd_test_register(&mock_test_ops);
	if (ret)
		goto err_unit;
	return 0;

err_unit:
	mock_unit_exit();
err_domains:
	mock_domains_exit();
err_faults:
	mock_faults_exit();
err_interrupts:
	mock_interrupts_exit();
	return ret;
}

static void __exit mock_exit(void)
{
	iommufd_test_unregister(&mock_test_ops);
	mock_unit_exit();
	mock_domains_exit();
	mock_faults_exit();
	mock_interrupts_exit();
}

module_init(mock_init);
module_exit(mock_exit);
MODULE_DESCRIPTION("A simulated IOMMU for tests of iommufd");
MODULE_LICENSE("GPL");
