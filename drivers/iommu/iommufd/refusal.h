/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Refusals in the kernel log. The errno of a refused call does not identify the
 * limit or the range that refused it, so these functions log it.
 */
#ifndef _IOMMUFD_REFUSAL_H
#define _IOMMUFD_REFUSAL_H

#include <linux/compiler.h>
#include <linux/types.h>

struct device;
struct interval_tree_node;
struct iommu_group;
struct iommufd_hwpt;
struct iommufd_ioas;
struct iommufd_source;

/**
 * struct refused_device - a device or group that was not bound or attached
 * @dev: the device, or NULL
 * @group: the group, if @dev is NULL
 */
struct refused_device {
	struct device *dev;
	struct iommu_group *group;
};

/* Pinning */
void __cold iommufd_refuse_memlock(const struct iommufd_source *source,
				   unsigned long npages);

/* Mapping; each returns the errno */
int __cold iommufd_refuse_reserved(struct iommufd_ioas *ioas,
				   const struct interval_tree_node *node,
				   unsigned long first, unsigned long last);
int __cold iommufd_refuse_alignment(unsigned long iova, unsigned long length,
				    unsigned long address,
				    unsigned long alignment);
int __cold iommufd_refuse_no_window(unsigned long first, unsigned long last);

/* Binding and attaching */
void __cold iommufd_refuse_bind(struct device *dev, const char *why);
void __cold iommufd_refuse_attach_reserved(const struct refused_device *device,
					   unsigned long first,
					   unsigned long last);
void __cold iommufd_refuse_attach_aperture(struct device *dev,
					   unsigned long first,
					   unsigned long last);
void __cold iommufd_refuse_attach_windows(struct device *dev, bool windowed);
void __cold iommufd_refuse_attach_page_size(struct device *dev,
					    unsigned long page_size);
void __cold iommufd_refuse_attach_driver(const struct refused_device *device,
					 const struct iommufd_hwpt *hwpt,
					 int error);
int __cold iommufd_refuse_mapping_alignment(unsigned long iova,
					    unsigned long length,
					    unsigned long alignment);

#endif
