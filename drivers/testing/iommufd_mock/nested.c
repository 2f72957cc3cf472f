// SPDX-License-Identifier: GPL-2.0
/*
 * Nested domains of the mock.
 *
 * There is no table to walk. A nested domain has four registers instead, which
 * represent cached entries of the user's table. They start with a value that
 * the user chooses, and an invalidation sets them to 0.
 */
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "mock.h"

/**
 * struct mock_nested - a nested domain
 * @domain: the IOMMU core's part
 * @parent: the domain below it; iommufd holds a reference
 * @iotlb: the registers
 */
struct mock_nested {
	struct iommu_domain domain;
	struct mock_domain *parent;
	u32 iotlb[MOCK_NESTED_DOMAIN_IOTLB_NUM];
};

static struct mock_nested *to_mock_nested(struct iommu_domain *domain)
{
	return container_of(domain, struct mock_nested, domain);
}

static int mock_nested_attach_dev(struct iommu_domain *domain,
				  struct device *dev)
{
	/* It fits the devices that its parent fits */
	return mock_attach_dev(&to_mock_nested(domain)->parent->domain, dev);
}

static void mock_nested_free(struct iommu_domain *domain)
{
	kfree(to_mock_nested(domain));
}

static int
mock_nested_invalidate_one(struct mock_nested *nested,
			   const struct iommu_hwpt_invalidate_selftest *request)
{
	unsigned int i;

	if (request->flags & ~IOMMU_TEST_INVALIDATE_FLAG_ALL)
		return -EOPNOTSUPP;
	if (request->iotlb_id > MOCK_NESTED_DOMAIN_IOTLB_ID_MAX)
		return -EINVAL;
	for (i = 0; i < MOCK_NESTED_DOMAIN_IOTLB_NUM; i++)
		if (request->flags & IOMMU_TEST_INVALIDATE_FLAG_ALL ||
		    i == request->iotlb_id)
			WRITE_ONCE(nested->iotlb[i], 0);
	return 0;
}

static int mock_nested_invalidate(struct iommu_domain *domain,
				  struct iommu_user_data_array *array)
{
	struct iommu_hwpt_invalidate_selftest request;
	u32 done = 0;
	int ret = 0;

	if (array->type != IOMMU_HWPT_INVALIDATE_DATA_SELFTEST)
		ret = -EINVAL;
	while (!ret && done < array->entry_num) {
		ret = iommu_copy_struct_from_user_array(&request, array,
			IOMMU_HWPT_INVALIDATE_DATA_SELFTEST, done, iotlb_id);
		if (!ret)
			ret = mock_nested_invalidate_one(to_mock_nested(domain),
							 &request);
		if (!ret)
			done++;
		cond_resched();
		if (!ret && fatal_signal_pending(current))
			ret = -EINTR;
	}
	array->entry_num = done;
	return ret;
}

static const struct iommu_domain_ops mock_nested_ops = {
	.attach_dev = mock_nested_attach_dev,
	.cache_invalidate_user = mock_nested_invalidate,
	.free = mock_nested_free,
};

/**
 * mock_nested_alloc() - allocate a nested domain
 * @parent: the domain below it, which is a domain of the mock
 * @flags: enum iommufd_hwpt_alloc_flags
 * @user_data: struct iommu_hwpt_selftest
 *
 * Return: the domain, or an ERR_PTR.
 */
struct iommu_domain *
mock_nested_alloc(struct mock_domain *parent, u32 flags,
		  const struct iommu_user_data *user_data)
{
	struct iommu_hwpt_selftest data = {};
	struct mock_nested *nested;
	unsigned int i;
	int ret;

	if (flags || user_data->type != IOMMU_HWPT_DATA_SELFTEST)
		return ERR_PTR(-EOPNOTSUPP);
	ret = iommu_copy_struct_from_user(&data, user_data,
					  IOMMU_HWPT_DATA_SELFTEST, iotlb);
	if (ret)
		return ERR_PTR(ret);
	nested = kzalloc(sizeof(*nested), GFP_KERNEL_ACCOUNT);
	if (!nested)
		return ERR_PTR(-ENOMEM);
	nested->domain.type = IOMMU_DOMAIN_NESTED;
	nested->domain.owner = mock_unit()->ops;
	nested->domain.ops = &mock_nested_ops;
	nested->parent = parent;
	for (i = 0; i < MOCK_NESTED_DOMAIN_IOTLB_NUM; i++)
		nested->iotlb[i] = data.iotlb;
	return &nested->domain;
}

/* MD_CHECK_IOTLB */
long mock_op_check_iotlb(struct iommufd_test_call *call)
{
	struct iommu_test_cmd *cmd = call->cmd;
	struct iommu_domain *domain;
	struct iommufd_object *obj;
	int ret = 0;

	domain = iommufd_test_nested_get(call->ictx, cmd->id, &obj);
	if (IS_ERR(domain))
		return PTR_ERR(domain);
	if (domain->ops != &mock_nested_ops ||
	    cmd->check_iotlb.id > MOCK_NESTED_DOMAIN_IOTLB_ID_MAX ||
	    READ_ONCE(to_mock_nested(domain)->iotlb[cmd->check_iotlb.id]) !=
		    cmd->check_iotlb.iotlb)
		ret = -EINVAL;
	iommufd_test_put(call->ictx, obj);
	return ret;
}
