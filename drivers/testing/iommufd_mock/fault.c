// SPDX-License-Identifier: GPL-2.0
/*
 * Page requests of mock devices, which tests trigger.
 *
 * A device must not report page requests to a domain after it was moved away,
 * so moving and reporting exclude each other.
 */
#include <linux/platform_device.h>
#include <linux/rwsem.h>

#include "mock.h"

static struct iopf_queue *queue;

int mock_faults_init(void)
{
	queue = iopf_queue_alloc("iommufd_mock");
	return queue ? 0 : -ENOMEM;
}

void mock_faults_exit(void)
{
	iopf_queue_free(queue);
}

int mock_enable_feat(struct device *dev, enum iommu_dev_features feature)
{
	if (feature != IOMMU_DEV_FEAT_IOPF)
		return -ENODEV;
	return iopf_queue_add_device(queue, dev);
}

int mock_disable_feat(struct device *dev, enum iommu_dev_features feature)
{
	if (feature != IOMMU_DEV_FEAT_IOPF)
		return -ENODEV;
	iopf_queue_remove_device(queue, dev);
	return 0;
}

void mock_page_response(struct device *dev, struct iopf_fault *request,
			struct iommu_page_response *response)
{
	struct mock_device *mdev = dev_iommu_priv_get(dev);

	/* Without a queue, only a request outside of a move is answered */
	WARN_ONCE(mdev->moves && !rcu_access_pointer(dev->iommu->fault_param),
		  "mock: answered after page requests were disabled\n");
	atomic_inc(&mdev->answers);
	WRITE_ONCE(mdev->last_answer, response->code);
}

/* TRIGGER_IOPF */
long mock_op_trigger_iopf(struct iommufd_test_call *call)
{
	struct iommu_test_cmd *cmd = call->cmd;
	struct iopf_fault request = {
		.fault = {
			.type = IOMMU_FAULT_PAGE_REQ,
			.prm = {
				.flags = IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE,
				.pasid = cmd->trigger_iopf.pasid,
				.grpid = cmd->trigger_iopf.grpid,
				.perm = cmd->trigger_iopf.perm,
				.addr = cmd->trigger_iopf.addr,
			},
		},
	};
	struct iommufd_object *obj;
	struct mock_device *mdev;

	mdev = mock_device_get(call->ictx, cmd->trigger_iopf.dev_id, &obj);
	if (IS_ERR(mdev))
		return PTR_ERR(mdev);
	if (cmd->trigger_iopf.pasid != IOMMU_NO_PASID)
		request.fault.prm.flags |= IOMMU_FAULT_PAGE_REQUEST_PASID_VALID;
	down_read(&mdev->moving);
	iommu_report_device_fault(&mdev->pdev->dev, &request);
	up_read(&mdev->moving);
	iommufd_test_put(call->ictx, obj);
	return 0;
}

/* DEV_ANSWERS */
long mock_op_answers(struct iommufd_test_call *call)
{
	struct iommu_test_cmd *cmd = call->cmd;
	struct iommufd_object *obj;
	struct mock_device *mdev;

	mdev = mock_device_get(call->ictx, cmd->id, &obj);
	if (IS_ERR(mdev))
		return PTR_ERR(mdev);
	cmd->dev_answers.out_answers = atomic_read(&mdev->answers);
	cmd->dev_answers.out_last = READ_ONCE(mdev->last_answer);
	iommufd_test_put(call->ictx, obj);
	return iommufd_test_respond(call);
}
