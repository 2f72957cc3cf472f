// SPDX-License-Identifier: GPL-2.0
/*
 * Nested domains of the mock.
 *
 * There is no table to walk. What a nested domain has is four registers that
 * stand for what a unit has cached of the user's table: they start with the
 * number that the user gives, and an invalidation sets them to 0.
 */
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "mock.h"

/**
 * struct mock_nested - a nested domain
 * @domain: what the IOMMU core knows
 * @parent: what it is put on; iommufd keeps it
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

static int nested_attach_dev(struct iommu_domain *domain, struct device *dev)
{
	/* It goes where its parent may go */
	return mock_attach_dev(&to_mock_nested(domain)->parent->domain, dev);
}

static void nested_free(struct iommu_domain *domain)
{
	kfree(to_mock_nested(domain));
}

static int invalidate_one(struct mock_nested *nested,
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

static int nested_invalidate(struct iommu_domain *domain,
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
			ret = invalidate_one(to_mock_nested(domain), &request);
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
	.attach_dev = nested_attach_dev,
	.cache_invalidate_user = nested_invalidate,
	.free = nested_free,
};

/**
 * mock_nested_alloc() - make a nested domain
 * @parent: what it is put on, which is one of ours
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
	nested->domain.owner = &mock_iommu_ops;
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
