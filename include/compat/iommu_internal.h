/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Functions that the IOMMU core exports only for an address space layer, and
 * declares in no public header (it has them in drivers/iommu/iommu-priv.h); and
 * allocation of domains with flags.
 */
#ifndef _COMPAT_IOMMU_INTERNAL_H
#define _COMPAT_IOMMU_INTERNAL_H

#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/version.h>

struct iommu_user_data;

#if KERNEL_VERSION(6, 13, 0) > LINUX_VERSION_CODE
#define COMPAT_IMPORT_IOMMU_INTERNAL() MODULE_IMPORT_NS(IOMMUFD_INTERNAL)
#else
#define COMPAT_IMPORT_IOMMU_INTERNAL() MODULE_IMPORT_NS("IOMMUFD_INTERNAL")
#endif

int iommu_group_replace_domain(struct iommu_group *group,
			       struct iommu_domain *new_domain);

int iommu_attach_group_handle(struct iommu_domain *domain,
			      struct iommu_group *group,
			      struct iommu_attach_handle *handle);
void iommu_detach_group_handle(struct iommu_domain *domain,
			       struct iommu_group *group);
int iommu_replace_group_handle(struct iommu_group *group,
			       struct iommu_domain *new_domain,
			       struct iommu_attach_handle *handle);

/*
 * Enable page requests of a device whose domain has a fault handler. From Linux
 * 6.16 on, IOMMU drivers do that when the device attaches.
 */
static inline int compat_iopf_enable(struct device *dev)
{
#if KERNEL_VERSION(6, 16, 0) > LINUX_VERSION_CODE
	return iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_IOPF);
#else
	return 0;
#endif
}

static inline void compat_iopf_disable(struct device *dev)
{
#if KERNEL_VERSION(6, 16, 0) > LINUX_VERSION_CODE
	iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_IOPF);
#endif
}

static inline const struct iommu_ops *compat_dev_iommu_ops(struct device *dev)
{
	return dev->iommu->iommu_dev->ops;
}

/**
 * compat_paging_domain_alloc() - allocate a domain for iommu_map()
 * @dev: a device, for whose unit the domain is
 * @flags: enum iommufd_hwpt_alloc_flags
 * @data: for the driver, or NULL
 *
 * Return: a complete domain, usable before @dev is attached; or an ERR_PTR:
 * -EOPNOTSUPP if the driver does not support flags or data.
 */
static inline struct iommu_domain *
compat_paging_domain_alloc(struct device *dev, u32 flags,
			   const struct iommu_user_data *data)
{
	const struct iommu_ops *ops = compat_dev_iommu_ops(dev);
	struct iommu_domain *domain;

#if KERNEL_VERSION(6, 13, 0) > LINUX_VERSION_CODE
	if (!ops->domain_alloc_user) {
		if (flags || data)
			return ERR_PTR(-EOPNOTSUPP);
		return iommu_paging_domain_alloc(dev);
	}
	domain = ops->domain_alloc_user(dev, flags, NULL, data);
#else
	if (!ops->domain_alloc_paging_flags) {
		if (flags || data)
			return ERR_PTR(-EOPNOTSUPP);
		return iommu_paging_domain_alloc(dev);
	}
	domain = ops->domain_alloc_paging_flags(dev, flags, data);
#endif
	if (!IS_ERR(domain))
		domain->owner = ops;
	return domain;
}

/* Does the driver support nested domains? */
static inline bool compat_has_nested_domains(struct device *dev)
{
#if KERNEL_VERSION(6, 13, 0) > LINUX_VERSION_CODE
	return compat_dev_iommu_ops(dev)->domain_alloc_user;
#else
	return compat_dev_iommu_ops(dev)->domain_alloc_nested;
#endif
}

/**
 * compat_nested_domain_alloc() - allocate a domain whose tables belong to user
 * space
 * @dev: a device, for whose unit the domain is; its driver supports nested
 *	domains
 * @parent: the domain that it nests on
 * @flags: enum iommufd_hwpt_alloc_flags
 * @data: for the driver
 *
 * Return: the domain, or an ERR_PTR.
 */
static inline struct iommu_domain *
compat_nested_domain_alloc(struct device *dev, struct iommu_domain *parent,
			   u32 flags, const struct iommu_user_data *data)
{
	const struct iommu_ops *ops = compat_dev_iommu_ops(dev);
	struct iommu_domain *domain;

#if KERNEL_VERSION(6, 13, 0) > LINUX_VERSION_CODE
	domain = ops->domain_alloc_user(dev, flags, parent, data);
#else
	domain = ops->domain_alloc_nested(dev, parent, flags, data);
#endif
	if (!IS_ERR(domain))
		domain->owner = ops;
	return domain;
}

#endif
