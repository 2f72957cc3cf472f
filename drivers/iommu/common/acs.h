/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Access Control Services (ACS) of PCI Express ports.
 */
#ifndef IOMMU_COMMON_ACS_H
#define IOMMU_COMMON_ACS_H

struct device;

/**
 * struct iommu_acs_count - ports of the machine
 * @enabled: ports in which ACS was enabled by this call
 * @missing: ports that need ACS and do not have it
 */
struct iommu_acs_count {
	unsigned int enabled;
	unsigned int missing;
};

int iommu_acs_enable_all(struct iommu_acs_count *count);
void iommu_acs_restore_all(void);
void iommu_acs_forget(void);
void iommu_acs_enable(struct device *dev);
void iommu_acs_follow_sleep(struct device *iommu);

#endif
