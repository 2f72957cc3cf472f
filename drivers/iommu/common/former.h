/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a crash kernel takes over from the kernel that has crashed: entries of
 * source-ids in the tables of units.
 */
#ifndef IOMMU_COMMON_FORMER_H
#define IOMMU_COMMON_FORMER_H

#include <linux/types.h>

struct device;
struct iommu_unit;
struct iommu_unit_device;
struct list_head;

/* Memory of the former kernel */
bool iommu_former_is_expected(void);
bool iommu_former_owns(phys_addr_t start, size_t size);
const void *iommu_former_map(phys_addr_t start, size_t size);
void iommu_former_unmap(const void *mapped);

/* Source-ids and domain ids of a unit */
int iommu_former_reserve_id(struct iommu_unit *unit, unsigned int id);
int iommu_former_keep(struct iommu_unit *unit, u16 source_id);
bool iommu_former_drop(struct iommu_unit *unit, u16 source_id);
bool iommu_former_has(const struct iommu_unit *unit, u16 source_id);

/* Devices */
bool iommu_former_covers(const struct iommu_unit *unit, struct device *dev,
			 u16 source_id, u16 alias);
bool iommu_former_end(struct iommu_unit_device *device);

/* For struct iommu_ops */
bool iommu_former_is_attach_deferred(struct device *dev);
int iommu_former_domain_type(struct iommu_unit_device *device);
void iommu_former_finalize(struct iommu_unit_device *device);

/* Drivers that are bound */
void iommu_former_watch(const struct list_head *units);

#endif
