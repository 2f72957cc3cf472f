/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interface of iommufd.ko for iommufd_mock.ko only. The test ioctl is
 * passed on to the mock, which has its own objects in a context and can look at
 * others. See Documentation/mock.md.
 */
#ifndef _LINUX_IOMMUFD_MOCK_H
#define _LINUX_IOMMUFD_MOCK_H

#include <linux/iommufd.h>

struct iommu_test_cmd;
struct iommufd_object;
struct module;

/**
 * struct iommufd_test_call - one ioctl(IOMMU_TEST_CMD)
 * @ictx: the context
 * @cmd: the checked copy of the caller's structure
 * @user: the structure itself
 * @user_size: its size
 */
struct iommufd_test_call {
	struct iommufd_ctx *ictx;
	struct iommu_test_cmd *cmd;
	void __user *user;
	u32 user_size;
};

/**
 * struct iommufd_test_ops - functions of the mock
 * @owner: its module; every call and every object holds a reference
 * @ioctl: run a test operation; its result is that of the ioctl
 * @destroy: release the data of a published object, which is being destroyed
 */
struct iommufd_test_ops {
	struct module *owner;
	long (*ioctl)(struct iommufd_test_call *call);
	void (*destroy)(void *data);
};

int iommufd_test_register(const struct iommufd_test_ops *ops);
void iommufd_test_unregister(const struct iommufd_test_ops *ops);
int iommufd_test_respond(const struct iommufd_test_call *call);

struct iommufd_object *iommufd_test_object_alloc(struct iommufd_ctx *ictx,
						 u32 *id);
void iommufd_test_object_abort(struct iommufd_ctx *ictx,
			       struct iommufd_object *obj);
void iommufd_test_object_publish(struct iommufd_ctx *ictx,
				 struct iommufd_object *obj, void *data);

void *iommufd_test_object_get(struct iommufd_ctx *ictx, u32 id,
			      struct iommufd_object **obj);
struct iommu_domain *iommufd_test_domain_get(struct iommufd_ctx *ictx, u32 id,
					     struct iommufd_object **obj);
struct iommu_domain *iommufd_test_nested_get(struct iommufd_ctx *ictx, u32 id,
					     struct iommufd_object **obj);
struct device *iommufd_test_device_get(struct iommufd_ctx *ictx, u32 id,
				       struct iommufd_object **obj);
void iommufd_test_put(struct iommufd_ctx *ictx, struct iommufd_object *obj);

int iommufd_test_reserve(struct iommufd_ctx *ictx, u32 ioas_id,
			 unsigned long first, unsigned long last);
void iommufd_test_limit_batch(size_t bytes);

#endif
